//! Quality: what enhancing does to real music and to the demo album, measured
//! after rendering and held to the promise and to law L6. One table, one
//! summary, and `target/quality.json`.

mod cases;
mod criteria;
mod distortion;
mod joins;
mod levels;
mod material;
mod peers;
mod report;
mod row;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use auralis_core::plan::Preset;

use cases::Case;
use material::File;
use report::Report;
use row::Row;

const USAGE: &str =
    "cargo xtask quality [--corpus DIR] [--preset PRESET]… [--peers] [--report-only] [FILTER…]

Measures every music file of the corpus (AURALIS_CORPUS unless named) and the
demo album, enhanced by every preset; beside it, if wanted, what ffmpeg's
loudnorm and Matchering make of them. FILTER is a part of a file's name.
Fails if a bound is broken, unless it shall only report.";

/// What was asked for.
#[derive(Default)]
struct Wanted {
    corpus: Option<PathBuf>,
    presets: Vec<Preset>,
    peers: bool,
    report_only: bool,
    filters: Vec<String>,
}

fn main() -> ExitCode {
    let wanted = match wanted(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(fault) => {
            eprintln!("{fault}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match measure(&wanted) {
        Ok(holds) if holds || wanted.report_only => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("quality: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn wanted(mut args: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} wants a value"));
        match arg.as_str() {
            // Cargo says so to every bench.
            "--bench" => {}
            "--corpus" => wanted.corpus = Some(value()?.into()),
            "--preset" => {
                wanted.presets.push(value()?.parse().map_err(|error| format!("--preset: {error}"))?);
            }
            "--peers" => wanted.peers = true,
            "--report-only" => wanted.report_only = true,
            flag if flag.starts_with('-') => return Err(format!("there is no option {flag}")),
            filter => wanted.filters.push(filter.to_lowercase()),
        }
    }
    Ok(wanted)
}

/// Measures, prints, and says whether every bound is kept.
fn measure(wanted: &Wanted) -> Result<bool, String> {
    let all = material::files(wanted.corpus.as_deref())?;
    let chosen = |file: &&File| wanted.filters.iter().any(|part| file.name.to_lowercase().contains(part));
    let files: Vec<&File> = all.iter().filter(|file| wanted.filters.is_empty() || chosen(file)).collect();
    let cases = cases::cases(&wanted.presets);
    let rows = rows(&files, &cases);
    if rows.is_empty() {
        return Err("no file was measured".to_owned());
    }
    let distortions = distortion::all();
    let verdicts = criteria::verdicts(&cases, &rows, &distortions);
    let peers = if wanted.peers { peers::rows(&files, &all) } else { Vec::new() };
    let report = Report { rows, distortions, verdicts, peers };
    report.print();
    report.write_json()?;
    Ok(report.verdicts.iter().all(|verdict| verdict.holds()))
}

/// Every file with every case, on two threads: one file each at a time bounds
/// the memory.
fn rows(files: &[&File], cases: &[Case]) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let of_file = match material::open(file) {
                        Ok(track) => cases.iter().map(|case| row::row(&track, case)).collect(),
                        Err(fault) => Err(fault),
                    };
                    match of_file {
                        Ok(of_file) => {
                            eprintln!("{}: {} renderings measured", file.name, cases.len());
                            rows.lock().expect("no thread panicked").extend::<Vec<Row>>(of_file);
                        }
                        Err(fault) => eprintln!("skipped: {}: {fault}", file.name),
                    }
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no thread panicked");
    let place = |row: &Row| cases.iter().position(|case| case.name == row.case);
    rows.sort_by(|a, b| (place(a), &a.track).cmp(&(place(b), &b.track)));
    rows
}
