//! The `auralis` program: the server and the command line.

#![deny(unsafe_code)]

mod memory;

fn main() -> std::process::ExitCode {
    memory::give_back();
    auralis_server::commands::run()
}
