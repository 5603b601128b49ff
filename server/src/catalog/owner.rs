//! Whose a data folder is: who writes into it holds a lock on a file there, and
//! nobody else does. The system lets go of it when the process ends, however.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Error, Result, place};

/// The right to write into a data folder, until it is dropped.
#[derive(Debug)]
pub struct Owner {
    data: PathBuf,
    /// None where the disk knows no locks.
    _lock: Option<File>,
}

impl Owner {
    /// Takes the folder `data`, made if absent, or says that another has it.
    pub fn of(data: &Path) -> Result<Self> {
        let shown = data.display();
        place::make(data)?;
        let unwritable = |error: std::io::Error| {
            Error::new(format!("the data folder {shown} cannot be written: {}", way_out(&error)))
                .because(error)
        };
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(data.join("catalog.lock"))
            .map_err(unwritable)?;
        let lock = match file.try_lock() {
            Ok(()) => Some(file),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(format!(
                    "another Auralis works in the data folder {shown}: if it is a server, have it scan from its page \
                     or by POST /api/library/scan; else end it first, or choose another folder with --data"
                )));
            }
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                tracing::warn!(data = %shown, "no locks on this disk: only one Auralis may use the data folder");
                None
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        };
        Ok(Owner { data: data.to_owned(), _lock: lock })
    }

    /// The folder.
    pub fn data(&self) -> &Path {
        &self.data
    }
}

fn way_out(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "its disk is full; make room or choose another with --data"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "it may only be read; make it writable or choose another with --data"
        }
        _ => "see that it can be, or choose another with --data",
    }
}
