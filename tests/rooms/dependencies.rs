//! A dependency that is listed is used.

use std::path::Path;

use crate::source::{files, paths, text, tokens};

/// The names in the dependency tables of a Cargo manifest.
pub fn listed(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            inside = table.ends_with("dependencies") && !table.starts_with("workspace");
            if let Some((_, name)) =
                table.split_once("dependencies.").filter(|_| !table.starts_with("workspace"))
            {
                names.push(name.to_owned());
            }
        } else if inside && !line.starts_with('#') && line.contains('=') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            names.push(name.trim_matches('"').to_owned());
        }
    }
    names
}

/// Every listed dependency that no file uses.
pub fn faults(root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for package in ["core", "wasm", "server", "tests"] {
        let folder = root.join(package);
        let used: Vec<String> = files(&folder, &["rs"])
            .iter()
            .flat_map(|file| paths(&tokens(&text(file))))
            .filter_map(|path| path.into_iter().next())
            .collect();
        for name in listed(&text(&folder.join("Cargo.toml"))) {
            // A few crates call their library by the name without the dash.
            if !used.contains(&name.replace('-', "_")) && !used.contains(&name.replace('-', "")) {
                faults.push(format!("{package}/Cargo.toml lists {name}, which nothing uses"));
            }
        }
    }
    faults.extend(unused_npm(root));
    faults
}

/// npm packages count as used when a module imports them, and the type checker
/// when there are types to check.
fn unused_npm(root: &Path) -> Vec<String> {
    let manifest = text(&root.join("web/package.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
    let kinds = ["dependencies", "devDependencies"];
    let names = kinds.iter().filter_map(|kind| manifest.get(kind)?.as_object()).flat_map(|list| list.keys());
    let mut modules = files(&root.join("web"), &["ts", "tsx", "mjs", "js"]);
    modules.extend(files(&root.join("tests/web"), &["ts", "mjs", "js"]));
    let code: Vec<String> = modules.iter().map(|path| text(path)).collect();
    let is_used = |name: &str| {
        let forms = [format!("\"{name}\""), format!("\"{name}/"), format!("'{name}'"), format!("'{name}/")];
        code.iter().any(|code| forms.iter().any(|form| code.contains(form.as_str())))
            || (name == "typescript" && root.join("web/tsconfig.json").is_file())
    };
    let unused = names.filter(|name| !is_used(name));
    unused.map(|name| format!("web/package.json lists {name}, which nothing uses")).collect()
}

#[cfg(test)]
mod tests {
    use super::{faults, listed};
    use crate::trees::{Tree, this_house};

    fn house() -> Tree {
        Tree::new()
            .file("core/Cargo.toml", "[dependencies]\nserde_json = \"1\"\n")
            .file("core/src/lib.rs", "fn f() { serde_json::json!(1); }")
            .file(
                "web/package.json",
                r#"{"dependencies":{"preact":"1"},"devDependencies":{"typescript":"1"}}"#,
            )
            .file("web/tsconfig.json", "{}")
            .file("web/main.ts", "import { h } from \"preact\";")
    }

    #[test]
    fn every_listed_dependency_is_used() {
        this_house(faults);
    }

    #[test]
    fn an_unused_dependency_is_seen() {
        house().check(faults, &[]);
        house()
            .file("core/src/lib.rs", "// serde_json::json")
            .check(faults, &["core/Cargo.toml lists serde_json"]);
        house().file("web/main.ts", "import \"preacty\";").check(faults, &["package.json lists preact"]);
        house()
            .file("wasm/Cargo.toml", "[target.'cfg(unix)'.dependencies]\njs-sys = { version = \"1\" }\n")
            .check(faults, &["wasm/Cargo.toml lists js-sys"]);
    }

    #[test]
    fn manifests_are_read_in_all_their_forms() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\n# b = \"1\"\nc.workspace = true\n\
            [dev-dependencies]\nd = { path = \"d\" }\n[build-dependencies.e]\nversion = \"1\"\n[features]\nf = []\n\
            [workspace.dependencies]\ng = \"1\"\n";
        assert_eq!(listed(manifest), ["a", "c", "d", "e"]);
    }
}
