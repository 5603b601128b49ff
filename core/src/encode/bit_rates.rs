//! What bit rates a format can be written at, where it leaves a choice.

use std::fmt;

use super::{Format, opus};
use crate::error::{Error, Result};

/// Bits per second of MP3, all the time: all old clients take it, and LAME lets pass
/// what is below 19.7 kHz (libmp3lame 3.100, lame.c, optimum_bandwidth).
const USUAL_OF_MP3: u32 = 256_000;
/// The rates of MPEG-1 layer III (ISO/IEC 11172-3, section 2.4.2.3), but for 56
/// kb/s, which the binding of LAME has no word for.
const OF_MP3: [u32; 13] = [
    32_000, 40_000, 48_000, 64_000, 80_000, 96_000, 112_000, 128_000, 160_000, 192_000, 224_000, 256_000,
    320_000,
];

/// Bit rates, in bits per second. As words they are in kilobits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitRates {
    /// All from one to another, met on average.
    Within(u32, u32),
    /// These, met exactly.
    OneOf(&'static [u32]),
}

impl BitRates {
    /// Whether this is one of them.
    pub fn contain(self, bit_rate: u32) -> bool {
        match self {
            BitRates::Within(least, most) => (least..=most).contains(&bit_rate),
            BitRates::OneOf(rates) => rates.contains(&bit_rate),
        }
    }
}

impl fmt::Display for BitRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BitRates::Within(least, most) => write!(f, "from {} to {}", least / 1_000, most / 1_000),
            BitRates::OneOf(rates) => {
                f.write_str("one of")?;
                rates.iter().try_for_each(|rate| write!(f, " {}", rate / 1_000))
            }
        }
    }
}

impl Format {
    /// Those that it can be written at, and the usual one; none: there is no choice.
    pub fn bit_rates(self) -> Option<(BitRates, u32)> {
        match self {
            Format::Opus => {
                let (least, most) = (*opus::BIT_RATES.start(), *opus::BIT_RATES.end());
                Some((BitRates::Within(least, most), opus::BIT_RATE))
            }
            Format::Mp3 => Some((BitRates::OneOf(&OF_MP3), USUAL_OF_MP3)),
            _ => None,
        }
    }

    /// The one that it is written at unless another is told; 0 where there is none.
    pub fn usual_bit_rate(self) -> u32 {
        self.bit_rates().map_or(0, |(_, usual)| usual)
    }
}

/// Refuses what `format` cannot be written at.
pub(super) fn check(format: Format, bit_rate: u32) -> Result<()> {
    match format.bit_rates() {
        Some((rates, _)) if !rates.contain(bit_rate) => {
            Err(Error::invalid(format!("{format} is written at {rates} kb/s, not at {bit_rate} b/s")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_said_and_held() {
        for (format, good, bad, words) in [
            (Format::Opus, [32_000, 510_000], [31_999, 510_001], "from 32 to 510"),
            (Format::Mp3, [32_000, 320_000], [56_000, 256_001], "one of 32 40 48 64 80 96 112 128 160"),
        ] {
            let (rates, usual) = format.bit_rates().unwrap();
            assert!(rates.contain(usual) && rates.to_string().starts_with(words), "{rates}");
            assert!(good.into_iter().all(|rate| check(format, rate).is_ok()));
            assert!(bad.into_iter().all(|rate| check(format, rate).is_err()));
        }
        assert_eq!(Format::Flac16.bit_rates(), None);
    }
}
