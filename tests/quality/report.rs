//! The table, the summary, and `target/quality.json`.

use serde_json::{Value, json};

use crate::criteria::Verdict;
use crate::distortion::Distortion;
use crate::levels::Levels;
use crate::material::target;
use crate::peers::{PROCESSORS, PeerRow};
use crate::row::Row;

/// All that was found.
pub struct Report {
    /// Every track with every case.
    pub rows: Vec<Row>,
    /// A sine's distortion.
    pub distortions: Vec<Distortion>,
    /// Every criterion for every case.
    pub verdicts: Vec<Verdict>,
    /// What others make of the tracks.
    pub peers: Vec<PeerRow>,
}

impl Report {
    /// Prints every row, then every criterion, then where we stand. `off` is what
    /// a listener gets misses its promise by, `first` what the plan did before it
    /// was rendered once.
    pub fn print(&self) {
        let Report { rows, distortions, verdicts, peers } = self;
        println!(
            "{:24} {:13}|{:>7}{:>8}{:>7}{:>7} |{:>6}{:>6}{:>6}{:>6} |{:>7}{:>6} |{:>6}{:>6}{:>5}{:>6} |{:>6}{:>6} |{:>7}{:>6}{:>6}",
            "",
            "",
            "LUFS",
            "prom.",
            "off",
            "first",
            "LRA",
            "prom.",
            "first",
            "lost",
            "dBTP",
            "PLR-",
            "tone",
            "after",
            "eq",
            "third",
            "corr.",
            "after",
            "step",
            "corn.",
            "resid",
        );
        rows.iter().for_each(print_row);
        println!("\nTHD+N of a 997 Hz sine at −12 dBFS, dB");
        for Distortion { plan, rate, thd_n_db, .. } in distortions {
            println!("  {plan:20} at {rate:>6} Hz {thd_n_db:>8.1}");
        }
        let mut last = None;
        for verdict in verdicts {
            if last != Some(&verdict.case) {
                println!(
                    "\n{:36}{:>8}{:>8}{:>10}{:>8}{:>9}",
                    verdict.case, "bound", "aim", "hold", "reach", "worst"
                );
                last = Some(&verdict.case);
            }
            print_verdict(verdict);
        }
        let n_broken = verdicts.iter().filter(|verdict| !verdict.holds()).count();
        println!("\n{n_broken} of {} bounds are broken", verdicts.len());
        if !peers.is_empty() {
            print_peers(peers);
        }
    }

    /// Writes all of it as JSON.
    pub fn write_json(&self) -> Result<(), String> {
        let Report { rows, distortions, verdicts, peers } = self;
        let all = json!({
            "rows": rows.iter().map(row_json).collect::<Vec<_>>(),
            "distortion": distortions
                .iter()
                .map(|d| json!({ "plan": d.plan, "rate": d.rate, "thd_n_db": d.thd_n_db }))
                .collect::<Vec<_>>(),
            "peers": peers.iter().map(peer_json).collect::<Vec<_>>(),
            "criteria": verdicts.iter().map(verdict_json).collect::<Vec<_>>(),
        });
        let path = target().join("quality.json");
        let text = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?;
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    }
}

fn print_row(row: &Row) {
    let Row { before, after, joins, .. } = row;
    println!(
        "{:24.24} {:13}|{:>7.2}{:>8.2}{:>7.2}{:>7.2} |{:>6.1}{:>6.1}{:>6.2}{:>6.1} |{:>7.2}{:>6.1} |{:>6.2}{:>6.2}{:>5.1}{:>6.1} |{:>6.2}{:>6.2} |{:>7.4}{:>6.2}{:>6.0}",
        row.track,
        row.case,
        after.lufs,
        row.promised.lufs.unwrap_or(f64::NAN),
        row.loudness_error_lu(),
        row.first.loudness_error_lu,
        after.lra_lu,
        row.promised.lra_lu.unwrap_or(f64::NAN),
        row.first.range_error_lu,
        row.lra_lost_lu(),
        after.true_peak_dbtp,
        row.plr_lost_db(),
        before.tonal_distance_db,
        after.tonal_distance_db,
        row.equaliser_db,
        row.third_change_db,
        before.correlation,
        after.correlation,
        joins.step_db,
        joins.corner(),
        joins.residual_dbfs,
    );
}

/// Every peer row, then each processor over all tracks.
fn print_peers(peers: &[PeerRow]) {
    println!(
        "\n{:24} {:11}|{:>7}{:>8}{:>7} |{:>7} |{:>6}{:>6} |{:>6}{:>6} |{:>7}",
        "where we stand", "", "LUFS", "wanted", "off", "dBTP", "LRA-", "PLR-", "tone", "after", "× RT",
    );
    for peer in peers {
        let PeerRow { track, processor, wanted_lufs, before, after, pace } = peer;
        println!(
            "{track:24.24} {processor:11}|{:>7.2}{wanted_lufs:>8.2}{:>7.2} |{:>7.2} |{:>6.1}{:>6.1} |{:>6.2}{:>6.2} |{pace:>7.0}",
            after.lufs,
            peer.loudness_error_lu(),
            after.true_peak_dbtp,
            before.lra_lu - after.lra_lu,
            before.plr_db() - after.plr_db(),
            before.tonal_distance_db,
            after.tonal_distance_db,
        );
    }
    println!(
        "\n{:12}{:>8}{:>9}{:>9}{:>10}{:>9}{:>9}{:>9}{:>9}{:>8}{:>8}{:>8}",
        "over all",
        "tracks",
        "off, LU",
        "worst",
        "dBTP max",
        "LRA-",
        "worst",
        "PLR-",
        "worst",
        "tone",
        "after",
        "× RT",
    );
    for processor in PROCESSORS {
        let rows: Vec<&PeerRow> = peers.iter().filter(|peer| peer.processor == processor).collect();
        let mean =
            |value: fn(&PeerRow) -> f64| rows.iter().map(|row| value(row)).sum::<f64>() / rows.len() as f64;
        let most =
            |value: fn(&PeerRow) -> f64| rows.iter().map(|row| value(row)).fold(f64::NEG_INFINITY, f64::max);
        if rows.is_empty() {
            println!("{processor:12}{:>8}", "skipped");
            continue;
        }
        let off = |row: &PeerRow| row.loudness_error_lu().abs();
        let lra = |row: &PeerRow| row.before.lra_lu - row.after.lra_lu;
        let plr = |row: &PeerRow| row.before.plr_db() - row.after.plr_db();
        println!(
            "{processor:12}{:>8}{:>9.2}{:>9.2}{:>10.2}{:>9.2}{:>9.2}{:>9.2}{:>9.2}{:>8.2}{:>8.2}{:>8.0}",
            rows.len(),
            mean(off),
            most(off),
            most(|row| row.after.true_peak_dbtp),
            mean(lra),
            most(lra),
            mean(plr),
            most(plr),
            mean(|row| row.before.tonal_distance_db),
            mean(|row| row.after.tonal_distance_db),
            mean(|row| row.pace),
        );
    }
}

fn print_verdict(verdict: &Verdict) {
    let Verdict { name, limit, n_rows, n_hold, n_aim, worst, .. } = verdict;
    let aim = limit.aim.map_or(String::new(), |aim| format!("{aim:.2}"));
    let reach = limit.aim.map_or(String::new(), |_| format!("{n_aim}/{n_rows}"));
    let (worst, whose) = worst
        .as_ref()
        .map_or((String::from("—"), ""), |(worst, whose)| (format!("{worst:.3}"), whose.as_str()));
    let word = if verdict.holds() { "" } else { "  ← broken" };
    println!(
        "  {name:34}{:>8.2}{aim:>8}{:>10}{reach:>8}{worst:>9}  {whose:.40}{word}",
        limit.bound,
        format!("{n_hold}/{n_rows}"),
    );
}

fn row_json(row: &Row) -> Value {
    json!({
        "track": row.track,
        "case": row.case,
        "promise": row.promised,
        "before": levels_json(&row.before),
        "after": levels_json(&row.after),
        "loudness_error_lu": row.loudness_error_lu(),
        "range_error_lu": row.range_error_lu(),
        "first_loudness_error_lu": row.first.loudness_error_lu,
        "first_range_error_lu": row.first.range_error_lu,
        "lra_lost_lu": row.lra_lost_lu(),
        "plr_lost_db": row.plr_lost_db(),
        "equaliser_db": row.equaliser_db,
        "third_change_db": row.third_change_db,
        "n_joins": row.joins.n,
        "join_step_db": row.joins.step_db,
        "join_curvature": row.joins.curvature,
        "music_curvature": row.joins.curvature_of_music,
        "residual_dbfs": row.joins.residual_dbfs,
    })
}

fn levels_json(levels: &Levels) -> Value {
    json!({
        "lufs": levels.lufs,
        "lra_lu": levels.lra_lu,
        "true_peak_dbtp": levels.true_peak_dbtp,
        "plr_db": levels.plr_db(),
        "tonal_distance_db": levels.tonal_distance_db,
        "correlation": levels.correlation,
        "third_octaves": levels.third_octaves,
    })
}

fn verdict_json(verdict: &Verdict) -> Value {
    json!({
        "case": verdict.case,
        "name": verdict.name,
        "bound": verdict.limit.bound,
        "aim": verdict.limit.aim,
        "share": verdict.share,
        "n_rows": verdict.n_rows,
        "n_hold": verdict.n_hold,
        "n_aim": verdict.n_aim,
        "worst": verdict.worst.as_ref().map(|(worst, _)| worst),
        "worst_of": verdict.worst.as_ref().map(|(_, whose)| whose),
        "holds": verdict.holds(),
    })
}

fn peer_json(peer: &PeerRow) -> Value {
    json!({
        "track": peer.track,
        "processor": peer.processor,
        "wanted_lufs": peer.wanted_lufs,
        "before": levels_json(&peer.before),
        "after": levels_json(&peer.after),
        "realtime": peer.pace,
    })
}
