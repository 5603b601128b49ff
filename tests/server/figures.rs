//! The library as it lies on the disk, and in figures; and what asking costs.

use std::collections::HashSet;

use auralis_core::encode::Format;
use auralis_server::catalog::{Catalog, Entry};
use auralis_server::media::{Stamp, bytes_of};
use serde_json::{Value, json};

use crate::house::{House, assert_problem, sound};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("a list: {list}"));
    items.iter().map(|item| item[field].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn folders_are_walked_as_they_lie_on_the_disk() {
    let wav = |seed: u64| sound(Format::Wav16, seed, 0.3);
    let house = House::served(
        &[
            ("top.wav", &wav(1)),
            ("a/one.wav", &wav(2)),
            ("a/deep/two.wav", &wav(3)),
            ("a0/three.wav", &wav(4)),
            ("b/four.wav", &wav(5)),
        ],
        &[],
    );
    house.settled(5);
    let roots = house.get("/api/library/folders").json();
    assert_eq!((&roots["total"], &roots["items"][0]["n_tracks"]), (&json!(1), &json!(5)));
    let root = roots["items"][0]["dir"].as_str().expect("an id").to_owned();
    let below = |dir: &str| house.get(&format!("/api/library/folders?dir={dir}")).json();
    let top = below(&root);
    assert_eq!(names(&top, "name"), ["a", "a0", "b"]);
    assert_eq!(top["items"][0]["n_tracks"], 2);
    let a = top["items"][0]["dir"].as_str().expect("an id");
    assert_eq!(names(&below(a), "name"), ["deep"]);
    // And the way back.
    let way = |list: &Value| {
        let steps = list["way"].as_array().expect("a way").clone();
        steps
            .iter()
            .map(|step| text(&step["dir"]))
            .zip(steps.iter().map(|step| text(&step["name"])))
            .collect()
    };
    let library = house.library.path().file_name().expect("a name").to_string_lossy().into_owned();
    let deep = text(&below(a)["items"][0]["dir"]);
    let wanted: Vec<(String, String)> =
        vec![(root.clone(), library), (a.to_owned(), "a".to_owned()), (deep.clone(), "deep".to_owned())];
    let told: Vec<(String, String)> = way(&below(&deep));
    assert_eq!(told, wanted);
    assert_eq!(way(&below(&root)), wanted[..1].to_vec());
    assert_eq!(roots["way"], json!([]));
    let titles =
        |query: String| names(&house.get(&format!("/api/tracks?sort=title&{query}")).json(), "title");
    assert_eq!(titles(format!("dir={root}")), ["top"]);
    assert_eq!(titles(format!("below={root}")).len(), 5);
    assert_eq!(titles(format!("dir={a}")), ["one"]);
    assert_eq!(titles(format!("below={a}")), ["one", "two"]);
    assert_eq!(titles(format!("below={a}&q=two")), ["two"]);
    assert_problem(&house.get("/api/library/folders?dir=..%2F"), 404, "not-found");
    for gone in ["zz", "00000009", &format!("{a}2f78")] {
        assert_problem(&house.get(&format!("/api/tracks?dir={gone}")), 404, "not-found");
        assert_problem(&house.get(&format!("/api/tracks?below={gone}")), 404, "not-found");
        assert_problem(&house.get(&format!("/api/library/folders?dir={gone}")), 404, "not-found");
    }
    assert_eq!(titles(format!("dir={deep}")), ["two"]);
    assert_problem(&house.get(&format!("/api/tracks?dir={a}&below={a}")), 400, "bad-request");
}

#[test]
fn the_library_in_figures_adds_up() {
    let house = House::served(
        &[
            ("a.wav", &sound(Format::Wav16, 1, 0.5)),
            ("b.flac", &sound(Format::Flac16, 2, 1.0)),
            ("c.flac", &sound(Format::Flac24, 3, 1.5)),
        ],
        &[],
    );
    house.settled(3);
    assert_eq!(house.ask("PUT", &format!("/api/favorites/{}", house.id("b")), &[]).status, 204);
    let told = house.get("/api/library/statistics").json();
    assert_eq!(
        (&told["n_tracks"], &told["n_measured"], &told["n_favorites"]),
        (&json!(3), &json!(3), &json!(1))
    );
    assert_eq!(told["duration_s"], 3.0);
    assert_eq!(
        told["codecs"],
        json!([{"of": "flac", "n_tracks": 2, "duration_s": 2.5}, {"of": "pcm", "n_tracks": 1, "duration_s": 0.5}])
    );
    assert_eq!(told["bits_per_sample"][0], json!({"of": 16, "n_tracks": 2, "duration_s": 1.5}));
    for steps in ["lufs", "crest_db", "lra_lu"] {
        let n: u64 =
            told[steps].as_array().expect("steps").iter().filter_map(|step| step["n_tracks"].as_u64()).sum();
        assert_eq!(n, 3, "{steps}");
    }
    let loudness: Vec<i64> =
        house.tracks().iter().map(|track| track["lufs"].as_f64().expect("LUFS").floor() as i64).collect();
    for step in told["lufs"].as_array().expect("steps") {
        let n = loudness.iter().filter(|lufs| **lufs == step["from"]).count();
        assert_eq!(step["n_tracks"], n, "{step} of {loudness:?}");
    }
}

/// Puts so many tracks into a house that nobody serves yet; their ids. Their files
/// are empty, and that is known.
fn fill(house: &House, n_tracks: u32) -> Vec<String> {
    let library = house.library.path().canonicalize().expect("it is there");
    let catalog = Catalog::open(house.data.path(), auralis_core::fingerprint::VERSION).expect("a catalog");
    let folder = catalog.open_folders(&[bytes_of(&library)]).expect("it is opened").remove(0);
    // Empty files that the scan finds as they were read.
    let entry = |n: u32| {
        let path = format!("{}/{n}.flac", n / 500);
        let file = library.join(&path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("it is made");
        std::fs::write(&file, b"").expect("a file");
        let stamp = Stamp::of(&std::fs::metadata(&file).expect("it is there"));
        Entry {
            path: path.into_bytes(),
            size: stamp.size,
            mtime_ns: stamp.mtime_ns,
            title: format!("track {n}"),
            artists: vec![format!("artist {}", n / 4).as_str().into(), "everybody".into()],
            album: Some(format!("album {}", n / 4)),
            album_artist: Some("everybody".to_owned()),
            genres: vec![format!("genre {}", n % 700), "any".to_owned()],
            content: Some(u128::from(n).to_le_bytes()),
            codec: Some("flac".to_owned()),
            sample_rate: Some(44_100),
            channels: Some(2),
            duration_s: 1.0,
            ..Entry::default()
        }
    };
    let entries: Vec<Entry> = (0..n_tracks).map(entry).collect();
    let placed = catalog.put(&folder, &entries, &mut HashSet::new()).expect("they are stored");
    for (placed, entry) in placed.iter().zip(&entries) {
        let stamp = (entry.size, entry.mtime_ns);
        assert!(catalog.put_fault(placed.row, stamp, "measure", "the file is empty").expect("it is stored"));
    }
    placed.into_iter().map(|placed| placed.key).collect()
}

/// The statements of a request do not grow with the rows that it is about.
#[test]
fn what_a_request_asks_of_the_catalog_does_not_grow_with_its_answer() {
    let mut house = House::new(&[]);
    let keys = fill(&house, 2_000);
    house.open(&[]);
    house.settled(2_000);
    let playlist = house.send("POST", "/api/playlists", json!({"name": "x", "track_ids": keys})).json();
    let playlist = playlist["id"].as_str().expect("an id").to_owned();
    assert_eq!(house.send("PUT", "/api/queue", json!({"track_ids": keys})).status, 200);
    let everybody = auralis_server::catalog::name_key("artist", "everybody");
    let once = auralis_server::catalog::name_key("artist", "artist 7");
    let cost = |path: &str| {
        // Asked before, so that what is remembered is.
        let answer = house.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let before = house.counter("statements");
        let n_items = house.get(path).json()["items"].as_array().map(Vec::len);
        (house.counter("statements") - before, n_items)
    };
    for path in [
        "/api/tracks?sort=title".to_owned(),
        "/api/tracks?q=track".to_owned(),
        "/api/tracks?q=genre:any%20-zebra&sort=-added".to_owned(),
        "/api/albums?sort=-tracks".to_owned(),
        "/api/artists?q=artist".to_owned(),
        "/api/artists?tracks=genre:any".to_owned(),
        "/api/genres?sort=name".to_owned(),
        format!("/api/playlists/{playlist}/items?offset=0"),
        "/api/queue?offset=0".to_owned(),
    ] {
        let (few, many) = (cost(&format!("{path}&limit=10")), cost(&format!("{path}&limit=500")));
        assert_eq!((few.1, many.1), (Some(10), Some(500)), "{path}");
        assert_eq!(few.0, many.0, "statements of {path} for 10 and for 500");
    }
    // An artist with all albums and genres costs what one with a single album does.
    let (one, all) = (format!("/api/artists/{once}"), format!("/api/artists/{everybody}"));
    assert_eq!(house.get(&all).json()["albums"].as_array().map(Vec::len), Some(500));
    assert_eq!(cost(&one).0, cost(&all).0);
}

/// Whoever takes a playlist home as a file makes the server write it line by line.
#[cfg(target_os = "linux")]
#[test]
fn a_large_playlist_is_written_in_little_memory() {
    let mut house = House::new(&[]);
    let keys = fill(&house, 2_000);
    house.open(&[]);
    house.settled(2_000);
    let playlist = house.send("POST", "/api/playlists", json!({"name": "x"})).json();
    let path = format!("/api/playlists/{}", text(&playlist["id"]));
    for _ in 0..50 {
        let added = house.send("POST", &format!("{path}/items"), json!({"track_ids": keys}));
        assert_eq!(added.status, 201, "{}", added.text());
    }
    let before = house.memory("VmRSS");
    house.forget_peak();
    let file = house.get(&format!("{path}/m3u8")).text();
    let grown = house.memory("VmHWM").saturating_sub(before);
    let files: Vec<&str> = file.lines().filter(|line| !line.starts_with('#')).collect();
    let wanted: Vec<String> =
        (0..100_000).map(|n| format!("{}/{}.flac", n % 2_000 / 500, n % 2_000)).collect();
    assert!(files == wanted, "they are not all there in their order");
    assert!(grown < 32 << 10, "it took {grown} KiB");
}
