//! Where the log goes: standard error, so that standard output stays for what
//! was asked for.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged: our own words. What worries a decoder is in the chain of our
/// own error, under the track it is about.
const DEFAULT: &str = "info,symphonia=off,lofty=off";

/// Starts logging. `AURALIS_LOG` filters it (default: what happens, not how), and
/// `AURALIS_LOG_FORMAT=json` makes it one object per line.
pub fn start() {
    let filter = EnvFilter::try_from_env("AURALIS_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    let json = std::env::var("AURALIS_LOG_FORMAT").is_ok_and(|format| format == "json");
    // A second start (in tests) leaves the first log in place.
    let _ = if json { log.json().try_init() } else { log.try_init() };
}
