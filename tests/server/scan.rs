//! Libraries as they are: with files that are no music, files that change, and
//! servers that are killed while they read them.

use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use auralis_core::encode::Format;
use auralis_server::catalog::Catalog;
use auralis_server::events::Events;
use auralis_server::measuring::{Measurers, measure};
use auralis_server::media::bytes_of;
use auralis_server::metrics::Metrics;
use auralis_server::scan::Scanner;
use serde_json::Value;

use crate::house::{House, PATIENCE, assert_problem, leaks, sound, until};

fn wav(seed: u64, seconds: f64) -> Vec<u8> {
    sound(Format::Wav16, seed, seconds)
}

/// The faults by path: stage and reason.
fn faults(house: &House) -> Vec<(String, Value)> {
    let list = house.get("/api/library/faults?limit=500").json();
    let items = list["items"].as_array().expect("items").clone();
    assert_eq!(list["total"], items.len());
    items.into_iter().map(|item| (item["path"].as_str().expect("a path").to_owned(), item)).collect()
}

/// A library of six files that play and of everything that does not.
fn motley() -> House {
    let good = sound(Format::Flac16, 1, 1.0);
    let mut house = House::new(&[
        ("one.wav", &wav(1, 1.0)),
        ("sub/two.flac", &good),
        // A folder may be called like a file.
        ("x.flac/three.wav", &wav(3, 0.5)),
        ("silence.wav", &sound_of_silence()),
        ("half.flac", &good[..good.len() / 2]),
        ("bad/empty.flac", b""),
        ("bad/head.flac", &good[..20]),
        ("bad/text.mp3", b"These are words, and words are no music, however long they go on."),
        ("bad/nothing.wav", &wav(1, 0.0)),
        ("cover.jpg", b"not looked at"),
        (".hidden.wav", b"not looked at"),
    ]);
    unix_only(house.library.path());
    house.open(&[]);
    house
}

fn sound_of_silence() -> Vec<u8> {
    let mut bytes = wav(1, 1.0);
    bytes[44..].fill(0);
    bytes
}

/// A name that is no text, links that go round or nowhere.
#[cfg(unix)]
fn unix_only(library: &Path) {
    use std::os::unix::ffi::OsStrExt;
    let name = std::ffi::OsStr::from_bytes(b"n\xffme.wav");
    std::fs::write(library.join(name), wav(4, 0.5)).expect("a file");
    std::os::unix::fs::symlink(library, library.join("round")).expect("a link");
    std::os::unix::fs::symlink("/nowhere/at/all.flac", library.join("dangling.flac")).expect("a link");
}

#[cfg(unix)]
#[test]
fn a_scan_goes_on_past_files_that_do_not_play_and_lists_them() {
    let house = motley();
    let status = house.settled(10);
    let titles: Vec<_> = house.tracks().iter().map(|track| track["title"].clone()).collect();
    let playing = ["half", "n\u{fffd}me", "one", "silence", "three", "two"];
    for title in playing {
        assert_eq!(titles.iter().filter(|found| **found == title).count(), 1, "{title} in {titles:?}");
    }
    let faults = faults(&house);
    let paths: Vec<_> = faults.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["bad/empty.flac", "bad/head.flac", "bad/nothing.wav", "bad/text.mp3"]);
    assert_eq!((&status["failed"], &status["problems"]), (&4.into(), &serde_json::json!([])));
    for (path, fault) in &faults {
        for field in ["id", "stage", "reason"] {
            assert!(fault[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {path}: {fault}");
        }
    }
    // Every file that plays does: whole, with a plan, and rendered.
    for track in house.tracks().iter().filter(|track| playing.iter().any(|title| track["title"] == *title)) {
        assert_eq!(track["state"], "measured", "{track}");
        let id = track["id"].as_str().expect("an id");
        for what in ["file", "plan", "fingerprint", "waveform", "artwork", "stream", "chunks/0"] {
            assert_eq!(house.get(&format!("/api/tracks/{id}/{what}")).status, 200, "{what} of {track}");
        }
    }
    // What fails to play says so, and no answer tells where the library lies.
    for (path, fault) in &faults {
        let id = fault["id"].as_str().expect("an id");
        for what in ["", "/file", "/plan", "/stream", "/artwork", "/waveform", "/chunks/0"] {
            let answer = house.get(&format!("/api/tracks/{id}{what}"));
            assert!(answer.status < 500, "{what} of {path}: {answer:?}");
            assert!(!leaks(&answer.text(), house.library.path()), "{answer:?}");
        }
    }
    for path in ["/api/tracks", "/api/library/faults", "/api/library/scan", "/metrics"] {
        let text = house.get(path).text();
        assert!(!leaks(&text, house.library.path()) && !leaks(&text, house.data.path()), "{text}");
    }
}

/// A WAV of 32-bit floats that claims this shape, whatever follows.
fn claimed(n_channels: u16, rate: u32, samples: &[f32]) -> Vec<u8> {
    let n_bytes = 4 * samples.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + n_bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x03\0");
    wav.extend(n_channels.to_le_bytes());
    wav.extend(rate.to_le_bytes());
    wav.extend(rate.wrapping_mul(4 * u32::from(n_channels)).to_le_bytes());
    wav.extend((4 * n_channels).to_le_bytes());
    wav.extend(b"\x20\0data");
    wav.extend(n_bytes.to_le_bytes());
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

/// Whatever a file claims to be, it either plays, finite, or is a fault.
#[test]
fn odd_sounds_play_or_are_faults() {
    let samples: Vec<f32> = (0..96_000).map(|n| ((n * 7_919) % 2_000) as f32 / 4_000.0 - 0.25).collect();
    let mut broken = samples.clone();
    for (n, value) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-42].into_iter().enumerate() {
        broken[1_000 * n..1_000 * n + 50].fill(value);
    }
    let files = [
        ("broken.wav", claimed(2, 48_000, &broken)),
        ("one frame.wav", claimed(2, 48_000, &samples[..2])),
        ("one sample.wav", claimed(1, 8_000, &samples[..1])),
        ("eight.wav", claimed(8, 48_000, &samples)),
        ("fast.wav", claimed(2, 384_000, &samples)),
        ("no channels.wav", claimed(0, 48_000, &samples)),
        ("many channels.wav", claimed(999, 48_000, &samples)),
        ("no rate.wav", claimed(2, 0, &samples)),
        ("absurd rate.wav", claimed(2, u32::MAX, &samples)),
        ("slow.wav", claimed(2, 1, &samples)),
    ];
    let house = House::served(&files.each_ref().map(|(name, bytes)| (*name, &bytes[..])), &[]);
    let playing = ["broken", "eight", "fast", "one frame", "one sample"];
    for track in house.tracks() {
        let id = track["id"].as_str().expect("an id");
        let is_playing = playing.iter().any(|title| track["title"] == *title);
        assert_eq!(track["state"], if is_playing { "measured" } else { "failed" }, "{track}");
        for what in ["file", "plan", "fingerprint", "waveform", "artwork", "stream", "stream?format=wavf32"] {
            let answer = house.get(&format!("/api/tracks/{id}/{what}"));
            assert_eq!(answer.status < 400, is_playing, "{what} of {track}: {}", answer.status);
            assert!(answer.status < 500);
            if is_playing && what == "stream?format=wavf32" {
                let header = answer.body.windows(4).position(|four| four == b"data").expect("frames") + 8;
                let frames = answer.body[header..].chunks_exact(4).map(|four| four.try_into().expect("four"));
                assert!(frames.map(f32::from_le_bytes).all(f32::is_finite), "{track}");
            }
        }
    }
    let named: Vec<_> = faults(&house).into_iter().map(|(path, _)| path).collect();
    assert_eq!(named, ["absurd rate.wav", "many channels.wav", "no channels.wav", "no rate.wav", "slow.wav"]);
    assert_eq!(house.counter("request_errors"), 0);
}

#[cfg(unix)]
#[test]
fn scanning_again_changes_nothing() {
    let house = motley();
    house.settled(10);
    let before = (house.tracks(), faults(&house), house.counter("measured"));
    let status = house.scanned(10);
    assert_eq!((&status["read"], &status["unchanged"], &status["gone"]), (&0.into(), &10.into(), &0.into()));
    assert_eq!((house.tracks(), faults(&house), house.counter("measured")), before);
}

#[test]
fn what_failed_is_tried_again_when_asked() {
    let good = wav(1, 0.5);
    let house = House::new(&[("one.wav", &vec![b'x'; good.len()])]);
    let path = house.library.path().join("one.wav");
    let mut house = house;
    house.open(&[]);
    house.settled(1);
    assert_eq!(faults(&house).len(), 1);
    // The same size and time: to a scan it is the same file.
    let modified = path.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    house.put("one.wav", &good);
    let file = std::fs::File::options().write(true).open(&path).expect("the file");
    file.set_modified(modified).expect("its time is set");
    house.scanned(1);
    assert_eq!(faults(&house).len(), 1);
    let retried = house.ask("POST", "/api/library/faults/retry", &[]);
    assert_eq!((retried.status, &retried.json()["retried"]), (202, &1.into()));
    let status = house.settled(1);
    assert_eq!((&status["measured"], &status["failed"]), (&1.into(), &0.into()));
    assert_eq!(faults(&house), []);
    assert_eq!(house.get(&format!("/api/tracks/{}/plan", house.id("one"))).status, 200);
}

#[test]
fn changed_files_are_read_again_and_those_that_are_gone_are_missing() {
    let files = [("changes.wav", wav(1, 0.5)), ("goes.wav", wav(2, 0.5)), ("stays.wav", wav(3, 0.5))];
    let house = House::served(&files.each_ref().map(|(name, bytes)| (*name, &bytes[..])), &[]);
    let [changes, goes, stays] = ["changes", "goes", "stays"].map(|title| house.id(title));
    let of = |id: &str| house.get(&format!("/api/tracks/{id}"));
    let plan = |id: &str| house.get(&format!("/api/tracks/{id}/plan")).json()["id"].clone();
    let (plan_before, kept_before) = (plan(&changes), of(&stays).json());
    let measured = house.counter("measured");

    house.put("changes.wav", &wav(7, 1.25));
    std::fs::remove_file(house.library.path().join("goes.wav")).expect("it was there");
    house.put("comes.wav", &wav(4, 0.5));
    // Before anyone scans, the files are not what was measured: they are not sent as if they were.
    for id in [&changes, &goes] {
        for what in ["file", "stream"] {
            assert_problem(&house.get(&format!("/api/tracks/{id}/{what}")), 404, "file-missing");
        }
    }
    let status = house.scanned(3);
    assert_eq!((&status["read"], &status["unchanged"]), (&2.into(), &1.into()));
    // That it is gone was seen when it was asked for.
    assert_eq!((&status["gone"], &status["missing"]), (&0.into(), &1.into()));
    assert_eq!(house.counter("measured") - measured, 2);
    assert_eq!(of(&changes).json()["n_frames"], (1.25 * 44_100.0) as u64);
    assert_ne!(plan(&changes), plan_before);
    assert_eq!(of(&stays).json(), kept_before);
    assert_eq!(of(&goes).json()["state"], "missing");
    assert_problem(&house.get(&format!("/api/tracks/{goes}/file")), 404, "file-missing");
    assert_eq!(house.id("comes").len(), stays.len());
}

#[test]
fn a_library_that_is_not_mounted_is_not_forgotten() {
    let house = House::served(&[("one.wav", &wav(1, 0.5))], &[]);
    let away = house.data.path().join("away");
    std::fs::rename(house.library.path(), &away).expect("it moves");
    let status = house.scanned(0);
    let problems = status["problems"].as_array().expect("problems");
    assert_eq!(problems.len(), 1, "{status}");
    assert!(!leaks(&status.to_string(), house.library.path()), "{status}");
    assert_eq!(house.tracks().len(), 1);
    std::fs::rename(&away, house.library.path()).expect("it moves back");
    let status = house.scanned(1);
    assert_eq!((&status["unchanged"], &status["measured"]), (&1.into(), &1.into()));
}

#[test]
fn a_server_that_is_killed_goes_on_where_it_stopped() {
    const N: u64 = 150;
    let bytes = wav(1, 0.4);
    let names: Vec<String> = (0..N).map(|n| format!("{}/{n}.wav", n / 40)).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &bytes[..])).collect();
    let mut house = House::new(&files);
    let stored = |house: &House| {
        let catalog =
            Catalog::open(house.data.path(), auralis_core::fingerprint::VERSION).expect("a catalog");
        let library = house.library.path().canonicalize().expect("the library");
        catalog.open_folders(&[bytes_of(&library)]).expect("it is opened");
        catalog.counts("", true).expect("counts").measured
    };
    for at_least in [0, 1, 5] {
        house.open(&["--workers", "1"]);
        let before = house.get("/api/library/scan").json()["measured"].as_u64().unwrap_or_default();
        until("some are measured", || {
            let status = house.get("/api/library/scan").json();
            (status["measured"].as_u64()? >= before + at_least).then_some(())
        });
        house.server().kill();
    }
    let kept = stored(&house);
    assert!((6..N).contains(&kept), "{kept} of {N} were measured before the last kill");
    house.open(&["--workers", "1"]);
    let status = house.settled(N);
    assert_eq!((&status["tracks"], &status["measured"]), (&N.into(), &N.into()));
    assert_eq!(house.counter("measured"), N - kept, "what was measured is not measured again");
    let mut ids: Vec<_> = house.tracks().iter().map(|track| track["id"].to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len() as u64, N);
}

/// The file changes while it is measured, and is scanned again meanwhile: what
/// is kept is of the new content, and nobody hears that the old one was done.
#[test]
fn a_file_that_changes_while_it_is_measured_is_measured_again() {
    let house = House::new(&[("one.wav", &wav(1, 0.5))]);
    let library = house.library.path().canonicalize().expect("the library");
    let catalog = Catalog::open(house.data.path(), auralis_core::fingerprint::VERSION).expect("a catalog");
    catalog.open_folders(&[bytes_of(&library)]).expect("it is opened");
    let (begun, has_begun) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let slowly = move |track: &_, keep_going: &mut dyn FnMut(u64) -> bool| {
        let outcome = measure(track, keep_going);
        // Nobody listens once the test is over.
        let _ = begun.send(());
        let _ = may_go_on.lock().expect("one at a time").recv();
        outcome
    };
    let metrics = Arc::new(Metrics::default());
    let measurers =
        Measurers::new(catalog.clone(), Events::default(), Arc::clone(&metrics), Arc::new(slowly));
    let found = {
        let measurers = measurers.clone();
        move || measurers.look()
    };
    let scanner = Scanner::new(catalog.clone(), Events::default(), found);
    // A second worker looks for work while the first one measures.
    let threads = measurers.start(2).expect("threads");
    scanner.scan().expect("a scan");
    has_begun.recv_timeout(PATIENCE).expect("it begins");
    house.put("one.wav", &wav(2, 1.25));
    scanner.scan().expect("a scan");
    go_on.send(()).expect("it goes on");
    has_begun.recv_timeout(PATIENCE).expect("it begins again");
    assert_eq!((catalog.counts("", true).expect("counts").measured, metrics.measured.value()), (0, 0));
    go_on.send(()).expect("it goes on");
    until("it is measured", || (metrics.measured.value() == 1).then_some(()));
    let counts = catalog.counts("", true).expect("counts");
    assert_eq!((counts.tracks, counts.measured, counts.failed), (1, 1, 0));
    measurers.stop();
    drop(go_on);
    for thread in threads {
        thread.join().expect("it ends");
    }
}

#[test]
fn one_fault_is_tried_again_and_no_other() {
    let good = wav(1, 0.5);
    let house = House::served(&[("a.wav", &vec![b'x'; good.len()]), ("b.wav", &vec![b'y'; good.len()])], &[]);
    let paths = |query: &str| -> Vec<Value> {
        let list = house.get(&format!("/api/library/faults{query}")).json();
        list["items"].as_array().expect("items").iter().map(|fault| fault["path"].clone()).collect()
    };
    assert_eq!(paths(""), ["a.wav", "b.wav"]);
    assert_eq!(paths("?sort=-path"), ["b.wav", "a.wav"]);
    assert_eq!(paths("?sort=-path&limit=1&offset=1"), ["a.wav"]);
    // Both are mended, of which their size and time say nothing.
    for name in ["a.wav", "b.wav"] {
        let path = house.library.path().join(name);
        let time = std::fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
        std::fs::write(&path, &good).expect("a file");
        std::fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(time))
            .expect("a time");
    }
    house.scanned(2);
    assert_eq!(paths("").len(), 2, "a scan does not read them");
    let id = house.get("/api/library/faults").json()["items"][0]["id"].as_str().expect("an id").to_owned();
    let retry = format!("/api/library/faults/{id}/retry");
    let answer = house.ask("POST", &retry, &[]);
    assert_eq!((answer.status, answer.json()["retried"].as_u64()), (202, Some(1)));
    until("it is measured", || {
        (house.get(&format!("/api/tracks/{id}")).json()["state"] == "measured").then_some(())
    });
    assert_eq!(paths(""), ["b.wav"]);
    assert_problem(&house.ask("POST", &retry, &[]), 404, "not-found");
}
