//! Prediction: the plan's static curves applied to the sketch of the track.

use super::response::gain_db;
use super::rules::LIMITER_MARGIN_DB;
use super::soft_positive;
use super::stages::{DynamicBand, N_DYNAMIC_BANDS, Stages};
use super::taste::gated;
use crate::fingerprint::{Cluster, Fingerprint, N_THIRD_OCTAVES, SKETCH_EDGES_HZ, k_power, third_octave_hz};
use crate::math::f64 as math;

/// What the sketch lets one foresee of a track.
pub(super) struct Model<'a> {
    clusters: &'a [Cluster],
    rate: f64,
    lufs: f64,
    lra: f64,
    /// What the sketch alone says of the track as it is.
    own: (f64, f64),
    /// K-weighted and plain power of third-octave `i` within sketch band `b`.
    thirds: Vec<[(f64, f64); 4]>,
    /// Power of the side signal over the whole, 0 to 1.
    side: f64,
}

/// A cluster after the stages before the output gain.
#[derive(Clone, Copy)]
pub(super) struct Shaped {
    n: f64,
    lufs: f64,
    true_peak: f64,
    usual_peak: f64,
    limited: f64,
}

impl<'a> Model<'a> {
    /// The model of a track of this loudness.
    pub fn new(track: &'a Fingerprint, lufs: f64) -> Self {
        let [low, middle, high] = SKETCH_EDGES_HZ;
        let edges = [10.0, low, middle, high, 30_000.0];
        let thirds = (0..N_THIRD_OCTAVES)
            .map(|i| {
                let hz = third_octave_hz(i);
                let power = math::pow(10.0, track.third_octaves[i] / 10.0);
                std::array::from_fn(|band| {
                    // The share of the third-octave, 1/6 octave to each side.
                    let from = (math::log2(edges[band] / hz) * 3.0 + 0.5).clamp(0.0, 1.0);
                    let upto = (math::log2(edges[band + 1] / hz) * 3.0 + 0.5).clamp(0.0, 1.0);
                    let share = power * (upto - from);
                    (share * k_power(hz), share)
                })
            })
            .collect();
        let width = track.descriptors.stereo_width;
        let (mid, side) = ((1.0 - width) * (1.0 - width), width * width);
        let blocks: Vec<(f64, f64)> = track.sketch.iter().map(|c| (c.n as f64, c.lufs)).collect();
        Model {
            clusters: &track.sketch,
            rate: track.sample_rate.into(),
            lufs,
            lra: track.lra_lu,
            own: (gated(&blocks).unwrap_or(lufs), range(&blocks)),
            thirds,
            side: side / (mid + side),
        }
    }

    /// The levels, in dB of the louder channel's mean square, of each sketch
    /// band at which `share` of the sounding blocks lie below, before gains.
    pub fn band_levels(&self, share: f64) -> [f64; N_DYNAMIC_BANDS] {
        let gate = self.lufs - 20.0;
        std::array::from_fn(|band| {
            let offset = self.plain_over_k(band);
            let mut levels: Vec<(f64, f64)> = self
                .clusters
                .iter()
                .filter(|c| c.lufs > gate)
                .map(|c| (c.bands_lufs[band] + offset, c.n as f64))
                .collect();
            levels.sort_by(|a, b| a.0.total_cmp(&b.0));
            quantile(&levels, share).unwrap_or(-100.0)
        })
    }

    /// From LUFS of a band to dB of its mean square in the louder channel: no
    /// K-weighting, no −0.691 dB, and half of the power, or rather 2 dB less
    /// than both since channels differ.
    fn plain_over_k(&self, band: usize) -> f64 {
        let (k, plain) =
            self.thirds.iter().fold((0.0, 0.0), |sum, third| (sum.0 + third[band].0, sum.1 + third[band].1));
        let ratio = if k > 0.0 { 10.0 * math::log10(plain / k) } else { 0.0 };
        0.691 + ratio - 2.0
    }

    /// The clusters as they leave the stereo stage.
    pub fn shaped(&self, stages: &Stages, ride: impl Fn(f64) -> f64) -> Vec<Shaped> {
        let eq: Vec<f64> = (0..N_THIRD_OCTAVES)
            .map(|i| {
                let hz = third_octave_hz(i);
                let db: f64 = stages.eq.iter().map(|band| gain_db(band, hz, self.rate)).sum();
                math::pow(10.0, db / 10.0)
            })
            .collect();
        let gains: [(f64, f64); 4] = std::array::from_fn(|band| {
            let mut sums = [0.0; 4];
            for (third, gain) in self.thirds.iter().zip(&eq) {
                let (k, plain) = third[band];
                sums[0] += k * gain;
                sums[1] += k;
                sums[2] += plain * gain;
                sums[3] += plain;
            }
            let db =
                |after: f64, before: f64| if before > 0.0 { 10.0 * math::log10(after / before) } else { 0.0 };
            (db(sums[0], sums[1]), db(sums[2], sums[3]))
        });
        let offsets: [f64; 4] = std::array::from_fn(|band| self.plain_over_k(band));
        let width = f64::from(stages.stereo.width);
        let image = 10.0 * math::log10(1.0 + self.side * (width * width - 1.0));
        self.clusters
            .iter()
            .map(|cluster| {
                let input = f64::from(stages.input_gain_db) + ride(cluster.lufs);
                let mut k = [0.0; 2];
                let mut plain = [0.0; 2];
                for band in 0..4 {
                    let own = cluster.bands_lufs[band];
                    let level = own + offsets[band] + input + gains[band].1;
                    let held = held_db(&stages.dynamics[band], level);
                    k[0] += math::pow(10.0, own / 10.0);
                    k[1] += math::pow(10.0, (own + gains[band].0 - held) / 10.0);
                    plain[0] += math::pow(10.0, (own + offsets[band]) / 10.0);
                    plain[1] += math::pow(10.0, (own + offsets[band] + gains[band].1 - held) / 10.0);
                }
                let louder = input + 10.0 * math::log10(k[1] / k[0]) + image;
                let higher = input + 10.0 * math::log10(plain[1] / plain[0]) + image.max(0.0);
                Shaped {
                    n: cluster.n as f64,
                    lufs: cluster.lufs + louder,
                    true_peak: cluster.true_peak_dbtp + higher,
                    usual_peak: cluster.usual_peak_dbtp + higher,
                    limited: cluster.limited_lu,
                }
            })
            .collect()
    }

    /// Loudness and range after an output gain and a limiter, in LUFS and LU.
    pub fn outcome(&self, shaped: &[Shaped], gain: f64, ceiling: f64) -> (f64, f64) {
        let blocks: Vec<(f64, f64)> = shaped
            .iter()
            .map(|c| {
                (c.n, c.lufs + gain - limiter_loss(c, c.usual_peak + gain - ceiling + LIMITER_MARGIN_DB))
            })
            .collect();
        let lufs = gated(&blocks).unwrap_or(self.own.0);
        // The sketch is coarser than the track: what counts is the change.
        (self.lufs + lufs - self.own.0, (self.lra + range(&blocks) - self.own.1).max(0.0))
    }

    /// The most that the dynamics take away on any cluster, in dB.
    pub fn most_held(&self, stages: &Stages, ride: impl Fn(f64) -> f64) -> f64 {
        let offsets: [f64; 4] = std::array::from_fn(|band| self.plain_over_k(band));
        let mut most = 0.0f64;
        for cluster in self.clusters {
            let input = f64::from(stages.input_gain_db) + ride(cluster.lufs);
            for band in 0..4 {
                most = most
                    .max(held_db(&stages.dynamics[band], cluster.bands_lufs[band] + offsets[band] + input));
            }
        }
        most
    }
}

/// The highest true peak of any cluster, in dBTP.
pub(super) fn highest_peak(shaped: &[Shaped]) -> f64 {
    shaped.iter().fold(f64::NEG_INFINITY, |top, c| top.max(c.true_peak))
}

/// What a dynamic band takes away at `level`, in dB.
fn held_db(band: &DynamicBand, level: f64) -> f64 {
    let over = (level - f64::from(band.threshold_db)).max(0.0);
    (f64::from(band.slope) * over).min(f64::from(band.range_db))
}

/// Loudness a limiter takes from a cluster whose peaks stand `over` dB above
/// its ceiling. The sketch knows the loss at 3 dB; less takes less than in
/// proportion, since only the sharpest tips are met; more meets the body.
fn limiter_loss(cluster: &Shaped, over: f64) -> f64 {
    // Peaks within a cluster differ by a dB or so: the onset is soft.
    let depth = soft_positive(over, 0.5);
    let part = depth / 3.0;
    let loss = if part < 1.0 { part * part.sqrt() } else { 1.0 + 1.5 * (part - 1.0) };
    (cluster.limited * loss).min(depth)
}

/// Loudness range of weighted blocks: between the 10th and 95th hundredth of
/// those above −70 LUFS and above 20 LU under their mean.
fn range(blocks: &[(f64, f64)]) -> f64 {
    let (weight, energy) = blocks
        .iter()
        .filter(|(_, lufs)| *lufs > -70.0)
        .fold((0.0, 0.0), |sum, &(n, lufs)| (sum.0 + n, sum.1 + n * math::pow(10.0, lufs / 10.0)));
    if weight <= 0.0 {
        return 0.0;
    }
    let gate = (10.0 * math::log10(energy / weight) - 20.0).max(-70.0);
    let mut levels: Vec<(f64, f64)> =
        blocks.iter().filter(|(_, lufs)| *lufs > gate).map(|&(n, lufs)| (lufs, n)).collect();
    levels.sort_by(|a, b| a.0.total_cmp(&b.0));
    match (quantile(&levels, 0.10), quantile(&levels, 0.95)) {
        (Some(low), Some(high)) => high - low,
        _ => 0.0,
    }
}

/// The value below which `share` of the weight of sorted `(value, weight)`
/// lies, on straight lines between the middles of the weights.
fn quantile(sorted: &[(f64, f64)], share: f64) -> Option<f64> {
    let whole: f64 = sorted.iter().map(|item| item.1).sum();
    let wanted = share * whole;
    let mut passed = 0.0;
    let mut before: Option<(f64, f64)> = None;
    for &(value, weight) in sorted {
        let middle = passed + 0.5 * weight;
        if middle >= wanted {
            return Some(match before {
                Some((at, low)) if middle > at => low + (value - low) * (wanted - at) / (middle - at),
                _ => value,
            });
        }
        before = Some((middle, value));
        passed += weight;
    }
    before.map(|(_, value)| value)
}
