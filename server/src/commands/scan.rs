//! `auralis scan`: reads and measures folders into the catalog, so that a
//! server started later finds everything known.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use auralis_core::plan::Taste;
use clap::Args;

use super::progress::{Pacing, Progress};
use super::{Failure, Outcome, chain, input, interrupt, say, settings};
use crate::catalog::{self, Catalog, Counts, FaultSort, Owner, Part};
use crate::config::Config;
use crate::events::Events;
use crate::measuring::{Measurers, measure, taste_key, workers};
use crate::media::{bytes_of, path_of};
use crate::metrics::Metrics;
use crate::scan::Scanner;

/// What to scan.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis scan ~/Music
  auralis scan ~/Music /mnt/more --data /srv/auralis

What is in the catalog already and unchanged is not read again; a scan that was
interrupted goes on where it stopped.")]
pub struct Flags {
    /// Folders of music
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where the catalog is kept [default: auralis in ~/.local/share]
    #[arg(long, value_name = "DIR", env = "AURALIS_DATA")]
    data: Option<PathBuf>,
    /// Tracks measured at a time [default: one per processor but one]
    #[arg(long, value_name = "N", env = "AURALIS_WORKERS", value_parser = clap::value_parser!(u8).range(1..))]
    workers: Option<u8>,
}

/// How often progress is shown and an interrupt heard.
const GLANCE: Duration = Duration::from_millis(100);
/// Faults fetched at a time.
const PAGE: u32 = 500;

/// Scans and measures; names what fails.
pub fn scan(flags: Flags) -> Outcome<()> {
    interrupt::listen()?;
    let mut config = Config::new(flags.data.unwrap_or_else(settings::data_folder));
    config.libraries = flags.folders;
    // The server calls these folders by its flag.
    let config =
        config.checked().map_err(|error| Failure::Failed(error.to_string().replace("--library", "DIR")))?;
    let _owner = Owner::of(&config.data).map_err(broken)?;
    let catalog = Catalog::open(&config.data, auralis_core::fingerprint::VERSION).map_err(broken)?;
    let folders: Vec<Vec<u8>> = config.libraries.iter().map(|path| bytes_of(path)).collect();
    catalog.open_folders(&folders).map_err(broken)?;
    let events = Events::default();
    let measurers =
        Measurers::new(catalog.clone(), events.clone(), Arc::new(Metrics::default()), Arc::new(measure));
    let cpus = std::thread::available_parallelism().ok().map(usize::from);
    let n_workers = flags.workers.map_or_else(|| workers(cpus), usize::from);
    let unstarted = |error: std::io::Error| Failure::Failed(format!("no thread can be started: {error}"));
    let found = {
        let measurers = measurers.clone();
        move || measurers.look()
    };
    let scanner = Scanner::new(catalog.clone(), events, found);
    let threads = measurers.start(n_workers).map_err(unstarted)?;
    let outcome = watch(&scanner, &measurers, &catalog);
    measurers.stop();
    for thread in threads {
        // A thread that panicked has said so; there is nothing left to end.
        let _ = thread.join();
    }
    outcome?;
    report(&scanner, &catalog)
}

/// Scans, then waits until nothing is left to measure.
fn watch(scanner: &Scanner, measurers: &Measurers, catalog: &Catalog) -> Outcome<()> {
    let mut looking = Some(Progress::new("looking for files", None));
    let mut reading = None;
    let scanning = {
        let scanner = scanner.clone();
        std::thread::spawn(move || scanner.scan())
    };
    while !scanning.is_finished() {
        if interrupt::asked() {
            scanner.stop();
        }
        std::thread::sleep(GLANCE);
        let status = scanner.status();
        let speed = status.files_per_s.map(|speed| format!("{speed:.0} files/s"));
        match status.to_read {
            None => looking.iter().for_each(|bar| bar.at(status.found)),
            // All are found by the time that the first is read.
            Some(n) => {
                looking = None;
                let reading = reading.get_or_insert_with(|| Progress::new("reading files", Some(n)));
                reading.pace(&Pacing { done: status.read, speed, left_s: status.left_s });
            }
        }
    }
    drop((looking, reading));
    match scanning.join() {
        Ok(scanned) => scanned.map_err(broken)?,
        Err(panic) => return Err(Failure::Failed(crate::pool::panic_text(&*panic))),
    };
    let n_tracks = counts(catalog)?.tracks;
    let measuring = Progress::new("measuring", Some(n_tracks));
    loop {
        if interrupt::asked() {
            return Err(Failure::Interrupted);
        }
        let counts = counts(catalog)?;
        let speed = measurers.speed();
        measuring.pace(&Pacing {
            done: n_tracks.saturating_sub(counts.waiting),
            speed: speed.map(|speed| format!("{speed:.0}× real time")),
            left_s: speed.map(|speed| counts.waiting_s / speed),
        });
        if counts.waiting == 0 {
            return Ok(());
        }
        std::thread::sleep(GLANCE);
    }
}

/// Says what came of it.
fn report(scanner: &Scanner, catalog: &Catalog) -> Outcome<()> {
    let status = scanner.status();
    for problem in &status.problems {
        say(problem);
    }
    let mut offset = 0;
    loop {
        let page = catalog.faults(&Part::of((FaultSort::Path, false), PAGE, offset)).map_err(broken)?;
        for fault in &page.items {
            say(&format!("{}: {}", path_of(&fault.path).display(), fault.reason));
        }
        offset += page.items.len() as u64;
        if page.items.is_empty() || offset >= page.total {
            break;
        }
    }
    let counts = counts(catalog)?;
    input::print(&format!(
        "{} tracks: {} new or changed, {} moved, {} measured, {} failed, {} gone",
        counts.tracks,
        status.read - status.moved,
        status.moved,
        counts.measured,
        counts.failed,
        status.gone
    ))?;
    if counts.failed > 0 || !status.problems.is_empty() { Err(Failure::Named) } else { Ok(()) }
}

/// How far measuring has come.
fn counts(catalog: &Catalog) -> Outcome<Counts> {
    let taste = taste_key(&Taste::default()).map_err(|error| broken(error.into()))?;
    catalog.counts(&taste, true).map_err(broken)
}

fn broken(error: catalog::Error) -> Failure {
    Failure::Failed(chain(&error))
}
