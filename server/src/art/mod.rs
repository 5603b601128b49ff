//! Pictures of tracks: found in their files or beside them, made small, kept on
//! disk. Everybody who wants the same one at the same time waits for one
//! decoding. One is decoded at a time, on a thread of its own, so that many take
//! no more memory than one.
//!
//! Reading order: [`find`] says where a picture is, [`claim`] what it claims to
//! be, [`thumb`] makes it small, [`colour`] says which colour it has, [`cache`]
//! keeps it.

mod cache;
mod claim;
mod colour;
mod find;
mod thumb;

pub use colour::Colour;
pub use find::is_picture;
pub use thumb::Thumb;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blake3::Hash;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::catalog::Measurable;
use crate::client::Client;
use crate::metrics::Metrics;
use crate::pool::{Pool, Undone};
use cache::Cache;
use claim::Claim;
use find::Source;

/// Bytes that decoding a picture may take: with all around it, it stays under
/// 64 MiB. Enough for a JPEG of 4,000 × 4,000 pixels, a PNG of 3,500, and a
/// progressive JPEG, whose coefficients wait, of 2,700.
const ROOM: u64 = 48 << 20;
/// Pictures held in memory at a time: one is read while another is decoded.
const READERS: usize = 2;
/// Of those only one is computed, and none waits behind another.
const BACKLOG: usize = 64;
/// What takes longer is told another time.
const PATIENCE: Duration = Duration::from_secs(20);
/// Sizes in pixels that thumbnails are made in.
pub const SIZES: std::ops::RangeInclusive<u32> = 64..=1024;
/// Pictures and places remembered; they are small, and found out again.
const MAX_REMEMBERED: usize = 1 << 16;

/// A thumbnail in the making.
type Flight = Shared<BoxFuture<'static, Option<Thumb>>>;

/// A cheap handle on all pictures.
#[derive(Clone)]
pub struct Art {
    shared: Arc<Inside>,
}

struct Inside {
    cache: Cache,
    metrics: Arc<Metrics>,
    /// Which picture lies where.
    places: Mutex<HashMap<String, Hash>>,
    /// Pictures that cannot be decoded.
    undecodable: Mutex<HashSet<Hash>>,
    flights: Mutex<HashMap<(Hash, u32), Flight>>,
    readers: Semaphore,
    pool: Pool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Art {
    /// Keeps thumbnails in `folder`, `budget` bytes of them.
    pub fn new(folder: PathBuf, budget: u64, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let inside = Inside {
            cache: Cache::new(folder, budget),
            metrics,
            places: Mutex::default(),
            undecodable: Mutex::default(),
            flights: Mutex::default(),
            readers: Semaphore::new(READERS),
            pool: Pool::new("art", 1, BACKLOG)?,
        };
        Ok(Art { shared: Arc::new(inside) })
    }

    /// Whether a track has a picture, as far as that is known without decoding it.
    pub async fn has(&self, track: Measurable) -> bool {
        blocking(move || Source::of(track)).await.flatten().is_some()
    }

    /// The picture of a track within a square of `size` pixels; none: it has
    /// none that can be shown.
    pub async fn thumb(&self, track: Measurable, size: u32) -> Option<Thumb> {
        let source = blocking(move || Source::of(track)).await??;
        let hash = self.hash(&source).await?;
        let flight = {
            let mut flights = lock(&self.shared.flights);
            match flights.get(&(hash, size)) {
                Some(flight) => flight.clone(),
                None => {
                    let flight = self.begin(source, hash, size);
                    flights.insert((hash, size), flight.clone());
                    flight
                }
            }
        };
        flight.await
    }

    /// The picture of a track as it is, and its media type; none where it cannot
    /// be shown.
    pub async fn whole(&self, track: Measurable) -> Option<(&'static str, Bytes)> {
        // What bursts here would burst there.
        self.thumb(track.clone(), *SIZES.start()).await?;
        let _reader = self.shared.readers.acquire().await.ok()?;
        let picture = blocking(move || Source::of(track)?.read()).await??;
        Some((claim::Kind::of(&picture)?.media_type(), picture.into()))
    }

    /// Which picture lies there: read once for each place.
    async fn hash(&self, source: &Source) -> Option<Hash> {
        let id = source.id();
        let known = || lock(&self.shared.places).get(&id).copied();
        if let Some(hash) = known() {
            return Some(hash);
        }
        let _reader = self.shared.readers.acquire().await.ok()?;
        // Somebody may have read it while this one waited.
        if let Some(hash) = known() {
            return Some(hash);
        }
        let source = source.clone();
        let hash = blocking(move || Some(blake3::hash(&source.read()?))).await??;
        let mut places = lock(&self.shared.places);
        if places.len() >= MAX_REMEMBERED {
            places.clear();
        }
        places.insert(id, hash);
        Some(hash)
    }

    /// Begins to make a thumbnail; it is made to its end, whoever leaves.
    fn begin(&self, source: Source, hash: Hash, size: u32) -> Flight {
        let art = self.clone();
        let made = async move {
            let thumb = art.kept_or_made(source, hash, size).await;
            lock(&art.shared.flights).remove(&(hash, size));
            thumb
        };
        tokio::spawn(made.in_current_span()).map(|made| made.ok().flatten()).boxed().shared()
    }

    async fn kept_or_made(&self, source: Source, hash: Hash, size: u32) -> Option<Thumb> {
        if lock(&self.shared.undecodable).contains(&hash) {
            return None;
        }
        let name = format!("{hash}-{size}");
        let (art, kept) = (self.clone(), name.clone());
        if let Some(thumb) = blocking(move || art.shared.cache.get(&kept)).await? {
            return Some(thumb);
        }
        let _reader = self.shared.readers.acquire().await.ok()?;
        let path = source.path();
        let read = move || source.read().filter(|picture| blake3::hash(picture) == hash);
        let picture = blocking(read).await??;
        match self.made(picture, size).await? {
            Ok(thumb) => {
                let (art, made) = (self.clone(), thumb.clone());
                blocking(move || art.shared.cache.put(&name, &made)).await?;
                Some(thumb)
            }
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "picture not shown");
                let mut undecodable = lock(&self.shared.undecodable);
                if undecodable.len() >= MAX_REMEMBERED {
                    undecodable.clear();
                }
                undecodable.insert(hash);
                None
            }
        }
    }

    /// A thumbnail, or why there is none; nothing if it cannot be told now.
    async fn made(&self, picture: Vec<u8>, size: u32) -> Option<Result<Thumb, String>> {
        let Some(claim) = Claim::of(&picture) else {
            return Some(Err("it does not say what it is, or not at once".to_owned()));
        };
        if claim.room > ROOM {
            let Claim { width, height, .. } = claim;
            return Some(Err(format!(
                "its {width} × {height} pixels may take more memory than a picture may"
            )));
        }
        self.shared.metrics.pictures.add(1);
        match self.shared.pool.run(Client::HOUSE, PATIENCE, move || thumb::make(&picture, claim, size)).await
        {
            Ok(made) => Some(made.map_err(|error| error.to_string())),
            Err(Undone::Panicked(said)) => Some(Err(format!("its decoder panicked: {said}"))),
            Err(Undone::Busy | Undone::Late) => None,
        }
    }
}

/// Runs what holds up an async thread; none if it panics.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.ok()
}
