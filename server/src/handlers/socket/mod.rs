//! The socket: the house tells a client what happens, and plays to it what it
//! asks for, one stream at a time.

mod session;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, interval_at, sleep_until};
use warp::ws::{Message, WebSocket};

use self::session::Session;
use super::House;
use crate::client::Client;
use crate::error::Error;
use crate::events::{Event, ended};
use crate::wire::{Command, MAX_SAID, Told};

/// A client that takes nothing for this long is left.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a socket is tried.
#[derive(Clone, Copy, Debug)]
pub struct Pings {
    /// How often.
    pub every: Duration,
    /// A client that says nothing for so long after it is left.
    pub patience: Duration,
}

impl Default for Pings {
    fn default() -> Self {
        Pings { every: Duration::from_secs(30), patience: PATIENCE }
    }
}

/// Why a socket is closed (RFC 6455, §7.4.1).
mod close {
    pub const GOING_AWAY: u16 = 1001;
    pub const PROTOCOL: u16 = 1002;
    pub const NO_TEXT: u16 = 1007;
    pub const POLICY: u16 = 1008;
    pub const TOO_BIG: u16 = 1009;
}

/// The end of a socket, told if there is a code.
struct Closed(Option<(u16, String)>);

/// Serves a socket until its client or the server ends.
pub async fn serve(house: Arc<House>, client: Client, socket: WebSocket) {
    let (mut to_client, from_client) = socket.split();
    let Closed(told) = listen(house, client, &mut to_client, from_client).await;
    if let Some((code, reason)) = told {
        let goodbye = Message::close_with(code, reason);
        let _ = tokio::time::timeout(PATIENCE, to_client.send(goodbye)).await;
    }
}

type ToClient = SplitSink<WebSocket, Message>;

async fn listen(
    house: Arc<House>,
    client: Client,
    to_client: &mut ToClient,
    mut from_client: impl StreamExt<Item = Result<Message, warp::Error>> + Unpin,
) -> Closed {
    let mut events = house.events.listen();
    let mut ending = house.ending.clone();
    let Pings { every, patience } = house.pings;
    let mut pings = interval_at(Instant::now() + every, every);
    let mut answer_by = None;
    let mut session = Session::new(Arc::clone(&house), client);
    let mut messages = vec![text(&Event::Scan(house.scanner.status()))];
    loop {
        for message in messages.drain(..) {
            match tokio::time::timeout(PATIENCE, to_client.send(message)).await {
                Ok(Ok(())) => {}
                _ => return Closed(None),
            }
        }
        // What is said goes first: of a thousand seeks in a row only the last is opened.
        tokio::select! {
            biased;
            () = ended(&mut ending) => {
                return Closed(Some((close::GOING_AWAY, "the server ends".to_owned())));
            }
            said = from_client.next() => {
                answer_by = None;
                match heard(said).map(|command| command.map(|command| session.obey(command))) {
                    Ok(None) => {}
                    Ok(Some(Ok(told))) => messages.extend(told.iter().map(text)),
                    Ok(Some(Err(error))) => {
                        messages.push(text(&failure(&error, None)));
                        return told_closed(to_client, messages, (close::POLICY, error.detail)).await;
                    }
                    Err(closed) => return closed,
                }
            }
            event = events.recv() => match event {
                Ok(event) => messages.push(text(&event)),
                // It fell behind: what it missed is in the lists.
                Err(RecvError::Lagged(_)) => messages.push(text(&Event::Library)),
                Err(RecvError::Closed) => return Closed(None),
            },
            _ = pings.tick() => {
                messages.push(Message::ping(Vec::new()));
                answer_by.get_or_insert(Instant::now() + patience);
            }
            () = sleep_until(answer_by.unwrap_or_else(Instant::now)), if answer_by.is_some() => {
                return Closed(None);
            }
            next = session.next() => {
                messages.extend(next.sound.map(Message::binary));
                messages.extend(next.told.iter().map(text));
            }
        }
    }
}

/// Says what there is to say, and then why it is over.
async fn told_closed(to_client: &mut ToClient, messages: Vec<Message>, why: (u16, String)) -> Closed {
    for message in messages {
        let _ = tokio::time::timeout(PATIENCE, to_client.send(message)).await;
    }
    Closed(Some(why))
}

/// What a client said; none: nothing that is for us.
fn heard(said: Option<Result<Message, warp::Error>>) -> Result<Option<Command>, Closed> {
    let closed = |code, reason: &str| Err(Closed(Some((code, reason.to_owned()))));
    let message = match said {
        None => return Err(Closed(None)),
        Some(Ok(message)) => message,
        Some(Err(error)) => {
            tracing::debug!(error = crate::error::chain(&error), "socket broken");
            // The kinds have no names here but those in their words.
            let words = format!("{error:?}");
            return match () {
                () if words.contains("Capacity") => closed(close::TOO_BIG, "a message may have 4 KiB"),
                () if words.contains("Utf8") => closed(close::NO_TEXT, "a text is no UTF-8"),
                () if words.contains("Protocol") => closed(close::PROTOCOL, "that is no WebSocket frame"),
                () => Err(Closed(None)),
            };
        }
    };
    if message.is_close() {
        return Err(Closed(None));
    }
    if message.as_bytes().len() > MAX_SAID {
        return closed(close::TOO_BIG, "a message may have 4 KiB");
    }
    if message.is_binary() {
        return closed(close::POLICY, "commands are text");
    }
    let Ok(text) = message.to_str() else { return Ok(None) };
    match serde_json::from_str(text) {
        Ok(command) => Ok(Some(command)),
        Err(error) => {
            // A reason has 123 bytes at most (RFC 6455, §5.5).
            let reason: String =
                format!("not a command: {error}").chars().take(100).filter(char::is_ascii).collect();
            closed(close::POLICY, &reason)
        }
    }
}

/// An error as a client hears it.
fn failure(error: &Error, recovery_frame: Option<u64>) -> Told {
    Told::Error { code: error.kind.to_owned(), message: error.detail.clone(), recovery_frame }
}

fn text(event: &impl Serialize) -> Message {
    // Events are plain structs, which always serialise.
    Message::text(serde_json::to_string(event).unwrap_or_default())
}
