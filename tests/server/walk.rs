//! Folders as they come: links, names that are no text, files without end, disks
//! that go, clocks that are wrong.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use auralis_core::encode::Format;
use auralis_server::catalog::{FaultSort, Part};
use serde_json::json;

use crate::house::{House, sound};
use crate::progress::{catalog, scanner};

fn wav(seed: u64) -> Vec<u8> {
    sound(Format::Wav16, seed, 0.25)
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_round_or_out() {
    use std::os::unix::fs::symlink;
    let mut house = House::new(&[("a.wav", &wav(1)), ("deep/down/b.wav", &wav(2))]);
    let outside = auralis_tests::folder();
    fs::write(outside.path().join("secret.wav"), wav(3)).expect("a file");
    let at = |name: &str| house.library.path().join(name);
    for (to, from) in [
        (house.library.path(), at("round")),
        (&at("deep"), at("deep/down/up")),
        (outside.path(), at("out")),
        (&outside.path().join("secret.wav"), at("out.wav")),
        (Path::new("../../../../../../etc"), at("deep/etc")),
    ] {
        symlink(to, from).expect("a link");
    }
    house.open(&[]);
    let status = house.settled(2);
    assert_eq!((&status["tracks"], &status["problems"]), (&json!(2), &json!([])));
    // Nor when a link takes the place of what was scanned.
    let id = house.id("b");
    let at = |name: &str| house.library.path().join(name);
    fs::rename(at("deep/down"), outside.path().join("down")).expect("it moves");
    symlink(outside.path().join("down"), at("deep/down")).expect("a link");
    assert_eq!(house.get(&format!("/api/tracks/{id}/file")).status, 404);
    assert_eq!(house.scanned(1)["missing"], 1);
}

#[cfg(unix)]
#[test]
fn whatever_a_name_is_its_track_plays() {
    use std::os::unix::ffi::OsStrExt;
    let names: [&[u8]; 7] = [
        b"two\nlines.wav",
        b"per%00cent.wav",
        b"%2e%2e%2f..%2fetc%2fpasswd.wav",
        b"n\xff\xfe\x80.wav",
        b" <img src=x onerror=alert(1)> '\"; -- .wav",
        b"-rf *.wav",
        &[&[b'x'; 251][..], b".wav"].concat(),
    ];
    let mut house = House::new(&[]);
    for (name, seed) in names.iter().zip(1..) {
        let folder = house.library.path().join(std::ffi::OsStr::from_bytes(&[b"in ", &name[..8]].concat()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(std::ffi::OsStr::from_bytes(name)), wav(seed)).expect("a file");
    }
    house.open(&[]);
    let status = house.settled(names.len() as u64);
    assert_eq!((&status["measured"], &status["failed"]), (&json!(names.len()), &json!(0)), "{status}");
    for track in house.tracks() {
        let id = track["id"].as_str().expect("an id");
        let file = house.get(&format!("/api/tracks/{id}/file"));
        assert_eq!((file.status, file.body.len()), (200, wav(1).len()), "{track}");
        assert_eq!(house.get(&format!("/api/tracks/{id}/stream")).status, 200, "{track}");
    }
    assert_eq!(house.scanned(names.len() as u64)["unchanged"], names.len());
}

#[test]
fn a_folder_of_twenty_thousand_files_is_scanned() {
    const N: u64 = 20_000;
    let house = House::new(&[]);
    for n in 0..N {
        fs::write(house.library.path().join(format!("{n}.flac")), b"").expect("a file");
    }
    house.put("sound.wav", &wav(1));
    let catalog = catalog(&house);
    let scan = || scanner(&catalog, |_| {}).scan().expect("a scan");
    let status = scan();
    assert_eq!((status.found, status.read, status.unreadable), (N + 1, N + 1, N));
    let counts = catalog.counts("", true).expect("counts");
    assert_eq!((counts.tracks, counts.failed, counts.waiting), (1, N, 1));
    let faults = catalog.faults(&Part::of((FaultSort::Path, false), 1, 0)).expect("faults");
    assert_eq!((faults.total, &faults.items[0].reason[..]), (N, "the file is empty"));
    let status = scan();
    assert_eq!((status.read, status.unchanged), (0, N + 1));
}

/// The disk goes after the first batch was read: what is known stays known, and
/// no fault says that the files are bad.
#[test]
fn a_folder_that_goes_while_it_is_read_loses_nothing() {
    let house = House::new(&[]);
    (0..300).for_each(|n| house.put(&format!("{n}.wav"), &wav(1)));
    house.put("moves.wav", &wav(2));
    let catalog = catalog(&house);
    assert_eq!(scanner(&catalog, |_| {}).scan().expect("a scan").read, 301);
    // All have changed; one has moved; and then the folder goes.
    (0..300).for_each(|n| house.put(&format!("{n}.wav"), &wav(3)));
    let at = |name: &str| house.library.path().join(name);
    fs::rename(at("moves.wav"), at("z.wav")).expect("it moves");
    let (library, away) = (house.library.path().to_owned(), house.data.path().join("away"));
    let (from, to) = (library.clone(), away.clone());
    let status = scanner(&catalog, move |_| drop(fs::rename(&from, &to))).scan().expect("a scan");
    assert!((64..301).contains(&status.read), "{status:?}");
    assert!(status.problems.iter().any(|problem| problem.contains("is the disk mounted?")), "{status:?}");
    let counts = catalog.counts("", true).expect("counts");
    assert_eq!((counts.tracks, counts.failed, counts.missing), (301, 0, 0));
    // The disk is not mounted: its mount point is empty.
    fs::create_dir(&library).expect("a folder");
    let status = scanner(&catalog, |_| {}).scan().expect("a scan");
    assert_eq!((status.found, status.gone, status.problems.len()), (0, 0, 1));
    fs::remove_dir(&library).expect("it is empty");
    fs::rename(&away, &library).expect("it moves back");
    let status = scanner(&catalog, |_| {}).scan().expect("a scan");
    assert_eq!((status.moved, status.gone, status.problems.len()), (1, 0, 0));
    let counts = catalog.counts("", true).expect("counts");
    assert_eq!((counts.tracks, counts.failed, counts.missing), (301, 0, 0));
}

#[test]
fn clocks_may_be_wrong() {
    let house = House::new(&[("a.wav", &wav(1)), ("b.wav", &wav(2)), ("c.wav", &wav(3))]);
    let set = |name: &str, time: SystemTime| {
        let file = fs::File::options().write(true).open(house.library.path().join(name)).expect("the file");
        file.set_modified(time).expect("its time is set");
    };
    let year = Duration::from_secs(365 * 24 * 3_600);
    set("a.wav", SystemTime::now() + 300 * year);
    set("b.wav", SystemTime::UNIX_EPOCH - 20 * year);
    let catalog = catalog(&house);
    let scan = || {
        let status = scanner(&catalog, |_| {}).scan().expect("a scan");
        (status.read, status.unchanged, status.gone)
    };
    assert_eq!(scan(), (3, 0, 0));
    assert_eq!(scan(), (0, 3, 0));
    // Another sound of the same size, written before the one that is known.
    fs::write(house.library.path().join("c.wav"), wav(4)).expect("a file");
    set("c.wav", SystemTime::now() - 10 * year);
    set("a.wav", SystemTime::now() + 200 * year);
    assert_eq!(scan(), (2, 1, 0));
    assert_eq!(scan(), (0, 3, 0));
    assert_eq!(catalog.counts("", true).expect("counts").tracks, 3);
}
