//! Chunks that were asked for of late, kept in memory: whoever asks for one that
//! is being made waits for it, and it is made once.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::catalog::Measurable;
use crate::error::Error;

/// What is kept of them, in bytes.
const BUDGET: u64 = 24 << 20;
/// About how many that are.
const N_CHUNKS: usize = 64;

#[derive(Clone)]
struct Bulk;

impl Weighter<String, Bytes> for Bulk {
    fn weight(&self, _tag: &String, chunk: &Bytes) -> u64 {
        chunk.len().max(1) as u64
    }
}

/// Chunks by their tags.
pub struct Chunks {
    kept: Cache<String, Bytes, Bulk>,
    /// What was asked for with a plan's id, which makes the same as long as the file
    /// is the same.
    known: Cache<String, Known>,
}

/// What an address asks for.
#[derive(Clone)]
pub struct Known {
    /// Of which track.
    pub track: Arc<Measurable>,
    /// As what it is kept.
    pub tag: String,
    /// What it is.
    pub media_type: &'static str,
}

impl Chunks {
    /// With nothing in it.
    pub fn new() -> std::io::Result<Self> {
        // One shard: of several, none could keep a large one.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(N_CHUNKS)
            .weight_capacity(BUDGET)
            .shards(1)
            .build()
            .map_err(std::io::Error::other)?;
        let lifecycle = DefaultLifecycle::default();
        let kept = Cache::with_options(options, Bulk, DefaultHashBuilder::default(), lifecycle);
        Ok(Chunks { kept, known: Cache::new(16 * N_CHUNKS) })
    }

    /// What this address asks for, and its bytes, if both are kept.
    pub fn known(&self, address: &str) -> Option<(Known, Bytes)> {
        let known = self.known.get(address)?;
        let bytes = self.kept.get(&known.tag)?;
        Some((known, bytes))
    }

    /// Keeps what this address asks for.
    pub fn know(&self, address: String, known: Known) {
        self.known.insert(address, known);
    }

    /// The chunk with this tag; made by `make` unless it is kept or another makes
    /// it. Whoever stops waiting leaves the making to the next.
    pub async fn get(
        &self,
        tag: &str,
        make: impl Future<Output = Result<Bytes, Error>>,
    ) -> Result<Bytes, Error> {
        self.kept.get_or_insert_async(tag, make).await
    }

    /// Bytes that are kept.
    pub fn n_bytes(&self) -> u64 {
        self.kept.weight()
    }
}
