//! The real server over a real socket: what it answers, whom, and what it
//! withstands.

mod headers;
mod hostile;
mod house;
mod inside;
mod limits;
mod log;
mod moves;
mod pages;
mod process;
mod ranges;
mod scan;
mod similar;
mod socket;
mod start;
mod tastes;
mod trims;
