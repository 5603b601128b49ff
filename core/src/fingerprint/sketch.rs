//! A sketch of a track's gating blocks: at most 64 weighted clusters of blocks
//! alike in loudness and in how far their peaks stand out. From it one computes
//! the loudness of an album, and what gains, filters and a limiter will do.
//!
//! Blocks are first counted on a fixed grid (1 LU × 2 dB), so memory is bounded
//! and no order matters; at the end the cells nearest to each other are joined,
//! by Ward's criterion (1963), until few enough are left.

use serde::{Deserialize, Serialize};

use super::{quantised, within};
use crate::error::{Error, Result};
use crate::math::f64 as math;
use crate::meter::{Tick, loudness_of};

/// The most clusters of a sketch.
pub const MAX_CLUSTERS: usize = 64;
/// Where the four bands of a cluster meet, in Hz.
pub const SKETCH_EDGES_HZ: [f64; 3] = [200.0, 1_000.0, 5_000.0];

/// Gating blocks that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// How many blocks.
    pub n: u64,
    /// Loudness of their mean energy in LUFS, to 0.01.
    pub lufs: f64,
    /// The loudness each of the four bands contributes, in LUFS, to 0.01, −200
    /// at least: their powers sum to that of `lufs`.
    pub bands_lufs: [f64; 4],
    /// Highest true peak among them in dBTP, to 0.01.
    pub true_peak_dbtp: f64,
    /// Their usual true peak: mean of squares, in dBTP, to 0.01.
    pub usual_peak_dbtp: f64,
    /// Loudness lost if a limiter takes 3 dB off each one's own peak, in LU,
    /// to 0.01.
    pub limited_lu: f64,
}

impl Cluster {
    pub(super) fn validate(&self) -> Result<()> {
        if self.n == 0 {
            return Err(Error::invalid("the fingerprint's sketch has a cluster of nothing"));
        }
        within("sketch.lufs", self.lufs, -71.0, 100.0)?;
        for band in self.bands_lufs {
            within("sketch.bands_lufs", band, -200.0, 100.0)?;
        }
        within("sketch.true_peak_dbtp", self.true_peak_dbtp, -100.0, 120.0)?;
        within("sketch.usual_peak_dbtp", self.usual_peak_dbtp, -100.0, 120.0)?;
        within("sketch.limited_lu", self.limited_lu, 0.0, 3.01)
    }
}

/// Ticks of a gating block and of its step.
const BLOCK: usize = 40;
const STEP: usize = 10;
/// The grid: 1 LU from −70 to +30 LUFS, 2 dB of peak over loudness from 0 to 40.
const N_LOUDNESS: usize = 100;
const N_HEADROOM: usize = 20;

/// Collects the sketch.
pub(super) struct Sketch {
    /// The last ticks, oldest overwritten.
    ticks: [(f64, f32); BLOCK],
    at: usize,
    /// K-weighted band powers of the last four steps.
    bands: [[f64; 4]; BLOCK / STEP],
    step: usize,
    cells: Vec<Cell>,
}

/// Sums over the blocks of a cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    n: u64,
    energy: f64,
    bands: [f64; 4],
    peak: f64,
    peak_squares: f64,
    limited: f64,
}

impl Sketch {
    pub fn new() -> Self {
        Sketch {
            ticks: [(0.0, 0.0); BLOCK],
            at: 0,
            bands: [[0.0; 4]; BLOCK / STEP],
            step: 0,
            cells: vec![Cell::default(); N_LOUDNESS * N_HEADROOM],
        }
    }

    /// Hears a tick.
    pub fn tick(&mut self, tick: &Tick) {
        self.ticks[self.at] = (tick.energy, tick.true_peak);
        self.at = (self.at + 1) % BLOCK;
    }

    /// Ends a step of 100 ms that had these K-weighted band powers, and with it
    /// the gating block of `mean_square`, if one is whole.
    pub fn step(&mut self, k_bands: [f64; 4], mean_square: Option<f64>) {
        self.bands[self.step] = k_bands;
        self.step = (self.step + 1) % self.bands.len();
        let Some(mean_square) = mean_square else { return };
        let loudness = loudness_of(mean_square);
        let peak = f64::from(self.ticks.iter().fold(0.0f32, |top, tick| top.max(tick.1)));
        if loudness <= -70.0 || peak <= 0.0 {
            return;
        }
        let headroom = 20.0 * math::log10(peak) - loudness;
        let row = ((loudness + 70.0) as usize).min(N_LOUDNESS - 1);
        let column = ((headroom.max(0.0) / 2.0) as usize).min(N_HEADROOM - 1);
        let limited = self.limited(peak);
        let cell = &mut self.cells[row * N_HEADROOM + column];
        cell.n += 1;
        cell.energy += mean_square;
        let powers: [f64; 4] = std::array::from_fn(|band| self.bands.iter().map(|step| step[band]).sum());
        let whole: f64 = powers.iter().sum();
        if whole > 0.0 {
            for (sum, power) in cell.bands.iter_mut().zip(powers) {
                *sum += mean_square * power / whole;
            }
        }
        cell.peak = cell.peak.max(peak);
        cell.peak_squares += peak * peak;
        cell.limited += limited;
    }

    /// The loudness, in LU, that the newest block loses if its peak comes down
    /// by 3 dB: each tick is held under that, and the gain recovers by a tenth
    /// per tick.
    fn limited(&self, peak: f64) -> f64 {
        const DEPTH: f64 = 0.707_945_784_384_137_9;
        const RECOVERY: f64 = 0.1;
        let mut reduction = 0.0f64;
        let (mut before, mut after) = (0.0, 0.0);
        for i in 0..BLOCK {
            let (energy, top) = self.ticks[(self.at + i) % BLOCK];
            let needed = (1.0 - DEPTH * peak / f64::from(top).max(1e-9)).max(0.0);
            reduction = needed.max(reduction * (1.0 - RECOVERY));
            before += energy;
            after += energy * (1.0 - reduction) * (1.0 - reduction);
        }
        if after > 0.0 { (10.0 * math::log10(before / after)).clamp(0.0, 3.01) } else { 0.0 }
    }

    /// The clusters, quietest first.
    pub fn finish(self) -> Vec<Cluster> {
        let cells: Vec<Cell> = self.cells.into_iter().filter(|cell| cell.n > 0).collect();
        let mut clusters: Vec<Cluster> = joined(cells).iter().map(Cell::cluster).collect();
        clusters.sort_by(|a, b| {
            a.lufs
                .total_cmp(&b.lufs)
                .then(a.usual_peak_dbtp.total_cmp(&b.usual_peak_dbtp))
                .then(a.n.cmp(&b.n))
        });
        clusters
    }
}

impl Cell {
    fn loudness(&self) -> f64 {
        loudness_of(self.energy / self.n as f64)
    }
    fn usual_peak_db(&self) -> f64 {
        10.0 * math::log10(self.peak_squares / self.n as f64)
    }

    fn with(&self, other: &Cell) -> Cell {
        Cell {
            n: self.n + other.n,
            energy: self.energy + other.energy,
            bands: std::array::from_fn(|i| self.bands[i] + other.bands[i]),
            peak: self.peak.max(other.peak),
            peak_squares: self.peak_squares + other.peak_squares,
            limited: self.limited + other.limited,
        }
    }

    fn cluster(&self) -> Cluster {
        let n = self.n as f64;
        let db = |x: f64| quantised(x.max(-200.0), 100.0);
        Cluster {
            n: self.n,
            lufs: db(self.loudness()),
            bands_lufs: self.bands.map(|band| db(loudness_of(band / n))),
            true_peak_dbtp: db(20.0 * math::log10(self.peak)),
            usual_peak_dbtp: db(self.usual_peak_db()),
            limited_lu: db(self.limited / n),
        }
    }
}

/// A cell on its way to a cluster, and the one after it in the list that is
/// cheapest to join with.
struct Candidate {
    cell: Cell,
    loudness: f64,
    peak_db: f64,
    nearest: Option<(f64, usize)>,
}

impl Candidate {
    fn new(cell: Cell) -> Self {
        Candidate { loudness: cell.loudness(), peak_db: cell.usual_peak_db(), cell, nearest: None }
    }

    /// What joining costs: the growth of the squared error.
    fn cost(&self, other: &Candidate) -> f64 {
        let (a, b) = (self.cell.n as f64, other.cell.n as f64);
        let loudness = self.loudness - other.loudness;
        let peak = self.peak_db - other.peak_db;
        a * b / (a + b) * (loudness * loudness + peak * peak)
    }
}

/// The cells, the cheapest pairs joined until at most [`MAX_CLUSTERS`] are left.
fn joined(cells: Vec<Cell>) -> Vec<Cell> {
    let mut list: Vec<Option<Candidate>> = cells.into_iter().map(|cell| Some(Candidate::new(cell))).collect();
    let mut n = list.len();
    if n > MAX_CLUSTERS {
        for i in 0..list.len() {
            find_nearest(&mut list, i);
        }
    }
    while n > MAX_CLUSTERS {
        let cheapest = list
            .iter()
            .enumerate()
            .filter_map(|(i, item)| item.as_ref()?.nearest.map(|(cost, j)| (cost, i, j)))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let Some((_, i, j)) = cheapest else { break };
        let (Some(a), Some(b)) = (list[i].take(), list[j].take()) else { break };
        list[i] = Some(Candidate::new(a.cell.with(&b.cell)));
        n -= 1;
        for k in 0..=j {
            let stale =
                list[k].as_ref().is_some_and(|item| item.nearest.is_some_and(|(_, m)| m == i || m == j));
            if k == i || stale {
                find_nearest(&mut list, k);
            } else if k < i {
                // The joined cell may now be the nearest of those before it.
                let (before, rest) = list.split_at_mut(i);
                if let (Some(item), Some(new)) = (&mut before[k], &rest[0]) {
                    let cost = item.cost(new);
                    if item.nearest.is_none_or(|(best, _)| cost < best) {
                        item.nearest = Some((cost, i));
                    }
                }
            }
        }
    }
    list.into_iter().flatten().map(|item| item.cell).collect()
}

/// Finds the nearest after `i`.
fn find_nearest(list: &mut [Option<Candidate>], i: usize) {
    let Some(item) = &list[i] else { return };
    let nearest = list
        .iter()
        .enumerate()
        .skip(i + 1)
        .filter_map(|(j, other)| Some((item.cost(other.as_ref()?), j)))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    if let Some(item) = &mut list[i] {
        item.nearest = nearest;
    }
}
