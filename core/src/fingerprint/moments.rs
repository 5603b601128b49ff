//! Small statistics: of two channels, of seconds.

use super::quantised;
use crate::math;

/// First and second moments of left and right.
#[derive(Clone, Default)]
pub(super) struct StereoMoments {
    n: u64,
    sums: [f64; 5],
}

impl StereoMoments {
    /// Hears more of both; gives their mean squares added.
    pub fn push(&mut self, left: &[f32], right: &[f32]) -> f64 {
        let mut lanes = [[0.0f64; 4]; 5];
        for (left, right) in left.chunks(4).zip(right.chunks(4)) {
            for (lane, (&l, &r)) in left.iter().zip(right).enumerate() {
                let (l, r) = (f64::from(l), f64::from(r));
                lanes[0][lane] += l;
                lanes[1][lane] += r;
                lanes[2][lane] += l * l;
                lanes[3][lane] += r * r;
                lanes[4][lane] += l * r;
            }
        }
        let sums = lanes.map(|lane| (lane[0] + lane[1]) + (lane[2] + lane[3]));
        self.n += left.len() as u64;
        for (total, sum) in self.sums.iter_mut().zip(sums) {
            *total += sum;
        }
        sums[2] + sums[3]
    }

    /// Mean square over both channels.
    pub fn mean_square(&self) -> f64 {
        if self.n == 0 { 0.0 } else { (self.sums[2] + self.sums[3]) / (2 * self.n) as f64 }
    }

    /// rms(S)/(rms(M) + rms(S)); silence is 0 wide.
    pub fn width(&self) -> f64 {
        let [_, _, ll, rr, lr] = self.sums;
        let mid = (ll + rr + 2.0 * lr).max(0.0).sqrt();
        let side = (ll + rr - 2.0 * lr).max(0.0).sqrt();
        if mid + side > 0.0 { quantised(side / (mid + side), 1e4) } else { 0.0 }
    }

    /// Pearson's correlation; 1 where neither varies, 0 where only one does.
    pub fn correlation(&self) -> f64 {
        let n = self.n.max(1) as f64;
        let [l, r, ll, rr, lr] = self.sums.map(|sum| sum / n);
        // What rounding leaves of the variance of a constant is none.
        let vary = |square: f64, mean: f64| {
            let variance = square - mean * mean;
            if variance > 1e-12 * square { variance } else { 0.0 }
        };
        let (left, right) = (vary(ll, l), vary(rr, r));
        match (left > 0.0, right > 0.0) {
            (false, false) => 1.0,
            (true, true) => quantised(((lr - l * r) / (left * right).sqrt()).clamp(-1.0, 1.0), 1e4),
            _ => 0.0,
        }
    }
}

/// Width in dB of a level of [`Seconds`], and levels per 120 + 80 dB.
const LEVEL_DB: f64 = 0.5;
const N_LEVELS: usize = 400;

/// Crest and peak of whole seconds, kept by level so that silence can be told
/// from sound at the end.
pub(super) struct Seconds {
    levels: Vec<SecondsAt>,
}

/// The seconds of one level.
#[derive(Clone, Copy, Default)]
struct SecondsAt {
    n: f64,
    crest: [f64; 2],
    peak: [f64; 2],
}

impl Seconds {
    pub fn new() -> Self {
        Seconds { levels: vec![SecondsAt::default(); N_LEVELS] }
    }

    /// Counts a second with this mean square and sample peak.
    pub fn add(&mut self, mean_square: f64, peak: f32) {
        // Under −120 dBFS nothing sounds.
        if mean_square <= 1e-12 {
            return;
        }
        let level = 10.0 * math::f64::log10(mean_square);
        let peak = f64::from(peak);
        let crest = 20.0 * math::f64::log10(peak) - level;
        let at = &mut self.levels[(((level + 120.0) / LEVEL_DB) as usize).min(N_LEVELS - 1)];
        at.n += 1.0;
        at.crest[0] += crest;
        at.crest[1] += crest * crest;
        at.peak[0] += peak;
        at.peak[1] += peak * peak;
    }

    /// Standard deviation of the crest in dB, and 1/(1 + CV) of the peaks, over
    /// the seconds within 60 dB of the loudest.
    pub fn variation(&self) -> (f64, f64) {
        let Some(loudest) = self.levels.iter().rposition(|at| at.n > 0.0) else {
            return (0.0, 1.0);
        };
        let gate = loudest.saturating_sub((60.0 / LEVEL_DB) as usize);
        let heard = self.levels[gate..].iter().fold(SecondsAt::default(), |mut sum, at| {
            sum.n += at.n;
            for i in 0..2 {
                sum.crest[i] += at.crest[i];
                sum.peak[i] += at.peak[i];
            }
            sum
        });
        let (_, crest) = heard.mean_and_deviation(heard.crest);
        let (mean, deviation) = heard.mean_and_deviation(heard.peak);
        (quantised(crest, 100.0), quantised(mean / (mean + deviation), 1e4))
    }
}

impl SecondsAt {
    fn mean_and_deviation(&self, [sum, squares]: [f64; 2]) -> (f64, f64) {
        let mean = sum / self.n;
        (mean, (squares / self.n - mean * mean).max(0.0).sqrt())
    }
}
