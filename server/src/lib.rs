//! The server and the command line.

#![forbid(unsafe_code)]

pub mod commands;
pub mod demo;

/// A failure before or outside of any request, in words for whoever started
/// the program.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
