//! The task runner behind `cargo xtask`: builds the page and the server, runs
//! every test, measures speed and quality. It installs what it needs where it
//! may and names what is missing where it may not.

mod bench;
mod page;
mod quality;
mod report;
mod serve;
mod shell;
mod test;
mod tools;
mod wasm;

use std::io::Write;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask serve [-- ARGS]     builds page and server, then runs `auralis serve ARGS`
cargo xtask test [--keep-going] [STEP…]
                                runs everything CI runs, or only the named steps
cargo xtask wasm                builds the two WebAssembly packages into web/gen
cargo xtask page                builds the page into web/dist
cargo xtask bench [FILTER…]     measures speed, prints a table, writes target/bench.json
cargo xtask quality [--corpus DIR] [--preset PRESET]… [--peers] [--report-only] [FILTER…]
                                measures what enhancing does to real music, writes target/quality.json";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    // What follows `--` is for the program that a task runs.
    let mut ours = rest.iter().take_while(|arg| *arg != "--");
    let asks = ours.any(|arg| matches!(arg.as_str(), "--help" | "-h"));
    let command = if asks { "help".to_owned() } else { command };
    let outcome = match command.as_str() {
        "serve" => serve::serve(&rest),
        "wasm" => wasm::build(),
        "page" => page::build(),
        "test" => return test::test(&rest),
        "bench" => bench::bench(&rest),
        "quality" => quality::quality(&rest),
        "help" | "--help" | "-h" => {
            // Nobody may be reading to its end.
            let _ = writeln!(std::io::stdout(), "{USAGE}");
            Ok(())
        }
        other => {
            eprintln!("cargo xtask does not know '{other}'. It knows:\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask {command}: {error}");
            ExitCode::FAILURE
        }
    }
}
