//! Keeping order: telling how far jobs are, and sweeping out what nobody fetched
//! in time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::Jobs;
use super::active::Active;
use crate::catalog::now;
use crate::error::chain;
use crate::events::{Event, JobStatus};

/// How often it is told how far jobs are.
const TELL: Duration = Duration::from_millis(250);
/// How often it is looked for what is kept too long, at most and at least.
const SWEEP: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(60));

impl Jobs {
    /// Keeps order until the server ends.
    pub(super) fn keep(&self) {
        let every = (self.shared.share.keep / 10).clamp(SWEEP.0, SWEEP.1);
        let (mut told, mut swept) = (HashMap::new(), None);
        loop {
            if swept.is_none_or(|at: Instant| at.elapsed() >= every) {
                self.sweep();
                swept = Some(Instant::now());
            }
            self.tell(&mut told);
            let open = self.queue();
            if self.stopped() {
                return;
            }
            let pause = if open.is_empty() { every } else { TELL.min(every) };
            let woken = self.shared.wake.wait_timeout(open, pause).unwrap_or_else(PoisonError::into_inner);
            drop(woken);
            // Whoever takes a track wakes it too: that is no reason to hurry.
            if self.stopped() {
                return;
            }
            std::thread::sleep(TELL / 10);
        }
    }

    /// Tells of each job that is further than when it was told last.
    fn tell(&self, told: &mut HashMap<String, (Instant, JobStatus)>) {
        let open: Vec<Arc<Active>> = self.queue().iter().cloned().collect();
        told.retain(|key, _| open.iter().any(|job| job.key == *key));
        for job in open {
            let status = job.status();
            let is_news = told.get(&job.key).is_none_or(|(at, before)| {
                at.elapsed() >= TELL && (before.percent, before.state) != (status.percent, status.state)
            });
            if is_news && !job.is_stopped() {
                self.shared.events.tell(Event::Job(status.clone()));
                told.insert(job.key.clone(), (Instant::now(), status));
            }
        }
    }

    /// Forgets what is kept too long, with its files.
    fn sweep(&self) {
        let before = now().saturating_sub(self.shared.share.keep.as_secs() as i64);
        match self.shared.catalog.forget_jobs(before) {
            Ok(keys) if keys.is_empty() => {}
            Ok(keys) => {
                keys.iter().for_each(|key| self.shared.folders.of(key).doom());
                self.shared.events.tell(Event::Jobs);
            }
            Err(error) => tracing::error!(error = chain(&error), "old jobs not swept out"),
        }
    }
}
