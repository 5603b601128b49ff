//! What a run of steps came to: counted from what each runner prints.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::shell::line;

/// Tests counted in the output of one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    passed: usize,
    failed: usize,
    /// What was skipped, each with its reason.
    skipped: BTreeSet<String>,
}

impl Counts {
    /// Reads one line of output of libtest, of wasm-bindgen's runner or of
    /// node's, and the line `skipped: REASON` that our own tests print.
    fn read(&mut self, line: &str) {
        if let Some((_, numbers)) = line.split_once("test result: ") {
            self.passed += number_before(numbers, " passed");
            self.failed += number_before(numbers, " failed");
        } else if let Some(numbers) = line.strip_prefix("ℹ ") {
            match numbers.split_once(' ') {
                Some(("pass", n)) => self.passed += n.trim().parse().unwrap_or(0),
                Some(("fail" | "cancelled", n)) => self.failed += n.trim().parse().unwrap_or(0),
                _ => {}
            }
        } else if let Some(reason) = line.strip_prefix("skipped: ") {
            // libtest counts a test that returns early as passed.
            if self.skipped.insert(reason.to_owned()) {
                self.passed = self.passed.saturating_sub(1);
            }
        } else if let Some(test) = line.trim_start().strip_prefix("﹣ ") {
            self.skipped.insert(test.to_owned());
        }
    }
}

/// The number that stands before `word`.
fn number_before(text: &str, word: &str) -> usize {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// How one step ended.
enum End {
    Ran(Counts),
    Failed(Counts, String),
    Skipped(String),
}

/// All steps so far.
#[derive(Default)]
pub struct Report {
    steps: Vec<(String, End, Duration)>,
}

impl Report {
    /// Does one step and notes how it ended. A step without tests of its own
    /// counts as one.
    pub fn step(&mut self, name: &str, work: impl FnOnce(&mut Counts) -> Result<(), Stop>) {
        eprintln!("\n── {name}");
        let begun = Instant::now();
        let mut counts = Counts::default();
        let outcome = work(&mut counts);
        let took = begun.elapsed();
        let no_tests = counts == Counts::default();
        let end = match outcome {
            Ok(()) if counts.failed == 0 => {
                counts.passed += usize::from(no_tests);
                End::Ran(counts)
            }
            Ok(()) => End::Failed(counts, "tests failed".to_owned()),
            Err(Stop::Failed(reason)) => {
                counts.failed = counts.failed.max(1);
                eprintln!("{reason}");
                End::Failed(counts, reason)
            }
            Err(Stop::Skipped(reason)) => End::Skipped(reason),
        };
        eprintln!("── {name}: {} ({:.0} s)", word(&end), took.as_secs_f64());
        self.steps.push((name.to_owned(), end, took));
    }

    /// Notes a step that is not tried.
    pub fn skip(&mut self, name: &str, reason: &str) {
        self.steps.push((name.to_owned(), End::Skipped(reason.to_owned()), Duration::ZERO));
    }

    /// Whether any step failed.
    pub fn has_failed(&self) -> bool {
        self.steps.iter().any(|(_, end, _)| matches!(end, End::Failed(..)))
    }

    /// Prints what passed, what failed and what was skipped and why; the last
    /// line is the sum.
    pub fn print(&self) {
        let (mut passed, mut failed, mut skipped) = (0, 0, 0);
        let total: Duration = self.steps.iter().map(|(_, _, took)| *took).sum();
        println!("\n{:<28}{:>8}  result", "step", "time");
        for (name, end, took) in &self.steps {
            println!("{name:<28}{:>6.0} s  {}", took.as_secs_f64(), word(end));
            match end {
                End::Ran(counts) | End::Failed(counts, _) => {
                    passed += counts.passed;
                    failed += counts.failed;
                    skipped += counts.skipped.len();
                    for reason in &counts.skipped {
                        println!("{:<38}skipped: {reason}", "");
                    }
                }
                End::Skipped(_) => skipped += 1,
            }
        }
        println!("{:<28}{:>6.0} s\n", "all", total.as_secs_f64());
        println!("{passed} passed, {failed} failed, {skipped} skipped");
    }
}

/// Why a step did not go through.
pub enum Stop {
    /// It was tried and failed.
    Failed(String),
    /// What it needs is not there.
    Skipped(String),
}

impl<E: ToString> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Failed(error.to_string())
    }
}

fn word(end: &End) -> String {
    match end {
        End::Ran(counts) => match counts.skipped.len() {
            0 => format!("{} passed", counts.passed),
            n => format!("{} passed, {n} skipped", counts.passed),
        },
        End::Failed(counts, reason) => {
            format!("{} passed, {} FAILED: {reason}", counts.passed, counts.failed)
        }
        End::Skipped(reason) => format!("skipped: {reason}"),
    }
}

/// Runs `command`, shows what it prints as it comes, and counts.
pub fn watch(command: &mut Command, counts: &mut Counts) -> Result<(), Stop> {
    let line = line(command);
    let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| format!("`{line}` could not be started: {error}"))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let beside = std::thread::spawn(move || err.map(follow).unwrap_or_default());
    let mut lines = out.map(follow).unwrap_or_default();
    lines.extend(beside.join().unwrap_or_default());
    let status = child.wait()?;
    // Skips reduce what passed, so they are read after it.
    lines.sort_by_key(|line| line.starts_with("skipped: "));
    lines.iter().for_each(|line| counts.read(line));
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status})").into()) }
}

/// Passes lines on as they come; returns those that may count.
fn follow(stream: impl Read) -> Vec<String> {
    let mut kept = Vec::new();
    let mut stream = BufReader::new(stream);
    let mut bytes = Vec::new();
    while stream.read_until(b'\n', &mut bytes).is_ok_and(|n| n > 0) {
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end();
        eprintln!("{text}");
        if ["test result: ", "skipped: ", "ℹ ", "﹣ "].iter().any(|mark| text.contains(mark)) {
            kept.push(text.to_owned());
        }
        bytes.clear();
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], passed: usize, failed: usize, skipped: usize) {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.read(line));
        assert_eq!((counts.passed, counts.failed, counts.skipped.len()), (passed, failed, skipped));
    }

    #[test]
    fn every_runner_is_counted_and_every_skip_is_named() {
        check(&["test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured"], 12, 0, 0);
        check(&["test result: FAILED. 2 passed; 3 failed; 0 ignored"], 2, 3, 0);
        check(&["ℹ tests 5", "ℹ pass 3", "ℹ fail 1", "ℹ cancelled 1", "ℹ skipped 0"], 3, 2, 0);
        check(&["  ﹣ plays in Firefox (0.1ms) # no firefox-esr", "ℹ pass 1"], 1, 0, 1);
        check(
            &["test result: ok. 4 passed; 0 failed", "skipped: no corpus (a)", "skipped: no corpus (b)"],
            2,
            0,
            2,
        );
    }

    #[test]
    fn a_failing_program_fails_its_step_and_a_passing_one_counts_as_one() {
        let mut report = Report::default();
        report.step("false", |counts| watch(&mut Command::new("false"), counts));
        assert!(report.has_failed());
        let mut report = Report::default();
        report.step("true", |counts| watch(&mut Command::new("true"), counts));
        report.step("absent", |_| Err(Stop::Skipped("not there".to_owned())));
        assert!(!report.has_failed());
        assert!(matches!(&report.steps[0].1, End::Ran(counts) if counts.passed == 1));
    }
}
