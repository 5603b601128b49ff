//! The one stream of a socket: where it is, and what is told of it.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};

use super::failure;
use crate::client::Client;
use crate::error::{Error, Result, chain};
use crate::handlers::sound::recipe;
use crate::handlers::taste::TasteQuery;
use crate::handlers::{House, Id};
use crate::limits::Dear;
use crate::stream::{Admitted, Pieces, Recipe};
use crate::wire::{Command, Header, MAX_CREDIT, PlaybackState, Reason, Told};

/// What is to be sent next.
#[derive(Default)]
pub struct Next {
    /// A message of sound.
    pub sound: Option<Bytes>,
    /// What is told after it.
    pub told: Vec<Told>,
}

/// What was asked for.
#[derive(Clone)]
struct Wanted {
    track_id: String,
    query: TasteQuery,
    frame: u64,
}

/// A stream that is open.
struct Open {
    recipe: Recipe,
    pieces: Pieces,
    /// It may go on being rendered, wherever it is sought.
    admitted: Admitted,
}

/// A stream on its way to be open.
type Opening = BoxFuture<'static, Result<Open>>;

/// A client's stream, if it has one.
pub struct Session {
    house: Arc<House>,
    client: Client,
    state: PlaybackState,
    epoch: u32,
    wanted: Option<Wanted>,
    opening: Option<Opening>,
    open: Option<Open>,
    /// A message that waits for credit.
    held: Option<Bytes>,
    /// The number of the next message, and the next frame in it.
    sequence: u32,
    frame: u64,
    /// Frames that were sent of this epoch.
    n_sent: u64,
    is_paused: bool,
    credit: u64,
}

impl Session {
    /// With nothing to play.
    pub fn new(house: Arc<House>, client: Client) -> Self {
        Session {
            house,
            client,
            state: PlaybackState::Idle,
            epoch: 0,
            wanted: None,
            opening: None,
            open: None,
            held: None,
            sequence: 0,
            frame: 0,
            n_sent: 0,
            is_paused: false,
            credit: 0,
        }
    }

    /// Does what the client says, and says what becomes of it. An error is the end
    /// of the socket.
    pub fn obey(&mut self, command: Command) -> Result<Vec<Told>> {
        match command {
            Command::Play { track_id, frame, taste, enhanced } => {
                if let Err(error) = self.house.limits.take(self.client, Dear::Render) {
                    return Ok(self.fail(&error));
                }
                self.is_paused = false;
                let query = TasteQuery::wished(taste, enhanced);
                Ok(self.begin(Wanted { track_id, query, frame }))
            }
            Command::Ping {} => Ok(vec![Told::Pong]),
            Command::Credit { bytes } => {
                self.credit = self.credit.saturating_add(bytes).min(MAX_CREDIT);
                Ok(Vec::new())
            }
            Command::Seek { frame } => self.again("seek", |wanted| wanted.frame = frame),
            Command::Set { taste, enhanced, frame } => {
                let next = self.frame;
                self.again("set", |wanted| {
                    wanted.query = TasteQuery::wished(taste, enhanced);
                    wanted.frame = frame.unwrap_or(next);
                })
            }
            Command::Pause {} => self.hold("pause", true),
            Command::Resume {} => self.hold("resume", false),
            Command::Stop {} => {
                self.has_played("stop")?;
                Ok(self.end(Reason::Stopped, PlaybackState::Stopped))
            }
        }
    }

    /// Refuses what is said of a stream before there ever was one. After that it may
    /// have ended on the way.
    fn has_played(&self, what: &str) -> Result<()> {
        match self.state {
            PlaybackState::Idle => Err(Error::bad_request(format!("{what}: nothing was played yet"))),
            _ => Ok(()),
        }
    }

    /// Plays the same otherwise.
    fn again(&mut self, what: &str, change: impl FnOnce(&mut Wanted)) -> Result<Vec<Told>> {
        self.has_played(what)?;
        let Some(mut wanted) = self.wanted.clone() else { return Ok(vec![self.told()]) };
        change(&mut wanted);
        Ok(self.begin(wanted))
    }

    fn hold(&mut self, what: &str, is_paused: bool) -> Result<Vec<Told>> {
        self.has_played(what)?;
        if self.is_over() {
            return Ok(vec![self.told()]);
        }
        self.is_paused = is_paused;
        if self.open.is_some() {
            self.state = self.open_state();
        }
        Ok(vec![self.told()])
    }

    fn is_over(&self) -> bool {
        self.open.is_none() && self.opening.is_none()
    }

    fn open_state(&self) -> PlaybackState {
        if self.is_paused { PlaybackState::Paused } else { PlaybackState::Playing }
    }

    fn told(&self) -> Told {
        Told::State { state: self.state, epoch: self.epoch, frame: self.frame }
    }

    /// A new stream in place of the one there is.
    fn begin(&mut self, wanted: Wanted) -> Vec<Told> {
        let mut told = if self.is_over() { Vec::new() } else { vec![self.ended(Reason::Stopped)] };
        let admitted = self.open.take().map(|open| open.admitted);
        self.epoch = self.epoch.wrapping_add(1);
        (self.sequence, self.n_sent, self.held) = (0, 0, None);
        self.frame = wanted.frame;
        self.state = PlaybackState::Loading;
        self.opening = Some(self.opened(wanted.clone(), admitted));
        self.wanted = Some(wanted);
        told.push(self.told());
        told
    }

    /// Opens what is wanted, in the place there is or in one that is waited for.
    fn opened(&self, wanted: Wanted, admitted: Option<Admitted>) -> Opening {
        let (house, client) = (Arc::clone(&self.house), self.client);
        let (epoch, sequence) = (self.epoch, self.sequence);
        async move {
            let id: Id = wanted.track_id.parse().map_err(|()| Error::not_found("that is no track's id"))?;
            let mut recipe = recipe(&house, &id, &wanted.query).await?;
            recipe.frames.start = wanted.frame.min(recipe.n_frames);
            let admitted = match admitted {
                Some(admitted) => admitted,
                None => house.renders.admit(client).await?,
            };
            let pieces = admitted.clone().messages(recipe.clone(), epoch, sequence);
            Ok(Open { recipe, pieces, admitted })
        }
        .boxed()
    }

    fn ended(&self, reason: Reason) -> Told {
        Told::Ended { epoch: self.epoch, reason, frames: self.n_sent }
    }

    /// The stream is over; all that it held is free.
    fn end(&mut self, reason: Reason, state: PlaybackState) -> Vec<Told> {
        if self.is_over() {
            return vec![self.told()];
        }
        (self.open, self.opening, self.held) = (None, None, None);
        self.state = state;
        vec![self.ended(reason), self.told()]
    }

    fn fail(&mut self, error: &Error) -> Vec<Told> {
        let is_ours = error.status.is_server_error() && error.kind != "busy" && error.kind != "measuring";
        if is_ours {
            self.house.metrics.errors.add(1);
            tracing::error!(epoch = self.epoch, frame = self.frame, error = chain(error), "stream failed");
        }
        // What is wrong with the wish or the file stays so.
        let may_help = error.status.is_server_error() || error.kind == "too-many-requests";
        let mut told = vec![failure(error, may_help.then_some(self.frame))];
        self.state = PlaybackState::Error;
        told.extend(self.end(Reason::Failed, PlaybackState::Error));
        told
    }

    /// Waits until there is something to send. What is dropped while it waits loses
    /// nothing.
    pub async fn next(&mut self) -> Next {
        if let Some(opening) = &mut self.opening {
            let told = match opening.await {
                Ok(open) => self.is_open(open),
                Err(error) => self.fail(&error),
            };
            return Next { sound: None, told };
        }
        if let Some(held) = &self.held {
            let n_bytes = held.len() as u64;
            if self.is_paused || self.credit < n_bytes {
                return pending().await;
            }
            self.credit -= n_bytes;
            return self.sent();
        }
        let Some(open) = &mut self.open else { return pending().await };
        match open.pieces.next().await {
            Some(Ok(message)) => {
                self.held = Some(message);
                Next::default()
            }
            Some(Err(error)) if error.kind == "stalled" => {
                self.reopen();
                Next::default()
            }
            Some(Err(error)) => Next { sound: None, told: self.fail(&error) },
            None if self.frame < open.recipe.n_frames => {
                let gone = Error::unexpected(std::io::Error::other("a render ended before its end"));
                Next { sound: None, told: self.fail(&gone) }
            }
            None => Next { sound: None, told: self.end(Reason::Completed, PlaybackState::Stopped) },
        }
    }

    fn is_open(&mut self, open: Open) -> Vec<Told> {
        self.opening = None;
        let is_new = self.sequence == 0;
        let recipe = &open.recipe;
        self.frame = recipe.frames.start;
        let opened = Told::Opened {
            epoch: self.epoch,
            track_id: recipe.track.key.clone(),
            plan_id: recipe.plan.as_ref().map(|(_, id)| id.clone()),
            rate: recipe.rate,
            n_frames: recipe.n_frames,
            frame: self.frame,
        };
        self.open = Some(open);
        self.state = self.open_state();
        // One that was opened again goes on as if nothing had been.
        if is_new { vec![opened, self.told()] } else { Vec::new() }
    }

    /// The message that was held, which is on its way now.
    fn sent(&mut self) -> Next {
        let sound = self.held.take();
        let n_bytes = sound.as_ref().map_or(0, Bytes::len);
        let n_frames = (n_bytes.saturating_sub(Header::LEN) / 8) as u64;
        self.frame += n_frames;
        self.n_sent += n_frames;
        self.sequence = self.sequence.wrapping_add(1);
        Next { sound, told: Vec::new() }
    }

    /// After a long pause its render gave way to others: it begins where it was.
    fn reopen(&mut self) {
        self.open = None;
        if let Some(wanted) = &mut self.wanted {
            wanted.frame = self.frame;
        }
        self.opening = self.wanted.clone().map(|wanted| self.opened(wanted, None));
    }
}
