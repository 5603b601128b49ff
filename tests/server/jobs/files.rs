//! What comes of a job: the bits of the stream and of the command line, a ZIP that
//! others open, and names that lead nowhere else.

use std::io::{Cursor, Read};
use std::process::Command;

use auralis_core::encode::{Format, HAS_MP3};
use auralis_server::copy::Template;
use auralis_tests::{auralis, skipped};
use lofty::file::TaggedFileExt;
use lofty::tag::ItemKey;
use serde_json::json;

use super::{album, music};
use crate::formats::frames_of;
use crate::house::{House, until};

#[test]
fn a_job_writes_the_very_file_of_the_command_line_with_the_streams_frames() {
    let tags = [
        (ItemKey::TrackTitle, "One"),
        (ItemKey::TrackArtist, "Ann"),
        (ItemKey::ReplayGainTrackGain, "-3 dB"),
    ];
    let house = House::served(&[("one.flac", &music(5, 21.7, &tags))], &[]);
    let id = house.id("One");
    let mp3 = HAS_MP3.then_some(Some(Format::Mp3));
    for format in [None, Some(Format::Wav24), Some(Format::Opus)].into_iter().chain(mp3) {
        let mut asked =
            json!({ "of": "tracks", "ids": [id], "preset": "night", "intensity": 0.8, "target_lufs": -16 });
        asked["format"] = format.map_or(json!(null), |format| json!(format.name()));
        let job = house.job(&asked);
        let answer = house.fetched(&job);
        let written = format.unwrap_or(Format::Flac16);
        assert_eq!(answer.header("content-type"), Some(written.media_type()));
        let name = format!("One.{}", written.extension());
        let saved = answer.header("content-disposition").expect("a name").to_owned();
        assert!(saved.starts_with("attachment; ") && saved.contains(&name), "{saved}");
        // As the command line has it, to the byte.
        let copy = house.data.path().join(&name);
        let mut enhance = auralis();
        enhance.args(["enhance", "--preset", "night", "--intensity", "0.8", "--target", "-16"]);
        enhance.args(["--format", written.name(), "--force", "-o"]).arg(&copy);
        let done = enhance.arg(house.library.path().join("one.flac")).output().expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(std::fs::read(&copy).expect("a copy") == answer.body, "{written} is another file");
        let tags = lofty::read_from_path(&copy).expect("it is sound");
        let titles: Vec<_> = tags.tags().iter().map(|tag| tag.get_string(ItemKey::TrackTitle)).collect();
        assert!(!titles.is_empty() && titles.iter().all(|title| *title == Some("One")), "{titles:?}");
        // As it is heard.
        let path =
            format!("/api/tracks/{id}/stream?preset=night&intensity=0.8&target_lufs=-16&format={written}");
        house.get(&path);
        let streamed = until("what a rendering taught is heard", || {
            let streamed = frames_of(&house.get(&path).body, written.extension());
            (streamed == frames_of(&answer.body, written.extension())).then_some(streamed)
        });
        assert!(streamed.1.len() > 900_000);
    }
}

#[test]
fn any_range_of_a_file_and_of_a_zip_can_be_fetched() {
    let house = album(3, 2.0);
    for asked in
        [json!({ "of": "tracks", "ids": house.ids() }), json!({ "of": "tracks", "ids": [house.ids()[0]] })]
    {
        let job = house.job(&asked);
        let path = format!("/api/jobs/{job}/file");
        let whole = house.fetched(&job);
        let n_bytes = whole.body.len();
        assert_eq!(whole.header("content-length"), Some(&*n_bytes.to_string()));
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        let tag = whole.header("etag").expect("a tag").to_owned();
        // Across heads and files, in odd steps.
        let mut together = Vec::new();
        while together.len() < n_bytes {
            let end = (together.len() + 77_777).min(n_bytes) - 1;
            let range = format!("bytes={}-{end}", together.len());
            let part = house.ask("GET", &path, &[("Range", &range), ("If-Range", &tag)]);
            assert_eq!(part.status, 206);
            together.extend(part.body);
        }
        assert!(together == whole.body);
        for (range, want) in [("bytes=0-0", &whole.body[..1]), ("bytes=-5", &whole.body[n_bytes - 5..])] {
            assert_eq!(house.ask("GET", &path, &[("Range", range)]).body, want, "{range}");
        }
        assert_eq!(house.ask("GET", &path, &[("Range", &format!("bytes={n_bytes}-"))]).status, 416);
        assert_eq!(house.ask("GET", &path, &[("If-None-Match", &tag)]).status, 304);
        let head = house.ask("HEAD", &path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), whole.header("content-length"));
    }
}

/// The names in a ZIP, and what is in each.
fn unzipped(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    let n_files = 0..zip.len();
    let read = |idx: usize| {
        let mut file = zip.by_index(idx).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its sum is right");
        (file.name().expect("a name").into_owned(), bytes)
    };
    n_files.map(read).collect()
}

#[test]
fn an_album_is_a_zip_that_others_open_with_the_balance_of_its_tracks() {
    let house = album(3, 4.0);
    let album_id = house.tracks()[0]["album_id"].clone();
    let asked = json!({ "of": "albums", "ids": [album_id], "album": true, "format": "flac24" });
    let preview = house.send("POST", "/api/jobs/preview", asked.clone()).json();
    assert_eq!(house.get("/api/jobs").json()["total"], 0, "a look at what would come of it begins nothing");
    let job = house.job(&asked);
    let answer = house.fetched(&job);
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert!(answer.header("content-disposition").expect("a name").contains("Pieces.zip"));
    let files = unzipped(&answer.body);
    let names: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
    let want = [1, 2, 3].map(|n| format!("Somebody/Pieces/{n:02} Piece {n:02}.flac"));
    assert_eq!(names, want);
    let foretold = (&preview["name"], &preview["first"], &preview["n_tracks"]);
    assert_eq!(foretold, (&json!("Pieces.zip"), &json!(want[0]), &json!(3)));
    for (idx, id) in house.ids().iter().enumerate() {
        let path = format!("/api/tracks/{id}/stream?album=true&format=flac24");
        house.get(&path);
        until("it is the stream's", || {
            let streamed = frames_of(&house.get(&path).body, "flac");
            (streamed == frames_of(&files[idx].1, "flac")).then_some(())
        });
    }
    // What is told of it.
    let told = house.job_now(&job);
    assert_eq!((&told["n_tracks"], &told["n_done"], &told["n_faults"]), (&json!(3), &json!(3), &json!(0)));
    let on_disk: u64 = super::names(&house.folder_of(&job))
        .iter()
        .map(|name| std::fs::metadata(house.folder_of(&job).join(name)).expect("a file").len())
        .sum();
    assert_eq!(told["n_bytes"], on_disk);
    assert!(preview["n_bytes"].as_u64() >= Some(on_disk), "{preview}");
    // Another program.
    let zip = house.data.path().join("pieces.zip");
    std::fs::write(&zip, &answer.body).expect("a file");
    match Command::new("unzip").arg("-t").arg(&zip).output() {
        Ok(tested) => assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout)),
        Err(_) => skipped("no unzip"),
    }
}

#[test]
fn names_lead_nowhere_else_and_doubles_are_told_apart() {
    let of = |seed: u64, title: &str, album: &str| {
        music(
            seed,
            0.3,
            &[(ItemKey::TrackTitle, title), (ItemKey::AlbumTitle, album), (ItemKey::AlbumArtist, "..")],
        )
    };
    let house = House::served(
        &[
            ("1.flac", &of(1, "../../../etc/passwd", "..")),
            ("2.flac", &of(2, "..\\..\\evil", "C:\\Windows")),
            ("3.flac", &of(3, "NUL", "/")),
            ("4.flac", &of(4, "Same", "x")),
            ("5.flac", &of(5, "same", "x")),
        ],
        &[],
    );
    let mut ids = house.ids();
    ids.push(house.id("Same"));
    let job =
        house.job(&json!({ "of": "tracks", "ids": ids, "template": "../{album_artist}/{album}/{title}" }));
    let files = unzipped(&house.fetched(&job).body);
    assert_eq!(files.len(), 6);
    let mut seen: Vec<String> = files.iter().map(|(name, _)| name.to_lowercase()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6, "{files:?}", files = files.iter().map(|file| &file.0).collect::<Vec<_>>());
    for (name, _) in &files {
        let parts: Vec<&str> = name.split('/').collect();
        let is_harmless =
            |part: &&str| !part.is_empty() && *part != "." && *part != ".." && !part.contains(['\\', ':']);
        assert!(parts.iter().all(is_harmless), "{name}");
    }
    let stems: Vec<&str> = files.iter().map(|(name, _)| name.rsplit('/').next().expect("a name")).collect();
    assert!(stems.contains(&"_NUL.flac"), "{stems:?}");
    assert_eq!(stems.iter().filter(|stem| stem.to_lowercase().starts_with("same")).count(), 3, "{stems:?}");
}

/// Without a server, of the same files in the same order.
#[test]
fn a_folder_on_the_command_line_has_the_names_and_the_bytes_of_a_job() {
    let of = |seed: u64, seconds: f64, tags: &[(ItemKey, &str)]| music(seed, seconds, tags);
    let titled = |seed: u64, title: &str| {
        of(
            seed,
            1.0,
            &[
                (ItemKey::TrackTitle, title),
                (ItemKey::TrackArtist, "Ann"),
                (ItemKey::TrackArtist, "Bob"),
                (ItemKey::AlbumTitle, "..\\x/y"),
                (ItemKey::TrackNumber, "7"),
                (ItemKey::DiscNumber, "2"),
                (ItemKey::RecordingDate, "1999-05-01"),
                (ItemKey::Genre, "Noise"),
                (ItemKey::ReplayGainTrackGain, "-3 dB"),
            ],
        )
    };
    let sheet = "PERFORMER \"Band\"\nTITLE \"Concert\"\nFILE \"all.flac\" WAVE\n  TRACK 01 AUDIO\n    TITLE \"First\"\n    \
                 INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"Second\"\n    INDEX 01 00:02:00\n";
    let mut house = House::new(&[
        ("a/1.flac", &titled(1, "Same")),
        ("a/2.flac", &titled(2, "same")),
        ("b/all.cue", sheet.as_bytes()),
        ("b/all.flac", &of(3, 5.0, &[(ItemKey::TrackTitle, "All of it")])),
        ("bare.flac", &of(4, 12.0, &[])),
    ]);
    house.open(&["--no-limits"]);
    until("all are measured", || {
        let tracks = house.tracks();
        (tracks.len() == 5 && tracks.iter().all(|track| track["measured"] == true)).then_some(())
    });
    let ids = ["Same", "same", "First", "Second", "bare"].map(|title| house.id(title));
    let fields =
        "{folder}/{album_artist}-{artist}/{album}/{disc}.{track:02}.{year}.{genre}/{number:3} {title}";
    for (template, format, preset) in [
        (Template::USUAL, None, "adaptive"),
        (fields, Some("wav24"), "night"),
        ("{title}", Some("opus"), "warm"),
    ] {
        let job = house.job(&json!({
            "of": "tracks", "ids": ids, "template": template, "format": format, "preset": preset,
            "bitrate": format.filter(|format| *format == "opus").map(|_| 96),
        }));
        let mut want = unzipped(&house.fetched(&job).body);
        let out = auralis_tests::folder();
        let mut enhance = auralis();
        enhance.arg("enhance").arg(house.library.path()).arg("-o").arg(out.path());
        enhance.args(["--template", template, "--preset", preset, "--bitrate", "96"]);
        enhance.args(format.iter().flat_map(|format| ["--format", format]));
        let done = enhance.output().expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        want.sort();
        let mut copies = Vec::new();
        for (name, _) in &want {
            let copy = std::fs::read(out.path().join(name));
            copies.push((name.clone(), copy.unwrap_or_else(|_| panic!("{name} is not there: {done:?}"))));
        }
        assert!(copies == want, "other bytes by {template}");
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(said.contains("5 written"), "{said}");
    }
}

#[test]
fn a_playlist_keeps_its_order_and_a_track_that_cannot_be_rendered_is_named() {
    let house = album(3, 1.0);
    let ids = house.ids();
    let made = house.send(
        "POST",
        "/api/playlists",
        json!({ "name": "Mine / yours", "track_ids": [ids[2], ids[0], ids[2]] }),
    );
    let playlist = made.json()["id"].clone();
    // It changes behind the server's back.
    house.put("01.flac", b"no sound any more");
    let job = house.job(&json!({ "of": "playlists", "ids": [playlist], "template": "{number:2} {title}" }));
    let answer = house.fetched(&job);
    let names: Vec<String> = unzipped(&answer.body).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["01 Piece 03.flac", "03 Piece 03.flac"]);
    let told = house.job_now(&job);
    assert_eq!(
        (&told["n_done"], &told["n_faults"], &told["name"]),
        (&json!(2), &json!(1), &json!("Mine _ yours.zip"))
    );
    let fault = &told["faults"][0];
    assert_eq!((&fault["track_id"], &fault["title"]), (&json!(ids[0]), &json!("Piece 01")));
    assert!(fault["reason"].as_str().expect("a reason").contains("changed since it was scanned"), "{fault}");
    // And one of which there is nothing at all.
    let job = house.job(&json!({ "of": "tracks", "ids": [ids[0]] }));
    let told = house.ended(&job);
    assert_eq!(told["state"], "failed");
    assert!(told["reason"].as_str().expect("a reason").contains("Piece 01: the file changed"), "{told}");
    assert_eq!(house.get(&format!("/api/jobs/{job}/file")).status, 409);
    assert!(!house.folder_of(&job).exists(), "nothing is left of it");
}

#[test]
fn a_track_of_a_cue_sheet_is_rendered_alone_under_its_own_tags() {
    let sheet = "PERFORMER \"Band\"\nTITLE \"Concert\"\nFILE \"all.flac\" WAVE\n  TRACK 01 AUDIO\n    TITLE \"First\"\n    \
                 INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"Second\"\n    INDEX 01 00:02:00\n";
    let all = music(9, 5.0, &[(ItemKey::TrackTitle, "All of it")]);
    let mut house = House::new(&[("all.flac", &all), ("all.cue", sheet.as_bytes())]);
    house.open(&[]);
    until("both are measured", || {
        let tracks = house.tracks();
        (tracks.len() == 2 && tracks.iter().all(|track| track["measured"] == true)).then_some(())
    });
    let job = house.job(&json!({ "of": "tracks", "ids": [house.id("Second")], "intensity": 0 }));
    let answer = house.fetched(&job);
    let (rate, frames) = frames_of(&answer.body, "flac");
    let own = frames_of(&all, "flac").1;
    assert!(frames == own[2 * rate as usize..], "the frames of the second track");
    let path = house.data.path().join("second.flac");
    std::fs::write(&path, &answer.body).expect("a file");
    let tags = auralis_server::copy::tags::read(&path).expect("tags").expect("tags");
    assert_eq!(tags.first(ItemKey::TrackTitle), Some("Second"));
    assert_eq!(tags.first(ItemKey::TrackArtist), Some("Band"));
}
