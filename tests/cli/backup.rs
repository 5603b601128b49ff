//! `auralis backup` and `auralis restore`: what was known is known again.

use std::fs;

use auralis_tests::folder;

use crate::house::{House, settled, spoil};
use crate::support::*;

#[test]
fn what_was_backed_up_beside_a_server_is_known_again_elsewhere() {
    let house = House::new(5);
    let mut server = house.serve();
    let before = settled(&server, 5);
    let place = house.library.path().join("backup.sqlite");
    let said = house.backup(&place).ok().out;
    assert!(said.contains("backup.sqlite: 5 tracks, ") && said.contains(" kB"), "{said}");
    server.kill();

    let other = House { library: house.library, data: folder() };
    let said = other.restore(&place).ok().out;
    assert!(said.contains("restored 5 tracks") && !said.contains("kept"), "{said}");
    let server = other.serve();
    assert_eq!(settled(&server, 5), before);
    assert!(server.get("/metrics").text().contains("auralis_measured_total 0"), "it measured again");
}

/// Whatever a scan is just writing, a backup is of one moment, and sound.
#[test]
fn backups_during_a_scan_are_sound() {
    let house = House::new(60);
    let mut scanning = start(house.command(&["scan", "--workers", "1"]).arg(house.library.path()));
    let (mut n_tracks, mut n_during) = (0, 0);
    while scanning.try_wait().expect("it can be asked").is_none() {
        let restored = House { library: folder(), data: folder() };
        let place = restored.library.path().join("backup.sqlite");
        let ran = house.backup(&place);
        if ran.code != Some(0) {
            // Only before there is a catalog.
            ran.fails(1, &["catalog.sqlite"]);
            assert_eq!(n_during, 0);
            continue;
        }
        restored.restore(&place).ok();
        let seen = restored.doctor();
        let integrity: Vec<_> =
            restored.findings().into_iter().filter(|what| what.contains("damaged")).collect();
        assert_eq!(integrity, [""; 0]);
        // While the catalog is just being made, its schema is an earlier one.
        let Some(now) = seen["tracks"].as_u64() else { continue };
        assert!(now >= n_tracks, "{now} after {n_tracks}");
        (n_tracks, n_during) = (now, n_during + 1);
    }
    wait(scanning).ok();
    assert!(n_during > 0, "it was over before the first backup");
    assert_eq!(house.findings(), [""; 0]);
}

#[test]
fn a_backup_replaces_nothing_unless_it_is_told_to() {
    let house = House::scanned(1);
    let at = |name: &str| house.library.path().join(name);
    fs::write(at("mine"), "precious").expect("it is written");
    house.backup(&at("mine")).fails(1, &["mine exists already", "--force"]);
    assert_eq!(fs::read(at("mine")).expect("it is there"), b"precious");
    finish(house.command(&["backup", "--force", "-o"]).arg(at("mine"))).ok();
    assert!(fs::read(at("mine")).expect("it is there").starts_with(b"SQLite format 3\0"));
    house.backup(house.library.path()).fails(2, &["is a folder"]);
    house.backup(&at("no/such/folder")).fails(1, &["there is no folder"]);
    finish(house.command(&["backup", "--force", "-o"]).arg(house.catalog("")))
        .fails(2, &["the input itself"]);
    // Without a name it is called by the date, in the folder it is run in.
    let place = folder();
    house.command(&["backup"]).current_dir(place.path()).status().expect("it runs");
    let made = names(place.path());
    assert!(made.len() == 1 && made[0].starts_with("auralis-2") && made[0].ends_with(".sqlite"), "{made:?}");
    let nowhere = House::new(0);
    nowhere.backup(&at("out")).fails(1, &["there is no catalog"]);
    assert_eq!(names(house.library.path()), ["000.wav", "mine"], "something was left");
}

#[test]
fn what_was_there_is_kept_and_comes_back() {
    let house = House::scanned(2);
    let place = house.library.path().join("two.sqlite");
    house.backup(&place).ok();
    house.add(2);
    house.scan().ok();
    let said = house.restore(&place).ok().out;
    let kept =
        said.lines().last().and_then(|line| line.split(" is kept as ").nth(1)).expect("a name").to_owned();
    assert_eq!(house.doctor()["tracks"], 2);
    // The same day again: the one from before stays.
    let said = house.restore(kept.as_ref()).ok().out;
    assert!(said.contains("restored 3 tracks") && said.contains(&format!("{kept}-2")), "{said}");
    assert_eq!((&house.doctor()["tracks"], house.findings()), (&3.into(), vec![]));
    assert!(house.scan().ok().out.contains(" 0 new or changed"));
}

/// What a killed server has not written into its catalog yet lies in the log.
#[test]
fn the_log_of_a_catalog_is_kept_in_it() {
    let house = House::scanned(1);
    let place = house.library.path().join("one.sqlite");
    house.backup(&place).ok();
    (1..3).for_each(|seed| house.add(seed));
    let mut server = house.serve();
    settled(&server, 3);
    server.kill();
    assert!(fs::metadata(house.catalog("-wal")).expect("a log").len() > 0);
    let said = house.restore(&place).ok().out;
    assert_eq!((&house.doctor()["tracks"], house.findings()), (&1.into(), vec![]));
    let kept = said.trim_end().rsplit(" is kept as ").next().expect("a name").to_owned();
    house.restore(kept.as_ref()).ok();
    assert_eq!((&house.doctor()["tracks"], house.findings()), (&3.into(), vec![]));
}

/// A log belongs to its catalog alone; beside another it would spoil it.
#[test]
fn the_log_of_a_broken_catalog_is_set_aside_with_it() {
    let house = House::scanned(3);
    let place = house.library.path().join("backup.sqlite");
    house.backup(&place).ok();
    let broken = b"this is no catalog any more, ".repeat(999);
    for end in ["", "-wal"] {
        fs::write(house.catalog(end), &broken).expect("it is written");
    }
    let said = house.restore(&place).ok().out;
    let kept = said.trim_end().rsplit(" is kept as ").next().expect("a name").to_owned();
    for end in ["", "-wal"] {
        assert!(fs::read(format!("{kept}{end}")).expect("it is kept") == broken, "{end}");
    }
    assert_eq!((&house.doctor()["tracks"], house.findings()), (&3.into(), vec![]));
}

#[test]
fn what_is_no_sound_backup_is_refused_and_nothing_changed() {
    let house = House::scanned(20);
    let place = house.library.path().join("backup.sqlite");
    house.backup(&place).ok();
    let bytes = fs::read(&place).expect("the backup");
    let kept = house.kept();
    let check = |change: &dyn Fn(&mut Vec<u8>), words: &[&str]| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        fs::write(&place, bytes).expect("it is written");
        house.restore(&place).fails(1, words);
        assert_eq!(house.kept(), kept, "something was changed");
    };
    check(&|bytes| bytes.clear(), &["no catalog of Auralis"]);
    check(&|bytes| bytes.truncate(bytes.len() / 2), &["backup.sqlite is damaged", "another backup"]);
    check(&|bytes| bytes.truncate(50), &["backup.sqlite is damaged"]);
    check(&|bytes| *bytes = b"RIFF but no music. ".repeat(999), &["no catalog of Auralis"]);
    // SQLite's header holds the schema's number at byte 60 (file format, section 1.3).
    check(&|bytes| bytes[60..64].copy_from_slice(&999_u32.to_be_bytes()), &["newer Auralis", "schema 999"]);
    fs::write(&place, &bytes).expect("it is written");
    spoil(&place);
    house.restore(&place).fails(1, &["backup.sqlite is damaged", "nothing was changed", "another backup"]);
    house.restore(&house.catalog("")).fails(2, &["the catalog itself"]);
    house.restore(house.data.path()).fails(1, &["is no file"]);
    house.restore(&house.catalog("-nowhere")).fails(1, &["there is no catalog"]);
    assert_eq!(house.kept(), kept, "something was changed");
}
