//! A histogram of loudness that remembers each bin's energy: gating in bounded
//! memory. Only a block within one bin of the relative gate can be judged
//! otherwise than by exact sorting, and then by 0.01 LU.

use super::loudness::{ABSOLUTE_GATE, energy_of, loudness_of};

/// Width of a bin in LU.
const WIDTH: f64 = 0.01;
/// Bins from the absolute gate to +90 LUFS.
const N_BINS: usize = 16_000;

/// Blocks above the absolute gate, by loudness.
pub(super) struct Histogram {
    bins: Box<[Bin]>,
}

#[derive(Clone, Copy, Default)]
struct Bin {
    n: u64,
    energy: f64,
}

impl Histogram {
    pub fn new() -> Self {
        Histogram { bins: vec![Bin::default(); N_BINS].into_boxed_slice() }
    }

    /// Counts a block of mean square `energy` whose loudness passed the gate.
    pub fn add(&mut self, energy: f64, loudness: f64) {
        let index = (((loudness - ABSOLUTE_GATE) / WIDTH) as usize).min(N_BINS - 1);
        let bin = &mut self.bins[index];
        bin.n += 1;
        bin.energy += energy;
    }

    /// The mean square of all blocks at or above the relative gate that lies
    /// `below` LU under the mean of all; `None` if there are no blocks.
    pub fn gated_mean(&self, below: f64) -> Option<f64> {
        let (n, energy) = sum(self.bins.iter());
        if n == 0 {
            return None;
        }
        let gate = energy / n as f64 * energy_of(-below) / energy_of(0.0);
        let (n, energy) = sum(self.above(gate));
        (n > 0).then(|| energy / n as f64)
    }

    /// The loudness of the block at each of the `ranks` (0 the quietest, 1 the
    /// loudest) among those the relative gate passes; by nearest index, as
    /// Tech 3342 has it.
    pub fn gated_percentiles<const N: usize>(&self, below: f64, ranks: [f64; N]) -> Option<[f64; N]> {
        let (n, energy) = sum(self.bins.iter());
        if n == 0 {
            return None;
        }
        let gate = energy / n as f64 * energy_of(-below) / energy_of(0.0);
        let (n, _) = sum(self.above(gate));
        if n == 0 {
            return None;
        }
        Some(ranks.map(|rank| {
            let index = ((n - 1) as f64 * rank + 0.5) as u64;
            let mut passed = 0;
            for bin in self.above(gate) {
                passed += bin.n;
                if passed > index {
                    return loudness_of(bin.energy / bin.n as f64);
                }
            }
            loudness_of(gate)
        }))
    }

    /// The standard deviation, in LU, of the loudness of the blocks the
    /// relative gate passes.
    pub fn gated_deviation(&self, below: f64) -> Option<f64> {
        let (n, energy) = sum(self.bins.iter());
        if n == 0 {
            return None;
        }
        let gate = energy / n as f64 * energy_of(-below) / energy_of(0.0);
        let mut weight = 0.0;
        let (mut total, mut squares) = (0.0, 0.0);
        for bin in self.above(gate) {
            let loudness = loudness_of(bin.energy / bin.n as f64);
            weight += bin.n as f64;
            total += bin.n as f64 * loudness;
            squares += bin.n as f64 * loudness * loudness;
        }
        if weight == 0.0 {
            return None;
        }
        let mean = total / weight;
        Some((squares / weight - mean * mean).max(0.0).sqrt())
    }

    fn above(&self, gate: f64) -> impl Iterator<Item = &Bin> {
        self.bins.iter().filter(move |bin| bin.n > 0 && bin.energy / bin.n as f64 >= gate)
    }
}

fn sum<'a>(bins: impl Iterator<Item = &'a Bin>) -> (u64, f64) {
    bins.fold((0, 0.0), |(n, energy), bin| (n + bin.n, energy + bin.energy))
}
