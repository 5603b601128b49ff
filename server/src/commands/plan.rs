//! `auralis plan`: what would be done to a track, and why.

use std::path::{Path, PathBuf};

use auralis_core::fingerprint::Fingerprint;
use auralis_core::plan::{AlbumLoudness, Plan, Taste};
use clap::Args;

use super::measure::name;
use super::taste::TasteFlags;
use super::{Failure, Outcome, input, interrupt};

/// What to plan.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis plan song.flac
  auralis plan song.flac --preset night --target -18
  auralis plan album/*.flac --album
  auralis plan album/*.flac --reference favourite.flac --json > plans.jsonl")]
pub struct Flags {
    /// Files of sound
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    taste: TasteFlags,
    /// All files are one album: one gain, and they keep their balance
    #[arg(long, env = "AURALIS_ALBUM")]
    album: bool,
    /// Prints one JSON object per file and line
    #[arg(long)]
    json: bool,
}

/// Prints the plan for each file.
pub fn plan(flags: &Flags) -> Outcome<()> {
    interrupt::listen()?;
    let mut taste = flags.taste.taste()?;
    let measured = |path: &Path| input::measure(path, &name(path)).map(|measured| measured.fingerprint);
    if !flags.album {
        return input::each(&flags.inputs, |path| show(flags, path, &measured(path)?, &taste));
    }
    // An album is known when all of it is measured.
    let mut tracks = Vec::new();
    let all = input::each(&flags.inputs, |path| {
        tracks.push((path.to_owned(), measured(path)?));
        Ok(())
    });
    if !matches!(all, Ok(()) | Err(Failure::Named)) {
        return all;
    }
    taste.album = AlbumLoudness::of(tracks.iter().map(|(_, fingerprint)| fingerprint));
    for (path, fingerprint) in &tracks {
        show(flags, path, fingerprint, &taste)?;
    }
    all
}

/// Prints one plan.
fn show(flags: &Flags, path: &Path, fingerprint: &Fingerprint, taste: &Taste) -> Outcome<()> {
    let plan = auralis_core::plan::plan(fingerprint, taste).map_err(|error| input::failed(path, &error))?;
    if flags.json {
        return input::print_json(path, &plan);
    }
    let album = if flags.album { ", as one album" } else { "" };
    input::print(&format!("{} ({}{album})", path.display(), flags.taste.words()))?;
    for line in table(fingerprint, &plan) {
        input::print(&line)?;
    }
    input::print("")?;
    input::print(&plan.summary)?;
    for reason in &plan.reasons {
        input::print(&format!("  {:<11} {}", reason.stage, reason.text))?;
    }
    Ok(())
}

/// What is there and what will be, side by side.
pub fn table(track: &Fingerprint, plan: &Plan) -> Vec<String> {
    let number = |x: Option<f64>| x.map_or("−∞".to_owned(), |x| format!("{x:.1}"));
    let promise = &plan.promise;
    let rows = [
        ("loudness", track.lufs(), promise.lufs, "LUFS"),
        ("loudness range", Some(track.lra_lu), promise.lra_lu, "LU"),
        ("true peak", track.true_peak_dbtp, promise.true_peak_dbtp, "dBTP"),
    ];
    rows.iter()
        .map(|(what, now, then, unit)| {
            format!("  {what:<16} {:>7} → {:>7} {unit}", number(*now), number(*then))
        })
        .collect()
}
