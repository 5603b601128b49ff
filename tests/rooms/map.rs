//! The README's map is the house: all it names is there, and all rooms are named.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::text;

/// What may stand at the top, besides dotfiles and what is built.
const TOP: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "LICENSE", "README.md", "core", "wasm", "server", "web", "tests"];
/// Made or fetched, so in no map.
const MADE: [&str; 4] = ["target", "node_modules", "dist", "gen"];
/// In each package and of no room.
const PLAIN: [&str; 2] = ["Cargo.toml", "package-lock.json"];

/// Every place where map and house differ.
pub fn faults(root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let top = entries(root);
    for extra in top.iter().map(|name| name.trim_end_matches('/')).filter(|name| !TOP.contains(name)) {
        faults.push(format!("{extra} does not belong at the top level"));
    }
    for missing in TOP.iter().filter(|name| !root.join(name).exists()) {
        faults.push(format!("{missing} is missing at the top level"));
    }
    let map = map(&text(&root.join("README.md")));
    if map.is_empty() {
        faults.push("README.md has no map".to_owned());
    }
    for (folder, named) in &map {
        let there = entries(&root.join(folder));
        for name in named.difference(&there) {
            faults.push(format!("the map names {folder}{name}, which is not there"));
        }
        for name in there.difference(named).filter(|name| !PLAIN.contains(&name.as_str())) {
            faults.push(format!("the map forgets {folder}{name}"));
        }
    }
    faults
}

/// The map: a code block whose unindented lines are folders, and whose indented
/// ones begin with the entries of the folder above, followed by what they are.
fn map(readme: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut map: Vec<(String, BTreeSet<String>)> = Vec::new();
    let section = readme.lines().skip_while(|line| *line != "## The map");
    let block = section.skip_while(|line| !line.starts_with("```")).skip(1);
    for line in block.take_while(|line| !line.starts_with("```")) {
        let is_entry = |word: &&str| word.ends_with('/') || word.contains('.');
        let words = line.split_whitespace();
        if !line.starts_with(' ') {
            map.extend(words.take(1).map(|folder| (folder.to_owned(), BTreeSet::new())));
        } else if let Some((_, named)) = map.last_mut() {
            // What they are stands apart by two blanks.
            let entries = line.trim_start().split("  ").next().unwrap_or_default();
            named.extend(entries.split_whitespace().take_while(is_entry).map(str::to_owned));
        }
    }
    map
}

/// What stands in a folder; folders end with a slash.
fn entries(folder: &Path) -> BTreeSet<String> {
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
    found
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let hidden = name.starts_with('.') || MADE.contains(&name.as_str());
            let slash = if entry.path().is_dir() { "/" } else { "" };
            (!hidden).then(|| format!("{name}{slash}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::faults;
    use crate::trees::{Tree, this_house};

    const MAP: &str = "# x\n\n## The map\n\n```\ncore/src/        the core\n  lib.rs block.rs  words, e.g. frames\n  meter/           ears\n```\n";

    fn house() -> Tree {
        let tree = Tree::new()
            .file("README.md", MAP)
            .file("Cargo.toml", "")
            .file("Cargo.lock", "")
            .file("LICENSE", "");
        let tree = tree.file("wasm/x", "").file("server/x", "").file("web/x", "").file("tests/x", "");
        tree.file("core/src/lib.rs", "").file("core/src/block.rs", "").file("core/src/meter/mod.rs", "")
    }

    #[test]
    fn the_map_is_the_house() {
        this_house(faults);
    }

    #[test]
    fn a_stale_map_and_a_stray_file_are_seen() {
        house().file(".gitignore", "").file("target/x", "").check(faults, &[]);
        house().file("core/src/chain.rs", "").check(faults, &["forgets core/src/chain.rs"]);
        house().file("core/src/chain/mod.rs", "").check(faults, &["forgets core/src/chain/"]);
        house()
            .file("README.md", &MAP.replace("meter/", "ear/  "))
            .check(faults, &["names core/src/ear/", "forgets core/src/meter/"]);
        house().file("docs/x.md", "").check(faults, &["docs does not belong"]);
        house().file("README.md", "# x").check(faults, &["no map"]);
    }
}
