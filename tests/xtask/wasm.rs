//! The two WebAssembly packages: the analyst for the Worker and the engine for
//! the worklet, one crate built twice so that the worklet loads no decoder.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Result, cargo, is_fresh, root, run, target};
use crate::tools;

/// The packages by the feature that makes them.
pub const PACKAGES: [&str; 2] = ["analyst", "engine"];

/// Builds both into `web/gen`; leaves alone what is fresh.
pub fn build() -> Result<()> {
    tools::wasm_target()?;
    for package in PACKAGES {
        let wasm = compile(package)?;
        let made = generated().join(format!("{package}_bg.wasm"));
        if !is_fresh(&made, &[&wasm], &[]) {
            bind(package, &wasm)?;
        }
    }
    Ok(())
}

/// Where the packages and their glue go.
pub fn generated() -> PathBuf {
    root().join("web/gen")
}

/// Where Cargo builds them.
pub fn folder() -> PathBuf {
    target().join("wasm")
}

/// Cargo's part. SIMD is switched on for the target in `.cargo/config.toml`. Both packages are built in one
/// folder, for they share most of their crates; what comes out is taken away at once.
fn compile(package: &str) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--quiet", "-p", "auralis-wasm", "--lib", "--release"]);
    command.args(["--target", "wasm32-unknown-unknown", "--no-default-features", "--features", package]);
    command.arg("--target-dir").arg(folder());
    run(&mut command)?;
    Ok(folder().join("wasm32-unknown-unknown/release/auralis_wasm.wasm"))
}

/// wasm-bindgen's part, as a library: its version is the one the crate has.
fn bind(package: &str, wasm: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(package).omit_default_module_path(false).typescript(true);
    bindgen.web(true).and_then(|bindgen| bindgen.generate(generated())).map_err(|error| {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        format!("wasm-bindgen on the {package}: {}", causes.join(": ")).into()
    })
}
