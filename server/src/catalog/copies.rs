//! Copies of a catalog: consistent while it is written to, and wholly on the
//! disk before they bear their name. One is put in the place of another so that
//! a power cut leaves the one or the other.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{CATALOG, Error, Owner, Result, Stored, today};

/// Copies from before a renewal that are kept: the newest.
const RENEWALS_KEPT: usize = 2;

/// Writes all that `db` sees now to `place`, where nothing or an empty file is.
pub(super) fn copy(db: &Connection, place: &Path) -> Result<()> {
    let Some(name) = place.to_str() else {
        return Err(Error::new(format!(
            "{} is not written in UTF-8, and SQLite takes no other name; choose another",
            place.display()
        )));
    };
    let full = || Error::new(format!("{name} cannot be written: its disk is full or fails; make room there"));
    db.execute("VACUUM INTO ?1", [name]).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => full().because(error),
        _ => Error::from(error),
    })?;
    // Some disks say that they are full only when all is really to be on them.
    File::options()
        .write(true)
        .open(place)
        .and_then(|file| file.sync_all())
        .map_err(|error| full().because(error))
}

/// Copies the catalog at `path` as it is to beside itself, before the steps
/// behind `schema` change it; of earlier such copies the newest stay.
pub(super) fn keep(db: &Connection, path: &Path, schema: usize) -> Result<()> {
    let place = beside(path, &format!("schema-{schema}"));
    let unfinished = beside(path, "schema.partial");
    let copied = clear(&unfinished).and_then(|()| {
        copy(db, &unfinished)?;
        fs::rename(&unfinished, &place).map_err(|error| Error::new("it keeps another name").because(error))
    });
    copied.map_err(|error| {
        // If even that fails, the next try clears it.
        let _ = fs::remove_file(&unfinished);
        Error::new(format!(
            "the catalog cannot be copied to {} before its schema is renewed; make room on the disk, as much as it takes itself",
            place.display()
        ))
        .because(error)
    })?;
    sync(path);
    tracing::info!(copy = %place.display(), "the catalog as it was");
    // This one stays, even if a copy of a later schema was restored and renewed again.
    let others = renewals(path).into_iter().filter(|other| *other != place);
    for old in others.skip(RENEWALS_KEPT - 1) {
        match fs::remove_file(&old) {
            Ok(()) => tracing::info!(copy = %old.display(), "an older copy is gone"),
            Err(error) => tracing::warn!(copy = %old.display(), %error, "an older copy stays"),
        }
    }
    Ok(())
}

/// The copies from before renewals beside the catalog at `path`, the newest first.
pub(super) fn renewals(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned() + ".schema-";
    let schema = |place: &Path| place.file_name()?.to_str()?.strip_prefix(&name)?.parse::<u32>().ok();
    let mut found: Vec<_> =
        siblings(path).filter_map(|place| schema(&place).map(|schema| (schema, place))).collect();
    found.sort();
    found.into_iter().rev().map(|(_, place)| place).collect()
}

/// All that lies in the folder of `path`.
fn siblings(path: &Path) -> impl Iterator<Item = PathBuf> {
    let folder = path.parent().map(fs::read_dir);
    folder.into_iter().flatten().flatten().flatten().map(|entry| entry.path())
}

/// Puts what `from` holds in the place of the owner's catalog; returns where the
/// one before is kept, if there was one.
pub fn restore(owner: &Owner, from: &Stored) -> Result<Option<PathBuf>> {
    let path = owner.data().join(CATALOG);
    let failed = |what: &str| {
        let text = format!("{what} in the data folder {}", owner.data().display());
        move |error: std::io::Error| Error::new(text).because(error)
    };
    let fresh = beside(&path, "restored.partial");
    clear(&fresh)?;
    from.copy_to(&fresh).inspect_err(|_| {
        // It takes room on a disk that has none; if even that fails, its name says what it is.
        let _ = fs::remove_file(&fresh);
    })?;
    if fs::symlink_metadata(&path).is_err() {
        fs::rename(&fresh, &path).map_err(failed("the catalog cannot be put in its place"))?;
        sync(&path);
        return Ok(None);
    }
    settle(&path)?;
    let kept = free(&path);
    // A log is of its catalog alone: beside another it would spoil that. There
    // is one yet if the catalog is too broken for it to be folded in.
    for log in ["-wal", "-journal"] {
        match fs::rename(with(&path, log), with(&kept, log)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed("the log of the present catalog cannot be set aside")(error));
            }
            _ => {}
        }
    }
    clear(&with(&path, "-shm"))?;
    // By a second name, so that there is a catalog at any moment; where the disk
    // has none, and for what is no file, by another.
    fs::hard_link(&path, &kept)
        .or_else(|_| fs::rename(&path, &kept))
        .map_err(failed("the present catalog cannot be set aside"))?;
    fs::rename(&fresh, &path).map_err(failed("the catalog cannot be put in its place"))?;
    sync(&path);
    Ok(Some(kept))
}

/// Folds the log of the catalog at `path` into it. One that is not even a
/// catalog is left as it is: there SQLite throws a log away.
fn settle(path: &Path) -> Result<()> {
    if let Err(error) = Stored::open(path) {
        tracing::debug!(error = crate::error::chain(&error), "the log is set aside as it is");
        return Ok(());
    }
    let folded = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|db| {
        db.busy_timeout(super::BUSY_TIMEOUT)?;
        db.pragma_update(None, "journal_mode", "delete")
    });
    match folded.map_err(Error::from) {
        Err(error) if matches!(error.code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {
            Err(Error::new(format!(
                "{} is being read, perhaps for a backup; try again when that is over",
                path.display()
            ))
            .because(error))
        }
        Err(error) => {
            tracing::debug!(error = crate::error::chain(&error), "the log is set aside as it is");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// A name that nothing bears, for what lies at `path` today.
fn free(path: &Path) -> PathBuf {
    let today = today();
    let names = (1..).map(|n: u32| match n {
        1 => format!("before-{today}"),
        _ => format!("before-{today}-{n}"),
    });
    let mut places = names.map(|name| beside(path, &name));
    // The numbers do not end before a name is free.
    places.find(|place| fs::symlink_metadata(place).is_err()).unwrap_or_else(|| beside(path, "before"))
}

/// `path` with another part behind a dot.
fn beside(path: &Path, part: &str) -> PathBuf {
    with(path, &format!(".{part}"))
}

/// `path` with a name that goes on.
pub(super) fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// Removes a file, if it is there.
fn clear(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::new(format!("{} is in the way and cannot be removed", path.display())).because(error))
        }
        _ => Ok(()),
    }
}

/// Has the disk keep the names in the folder of `path`, where systems let one.
fn sync(path: &Path) {
    #[cfg(unix)]
    if let Some(Err(error)) =
        path.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()))
    {
        tracing::debug!(%error, "the folder is not synced");
    }
    #[cfg(not(unix))]
    let _ = path;
}
