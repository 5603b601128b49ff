//! A bar on standard error while a track is worked on, if that is a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that goes away when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar over `n_frames` (unknown: a spinner) that says `doing`.
    pub fn new(doing: &str, n_frames: Option<u64>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Progress(ProgressBar::hidden());
        }
        let bar = match n_frames {
            Some(n) => ProgressBar::new(n),
            None => ProgressBar::new_spinner(),
        };
        let template = match n_frames {
            Some(_) => "{msg} {bar:30} {percent:>3} % {eta:>4}",
            None => "{msg} {spinner}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_message(doing.to_owned());
        Progress(bar)
    }

    /// This many frames are done.
    pub fn at(&self, frames: u64) {
        self.0.set_position(frames);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
