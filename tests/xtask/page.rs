//! The page: npm packages, the bundles, and the WebAssembly beside them; what
//! the server embeds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Result, command, find, is_fresh, root, run};
use crate::wasm;

/// What is made, and so is no source, in `web/`.
const MADE: [&str; 3] = ["dist", "gen", "node_modules"];

/// Builds the page into `web/dist`; leaves it alone when it is fresh.
pub fn build() -> Result<()> {
    wasm::build()?;
    let web = root().join("web");
    packages(&web)?;
    let (dist, packages) = (web.join("dist"), wasm::generated());
    // Copied last, so that its time says that all of it is made.
    let last = dist.join("engine.wasm");
    if is_fresh(&last, &[&web, &interface()], &MADE) && is_fresh(&last, &[&packages], &[]) {
        return Ok(());
    }
    types(&web)?;
    run(command("node").current_dir(&web).arg("build.mjs"))?;
    for package in wasm::PACKAGES {
        // Read and written: a copy would keep the time of the original.
        let bytes = fs::read(packages.join(format!("{package}_bg.wasm")))?;
        fs::write(dist.join(format!("{package}.wasm")), bytes)?;
    }
    Ok(())
}

/// Installs the npm packages that `folder`'s lock file lists, unless they are there.
pub fn packages(folder: &Path) -> Result<()> {
    let (lock, listing) = (folder.join("package-lock.json"), folder.join("node_modules/.package-lock.json"));
    if is_fresh(&listing, &[&lock], &[]) {
        return Ok(());
    }
    if find("npm").is_none() {
        return Err("npm is missing: install Node 20 or later (https://nodejs.org)".into());
    }
    run(command("npm").current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    // Its time says when the packages were installed.
    fs::File::options().append(true).open(listing)?.set_modified(std::time::SystemTime::now())?;
    Ok(())
}

/// The document of the server's interface.
fn interface() -> PathBuf {
    root().join("server/openapi.json")
}

/// Makes the types of the interface.
fn types(web: &Path) -> Result<()> {
    run(command("node").current_dir(web).arg("types.mjs"))
}

/// Checks the page's types.
pub fn check_types() -> Result<()> {
    let web = root().join("web");
    packages(&web)?;
    types(&web)?;
    run(command(web.join("node_modules/.bin/tsc")).current_dir(&web).args(["--noEmit", "-p", "."]))
}
