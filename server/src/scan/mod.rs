//! Walks the library and writes what it finds into the catalog. Files are
//! only read. Each batch is one transaction, so a scan that is stopped or killed
//! leaves a whole catalog and the next one goes on: what is unchanged by size
//! and time is not read again. A track whose file was moved, renamed or tagged
//! anew is known by its sound.

mod content;
mod cue;
pub mod loose;
pub mod lyrics;
mod run;
mod settle;
mod status;
mod tags;
mod text;
mod walk;
mod watch;

pub use content::{ContentId, whole_id};
pub use status::{Composing, Phase, Status};

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::catalog::{self, Catalog};
use crate::error::chain;
use crate::events::{Event, Events};
use crate::pace::Pace;

/// What is foretold is foretold by what was done in this time.
const WINDOW: Duration = Duration::from_secs(10);

/// A handle on the one scanner.
#[derive(Clone)]
pub struct Scanner {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    events: Events,
    status: Mutex<Status>,
    pace: Mutex<Pace>,
    turn: Mutex<Turn>,
    /// The turn changed.
    wake: Condvar,
    /// The scan that runs is to end.
    cancel: AtomicBool,
    /// All is to end.
    stop: AtomicBool,
    /// Who hears of changes; none: nobody does.
    watch: OnceLock<watch::Watch>,
    /// Called when tracks came: they want measuring.
    found: Box<dyn Fn() + Send + Sync>,
}

/// Whose turn it is: one scan at a time, all that are asked for meanwhile are
/// the next one.
#[derive(Default)]
struct Turn {
    wanted: Wanted,
    runs: bool,
}

/// What is to be scanned.
#[derive(Default)]
enum Wanted {
    #[default]
    Nothing,
    /// These paths, and all that is below them.
    These(BTreeSet<PathBuf>),
    /// All open folders.
    All,
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
            pace: Mutex::new(Pace::new(WINDOW)),
            turn: Mutex::default(),
            wake: Condvar::new(),
            cancel: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            watch: OnceLock::new(),
            found: Box::new(found),
        };
        Scanner { shared: Arc::new(shared) }
    }

    /// Starts the thread that scans whenever it is asked to.
    pub fn start(&self) -> std::io::Result<std::thread::JoinHandle<()>> {
        let scanner = self.clone();
        std::thread::Builder::new().name("scan".to_owned()).spawn(move || {
            while let Some(wanted) = scanner.wait() {
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scanner.run(wanted)));
                match outcome {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!(error = chain(&error), "scan failed"),
                    Err(panic) => {
                        tracing::error!(error = crate::pool::panic_text(&*panic), "scan panicked");
                        scanner.end();
                    }
                }
            }
        })
    }

    /// Asks for a scan of all folders; one that runs is followed by another.
    pub fn ask(&self) {
        lock(&self.shared.turn).wanted = Wanted::All;
        self.shared.wake.notify_all();
    }

    /// Asks for a scan of these paths within the folders.
    fn ask_about(&self, paths: Vec<PathBuf>) {
        match &mut lock(&self.shared.turn).wanted {
            Wanted::All => {}
            Wanted::These(these) => these.extend(paths),
            nothing => *nothing = Wanted::These(paths.into_iter().collect()),
        }
        self.shared.wake.notify_all();
    }

    /// Ends the scan that runs after the file it is at, and forgets the one that
    /// was asked for. Waits until that is so, but no longer than `patience`: a
    /// disk may not answer.
    pub fn cancel(&self, patience: Duration) {
        let mut turn = lock(&self.shared.turn);
        let forgotten = std::mem::take(&mut turn.wanted);
        if !turn.runs && !matches!(forgotten, Wanted::Nothing) {
            lock(&self.shared.status).cancelled = true;
        }
        self.shared.cancel.store(true, Ordering::SeqCst);
        let waited = self.shared.wake.wait_timeout_while(turn, patience, |turn| turn.runs);
        drop(waited);
        self.announce();
    }

    /// Ends the thread after the file it is at.
    pub fn stop(&self) {
        {
            // Under the lock, or the thread that has just looked sleeps through it.
            let _turn = lock(&self.shared.turn);
            self.shared.stop.store(true, Ordering::SeqCst);
        }
        self.shared.wake.notify_all();
    }

    /// Whether it was told to end for good.
    pub fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::SeqCst)
    }

    /// How far it is. Whoever asked for a scan sees none that is idle before
    /// theirs is done.
    pub fn status(&self) -> Status {
        let turn = lock(&self.shared.turn);
        let mut status = lock(&self.shared.status).clone();
        if !matches!(turn.wanted, Wanted::Nothing) {
            status.state = Phase::Scanning;
        }
        if turn.runs {
            let (pace, now) = (lock(&self.shared.pace), Instant::now());
            let n_left = status.to_read.map(|n| n.saturating_sub(status.read));
            status.files_per_s = pace.per_second(now);
            status.left_s = n_left.and_then(|n| pace.seconds_for(now, n as f64));
        }
        if let Some(watch) = self.shared.watch.get() {
            (status.watching, status.unwatched) = (true, watch.unwatched());
        }
        status
    }

    /// Says how many tracks of the demo album are composed, of how many; none:
    /// it is not being composed.
    pub fn composing(&self, done: Option<(u64, u64)>) {
        lock(&self.shared.status).composing = done.map(|(done, total)| Composing { done, total });
        self.announce();
    }

    /// Scans all open folders, on this thread.
    pub fn scan(&self) -> catalog::Result<Status> {
        let mut turn = lock(&self.shared.turn);
        turn.wanted = Wanted::All;
        let wanted = self.begin(&mut turn);
        drop(turn);
        self.run(wanted).map(|()| self.status())
    }

    /// Waits until a scan is asked for, and begins it; none: it is time to end.
    fn wait(&self) -> Option<Wanted> {
        let turn = lock(&self.shared.turn);
        let asleep = |turn: &mut Turn| matches!(turn.wanted, Wanted::Nothing) && !self.stopped();
        let mut turn = self.shared.wake.wait_while(turn, asleep).unwrap_or_else(PoisonError::into_inner);
        (!self.stopped()).then(|| self.begin(&mut turn))
    }

    /// Begins what was asked for; under the lock, so that nobody sees it idle.
    fn begin(&self, turn: &mut Turn) -> Wanted {
        let wanted = std::mem::take(&mut turn.wanted);
        turn.runs = true;
        self.shared.cancel.store(false, Ordering::SeqCst);
        let mut status = lock(&self.shared.status);
        let before = std::mem::take(&mut *status);
        (status.state, status.composing) = (Phase::Scanning, before.composing);
        if let Wanted::These(_) = wanted {
            // What the rest is like, this one does not see.
            (status.cancelled, status.problems) = (before.cancelled, before.problems);
        }
        wanted
    }

    /// Scans what was begun, and tells when it ends.
    fn run(&self, wanted: Wanted) -> catalog::Result<()> {
        self.announce();
        let outcome = self.scan_folders(wanted);
        self.end();
        outcome
    }

    fn end(&self) {
        {
            let mut turn = lock(&self.shared.turn);
            turn.runs = false;
            let mut status = lock(&self.shared.status);
            status.state = Phase::Idle;
            status.cancelled |= self.shared.cancel.load(Ordering::SeqCst);
        }
        self.shared.wake.notify_all();
        self.announce();
        self.shared.events.tell(Event::Library);
        (self.shared.found)();
    }

    /// Whether the scan that runs is to end.
    fn is_over(&self) -> bool {
        self.stopped() || self.shared.cancel.load(Ordering::SeqCst)
    }

    fn announce(&self) {
        self.shared.events.tell(Event::Scan(self.status()));
    }
}
