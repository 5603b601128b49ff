//! Distortion and noise (THD+N) of a sine through the whole player: all that
//! is not the sine, over the sine (AES17, without its filters).

use auralis_core::plan::{N_EQ_BANDS, Plan, Stages};
use auralis_tests::signals::sine;

use crate::row::chunked;

/// Rates of the files there are.
const RATES: [u32; 8] = [22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000];
/// Long enough for two joins.
const SECONDS: f64 = 21.0;
/// AES17's frequency.
const HZ: f64 = 997.0;
/// What is left out at either end, where the sine begins and ends.
const EDGE_S: f64 = 0.5;

/// A measured distortion.
pub struct Distortion {
    /// What the sine went through.
    pub plan: &'static str,
    /// Frames per second.
    pub rate: u32,
    /// In dB of the sine.
    pub thd_n_db: f64,
    /// Whether it is held to the bound: of a plan that moves, the figure only
    /// tells what its filters cost.
    pub is_held: bool,
}

/// At every rate: the neutral plan, and one whose gains and equaliser work.
pub fn all() -> Vec<Distortion> {
    let at = |rate| {
        let of =
            |plan, stages, is_held| Distortion { plan, rate, thd_n_db: thd_n_db(rate, &stages), is_held };
        [of("neutral", Plan::neutral().stages, true), of("gains and equaliser", toned(), false)]
    };
    RATES.into_iter().flat_map(at).collect()
}

/// Linear stages at work: no dynamics, saturation or limiter may touch the sine.
fn toned() -> Stages {
    let mut stages = Stages::neutral();
    stages.input_gain_db = -3.0;
    stages.output_gain_db = 1.5;
    let gains: [f32; N_EQ_BANDS] = [3.0, -2.0, 1.5, -4.0, 2.0, -1.0, 2.5, 3.0];
    for (band, gain_db) in stages.eq.iter_mut().zip(gains) {
        band.gain_db = gain_db;
    }
    stages
}

/// The sine is fitted by least squares (amplitude, phase, and the mean); the
/// rest is distortion and noise.
fn thd_n_db(rate: u32, stages: &Stages) -> f64 {
    let n_frames = (SECONDS * f64::from(rate)) as usize;
    let plane = sine(rate, HZ, n_frames, 10f32.powf(-12.0 / 20.0));
    let out = chunked(rate, &vec![plane.clone(), plane], stages).expect("neutral stages are valid");
    let edge = (EDGE_S * f64::from(rate)) as usize;
    let step = std::f64::consts::TAU * HZ / f64::from(rate);
    let heard: Vec<[f64; 4]> = (edge..n_frames - edge)
        .map(|n| {
            let (sin, cos) = (step * n as f64).sin_cos();
            [sin, cos, 1.0, f64::from(out[0][n])]
        })
        .collect();
    let [a, b, mean] = fitted(&heard);
    let rest: f64 = heard.iter().map(|[sin, cos, _, x]| (x - a * sin - b * cos - mean).powi(2)).sum();
    let tone = 0.5 * (a * a + b * b) * heard.len() as f64;
    10.0 * (rest / tone).log10()
}

/// Least squares for x ≈ a·sin + b·cos + mean, by Cramer's rule.
fn fitted(rows: &[[f64; 4]]) -> [f64; 3] {
    let mut m = [[0.0; 4]; 3];
    for row in rows {
        for (i, line) in m.iter_mut().enumerate() {
            for (sum, x) in line.iter_mut().zip(row) {
                *sum += row[i] * x;
            }
        }
    }
    let det = |c: [usize; 3]| {
        let [x, y, z] = m.map(|line| c.map(|i| line[i]));
        x[0] * (y[1] * z[2] - y[2] * z[1]) - x[1] * (y[0] * z[2] - y[2] * z[0])
            + x[2] * (y[0] * z[1] - y[1] * z[0])
    };
    let whole = det([0, 1, 2]);
    [det([3, 1, 2]) / whole, det([0, 3, 2]) / whole, det([0, 1, 3]) / whole]
}
