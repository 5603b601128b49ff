//! A file that appears whole or not at all: written beside its place under
//! another name, then moved there.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The unfinished file, which goes away unless it is moved to its place.
#[derive(Debug)]
pub struct Unfinished {
    place: PathBuf,
    beside: PathBuf,
    is_there: bool,
}

impl Unfinished {
    /// A file for `place` that is written at `beside`; nothing is there yet.
    pub fn new(place: PathBuf, beside: PathBuf) -> Self {
        Unfinished { place, beside, is_there: false }
    }

    /// Creates the file beside, or empties it.
    pub fn create(&mut self) -> io::Result<File> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(!self.is_there)
            .truncate(self.is_there)
            .open(&self.beside)?;
        self.is_there = true;
        Ok(file)
    }

    /// Where it shall be.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The file beside, while it is written.
    pub fn path(&self) -> &Path {
        &self.beside
    }

    /// Moves the finished file to its place; gives how many bytes it has.
    pub fn finish(mut self) -> io::Result<u64> {
        // On the disk first: a power cut must not leave an empty file either.
        let file = File::open(&self.beside)?;
        file.sync_all()?;
        let n_bytes = file.metadata()?.len();
        fs::rename(&self.beside, &self.place)?;
        self.is_there = false;
        Ok(n_bytes)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.is_there {
            // If even that fails, its name says what it is.
            let _ = fs::remove_file(&self.beside);
        }
    }
}
