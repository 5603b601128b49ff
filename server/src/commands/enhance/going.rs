//! How far all tracks together are: a bar, or where there is no terminal a plain
//! line from time to time.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::progress::{Pacing, Progress};
use super::super::say;
use super::found::Wanted;
use crate::pace::Pace;

/// What is foretold is foretold by what was rendered in this time.
const WINDOW: Duration = Duration::from_secs(10);
/// Time between two plain lines.
const LINES: Duration = Duration::from_secs(10);

/// What the threads tell.
pub struct Going {
    /// Seconds of each track.
    seconds: Vec<f64>,
    state: Mutex<State>,
}

struct State {
    /// The share of each track that somebody is at.
    under_way: BTreeMap<usize, f64>,
    /// Seconds of those that are done, one way or the other.
    done_s: f64,
    n_done: usize,
    pace: Pace,
    /// Seconds that the pace has heard of.
    paced_s: f64,
}

impl Going {
    /// Nothing is done yet.
    pub fn new(wanted: &[Wanted]) -> Self {
        let mut pace = Pace::new(WINDOW);
        pace.begin(Instant::now());
        let state = State { under_way: BTreeMap::new(), done_s: 0.0, n_done: 0, pace, paced_s: 0.0 };
        let seconds = wanted.iter().map(|wanted| wanted.loose.track.duration_s).collect();
        Going { seconds, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This share of a track is done.
    pub fn at(&self, idx: usize, share: f64) {
        let mut state = self.state();
        state.under_way.insert(idx, share);
        let done_s = self.done_s(&state);
        let news = (done_s - state.paced_s).max(0.0);
        state.pace.add(Instant::now(), news);
        state.paced_s += news;
    }

    /// A track is done, or will not be.
    pub fn finish(&self, idx: usize) {
        self.at(idx, 1.0);
        let mut state = self.state();
        state.under_way.remove(&idx);
        state.done_s += self.seconds[idx];
        state.n_done += 1;
    }

    fn done_s(&self, state: &State) -> f64 {
        state.done_s + state.under_way.iter().map(|(idx, share)| self.seconds[*idx] * share).sum::<f64>()
    }

    /// Counts, and how it paces, in seconds of sound.
    fn now(&self) -> (usize, Pacing) {
        let (state, now) = (self.state(), Instant::now());
        let done_s = self.done_s(&state);
        let speed = state.pace.per_second(now).map(|speed| format!("{speed:.0}× real time"));
        let left_s = state.pace.seconds_for(now, (self.all_s() - done_s).max(0.0));
        (state.n_done, Pacing { done: done_s as u64, speed, left_s })
    }

    /// Seconds of all tracks together.
    pub fn all_s(&self) -> f64 {
        self.seconds.iter().sum()
    }
}

/// Shows it.
pub struct Shown<'a> {
    going: &'a Going,
    bar: Progress,
    /// When the last plain line was said; none: there is a terminal.
    said: Option<Instant>,
}

impl<'a> Shown<'a> {
    /// Begins to.
    pub fn new(going: &'a Going) -> Self {
        let bar = Progress::new("enhancing", Some((going.all_s() as u64).max(1)));
        let said = (!std::io::stderr().is_terminal()).then(Instant::now);
        Shown { going, bar, said }
    }

    /// Shows how far it is now.
    pub fn glance(&mut self) {
        let (n_done, pacing) = self.going.now();
        let doing = format!("{n_done} of {} tracks", self.going.seconds.len());
        match &mut self.said {
            None => {
                self.bar.doing(&doing);
                self.bar.pace(&pacing);
            }
            Some(said) if said.elapsed() >= LINES => {
                *said = Instant::now();
                say(&format!("{doing}{}", pacing.words()));
            }
            Some(_) => {}
        }
    }

    /// Does what writes to the terminal, with the bar out of the way.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.aside(work)
    }
}
