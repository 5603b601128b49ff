//! What the server knows about the music: one SQLite file in the data folder,
//! with one writer and several readers (write-ahead log). All calls block;
//! [`Catalog::ask`] carries them off the async threads.

mod albums;
mod faults;
mod files;
mod folders;
mod measures;
mod migrations;
mod tracks;
mod trims;

pub use albums::Album;
pub use faults::Fault;
pub use files::{Known, Missing, Placed};
pub use folders::Folder;
pub use measures::{Content, Counts, Measurable, Measured};
pub use tracks::{Entry, Page, Query, Sort, State, Track};

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, Transaction};
use sha2::{Digest, Sha256};

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Readers kept open between requests.
const MAX_IDLE_READERS: usize = 8;

/// Lists whose lengths are remembered.
const MAX_TOTALS: usize = 256;

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
    path: PathBuf,
    /// Fingerprints of other versions count as not measured.
    version: u32,
    /// Counts the changes of which tracks there are, and which are measured.
    revision: AtomicU64,
    /// How long lists are, as of a revision.
    totals: Mutex<(u64, HashMap<String, u64>)>,
    writer: Mutex<Connection>,
    idle: Mutex<Vec<Connection>>,
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
        std::fs::create_dir_all(data).map_err(|error| {
            Error::new(format!(
                "the data folder {} cannot be made; choose another with --data",
                data.display()
            ))
            .because(error)
        })?;
        let path = data.join("catalog.sqlite");
        let unusable = |error: rusqlite::Error| {
            Error::new(format!(
                "the catalog {} cannot be opened; is the folder writable and its disk not full? Choose another with --data",
                path.display()
            ))
            .because(error)
        };
        let mut writer = Connection::open(&path).map_err(unusable)?;
        prepare(&writer).map_err(unusable)?;
        migrations::run(&mut writer)?;
        Ok(Catalog {
            shared: Arc::new(Shared {
                path,
                version,
                revision: AtomicU64::new(0),
                totals: Mutex::default(),
                writer: Mutex::new(writer),
                idle: Mutex::default(),
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
        match tokio::task::spawn_blocking(move || span.in_scope(|| question(&catalog))).await {
            Ok(answer) => answer,
            Err(gone) => Err(Error::new("a question to the catalog was not answered").because(gone)),
        }
    }

    /// Reads with one of the reading connections.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = lock(&self.shared.idle).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => {
                let reader = Connection::open_with_flags(
                    &self.shared.path,
                    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )?;
                prepare(&reader)?;
                reader
            }
        };
        let answer = work(&reader);
        let mut idle = lock(&self.shared.idle);
        if idle.len() < MAX_IDLE_READERS {
            idle.push(reader);
        }
        answer
    }

    /// Writes in one transaction: all of it or nothing.
    fn write<T>(&self, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        let mut writer = lock(&self.shared.writer);
        let transaction = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let answer = work(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    }

    /// Another number whenever other tracks may be measured than before.
    pub fn revision(&self) -> u64 {
        self.shared.revision.load(Ordering::Acquire)
    }

    /// How long a list is: counted once until something changes.
    fn total(&self, list: &str, count: impl FnOnce() -> Result<u64>) -> Result<u64> {
        let revision = self.revision();
        {
            let totals = lock(&self.shared.totals);
            if let (true, Some(total)) = (totals.0 == revision, totals.1.get(list)) {
                return Ok(*total);
            }
        }
        let total = count()?;
        let mut totals = lock(&self.shared.totals);
        if totals.0 != revision || totals.1.len() >= MAX_TOTALS {
            *totals = (revision, HashMap::new());
        }
        totals.1.insert(list.to_owned(), total);
        Ok(total)
    }

    /// Says so; after the change is there to be read.
    fn changed(&self) {
        self.shared.revision.fetch_add(1, Ordering::Release);
    }

    /// Whether the catalog answers.
    pub fn check(&self) -> Result<()> {
        self.read(|db| {
            Ok(db.query_row("SELECT count(*) FROM folder", [], |row| row.get::<_, i64>(0)).map(|_| ())?)
        })
    }
}

/// Sets what every connection needs.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal").or_else(|error| {
        // A read-only connection finds the mode already set in the file.
        if connection.is_readonly("main").unwrap_or(false) { Ok(()) } else { Err(error) }
    })?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.set_prepared_statement_cache_capacity(64);
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
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// `text` as search sees it: compatibility-decomposed, without accents, in
/// lower case.
pub fn fold(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_forgets_case_accents_and_width() {
        for (text, folded) in [("Björk", "bjork"), ("ＡＢＣ", "abc"), ("Ærø", "ærø"), ("É\u{301}", "e")]
        {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn keys_depend_on_where_parts_are_cut() {
        assert_ne!(key(&[b"ab", b"c"]), key(&[b"a", b"bc"]));
        assert_eq!(key(&[b"a"]).len(), 20);
    }
}
