//! Dynamics: four shelves and bells whose gain moves with the level in them.
//!
//! No band is split off: each takes a filtered part of the signal and adds
//! `(gain − 1)` of it, so a gain of 0 dB is identity to the bit.
//!
//! The release depends on the programme (Giannoulis, Massberg and Reiss,
//! "Parameter automation in a dynamic range compressor", JAES 61(10), 2013,
//! section 3.1): it is as fast as the squared crest factor in the band is high.
//! After single strokes the gain returns soon, under sustained sound it is calm.

use super::glide::Glide;
use super::grid::{GRID, Grid, by_lines};
use super::svf::{self, Lanes};
use crate::flow::Processor;
use crate::math::{exp, four, larger};
use crate::plan::{Curve, DynamicBand, N_DYNAMIC_BANDS};
use crate::units::Seconds;

const N: usize = N_DYNAMIC_BANDS;
/// Added to every level, so that no square of one is subnormal: −300 dBFS.
const HUSH: f32 = 1e-15;
/// Memory of the crest factor, that of the paper.
const CREST_MEMORY: Seconds = Seconds(0.2);
/// The squared crest factor at which a release takes the time that it states:
/// that of music in one band, 8 dB.
const USUAL_CREST: f32 = 6.0;
/// No release takes longer, and none is more than so much faster than stated.
const LONGEST_MS: f32 = 200.0;
/// See [`LONGEST_MS`].
const FASTEST: f32 = 3.0;

/// The curve's six numbers, attack and release per band, the latter two as the
/// share of the way that is gone in one frame.
type Settings = [[f32; N]; 8];

/// The dynamics stage.
#[derive(Clone, Debug)]
pub struct Dynamics {
    rate: u32,
    grid: Grid,
    /// Filter coefficients, three of the state and three of the output × band.
    filters: Glide<{ 6 * N }>,
    settings: Glide<{ 8 * N }>,
    left: Lanes,
    right: Lanes,
    level: Level,
    /// Gain − 1 per band, now, and its change per frame.
    delta: [f32; N],
    delta_step: [f32; N],
    /// Where delta will be at the next grid line.
    aim: [f32; N],
    /// No band acts: nothing is heard until that changes.
    asleep: bool,
}

/// What is known of the level in each band.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Smoothed power.
    power: [f32; N],
    /// The largest power since the last line, and the sum of all.
    top: [f32; N],
    sum: [f32; N],
    /// Decaying peak and mean of the power: their ratio is the crest factor's
    /// square.
    peak: [f32; N],
    mean: [f32; N],
    /// Share of the way that a release goes in one frame.
    release: [f32; N],
}

impl Level {
    fn silent(release: [f32; N]) -> Self {
        const NONE: [f32; N] = [HUSH * HUSH; N];
        Level { power: NONE, top: NONE, sum: [0.0; N], peak: NONE, mean: NONE, release }
    }

    /// On a line: how fast a release is now.
    fn crest(&mut self, stated: &[f32; N], memory: f32, slowest: f32) {
        for i in 0..N {
            let mean = self.sum[i] * (1.0 / GRID as f32);
            self.mean[i] += (mean - self.mean[i]) * memory;
            self.peak[i] = larger(self.top[i], self.peak[i] + (mean - self.peak[i]) * memory);
            let crest = self.peak[i] / self.mean[i] * (1.0 / USUAL_CREST);
            self.release[i] = larger(slowest, stated[i] * crest.min(FASTEST)).min(1.0);
            self.top[i] = 0.0;
            self.sum[i] = 0.0;
        }
    }
}

fn filters(rate: u32, bands: &[DynamicBand; N]) -> [f32; 6 * N] {
    let mut out = [0.0; 6 * N];
    for (band, params) in bands.iter().enumerate() {
        let c = svf::part(rate, params.shape, params.hz);
        for (n, value) in c.state.into_iter().chain(c.out).enumerate() {
            out[n * N + band] = value;
        }
    }
    out
}

/// The share of the way that is gone in `n` frames with this time constant.
fn share(rate: u32, ms: f32, n: usize) -> f32 {
    1.0 - exp(-1_000.0 * n as f32 / (ms * rate as f32))
}

fn settings(rate: u32, bands: &[DynamicBand; N]) -> [f32; 8 * N] {
    let mut out = [0.0; 8 * N];
    for (band, params) in bands.iter().enumerate() {
        let row = [
            params.threshold_db,
            params.slope,
            params.range_db,
            params.lift_below_db,
            params.lift,
            params.lift_range_db,
            share(rate, params.attack_ms, 1),
            share(rate, params.release_ms, 1),
        ];
        for (n, value) in row.into_iter().enumerate() {
            out[n * N + band] = value;
        }
    }
    out
}

fn rows<const R: usize, const L: usize>(flat: &[f32; L]) -> [[f32; N]; R] {
    std::array::from_fn(|row| std::array::from_fn(|band| flat[row * N + band]))
}

impl Dynamics {
    /// These bands at `rate`.
    pub fn new(rate: u32, bands: &[DynamicBand; N]) -> Self {
        let mut new = Dynamics {
            rate,
            grid: Grid::default(),
            filters: Glide::new(filters(rate, bands)),
            settings: Glide::new(settings(rate, bands)),
            left: Lanes::default(),
            right: Lanes::default(),
            level: Level::silent([0.0; N]),
            delta: [0.0; N],
            delta_step: [0.0; N],
            aim: [0.0; N],
            asleep: false,
        };
        new.reset();
        new
    }

    /// Moves to other bands over `n_frames`.
    pub fn retune(&mut self, bands: &[DynamicBand; N], n_frames: u32) {
        self.filters.to(filters(self.rate, bands), n_frames);
        self.settings.to(settings(self.rate, bands), n_frames);
        self.asleep &= self.is_idle();
    }

    /// Says which frame of the track comes next.
    pub fn seek(&mut self, frame: i64) {
        self.grid.seek(frame);
    }

    fn curve(settings: &Settings, band: usize) -> Curve {
        let [threshold_db, slope, range_db, lift_below_db, lift, lift_range_db] =
            std::array::from_fn(|n| settings[n][band]);
        Curve { threshold_db, slope, range_db, lift_below_db, lift, lift_range_db }
    }

    /// Whether no band acts, or is about to.
    fn is_idle(&self) -> bool {
        let settings: Settings = rows(self.settings.now());
        self.settings.resting()
            && self.filters.resting()
            && self.aim == [0.0; N]
            && (0..N).all(|band| Self::curve(&settings, band).is_flat())
    }

    /// On a grid line: where each band's gain shall be at the next one.
    fn draw(&mut self) {
        // 10·log₁₀ 2, and its inverse for amplitudes.
        const DB_PER_OCTAVE: f32 = 3.010_3;
        const OCTAVES_PER_DB: f32 = 0.166_096_4;
        let settings: Settings = rows(self.settings.now());
        let memory = share(self.rate, 1_000.0 * CREST_MEMORY.0 as f32, GRID);
        self.level.crest(&settings[7], memory, share(self.rate, LONGEST_MS, 1));
        let octaves = four::log2(self.level.power);
        let db: [f32; N] = std::array::from_fn(|band| {
            let curve = Self::curve(&settings, band);
            if curve.is_flat() { 0.0 } else { curve.gain_db(octaves[band] * DB_PER_OCTAVE) }
        });
        let gains = four::exp2(db.map(|db| db * OCTAVES_PER_DB));
        for band in 0..N {
            let target = if db[band] != 0.0 { gains[band] - 1.0 } else { 0.0 };
            // The line drawn last has ended: land on it, or rounding would keep
            // a trace of everything that ever was.
            self.delta[band] = self.aim[band];
            self.delta_step[band] = (target - self.aim[band]) * (1.0 / GRID as f32);
            self.aim[band] = target;
        }
    }

    fn line(&mut self) {
        if self.delta == [0.0; N] && self.is_idle() {
            self.asleep = true;
            self.forget();
        } else {
            self.draw();
            self.left.hush();
            self.right.hush();
        }
    }

    fn forget(&mut self) {
        self.left = Lanes::default();
        self.right = Lanes::default();
        self.level = Level::silent(rows::<8, _>(self.settings.now())[7]);
        self.delta = [0.0; N];
        self.delta_step = [0.0; N];
        self.aim = [0.0; N];
    }

    /// Frames between two grid lines, settings at rest.
    fn work(&mut self, left: &mut [f32], right: &mut [f32]) {
        let [s0, s1, s2, o0, o1, o2]: [[f32; N]; 6] = rows(self.filters.now());
        let [.., attack, _]: Settings = rows(self.settings.now());
        let (state, out) = ([s0, s1, s2], [o0, o1, o2]);
        // Held here, the state stays in registers.
        let (mut lanes_l, mut lanes_r, mut level) = (self.left, self.right, self.level);
        let (mut delta, delta_step) = (self.delta, self.delta_step);
        for (l, r) in left.iter_mut().zip(right) {
            let part_l = lanes_l.step(&state, &out, [*l; N]);
            let part_r = lanes_r.step(&state, &out, [*r; N]);
            let (mut sum_l, mut sum_r) = ([0.0; N], [0.0; N]);
            for i in 0..N {
                let loud = larger(part_l[i].abs(), part_r[i].abs()) + HUSH;
                let now = loud * loud;
                let share = if now > level.power[i] { attack[i] } else { level.release[i] };
                level.power[i] += (now - level.power[i]) * share;
                level.top[i] = larger(level.top[i], now);
                level.sum[i] += now;
                delta[i] += delta_step[i];
                sum_l[i] = delta[i] * part_l[i];
                sum_r[i] = delta[i] * part_r[i];
            }
            let pairs = [sum_l[0] + sum_l[2], sum_l[1] + sum_l[3], sum_r[0] + sum_r[2], sum_r[1] + sum_r[3]];
            *l += pairs[0] + pairs[1];
            *r += pairs[2] + pairs[3];
        }
        (self.left, self.right, self.level) = (lanes_l, lanes_r, level);
        self.delta = delta;
    }
}

impl Processor for Dynamics {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut grid = self.grid;
        by_lines(&mut grid, left, right, |on_line, left, right| {
            if on_line && !self.asleep {
                self.line();
            }
            if self.asleep {
                return;
            }
            if self.settings.resting() && self.filters.resting() {
                return self.work(left, right);
            }
            for at in 0..left.len() {
                self.filters.tick();
                self.settings.tick();
                self.work(&mut left[at..=at], &mut right[at..=at]);
            }
        });
        self.grid = grid;
    }

    /// 13.8 time constants (−120 dB) of a 10-Hz pole, the lowest allowed.
    fn tail(&self) -> usize {
        self.rate as usize
    }

    fn reset(&mut self) {
        self.filters.finish();
        self.settings.finish();
        self.grid = Grid::default();
        self.forget();
        self.asleep = self.is_idle();
    }
}
