//! Timing and the table. A row is the median of several runs, in processor
//! time of the thread where the system tells it: the machine may be busy.

use std::fmt::Write as _;
use std::time::Instant;

/// A row ends after so many runs, or when so much time is used, but never
/// before the fewest.
const MOST_RUNS: usize = 15;
const FEWEST_RUNS: usize = 5;
const ENOUGH_S: f64 = 4.0;

struct Row {
    name: String,
    aim: Option<f64>,
    /// Multiples of real time, slowest first.
    runs: Vec<f64>,
}

/// All rows so far.
pub struct Table {
    filters: Vec<String>,
    rows: Vec<Row>,
}

impl Table {
    /// An empty one, for rows whose name contains any of `filters`.
    pub fn new(filters: &[String]) -> Self {
        Table { filters: filters.to_vec(), rows: Vec::new() }
    }

    /// Times `work` on `seconds` of sound.
    pub fn row(&mut self, name: &str, aim: Option<f64>, seconds: f64, work: impl FnMut()) {
        self.repeat(name, aim, seconds, work, thread_seconds);
    }

    /// The same for work done by another process: wall time.
    pub fn row_on_the_wall(&mut self, name: &str, aim: Option<f64>, seconds: f64, work: impl FnMut()) {
        self.repeat(name, aim, seconds, work, || None);
    }

    /// A row whose runs are timed elsewhere, in seconds each.
    pub fn reported(
        &mut self,
        name: &str,
        aim: Option<f64>,
        seconds: f64,
        runs: impl FnOnce() -> Option<Vec<f64>>,
    ) {
        if !self.wanted(name) {
            return;
        }
        match runs() {
            Some(runs) if !runs.is_empty() => {
                self.note(name, aim, runs.iter().map(|took| seconds / took).collect())
            }
            _ => eprintln!("skipped: {name}: it did not run"),
        }
    }

    fn wanted(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    fn repeat(
        &mut self,
        name: &str,
        aim: Option<f64>,
        seconds: f64,
        mut work: impl FnMut(),
        clock: fn() -> Option<f64>,
    ) {
        if !self.wanted(name) {
            return;
        }
        eprintln!("{name} …");
        // The first run fills caches and is not counted.
        work();
        let (begun, mut runs) = (Instant::now(), Vec::new());
        while runs.len() < FEWEST_RUNS || (runs.len() < MOST_RUNS && begun.elapsed().as_secs_f64() < ENOUGH_S)
        {
            let (wall, before) = (Instant::now(), clock());
            work();
            let took = match (before, clock()) {
                (Some(before), Some(after)) if after > before => after - before,
                _ => wall.elapsed().as_secs_f64(),
            };
            runs.push(seconds / took);
        }
        self.note(name, aim, runs);
    }

    fn note(&mut self, name: &str, aim: Option<f64>, mut runs: Vec<f64>) {
        runs.sort_by(f64::total_cmp);
        self.rows.push(Row { name: name.to_owned(), aim, runs });
    }

    /// Prints the table and writes `target/bench.json`.
    pub fn print(&self) {
        println!(
            "{:<40}{:>10}{:>10}{:>10}{:>8}",
            "× real time on one core", "median", "slowest", "fastest", "aim"
        );
        let mut json = Vec::new();
        for Row { name, aim, runs } in &self.rows {
            let (median, slowest, fastest) = (runs[runs.len() / 2], runs[0], runs[runs.len() - 1]);
            let mut line = format!("{name:<40}{median:>10.0}{slowest:>10.0}{fastest:>10.0}");
            if let Some(aim) = aim {
                let word = if median >= *aim { "" } else { "  missed" };
                let _ = write!(line, "{aim:>8.0}{word}");
            }
            println!("{line}");
            json.push(serde_json::json!({ "name": name, "realtime": median, "slowest": slowest,
                "fastest": fastest, "n_runs": runs.len(), "aim": aim }));
        }
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| auralis_tests::root().join("target"), Into::into);
        let text = serde_json::to_string_pretty(&json).expect("a table is JSON");
        if let Err(error) = std::fs::write(target.join("bench.json"), text) {
            eprintln!("target/bench.json: {error}");
        }
    }
}

/// Seconds that this thread was on a processor: the first number of its
/// `schedstat` in Linux, in nanoseconds, kept up to a scheduler's tick.
fn thread_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}
