//! The real server over a real socket: what it answers, whom, and what it
//! withstands.

mod headers;
mod house;
mod inside;
mod log;
mod ranges;
mod scan;
