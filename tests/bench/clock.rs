//! Timing: how long work takes, again and again, in processor time of the
//! thread where the system tells it: the machine may be busy.

use std::time::Instant;

/// Work is repeated so often at most, or until so much time is used, but never
/// less than the fewest times.
const MOST_RUNS: usize = 15;
const FEWEST_RUNS: usize = 5;
const ENOUGH_S: f64 = 4.0;

/// Seconds of this thread that each run of `work` takes.
pub fn on_the_thread(work: impl FnMut()) -> Vec<f64> {
    repeat(work, thread_seconds)
}

/// Seconds of processor of the programs that each run of `work` starts and
/// waits for.
pub fn in_programs(work: impl FnMut()) -> Vec<f64> {
    repeat(work, programs_seconds)
}

/// Seconds on the wall: for work of several cores, and for answers waited for.
pub fn on_the_wall(work: impl FnMut()) -> Vec<f64> {
    repeat(work, || None)
}

fn repeat(mut work: impl FnMut(), clock: fn() -> Option<f64>) -> Vec<f64> {
    // The first run fills caches and is not counted.
    work();
    let (begun, mut runs) = (Instant::now(), Vec::new());
    while runs.len() < FEWEST_RUNS || (runs.len() < MOST_RUNS && begun.elapsed().as_secs_f64() < ENOUGH_S) {
        let (wall, before) = (Instant::now(), clock());
        work();
        runs.push(match (before, clock()) {
            (Some(before), Some(after)) if after > before => after - before,
            _ => wall.elapsed().as_secs_f64(),
        });
    }
    runs
}

/// Seconds that this thread was on a processor: the first number of its
/// `schedstat` in Linux, in nanoseconds, kept up to a scheduler's tick.
fn thread_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

/// Seconds that all programs which this one has waited for were on a processor:
/// `cutime` and `cstime` of Linux's `stat`, in hundredths.
fn programs_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may be anything, comes field 3.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(16 - 3);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}
