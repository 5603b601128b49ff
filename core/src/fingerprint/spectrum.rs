//! The one spectrum analysis that all spectral descriptors share: Hann windows
//! of about 93 ms, 75 % overlapped and centred from frame 0 on, so that every
//! frame weighs the same.

use super::harmonic::Harmonic;
use super::onsets::Onsets;
use super::pitch::{Moves, Peaks, Steadiness};
use super::quantised;
use super::sketch::SKETCH_EDGES_HZ;
use super::transform::Transform;
use crate::math;
use crate::meter::k_power;

/// Third-octaves kept: 20 Hz to 20 kHz.
pub const N_THIRD_OCTAVES: usize = 31;
/// Borders of the seven bands, in Hz.
const BAND_EDGES_HZ: [f64; 8] = [20.0, 60.0, 250.0, 500.0, 2_000.0, 4_000.0, 8_000.0, 20_000.0];
/// Power per bin under which a window is silence: −120 dBFS as a mean square.
const SILENT: f64 = 1e-12;
/// A window this many dB below the loudest is silent.
const SILENCE_DB: f64 = 60.0;
/// Bins of the histogram of window levels: 0.1 dB from −120 to +80 dBFS.
const N_LEVELS: usize = 2_000;

/// The middle of third-octave `index` in Hz: base 2 around 1 kHz, which is 17.
pub fn third_octave_hz(index: usize) -> f64 {
    1_000.0 * math::f64::pow(2.0, (index as f64 - 17.0) / 3.0)
}

/// Spectral descriptors and what is kept of the spectrum.
pub(super) struct Summary {
    pub bands: [f64; 7],
    pub bass_mid_ratio: f64,
    pub silence_ratio: f64,
    pub centroid: f64,
    pub rolloff: f64,
    pub flatness: f64,
    pub transient_density: f64,
    pub harmonic_ratio: f64,
    pub pitch_stability: f64,
    pub chroma_energy: f64,
    pub third_octaves: Vec<f64>,
}

/// The analysis of a stereo stream.
pub(super) struct Spectrum {
    transform: Transform,
    hop: usize,
    /// The newest frames of left and right, one window long, overwritten in turn.
    frames: [Vec<f32>; 2],
    /// Where the window begins in them.
    oldest: usize,
    /// How many of the window's frames have come.
    n_new: usize,
    /// Power of the newest window.
    power: Vec<f32>,
    bins: Bins,
    /// Power of all windows.
    total: Vec<f64>,
    levels: Vec<Level>,
    peaks: Peaks,
    steadiness: Steadiness,
    harmonic: Harmonic,
    onsets: Onsets,
    /// K-weighted power in the sketch's bands since it was last taken.
    k_bands: [f64; 4],
    n_frames: u64,
    n_windows: u64,
}

/// Windows of one level.
#[derive(Clone, Copy, Default)]
struct Level {
    n: u64,
    flatness: f64,
    n_pitched: u64,
    chroma: f64,
    moves: Moves,
}

/// What each bin of a window stands for.
struct Bins {
    /// Width in Hz.
    hz: f64,
    /// First bin and number of those between 20 Hz and 20 kHz.
    audible: (usize, usize),
    /// K-weight of each bin.
    k: Vec<f32>,
    /// First bins of the sketch's bands, and the end.
    sketch: [usize; 5],
    /// Full scale, as a mean square, of a sum of bin powers.
    scale: f64,
}

impl Spectrum {
    /// An analysis at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        let n = window_frames(rate);
        let bins = Bins::new(rate, n);
        Spectrum {
            transform: Transform::new(n),
            hop: n / 4,
            frames: [vec![0.0; n], vec![0.0; n]],
            oldest: 0,
            // Half a window of silence before frame 0: the first window is
            // whole after half a window, the next a hop later.
            n_new: 2 * (n / 4),
            power: vec![0.0; n / 2],
            total: vec![0.0; n / 2],
            levels: vec![Level::default(); N_LEVELS],
            peaks: Peaks::new(),
            steadiness: Steadiness::new((n / 4) as f64 / f64::from(rate)),
            harmonic: Harmonic::new(bins.hz, n / 2),
            onsets: Onsets::new(bins.hz, n / 2, (n / 4) as f64 / f64::from(rate)),
            bins,
            k_bands: [0.0; 4],
            n_frames: 0,
            n_windows: 0,
        }
    }

    /// Hears more of both channels.
    pub fn push(&mut self, left: &[f32], right: &[f32]) {
        self.n_frames += left.len() as u64;
        let mut from = 0;
        while from < left.len() {
            // The window is whole hops long and begins at one.
            let n_window = self.transform.n();
            let at = (self.oldest + self.n_new) % n_window;
            let n = (self.hop - at % self.hop).min(left.len() - from);
            for (frames, plane) in self.frames.iter_mut().zip([left, right]) {
                frames[at..at + n].copy_from_slice(&plane[from..from + n]);
            }
            from += n;
            self.n_new += n;
            if self.n_new == n_window {
                self.analyse();
            }
        }
    }

    /// The K-weighted power in the sketch's bands since the last call, of
    /// whatever scale.
    pub fn take_k_bands(&mut self) -> [f64; 4] {
        std::mem::take(&mut self.k_bands)
    }

    fn analyse(&mut self) {
        let n = self.transform.n();
        let (frames, hop) = (&self.frames, self.hop);
        let quarters = std::array::from_fn(|i| {
            let at = (self.oldest + i * hop) % n;
            [&frames[0][at..at + hop], &frames[1][at..at + hop]]
        });
        self.transform.power(quarters, &mut self.power);
        for (sum, &p) in self.total.iter_mut().zip(&self.power) {
            *sum += f64::from(p);
        }
        self.harmonic.push(&self.power);
        self.onsets.push(&self.power);
        self.judge();
        self.n_windows += 1;
        self.oldest = (self.oldest + self.hop) % n;
        self.n_new = n - self.hop;
    }

    /// Level, flatness, chroma and bands of the newest window.
    fn judge(&mut self) {
        for band in 0..4 {
            let range = self.bins.sketch[band]..self.bins.sketch[band + 1];
            self.k_bands[band] += weighted_sum(&self.power[range.clone()], &self.bins.k[range]);
        }
        let sound = sum(&self.power[2..]);
        let mean_square = sound * self.bins.scale;
        if mean_square <= SILENT {
            self.steadiness.hear(None, &mut Moves::default());
            return;
        }
        let db = 10.0 * math::f64::log10(mean_square);
        let level = &mut self.levels[(((db + 120.0) * 10.0) as usize).min(N_LEVELS - 1)];
        level.n += 1;
        let (first, n) = self.bins.audible;
        level.flatness += flatness(&self.power[first..first + n]);
        self.peaks.find(&self.power, self.bins.hz);
        if let Some(chroma) = self.peaks.chroma() {
            level.n_pitched += 1;
            level.chroma += chroma;
        }
        self.steadiness.hear(self.peaks.fundamental(), &mut level.moves);
    }

    /// Ends the stream: windows whose middle is a frame of it are heard out.
    pub fn finish(mut self) -> Summary {
        let silence = vec![0.0; self.hop];
        let n_windows = self.n_frames.div_ceil(self.hop as u64);
        let n_frames = self.n_frames;
        while self.n_windows < n_windows {
            self.push(&silence, &silence);
        }
        self.n_frames = n_frames;
        let harmonic_ratio = self.harmonic.finish();
        let transient_density =
            self.onsets.finish(n_frames as f64 / (self.bins.hz * self.transform.n() as f64));
        Summary { harmonic_ratio: quantised(harmonic_ratio, 1e4), transient_density, ..self.summary() }
    }

    fn summary(&self) -> Summary {
        let bins = &self.bins;
        let edges: Vec<f64> =
            (0..=N_THIRD_OCTAVES).map(|i| third_octave_hz(i) / math::f64::pow(2.0, 1.0 / 6.0)).collect();
        let thirds = bins.split(&self.total, &edges);
        let bands = bins.split(&self.total, &BAND_EDGES_HZ);
        let audible: f64 = bands.iter().sum();
        let sounding: u64 = self.levels.iter().map(|level| level.n).sum();
        if audible <= 0.0 || sounding == 0 {
            return Summary::silence();
        }
        let loudest = self.levels.iter().rposition(|level| level.n > 0).unwrap_or(0);
        let gate = loudest.saturating_sub((SILENCE_DB * 10.0) as usize);
        let heard = &self.levels[gate..];
        let n_heard: u64 = heard.iter().map(|level| level.n).sum();
        let n_pitched: u64 = heard.iter().map(|level| level.n_pitched).sum();
        let flatness: f64 = heard.iter().map(|level| level.flatness).sum::<f64>() / n_heard as f64;
        let chroma: f64 = heard.iter().map(|level| level.chroma).sum::<f64>() / n_pitched.max(1) as f64;
        let moves = heard.iter().fold(Moves::default(), |sum, level| sum.and(level.moves));
        let (centroid, rolloff) = bins.centroid_and_rolloff(&self.total);
        let lows = bands[0] + bands[1];
        let mids = bands[2] + bands[3];
        let ratio = 10.0 * math::f64::log10((lows + 1e-9 * audible) / (mids + 1e-9 * audible));
        let whole: f64 = thirds.iter().sum();
        Summary {
            bands: shares(&bands, audible),
            bass_mid_ratio: quantised(ratio.clamp(-60.0, 60.0), 100.0),
            silence_ratio: quantised(1.0 - n_heard as f64 / self.n_windows as f64, 1e4),
            centroid: quantised(centroid, 10.0),
            rolloff: quantised(rolloff, 10.0),
            flatness: quantised(flatness.clamp(0.0, 1.0), 1e4),
            transient_density: 0.0,
            harmonic_ratio: 0.0,
            pitch_stability: moves.steadiness(n_heard),
            chroma_energy: quantised(if n_pitched == 0 { 1.0 / 12.0 } else { chroma }, 1e4),
            third_octaves: thirds
                .iter()
                .map(|&p| quantised((10.0 * math::f64::log10(p / whole)).clamp(-120.0, 0.0), 100.0))
                .collect(),
        }
    }
}

impl Summary {
    fn silence() -> Self {
        Summary {
            bands: [0.0; 7],
            bass_mid_ratio: 0.0,
            silence_ratio: 1.0,
            centroid: 0.0,
            rolloff: 0.0,
            flatness: 0.0,
            transient_density: 0.0,
            harmonic_ratio: 0.0,
            pitch_stability: 0.0,
            chroma_energy: quantised(1.0 / 12.0, 1e4),
            third_octaves: vec![-120.0; N_THIRD_OCTAVES],
        }
    }
}

impl Bins {
    fn new(rate: u32, n: usize) -> Self {
        let hz = f64::from(rate) / n as f64;
        let at = |edge: f64| ((edge / hz).round() as usize).min(n / 2);
        let first = at(20.0).max(2);
        let [low, middle, high] = SKETCH_EDGES_HZ;
        Bins {
            hz,
            audible: (first, (at(20_000.0)).saturating_sub(first)),
            k: (0..n / 2).map(|k| k_power(k as f64 * hz) as f32).collect(),
            sketch: [1, at(low), at(middle), at(high), n / 2],
            // Σ over bins of one side, both sides heard, Hann's power 3/8.
            scale: 2.0 / (n as f64 * n as f64 * 0.375) / 2.0,
        }
    }

    /// Power between the edges. A bin reaches half a bin to both sides and is
    /// shared by those it reaches into.
    fn split(&self, power: &[f64], edges: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; edges.len() - 1];
        for (k, &p) in power.iter().enumerate().skip(1) {
            let (low, high) = ((k as f64 - 0.5) * self.hz, (k as f64 + 0.5) * self.hz);
            if high <= edges[0] {
                continue;
            }
            let from = edges.partition_point(|&edge| edge <= low).saturating_sub(1);
            for band in from..out.len() {
                if edges[band] >= high {
                    break;
                }
                let shared = (edges[band + 1].min(high) - edges[band].max(low)).max(0.0);
                out[band] += p * shared / self.hz;
            }
        }
        out
    }

    /// Mean frequency, and that below which 85 % of the power lies, above 10 Hz
    /// (where a constant offset no longer reaches).
    fn centroid_and_rolloff(&self, power: &[f64]) -> (f64, f64) {
        let first = 2;
        let whole: f64 = power[first..].iter().sum();
        if whole <= 0.0 {
            return (0.0, 0.0);
        }
        let moment: f64 = power.iter().enumerate().skip(first).map(|(k, p)| k as f64 * self.hz * p).sum();
        let mut passed = 0.0;
        let mut rolloff = 0.0;
        for (k, &p) in power.iter().enumerate().skip(first) {
            if passed + p >= 0.85 * whole {
                let part = if p > 0.0 { (0.85 * whole - passed) / p } else { 0.0 };
                rolloff = (k as f64 - 0.5 + part) * self.hz;
                break;
            }
            passed += p;
        }
        (moment / whole, rolloff)
    }
}

/// The shares of a whole, rounded so that they still sum to 1.
fn shares(bands: &[f64], whole: f64) -> [f64; 7] {
    let mut shares = [0.0; 7];
    let mut given = 0.0;
    let mut exact = 0.0;
    for (share, band) in shares.iter_mut().zip(bands) {
        exact += band / whole;
        let upto = quantised(exact.min(1.0), 1e5);
        *share = quantised(upto - given, 1e5);
        given = upto;
    }
    shares
}

/// About 93 ms as a power of 2: 4,096 frames at 44.1 and 48 kHz.
fn window_frames(rate: u32) -> usize {
    let mut n = 4_096;
    let mut top = 64_000;
    while rate > top {
        n *= 2;
        top *= 2;
    }
    let mut bottom = 32_000;
    while rate < bottom {
        n /= 2;
        bottom /= 2;
    }
    n
}

/// Geometric over arithmetic mean. Powers are multiplied with each other, and
/// what the product has in powers of 2 is counted apart, so that one logarithm
/// is enough.
fn flatness(power: &[f32]) -> f64 {
    /// Factors of a product between two counts: at 2⁻⁴⁰ … 2¹⁴ each, it stays
    /// within double precision.
    const N_FACTORS: usize = 20;
    const LEAST: f32 = 1e-12;
    let mean = sum(power) / power.len().max(1) as f64;
    // Below, single precision has no reciprocal.
    if mean <= 1e-36 {
        return 0.0;
    }
    let scale = (1.0 / mean) as f32;
    let (mut product, mut twos) = ([1.0f64; 4], 0);
    let mut take = |powers: &[f32]| {
        for eight in powers.chunks_exact(8) {
            let (a, b) = eight.split_at(4);
            for i in 0..4 {
                let pair = math::larger(LEAST, a[i] * scale) * math::larger(LEAST, b[i] * scale);
                product[i] *= f64::from(pair);
            }
        }
        for lane in &mut product {
            let bits = lane.to_bits();
            twos += i64::from((bits >> 52) as u32) - 1_023;
            *lane = f64::from_bits(bits & ((1 << 52) - 1) | 1_023 << 52);
        }
    };
    let whole = power.len() / 8 * 8;
    for powers in power[..whole].chunks(4 * N_FACTORS) {
        take(powers);
    }
    let mut last = [mean as f32; 8];
    last[..power.len() - whole].copy_from_slice(&power[whole..]);
    take(&last);
    let log = math::f64::ln((product[0] * product[1]) * (product[2] * product[3]));
    let log = log + twos as f64 * std::f64::consts::LN_2;
    math::f64::exp(log / power.len() as f64)
}

/// A sum in four lanes, added up in fixed order.
pub(super) fn sum(power: &[f32]) -> f64 {
    let mut lanes = [0.0f64; 4];
    let mut chunks = power.chunks_exact(4);
    for chunk in &mut chunks {
        for (lane, &p) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(p);
        }
    }
    let rest: f64 = chunks.remainder().iter().map(|&p| f64::from(p)).sum();
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

/// A weighted sum in four lanes, added up in fixed order.
fn weighted_sum(power: &[f32], weights: &[f32]) -> f64 {
    let mut lanes = [0.0f64; 4];
    for (chunk, weights) in power.chunks(4).zip(weights.chunks(4)) {
        for ((lane, &p), &w) in lanes.iter_mut().zip(chunk).zip(weights) {
            *lane += f64::from(p * w);
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}
