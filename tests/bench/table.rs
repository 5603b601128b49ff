//! The rows, what is wanted of each, and how they are shown.

use std::fmt::Write as _;

use crate::clock;

/// What a row counts.
#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    /// Multiples of real time on one core.
    RealTime,
    /// Milliseconds that an answer takes.
    Milliseconds,
    /// Percent of a core while sound plays.
    Load,
    /// Files read per second of a processor.
    Files,
    /// Who listens at once.
    Streams,
    /// Answers had in a second.
    Requests,
    /// Memory of a program.
    Mebibytes,
    /// Room on the disk for each track.
    Kilobytes,
}

impl Unit {
    const ALL: [Unit; 8] = [
        Unit::RealTime,
        Unit::Milliseconds,
        Unit::Files,
        Unit::Streams,
        Unit::Requests,
        Unit::Load,
        Unit::Mebibytes,
        Unit::Kilobytes,
    ];

    fn title(self) -> &'static str {
        match self {
            Unit::RealTime => "× real time on one core",
            Unit::Milliseconds => "milliseconds",
            Unit::Load => "% of a core while playing",
            Unit::Files => "files per second of a processor",
            Unit::Streams => "streams at once",
            Unit::Requests => "answers per second",
            Unit::Mebibytes => "MiB of memory",
            Unit::Kilobytes => "KB on the disk",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Unit::RealTime => "× real time",
            Unit::Milliseconds => "ms",
            Unit::Load => "%",
            Unit::Files => "files/s",
            Unit::Streams => "streams",
            Unit::Requests => "answers/s",
            Unit::Mebibytes => "MiB",
            Unit::Kilobytes => "KB",
        }
    }

    fn digits(self) -> usize {
        if self.is_speed() { 0 } else { 2 }
    }

    /// Whether `a` falls short of `b`: speeds are better high, the rest low.
    fn is_worse(self, a: f64, b: f64) -> bool {
        if self.is_speed() { a < b } else { a > b }
    }

    fn is_speed(self) -> bool {
        matches!(self, Unit::RealTime | Unit::Files | Unit::Streams | Unit::Requests)
    }
}

/// What is wanted of a row: its median keeps the bound, and should reach the aim.
#[derive(Clone, Copy, Default)]
pub struct Goal {
    bound: Option<f64>,
    aim: Option<f64>,
}

impl Goal {
    /// Nothing is promised of it.
    pub const NONE: Goal = Goal { bound: None, aim: None };

    /// What is promised, and what is aimed at.
    pub const fn of(bound: f64, aim: f64) -> Self {
        Goal { bound: Some(bound), aim: Some(aim) }
    }

    /// What is promised.
    pub const fn bound(bound: f64) -> Self {
        Goal { bound: Some(bound), aim: None }
    }

    fn said(self, unit: Unit, median: f64) -> &'static str {
        let misses = |wanted: Option<f64>| wanted.is_some_and(|wanted| unit.is_worse(median, wanted));
        match (misses(self.bound), misses(self.aim)) {
            (true, _) => "  bound broken",
            (_, true) => "  aim missed",
            _ => "",
        }
    }
}

struct Row {
    name: String,
    unit: Unit,
    goal: Goal,
    /// The worst first.
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
    pub fn row(&mut self, name: &str, goal: Goal, seconds: f64, work: impl FnMut()) {
        self.timed(name, goal, seconds, || clock::on_the_thread(work));
    }

    /// The same for programs that `work` runs: on one core in processor time,
    /// on all in what a clock on the wall shows.
    pub fn row_of_programs(
        &mut self,
        name: &str,
        goal: Goal,
        seconds: f64,
        one_core: bool,
        work: impl FnMut(),
    ) {
        let clock = || if one_core { clock::in_programs(work) } else { clock::on_the_wall(work) };
        self.timed(name, goal, seconds, clock);
    }

    fn timed(&mut self, name: &str, goal: Goal, seconds: f64, took: impl FnOnce() -> Vec<f64>) {
        if self.wants(name) {
            eprintln!("{name} …");
            let runs = took().into_iter().map(|took| seconds / took).collect();
            self.note(name, Unit::RealTime, goal, runs);
        }
    }

    /// Whether a row of this name was asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    /// Whether this very row was asked for.
    pub fn names(&self, name: &str) -> bool {
        self.filters.iter().any(|filter| filter == name)
    }

    /// A row whose runs were measured elsewhere, at least one of them.
    pub fn note(&mut self, name: &str, unit: Unit, goal: Goal, mut runs: Vec<f64>) {
        runs.sort_by(f64::total_cmp);
        if !unit.is_speed() {
            runs.reverse();
        }
        self.rows.push(Row { name: name.to_owned(), unit, goal, runs });
    }

    /// Prints a table for each unit and writes `target/bench.json`.
    pub fn print(&self) {
        for unit in Unit::ALL {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.unit == unit).collect();
            if !rows.is_empty() {
                println!(
                    "\n{:<52}{:>9}{:>9}{:>9}{:>9}{:>9}",
                    unit.title(),
                    "median",
                    "worst",
                    "best",
                    "bound",
                    "aim"
                );
                rows.iter().for_each(|row| println!("{}", row.line()));
            }
        }
        let json: Vec<_> = self.rows.iter().map(Row::json).collect();
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| auralis_tests::root().join("target"), Into::into);
        let text = serde_json::to_string_pretty(&json).expect("a table is JSON");
        if let Err(error) = std::fs::write(target.join("bench.json"), text) {
            eprintln!("target/bench.json: {error}");
        }
    }
}

impl Row {
    fn median(&self) -> f64 {
        self.runs[self.runs.len() / 2]
    }

    fn line(&self) -> String {
        let Row { name, unit, goal, runs } = self;
        let mut line = format!("{name:<52}");
        let measured = [self.median(), runs[0], runs[runs.len() - 1]].map(Some);
        for figure in measured.into_iter().chain([goal.bound, goal.aim]) {
            let figure = figure.map(|figure| format!("{figure:.*}", unit.digits()));
            let _ = write!(line, "{:>9}", figure.unwrap_or_default());
        }
        (line + goal.said(*unit, self.median())).trim_end().to_owned()
    }

    fn json(&self) -> serde_json::Value {
        let Row { name, unit, goal, runs } = self;
        serde_json::json!({ "name": name, "unit": unit.name(), "median": self.median(), "worst": runs[0],
            "best": runs[runs.len() - 1], "n_runs": runs.len(), "bound": goal.bound, "aim": goal.aim })
    }
}
