//! The Auralis server and command line.

#![forbid(unsafe_code)]

#[allow(dead_code, reason = "the server's start calls it")]
mod demo;

/// The result of anything in the program that can fail; the error is for people.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() {}
