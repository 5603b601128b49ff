//! Where a copy goes: whether it may be written there, and why it could not be.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{Failure, Outcome, chain};
use crate::copy::{Unfinished, of_system};

/// A place for a file, and the unfinished file beside it.
pub struct Output {
    /// The file beside.
    pub file: Unfinished,
    replace: bool,
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
        let file = Unfinished::new(place.to_owned(), folder.join(hidden));
        let output = Output { file, replace };
        output.refuse_to_replace()?;
        Ok(output)
    }

    /// A link that leads nowhere is in the way too.
    fn refuse_to_replace(&self) -> Outcome<()> {
        if !self.replace && fs::symlink_metadata(self.file.place()).is_ok() {
            return Err(Failure::Failed(format!(
                "{} exists already; give OUT another name, or replace it with --force",
                self.file.place().display()
            )));
        }
        Ok(())
    }

    /// Moves the finished file to its place.
    pub fn finish(self) -> Outcome<()> {
        self.refuse_to_replace()?;
        let place = self.file.place().to_owned();
        self.file.finish().map(|_| ()).map_err(|error| unwritten(&place, &error))
    }

    /// Why its tags cannot be written. The file beside may be broken by the
    /// attempt, so that it does not count as written at all.
    pub fn untagged(&self, error: &(dyn std::error::Error + 'static)) -> Failure {
        if let Some(cause) = of_system(error) {
            return unwritten(self.file.place(), &cause);
        }
        Failure::Failed(format!(
            "{}: its tags cannot be written: {}",
            self.file.place().display(),
            chain(error)
        ))
    }
}

/// Why a file cannot be written at `place`, and what to do.
pub fn unwritten(place: &Path, error: &std::io::Error) -> Failure {
    let shown = place.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Failure::Full(format!(
            "{shown} cannot be written: the disk is full; make room or write elsewhere"
        )),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Failure::Failed(format!(
            "{shown} cannot be written: no permission to write in its folder; write elsewhere"
        )),
        _ => Failure::Failed(format!("{shown} cannot be written: {error}")),
    }
}

/// Whether both paths lead to one file, whatever they are called.
pub fn is_same(a: &Path, b: &Path) -> bool {
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
