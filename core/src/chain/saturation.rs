//! Saturation: a little of a cubic curve, made of the lower part of the
//! spectrum only, so that its third harmonics stay below the Nyquist frequency.

use super::glide::Glide;
use super::svf::{self, Lanes};
use crate::block::Block;
use crate::flow::Processor;
use crate::plan::{Saturation as Params, Shape};

/// Corner of the part that is bent, as a share of the rate: a cube reaches
/// three times as high, and two poles pairs make what lies above a sixth small.
const CORNER: f32 = 0.09;
/// The highest corner in Hz; at high rates nothing above it needs warmth.
const HIGHEST_HZ: f32 = 6_000.0;
/// The part is held to this before it is cubed.
const BOUND: f32 = 1.5;

/// The saturation stage.
#[derive(Clone, Debug)]
pub struct Saturator {
    rate: u32,
    drive: Glide<1>,
    a: [[f32; 4]; 3],
    lanes: Lanes,
    /// The input and the once-filtered input of the frame before, `L R`.
    waiting: [f32; 2],
    once: [f32; 2],
}

impl Saturator {
    /// This drive at `rate`.
    pub fn new(rate: u32, params: &Params) -> Self {
        let hz = (CORNER * rate as f32).min(HIGHEST_HZ);
        let c = svf::part(rate, Shape::LowShelf, hz);
        Saturator {
            rate,
            drive: Glide::new([params.drive]),
            a: c.a.map(|a| [a; 4]),
            lanes: Lanes::default(),
            waiting: [0.0; 2],
            once: [0.0; 2],
        }
    }

    /// Moves to another drive over `n_frames`.
    pub fn retune(&mut self, params: &Params, n_frames: u32) {
        self.drive.to([params.drive], n_frames);
    }
}

/// The difference between the cubic soft clipper x − x³/3 and x.
fn bend(x: f32) -> f32 {
    // What is so small has a cube among the subnormals.
    let x = if x.abs() < 1e-8 { 0.0 } else { x.clamp(-BOUND, BOUND) };
    x * x * x * (-1.0 / 3.0)
}

impl Processor for Saturator {
    fn process(&mut self, block: &mut Block) {
        let (left, right) = block.stereo_mut();
        for (l, r) in left.iter_mut().zip(right) {
            self.drive.tick();
            let drive = self.drive.now()[0];
            let (_, low) = self.lanes.step(&self.a, [*l, *r, self.once[0], self.once[1]]);
            self.once = [low[0], low[1]];
            let [before_l, before_r] = std::mem::replace(&mut self.waiting, [*l, *r]);
            *l = before_l + drive * bend(low[2]);
            *r = before_r + drive * bend(low[3]);
        }
    }

    /// The second filter works a frame behind the first.
    fn latency(&self) -> usize {
        1
    }

    fn tail(&self) -> usize {
        self.rate as usize / 10
    }

    fn reset(&mut self) {
        self.drive.finish();
        self.lanes = Lanes::default();
        self.waiting = [0.0; 2];
        self.once = [0.0; 2];
    }
}
