//! Ctrl-C and SIGTERM: work looks here between blocks, tidies up and ends.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Failure, Outcome};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Hears the signals from now on.
pub fn listen() -> Outcome<()> {
    ctrlc::set_handler(|| ASKED.store(true, Ordering::SeqCst))
        .map_err(|error| Failure::Failed(format!("signals cannot be heard: {error}")))
}

/// Whether the person wants it to end.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
