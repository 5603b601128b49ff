//! Walks the library and writes what it finds into the catalog. Files are
//! only read. Each batch is one transaction, so a scan that is killed leaves a
//! whole catalog and the next one goes on where it stopped: what is unchanged
//! by size and time is not read again. A track whose file was moved, renamed or
//! tagged anew is known by its sound.

mod content;
mod tags;
mod walk;

pub use tags::art;

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::catalog::{self, Catalog, Entry, Folder, Placed};
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
    /// Of these, known tracks whose files lay elsewhere before.
    pub moved: u64,
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
        // All folders are walked before a file is read: a file that is gone here
        // may be the one that is new there.
        let mut walked = Vec::new();
        let mut elsewhere = Elsewhere::default();
        for folder in catalog.folders()? {
            let fresh = self.walk(&folder, &mut elsewhere)?;
            walked.push((folder, fresh));
        }
        for (folder, fresh) in walked {
            self.read(&folder, fresh, &mut elsewhere)?;
        }
        lock(&self.shared.status).gone = elsewhere.gone.len() as u64;
        if self.stopped() {
            return Ok(());
        }
        let status = self.status();
        tracing::info!(
            found = status.found,
            read = status.read,
            unchanged = status.unchanged,
            unreadable = status.unreadable,
            moved = status.moved,
            gone = status.gone,
            "scan done"
        );
        Ok(())
    }

    /// Walks one folder and gives its new and changed files; the tracks of these
    /// and of those that are gone may be `elsewhere`. If all of the folder could be
    /// walked, those that are gone are missing from now on.
    fn walk(&self, folder: &Folder, elsewhere: &mut Elsewhere) -> catalog::Result<Vec<Fresh>> {
        let catalog = &self.shared.catalog;
        let mut known = catalog.known(folder)?;
        let root = path_of(&folder.path);
        let mut announced = Instant::now();
        let (mut whole, mut fresh, mut back) = (true, Vec::new(), Vec::new());
        for found in walk::Walk::new(&root) {
            if self.stopped() {
                return Ok(Vec::new());
            }
            match found {
                Ok(found) => {
                    let known = known.remove(&found.relative);
                    let is_same =
                        known.is_some_and(|known| known.is_same(found.stamp.size, found.stamp.mtime_ns));
                    let mut status = lock(&self.shared.status);
                    status.found += 1;
                    status.unchanged += u64::from(is_same);
                    drop(status);
                    match known {
                        Some(known) if is_same => back.extend(known.is_missing.then_some(known.track_id)),
                        known => {
                            let track_id =
                                known.filter(|known| !known.is_missing).map(|known| known.track_id);
                            elsewhere.changed.extend(track_id);
                            fresh.push(Fresh { found, track_id });
                        }
                    }
                }
                Err(problem) => {
                    whole = false;
                    self.note(&root, &problem);
                }
            }
            if announced.elapsed() >= ANNOUNCE {
                announced = Instant::now();
                self.announce();
            }
        }
        catalog.find_again(&back)?;
        if whole {
            let gone: Vec<i64> =
                known.into_values().filter(|known| !known.is_missing).map(|known| known.track_id).collect();
            catalog.miss(&gone)?;
            elsewhere.gone.extend(gone);
        }
        Ok(fresh)
    }

    /// Notes what could not be walked.
    fn note(&self, root: &Path, problem: &walk::Problem) {
        tracing::warn!(path = %problem.path.display(), error = chain(&problem.error), "directory not read");
        let shown = problem.path.strip_prefix(root).unwrap_or(&problem.path);
        let shown =
            if shown.as_os_str().is_empty() { "the folder itself".into() } else { shown.to_string_lossy() };
        lock(&self.shared.status).problems.push(format!("{shown}: {}", problem.reason()));
    }

    /// Reads the fresh files of a folder and writes them, batch by batch.
    fn read(&self, folder: &Folder, fresh: Vec<Fresh>, elsewhere: &mut Elsewhere) -> catalog::Result<()> {
        let mut announced = Instant::now();
        let mut fresh = fresh.into_iter();
        loop {
            let batch: Vec<Read> = fresh.by_ref().take(BATCH).map_while(|fresh| self.look(fresh)).collect();
            if batch.is_empty() {
                return Ok(());
            }
            self.write(folder, batch, elsewhere)?;
            if announced.elapsed() >= ANNOUNCE {
                announced = Instant::now();
                self.announce();
            }
        }
    }

    /// Reads a file; none: it is time to end.
    fn look(&self, Fresh { found, track_id }: Fresh) -> Option<Read> {
        if self.stopped() {
            return None;
        }
        let Stamp { size, mtime_ns } = found.stamp;
        let mut entry = Entry { path: found.relative, size, mtime_ns, ..Entry::default() };
        let fault = tags::read(&found.path, &mut entry).err();
        let mut status = lock(&self.shared.status);
        status.read += 1;
        status.unreadable += u64::from(fault.is_some());
        Some(Read { entry, fault, track_id })
    }

    /// Writes a batch.
    fn write(&self, folder: &Folder, batch: Vec<Read>, elsewhere: &mut Elsewhere) -> catalog::Result<()> {
        let catalog = &self.shared.catalog;
        let (mut entries, mut faults) = (Vec::new(), Vec::new());
        let mut track_ids = Vec::new();
        for Read { entry, fault, track_id } in batch {
            entries.push(entry);
            faults.push(fault);
            track_ids.extend(track_id);
        }
        let placed = catalog.put(folder, &entries, &elsewhere.changed)?;
        for track_id in track_ids {
            elsewhere.changed.remove(&track_id);
        }
        for ((Placed { row, key, is_moved }, entry), fault) in placed.into_iter().zip(&entries).zip(&faults) {
            elsewhere.gone.remove(&row);
            lock(&self.shared.status).moved += u64::from(is_moved);
            let Some(fault) = fault else { continue };
            catalog.put_fault(row, (entry.size, entry.mtime_ns), fault.stage, &fault.reason)?;
            tracing::error!(
                track_id = key,
                stage = fault.stage,
                path = %path_of(&entry.path).display(),
                error = chain(&*fault.error),
                "file not opened"
            );
            self.shared.events.tell(Event::Failed { track_id: key, reason: fault.reason.clone() });
        }
        (self.shared.found)();
        self.shared.events.tell(Event::Library);
        Ok(())
    }

    fn announce(&self) {
        self.shared.events.tell(Event::Scan(self.status()));
    }
}

/// Tracks whose files are not where they were, and may be met elsewhere.
#[derive(Default)]
struct Elsewhere {
    /// Another file lies there now, which is still to be read.
    changed: HashSet<i64>,
    /// None does.
    gone: HashSet<i64>,
}

/// A file that is new or has changed.
struct Fresh {
    found: walk::Found,
    /// The track that lay there until now.
    track_id: Option<i64>,
}

/// One that was read.
struct Read {
    entry: Entry,
    fault: Option<tags::Unreadable>,
    track_id: Option<i64>,
}
