//! True peak (BS.1770-5, annex 2): the highest value between the samples, seen
//! by oversampling to 176 kHz or more, and at least twice. The interpolator is a sinc of 49 taps
//! under a Hann window: an odd length, so that its phases fall on the samples
//! themselves and on the mid-points, where the peaks of high tones are.

use super::abs_max;
use crate::math::{f64 as math, larger};

/// Taps of the whole interpolator, at the oversampled rate.
const N_TAPS: usize = 49;
/// Outputs worked on side by side. Lanes over time: over phases it is six
/// times slower in WebAssembly.
const LANES: usize = 16;

/// The true-peak meter of one channel.
pub struct TruePeak {
    kernels: Vec<Kernel>,
    /// No output can exceed the input's peak by more than this factor.
    bound: f32,
    /// The samples still needed, then the new ones, then as many zeros as lanes.
    window: Vec<f32>,
    /// How many samples are still needed.
    n_history: usize,
}

/// A phase of the interpolator and the one that mirrors it, as their even and
/// odd halves: their outputs are the sum of both and the difference. A phase
/// that mirrors itself has no odd half.
struct Kernel {
    even: Vec<f32>,
    odd: Vec<f32>,
}

impl TruePeak {
    /// A meter at `rate` Hz: 4× below 96 kHz, else 2×.
    pub fn new(rate: u32) -> Self {
        let factor = if rate < 96_000 { 4 } else { 2 };
        // The phase on the samples is left out: they are seen anyway.
        let phases: Vec<Vec<f32>> = (1..=factor / 2).map(|phase| taps(phase, factor)).collect();
        // Rounding may add to the exact norm: a little is put on top.
        let norm = |taps: &Vec<f32>| taps.iter().map(|h| h.abs()).sum::<f32>();
        let bound = phases.iter().map(norm).fold(1.0, f32::max) * 1.001;
        let n_history = phases[0].len() - 1;
        let kernels = phases.iter().map(|taps| Kernel::new(taps)).collect();
        TruePeak { kernels, bound, window: vec![0.0; n_history + LANES], n_history }
    }

    /// Hears `plane` and gives the highest absolute value between the samples
    /// that became known by it, or `least` if none is higher.
    pub fn peak(&mut self, plane: &[f32], least: f32) -> f32 {
        self.window.truncate(self.n_history);
        self.window.extend_from_slice(plane);
        self.window.extend_from_slice(&[0.0; LANES]);
        let mut top = least;
        for start in (0..plane.len()).step_by(LANES) {
            let n = LANES.min(plane.len() - start);
            let seen = &self.window[start..start + LANES + self.n_history];
            if abs_max(&seen[..n + self.n_history]) * self.bound <= top {
                continue;
            }
            for kernel in &self.kernels {
                top = larger(top, abs_max(&kernel.peaks(seen)[..n]));
            }
        }
        self.window.copy_within(plane.len()..plane.len() + self.n_history, 0);
        top
    }

    /// The highest value after the last sample: what follows is silence.
    pub fn flush(&mut self) -> f32 {
        let silence = vec![0.0; self.n_history];
        self.peak(&silence, 0.0)
    }
}

impl Kernel {
    fn new(taps: &[f32]) -> Self {
        let halves = taps[..taps.len() / 2].iter().zip(taps.iter().rev());
        let mut odd: Vec<f32> = halves.clone().map(|(a, b)| 0.5 * (a - b)).collect();
        if odd.iter().all(|&h| h == 0.0) {
            odd.clear();
        }
        Kernel { even: halves.map(|(a, b)| 0.5 * (a + b)).collect(), odd }
    }

    /// The higher absolute value of both phases, for outputs side by side.
    fn peaks(&self, seen: &[f32]) -> [f32; LANES] {
        let (mut even, mut odd) = ([0.0f32; LANES], [0.0f32; LANES]);
        let last = seen.len() - LANES;
        for (k, &h) in self.even.iter().enumerate() {
            let (early, late) = (&seen[k..k + LANES], &seen[last - k..last - k + LANES]);
            for i in 0..LANES {
                even[i] += h * (early[i] + late[i]);
            }
        }
        for (k, &h) in self.odd.iter().enumerate() {
            let (early, late) = (&seen[k..k + LANES], &seen[last - k..last - k + LANES]);
            for i in 0..LANES {
                odd[i] += h * (early[i] - late[i]);
            }
        }
        std::array::from_fn(|i| even[i].abs() + odd[i].abs())
    }
}

/// The taps of `phase` of `factor`, in the order in which samples arrive: an
/// even number of them.
fn taps(phase: usize, factor: usize) -> Vec<f32> {
    let half = (N_TAPS / 2) as i64;
    let mut taps: Vec<f32> = (1 - half..half)
        .filter(|n| n.rem_euclid(factor as i64) == phase as i64)
        .map(|n| {
            let x = std::f64::consts::PI * n as f64 / factor as f64;
            let window = 0.5 + 0.5 * math::cos(std::f64::consts::PI * n as f64 / half as f64);
            (math::sin(x) / x * window) as f32
        })
        .collect();
    taps.reverse();
    taps
}
