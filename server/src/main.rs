//! The `auralis` program: the server and the command line.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    auralis_server::commands::run()
}
