//! What has a pitch: the spectral peaks of a window, their pitch classes, and
//! the fundamental that explains them.

use super::quantised;
use super::spectrum::sum;
use crate::math;
use crate::meter::abs_max;

/// Lowest and highest spectral peak that counts, in Hz.
const PEAKS_HZ: (f64, f64) = (75.0, 4_000.0);
/// The lowest peak that has a pitch class: below, a semitone is less than half
/// a bin.
const LOWEST_CLASS_HZ: f64 = 110.0;
/// The most peaks taken of a window, lowest first.
const MAX_PEAKS: usize = 96;
/// Lowest and highest fundamental.
const FUNDAMENTALS_HZ: (f64, f64) = (75.0, 1_100.0);
/// A fundamental is looked for as this part of the strongest peaks.
const N_STRONGEST: usize = 3;
const N_PARTS: usize = 4;
/// How far from a multiple a peak may lie, in multiples.
const HARMONIC: f64 = 0.06;
/// The share of the peaks' power that a fundamental must explain.
const EXPLAINED: f64 = 0.75;
/// The share of the window's power that the explained peaks must hold, each
/// counted as its strongest bin.
const VOICED: f64 = 0.3;
/// A smaller fundamental must explain this much more.
const WORTH: f64 = 0.1;
/// A faster move than this, in cents, is another note.
const SAME_NOTE_CENTS: f64 = 100.0;
/// A fundamental that moves this fast, in cents per second, is half steady.
const HALF_STEADY: f64 = 500.0;

/// The local maxima of a window's spectrum, each at the frequency its
/// neighbours tell (two bins of a Hann window tell it exactly).
pub(super) struct Peaks {
    /// Frequency in Hz and power of the strongest bin.
    found: Vec<(f64, f64)>,
    /// Power of all bins where peaks are looked for.
    power: f64,
}

impl Peaks {
    pub fn new() -> Self {
        Peaks { found: Vec::with_capacity(MAX_PEAKS), power: 0.0 }
    }

    /// Finds the peaks of the window.
    pub fn find(&mut self, power: &[f32], bin_hz: f64) {
        let first = ((PEAKS_HZ.0 / bin_hz) as usize).max(2);
        let last = ((PEAKS_HZ.1 / bin_hz) as usize).min(power.len() - 2);
        // A maximum 40 dB under the window's strongest is leakage or noise.
        let least = 1e-4 * abs_max(&power[2..]);
        self.found.clear();
        self.power = sum(&power[first..=last]);
        for (k, three) in (first..=last).zip(power[first - 1..].windows(3)) {
            let &[before, here, after] = three else { break };
            if here < least || here <= before || here < after {
                continue;
            }
            let (side, sign) = if after >= before { (after, 1.0) } else { (before, -1.0) };
            let ratio = f64::from(side / here).sqrt();
            let offset = sign * (2.0 * ratio - 1.0) / (1.0 + ratio);
            if self.found.len() < MAX_PEAKS {
                self.found.push(((k as f64 + offset) * bin_hz, f64::from(here)));
            }
        }
    }

    /// Σc² of the window's chroma: the peaks by pitch class (A = 440 Hz),
    /// weighed by power, L1-normalised. `None` where there is none.
    pub fn chroma(&self) -> Option<f64> {
        let mut classes = [0.0f64; 12];
        for &(hz, power) in self.found.iter().filter(|peak| peak.0 >= LOWEST_CLASS_HZ) {
            let semitones = 12.0 * math::log2((hz / 440.0) as f32);
            // Shifted so that all are above 0, where a cast rounds.
            classes[(semitones + 120.5) as usize % 12] += power;
        }
        let whole: f64 = classes.iter().sum();
        (whole > 0.0).then(|| classes.iter().map(|c| (c / whole) * (c / whole)).sum())
    }

    /// The fundamental in Hz, if one explains most of the window.
    pub fn fundamental(&self) -> Option<f64> {
        let whole: f64 = self.found.iter().map(|peak| peak.1).sum();
        if whole < VOICED * self.power || whole <= 0.0 {
            return None;
        }
        let mut best = (0.0, 0.0);
        for (hz, _) in self.strongest() {
            let candidates = std::array::from_fn(|part| hz / (part + 1) as f64);
            for (candidate, power) in candidates.into_iter().zip(self.explained(candidates)) {
                if candidate < FUNDAMENTALS_HZ.0 || candidate > FUNDAMENTALS_HZ.1 {
                    continue;
                }
                let explained = power / whole;
                let better = if candidate < best.0 { WORTH } else { -WORTH };
                if best.0 == 0.0 || explained > best.1 + better {
                    best = (candidate, explained);
                }
            }
        }
        let (hz, explained) = best;
        (explained >= EXPLAINED && explained * whole >= VOICED * self.power).then(|| self.refined(hz))
    }

    fn strongest(&self) -> [(f64, f64); N_STRONGEST] {
        let mut strongest = [(0.0, 0.0); N_STRONGEST];
        for &peak in &self.found {
            let at = strongest.iter().position(|other| peak.1 > other.1);
            if let Some(at) = at {
                strongest[at..].rotate_right(1);
                strongest[at] = peak;
            }
        }
        strongest
    }

    /// The power of the peaks near multiples of each of these, side by side.
    fn explained(&self, hz: [f64; N_PARTS]) -> [f64; N_PARTS] {
        let per_hz = hz.map(|hz| 1.0 / hz);
        let mut explained = [0.0; N_PARTS];
        for &(peak, power) in &self.found {
            for i in 0..N_PARTS {
                explained[i] += if multiple(peak * per_hz[i]) > 0.0 { power } else { 0.0 };
            }
        }
        explained
    }

    /// The fundamental that the peaks near multiples of `hz` tell together.
    fn refined(&self, hz: f64) -> f64 {
        let (mut power, mut sum) = (0.0, 0.0);
        for &(peak, p) in &self.found {
            let whole = multiple(peak * (1.0 / hz));
            if whole > 0.0 {
                power += p;
                sum += p * peak / whole;
            }
        }
        if power > 0.0 { sum / power } else { 0.0 }
    }
}

/// The multiple that `x` is near to, or 0.
#[inline(always)]
fn multiple(x: f64) -> f64 {
    // 1.5·2⁵²: what is added to it is rounded to a whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let whole = (x + ROUND) - ROUND;
    if (x - whole).abs() < HARMONIC { whole } else { 0.0 }
}

/// How steady the fundamental is, from window to window.
pub(super) struct Steadiness {
    /// The fundamentals of the last two windows.
    before: [Option<f64>; 2],
    hop_s: f64,
}

/// What is summed of steadiness.
#[derive(Clone, Copy, Default)]
pub(super) struct Moves {
    /// Windows with a fundamental.
    pub n_voiced: u64,
    n: u64,
    cents_per_s: f64,
}

impl Steadiness {
    pub fn new(hop_s: f64) -> Self {
        Steadiness { before: [None; 2], hop_s }
    }

    /// The next window's fundamental; adds to `moves`.
    pub fn hear(&mut self, hz: Option<f64>, moves: &mut Moves) {
        if let Some(hz) = hz {
            moves.n_voiced += 1;
            if let Some(before) = self.before[0] {
                let cents = 1_200.0 * math::f64::log2(hz / before).abs();
                if cents < SAME_NOTE_CENTS {
                    moves.n += 1;
                    moves.cents_per_s += cents / (2.0 * self.hop_s);
                }
            }
        }
        self.before = [self.before[1], hz];
    }
}

impl Moves {
    /// Both together.
    pub fn and(self, other: Moves) -> Moves {
        Moves {
            n_voiced: self.n_voiced + other.n_voiced,
            n: self.n + other.n,
            cents_per_s: self.cents_per_s + other.cents_per_s,
        }
    }

    /// 1 where the fundamental stands still, less as it moves, 0 where there
    /// is none: the mean over `n_windows`.
    pub fn steadiness(self, n_windows: u64) -> f64 {
        if self.n == 0 || n_windows == 0 {
            return 0.0;
        }
        let voiced = self.n_voiced as f64 / n_windows as f64;
        quantised(voiced / (1.0 + self.cents_per_s / self.n as f64 / HALF_STEADY), 1e4)
    }
}
