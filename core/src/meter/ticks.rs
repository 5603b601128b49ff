//! Cuts a stream of blocks into ticks of 10 ms, so that whatever measures it
//! sees the same pieces however the blocks were cut.

use super::check_shape;
use crate::block::Block;
use crate::error::Result;

/// Ticks per second. Tech 3341 case 13 needs a momentary loudness at least
/// every 20 ms; at 10 ms, blocks and windows of all meters are whole ticks.
pub const TICKS_PER_S: u64 = 100;

/// Samples beyond this (+80 dBFS) are cut to it: no such sound exists, and the
/// squares of wilder numbers would leave single precision.
const WILDEST: f32 = 1e4;

/// Collects frames until a tick is whole. Samples that are not numbers become
/// 0. Where a tick is no whole number of frames, its borders are the nearest
/// ones, so that ticks never drift from time.
pub struct Ticks {
    rate: u64,
    pending: Block,
    n_ticks: u64,
    n_frames: u64,
}

impl Ticks {
    /// Ticks of a stream of `n_channels` at `rate` Hz.
    pub fn new(rate: u32, n_channels: usize) -> Result<Self> {
        check_shape(rate, n_channels)?;
        let longest = (rate as usize).div_ceil(TICKS_PER_S as usize) + 1;
        Ok(Ticks { rate: rate.into(), pending: Block::new(n_channels, longest), n_ticks: 0, n_frames: 0 })
    }

    /// Takes the block's frames and hands every tick that became whole to
    /// `hear`. Of a block with more channels than expected the first are
    /// taken, missing ones are silent.
    pub fn push(&mut self, block: &Block, mut hear: impl FnMut(&Block)) {
        let mut from = 0;
        while from < block.n_frames() {
            let have = self.pending.n_frames();
            let wanted = (self.border(self.n_ticks + 1) - self.border(self.n_ticks)) as usize;
            let n = (wanted - have).min(block.n_frames() - from);
            self.pending.set_frames(have + n);
            for channel in 0..self.pending.n_channels() {
                let target = &mut self.pending.plane_mut(channel)[have..];
                if channel < block.n_channels() {
                    for (y, &x) in target.iter_mut().zip(&block.plane(channel)[from..from + n]) {
                        *y = if x.is_finite() { x.clamp(-WILDEST, WILDEST) } else { 0.0 };
                    }
                } else {
                    target.fill(0.0);
                }
            }
            from += n;
            self.n_frames += n as u64;
            if have + n == wanted {
                hear(&self.pending);
                self.n_ticks += 1;
                self.pending.set_frames(0);
            }
        }
    }

    /// The frames after the last whole tick.
    pub fn rest(&self) -> &Block {
        &self.pending
    }

    /// All frames taken so far.
    pub fn n_frames(&self) -> u64 {
        self.n_frames
    }

    /// The first frame of tick `n`.
    fn border(&self, n: u64) -> u64 {
        (n * self.rate + TICKS_PER_S / 2) / TICKS_PER_S
    }
}
