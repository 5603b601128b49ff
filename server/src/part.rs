//! A part of a sound as a sound of its own: one track of a file of several.

use auralis_core::block::Block;
use auralis_core::error::Result;
use auralis_core::flow::{Source, Spec};

/// `n_frames` of a source, from `first` on.
pub struct Part<S> {
    whole: S,
    first: u64,
    /// None: up to the end.
    n_frames: Option<u64>,
    /// The next frame, counted from `first`.
    at: u64,
}

impl<S: Source> Part<S> {
    /// That part of `whole`; without a number up to the end.
    pub fn new(mut whole: S, first: u64, n_frames: Option<u64>) -> Result<Self> {
        if first > 0 {
            whole.seek(first)?;
        }
        Ok(Part { whole, first, n_frames, at: 0 })
    }

    /// The source that it is a part of.
    pub fn whole(&self) -> &S {
        &self.whole
    }
}

impl<S: Source> Source for Part<S> {
    fn spec(&self) -> Spec {
        self.whole.spec()
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        self.whole.read(block)?;
        if let Some(n_frames) = self.n_frames {
            // What was read past the end is not given, and nothing after it is.
            let left = usize::try_from(n_frames - self.at.min(n_frames)).unwrap_or(usize::MAX);
            block.set_frames(block.n_frames().min(left));
        }
        self.at += block.n_frames() as u64;
        Ok(())
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        // At or past the end nothing follows.
        self.at = self.n_frames.map_or(frame, |n_frames| frame.min(n_frames));
        self.whole.seek(self.first.saturating_add(self.at))
    }

    fn expected_frames(&self) -> Option<u64> {
        let whole = self.whole.expected_frames().map(|n_frames| n_frames.saturating_sub(self.first));
        match (self.n_frames, whole) {
            (Some(own), Some(whole)) => Some(own.min(whole)),
            (own, whole) => own.or(whole),
        }
    }
}
