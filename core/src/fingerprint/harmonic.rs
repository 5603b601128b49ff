//! What lasts and what strikes: harmonic–percussive separation by medians
//! (Fitzgerald, "Harmonic/percussive separation using median filtering",
//! DAFx 2010). A bin's median over time is its harmonic part, over frequency
//! its percussive part. Both medians are taken of nine values spread over the
//! usual reach, about 400 ms and 550 Hz, which costs a tenth of the full ones
//! and separates the same.

use crate::math::larger;

/// Values in each median.
const N: usize = 9;
/// Bins worked on side by side: nine times four stay in a processor's registers.
const LANES: usize = 4;
type Lanes = [f32; LANES];
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
        let reach = self.spacing * (N / 2);
        let windows: [&[f32]; N] = std::array::from_fn(|i| &self.windows[i][..self.n_bins]);
        let here = windows[middle];
        let (mut harmonic, mut whole) = ([0.0f32; LANES], [0.0f32; LANES]);
        // The lowest two bins hold what is constant.
        let last = self.n_bins.saturating_sub(reach + LANES);
        for first in (2..last).step_by(LANES) {
            let lanes = |slice: &[f32], at: usize| -> Lanes {
                let four = &slice[at..at + LANES];
                std::array::from_fn(|lane| four[lane])
            };
            let over_time = median(windows.map(|window| lanes(window, first)));
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

fn pairwise(x: Lanes) -> f32 {
    (x[0] + x[1]) + (x[2] + x[3])
}

/// The middle one of nine, lane by lane: of three sorted threes, the middle of
/// the highest low, the middle middle and the lowest high (Paeth, "Median
/// finding on a 3 × 3 grid", Graphics Gems, 1990).
#[inline(always)]
fn median(x: [Lanes; N]) -> Lanes {
    let (lows, middles, highs) = {
        let [a, b, c] = [sorted(x[0], x[1], x[2]), sorted(x[3], x[4], x[5]), sorted(x[6], x[7], x[8])];
        ([a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]])
    };
    let low = highest(highest(lows[0], lows[1]), lows[2]);
    let high = lowest(lowest(highs[0], highs[1]), highs[2]);
    middle(low, middle(middles[0], middles[1], middles[2]), high)
}

#[inline(always)]
fn sorted(a: Lanes, b: Lanes, c: Lanes) -> [Lanes; 3] {
    let (a, b) = (lowest(a, b), highest(a, b));
    let (b, c) = (lowest(b, c), highest(b, c));
    [lowest(a, b), highest(a, b), c]
}

#[inline(always)]
fn middle(a: Lanes, b: Lanes, c: Lanes) -> Lanes {
    highest(lowest(a, b), lowest(highest(a, b), c))
}

#[inline(always)]
fn lowest(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| if a[i] < b[i] { a[i] } else { b[i] })
}

#[inline(always)]
fn highest(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| larger(a[i], b[i]))
}
