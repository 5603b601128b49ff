//! A job that has not ended, in memory: which of its tracks are still to be taken,
//! and how far those are that were.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::folder::Folder;
use super::told::Told;
use crate::catalog::{Job, JobState, JobTrack};
use crate::events::JobStatus;
use crate::pace::Pace;

/// What is foretold is foretold by what was rendered in this time.
const WINDOW: Duration = Duration::from_secs(10);

/// A job that is waited for.
pub struct Active {
    /// Its row.
    pub row: i64,
    /// Its id.
    pub key: String,
    /// How its tracks are rendered.
    pub told: Told,
    /// Its tracks.
    pub tracks: Vec<JobTrack>,
    /// What it may take of the disk.
    pub n_bytes: u64,
    /// Where its files go.
    pub folder: Arc<Folder>,
    /// Whether all of its tracks are known to be measured.
    pub is_measured: AtomicBool,
    stopped: AtomicBool,
    state: Mutex<State>,
}

struct State {
    /// Places that nobody took yet.
    waiting: VecDeque<u32>,
    /// Places that were taken, with the share of each that is done.
    under_way: BTreeMap<u32, f64>,
    /// Seconds of music of those that are done, one way or the other.
    done_s: f64,
    /// Bytes of the files that are there.
    n_bytes: u64,
    is_begun: bool,
    /// Whether somebody makes of its files what can be fetched.
    is_bound: bool,
    pace: Pace,
    /// Seconds that the pace has heard of.
    paced_s: f64,
}

/// What is to be done next of a job.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// One track is rendered.
    Track {
        /// Its place.
        place: u32,
        /// Whether nothing else of the job is left to render.
        is_last: bool,
    },
    /// Its files are made into what can be fetched.
    Bind,
}

impl Active {
    /// The job as the catalog has it; what was rendered in a life before is kept.
    pub fn new(job: &Job, told: Told, tracks: Vec<JobTrack>, folder: Arc<Folder>) -> Self {
        let is_done = |track: &&JobTrack| track.n_bytes.is_some() || track.fault.is_some();
        let done_s: f64 = tracks.iter().filter(is_done).map(|track| track.duration_s).sum();
        let state = State {
            waiting: tracks.iter().filter(|track| !is_done(track)).map(|track| track.place).collect(),
            under_way: BTreeMap::new(),
            done_s,
            n_bytes: tracks.iter().filter_map(|track| track.n_bytes).sum(),
            is_begun: job.state == JobState::Processing,
            is_bound: false,
            pace: Pace::new(WINDOW),
            paced_s: done_s,
        };
        Active {
            row: job.row,
            key: job.key.clone(),
            told,
            tracks,
            n_bytes: job.n_bytes,
            folder,
            is_measured: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is to be done next, if there is anything that nobody does yet.
    pub fn take(&self) -> Option<Step> {
        let mut state = self.state();
        let is_idle = state.under_way.is_empty();
        if let Some(place) = state.waiting.pop_front() {
            state.is_begun = true;
            state.pace.begin(Instant::now());
            state.under_way.insert(place, 0.0);
            return Some(Step::Track { place, is_last: is_idle && state.waiting.is_empty() });
        }
        if state.is_bound || !is_idle {
            return None;
        }
        state.is_bound = true;
        Some(Step::Bind)
    }

    /// This share of a track is done; of a file that has so many bytes by now.
    pub fn going(&self, place: u32, share: f64) {
        let mut state = self.state();
        state.under_way.insert(place, share.clamp(0.0, 1.0));
        let done_s = self.rendered_s(&state);
        let news = done_s - state.paced_s;
        state.pace.add(Instant::now(), news.max(0.0));
        state.paced_s = done_s.max(state.paced_s);
    }

    /// A track is done, with so many bytes, or not at all.
    pub fn finish(&self, place: u32, n_bytes: u64) {
        let mut state = self.state();
        state.under_way.remove(&place);
        state.done_s += self.tracks.get(place as usize).map_or(0.0, |track| track.duration_s);
        state.n_bytes += n_bytes;
    }

    /// Bytes of the files that are there.
    pub fn written(&self) -> u64 {
        self.state().n_bytes
    }

    /// Ends all work on it: it looks here between blocks.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// Whether it shall go on no more.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Seconds of music that are rendered.
    fn rendered_s(&self, state: &State) -> f64 {
        let of = |(place, share): (&u32, &f64)| {
            self.tracks.get(*place as usize).map_or(0.0, |track| track.duration_s * share)
        };
        state.done_s + state.under_way.iter().map(of).sum::<f64>()
    }

    /// How far it is.
    pub fn status(&self) -> JobStatus {
        let state = self.state();
        let all_s: f64 = self.tracks.iter().map(|track| track.duration_s).sum();
        let done_s = self.rendered_s(&state).min(all_s);
        let now = Instant::now();
        let begun = if state.is_begun { JobState::Processing } else { JobState::Queued };
        JobStatus {
            job_id: self.key.clone(),
            state: begun.name(),
            percent: percent(done_s, all_s),
            speed: state.pace.per_second(now),
            left_s: state.pace.seconds_for(now, all_s - done_s),
        }
    }
}

/// A part of a whole, to a tenth of a per cent; all of nothing.
pub fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (1_000.0 * part / whole).floor().clamp(0.0, 1_000.0) / 10.0 } else { 100.0 }
}
