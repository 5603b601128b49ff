//! What a job is told: how its tracks are rendered. It is stored as JSON, so that
//! what was asked for is done after a restart too.

use auralis_core::encode::Format;
use auralis_core::plan::Taste;
use serde::{Deserialize, Serialize};

use crate::catalog::{Measurable, Track};
use crate::copy::flac_at;

/// How tracks are rendered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The taste, without what depends on other tracks.
    pub taste: Taste,
    /// Whether albums keep their balance.
    pub with_album: bool,
    /// The id of the track that they shall sound like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The format's name; none: FLAC at the depth of each track.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Bits per second, where the format leaves a choice.
    pub bit_rate: u32,
}

/// Bytes beside the sound: heads, tags and what an encoder adds.
const BESIDE: u64 = 256 << 10;
/// Bytes of the pictures of one track at most, as far as is foreseen.
const PICTURES: u64 = 16 << 20;

impl Told {
    /// The format of a track whose samples have so many bits.
    pub fn format_at(&self, bits: Option<u32>) -> Format {
        let named = self.format.as_deref().and_then(|name| name.parse().ok());
        named.unwrap_or_else(|| flac_at(bits))
    }

    /// The extension of all of its files.
    pub fn extension(&self) -> &'static str {
        self.format_at(None).extension()
    }

    /// The most that a track's file takes of the disk: FLAC is never larger than the
    /// samples in it.
    pub fn most_bytes(&self, track: &Track, file: &Measurable) -> u64 {
        let bits = match self.format_at(None) {
            Format::WavF32 => 32,
            format => format.bits().unwrap_or(24),
        };
        let per_second = match self.format_at(None) {
            // The rate of Opus is met on average.
            format if format.bit_rates().is_some() => f64::from(self.bit_rate) * 1.5 / 8.0,
            _ => f64::from(track.sample_rate) * 2.0 * f64::from(bits / 8) * 1.01,
        };
        let pictures = if file.has_art { file.size.min(PICTURES) } else { 0 };
        (track.duration_s * per_second) as u64 + BESIDE + pictures
    }
}
