//! Every source file says in its first line what it is.

use std::path::Path;

use crate::source::{files, shown, text};

/// Every file without a head.
pub fn faults(root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for folder in ["core", "wasm", "server", "web", "tests"] {
        for file in files(&root.join(folder), &["rs", "ts", "tsx", "mjs"]) {
            let heads: &[&str] = if file.extension().is_some_and(|kind| kind == "rs") {
                &["//! "]
            } else {
                &["// ", "/** ", "/**\n"]
            };
            let text = text(&file);
            let text = text.strip_prefix("#!/usr/bin/env node\n").unwrap_or(&text);
            if !heads.iter().any(|head| text.starts_with(head)) {
                faults.push(format!("{} has no head that says what it is", shown(root, &file)));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::faults;
    use crate::trees::{Tree, this_house};

    #[test]
    fn every_source_file_has_its_head() {
        this_house(faults);
    }

    #[test]
    fn a_file_without_a_head_is_seen() {
        let house =
            || Tree::new().file("core/src/lib.rs", "//! The core.\n").file("web/main.ts", "// The page.\n");
        house().check(faults, &[]);
        house().file("core/src/x.rs", "// X.\nfn f() {}").check(faults, &["core/src/x.rs has no head"]);
        house().file("core/src/x.rs", "fn f() {}").check(faults, &["core/src/x.rs has no head"]);
        house().file("web/app/x.ts", "export {};").check(faults, &["web/app/x.ts has no head"]);
        house().file("web/node_modules/x/x.ts", "export {};").check(faults, &[]);
    }
}
