//! The look-ahead true-peak limiter.
//!
//! From an 8× interpolated peak comes the gain that each frame needs; the
//! smallest of these over the look-ahead and a hold, a slow release, and two
//! moving averages that end exactly when the peak arrives make it smooth. The
//! hold spans half a period of the lowest bass: under a steady tone the gain
//! stands still, and the tone stays a tone.
//!
//! What is taken from the gain is an integer (2²² = all): sums of integers
//! forget their past exactly, so the limiter converges to the same bits from any
//! history and is the identity, to the bit, wherever no peak is near.

mod peak;
mod window;

use super::glide::Glide;
use crate::flow::Processor;
use crate::math::larger;
use crate::plan::Limiter as Params;
use crate::units::{Db, Seconds};
use peak::{AHEAD, PAST, Peaks, WHOLE};
use window::{Line, SlidingMax, Sum};

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
/// The same at a rate so low that sound commonly reaches up to its half, where
/// the short filters of such meters rise the most: libebur128 reads 0.3 dB more
/// than there is of noise at 22.05 kHz.
const MARGIN_OF_LOW_RATES: Db = Db(-0.4);
/// See [`MARGIN_OF_LOW_RATES`].
const LOW_RATE: u32 = 32_000;
/// All of the gain, as an integer: its sums over half a look-ahead fit 32 bits at any rate.
const ALL: u32 = 1 << 22;
/// Frames worked on at a time.
const STRIDE: usize = 64;

/// The limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    rate: u32,
    /// Gains: the inner aim and the ceiling itself.
    ceiling: Glide<2>,
    peaks: Peaks,
    /// Per channel: the look-ahead and what the peaks depend on.
    lines: [Line; 2],
    n_latency: usize,
    deepest: SlidingMax,
    /// What is taken from the gain, before it is smoothed.
    depth: u32,
    /// Share of that which is left a frame later, of 2²⁴.
    keep: u64,
    /// Two moving averages, one behind the other; between them the sums are
    /// shortened by so many bits, and rounded up.
    sums: [Sum; 2],
    shift: u32,
    /// From the second's sum to a gain.
    per_sum: f32,
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
        let n_latency = n_delay + AHEAD;
        // The second sum stays below 2³¹, with a bit to spare for what is rounded up.
        let shift = ((half * half).ilog2() + 1).saturating_sub(31 - ALL.ilog2());
        let fade = f64::from(1 << 24) / (RELEASE.0 * f64::from(rate));
        Limiter {
            rate,
            ceiling: Glide::new(ceilings(rate, params)),
            peaks: Peaks::new(),
            lines: [Line::new(n_latency.max(PAST)), Line::new(n_latency.max(PAST))],
            n_latency,
            deepest: SlidingMax::new(window),
            depth: 0,
            keep: (1 << 24) - fade as u64,
            sums: [Sum::new(half), Sum::new(half)],
            shift,
            per_sum: (f64::from(1 << shift) / (f64::from(ALL) * (half * half) as f64)) as f32,
            n_calm: 0,
            n_memory: 2 * half,
            lowest: 1.0,
        }
    }

    /// Moves to another ceiling over `n_frames`.
    pub fn retune(&mut self, params: &Params, n_frames: u32) {
        self.ceiling.to(ceilings(self.rate, params), n_frames);
        // What waits was judged by the ceiling before.
        self.n_calm = 0;
    }

    /// The deepest gain reduction since it was last asked, in dB ≤ 0.
    pub fn take_reduction(&mut self) -> Db {
        Db::from_gain(std::mem::replace(&mut self.lowest, 1.0))
    }

    fn stride(&mut self, left: &mut [f32], right: &mut [f32]) {
        let n = left.len();
        for (line, plane) in self.lines.iter_mut().zip([&*left, &*right]) {
            line.push(plane);
        }
        // While the ceiling moves, the lower of both ends is what counts.
        let lowest_aim = self.ceiling.now()[0].min(self.ceiling.target()[0]);
        let recent = self.lines.each_ref().map(|line| line.newest(PAST + n).first_chunk().expect(WHOLE));
        let mut peaks = [0.0; STRIDE];
        let is_high = self.peaks.read(recent, n, lowest_aim, &mut peaks);
        let (mut gains, mut ceilings) = ([1.0; STRIDE], [1.0; STRIDE]);
        let is_calm = !is_high && self.n_calm >= self.n_memory && self.ceiling.resting();
        if !is_calm {
            self.hold(is_high.then_some(&peaks), n, &mut gains, &mut ceilings);
        }
        for (line, plane) in self.lines.iter().zip([left, right]) {
            // The frames that are `n_latency` old come out.
            let late = &line.newest(self.n_latency + n)[..n];
            if is_calm {
                plane.copy_from_slice(late);
                continue;
            }
            for (((x, late), gain), ceiling) in plane.iter_mut().zip(late).zip(gains).zip(ceilings) {
                let turned = late * gain;
                *x = if turned > ceiling { ceiling } else { larger(turned, -ceiling) };
            }
        }
    }

    /// The gains of the next frames to come out, as the peaks that go into the
    /// look-ahead need them, and the ceiling at each.
    fn hold(
        &mut self,
        peaks: Option<&[f32; STRIDE]>,
        n: usize,
        gains: &mut [f32; STRIDE],
        ceilings: &mut [f32; STRIDE],
    ) {
        let [aim, ceiling] = *self.ceiling.now();
        let mut aims = [aim; STRIDE];
        ceilings.fill(ceiling);
        if !self.ceiling.resting() {
            for i in 0..n {
                self.ceiling.tick();
                [aims[i], ceilings[i]] = *self.ceiling.now();
            }
        }
        let mut depths = [0; STRIDE];
        if let Some(peaks) = peaks {
            for ((depth, &peak), aim) in depths.iter_mut().zip(peaks).zip(aims) {
                // Rounded up: never less than what is needed.
                *depth = ALL - (aim / larger(peak, aim) * ALL as f32) as u32;
            }
        }
        let depths = &mut depths[..n];
        self.deepest.push(depths);
        self.release(depths);
        self.sums[0].push(depths);
        depths.iter_mut().for_each(|sum| *sum = sum.div_ceil(1 << self.shift));
        self.sums[1].push(depths);
        let gain = |sum: u32| larger(0.0, 1.0 - sum as i32 as f32 * self.per_sum);
        gains.iter_mut().zip(&*depths).for_each(|(x, &sum)| *x = gain(sum));
        self.lowest = self.lowest.min(gain(depths.iter().copied().fold(0, u32::max)));
    }

    /// Lets every depth go only slowly.
    fn release(&mut self, depths: &mut [u32]) {
        for depth in &mut *depths {
            // Rounded down, so that it comes to 0.
            let left = ((u64::from(self.depth) * self.keep) >> 24) as u32;
            self.depth = left.max(*depth);
            *depth = self.depth;
        }
        let is_calm = depths.iter().all(|&depth| depth == 0);
        self.n_calm = if is_calm { self.n_calm.saturating_add(depths.len()) } else { 0 };
    }
}

fn ceilings(rate: u32, params: &Params) -> [f32; 2] {
    let margin = if rate < LOW_RATE { MARGIN_OF_LOW_RATES } else { MARGIN };
    [Db(params.ceiling_dbtp + margin.0).gain(), Db(params.ceiling_dbtp).gain()]
}

impl Processor for Limiter {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.chunks_mut(STRIDE).zip(right.chunks_mut(STRIDE)) {
            self.stride(left, right);
        }
    }

    fn latency(&self) -> usize {
        self.n_latency
    }

    fn reset(&mut self) {
        self.ceiling.finish();
        self.lines.iter_mut().for_each(Line::reset);
        self.deepest.reset();
        self.depth = 0;
        self.sums.iter_mut().for_each(Sum::reset);
        self.n_calm = 0;
        self.lowest = 1.0;
    }
}
