//! Disks that are full, or may only be read, and catalogs that they have spoilt:
//! each said with the way out, and nothing lost by it.

use std::fs;
use std::path::Path;
use std::process::Command;

use auralis_tests::{Disk, Server, folder};

use crate::house::{House, ended, settled, spoil};
use crate::support::*;

fn serve(house: &House) -> Command {
    let mut command = house.command(&["serve", "--listen", "127.0.0.1:0", "--library"]);
    command.arg(house.library.path());
    command
}

#[test]
fn a_full_disk_loses_nothing() {
    let place = folder();
    let Some(disk) = Disk::of("1m", &place.path().join("disk")) else { return };
    let house = House::scanned(20);
    let backup = place.path().join("backup.sqlite");
    house.backup(&backup).ok();
    let data = disk.path().join("data");
    let on_disk =
        |words: &[&str], more: &Path| finish(auralis().args(words).arg(more).arg("--data").arg(&data));
    on_disk(&["restore"], &backup).ok();
    let filler = disk.fill();
    let before = fs::read(data.join("catalog.sqlite")).expect("the catalog");
    house.backup(&disk.path().join("out.sqlite")).fails(1, &["out.sqlite", "full", "make room"]);
    on_disk(&["restore"], &backup).fails(1, &["full", "make room"]);
    on_disk(&["scan"], house.library.path()).fails(1, &["full", "--data"]);
    let said = finish(auralis().args(["doctor", "--data"]).arg(&data)).fails(1, &[]).out;
    assert!(said.contains("the disk of") && said.contains("make room"), "{said}");
    let after = fs::read(data.join("catalog.sqlite")).expect("the catalog");
    assert!(after == before, "the catalog was changed");
    assert_eq!(names(disk.path()), ["data", "filler"], "half a backup was left");
    let left: Vec<_> = names(&data).into_iter().filter(|name| !name.contains("sqlite-")).collect();
    assert_eq!(left, ["catalog.lock", "catalog.sqlite"]);
    fs::remove_file(filler).expect("it was there");
    on_disk(&["scan"], house.library.path()).ok();
}

/// As somebody who may not do everything; none where that cannot be.
#[cfg(unix)]
fn as_nobody(mut command: Command) -> Option<Command> {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    // Who is not root is such a one already.
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if is_root {
        command.uid(65_534).gid(65_534);
        let mut probe = auralis();
        if !probe.arg("--version").uid(65_534).gid(65_534).output().is_ok_and(|ran| ran.status.success()) {
            auralis_tests::skipped("the program lies where only root may read");
            return None;
        }
    }
    Some(command)
}

#[cfg(unix)]
fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is allowed");
}

#[cfg(unix)]
#[test]
fn what_may_only_be_read_is_read_and_not_written() {
    let house = House::scanned(3);
    let out = folder();
    let backup = out.path().join("backup.sqlite");
    house.backup(&backup).ok();
    allow(out.path(), 0o777);
    allow(house.library.path(), 0o755);
    let data = house.data.path().to_str().expect("text");
    let run = |command: Command| as_nobody(command).map(|mut command| ended(&mut command));
    let command = |words: &[&str], more: &Path| {
        let mut command = house.command(words);
        command.arg(more);
        command
    };
    // The folder.
    for name in names(house.data.path()) {
        allow(&house.data.path().join(name), 0o444);
    }
    allow(house.data.path(), 0o555);
    let kept = house.kept();
    let Some(ran) = run(serve(&house)) else { return };
    ran.fails(1, &[data, "may only be read", "--data"]);
    for command in [command(&["scan"], house.library.path()), command(&["restore"], &backup)] {
        run(command).expect("as above").fails(1, &[data, "may only be read", "--data"]);
    }
    let copy = out.path().join("copy.sqlite");
    run(command(&["backup", "-o"], &copy)).expect("as above").ok();
    let ran = run(house.command(&["doctor"])).expect("as above").fails(1, &[]);
    assert!(ran.out.contains("may only be read") && ran.out.contains("make it writable"), "{ran:?}");
    assert_eq!(house.kept(), kept);
    // The catalog alone.
    allow(house.data.path(), 0o777);
    allow(&house.data.path().join("catalog.lock"), 0o666);
    let words = ["catalog.sqlite may not be written", "--data"];
    run(serve(&house)).expect("as above").fails(1, &words);
    run(command(&["scan"], house.library.path())).expect("as above").fails(1, &words);
    assert_eq!(house.kept(), kept);
    allow(&house.catalog(""), 0o644);
    house.scan().ok();
}

#[test]
fn what_is_no_catalog_is_named_and_left_as_it_is() {
    let house = House::scanned(5);
    let whole = fs::read(house.catalog("")).expect("the catalog");
    let check = |words: &[&str]| {
        let kept = house.kept();
        ended(&mut serve(&house)).fails(1, words).fails(1, &["catalog.sqlite"]);
        house.scan().fails(1, words);
        house.backup(&house.library.path().join("out")).fails(1, &["catalog.sqlite"]);
        assert_eq!(house.kept(), kept);
    };
    fs::write(house.catalog(""), "no catalog, ".repeat(999)).expect("it is written");
    check(&["auralis restore", "--data"]);
    for length in [50, whole.len() / 2] {
        fs::write(house.catalog(""), &whole[..length]).expect("it is written");
        check(&["auralis restore", "--data"]);
    }
    // Empty where there was one: its log may be all that is left.
    fs::write(house.catalog(""), "").expect("it is written");
    fs::write(house.catalog("-wal"), "a log").expect("it is written");
    check(&["is empty, and was not before", "auralis restore"]);
    assert_eq!(fs::read(house.catalog("-wal")).expect("it is there"), b"a log");
    fs::remove_file(house.catalog("-wal")).expect("it was there");
    fs::write(house.catalog(".schema-1"), "a copy").expect("it is written");
    check(&["is empty, and was not before", "auralis restore"]);
    fs::remove_file(house.catalog(".schema-1")).expect("it was there");
    // Empty from the beginning: a first start that found no room.
    house.scan().ok();
    fs::remove_file(house.catalog("")).expect("it was there");
    fs::create_dir(house.catalog("")).expect("a folder");
    check(&["is a folder", "--data"]);
}

/// Damage somewhere in it is met sooner or later: then it is said, and what is
/// sound still answers.
#[test]
fn a_damaged_catalog_answers_or_says_so() {
    let house = House::scanned(60);
    let backup = house.library.path().join("backup.sqlite");
    house.backup(&backup).ok();
    let tracks = settled(&house.serve(), 60);
    spoil(&house.catalog(""));
    let mut command = serve(&house);
    let log = house.library.path().join("log");
    command.stderr(fs::File::create(&log).expect("a log"));
    let mut server = Server::run(command);
    let ids = tracks.iter().map(|track| track["id"].as_str().expect("an id"));
    let mut paths: Vec<String> = ids.map(|id| format!("/api/tracks/{id}/fingerprint")).collect();
    paths.extend(["/api/tracks?limit=500", "/api/albums", "/api/library/scan"].map(str::to_owned));
    let mut n_failed = 0;
    for path in paths {
        let answer = server.get(&path);
        assert!(answer.status < 500 || answer.status == 503, "{path}: {}", answer.text());
        if answer.status == 503 && answer.json()["type"] == "/problems/catalog-failed" {
            n_failed += 1;
            assert!(answer.text().contains("auralis doctor"), "{}", answer.text());
        }
    }
    assert!(n_failed > 0, "nobody met the damage");
    assert_eq!(server.get("/api/health").status, 200);
    server.kill();
    let log = fs::read_to_string(log).expect("the log");
    assert!(log.contains("the catalog is damaged") && !log.contains("panicked"), "{log}");
    house.scan().fails(1, &["damaged", "auralis restore"]);
    assert!(house.findings().iter().any(|what| what.contains("damaged")));
    house.restore(&backup).ok();
    assert_eq!(house.findings(), [""; 0]);
    assert_eq!(settled(&house.serve(), 60), tracks);
}
