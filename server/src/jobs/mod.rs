//! The workshop: tracks rendered to files that are fetched later. What is asked
//! for stands in the catalog, so that it is done after a restart too; threads of
//! low priority take one track after the other, of the oldest job first, as many
//! at once as there are processors. A job's files lie in a folder of its own, each
//! whole or not at all, and are offered when the job is completed.

mod active;
mod ask;
mod bundle;
mod folder;
mod keep;
mod told;
mod work;
mod zipped;

pub use ask::{Asked, MAX_TRACKS, Preview, Refused};
pub use bundle::{Bundle, Reading};
pub use told::Told;

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use self::active::{Active, Step, percent};
use self::bundle::{file_name, heads};
use self::folder::Folders;
use self::work::Ended;
use crate::catalog::{self, Catalog, Job, JobState};
use crate::copy::Unfinished;
use crate::error::chain;
use crate::events::{Event, Events, JobStatus};
use crate::measuring::{Measurers, yield_to_listeners};

/// Bytes of the disk that jobs leave free: the catalog grows there too.
const RESERVE: u64 = 256 << 20;
/// Jobs that may wait or be rendered.
const MAX_OPEN: u32 = 64;

/// What jobs may have.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Bytes of the disk, all together.
    pub n_bytes: u64,
    /// How long what came of one is kept.
    pub keep: Duration,
}

/// A handle on the workshop.
#[derive(Clone)]
pub struct Jobs {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    measurers: Measurers,
    events: Events,
    folders: Folders,
    share: Share,
    /// Jobs that have not ended, the oldest first.
    open: Mutex<VecDeque<Arc<Active>>>,
    wake: Condvar,
    stop: AtomicBool,
}

impl Jobs {
    /// The workshop with its files below `root`. What an earlier life left half done
    /// is gone afterwards, what it had done is kept.
    pub fn open(
        catalog: Catalog,
        measurers: Measurers,
        events: Events,
        root: PathBuf,
        share: Share,
    ) -> crate::Result<Self> {
        fs::create_dir_all(&root)
            .map_err(|error| format!("jobs need the folder {}: {error}", root.display()))?;
        let shared = Shared {
            catalog,
            measurers,
            events,
            folders: Folders::new(root),
            share,
            open: Mutex::default(),
            wake: Condvar::new(),
            stop: AtomicBool::new(false),
        };
        let jobs = Jobs { shared: Arc::new(shared) };
        jobs.take_up()?;
        Ok(jobs)
    }

    /// Goes on where the last life ended.
    fn take_up(&self) -> crate::Result<()> {
        let (open, ended) = self.shared.catalog.open_jobs()?;
        let mut known: HashSet<String> = open.iter().map(|job| job.key.clone()).collect();
        for job in ended {
            match job.state == JobState::Completed && self.bundle(&job).is_err() {
                // A backup brings rows back, not files.
                true => drop(self.shared.catalog.forget_job(&job.key)?),
                false if job.state == JobState::Completed => drop(known.insert(job.key)),
                false => {}
            }
        }
        self.shared.folders.tidy(|name| known.contains(name));
        for job in open {
            let folder = self.shared.folders.of(&job.key);
            let Ok(told) = self.told(&job) else {
                let reason = Some("another version of Auralis was asked for it: ask again");
                self.shared.catalog.end_job(&job.key, JobState::Failed, reason, 0)?;
                folder.doom();
                continue;
            };
            let extension = told.extension();
            let mut whole = HashSet::new();
            for track in self.shared.catalog.job_tracks(job.row)? {
                let name = file_name(track.place, extension);
                let len = fs::metadata(folder.path().join(&name)).ok().map(|metadata| metadata.len());
                match track.n_bytes {
                    Some(_) if track.n_bytes == len => drop(whole.insert(name)),
                    Some(_) => self.shared.catalog.put_job_track(job.row, track.place, None, None)?,
                    None => {}
                }
            }
            for entry in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                if !entry.file_name().to_str().is_some_and(|name| whole.contains(name)) {
                    let _ = fs::remove_file(entry.path());
                }
            }
            self.enter(&job)?;
        }
        Ok(())
    }

    /// Starts `n_workers` threads that render and the one that keeps order.
    pub fn start(&self, n_workers: usize) -> io::Result<Vec<JoinHandle<()>>> {
        let mut threads = Vec::new();
        for idx in 0..n_workers.max(1) {
            let jobs = self.clone();
            threads.push(std::thread::Builder::new().name(format!("job-{idx}")).spawn(move || {
                yield_to_listeners();
                while let Some((job, step)) = jobs.next() {
                    match step {
                        Step::Track { place, is_last } => jobs.take(&job, place, is_last),
                        Step::Bind => jobs.complete(&job),
                    }
                }
            })?);
        }
        let jobs = self.clone();
        threads.push(std::thread::Builder::new().name("job-keeper".to_owned()).spawn(move || jobs.keep())?);
        Ok(threads)
    }

    /// Ends the threads; what they were at is rendered next time.
    pub fn stop(&self) {
        {
            // Under the lock, or a thread that has just looked sleeps through it.
            let _open = self.queue();
            self.shared.stop.store(true, Ordering::SeqCst);
        }
        self.shared.wake.notify_all();
    }

    fn stopped(&self) -> bool {
        self.shared.stop.load(Ordering::SeqCst)
    }

    /// Whether work on this job ends.
    fn is_over(&self, job: &Active) -> bool {
        job.is_stopped() || self.stopped()
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Arc<Active>>> {
        self.shared.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, job: &Job) -> catalog::Result<Told> {
        Ok(serde_json::from_str(&job.told)?)
    }

    /// Puts a job that stands in the catalog at the end of the queue.
    fn enter(&self, job: &Job) -> catalog::Result<()> {
        let tracks = self.shared.catalog.job_tracks(job.row)?;
        let folder = self.shared.folders.of(&job.key);
        let active = Arc::new(Active::new(job, self.told(job)?, tracks, folder));
        self.queue().push_back(active);
        self.shared.wake.notify_all();
        Ok(())
    }

    /// Waits for what is next; none: it is time to end.
    fn next(&self) -> Option<(Arc<Active>, Step)> {
        let mut open = self.queue();
        loop {
            if self.stopped() {
                return None;
            }
            let taken = open.iter().find_map(|job| Some((Arc::clone(job), job.take()?)));
            if taken.is_some() {
                // The keeper tells how it goes.
                self.shared.wake.notify_all();
                return taken;
            }
            open = self.shared.wake.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Renders one track and writes down what came of it.
    fn take(&self, job: &Arc<Active>, place: u32, alone: bool) {
        let made = match self.begin(job) {
            Ok(true) => self.render(job, place, alone),
            // It was cancelled or deleted before anybody took it.
            Ok(false) => return self.let_go(job),
            Err(ended) => Err(ended),
        };
        if made.is_err() && self.is_over(job) {
            return;
        }
        let told = match &made {
            Ok(n_bytes) => (Some(*n_bytes), None),
            Err(Ended::Track(reason)) => (None, Some(&**reason)),
            Err(Ended::Stopped) => return,
            Err(Ended::Job(reason)) => return self.end(job, JobState::Failed, Some(reason), 0),
        };
        if let Err(error) = self.shared.catalog.put_job_track(job.row, place, told.0, told.1) {
            return self.end(job, JobState::Failed, Some(&error.to_string()), 0);
        }
        job.finish(place, told.0.unwrap_or(0));
    }

    fn begin(&self, job: &Active) -> Result<bool, Ended> {
        let unmade = |error: io::Error| {
            tracing::error!(error = chain(&error), "folder of a job not made");
            Ended::Job("its folder cannot be made; the server's log says why".to_owned())
        };
        fs::create_dir_all(job.folder.path()).map_err(unmade)?;
        self.shared.catalog.begin_job(&job.key).map_err(|error| Ended::Job(error.to_string()))
    }

    /// The end of a job of which nothing is left to render.
    fn complete(&self, job: &Arc<Active>) {
        match self.bind(job) {
            Ok(Ok(n_bytes)) => self.end(job, JobState::Completed, None, n_bytes),
            Ok(Err(reason)) => self.end(job, JobState::Failed, Some(&reason), 0),
            Err(_) if self.is_over(job) => {}
            Err(error) => {
                tracing::error!(error = chain(&*error), "job not completed");
                self.end(
                    job,
                    JobState::Failed,
                    Some("its files cannot be put together; the server's log says why"),
                    0,
                );
            }
        }
    }

    /// Makes of its files what can be fetched; gives the bytes that it takes, or why
    /// there is nothing.
    fn bind(&self, job: &Active) -> crate::Result<Result<u64, String>> {
        let tracks = self.shared.catalog.job_tracks(job.row)?;
        let extension = job.told.extension();
        let path = |place: u32| job.folder.path().join(file_name(place, extension));
        let files: Vec<_> = tracks
            .iter()
            .filter_map(|track| Some((path(track.place), &*track.name, track.n_bytes?)))
            .collect();
        if files.is_empty() {
            let reason =
                tracks.into_iter().find_map(|track| Some(format!("{}: {}", track.title, track.fault?)));
            return Ok(Err(reason.unwrap_or_else(|| "it has no tracks".to_owned())));
        }
        let n_bytes = files.iter().map(|(_, _, n_bytes)| n_bytes).sum::<u64>();
        if tracks.len() == 1 {
            return Ok(Ok(n_bytes));
        }
        let files = files.iter().map(|(path, name, n_bytes)| (&**path, *name, *n_bytes));
        let runs = zipped::runs(files, &|| !self.is_over(job))?;
        let place = heads(job.folder.path());
        let mut file = Unfinished::new(place.clone(), place.with_extension("partial"));
        zipped::write(&runs, &mut io::BufWriter::new(file.create()?))?;
        Ok(Ok(n_bytes + file.finish()?))
    }

    /// A job ends like this, unless it has ended already.
    fn end(&self, job: &Arc<Active>, state: JobState, reason: Option<&str>, n_bytes: u64) {
        let ended = self.shared.catalog.end_job(&job.key, state, reason, n_bytes);
        if let Err(error) = &ended {
            // It goes on after a restart.
            tracing::error!(error = chain(error), "end of a job not stored");
        }
        if state != JobState::Completed || matches!(ended, Ok(false)) {
            return self.let_go(job);
        }
        self.forget(&job.key);
        self.tell_end(&job.key);
    }

    /// Work on a job ends, and nothing of it is kept.
    fn let_go(&self, job: &Arc<Active>) {
        job.stop();
        job.folder.doom();
        self.forget(&job.key);
        self.tell_end(&job.key);
    }

    /// Takes it out of the queue.
    fn forget(&self, key: &str) -> Option<Arc<Active>> {
        let mut open = self.queue();
        let idx = open.iter().position(|job| job.key == key)?;
        open.remove(idx)
    }

    /// Tells how a job ended; what was deleted is told with the list.
    fn tell_end(&self, key: &str) {
        if let Ok(Some(job)) = self.shared.catalog.job(key) {
            self.shared.events.tell(Event::Job(self.status(&job)));
        }
    }

    /// Cancels a job, if it has not ended. Returns it as it is then; none: there is
    /// none of this id.
    pub fn cancel(&self, key: &str) -> catalog::Result<Option<Job>> {
        if self.shared.catalog.end_job(key, JobState::Cancelled, None, 0)? {
            self.stop_one(key);
            self.tell_end(key);
        }
        self.shared.catalog.job(key)
    }

    /// Deletes a job with its files, whatever it is at.
    pub fn delete(&self, key: &str) -> catalog::Result<()> {
        if self.shared.catalog.forget_job(key)? {
            self.stop_one(key);
            self.shared.events.tell(Event::Jobs);
        }
        Ok(())
    }

    /// Ends the work on a job whose end is stored; its files go, or as soon as nobody
    /// reads them.
    fn stop_one(&self, key: &str) {
        match self.forget(key) {
            Some(job) => {
                job.stop();
                // Threads of low priority may take their time to see it.
                job.folder.clear();
            }
            None => self.shared.folders.of(key).doom(),
        }
    }

    /// How far a job is.
    pub fn status(&self, job: &Job) -> JobStatus {
        let active = self.queue().iter().find(|active| active.key == job.key).cloned();
        match active.filter(|_| !job.state.is_end()) {
            Some(active) => JobStatus { state: job.state.name(), ..active.status() },
            None => JobStatus {
                job_id: job.key.clone(),
                state: job.state.name(),
                percent: percent(job.duration_s.1, job.duration_s.0),
                speed: None,
                left_s: None,
            },
        }
    }

    /// What is fetched of a completed job.
    pub fn bundle(&self, job: &Job) -> io::Result<Bundle> {
        let folder = self.shared.folders.of(&job.key);
        let unknown = |error: catalog::Error| io::Error::other(error);
        let extension = self.told(job).map_err(unknown)?.extension();
        let tracks = self.shared.catalog.job_tracks(job.row).map_err(unknown)?;
        let done: Vec<_> = tracks
            .iter()
            .filter_map(|track| Some((file_name(track.place, extension), track.n_bytes?)))
            .collect();
        match &done[..] {
            [(name, n_bytes)] if tracks.len() == 1 => Bundle::one(folder, name, *n_bytes),
            _ => Bundle::zip(folder, done.into_iter().map(|(name, _)| name)),
        }
    }

    /// How long what came of a job is kept, in seconds.
    pub fn keep_s(&self) -> f64 {
        self.shared.share.keep.as_secs_f64()
    }
}
