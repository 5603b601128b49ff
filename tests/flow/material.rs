//! Music-like sound, and stages that work it hard.

use auralis_core::block::Block;
use auralis_core::error::Result;
use auralis_core::flow::{Source, Spec};
use auralis_core::plan::{Ride, Stages};

/// A source over planes in memory.
#[derive(Clone)]
pub struct Memory {
    /// Frames per second.
    pub rate: u32,
    /// Left and right.
    pub planes: [Vec<f32>; 2],
    at: usize,
}

impl Memory {
    /// `seconds` of drums, bass, chords and noise at `rate`, loud and quiet by
    /// turns; `seed` makes another piece.
    pub fn music(rate: u32, seconds: f64, seed: u64) -> Self {
        let n = (seconds * f64::from(rate)) as usize;
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut noise = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        let (mut left, mut right) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let beat = 0.5 + (seed % 7) as f64 * 0.03;
        for i in 0..n {
            let t = i as f64 / f64::from(rate);
            let into = t % beat;
            let kick = (std::f64::consts::TAU * (50.0 + 90.0 * (-into * 40.0).exp()) * into).sin()
                * (-into * 9.0).exp();
            let snare = f64::from(noise()) * (-((t + beat / 2.0) % beat) * 22.0).exp();
            let bass = (std::f64::consts::TAU * 55.0 * t).sin() * 0.4;
            let chord: f64 = [220.0, 277.2, 329.6, 1318.5, 6000.0]
                .iter()
                .enumerate()
                .map(|(k, hz)| (std::f64::consts::TAU * hz * t + k as f64).sin() * 0.12)
                .sum();
            let swell = 0.25 + 0.7 * (0.5 + 0.5 * (t * 0.7 + seed as f64).sin());
            let l = (0.7 * kick + 0.25 * snare + bass + chord) * swell;
            let r = (0.7 * kick - 0.2 * snare + bass + chord * 0.7 + f64::from(noise()) * 0.02) * swell;
            left.push(l as f32);
            right.push(r as f32);
        }
        Memory { rate, planes: [left, right], at: 0 }
    }

    /// How many frames there are.
    pub fn n_frames(&self) -> u64 {
        self.planes[0].len() as u64
    }
}

impl Source for Memory {
    fn spec(&self) -> Spec {
        Spec { rate: self.rate, n_channels: 2 }
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        let n = block.capacity().min(self.planes[0].len() - self.at);
        block.set_frames(n);
        for (channel, plane) in self.planes.iter().enumerate() {
            block.plane_mut(channel).copy_from_slice(&plane[self.at..self.at + n]);
        }
        self.at += n;
        Ok(())
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        self.at = frame.min(self.n_frames()) as usize;
        Ok(())
    }

    fn expected_frames(&self) -> Option<u64> {
        Some(self.n_frames())
    }
}

/// Stages in which every stage works, hard; `turn` gives different ones.
pub fn hard_stages(turn: usize) -> Stages {
    let mut stages = Stages::neutral();
    let sign = if turn.is_multiple_of(2) { 1.0 } else { -1.0 };
    stages.input_gain_db = 2.0 * sign;
    stages.ride = Ride { hop_s: 3.0, gain_db: vec![0.0, 2.0, -1.0, 3.0 * sign, 0.0, 1.0, -2.0, 0.5] };
    for (i, band) in stages.eq.iter_mut().enumerate() {
        band.gain_db = sign * [3.0, -2.0, 1.5, -4.0, 2.0, -1.0, 2.5, 3.0][i];
    }
    for band in &mut stages.dynamics {
        band.threshold_db = -30.0 + turn as f32;
        band.lift_below_db = -45.0;
        band.lift = 0.3;
        band.lift_range_db = 5.0;
        band.slope = 0.4;
        band.range_db = 6.0;
        band.attack_ms = 8.0;
        band.release_ms = 200.0;
    }
    stages.saturation.drive = 0.3;
    stages.stereo.width_high = 0.7;
    stages.stereo.width = 1.3;
    stages.stereo.bass_mono = 0.8;
    stages.output_gain_db = 4.0;
    stages.limiter.ceiling_dbtp = -1.0;
    stages
}

/// Reads `n` frames from `source`, `at_a_time` frames at a time.
pub fn read(source: &mut dyn Source, n: usize, at_a_time: usize) -> [Vec<f32>; 2] {
    let mut out = [Vec::new(), Vec::new()];
    while out[0].len() < n {
        let mut block = Block::new(2, at_a_time.min(n - out[0].len()));
        source.read(&mut block).expect("memory can be read");
        for (channel, plane) in out.iter_mut().enumerate() {
            plane.extend_from_slice(block.plane(channel));
        }
        if block.n_frames() < block.capacity() {
            break;
        }
    }
    out
}

/// The largest difference in dBFS.
pub fn residual_db(a: &[Vec<f32>; 2], b: &[Vec<f32>; 2]) -> f32 {
    assert_eq!(a[0].len(), b[0].len(), "lengths differ");
    let worst = (0..2).flat_map(|c| a[c].iter().zip(&b[c])).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
    20.0 * worst.log10()
}
