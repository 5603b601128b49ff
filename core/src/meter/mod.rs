//! Meters: loudness by ITU-R BS.1770-5 and EBU Tech 3341/3342, and true peak.
//! All in double precision but the true-peak filter; all give the same numbers
//! however the sound is cut into blocks.

mod histogram;
mod kweight;
mod loudness;
mod reach;
mod ticks;
mod true_peak;

pub use kweight::{KBank, k_power};
pub use loudness::{Loudness, Reading, loudness_of};
pub use reach::{Extent, PIECE, Reach};
pub use ticks::{TICKS_PER_S, Ticks};
use true_peak::TruePeak;

use crate::block::Block;
use crate::error::{Error, Result};
use crate::math::larger;
use crate::units::{MAX_CHANNELS, MAX_RATE, MIN_RATE};

/// The levels of a whole programme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Loudness by the gated loudness meter.
    pub loudness: Reading,
    /// Highest absolute sample, linear.
    pub sample_peak: f64,
    /// Highest absolute value between the samples too, linear; never below
    /// the sample peak.
    pub true_peak: f64,
}

/// What one tick of 10 ms held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    /// K-weighted energy: squares summed over frames and weighted channels.
    pub energy: f64,
    /// Highest absolute sample, linear.
    pub sample_peak: f32,
    /// Highest absolute value of the oversampled sound, linear.
    pub true_peak: f32,
    /// The gating block of 400 ms that ends with this tick, every 100 ms: its
    /// weighted mean square.
    pub gating_block: Option<f64>,
}

/// A programme meter over the channels as they are in the file.
pub struct Meter {
    ticks: Ticks,
    core: TickMeter,
}

impl Meter {
    /// A meter for `n_channels` (1–8) at `rate` Hz.
    pub fn new(rate: u32, n_channels: usize) -> Result<Self> {
        Ok(Meter { ticks: Ticks::new(rate, n_channels)?, core: TickMeter::new(rate, n_channels)? })
    }

    /// Hears the block.
    pub fn push(&mut self, block: &Block) {
        self.ticks.push(block, |tick| {
            self.core.tick(tick);
        });
    }

    /// The levels of all that was heard.
    pub fn finish(mut self) -> Levels {
        self.core.finish(self.ticks.rest())
    }
}

/// The meter behind [`Meter`], for those who cut the sound into ticks
/// themselves (see [`Ticks`]).
pub struct TickMeter {
    k: KBank,
    weights: Vec<f64>,
    energies: Vec<f64>,
    true_peaks: Vec<TruePeak>,
    loudness: Loudness,
    sample_peak: f32,
    true_peak: f32,
}

impl TickMeter {
    /// A meter for `n_channels` (1–8) at `rate` Hz.
    pub fn new(rate: u32, n_channels: usize) -> Result<Self> {
        check_shape(rate, n_channels)?;
        Ok(TickMeter {
            k: KBank::new(rate, n_channels),
            weights: channel_weights(n_channels).to_vec(),
            energies: vec![0.0; n_channels],
            true_peaks: (0..n_channels).map(|_| TruePeak::new()).collect(),
            loudness: Loudness::new(),
            sample_peak: 0.0,
            true_peak: 0.0,
        })
    }

    /// Hears one whole tick.
    pub fn tick(&mut self, block: &Block) -> Tick {
        self.k.energies(block, &mut self.energies);
        let energy = self.energies.iter().zip(&self.weights).map(|(e, w)| e * w).sum();
        let (sample_peak, true_peak) = self.peaks(block);
        let gating_block = self.loudness.tick(energy, block.n_frames());
        Tick { energy, sample_peak, true_peak, gating_block }
    }

    /// Ends with the frames that fill no tick: they have peaks, but no
    /// loudness (BS.1770 drops the incomplete last block).
    pub fn finish(&mut self, rest: &Block) -> Levels {
        self.peaks(rest);
        for meter in &mut self.true_peaks {
            self.true_peak = self.true_peak.max(meter.flush());
        }
        Levels {
            loudness: self.loudness.reading(),
            sample_peak: f64::from(self.sample_peak),
            true_peak: f64::from(self.true_peak),
        }
    }

    fn peaks(&mut self, block: &Block) -> (f32, f32) {
        let mut sample_peak = 0.0f32;
        let mut true_peak = 0.0f32;
        for (channel, meter) in self.true_peaks.iter_mut().enumerate() {
            let plane = block.plane(channel);
            sample_peak = sample_peak.max(abs_max(plane));
            true_peak = meter.peak(plane, true_peak.max(sample_peak));
        }
        self.sample_peak = self.sample_peak.max(sample_peak);
        self.true_peak = self.true_peak.max(true_peak);
        (sample_peak, true_peak)
    }
}

/// The highest absolute sample; eight lanes, since a maximum has no order.
pub fn abs_max(plane: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let mut chunks = plane.chunks_exact(8);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, x.abs());
        }
    }
    let rest = chunks.remainder().iter().fold(0.0, |top, x| larger(top, x.abs()));
    let four: [f32; 4] = std::array::from_fn(|i| larger(lanes[i], lanes[i + 4]));
    four.iter().fold(rest, |top, &lane| larger(top, lane))
}

/// Refuses what no meter can be built for.
pub(crate) fn check_shape(rate: u32, n_channels: usize) -> Result<()> {
    if !(MIN_RATE..=MAX_RATE).contains(&rate) {
        return Err(Error::invalid(format!(
            "the sample rate is {rate} Hz, it must lie in {MIN_RATE} … {MAX_RATE}"
        )));
    }
    if !(1..=MAX_CHANNELS).contains(&n_channels) {
        return Err(Error::invalid(format!(
            "there are {n_channels} channels, 1 to {MAX_CHANNELS} can be measured"
        )));
    }
    Ok(())
}

/// BS.1770-5 table 4 (5.1) and annex 3: +1.5 dB for loudspeakers 60° to 120° to
/// the side, nothing for LFE, 1 for the rest. Layouts in file order, as in
/// [`crate::flow::Downmix`].
fn channel_weights(n_channels: usize) -> &'static [f64] {
    const S: f64 = 1.41;
    match n_channels {
        1 => &[1.0],
        2 => &[1.0, 1.0],
        3 => &[1.0, 1.0, 1.0],
        4 => &[1.0, 1.0, S, S],
        5 => &[1.0, 1.0, 1.0, S, S],
        6 => &[1.0, 1.0, 1.0, 0.0, S, S],
        7 => &[1.0, 1.0, 1.0, 0.0, 1.0, S, S],
        _ => &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0, S, S],
    }
}

#[cfg(test)]
mod tests;
