//! Who may open which door: the README's room table, held against every file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::source::{files, paths, shown, text, tokens, without_tests};

/// One row of the table: a room, what it may use (nothing else of its package
/// and of its package's dependencies), what it never may.
struct Row {
    room: String,
    may: Option<BTreeSet<String>>,
    never: BTreeSet<String>,
}

/// The rows of the table whose head begins with `room`. A cell's words in
/// backticks count; a cell `—` sets no bounds, an empty one allows nothing.
fn table(readme: &str) -> Vec<Row> {
    let lines = readme.lines().skip_while(|line| !line.starts_with("| room ")).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let words = |cell: usize| -> BTreeSet<String> {
            let quoted = cells.get(cell).unwrap_or(&"").split('`').skip(1).step_by(2);
            quoted.flat_map(str::split_whitespace).map(str::to_owned).collect()
        };
        let bounded = cells.get(1).is_some_and(|cell| *cell != "—");
        Row { room: words(0).into_iter().collect(), may: bounded.then(|| words(1)), never: words(2) }
    })
    .collect()
}

/// Every door that is opened and should not be.
pub fn faults(root: &Path) -> Vec<String> {
    let rows = table(&text(&root.join("README.md")));
    let mut faults = Vec::new();
    if rows.is_empty() {
        faults.push("README.md has no room table".to_owned());
    }
    for row in &rows {
        let Some((package, room)) = row.room.split_once('/') else {
            faults.push(format!("the room table names '{}', which is no package/room", row.room));
            continue;
        };
        let src = root.join(package).join("src");
        let files = files_of(&src, room);
        if files.is_empty() {
            faults.push(format!("the room table names {}, which is not there", row.room));
        }
        let known = rooms_and_crates(root, package);
        for file in files {
            let file_tokens = tokens(&text(&file));
            for path in paths(without_tests(&file_tokens)) {
                let Some(door) = door(&path, &src, &file) else { continue };
                let forbidden = row.never.contains(door)
                    || row.may.as_ref().is_some_and(|may| known.contains(door) && !may.contains(door));
                if forbidden && door != room {
                    let fault = format!("{} opens the door to {door}", shown(root, &file));
                    if !faults.contains(&fault) {
                        faults.push(fault);
                    }
                }
            }
        }
    }
    faults.extend(rooms_without_a_row(root, &rows));
    faults
}

/// The rooms of the core that the table forgets.
fn rooms_without_a_row(root: &Path, rows: &[Row]) -> Vec<String> {
    let rooms = rooms_in(&root.join("core/src"));
    let rooms = rooms.into_iter().filter(|room| room != "lib").map(|room| format!("core/{room}"));
    let missing = rooms.filter(|room| rows.iter().all(|row| row.room != *room));
    missing.map(|room| format!("the room table forgets {room}")).collect()
}

fn files_of(src: &Path, room: &str) -> Vec<PathBuf> {
    let mut found = files(&src.join(room), &["rs"]);
    let single = src.join(format!("{room}.rs"));
    if single.is_file() {
        found.push(single);
    }
    // `tests.rs` and what stands in a `tests/` beside it may open every door.
    found.retain(|path| {
        let below = path.strip_prefix(src).unwrap_or(path).with_extension("");
        below.components().all(|part| part.as_os_str() != "tests")
    });
    found
}

fn rooms_in(src: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(src).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect()
}

/// What a bounded row bounds: the package's rooms and the crates it lists.
fn rooms_and_crates(root: &Path, package: &str) -> BTreeSet<String> {
    let manifest = text(&root.join(package).join("Cargo.toml"));
    let crates = crate::dependencies::listed(&manifest).into_iter().map(|name| name.replace('-', "_"));
    rooms_in(&root.join(package).join("src")).into_iter().chain(crates).collect()
}

/// The room or crate that a path leads to, if it leads out of its module.
fn door<'a>(path: &'a [String], src: &Path, file: &Path) -> Option<&'a str> {
    let first = path.first()?.as_str();
    match first {
        "crate" => path.get(1).map(String::as_str),
        "super" => {
            let ups = path.iter().take_while(|word| *word == "super").count();
            let inside = file.strip_prefix(src).ok()?.components().count();
            let is_head = file.file_name().is_some_and(|name| name == "mod.rs");
            let depth = if is_head { inside - 1 } else { inside };
            if ups >= depth { path.get(ups).map(String::as_str) } else { None }
        }
        "self" => None,
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::faults;
    use crate::trees::{Tree, this_house};

    const TABLE: &str = "| room | may use | never |\n|---|---|---|\n\
        | `core/block` | | |\n\
        | `core/meter` | `block`, `libm` | |\n\
        | `server/catalog` | — | `warp` |\n";

    fn house() -> Tree {
        Tree::new()
            .file("README.md", TABLE)
            .file("core/Cargo.toml", "[dependencies]\nlibm = \"1\"\nserde = \"1\"\n")
            .file("core/src/lib.rs", "")
            .file("core/src/block.rs", "use std::fmt;")
            .file("core/src/meter/mod.rs", "use crate::block::Block; use libm::sin; use super::block;")
            .file("server/src/catalog/mod.rs", "use rusqlite::Row;")
    }

    #[test]
    fn every_room_keeps_to_its_doors() {
        this_house(faults);
    }

    #[test]
    fn a_forbidden_door_is_seen() {
        house().check(faults, &[]);
        house()
            .file("core/src/block.rs", "use crate::meter::K;")
            .check(faults, &["block.rs opens the door to meter"]);
        house().file("core/src/block.rs", "use crate::{meter::K};").check(faults, &["to meter"]);
        house().file("core/src/block.rs", "use super::meter;").check(faults, &["to meter"]);
        house().file("core/src/block.rs", "fn f() { crate::meter::f() }").check(faults, &["to meter"]);
        house().file("core/src/meter/k.rs", "use super::super::chain;").check(faults, &[]);
        house().file("core/src/chain.rs", "").check(faults, &["forgets core/chain"]);
        house()
            .file("core/src/meter/k.rs", "use serde::Serialize;")
            .check(faults, &["k.rs opens the door to serde"]);
        house().file("server/src/catalog/rows.rs", "fn f() -> warp::Reply {}").check(faults, &["to warp"]);
        house()
            .file("core/src/block.rs", "#[cfg(test)] mod tests { use crate::meter::K; }")
            .check(faults, &[]);
        house()
            .file("README.md", "no table")
            .check(faults, &["no room table", "forgets core/block", "forgets core/meter"]);
    }
}
