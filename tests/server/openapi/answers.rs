//! What the document says is what the server does: each operation succeeds and
//! fails as told, is the same twice where it must be, and has its HEAD.

use std::collections::BTreeMap;

use super::cases::{CASES, Stage};
use super::contract::{operation, operations};

#[test]
fn every_operation_succeeds_and_fails() {
    let stage = Stage::new();
    let mut seen: BTreeMap<(String, &str), [bool; 2]> = BTreeMap::new();
    for (asked, told, status) in CASES {
        let response = stage.ask(asked, told);
        assert_eq!(response.status, *status, "{asked} {told}: {response:?}");
        let (method, path) = asked.split_once(' ').expect("a method and an address");
        let operation = operation(method, &stage.with_ids(path)).expect("it is in the document");
        seen.entry((operation.method, operation.path)).or_default()[usize::from(*status >= 400)] = true;
    }
    for operation in operations() {
        let (method, path) = (operation.method, operation.path);
        let [succeeds, fails] = seen.get(&(method.clone(), path)).copied().unwrap_or_default();
        assert!(succeeds, "{method} {path} has no case in which it succeeds: add one to CASES");
        assert!(fails, "{method} {path} has no case in which it fails: add one to CASES");
    }
}

#[test]
fn what_is_put_or_deleted_twice_is_as_it_was() {
    let stage = Stage::new();
    let mut tried = Vec::new();
    for (asked, told, status) in CASES.iter().filter(|case| case.2 < 300) {
        let first = stage.ask(asked, told);
        assert_eq!(first.status, *status, "{asked} {told}: {first:?}");
        if asked.starts_with("PUT") || asked.starts_with("DELETE") {
            let before = stage.state();
            let again = stage.ask(asked, told);
            assert_eq!(again.status, first.status, "{asked} a second time: {again:?}");
            assert_eq!(stage.state(), before, "{asked} a second time");
            let (method, path) = asked.split_once(' ').expect("a method and an address");
            tried.extend(operation(method, &stage.with_ids(path)).map(|one| (one.method, one.path)));
        }
    }
    for one in operations().into_iter().filter(|one| ["PUT", "DELETE"].contains(&&*one.method)) {
        assert!(tried.contains(&(one.method.clone(), one.path)), "{} {} is not tried", one.method, one.path);
    }
}

#[test]
fn head_is_get_without_its_body() {
    let stage = Stage::new();
    for (asked, told, status) in CASES.iter().filter(|case| case.2 < 300 || case.0.starts_with("GET")) {
        let mut got = stage.ask(asked, told);
        let Some(path) = asked.strip_prefix("GET ") else { continue };
        let mut head = stage.ask(&format!("HEAD {path}"), "");
        // A plan becomes another once its promise is checked.
        while stage.ask(asked, told).header("etag") != got.header("etag") {
            (got, head) = (stage.ask(asked, told), stage.ask(&format!("HEAD {path}"), ""));
        }
        assert_eq!(head.status, *status, "HEAD {path}: {head:?}");
        assert!(head.body.is_empty(), "HEAD {path}: {head:?}");
        // What is counted is one more each time, and may be a digit longer.
        let names = ["content-type", "etag", "cache-control", "content-length"];
        let n_names = if path == "/metrics" || *status >= 400 { 3 } else { 4 };
        for name in &names[..n_names] {
            assert_eq!(head.header(name), got.header(name), "{name} of HEAD {path}");
        }
    }
}
