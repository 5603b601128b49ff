//! What a listener does to files between two scans: moves, renames, swaps, tags
//! and deletes them. A track is its sound, and keeps its id and its measurements.

use std::collections::BTreeMap;
use std::fs;

use auralis_core::encode::Format;
use auralis_tests::{ffmpeg, folder};
use lofty::config::WriteOptions;
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::{Accessor, Tag};
use serde_json::{Value, json};

use crate::house::{House, assert_problem, leaks, sound};

fn flac(seed: u64) -> Vec<u8> {
    sound(Format::Flac16, seed, 0.5)
}

/// The ids of the tracks by title, which here is the file's name.
fn ids(house: &House) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    house.tracks().iter().map(|track| (text(&track["title"]), text(&track["id"]))).collect()
}

fn rename(house: &House, from: &str, to: &str) {
    let at = |name: &str| house.library.path().join(name);
    fs::create_dir_all(at(to).parent().expect("a folder")).expect("it is made");
    fs::rename(at(from), at(to)).expect("it moves");
}

fn served(names: &[&str]) -> House {
    let files: Vec<Vec<u8>> = (1..).zip(names).map(|(seed, _)| flac(seed)).collect();
    let named: Vec<(&str, &[u8])> = names.iter().zip(&files).map(|(name, file)| (*name, &file[..])).collect();
    House::served(&named, &[])
}

#[test]
fn a_file_that_moves_is_the_same_track() {
    let house = served(&["a.flac", "b.flac", "01.flac", "02.flac", "x.flac", "y.flac"]);
    let before = ids(&house);
    let measured = house.counter("measured");
    // To another folder; along a row of names; and one for the other.
    rename(&house, "a.flac", "deep/down/a2.flac");
    rename(&house, "02.flac", "03.flac");
    rename(&house, "01.flac", "02.flac");
    rename(&house, "x.flac", "t.flac");
    rename(&house, "y.flac", "x.flac");
    rename(&house, "t.flac", "y.flac");
    house.scanned(6);
    let after = ids(&house);
    for (now, then) in [("a2", "a"), ("b", "b"), ("02", "01"), ("03", "02"), ("y", "x"), ("x", "y")] {
        assert_eq!(after[now], before[then], "{now} was {then}");
    }
    assert_eq!(after.len(), 6);
    assert_eq!(house.counter("measured"), measured, "nothing is measured again");
    assert_eq!(house.get("/api/library/missing").json()["total"], 0);
    for id in after.values() {
        assert_eq!(house.get(&format!("/api/tracks/{id}/stream")).status, 200);
    }
}

#[test]
fn a_copy_is_another_track_and_the_one_left_keeps_its_own_id() {
    let house = served(&["a.flac"]);
    let id = house.id("a");
    house.put("copy/a.flac", &flac(1));
    house.scanned(2);
    let mut both: Vec<_> = house.tracks().iter().map(|track| track["id"].clone()).collect();
    assert_eq!(both.len(), 2);
    both.retain(|other| *other != id);
    assert_eq!(both.len(), 1, "the first is still there");
    // Nor does the copy become it when that goes: it has an id of its own.
    fs::remove_file(house.library.path().join("a.flac")).expect("it was there");
    house.scanned(1);
    assert_eq!(house.tracks()[0]["id"], both[0]);
    assert_eq!(house.get("/api/library/missing").json()["items"][0]["id"], id);
}

#[test]
fn a_file_that_moves_to_two_places_is_one_of_them() {
    let house = served(&["a.flac", "b.flac"]);
    let before = ids(&house);
    fs::copy(house.library.path().join("a.flac"), house.library.path().join("x.flac")).expect("a copy");
    rename(&house, "a.flac", "y.flac");
    house.scanned(3);
    let after = ids(&house);
    assert_eq!(after.keys().collect::<Vec<_>>(), ["b", "x", "y"]);
    assert_ne!(after["x"], after["y"]);
    assert!([&after["x"], &after["y"]].contains(&&before["a"]));
    assert_eq!(house.get("/api/library/missing").json()["total"], 0);
}

#[test]
fn another_sound_under_the_same_name_is_measured_anew_and_keeps_the_place() {
    let house = served(&["a.flac", "b.flac"]);
    let (before, measured) = (ids(&house), house.counter("measured"));
    let fingerprint = |id: &str| house.get(&format!("/api/tracks/{id}/fingerprint")).json();
    let was = fingerprint(&before["a"]);
    house.put("a.flac", &sound(Format::Flac16, 9, 0.75));
    house.scanned(2);
    assert_eq!(ids(&house), before);
    assert_eq!(house.counter("measured"), measured + 1);
    assert_ne!(fingerprint(&before["a"]), was);
}

#[test]
fn what_is_gone_is_missing_until_it_comes_back_or_is_forgotten() {
    let house = served(&["a.flac", "b.flac", "c.flac"]);
    let (before, measured) = (ids(&house), house.counter("measured"));
    let away = folder();
    for name in ["a.flac", "b.flac"] {
        fs::copy(house.library.path().join(name), away.path().join(name)).expect("a copy");
        fs::remove_file(house.library.path().join(name)).expect("it was there");
    }
    // Whoever plays it first learns that it is gone; then all know.
    assert_problem(&house.get(&format!("/api/tracks/{}/file", before["a"])), 404, "file-missing");
    assert_eq!(house.tracks().len(), 2, "before any scan");
    let status = house.scanned(1);
    assert_eq!(status["gone"], 1, "the other one");
    let missing = house.get("/api/library/missing").json();
    assert_eq!((&missing["total"], &missing["has_more"]), (&json!(2), &json!(false)));
    assert!(!leaks(&missing.to_string(), house.library.path()), "{missing}");
    let of = |name: &str| house.get(&format!("/api/tracks/{}", before[name]));
    assert_eq!((of("a").status, &of("a").json()["state"]), (200, &json!("missing")));
    for what in ["file", "stream", "chunks/0"] {
        assert_problem(&house.get(&format!("/api/tracks/{}/{what}", before["b"])), 404, "file-missing");
    }
    assert_eq!(house.get("/api/albums").json()["total"], 0);

    // Back, under another name and in another place.
    fs::create_dir(house.library.path().join("back")).expect("a folder");
    fs::copy(away.path().join("a.flac"), house.library.path().join("back/again.flac")).expect("a copy");
    house.scanned(2);
    assert_eq!(ids(&house)["again"], before["a"]);
    assert_eq!(of("a").json()["state"], "measured");
    assert_eq!(house.counter("measured"), measured, "it is known what it sounds like");

    // Forgotten, it is gone for good; twice is as once.
    for n in [1, 0] {
        let answer = house.ask("DELETE", "/api/library/missing", &[]);
        assert_eq!((answer.status, &answer.json()["forgotten"]), (200, &json!(n)));
        assert_eq!(house.get("/api/library/missing").json()["total"], 0);
    }
    assert_problem(&of("b"), 404, "not-found");
    assert_problem(&house.ask("POST", "/api/library/missing", &[]), 405, "method-not-allowed");
    assert_problem(&house.get("/api/library/missing?limit=501"), 422, "invalid-value");
    assert_eq!(ids(&house)["c"], before["c"]);
}

#[test]
fn a_library_that_lies_elsewhere_today_is_the_same_library() {
    let mut house = served(&["a.flac", "sub/b.flac"]);
    let before = ids(&house);
    house.server().kill();
    let elsewhere = folder();
    fs::create_dir(elsewhere.path().join("sub")).expect("a folder");
    for name in ["a.flac", "sub/b.flac"] {
        fs::copy(house.library.path().join(name), elsewhere.path().join(name)).expect("a copy");
    }
    house.library = elsewhere;
    house.open(&[]);
    house.settled(2);
    assert_eq!(ids(&house), before);
    assert_eq!(house.counter("measured"), 0);
}

/// Tags as a tagger of today writes them, with a picture that moves everything.
fn retag(path: &std::path::Path, title: &str) {
    let mut file = lofty::read_from_path(path).expect("lofty reads it");
    let kind = file.primary_tag_type();
    if file.primary_tag().is_none() {
        file.insert_tag(Tag::new(kind));
    }
    let tag = file.primary_tag_mut().expect("it has one now");
    tag.set_title(title.to_owned());
    tag.set_comment("words ".repeat(2_000));
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(70_000, 7);
    tag.push_picture(
        Picture::unchecked(png).pic_type(PictureType::CoverFront).mime_type(MimeType::Png).build(),
    );
    file.save_to_path(path, WriteOptions::default()).expect("lofty writes it");
}

#[test]
fn other_tags_are_read_and_nothing_is_measured_again() {
    let names = ["a.flac", "a.mp3", "a.m4a", "a.ogg", "a.opus", "a.wav", "a.aiff"];
    let mut house = House::new(&[("a.wav", &sound(Format::Wav16, 1, 6.0))]);
    let wav = house.library.path().join("a.wav");
    for name in names.into_iter().filter(|name| *name != "a.wav") {
        let Some(mut encode) = ffmpeg() else { return };
        encode.args(["-v", "error", "-i"]).arg(&wav).args(["-metadata", "title=before"]);
        assert!(
            encode.arg(house.library.path().join(name)).status().expect("ffmpeg runs").success(),
            "{name}"
        );
    }
    house.open(&[]);
    house.settled(names.len() as u64);
    let tracks = house.tracks();
    let measured = house.counter("measured");
    assert_eq!((tracks.len(), measured), (names.len(), names.len() as u64));
    let loudness = |tracks: &[Value]| -> BTreeMap<String, String> {
        tracks.iter().map(|track| (track["id"].to_string(), track["lufs"].to_string())).collect()
    };
    for name in names {
        retag(&house.library.path().join(name), &format!("after {name}"));
    }
    let status = house.scanned(names.len() as u64);
    assert_eq!(status["read"], names.len());
    let after = house.tracks();
    let titles: Vec<_> = after.iter().map(|track| track["title"].clone()).collect();
    let mut expected: Vec<_> = names.iter().map(|name| format!("after {name}")).collect();
    expected.sort();
    assert_eq!(titles, expected);
    assert_eq!(loudness(&after), loudness(&tracks));
    assert_eq!(house.counter("measured"), measured);
}
