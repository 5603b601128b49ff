//! `auralis backup`: the catalog in one file, whatever goes on meanwhile.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::output::{Output, unwritten};
use super::{Failure, Outcome, amounts, input, interrupt, settings};
use crate::catalog::{self, CATALOG, Stored};

/// What to back up, and where to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis backup                              writes auralis-2026-11-26.sqlite here, by the date
  auralis backup -o /mnt/nas/auralis.sqlite --force

The backup holds all that is known and was measured of the music, not the music
itself. A server may go on running: what is written is the catalog as it is at
one moment. `auralis restore` brings it back.")]
pub struct Flags {
    /// The file to write [default: auralis-DATE.sqlite in this folder]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Where the catalog is kept [default: auralis in ~/.local/share]
    #[arg(long, value_name = "DIR", env = "AURALIS_DATA")]
    data: Option<PathBuf>,
    /// Replaces OUT if it is there already
    #[arg(long)]
    force: bool,
}

/// How often an interrupt is heard.
const GLANCE: Duration = Duration::from_millis(20);

/// Copies the catalog and says what the copy holds.
pub fn backup(flags: Flags) -> Outcome<()> {
    interrupt::listen()?;
    let catalog = flags.data.unwrap_or_else(settings::data_folder).join(CATALOG);
    let place = flags.output.unwrap_or_else(|| format!("auralis-{}.sqlite", catalog::today()).into());
    let stored = Stored::open(&catalog)?;
    let mut output = Output::new(&place, &catalog, flags.force)?;
    output.file.create().map_err(|error| unwritten(output.file.place(), &error))?;
    copy(stored, output.file.path())?;
    let copied = Stored::open(output.file.path())?;
    let (n_tracks, n_bytes) = (copied.n_tracks()?, copied.n_bytes());
    drop(copied);
    output.finish()?;
    let (tracks, size) = (amounts::count(n_tracks), amounts::bytes(n_bytes));
    input::print(&format!("{}: {tracks} tracks, {size}", place.display()))
}

/// Copies on a thread of its own, so that it can be interrupted.
fn copy(stored: Stored, place: &Path) -> Outcome<()> {
    let stop = stored.interrupter();
    let place = place.to_owned();
    let copying = std::thread::spawn(move || stored.copy_to(&place));
    while !copying.is_finished() {
        if interrupt::asked() {
            stop.interrupt();
        }
        std::thread::sleep(GLANCE);
    }
    match copying.join() {
        Ok(_) if interrupt::asked() => Err(Failure::Interrupted),
        Ok(copied) => Ok(copied?),
        Err(panic) => Err(Failure::Failed(crate::pool::panic_text(&*panic))),
    }
}
