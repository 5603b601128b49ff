//! Where chunks begin, how they overlap, and which one a position is in.
//! Nothing else in the house knows these numbers.

use crate::units::Seconds;

/// The distance from one chunk's start to the next.
pub const INTERVAL: Seconds = Seconds(10.0);
/// What a chunk's chain hears besides its own interval: pre-roll and fade.
pub const OVERLAP: Seconds = Seconds(5.0);
/// How long one chunk fades into the next.
pub const CROSSFADE: Seconds = Seconds(0.05);

/// The geometry of one track, in frames at its own rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// From one chunk's start to the next.
    pub interval: u64,
    /// What a chain hears before its chunk starts.
    pub pre_roll: u64,
    /// Length of the join at each chunk's start.
    pub crossfade: u64,
}

/// A position, as chunks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which chunk, from 0.
    pub chunk: u64,
    /// How many frames into it.
    pub rest: u64,
}

impl Geometry {
    /// The product's geometry at `rate`.
    pub fn at(rate: u32) -> Self {
        Geometry::of(rate, INTERVAL, OVERLAP, CROSSFADE)
    }

    /// Any geometry at `rate`: interval and crossfade are at least one frame,
    /// the crossfade at most the overlap and the interval.
    pub fn of(rate: u32, interval: Seconds, overlap: Seconds, crossfade: Seconds) -> Self {
        let interval = interval.frames(rate).max(1);
        let overlap = overlap.frames(rate).max(1);
        let crossfade = crossfade.frames(rate).clamp(1, overlap.min(interval));
        Geometry { interval, pre_roll: overlap - crossfade, crossfade }
    }

    /// How many chunks a track of `n_frames` has: at least one.
    pub fn n_chunks(&self, n_frames: u64) -> u64 {
        n_frames.div_ceil(self.interval).max(1)
    }

    /// The chunk of position `p` in a track of `n_frames`, and the rest. The
    /// end itself is a valid position; positions past it count as the end.
    pub fn place(&self, p: u64, n_frames: u64) -> Place {
        let p = p.min(n_frames);
        let chunk = (p / self.interval).min(self.n_chunks(n_frames) - 1);
        Place { chunk, rest: p - chunk * self.interval }
    }

    /// The position of a place: the inverse of [`Geometry::place`].
    pub fn position(&self, place: Place) -> u64 {
        place.chunk * self.interval + place.rest
    }

    /// The frames that chunk `k` of the joined output covers; empty past the
    /// last chunk.
    pub fn chunk(&self, k: u64, n_frames: u64) -> std::ops::Range<u64> {
        let start = k.saturating_mul(self.interval).min(n_frames);
        start..start.saturating_add(self.interval).min(n_frames)
    }
}
