//! Music without a catalog: found and read as a scan does it, told at once and
//! forgotten. So the command line knows of a folder what the library would.

use std::path::{Path, PathBuf};

use super::{run, walk};
use crate::catalog::{Entry, Measurable, Track};
use crate::media::bytes_of;

pub use super::walk::is_sound;

/// A track that was found.
#[derive(Clone, Debug)]
pub struct Loose {
    /// What its file says of it.
    pub track: Track,
    /// What opening it takes.
    pub file: Measurable,
}

/// What is no music, or was not reached: where, and why in words for a listener.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// The files below `path` that may be sound, in order, or itself; it is the folder
/// `root` or lies in it.
pub fn files(root: &Path, path: &Path) -> impl Iterator<Item = Result<walk::Found, Fault>> {
    let fault = |problem: walk::Problem| Fault { reason: problem.reason().to_owned(), path: problem.path };
    walk::Walk::new(root, &[path.to_owned()], &unheard).map(move |found| found.map_err(fault))
}

/// Nobody watches what is found here.
fn unheard(_: &Path) {}

/// The tracks of a file that was found below `root`: several, where a cue sheet
/// cuts it.
pub fn read(root: &Path, found: &walk::Found) -> Result<Vec<Loose>, Fault> {
    let (entries, fault) = run::read(found);
    if let Some(fault) = fault {
        return Err(Fault { path: found.path.clone(), reason: fault.reason });
    }
    let folder = bytes_of(root);
    let loose = |entry: &Entry| Loose { track: entry.track(), file: entry.measurable(&folder) };
    Ok(entries.iter().map(loose).collect())
}
