//! `auralis doctor`: whether all is well with the catalog, and what to do where
//! it is not.

use std::fs;
use std::path::{Path, PathBuf};

use auralis_core::fingerprint::VERSION;
use clap::Args;
use serde::Serialize;

use super::{Failure, Outcome, amounts, chain, input, settings};
use crate::catalog::{self, CATALOG, Stored};
use crate::disk::free;
use crate::media::path_of;

/// What to look at.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis doctor
  auralis doctor --data /srv/auralis --json

Nothing is changed, and a server may go on running. It ends with 0 if all is
well, and with 1 if something is to be done: what, is said with each finding.")]
pub struct Flags {
    /// Where the catalog is kept [default: auralis in ~/.local/share]
    #[arg(long, value_name = "DIR", env = "AURALIS_DATA")]
    data: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

/// Copies from before a renewal that are worth their room.
const WORTH_KEEPING: usize = 2;
/// Room that a disk needs besides that for a copy of the catalog.
const LEAST_FREE: u64 = 64_000_000;
const BEGIN_ANEW: &str =
    "bring a backup back with `auralis restore FILE`; without one, move the file away and scan anew";

/// What was seen.
#[derive(Debug, Default, Serialize)]
struct Report {
    healthy: bool,
    data: String,
    schema: Option<usize>,
    newest_schema: usize,
    tracks: Option<u64>,
    missing: Option<u64>,
    failed: Option<u64>,
    unmeasured: Option<u64>,
    bytes: Option<u64>,
    bytes_per_track: Option<u64>,
    free_bytes: Option<u64>,
    folders: Vec<String>,
    copies: Vec<Kept>,
    findings: Vec<Finding>,
}

/// A copy from before the schema was renewed.
#[derive(Debug, Serialize)]
struct Kept {
    path: String,
    bytes: u64,
}

/// Something to be done.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    advice: String,
}

/// Looks, and says what was seen.
pub fn doctor(flags: Flags) -> Outcome<()> {
    let mut report = Report { newest_schema: catalog::newest_schema(), ..Report::default() };
    look(&flags.data.unwrap_or_else(settings::data_folder), &mut report);
    report.healthy = report.findings.is_empty();
    if flags.json {
        let json = serde_json::to_string(&report).map_err(|error| Failure::Failed(error.to_string()))?;
        input::print(&json)?;
    } else {
        for line in report.lines() {
            input::print(&line)?;
        }
    }
    if report.healthy { Ok(()) } else { Err(Failure::Named) }
}

fn look(data: &Path, report: &mut Report) {
    report.data = data.display().to_string();
    let path = data.join(CATALOG);
    if fs::symlink_metadata(&path).is_err() {
        let what = format!("there is no catalog in {}", data.display());
        return report
            .find(what, "name its folder with --data; `auralis serve` and `auralis scan` begin one");
    }
    look_at_disk(data, &path, report);
    let stored = match Stored::open(&path) {
        Ok(stored) => stored,
        Err(error) => return report.find(chain(&error), BEGIN_ANEW),
    };
    if let Err(error) = look_inside(&stored, report) {
        report.find(format!("the catalog cannot be read to its end: {}", chain(&error)), BEGIN_ANEW);
    }
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    for (idx, path) in stored.renewals().into_iter().enumerate() {
        if idx >= WORTH_KEEPING {
            let what = format!("{} is a copy from long ago, {}", path.display(), amounts::bytes(size(&path)));
            report.find(what, "remove it; the newest two are enough");
        }
        report.copies.push(Kept { bytes: size(&path), path: path.display().to_string() });
    }
}

fn look_at_disk(data: &Path, catalog: &Path, report: &mut Report) {
    for path in [data, catalog] {
        if is_read_only(path) {
            let what = format!("{} may only be read, so that no server can start", path.display());
            report.find(what, "make it writable for whom the server runs as");
        }
    }
    report.free_bytes = free(data);
    let n_bytes = fs::metadata(catalog).map_or(0, |found| found.len());
    if let Some(free) = report.free_bytes.filter(|free| *free < n_bytes.saturating_add(LEAST_FREE)) {
        let what = format!("the disk of {} has only {} left", data.display(), amounts::bytes(free));
        let wanted = amounts::bytes(n_bytes.saturating_add(LEAST_FREE));
        report
            .find(what, &format!("make room, {wanted} at least: a renewal of the schema copies the catalog"));
    }
    let entries = fs::read_dir(data).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in entries.filter(|path| path.extension().is_some_and(|end| end == "partial")) {
        let what = format!("{} was left by a copy that was cut off", path.display());
        report.find(what, "remove it, unless a backup or restore is at work right now");
    }
}

fn look_inside(stored: &Stored, report: &mut Report) -> catalog::Result<()> {
    let schema = stored.schema()?;
    report.schema = Some(schema);
    if schema > report.newest_schema {
        report
            .find(format!("the catalog was written by a newer Auralis (schema {schema})"), "update Auralis");
    }
    let n_bytes = stored.n_bytes();
    report.bytes = Some(n_bytes);
    for fault in stored.faults()? {
        report.find(format!("the catalog is damaged: {fault}"), BEGIN_ANEW);
    }
    report.bytes_per_track = n_bytes.checked_div(stored.n_tracks()?);
    // Others know other columns.
    if schema == report.newest_schema {
        let figures = stored.figures(VERSION)?;
        report.tracks = Some(figures.tracks);
        report.missing = Some(figures.missing);
        report.failed = Some(figures.failed);
        report.unmeasured = Some(figures.unmeasured);
    }
    for folder in stored.folders()? {
        let folder = path_of(&folder);
        let shown = folder.display().to_string();
        if let Err(error) = fs::read_dir(&folder) {
            let what = format!("the library's folder {shown} cannot be read: {error}");
            report.find(
                what,
                "mount it or make it readable, or serve without it; its tracks are kept meanwhile",
            );
        }
        report.folders.push(shown);
    }
    Ok(())
}

impl Report {
    fn find(&mut self, what: impl Into<String>, advice: &str) {
        self.findings.push(Finding { what: what.into(), advice: advice.to_owned() });
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![row("data", &self.data)];
        if let (Some(bytes), Some(schema)) = (self.bytes, self.schema) {
            let each = self.bytes_per_track.map(|each| format!(", {} a track", amounts::bytes(each)));
            lines.push(row("catalog", &(amounts::bytes(bytes) + &each.unwrap_or_default())));
            lines.push(row(
                "schema",
                &match self.newest_schema.checked_sub(schema) {
                    Some(0) => format!("{schema}, today's"),
                    Some(_) => format!("{schema}; the next start renews it to {}", self.newest_schema),
                    None => schema.to_string(),
                },
            ));
        }
        if let Some(tracks) = self.tracks {
            let of = |n: Option<u64>| amounts::count(n.unwrap_or_default());
            lines.push(row(
                "tracks",
                &format!(
                    "{}, of these {} not measured yet; {} missing, {} that do not play",
                    amounts::count(tracks),
                    of(self.unmeasured),
                    of(self.missing),
                    of(self.failed)
                ),
            ));
        }
        lines.extend(self.folders.iter().map(|folder| row("library", folder)));
        lines.extend(self.free_bytes.map(|free| row("disk", &format!("{} free", amounts::bytes(free)))));
        lines.extend(self.copies.iter().map(|copy| {
            row("copy", &format!("{}, {}, from before a renewal", copy.path, amounts::bytes(copy.bytes)))
        }));
        if self.findings.is_empty() {
            lines.push("all is well".to_owned());
        }
        lines.extend(self.findings.iter().map(|found| format!("! {}\n  {}", found.what, found.advice)));
        lines
    }
}

fn row(name: &str, value: &str) -> String {
    format!("{name:<9}{value}")
}

/// Whether whoever runs this may read a file but not write it; where the system
/// does not tell, no.
fn is_read_only(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{Access, access};
        access(path, Access::READ_OK).is_ok() && access(path, Access::WRITE_OK).is_err()
    }
    #[cfg(not(target_os = "linux"))]
    fs::metadata(path).is_ok_and(|found| found.permissions().readonly())
}
