//! Onsets: where new sound begins, whether it strikes or only starts to sing.
//!
//! Spectral flux (Dixon, "Onset detection revisited", DAFx 2006): the mean rise
//! of sixth-octaves, in dB, from window to window. Its peaks are the onsets.

use super::quantised;
use crate::math;

/// Where bands are looked at, in Hz.
const RANGE_HZ: (f64, f64) = (80.0, 12_000.0);
/// Bands per octave, as far as bins are narrow enough.
const PER_OCTAVE: f64 = 6.0;
/// A band this many dB below the loudest of late does not count.
const FLOOR_DB: f32 = 70.0;
/// How fast the loudest is forgotten, in dB per second.
const FORGET_DB_PER_S: f64 = 0.5;
/// Below, nothing sounds: power of a bin in a window of 4,096, −100 dBFS.
const SILENT: f32 = 1e-4;
/// What noise in one bin rises by chance, in dB; in more, by their root less.
const CHANCE_DB: f32 = 6.0;
/// Windows to both sides over which an onset is the highest, and those it must
/// stand out of.
const NEAR: usize = 2;
const AROUND: usize = 6;
const N_AROUND: usize = 2 * AROUND + 1;
/// By how much it must stand out, in dB of mean rise.
const STANDS_OUT_DB: f32 = 0.4;
/// And by which factor.
const STANDS_OUT: f32 = 1.3;
/// Windows between two onsets at least: 46 ms.
const APART: usize = 2;

/// Counts the onsets of a stream of windows.
pub(super) struct Onsets {
    /// First bins of the bands, and the end.
    edges: Vec<usize>,
    /// How far each band rises by chance, in dB: noise in few bins wavers.
    chance: Vec<f32>,
    /// Levels of the bands in the last window and in this one.
    before: Vec<f32>,
    now: Vec<f32>,
    loudest: f32,
    forget: f32,
    /// The newest rises, the newest last.
    rises: [f32; N_AROUND],
    since_onset: usize,
    n: u64,
}

impl Onsets {
    /// For windows `hop_s` apart whose `n_bins` bins are `bin_hz` wide.
    pub fn new(bin_hz: f64, n_bins: usize, hop_s: f64) -> Self {
        let mut edges = vec![(RANGE_HZ.0 / bin_hz).round().max(2.0) as usize];
        let step = math::f64::pow(2.0, 1.0 / PER_OCTAVE);
        while let Some(&last) = edges.last()
            && (last as f64) < (RANGE_HZ.1 / bin_hz).min(n_bins as f64 / step - 2.0)
        {
            edges.push(((last as f64 * step).round() as usize).max(last + 2));
        }
        let silence = vec![0.0; edges.len() - 1];
        Onsets {
            chance: edges.windows(2).map(|edge| CHANCE_DB / ((edge[1] - edge[0]) as f32).sqrt()).collect(),
            before: silence.clone(),
            now: silence,
            edges,
            loudest: 0.0,
            forget: math::f64::pow(10.0, -FORGET_DB_PER_S * hop_s / 10.0) as f32,
            rises: [0.0; N_AROUND],
            since_onset: APART,
            n: 0,
        }
    }

    /// Hears the power of the next window.
    pub fn push(&mut self, power: &[f32]) {
        let mut loudest = self.loudest * self.forget;
        for (level, edge) in self.now.iter_mut().zip(self.edges.windows(2)) {
            let bins = &power[edge[0]..edge[1]];
            *level = bins.iter().sum::<f32>() / bins.len() as f32;
            loudest = math::larger(loudest, *level);
        }
        self.loudest = loudest;
        let floor = 10.0 * math::log10(math::larger(loudest, SILENT)) - FLOOR_DB;
        for level in &mut self.now {
            *level = (10.0 * math::log10(math::larger(*level, 1e-12)) - floor).max(0.0);
        }
        let bands = self.now.iter().zip(&self.before).zip(&self.chance);
        let rises = bands.map(|((now, before), chance)| (now - before - chance).max(0.0));
        let rise = rises.sum::<f32>() / self.now.len().max(1) as f32;
        std::mem::swap(&mut self.before, &mut self.now);
        self.rises.rotate_left(1);
        self.rises[N_AROUND - 1] = rise;
        self.judge();
    }

    /// Whether the window in the middle of the rises is an onset.
    fn judge(&mut self) {
        self.since_onset += 1;
        let here = self.rises[AROUND];
        let near = &self.rises[AROUND - NEAR..=AROUND + NEAR];
        let mean = self.rises.iter().sum::<f32>() / N_AROUND as f32;
        let highest = near.iter().all(|&other| other <= here);
        if highest && here > STANDS_OUT * mean && here > mean + STANDS_OUT_DB && self.since_onset > APART {
            self.n += 1;
            self.since_onset = 0;
        }
    }

    /// Onsets per second in `seconds`, to 0.01; less than a second counts as one.
    pub fn finish(&mut self, seconds: f64) -> f64 {
        let silence = vec![0.0; self.edges.last().copied().unwrap_or(0)];
        for _ in 0..AROUND {
            self.push(&silence);
        }
        quantised(self.n as f64 / seconds.max(1.0), 100.0)
    }
}
