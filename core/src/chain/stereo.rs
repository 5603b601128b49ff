//! Stereo: the side signal wider or narrower above a corner, and taken out
//! below it. What is added to the left is taken from the right: the mono sum
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
    /// `a1 a2 a3`, width − 1, bass_mono.
    glide: Glide<5>,
    lanes: Lanes,
}

fn numbers(rate: u32, params: &Params) -> [f32; 5] {
    let c = svf::part(rate, Shape::LowShelf, params.bass_hz);
    [c.a[0], c.a[1], c.a[2], params.width - 1.0, params.bass_mono]
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
            let [a1, a2, a3, wider, mono] = *self.glide.now();
            let side = (*l - *r) * 0.5;
            let (v1, v2) = self.lanes.step(&[[a1; 4], [a2; 4], [a3; 4]], [side; 4]);
            let (low, high) = (v2[0], side - K * v1[0] - v2[0]);
            let change = wider * high - mono * low;
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
