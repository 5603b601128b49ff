//! Chunks that were asked for of late, kept in memory: whoever asks for one that
//! is being made waits for it, and it is made once.

use std::future::Future;

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

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
        Ok(Chunks { kept: Cache::with_options(options, Bulk, DefaultHashBuilder::default(), lifecycle) })
    }

    /// The chunk with this tag, if it is kept.
    pub fn kept(&self, tag: &str) -> Option<Bytes> {
        self.kept.get(tag)
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
