//! Changes that nobody tells the server of: it sees them by itself.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use auralis_core::encode::Format;
use auralis_tests::skipped;
use lofty::config::WriteOptions;
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::tag::{Accessor, Tag};
use serde_json::Value;

use crate::house::{House, sound, until};
use crate::socket::Socket;

/// So soon a change is to be seen.
const SOON: Duration = Duration::from_secs(5);

fn flac(seed: u64) -> Vec<u8> {
    sound(Format::Flac16, seed, 0.5)
}

fn watched(names: &[&str]) -> House {
    let files: Vec<Vec<u8>> = (1..).zip(names).map(|(seed, _)| flac(seed)).collect();
    let named: Vec<(&str, &[u8])> = names.iter().zip(&files).map(|(name, file)| (*name, &file[..])).collect();
    let mut house = House::new(&named);
    house.open_watching(&[]);
    house.settled(names.len() as u64);
    house
}

fn titles(house: &House) -> Vec<String> {
    house.tracks().iter().map(|track| track["title"].as_str().expect("text").to_owned()).collect()
}

/// Waits until the titles are these, and no longer than a change may take.
#[track_caller]
fn soon(house: &House, expected: &[&str]) {
    let begun = Instant::now();
    while titles(house) != expected {
        assert!(begun.elapsed() < SOON, "{:?} are not {expected:?} in time", titles(house));
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn retag(path: &Path, title: &str) {
    let mut file = lofty::read_from_path(path).expect("lofty reads it");
    let kind = file.primary_tag_type();
    if file.primary_tag().is_none() {
        file.insert_tag(Tag::new(kind));
    }
    file.primary_tag_mut().expect("it has one now").set_title(title.to_owned());
    file.save_to_path(path, WriteOptions::default()).expect("lofty writes it");
}

#[test]
fn what_changes_while_it_runs_is_seen_soon() {
    let house = watched(&["a.flac", "sub/b.flac"]);
    let at = |name: &str| house.library.path().join(name);
    let id = house.id("a");
    assert_eq!(house.get("/api/library/scan").json()["watching"], true);
    // Added: to the root, to a folder that is there, to one that is not.
    house.put("c.flac", &flac(3));
    house.put("sub/d.flac", &flac(4));
    house.put("new/deep/e.flac", &flac(5));
    house.put("new/deep/e.txt", b"words");
    soon(&house, &["a", "b", "c", "d", "e"]);
    // In a folder that was new a moment ago.
    house.put("new/deep/f.flac", &flac(6));
    soon(&house, &["a", "b", "c", "d", "e", "f"]);
    retag(&at("sub/b.flac"), "another title");
    soon(&house, &["a", "another title", "c", "d", "e", "f"]);
    fs::rename(at("a.flac"), at("new/z.flac")).expect("it moves");
    soon(&house, &["another title", "c", "d", "e", "f", "z"]);
    assert_eq!(house.id("z"), id, "it is known by its sound");
    fs::remove_file(at("c.flac")).expect("it goes");
    soon(&house, &["another title", "d", "e", "f", "z"]);
    // A folder that moves takes what is in it along, and is watched where it is now.
    let deep = house.id("e");
    fs::rename(at("new"), at("old")).expect("it moves");
    house.put("old/deep/g.flac", &flac(7));
    soon(&house, &["another title", "d", "e", "f", "g", "z"]);
    assert_eq!((house.id("z"), house.id("e")), (id, deep));
    house.put("old/deep/h.flac", &flac(8));
    soon(&house, &["another title", "d", "e", "f", "g", "h", "z"]);
    fs::remove_dir_all(at("old")).expect("it goes");
    soon(&house, &["another title", "d"]);
    // Only what changed was looked at.
    let status = house.get("/api/library/scan").json();
    assert_eq!((&status["found"], &status["gone"]), (&0.into(), &5.into()), "{status}");
}

#[test]
fn an_album_that_is_copied_in_costs_few_scans() {
    const N: usize = 500;
    let house = watched(&["a.flac"]);
    let bytes = flac(2);
    let mut socket = Socket::open(house.address());
    for n in 0..N {
        house.put(&format!("album/{n:03}.flac"), &bytes);
    }
    let mut n_scans = 0;
    while house.get("/api/tracks?limit=1").json()["total"] != N + 1 {
        n_scans += usize::from(socket.event("scan")["state"] == "idle");
    }
    assert!((1..=5).contains(&n_scans), "{n_scans} scans");
}

#[test]
fn a_file_that_is_being_written_is_read_when_it_is_whole() {
    let house = watched(&["a.flac"]);
    let whole = sound(Format::Wav16, 9, 20.0);
    let mut file = fs::File::create(house.library.path().join("slow.wav")).expect("a file");
    // For longer than a change may take, and without a pause.
    let begun = Instant::now();
    let n = 700;
    for piece in whole.chunks(whole.len().div_ceil(n)) {
        file.write_all(piece).expect("it is written");
        std::thread::sleep(Duration::from_millis(8));
    }
    assert!(begun.elapsed() > SOON);
    assert_eq!(titles(&house), ["a"], "it is read before it is whole");
    drop(file);
    soon(&house, &["a", "slow"]);
    // Left half for a while and then gone on with, it is read again.
    let (half, rest) = whole.split_at(whole.len() / 2);
    let mut file = fs::File::create(house.library.path().join("half.wav")).expect("a file");
    file.write_all(half).expect("it is written");
    soon(&house, &["a", "half", "slow"]);
    file.write_all(rest).expect("it is written");
    drop(file);
    until("all of it is measured", || {
        let tracks = house.tracks();
        let n_frames =
            |title: &str| Some(tracks.iter().find(|track| track["title"] == title)?["n_frames"].clone());
        let expected = Value::from(20 * 44_100);
        (n_frames("half")? == expected && n_frames("slow")? == expected).then_some(())
    });
    assert_eq!(house.get("/api/library/faults").json()["total"], 0);
}

#[test]
fn a_folder_that_is_unplugged_keeps_its_tracks_and_is_watched_again() {
    let house = watched(&["a.flac", "sub/b.flac"]);
    let away = house.data.path().join("away");
    fs::rename(house.library.path(), &away).expect("it moves");
    assert_eq!(house.ask("POST", "/api/library/scan", &[]).status, 202);
    let status = house.settled(0);
    assert_eq!(status["problems"].as_array().map(Vec::len), Some(1), "{status}");
    // As where a disk was mounted: its mount point is there, and empty.
    fs::create_dir(house.library.path()).expect("a folder");
    until("that is seen", || {
        let status = house.get("/api/library/scan").json();
        status["problems"][0].as_str()?.contains("is the disk mounted? Its tracks are kept").then_some(())
    });
    assert_eq!((titles(&house).len(), &house.get("/api/library/missing").json()["total"]), (2, &0.into()));
    fs::write(away.join("sub/c.flac"), flac(3)).expect("a file");
    fs::remove_dir(house.library.path()).expect("it is empty");
    fs::rename(&away, house.library.path()).expect("it moves back");
    soon(&house, &["a", "b", "c"]);
    house.put("sub/d.flac", &flac(4));
    soon(&house, &["a", "b", "c", "d"]);
}

/// In a world of its own, where the system watches two folders and no more.
#[test]
fn more_folders_than_the_system_watches_are_looked_through_from_time_to_time() {
    let names: Vec<String> = (0..6).map(|n| format!("{n}/{n}.flac")).collect();
    let named: Vec<(&str, Vec<u8>)> =
        names.iter().zip(1..).map(|(name, seed)| (&name[..], flac(seed))).collect();
    let mut house = House::new(&named.iter().map(|(name, bytes)| (*name, &bytes[..])).collect::<Vec<_>>());
    let limited = |limit: &str| {
        let mut command = std::process::Command::new("unshare");
        let script = format!("echo {limit} > /proc/sys/user/max_inotify_watches && exec \"$@\"");
        command.args(["--user", "--map-root-user", "sh", "-c", &script, "sh"]);
        command
    };
    if !limited("2").arg("true").output().is_ok_and(|output| output.status.success()) {
        skipped("the system lets nobody limit what it watches");
        return;
    }
    let serving = auralis_tests::serving(house.data.path(), ["--rescan", "0.02", "--library"]);
    let mut command = limited("2");
    command.arg(serving.get_program()).args(serving.get_args()).arg(house.library.path());
    house.run(command);
    let status = house.settled(6);
    assert!(status["unwatched"].as_str().is_some_and(|why| why.contains("max_user_watches")), "{status}");
    house.put("5/new.flac", &flac(9));
    soon(&house, &["0", "1", "2", "3", "4", "5", "new"]);
}

#[test]
fn who_does_not_want_it_watched_is_obeyed() {
    let mut house = House::new(&[("a.flac", &flac(1))]);
    house.open(&["--rescan", "0.001"]);
    house.settled(1);
    assert_eq!(house.get("/api/library/scan").json()["watching"], false);
    house.put("b.flac", &flac(2));
    let begun = Instant::now();
    while begun.elapsed() < SOON {
        assert_eq!(titles(&house), ["a"]);
        std::thread::sleep(Duration::from_millis(200));
    }
    house.scanned(2);
}
