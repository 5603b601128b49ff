//! What three seconds come to. Loudness range is read from windows of 3 s (EBU
//! Tech 3342) and a gain ride moves such windows, while the sketch has blocks of
//! 0.4 s and knows not which of them stood beside which.

use super::predict::range;
use super::stages::Ride;
use super::taste::{mean, passed};
use crate::fingerprint::Fingerprint;
use crate::math::f64 as math;

/// Steps of the levels by which windows are counted, in LU.
const STEP_LU: f64 = 1.0;
/// The lowest of them, in LUFS, and how many there are.
const LOWEST_LUFS: f64 = -71.0;
/// See [`LOWEST_LUFS`].
const N_LEVELS: usize = 180;
/// How many windows, from quiet to loud, stand for all that there are.
const N_MEANS: usize = 48;
/// Blocks within a window differ by this at least: a cluster is so wide.
const LEAST_WITHIN_LU: f64 = 1.0;

/// The windows of a track, counted by their level.
pub(super) struct Windows {
    levels: Vec<Level>,
    /// How far the blocks of one window lie apart: standard deviation in LU.
    within: f64,
}

/// The windows around one level.
#[derive(Clone, Copy, Default)]
struct Level {
    n: f64,
    lufs: f64,
    /// The mean gain that the ride gives them, in dB.
    ride: f64,
}

/// A cluster of blocks and what becomes of it, its ride apart.
pub(super) struct Moved {
    pub n: f64,
    pub lufs: f64,
    pub change: f64,
}

impl Windows {
    /// Those of `track` under a ride.
    pub fn new(track: &Fingerprint, ride: &Ride) -> Self {
        let levels = counted(track, ride);
        let blocks: Vec<(f64, f64)> = track.sketch.iter().map(|c| (c.n as f64, c.lufs)).collect();
        let between = variance(&levels.iter().map(|level| (level.n, level.lufs)).collect::<Vec<_>>());
        let within = (variance(&blocks) - between).max(LEAST_WITHIN_LU * LEAST_WITHIN_LU).sqrt();
        Windows { levels, within }
    }

    /// The gain that the ride gives to blocks of a level, on average: that of the
    /// windows in which such blocks stand.
    pub fn ride(&self, lufs: f64) -> f64 {
        if self.levels.iter().all(|level| level.ride == 0.0) {
            return 0.0;
        }
        let distance = |level: &Level| (level.lufs - lufs) / self.within;
        let nearest = self.levels.iter().map(|level| distance(level).abs()).fold(f64::INFINITY, f64::min);
        let (mut weight, mut sum) = (0.0, 0.0);
        for level in &self.levels {
            let n = level.n * bell(distance(level), nearest);
            weight += n;
            sum += n * level.ride;
        }
        if weight > 0.0 { sum / weight } else { 0.0 }
    }

    /// By what factor the loudness range changes where the ride moves windows
    /// and all else moves the blocks in them.
    pub fn range_factor(&self, blocks: &[Moved]) -> f64 {
        let means = self.means(blocks);
        let before: Vec<(f64, f64)> = self.levels.iter().map(|level| (level.n, level.lufs)).collect();
        let after: Vec<(f64, f64)> = self
            .levels
            .iter()
            .map(|level| (level.n, level.lufs + level.ride + between(&means, level.lufs)))
            .collect();
        // Each level stands for those around it, so no range is 0 but that of nothing.
        let before = range(&before);
        if before > 0.0 { range(&after) / before } else { 1.0 }
    }

    /// Of windows from quiet to loud: their level, and how it changes with the
    /// blocks in them. A window holds blocks around a level as the whole track
    /// has them; its loudness is the mean of their energy.
    fn means(&self, blocks: &[Moved]) -> Vec<(f64, f64)> {
        let powers: Vec<(f64, f64)> = blocks
            .iter()
            .map(|b| (math::pow(10.0, b.lufs / 10.0), math::pow(10.0, (b.lufs + b.change) / 10.0)))
            .collect();
        let (low, high) = blocks
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), b| (low.min(b.lufs), high.max(b.lufs)));
        let mut means = Vec::with_capacity(N_MEANS);
        for step in 0..N_MEANS {
            let middle = low + (high - low) * step as f64 / (N_MEANS - 1) as f64;
            let distance = |b: &Moved| (b.lufs - middle) / self.within;
            let nearest = blocks.iter().map(|b| distance(b).abs()).fold(f64::INFINITY, f64::min);
            let mut sums = [0.0; 3];
            for (block, (power, moved)) in blocks.iter().zip(&powers) {
                let n = block.n * bell(distance(block), nearest);
                sums = [sums[0] + n, sums[1] + n * power, sums[2] + n * moved];
            }
            means.push((10.0 * math::log10(sums[1] / sums[0]), 10.0 * math::log10(sums[2] / sums[1])));
        }
        means
    }
}

/// How far the quiet sections of a track lie under its loud ones, in LU: between
/// the 10th and the 95th hundredth of its windows, as loudness range has it, but
/// with twice its gate. The range leaves out what lies 20 LU under the mean, and
/// so says nothing of a whisper beside an orchestra.
pub(super) fn sections_lu(track: &Fingerprint) -> f64 {
    const GATE_LU: f64 = 40.0;
    let mut windows: Vec<(f64, f64)> =
        track.loudness_curve.iter().flatten().map(|&lufs| (1.0, lufs)).collect();
    let Some(gate) = mean(&windows, -70.0).map(|mean| mean - GATE_LU) else { return 0.0 };
    for (n, lufs) in &mut windows {
        *n = passed(*lufs, gate);
    }
    windows.sort_by(|a, b| a.1.total_cmp(&b.1));
    let whole: f64 = windows.iter().map(|window| window.0).sum();
    // Each stands in the middle of its own weight.
    let mut below = 0.0;
    let ranks: Vec<(f64, f64)> = windows
        .iter()
        .map(|&(n, lufs)| {
            below += n;
            ((below - 0.5 * n) / whole.max(1e-9), lufs)
        })
        .collect();
    between(&ranks, 0.95) - between(&ranks, 0.10)
}

/// The windows of `track` under a ride, counted by their level.
fn counted(track: &Fingerprint, ride: &Ride) -> Vec<Level> {
    let mut levels = vec![Level::default(); N_LEVELS];
    for (i, value) in track.loudness_curve.iter().enumerate() {
        let Some(lufs) = value else { continue };
        let gain = ride_at(ride, (i as f64 + 0.5) * f64::from(track.loudness_hop_s));
        // Shared between the two nearest levels, so that none is crossed in a jump.
        let place = ((lufs - LOWEST_LUFS) / STEP_LU).clamp(0.0, (N_LEVELS - 2) as f64);
        let (at, part) = (place as usize, place.fract());
        for (level, n) in [(at, 1.0 - part), (at + 1, part)] {
            levels[level].n += n;
            levels[level].ride += n * gain;
        }
    }
    for (i, level) in levels.iter_mut().enumerate() {
        level.lufs = LOWEST_LUFS + STEP_LU * i as f64;
        level.ride /= level.n.max(1e-9);
    }
    levels.retain(|level| level.n > 1e-9);
    levels
}

/// A Gaussian bell, in proportion to its height at `nearest`, which may be far out.
fn bell(distance: f64, nearest: f64) -> f64 {
    math::exp(0.5 * (nearest * nearest - distance * distance))
}

/// Along `(x, y)` with x rising, the y at an x: straight between, held outside.
fn between(points: &[(f64, f64)], x: f64) -> f64 {
    let after = points.partition_point(|point| point.0 < x);
    match (after.checked_sub(1).map(|i| points[i]), points.get(after)) {
        (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (x - x0) / (x1 - x0).max(1e-9),
        (Some((_, y)), None) | (None, Some(&(_, y))) => y,
        (None, None) => 0.0,
    }
}

/// The variance of the levels that the gate of loudness range lets through.
fn variance(blocks: &[(f64, f64)]) -> f64 {
    let Some(gate) = mean(blocks, -70.0).map(|mean| mean - 20.0) else { return 0.0 };
    let sums = blocks.iter().fold([0.0; 3], |sums, &(n, lufs)| {
        let n = n * passed(lufs, gate);
        [sums[0] + n, sums[1] + n * lufs, sums[2] + n * lufs * lufs]
    });
    if sums[0] <= 0.0 {
        return 0.0;
    }
    let mean = sums[1] / sums[0];
    (sums[2] / sums[0] - mean * mean).max(0.0)
}

/// The ride's gain at a time, in dB.
fn ride_at(ride: &Ride, seconds: f64) -> f64 {
    let Some(last) = ride.gain_db.len().checked_sub(1) else { return 0.0 };
    let place = (seconds / f64::from(ride.hop_s)).clamp(0.0, last as f64);
    let (at, part) = (place as usize, place.fract());
    let gain = |knot: usize| f64::from(ride.gain_db[knot.min(last)]);
    gain(at) + part * (gain(at + 1) - gain(at))
}
