//! Running other programs, and knowing what is fresh.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// What a task gives: nothing, or why it could not be done.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(here).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The folder of everything that is built.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The cargo that runs this.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program, run in the workspace's folder without a keyboard. What it prints
/// goes to the error stream: the standard one is the product's own.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
    command
}

/// Runs to the end; a failure names the command line.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` failed ({status})").into()),
        Err(error) => Err(format!("`{line}` could not be started: {error}").into()),
    }
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Where `program` is found: in our own tools first, then on the `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let ours = target().join("tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(ours)
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
        .find(|candidate| candidate.is_file())
}

/// The time of the newest file under `path`, leaving out entries named in
/// `skip`; `None` if there is none.
pub fn newest(path: &Path, skip: &[&str]) -> Option<SystemTime> {
    if skip.iter().any(|name| path.file_name() == Some(OsStr::new(name))) {
        return None;
    }
    if !path.is_dir() {
        return path.metadata().and_then(|meta| meta.modified()).ok();
    }
    let entries = std::fs::read_dir(path).ok()?;
    entries.flatten().filter_map(|entry| newest(&entry.path(), skip)).max()
}

/// Whether `made` exists and is younger than all of `from`.
pub fn is_fresh(made: &Path, from: &[&Path], skip: &[&str]) -> bool {
    match newest(made, &[]) {
        Some(made) => from.iter().filter_map(|path| newest(path, skip)).all(|time| time <= made),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_fresh_only_when_younger_than_all_it_is_made_from() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str, age_s: u64| {
            let path = folder.path().join(name);
            let file = std::fs::File::create(&path).expect("a file");
            let time = SystemTime::now() - std::time::Duration::from_secs(age_s);
            file.set_modified(time).expect("a file time");
            path
        };
        let (old, middle, young) = (at("old", 30), at("middle", 20), at("young", 10));
        assert!(is_fresh(&middle, &[&old], &[]));
        assert!(!is_fresh(&middle, &[&old, &young], &[]));
        assert!(is_fresh(&middle, &[&old, &young], &["young"]));
        assert!(!is_fresh(&folder.path().join("absent"), &[&old], &[]));
    }
}
