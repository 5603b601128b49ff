//! The options that say how a track shall sound.

use std::path::PathBuf;

use auralis_core::plan::{Preset, Taste};
use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;

use super::{Outcome, input};

/// How it shall sound.
#[derive(Debug, Args)]
pub struct TasteFlags {
    /// The character of the sound
    #[arg(
        long,
        env = "AURALIS_PRESET",
        default_value = "adaptive",
        value_parser = PossibleValuesParser::new(Preset::ALL.map(Preset::name))
            .map(|name| name.parse::<Preset>().unwrap_or_default())
    )]
    preset: Preset,
    /// How much of it: 0 changes nothing, 1 is all
    #[arg(long, value_name = "0–1", env = "AURALIS_INTENSITY", default_value = "1", value_parser = intensity)]
    intensity: f32,
    /// Loudness to aim for, −40 to −5 LUFS
    #[arg(
        long,
        value_name = "LUFS",
        env = "AURALIS_TARGET",
        default_value = "-14",
        value_parser = target,
        allow_negative_numbers = true
    )]
    target: f32,
    /// A track it shall sound like: in balance, loudness (−23 to −11 LUFS, in
    /// place of --target), width and range
    #[arg(long, value_name = "REF", env = "AURALIS_REFERENCE")]
    reference: Option<PathBuf>,
}

impl TasteFlags {
    /// The taste they say; measures the reference.
    pub fn taste(&self) -> Outcome<Taste> {
        let reference = match &self.reference {
            Some(path) => Some(Box::new(input::measure(path, "measuring the reference")?.fingerprint)),
            None => None,
        };
        Ok(Taste {
            preset: self.preset,
            intensity: self.intensity,
            target_lufs: self.target,
            reference,
            ..Taste::default()
        })
    }

    /// In a few words.
    pub fn words(&self) -> String {
        let aim = match &self.reference {
            None => format!("target {:.1} LUFS", self.target),
            Some(path) => format!("like {}", path.display()),
        };
        format!("{}, intensity {}, {aim}", self.preset, self.intensity)
    }
}

fn intensity(text: &str) -> Result<f32, String> {
    within(text, 0.0, 1.0)
}

fn target(text: &str) -> Result<f32, String> {
    // A minus copied from a text may be a real one.
    within(&text.replace('−', "-"), -40.0, -5.0)
}

/// A number within bounds; NaN is in none.
fn within(text: &str, low: f32, high: f32) -> Result<f32, String> {
    match text.trim().parse::<f32>() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(format!("it must be a number from {low} to {high}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_bounds_are_refused() {
        for text in ["NaN", "inf", "-0.1", "1.1", "", "one"] {
            assert!(intensity(text).is_err(), "{text}");
        }
        assert_eq!(intensity("0.5"), Ok(0.5));
        assert_eq!(target("−14"), Ok(-14.0));
        assert!(target("-4").is_err());
    }
}
