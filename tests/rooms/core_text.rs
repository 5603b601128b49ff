//! Laws that can be read from the text: the core does no I/O of its own, keeps
//! no time, logs nothing, is safe, and takes transcendental functions only from
//! `core::math` (law L1); only the catalog of the server speaks SQL.

use std::path::Path;

use crate::source::{files, paths, shown, text, tokens, without_tests};

/// Modules of `std` that the core does without.
const STD: [&str; 6] = ["fs", "net", "thread", "time", "env", "process"];
/// Crates and macros that log or print.
const LOGGING: [&str; 7] = ["tracing", "log", "println", "eprintln", "print", "eprint", "dbg"];
/// Functions of `f32` and `f64` that differ between targets. (`powi` has no
/// stated order of multiplication.)
const INEXACT: [&str; 24] = [
    "sin", "cos", "tan", "sin_cos", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "powf", "powi",
];
/// The rest of them: fused, or without a stated error.
const INEXACT_TOO: [&str; 3] = ["mul_add", "cbrt", "hypot"];

/// Every line of the core and the server that breaks such a law.
pub fn faults(root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files(&root.join("core/src"), &["rs"]) {
        let all = tokens(&text(&file));
        let name = shown(root, &file);
        let code = without_tests(&all);
        for path in paths(code) {
            let words: Vec<&str> = path.iter().map(String::as_str).collect();
            match words[..] {
                ["std", module, ..] if STD.contains(&module) => {
                    faults.push(format!("{name} uses std::{module}"))
                }
                ["std", "collections", kind @ ("HashMap" | "HashSet"), ..] => {
                    faults.push(format!("{name} uses {kind}, whose order is not fixed"));
                }
                ["f32" | "f64", function, ..] if is_inexact(function) && name != "core/src/math.rs" => {
                    faults.push(format!("{name} takes {function} from std instead of core::math"));
                }
                [logger @ ("tracing" | "log"), ..] => faults.push(format!("{name} logs by {logger}")),
                _ => {}
            }
        }
        for three in code.windows(3) {
            let words = [three[0].as_str(), three[1].as_str(), three[2].as_str()];
            match words {
                [".", function, "("] if is_inexact(function) && name != "core/src/math.rs" => {
                    faults.push(format!("{name} takes {function} from std instead of core::math"));
                }
                [logger, "!", "("] if LOGGING.contains(&logger) => {
                    faults.push(format!("{name} prints by {logger}!"));
                }
                ["unsafe", ..] => faults.push(format!("{name} is unsafe")),
                _ => {}
            }
        }
    }
    for (head, word) in
        [("core/src/lib.rs", "forbid"), ("server/src/lib.rs", "forbid"), ("server/src/main.rs", "deny")]
    {
        let head_text = text(&root.join(head));
        if !head_text.is_empty() && !head_text.contains(&format!("#![{word}(unsafe_code)]")) {
            faults.push(format!("{head} does not {word} unsafe code"));
        }
    }
    for file in files(&root.join("server/src"), &["rs"]) {
        let (all, name) = (tokens(&text(&file)), shown(root, &file));
        let inside = name.starts_with("server/src/catalog/") || name == "server/src/catalog.rs";
        if all.iter().any(|token| token == "unsafe") && name != "server/src/memory.rs" {
            faults.push(format!("{name} is unsafe"));
        }
        if !inside && paths(&all).iter().any(|path| path[0] == "rusqlite") {
            faults.push(format!("{name} uses rusqlite outside the catalog"));
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

fn is_inexact(function: &str) -> bool {
    INEXACT.contains(&function) || INEXACT_TOO.contains(&function)
}

#[cfg(test)]
mod tests {
    use super::faults;
    use crate::trees::{Tree, this_house};

    fn house() -> Tree {
        Tree::new()
            .file("core/src/lib.rs", "#![forbid(unsafe_code)]")
            .file("core/src/math.rs", "fn sin(x: f64) -> f64 { x.sin() }")
            .file("core/src/meter.rs", "fn f(x: f64) -> f64 { x.sqrt() + crate::math::f64::sin(x) }")
            .file("server/src/main.rs", "#![deny(unsafe_code)]")
            .file("server/src/memory.rs", "fn f() { unsafe { g() } }")
            .file("server/src/catalog/mod.rs", "use rusqlite::Row;")
    }

    #[test]
    fn the_core_keeps_the_laws_that_its_text_shows() {
        this_house(faults);
    }

    #[test]
    fn each_broken_law_is_seen() {
        let with = |code: &str, expected: &[&str]| {
            house().file("core/src/chain/eq.rs", code).check(faults, expected)
        };
        house().check(faults, &[]);
        with("fn f(x: f32) -> f32 { x.sin() }", &["eq.rs takes sin from std"]);
        with("fn f(x: f32) -> f32 { x.mul_add(2.0, 1.0) }", &["takes mul_add"]);
        with("fn f(x: f32) -> f32 { f32::powf(x, 2.0) }", &["takes powf"]);
        with("fn f() { xs.iter().map(f64::exp) }", &["takes exp"]);
        with("use std::{io, time::Instant};", &["uses std::time"]);
        with("use std::collections::HashMap;", &["HashMap"]);
        with("fn f() { unsafe { g() } }", &["is unsafe"]);
        with("fn f() { println!(\"x\") }", &["prints by println"]);
        with("fn f() { tracing::info!(\"x\") }", &["logs by tracing"]);
        with("// x.sin() in a comment\n#[cfg(test)] mod tests { fn f() { 1f32.sin(); } }", &[]);
        house().file("core/src/lib.rs", "//! x").check(faults, &["core/src/lib.rs does not forbid"]);
        house().file("server/src/scan.rs", "fn f() { unsafe { g() } }").check(faults, &["scan.rs is unsafe"]);
        house().file("server/src/main.rs", "//! x").check(faults, &["server/src/main.rs does not deny"]);
        house().file("server/src/scan.rs", "use rusqlite::Row;").check(faults, &["scan.rs uses rusqlite"]);
    }
}
