//! Files of several tracks: a cue sheet beside the music says where each begins.

use std::fs;
use std::io::Cursor;

use auralis_core::block::Block;
use auralis_core::decode;
use auralis_core::encode::Format;
use auralis_core::flow::Source;
use lofty::config::{ParseOptions, WriteOptions};
use lofty::file::AudioFile;
use lofty::flac::FlacFile;
use lofty::ogg::tag::VorbisComments;
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound, until};

/// Frames per second of what [`sound`] makes.
const RATE: u64 = 44_100;
/// Frames of sound in a frame of the CD.
const FRAME: u64 = RATE / 75;

/// A sheet of `album.wav`, which was compressed since: a track from each of these
/// frames of the CD on.
fn sheet(starts: &[u64]) -> String {
    let mut text =
        "PERFORMER \"The Parts\"\nTITLE \"Whole\"\nREM DATE 1999\nFILE \"ALBUM.wav\" WAVE\n".to_owned();
    for (n, start) in (1..).zip(starts) {
        let time = format!("{:02}:{:02}:{:02}", start / 4_500, start / 75 % 60, start % 75);
        text += &format!("  TRACK {n:02} AUDIO\n    TITLE \"Part {n}\"\n    INDEX 01 {time}\n");
    }
    text
}

/// All samples of a file, as the decoder gives them.
fn frames(bytes: Vec<u8>, extension: &str) -> [Vec<u32>; 2] {
    let n_bytes = bytes.len() as u64;
    let mut decoder =
        decode::open(Box::new(Cursor::new(bytes)), Some(n_bytes), Some(extension)).expect("it is sound");
    assert_eq!((decoder.spec().rate, decoder.spec().n_channels), (RATE as u32, 2));
    let (mut planes, mut block) = ([Vec::new(), Vec::new()], Block::new(2, 4_096));
    loop {
        decoder.read(&mut block).expect("it is read");
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.extend(block.plane(channel)[..block.n_frames()].iter().map(|sample| sample.to_bits()));
        }
        if block.n_frames() < block.capacity() {
            return planes;
        }
    }
}

/// Title and id of each track, in album order.
fn parts(house: &House) -> Vec<(String, String)> {
    let list = house.get("/api/tracks?sort=album").json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|one| (text(&one["title"]), text(&one["id"])))
        .collect()
}

fn titles(house: &House) -> Vec<String> {
    parts(house).into_iter().map(|(title, _)| title).collect()
}

/// A house with an album of ten seconds in three parts.
fn cut(format: Format, name: &str) -> (House, Vec<u8>) {
    let album = sound(format, 3, 10.0);
    let sheet = sheet(&[0, 225, 500]);
    let mut house = House::new(&[(name, &album), ("a/album.cue", sheet.as_bytes())]);
    house.open(&[]);
    house.settled(1);
    (house, album)
}

#[test]
fn each_part_of_a_file_is_a_track_with_its_very_frames() {
    for (format, name) in
        [(Format::Flac16, "a/album.flac"), (Format::Flac24, "a/Album.FLAC"), (Format::WavF32, "a/album.wav")]
    {
        let (house, album) = cut(format, name);
        let whole = frames(album, format.extension());
        let starts = [0, 225 * FRAME, 500 * FRAME, 10 * RATE];
        assert_eq!(titles(&house), ["Part 1", "Part 2", "Part 3"]);
        for (n, (_, id)) in parts(&house).iter().enumerate() {
            let track = house.get(&format!("/api/tracks/{id}")).json();
            assert_eq!(
                (&track["artists"], &track["album"], &track["year"]),
                (&json!(["The Parts"]), &json!("Whole"), &json!(1999))
            );
            assert_eq!((&track["track_no"], &track["state"]), (&json!(n + 1), &json!("measured")), "{track}");
            let (first, end) = (starts[n] as usize, starts[n + 1] as usize);
            assert_eq!(track["n_frames"], end - first, "{track}");
            let own = whole.each_ref().map(|plane| plane[first..end].to_vec());
            let file = house.get(&format!("/api/tracks/{id}/file"));
            assert_eq!((file.status, file.header("content-type")), (200, Some("audio/wav")));
            assert!(frames(file.body.clone(), "wav") == own, "the file of part {n} of {name}");
            // A player seeks in it.
            let from = [("Range", "bytes=1000-1999")];
            let range = house.ask("GET", &format!("/api/tracks/{id}/file"), &from);
            assert_eq!((range.status, &range.body[..]), (206, &file.body[1_000..2_000]));
            let stream = house.get(&format!("/api/tracks/{id}/stream?enhanced=false&format=wavf32")).body;
            assert!(frames(stream, "wav") == own, "the stream of part {n} of {name}");
        }
    }
}

#[test]
fn a_part_is_measured_and_enhanced_as_a_file_of_its_own_would_be() {
    let (house, _) = cut(Format::Flac16, "a/album.flac");
    let (_, id) = parts(&house).remove(1);
    let own = house.get(&format!("/api/tracks/{id}/file")).body;
    let alone = House::served(&[("part.wav", &own)], &[]);
    let other = alone.id("part");
    let told = |house: &House, id: &str, what: &str| {
        until("its promise is checked", || {
            (house.get("/api/library/scan").json()["unchecked"] == 0).then_some(())
        });
        house.get(&format!("/api/tracks/{id}/{what}"))
    };
    for what in ["fingerprint", "waveform", "plan"] {
        assert_eq!(told(&house, &id, what).text(), told(&alone, &other, what).text(), "{what}");
    }
    for what in ["stream?preset=warm&format=wav24", "chunks/0?format=wavf32"] {
        assert!(told(&house, &id, what).body == told(&alone, &other, what).body, "{what}");
    }
}

#[test]
fn a_sheet_that_changes_cuts_anew_and_what_stays_keeps_its_id() {
    let (house, _) = cut(Format::Flac16, "a/album.flac");
    let write = |text: &str| fs::write(house.library.path().join("a/album.cue"), text).expect("a sheet");
    let before = parts(&house);
    let measured = house.counter("measured");
    // Another title alone: no sound is another.
    write(&sheet(&[0, 225, 500]).replace("Part 2", "Second"));
    house.scanned(1);
    assert_eq!(titles(&house), ["Part 1", "Second", "Part 3"]);
    assert_eq!(house.counter("measured"), measured, "nothing is measured again");
    // Another border: two parts are others than they were.
    write(&sheet(&[0, 230, 500]));
    house.scanned(1);
    assert_eq!(parts(&house), before);
    assert_eq!(house.counter("measured"), measured + 2);
    let n_frames = house.get(&format!("/api/tracks/{}", before[0].1)).json()["n_frames"].clone();
    assert_eq!(n_frames, 230 * FRAME);
    // Fewer: the rest is missing, and comes back.
    write(&sheet(&[0, 225]));
    house.scanned(1);
    assert_eq!(parts(&house), before[..2]);
    assert_eq!(house.get("/api/library/missing").json()["items"][0]["id"], before[2].1);
    write(&sheet(&[0, 225, 500]));
    house.scanned(1);
    assert_eq!(parts(&house), before);
    assert_eq!(house.get("/api/library/missing").json()["total"], 0);
    // None: the file is one track; and cut again.
    fs::remove_file(house.library.path().join("a/album.cue")).expect("it is gone");
    house.scanned(1);
    assert_eq!(parts(&house), [("album".to_owned(), before[0].1.clone())]);
    write(&sheet(&[0, 225, 500]));
    house.scanned(1);
    assert_eq!(parts(&house), before);
}

#[test]
fn parts_move_with_their_file_and_go_with_it() {
    let (house, _) = cut(Format::Flac16, "a/album.flac");
    let (before, measured) = (parts(&house), house.counter("measured"));
    fs::rename(house.library.path().join("a"), house.library.path().join("b")).expect("it moves");
    house.scanned(1);
    assert_eq!((parts(&house), house.counter("measured")), (before.clone(), measured));
    let kept = house.library.path().with_extension("kept");
    fs::rename(house.library.path().join("b/album.flac"), &kept).expect("it goes");
    // Seen at the first touch, of all of them.
    assert_problem(&house.get(&format!("/api/tracks/{}/stream", before[1].1)), 404, "file-missing");
    assert_eq!(house.get("/api/library/missing").json()["total"], 3);
    fs::rename(&kept, house.library.path().join("b/album.flac")).expect("it is back");
    house.scanned(1);
    assert_eq!((parts(&house), house.counter("measured")), (before, measured));
}

#[test]
fn parts_are_named_in_playlist_files() {
    let (house, _) = cut(Format::Flac16, "a/album.flac");
    let ids: Vec<String> = parts(&house).into_iter().map(|(_, id)| id).collect();
    let wanted = json!([ids[2], ids[0]]);
    let made = house.send("POST", "/api/playlists", json!({ "name": "Two", "track_ids": wanted })).json();
    let file = house.get(&format!("/api/playlists/{}/m3u8", made["id"].as_str().expect("an id"))).body;
    let import = |text: &[u8]| {
        let kind = [("Content-Type", "application/vnd.apple.mpegurl")];
        let path = "/api/playlists/import?name=Again";
        let answer = auralis_tests::http::request(house.address(), "POST", path, &kind, text).json();
        let items =
            house.get(&format!("/api/playlists/{}/items", answer["id"].as_str().expect("an id"))).json();
        items["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["track"]["id"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(json!(import(&file)), wanted);
    assert_eq!(json!(import(b"a/album.flac\n")), json!(ids), "all that is in it");
}

#[test]
fn a_sheet_in_the_tags_cuts_a_file_that_has_none_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("album.flac");
    fs::write(&path, sound(Format::Flac16, 3, 10.0)).expect("a file");
    let tagged = |text: &str| {
        let mut file = fs::File::open(&path).expect("a file");
        let mut flac = FlacFile::read_from(&mut file, ParseOptions::new()).expect("it is FLAC");
        let mut comments = VorbisComments::default();
        comments.push("CUESHEET".to_owned(), text.to_owned());
        flac.set_vorbis_comments(comments);
        flac.save_to_path(&path, WriteOptions::default()).expect("it is written");
        fs::read(&path).expect("a file")
    };
    let album = tagged(&sheet(&[0, 225, 500]).replace("ALBUM.wav", "D:\\rip\\CDImage.wav"));
    let mut house = House::new(&[("a/renamed.flac", &album)]);
    house.open(&[]);
    house.settled(1);
    let before = parts(&house);
    assert_eq!(titles(&house), ["Part 1", "Part 2", "Part 3"]);
    assert_eq!(house.scanned(1)["unchanged"], 1);
    // Who writes a sheet beside it means that.
    let beside = sheet(&[0, 225]).replace("ALBUM", "renamed").replace("Part", "Piece");
    house.put("a/renamed.cue", beside.as_bytes());
    house.scanned(1);
    assert_eq!(titles(&house), ["Piece 1", "Piece 2"]);
    fs::remove_file(house.library.path().join("a/renamed.cue")).expect("it is gone");
    house.scanned(1);
    assert_eq!(parts(&house), before);
    // What is too long, or no sheet, is a comment.
    let large = format!("{}{}", sheet(&[0, 75]), "REM x\n".repeat(60_000));
    for text in [&*large, "FILE", "", &sheet(&[0, 900])] {
        house.put("a/renamed.flac", &tagged(text));
        house.scanned(1);
        assert_eq!(titles(&house), ["renamed"], "{}", &text[..text.len().min(40)]);
    }
}

#[cfg(unix)]
#[test]
fn a_sheet_that_is_none_cuts_nothing() {
    let album = sound(Format::Flac16, 3, 2.0);
    let outside = tempfile::NamedTempFile::new().expect("a file");
    fs::write(outside.path(), sheet(&[0, 75]).replace("ALBUM", "link")).expect("a sheet");
    let past = sheet(&[0, 150]).replace("ALBUM", "past");
    let large = format!("{}{}", sheet(&[0, 75]).replace("ALBUM", "large"), "REM x\n".repeat(60_000));
    let (binary, dir) = (
        b"FILE \"binary.wav\" WAVE\nTRACK 01 AUDIO\n\xff\xfe\0INDEX 01 00:00:00\n".as_slice(),
        "dir.cue/x.txt",
    );
    let mut house = House::new(&[
        ("past.flac", &album),
        ("past.cue", past.as_bytes()),
        ("large.flac", &album),
        ("large.cue", large.as_bytes()),
        ("binary.flac", &album),
        ("binary.cue", binary),
        ("link.flac", &album),
        (dir, b"text"),
    ]);
    std::os::unix::fs::symlink(outside.path(), house.library.path().join("link.cue")).expect("a link");
    house.open(&[]);
    house.settled(4);
    let mut titles = titles(&house);
    titles.sort();
    assert_eq!(titles, ["binary", "large", "link", "past"]);
    // Nor is a file read again and again for its sake.
    assert_eq!(house.scanned(4)["unchanged"], 4);
}

#[test]
fn a_sheet_that_comes_is_seen_by_who_watches() {
    let album = sound(Format::Flac16, 3, 2.0);
    let mut house = House::new(&[("a/album.flac", &album), ("album.flac", &album)]);
    house.open_watching(&[]);
    house.settled(2);
    for (n, place) in [(3, "a/album.cue"), (4, "album.cue")] {
        house.put(place, sheet(&[0, 75]).as_bytes());
        until("it is cut", || (house.get("/api/tracks").json()["total"] == n).then_some(()));
    }
}
