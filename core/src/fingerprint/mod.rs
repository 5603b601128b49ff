//! What is known of a track after hearing it once: its descriptors, its levels,
//! and what it takes to predict what an enhancement will do to it.
//!
//! Everything is measured in one pass over blocks, in bounded memory, and is
//! the same to the bit however the blocks were cut and wherever it runs (law
//! L1). Values are rounded to a stated quantum when made, so they are equal as
//! JSON too.

mod alike;
mod aura;
mod descriptors;
mod harmonic;
mod measure;
mod moments;
mod onsets;
mod pitch;
mod rhythm;
mod sketch;
mod spectrum;
mod tempo;
mod timeline;
mod transform;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, Result};
use crate::meter;

pub use crate::meter::k_power;
pub use alike::{Point, distance, explain, nearest};
pub use aura::{Aura, Family, Petal, RING as AURA_RING, aura};
pub use descriptors::{Descriptors, NAMES};
pub use measure::{Measurer, measure};
pub use sketch::{Cluster, MAX_CLUSTERS, SKETCH_EDGES_HZ};
pub use spectrum::{N_THIRD_OCTAVES, third_octave_hz};

/// The version of what is measured and how, decoders included. Fingerprints of
/// other versions are measured again, never compared.
pub const VERSION: u32 = 4;

/// A measured track. All levels are of the stereo downmix, which is what
/// enhancement hears; [`Fingerprint::as_filed`] has the file's own channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Fingerprint {
    /// [`VERSION`] of the program that measured it.
    pub version: u32,
    /// Frames per second.
    pub sample_rate: u32,
    /// Channels of the file.
    pub channels: u32,
    /// Frames, counted.
    pub n_frames: u64,
    /// The descriptors of the whole track.
    pub descriptors: Descriptors,
    /// True peak in dBTP, to 0.01; null is silence.
    pub true_peak_dbtp: Option<f64>,
    /// Sample peak in dBFS, to 0.01; null is silence.
    pub sample_peak_dbfs: Option<f64>,
    /// Loudness range in LU, to 0.01.
    pub lra_lu: f64,
    /// Highest momentary loudness in LUFS, to 0.01; null is silence.
    pub max_momentary: Option<f64>,
    /// Highest short-term loudness in LUFS, to 0.01; null is silence.
    pub max_short_term: Option<f64>,
    /// The levels of the file's own channels, as meters show them.
    pub as_filed: AsFiled,
    /// Distance of the loudness curve's values in seconds: 1, or for tracks
    /// over two hours the power of 2 that keeps them within 7,200.
    pub loudness_hop_s: u32,
    /// Short-term loudness in LUFS, to 0.1, over three hops around the middle
    /// of each; null is silence.
    pub loudness_curve: Vec<Option<f64>>,
    /// The outline of the sound.
    pub waveform: Waveform,
    /// Power in third-octaves, see [`third_octave_hz`], in dB of the whole, to
    /// 0.01, −120 at least.
    pub third_octaves: Vec<f64>,
    /// The gating blocks of 400 ms, as at most [`MAX_CLUSTERS`] weighted
    /// clusters, quietest first.
    pub sketch: Vec<Cluster>,
}

/// Levels of a file's own channels, by BS.1770's channel weights. For stereo
/// they are those of the fingerprint; mono is one loudspeaker here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsFiled {
    /// Integrated loudness in LUFS, to 0.01; null is silence.
    pub lufs: Option<f64>,
    /// Loudness range in LU, to 0.01.
    pub lra_lu: f64,
    /// True peak in dBTP, to 0.01; null is silence.
    pub true_peak_dbtp: Option<f64>,
    /// Sample peak in dBFS, to 0.01; null is silence.
    pub sample_peak_dbfs: Option<f64>,
    /// Highest momentary loudness in LUFS, to 0.01; null is silence.
    pub max_momentary: Option<f64>,
    /// Highest short-term loudness in LUFS, to 0.01; null is silence.
    pub max_short_term: Option<f64>,
}

/// Peaks along the track, for drawing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waveform {
    /// Frames behind each peak.
    pub hop_frames: u64,
    /// Highest absolute sample of either channel, 0 to 1, to 0.001.
    pub peaks: Vec<f64>,
}

impl Fingerprint {
    /// Integrated loudness in LUFS; `None` is silence.
    pub fn lufs(&self) -> Option<f64> {
        self.descriptors.lufs
    }

    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.n_frames as f64 / f64::from(self.sample_rate.max(1))
    }

    /// Says why this cannot be a fingerprint of this version: another version,
    /// a number that is none, a value outside its definition.
    pub fn validate(&self) -> Result<()> {
        if self.version != VERSION {
            return Err(Error::invalid(format!(
                "the fingerprint has version {}, this program reads {VERSION}: measure the track again",
                self.version
            )));
        }
        meter::check_shape(self.sample_rate, self.channels as usize)?;
        self.descriptors.validate()?;
        let level = |name: &str, x: Option<f64>| within(name, x.unwrap_or(0.0), -1_000.0, 200.0);
        for (true_peak, sample_peak, momentary, short_term, lra) in [
            (
                self.true_peak_dbtp,
                self.sample_peak_dbfs,
                self.max_momentary,
                self.max_short_term,
                self.lra_lu,
            ),
            {
                let own = &self.as_filed;
                (own.true_peak_dbtp, own.sample_peak_dbfs, own.max_momentary, own.max_short_term, own.lra_lu)
            },
        ] {
            level("true_peak_dbtp", true_peak)?;
            level("sample_peak_dbfs", sample_peak)?;
            level("max_momentary", momentary)?;
            level("max_short_term", short_term)?;
            within("lra_lu", lra, 0.0, 200.0)?;
        }
        level("as_filed.lufs", self.as_filed.lufs)?;
        if self.loudness_hop_s == 0 || self.loudness_curve.len() > timeline::MAX_SECONDS {
            return Err(Error::invalid("the fingerprint's loudness curve has no hop or is too long"));
        }
        for &value in &self.loudness_curve {
            level("loudness_curve", value)?;
        }
        if self.waveform.hop_frames == 0 || self.waveform.peaks.len() > timeline::MAX_PEAKS {
            return Err(Error::invalid("the fingerprint's waveform has no hop or is too long"));
        }
        for &peak in &self.waveform.peaks {
            within("waveform.peaks", peak, 0.0, 1.0)?;
        }
        if self.third_octaves.len() != N_THIRD_OCTAVES {
            return Err(Error::invalid(format!(
                "the fingerprint's spectrum must have {N_THIRD_OCTAVES} third-octaves"
            )));
        }
        for &value in &self.third_octaves {
            within("third_octaves", value, -120.0, 0.0)?;
        }
        if self.sketch.len() > MAX_CLUSTERS {
            return Err(Error::invalid(format!(
                "the fingerprint's sketch may have {MAX_CLUSTERS} clusters at most"
            )));
        }
        self.sketch.iter().try_for_each(Cluster::validate)
    }
}

// A fingerprint read from anywhere is valid, or it is not read.
impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let fingerprint = Fingerprint::deserialize(deserializer)?;
        fingerprint.validate().map_err(D::Error::custom)?;
        Ok(fingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        Fingerprint::serialize(self, serializer)
    }
}

fn within(name: &str, x: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&x) {
        Ok(())
    } else {
        Err(Error::invalid(format!("the fingerprint's {name} is {x}, it must lie in {low} … {high}")))
    }
}

/// `x` to the nearest of `per_unit` steps in 1.
fn quantised(x: f64, per_unit: f64) -> f64 {
    let steps = (x * per_unit).round();
    // No −0: it is equal to 0 but not the same JSON.
    if steps == 0.0 { 0.0 } else { steps / per_unit }
}

#[cfg(test)]
mod tests;
