//! What the tasks need from outside, installed where that may be done:
//! a compiler target by rustup, browsers and ffmpeg by apt (as root), test
//! runners by cargo into `target/tools`.

use std::path::PathBuf;

use crate::shell::{Result, cargo, command, find, run, target};

/// Programs from Debian: what to run, and the package that has it.
const DEBIAN: [(&str, &str); 4] = [
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("firefox-esr", "firefox-esr"),
    ("ffmpeg", "ffmpeg"),
];

/// A program that cargo can install, with the flags that make it build.
struct Crate {
    program: &'static str,
    package: &'static str,
    version: &'static str,
    /// wasm-bindgen-cli builds only without its lock file.
    flags: &'static [&'static str],
}

const CRATES: [Crate; 2] = [
    Crate {
        program: "wasm-bindgen-test-runner",
        package: "wasm-bindgen-cli",
        version: "0.2.130",
        flags: &["--bin", "wasm-bindgen-test-runner"],
    },
    Crate { program: "geckodriver", package: "geckodriver", version: "0.37.0", flags: &["--locked"] },
];

/// Makes sure that the compiler can build for WebAssembly.
pub fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot =
        command(rustc).args(["--print", "sysroot"]).stdout(std::process::Stdio::piped()).output()?;
    let sysroot = PathBuf::from(String::from_utf8(sysroot.stdout)?.trim());
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    run(command("rustup").args(["target", "add", TARGET])).map_err(|error| {
        format!("the compiler lacks the target {TARGET} and it could not be added: {error}").into()
    })
}

/// Installs the Debian programs that are missing, if this is Debian and we are
/// root; returns those that are missing still, each with what to do.
pub fn debian() -> Vec<String> {
    let missing = || DEBIAN.iter().filter(|(program, _)| find(program).is_none());
    let packages: Vec<&str> = missing().map(|&(_, package)| package).collect();
    if !packages.is_empty() && is_root() && find("apt-get").is_some() {
        let apt = |args: &[&str]| {
            run(command("apt-get").env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").args(args))
        };
        let install = [&["install", "-y", "--no-install-recommends"], &packages[..]].concat();
        if let Err(error) = apt(&["update"]).and_then(|()| apt(&install)) {
            eprintln!("installing {}: {error}", packages.join(", "));
        }
    }
    missing().map(|(program, package)| format!("{program} (apt-get install {package})")).collect()
}

fn is_root() -> bool {
    let id = command("id").arg("-u").stdout(std::process::Stdio::piped()).output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A program from crates.io in the version we pin, installed if it is not there.
pub fn from_crates_io(program: &str) -> Result<PathBuf> {
    let wanted = CRATES.iter().find(|wanted| wanted.program == program).ok_or("no such tool")?;
    if let Some(path) = find(program).filter(|path| is_version(path, wanted.version)) {
        return Ok(path);
    }
    let tools = target().join("tools");
    let mut install = cargo();
    // Unoptimised: they are built once and run for seconds.
    install.args(["install", "--quiet", "--debug", "--force", wanted.package, "--version", wanted.version]);
    install.args(wanted.flags).arg("--root").arg(&tools).env("CARGO_TARGET_DIR", tools.join("build"));
    run(&mut install)?;
    Ok(tools.join("bin").join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
}

fn is_version(path: &std::path::Path, version: &str) -> bool {
    let output = command(path).arg("--version").stdout(std::process::Stdio::piped()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version))
}
