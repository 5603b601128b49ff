//! Prediction: the plan's static curves applied to the sketch of the track.

use super::response::gain_db;
use super::rules::LIMITER_MARGIN_DB;
use super::stages::{DynamicBand, N_DYNAMIC_BANDS, Ride, Shape, Stages};
use super::taste::{gated, mean, passed};
use super::windows::{Moved, Windows};
use super::{smoothstep, soft_positive};
use crate::fingerprint::{Cluster, Fingerprint, N_THIRD_OCTAVES, SKETCH_EDGES_HZ, k_power, third_octave_hz};
use crate::math::f64 as math;

/// What the sketch lets one foresee of a track.
pub(super) struct Model<'a> {
    clusters: &'a [Cluster],
    rate: f64,
    lufs: f64,
    lra: f64,
    /// The loudness by the sketch alone, as it is.
    own: f64,
    /// The windows of 3 s and the ride over them.
    windows: Windows,
    /// How much louder the model hears than a rendering of it was, in LU.
    trim: f64,
    /// K-weighted and plain power of third-octave `i` within sketch band `b`.
    thirds: Vec<[(f64, f64); 4]>,
    /// What each dynamic band hears of each third-octave: a complex response.
    parts: Vec<[(f64, f64); N_DYNAMIC_BANDS]>,
    /// Power of the side signal over the whole, 0 to 1.
    side: f64,
}

/// A cluster after the stages before the output gain.
#[derive(Clone, Copy)]
pub(super) struct Shaped {
    n: f64,
    /// As it was, and what of its change the ride makes.
    from: f64,
    ride: f64,
    lufs: f64,
    true_peak: f64,
    usual_peak: f64,
    limited: f64,
}

impl<'a> Model<'a> {
    /// The model of a track of this loudness under a ride, that hears `trim` LU
    /// too loud.
    pub fn new(track: &'a Fingerprint, lufs: f64, trim: f64, ride: &Ride) -> Self {
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
        let bands = &Stages::neutral().dynamics;
        let parts = (0..N_THIRD_OCTAVES)
            .map(|i| std::array::from_fn(|band| part(&bands[band], third_octave_hz(i))))
            .collect();
        let width = track.descriptors.stereo_width;
        let (mid, side) = ((1.0 - width) * (1.0 - width), width * width);
        let blocks: Vec<(f64, f64)> = track.sketch.iter().map(|c| (c.n as f64, c.lufs)).collect();
        Model {
            clusters: &track.sketch,
            rate: track.sample_rate.into(),
            lufs,
            lra: track.lra_lu,
            own: gated(&blocks).unwrap_or(lufs),
            windows: Windows::new(track, ride),
            trim,
            thirds,
            parts,
            side: side / (mid + side),
        }
    }

    /// The levels, in dBFS as the dynamic bands hear them, below which `share`
    /// of the sounding blocks lie; before gains.
    pub fn band_levels(&self, stages: &Stages, share: f64) -> [f64; N_DYNAMIC_BANDS] {
        let gate = self.lufs - 20.0;
        let hearing = self.hearing(stages);
        let heard: Vec<([f64; N_DYNAMIC_BANDS], f64)> = self
            .clusters
            .iter()
            .map(|c| (hearing.levels(c, 0.0), c.n as f64 * passed(c.lufs, gate)))
            .collect();
        std::array::from_fn(|band| {
            let levels: Vec<(f64, f64)> = heard.iter().map(|(all, n)| (*n, all[band])).collect();
            quantile(&levels, share).unwrap_or(-100.0)
        })
    }

    /// How the dynamics of these stages hear and move the sketch's bands.
    fn hearing(&self, stages: &Stages) -> Hearing<'_> {
        let eq: Vec<f64> = (0..N_THIRD_OCTAVES)
            .map(|i| {
                let hz = third_octave_hz(i);
                let db: f64 = stages.eq.iter().map(|band| gain_db(band, hz, self.rate)).sum();
                math::pow(10.0, db / 10.0)
            })
            .collect();
        let mut heard = [[0.0; N_DYNAMIC_BANDS]; 4];
        let mut offsets = [0.0; 4];
        for band in 0..4 {
            let (mut k, mut plain) = (0.0, 0.0);
            for ((third, gain), parts) in self.thirds.iter().zip(&eq).zip(&self.parts) {
                k += third[band].0;
                plain += third[band].1;
                for (sum, part) in heard[band].iter_mut().zip(parts) {
                    *sum += third[band].1 * gain * (part.0 * part.0 + part.1 * part.1);
                }
            }
            for sum in &mut heard[band] {
                *sum /= plain.max(1e-30);
            }
            let ratio = if k > 0.0 { 10.0 * math::log10(plain / k) } else { 0.0 };
            offsets[band] = 0.691 + ratio;
        }
        let lift = stages.dynamics.map(|band| expectile_db(&band));
        Hearing { model: self, eq, heard, offsets, lift }
    }

    /// The clusters as they leave the stereo stage.
    pub fn shaped(&self, stages: &Stages) -> Vec<Shaped> {
        let hearing = self.hearing(stages);
        let width = f64::from(stages.stereo.width);
        let image = 10.0 * math::log10(1.0 + self.side * (width * width - 1.0));
        self.clusters
            .iter()
            .map(|cluster| {
                let ride = self.windows.ride(cluster.lufs);
                let input = f64::from(stages.input_gain_db) + ride;
                let held = hearing.held(cluster, stages, input);
                let (louder, higher) = hearing.change(cluster, &held);
                Shaped {
                    n: cluster.n as f64,
                    from: cluster.lufs,
                    ride,
                    lufs: cluster.lufs + input + louder + image,
                    true_peak: cluster.true_peak_dbtp + input + higher + image.max(0.0),
                    usual_peak: cluster.usual_peak_dbtp + input + higher + image.max(0.0),
                    limited: cluster.limited_lu,
                }
            })
            .collect()
    }

    /// Loudness after an output gain and a limiter, in LUFS.
    pub fn loudness(&self, shaped: &[Shaped], gain: f64, ceiling: f64) -> f64 {
        // The sketch is coarser than the track: what counts is the change.
        self.lufs - self.trim + gated(&limited(shaped, gain, ceiling)).unwrap_or(self.own) - self.own
    }

    /// Loudness range after an output gain and a limiter, in LU.
    pub fn range(&self, shaped: &[Shaped], gain: f64, ceiling: f64) -> f64 {
        let after = limited(shaped, gain, ceiling);
        let moved = |(shaped, (n, lufs)): (&Shaped, (f64, f64))| Moved {
            n,
            lufs: shaped.from,
            change: lufs - shaped.from - shaped.ride,
        };
        let blocks: Vec<Moved> = shaped.iter().zip(after).map(moved).collect();
        self.lra * self.windows.range_factor(&blocks)
    }

    /// The most that the dynamics take away on any cluster, in dB.
    pub fn most_held(&self, stages: &Stages) -> f64 {
        let hearing = self.hearing(stages);
        let held = self.clusters.iter().flat_map(|cluster| {
            let input = f64::from(stages.input_gain_db) + self.windows.ride(cluster.lufs);
            hearing.held(cluster, stages, input)
        });
        held.fold(0.0, f64::max)
    }
}

/// A detector hears the louder channel of two whose powers were summed: half of
/// the sum where they are equal, all of it where one is silent.
const LOUDER_CHANNEL_DB: f64 = -2.0;

/// How the dynamics hear and move a track.
struct Hearing<'a> {
    model: &'a Model<'a>,
    /// Power gain of the equaliser in each third-octave.
    eq: Vec<f64>,
    /// Of each sketch band, the power each dynamic band hears, behind the
    /// equaliser, over that before it.
    heard: [[f64; N_DYNAMIC_BANDS]; 4],
    /// From LUFS of a sketch band to dB of its plain power.
    offsets: [f64; 4],
    /// From that power to what the detector shows, where it wavers as music does.
    lift: [f64; N_DYNAMIC_BANDS],
}

impl Hearing<'_> {
    /// What the detectors show on this cluster at an input gain, in dBFS.
    fn levels(&self, cluster: &Cluster, input: f64) -> [f64; N_DYNAMIC_BANDS] {
        let plain: [f64; 4] =
            std::array::from_fn(|i| math::pow(10.0, (cluster.bands_lufs[i] + self.offsets[i]) / 10.0));
        let wavers = wavering(cluster);
        std::array::from_fn(|band| {
            let power: f64 = (0..4).map(|i| plain[i] * self.heard[i][band]).sum();
            10.0 * math::log10(power + 1e-20) + input + LOUDER_CHANNEL_DB + wavers * self.lift[band]
        })
    }

    /// What each dynamic band takes away, in dB; negative where it raises.
    fn held(&self, cluster: &Cluster, stages: &Stages, input: f64) -> [f64; N_DYNAMIC_BANDS] {
        let levels = self.levels(cluster, input);
        std::array::from_fn(|band| held_db(&stages.dynamics[band], levels[band]))
    }

    /// How equaliser and dynamics change the cluster's loudness and its power,
    /// in dB.
    fn change(&self, cluster: &Cluster, held: &[f64; N_DYNAMIC_BANDS]) -> (f64, f64) {
        let moved = held.map(|db| math::pow(10.0, -db / 20.0) - 1.0);
        let mut bands = [[0.0; 4]; 4];
        for ((third, eq), parts) in self.model.thirds.iter().zip(&self.eq).zip(&self.model.parts) {
            let (mut re, mut im) = (1.0, 0.0);
            for (delta, part) in moved.iter().zip(parts) {
                re += delta * part.0;
                im += delta * part.1;
            }
            let gain = eq * (re * re + im * im);
            for (sums, (k, plain)) in bands.iter_mut().zip(third) {
                sums[0] += k * gain;
                sums[1] += k;
                sums[2] += plain * gain;
                sums[3] += plain;
            }
        }
        let mut sums = [0.0; 4];
        for (band, [k_after, k, plain_after, plain]) in bands.into_iter().enumerate() {
            let loud = math::pow(10.0, cluster.bands_lufs[band] / 10.0);
            let power = math::pow(10.0, (cluster.bands_lufs[band] + self.offsets[band]) / 10.0);
            sums[0] += loud * if k > 0.0 { k_after / k } else { 1.0 };
            sums[1] += loud;
            sums[2] += power * if plain > 0.0 { plain_after / plain } else { 1.0 };
            sums[3] += power;
        }
        (10.0 * math::log10(sums[0] / sums[1]), 10.0 * math::log10(sums[2] / sums[3]))
    }
}

/// The part of the sound at `hz` that a dynamic band hears and moves: second-
/// order low-pass, band-pass or high-pass, as a complex number.
fn part(band: &DynamicBand, hz: f64) -> (f64, f64) {
    let x = hz / f64::from(band.hz);
    let (num, k) = match band.shape {
        Shape::LowShelf => ((1.0, 0.0), std::f64::consts::SQRT_2),
        Shape::Bell => ((0.0, x), 1.0),
        Shape::HighShelf => ((-x * x, 0.0), std::f64::consts::SQRT_2),
    };
    let (re, im) = (1.0 - x * x, k * x);
    let square = re * re + im * im;
    ((num.0 * re + num.1 * im) / square, (num.1 * re - num.0 * im) / square)
}

/// How far a detector that rises faster than it falls shows more than the mean
/// power: it settles where rises and falls balance (an expectile).
fn expectile_db(band: &DynamicBand) -> f64 {
    EXPECTILE_DB * math::log10(f64::from(band.release_ms / band.attack_ms))
}

/// Whether a cluster wavers as music does, 0 (it holds still) to 1. What rises
/// and falls slowly loses little where a limiter meets its peaks; what beats
/// quicker than that sees has peaks above its loudness. Crushed music has the
/// one only, a chord of tones the other.
fn wavering(cluster: &Cluster) -> f64 {
    let slowly = smoothstep(STILL_LIMITED_LU, WAVERING_LIMITED_LU, cluster.limited_lu);
    let quickly = smoothstep(STILL_PEAK_DB, WAVERING_PEAK_DB, cluster.usual_peak_dbtp - cluster.lufs);
    1.0 - (1.0 - slowly) * (1.0 - quickly)
}

/// Loudness lost by 3 dB of limiting, in LU: a tone loses them all, the most
/// crushed music 2, others 1 to 1.5.
const STILL_LIMITED_LU: f64 = 3.0;
/// See [`STILL_LIMITED_LU`].
const WAVERING_LIMITED_LU: f64 = 2.0;
/// Peaks over loudness, in dB: a tone of middle pitch has 0 to 3, music 9 or more.
const STILL_PEAK_DB: f64 = 2.0;
/// See [`STILL_PEAK_DB`].
const WAVERING_PEAK_DB: f64 = 9.0;

/// Per decade of release over attack; measured on music.
const EXPECTILE_DB: f64 = 4.3;

/// The clusters behind output gain and limiter: `(weight, LUFS)`.
fn limited(shaped: &[Shaped], gain: f64, ceiling: f64) -> Vec<(f64, f64)> {
    let over = |c: &Shaped| c.usual_peak + gain - ceiling + LIMITER_MARGIN_DB;
    shaped.iter().map(|c| (c.n, c.lufs + gain - limiter_loss(c, over(c)))).collect()
}

/// The highest true peak of any cluster, in dBTP.
pub(super) fn highest_peak(shaped: &[Shaped]) -> f64 {
    shaped.iter().fold(f64::NEG_INFINITY, |top, c| top.max(c.true_peak))
}

/// What a dynamic band takes away at `level`, in dB; negative where it raises.
fn held_db(band: &DynamicBand, level: f64) -> f64 {
    f64::from(-band.curve().gain_db(level as f32))
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

/// Loudness range of weighted blocks `(weight, LUFS)`: between the 10th and
/// 95th hundredth of those above −70 LUFS and above 20 LU under their mean.
pub(super) fn range(blocks: &[(f64, f64)]) -> f64 {
    let Some(gate) = mean(blocks, -70.0).map(|mean| (mean - 20.0).max(-70.0)) else { return 0.0 };
    let levels: Vec<(f64, f64)> = blocks.iter().map(|&(n, lufs)| (n * passed(lufs, gate), lufs)).collect();
    match (quantile(&levels, 0.10), quantile(&levels, 0.95)) {
        (Some(low), Some(high)) => high - low,
        _ => 0.0,
    }
}

/// The value below which `share` of the weight of `(weight, value)` lies. Each
/// cluster stands for values around its own, so it counts gradually, and the
/// quantile moves smoothly with every one of them; found by bisection.
fn quantile(items: &[(f64, f64)], share: f64) -> Option<f64> {
    const WIDTH: f64 = 1.0;
    let whole: f64 = items.iter().map(|item| item.0).sum();
    if whole <= 0.0 {
        return None;
    }
    let sounding = items.iter().filter(|item| item.0 > 0.0);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &(_, value) in sounding {
        low = low.min(value - WIDTH);
        high = high.max(value + WIDTH);
    }
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        let below: f64 = items.iter().map(|&(w, value)| w * smoothstep(-WIDTH, WIDTH, middle - value)).sum();
        if below < share * whole {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}
