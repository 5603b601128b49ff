//! The look-ahead true-peak limiter.
//!
//! From an 8× interpolated peak comes the gain that each frame needs; the
//! smallest of these over the look-ahead and a hold, a slow release, and two
//! moving averages that end exactly when the peak arrives make it smooth. The
//! hold spans half a period of the lowest bass: under a steady tone the gain
//! stands still, and the tone stays a tone.
//!
//! What is taken from the gain is an integer (2²⁴ = all): sums of integers
//! forget their past exactly, so the limiter converges to the same bits from any
//! history and is the identity, to the bit, wherever no peak is near.

mod peak;
mod window;

use super::glide::Glide;
use crate::block::Block;
use crate::flow::Processor;
use crate::math::larger;
use crate::plan::Limiter as Params;
use crate::units::{Db, Seconds};
use peak::{AHEAD, PAST, Peaks};
use window::{Average, Ring, SlidingMax};

/// Look-ahead: how early the gain begins to fall before a peak.
const LOOK_AHEAD: Seconds = Seconds(0.005);
/// How long a peak holds the gain down: half a period of 33 Hz.
const HOLD: Seconds = Seconds(0.015);
/// Release time constant.
const RELEASE: Seconds = Seconds(0.08);
/// How far below the ceiling the limiter aims. A grid of eight reads peaks too
/// low by up to 0.11 dB at 20 kHz and 44.1 kHz (20·log₁₀ cos(π·f/8)); the rest
/// is what meters of other makes read too high.
const MARGIN: Db = Db(-0.2);
/// All of the gain, as an integer.
const ALL: u32 = 1 << 24;
/// Frames worked on at a time.
const STRIDE: usize = 64;

/// The limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    /// Gains: the inner aim and the ceiling itself.
    ceiling: Glide<2>,
    peaks: Peaks,
    /// Per channel: frames of the past, then the stride at hand.
    recent: [[f32; PAST + STRIDE]; 2],
    deepest: SlidingMax,
    /// What is taken from the gain, before it is smoothed.
    depth: u32,
    /// Share of that which is left a frame later, of [`ALL`].
    keep: u64,
    averages: (Average<u32>, Average<i64>),
    /// From the sum of both averages to a gain.
    per_sum: f32,
    /// Delay lines of the look-ahead.
    delay: [Ring<f32>; 2],
    /// Frames since anything was taken; from `n_memory` on, nothing is held.
    n_calm: usize,
    n_memory: usize,
    lowest: f32,
}

impl Limiter {
    /// A limiter to this ceiling at `rate`.
    pub fn new(rate: u32, params: &Params) -> Self {
        let half = (LOOK_AHEAD.frames(rate) as usize / 2).max(2);
        let n_delay = 2 * half - 2;
        // One longer than the averages: a peak between two frames holds for both.
        let window = n_delay + 2 + HOLD.frames(rate) as usize;
        let fade = f64::from(ALL) / (RELEASE.0 * f64::from(rate));
        Limiter {
            ceiling: Glide::new(ceilings(params)),
            peaks: Peaks::new(),
            recent: [[0.0; PAST + STRIDE]; 2],
            deepest: SlidingMax::new(window),
            depth: 0,
            keep: u64::from(ALL) - fade as u64,
            averages: (Average::new(half), Average::new(half)),
            per_sum: (1.0 / (f64::from(ALL) * (half * half) as f64)) as f32,
            delay: [Ring::new(n_delay), Ring::new(n_delay)],
            n_calm: 0,
            n_memory: 2 * half,
            lowest: 1.0,
        }
    }

    /// Moves to another ceiling over `n_frames`.
    pub fn retune(&mut self, params: &Params, n_frames: u32) {
        self.ceiling.to(ceilings(params), n_frames);
        // What waits was judged by the ceiling before.
        self.n_calm = 0;
    }

    /// The deepest gain reduction since it was last asked, in dB ≤ 0.
    pub fn take_reduction(&mut self) -> Db {
        Db::from_gain(std::mem::replace(&mut self.lowest, 1.0))
    }

    fn stride(&mut self, left: &mut [f32], right: &mut [f32]) {
        let n = left.len();
        let mut late = [[0.0; STRIDE]; 2];
        for (channel, plane) in [&*left, &*right].into_iter().enumerate() {
            self.recent[channel][PAST..PAST + n].copy_from_slice(plane);
            // The frames that the peaks belong to go into the look-ahead.
            late[channel][..n].copy_from_slice(&self.recent[channel][PAST - AHEAD..][..n]);
            self.delay[channel].exchange(&mut late[channel][..n]);
        }
        // While the ceiling moves, the lower of both ends is what counts.
        let lowest_aim = self.ceiling.now()[0].min(self.ceiling.target()[0]);
        let mut peaks = [0.0; STRIDE];
        let is_high = self.peaks.read(&self.recent, lowest_aim, &mut peaks[..n]);
        if is_high || self.n_calm < self.n_memory || !self.ceiling.resting() {
            self.hold(&peaks[..n], is_high, &mut late);
        }
        left.copy_from_slice(&late[0][..n]);
        right.copy_from_slice(&late[1][..n]);
        for recent in &mut self.recent {
            recent.copy_within(n..n + PAST, 0);
        }
    }

    /// Turns the frames that come out of the look-ahead down as the peaks going
    /// into it need.
    fn hold(&mut self, peaks: &[f32], is_high: bool, late: &mut [[f32; STRIDE]; 2]) {
        let n = peaks.len();
        let [aim, ceiling] = *self.ceiling.now();
        let (mut aims, mut ceilings, mut depths) = ([aim; STRIDE], [ceiling; STRIDE], [0; STRIDE]);
        if !self.ceiling.resting() {
            for i in 0..n {
                self.ceiling.tick();
                [aims[i], ceilings[i]] = *self.ceiling.now();
            }
        }
        if is_high {
            for ((depth, &peak), &aim) in depths.iter_mut().zip(peaks).zip(&aims) {
                // Rounded up: never less than what is needed.
                *depth = ALL - (aim / larger(peak, aim) * ALL as f32) as u32;
            }
        }
        self.deepest.push(&mut depths[..n]);
        let mut is_calm = true;
        for depth in &mut depths[..n] {
            // Rounded down, so that it comes to 0.
            let left = ((u64::from(self.depth) * self.keep) >> 24) as u32;
            self.depth = left.max(*depth);
            is_calm &= self.depth == 0;
            *depth = self.depth;
        }
        self.n_calm = if is_calm { self.n_calm.saturating_add(n) } else { 0 };
        let mut once = [0; STRIDE];
        self.averages.0.push(&mut depths[..n], &mut once[..n]);
        let mut sums = [0; STRIDE];
        self.averages.1.push(&mut once[..n], &mut sums[..n]);
        for i in 0..n {
            let gain = 1.0 - sums[i] as f32 * self.per_sum;
            self.lowest = if gain < self.lowest { gain } else { self.lowest };
            for plane in &mut *late {
                plane[i] = (plane[i] * gain).clamp(-ceilings[i], ceilings[i]);
            }
        }
    }
}

fn ceilings(params: &Params) -> [f32; 2] {
    [Db(params.ceiling_dbtp + MARGIN.0).gain(), Db(params.ceiling_dbtp).gain()]
}

impl Processor for Limiter {
    fn process(&mut self, block: &mut Block) {
        let (left, right) = block.stereo_mut();
        for (left, right) in left.chunks_mut(STRIDE).zip(right.chunks_mut(STRIDE)) {
            self.stride(left, right);
        }
    }

    fn latency(&self) -> usize {
        self.delay[0].len() + AHEAD
    }

    fn reset(&mut self) {
        self.ceiling.finish();
        self.recent = [[0.0; PAST + STRIDE]; 2];
        self.deepest.reset();
        self.depth = 0;
        self.averages.0.reset();
        self.averages.1.reset();
        self.delay.iter_mut().for_each(Ring::reset);
        self.n_calm = 0;
        self.lowest = 1.0;
    }
}
