//! `auralis scan`: a library known before the server starts.

use std::fs;
use std::path::Path;

use auralis_core::encode::Format;
use auralis_tests::signals::{Character, noise, track};
use auralis_tests::{Server, folder};
use serde_json::Value;

use crate::interrupt::{signal, wait_until};
use crate::support::*;

fn scan(library: &Path, data: &Path) -> Run {
    finish(auralis().arg("scan").arg(library).arg("--data").arg(data))
}

/// All tracks that the server knows when its own scan is through.
fn served(server: &Server) -> Vec<Value> {
    while server.get("/api/library/scan").json()["state"] != "idle" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    server.get("/api/tracks?limit=500").json()["items"].as_array().expect("a list").clone()
}

/// The value of a counter in the server's metrics.
fn counter(server: &Server, name: &str) -> f64 {
    let text = server.get("/metrics").text();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.and_then(|line| line.split(' ').nth(1)?.parse().ok())
        .unwrap_or_else(|| panic!("no {name} in {text}"))
}

#[test]
fn a_server_finds_all_measured() {
    let (library, data) = (folder(), folder());
    let at = |name: &str| library.path().join(name);
    fs::create_dir(at("album")).expect("a folder is made");
    let sounds = [
        ("a.wav", Character::Thin),
        ("album/b.flac", Character::Boomy),
        ("album/c.opus", Character::Crushed),
    ];
    for (name, character) in sounds {
        let format = match name.rsplit('.').next() {
            Some("wav") => Format::Wav24,
            Some("flac") => Format::Flac16,
            _ => Format::Opus,
        };
        write(&at(name), format, 48_000, &track(character, 1, 48_000, 6.0));
    }
    let ran = scan(library.path(), data.path()).ok();
    assert_eq!(ran.out, "3 tracks: 3 new or changed, 0 moved, 3 measured, 0 failed, 0 gone\n");

    let server = Server::start(data.path(), [Path::new("--library"), library.path()]);
    let mut tracks = served(&server);
    tracks.sort_by_key(|track| track["title"].to_string());
    assert_eq!(tracks.len(), 3);
    for (track, (name, _)) in tracks.iter().zip(sounds) {
        assert_eq!((&track["measured"], &track["state"]), (&true.into(), &"measured".into()), "{track}");
        let fingerprint =
            finish(auralis().args(["fingerprint", "--json"]).arg(at(name))).ok().json().remove(0);
        let id = track["id"].as_str().expect("an id");
        let mut stored = server.get(&format!("/api/tracks/{id}/fingerprint")).json();
        stored["path"] = fingerprint["path"].clone();
        assert_eq!(stored, fingerprint, "{name}");
    }
    assert_eq!(counter(&server, "auralis_measured_total"), 0.0, "the server measured again");
}

#[test]
fn a_scan_is_repeatable_and_sees_what_changed() {
    let (library, data) = (folder(), folder());
    let at = |name: &str| library.path().join(name);
    for name in ["a.wav", "b.wav", "c.wav"] {
        write(&at(name), Format::Wav16, 44_100, &vec![noise(1, 50_000, 0.3)]);
    }
    let said = || scan(library.path(), data.path()).ok().out;
    assert_eq!(said(), "3 tracks: 3 new or changed, 0 moved, 3 measured, 0 failed, 0 gone\n");
    for _ in 0..2 {
        assert_eq!(said(), "3 tracks: 0 new or changed, 0 moved, 3 measured, 0 failed, 0 gone\n");
    }
    write(&at("b.wav"), Format::Wav16, 44_100, &vec![noise(2, 60_000, 0.3)]);
    fs::remove_file(at("c.wav")).expect("it was there");
    write(&at("d.wav"), Format::Wav16, 44_100, &vec![noise(2, 40_000, 0.3)]);
    assert_eq!(said(), "3 tracks: 2 new or changed, 0 moved, 3 measured, 0 failed, 1 gone\n");
    assert_eq!(said(), "3 tracks: 0 new or changed, 0 moved, 3 measured, 0 failed, 0 gone\n");
    assert_eq!(names(library.path()), ["a.wav", "b.wav", "d.wav"], "the library was touched");
}

#[test]
fn faults_are_named_and_the_rest_is_done() {
    let (library, data) = (folder(), folder());
    let at = |name: &str| library.path().join(name);
    write(&at("good.wav"), Format::Wav16, 44_100, &vec![noise(1, 50_000, 0.3)]);
    fs::write(at("empty.mp3"), "").expect("it is written");
    fs::write(at("letter.flac"), "Dear reader, ".repeat(99)).expect("it is written");
    fs::write(at("readme.txt"), "not even called sound").expect("it is written");
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        fs::copy(at("good.wav"), library.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav")))
            .expect("a copy");
    }
    let n_good = if cfg!(target_os = "linux") { 2 } else { 1 };
    for n_new in [n_good + 2, 0] {
        let ran = scan(library.path(), data.path());
        let ran = ran.fails(1, &["empty.mp3: the file is empty", "letter.flac: not a sound file"]);
        assert_eq!(ran.err.lines().count(), 2, "{ran:#?}");
        let want = format!(
            "{n_good} tracks: {n_new} new or changed, 0 moved, {n_good} measured, 2 failed, 0 gone\n"
        );
        assert_eq!(ran.out, want);
    }
}

#[test]
fn what_is_no_library_is_refused() {
    let (library, data) = (folder(), folder());
    let file = library.path().join("a.wav");
    write(&file, Format::Wav16, 44_100, &vec![noise(1, 5_000, 0.3)]);
    scan(&library.path().join("nowhere"), data.path()).fails(1, &["nowhere does not exist", "DIR"]);
    scan(&file, data.path()).fails(1, &["a.wav is not a folder", "DIR"]);
    scan(library.path(), &file).fails(1, &["a.wav", "--data"]);
    run(["scan"]).fails(2, &["DIR"]);
}

/// However often and wherever it is interrupted or killed, the next scan goes
/// on, and the last one has it all.
#[test]
fn a_scan_that_was_ended_goes_on() {
    const N: usize = 30;
    let (library, data) = (folder(), folder());
    for i in 0..N {
        let path = library.path().join(format!("{i}.wav"));
        write(&path, Format::Wav16, 44_100, &vec![noise(i as u64, 4 * 44_100, 0.3); 2]);
    }
    let log = data.path().join("catalog.sqlite-wal");
    let written = || fs::metadata(&log).map_or(0, |found| found.len());
    for name in ["INT", "KILL", "TERM", "KILL"] {
        let before = written();
        let mut command = auralis();
        command.arg("scan").arg(library.path()).arg("--data").arg(data.path()).args(["--workers", "1"]);
        let mut child = start(&mut command);
        // The log begins anew with each opening; some tracks are in it by then.
        wait_until(&mut child, "something is written", || written() > 0 && written() != before);
        signal(&child, name);
        let want = if name == "KILL" { None } else { Some(130) };
        assert_eq!(wait(child).code, want, "{name}");
    }
    let said = scan(library.path(), data.path()).ok().out;
    assert!(said.starts_with("30 tracks:") && said.contains("30 measured, 0 failed, 0 gone"), "{said}");
    assert!(scan(library.path(), data.path()).ok().out.contains(" 0 new or changed"));
}
