//! Counters, as `/metrics` shows them in Prometheus' text format.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// One number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
    /// Its value.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Requests answered.
    pub requests: Counter,
    /// Of these, with a 5xx.
    pub errors: Counter,
    /// Native renders begun (law L7: none while pages do it themselves).
    pub renders: Counter,
    /// Frames the chain rendered for listeners.
    pub rendered_frames: Counter,
    /// Fingerprints made.
    pub measured: Counter,
    /// Fingerprints that failed.
    pub measure_failures: Counter,
    /// Plans rendered in the background to hold their promise.
    pub checks: Counter,
    /// Of these, whose promise was missed and is corrected from then on.
    pub trims: Counter,
    /// Bytes of files sent as they are.
    pub file_bytes: Counter,
    /// Pictures decoded.
    pub pictures: Counter,
}

impl Metrics {
    /// All counters, and what stands at some level now, as text.
    pub fn text(&self, levels: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        for (name, help, value) in [
            ("requests", "Requests answered.", self.requests.value()),
            ("request_errors", "Requests answered with a 5xx.", self.errors.value()),
            ("renders", "Native renders begun for listeners.", self.renders.value()),
            ("rendered_frames", "Frames rendered natively for listeners.", self.rendered_frames.value()),
            ("measured", "Fingerprints made.", self.measured.value()),
            ("measure_failures", "Fingerprints that failed.", self.measure_failures.value()),
            ("checks", "Plans rendered in the background to hold their promise.", self.checks.value()),
            ("trims", "Promises that such a rendering corrected.", self.trims.value()),
            ("file_bytes", "Bytes of files sent as they are.", self.file_bytes.value()),
            ("statements", "Statements that the catalog ran.", crate::catalog::n_statements()),
            ("pictures", "Pictures decoded to be made small.", self.pictures.value()),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "# HELP auralis_{name}_total {help}\n# TYPE auralis_{name}_total counter\nauralis_{name}_total {}",
                value
            );
        }
        for (name, help, value) in levels {
            let _ = writeln!(
                text,
                "# HELP auralis_{name} {help}\n# TYPE auralis_{name} gauge\nauralis_{name} {value}"
            );
        }
        text
    }
}
