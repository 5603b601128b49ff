//! `auralis doctor`: what is well is well, and what is not has a way out.

use std::fs;

use crate::house::{House, settled, spoil};
use crate::support::*;

#[test]
fn a_sound_catalog_is_told_with_its_figures() {
    let house = House::scanned(4);
    fs::write(house.library.path().join("letter.flac"), "Dear reader, ".repeat(99)).expect("it is written");
    fs::remove_file(house.library.path().join("000.wav")).expect("it was there");
    house.scan().fails(1, &["letter.flac"]);
    let before = house.kept();
    let seen = house.doctor();
    assert_eq!(house.kept(), before, "looking changed something");
    for (field, value) in [("tracks", 3), ("missing", 1), ("failed", 1), ("unmeasured", 0)] {
        assert_eq!(seen[field], value, "{field} of {seen}");
    }
    assert_eq!(seen["schema"], seen["newest_schema"]);
    let n_bytes = fs::metadata(house.catalog("")).expect("the catalog").len();
    assert_eq!((&seen["bytes"], &seen["bytes_per_track"]), (&n_bytes.into(), &(n_bytes / 5).into()));
    assert_eq!(seen["folders"], serde_json::json!([house.library.path().canonicalize().expect("a path")]));
    #[cfg(target_os = "linux")]
    assert!(seen["free_bytes"].as_u64() > Some(0));
    let said = house.run(&["doctor"]).ok().out;
    assert!(said.ends_with("all is well\n") && said.contains("1 missing, 1 that do not play"), "{said}");
}

#[test]
fn it_looks_beside_a_running_server() {
    let house = House::new(3);
    let server = house.serve();
    let n_tracks = settled(&server, 3).len();
    assert_eq!((&house.doctor()["tracks"], house.findings()), (&n_tracks.into(), vec![]));
    assert_eq!(server.get("/api/ready").status, 200);
}

#[test]
fn a_clean_end_leaves_the_catalog_in_one_file() {
    let house = House::scanned(2);
    assert_eq!(names(house.data.path()), ["catalog.lock", "catalog.sqlite"]);
}

#[track_caller]
fn check(house: &House, words: &[&str]) {
    let findings = house.findings();
    for word in words {
        assert!(findings.iter().any(|what| what.contains(word)), "{word:?} is not in {findings:#?}");
    }
    let said = house.run(&["doctor"]).fails(1, &[]).out;
    assert!(words.iter().all(|word| said.contains(word)) && !said.contains("all is well"), "{said}");
}

#[test]
fn each_fault_is_found() {
    let house = House::scanned(20);
    let whole = fs::read(house.catalog("")).expect("the catalog");
    let put = |bytes: &[u8]| fs::write(house.catalog(""), bytes).expect("it is written");
    spoil(&house.catalog(""));
    check(&house, &["damaged"]);
    put(&whole[..whole.len() / 2]);
    check(&house, &["damaged"]);
    put(b"");
    check(&house, &["no catalog of Auralis"]);
    put(&b"no database at all, ".repeat(999));
    check(&house, &["no catalog of Auralis"]);
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&999_u32.to_be_bytes());
    put(&newer);
    check(&house, &["newer Auralis (schema 999)"]);
    fs::remove_file(house.catalog("")).expect("it was there");
    check(&house, &["there is no catalog in"]);
    fs::create_dir(house.catalog("")).expect("a folder");
    check(&house, &["is no file"]);
    fs::remove_dir(house.catalog("")).expect("it was there");
    put(&whole);
    assert_eq!(house.findings(), [""; 0]);

    // Copies: the newest two are worth their room.
    for schema in [2, 3, 10] {
        fs::write(house.catalog(&format!(".schema-{schema}")), "a copy").expect("it is written");
    }
    check(&house, &["catalog.sqlite.schema-2 is a copy from long ago"]);
    assert_eq!(house.findings().len(), 1);
    fs::remove_file(house.catalog(".schema-2")).expect("it was there");
    fs::write(house.catalog(".restored.partial"), "half").expect("it is written");
    check(&house, &["restored.partial was left"]);
    fs::remove_file(house.catalog(".restored.partial")).expect("it was there");
    assert_eq!(house.doctor()["copies"].as_array().expect("a list").len(), 2);
    let library = house.library.path().to_owned();
    fs::remove_dir_all(&library).expect("it was there");
    check(&house, &["the library's folder", library.to_str().expect("text")]);
}
