//! Stereo: the side signal wider or narrower in the middle and in the highs,
//! each by itself, and taken out of the bass. What is added to the left is taken
//! from the right: the mono sum never changes.

use super::glide::Glide;
use super::grid::{Grid, by_lines};
use super::svf::{self, Lanes};
use crate::flow::Processor;
use crate::plan::{Shape, Stereo as Params};

/// The stereo stage.
#[derive(Clone, Debug)]
pub struct Image {
    rate: u32,
    grid: Grid,
    /// The state's coefficients at both corners by turns, then what is added:
    /// of the side signal itself, and of both corners' states by turns.
    glide: Glide<11>,
    /// The side signal at the lower corner and at the upper one.
    lanes: Lanes,
    /// Nothing is added, until that changes.
    asleep: bool,
}

/// All that is added is one filter at each corner: above the lower corner, above
/// the upper one, and less below the lower one.
fn numbers(rate: u32, params: &Params) -> [f32; 11] {
    let at = |shape, hz| svf::part(rate, shape, hz);
    let (below, middle) = (at(Shape::LowShelf, params.bass_hz), at(Shape::HighShelf, params.bass_hz));
    let high = at(Shape::HighShelf, params.high_hz);
    let (wider, above, mono) = (params.width - 1.0, params.width_high - params.width, -params.bass_mono);
    let low: [f32; 3] = std::array::from_fn(|i| wider * middle.out[i] + mono * below.out[i]);
    // Highs out of this rate's reach are not there to be widened.
    let top = high.out.map(|out| above * out);
    let (a, b) = (below.state, high.state);
    [a[0], b[0], a[1], b[1], a[2], b[2], low[0] + top[0], low[1], top[1], low[2], top[2]]
}

impl Image {
    /// This image at `rate`.
    pub fn new(rate: u32, params: &Params) -> Self {
        let mut new = Image {
            rate,
            grid: Grid::default(),
            glide: Glide::new(numbers(rate, params)),
            lanes: Lanes::default(),
            asleep: false,
        };
        new.reset();
        new
    }

    /// Moves to another image over `n_frames`.
    pub fn retune(&mut self, params: &Params, n_frames: u32) {
        self.glide.to(numbers(self.rate, params), n_frames);
        self.asleep &= self.is_idle();
    }

    /// Says which frame of the track comes next.
    pub fn seek(&mut self, frame: i64) {
        self.grid.seek(frame);
    }

    fn is_idle(&self) -> bool {
        self.glide.resting() && self.glide.now()[6..].iter().all(|&x| x == 0.0)
    }

    fn line(&mut self) {
        self.asleep = self.is_idle();
        if self.asleep {
            self.lanes = Lanes::default();
        }
        self.lanes.hush();
    }

    /// Frames with all numbers at rest.
    fn work(&mut self, left: &mut [f32], right: &mut [f32]) {
        let [a0, b0, a1, b1, a2, b2, itself, a3, b3, a4, b4] = *self.glide.now();
        let state = [[a0, b0, 0.0, 0.0], [a1, b1, 0.0, 0.0], [a2, b2, 0.0, 0.0]];
        let out = [[itself, 0.0, 0.0, 0.0], [a3, b3, 0.0, 0.0], [a4, b4, 0.0, 0.0]];
        let mut lanes = self.lanes;
        for (l, r) in left.iter_mut().zip(right) {
            let side = (*l - *r) * 0.5;
            let [low, high, ..] = lanes.step(&state, &out, [side, side, 0.0, 0.0]);
            *l += low + high;
            *r -= low + high;
        }
        self.lanes = lanes;
    }
}

impl Processor for Image {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut grid = self.grid;
        by_lines(&mut grid, left, right, |on_line, left, right| {
            if on_line {
                self.line();
            }
            if self.asleep {
                return;
            }
            if self.glide.resting() {
                return self.work(left, right);
            }
            for at in 0..left.len() {
                self.glide.tick();
                self.work(&mut left[at..=at], &mut right[at..=at]);
            }
        });
        self.grid = grid;
    }

    fn tail(&self) -> usize {
        self.rate as usize / 2
    }

    fn reset(&mut self) {
        self.glide.finish();
        self.grid = Grid::default();
        self.asleep = self.is_idle();
        self.lanes = Lanes::default();
    }
}
