//! What `auralis plan` promises and what `auralis enhance` keeps.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use auralis_tests::{Metered, auralis, corpus, ffmpeg, folder, metered};
use serde_json::Value;

/// Files shorter than this have too few gating blocks to be held to a promise.
const SHORTEST_S: f64 = 10.0;

/// A taste, and how far its promises may miss.
struct Case {
    /// Options of the command line.
    options: &'static [&'static str],
    /// Loudness, in LU.
    lufs_within: f64,
    /// Loudness range, in LU: of 3 s, and in a track of 10 s those are few.
    lra_within: f64,
    /// What may be lost of loudness range, in LU, and of peak over loudness, in
    /// dB: the README's numbers.
    most_lost: (f64, f64),
}

/// What everyone hears first. 0.5 LU is law L4's.
const DEFAULT: Case = Case { options: &[], lufs_within: 0.5, lra_within: 1.0, most_lost: (2.0, 3.0) };

/// Other tastes. Night's ride and firm dynamics are the hardest to foretell.
const OTHERS: [Case; 5] = [
    Case { options: &["--intensity", "0.5"], ..DEFAULT },
    Case { options: &["--target", "-9"], ..DEFAULT },
    Case { options: &["--preset", "warm"], ..DEFAULT },
    Case { options: &["--preset", "punchy"], most_lost: (2.5, 3.5), ..DEFAULT },
    Case { options: &["--preset", "night"], most_lost: (10.0, 4.5), ..DEFAULT },
];

/// The parts of the corpus that hear the other tastes: a piano, a song, a band,
/// loud speech.
const SOME: [&str; 4] = ["sweet-waltz", "Fishin", "Vibe_Ace", "RL.flac"];

/// A file's promise beside what was measured.
struct Row {
    name: String,
    options: String,
    before: Metered,
    promised: Metered,
    kept: Metered,
    fault: Option<String>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { name, options, promised, kept, .. } = self;
        write!(
            f,
            "{name:24.24} {options:16} {:6.1} LUFS of {:6.2}, {:4.1} LU of {:5.2}, {:5.1} dBTP of {:6.2}",
            kept.lufs,
            promised.lufs,
            kept.lra_lu,
            promised.lra_lu,
            kept.true_peak_dbtp,
            promised.true_peak_dbtp
        )?;
        self.fault.as_ref().map_or(Ok(()), |fault| write!(f, "  ← {fault}"))
    }
}

#[test]
fn real_music_is_as_promised_on_another_meter() {
    let Some(corpus) = corpus() else { return };
    if ffmpeg().is_none() {
        return;
    }
    let sounds = sounds(&corpus.join("music"));
    let others = sounds.iter().filter(|path| SOME.iter().any(|part| name(path).contains(part)));
    let mut jobs: Vec<(&Path, &Case)> = sounds.iter().map(|path| (path.as_path(), &DEFAULT)).collect();
    jobs.extend(others.flat_map(|path| OTHERS.iter().map(|case| (path.as_path(), case))));
    let rows = Mutex::new(Vec::new());
    let jobs = Mutex::new(jobs.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let next = || jobs.lock().expect("no thread panicked").next();
                while let Some((path, case)) = next() {
                    if let Some(row) = heard(path, case) {
                        rows.lock().expect("no thread panicked").push(row);
                    }
                }
            });
        }
    });
    let mut rows = rows.into_inner().expect("no thread panicked");
    rows.sort_by_key(|row| (row.options.clone(), row.name.clone()));
    let table = rows.iter().map(Row::to_string).collect::<Vec<_>>().join("\n");
    println!("{table}");
    assert!(rows.iter().all(|row| row.fault.is_none()), "promises are not kept:\n{table}");
    let n_files = rows.iter().filter(|row| row.options.is_empty()).count();
    assert!(n_files >= 10, "only {n_files} files were heard");
    assert!(rows.len() >= n_files + SOME.len() * OTHERS.len(), "other tastes went unheard:\n{table}");
}

/// Enhances a file and compares; `None` where it is short, or cannot be read,
/// which is then said by name.
fn heard(path: &Path, case: &Case) -> Option<Row> {
    let measured = asked(auralis().args(["measure", "--json"]).arg(path), path)?;
    if number(&measured, "duration_s") < SHORTEST_S {
        return None;
    }
    let plan = asked(auralis().args(["plan", "--json"]).args(case.options).arg(path), path).expect("a plan");
    let folder = folder();
    let out = folder.path().join("out.flac");
    let ran = auralis().arg("enhance").arg(path).arg("-o").arg(&out).args(case.options).output();
    let ran = ran.expect("the program starts");
    assert!(ran.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&ran.stderr));
    let mut row = Row {
        name: name(path),
        options: case.options.join(" "),
        before: levels(&measured),
        promised: levels(&plan["promise"]),
        kept: metered(&out).expect("ffmpeg was there"),
        fault: None,
    };
    row.fault = fault(&row, case);
    Some(row)
}

/// What is not as it was promised, first.
fn fault(row: &Row, case: &Case) -> Option<String> {
    let Row { before, promised, kept, .. } = row;
    let plr = |levels: &Metered| levels.true_peak_dbtp - levels.lufs;
    // The meter prints tenths.
    let (most_range, most_plr) = (case.most_lost.0 + 0.1, case.most_lost.1 + 0.1);
    let checks = [
        (kept.true_peak_dbtp <= -1.0, "peaks over −1 dBTP"),
        ((kept.lufs - promised.lufs).abs() <= case.lufs_within, "another loudness"),
        ((kept.lra_lu - promised.lra_lu).abs() <= case.lra_within, "another range"),
        (before.lra_lu - kept.lra_lu <= most_range, "too much range lost"),
        (plr(before) - plr(kept) <= most_plr, "too much of its peaks lost"),
    ];
    checks.into_iter().find(|(kept, _)| !kept).map(|(_, fault)| fault.to_string())
}

/// The one line of JSON that the program answers with; `None` if it says that
/// the file cannot be read.
fn asked(command: &mut Command, path: &Path) -> Option<Value> {
    let output = command.output().expect("the program starts");
    if output.status.code() == Some(1) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&*path.to_string_lossy()), "a file that fails is not named: {said}");
        return None;
    }
    assert!(output.status.success(), "{}: {output:?}", path.display());
    Some(serde_json::from_slice(&output.stdout).expect("a line of JSON"))
}

fn levels(json: &Value) -> Metered {
    Metered {
        lufs: number(json, "lufs"),
        lra_lu: number(json, "lra_lu"),
        true_peak_dbtp: number(json, "true_peak_dbtp"),
    }
}

fn number(json: &Value, field: &str) -> f64 {
    json[field].as_f64().unwrap_or_else(|| panic!("{field} is no number in {json}"))
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// All sound files in a folder and those below it, sorted.
fn sounds(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus can be read") {
        let path = entry.expect("the corpus can be read").path();
        let text = ["txt", "md"].map(|extension| path.extension().is_some_and(|e| e == extension));
        if path.is_dir() {
            found.extend(sounds(&path));
        } else if path.extension().is_some() && text == [false, false] {
            found.push(path);
        }
    }
    found.sort();
    found
}
