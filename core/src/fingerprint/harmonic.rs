//! What lasts and what strikes: harmonic–percussive separation by medians
//! (Fitzgerald, "Harmonic/percussive separation using median filtering",
//! DAFx 2010). A bin's median over time is its harmonic part, over frequency
//! its percussive part. Both medians are taken of nine values spread over the
//! usual reach, about 400 ms and 550 Hz, which costs a tenth of the full ones
//! and separates the same.

use crate::math::larger;

/// Values in each median.
const N: usize = 9;
/// Only each second window is judged: two hops between the values in time.
const STRIDE: u64 = 2;
/// Distance in Hz between the values in frequency.
const SPACING_HZ: f64 = 65.0;
/// What lies above adds nothing to the power that decides.
const TOP_HZ: f64 = 10_000.0;

/// Separates the windows of a stream.
pub(super) struct Harmonic {
    n_bins: usize,
    spacing: usize,
    /// The last nine windows; the newest is at `n_windows % 9`.
    windows: Vec<Vec<f32>>,
    n_windows: u64,
    harmonic: f64,
    whole: f64,
}

impl Harmonic {
    /// For windows whose bins are `bin_hz` wide, of which there are `n_bins`.
    pub fn new(bin_hz: f64, n_bins: usize) -> Self {
        let n_bins = ((TOP_HZ / bin_hz) as usize).min(n_bins);
        let spacing = ((SPACING_HZ / bin_hz).round() as usize).max(1);
        Harmonic {
            n_bins,
            spacing,
            windows: vec![vec![0.0; n_bins]; N],
            n_windows: 0,
            harmonic: 0.0,
            whole: 0.0,
        }
    }

    /// Hears the power of the next window.
    pub fn push(&mut self, power: &[f32]) {
        let n = self.n_windows;
        self.n_windows += 1;
        if !n.is_multiple_of(STRIDE) {
            return;
        }
        let newest = (n / STRIDE) as usize % N;
        self.windows[newest].copy_from_slice(&power[..self.n_bins]);
        self.judge((newest + N - N / 2) % N);
    }

    /// Splits the power of the window that has four others on both sides.
    fn judge(&mut self, middle: usize) {
        const LANES: usize = 8;
        let reach = self.spacing * (N / 2);
        let here = &self.windows[middle];
        let (mut harmonic, mut whole) = ([0.0f32; LANES], [0.0f32; LANES]);
        // The lowest two bins hold what is constant.
        let last = self.n_bins.saturating_sub(reach + LANES);
        for first in (2..last).step_by(LANES) {
            let lanes = |slice: &[f32], at: usize| -> [f32; LANES] {
                std::array::from_fn(|lane| slice[at..at + LANES][lane])
            };
            let over_time = median(std::array::from_fn(|i| lanes(&self.windows[i], first)));
            let over_frequency = median(std::array::from_fn(|i| {
                // Below the reach the values above stand for those missing.
                let at = first + i * self.spacing;
                lanes(here, if at >= reach + 2 { at - reach } else { 2 * first + reach - at })
            }));
            let power = lanes(here, first);
            for i in 0..LANES {
                let both = over_time[i] + over_frequency[i];
                let share = if both > 0.0 { over_time[i] / both } else { 0.0 };
                harmonic[i] += power[i] * share;
                whole[i] += power[i];
            }
        }
        self.harmonic += f64::from(pairwise(harmonic));
        self.whole += f64::from(pairwise(whole));
    }

    /// The harmonic share of the power; 0 for silence.
    pub fn finish(&mut self) -> f64 {
        let silence = vec![0.0; self.n_bins];
        for _ in 0..STRIDE * (N as u64 / 2) {
            self.push(&silence);
        }
        if self.whole > 0.0 { self.harmonic / self.whole } else { 0.0 }
    }
}

fn pairwise(x: [f32; 8]) -> f32 {
    ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]))
}

/// The middle one of nine, lane by lane, by the network of nineteen exchanges
/// (Paeth, "Median finding on a 3 × 3 grid", Graphics Gems, 1990).
fn median<const LANES: usize>(mut x: [[f32; LANES]; N]) -> [f32; LANES] {
    const EXCHANGES: [(usize, usize); 19] = [
        (1, 2),
        (4, 5),
        (7, 8),
        (0, 1),
        (3, 4),
        (6, 7),
        (1, 2),
        (4, 5),
        (7, 8),
        (0, 3),
        (5, 8),
        (4, 7),
        (3, 6),
        (1, 4),
        (2, 5),
        (4, 7),
        (4, 2),
        (6, 4),
        (4, 2),
    ];
    for (a, b) in EXCHANGES {
        for lane in 0..LANES {
            let (p, q) = (x[a][lane], x[b][lane]);
            x[a][lane] = if p < q { p } else { q };
            x[b][lane] = larger(p, q);
        }
    }
    x[4]
}
