//! The one filter structure of the chain: a state-variable filter in
//! topology-preserving form (A. Simper, "Solving the continuous SVF equations
//! using trapezoidal integration", 2013). In `f32` its state converges to the
//! same bits from any past, which a direct form's never does.

use crate::math::f64::{pow, tan};
use crate::plan::Shape;

/// Added to and taken from every state: what is smaller than about 1e-25
/// vanishes, so no state lingers among the subnormals; what is larger than
/// 1e-10 is not touched.
pub const FLUSH: f32 = 1e-18;

/// Frequencies above this share of the rate are out of a filter's reach.
const REACH: f64 = 0.45;

/// Coefficients of one filter: three for the state, three for the mix
/// `y = x + d0·x + m1·v1 + m2·v2`. All `d`, `m` zero is identity to the bit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coefficients {
    /// State.
    pub a: [f32; 3],
    /// Mix.
    pub mix: [f32; 3],
}

fn state(rate: u32, hz: f64, k: f64) -> [f32; 3] {
    let g = tan(std::f64::consts::PI * (hz / f64::from(rate)).min(REACH));
    let a1 = 1.0 / (1.0 + g * (g + k));
    [a1 as f32, (g * a1) as f32, (g * g * a1) as f32]
}

fn state_scaled(rate: u32, hz: f64, k: f64, scale: f64) -> [f32; 3] {
    let g = tan(std::f64::consts::PI * (hz / f64::from(rate)).min(REACH)) * scale;
    let a1 = 1.0 / (1.0 + g * (g + k));
    [a1 as f32, (g * a1) as f32, (g * g * a1) as f32]
}

/// A shelf or bell of `gain_db`. Bands that lie out of reach at this rate are
/// identity.
pub fn equaliser(rate: u32, shape: Shape, hz: f32, gain_db: f32, q: f32) -> Coefficients {
    let (hz, q) = (f64::from(hz), f64::from(q));
    let gain_db = if hz > REACH * f64::from(rate) { 0.0 } else { f64::from(gain_db) };
    let a = pow(10.0, gain_db / 40.0);
    let k = 1.0 / q;
    let (a_state, mix) = match shape {
        Shape::Bell => (state(rate, hz, k / a), [0.0, (k / a) * (a * a - 1.0), 0.0]),
        Shape::LowShelf => (state_scaled(rate, hz, k, 1.0 / a.sqrt()), [0.0, k * (a - 1.0), a * a - 1.0]),
        Shape::HighShelf => {
            (state_scaled(rate, hz, k, a.sqrt()), [a * a - 1.0, k * (1.0 - a) * a, 1.0 - a * a])
        }
    };
    Coefficients { a: a_state, mix: mix.map(|m| m as f32) }
}

/// The part of the signal that a dynamic band of this shape moves: everything
/// below, around or above `hz`, with unit gain in its middle. Here the mix is
/// the whole output: `y = m0·x + m1·v1 + m2·v2`. Out of reach: nothing.
pub fn part(rate: u32, shape: Shape, hz: f32) -> Coefficients {
    let hz = f64::from(hz);
    if hz > REACH * f64::from(rate) {
        return Coefficients { a: state(rate, hz, 1.0), mix: [0.0; 3] };
    }
    let (k, mix) = match shape {
        Shape::LowShelf => (std::f64::consts::SQRT_2, [0.0, 0.0, 1.0]),
        Shape::Bell => (1.0, [0.0, 1.0, 0.0]),
        Shape::HighShelf => (std::f64::consts::SQRT_2, [1.0, -std::f64::consts::SQRT_2, -1.0]),
    };
    Coefficients { a: state(rate, hz, k), mix: mix.map(|m| m as f32) }
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
    /// One step: the band-pass (v1) and low-pass (v2) outputs for input `v0`.
    #[inline(always)]
    pub fn step(&mut self, a: &[[f32; 4]; 3], v0: [f32; 4]) -> ([f32; 4], [f32; 4]) {
        let mut v1 = [0.0; 4];
        let mut v2 = [0.0; 4];
        for i in 0..4 {
            let v3 = v0[i] - self.ic2[i];
            v1[i] = a[0][i] * self.ic1[i] + a[1][i] * v3;
            v2[i] = self.ic2[i] + a[1][i] * self.ic1[i] + a[2][i] * v3;
            self.ic1[i] = (2.0 * v1[i] - self.ic1[i] + FLUSH) - FLUSH;
            self.ic2[i] = (2.0 * v2[i] - self.ic2[i] + FLUSH) - FLUSH;
        }
        (v1, v2)
    }
}
