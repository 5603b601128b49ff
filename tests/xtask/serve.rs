//! `cargo xtask serve`: from a clone to a running player.

use std::process::Stdio;

use crate::page;
use crate::shell::{Result, cargo, command, run, target};

/// Builds page and server and becomes `auralis serve ARGS`.
pub fn serve(args: &[String]) -> Result<()> {
    page::build()?;
    run(cargo().args(["build", "--release", "-p", "auralis-server"]))?;
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    let mut program = command(target().join("release/auralis"));
    program.arg("serve").args(args).stdin(Stdio::inherit()).stdout(Stdio::inherit());
    // The folder from which one called, so that `--library music` means one's own.
    program.current_dir(std::env::current_dir()?);
    become_program(program)
}

/// Signals and the exit code are then the program's own.
#[cfg(unix)]
fn become_program(mut program: std::process::Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(format!("the built program does not start: {}", program.exec()).into())
}

#[cfg(not(unix))]
fn become_program(mut program: std::process::Command) -> Result<()> {
    run(&mut program)
}
