//! Small trees of files, made to pass or to fail.

use std::path::Path;

/// A tree in a folder of its own.
pub struct Tree(tempfile::TempDir);

impl Tree {
    /// An empty one.
    pub fn new() -> Self {
        Tree(auralis_tests::folder())
    }

    /// The same with one file more, or another text in it.
    pub fn file(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// Expects one fault for each of these, which contains it, and no other.
    #[track_caller]
    pub fn check(self, faults: fn(&Path) -> Vec<String>, expected: &[&str]) {
        let found = faults(self.0.path());
        let all_there = expected.iter().all(|wanted| found.iter().any(|fault| fault.contains(wanted)));
        assert!(all_there && found.len() == expected.len(), "expected {expected:?}, found {found:#?}");
    }
}

/// Expects no fault in this very house.
#[track_caller]
pub fn this_house(faults: fn(&Path) -> Vec<String>) {
    let found = faults(&auralis_tests::root());
    assert!(found.is_empty(), "\n  {}\n", found.join("\n  "));
}
