//! The way from a track's rate to the one that a format is clocked at.

use crate::block::Block;
use crate::error::Result;
use crate::resample::Resampler;

/// Frames that come out at once.
const STEP: usize = 960;

/// Resamples what it is given, without the frames that come before the sound.
pub(super) struct Clock {
    resampler: Resampler,
    input: Block,
    output: Block,
    /// Output frames still to drop: they came before the sound.
    late: usize,
}

/// The frames at `to` that stand for `n` at `from`, if they can be counted.
pub(super) fn n_frames(n: u64, from: u32, to: u32) -> Option<u64> {
    u64::try_from((u128::from(n) * u128::from(to)).div_ceil(u128::from(from))).ok()
}

/// What pushes the last frames out.
pub(super) fn silence() -> Block {
    let mut silence = Block::new(2, STEP);
    silence.set_frames(STEP);
    silence.silence();
    silence
}

impl Clock {
    /// From `from` to `to` frames per second; none where that is the same.
    pub(super) fn between(from: u32, to: u32) -> Result<Option<Self>> {
        if from == to {
            return Ok(None);
        }
        let resampler = Resampler::new(from, to, STEP)?;
        let mut input = Block::new(2, resampler.max_needed());
        input.set_frames(0);
        let late = resampler.delay();
        Ok(Some(Clock { resampler, input, output: Block::new(2, STEP), late }))
    }

    /// Resamples `block`; `each` is given what comes of it, step by step, and the
    /// frame from which that is sound.
    pub(super) fn convert(
        &mut self,
        block: &Block,
        mut each: impl FnMut(&Block, usize) -> Result<()>,
    ) -> Result<()> {
        let mut at = 0;
        loop {
            let (next, sound) = self.advance(block, at)?;
            let Some(start) = sound else { return Ok(()) };
            at = next;
            each(&self.output, start)?;
        }
    }

    /// Takes frames of `block` from `at` on until a step is done; returns where
    /// it stopped and, after a step, the frame from which its output is sound.
    fn advance(&mut self, block: &Block, at: usize) -> Result<(usize, Option<usize>)> {
        let have = self.input.n_frames();
        let n_taken = (self.resampler.needed() - have).min(block.n_frames() - at);
        self.input.set_frames(have + n_taken);
        for channel in 0..2 {
            self.input.plane_mut(channel)[have..].copy_from_slice(&block.plane(channel)[at..at + n_taken]);
        }
        if self.input.n_frames() < self.resampler.needed() {
            return Ok((at + n_taken, None));
        }
        self.resampler.step(&self.input, &mut self.output)?;
        self.input.set_frames(0);
        let dropped = self.late.min(self.output.n_frames());
        self.late -= dropped;
        Ok((at + n_taken, Some(dropped)))
    }
}
