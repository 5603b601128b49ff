//! Which of the changed paths have come to rest: a file is not read while it is
//! being written, and what changes together is looked at together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A path that was not touched for so long rests.
const QUIET: Duration = Duration::from_secs(1);
/// One that rests waits so long for others that do not.
const PATIENCE: Duration = Duration::from_secs(2);

/// Paths that changed, each with when it was touched last.
#[derive(Default)]
pub struct Settling {
    touched: BTreeMap<PathBuf, Instant>,
}

impl Settling {
    /// Something happened to this path.
    pub fn touch(&mut self, path: PathBuf, now: Instant) {
        self.touched.insert(path, now);
    }

    /// How many paths do not rest, or wait for others.
    pub fn len(&self) -> usize {
        self.touched.len()
    }

    /// Forgets them all.
    pub fn clear(&mut self) {
        self.touched.clear();
    }

    /// The paths that rest, when all do or one has waited long enough.
    pub fn take(&mut self, now: Instant) -> Vec<PathBuf> {
        let rests = |touched: &Instant| now.duration_since(*touched) >= QUIET;
        let waited = |touched: &Instant| now.duration_since(*touched) >= QUIET + PATIENCE;
        if !self.touched.values().all(rests) && !self.touched.values().any(waited) {
            return Vec::new();
        }
        let resting = self.touched.iter().filter(|(_, touched)| rests(touched));
        let resting: Vec<PathBuf> = resting.map(|(path, _)| path.clone()).collect();
        self.touched.retain(|_, touched| !rests(touched));
        resting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_written_waits_and_the_rest_goes_together() {
        let start = Instant::now();
        let at = |millis: u64| start + Duration::from_millis(millis);
        let path = |n: u64| PathBuf::from(format!("/music/{n}.flac"));
        let mut settling = Settling::default();
        assert!(settling.take(at(0)).is_empty());
        settling.touch(path(0), at(0));
        settling.touch(path(1), at(600));
        assert!(settling.take(at(1_500)).is_empty(), "the second one does not rest");
        assert_eq!(settling.take(at(1_600)), [path(0), path(1)]);
        assert_eq!(settling.len(), 0);
        // A burst of ten a second for a minute, of which the first is written all the time.
        let mut taken = Vec::new();
        for tick in 0..600 {
            let now = at(10_000 + 100 * tick);
            settling.touch(path(0), now);
            settling.touch(path(1 + tick), now);
            taken.push(settling.take(now));
        }
        taken.retain(|paths| !paths.is_empty());
        assert!(taken.len() <= 30, "{} scans", taken.len());
        assert!(taken.concat().len() >= 560 && !taken.concat().contains(&path(0)));
        taken = vec![settling.take(at(72_000))];
        assert!(taken[0].contains(&path(0)) && settling.len() == 0);
    }
}
