//! Jobs: how fast the server makes enhanced files, with all of its processors.

use std::time::{Duration, Instant};

use auralis_tests::http::request;
use serde_json::{Value, json};

use crate::house::House;
use crate::table::{Goal, Table, Unit};

const KNOWN: &str = "job, flac to flac, all cores";
const NEW: &str = "job in a taste never heard, flac to flac, all cores";

const N_TRACKS: u64 = 8;
const TRACK_S: f64 = 240.0;
const N_RUNS: usize = 5;

/// Tracks that are measured, to files. In a taste that nobody has heard they may
/// be rendered twice, for the first rendering teaches the second.
pub fn rows(table: &mut Table) {
    if ![KNOWN, NEW].iter().any(|name| table.wants(name)) {
        return;
    }
    let house = House::new(N_TRACKS, TRACK_S);
    for (name, is_new) in [(KNOWN, 0.0), (NEW, 1.0)] {
        if table.wants(name) {
            eprintln!("{name} …");
            let runs = (0..N_RUNS).map(|run| house.job(1.0 - is_new * (0.1 + 0.01 * run as f64))).collect();
            table.note(name, Unit::RealTime, Goal::of(120.0, 250.0), runs);
        }
    }
}

impl House {
    /// How many times faster than it plays all of the library becomes files.
    fn job(&self, intensity: f64) -> f64 {
        let asked = json!({ "of": "tracks", "ids": self.ids, "format": "flac16", "intensity": intensity });
        let begun = Instant::now();
        let job = self.asked("POST", "/api/jobs", 202, &asked.to_string());
        let path = format!("/api/jobs/{}", job["id"].as_str().expect("an id"));
        loop {
            let job = self.server.get(&path).json();
            match job["state"].as_str() {
                Some("completed") => break,
                Some("queued" | "processing") => std::thread::sleep(Duration::from_millis(20)),
                _ => panic!("{job}"),
            }
        }
        let took = begun.elapsed();
        self.asked("DELETE", &path, 204, "");
        N_TRACKS as f64 * TRACK_S / took.as_secs_f64()
    }

    fn asked(&self, method: &str, path: &str, status: u16, body: &str) -> Value {
        let head = [("Content-Type", "application/json")];
        let answer = request(self.server.address, method, path, &head, body.as_bytes());
        assert_eq!(answer.status, status, "{}", answer.text());
        if body.is_empty() { Value::Null } else { answer.json() }
    }
}
