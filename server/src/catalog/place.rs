//! The place of the catalog in the data folder, and what may stand there.

use std::fs;
use std::path::Path;

use rusqlite::ErrorCode;

use super::{Error, Result, copies};

/// The name of the catalog in its folder.
pub const CATALOG: &str = "catalog.sqlite";

/// Makes the data folder, if it is absent.
pub fn make(data: &Path) -> Result<()> {
    fs::create_dir_all(data).map_err(|error| {
        Error::new(format!("the data folder {} cannot be made; choose another with --data", data.display()))
            .because(error)
    })
}

/// Refuses what SQLite would take for a catalog to begin anew, although there
/// was one: opening it would throw away its log, and with it what may be saved.
pub fn check(path: &Path) -> Result<()> {
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    let shown = path.display();
    if found.is_dir() {
        return Err(Error::new(format!(
            "{shown} is a folder, where the catalog belongs; move it away, or choose another with --data"
        )));
    }
    let has_log = fs::metadata(copies::with(path, "-wal")).is_ok_and(|log| log.len() > 0);
    if found.len() == 0 && (has_log || !copies::renewals(path).is_empty()) {
        return Err(Error::new(format!(
            "the catalog {shown} is empty, and was not before: bring a backup back with `auralis restore`, \
             or remove the file to begin anew"
        )));
    }
    Ok(())
}

/// Why the catalog at `path` cannot be opened, and what to do.
pub fn unusable(path: &Path, error: rusqlite::Error) -> Error {
    let shown = path.display();
    let what = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => format!(
            "{shown} is damaged, or no catalog at all: bring a backup back with `auralis restore`, or move it away \
             to begin anew, or choose another folder with --data"
        ),
        _ => format!(
            "the catalog {shown} cannot be opened; is the folder writable and its disk not full? \
             Choose another with --data"
        ),
    };
    Error::new(what).because(error)
}
