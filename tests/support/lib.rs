//! What tests share: the real program, signals made to measure, a plain HTTP
//! client, the corpus and ffmpeg where they are, and the checker of laws.

pub mod http;
pub mod laws;
pub mod signals;

mod program;

pub use program::{Server, program, serving};

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), std::path::Path::to_path_buf)
}

/// A folder of its own for one test, gone when it is dropped.
#[expect(clippy::expect_used, reason = "a test that has no disk cannot go on")]
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// The corpus of real files, where `AURALIS_CORPUS` names one; without it the
/// test ends here and says so.
pub fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("AURALIS_CORPUS").map(PathBuf::from).filter(|path| path.is_dir());
    if named.is_none() {
        skipped("no corpus");
    }
    named
}

/// ffmpeg, ready to be given arguments, where it is installed.
pub fn ffmpeg() -> Option<Command> {
    let here = Command::new("ffmpeg").arg("-version").output().is_ok_and(|output| output.status.success());
    if !here {
        skipped("no ffmpeg");
        return None;
    }
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin"]);
    Some(command)
}

/// Says that this test was skipped and why. It writes past the capture of
/// passing tests, so that the task runner can count it.
pub fn skipped(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nobody is left to tell if the error stream is closed.
    let _ = writeln!(std::io::stderr(), "\nskipped: {reason} ({test})");
}
