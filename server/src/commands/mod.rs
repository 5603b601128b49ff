//! The command line: what a person can type, and what comes of it.
//!
//! Each command does what it can, names on standard error what failed, and
//! ends with 0 (done), 1 (some inputs failed), 2 (asked for the impossible) or
//! 130 (interrupted). What was asked for goes to standard output, nothing else.

mod amounts;
mod backup;
mod doctor;
mod enhance;
mod input;
mod interrupt;
mod kept;
mod measure;
mod output;
mod plan;
mod progress;
mod restore;
mod scan;
mod serve;
mod settings;
mod taste;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Makes music sound its best: a server with a page that plays it, and the same
/// on the command line.
///
/// Everything stays on this machine, and your files are never changed.
#[derive(Debug, Parser)]
#[command(name = "auralis", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    /// Settings: TOML, one option a line, like `preset = "warm"`; flags and variables win
    /// [default: ~/.config/auralis/config.toml]
    #[arg(long, global = true, value_name = "FILE", env = settings::FILE_VARIABLE)]
    config: Option<std::path::PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  auralis serve --library ~/Music           then open http://127.0.0.1:8765/
  auralis enhance song.flac -o better.flac  writes an enhanced copy
  auralis measure *.flac                    loudness, range and peaks
  auralis plan song.flac                    what would be done to it, and why

Every option can be set by a variable too: --intensity is AURALIS_INTENSITY.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the page and the library
    Serve(serve::Flags),
    /// Writes an enhanced copy of a track
    Enhance(enhance::Flags),
    /// Measures loudness, loudness range and peaks
    Measure(measure::Flags),
    /// Prints all that is measured of a track
    #[command(after_help = measure::FINGERPRINT_EXAMPLES)]
    Fingerprint(measure::Flags),
    /// Says what would be done to a track, and why
    Plan(plan::Flags),
    /// Reads and measures folders into the catalog, without serving
    Scan(scan::Flags),
    /// Copies the catalog into one file, also while a server runs
    Backup(backup::Flags),
    /// Brings a backup back
    Restore(restore::Flags),
    /// Says whether all is well with the catalog, and what to do if not
    Doctor(doctor::Flags),
    /// Prints what the server can be asked over HTTP (OpenAPI 3.1)
    Openapi,
}

/// Why a command did not do all it was asked to.
#[derive(Debug)]
enum Failure {
    /// It was asked for something impossible: the message says what to change.
    Usage(String),
    /// Something failed: the message names it.
    Failed(String),
    /// What it writes has no room any more: the message says where.
    Full(String),
    /// Some inputs failed and were named already.
    Named,
    /// Whoever reads its output has seen enough, as with `head`.
    Enough,
    /// The person interrupted it.
    Interrupted,
}

type Outcome<T> = Result<T, Failure>;

impl From<Box<dyn std::error::Error + Send + Sync>> for Failure {
    fn from(error: Box<dyn std::error::Error + Send + Sync>) -> Self {
        Failure::Failed(chain(&*error))
    }
}

impl From<crate::catalog::Error> for Failure {
    fn from(error: crate::catalog::Error) -> Self {
        Failure::Failed(chain(&error))
    }
}

/// An error and its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        // Some errors say what their cause says, with or without its heading.
        let core = words.split_once(": ").map_or(&*words, |(_, core)| core);
        if !text.contains(core) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

/// Says one line on standard error.
fn say(line: &str) {
    use std::io::Write;
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(std::io::stderr(), "auralis: {line}");
}

/// Runs what the command line says.
pub fn run() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let command = match settings::apply(Arguments::command(), &words) {
        Ok(command) => command,
        Err(message) => {
            say(&message);
            return ExitCode::from(2);
        }
    };
    let arguments = command
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .unwrap_or_else(|error| error.exit());
    let outcome = match arguments.command {
        Command::Serve(flags) => serve::serve(flags),
        Command::Enhance(flags) => enhance::enhance(&flags),
        Command::Measure(flags) => measure::measure(&flags),
        Command::Fingerprint(flags) => measure::fingerprint(&flags),
        Command::Plan(flags) => plan::plan(&flags),
        Command::Scan(flags) => scan::scan(flags),
        Command::Backup(flags) => backup::backup(flags),
        Command::Restore(flags) => restore::restore(flags),
        Command::Doctor(flags) => doctor::doctor(flags),
        Command::Openapi => input::print(crate::openapi::text().trim_end()),
    };
    match outcome {
        Ok(()) | Err(Failure::Enough) => ExitCode::SUCCESS,
        Err(Failure::Named) => ExitCode::from(1),
        Err(Failure::Failed(message) | Failure::Full(message)) => {
            say(&message);
            ExitCode::from(1)
        }
        Err(Failure::Usage(message)) => {
            say(&message);
            ExitCode::from(2)
        }
        // As shells report a process that SIGINT ended.
        Err(Failure::Interrupted) => ExitCode::from(130),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_option_says_what_it_does_and_has_its_variable() {
        for command in Arguments::command().get_subcommands() {
            for option in command.get_opts().filter(|option| option.get_long().is_some()) {
                let name = option.get_long().unwrap();
                assert!(option.get_help().is_some(), "{} --{name}", command.get_name());
                // What names a single output is not a setting.
                if !["output", "force", "json"].contains(&name) {
                    let variable = format!("AURALIS_{}", name.to_uppercase().replace('-', "_"));
                    assert_eq!(option.get_env().and_then(|name| name.to_str()), Some(&variable[..]));
                }
            }
        }
    }
}
