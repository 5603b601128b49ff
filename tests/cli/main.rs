//! The command line: the real program in a process of its own, real files,
//! and what is left on disk, on both outputs and as exit code.

mod backup;
mod bad_input;
mod demo;
mod disks;
mod doctor;
mod enhance;
mod folders;
mod house;
mod interrupt;
mod kills;
mod measure;
mod output;
mod owner;
mod scan;
mod settings;
mod support;
mod tags;
