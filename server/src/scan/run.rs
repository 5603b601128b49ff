//! One scan: all folders are walked, then what is new or changed is read, and
//! only what was met nowhere is missing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cue::Sheet;
use super::{Scanner, Wanted, lock, tags, walk};
use crate::catalog::{self, Entry, Folder, Known, KnownFiles, Placed};
use crate::error::chain;
use crate::events::Event;
use crate::media::{Stamp, bytes_of, path_of};

/// Files per transaction.
const BATCH: usize = 64;
/// Least time between two announcements of progress.
const ANNOUNCE: Duration = Duration::from_millis(250);

/// Tracks whose files are not where they were, and may be met elsewhere.
#[derive(Default)]
struct Elsewhere {
    /// All of them: another file lies there now, which is still to be read, or none.
    free: HashSet<i64>,
    /// Those where none does.
    gone: HashSet<i64>,
}

/// What a walk through a folder found.
struct Walked {
    folder: Folder,
    /// Which folder it was: another may be there when its files are read.
    identity: Option<(u64, u64)>,
    fresh: Vec<Fresh>,
}

/// A file that is new or has changed.
struct Fresh {
    found: walk::Found,
    /// The tracks that lay there until now.
    track_ids: Vec<i64>,
}

/// One that was read.
struct Read {
    /// Its tracks: one, unless a sheet cuts it.
    entries: Vec<Entry>,
    fault: Option<tags::Unreadable>,
    track_ids: Vec<i64>,
}

impl Wanted {
    /// Which paths of the folder at `root` are wanted, none of them below another.
    fn within(&self, root: &Path) -> Vec<PathBuf> {
        match self {
            Wanted::Nothing => Vec::new(),
            Wanted::All => vec![root.to_owned()],
            Wanted::These(paths) => outermost(paths.iter().filter(|path| path.starts_with(root))),
        }
    }
}

/// Those of some ordered paths that lie below no other of them.
fn outermost<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    let mut outermost: Vec<PathBuf> = Vec::new();
    for path in paths {
        if outermost.last().is_none_or(|above| !path.starts_with(above)) {
            outermost.push(path.clone());
        }
    }
    outermost
}

/// The tracks of a file that is there.
fn there(known: Known) -> Vec<i64> {
    if known.missing_since.is_none() { known.track_ids } else { Vec::new() }
}

/// The tracks of a file that was missing.
fn missing(known: Known) -> Vec<i64> {
    if known.missing_since.is_some() { known.track_ids } else { Vec::new() }
}

/// Reads a file that was found: its tracks, and why they do not sound, if so.
pub(super) fn read(found: &walk::Found) -> (Vec<Entry>, Option<tags::Unreadable>) {
    let Stamp { size, mtime_ns } = found.stamp;
    let sheet = found.sheet.as_ref().map(|sheet| sheet.id);
    let mut entry = Entry { path: found.relative.clone(), size, mtime_ns, sheet, ..Entry::default() };
    let (inside, fault) = match tags::read(&found.path, &mut entry) {
        Ok(inside) => (inside, None),
        Err(fault) => (None, Some(fault)),
    };
    (tracks_of(entry, found, inside.as_ref()), fault)
}

/// The tracks of a file: one, or those of the first sheet that fits, beside it or
/// `inside`.
fn tracks_of(entry: Entry, found: &walk::Found, inside: Option<&Sheet>) -> Vec<Entry> {
    let mut sheets = found.sheet.as_deref().into_iter().chain(inside);
    sheets.find_map(|sheet| sheet.split(&entry)).unwrap_or_else(|| vec![entry])
}

/// Whether no link leads to this path of a folder.
fn is_real(root: &Path, path: &Path) -> bool {
    let Some(parent) = path.parent().filter(|_| path != root) else { return true };
    parent.canonicalize().is_ok_and(|real| real == parent)
}

impl Scanner {
    /// Scans what is wanted of the open folders.
    pub(super) fn scan_folders(&self, wanted: Wanted) -> catalog::Result<()> {
        let catalog = &self.shared.catalog;
        // All folders are walked before a file is read: a file that is gone here
        // may be the one that is new there.
        let mut walked = Vec::new();
        let mut elsewhere = Elsewhere::default();
        self.pace_anew();
        for folder in catalog.folders()? {
            let paths = wanted.within(&path_of(&folder.path));
            if !paths.is_empty() {
                walked.push(self.walk(folder, &paths, &mut elsewhere)?);
            }
        }
        if !self.is_over() {
            let n_fresh = walked.iter().map(|walked| walked.fresh.len() as u64).sum();
            lock(&self.shared.status).to_read = Some(n_fresh);
        }
        self.pace_anew();
        let mut is_all_read = true;
        for walked in walked {
            is_all_read &= self.read(walked, &mut elsewhere)?;
        }
        // Whoever stops early has not met all that moved.
        if self.is_over() || !is_all_read {
            return Ok(());
        }
        let gone: Vec<i64> = elsewhere.gone.into_iter().collect();
        catalog.miss(&gone)?;
        let mut status = lock(&self.shared.status);
        status.gone = gone.len() as u64;
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

    /// Walks these paths of a folder and gives its new and changed files; the
    /// tracks of these may be `elsewhere`, and so may those that are gone, if all
    /// could be walked.
    fn walk(&self, folder: Folder, paths: &[PathBuf], elsewhere: &mut Elsewhere) -> catalog::Result<Walked> {
        let root = path_of(&folder.path);
        let identity = walk::identity(&root);
        let mut known = self.known(&folder, &root, paths)?;
        let mut announced = Instant::now();
        let (mut whole, mut fresh, mut back) = (true, Vec::new(), Vec::new());
        let real: Vec<PathBuf> = paths.iter().filter(|path| is_real(&root, path)).cloned().collect();
        let entering = |directory: &Path| self.watch_entered(&root, directory);
        for found in walk::Walk::new(&root, &real, &entering) {
            if self.is_over() {
                return Ok(Walked { folder, identity, fresh: Vec::new() });
            }
            lock(&self.shared.pace).add(Instant::now(), 1.0);
            match found {
                Ok(found) => {
                    let known = known.take(&found.relative);
                    let sheet = found.sheet.as_ref().map(|sheet| sheet.id);
                    let Stamp { size, mtime_ns } = found.stamp;
                    let is_same = known.as_ref().is_some_and(|known| known.is_same(size, mtime_ns, sheet));
                    let mut status = lock(&self.shared.status);
                    status.found += 1;
                    status.unchanged += u64::from(is_same);
                    drop(status);
                    match known {
                        Some(known) if is_same => back.extend(missing(known)),
                        known => {
                            let track_ids = known.map(there).unwrap_or_default();
                            elsewhere.free.extend(&track_ids);
                            fresh.push(Fresh { found, track_ids });
                        }
                    }
                }
                Err(problem) => {
                    whole = false;
                    self.note(&root, &problem);
                }
            }
            self.announce_at_times(&mut announced);
        }
        self.shared.catalog.find_again(&back)?;
        let gone: Vec<i64> = known.rest().flat_map(there).collect();
        // Where a disk was unplugged, no file is gone for good.
        if whole && !gone.is_empty() && (walk::identity(&root) != identity || walk::is_empty(&root)) {
            whole = false;
            self.is_away();
        }
        if whole && identity.is_some() {
            elsewhere.free.extend(&gone);
            elsewhere.gone.extend(gone);
        }
        Ok(Walked { folder, identity, fresh })
    }

    /// What is known of these paths of a folder and of all below them.
    fn known(&self, folder: &Folder, root: &Path, paths: &[PathBuf]) -> catalog::Result<KnownFiles> {
        let catalog = &self.shared.catalog;
        if paths.iter().any(|path| path == root) {
            return catalog.known(folder);
        }
        let within = |path: &PathBuf| bytes_of(path.strip_prefix(root).unwrap_or(path));
        catalog.known_below(folder, &paths.iter().map(within).collect::<Vec<_>>())
    }

    /// Notes that a folder is not there, or nothing in it.
    fn is_away(&self) {
        tracing::warn!("a library folder is empty or went away; its tracks are kept");
        let problem = "the folder itself: it is empty or went away; is the disk mounted? Its tracks are kept";
        lock(&self.shared.status).problems.push(problem.to_owned());
    }

    /// Notes what could not be walked.
    fn note(&self, root: &Path, problem: &walk::Problem) {
        tracing::warn!(path = %problem.path.display(), error = chain(&problem.error), "directory not read");
        let shown = problem.path.strip_prefix(root).unwrap_or(&problem.path);
        let shown =
            if shown.as_os_str().is_empty() { "the folder itself".into() } else { shown.to_string_lossy() };
        lock(&self.shared.status).problems.push(format!("{shown}: {}", problem.reason()));
    }

    /// Reads the fresh files of a folder and writes them, batch by batch; `false`:
    /// it went away meanwhile.
    fn read(&self, walked: Walked, elsewhere: &mut Elsewhere) -> catalog::Result<bool> {
        let mut announced = Instant::now();
        let mut fresh = walked.fresh.into_iter().peekable();
        while fresh.peek().is_some() && !self.is_over() {
            let going_on = fresh.by_ref().take(BATCH).take_while(|_| !self.is_over());
            let looked: Vec<Option<Read>> = going_on.map(|fresh| self.look(fresh)).collect();
            let is_bad = |read: &Option<Read>| read.as_ref().is_none_or(|read| read.fault.is_some());
            let identity = || walk::identity(&path_of(&walked.folder.path));
            if looked.iter().any(is_bad) && identity() != walked.identity {
                self.is_away();
                return Ok(false);
            }
            let batch = looked.into_iter().flatten().collect();
            self.write(&walked.folder, batch, elsewhere)?;
            self.announce_at_times(&mut announced);
        }
        Ok(true)
    }

    /// Reads a file. None: it went since it was found, or it is known and the disk
    /// fails; then what is known of it stays.
    fn look(&self, Fresh { found, track_ids }: Fresh) -> Option<Read> {
        let (entries, fault) = read(&found);
        lock(&self.shared.pace).add(Instant::now(), 1.0);
        let mut status = lock(&self.shared.status);
        status.read += 1;
        status.unreadable += u64::from(fault.is_some());
        if let Some(fault) = fault.as_ref().filter(|fault| fault.stage == "read") {
            let is_gone = found.path.symlink_metadata().is_err();
            if !is_gone && !track_ids.is_empty() {
                let shown = path_of(&found.relative).display().to_string();
                status.problems.push(format!("{shown}: {}", fault.reason));
            }
            if is_gone || !track_ids.is_empty() {
                return None;
            }
        }
        drop(status);
        Some(Read { entries, fault, track_ids })
    }

    /// What is begun now has a pace of its own.
    fn pace_anew(&self) {
        let mut pace = lock(&self.shared.pace);
        pace.rest();
        pace.begin(Instant::now());
    }

    /// Writes a batch.
    fn write(&self, folder: &Folder, batch: Vec<Read>, elsewhere: &mut Elsewhere) -> catalog::Result<()> {
        let catalog = &self.shared.catalog;
        let (mut entries, mut faults) = (Vec::new(), Vec::new());
        let mut track_ids = Vec::new();
        for Read { entries: of_file, fault, track_ids: of_old } in batch {
            // A file that cannot be opened is cut by nothing.
            faults.push(fault);
            faults.resize_with(entries.len() + of_file.len(), || None);
            entries.extend(of_file);
            track_ids.extend(of_old);
        }
        let placed = catalog.put(folder, &entries, &mut elsewhere.free)?;
        // A sheet that cuts a file into fewer tracks leaves some without sound.
        elsewhere.gone.extend(track_ids.iter().filter(|track_id| elsewhere.free.contains(track_id)));
        for track_id in track_ids {
            elsewhere.free.remove(&track_id);
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

    /// Tells how far it is, if it was some time since it was `announced`.
    fn announce_at_times(&self, announced: &mut Instant) {
        if announced.elapsed() >= ANNOUNCE {
            *announced = Instant::now();
            self.announce();
        }
    }
}
