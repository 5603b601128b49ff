//! The core in WebAssembly. Scripts measure it where it runs and tell their
//! rows as JSON.

use std::path::Path;
use std::process::Command;

use auralis_core::geometry::Geometry;

use crate::material::Material;
use crate::table::{Goal, Table, Unit};

/// A row that a script tells.
struct Told {
    /// What the script calls it.
    key: &'static str,
    name: String,
    unit: Unit,
    goal: Goal,
}

/// Under Node, which is everywhere.
pub fn in_node(table: &mut Table, material: &Material) {
    speeds(table, material, "node.mjs", "Node");
}

/// In a Worker of headless Chromium, where it measures and plans.
pub fn in_worker(table: &mut Table, material: &Material) {
    speeds(table, material, "browser.mjs", "a Worker");
}

/// On the real page of the real server: what the worklet takes of a core.
pub fn in_worklet(table: &mut Table, material: &Material) {
    let row = |key, name: &str, goal| Told { key, name: name.to_owned(), unit: Unit::Load, goal };
    let goal = Goal::of(2.0, 1.0);
    let rows = [
        row("idle_load", "worklet load, of one that does nothing", Goal::NONE),
        row("load", "worklet load, all stages on", goal),
        row("share", "worklet load, all stages on, rendering alone", goal),
        row("adaptive_load", "worklet load, adaptive plan", goal),
        row("adaptive_share", "worklet load, adaptive plan, rendering alone", goal),
    ];
    tell(table, material, "worklet.mjs", rows);
}

fn speeds(table: &mut Table, material: &Material, script: &str, place: &str) {
    let row = |key, what: String, goal| Told {
        key,
        name: format!("{what}, wasm in {place}"),
        unit: Unit::RealTime,
        goal,
    };
    // A chunk's chain hears what comes before it: the engine runs more than one.
    let geometry = Geometry::at(material.rate);
    let heard = geometry.interval + geometry.pre_roll + geometry.crossfade;
    let n_chains = heard as f64 / geometry.interval as f64;
    let rows = [
        row("fingerprint", "fingerprint".to_owned(), Goal::of(120.0, 200.0)),
        row("chain", "chain, all stages on, by 1102".to_owned(), Goal::of(250.0, 600.0)),
        row(
            "engine",
            format!("engine, {n_chains} such chains, by 128"),
            Goal::of(250.0 / n_chains, 600.0 / n_chains),
        ),
    ];
    tell(table, material, script, rows);
}

/// Runs a script, if any of its rows was asked for.
fn tell<const N: usize>(table: &mut Table, material: &Material, script: &str, rows: [Told; N]) {
    let wanted: Vec<Told> = rows.into_iter().filter(|row| table.wants(&row.name)).collect();
    if wanted.is_empty() {
        return;
    }
    wanted.iter().for_each(|row| eprintln!("{} …", row.name));
    let told = run(material, script);
    for Told { key, name, unit, goal } in wanted {
        let runs = told.as_ref().map_err(String::clone).and_then(|told| {
            let runs: Option<Vec<f64>> =
                told[key].as_array().and_then(|runs| runs.iter().map(|run| run.as_f64()).collect());
            runs.filter(|runs| !runs.is_empty()).ok_or_else(|| format!("{script} does not tell of it"))
        });
        match runs {
            Ok(runs) => table.note(&name, unit, goal, runs),
            Err(why) => eprintln!("skipped: {name}: {why}"),
        }
    }
}

/// What a script in this folder prints; or why it does not, in its own words.
fn run(material: &Material, script: &str) -> Result<serde_json::Value, String> {
    material.for_scripts();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(script);
    let node = Command::new("node").arg(script).arg(material.folder()).output();
    let node = node.map_err(|error| format!("node does not start: {error}"))?;
    if !node.status.success() {
        let said = String::from_utf8_lossy(&node.stderr).into_owned();
        let line = said.lines().find(|line| line.contains("Error:")).unwrap_or(said.trim());
        return Err(line.trim().to_owned());
    }
    serde_json::from_slice(&node.stdout).map_err(|error| error.to_string())
}
