//! `cargo xtask test`: everything CI runs, the quick and likely failures first.

use std::process::{Command, ExitCode};

use crate::report::{Counts, Report, Stop, watch};
use crate::shell::{cargo, command, find, root, target};
use crate::{page, tools, wasm};

/// One step: its name and its work.
type Step = (&'static str, fn(&mut Counts) -> Result<(), Stop>);

/// The page is built before the server, which embeds it.
const STEPS: [Step; 9] = [
    ("format", |counts| watch(cargo().args(["fmt", "--all", "--check"]), counts)),
    ("wasm", |_| Ok(wasm::build()?)),
    ("page", |_| Ok(page::build()?)),
    ("types", |_| Ok(page::check_types()?)),
    ("lints", lints),
    ("native", native),
    ("browser", browser),
    ("wasm in chromium", |counts| wasm_tests(Browser::Chromium, counts)),
    ("wasm in firefox", |counts| wasm_tests(Browser::Firefox, counts)),
];

/// Runs all steps, or the named ones; stops at the first that fails unless told
/// to keep going.
pub fn test(args: &[String]) -> ExitCode {
    let keep_going = args.iter().any(|arg| arg == "--keep-going");
    let named: Vec<&String> = args.iter().filter(|arg| *arg != "--keep-going").collect();
    if let Some(unknown) = named.iter().find(|name| STEPS.iter().all(|(step, _)| step != **name)) {
        eprintln!("there is no step '{unknown}'; the steps are: {}", STEPS.map(|(name, _)| name).join(", "));
        return ExitCode::from(2);
    }
    for missing in tools::debian() {
        eprintln!("missing: {missing}");
    }
    let mut report = Report::default();
    for (name, work) in STEPS {
        if !named.is_empty() && named.iter().all(|wanted| *wanted != name) {
            continue;
        }
        if report.has_failed() && !keep_going {
            report.skip(name, "a step before it failed");
        } else {
            report.step(name, work);
        }
    }
    report.print();
    if report.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn lints(counts: &mut Counts) -> Result<(), Stop> {
    let mut clippy = cargo();
    clippy.args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    watch(&mut clippy, counts)
}

/// All that is native, which the wasm crate is not. Benches are only linted.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "auralis-wasm"];

/// One profile for all of it, the program that browser and server tests run
/// included.
fn native(counts: &mut Counts) -> Result<(), Stop> {
    build()?;
    watch(with_program(cargo().arg("test").args(NATIVE).arg("--no-fail-fast")), counts)
}

fn build() -> Result<(), Stop> {
    watch(cargo().arg("build").args(NATIVE).args(["--bins", "--tests"]), &mut Counts::default())
}

/// Tests that need the real program are told where it is.
fn with_program(command: &mut Command) -> &mut Command {
    command.env("AURALIS_PROGRAM", program())
}

fn program() -> std::path::PathBuf {
    target().join(format!("debug/auralis{}", std::env::consts::EXE_SUFFIX))
}

/// The real server, the real page, a real browser.
fn browser(counts: &mut Counts) -> Result<(), Stop> {
    let folder = root().join("tests/web");
    if find("chromium").is_none() {
        return Err(Stop::Skipped("chromium is missing (apt-get install chromium)".to_owned()));
    }
    page::packages(&root().join("web"))?;
    build()?;
    let mut node = command("node");
    // One file at a time: sound is played in real time, on few cores.
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=600000"])
        .current_dir(&folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    node.args(files.iter().filter(|path| path.to_string_lossy().ends_with(".test.mjs")));
    watch(with_program(&mut node), counts)
}

#[derive(Clone, Copy, PartialEq)]
enum Browser {
    Chromium,
    Firefox,
}

/// The wasm crate's own tests, in page and Worker of a real browser, on what the packages are made of. (So does
/// `wasm-pack test --headless`, which takes longer to build than they take to run.)
fn wasm_tests(browser: Browser, counts: &mut Counts) -> Result<(), Stop> {
    let (program, package) = match browser {
        Browser::Chromium => ("chromedriver", "chromium chromium-driver"),
        Browser::Firefox => ("firefox-esr", "firefox-esr"),
    };
    let Some(found) = find(program) else {
        return Err(Stop::Skipped(format!("{program} is missing (apt-get install {package})")));
    };
    tools::wasm_target()?;
    let mut test = cargo();
    test.args(["test", "--release", "-p", "auralis-wasm", "--target", "wasm32-unknown-unknown"]);
    test.args(["--no-default-features", "--features", "analyst,engine"]);
    test.arg("--target-dir").arg(wasm::folder());
    let runner = tools::from_crates_io("wasm-bindgen-test-runner")?;
    test.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    match browser {
        Browser::Chromium => test.env("CHROMEDRIVER", found),
        Browser::Firefox => test.env("GECKODRIVER", tools::from_crates_io("geckodriver")?),
    };
    watch(&mut test, counts)
}
