//! Favourites, stars, what was heard, and how a track shall always sound: said
//! twice it is so once, and it stays with the sound.

use auralis_core::encode::Format;
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound};

fn house() -> House {
    let files = ["a", "b", "c"]
        .map(|name| (format!("{name}.wav"), sound(Format::Wav16, u64::from(name.as_bytes()[0]), 1.0)));
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
    let house = House::served(&named, &[]);
    house.settled(3);
    house
}

fn titles(list: &Value) -> String {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("a list: {list}"));
    items.iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

#[test]
fn favourites_and_stars_are_kept_and_found() {
    let house = house();
    let id = house.id("b");
    for _ in 0..2 {
        assert_eq!(house.ask("PUT", &format!("/api/favorites/{id}"), &[]).status, 204);
        assert_eq!(house.send("PUT", &format!("/api/tracks/{id}/rating"), json!({"stars": 4})).status, 204);
    }
    let list = house.get("/api/favorites").json();
    assert_eq!((titles(&list).as_str(), &list["items"][0]["rating"]), ("b", &json!(4)));
    assert!(list["items"][0]["favorite_at"].is_i64());
    for rule in ["is:favorite", "rating:%3E=4", "-is:favorite%20OR%20b"] {
        let n = if rule.starts_with('-') { 3 } else { 1 };
        assert_eq!(house.get(&format!("/api/tracks?q={rule}")).json()["total"], n, "{rule}");
    }
    // It stays with the sound, wherever its file goes.
    let library = house.library.path();
    std::fs::rename(library.join("b.wav"), library.join("elsewhere.wav")).expect("it moves");
    house.scanned(3);
    assert_eq!(house.get("/api/favorites").json()["items"][0]["id"], id.as_str());
    for _ in 0..2 {
        assert_eq!(house.ask("DELETE", &format!("/api/favorites/{id}"), &[]).status, 204);
        assert_eq!(house.ask("DELETE", &format!("/api/tracks/{id}/rating"), &[]).status, 204);
    }
    assert_eq!(house.get("/api/favorites").json()["total"], 0);
    assert_eq!(house.get(&format!("/api/tracks/{id}")).json()["rating"], Value::Null);
    for stars in [json!(0), json!(6), json!(-1), json!(2.5), json!("4"), Value::Null] {
        let answer = house.send("PUT", &format!("/api/tracks/{id}/rating"), json!({"stars": stars}));
        assert_problem(&answer, 422, "invalid-value");
    }
    assert_problem(&house.ask("PUT", "/api/favorites/nothing", &[]), 404, "not-found");
}

#[test]
fn a_play_counts_once_when_half_of_it_was_heard() {
    let house = house();
    let id = house.id("a");
    let at = house.get(&format!("/api/tracks/{id}")).json()["added_at"].as_i64().expect("a time");
    let hear = |play: &str, track: &str, listened_s: f64| {
        house.send(
            "PUT",
            &format!("/api/history/{play}"),
            json!({"track_id": track, "at": at, "listened_s": listened_s}),
        )
    };
    let plays = || house.get(&format!("/api/tracks/{id}")).json()["n_plays"].clone();
    assert_eq!(hear("one", &id, 0.4).json(), json!({"counted": false}));
    assert_eq!(plays(), 0);
    for _ in 0..2 {
        assert_eq!(hear("one", &id, 0.5).json(), json!({"counted": true}));
        assert_eq!(plays(), 1);
    }
    // Less than was told before is old news.
    assert_eq!(hear("one", &id, 0.1).json(), json!({"counted": true}));
    assert_eq!(hear("two", &house.id("c"), 0.2).json(), json!({"counted": false}));
    let history = house.get("/api/history").json();
    assert_eq!(history["total"], 2);
    let one = history["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|play| play["id"] == "one")
        .expect("it is there");
    assert_eq!(
        (&one["listened_s"], &one["counted"], &one["track"]["title"]),
        (&json!(0.5), &json!(true), &json!("a"))
    );
    assert_eq!(titles(&house.get("/api/tracks?sort=-plays&limit=1").json()), "a");
    assert_eq!(titles(&house.get("/api/tracks?q=plays:%3E0").json()), "a");
    assert_eq!(titles(&house.get("/api/tracks?q=played:1d").json()), "a");
    assert_problem(&hear("one", &house.id("b"), 1.0), 422, "invalid-value");
    assert_problem(&hear("new", "nothing", 1.0), 422, "invalid-value");
    assert_problem(&hear("new", &id, -1.0), 422, "invalid-value");
    let future = json!({"track_id": id, "at": at + 1_000_000, "listened_s": 1});
    assert_problem(&house.send("PUT", "/api/history/new", future), 422, "invalid-value");
    for _ in 0..2 {
        assert_eq!(house.ask("DELETE", "/api/history/one", &[]).status, 204);
        assert_eq!(plays(), 0);
    }
    assert_eq!(house.get("/api/history").json()["total"], 1);
}

#[test]
fn a_track_or_its_album_shall_always_sound_so() {
    let house = house();
    let path = format!("/api/tracks/{}/taste", house.id("a"));
    assert_problem(&house.get(&path), 404, "not-found");
    let taste = json!({"enhanced": true, "preset": "night", "intensity": 0.5});
    for _ in 0..2 {
        assert_eq!(house.send("PUT", &path, taste.clone()).status, 204);
        assert_eq!(house.get(&path).json(), taste);
    }
    assert_eq!(house.get(&format!("/api/tracks/{}", house.id("a"))).json()["taste"], taste);
    assert_eq!(house.tracks()[0]["taste"], taste);
    for bad in [
        json!({"preset": "loud"}),
        json!({"intensity": 9}),
        json!({"intensity": "much"}),
        json!({"speed": 2}),
    ] {
        assert_problem(&house.send("PUT", &path, bad), 422, "invalid-value");
    }
    for _ in 0..2 {
        assert_eq!(house.ask("DELETE", &path, &[]).status, 204);
        assert_problem(&house.get(&path), 404, "not-found");
    }
    assert_problem(&house.send("PUT", "/api/albums/nothing/taste", taste), 404, "not-found");
}
