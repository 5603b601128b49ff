//! Every sound file below a folder. Links are not followed, so nothing outside
//! is reached and nothing is met twice.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cue::{self, Sheet};
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
    /// The cue sheet that cuts it into tracks.
    pub sheet: Option<Arc<Sheet>>,
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
pub struct Walk<'a> {
    root: &'a Path,
    /// Told of each directory before it is read.
    entering: &'a dyn Fn(&Path),
    /// What is still to be visited, the next last, with its depth.
    ahead: Vec<(PathBuf, usize)>,
    /// The cue sheets of the directories that were met.
    sheets: HashMap<PathBuf, Vec<Arc<Sheet>>>,
}

impl<'a> Walk<'a> {
    /// A walk through these `paths` and all that is below them; they are `root`
    /// or lie within it.
    pub fn new(root: &'a Path, paths: &[PathBuf], entering: &'a dyn Fn(&Path)) -> Self {
        let depth = |path: &Path| path.strip_prefix(root).map_or(0, |within| within.components().count());
        let ahead = paths.iter().rev().map(|path| (path.clone(), depth(path))).collect();
        Walk { root, entering, ahead, sheets: HashMap::new() }
    }

    /// Puts a directory's entries ahead.
    fn enter(&mut self, directory: &Path, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other("nested too deeply"));
        }
        (self.entering)(directory);
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            if !is_hidden(&entry.file_name()) {
                entries.push(entry.path());
            }
        }
        entries.sort_unstable_by(|a, b| b.cmp(a));
        self.sheets.insert(directory.to_owned(), sheets(&entries));
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
        let relative = bytes_of(path.strip_prefix(self.root).unwrap_or(path));
        let sheet = self.sheet(path);
        Ok(Some(Found { path: path.to_owned(), relative, stamp: Stamp::of(&metadata), sheet }))
    }

    /// The sheet that cuts this file, the first by name.
    fn sheet(&mut self, path: &Path) -> Option<Arc<Sheet>> {
        let directory = path.parent()?;
        if !self.sheets.contains_key(directory) {
            // Only this file of it is visited.
            let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
            let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            paths.sort_unstable_by(|a, b| b.cmp(a));
            self.sheets.insert(directory.to_owned(), sheets(&paths));
        }
        self.sheets.get(directory)?.iter().find(|sheet| sheet.cuts(path)).cloned()
    }
}

/// The sheets among some paths, which are ordered backwards.
fn sheets(paths: &[PathBuf]) -> Vec<Arc<Sheet>> {
    paths.iter().rev().filter(|path| cue::is_sheet(path)).flat_map(|path| cue::read(path)).collect()
}

impl Iterator for Walk<'_> {
    type Item = Result<Found, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((path, depth)) = self.ahead.pop() {
            match self.visit(&path, depth) {
                Ok(Some(found)) => return Some(Ok(found)),
                Ok(None) => {}
                // It went since its directory was read.
                Err(error) if depth > 0 && error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Some(Err(Problem { path, error })),
            }
        }
        None
    }
}

/// Whether a name is one of those that the walk passes by.
pub fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Whether a file of this name may be sound.
pub fn is_sound(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Whether nothing lies in a folder: where a disk was, its mount point remains.
pub fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// What tells a folder from another at the same place, as where a disk is
/// mounted over it; none: there is none.
pub fn identity(folder: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(folder).ok()?;
    #[cfg(unix)]
    return Some((
        std::os::unix::fs::MetadataExt::dev(&metadata),
        std::os::unix::fs::MetadataExt::ino(&metadata),
    ));
    #[cfg(not(unix))]
    return metadata.is_dir().then_some((0, 0));
}
