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
const LANES: usize = 8;
type Lanes = [f32; LANES];

/// The true-peak meter of one channel.
pub struct TruePeak {
    kernel: Kernel,
    /// No output can exceed the input's peak by more than this factor.
    bound: f32,
    /// The samples still needed, then the new ones, then zeros for the lanes.
    window: Vec<f32>,
    /// The highest absolute values of each run of [`LANES`] in it, four by four.
    tops: Vec<[f32; 4]>,
    /// How many samples are still needed.
    n_history: usize,
}

/// The interpolator without the phase on the samples, which are seen anyway.
/// A phase and the one that mirrors it are kept as their even and odd halves:
/// their outputs are the sum of both and the difference. The phase in the
/// middle mirrors itself and has no odd half.
struct Kernel {
    middle: Vec<f32>,
    /// Even and odd half of the phases to both sides of the middle, at 4×.
    sides: Vec<[f32; 2]>,
}

impl TruePeak {
    /// A meter at `rate` Hz: 4× below 96 kHz, else 2×.
    pub fn new(rate: u32) -> Self {
        let factor = if rate < 96_000 { 4 } else { 2 };
        let phases: Vec<Vec<f32>> = (1..=factor / 2).map(|phase| taps(phase, factor)).collect();
        // Rounding may add to the exact norm: a little is put on top.
        let norm = |taps: &Vec<f32>| taps.iter().map(|h| h.abs()).sum::<f32>();
        let bound = phases.iter().map(norm).fold(1.0, f32::max) * 1.001;
        let n_history = phases[0].len() - 1;
        let window = vec![0.0; n_history + LANES];
        TruePeak { kernel: Kernel::new(&phases), bound, window, tops: Vec::new(), n_history }
    }

    /// Hears `plane` and gives the highest absolute value between the samples
    /// that became known by it, or `least` if none is higher.
    pub fn peak(&mut self, plane: &[f32], least: f32) -> f32 {
        self.window.truncate(self.n_history);
        self.window.extend_from_slice(plane);
        // Behind the last outputs' samples a whole run, so that runs have no rest.
        self.window.extend_from_slice(&[0.0; 2 * LANES]);
        self.tops.clear();
        self.tops.extend(self.window.chunks_exact(LANES).map(top_of_run));
        let n_runs = (LANES + self.n_history).div_ceil(LANES);
        let mut top = least;
        for (start, runs) in (0..plane.len()).step_by(LANES).zip(self.tops.windows(n_runs)) {
            let above = runs.iter().fold([0.0; 4], |above, run| highest(above, *run));
            if !above.iter().any(|x| x * self.bound > top) {
                continue;
            }
            let n = LANES.min(plane.len() - start);
            let seen = &self.window[start..start + LANES + self.n_history];
            top = larger(top, abs_max(&self.kernel.peaks(seen)[..n]));
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
    /// Of the first half of the phases, the middle one last.
    fn new(phases: &[Vec<f32>]) -> Self {
        let halves = |taps: &Vec<f32>| -> Vec<[f32; 2]> {
            let mirrored = taps[..taps.len() / 2].iter().zip(taps.iter().rev());
            mirrored.map(|(a, b)| [0.5 * (a + b), 0.5 * (a - b)]).collect()
        };
        let middle = phases.last().map(halves).unwrap_or_default();
        Kernel {
            middle: middle.iter().map(|half| half[0]).collect(),
            sides: if phases.len() > 1 { halves(&phases[0]) } else { Vec::new() },
        }
    }

    /// The highest absolute value of all phases, for outputs side by side.
    fn peaks(&self, seen: &[f32]) -> Lanes {
        let last = seen.len() - LANES;
        let both = |k: usize| -> (Lanes, Lanes) {
            let (early, late) = (&seen[k..k + LANES], &seen[last - k..last - k + LANES]);
            (std::array::from_fn(|i| early[i] + late[i]), std::array::from_fn(|i| early[i] - late[i]))
        };
        let mut middle = [0.0f32; LANES];
        if self.sides.is_empty() {
            for (k, &h) in self.middle.iter().enumerate() {
                let (sum, _) = both(k);
                for i in 0..LANES {
                    middle[i] += h * sum[i];
                }
            }
            return middle.map(f32::abs);
        }
        let (mut even, mut odd) = ([0.0f32; LANES], [0.0f32; LANES]);
        for (k, (&h, &[h_even, h_odd])) in self.middle.iter().zip(&self.sides).enumerate() {
            let (sum, difference) = both(k);
            for i in 0..LANES {
                middle[i] += h * sum[i];
                even[i] += h_even * sum[i];
                odd[i] += h_odd * difference[i];
            }
        }
        std::array::from_fn(|i| larger(middle[i].abs(), even[i].abs() + odd[i].abs()))
    }
}

fn top_of_run(run: &[f32]) -> [f32; 4] {
    std::array::from_fn(|i| larger(run[i].abs(), run[i + 4].abs()))
}

fn highest(a: [f32; 4], b: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|i| larger(a[i], b[i]))
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
