//! `cargo xtask quality`: what enhancing does to real music and the demo album.

use std::process::Stdio;

use crate::shell::{Result, cargo, run};

/// Builds the program that measures, in release, and runs it: it prints the
/// table and writes `target/quality.json`.
pub fn quality(args: &[String]) -> Result<()> {
    let mut command = cargo();
    command.args(["bench", "--quiet", "-p", "auralis-tests", "--no-default-features"]);
    command.args(["--bench", "quality", "--"]).args(args);
    run(command.stdout(Stdio::inherit()))
}
