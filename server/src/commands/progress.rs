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
            Some(_) => "{msg} {bar:30} {percent:>3} %{prefix}",
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

/// Counts and what is known of speed and time, told beside a bar.
pub struct Pacing {
    /// What is done.
    pub done: u64,
    /// How fast, in words.
    pub speed: Option<String>,
    /// Seconds left.
    pub left_s: Option<f64>,
}

impl Pacing {
    /// Speed and time left, as far as they are known.
    pub fn words(&self) -> String {
        let words = [self.speed.clone(), self.left_s.map(left)];
        words.into_iter().flatten().map(|word| format!(" · {word}")).collect()
    }
}

impl Progress {
    /// So much is done, so fast.
    pub fn pace(&self, pacing: &Pacing) {
        self.0.set_prefix(pacing.words());
        self.0.set_position(pacing.done);
    }

    /// It says something else now.
    pub fn doing(&self, doing: &str) {
        self.0.set_message(doing.to_owned());
    }

    /// Does what writes to the terminal, with the bar out of the way.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

/// How long it takes yet, as exactly as anybody can know.
pub fn left(seconds: f64) -> String {
    match seconds {
        ..60.0 => format!("{:.0} s left", seconds.max(1.0)),
        ..5_400.0 => format!("{:.0} min left", seconds / 60.0),
        _ => format!("about {:.0} h left", seconds / 3_600.0),
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn what_is_left_is_said_as_exactly_as_it_is_known() {
        let said = [0.2, 28.4, 75.0, 3_600.0, 7_300.0].map(left);
        assert_eq!(said, ["1 s left", "28 s left", "1 min left", "60 min left", "about 2 h left"]);
    }
}
