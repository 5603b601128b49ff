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

/// Coefficients of one filter: three for the state, three for the mix
/// `y = x + m0·x + m1·b + m2·l`, where `b` and `l` are twice the band-pass and
/// the low-pass output. All `m` zero is identity to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coefficients {
    /// State.
    pub state: [f32; 3],
    /// Mix.
    pub mix: [f32; 3],
}

/// The state's coefficients: with Simper's a1, a2 and a3 these are 2·a1 − 1,
/// 2·a2 and 2·a3, which give the next state itself.
fn state(g: f64, k: f64) -> [f32; 3] {
    let a1 = 1.0 / (1.0 + g * (g + k));
    [(2.0 * a1 - 1.0) as f32, (2.0 * g * a1) as f32, (2.0 * g * g * a1) as f32]
}

/// An equaliser band. One that lies out of reach at this rate is identity.
pub fn equaliser(rate: u32, band: &Band) -> Coefficients {
    let filter = Filter::of(band, f64::from(rate));
    let [d0, m1, m2] = filter.mix;
    Coefficients { state: state(filter.g, filter.k), mix: [d0, 0.5 * m1, 0.5 * m2].map(|m| m as f32) }
}

/// The part of the signal that a dynamic band of this shape moves: everything
/// below, around or above `hz`, with unit gain in its middle. Here the mix is
/// the whole output: `y = m0·x + m1·b + m2·l`. Out of reach: nothing.
pub fn part(rate: u32, shape: Shape, hz: f32) -> Coefficients {
    const K: f64 = std::f64::consts::SQRT_2;
    let share = f64::from(hz) / f64::from(rate);
    let (k, mix) = match shape {
        Shape::LowShelf => (K, [0.0, 0.0, 0.5]),
        Shape::Bell => (1.0, [0.0, 0.5, 0.0]),
        Shape::HighShelf => (K, [1.0, -0.5 * K, -0.5]),
    };
    let mix = if share > REACH { [0.0; 3] } else { mix };
    Coefficients { state: state(tan(std::f64::consts::PI * share.min(REACH)), k), mix: mix.map(|m| m as f32) }
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
    /// One step: twice the band-pass and twice the low-pass output for `v0`.
    #[inline(always)]
    pub fn step(&mut self, c: &[[f32; 4]; 3], v0: [f32; 4]) -> ([f32; 4], [f32; 4]) {
        let (mut band, mut low) = ([0.0; 4], [0.0; 4]);
        for i in 0..4 {
            let v3 = v0[i] - self.ic2[i];
            let next1 = c[0][i] * self.ic1[i] + c[1][i] * v3;
            let next2 = (self.ic2[i] + c[1][i] * self.ic1[i]) + c[2][i] * v3;
            band[i] = next1 + self.ic1[i];
            low[i] = next2 + self.ic2[i];
            self.ic1[i] = next1;
            self.ic2[i] = next2;
        }
        (band, low)
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
