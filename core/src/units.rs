//! Quantities that carry their unit in their type.

use crate::math;

/// A level ratio in decibels; 0 dB is "unchanged".
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Db(pub f32);

impl Db {
    /// The linear amplitude factor of this ratio. 0 dB is exactly 1.
    pub fn gain(self) -> f32 {
        if self.0 == 0.0 { 1.0 } else { math::exp2(self.0 * (LOG2_10 / 20.0)) }
    }

    /// The ratio of a linear amplitude; 0 gives −∞ dB.
    pub fn from_gain(gain: f32) -> Self {
        Db(20.0 * math::log10(gain))
    }
}

/// log₂ 10.
const LOG2_10: f32 = std::f32::consts::LOG2_10;

/// A time span in seconds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Seconds(pub f64);

impl Seconds {
    /// This span in whole frames at `rate` frames per second, rounded to the
    /// nearest (halves up); negative spans are 0.
    pub fn frames(self, rate: u32) -> u64 {
        (self.0 * f64::from(rate) + 0.5).max(0.0) as u64
    }
}

/// The lowest sample rate Auralis accepts, in Hz.
pub const MIN_RATE: u32 = 8_000;
/// The highest sample rate Auralis accepts, in Hz.
pub const MAX_RATE: u32 = 384_000;
/// The most channels a source may have.
pub const MAX_CHANNELS: usize = 8;
