//! Playlists: put together by hand, by rules, and from files; what is changed
//! can be taken back, and nothing is lost by a kill.

use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auralis_core::encode::Format;
use auralis_server::catalog::{CATALOG, Stored};
use auralis_tests::http::request;
use auralis_tests::signals::Random;
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound};

const TITLES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn house() -> House {
    let files: Vec<(String, Vec<u8>)> = (0..)
        .zip(TITLES)
        .map(|(n, title)| (format!("sub/{title}.wav"), sound(Format::Wav16, n, 0.5 + 0.1 * n as f64)))
        .collect();
    let named: Vec<(&str, &[u8])> = files.iter().map(|(name, file)| (name.as_str(), &file[..])).collect();
    let house = House::served(&named, &[]);
    house.settled(5);
    house
}

fn ids(house: &House, titles: &str) -> Vec<String> {
    titles.chars().map(|title| house.id(&title.to_string())).collect()
}

fn new(house: &House, body: Value) -> String {
    let answer = house.send("POST", "/api/playlists", body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(answer.header("location"), Some(format!("/api/playlists/{id}").as_str()));
    id
}

fn items(house: &House, playlist: &str) -> Vec<Value> {
    let list = house.get(&format!("/api/playlists/{playlist}/items?limit=500")).json();
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}")).clone();
    assert_eq!(list["total"], items.len());
    items
}

fn titles(house: &House, playlist: &str) -> String {
    items(house, playlist).iter().map(|item| item["track"]["title"].as_str().expect("a title")).collect()
}

#[test]
fn items_keep_their_ids_wherever_they_go_and_changes_are_taken_back() {
    let house = house();
    let id = new(&house, json!({"name": " Mine ", "track_ids": ids(&house, "abcab")}));
    assert_eq!(titles(&house, &id), "abcab");
    let of = |at: usize| items(&house, &id)[at]["item_id"].clone();
    let (first, last) = (of(0), of(4));
    assert_ne!(first, of(3), "the same track at two places is two items");
    let path = |rest: &str| format!("/api/playlists/{id}/{rest}");
    let moved = house.send("POST", &path("items/move"), json!({"item_ids": [last], "before": first}));
    assert_eq!((moved.status, titles(&house, &id).as_str()), (204, "babca"));
    assert_eq!(of(0), last);
    let added = house.send("POST", &path("items"), json!({"track_ids": ids(&house, "de"), "before": first}));
    assert_eq!((added.status, titles(&house, &id).as_str()), (201, "bdeabca"));
    assert_eq!(added.json()["item_ids"][0], of(1));
    let gone = path(&format!("items/{}", first.as_str().expect("an id")));
    for _ in 0..2 {
        assert_eq!((house.ask("DELETE", &gone, &[]).status, titles(&house, &id).as_str()), (204, "bdebca"));
    }
    let two = json!({"item_ids": [of(1), of(2)]});
    for _ in 0..2 {
        let removed = house.send("POST", &path("items/remove"), two.clone());
        assert_eq!((removed.status, titles(&house, &id).as_str()), (204, "bbca"));
    }
    for before in ["bdebca", "bdeabca", "babca", "abcab", ""] {
        assert_eq!(house.ask("POST", &path("undo"), &[]).status, 204);
        assert_eq!(titles(&house, &id), before);
    }
    assert_problem(&house.ask("POST", &path("undo"), &[]), 409, "conflict");
    let shown = house.get(&format!("/api/playlists/{id}")).json();
    assert_eq!(
        (&shown["name"], &shown["n_tracks"], &shown["can_undo"]),
        (&json!("Mine"), &json!(0), &json!(false))
    );
}

#[test]
fn a_rule_makes_a_playlist_as_things_are_now() {
    let house = house();
    let id = new(&house, json!({"name": "Short", "rule": "duration:<0.75 -title:b", "sort": "-duration"}));
    // 0.5 a, 0.6 b, 0.7 c.
    assert_eq!(titles(&house, &id), "ca");
    assert_eq!(items(&house, &id)[0]["item_id"], Value::Null);
    let shown = |id: &str| house.get(&format!("/api/playlists/{id}")).json();
    assert_eq!(
        (&shown(&id)["n_tracks"], &shown(&id)["rule"]),
        (&json!(2), &json!("duration:<0.75 -title:b"))
    );
    house.put("f.wav", &sound(Format::Wav16, 9, 0.55));
    house.scanned(6);
    assert_eq!((titles(&house, &id).as_str(), &shown(&id)["n_tracks"]), ("cfa", &json!(3)));
    let told = json!({"name": "Short", "rule": "duration:<0.75", "sort": "title", "limit": 2});
    for _ in 0..2 {
        let put = house.send("PUT", &format!("/api/playlists/{id}"), told.clone());
        assert_eq!((put.status, titles(&house, &id).as_str()), (200, "ab"));
    }
    let second = house.get(&format!("/api/playlists/{id}/items?limit=5&offset=1")).json();
    assert_eq!((&second["total"], &second["items"].as_array().map(Vec::len)), (&json!(2), &Some(1)));
    let add = json!({"track_ids": ids(&house, "e")});
    assert_problem(&house.send("POST", &format!("/api/playlists/{id}/items"), add), 409, "conflict");
    let all = house.get("/api/playlists").json();
    assert_eq!((&all["total"], &all["items"][0]["n_tracks"]), (&json!(1), &json!(2)));
    for _ in 0..2 {
        assert_eq!(house.ask("DELETE", &format!("/api/playlists/{id}"), &[]).status, 204);
    }
    assert_problem(&house.get(&format!("/api/playlists/{id}")), 404, "not-found");
    assert_eq!(house.tracks().len(), 6, "no track is touched");
}

#[test]
fn playlists_go_to_files_and_come_back() {
    let house = house();
    let id = new(&house, json!({"name": "Ünter #1", "track_ids": ids(&house, "cab")}));
    let file = house.get(&format!("/api/playlists/{id}/m3u8"));
    assert_eq!(file.header("content-type"), Some("application/vnd.apple.mpegurl"));
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename*=UTF-8''%C3%9Cnter%20%231.m3u8")
    );
    let text = file.text();
    assert!(text.starts_with("#EXTM3U\n") && text.contains("\nsub/c.wav\n"), "{text}");
    let import = |query: &str, body: &[u8]| {
        let path = format!("/api/playlists/import?{query}");
        auralis_tests::http::request(
            house.address(),
            "POST",
            &path,
            &[("Content-Type", "audio/x-mpegurl")],
            body,
        )
    };
    let back = import("name=Back", text.as_bytes());
    assert_eq!((back.status, &back.json()["unmatched"]), (201, &json!([])));
    assert_eq!(titles(&house, back.json()["id"].as_str().expect("an id")), "cab");
    // From a directory of the library, with paths of every kind, and one that leads out.
    let library = house.library.path().canonicalize().expect("it is there");
    let odd = format!(
        "a.wav\r\n..\\sub\\b.wav\n{}/sub/c.wav\n../../etc/passwd\n/etc/passwd\nhttp://x/d.wav\n",
        library.display()
    );
    let back = import("name=Odd&base=sub", odd.as_bytes());
    assert_eq!(titles(&house, back.json()["id"].as_str().expect("an id")), "abc");
    assert_eq!(back.json()["unmatched"], json!(["../../etc/passwd", "/etc/passwd", "http://x/d.wav"]));
    assert_problem(&import("name=Nothing", b"#EXTM3U\n"), 422, "invalid-value");
    assert_problem(&import("base=sub", b"a.wav"), 400, "bad-request");
    assert!(import("name=Junk", &[0xff; 1_000]).status < 500);
}

#[test]
fn what_cannot_be_meant_is_refused_and_changes_nothing() {
    let house = house();
    let id = new(&house, json!({"name": "Mine", "track_ids": ids(&house, "ab")}));
    let items_of = format!("/api/playlists/{id}/items");
    let long = "x".repeat(201);
    for (method, path, body, status) in [
        ("POST", "/api/playlists", json!({"name": "  "}), 422),
        ("POST", "/api/playlists", json!({"name": long}), 422),
        ("POST", "/api/playlists", json!({"name": "a\u{7}"}), 422),
        ("POST", "/api/playlists", json!({"name": 7}), 422),
        ("POST", "/api/playlists", json!({}), 422),
        ("POST", "/api/playlists", json!({"name": "x", "color": "red"}), 422),
        ("POST", "/api/playlists", json!({"name": "x", "rule": "year:old"}), 422),
        ("POST", "/api/playlists", json!({"name": "x", "rule": "a", "sort": "taste"}), 422),
        ("POST", "/api/playlists", json!({"name": "x", "sort": "title"}), 422),
        ("POST", "/api/playlists", json!({"name": "x", "rule": "a", "limit": 0}), 422),
        ("POST", "/api/playlists", json!({"name": "x", "track_ids": ["nothing"]}), 422),
        ("POST", &items_of, json!({"track_ids": [house.id("c"), "nothing"]}), 422),
        ("POST", &items_of, json!({"track_ids": [house.id("c")], "before": "99999"}), 422),
        ("POST", &items_of, json!({"track_ids": [], "before": "-1"}), 422),
        ("POST", "/api/playlists/nothing/items", json!({"track_ids": []}), 404),
        ("PUT", "/api/playlists/nothing", json!({"name": "x"}), 404),
        ("PATCH", &items_of, json!({}), 405),
    ] {
        let answer = house.send(method, path, body.clone());
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    let text = [("Content-Type", "text/plain")];
    let told = |headers: &[(&str, &str)], body: &[u8]| {
        auralis_tests::http::request(house.address(), "POST", "/api/playlists", headers, body)
    };
    assert_problem(&told(&text, b"{\"name\":\"x\"}"), 415, "unsupported-media-type");
    assert_problem(&told(&[("Content-Type", "application/json")], b"{\"name\":"), 400, "bad-request");
    let large = [("Content-Type", "application/json"), ("Content-Length", "3145728")];
    assert_problem(&told(&large, b""), 413, "too-large");
    assert_eq!(house.get("/api/playlists").json()["total"], 1);
    assert_eq!(titles(&house, &id), "ab");
}

/// What a playlist was told to hold, by titles: as it was acknowledged, and as it
/// is to be after the edit that is under way.
#[derive(Clone, Default)]
struct Told {
    said: String,
    next: String,
}

/// Edits a playlist, each time otherwise, until the server is gone.
fn edit(address: SocketAddr, id: &str, tracks: &[String], mut random: Random, told: &Mutex<Told>) {
    let ask = |method: &str, path: &str, body: &str| {
        let kind = [("Content-Type", "application/json")];
        // Gone in the middle of an answer, it fails the request, not the test.
        let path = format!("/api/playlists/{id}/{path}");
        catch_unwind(|| request(address, method, &path, &kind, body.as_bytes())).ok()
    };
    loop {
        let Some(items) = ask("GET", "items?limit=500", "").map(|answer| answer.json()) else {
            return;
        };
        let item = |at: usize| items["items"][at]["item_id"].clone();
        let mut next: Vec<char> = told.lock().expect("a lock").said.chars().collect();
        let (what, pick) = (random.below(4), random.below(5));
        let (path, body) = match what {
            _ if next.len() < 3 || what < 2 && next.len() < 60 => {
                next.push(TITLES[pick].chars().next().expect("a letter"));
                ("items", json!({ "track_ids": [tracks[pick]] }))
            }
            2 => {
                let last = next.pop().expect("a letter");
                next.insert(0, last);
                ("items/move", json!({ "item_ids": [item(next.len() - 1)], "before": item(0) }))
            }
            _ => {
                next.remove(1);
                ("items/remove", json!({ "item_ids": [item(1)] }))
            }
        };
        let next: String = next.into_iter().collect();
        told.lock().expect("a lock").next.clone_from(&next);
        match ask("POST", path, &body.to_string()) {
            Some(answer) if answer.status < 300 => told.lock().expect("a lock").said = next,
            Some(answer) => {
                let told = told.lock().expect("a lock").clone();
                panic!(
                    "{path}: {} of {items} when {} was said and {} meant",
                    answer.text(),
                    told.said,
                    told.next
                )
            }
            None => return,
        }
    }
}

#[test]
fn what_was_acknowledged_survives_fifty_kills() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_nanos() as u64;
    println!("seed {seed}");
    let mut random = Random(seed);
    let mut house = house();
    let id = new(&house, json!({"name": "Mine"}));
    let tracks = ids(&house, "abcde");
    let (mut known, mut n_edits) = (String::new(), 0);
    for round in 0..50 {
        let told = Mutex::new(Told { said: known.clone(), next: known.clone() });
        let (address, edits) = (house.address(), Random(random.bits()));
        let moment = Duration::from_millis(random.below(60) as u64);
        std::thread::scope(|scope| {
            let editing = scope.spawn(|| edit(address, &id, &tracks, edits, &told));
            std::thread::sleep(moment);
            house.server().kill();
            editing.join().expect("all that was answered was done");
        });
        house.open(&[]);
        let Told { said, next } = told.into_inner().expect("a lock");
        known = titles(&house, &id);
        n_edits += usize::from(said != next || known != said);
        assert!(known == said || known == next, "kill {round}, seed {seed}: {known}, not {said} nor {next}");
    }
    assert!(n_edits > 5, "only {n_edits} kills came while something was edited");
    house.server().kill();
    let stored = Stored::open(&house.data.path().join(CATALOG)).expect("the catalog");
    assert_eq!(stored.faults().expect("it is looked through"), [""; 0]);
}

/// A body that does not say how long it is is bounded all the same.
#[test]
fn a_body_without_a_length_is_bounded() {
    let house = house();
    let mut bytes = b"POST /api/playlists HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".to_vec();
    for _ in 0..40 {
        bytes.extend(b"10000\r\n");
        bytes.extend(vec![b' '; 0x1_0000]);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    assert_problem(&auralis_tests::http::raw(house.address(), &bytes, false), 413, "too-large");
}
