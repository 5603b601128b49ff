//! Measuring one file, from its bytes to the fingerprint's row.

use std::sync::Arc;

use auralis_core::error::Kind;
use auralis_core::fingerprint;

use crate::catalog::{self, Measurable, Measured};
use crate::media;

/// How a track is measured; tests put another in its place.
pub type Measure =
    Arc<dyn Fn(&Measurable, &mut dyn FnMut(u64) -> bool) -> Result<Measured, Failure> + Send + Sync>;

/// Why a track was not measured.
#[derive(Debug)]
pub struct Failure {
    /// Open, measure or store.
    pub stage: &'static str,
    /// Why, in words for a listener: no path, nothing of the system's.
    pub reason: String,
    /// What is underneath.
    pub error: Box<dyn std::error::Error + Send + Sync>,
}

impl Failure {
    /// A panic is a failure of this track and of nothing else.
    pub fn panicked(text: &str) -> Self {
        Failure {
            stage: "measure",
            reason: "measuring gave up on this file".to_owned(),
            error: format!("measuring panicked: {text}").into(),
        }
    }

    pub(super) fn of_catalog(stage: &'static str, error: catalog::Error) -> Self {
        Failure { stage, reason: error.to_string(), error: Box::new(error) }
    }

    pub(super) fn silent(error: media::Silent) -> Self {
        match error {
            media::Silent::File(error) => {
                Failure { stage: "open", reason: error.to_string(), error: Box::new(error) }
            }
            media::Silent::Sound(error) => Failure::core("open", error),
        }
    }

    pub(super) fn core(stage: &'static str, error: auralis_core::error::Error) -> Self {
        let reason = match error.kind {
            Kind::Io => "the file cannot be read".to_owned(),
            _ => error.to_string(),
        };
        Failure { stage, reason, error: Box::new(error) }
    }
}

/// Decodes the whole file and measures it; `keep_going` may stop it.
pub fn measure(track: &Measurable, keep_going: &mut dyn FnMut(u64) -> bool) -> Result<Measured, Failure> {
    let mut sound = media::sound(track).map_err(Failure::silent)?;
    let print =
        fingerprint::measure(&mut sound, keep_going).map_err(|error| Failure::core("measure", error))?;
    let json = serde_json::to_string(&print).map_err(|error| Failure {
        stage: "store",
        reason: "the fingerprint could not be written down".to_owned(),
        error: Box::new(error),
    })?;
    Ok(Measured {
        version: print.version,
        n_frames: print.n_frames,
        sample_rate: print.sample_rate,
        lufs: print.descriptors.get("lufs"),
        true_peak_dbtp: print.true_peak_dbtp,
        json,
    })
}
