//! `auralis restore`: a backup in the place of the catalog.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Outcome, amounts, input, settings};
use crate::catalog::{self, CATALOG, Owner, Stored};

/// What to bring back, and where.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  auralis restore auralis-2026-11-26.sqlite
  auralis restore ~/.local/share/auralis/catalog.sqlite.schema-4

The backup is checked first, and is left as it is. The present catalog is kept
in the data folder under the date, and can be restored the same way. A server
must be ended before; when it starts again it looks for what has changed since.")]
pub struct Flags {
    /// The backup: a file that `auralis backup` wrote, or another catalog
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the catalog is kept [default: auralis in ~/.local/share]
    #[arg(long, value_name = "DIR", env = "AURALIS_DATA")]
    data: Option<PathBuf>,
}

/// Faults that are named; the first tell enough.
const MAX_NAMED: usize = 3;

/// Checks the backup, and puts what it holds in the place of the catalog.
pub fn restore(flags: Flags) -> Outcome<()> {
    let shown = flags.file.display();
    let stored = Stored::open(&flags.file)?;
    let (schema, newest) = (stored.schema()?, catalog::newest_schema());
    if schema > newest {
        return Err(Failure::Failed(format!(
            "{shown} was written by a newer Auralis (schema {schema}, this one knows {newest}); update Auralis first"
        )));
    }
    let faults = stored.faults()?;
    if !faults.is_empty() {
        return Err(Failure::Failed(format!(
            "{shown} is damaged, and nothing was changed; restore another backup: {}",
            faults[..faults.len().min(MAX_NAMED)].join("; ")
        )));
    }
    let data = flags.data.unwrap_or_else(settings::data_folder);
    let owner = Owner::of(&data)?;
    if let (Ok(file), Ok(present)) = (flags.file.canonicalize(), data.join(CATALOG).canonicalize())
        && file == present
    {
        return Err(Failure::Usage(format!("{shown} is the catalog itself; give FILE a backup of it")));
    }
    let kept = catalog::restore(&owner, &stored)?;
    let tracks = amounts::count(stored.n_tracks()?);
    input::print(&format!("restored {tracks} tracks from {shown}"))?;
    match kept {
        Some(kept) => input::print(&format!("the catalog before is kept as {}", kept.display())),
        None => Ok(()),
    }
}
