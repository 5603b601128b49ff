//! Reading Rust as far as the checks need it: files, tokens, paths.

use std::path::{Path, PathBuf};

/// Folders that hold nothing we wrote.
const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "gen", ".git"];

/// All files below `folder` with one of these extensions, in order.
pub fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !NOT_OURS.contains(&&*name) {
            found.extend(files(&path, extensions));
        } else if path.extension().is_some_and(|kind| extensions.iter().any(|wanted| kind == *wanted)) {
            found.push(path);
        }
    }
    found
}

/// The text of a file; empty if it is no text.
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The path as the README writes it.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The tokens of Rust code: words, `::`, and single signs. Comments and the
/// contents of strings and characters are left out.
pub fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while at < chars.len() {
        let rest = &chars[at..];
        at += match rest {
            ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => comment(rest),
            ['"', ..] => string(rest, 0),
            ['b', '"', ..] => 1 + string(&rest[1..], 0),
            ['r', '"' | '#', ..] if raw(rest).is_some() => raw(rest).unwrap_or(1),
            ['b', 'r', '"' | '#', ..] if raw(&rest[1..]).is_some() => 1 + raw(&rest[1..]).unwrap_or(1),
            ['\'', '\\', ..] => 3 + rest.iter().skip(3).position(|&c| c == '\'').unwrap_or(0),
            ['\'', _, '\'', ..] => 3,
            [':', ':', ..] => {
                tokens.push("::".to_owned());
                2
            }
            [c, ..] if is_word(*c) => {
                let word: String = rest.iter().take_while(|&&c| is_word(c)).collect();
                let length = word.chars().count();
                tokens.push(word);
                length
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                1
            }
            [] => 1,
        };
    }
    tokens
}

fn comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string that ends with a quote and `hashes` hashes.
fn string(rest: &[char], hashes: usize) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' if hashes == 0 => at += 2,
            '"' if rest[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes => {
                return at + 1 + hashes;
            }
            _ => at += 1,
        }
    }
    at
}

fn raw(rest: &[char]) -> Option<usize> {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let quoted = &rest[1 + hashes..];
    let mut at = 1;
    while at < quoted.len() {
        let closing = quoted[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count();
        if quoted[at] == '"' && closing == hashes {
            return Some(1 + hashes + at + 1 + hashes);
        }
        at += 1;
    }
    Some(1 + hashes + at)
}

/// The tokens up to the file's tests, which may open any door.
pub fn without_tests(tokens: &[String]) -> &[String] {
    const HEAD: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let start = tokens.windows(HEAD.len()).position(|window| window.iter().zip(HEAD).all(|(a, b)| a == b));
    &tokens[..start.unwrap_or(tokens.len())]
}

/// Every path that the tokens name, `use` trees spelled out:
/// `use a::{b, c::d}` gives `a::b` and `a::c::d`.
pub fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] == "use" {
            at = tree(tokens, at + 1, &[], &mut found);
        } else if is_name(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::") {
            let mut path = vec![tokens[at].clone()];
            while tokens.get(at + 1).is_some_and(|next| next == "::")
                && tokens.get(at + 2).is_some_and(|word| is_name(word))
            {
                path.push(tokens[at + 2].clone());
                at += 2;
            }
            found.push(path);
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// One branch of a `use` tree; returns where it ends.
fn tree(tokens: &[String], mut at: usize, stem: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = stem.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = tree(tokens, at, &path, found);
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "," | "}" | ";" => break,
            "as" => at += 1,
            "::" | "*" => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
    found.push(path);
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(code: &str) -> Vec<String> {
        paths(&tokens(code)).iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn use_trees_and_plain_paths_are_spelled_out() {
        assert_eq!(named("use a::{b, c::{d, e as f}, g::*};"), ["a::b", "a::c::d", "a::c::e", "a::g"]);
        assert_eq!(named("let x = std::time::Instant::now() + y;"), ["std::time::Instant::now"]);
        assert_eq!(named("use std::io;\nfn f(x: crate::units::Db) {}"), ["std::io", "crate::units::Db"]);
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        let code = r###"// a::b
            /* c::d /* e::f */ g::h */ "i::j \" k::l" r#"m::n " o"# b"p::q" '"' '\'' 'r' r::s 't "###;
        assert_eq!(named(code), ["r::s"]);
    }

    #[test]
    fn tests_are_cut_off() {
        let tokens = tokens("use a::b; #[cfg(test)] mod tests { use c::d; }");
        assert_eq!(paths(without_tests(&tokens)), [["a", "b"]]);
    }
}
