//! Saturation: a little of a cubic curve, made of the lower part of the
//! spectrum only, so that its third harmonics stay below the Nyquist frequency.

use super::glide::Glide;
use super::grid::{GRID, Grid, by_lines};
use super::svf::{self, Lanes};
use crate::flow::Processor;
use crate::math::larger;
use crate::plan::{Saturation as Params, Shape};

/// Corner of the part that is bent, as a share of the rate: a cube reaches
/// three times as high, and two poles pairs make what lies above a sixth small.
const CORNER: f32 = 0.09;
/// The highest corner in Hz; at high rates nothing above it needs warmth.
const HIGHEST_HZ: f32 = 6_000.0;
/// The part is held to this before it is cubed.
const BOUND: f32 = 1.5;

/// By how many frames the second filter works behind the first: two, so that
/// neither waits for the other.
const LATENCY: usize = 2;

/// The saturation stage.
#[derive(Clone, Debug)]
pub struct Saturator {
    rate: u32,
    grid: Grid,
    drive: Glide<1>,
    state: [[f32; 4]; 3],
    out: [[f32; 4]; 3],
    lanes: Lanes,
    /// The input and the once-filtered input of the last frames, `L R`, the
    /// oldest first.
    waiting: [[f32; LATENCY]; 2],
    once: [[f32; 2]; LATENCY],
    /// No drive: only the delay, until that changes.
    asleep: bool,
}

impl Saturator {
    /// This drive at `rate`.
    pub fn new(rate: u32, params: &Params) -> Self {
        let hz = (CORNER * rate as f32).min(HIGHEST_HZ);
        let c = svf::part(rate, Shape::LowShelf, hz);
        Saturator {
            rate,
            grid: Grid::default(),
            drive: Glide::new([params.drive]),
            state: c.state.map(|c| [c; 4]),
            out: c.out.map(|c| [c; 4]),
            lanes: Lanes::default(),
            waiting: [[0.0; LATENCY]; 2],
            once: [[0.0; 2]; LATENCY],
            asleep: params.drive == 0.0,
        }
    }

    /// Moves to another drive over `n_frames`.
    pub fn retune(&mut self, params: &Params, n_frames: u32) {
        self.drive.to([params.drive], n_frames);
        self.asleep &= self.is_idle();
    }

    /// Says which frame of the track comes next.
    pub fn seek(&mut self, frame: i64) {
        self.grid.seek(frame);
    }

    fn is_idle(&self) -> bool {
        self.drive.resting() && self.drive.now()[0] == 0.0
    }

    fn line(&mut self) {
        self.asleep = self.is_idle();
        if self.asleep {
            self.lanes = Lanes::default();
            self.once = [[0.0; 2]; LATENCY];
        }
        self.lanes.hush();
    }

    fn work(&mut self, left: &mut [f32], right: &mut [f32]) {
        let n = left.len();
        let (state, out, mut lanes) = (self.state, self.out, self.lanes);
        let [mut older, mut newer] = self.once;
        let [[mut first_l, mut second_l], [mut first_r, mut second_r]] = self.waiting;
        let mut lows = [[0.0; GRID]; 2];
        for i in 0..n {
            let [l, r, low_l, low_r] = lanes.step(&state, &out, [left[i], right[i], older[0], older[1]]);
            (older, newer) = (newer, [l, r]);
            (lows[0][i], lows[1][i]) = (low_l, low_r);
            // The sound itself comes out as late.
            (first_l, second_l, left[i]) = (second_l, left[i], first_l);
            (first_r, second_r, right[i]) = (second_r, right[i], first_r);
        }
        (self.lanes, self.once) = (lanes, [older, newer]);
        self.waiting = [[first_l, second_l], [first_r, second_r]];
        let mut drives = [self.drive.now()[0]; GRID];
        if !self.drive.resting() {
            for drive in &mut drives[..n] {
                self.drive.tick();
                *drive = self.drive.now()[0];
            }
        }
        for (plane, lows) in [left, right].into_iter().zip(&lows) {
            for ((x, &low), drive) in plane.iter_mut().zip(lows).zip(drives) {
                *x += drive * bend(low);
            }
        }
    }

    /// Only the delay.
    fn pass(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (waiting, plane) in self.waiting.iter_mut().zip([left, right]) {
            let mut line = [0.0; LATENCY + GRID];
            let n = plane.len();
            line[..LATENCY].copy_from_slice(waiting);
            line[LATENCY..][..n].copy_from_slice(plane);
            plane.copy_from_slice(&line[..n]);
            waiting.copy_from_slice(&line[n..][..LATENCY]);
        }
    }
}

/// The difference between the cubic soft clipper x − x³/3 and x.
#[inline(always)]
fn bend(x: f32) -> f32 {
    let bounded = larger(-BOUND, -larger(-BOUND, -x));
    let cube = bounded * bounded * bounded * (-1.0 / 3.0);
    // What is so small has a cube among the subnormals.
    if x.abs() < 1e-8 { 0.0 } else { cube }
}

impl Processor for Saturator {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut grid = self.grid;
        by_lines(&mut grid, left, right, |on_line, left, right| {
            if on_line {
                self.line();
            }
            if self.asleep { self.pass(left, right) } else { self.work(left, right) }
        });
        self.grid = grid;
    }

    fn latency(&self) -> usize {
        LATENCY
    }

    fn tail(&self) -> usize {
        self.rate as usize / 10
    }

    fn reset(&mut self) {
        self.drive.finish();
        self.grid = Grid::default();
        self.asleep = self.is_idle();
        self.lanes = Lanes::default();
        self.waiting = [[0.0; LATENCY]; 2];
        self.once = [[0.0; 2]; LATENCY];
    }
}
