//! The descriptors: what a track sounds like, as numbers with names.

use serde::{Deserialize, Serialize};

use super::within;
use crate::error::Result;

/// The names of all 25, in the order of their seven families (see the aura). A
/// [`Descriptors`] holds those that are measured.
pub const NAMES: [&str; 25] = [
    "sub_bass",
    "bass",
    "low_mid",
    "mid",
    "upper_mid",
    "presence",
    "air",
    "lufs",
    "crest_db",
    "bass_mid_ratio",
    "tempo_bpm",
    "rhythm_stability",
    "transient_density",
    "silence_ratio",
    "spectral_centroid",
    "spectral_rolloff",
    "spectral_flatness",
    "harmonic_ratio",
    "pitch_stability",
    "chroma_energy",
    "dynamic_range_variation",
    "loudness_variation_std",
    "peak_consistency",
    "stereo_width",
    "phase_correlation",
];

macro_rules! descriptors {
    ($($(#[$doc:meta])* $name:ident: $low:literal ..= $high:literal,)*) => {
        /// The descriptors of a whole track. Power is summed over left and
        /// right, never of their sum.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Descriptors {
            /// Integrated loudness in LUFS (BS.1770-5, gated), to 0.01; null
            /// below −70.
            pub lufs: Option<f64>,
            $($(#[$doc])* pub $name: f64,)*
        }

        impl Descriptors {
            /// The descriptor called `name`, if it is measured and not null.
            pub fn get(&self, name: &str) -> Option<f64> {
                match name {
                    "lufs" => self.lufs,
                    $(stringify!($name) => Some(self.$name),)*
                    _ => None,
                }
            }

            /// Where `name` may lie, if it is measured.
            pub fn range(name: &str) -> Option<(f64, f64)> {
                match name {
                    "lufs" => Some((-70.0, 100.0)),
                    $(stringify!($name) => Some(($low, $high)),)*
                    _ => None,
                }
            }
        }
    };
}

descriptors! {
    /// Share of the power within 20 Hz–20 kHz that lies in 20–60 Hz, to
    /// 0.00001; the seven sum to 1, silence has 0 in all.
    sub_bass: 0.0..=1.0,
    /// The same in 60–250 Hz.
    bass: 0.0..=1.0,
    /// The same in 250–500 Hz.
    low_mid: 0.0..=1.0,
    /// The same in 500–2,000 Hz.
    mid: 0.0..=1.0,
    /// The same in 2,000–4,000 Hz.
    upper_mid: 0.0..=1.0,
    /// The same in 4,000–8,000 Hz.
    presence: 0.0..=1.0,
    /// The same in 8,000–20,000 Hz.
    air: 0.0..=1.0,
    /// Sample peak over RMS in dB, to 0.01; silence: 0.
    crest_db: 0.0..=400.0,
    /// Energy in 20–250 Hz over that in 250–2,000 Hz, in dB within ±60, to
    /// 0.01; silence: 0.
    bass_mid_ratio: -60.0..=60.0,
    /// Beats per minute, 40 to 240, to 0.01; 0 where there is no rhythm.
    tempo_bpm: 0.0..=240.0,
    /// 1/(1 + coefficient of variation) of the intervals between beats, to
    /// 0.0001; 0 where there is no rhythm.
    rhythm_stability: 0.0..=1.0,
    /// Onsets per second over the whole track, to 0.01.
    transient_density: 0.0..=20.0,
    /// Share of windows more than 60 dB below the loudest, to 0.0001; silence: 1.
    silence_ratio: 0.0..=1.0,
    /// Power-weighted mean frequency in Hz, to 0.1; silence: 0.
    spectral_centroid: 0.0..=192000.0,
    /// Frequency below which 85 % of the power lies, in Hz, to 0.1; silence: 0.
    spectral_rolloff: 0.0..=192000.0,
    /// Geometric over arithmetic mean of the power in 20 Hz–20 kHz, mean over
    /// windows that are not silent, to 0.0001; silence: 0.
    spectral_flatness: 0.0..=1.0,
    /// Harmonic power over harmonic and percussive, by medians over 400 ms and
    /// 550 Hz, below 10 kHz, to 0.0001; noise has about a half, silence 0.
    harmonic_ratio: 0.0..=1.0,
    /// Steadiness of the fundamental (75–1,100 Hz) between windows, mean over
    /// those that are not silent, 0 for those without a fundamental; one that
    /// moves by 500 cents per second counts half. To 0.0001.
    pitch_stability: 0.0..=1.0,
    /// Concentration of the pitch classes: mean of Σc² of the L1-normalised
    /// chroma over windows, to 0.0001; 1/12 is even, 1 a single class; 1/12
    /// where nothing has a pitch.
    chroma_energy: 0.083..=1.0,
    /// Standard deviation of the crest of seconds, in dB, to 0.01.
    dynamic_range_variation: 0.0..=400.0,
    /// Standard deviation of gated short-term loudness in LU, to 0.01.
    loudness_variation_std: 0.0..=200.0,
    /// 1/(1 + coefficient of variation) of the peaks of seconds, to 0.0001.
    peak_consistency: 0.0..=1.0,
    /// rms(S)/(rms(M) + rms(S)), to 0.0001; silence: 0.
    stereo_width: 0.0..=1.0,
    /// Pearson correlation of left and right, to 0.0001; mono and silence: 1.
    phase_correlation: -1.0..=1.0,
}

impl Descriptors {
    /// Those that are measured and not null, in the order of [`NAMES`].
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        NAMES.iter().filter_map(|&name| Some((name, self.get(name)?)))
    }

    /// The shares of the seven bands, lowest first.
    pub fn bands(&self) -> [f64; 7] {
        [self.sub_bass, self.bass, self.low_mid, self.mid, self.upper_mid, self.presence, self.air]
    }

    /// Says which value lies outside its definition.
    pub(super) fn validate(&self) -> Result<()> {
        for name in NAMES {
            if let (Some(x), Some((low, high))) = (self.get(name), Descriptors::range(name)) {
                within(name, x, low, high)?;
            }
        }
        Ok(())
    }
}
