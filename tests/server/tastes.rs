//! Album and reference, as a client asks for them: what they do to the plan,
//! and what is refused.

use std::sync::{Arc, Condvar, Mutex};

use auralis_core::encode::Format;
use auralis_server::measuring::measure;
use auralis_server::serve::Seams;
use auralis_tests::signals::{Character, track};
use serde_json::Value;

use crate::house::{House, RATE, assert_problem, encoded, until};

/// A WAV of 12 s of a character, `gain` of it, on an album if one is named: the
/// album stands in the INFO list behind the sound, as taggers put it.
fn wav(character: Character, gain: f32, album: Option<&str>) -> Vec<u8> {
    let mut planes = track(character, 3, RATE, 12.0);
    planes.iter_mut().flatten().for_each(|x| *x *= gain);
    let mut bytes = encoded(Format::Wav24, &planes);
    if let Some(album) = album {
        let mut text = album.as_bytes().to_vec();
        text.resize(text.len().next_multiple_of(2), 0);
        let len = |n: usize| u32::try_from(n).expect("a short name").to_le_bytes();
        bytes.extend_from_slice(b"LIST");
        bytes.extend_from_slice(&len(12 + text.len()));
        bytes.extend_from_slice(b"INFOIPRD");
        bytes.extend_from_slice(&len(text.len()));
        bytes.extend_from_slice(&text);
        let whole = len(bytes.len() - 8);
        bytes[4..8].copy_from_slice(&whole);
    }
    bytes
}

/// A house of three tracks of one album, far apart in loudness, and one without.
fn house() -> House {
    let album = Some("Rooms");
    let files = [
        ("loud.wav", wav(Character::Boomy, 0.6, album)),
        ("soft.wav", wav(Character::Boomy, 0.2, album)),
        ("thin.wav", wav(Character::Thin, 1.0, album)),
        ("lone.wav", wav(Character::Crushed, 0.5, None)),
    ];
    House::served(&files.each_ref().map(|(name, bytes)| (*name, &bytes[..])), &[])
}

fn plan(house: &House, title: &str, query: &str) -> Value {
    let answer = house.get(&format!("/api/tracks/{}/plan?{query}", house.id(title)));
    assert_eq!(answer.status, 200, "{title} {query}: {answer:?}");
    answer.json()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn an_album_gets_one_gain_and_its_tracks_keep_their_balance() {
    let house = house();
    let tracks = house.tracks();
    let original = |title: &str| {
        let track = tracks.iter().find(|track| track["title"] == title).expect("it is listed");
        number(&track["lufs"])
    };
    let promised = |title: &str, query: &str| number(&plan(&house, title, query)["promise"]["lufs"]);
    // At −14 LUFS the peaks of the loudest leave it no room for all of the album's gain.
    for (query, within) in [
        ("album=true", 0.2),
        ("album=true&target_lufs=-20", 0.1),
        ("album=true&preset=gentle&target_lufs=-23", 0.1),
    ] {
        for other in ["soft", "thin"] {
            let before = original("loud") - original(other);
            let after = promised("loud", query) - promised(other, query);
            assert!((after - before).abs() <= within, "{query}: {other} was {before} LU below, now {after}");
        }
    }
    let alone = promised("loud", "") - promised("soft", "");
    assert!(alone.abs() < 2.0, "without it each is brought to the target: {alone} LU apart");
    // Without an album a track is an album of itself.
    assert!((promised("lone", "album=true") - promised("lone", "")).abs() <= 0.1);
    assert_eq!(plan(&house, "loud", "album=false"), plan(&house, "loud", ""));
    // The reasons say so.
    assert!(plan(&house, "soft", "album=true")["reasons"].to_string().contains("its album"));
}

#[test]
fn an_album_changes_with_its_tracks() {
    let house = house();
    let path = format!("/api/tracks/{}/plan?album=true", house.id("soft"));
    let before = house.get(&path);
    let etag = before.header("etag").expect("a tag").to_owned();
    assert_eq!(house.ask("GET", &path, &[("If-None-Match", &etag)]).status, 304);
    house.put("louder.wav", &wav(Character::Crushed, 1.0, Some("Rooms")));
    house.scanned(5);
    let after = house.ask("GET", &path, &[("If-None-Match", &etag)]);
    assert_eq!(after.status, 200);
    assert!(
        number(&after.json()["promise"]["lufs"]) < number(&before.json()["promise"]["lufs"]) - 0.5,
        "a loud track makes its album louder, so the others gain less"
    );
}

#[test]
fn a_reference_moves_the_sound_towards_itself() {
    let house = house();
    let thin = house.id("thin");
    let low = |plan: &Value| {
        let bands = plan["stages"]["eq"].as_array().expect("bands");
        let below = bands.iter().filter(|band| number(&band["hz"]) < 200.0);
        below.map(|band| number(&band["gain_db"])).sum::<f64>()
    };
    let plain = plan(&house, "loud", "");
    let like = plan(&house, "loud", &format!("reference={thin}"));
    assert!(
        low(&like) < low(&plain) - 0.5,
        "less bass, as the thin one: {} after {}",
        low(&like),
        low(&plain)
    );
    assert!(like["reasons"].to_string().contains("your reference"), "{}", like["reasons"]);
    assert_ne!(like["id"], plain["id"]);
}

#[test]
fn streams_and_chunks_take_them_as_plans_do() {
    let house = house();
    let (loud, thin) = (house.id("loud"), house.id("thin"));
    let query = format!("album=true&reference={thin}");
    let plan = plan(&house, "loud", &query);
    let id = plan["id"].as_str().expect("an id");
    for what in ["stream", "chunks/1"] {
        let by_taste = house.get(&format!("/api/tracks/{loud}/{what}?{query}"));
        let by_plan = house.get(&format!("/api/tracks/{loud}/{what}?plan={id}"));
        let plain = house.get(&format!("/api/tracks/{loud}/{what}"));
        assert_eq!((by_taste.status, by_plan.status, plain.status), (200, 200, 200));
        assert_eq!(by_taste.header("etag"), by_plan.header("etag"));
        assert!(by_taste.body == by_plan.body && by_taste.body != plain.body, "{what}");
        assert!(by_plan.header("cache-control").is_some_and(|value| value.contains("immutable")));
        assert!(by_taste.header("cache-control").is_some_and(|value| value.contains("no-cache")));
    }
    for (wrong, status, kind, word) in [
        (format!("plan={id}&album=true"), 400, "bad-request", "plan"),
        (format!("plan={id}&album=false"), 400, "bad-request", "plan"),
        (format!("plan={id}&reference={thin}"), 400, "bad-request", "plan"),
        ("album=perhaps".to_owned(), 400, "bad-request", "query"),
        ("reference=".to_owned(), 422, "invalid-value", "reference"),
        ("reference=nobody".to_owned(), 422, "invalid-value", "reference"),
        ("reference=..%2F..%2Fetc".to_owned(), 422, "invalid-value", "reference"),
    ] {
        for what in ["plan", "stream", "chunks/0"] {
            let answer = house.get(&format!("/api/tracks/{loud}/{what}?{wrong}"));
            assert_problem(&answer, status, kind);
            assert!(answer.text().contains(word), "{wrong}: {}", answer.text());
        }
    }
}

/// A gate before all tracks but the first, and the titles that came to it.
#[derive(Default)]
struct Door {
    state: Mutex<(bool, Vec<String>)>,
    moved: Condvar,
}

#[test]
fn a_reference_that_is_not_measured_is_measured_first_of_all() {
    let files = [("a.wav", Character::Boomy), ("b.wav", Character::Boomy), ("c.wav", Character::Thin)];
    let files = files.map(|(name, character)| (name, wav(character, 0.5, None)));
    let mut house = House::new(&files.each_ref().map(|(name, bytes)| (*name, &bytes[..])));
    house.put("bad.wav", &[0; 64]);
    let door = Arc::new(Door::default());
    let guarded = Arc::clone(&door);
    let measured = move |track: &_, keep_going: &mut dyn FnMut(u64) -> bool| {
        let track: &auralis_server::catalog::Measurable = track;
        let mut state = guarded.state.lock().expect("nobody panicked");
        state.1.push(track.title.clone());
        guarded.moved.notify_all();
        while track.title != "a" && !state.0 {
            state = guarded.moved.wait(state).expect("nobody panicked");
        }
        drop(state);
        measure(track, keep_going)
    };
    house.open_inside(Seams { measure: Arc::new(measured), ..Seams::default() });
    let id = |title: &str| {
        until("it is listed", || {
            let tracks = house.tracks();
            let track = tracks.iter().find(|track| track["title"] == title)?;
            (title != "a" || track["measured"] == true).then(|| track["id"].as_str().map(str::to_owned))?
        })
    };
    let (a, c) = (id("a"), id("c"));
    let path = format!("/api/tracks/{a}/plan?reference={c}");
    let answer = house.get(&path);
    assert_problem(&answer, 503, "measuring");
    assert_eq!(answer.header("retry-after"), Some("1"));
    // Others wait before the door; the reference comes to it all the same.
    let mut state = door.state.lock().expect("nobody panicked");
    while !state.1.iter().any(|title| title == "c") {
        state = door.moved.wait(state).expect("nobody panicked");
    }
    state.0 = true;
    door.moved.notify_all();
    drop(state);
    // A stream waits for it.
    assert_eq!(house.get(&format!("/api/tracks/{a}/chunks/0?reference={c}")).status, 200);
    assert_eq!(house.get(&path).status, 200);
}
