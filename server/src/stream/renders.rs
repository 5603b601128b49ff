//! Who renders: so many at a time, on a few threads, each for one client, which
//! gets what is made while it is made.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;
use tracing::Instrument;

use super::pcm::Messages;
use super::{Maker, OnBlock, Recipe};
use crate::admission::{Admission, Place};
use crate::catalog::Measurable;
use crate::client::Client;
use crate::error::Error;
use crate::media;
use crate::metrics::Metrics;
use crate::pool::Pool;

/// Renders under way for each processor: each is needed for a hundredth of it
/// while its client listens, and all of it while its client hurries.
const PLACES_PER_CPU: usize = 128;
/// The frames of one chunk are made in this time, or the render ends.
const DEADLINE: Duration = Duration::from_secs(30);
/// A client that takes nothing for so long gives way to one that waits …
const STALLED: Duration = Duration::from_secs(30);
/// … and for so long in any case: it can ask again for the rest.
const GONE: Duration = Duration::from_secs(300);
/// How often it is looked whether somebody waits.
const LOOK: Duration = Duration::from_secs(1);

/// Called with a track whose file could not be opened, or is another now.
type OnSilent = Arc<dyn Fn(&Measurable, &media::Silent) + Send + Sync>;

/// What all renders share.
#[derive(Clone)]
pub struct Renders {
    pool: Pool,
    door: Admission,
    on_silent: OnSilent,
    pub(super) deadline: Duration,
    pub(super) on_block: Option<OnBlock>,
    pub(super) metrics: Arc<Metrics>,
}

/// A render that may begin, or has; its place is free with the last of these.
#[derive(Clone)]
pub struct Admitted {
    renders: Renders,
    client: Client,
    _place: Arc<Place>,
}

/// What a render gives, piece by piece; who drops it ends the render.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

impl Renders {
    /// Renders on `n_cpus` threads.
    pub fn new(n_cpus: usize, metrics: Arc<Metrics>, on_silent: OnSilent) -> std::io::Result<Self> {
        let n_places = PLACES_PER_CPU * n_cpus;
        Ok(Renders {
            // One slice of each is on its way at most; what was given up may be there too.
            pool: Pool::new("render", n_cpus, 4 * n_places)?,
            door: Admission::new(n_places),
            on_silent,
            deadline: DEADLINE,
            on_block: None,
            metrics,
        })
    }

    /// The same for tests: so many places, another deadline, and what they call.
    #[must_use]
    pub fn with(
        mut self,
        n_places: Option<usize>,
        deadline: Option<Duration>,
        on_block: Option<OnBlock>,
    ) -> Self {
        self.door = n_places.map_or(self.door, Admission::new);
        self.deadline = deadline.unwrap_or(self.deadline);
        self.on_block = on_block;
        self
    }

    /// A place for `client`, or word of when to come again.
    pub async fn admit(&self, client: Client) -> Result<Admitted, Error> {
        match self.door.admit(client).await {
            Ok(place) => Ok(Admitted { renders: self.clone(), client, _place: Arc::new(place) }),
            Err(full) => Err(Error::busy(full.n_before)),
        }
    }

    /// Renders under way, and those that wait.
    pub fn counts(&self) -> (usize, usize) {
        (self.door.n_held(), self.door.n_waiting())
    }

    pub(super) fn tell_silent(&self, track: &Measurable, silent: &media::Silent) {
        (self.on_silent)(track, silent);
    }
}

impl Admitted {
    /// The bytes of `range` of a recipe (of all, where the length is not known).
    pub fn pieces(self, recipe: Recipe, range: Range<u64>) -> Pieces {
        self.run(recipe.maker(range))
    }

    /// A recipe's frames as messages of the stream `epoch`, numbered from `sequence`.
    pub fn messages(self, recipe: Recipe, epoch: u32, sequence: u32) -> Pieces {
        self.run(Box::new(Messages::new(recipe, epoch, sequence)))
    }

    /// All bytes of a recipe at once.
    pub async fn whole(self, recipe: Recipe) -> Result<Bytes, Error> {
        let range = 0..recipe.file_len().unwrap_or(u64::MAX);
        let mut maker = recipe.maker(range);
        let mut whole = Vec::new();
        while let Some((piece, rest)) = self.make(maker).await? {
            whole.extend_from_slice(&piece);
            maker = rest;
        }
        Ok(whole.into())
    }

    /// What a maker makes, in a task that ends with who takes it.
    fn run(self, maker: Box<dyn Maker>) -> Pieces {
        let (to_client, mut pieces) = mpsc::channel(1);
        let gave_way = Arc::new(AtomicBool::new(false));
        tokio::spawn(self.produce(maker, to_client, Arc::clone(&gave_way)).in_current_span());
        Box::pin(futures_util::stream::poll_fn(move |context| {
            let piece = std::task::ready!(pieces.poll_recv(context));
            // What is cut must not look like what is whole.
            let is_cut = piece.is_none() && gave_way.swap(false, Ordering::AcqRel);
            Poll::Ready(if is_cut { Some(Err(Error::stalled())) } else { piece })
        }))
    }

    async fn produce(
        self,
        mut maker: Box<dyn Maker>,
        to_client: mpsc::Sender<Result<Bytes, Error>>,
        gave_way: Arc<AtomicBool>,
    ) {
        loop {
            let made = tokio::select! {
                made = self.make(maker) => made,
                () = to_client.closed() => return,
            };
            match made {
                Ok(Some((piece, rest))) => {
                    let Some(room) = self.room(&to_client).await else {
                        gave_way.store(true, Ordering::Release);
                        return;
                    };
                    room.send(Ok(piece));
                    maker = rest;
                }
                Ok(None) => return,
                Err(error) => {
                    // Who is gone hears nothing of it, and nobody has to.
                    let _ = to_client.send(Err(error)).await;
                    return;
                }
            }
        }
    }

    /// Waits until the client takes something; none: it is gone, or gave way.
    async fn room<'a>(
        &self,
        to_client: &'a mpsc::Sender<Result<Bytes, Error>>,
    ) -> Option<mpsc::Permit<'a, Result<Bytes, Error>>> {
        let since = Instant::now();
        loop {
            if let Ok(room) = tokio::time::timeout(LOOK, to_client.reserve()).await {
                return room.ok();
            }
            let stalled = since.elapsed();
            let is_wanted = self.renders.door.n_waiting() > 0;
            if stalled >= GONE || stalled >= STALLED && is_wanted {
                tracing::debug!(?stalled, "a client that takes nothing gave way");
                return None;
            }
        }
    }

    /// One slice, on one of the threads.
    async fn make(&self, mut maker: Box<dyn Maker>) -> Result<Option<(Bytes, Box<dyn Maker>)>, Error> {
        let renders = self.renders.clone();
        let slice = move || Ok(maker.next(&renders)?.map(|piece| (piece, maker)));
        // Where even that does not end it, the thread hangs.
        let within = self.renders.deadline + LOOK;
        self.renders.pool.run(self.client, within, slice).await?
    }
}
