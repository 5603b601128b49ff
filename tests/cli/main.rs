//! The command line: the real program in a process of its own, real files,
//! and what is left on disk, on both outputs and as exit code.

mod bad_input;
mod demo;
mod enhance;
mod interrupt;
mod measure;
mod output;
mod scan;
mod settings;
mod support;
mod tags;
