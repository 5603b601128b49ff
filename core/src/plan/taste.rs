//! What the listener wants.

use serde::{Deserialize, Serialize};

use super::rules::CEILING_DBTP;
use super::smoothstep;
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::math::f64 as math;

/// A character of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// What the track needs, and no more.
    #[default]
    Adaptive,
    /// Two thirds of that, and dynamics left alone.
    Gentle,
    /// Fuller below, softer above.
    Warm,
    /// More air and detail.
    Bright,
    /// Firm bass and attack.
    Punchy,
    /// Wide and open, dynamics untouched.
    Live,
    /// Quiet passages audible, loud ones tamed, little bass.
    Night,
}

impl Preset {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Preset; 7] = [
        Preset::Adaptive,
        Preset::Gentle,
        Preset::Warm,
        Preset::Bright,
        Preset::Punchy,
        Preset::Live,
        Preset::Night,
    ];

    /// Its name, as it crosses borders.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Adaptive => "adaptive",
            Preset::Gentle => "gentle",
            Preset::Warm => "warm",
            Preset::Bright => "bright",
            Preset::Punchy => "punchy",
            Preset::Live => "live",
            Preset::Night => "night",
        }
    }
}

impl std::fmt::Display for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Preset {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Preset::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| {
            let names = Preset::ALL.map(Preset::name).join(", ");
            Error::invalid(format!("there is no preset called {name:?}; there are {names}"))
        })
    }
}

/// What the listener wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Taste {
    /// The character.
    pub preset: Preset,
    /// How much of it, 0 (nothing is changed) to 1.
    pub intensity: f32,
    /// Loudness to aim for in LUFS, −40 to −5.
    pub target_lufs: f32,
    /// True peak that is never exceeded, in dBTP, −9 to 0; lossy coding wants −2.
    pub ceiling_dbtp: f32,
    /// The album it is played in: its tracks keep their balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub album: Option<AlbumLoudness>,
    /// A track that it shall sound like, within limits: its balance, width and
    /// range, and its loudness in place of `target_lufs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Box<Fingerprint>>,
}

impl Default for Taste {
    fn default() -> Self {
        Taste {
            preset: Preset::default(),
            intensity: 1.0,
            target_lufs: -14.0,
            ceiling_dbtp: CEILING_DBTP as f32,
            album: None,
            reference: None,
        }
    }
}

impl Taste {
    /// Says which wish is out of range.
    pub fn validate(&self) -> Result<()> {
        within("intensity", self.intensity.into(), 0.0, 1.0)?;
        within("target_lufs", self.target_lufs.into(), -40.0, -5.0)?;
        within("ceiling_dbtp", self.ceiling_dbtp.into(), -9.0, 0.0)?;
        if let Some(album) = &self.album {
            within("album.lufs", album.lufs, -70.0, 100.0)?;
            within("album.true_peak_dbtp", album.true_peak_dbtp, -200.0, 120.0)?;
        }
        self.reference.as_deref().map_or(Ok(()), Fingerprint::validate)
    }
}

/// The loudness of an album as one programme.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlbumLoudness {
    /// Integrated loudness over all tracks in LUFS, to 0.01.
    pub lufs: f64,
    /// Highest true peak of them in dBTP: it decides the one gain that every
    /// track permits.
    pub true_peak_dbtp: f64,
}

impl AlbumLoudness {
    /// The loudness of these tracks together, gated as BS.1770 has it over all
    /// blocks of all sketches. `None` if all is silent.
    pub fn of<'a>(tracks: impl IntoIterator<Item = &'a Fingerprint>) -> Option<AlbumLoudness> {
        let mut blocks = Vec::new();
        let mut true_peak = f64::NEG_INFINITY;
        for track in tracks {
            blocks.extend(track.sketch.iter().map(|cluster| (cluster.n as f64, cluster.lufs)));
            true_peak = true_peak.max(track.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY));
        }
        let lufs = gated(&blocks)?;
        true_peak
            .is_finite()
            .then(|| AlbumLoudness { lufs: (lufs * 100.0).round() / 100.0, true_peak_dbtp: true_peak })
    }
}

/// Gated loudness of weighted blocks `(weight, LUFS)`: those above −70 LUFS,
/// then those above 10 LU under their mean.
pub(super) fn gated(blocks: &[(f64, f64)]) -> Option<f64> {
    mean(blocks, (mean(blocks, -70.0)? - 10.0).max(-70.0))
}

/// Loudness of the mean energy of the blocks that pass a gate.
pub(super) fn mean(blocks: &[(f64, f64)], gate: f64) -> Option<f64> {
    let (weight, energy) = blocks.iter().fold((0.0, 0.0), |sum, &(n, lufs)| {
        let n = n * passed(lufs, gate);
        (sum.0 + n, sum.1 + n * math::pow(10.0, lufs / 10.0))
    });
    (weight > 0.0).then(|| 10.0 * math::log10(energy / weight))
}

/// The share of a cluster's blocks that a gate lets through: its blocks lie
/// about 1 LU around it, so a gate within them parts them.
pub(super) fn passed(lufs: f64, gate: f64) -> f64 {
    smoothstep(-0.5, 0.5, lufs - gate)
}

pub(super) fn within(name: &str, x: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&x) {
        Ok(())
    } else {
        Err(Error::invalid(format!("{name} is {x}, it must lie in {low} … {high}")))
    }
}
