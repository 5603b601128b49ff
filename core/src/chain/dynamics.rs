//! Dynamics: four shelves and bells whose gain moves with the level in them.
//!
//! No band is split off: each takes a filtered part of the signal and adds
//! `(gain − 1)` of it, so a gain of 0 dB is identity to the bit.

use super::glide::Glide;
use super::svf::{self, Lanes};
use crate::block::Block;
use crate::flow::Processor;
use crate::math;
use crate::plan::{Curve, DynamicBand, N_DYNAMIC_BANDS};
use crate::units::Db;

const N: usize = N_DYNAMIC_BANDS;
/// Gains are worked out once per so many frames and reached in a straight line.
const GRID: u32 = 64;
/// Keeps the level finite in silence; −180 dBFS.
const FLOOR: f32 = 1e-18;
/// Added to every level, so that no square of one is subnormal.
const HUSH: f32 = 1e-15;

/// The curve's six numbers, attack and release per band, the latter two as the
/// share of the way that is gone in one frame.
type Settings = [[f32; N]; 8];

/// The dynamics stage.
#[derive(Clone, Debug)]
pub struct Dynamics {
    rate: u32,
    /// Filter coefficients, `a1 a2 a3 m0 m1 m2` × band.
    filters: Glide<{ 6 * N }>,
    settings: Glide<{ 8 * N }>,
    left: Lanes,
    right: Lanes,
    /// Smoothed power per band.
    power: [f32; N],
    /// Gain − 1 per band, now, and its change per frame.
    delta: [f32; N],
    delta_step: [f32; N],
    /// Where delta will be at the next grid line.
    aim: [f32; N],
    /// Frames until the next grid line.
    n_to_grid: u32,
}

fn filters(rate: u32, bands: &[DynamicBand; N]) -> [f32; 6 * N] {
    let mut out = [0.0; 6 * N];
    for (band, params) in bands.iter().enumerate() {
        let c = svf::part(rate, params.shape, params.hz);
        for (n, value) in c.a.into_iter().chain(c.mix).enumerate() {
            out[n * N + band] = value;
        }
    }
    out
}

fn settings(rate: u32, bands: &[DynamicBand; N]) -> [f32; 8 * N] {
    let share = |ms: f32| 1.0 - math::exp(-1_000.0 / (ms * rate as f32));
    let mut out = [0.0; 8 * N];
    for (band, params) in bands.iter().enumerate() {
        let row = [
            params.threshold_db,
            params.slope,
            params.range_db,
            params.lift_below_db,
            params.lift,
            params.lift_range_db,
            share(params.attack_ms),
            share(params.release_ms),
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
        Dynamics {
            rate,
            filters: Glide::new(filters(rate, bands)),
            settings: Glide::new(settings(rate, bands)),
            left: Lanes::default(),
            right: Lanes::default(),
            power: [0.0; N],
            delta: [0.0; N],
            delta_step: [0.0; N],
            aim: [0.0; N],
            n_to_grid: 0,
        }
    }

    /// Moves to other bands over `n_frames`.
    pub fn retune(&mut self, bands: &[DynamicBand; N], n_frames: u32) {
        self.filters.to(filters(self.rate, bands), n_frames);
        self.settings.to(settings(self.rate, bands), n_frames);
    }

    /// Says which frame of the track comes next: the grid is the track's, so
    /// that every chain over the same frames works on the same lines.
    pub fn seek(&mut self, frame: i64) {
        let into = frame.rem_euclid(i64::from(GRID)) as u32;
        self.n_to_grid = (GRID - into) % GRID;
    }

    /// On a grid line: where each band's gain shall be at the next one.
    fn draw(&mut self) {
        let settings: Settings = rows(self.settings.now());
        for band in 0..N {
            let [threshold_db, slope, range_db, lift_below_db, lift, lift_range_db] =
                std::array::from_fn(|n| settings[n][band]);
            let curve = Curve { threshold_db, slope, range_db, lift_below_db, lift, lift_range_db };
            let mut target = 0.0;
            if !curve.is_flat() {
                let db = curve.gain_db(10.0 * math::log10(self.power[band] + FLOOR));
                target = if db != 0.0 { Db(db).gain() - 1.0 } else { 0.0 };
            }
            // The line drawn last has ended: land on it, or rounding would keep
            // a trace of everything that ever was.
            self.delta[band] = self.aim[band];
            self.delta_step[band] = (target - self.aim[band]) / GRID as f32;
            self.aim[band] = target;
        }
        self.n_to_grid = GRID;
    }

    /// Frames between two grid lines, settings at rest.
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let [a1, a2, a3, m0, m1, m2]: [[f32; N]; 6] = rows(self.filters.now());
        let [.., attack, release]: Settings = rows(self.settings.now());
        let a = [a1, a2, a3];
        // Held here, the state stays in registers.
        let (mut lanes_l, mut lanes_r) = (self.left, self.right);
        let (mut power, mut delta, delta_step) = (self.power, self.delta, self.delta_step);
        for (l, r) in left.iter_mut().zip(right) {
            let (l1, l2) = lanes_l.step(&a, [*l; N]);
            let (r1, r2) = lanes_r.step(&a, [*r; N]);
            let (mut sum_l, mut sum_r) = ([0.0; N], [0.0; N]);
            for i in 0..N {
                let part_l = m0[i] * *l + m1[i] * l1[i] + m2[i] * l2[i];
                let part_r = m0[i] * *r + m1[i] * r1[i] + m2[i] * r2[i];
                let level = math::larger(part_l.abs(), part_r.abs()) + HUSH;
                let now = level * level;
                let share = if now > power[i] { attack[i] } else { release[i] };
                power[i] = (power[i] + (now - power[i]) * share + svf::FLUSH) - svf::FLUSH;
                delta[i] += delta_step[i];
                sum_l[i] = delta[i] * part_l;
                sum_r[i] = delta[i] * part_r;
            }
            *l += (sum_l[0] + sum_l[1]) + (sum_l[2] + sum_l[3]);
            *r += (sum_r[0] + sum_r[1]) + (sum_r[2] + sum_r[3]);
        }
        (self.left, self.right) = (lanes_l, lanes_r);
        (self.power, self.delta) = (power, delta);
    }
}

impl Processor for Dynamics {
    fn process(&mut self, block: &mut Block) {
        let (left, right) = block.stereo_mut();
        let mut at = 0;
        while at < left.len() {
            let moving = !self.settings.resting();
            self.filters.tick();
            self.settings.tick();
            if self.n_to_grid == 0 {
                self.draw();
            }
            let n = if moving { 1 } else { (left.len() - at).min(self.n_to_grid as usize) };
            self.run(&mut left[at..at + n], &mut right[at..at + n]);
            self.n_to_grid -= n as u32;
            at += n;
        }
    }

    /// 13.8 time constants (−120 dB) of a 10-Hz pole, the lowest allowed.
    fn tail(&self) -> usize {
        self.rate as usize
    }

    fn reset(&mut self) {
        self.filters.finish();
        self.settings.finish();
        self.left = Lanes::default();
        self.right = Lanes::default();
        self.power = [0.0; N];
        self.delta = [0.0; N];
        self.delta_step = [0.0; N];
        self.aim = [0.0; N];
        self.n_to_grid = 0;
    }
}
