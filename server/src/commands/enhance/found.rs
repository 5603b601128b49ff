//! What is to be enhanced: the tracks that the command line names or that lie in
//! its folders, each with the place of its copy. Names and numbers hang on what was
//! found alone, not on what is there already, so that a run can be gone on with.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::output::unwritten;
use super::super::progress::Progress;
use super::super::{Failure, Outcome, interrupt};
use super::Flags;
use crate::copy::{Taken, fields, flac_at};
use crate::media::full_path;
use crate::scan::loose::{self, Fault, Loose};

/// A track that is to be enhanced.
pub struct Wanted {
    /// The track.
    pub loose: Loose,
    /// Its file, as people called it.
    pub path: PathBuf,
    /// Where its copy goes.
    pub place: PathBuf,
}

/// What was found.
pub struct Found {
    /// What is to be done, in order.
    pub wanted: Vec<Wanted>,
    /// Tracks whose copy is there already.
    pub n_there: usize,
    /// What cannot be done.
    pub faults: Vec<Fault>,
}

/// Something that was named: a folder, or a file in one.
struct Root {
    /// As it was called.
    named: PathBuf,
    /// The folder, without links.
    folder: PathBuf,
    /// The same, or the file in it.
    path: PathBuf,
}

/// Finds and reads all that is named, and makes the folder that it goes to, if
/// anything does.
pub fn look(flags: &Flags) -> Outcome<Found> {
    let (mut roots, mut faults) = (Vec::new(), Vec::new());
    for input in &flags.inputs {
        match Root::of(input) {
            Ok(root) => roots.push(root),
            Err(reason) => faults.push(fault(input.clone(), reason)),
        }
    }
    let out = real(&flags.output)?;
    if let Some(root) = roots.iter().find(|root| root.is_folder() && root.folder.starts_with(&out)) {
        return Err(Failure::Usage(format!(
            "{} lies in {}, and originals are never mixed with their copies; give OUT another folder",
            root.named.display(),
            flags.output.display()
        )));
    }
    let tracks = read(&roots, &out, &mut faults)?;
    if tracks.is_empty() && faults.is_empty() {
        let named: Vec<String> = roots.iter().map(|root| root.named.display().to_string()).collect();
        return Err(Failure::Usage(format!("there is no music in {}; check the path", named.join(", "))));
    }
    let found = placed(flags, &out, tracks, faults);
    if !found.wanted.is_empty() {
        // Before anything long begins.
        fs::create_dir_all(&flags.output).map_err(|error| unwritten(&flags.output, &error))?;
    }
    Ok(found)
}

impl Root {
    /// What `input` names, or why it is nothing.
    fn of(input: &Path) -> Result<Self, &'static str> {
        let unread = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => "there is no such file; check the path",
            ErrorKind::PermissionDenied => "no permission to read it",
            _ => "it cannot be read",
        };
        let metadata = fs::metadata(input).map_err(unread)?;
        // Below a folder no link is followed; what is named may be one itself.
        let path = input.canonicalize().map_err(unread)?;
        let folder = match path.parent() {
            _ if metadata.is_dir() => path.clone(),
            _ if !metadata.is_file() => return Err("this is not a regular file; copy it into one first"),
            _ if !loose::is_sound(&path) => return Err("its name is not that of a sound file"),
            Some(folder) => folder.to_owned(),
            None => return Err("it lies in no folder"),
        };
        Ok(Root { named: input.to_owned(), folder, path })
    }

    fn is_folder(&self) -> bool {
        self.folder == self.path
    }

    /// A path that was found, as people call it.
    fn shown(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.path) {
            Ok(within) if !within.as_os_str().is_empty() => self.named.join(within),
            _ => self.named.clone(),
        }
    }
}

fn fault(path: PathBuf, reason: &str) -> Fault {
    Fault { path, reason: reason.to_owned() }
}

/// The folder `out` without links, whether it is there or is still to be made.
fn real(out: &Path) -> Outcome<PathBuf> {
    let shown = out.display();
    // Whoever names a file does not mean a folder of that name.
    if !super::names_folder(out) && (out.exists() || loose::is_sound(out)) {
        return Err(Failure::Usage(format!(
            "{shown} names a file, and several tracks go into a folder; give OUT the name of one"
        )));
    }
    let mut there = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let mut ahead = Vec::new();
    loop {
        match (there.canonicalize(), there.file_name()) {
            (Ok(real), _) => return Ok(ahead.iter().rev().fold(real, |path, name| path.join(name))),
            (Err(_), Some(name)) => ahead.push(name.to_owned()),
            (Err(_), None) => {
                return Err(Failure::Usage(format!("{shown} is no place for a folder; give OUT another")));
            }
        }
        there.pop();
    }
}

/// Reads all that is below the roots, each file once, but nothing in `out`.
fn read(roots: &[Root], out: &Path, faults: &mut Vec<Fault>) -> Outcome<Vec<(Loose, PathBuf)>> {
    let reading = Progress::new("reading files", None);
    let (mut tracks, mut seen) = (Vec::new(), HashSet::new());
    for root in roots {
        for found in loose::files(&root.folder, &root.path) {
            if interrupt::asked() {
                return Err(Failure::Interrupted);
            }
            let found = match found {
                Ok(found) if root.is_folder() && found.path.starts_with(out) => continue,
                Ok(found) if !seen.insert(found.path.clone()) => continue,
                Ok(found) => found,
                Err(problem) => {
                    faults.push(fault(root.shown(&problem.path), &problem.reason));
                    continue;
                }
            };
            let shown = root.shown(&found.path);
            match loose::read(&root.folder, &found) {
                Ok(of_file) => tracks.extend(of_file.into_iter().map(|loose| (loose, shown.clone()))),
                Err(problem) => faults.push(fault(shown, &problem.reason)),
            }
            reading.at(seen.len() as u64);
        }
    }
    Ok(tracks)
}

/// Gives each track a place in `out`, which is `flags.output` without links.
fn placed(flags: &Flags, out: &Path, tracks: Vec<(Loose, PathBuf)>, faults: Vec<Fault>) -> Found {
    let originals: HashSet<PathBuf> = tracks.iter().map(|(loose, _)| full_path(&loose.file)).collect();
    let extension = flags.format.unwrap_or_else(|| flac_at(None)).extension();
    let (mut taken, mut found) = (Taken::default(), Found { wanted: Vec::new(), n_there: 0, faults });
    for (number, (loose, path)) in (1..).zip(tracks) {
        let filled = flags.template.fill(&fields(&loose.track, &loose.file, number));
        let name = taken.take(&filled, extension);
        let place = flags.output.join(&name);
        let leads_to = place.canonicalize().unwrap_or_else(|_| out.join(&name));
        if originals.contains(&leads_to) || originals.contains(&out.join(&name)) {
            let reason = format!(
                "its copy would be {}, an original, and your files are never changed; give another OUT or --template",
                place.display()
            );
            found.faults.push(Fault { path, reason });
        } else if !flags.force && fs::symlink_metadata(&place).is_ok() {
            found.n_there += 1;
        } else {
            found.wanted.push(Wanted { loose, path, place });
        }
    }
    found
}
