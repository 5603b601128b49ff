//! The one filter structure of the chain: a state-variable filter in
//! topology-preserving form (A. Simper, "Solving the continuous SVF equations
//! using trapezoidal integration", 2013). In `f32` its state converges to the
//! same bits from any past, which a direct form's never does.

use crate::math::f64::tan;
use crate::plan::{Band, Filter, Shape};

/// States below this, −360 dBFS, are set to 0 on each line of the grid, so that
/// none lingers among the subnormals.
const HUSH: f32 = 1e-18;

/// Frequencies above this share of the rate are out of a filter's reach.
const REACH: f64 = 0.45;

/// Coefficients of one filter. Its output is taken from the input and the state
/// before it: `y = o0·x + o1·ic1 + o2·ic2`; nothing waits for the next state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coefficients {
    /// What makes the next state.
    pub state: [f32; 3],
    /// What makes the output.
    pub out: [f32; 3],
}

impl Coefficients {
    /// Of the filter `m0·x + m1·b + m2·l`, where `b` and `l` are its band-pass and
    /// low-pass output. With Simper's a1, a2 and a3 the state's are 2·a1 − 1,
    /// 2·a2 and 2·a3, which give the next state itself.
    fn new(g: f64, k: f64, [m0, m1, m2]: [f64; 3]) -> Self {
        let a1 = 1.0 / (1.0 + g * (g + k));
        let (a2, a3) = (g * a1, g * g * a1);
        let out = [m0 + m1 * a2 + m2 * a3, m1 * a1 + m2 * a2, m2 * (1.0 - a3) - m1 * a2];
        let state = [2.0 * a1 - 1.0, 2.0 * a2, 2.0 * a3];
        Coefficients { state: state.map(|x| x as f32), out: out.map(|x| x as f32) }
    }
}

/// What an equaliser band adds to the sound: at 0 dB, and for one that lies out
/// of reach at this rate, nothing to the bit.
pub fn equaliser(rate: u32, band: &Band) -> Coefficients {
    let filter = Filter::of(band, f64::from(rate));
    Coefficients::new(filter.g, filter.k, filter.mix)
}

/// The part of the signal that a dynamic band of this shape moves: everything
/// below, around or above `hz`, with unit gain in its middle. Out of reach:
/// nothing.
pub fn part(rate: u32, shape: Shape, hz: f32) -> Coefficients {
    const K: f64 = std::f64::consts::SQRT_2;
    let share = f64::from(hz) / f64::from(rate);
    let (k, mix) = match shape {
        Shape::LowShelf => (K, [0.0, 0.0, 1.0]),
        Shape::Bell => (1.0, [0.0, 1.0, 0.0]),
        Shape::HighShelf => (K, [1.0, -K, -1.0]),
    };
    let mix = if share > REACH { [0.0; 3] } else { mix };
    Coefficients::new(tan(std::f64::consts::PI * share.min(REACH)), k, mix)
}

/// Four filters side by side, one per lane.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lanes {
    /// First integrator.
    ic1: [f32; 4],
    /// Second integrator.
    ic2: [f32; 4],
}

impl Lanes {
    /// One step: the outputs for `x`.
    #[inline(always)]
    pub fn step(&mut self, state: &[[f32; 4]; 3], out: &[[f32; 4]; 3], x: [f32; 4]) -> [f32; 4] {
        let mut y = [0.0; 4];
        for i in 0..4 {
            let (ic1, ic2) = (self.ic1[i], self.ic2[i]);
            let v3 = x[i] - ic2;
            self.ic1[i] = state[0][i] * ic1 + state[1][i] * v3;
            self.ic2[i] = (ic2 + state[1][i] * ic1) + state[2][i] * v3;
            y[i] = out[0][i] * x[i] + (out[1][i] * ic1 + out[2][i] * ic2);
        }
        y
    }

    /// Lets what is nearly nothing be nothing; for every line of the grid.
    pub fn hush(&mut self) {
        for x in self.ic1.iter_mut().chain(&mut self.ic2) {
            if x.abs() < HUSH {
                *x = 0.0;
            }
        }
    }
}
