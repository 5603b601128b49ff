//! How long a beat is.
//!
//! The autocorrelation of the novelty has peaks at the beat, at its parts and
//! at its multiples. Which of them is counted is decided by what music is like:
//! beats go together in twos and fours, so that the autocorrelation is high at
//! twice and four times the beat too (Percival and Tzanetakis, "Streamlined
//! tempo estimation based on autocorrelation and cross-correlation with
//! pulses", IEEE/ACM TASLP 22, 2014); a beat is rarely one and a half others;
//! and about two beats a second feel natural (van Noorden and Moelants,
//! "Resonance in the perception of musical pulse", JNMR 28, 1999).
//!
//! The numbers here lie in the middle of what serves labelled music best, the
//! table of `tests/reference/tempo.md`; small changes of them change little.

use super::rhythm::HOPS_PER_S;
use crate::math;

/// Beat periods looked for, in hops: 240 to 40 BPM.
const PERIODS: (usize, usize) = (HOPS_PER_S / 4, HOPS_PER_S * 3 / 2);
/// Lags of the autocorrelation: four of the longest beats.
const N_LAGS: usize = PERIODS.1 * 4 + 2;
/// The tempo taken where nothing else decides, and how far it reaches, in octaves.
const PRIOR_BPM: f64 = 125.0;
const PRIOR_OCTAVES: f64 = 0.7;
/// The least mean autocorrelation along beats that is a rhythm: of strokes at
/// random in 20 s, one in 25 is as regular by chance.
const RHYTHMIC: f64 = 0.1;
/// How much firmer bars may be than their beats and still speak for them.
const FIRMER: f64 = 2.0;
/// What a period loses for what it has in common with its two thirds: then it
/// is one and a half beats.
const DOTTED: f64 = 1.0;
/// With its half: then it may be two.
const DOUBLE: f64 = 1.0 / 3.0;
/// With its sixths: swung beats divide two beats so.
const SWUNG: f64 = 0.5;

/// The beat's period in hops, of the smoothed novelty; `None` where there is
/// no rhythm.
pub(super) fn period(segments: &[Vec<f32>]) -> Option<f64> {
    let correlation = autocorrelation(segments)?;
    let longest = PERIODS.1.min(correlation.len().saturating_sub(2));
    let best = (PERIODS.0..=longest)
        .filter(|&lag| correlation[lag] >= correlation[lag - 1].max(correlation[lag + 1]))
        .map(|lag| Pulse::new(&correlation, lag))
        .max_by(|a, b| a.score().total_cmp(&b.score()))?;
    (best.regularity >= RHYTHMIC).then_some(best.period as f64)
}

/// A period that may be the beat's.
struct Pulse {
    period: usize,
    /// The autocorrelation at one, two and four beats: its mean, and that with
    /// the four counted as often as there are beats in them.
    regularity: f64,
    beats: f64,
    /// And at parts of the beat, where they tell of another.
    others: f64,
}

impl Pulse {
    fn new(correlation: &[f64], period: usize) -> Self {
        // What is beyond the autocorrelation is as what is half as far.
        let one = peak_near(correlation, period).unwrap_or(0.0);
        let two = peak_near(correlation, 2 * period).unwrap_or(one).min(FIRMER * one);
        let four = peak_near(correlation, 4 * period).unwrap_or(two).min(FIRMER * one);
        let part =
            |n: usize, of: usize| peak_near(correlation, (n * period + of / 2) / of).unwrap_or(0.0).max(0.0);
        Pulse {
            period,
            regularity: (one + two + four) / 3.0,
            beats: (one + two + 4.0 * four) / 6.0,
            others: DOTTED * part(2, 3) + DOUBLE * part(1, 2) + SWUNG * (part(1, 6) + part(5, 6)),
        }
    }

    /// How well it explains the autocorrelation, and how likely it is.
    fn score(&self) -> f64 {
        let bpm = (60 * HOPS_PER_S) as f64 / self.period as f64;
        let octaves = math::f64::log2(bpm / PRIOR_BPM) / PRIOR_OCTAVES;
        // What explains nothing is not better for being unlikely.
        (self.beats - self.others).max(0.0) * math::f64::exp(-0.5 * octaves * octaves)
    }
}

/// The autocorrelation at about `lag`: pulses are not to the hop.
fn peak_near(correlation: &[f64], lag: usize) -> Option<f64> {
    let reach = 1 + lag / 100;
    let until = (lag + reach + 1).min(correlation.len());
    (lag + 1 < correlation.len())
        .then(|| correlation[lag.saturating_sub(reach)..until].iter().fold(-1.0, |top, &x| x.max(top)))
}

/// Of the novelty about its mean, 1 at lag 0; `None` where nothing happens.
/// Lags longer than two thirds of the longest segment are not judged.
fn autocorrelation(segments: &[Vec<f32>]) -> Option<Vec<f64>> {
    let longest = segments.iter().map(Vec::len).max()?;
    let n_lags = N_LAGS.min(longest * 2 / 3);
    let mut sums = vec![0.0; n_lags];
    let mut counts = vec![0.0; n_lags];
    for segment in segments {
        let mean = segment.iter().sum::<f32>() / segment.len() as f32;
        let centred: Vec<f32> = segment.iter().map(|x| x - mean).collect();
        let n = n_lags.min(centred.len());
        for lag in (0..n).step_by(4) {
            let four = dots(&centred, std::array::from_fn(|i| (lag + i).min(n - 1)));
            for (i, dot) in four.into_iter().enumerate().take(n - lag) {
                sums[lag + i] += dot;
                counts[lag + i] += (centred.len() - lag - i) as f64;
            }
        }
    }
    let power = sums.first()? / counts.first()?;
    (power > 1e-6).then(|| sums.iter().zip(&counts).map(|(sum, n)| sum / n / power).collect())
}

/// Sums of the products of `x` with itself, so many later, each in four lanes
/// and in fixed order: four side by side, since a sum waits for itself.
fn dots(x: &[f32], lags: [usize; 4]) -> [f64; 4] {
    let mut sums = [[0.0f32; 4]; 4];
    let shortest = x.len() - lags.iter().max().unwrap_or(&0);
    let later = lags.map(|lag| &x[lag..]);
    let whole = shortest / 4 * 4;
    for at in (0..whole).step_by(4) {
        let here: [f32; 4] = std::array::from_fn(|i| x[at + i]);
        for (sum, later) in sums.iter_mut().zip(&later) {
            for (lane, (a, b)) in sum.iter_mut().zip(here.iter().zip(&later[at..at + 4])) {
                *lane += a * b;
            }
        }
    }
    for (sum, later) in sums.iter_mut().zip(&later) {
        for (a, b) in later[whole..].chunks_exact(4).zip(x[whole..].chunks_exact(4)) {
            for i in 0..4 {
                sum[i] += a[i] * b[i];
            }
        }
    }
    sums.map(|lanes| f64::from(lanes[0] + lanes[1]) + f64::from(lanes[2] + lanes[3]))
}
