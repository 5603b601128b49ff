//! Loudness over time: momentary, short-term, integrated and range (BS.1770-5,
//! EBU Tech 3341:2023 and 3342:2023), from the weighted energy of ticks.

use super::histogram::Histogram;
use super::ticks::TICKS_PER_S;
use crate::math::f64 as math;

/// Blocks at or below this many LUFS do not count.
pub(super) const ABSOLUTE_GATE: f64 = -70.0;
/// The relative gate of integrated loudness, in LU under the mean.
const RELATIVE_GATE: f64 = 10.0;
/// The relative gate of loudness range.
const RANGE_GATE: f64 = 20.0;

/// Momentary window and gating block: 400 ms.
const MOMENTARY: usize = 4 * TENTH;
/// Step of gating blocks and of short-term loudness: 100 ms.
const TENTH: usize = (TICKS_PER_S / 10) as usize;
/// Short-term window: 3 s, in tenths.
const SHORT_TERM: usize = 30;

/// The loudness in LUFS of a weighted mean square; 0 gives −∞.
pub fn loudness_of(mean_square: f64) -> f64 {
    -0.691 + 10.0 * math::log10(mean_square)
}

/// The weighted mean square of a loudness in LUFS.
pub(super) fn energy_of(loudness: f64) -> f64 {
    math::pow(10.0, (loudness + 0.691) / 10.0)
}

/// Loudness of a whole programme; `None` is silence: nothing was above −70
/// LUFS, or nothing was as long as the window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Integrated loudness in LUFS.
    pub integrated: Option<f64>,
    /// Loudness range in LU; 0 where there is no short-term loudness.
    pub range: f64,
    /// Highest momentary loudness in LUFS.
    pub max_momentary: Option<f64>,
    /// Highest short-term loudness in LUFS.
    pub max_short_term: Option<f64>,
    /// Standard deviation of the short-term loudness that the range's gates
    /// let through, in LU.
    pub deviation: f64,
}

/// The loudness meter. Windows are rectangular and made of whole ticks.
pub struct Loudness {
    /// The last ticks' energies and frames, oldest overwritten.
    ticks: [(f64, usize); MOMENTARY],
    n_ticks: u64,
    /// The last tenths' energies and frames.
    tenths: [(f64, usize); SHORT_TERM],
    n_tenths: u64,
    gating_blocks: Histogram,
    short_terms: Histogram,
    max_momentary: f64,
    max_short_term: f64,
}

impl Default for Loudness {
    fn default() -> Self {
        Loudness::new()
    }
}

impl Loudness {
    /// A meter that has heard nothing.
    pub fn new() -> Self {
        Loudness {
            ticks: [(0.0, 0); MOMENTARY],
            n_ticks: 0,
            tenths: [(0.0, 0); SHORT_TERM],
            n_tenths: 0,
            gating_blocks: Histogram::new(),
            short_terms: Histogram::new(),
            max_momentary: 0.0,
            max_short_term: 0.0,
        }
    }

    /// Hears a tick: its weighted sum of squares over `n_frames`. Every 100 ms
    /// a gating block of 400 ms ends; its mean square is given back.
    pub fn tick(&mut self, energy: f64, n_frames: usize) -> Option<f64> {
        self.ticks[(self.n_ticks % MOMENTARY as u64) as usize] = (energy, n_frames);
        self.n_ticks += 1;
        let momentary = (self.n_ticks >= MOMENTARY as u64).then(|| mean(&self.ticks));
        if let Some(mean_square) = momentary {
            self.max_momentary = self.max_momentary.max(mean_square);
        }
        if !self.n_ticks.is_multiple_of(TENTH as u64) {
            return None;
        }
        self.tenth();
        if let Some(mean_square) = momentary {
            let loudness = loudness_of(mean_square);
            if loudness > ABSOLUTE_GATE {
                self.gating_blocks.add(mean_square, loudness);
            }
        }
        momentary
    }

    /// Ends a tenth of a second: the ten newest ticks.
    fn tenth(&mut self) {
        let newest = ((self.n_ticks - TENTH as u64) % MOMENTARY as u64) as usize;
        let ten = &self.ticks[newest..newest + TENTH];
        let tenth = ten.iter().fold((0.0, 0), |(e, n), tick| (e + tick.0, n + tick.1));
        self.tenths[(self.n_tenths % SHORT_TERM as u64) as usize] = tenth;
        self.n_tenths += 1;
        if self.n_tenths < SHORT_TERM as u64 {
            return;
        }
        let mean_square = mean(&self.tenths);
        self.max_short_term = self.max_short_term.max(mean_square);
        let loudness = loudness_of(mean_square);
        if loudness >= ABSOLUTE_GATE {
            self.short_terms.add(mean_square, loudness);
        }
    }

    /// The loudness of all that was heard.
    pub fn reading(&self) -> Reading {
        let audible = |mean_square: f64| {
            let loudness = loudness_of(mean_square);
            (loudness > ABSOLUTE_GATE).then_some(loudness)
        };
        let range = self
            .short_terms
            .gated_percentiles(RANGE_GATE, [0.10, 0.95])
            .map_or(0.0, |[low, high]| (high - low).max(0.0));
        Reading {
            integrated: self.gating_blocks.gated_mean(RELATIVE_GATE).and_then(audible),
            range,
            max_momentary: audible(self.max_momentary),
            max_short_term: audible(self.max_short_term),
            deviation: self.short_terms.gated_deviation(RANGE_GATE).unwrap_or(0.0),
        }
    }
}

/// Mean square over a ring of energies and frames, summed in ring order.
fn mean(ring: &[(f64, usize)]) -> f64 {
    let (energy, n_frames) = ring.iter().fold((0.0, 0), |(e, n), part| (e + part.0, n + part.1));
    energy / n_frames.max(1) as f64
}
