//! Many tracks into a folder, one on each thread; while fewer are left than there
//! are threads, each may take a second one. Nothing of a copy hangs on that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::super::kept::Budget;
use super::super::{Failure, Outcome, input, interrupt, say};
use super::Flags;
use super::found::{self, Wanted};
use super::going::{Going, Shown};
use super::track::{self, Copied, Told};
use crate::pool::panic_text;

/// How often progress is shown.
const GLANCE: Duration = Duration::from_millis(100);

/// What the threads share.
struct Work<'a> {
    wanted: &'a [Wanted],
    told: Told<'a>,
    going: &'a Going,
    n_threads: usize,
    /// The track that comes next.
    next: AtomicUsize,
    /// How many are being worked on.
    n_busy: AtomicUsize,
    /// All is to end.
    stop: AtomicBool,
}

/// What came of the track of this place.
type News = (usize, Outcome<Copied>);

/// Enhances all that is named.
pub fn copies(flags: &Flags, budget: &Budget) -> Outcome<()> {
    let taste = flags.taste.taste()?;
    let found = found::look(flags)?;
    for fault in &found.faults {
        say(&format!("{}: {}", fault.path.display(), fault.reason));
    }
    let (format, force) = (flags.format, flags.force);
    let bit_rate = format.map_or(Ok(0), |format| flags.bit_rate(format))?;
    let told = Told { taste: &taste, format, bit_rate, force, budget };
    let going = Going::new(&found.wanted);
    let cpus = || std::thread::available_parallelism().map_or(1, usize::from);
    let work = Work {
        wanted: &found.wanted,
        told,
        going: &going,
        n_threads: flags.jobs.map_or_else(cpus, usize::from),
        next: AtomicUsize::new(0),
        n_busy: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    let begun = Instant::now();
    let sum = work.run()?;
    let took_s = begun.elapsed().as_secs_f64().max(1e-3);
    let n_failed = sum.n_failed + found.faults.len();
    input::print(&format!(
        "{} written ({}), {} there already, {n_failed} failed; {:.0} s of music at {:.0}× real time",
        sum.n_done,
        flags.taste.words(),
        found.n_there,
        sum.seconds,
        sum.seconds / took_s,
    ))?;
    if n_failed > 0 { Err(Failure::Named) } else { Ok(()) }
}

/// What came of all.
#[derive(Default)]
struct Sum {
    /// Those that are written, and their seconds.
    n_done: usize,
    seconds: f64,
    n_failed: usize,
}

impl Work<'_> {
    /// Works on all tracks until none is left, or something ends it.
    fn run(&self) -> Outcome<Sum> {
        let (tell, told) = channel::<News>();
        let (mut sum, mut ended) = (Sum::default(), None);
        let mut shown = Shown::new(self.going);
        std::thread::scope(|scope| {
            for _ in 0..self.n_threads.min(self.wanted.len()) {
                let tell = tell.clone();
                scope.spawn(move || self.work(&tell));
            }
            drop(tell);
            loop {
                match told.recv_timeout(GLANCE) {
                    Ok(news) => {
                        if let Err(failure) = shown.aside(|| self.hear(news, &mut sum)) {
                            self.stop.store(true, Ordering::SeqCst);
                            // The first reason is the one.
                            ended.get_or_insert(failure);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                shown.glance();
            }
        });
        drop(shown);
        let (n_done, n_all) = (sum.n_done, self.wanted.len());
        // Between two tracks nobody says so.
        if ended.is_none() && n_done + sum.n_failed < n_all {
            ended = Some(Failure::Interrupted);
        }
        if matches!(ended, Some(Failure::Interrupted | Failure::Full(_))) {
            say(&format!("{n_done} of {n_all} are written; the same command goes on with the rest"));
        }
        ended.map_or(Ok(sum), Err)
    }

    /// Takes one track after the other.
    fn work(&self, tell: &Sender<News>) {
        while !self.is_over() {
            let idx = self.next.fetch_add(1, Ordering::SeqCst);
            let Some(wanted) = self.wanted.get(idx) else { return };
            self.n_busy.fetch_add(1, Ordering::SeqCst);
            let going = |share: f64| {
                self.going.at(idx, share);
                !self.is_over()
            };
            let copy = || track::copy(wanted, &self.told, &|| self.is_spare(), &going);
            let copied = catch_unwind(AssertUnwindSafe(copy)).unwrap_or_else(|panic| {
                let why = panic_text(&*panic);
                Err(Failure::Failed(format!("{}: enhancing gave up on it: {why}", wanted.path.display())))
            });
            self.going.finish(idx);
            self.n_busy.fetch_sub(1, Ordering::SeqCst);
            if tell.send((idx, copied)).is_err() {
                return;
            }
        }
    }

    /// Whether there are two threads for each track that is left.
    fn is_spare(&self) -> bool {
        let is_last = self.next.load(Ordering::SeqCst) >= self.wanted.len();
        is_last && 2 * self.n_busy.load(Ordering::SeqCst) <= self.n_threads
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || interrupt::asked()
    }

    /// Says what came of a track; a failure ends all.
    fn hear(&self, (idx, copied): News, sum: &mut Sum) -> Outcome<()> {
        match copied {
            Ok(Copied { format, complaints }) => {
                complaints.iter().for_each(|complaint| say(complaint));
                let wanted = &self.wanted[idx];
                sum.n_done += 1;
                sum.seconds += wanted.loose.track.duration_s;
                input::print(&format!("{} ({format})", wanted.place.display()))
            }
            Err(Failure::Failed(message)) => {
                say(&message);
                sum.n_failed += 1;
                Ok(())
            }
            Err(other) => Err(other),
        }
    }
}
