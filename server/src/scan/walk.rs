//! Every sound file below a folder. Links are not followed, so nothing outside
//! is reached and nothing is met twice.

use std::io;
use std::path::{Path, PathBuf};

use crate::media::{Stamp, bytes_of};

/// Extensions of files that may be sound.
const EXTENSIONS: &[&str] = &[
    "aac", "adts", "aif", "aifc", "aiff", "caf", "flac", "m4a", "m4b", "mka", "mkv", "mp1", "mp2", "mp3",
    "mp4", "oga", "ogg", "opus", "wav", "wave", "webm",
];
/// Directories nested deeper than this are not walked.
const MAX_DEPTH: usize = 64;

/// A file that may be sound.
#[derive(Debug)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its path within the folder, as bytes.
    pub relative: Vec<u8>,
    /// Size and time.
    pub stamp: Stamp,
}

/// A directory or file that could not be looked at.
#[derive(Debug)]
pub struct Problem {
    /// Which one.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

impl Problem {
    /// Why, in words for a listener.
    pub fn reason(&self) -> &'static str {
        match self.error.kind() {
            io::ErrorKind::NotFound => "it does not exist; is the disk mounted?",
            io::ErrorKind::PermissionDenied => "no permission to read it",
            io::ErrorKind::NotADirectory => "it is not a folder",
            io::ErrorKind::Other => "it is nested too deeply",
            _ => "it cannot be read",
        }
    }
}

/// The walk, depth first, each directory in the order of its names.
pub struct Walk {
    root: PathBuf,
    /// What is still to be visited, the next last, with its depth.
    ahead: Vec<(PathBuf, usize)>,
}

impl Walk {
    /// A walk below `root`.
    pub fn new(root: &Path) -> Self {
        Walk { root: root.to_owned(), ahead: vec![(root.to_owned(), 0)] }
    }

    /// Puts a directory's entries ahead.
    fn enter(&mut self, directory: &Path, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other("nested too deeply"));
        }
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if !hidden {
                entries.push(entry.path());
            }
        }
        entries.sort_unstable_by(|a, b| b.cmp(a));
        self.ahead.extend(entries.into_iter().map(|path| (path, depth + 1)));
        Ok(())
    }

    fn visit(&mut self, path: &Path, depth: usize) -> io::Result<Option<Found>> {
        // The folder itself may be a link; nothing below it.
        let metadata = if depth == 0 { std::fs::metadata(path)? } else { std::fs::symlink_metadata(path)? };
        if metadata.is_dir() || depth == 0 {
            self.enter(path, depth)?;
            return Ok(None);
        }
        if !metadata.is_file() || !is_sound(path) {
            return Ok(None);
        }
        let relative = bytes_of(path.strip_prefix(&self.root).unwrap_or(path));
        Ok(Some(Found { path: path.to_owned(), relative, stamp: Stamp::of(&metadata) }))
    }
}

impl Iterator for Walk {
    type Item = Result<Found, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((path, depth)) = self.ahead.pop() {
            match self.visit(&path, depth) {
                Ok(Some(found)) => return Some(Ok(found)),
                Ok(None) => {}
                Err(error) => return Some(Err(Problem { path, error })),
            }
        }
        None
    }
}

fn is_sound(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}
