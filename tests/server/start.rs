//! Fast start: who wants to hear a track that is not measured yet.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auralis_core::encode::Format;
use auralis_server::measuring::measure;
use auralis_server::serve::Seams;
use auralis_tests::http;

use crate::house::{House, sound, until};

/// A server whose measuring of the tracks in `held` takes until they are let go.
fn house(titles: &[&str], held: &Arc<Mutex<BTreeSet<String>>>) -> House {
    let held = Arc::clone(held);
    let seams = Seams {
        measure: Arc::new(move |track, keep_going| {
            while held.lock().expect("nobody panics with it").contains(&track.title) && keep_going(0) {
                std::thread::sleep(Duration::from_millis(5));
            }
            measure(track, keep_going)
        }),
        ..Seams::default()
    };
    let mut house = House::new(&[]);
    for (seed, title) in titles.iter().enumerate() {
        house.put(&format!("{title}.flac"), &sound(Format::Flac16, seed as u64, 1.0));
    }
    house.open_inside(seams);
    until("all are listed", || (house.tracks().len() == titles.len()).then_some(()));
    house
}

fn held(titles: &[&str]) -> Arc<Mutex<BTreeSet<String>>> {
    Arc::new(Mutex::new(titles.iter().map(|title| (*title).to_owned()).collect()))
}

#[test]
fn the_track_that_is_wanted_is_measured_first() {
    let gate = held(&["first", "second", "third"]);
    let house = house(&["first", "second", "third", "wanted"], &gate);
    let first = house.id("first");
    until("the first's turn came", || {
        (house.get(&format!("/api/tracks/{first}")).json()["state"] == "measuring").then_some(())
    });
    let wanted = house.id("wanted");
    for what in ["plan", "fingerprint", "waveform"] {
        // The first of these asks for it; it may be measured by the second.
        let answer = house.get(&format!("/api/tracks/{first}/{what}"));
        assert_eq!(answer.status, 503, "{what}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{what}");
        assert_eq!(answer.json()["type"], "/problems/measuring");
    }
    let answer = house.get(&format!("/api/tracks/{wanted}/plan"));
    assert!(matches!(answer.status, 200 | 503), "{}", answer.text());
    until("the wanted track", || {
        (house.get(&format!("/api/tracks/{wanted}/plan")).status == 200).then_some(())
    });
    // Whoever is at the others is held there: it did not wait for its turn.
    for title in ["first", "second", "third"] {
        let state = house.get(&format!("/api/tracks/{}", house.id(title))).json()["state"].clone();
        assert!(state == "measuring" || state == "waiting", "{title} is {state}");
    }
    // Meanwhile any of them plays as it is.
    assert_eq!(house.get(&format!("/api/tracks/{first}/file")).status, 200);
    gate.lock().unwrap().clear();
    until("the rest", || (house.get("/api/library/scan").json()["measured"] == 4).then_some(()));
}

#[test]
fn the_native_stream_waits_for_the_plan() {
    let gate = held(&["slow"]);
    let house = house(&["slow"], &gate);
    let slow = house.id("slow");
    let (address, path) = (house.address(), format!("/api/tracks/{slow}/stream"));
    // In vain at first…
    let answer = house.get(&path);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    // …then it comes while a stream waits for it.
    let waiting = std::thread::spawn(move || http::get(address, &path));
    until("the request to be in", || {
        (house.get(&format!("/api/tracks/{slow}")).json()["state"] == "measuring").then_some(())
    });
    gate.lock().unwrap().clear();
    let answer = waiting.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.body.starts_with(b"RIFF"));
}
