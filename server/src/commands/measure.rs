//! `auralis measure` and `auralis fingerprint`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Outcome, input, interrupt};

/// What to measure.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis measure song.flac
  auralis measure --json ~/Music/album/*.flac > album.jsonl")]
pub struct Flags {
    /// Files of sound
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// Prints one JSON object per file and line
    #[arg(long)]
    json: bool,
}

/// The examples of `auralis fingerprint`, which has the same flags.
pub const FINGERPRINT_EXAMPLES: &str = "Examples:
  auralis fingerprint song.flac
  auralis fingerprint --json ~/Music/album/*.flac > album.jsonl";

/// Prints the levels of each file, as meters show them.
pub fn measure(flags: &Flags) -> Outcome<()> {
    interrupt::listen()?;
    if !flags.json {
        input::print("    LUFS     LRA    dBTP    dBFS    length      Hz  ch  file")?;
    }
    input::each(&flags.inputs, |path| {
        let fingerprint = input::measure(path, &name(path))?.fingerprint;
        let own = &fingerprint.as_filed;
        if flags.json {
            let levels = json!({
                "lufs": own.lufs,
                "lra_lu": own.lra_lu,
                "true_peak_dbtp": own.true_peak_dbtp,
                "sample_peak_dbfs": own.sample_peak_dbfs,
                "max_momentary": own.max_momentary,
                "max_short_term": own.max_short_term,
                "duration_s": fingerprint.duration_s(),
                "sample_rate": fingerprint.sample_rate,
                "channels": fingerprint.channels,
            });
            return input::print_json(path, levels);
        }
        input::print(&format!(
            "{} {:>7.1} {} {} {:>9} {:>7} {:>3}  {}",
            level(own.lufs),
            own.lra_lu,
            level(own.true_peak_dbtp),
            level(own.sample_peak_dbfs),
            clock(fingerprint.duration_s()),
            fingerprint.sample_rate,
            fingerprint.channels,
            path.display(),
        ))
    })
}

/// Prints all that is measured of each file.
pub fn fingerprint(flags: &Flags) -> Outcome<()> {
    interrupt::listen()?;
    input::each(&flags.inputs, |path| {
        let fingerprint = input::measure(path, &name(path))?.fingerprint;
        if flags.json {
            return input::print_json(path, &fingerprint);
        }
        input::print(&path.display().to_string())?;
        for (name, value) in fingerprint.descriptors.iter() {
            input::print(&format!("  {name:<24} {value:>12.4}"))?;
        }
        input::print(&format!("  {:<24} {}", "true_peak_dbtp", level(fingerprint.true_peak_dbtp)))?;
        input::print(&format!("  {:<24} {:>12.2}", "lra_lu", fingerprint.lra_lu))?;
        input::print(&format!("  {:<24} {:>12}", "n_frames", fingerprint.n_frames))
    })
}

/// A file's name for the progress bar.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A level of 8 characters; silence has none.
pub fn level(db: Option<f64>) -> String {
    match db {
        Some(db) => format!("{db:>8.1}"),
        None => format!("{:>8}", "−∞"),
    }
}

/// Minutes and seconds.
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_levels_are_read_easily() {
        assert_eq!(clock(0.04), "0:00.0");
        assert_eq!(clock(59.96), "1:00.0");
        assert_eq!(clock(3_725.5), "62:05.5");
        assert_eq!(level(Some(-14.04)), "   -14.0");
        assert_eq!(level(None).chars().count(), 8);
    }
}
