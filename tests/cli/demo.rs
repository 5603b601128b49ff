//! The demo album, as a first start composes it: whole, tagged, of plainly
//! different characters, and the same bits wherever it is made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use auralis_tests::{Server, folder};
use serde_json::Value;

use crate::support::{names, stream_info};

/// The tracks, each with the MD5 of its samples. They hang on nothing but the
/// score, so that every build on every machine composes these.
const ALBUM: [(&str, &str); 7] = [
    ("01 Paper Lantern.flac", "8baaa86d88ca64d0fb91c70236316194"),
    ("02 Cellar Door.flac", "e2ae2b66db16ad00bd942f3d304d9dac"),
    ("03 Neon Rain.flac", "758ce28aad2acd49c2f9acc6ece2f483"),
    ("04 Full Tilt.flac", "48212f025d7b548ea0b9c9a1e6507310"),
    ("05 Tidewater.flac", "decb148aefe6d79c63677cd8e849d071"),
    ("06 Estuary.flac", "a8fbe63166dce4e1799e3d5967e5d695"),
    ("07 Kitchen Radio.flac", "e9f007640471e0b58374f7ab630986a0"),
];

/// Their tempos as the scores state them, in beats per minute.
const TEMPOS: [(&str, f64); 7] = [
    ("Paper Lantern", 104.0),
    ("Cellar Door", 82.0),
    ("Neon Rain", 116.0),
    ("Full Tilt", 150.0),
    ("Tidewater", 76.0),
    ("Estuary", 76.0),
    ("Kitchen Radio", 138.0),
];

fn serve(data: &Path) -> Server {
    // No library, whatever this machine's settings say.
    Server::start(data, ["--config", "/dev/null"])
}

fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Waits until all tracks are there and measured; gives them by title.
fn tracks(server: &Server) -> BTreeMap<String, Value> {
    loop {
        let list = server.get("/api/tracks?limit=500").json();
        let items = list["items"].as_array().expect("a list");
        if items.len() == ALBUM.len() && items.iter().all(|track| track["measured"] == true) {
            let title = |track: &Value| track["title"].as_str().expect("a title").to_owned();
            return items.iter().map(|track| (title(track), track.clone())).collect();
        }
        pause();
    }
}

/// The album's files, byte for byte; nothing else lies beside them.
fn files(data: &Path) -> Vec<Vec<u8>> {
    let folder = data.join("demo");
    assert_eq!(names(&folder), ALBUM.map(|(name, _)| name));
    ALBUM.map(|(name, _)| fs::read(folder.join(name)).expect("it is there")).into()
}

#[test]
fn a_first_start_composes_the_album_and_a_killed_one_goes_on() {
    let data = folder();
    let demo = data.path().join("demo");
    let killed = serve(data.path());
    let has = |end: &str| demo.is_dir() && names(&demo).iter().any(|name| name.ends_with(end));
    // A track is there and another is being written.
    while !(has(".flac") && has(".partial")) {
        assert_eq!(killed.get("/api/health").status, 200);
        pause();
    }
    // Dropping a server kills it as a power cut would.
    drop(killed);
    let kept = names(&demo).into_iter().find(|name| name.ends_with(".flac")).expect("it was there");
    let stamp = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).expect("a time");
    let composed = stamp(&demo.join(&kept));

    let server = serve(data.path());
    let album = tracks(&server);
    let whole = files(data.path());
    assert_eq!(stamp(&demo.join(&kept)), composed, "{kept} was composed again");
    for (name, md5) in ALBUM {
        let (rate, bits, n_frames, found) = stream_info(&demo.join(name));
        assert_eq!((rate, bits, &*found), (44_100, 16, md5), "{name}");
        assert!((60 * 44_100..=120 * 44_100).contains(&n_frames), "{name}: {n_frames} frames");
    }
    tags_and_covers(&server, &album);
    characters(&server, &album);
    tempos(&server, &album);
    drop(server);

    // Elsewhere and at another time it is the same, to the last byte of the
    // cover; tracks that are there already are taken as they are, also one that is
    // of one piece with another that is not.
    let other = folder();
    let there = other.path().join("demo");
    fs::create_dir(&there).expect("a folder is made");
    let anew = ["02 Cellar Door.flac", "06 Estuary.flac"];
    let mut taken = Vec::new();
    for (name, _) in ALBUM.iter().filter(|(name, _)| !anew.contains(name)) {
        fs::copy(demo.join(name), there.join(name)).expect("a copy");
        taken.push((name, stamp(&there.join(name))));
    }
    let server = serve(other.path());
    while !anew.iter().all(|name| there.join(name).is_file()) || there.join(".composing").exists() {
        assert_eq!(server.get("/api/health").status, 200);
        pause();
    }
    assert!(files(other.path()) == whole, "two folders, two albums");
    for (name, copied) in taken {
        assert_eq!(stamp(&there.join(name)), copied, "{name} was composed again");
    }
}

fn tags_and_covers(server: &Server, album: &BTreeMap<String, Value>) {
    let mut numbers: Vec<_> = album.values().map(|track| track["track_no"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=7).map(Some).collect::<Vec<_>>());
    for (title, track) in album {
        assert_eq!(
            (&track["album"], &track["codec"]),
            (&"Six Rooms and a Tide".into(), &"flac".into()),
            "{title}"
        );
        assert_eq!(track["artists"], serde_json::json!(["Auralis"]));
        let id = track["id"].as_str().expect("an id");
        let cover = server.get(&format!("/api/tracks/{id}/artwork"));
        assert_eq!((cover.status, cover.header("content-type")), (200, Some("image/png")), "{title}");
        assert!(cover.body.starts_with(b"\x89PNG"), "{title}");
    }
    // One piece flows from one track into the next.
    assert_eq!(album["Estuary"]["gapless_after"], album["Tidewater"]["id"]);
}

/// Each room of the album is the most of what it is there for, by far.
fn characters(server: &Server, album: &BTreeMap<String, Value>) {
    let of: BTreeMap<&str, Value> = album
        .iter()
        .map(|(title, track)| {
            let id = track["id"].as_str().expect("an id");
            (title.as_str(), server.get(&format!("/api/tracks/{id}/fingerprint")).json())
        })
        .collect();
    let number = |title: &str, name: &str| {
        let fingerprint = &of[title];
        let value = fingerprint["descriptors"].get(name).or_else(|| fingerprint.get(name));
        value.and_then(Value::as_f64).unwrap_or_else(|| panic!("{title} has no {name}"))
    };
    type Measure<'a> = &'a dyn Fn(&str) -> f64;
    let share = |title: &str, names: [&str; 2]| number(title, names[0]) + number(title, names[1]);
    let rows: [(&str, &str, Measure, f64); 8] = [
        ("quiet", "Paper Lantern", &|title| -number(title, "lufs"), 6.0),
        ("thin", "Paper Lantern", &|title| -number(title, "bass_mid_ratio"), 6.0),
        ("boomy", "Cellar Door", &|title| number(title, "bass_mid_ratio"), 6.0),
        ("harsh", "Neon Rain", &|title| share(title, ["upper_mid", "presence"]) / number(title, "mid"), 0.2),
        ("crushed", "Full Tilt", &|title| -number(title, "crest_db"), 3.0),
        ("loud", "Full Tilt", &|title| number(title, "lufs"), 6.0),
        ("wide", "Tidewater", &|title| number(title, "stereo_width"), 0.05),
        ("mono", "Kitchen Radio", &|title| -number(title, "stereo_width"), 0.03),
    ];
    for (word, most, measure, margin) in rows {
        for other in of.keys().filter(|other| **other != most) {
            let (here, there) = (measure(most), measure(other));
            assert!(
                here >= there + margin,
                "{most} is not the {word} one: {here} against {there} of {other}"
            );
        }
    }
    assert!(number("Full Tilt", "true_peak_dbtp") > 0.0);
    assert_eq!(number("Kitchen Radio", "phase_correlation"), 1.0);
}

/// Each is heard at the tempo that it is written in, not at twice or half of it.
fn tempos(server: &Server, album: &BTreeMap<String, Value>) {
    for (title, bpm) in TEMPOS {
        let id = album[title]["id"].as_str().expect("an id");
        let fingerprint = server.get(&format!("/api/tracks/{id}/fingerprint")).json();
        let heard = fingerprint["descriptors"]["tempo_bpm"].as_f64().expect("a number");
        assert!((heard / bpm - 1.0).abs() <= 0.02, "{title} at {bpm} is heard at {heard}");
    }
}
