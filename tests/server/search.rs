//! What is in the tags is found: in tracks, albums, artists and genres, by words
//! and by rules; and what is wrong with a rule is pointed at.

use std::io::Write;

use auralis_core::encode::Format;
use lofty::config::WriteOptions;
use lofty::file::TaggedFileExt;
use lofty::tag::{ItemKey, Tag, TagExt};
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound};

/// A file with these tags, as lofty writes them.
pub fn tagged(format: Format, seed: u64, tags: &[(ItemKey, &str)]) -> Vec<u8> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&sound(format, seed, 0.5)).expect("it is written");
    let probe = lofty::probe::Probe::open(file.path()).expect("it opens").guess_file_type().expect("a type");
    let kind = probe.read().expect("it reads").primary_tag_type();
    let mut tag = Tag::new(kind);
    for (key, value) in tags {
        tag.push(lofty::tag::TagItem::new(*key, lofty::tag::ItemValue::Text((*value).to_owned())));
    }
    tag.save_to_path(file.path(), WriteOptions::default()).expect("it is tagged");
    std::fs::read(file.path()).expect("it reads")
}

fn house() -> House {
    let what = tagged(
        Format::Flac16,
        1,
        &[
            (ItemKey::TrackTitle, "So What"),
            (ItemKey::TrackArtist, "Miles Davis"),
            (ItemKey::TrackArtist, "John Coltrane"),
            (ItemKey::TrackArtistSortOrder, "Davis, Miles"),
            (ItemKey::TrackArtistSortOrder, "Coltrane, John"),
            (ItemKey::AlbumArtist, "Miles Davis"),
            (ItemKey::AlbumTitle, "Kind of Blue"),
            (ItemKey::Genre, "Jazz"),
            (ItemKey::Genre, "Modal Jazz"),
            (ItemKey::Composer, "Miles Davis"),
            (ItemKey::RecordingDate, "1997-03-25"),
            (ItemKey::OriginalReleaseDate, "1959-08-17"),
            (ItemKey::Comment, "first line\nsecond <b>line</b>"),
            (ItemKey::Lyrics, "[00:01.50]no\n[00:00.50]words"),
            (ItemKey::Bpm, "136"),
            (ItemKey::ReplayGainTrackGain, "-6.54 dB"),
            (ItemKey::ReplayGainTrackPeak, "0.98"),
            (ItemKey::MusicBrainzRecordingId, "062de94c-fcf3-4da9-9e2b-ea2f0a4cd3b0"),
            (ItemKey::FlagCompilation, "1"),
        ],
    );
    let blue = tagged(
        Format::Flac16,
        2,
        &[
            (ItemKey::TrackTitle, "Blue"),
            (ItemKey::TrackArtist, "Joni Mitchell"),
            (ItemKey::AlbumTitle, "Blue"),
            (ItemKey::Genre, "Folk"),
            (ItemKey::RecordingDate, "1971"),
        ],
    );
    let house = House::served(
        &[("a/what.flac", &what), ("b/blue.flac", &blue), ("b/plain.wav", &sound(Format::Wav16, 3, 0.5))],
        &[],
    );
    house.settled(3);
    house
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("a list: {list}"));
    items.iter().map(|item| item[field].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn all_that_is_tagged_is_told() {
    let house = house();
    let track = house.get(&format!("/api/tracks/{}", house.id("So What"))).json();
    for (field, value) in [
        ("artists", json!(["Miles Davis", "John Coltrane"])),
        ("album_artist", json!("Miles Davis")),
        ("album_artists", json!(["Miles Davis"])),
        ("composers", json!(["Miles Davis"])),
        ("genres", json!(["Jazz", "Modal Jazz"])),
        ("year", json!(1959)),
        ("date", json!("1997-03-25")),
        ("original_date", json!("1959-08-17")),
        ("comment", json!("first line\nsecond <b>line</b>")),
        ("bpm", json!(136.0)),
        ("is_compilation", json!(true)),
        ("has_lyrics", json!(true)),
        ("bits_per_sample", json!(16)),
        ("path", json!("a/what.flac")),
    ] {
        assert_eq!(track[field], value, "{field}");
    }
    assert_eq!(
        (&track["replay_gain"]["track_db"], &track["replay_gain"]["track_peak"]),
        (&json!(-6.54), &json!(0.98))
    );
    assert_eq!(track["musicbrainz"]["recording"], "062de94c-fcf3-4da9-9e2b-ea2f0a4cd3b0");
    let lyrics = house.get(&format!("/api/tracks/{}/lyrics", house.id("So What"))).json();
    assert_eq!(
        lyrics,
        json!({"synced": true, "lines": [{"at_s": 0.5, "text": "words"}, {"at_s": 1.5, "text": "no"}]})
    );
    let blue = format!("/api/tracks/{}/lyrics", house.id("Blue"));
    assert_problem(&house.get(&blue), 404, "not-found");
    // A file beside the music is read as it is now.
    house.put("b/blue.lrc", "[00:02]song".as_bytes());
    assert_eq!(house.get(&blue).json()["lines"], json!([{"at_s": 2.0, "text": "song"}]));
}

#[test]
fn artists_albums_and_genres_lead_to_each_other() {
    let house = house();
    let artists = house.get("/api/artists").json();
    // By their sort names: Coltrane, Davis, Joni.
    assert_eq!(names(&artists, "name"), ["John Coltrane", "Miles Davis", "Joni Mitchell"]);
    let miles = artists["items"][1]["id"].as_str().expect("an id");
    let track = house.get(&format!("/api/tracks/{}", house.id("So What"))).json();
    assert_eq!(track["artist_ids"][0], miles);
    let his = house.get(&format!("/api/artists/{miles}")).json();
    assert_eq!((&his["n_tracks"], &his["n_albums"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&his["albums"][0]["title"], &his["genres"][1]["name"]),
        (&json!("Kind of Blue"), &json!("Modal Jazz"))
    );
    assert_eq!(names(&house.get(&format!("/api/tracks?artist={miles}")).json(), "title"), ["So What"]);
    assert_eq!(names(&house.get("/api/artists?role=composer").json(), "name"), ["Miles Davis"]);
    assert_eq!(names(&house.get("/api/genres?sort=-name").json(), "name"), ["Modal Jazz", "Jazz", "Folk"]);
    let folk = house.get("/api/genres?q=folk").json()["items"][0]["id"].clone();
    let folk = folk.as_str().expect("an id");
    assert_eq!(names(&house.get(&format!("/api/albums?genre={folk}")).json(), "title"), ["Blue"]);
    let genre = house.get(&format!("/api/genres/{folk}")).json();
    assert_eq!((&genre["name"], &genre["n_tracks"]), (&json!("Folk"), &json!(1)));
    let albums = house.get("/api/albums?sort=-year&tracks=year:%3C1980").json();
    assert_eq!(names(&albums, "title"), ["Blue", "Kind of Blue"]);
    let album = albums["items"][0]["id"].as_str().expect("an id");
    let album = house.get(&format!("/api/albums/{album}")).json();
    assert_eq!((&album["artist"], &album["tracks"][0]["title"]), (&json!("Joni Mitchell"), &json!("Blue")));
    for unknown in [
        "/api/artists/none",
        "/api/albums/none",
        "/api/genres/none",
        "/api/tracks?artist=none",
        "/api/albums?genre=none",
    ] {
        assert_problem(&house.get(unknown), 404, "not-found");
    }
}

#[test]
fn one_question_finds_tracks_albums_and_artists() {
    let house = house();
    let found = house.get("/api/search?q=blue").json();
    assert_eq!(names(&found["tracks"], "title"), ["Blue", "So What"]);
    assert_eq!(names(&found["albums"], "title"), ["Blue", "Kind of Blue"]);
    assert_eq!(names(&found["artists"], "name"), [""; 0]);
    let found = house.get("/api/search?q=mil&limit=1").json();
    assert_eq!(
        (names(&found["artists"], "name"), &found["tracks"]["total"]),
        (vec!["Miles Davis".to_owned()], &json!(1))
    );
    assert_eq!(
        names(&house.get("/api/tracks?q=genre:jazz%20year:%3C1960%20-live").json(), "title"),
        ["So What"]
    );
    assert_eq!(names(&house.get("/api/tracks?q=words").json(), "title"), ["So What"]);
}

#[test]
fn what_is_wrong_with_a_rule_is_pointed_at() {
    let house = house();
    for (path, field, at) in [
        ("/api/tracks?q=a%20yeer:1990", "q", 2),
        ("/api/search?q=year:old", "q", 5),
        ("/api/albums?tracks=(a", "tracks", 0),
    ] {
        let answer = house.get(path);
        assert_problem(&answer, 422, "invalid-value");
        let problem = answer.json();
        assert_eq!((&problem["field"], &problem["at"]), (&json!(field), &json!(at)), "{problem}");
    }
    assert_problem(&house.get("/api/search"), 400, "bad-request");
    assert_problem(&house.get("/api/search?q=a&limit=51"), 422, "invalid-value");
    assert_problem(&house.get("/api/genres?role=composer"), 400, "bad-request");
}
