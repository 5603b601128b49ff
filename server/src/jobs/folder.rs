//! Where the files of a job lie: a folder that goes when the job is gone and the
//! last who renders into it or reads from it has let it go.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::error::chain;

/// A job's folder while somebody uses it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    is_doomed: AtomicBool,
}

impl Folder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Nobody wants what is in it any more: it goes with the last who uses it.
    pub fn doom(&self) {
        self.is_doomed.store(true, Ordering::SeqCst);
    }

    /// The same at once: of what is in it nobody reads anything yet, and who still
    /// writes is told to end.
    pub fn clear(&self) {
        self.doom();
        remove(&self.path);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_doomed.load(Ordering::SeqCst) {
            remove(&self.path);
        }
    }
}

/// The folders of all jobs.
#[derive(Debug)]
pub struct Folders {
    root: PathBuf,
    used: Mutex<HashMap<String, Weak<Folder>>>,
}

impl Folders {
    /// Folders below `root`.
    pub fn new(root: PathBuf) -> Self {
        Folders { root, used: Mutex::default() }
    }

    /// Where they lie.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of this job, the same for all who use it at once.
    pub fn of(&self, key: &str) -> Arc<Folder> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = used.get(key).and_then(Weak::upgrade) {
            return folder;
        }
        used.retain(|_, folder| folder.strong_count() > 0);
        let folder = Arc::new(Folder { path: self.root.join(key), is_doomed: AtomicBool::new(false) });
        used.insert(key.to_owned(), Arc::downgrade(&folder));
        folder
    }

    /// Removes what is of no job that is known: a life that was cut short left it.
    pub fn tidy(&self, is_known: impl Fn(&str) -> bool) {
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            if !entry.file_name().to_str().is_some_and(&is_known) {
                remove(&entry.path());
            }
        }
    }
}

fn remove(path: &Path) {
    match fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        // The next start tries again.
        Err(error) => {
            tracing::warn!(path = %path.display(), error = chain(&error), "files of a job not removed")
        }
    }
}
