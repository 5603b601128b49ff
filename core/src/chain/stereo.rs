//! Stereo: the side signal wider or narrower in the middle and in the highs,
//! each by itself, and taken out of the bass. What is added to the left is taken from the right: the mono sum
//! never changes.

use super::glide::Glide;
use super::svf::{self, Lanes};
use crate::block::Block;
use crate::flow::Processor;
use crate::plan::{Shape, Stereo as Params};

/// The stereo stage.
#[derive(Clone, Debug)]
pub struct Image {
    rate: u32,
    /// `a1 a2 a3` of the lower and of the upper corner, then what is added:
    /// above the lower corner, above the upper one, below the lower one.
    glide: Glide<9>,
    /// The side signal at the lower corner and at the upper one.
    lanes: Lanes,
}

fn numbers(rate: u32, params: &Params) -> [f32; 9] {
    let low = svf::part(rate, Shape::LowShelf, params.bass_hz);
    let high = svf::part(rate, Shape::HighShelf, params.high_hz);
    // Highs out of this rate's reach are not there to be widened.
    let above = if high.mix[0] == 0.0 { 0.0 } else { params.width_high - params.width };
    let [low, high] = [low.a, high.a];
    [low[0], high[0], low[1], high[1], low[2], high[2], params.width - 1.0, above, -params.bass_mono]
}

impl Image {
    /// This image at `rate`.
    pub fn new(rate: u32, params: &Params) -> Self {
        Image { rate, glide: Glide::new(numbers(rate, params)), lanes: Lanes::default() }
    }

    /// Moves to another image over `n_frames`.
    pub fn retune(&mut self, params: &Params, n_frames: u32) {
        self.glide.to(numbers(self.rate, params), n_frames);
    }
}

impl Processor for Image {
    fn process(&mut self, block: &mut Block) {
        const K: f32 = std::f32::consts::SQRT_2;
        let (left, right) = block.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            self.glide.tick();
            let [a1, b1, a2, b2, a3, b3, middle, highs, bass] = *self.glide.now();
            let side = (*l - *r) * 0.5;
            let a = [[a1, b1, 0.0, 0.0], [a2, b2, 0.0, 0.0], [a3, b3, 0.0, 0.0]];
            let (v1, v2) = self.lanes.step(&a, [side, side, 0.0, 0.0]);
            let above = |i: usize| side - K * v1[i] - v2[i];
            let change = middle * above(0) + highs * above(1) + bass * v2[0];
            *l += change;
            *r -= change;
        }
    }

    fn tail(&self) -> usize {
        self.rate as usize / 2
    }

    fn reset(&mut self) {
        self.glide.finish();
        self.lanes = Lanes::default();
    }
}
