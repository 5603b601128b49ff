//! A file that appears whole or not at all: written beside its place under
//! another name, then moved there.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Failure, Outcome, chain};

/// A place for a file, and the unfinished file beside it, which goes away
/// unless it is moved there.
pub struct Output {
    place: PathBuf,
    beside: PathBuf,
    replace: bool,
    is_there: bool,
}

impl Output {
    /// Checks that a file may be written to `place`; `input` must not be it.
    pub fn new(place: &Path, input: &Path, replace: bool) -> Outcome<Self> {
        let shown = place.display();
        let Some(name) = place.file_name() else {
            return Err(Failure::Usage(format!("{shown} names no file; give OUT a name")));
        };
        if is_same(place, input) {
            return Err(Failure::Usage(format!(
                "{shown} is the input itself, and your files are never changed; give OUT another name"
            )));
        }
        match fs::metadata(place) {
            Ok(found) if found.is_dir() => {
                return Err(Failure::Usage(format!(
                    "{shown} is a folder; give OUT the name of a file in it"
                )));
            }
            Ok(found) if !found.is_file() => {
                return Err(Failure::Usage(format!("{shown} is not a regular file; give OUT another name")));
            }
            _ => {}
        }
        let folder = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(Failure::Failed(format!(
                "{shown} cannot be written: there is no folder {}; create it first",
                folder.display()
            )));
        }
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.partial", std::process::id()));
        let output =
            Output { place: place.to_owned(), beside: folder.join(hidden), replace, is_there: false };
        output.refuse_to_replace()?;
        Ok(output)
    }

    /// A link that leads nowhere is in the way too.
    fn refuse_to_replace(&self) -> Outcome<()> {
        if !self.replace && fs::symlink_metadata(&self.place).is_ok() {
            return Err(Failure::Failed(format!(
                "{} exists already; give OUT another name, or replace it with --force",
                self.place.display()
            )));
        }
        Ok(())
    }

    /// Creates the file beside, or empties it.
    pub fn create(&mut self) -> Outcome<File> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(!self.is_there)
            .truncate(self.is_there)
            .open(&self.beside)
            .map_err(|error| self.unwritten(&error))?;
        self.is_there = true;
        Ok(file)
    }

    /// The file beside, while it is written.
    pub fn path(&self) -> &Path {
        &self.beside
    }

    /// Moves the finished file to its place.
    pub fn finish(mut self) -> Outcome<()> {
        self.refuse_to_replace()?;
        // On the disk first: a power cut must not leave an empty file either.
        File::open(&self.beside)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.beside, &self.place))
            .map_err(|error| self.unwritten(&error))?;
        self.is_there = false;
        Ok(())
    }

    /// Why its tags cannot be written. The file beside may be broken by the
    /// attempt, so that it does not count as written at all.
    pub fn untagged(&self, error: &(dyn std::error::Error + 'static)) -> Failure {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(cause) = error.downcast_ref::<std::io::Error>() {
                return self.unwritten(cause);
            }
            next = error.source();
        }
        Failure::Failed(format!("{}: its tags cannot be written: {}", self.place.display(), chain(error)))
    }

    /// Why it cannot be written, and what to do.
    pub fn unwritten(&self, error: &std::io::Error) -> Failure {
        let shown = self.place.display();
        Failure::Failed(match error.kind() {
            ErrorKind::StorageFull => {
                format!("{shown} cannot be written: the disk is full; make room or write elsewhere")
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                format!("{shown} cannot be written: no permission to write in its folder; write elsewhere")
            }
            _ => format!("{shown} cannot be written: {error}"),
        })
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.is_there {
            // If even that fails, its name says what it is.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Whether both paths lead to one file, whatever they are called.
fn is_same(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Hard links have different paths.
        if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
            return (a.dev(), a.ino()) == (b.dev(), b.ino());
        }
    }
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
