//! What the server knows about the music: one SQLite file in the data folder,
//! with one writer and several readers (write-ahead log). All calls block;
//! [`Catalog::ask`] carries them off the async threads.

mod copies;
mod counts;
mod covers;
mod date;
mod directories;
mod entry;
mod faults;
mod files;
mod folders;
mod groups;
mod items;
mod jobs;
mod known;
mod listening;
mod lists;
mod measures;
mod migrations;
mod owner;
mod packed;
mod paths;
mod place;
mod playlists;
mod queue;
mod rank;
mod readers;
mod rows;
mod sequence;
mod shelf;
mod stored;
mod tastes;
mod tracks;
mod trims;
mod words;

pub use copies::restore;
pub use counts::Counts;
pub use date::today;
pub use directories::{Directory, DirectorySort, Inside, Step};
pub use entry::{Cut, Entry, Gains, Ids, More, Name, READ_BY};
pub use faults::{Fault, FaultSort};
pub use files::{Missing, MissingSort, Placed};
pub use folders::Folder;
pub use groups::{GroupQuery, GroupSort, Named};
pub use items::{Change, Changed, MAX_ITEMS};
pub use jobs::{Job, JobQueued, JobShare, JobState, JobTrack, NewJob};
pub use known::{Known, KnownFiles};
pub use listening::{Play, PlaySort};
pub use lists::{Orders, Part};
pub use measures::{Content, Measurable, Measured};
pub use migrations::newest as newest_schema;
pub use owner::Owner;
pub use paths::{Listed, Place};
pub use place::CATALOG;
pub use playlists::{Playlist, PlaylistSort, PlaylistTold, Smart};
pub use queue::{MAX_QUEUE, Queue, QueueChange, Queued, Repeat};
pub use sequence::Item;
pub use shelf::{Group, Share, Sort, Stat, Statistics};
pub use stored::{Figures, Stored};
pub use tracks::{Details, Found, Page, Query, State, Track};
pub use words::{fold, name_key};

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::hooks::Action;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, Transaction};
use sha2::{Digest, Sha256};

use self::shelf::{Dirty, Shelf};

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take, on a disk that is slow or hangs.
const BUDGET: Duration = Duration::from_secs(30);

/// A failure of the catalog, with what was being done.
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(message: impl Into<String>) -> Self {
        Error { message: message.into(), source: None }
    }
    fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
    /// What SQLite calls the failure, if it is one of SQLite's.
    fn code(&self) -> Option<rusqlite::ErrorCode> {
        self.source.as_ref()?.downcast_ref::<rusqlite::Error>()?.sqlite_error_code()
    }
    /// Whether the catalog's file or its disk failed: no other question fares better.
    pub fn is_of_disk(&self) -> bool {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure,
        };
        let of_disk = [CannotOpen, DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly, SystemIoFailure];
        self.code().is_some_and(|code| of_disk.contains(&code)) || self.is_of_value()
    }
    /// Whether the answer takes longer than it may.
    pub fn is_late(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.is::<tokio::time::error::Elapsed>())
    }
    /// Whether something that is stored is not what can have been written.
    fn is_of_value(&self) -> bool {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        let source = self.source.as_ref().and_then(|source| source.downcast_ref::<rusqlite::Error>());
        matches!(
            source,
            Some(
                FromSqlConversionFailure(..)
                    | IntegralValueOutOfRange(..)
                    | InvalidColumnType(..)
                    | Utf8Error(..)
            )
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let message = match error.sqlite_error_code() {
            // Where the log's index is mapped, a full disk reads as a failing one.
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
                "the disk of the data folder is full or fails: make room, or choose another folder with --data"
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                "the catalog is damaged: end Auralis, see what `auralis doctor` says, and bring a backup back with \
                 `auralis restore`"
            }
            Some(ErrorCode::ReadOnly) => {
                "the catalog may not be written: make its file and the data folder writable, or choose another with --data"
            }
            _ => "the catalog failed",
        };
        Error::new(message).because(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::new("a stored value is not what it should be").because(error)
    }
}

/// The result of anything the catalog is asked.
pub type Result<T> = std::result::Result<T, Error>;

/// A cheap handle on the one catalog.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    /// Fingerprints of other versions count as not measured.
    version: u32,
    /// Counts the changes of which tracks there are, and which are measured.
    revision: AtomicU64,
    /// All tracks in memory, but what is dirty.
    shelf: RwLock<Shelf>,
    /// Written and committed since the shelf was read.
    dirty: Mutex<Dirty>,
    /// Written, not committed yet.
    written: Arc<Mutex<Dirty>>,
    tally: Mutex<Option<counts::Tally>>,
    // Closed before the writer: who closes last folds the log into the file.
    readers: readers::Readers,
    writer: Mutex<Connection>,
}

/// A mutex whose holder panicked still holds whole values: SQLite rolls the
/// interrupted transaction back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Catalog {
    /// Opens the catalog in the folder `data`, made if absent, and brings its
    /// schema up to date. Fingerprints of another `version` are measured anew.
    pub fn open(data: &Path, version: u32) -> Result<Self> {
        place::make(data)?;
        let path = data.join(CATALOG);
        place::check(&path)?;
        let unusable = |error| place::unusable(&path, error);
        let mut writer = Connection::open(&path).map_err(unusable)?;
        if writer.is_readonly("main").map_err(unusable)? {
            return Err(Error::new(format!(
                "the catalog {} may not be written; make it writable, or choose another folder with --data",
                path.display()
            )));
        }
        prepare(&mut writer).map_err(unusable)?;
        migrations::run(&mut writer)?;
        let written: Arc<Mutex<Dirty>> = Arc::default();
        let noted = Arc::clone(&written);
        writer.update_hook(Some(move |_: Action, _: &str, table: &str, row: i64| {
            lock(&noted).note(table, row)
        }))?;
        Ok(Catalog {
            shared: Arc::new(Shared {
                version,
                revision: AtomicU64::new(0),
                shelf: RwLock::default(),
                dirty: Mutex::new(Dirty::all()),
                written,
                tally: Mutex::default(),
                writer: Mutex::new(writer),
                readers: readers::Readers::new(path),
            }),
        })
    }

    /// Asks on a thread where waiting is allowed.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Catalog) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let catalog = self.clone();
        let span = tracing::Span::current();
        let asked = tokio::task::spawn_blocking(move || span.in_scope(|| question(&catalog)));
        match tokio::time::timeout(BUDGET, asked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(gone)) => Err(Error::new("a question to the catalog was not answered").because(gone)),
            Err(late) => Err(Error::new("a question to the catalog is not answered yet").because(late)),
        }
    }

    /// Reads with one of the reading connections; `work` is asked twice if that breaks.
    fn read<T>(&self, work: impl FnMut(&Connection) -> Result<T>) -> Result<T> {
        self.shared.readers.read(work)
    }

    /// Writes in one transaction: all of it or nothing.
    fn write<T>(&self, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        let mut writer = lock(&self.shared.writer);
        let transaction = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let outcome = work(&transaction).and_then(|answer| Ok(transaction.commit().map(|()| answer)?));
        // What was rolled back is read anew for nothing.
        let written = std::mem::take(&mut *lock(&self.shared.written));
        lock(&self.shared.dirty).add(written);
        outcome
    }

    /// Another number whenever other tracks may be measured than before.
    pub fn revision(&self) -> u64 {
        self.shared.revision.load(Ordering::Acquire)
    }

    /// Says so, of tracks that came or went; after the change is there to be read.
    fn changed(&self) {
        self.recount();
        self.measured();
    }

    /// Says so, of one whose measuring [`Catalog::write_of`] followed.
    fn measured(&self) {
        self.shared.revision.fetch_add(1, Ordering::Release);
    }

    /// Whether the catalog answers.
    pub fn check(&self) -> Result<()> {
        self.read(|db| {
            Ok(db.query_row("SELECT count(*) FROM folder", [], |row| row.get::<_, i64>(0)).map(|_| ())?)
        })
    }
}

/// Statements that were run, by all catalogs of this process.
static N_STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// How many statements were run: what a request takes of them does not grow with
/// what it is about.
pub fn n_statements() -> u64 {
    N_STATEMENTS.load(Ordering::Relaxed)
}

/// Sets what every connection needs.
fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    let count = |_: TraceEvent<'_>| {
        N_STATEMENTS.fetch_add(1, Ordering::Relaxed);
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal").or_else(|error| {
        // A read-only connection finds the mode already set in the file.
        if connection.is_readonly("main").unwrap_or(false) { Ok(()) } else { Err(error) }
    })?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.set_prepared_statement_cache_capacity(64);
    lists::teach(connection)?;
    Ok(())
}

/// An opaque id made of `parts`: 80 bits of a SHA-256, in hexadecimal.
pub fn key(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..10].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_where_parts_are_cut() {
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
        assert_eq!(key(&[b"a"]).len(), 20);
    }
}
