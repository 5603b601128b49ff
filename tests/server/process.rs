//! How the program begins and ends: what it cannot begin with it names, with
//! the way out; and it ends when it is told to, without cutting anybody short.

#![expect(clippy::unwrap_used, reason = "a client that cannot do its part fails its test")]

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use auralis_core::encode::Format;
use auralis_tests::{Disk, folder, http, program, serving};
use tempfile::TempDir;

use crate::house::{House, PATIENCE, sound, until};

/// Runs `auralis serve` with these words, which are expected to end it at once.
fn serve<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    Command::new(program()).arg("serve").args(args).output().unwrap()
}

#[track_caller]
fn check_refused(output: &Output, code: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(output.stdout.is_empty(), "it said that it is ready");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn what_it_cannot_begin_with_is_named() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let (data, file) = (at("data"), at("file"));
    std::fs::write(&file, b"").unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let with_data = |more: &[&str]| {
        let base = ["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        serve(base.iter().chain(more).copied().map(str::to_owned).collect::<Vec<_>>())
    };
    let missing = text(&at("missing"));
    check_refused(&with_data(&["--library", &missing]), 1, &[&missing, "does not exist", "--library"]);
    check_refused(&with_data(&["--library", &text(&file)]), 1, &[&text(&file), "not a folder"]);
    for origin in ["*", "https://*.example", "music.example", "https://music.example/"] {
        check_refused(&with_data(&["--cors-origin", origin]), 1, &[origin, "--cors-origin", "exactly"]);
    }
    check_refused(&with_data(&["--host", "http://nas"]), 1, &["--host", "http://nas"]);
    check_refused(&with_data(&["--workers", "0"]), 2, &["--workers"]);
    check_refused(&with_data(&["--colour", "red"]), 2, &["--colour"]);
    assert!(!data.exists(), "something was written although nothing was begun");
    let listen = |address: &str| {
        let library = text(folder.path());
        serve(["--data", &text(&data), "--library", &library, "--listen", address])
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check_refused(&listen(&address), 1, &[&address, "in use", "--listen"]);
    assert!(!data.exists(), "a port in use left a trace");
    check_refused(&listen("nonsense"), 1, &["nonsense", "--listen"]);
    check_refused(&listen("203.0.113.9:80"), 1, &["203.0.113.9:80", "--listen"]);
    // A folder that nobody can make, root neither.
    for place in [file.join("data"), PathBuf::from("/proc/auralis")] {
        let output =
            serve(["--data", &text(&place), "--library", &text(folder.path()), "--listen", "127.0.0.1:0"]);
        check_refused(&output, 1, &[&text(&place), "--data"]);
    }
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("catalog.sqlite"), "this is no database, ".repeat(99)).unwrap();
    check_refused(&with_data(&["--library", &text(folder.path())]), 1, &["catalog.sqlite", "--data"]);
}

#[test]
fn a_full_disk_is_named_and_the_server_stays() {
    let folder = folder();
    let Some(tiny) = Disk::of("16k", &folder.path().join("tiny")) else { return };
    let wav = sound(Format::Wav16, 1, 1.0);
    let mut house = House::new(&[("000.wav", &wav)]);
    let library = house.library.path().to_owned();
    let to =
        |data: &Path| ["--data".into(), data.into(), "--library".into(), library.clone().into_os_string()];
    let output = serve(to(tiny.path()).into_iter().chain(["--listen".into(), "127.0.0.1:0".into()]));
    check_refused(&output, 1, &["full", "--data"]);
    // Full while it serves: told in the log, and it goes on.
    let Some(small) = Disk::of("4m", &folder.path().join("small")) else { return };
    let log =
        run(&mut house, serving(small.path(), ["--library".as_ref(), library.as_os_str()]), folder.path());
    house.settled(1);
    let filler = small.fill();
    for n in 1..400 {
        house.put(&format!("{n:03}.wav"), &wav);
    }
    assert_eq!(house.ask("POST", "/api/library/scan", &[]).status, 202);
    until("the full disk is told", || {
        std::fs::read_to_string(&log).unwrap().contains("the disk of the data folder is full").then_some(())
    });
    assert_eq!(house.get("/api/tracks").status, 200);
    // Room again: nothing was lost, and the rest comes.
    std::fs::remove_file(filler).unwrap();
    for n in 20..400 {
        std::fs::remove_file(library.join(format!("{n:03}.wav"))).unwrap();
    }
    assert_eq!(house.ask("POST", "/api/library/faults/retry", &[]).status, 202);
    until("everything is measured", || {
        (house.get("/api/library/scan").json()["measured"] == 20).then_some(())
    });
    signal(&mut house, "TERM");
    assert!(house.server().wait().success());
}

/// Starts the server, its log in a file in `folder`.
fn run(house: &mut House, mut command: Command, folder: &Path) -> PathBuf {
    let log = folder.join("log");
    command.stderr(std::fs::File::create(&log).unwrap());
    house.run(command);
    log
}

fn signal(house: &mut House, name: &str) {
    let pid = house.server().pid().to_string();
    assert!(Command::new("kill").arg(format!("-{name}")).arg(pid).status().unwrap().success());
}

/// A long answer of which the first byte was read, and no more.
fn begun(house: &House) -> (BufReader<TcpStream>, u8) {
    let path = format!("/api/tracks/{}/stream?format=wavf32", house.id("song"));
    let mut stream = TcpStream::connect(house.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", house.address());
    stream.write_all(asked.as_bytes()).unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    (BufReader::new(stream), first[0])
}

fn long_song() -> (House, TempDir, PathBuf) {
    let mut house = House::new(&[("song.flac", &sound(Format::Flac16, 1, 40.0))]);
    let folder = folder();
    let command = house.command(&[]);
    let log = run(&mut house, command, folder.path());
    house.settled(1);
    (house, folder, log)
}

#[test]
fn told_to_end_it_finishes_what_it_began() {
    for name in ["TERM", "INT"] {
        let (mut house, _folder, log) = long_song();
        let (mut stream, first) = begun(&house);
        // One that waits for its next request.
        let idle = TcpStream::connect(house.address()).unwrap();
        signal(&mut house, name);
        // No new ones are taken…
        until("the door closes", || TcpStream::connect(house.address()).err());
        // …and the one that runs comes whole.
        let answer = http::read(&mut std::io::Read::chain(&[first][..], &mut stream), false).unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
        let status = house.server().wait();
        assert_eq!(status.code(), Some(0), "after {name}: {}", std::fs::read_to_string(log).unwrap());
        drop(idle);
    }
}

#[test]
fn who_never_reads_does_not_hold_up_the_end() {
    let (mut house, _folder, log) = long_song();
    let unread = begun(&house);
    signal(&mut house, "TERM");
    let status = house.server().wait();
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
    drop(unread);
}
