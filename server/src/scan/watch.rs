//! Hears of changes in the library and has them scanned when they have come to
//! rest. Each directory is watched before it is walked, so that no change falls
//! between. Disks that tell of none, and more directories than the system
//! watches, are looked through from time to time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher, WatcherKind};

use super::settle::Settling;
use super::{Scanner, cue, lock, walk};
use crate::catalog;
use crate::error::chain;
use crate::media::{bytes_of, path_of};

/// How often what was heard is looked at.
const TICK: Duration = Duration::from_millis(200);
/// How often it is looked whether a folder came or went.
const LOOK: Duration = Duration::from_secs(2);
/// Changed paths that are looked at one by one; for more, all is.
const MOST: usize = 10_000;

/// Who hears of changes.
pub struct Watch {
    /// None: the system refused one.
    watcher: Mutex<Option<RecommendedWatcher>>,
    unwatched: Mutex<Option<String>>,
}

type Told = notify::Result<notify::Event>;

impl Watch {
    /// Why some changes are not heard of.
    pub fn unwatched(&self) -> Option<String> {
        lock(&self.unwatched).clone()
    }

    /// Watches a directory of the folder at `root`.
    fn enter(&self, root: &Path, directory: &Path) {
        let mode = match RecommendedWatcher::kind() {
            WatcherKind::Inotify => RecursiveMode::NonRecursive,
            // These watch all that is below.
            _ if directory == root => RecursiveMode::Recursive,
            _ => return,
        };
        let Some(watcher) = &mut *lock(&self.watcher) else { return };
        if let Err(error) = watcher.watch(directory, mode) {
            self.failed(&error);
        }
    }

    /// Says once that some changes are not heard of.
    fn failed(&self, error: &notify::Error) {
        // It may have gone meanwhile: then there is nothing to watch.
        match &error.kind {
            ErrorKind::PathNotFound | ErrorKind::WatchNotFound => return,
            ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            _ => {}
        }
        let why = match error.kind {
            ErrorKind::MaxFilesWatch => {
                "the system watches no more folders; raise fs.inotify.max_user_watches to see changes at once"
            }
            _ => "the system does not tell of changes in some folders",
        };
        if lock(&self.unwatched).replace(why.to_owned()).is_none() {
            tracing::warn!(error = chain(error), "{why}; until then all is looked through from time to time");
        }
    }
}

impl Scanner {
    /// Starts the thread that has changes scanned, and all from time to time.
    /// To be called before the first scan.
    pub fn watch(&self, rescan: Option<Duration>) -> std::io::Result<std::thread::JoinHandle<()>> {
        let (tell, told) = channel();
        let hear = {
            let tell = tell.clone();
            move |event: Told| {
                if event.as_ref().map_or(true, is_change) {
                    // Nobody listens any more when the server ends.
                    let _ = tell.send(event);
                }
            }
        };
        let watcher = notify::recommended_watcher(hear);
        let watch = Watch { watcher: Mutex::default(), unwatched: Mutex::default() };
        match watcher {
            Ok(watcher) => *lock(&watch.watcher) = Some(watcher),
            Err(error) => watch.failed(&error),
        }
        // A scanner is watched once.
        let _ = self.shared.watch.set(watch);
        let scanner = self.clone();
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let _tell = tell;
            Vigil::new(scanner, rescan).keep(&told);
        })
    }

    /// Watches a directory that is about to be walked.
    pub(super) fn watch_entered(&self, root: &Path, directory: &Path) {
        if let Some(watch) = self.shared.watch.get() {
            watch.enter(root, directory);
        }
    }
}

/// Whether something was written, rather than read.
fn is_change(event: &notify::Event) -> bool {
    let is_read =
        matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    event.need_rescan() || !is_read
}

/// What the thread that hears of changes keeps in mind.
struct Vigil {
    scanner: Scanner,
    rescan: Option<Duration>,
    settling: Settling,
    /// The folders as they were seen last.
    folders: BTreeMap<PathBuf, Option<(u64, u64)>>,
    looked: Option<Instant>,
    rescanned: Instant,
}

impl Vigil {
    fn new(scanner: Scanner, rescan: Option<Duration>) -> Self {
        let (settling, folders) = (Settling::default(), BTreeMap::new());
        Vigil { scanner, rescan, settling, folders, looked: None, rescanned: Instant::now() }
    }

    fn keep(mut self, told: &Receiver<Told>) {
        while !self.scanner.stopped() {
            let first = told.recv_timeout(TICK);
            for event in first.into_iter().chain(told.try_iter()) {
                self.hear(event);
            }
            let now = Instant::now();
            if self.looked.is_none_or(|looked| now.duration_since(looked) >= LOOK) {
                self.looked = Some(now);
                self.look();
            }
            if self.rescan.is_some_and(|rescan| now.duration_since(self.rescanned) >= rescan) {
                self.rescanned = now;
                // Who stopped one wants quiet.
                if !self.scanner.status().cancelled {
                    self.scanner.ask();
                }
            }
            let changed = self.settling.take(now);
            let changed = self.concerning(changed).unwrap_or_else(|error| {
                tracing::error!(error = chain(&error), "changes not looked at");
                Vec::new()
            });
            if !changed.is_empty() {
                self.scanner.ask_about(changed);
            }
        }
    }

    fn hear(&mut self, event: Told) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                if let Some(watch) = self.scanner.shared.watch.get() {
                    watch.failed(&error);
                }
                return;
            }
        };
        if event.need_rescan() || self.settling.len() > MOST {
            self.settling.clear();
            self.scanner.ask();
        }
        for path in event.paths {
            self.settling.touch(path, Instant::now());
        }
    }

    /// Looks whether a folder came: one that was plugged in, or mounted over.
    fn look(&mut self) {
        let known = match self.scanner.shared.catalog.folders() {
            Ok(folders) => folders,
            Err(error) => {
                tracing::error!(error = chain(&error), "folders not looked for");
                return;
            }
        };
        let mut came = false;
        let mut folders = BTreeMap::new();
        for root in known.iter().map(|folder| path_of(&folder.path)) {
            let now = walk::identity(&root);
            // Whoever opens a folder has it scanned.
            let before = self.folders.get(&root).copied().unwrap_or(now);
            came |= now.is_some() && now != before;
            folders.insert(root, now);
        }
        self.folders = folders;
        if came {
            self.scanner.ask();
        }
    }

    /// Those of the changed paths that are sound or may have held some.
    fn concerning(&self, changed: Vec<PathBuf>) -> catalog::Result<Vec<PathBuf>> {
        let mut concerning = Vec::new();
        if changed.is_empty() {
            return Ok(concerning);
        }
        let catalog = &self.scanner.shared.catalog;
        let folders = catalog.folders()?;
        for path in changed {
            // A sheet cuts files beside it.
            let path = match path.parent() {
                Some(directory) if cue::is_sheet(&path) => directory.to_owned(),
                _ => path,
            };
            let there = std::fs::symlink_metadata(&path).ok();
            let may_sound =
                there.is_some_and(|there| there.is_dir() || (there.is_file() && walk::is_sound(&path)));
            for folder in &folders {
                let Some(within) = within(&path_of(&folder.path), &path) else { continue };
                if may_sound || !catalog.known_below(folder, &[bytes_of(within)])?.is_empty() {
                    concerning.push(path.clone());
                }
            }
        }
        Ok(concerning)
    }
}

/// The path within the folder at `root`, if a walk through that comes by it.
fn within<'a>(root: &Path, path: &'a Path) -> Option<&'a Path> {
    let within = path.strip_prefix(root).ok();
    within.filter(|within| !within.iter().any(walk::is_hidden))
}
