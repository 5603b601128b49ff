//! A small disk, to be filled.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::skipped;

/// A disk of its own, unmounted when it is dropped.
#[derive(Debug)]
pub struct Disk(PathBuf);

impl Disk {
    /// One of this size, like `16k`, in a new folder `at`, where that may be had.
    #[expect(clippy::expect_used, reason = "a test that has no disk cannot go on")]
    pub fn of(size: &str, at: &Path) -> Option<Self> {
        std::fs::create_dir(at).expect("a folder can be made");
        let size = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Disk(at.to_owned()));
        }
        skipped("only root may mount a small disk");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Fills it with a file, which is returned.
    #[expect(clippy::expect_used, reason = "a test that has no disk cannot go on")]
    pub fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let mut file = std::fs::File::create(&filler).expect("a file can be made");
        while file.write_all(&[0; 4_096]).is_ok() {}
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nobody else has it; what is left goes with the machine.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
