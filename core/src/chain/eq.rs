//! The tonal equaliser: eight minimum-phase bands.
//!
//! Two bands run in the four lanes of one filter, the second a frame behind
//! the first, and each pair takes what the pair before gave a frame ago: so no
//! lane waits for another, and the whole is late by a constant.

use super::glide::Glide;
use super::grid::{GRID, Grid, by_lines};
use super::svf::{self, Lanes};
use crate::flow::Processor;
use crate::plan::{Band, N_EQ_BANDS};

const N_PAIRS: usize = N_EQ_BANDS / 2;
/// Numbers per pair: three coefficients of the state and three of the output in four lanes.
const PER_PAIR: usize = 24;
/// One frame inside each pair, one between pairs.
const LATENCY: usize = 2 * N_PAIRS - 1;

/// Coefficients of one pair's state and output, in lanes.
type Pair = ([[f32; 4]; 3], [[f32; 4]; 3]);

/// The equaliser.
#[derive(Clone, Debug)]
pub struct Equaliser {
    rate: u32,
    grid: Grid,
    glide: Glide<{ N_PAIRS * PER_PAIR }>,
    pairs: [(Lanes, Last); N_PAIRS],
    /// Every band stands at 0 dB: nothing is filtered until that changes. What
    /// then begins from silence has no gain yet.
    asleep: bool,
}

/// What a pair gave last: `[first band L, R, second band L, R]`.
type Last = [f32; 4];

fn coefficients(rate: u32, bands: &[Band; N_EQ_BANDS]) -> [f32; N_PAIRS * PER_PAIR] {
    let mut out = [0.0; N_PAIRS * PER_PAIR];
    for (i, band) in bands.iter().enumerate() {
        let c = svf::equaliser(rate, band);
        let (pair, lane) = (i / 2, (i % 2) * 2);
        for (n, value) in c.state.into_iter().chain(c.out).enumerate() {
            out[pair * PER_PAIR + n * 4 + lane] = value;
            out[pair * PER_PAIR + n * 4 + lane + 1] = value;
        }
    }
    out
}

/// The coefficients of one pair.
#[inline(always)]
fn of_pair(all: &[f32; N_PAIRS * PER_PAIR], pair: usize) -> Pair {
    let lane4 = |n: usize| -> [f32; 4] { std::array::from_fn(|i| all[pair * PER_PAIR + n * 4 + i]) };
    ([lane4(0), lane4(1), lane4(2)], [lane4(3), lane4(4), lane4(5)])
}

impl Equaliser {
    /// These bands at `rate`.
    pub fn new(rate: u32, bands: &[Band; N_EQ_BANDS]) -> Self {
        let mut new = Equaliser {
            rate,
            grid: Grid::default(),
            glide: Glide::new(coefficients(rate, bands)),
            pairs: Default::default(),
            asleep: false,
        };
        new.reset();
        new
    }

    /// Moves to other bands over `n_frames`.
    pub fn retune(&mut self, bands: &[Band; N_EQ_BANDS], n_frames: u32) {
        self.glide.to(coefficients(self.rate, bands), n_frames);
        self.asleep &= self.is_flat();
    }

    /// Says which frame of the track comes next.
    pub fn seek(&mut self, frame: i64) {
        self.grid.seek(frame);
    }

    /// Whether no band adds anything, or is about to.
    fn is_flat(&self) -> bool {
        self.glide.resting()
            && self.glide.now().chunks_exact(PER_PAIR).all(|pair| pair[12..].iter().all(|&m| m == 0.0))
    }

    #[inline(always)]
    fn frame(
        pairs: &mut [(Lanes, Last); N_PAIRS],
        coefficients: &[Pair; N_PAIRS],
        l: f32,
        r: f32,
    ) -> (f32, f32) {
        for pair in (0..N_PAIRS).rev() {
            let [.., before_l, before_r] = if pair == 0 { [0.0, 0.0, l, r] } else { pairs[pair - 1].1 };
            let (lanes, last) = &mut pairs[pair];
            let v0 = [before_l, before_r, last[0], last[1]];
            let (state, out) = &coefficients[pair];
            let added = lanes.step(state, out, v0);
            for i in 0..4 {
                last[i] = v0[i] + added[i];
            }
        }
        let [.., l, r] = pairs[N_PAIRS - 1].1;
        (l, r)
    }

    /// Frames with all coefficients at rest.
    fn work(&mut self, left: &mut [f32], right: &mut [f32]) {
        let coefficients = std::array::from_fn(|pair| of_pair(self.glide.now(), pair));
        // Held here, the state stays in registers.
        let mut pairs = self.pairs;
        for (l, r) in left.iter_mut().zip(right) {
            (*l, *r) = Self::frame(&mut pairs, &coefficients, *l, *r);
        }
        self.pairs = pairs;
    }

    /// Only the delay: what lies between two bands is then the sound itself,
    /// the later the band the earlier.
    fn pass(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (side, plane) in [left, right].into_iter().enumerate() {
            let mut line = [0.0; LATENCY + 1 + GRID];
            for (pair, (_, last)) in self.pairs.iter().enumerate() {
                line[LATENCY - 2 * pair] = last[side];
                line[LATENCY - 2 * pair - 1] = last[2 + side];
            }
            let n = plane.len();
            line[LATENCY + 1..][..n].copy_from_slice(plane);
            plane.copy_from_slice(&line[1..=n]);
            for (pair, (_, last)) in self.pairs.iter_mut().enumerate() {
                last[side] = line[n + LATENCY - 2 * pair];
                last[2 + side] = line[n + LATENCY - 2 * pair - 1];
            }
        }
    }
}

impl Processor for Equaliser {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut grid = self.grid;
        by_lines(&mut grid, left, right, |on_line, left, right| {
            if on_line {
                self.asleep = self.is_flat();
                for (lanes, _) in &mut self.pairs {
                    if self.asleep {
                        *lanes = Lanes::default();
                    }
                    lanes.hush();
                }
            }
            if self.asleep {
                self.pass(left, right);
            } else if self.glide.resting() {
                self.work(left, right);
            } else {
                for at in 0..left.len() {
                    self.glide.tick();
                    self.work(&mut left[at..=at], &mut right[at..=at]);
                }
            }
        });
        self.grid = grid;
    }

    fn latency(&self) -> usize {
        LATENCY
    }

    /// 13.8 time constants (−120 dB) of a 10-Hz pole, the lowest allowed.
    fn tail(&self) -> usize {
        self.latency() + self.rate as usize
    }

    fn reset(&mut self) {
        self.glide.finish();
        self.grid = Grid::default();
        self.pairs = Default::default();
        self.asleep = self.is_flat();
    }
}
