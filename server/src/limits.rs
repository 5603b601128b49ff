//! How often one client may ask for what is dear: token buckets, kept as the time
//! at which each is full again (the "virtual scheduling" form of the generic cell
//! rate algorithm, ITU-T I.371, annex A). A full bucket needs no keeping.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use warp::http::{StatusCode, header};

use crate::client::Client;
use crate::error::{Error, Result};

/// What is dear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dear {
    /// To begin a native render.
    Render,
    /// To ask for files to be made.
    Job,
    /// To have the library looked through.
    Scan,
    /// To search for words.
    Search,
}

impl Dear {
    /// At once, and each second after that.
    fn allowance(self) -> (u32, u32) {
        match self {
            Dear::Render => (400, 100),
            Dear::Job => (30, 2),
            Dear::Scan => (10, 1),
            Dear::Search => (200, 50),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Dear::Render => "streams and chunks",
            Dear::Job => "jobs",
            Dear::Scan => "scans",
            Dear::Search => "searches",
        }
    }
}

/// Buckets that are kept before those that are full again are looked for.
const FEW: usize = 1024;

/// The buckets of all clients.
#[derive(Debug)]
pub struct Limits {
    buckets: Option<Mutex<Buckets>>,
}

#[derive(Debug, Default)]
struct Buckets {
    /// When each is full again.
    full_at: HashMap<(Client, Dear), Instant>,
    /// So many are kept before they are swept.
    bound: usize,
}

impl Limits {
    /// Limits that hold, or none.
    pub fn new(hold: bool) -> Self {
        Limits { buckets: hold.then(Mutex::default) }
    }

    /// Takes a token, or says when there will be one.
    pub fn take(&self, client: Client, dear: Dear) -> Result<()> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        let wait = buckets.lock().unwrap_or_else(PoisonError::into_inner).take(client, dear, Instant::now());
        wait.map_err(|wait| {
            let seconds = wait.as_secs_f64().ceil().max(1.0);
            let (burst, per_second) = dear.allowance();
            let detail = format!(
                "too many {} were asked for: {burst} at once and {per_second} each second may be; ask again in {seconds} s",
                dear.words()
            );
            Error::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail)
                .with(header::RETRY_AFTER, &seconds.to_string())
        })
    }

    /// Buckets that are not full.
    pub fn n_kept(&self) -> usize {
        let Some(buckets) = &self.buckets else { return 0 };
        buckets.lock().unwrap_or_else(PoisonError::into_inner).full_at.len()
    }
}

impl Buckets {
    fn take(&mut self, client: Client, dear: Dear, now: Instant) -> std::result::Result<(), Duration> {
        let (burst, per_second) = dear.allowance();
        let token = Duration::from_secs(1) / per_second;
        let full_at = self.full_at.get(&(client, dear)).map_or(now, |&at| at.max(now)) + token;
        // What is missing of a full bucket, this token included.
        let missing = full_at - now;
        let most = token * burst;
        if missing > most {
            return Err(missing - most);
        }
        self.full_at.insert((client, dear), full_at);
        self.sweep(now);
        Ok(())
    }

    /// Forgets the full ones, each time that there are twice as many as were left.
    fn sweep(&mut self, now: Instant) {
        if self.full_at.len() > self.bound.max(FEW) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.bound = 2 * self.full_at.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u32) -> Client {
        Client::of(std::net::Ipv4Addr::from(n).into())
    }

    #[test]
    fn never_one_too_many_passes() {
        let mut buckets = Buckets::default();
        let start = Instant::now();
        for (dear, burst, per_second) in [(Dear::Render, 400, 100), (Dear::Scan, 10, 1)] {
            let mut n_passed = 0;
            // A thousand a second for ten seconds.
            for n in 0..10_000 {
                let now = start + Duration::from_millis(n);
                match buckets.take(client(1), dear, now) {
                    Ok(()) => n_passed += 1,
                    Err(wait) => {
                        let again = now + wait;
                        let mut later = Buckets { full_at: buckets.full_at.clone(), bound: 0 };
                        assert!(later.take(client(1), dear, again).is_ok(), "what is said of the wait is so");
                    }
                }
            }
            let allowed = burst + per_second * 10;
            assert!((allowed - 1..=allowed).contains(&n_passed), "{n_passed} of {allowed}");
        }
        assert!(buckets.take(client(2), Dear::Scan, start).is_ok(), "another client's are untouched");
    }

    #[test]
    fn a_bucket_that_is_full_again_is_not_kept() {
        let mut buckets = Buckets::default();
        let start = Instant::now();
        for n in 0..100_000 {
            let now = start + Duration::from_millis(u64::from(n));
            buckets.take(client(n), Dear::Render, now).unwrap();
        }
        assert!(buckets.full_at.len() <= 2 * FEW, "{}", buckets.full_at.len());
    }

    #[test]
    fn of_a_thousand_at_once_only_the_burst_passes() {
        let limits = Limits::new(true);
        let n_passed = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..125 {
                        if limits.take(client(1), Dear::Scan).is_ok() {
                            n_passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        // A slow machine may take a second for it.
        assert!((10..=12).contains(&n_passed.into_inner()));
        assert_eq!(limits.n_kept(), 1);
    }
}
