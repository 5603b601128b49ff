//! Fingerprints in the background: the tracks that wait in the catalog, one
//! after the other, by threads of low priority; and one express thread for the
//! track somebody is listening to. When nothing is left to measure, promises
//! are held against their rendering.

mod check;
mod looked;
mod measure;

pub use check::{Check, taste_key};
pub use measure::{Failure, Measure, measure};

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::catalog::{Catalog, Measurable};
use crate::error::chain;
use crate::events::{Event, Events};
use crate::media;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::pool::panic_text;
use crate::scan::{ContentId, whole_id};

/// Waiting tracks fetched at a time.
const BATCH: u32 = 32;

/// What is foretold is foretold by what was measured in this time.
const WINDOW: Duration = Duration::from_secs(60);

/// How many background workers a machine with `cpus` processors gets: one is
/// left for listeners, and there is at least one.
pub fn workers(cpus: Option<usize>) -> usize {
    cpus.unwrap_or(1).saturating_sub(1).max(1)
}

/// A handle on the workers.
#[derive(Clone)]
pub struct Measurers {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    events: Events,
    metrics: Arc<Metrics>,
    measure: Measure,
    /// In seconds of music.
    pace: Mutex<Pace>,
    queue: Mutex<Queue>,
    wake: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct Queue {
    /// Asked for by a listener: first come, first served.
    urgent: VecDeque<Measurable>,
    /// On somebody's screen: before what was fetched.
    looked: looked::Looked,
    /// Fetched from the catalog.
    background: VecDeque<Measurable>,
    /// Rows being measured.
    running: BTreeSet<i64>,
    /// What is done when nothing is left to measure.
    checks: check::Checks,
    /// Rows whose failure could not even be stored: not tried again in this life.
    given_up: BTreeSet<i64>,
    /// The catalog had none waiting when last asked, not even one that is
    /// being measured and may have to be again.
    exhausted: bool,
}

/// Which tracks a thread takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    Express,
    Background,
}

/// What a thread does next.
enum Job {
    Measure(Measurable),
    Check(Check),
}

impl Measurers {
    /// Measurers over the catalog, measured by `measure`.
    pub fn new(catalog: Catalog, events: Events, metrics: Arc<Metrics>, measure: Measure) -> Self {
        let shared = Shared {
            catalog,
            events,
            metrics,
            measure,
            pace: Mutex::new(Pace::new(WINDOW)),
            queue: Mutex::default(),
            wake: Condvar::new(),
            stop: AtomicBool::new(false),
        };
        Measurers { shared: Arc::new(shared) }
    }

    /// Starts `n_workers` background threads and the express one.
    pub fn start(&self, n_workers: usize) -> std::io::Result<Vec<JoinHandle<()>>> {
        let mut threads = Vec::new();
        for idx in 0..=n_workers {
            let lane = if idx == 0 { Lane::Express } else { Lane::Background };
            let measurers = self.clone();
            threads.push(std::thread::Builder::new().name(format!("measure-{idx}")).spawn(move || {
                if lane == Lane::Background {
                    yield_to_listeners();
                }
                while let Some(job) = measurers.next(lane) {
                    match job {
                        Job::Measure(track) => measurers.take(&track),
                        Job::Check(check) => measurers.take_check(&check),
                    }
                }
            })?);
        }
        Ok(threads)
    }

    /// Tells the workers that tracks came or are to be tried again.
    pub fn look(&self) {
        let mut queue = self.queue();
        queue.exhausted = false;
        queue.checks.look(0);
        drop(queue);
        self.shared.wake.notify_all();
    }

    /// Tries again what had been given up.
    pub fn retry(&self) {
        self.queue().given_up.clear();
        self.look();
    }

    /// Measures this track before all others.
    pub fn hurry(&self, track: Measurable) {
        let mut queue = self.queue();
        if !queue.running.contains(&track.row) && queue.urgent.iter().all(|other| other.row != track.row) {
            queue.urgent.push_back(track);
            self.shared.wake.notify_all();
        }
    }

    /// Measures these rows, which wait, before those that nobody looks at.
    pub fn looked_at(&self, rows: &[i64]) {
        if !rows.is_empty() {
            self.queue().looked.look(rows);
            self.shared.wake.notify_all();
        }
    }

    /// How many seconds of music are measured in one, of late; none: nothing is
    /// being measured, or it is not known yet.
    pub fn speed(&self) -> Option<f64> {
        self.pace().per_second(Instant::now())
    }

    /// Whether this row is being measured now.
    pub fn is_running(&self, row: i64) -> bool {
        self.queue().running.contains(&row)
    }

    /// Ends the threads; what they were at is measured next time.
    pub fn stop(&self) {
        {
            // Under the lock, or a thread that has just looked sleeps through it.
            let _queue = self.queue();
            self.shared.stop.store(true, Ordering::SeqCst);
        }
        self.shared.wake.notify_all();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.shared.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::SeqCst)
    }

    /// Waits for the next job of this lane; none: it is time to end.
    fn next(&self, lane: Lane) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if self.stopped() {
                return None;
            }
            if let Some(track) = self.next_track(lane, &mut queue) {
                if queue.running.insert(track.row) {
                    self.pace().begin(Instant::now());
                    return Some(Job::Measure(track));
                }
                continue;
            }
            // The other lane finds nothing between any two tracks of this one.
            if lane == Lane::Background && queue.running.is_empty() {
                self.pace().rest();
            }
            if lane == Lane::Background
                && let Some(check) = self.next_check(&mut queue.checks)
            {
                return Some(Job::Check(check));
            }
            queue = self.shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next track of this lane, if there is one.
    fn next_track(&self, lane: Lane, queue: &mut Queue) -> Option<Measurable> {
        if lane == Lane::Express {
            return queue.urgent.pop_front();
        }
        while let Some(row) = queue.looked.next() {
            // What cannot be asked for now is fetched with the rest.
            if let Ok(Some(track)) = self.shared.catalog.waiting_track(row)
                && !queue.given_up.contains(&row)
            {
                return Some(track);
            }
        }
        if queue.background.is_empty() && !queue.exhausted {
            self.refill(queue);
        }
        queue.background.pop_front()
    }

    /// Fetches waiting tracks that nobody is measuring.
    fn refill(&self, queue: &mut Queue) {
        let limit = BATCH + (queue.running.len() + queue.given_up.len()) as u32;
        match self.shared.catalog.waiting(limit) {
            Ok(mut tracks) => {
                tracks.retain(|track| !queue.given_up.contains(&track.row));
                queue.exhausted = tracks.is_empty();
                tracks.retain(|track| !queue.running.contains(&track.row));
                queue.background = tracks.into();
            }
            Err(error) => {
                queue.exhausted = true;
                tracing::error!(error = chain(&error), "waiting tracks not fetched");
            }
        }
    }

    /// Measures one track and stores what came of it.
    fn take(&self, track: &Measurable) {
        // Another lane may have measured it since it was queued.
        let waits = self.shared.catalog.is_waiting(track).unwrap_or(true);
        if waits && !self.stopped() {
            self.work(track);
        }
        let mut queue = self.queue();
        queue.running.remove(&track.row);
        drop(queue);
        self.shared.wake.notify_all();
    }

    fn work(&self, track: &Measurable) {
        let shared = &*self.shared;
        let outcome = catch_unwind(AssertUnwindSafe(|| self.measure(track)));
        match outcome.unwrap_or_else(|panic| Err(Failure::panicked(&panic_text(&*panic)))) {
            // It changed or went meanwhile: it is another track's turn, or its own again.
            Ok(None) => {}
            Ok(Some(seconds)) => {
                shared.metrics.measured.add(1);
                self.pace().add(Instant::now(), seconds);
                self.queue().checks.look(track.row);
                tracing::debug!(track_id = track.key, "measured");
                shared.events.tell(Event::Measured { track_id: track.key.clone() });
            }
            Err(_) if self.stopped() => {}
            Err(failure) => self.failed(track, failure),
        }
    }

    /// Measures a track, if the very same file was not measured before. Returns how many
    /// seconds that sound has; none: its file changed meanwhile.
    fn measure(&self, track: &Measurable) -> Result<Option<f64>, Failure> {
        let shared = &*self.shared;
        let stored = |error| Failure::of_catalog("store", error);
        if let Some(whole) = self.whole(track)
            && let Some(seconds) = shared.catalog.measure_as_twin(track, &whole).map_err(stored)?
        {
            return Ok(Some(seconds));
        }
        let measured = (shared.measure)(track, &mut |_frames| !self.stopped())?;
        let is_stored = shared.catalog.put_fingerprint(track, &measured).map_err(stored)?;
        Ok(is_stored.then(|| measured.seconds()))
    }

    /// The id of a track's whole file. None: it is a part of that, or the file
    /// cannot be read; measuring says why.
    fn whole(&self, track: &Measurable) -> Option<ContentId> {
        let mut file = media::open(track).ok().filter(|_| track.is_whole())?;
        whole_id(&mut file, track.size, &mut || !self.stopped()).ok()?
    }

    fn failed(&self, track: &Measurable, failure: Failure) {
        let shared = &*self.shared;
        let stamp = (track.size, track.mtime_ns);
        match shared.catalog.put_fault(track.row, stamp, failure.stage, &failure.reason) {
            // As above: what failed is no longer there.
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => {
                tracing::error!(track_id = track.key, error = chain(&error), "fault not stored");
                self.queue().given_up.insert(track.row);
            }
        }
        shared.metrics.measure_failures.add(1);
        tracing::error!(
            track_id = track.key,
            stage = failure.stage,
            error = chain(&*failure.error),
            "fingerprint failed"
        );
        shared.events.tell(Event::Failed { track_id: track.key.clone(), reason: failure.reason });
    }
}

/// Gives this thread the lowest priority, where the system has one per thread.
pub fn yield_to_listeners() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(19) {
        tracing::debug!(%error, "priority not lowered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_worker_and_a_processor_left() {
        for (cpus, expected) in
            [(None, 1), (Some(0), 1), (Some(1), 1), (Some(2), 1), (Some(4), 3), (Some(64), 63)]
        {
            assert_eq!(workers(cpus), expected, "{cpus:?}");
        }
    }
}
