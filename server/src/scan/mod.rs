//! Walks the library and writes what it finds into the catalog. Files are
//! only read. Each batch is one transaction, so a scan that is killed leaves a
//! whole catalog and the next one goes on where it stopped: what is unchanged
//! by size and time is not read again.

mod tags;
mod walk;

pub use tags::art;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::catalog::{self, Catalog, Entry, Folder, Known};
use crate::error::chain;
use crate::events::{Event, Events};
use crate::media::{Stamp, path_of};

/// Files per transaction.
const BATCH: usize = 64;
/// Least time between two announcements of progress.
const ANNOUNCE: Duration = Duration::from_millis(250);

/// Whether a scan runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// None runs.
    #[default]
    Idle,
    /// One runs.
    Scanning,
}

/// How far the scan that runs has come, or the last one came.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    /// Whether a scan runs.
    pub state: Phase,
    /// Sound files found.
    pub found: u64,
    /// Of these, read because they are new or changed.
    pub read: u64,
    /// Of these, skipped because nothing changed.
    pub unchanged: u64,
    /// Of these, that could not be opened.
    pub unreadable: u64,
    /// Tracks whose files are gone.
    pub gone: u64,
    /// Folders and directories that could not be read, each with its reason.
    pub problems: Vec<String>,
    /// While the demo album is composed, how far that is.
    pub composing: Option<Composing>,
}

/// How many tracks of the demo album are there.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Composing {
    /// Composed so far.
    pub done: u64,
    /// In all.
    pub total: u64,
}

/// A handle on the one scanner.
#[derive(Clone)]
pub struct Scanner {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    events: Events,
    status: Mutex<Status>,
    asked: Mutex<bool>,
    wake: Condvar,
    stop: AtomicBool,
    /// Called when tracks came: they want measuring.
    found: Box<dyn Fn() + Send + Sync>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scanner {
    /// A scanner of the catalog's open folders; `found` is called whenever
    /// tracks were written.
    pub fn new(catalog: Catalog, events: Events, found: impl Fn() + Send + Sync + 'static) -> Self {
        let shared = Shared {
            catalog,
            events,
            status: Mutex::default(),
            asked: Mutex::new(false),
            wake: Condvar::new(),
            stop: AtomicBool::new(false),
            found: Box::new(found),
        };
        Scanner { shared: Arc::new(shared) }
    }

    /// Starts the thread that scans whenever it is asked to.
    pub fn start(&self) -> std::io::Result<std::thread::JoinHandle<()>> {
        let scanner = self.clone();
        std::thread::Builder::new().name("scan".to_owned()).spawn(move || {
            while scanner.wait() {
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scanner.scan()));
                match outcome {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => tracing::error!(error = chain(&error), "scan failed"),
                    Err(panic) => {
                        lock(&scanner.shared.status).state = Phase::Idle;
                        tracing::error!(error = crate::pool::panic_text(&*panic), "scan panicked");
                    }
                }
            }
        })
    }

    /// Asks for a scan; one that runs is followed by another.
    pub fn ask(&self) {
        *lock(&self.shared.asked) = true;
        self.shared.wake.notify_all();
    }

    /// Ends the thread after the file it is at.
    pub fn stop(&self) {
        {
            // Under the lock, or the thread that has just looked sleeps through it.
            let _asked = lock(&self.shared.asked);
            self.shared.stop.store(true, Ordering::SeqCst);
        }
        self.shared.wake.notify_all();
    }

    /// How far it is. Whoever asked for a scan sees none that is idle before
    /// theirs is done.
    pub fn status(&self) -> Status {
        let asked = lock(&self.shared.asked);
        let mut status = lock(&self.shared.status).clone();
        if *asked {
            status.state = Phase::Scanning;
        }
        status
    }

    /// Waits until a scan is asked for; `false`: it is time to end.
    fn wait(&self) -> bool {
        let mut asked = lock(&self.shared.asked);
        while !*asked && !self.stopped() {
            asked = self.shared.wake.wait(asked).unwrap_or_else(PoisonError::into_inner);
        }
        *asked = false;
        lock(&self.shared.status).state = Phase::Scanning;
        !self.stopped()
    }

    /// Says how many tracks of the demo album are composed, of how many; none:
    /// it is not being composed.
    pub fn composing(&self, done: Option<(u64, u64)>) {
        lock(&self.shared.status).composing = done.map(|(done, total)| Composing { done, total });
        self.announce();
    }

    /// Whether it was told to end.
    pub fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::SeqCst)
    }

    /// Scans all open folders, on this thread.
    pub fn scan(&self) -> catalog::Result<Status> {
        {
            let mut status = lock(&self.shared.status);
            let composing = status.composing;
            *status = Status { state: Phase::Scanning, composing, ..Status::default() };
        }
        self.announce();
        let outcome = self.run();
        lock(&self.shared.status).state = Phase::Idle;
        self.announce();
        self.shared.events.tell(Event::Library);
        (self.shared.found)();
        outcome.map(|()| self.status())
    }

    fn run(&self) -> catalog::Result<()> {
        let catalog = &self.shared.catalog;
        let scan = catalog.begin_scan()?;
        let mut whole = Vec::new();
        for folder in catalog.folders()? {
            if self.folder(scan, &folder)? {
                whole.push(folder);
            }
        }
        if self.stopped() {
            return Ok(());
        }
        let n_gone = catalog.finish_scan(scan, &whole)?;
        let status = {
            let mut status = lock(&self.shared.status);
            status.gone = n_gone as u64;
            status.clone()
        };
        tracing::info!(
            found = status.found,
            read = status.read,
            unchanged = status.unchanged,
            unreadable = status.unreadable,
            gone = status.gone,
            "scan done"
        );
        Ok(())
    }

    /// Scans one folder; `true` if all of it could be walked, so that what was
    /// not seen is known to be gone.
    fn folder(&self, scan: i64, folder: &Folder) -> catalog::Result<bool> {
        let catalog = &self.shared.catalog;
        let known = catalog.known(folder)?;
        let root = path_of(&folder.path);
        let mut batch = Batch::default();
        let mut announced = Instant::now();
        let mut whole = true;
        for found in walk::Walk::new(&root) {
            if self.stopped() {
                self.write(scan, folder, &mut batch)?;
                return Ok(false);
            }
            match found {
                Ok(found) => self.look(&known, found, &mut batch),
                Err(problem) => {
                    whole = false;
                    tracing::warn!(path = %problem.path.display(), error = chain(&problem.error), "directory not read");
                    let shown = problem.path.strip_prefix(&root).unwrap_or(&problem.path);
                    let shown = if shown.as_os_str().is_empty() {
                        "the folder itself".into()
                    } else {
                        shown.to_string_lossy()
                    };
                    lock(&self.shared.status).problems.push(format!("{shown}: {}", problem.reason()));
                }
            }
            if batch.len() >= BATCH {
                self.write(scan, folder, &mut batch)?;
            }
            if announced.elapsed() >= ANNOUNCE {
                announced = Instant::now();
                self.announce();
            }
        }
        self.write(scan, folder, &mut batch)?;
        Ok(whole)
    }

    /// Reads a file unless it is unchanged.
    fn look(&self, known: &BTreeMap<Vec<u8>, Known>, found: walk::Found, batch: &mut Batch) {
        let Stamp { size, mtime_ns } = found.stamp;
        lock(&self.shared.status).found += 1;
        if let Some(known) = known.get(&found.relative)
            && (known.size, known.mtime_ns) == (size, mtime_ns)
        {
            lock(&self.shared.status).unchanged += 1;
            batch.unchanged.push(known.track_id);
            return;
        }
        let mut entry = Entry { path: found.relative, size, mtime_ns, ..Entry::default() };
        let fault = tags::read(&found.path, &mut entry).err();
        let mut status = lock(&self.shared.status);
        status.read += 1;
        status.unreadable += u64::from(fault.is_some());
        drop(status);
        batch.entries.push(entry);
        batch.faults.push(fault);
    }

    /// Writes a batch and empties it.
    fn write(&self, scan: i64, folder: &Folder, batch: &mut Batch) -> catalog::Result<()> {
        let catalog = &self.shared.catalog;
        if !batch.unchanged.is_empty() {
            catalog.seen(scan, &batch.unchanged)?;
        }
        if !batch.entries.is_empty() {
            let rows = catalog.put(scan, folder, &batch.entries)?;
            for ((row, entry), fault) in rows.iter().zip(&batch.entries).zip(&batch.faults) {
                let Some(fault) = fault else { continue };
                catalog.put_fault(*row, (entry.size, entry.mtime_ns), fault.stage, &fault.reason)?;
                let track_id = catalog::key(&[&folder.path, &entry.path]);
                tracing::error!(
                    track_id,
                    stage = fault.stage,
                    path = %path_of(&entry.path).display(),
                    error = chain(&*fault.error),
                    "file not opened"
                );
                self.shared.events.tell(Event::Failed { track_id, reason: fault.reason.clone() });
            }
            (self.shared.found)();
            self.shared.events.tell(Event::Library);
        }
        *batch = Batch::default();
        Ok(())
    }

    fn announce(&self) {
        self.shared.events.tell(Event::Scan(self.status()));
    }
}

/// What is written in one transaction.
#[derive(Default)]
struct Batch {
    unchanged: Vec<i64>,
    entries: Vec<Entry>,
    faults: Vec<Option<tags::Unreadable>>,
}

impl Batch {
    fn len(&self) -> usize {
        // An unchanged file costs next to nothing.
        self.entries.len() + self.unchanged.len() / 64
    }
}
