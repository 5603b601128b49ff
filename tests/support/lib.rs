//! What tests share: the real program, signals made to measure, a plain HTTP
//! client, the corpus and ffmpeg where they are, and the checker of laws.

pub mod http;
pub mod laws;
pub mod signals;

mod disk;
mod program;

pub use disk::Disk;
pub use program::{Server, auralis, program, serving};

use std::io::Write;
use std::path::{Path, PathBuf};
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

/// What ffmpeg's meter reads of a file.
#[derive(Clone, Copy, Debug)]
pub struct Metered {
    /// Integrated loudness in LUFS, to 0.1.
    pub lufs: f64,
    /// Loudness range in LU, to 0.1.
    pub lra_lu: f64,
    /// True peak in dBTP, to 0.1.
    pub true_peak_dbtp: f64,
}

/// Measures the file at `path` with ffmpeg's meter, where it is installed.
#[expect(clippy::expect_used, reason = "a file that another program cannot read fails its test")]
pub fn metered(path: &Path) -> Option<Metered> {
    let mut ffmpeg = ffmpeg()?;
    ffmpeg.args(["-nostats", "-i"]).arg(path);
    let output = ffmpeg.args(["-af", "ebur128=peak=true", "-f", "null", "-"]).output();
    let text = String::from_utf8_lossy(&output.expect("ffmpeg runs").stderr).into_owned();
    let summary = text.rsplit("Summary:").next().expect("a split has a last part");
    let number = |label: &str| -> f64 {
        let value = summary.split(label).nth(1).and_then(|rest| rest.split_whitespace().next());
        value.and_then(|value| value.parse().ok()).expect("ffmpeg's summary holds a number")
    };
    Some(Metered { lufs: number("I:"), lra_lu: number("LRA:"), true_peak_dbtp: number("Peak:") })
}

/// Says that this test was skipped and why. It writes past the capture of
/// passing tests, so that the task runner can count it.
pub fn skipped(reason: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nobody is left to tell if the error stream is closed.
    let _ = writeln!(std::io::stderr(), "\nskipped: {reason} ({test})");
}
