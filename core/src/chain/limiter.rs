//! The look-ahead true-peak limiter.
//!
//! Needed gain per frame from a 4× interpolated peak → smallest over the
//! look-ahead → slow release → two moving averages that end exactly when the
//! peak arrives. Gain is an integer (2²⁴ = 1): sums of integers forget their
//! past exactly, so the limiter converges to the same bits from any history
//! and is the identity, to the bit, wherever no peak is near.

use super::glide::Glide;
use crate::block::Block;
use crate::flow::Processor;
use crate::math::f64::{cos, sin};
use crate::math::larger;
use crate::plan::Limiter as Params;
use crate::units::{Db, Seconds};

/// Look-ahead: how early the gain begins to fall before a peak.
const LOOK_AHEAD: Seconds = Seconds(0.005);
/// Release time constant.
const RELEASE: Seconds = Seconds(0.1);
/// A grid of four reads peaks too low by up to 0.44 dB at 20 kHz and 44.1 kHz
/// (20·log₁₀ cos(π·f/4)), music by less, so the limiter aims lower.
const MARGIN: Db = Db(-0.5);
/// Gain 1 as an integer.
const ONE: u32 = 1 << 24;
/// Samples an interpolated one depends on; half of them lie ahead.
const TAPS: usize = 24;
/// Frames worked on at a time.
const STRIDE: usize = 64;
/// Of these, interpolated at a time: their sums stay in registers.
const GROUP: usize = 16;

/// The limiter.
#[derive(Clone, Debug)]
pub struct Limiter {
    /// Gains: the inner aim and the ceiling itself.
    ceiling: Glide<2>,
    phases: [[f32; TAPS]; 3],
    /// By how much an interpolated magnitude can exceed the loudest frame.
    overshoot: f32,
    /// Per channel: `TAPS − 1` frames of the past, then the stride at hand.
    recent: [[f32; TAPS - 1 + STRIDE]; 2],
    floor: SlidingMin,
    released: u32,
    release: u64,
    averages: [Average; 2],
    /// Stereo delay line of the look-ahead.
    delay: Box<[[f32; 2]]>,
    delay_at: usize,
    lowest: u32,
}

/// The interpolating phases ¼, ½, ¾ of a 97-tap Hann-windowed sinc.
fn phases() -> [[f32; TAPS]; 3] {
    const HALF: f64 = (TAPS / 2) as f64;
    std::array::from_fn(|phase| {
        let at = (phase + 1) as f64 / 4.0;
        let taps: [f64; TAPS] = std::array::from_fn(|tap| {
            // The point lies between the two taps in the middle.
            let t = (tap as f64 - HALF + 1.0) - at;
            let x = std::f64::consts::PI * t;
            let hann = 0.5 + 0.5 * cos(x / HALF);
            if t.abs() >= HALF { 0.0 } else { sin(x) / x * hann }
        });
        taps.map(|tap| tap as f32)
    })
}

/// The largest sum of magnitudes of a phase's taps, and a little more for
/// rounding.
fn overshoot(phases: &[[f32; TAPS]; 3]) -> f32 {
    phases.iter().map(|taps| taps.iter().map(|tap| tap.abs()).sum()).fold(0.0, larger) * 1.001
}

impl Limiter {
    /// A limiter to this ceiling at `rate`.
    pub fn new(rate: u32, params: &Params) -> Self {
        let half = (LOOK_AHEAD.frames(rate) as usize / 2).max(2);
        let n_delay = 2 * half - 2;
        let phases = phases();
        Limiter {
            ceiling: Glide::new(ceilings(params)),
            phases,
            overshoot: overshoot(&phases),
            recent: [[0.0; TAPS - 1 + STRIDE]; 2],
            // One longer than the averages: a peak between two frames holds for both.
            floor: SlidingMin::new(n_delay + 2),
            released: ONE,
            release: ((f64::from(ONE)) / (RELEASE.0 * f64::from(rate))) as u64,
            averages: [Average::new(half, 1), Average::new(half, half)],
            delay: vec![[0.0; 2]; n_delay].into_boxed_slice(),
            delay_at: 0,
            lowest: ONE,
        }
    }

    /// Moves to another ceiling over `n_frames`.
    pub fn retune(&mut self, params: &Params, n_frames: u32) {
        self.ceiling.to(ceilings(params), n_frames);
    }

    /// The deepest gain reduction since it was last asked, in dB ≤ 0.
    pub fn take_reduction(&mut self) -> Db {
        let lowest = std::mem::replace(&mut self.lowest, ONE);
        Db::from_gain(lowest as f32 / ONE as f32)
    }

    /// The largest interpolated magnitude at or just after each frame; where
    /// none can reach `aim`, that of the frames alone.
    fn peaks(&self, n: usize, aim: f32) -> [f32; STRIDE] {
        let mut peaks = [0.0f32; STRIDE];
        for recent in &self.recent {
            for (group, peaks) in peaks.chunks_exact_mut(GROUP).enumerate() {
                let recent = &recent[group * GROUP..][..TAPS - 1 + GROUP];
                let loudest = recent.iter().fold(0.0, |most, x| larger(most, x.abs()));
                if loudest * self.overshoot < aim {
                    continue;
                }
                for taps in &self.phases {
                    let mut sums = [0.0f32; GROUP];
                    for (tap, &weight) in taps.iter().enumerate() {
                        for (sum, &x) in sums.iter_mut().zip(&recent[tap..tap + GROUP]) {
                            *sum += weight * x;
                        }
                    }
                    for (peak, sum) in peaks.iter_mut().zip(sums) {
                        *peak = larger(*peak, sum.abs());
                    }
                }
            }
            for (peak, x) in peaks[..n].iter_mut().zip(&recent[TAPS / 2 - 1..]) {
                *peak = larger(*peak, x.abs());
            }
        }
        peaks
    }

    /// The integer gain for one frame's peak, smoothed and in time with the
    /// delayed sound.
    #[inline(always)]
    fn gain(&mut self, peak: f32, aim: f32) -> i64 {
        // Rounded down: never more than what is needed.
        let needed = if peak > aim { (aim / peak * ONE as f32) as u32 } else { ONE };
        let lowest = self.floor.push(needed);
        let rise = (u64::from(ONE - self.released) * self.release) >> 24;
        self.released = lowest.min((u64::from(self.released) + rise + 1).min(u64::from(ONE)) as u32);
        let once = self.averages[0].push(i64::from(self.released));
        self.averages[1].push(once)
    }

    fn stride(&mut self, left: &mut [f32], right: &mut [f32]) {
        let n = left.len();
        for (recent, plane) in self.recent.iter_mut().zip([&*left, &*right]) {
            recent[TAPS - 1..TAPS - 1 + n].copy_from_slice(plane);
        }
        // While the ceiling moves, the lower of both ends is what counts.
        let lowest_aim = self.ceiling.now()[0].min(self.ceiling.target()[0]);
        let peaks = self.peaks(n, lowest_aim);
        let unit = self.averages[1].unit() as f32 * ONE as f32;
        for i in 0..n {
            self.ceiling.tick();
            let [aim, ceiling] = *self.ceiling.now();
            let sum = self.gain(peaks[i], aim);
            // The frame the peak belongs to: half the taps ago.
            let fresh = [self.recent[0][i + TAPS / 2 - 1], self.recent[1][i + TAPS / 2 - 1]];
            let [l, r] = std::mem::replace(&mut self.delay[self.delay_at], fresh);
            self.delay_at = if self.delay_at + 1 == self.delay.len() { 0 } else { self.delay_at + 1 };
            let gain = sum as f32 / unit;
            self.lowest = self.lowest.min((gain * ONE as f32) as u32);
            left[i] = (l * gain).clamp(-ceiling, ceiling);
            right[i] = (r * gain).clamp(-ceiling, ceiling);
        }
        for recent in &mut self.recent {
            recent.copy_within(n..n + TAPS - 1, 0);
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
        self.delay.len() + TAPS / 2
    }

    fn reset(&mut self) {
        self.ceiling.finish();
        self.recent = [[0.0; TAPS - 1 + STRIDE]; 2];
        self.floor.reset();
        self.released = ONE;
        self.averages.iter_mut().for_each(Average::reset);
        self.delay.fill([0.0; 2]);
        self.delay_at = 0;
        self.lowest = ONE;
    }
}

/// The smallest of the last `n` numbers, two comparisons each (van Herk 1992;
/// Gil & Werman 1993).
#[derive(Clone, Debug)]
struct SlidingMin {
    /// The block being filled; behind `at` the suffix minima of the one before.
    ring: Box<[u32]>,
    at: usize,
    /// Smallest of the block being filled.
    prefix: u32,
}

impl SlidingMin {
    fn new(n: usize) -> Self {
        SlidingMin { ring: vec![ONE; n].into_boxed_slice(), at: 0, prefix: ONE }
    }

    #[inline(always)]
    fn push(&mut self, x: u32) -> u32 {
        self.prefix = self.prefix.min(x);
        self.ring[self.at] = x;
        self.at += 1;
        if self.at < self.ring.len() {
            return self.prefix.min(self.ring[self.at]);
        }
        let whole = self.prefix;
        let mut suffix = ONE;
        for slot in self.ring.iter_mut().rev() {
            suffix = suffix.min(*slot);
            *slot = suffix;
        }
        self.at = 0;
        self.prefix = ONE;
        whole
    }

    fn reset(&mut self) {
        self.ring.fill(ONE);
        self.at = 0;
        self.prefix = ONE;
    }
}

/// The running sum of the last `n` integers, each up to `scale · 2²⁴`.
#[derive(Clone, Debug)]
struct Average {
    ring: Box<[i64]>,
    at: usize,
    sum: i64,
    scale: i64,
}

impl Average {
    fn new(n: usize, scale: usize) -> Self {
        let rest = scale as i64 * i64::from(ONE);
        Average { ring: vec![rest; n].into_boxed_slice(), at: 0, sum: rest * n as i64, scale: scale as i64 }
    }

    /// The sum of gains of 1.
    fn unit(&self) -> i64 {
        self.scale * self.ring.len() as i64
    }

    #[inline(always)]
    fn push(&mut self, x: i64) -> i64 {
        self.sum += x - std::mem::replace(&mut self.ring[self.at], x);
        self.at = if self.at + 1 == self.ring.len() { 0 } else { self.at + 1 };
        self.sum
    }

    fn reset(&mut self) {
        let rest = self.scale * i64::from(ONE);
        self.ring.fill(rest);
        self.at = 0;
        self.sum = rest * self.ring.len() as i64;
    }
}
