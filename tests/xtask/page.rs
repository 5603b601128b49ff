//! The page: npm packages, esbuild, and the files the server embeds.

use std::fs;
use std::path::Path;

use crate::shell::{Result, command, find, is_fresh, root, run};
use crate::wasm;

/// Each bundle and the file it starts from, in `web/`.
const BUNDLES: [(&str, &str); 3] = [
    ("main", "main.ts"),
    ("analyst-worker", "audio/analyst-worker.ts"),
    ("player-worklet", "audio/player-worklet.ts"),
];
/// What is made, and so is no source, in `web/`.
const MADE: [&str; 3] = ["dist", "gen", "node_modules"];
/// Kinds of files that the page loads as they are.
const PLAIN: [&str; 8] = ["html", "css", "svg", "ico", "webmanifest", "woff2", "png", "txt"];

/// Builds the page into `web/dist`; leaves it alone when it is fresh.
pub fn build() -> Result<()> {
    wasm::build()?;
    packages(&root().join("web"))?;
    let web = root().join("web");
    let dist = web.join("dist");
    let gen_ = wasm::generated();
    let main = dist.join("main.js");
    if is_fresh(&main, &[&web], &MADE) && is_fresh(&main, &[&gen_], &[]) {
        return Ok(());
    }
    fs::create_dir_all(&dist)?;
    for entry in fs::read_dir(&web)?.flatten() {
        let path = entry.path();
        let plain = path.extension().is_some_and(|kind| PLAIN.iter().any(|plain| kind == *plain));
        if path.is_file() && plain && entry.file_name() != "screenshot.png" {
            fs::copy(&path, dist.join(entry.file_name()))?;
        }
    }
    for package in wasm::PACKAGES {
        fs::copy(gen_.join(format!("{package}_bg.wasm")), dist.join(format!("{package}.wasm")))?;
    }
    // The main bundle last: its time says that all of it is made.
    for (name, entry) in BUNDLES.iter().rev() {
        bundle(&web, entry, &dist.join(format!("{name}.js")))?;
    }
    Ok(())
}

fn bundle(web: &Path, entry: &str, out: &Path) -> Result<()> {
    let mut esbuild = command(web.join("node_modules/.bin/esbuild"));
    esbuild.current_dir(web).arg(entry).arg(format!("--outfile={}", out.display()));
    esbuild.args(["--bundle", "--format=esm", "--target=es2022", "--minify-syntax", "--minify-whitespace"]);
    esbuild.args(["--sourcemap", "--log-level=warning", "--legal-comments=none"]);
    esbuild.args(["--jsx=automatic", "--jsx-import-source=preact"]);
    run(&mut esbuild)
}

/// Installs the npm packages that `folder`'s lock file lists, unless they are there.
pub fn packages(folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    if is_fresh(&folder.join("node_modules/.package-lock.json"), &[&lock], &[]) {
        return Ok(());
    }
    if find("npm").is_none() {
        return Err("npm is missing: install Node 20 or later (https://nodejs.org)".into());
    }
    let mut npm = command("npm");
    npm.current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(&mut npm)?;
    // npm keeps the time of an unchanged listing: touch it, so that it is fresh.
    let listing = fs::File::options().append(true).open(folder.join("node_modules/.package-lock.json"))?;
    listing.set_modified(std::time::SystemTime::now())?;
    Ok(())
}

/// Checks the page's types.
pub fn check_types() -> Result<()> {
    let web = root().join("web");
    packages(&web)?;
    run(command(web.join("node_modules/.bin/tsc")).current_dir(&web).args(["--noEmit", "-p", "."]))
}
