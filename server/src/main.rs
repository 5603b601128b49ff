//! The Auralis server and command line.
fn main() {}
