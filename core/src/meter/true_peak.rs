//! True peak (BS.1770-5, annex 2): the highest value between the samples, seen
//! by oversampling to 192 kHz or more. The interpolator is a sinc of 49 taps
//! under a Hann window: an odd length, so that its phases fall on the samples
//! themselves and on the mid-points, where the peaks of high tones are.

use super::abs_max;
use crate::math::f64 as math;

/// Taps of the whole interpolator, at the oversampled rate.
const N_TAPS: usize = 49;
/// Outputs worked on side by side. Lanes over time: over phases it is six
/// times slower in WebAssembly.
const LANES: usize = 16;

/// The true-peak meter of one channel.
pub struct TruePeak {
    /// Taps per phase, oldest sample first; the phase on the samples is left out.
    phases: Vec<Vec<f32>>,
    /// No phase can exceed its input's peak by more than this factor.
    bound: f32,
    /// The samples still needed, then the new ones.
    window: Vec<f32>,
    /// How many samples are still needed.
    n_history: usize,
}

impl TruePeak {
    /// A meter at `rate` Hz: 4× below 96 kHz, 2× below 192 kHz, else 1×.
    pub fn new(rate: u32) -> Self {
        let factor = match rate {
            0..96_000 => 4,
            96_000..192_000 => 2,
            _ => 1,
        };
        let phases: Vec<Vec<f32>> = (1..factor).map(|phase| taps(phase, factor)).collect();
        // Rounding may add to the exact norm: a little is put on top.
        let norm = |taps: &Vec<f32>| taps.iter().map(|h| h.abs()).sum::<f32>();
        let bound = phases.iter().map(norm).fold(1.0, f32::max) * 1.001;
        let n_history = phases.first().map_or(0, |taps| taps.len() - 1);
        TruePeak { phases, bound, window: vec![0.0; n_history], n_history }
    }

    /// Hears `plane` and gives the highest absolute value between the samples
    /// that became known by it.
    pub fn peak(&mut self, plane: &[f32]) -> f32 {
        self.window.truncate(self.n_history);
        self.window.extend_from_slice(plane);
        let mut top = 0.0;
        for start in (0..plane.len()).step_by(LANES) {
            let n = LANES.min(plane.len() - start);
            let seen = &self.window[start..start + n + self.n_history];
            if abs_max(seen) * self.bound <= top {
                continue;
            }
            for taps in &self.phases {
                top = interpolate(taps, seen, n, top);
            }
        }
        let kept = self.window.len() - self.n_history;
        self.window.copy_within(kept.., 0);
        top
    }

    /// The highest value after the last sample: what follows is silence.
    pub fn flush(&mut self) -> f32 {
        let silence = vec![0.0; self.n_history];
        self.peak(&silence)
    }
}

/// The highest absolute value of `n` outputs of one phase, or `top`.
fn interpolate(taps: &[f32], seen: &[f32], n: usize, top: f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    if n == LANES {
        for (k, &h) in taps.iter().enumerate() {
            for (sum, &x) in sums.iter_mut().zip(&seen[k..k + LANES]) {
                *sum += h * x;
            }
        }
    } else {
        for (k, &h) in taps.iter().enumerate() {
            for (sum, &x) in sums.iter_mut().zip(&seen[k..k + n]) {
                *sum += h * x;
            }
        }
    }
    sums.iter().fold(top, |top, sum| top.max(sum.abs()))
}

/// The taps of `phase` of `factor`, in the order in which samples arrive.
fn taps(phase: usize, factor: usize) -> Vec<f32> {
    let half = (N_TAPS / 2) as i64;
    let mut taps: Vec<f32> = (-half..=half)
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
