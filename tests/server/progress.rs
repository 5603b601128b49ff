//! How far a scan is, and what becomes of one that is stopped.

use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use auralis_core::encode::Format;
use auralis_core::plan::Taste;
use auralis_server::catalog::Catalog;
use auralis_server::events::Events;
use auralis_server::measuring::taste_key;
use auralis_server::media::bytes_of;
use auralis_server::scan::{Phase, Scanner};
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound, until};

/// A catalog of what lies in the house's library, and no server.
pub fn catalog(house: &House) -> Catalog {
    let library = house.library.path().canonicalize().expect("the library");
    let catalog = Catalog::open(house.data.path(), auralis_core::fingerprint::VERSION).expect("a catalog");
    catalog.open_folders(&[bytes_of(&library)]).expect("it is opened");
    catalog
}

/// A scanner that calls `during` after each batch that it has written.
pub fn scanner(catalog: &Catalog, during: impl Fn(&Scanner) + Send + Sync + 'static) -> Scanner {
    let itself = Arc::new(OnceLock::<Scanner>::new());
    let found = {
        let itself = Arc::clone(&itself);
        move || {
            if let Some(scanner) = itself.get().filter(|scanner| scanner.status().state == Phase::Scanning) {
                during(scanner);
            }
        }
    };
    let scanner = Scanner::new(catalog.clone(), Events::default(), found);
    itself.get_or_init(|| scanner.clone());
    scanner
}

fn wav(seed: u64) -> Vec<u8> {
    sound(Format::Wav16, seed, 0.05)
}

#[test]
fn a_scan_is_stopped_and_the_next_one_goes_on() {
    const N: u64 = 6_000;
    let (mut house, bytes) = (House::new(&[]), wav(1));
    for n in 0..N {
        house.put(&format!("{}/{n}.wav", n / 500), &bytes);
    }
    house.open(&["--workers", "1"]);
    until("some are read", || {
        let status = house.get("/api/library/scan").json();
        assert_eq!(status["cancelled"], false);
        (status["read"].as_u64()? > 0).then_some(())
    });
    let stop = || {
        let answer = house.ask("DELETE", "/api/library/scan", &[]);
        assert_eq!(answer.status, 200);
        answer.json()
    };
    let stopped = stop();
    assert_eq!((&stopped["state"], &stopped["cancelled"]), (&json!("idle"), &json!(true)), "{stopped}");
    assert_eq!((&stopped["found"], &stopped["to_read"]), (&json!(N), &json!(N)));
    let n_read = stopped["read"].as_u64().expect("a number");
    assert!((1..N).contains(&n_read), "{stopped}");
    // What was written stays, and only the measuring goes on.
    assert_eq!((&stopped["tracks"], &stopped["missing"]), (&json!(n_read), &json!(0)));
    assert_eq!(house.get("/api/tracks").json()["total"], n_read);
    let read_only = |status: &Value| {
        ["state", "cancelled", "found", "read", "tracks", "gone"].map(|name| status[name].clone())
    };
    assert_eq!(read_only(&stop()), read_only(&stopped), "twice is as once");
    assert_problem(&house.ask("PUT", "/api/library/scan", &[]), 405, "method-not-allowed");

    assert_eq!(house.ask("POST", "/api/library/scan", &[]).status, 202);
    let done = until("the rest is read", || {
        let status = house.get("/api/library/scan").json();
        (status["state"] == "idle").then_some(status)
    });
    let counts = ["unchanged", "read", "tracks", "cancelled"].map(|name| done[name].clone());
    assert_eq!(counts, [json!(n_read), json!(N - n_read), json!(N), json!(false)]);
}

#[test]
fn one_that_is_asked_for_and_has_not_begun_is_stopped_too() {
    let house = House::new(&[("a.wav", &wav(1))]);
    let catalog = catalog(&house);
    let scanner = scanner(&catalog, |_| {});
    scanner.ask();
    assert_eq!(scanner.status().state, Phase::Scanning);
    scanner.cancel(Duration::ZERO);
    assert_eq!((scanner.status().state, scanner.status().cancelled), (Phase::Idle, true));
    let thread = scanner.start().expect("a thread");
    scanner.ask();
    until("it is scanned", || (scanner.status().state == Phase::Idle).then_some(()));
    assert_eq!((scanner.status().read, scanner.status().cancelled), (1, false));
    scanner.stop();
    thread.join().expect("it ends");
}

/// Stopped between the walk and the reading, a scan has met neither what moved
/// nor what is gone.
#[test]
fn a_scan_that_is_stopped_makes_nothing_missing() {
    let house = House::new(&[("a.wav", &wav(1)), ("b.wav", &wav(2)), ("c.wav", &wav(3))]);
    let catalog = catalog(&house);
    assert_eq!(scanner(&catalog, |_| {}).scan().expect("a scan").read, 3);
    let at = |name: &str| house.library.path().join(name);
    fs::rename(at("a.wav"), at("z.wav")).expect("it moves");
    fs::remove_file(at("b.wav")).expect("it goes");
    for n in 0..200_u32 {
        house.put(&format!("m{n}.wav"), &wav(4));
    }
    let stopped = scanner(&catalog, |scanner| scanner.cancel(Duration::ZERO)).scan().expect("a scan");
    assert!(stopped.cancelled && (1..201).contains(&stopped.read), "{stopped:?}");
    let counts = catalog.counts("", true).expect("counts");
    assert_eq!((counts.missing, counts.tracks, stopped.gone), (0, 3 + stopped.read, 0));
    let done = scanner(&catalog, |_| {}).scan().expect("a scan");
    assert_eq!((done.gone, done.moved, done.read), (1, 1, 201 - stopped.read));
    let counts = catalog.counts("", true).expect("counts");
    assert_eq!((counts.missing, counts.tracks), (1, 202));
}

/// The server follows each change of its counts; whoever opens its catalog anew
/// counts from nothing, and comes to the same.
#[test]
fn what_is_counted_while_it_changes_is_right() {
    let (one, two) = (sound(Format::Wav16, 1, 1.0), sound(Format::Wav16, 2, 2.0));
    let house = House::served(&[("one.wav", &one), ("two.wav", &two), ("none.wav", b"no sound")], &[]);
    let taste = taste_key(&Taste::default()).expect("a key");
    let check = |expected: [u64; 6]| {
        let status = house.get("/api/library/scan").json();
        let counts = Catalog::open(house.data.path(), auralis_core::fingerprint::VERSION)
            .and_then(|catalog| catalog.counts(&taste, true))
            .expect("counts");
        let Value::Object(said) = &status else { panic!("{status}") };
        let said = ["tracks", "measured", "failed", "waiting", "missing", "unchecked"]
            .map(|name| said[name].clone());
        assert_eq!(said, expected.map(Value::from));
        let fresh =
            [counts.tracks, counts.measured, counts.failed, counts.waiting, counts.missing, counts.unchecked];
        assert_eq!(fresh, expected);
    };
    check([2, 2, 1, 0, 0, 0]);
    house.put("one.wav", &sound(Format::Wav16, 3, 1.5));
    house.put("three.wav", &sound(Format::Wav16, 4, 0.5));
    fs::remove_file(house.library.path().join("two.wav")).expect("it goes");
    house.scanned(3);
    check([2, 2, 1, 0, 1, 0]);
    assert_eq!(house.ask("POST", "/api/library/faults/retry", &[]).status, 202);
    house.settled(3);
    check([2, 2, 1, 0, 1, 0]);
    fs::remove_file(house.library.path().join("none.wav")).expect("it goes");
    house.scanned(2);
    check([2, 2, 0, 0, 2, 0]);
}
