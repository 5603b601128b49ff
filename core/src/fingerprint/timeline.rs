//! What is kept along the track, in bounded memory: when it is full, neighbours
//! are joined and the hop doubles.

use super::{Waveform, quantised};
use crate::meter::{abs_max, loudness_of};

/// The most values of the loudness curve.
pub(super) const MAX_SECONDS: usize = 7_200;
/// The most peaks of the waveform.
pub(super) const MAX_PEAKS: usize = 2_048;
/// Frames behind a peak at first.
const FIRST_HOP: u64 = 256;

/// Collects the waveform.
pub(super) struct Outline {
    hop: u64,
    peaks: Vec<f32>,
    peak: f32,
    n: u64,
}

impl Outline {
    pub fn new() -> Self {
        Outline { hop: FIRST_HOP, peaks: Vec::with_capacity(MAX_PEAKS), peak: 0.0, n: 0 }
    }

    /// Hears more of both channels, whose highest absolute sample is `peak`.
    pub fn push(&mut self, left: &[f32], right: &[f32], peak: f32) {
        let mut from = 0;
        while from < left.len() {
            let n = ((self.hop - self.n) as usize).min(left.len() - from);
            let upto = from + n;
            let peak_of_part = || abs_max(&left[from..upto]).max(abs_max(&right[from..upto]));
            self.peak = self.peak.max(if n == left.len() { peak } else { peak_of_part() });
            self.n += n as u64;
            from = upto;
            if self.n == self.hop {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        self.peaks.push(self.peak);
        self.peak = 0.0;
        self.n = 0;
        if self.peaks.len() == MAX_PEAKS {
            self.peaks = self.peaks.chunks(2).map(abs_max).collect();
            self.hop *= 2;
        }
    }

    pub fn finish(mut self) -> Waveform {
        if self.n > 0 {
            self.close();
        }
        let peaks = self.peaks.iter().map(|&p| quantised(f64::from(p).min(1.0), 1e3)).collect();
        Waveform { hop_frames: self.hop, peaks }
    }
}

/// Collects the loudness of seconds.
pub(super) struct Curve {
    hop: u32,
    /// Energy and frames of each hop.
    hops: Vec<(f64, u64)>,
    open: (f64, u64),
    n_seconds: u32,
}

impl Curve {
    pub fn new() -> Self {
        Curve { hop: 1, hops: Vec::new(), open: (0.0, 0), n_seconds: 0 }
    }

    /// Adds a second, or what is left of one at the end.
    pub fn add(&mut self, energy: f64, n_frames: u64) {
        self.open.0 += energy;
        self.open.1 += n_frames;
        self.n_seconds += 1;
        if self.n_seconds == self.hop {
            self.close();
        }
    }

    fn close(&mut self) {
        self.hops.push(self.open);
        self.open = (0.0, 0);
        self.n_seconds = 0;
        if self.hops.len() == MAX_SECONDS {
            self.hops = self.hops.chunks(2).map(|two| (two[0].0 + two[1].0, two[0].1 + two[1].1)).collect();
            self.hop *= 2;
        }
    }

    /// The hop in seconds and the loudness over three hops around each.
    pub fn finish(mut self) -> (u32, Vec<Option<f64>>) {
        if self.open.1 > 0 {
            self.close();
        }
        let n = self.hops.len();
        let curve = (0..n)
            .map(|i| {
                let around = &self.hops[i.saturating_sub(1)..(i + 2).min(n)];
                let (energy, frames) =
                    around.iter().fold((0.0, 0), |sum, hop| (sum.0 + hop.0, sum.1 + hop.1));
                let loudness = loudness_of(energy / frames.max(1) as f64);
                (loudness > -70.0).then(|| quantised(loudness, 10.0))
            })
            .collect();
        (self.hop, curve)
    }
}
