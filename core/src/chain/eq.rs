//! The tonal equaliser: eight minimum-phase bands.
//!
//! Two bands run in the four lanes of one filter, the second a frame behind
//! the first, and each pair takes what the pair before gave a frame ago: so no
//! lane waits for another, and the whole is late by a constant.

use super::glide::Glide;
use super::svf::{self, Lanes};
use crate::block::Block;
use crate::flow::Processor;
use crate::plan::{Band, N_EQ_BANDS};

const N_PAIRS: usize = N_EQ_BANDS / 2;
/// Numbers per pair: three state and three mix coefficients in four lanes.
const PER_PAIR: usize = 24;

/// `[a1 a2 a3]` and `[d0 m1 m2]` of one pair, in lanes.
type Pair = ([[f32; 4]; 3], [[f32; 4]; 3]);

/// The equaliser.
#[derive(Clone, Debug)]
pub struct Equaliser {
    rate: u32,
    glide: Glide<{ N_PAIRS * PER_PAIR }>,
    lanes: [Lanes; N_PAIRS],
    /// What each pair gave last: `[first band L, R, second band L, R]`.
    last: [[f32; 4]; N_PAIRS],
}

fn coefficients(rate: u32, bands: &[Band; N_EQ_BANDS]) -> [f32; N_PAIRS * PER_PAIR] {
    let mut out = [0.0; N_PAIRS * PER_PAIR];
    for (i, band) in bands.iter().enumerate() {
        let c = svf::equaliser(rate, band.shape, band.hz, band.gain_db, band.q);
        let (pair, lane) = (i / 2, (i % 2) * 2);
        for (n, value) in c.a.into_iter().chain(c.mix).enumerate() {
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
        Equaliser {
            rate,
            glide: Glide::new(coefficients(rate, bands)),
            lanes: Default::default(),
            last: Default::default(),
        }
    }

    /// Moves to other bands over `n_frames`.
    pub fn retune(&mut self, bands: &[Band; N_EQ_BANDS], n_frames: u32) {
        self.glide.to(coefficients(self.rate, bands), n_frames);
    }

    #[inline(always)]
    fn frame(
        lanes: &mut [Lanes; N_PAIRS],
        last: &mut [[f32; 4]; N_PAIRS],
        coefficients: &[Pair; N_PAIRS],
        l: f32,
        r: f32,
    ) -> (f32, f32) {
        for pair in (0..N_PAIRS).rev() {
            let [.., before_l, before_r] = if pair == 0 { [0.0, 0.0, l, r] } else { last[pair - 1] };
            let v0 = [before_l, before_r, last[pair][0], last[pair][1]];
            let (a, m) = &coefficients[pair];
            let (v1, v2) = lanes[pair].step(a, v0);
            for i in 0..4 {
                last[pair][i] = v0[i] + (m[0][i] * v0[i] + m[1][i] * v1[i] + m[2][i] * v2[i]);
            }
        }
        (last[N_PAIRS - 1][2], last[N_PAIRS - 1][3])
    }
}

impl Processor for Equaliser {
    fn process(&mut self, block: &mut Block) {
        let (left, right) = block.stereo_mut();
        let mut coefficients: [_; N_PAIRS] = std::array::from_fn(|pair| of_pair(self.glide.now(), pair));
        let (mut lanes, mut last) = (self.lanes, self.last);
        for (l, r) in left.iter_mut().zip(right) {
            if !self.glide.resting() {
                self.glide.tick();
                coefficients = std::array::from_fn(|pair| of_pair(self.glide.now(), pair));
            }
            (*l, *r) = Self::frame(&mut lanes, &mut last, &coefficients, *l, *r);
        }
        (self.lanes, self.last) = (lanes, last);
    }

    /// One frame inside each pair, one between pairs.
    fn latency(&self) -> usize {
        2 * N_PAIRS - 1
    }

    /// 13.8 time constants (−120 dB) of a 10-Hz pole, the lowest allowed.
    fn tail(&self) -> usize {
        self.latency() + self.rate as usize
    }

    fn reset(&mut self) {
        self.glide.finish();
        self.lanes = Default::default();
        self.last = Default::default();
    }
}
