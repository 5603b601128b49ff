//! How fast something goes: by what was done in the last while, so that an
//! estimate follows a disk that becomes slow, and says nothing before it knows.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Parts of the window; the oldest is forgotten as a whole.
const N_PARTS: u32 = 20;
/// Part of the window that must have passed before anything is said.
const KNOWN_AFTER: u32 = 10;

/// A window that slides over what is done.
#[derive(Debug)]
pub struct Pace {
    window: Duration,
    /// When the work began that goes on; none: it rests.
    begun: Option<Instant>,
    /// When each part began, and what was done in it.
    parts: VecDeque<(Instant, f64)>,
}

impl Pace {
    /// A pace over the last `window`.
    pub fn new(window: Duration) -> Self {
        Pace { window, begun: None, parts: VecDeque::new() }
    }

    /// The work begins; if it goes on already, nothing.
    pub fn begin(&mut self, now: Instant) {
        if self.begun.is_none() {
            self.parts.clear();
            self.begun = Some(now);
        }
    }

    /// The work rests: the next beginning starts from nothing.
    pub fn rest(&mut self) {
        self.begun = None;
    }

    /// So much was done.
    pub fn add(&mut self, now: Instant, amount: f64) {
        match self.parts.back_mut() {
            Some((begun, done)) if now.duration_since(*begun) < self.window / N_PARTS => *done += amount,
            _ => self.parts.push_back((now, amount)),
        }
        while self.parts.front().is_some_and(|(begun, _)| now.duration_since(*begun) > self.window) {
            self.parts.pop_front();
        }
    }

    /// How much is done in a second; none: it rests, or it is not known yet.
    pub fn per_second(&self, now: Instant) -> Option<f64> {
        let span = now.duration_since(self.begun?).min(self.window);
        let recent = self.parts.iter().filter(|(begun, _)| now.duration_since(*begun) <= self.window);
        let done: f64 = recent.map(|(_, amount)| amount).sum();
        (done > 0.0 && span >= self.window / KNOWN_AFTER).then(|| done / span.as_secs_f64())
    }

    /// How many seconds `amount` will take.
    pub fn seconds_for(&self, now: Instant, amount: f64) -> Option<f64> {
        Some(amount / self.per_second(now)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_that_of_the_last_while_and_none_until_it_is_known() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let mut pace = Pace::new(Duration::from_secs(10));
        pace.add(at(0.0), 1.0);
        assert_eq!(pace.per_second(at(5.0)), None, "nothing has begun");
        pace.begin(at(0.0));
        assert_eq!(pace.seconds_for(at(5.0), 1.0), None, "nothing was done");
        for n in 0..1_000 {
            pace.add(at(f64::from(n) / 10.0), 2.0);
            pace.begin(at(f64::from(n) / 10.0));
        }
        // Twenty a second: to one part of the window.
        let near = |found: Option<f64>, want: f64| {
            let found = found.expect("it is known");
            assert!((found - want).abs() <= want / 15.0, "{found} is not {want}");
        };
        near(pace.per_second(at(99.9)), 20.0);
        near(pace.seconds_for(at(99.9), 100.0), 5.0);
        assert!(pace.parts.len() <= 22, "memory is bounded");
        // It slows down to a tenth.
        for n in 0..20 {
            pace.add(at(100.0 + f64::from(n)), 2.0);
        }
        near(pace.per_second(at(119.5)), 2.0);
        // Something that stands still is not foretold.
        assert_eq!(pace.per_second(at(140.0)), None);
        pace.rest();
        pace.begin(at(200.0));
        pace.add(at(200.1), 1.0);
        assert_eq!(pace.per_second(at(200.2)), None, "too soon");
        near(pace.per_second(at(202.0)), 0.5);
    }
}
