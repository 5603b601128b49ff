//! `cargo xtask bench`: speed, natively, in WebAssembly and on the page.

use std::process::Stdio;

use crate::shell::{Result, cargo, run, target};
use crate::{page, wasm};

/// Builds all that is measured, in release, and runs the bench binary, which
/// prints the table and writes `target/bench.json`.
pub fn bench(filters: &[String]) -> Result<()> {
    if let Err(error) = page::build() {
        eprintln!("the page is not built, so nothing is measured on it: {error}");
        wasm::build()?;
    }
    run(cargo().args(["build", "--release", "-p", "auralis-server"]))?;
    let program = target().join(format!("release/auralis{}", std::env::consts::EXE_SUFFIX));
    let mut command = cargo();
    command.args([
        "bench",
        "--quiet",
        "-p",
        "auralis-tests",
        "--no-default-features",
        "--bench",
        "bench",
        "--",
    ]);
    command.args(filters);
    run(command.env("AURALIS_PROGRAM", program).stdout(Stdio::inherit()))
}
