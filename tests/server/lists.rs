//! Every list can be searched, and put in each of its orders both ways.

use auralis_core::encode::Format;
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound};

/// What a list has in a field, in its order.
fn told(house: &House, path: &str, field: &str) -> Vec<String> {
    let list = house.get(path).json();
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{path}: {list}"));
    let text = |item: &Value| match item.pointer(field) {
        Some(Value::String(text)) => text.clone(),
        other => panic!("{path}: {other:?}"),
    };
    items.iter().map(text).collect()
}

/// Holds a list to its orders: each with what it has in a field, which is the
/// other way round with `-`; and to searches of words.
fn hold(house: &House, path: &str, field: &str, orders: &[(&str, &[&str])], searches: &[(&str, &[&str])]) {
    let and = if path.contains('?') { '&' } else { '?' };
    for (order, wanted) in orders {
        let mut wanted = wanted.to_vec();
        assert_eq!(told(house, &format!("{path}{and}sort={order}"), field), wanted, "{path} by {order}");
        let n = wanted.len();
        let first = house.get(&format!("{path}{and}sort={order}&limit=1")).json();
        assert_eq!((&first["total"], &first["has_more"]), (&json!(n), &json!(n > 1)), "{path} by {order}");
        wanted.reverse();
        assert_eq!(told(house, &format!("{path}{and}sort=-{order}"), field), wanted, "{path} by -{order}");
    }
    for (words, wanted) in searches {
        assert_eq!(told(house, &format!("{path}{and}q={words}"), field), *wanted, "{words} in {path}");
    }
    assert_problem(&house.get(&format!("{path}{and}sort=colour")), 422, "invalid-value");
    assert_problem(&house.get(&format!("{path}{and}order=name")), 400, "bad-request");
}

/// A house with five tracks, two files that are none, and two that are gone.
fn house() -> House {
    let wav = |seed| sound(Format::Wav16, seed, 0.3);
    let [one, two, three, four, five] = [1, 2, 3, 4, 5].map(wav);
    let mut house = House::new(&[
        ("Süd/one.wav", &one),
        ("Süd/two.wav", &two),
        ("Nord/three.wav", &three),
        ("Nord/four.wav", &four),
        ("Nord/five.wav", &five),
        ("Nord/bad.mp3", b"text, no sound"),
        ("worse.flac", b""),
    ]);
    house.open(&[]);
    house.settled(7);
    house
}

#[test]
fn faults_and_missing_tracks_are_found_by_their_words() {
    let house = house();
    let orders: [(&str, &[&str]); 1] = [("path", &["Nord/bad.mp3", "worse.flac"])];
    let searches: [(&str, &[&str]); 4] = [
        ("NORD", &["Nord/bad.mp3"]),
        ("is%20empty", &["worse.flac"]),
        ("", &["Nord/bad.mp3", "worse.flac"]),
        ("%25", &[]),
    ];
    hold(&house, "/api/library/faults", "/path", &orders, &searches);
    for order in ["stage", "at"] {
        assert_eq!(told(&house, &format!("/api/library/faults?sort={order}"), "/path").len(), 2);
    }
    std::fs::remove_dir_all(house.library.path().join("Süd")).expect("it was there");
    house.scanned(5);
    let orders: [(&str, &[&str]); 2] = [("title", &["one", "two"]), ("path", &["one", "two"])];
    let searches: [(&str, &[&str]); 3] = [("sud%20TW", &["two"]), ("nord", &[]), ("%27%20OR%201", &[])];
    hold(&house, "/api/library/missing", "/title", &orders, &searches);
    assert_eq!(told(&house, "/api/library/missing?sort=since", "/title").len(), 2);
}

#[test]
fn what_a_listener_made_is_found_by_its_words_in_any_order() {
    let house = house();
    for (at, title) in [(1_000, "two"), (2_000, "one"), (3_000, "three")] {
        let heard = json!({"track_id": house.id(title), "at": at, "listened_s": 1.0 / f64::from(at)});
        assert_eq!(house.send("PUT", &format!("/api/history/{title}"), heard).status, 200);
        assert_eq!(house.ask("PUT", &format!("/api/favorites/{}", house.id(title)), &[]).status, 204);
    }
    let orders: [(&str, &[&str]); 3] = [
        ("at", &["two", "one", "three"]),
        ("title", &["one", "three", "two"]),
        ("listened", &["three", "one", "two"]),
    ];
    hold(&house, "/api/history", "/track/title", &orders, &[("TH", &["three"]), ("x", &[])]);
    assert_eq!(told(&house, "/api/history", "/track/title"), ["three", "one", "two"]);
    let orders: [(&str, &[&str]); 1] = [("title", &["one", "three", "two"])];
    hold(&house, "/api/favorites", "/title", &orders, &[("title:t%20-two", &["three"])]);
    assert_problem(&house.get("/api/favorites?q=colour:red"), 422, "invalid-value");

    for name in ["Évening", "morning", "Noon"] {
        assert_eq!(
            house.send("POST", "/api/playlists", json!({ "name": name, "comment": "slow" })).status,
            201
        );
    }
    let orders: [(&str, &[&str]); 1] = [("name", &["morning", "Noon", "Évening"])];
    let searches: [(&str, &[&str]); 2] = [("eve%20slow", &["Évening"]), ("NOON", &["Noon"])];
    hold(&house, "/api/playlists", "/name", &orders, &searches);
    for order in ["created", "changed"] {
        assert_eq!(told(&house, &format!("/api/playlists?sort=-{order}"), "/name").len(), 3);
    }

    let root = told(&house, "/api/library/folders", "/dir").remove(0);
    let orders: [(&str, &[&str]); 2] = [("name", &["Nord", "Süd"]), ("tracks", &["Süd", "Nord"])];
    let path = format!("/api/library/folders?dir={root}");
    hold(&house, &path, "/name", &orders, &[("SU", &["Süd"]), ("x", &[])]);
}
