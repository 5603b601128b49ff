//! A catalog as it is stored, whatever its schema: looked at and copied, never
//! written to, also beside a server that lives in it.

use std::fs;
use std::io::ErrorKind;
use std::os::raw::c_int;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags};

use super::{BUSY_TIMEOUT, Error, Result, copies, migrations, place};

/// Tables that every schema has, and no other program's file.
const TABLES: &str = "SELECT 1 FROM folder, album, track, fingerprint";
/// Faults of the file that are told apart.
const MAX_FAULTS: c_int = 20;

/// An opened file.
pub struct Stored {
    path: PathBuf,
    db: Connection,
}

/// What a catalog of today's schema holds.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Tracks that can be played.
    pub tracks: u64,
    /// Tracks whose files are gone.
    pub missing: u64,
    /// Files that could not be opened or measured.
    pub failed: u64,
    /// Tracks that are not measured yet.
    pub unmeasured: u64,
}

impl Stored {
    /// Opens the catalog at `path`, and says so if that is none.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        let found = fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(format!("there is no catalog {shown}; check the path")),
            _ => Error::new(format!("the catalog {shown} cannot be reached")).because(error),
        })?;
        if !found.is_file() {
            return Err(Error::new(format!("{shown} is no file; name the catalog or backup itself")));
        }
        place::check(path)?;
        let db = open(path).map_err(|error| {
            let what = match error.sqlite_error_code() {
                // A table is missing, or all of it is something else.
                Some(ErrorCode::Unknown | ErrorCode::NotADatabase) => {
                    format!("{shown} is no catalog of Auralis; name one, or a backup of one")
                }
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure) => {
                    format!("{shown} is damaged, and nothing was changed; use another backup")
                }
                Some(ErrorCode::CannotOpen) => format!(
                    "the catalog {shown} cannot be read; make it readable, and if its folder may only be read, copy \
                     it elsewhere together with its -wal"
                ),
                _ => return Error::from(error),
            };
            Error::new(what).because(error)
        })?;
        Ok(Stored { path: path.to_owned(), db })
    }

    /// The number of its schema.
    pub fn schema(&self) -> Result<usize> {
        Ok(migrations::version(&self.db)?)
    }

    /// Everything wrong with the file, in words; nothing: it is sound.
    pub fn faults(&self) -> Result<Vec<String>> {
        let mut faults = Vec::new();
        let checked = self.db.pragma(None, "integrity_check", MAX_FAULTS, |row| {
            faults.push(row.get::<_, String>(0)?);
            Ok(())
        });
        faults.retain(|fault| fault != "ok");
        match checked {
            // Too damaged for its damage to be told.
            Err(error) if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt)) => {
                faults.push(error.to_string());
            }
            checked => checked?,
        }
        if !faults.is_empty() {
            return Ok(faults);
        }
        let mut orphans = self.db.prepare(
            "SELECT count(*), \"table\", parent FROM pragma_foreign_key_check GROUP BY \"table\", parent",
        )?;
        let mut rows = orphans.query([])?;
        while let Some(row) = rows.next()? {
            let (n, table, parent): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            faults.push(format!("rows of {table} without their {parent}: {n}"));
        }
        Ok(faults)
    }

    /// All tracks, also those that are missing or do not play.
    pub fn n_tracks(&self) -> Result<u64> {
        self.number("SELECT count(*) FROM track", [])
    }

    /// What it holds, if its schema is today's; fingerprints of another
    /// `version` are no measurements.
    pub fn figures(&self, version: u32) -> Result<Figures> {
        Ok(Figures {
            tracks: self.number("SELECT count(*) FROM track WHERE listed", [])?,
            missing: self.number(
                "SELECT count(*) FROM track t JOIN folder d ON d.id = t.folder_id AND d.open
                 WHERE t.missing_since NOT NULL",
                [],
            )?,
            failed: self
                .number("SELECT count(*) FROM fault x JOIN track t ON t.id = x.track_id AND t.here", [])?,
            unmeasured: self.number(
                "SELECT count(*) FROM track t WHERE t.listed AND t.measured_by IS NOT ?1
                 AND NOT EXISTS (SELECT 1 FROM fault x WHERE x.track_id = t.id)",
                [version],
            )?,
        })
    }

    fn number(&self, sql: &str, values: impl rusqlite::Params) -> Result<u64> {
        Ok(self.db.query_row(sql, values, |row| row.get::<_, i64>(0))? as u64)
    }

    /// The paths of the library's folders.
    pub fn folders(&self) -> Result<Vec<Vec<u8>>> {
        let mut statement = self.db.prepare("SELECT path FROM folder WHERE open ORDER BY id")?;
        let paths = statement.query_map([], |row| row.get(0))?;
        Ok(paths.collect::<rusqlite::Result<_>>()?)
    }

    /// Bytes that it takes on the disk, with its log.
    pub fn n_bytes(&self) -> u64 {
        [self.path.clone(), copies::with(&self.path, "-wal")]
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|found| found.len())
            .sum()
    }

    /// Copies of it from before its schema was renewed, the newest first.
    pub fn renewals(&self) -> Vec<PathBuf> {
        copies::renewals(&self.path)
    }

    /// Copies all that it holds at one moment to `place`, where nothing or an
    /// empty file is.
    pub fn copy_to(&self, place: &Path) -> Result<()> {
        copies::copy(&self.db, place)
    }

    /// Breaks off, from any thread, what it is asked.
    pub fn interrupter(&self) -> InterruptHandle {
        self.db.get_interrupt_handle()
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let read = |name: &Path, more: OpenFlags| -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(name, flags | more)?;
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.prepare(TABLES)?;
        Ok(db)
    };
    let opened = read(path, OpenFlags::empty());
    let has_log = fs::metadata(copies::with(path, "-wal")).is_ok_and(|log| log.len() > 0);
    match (opened, path.to_str()) {
        // Where nothing may be written, readers cannot tell each other what they
        // read: nobody writes then, and they need not.
        (Err(error), Some(name)) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) && !has_log => {
            let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            read(Path::new(&format!("file:{name}?immutable=1")), OpenFlags::SQLITE_OPEN_URI)
        }
        (opened, _) => opened,
    }
}
