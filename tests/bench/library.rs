//! A library of 100,000 tracks: which ten sound like one of them, found in
//! memory, and asked of a server over HTTP. Its catalog is filled as a scan
//! fills it, with fingerprints of a made-up track whose descriptors are others.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use auralis_core::fingerprint::{Descriptors, Fingerprint, NAMES, Point, VERSION, nearest};
use auralis_server::alike::Alike;
use auralis_server::catalog::{self, Catalog, Entry, Measurable, Measured, Placed};
use auralis_server::events::Events;
use auralis_server::gate::Gate;
use auralis_server::handlers::House;
use auralis_server::jobs::{Jobs, measure};
use auralis_server::listen::{self, App};
use auralis_server::metrics::Metrics;
use auralis_server::pool::Pool;
use auralis_server::routes::routes;
use auralis_server::scan::Scanner;
use auralis_tests::http;
use auralis_tests::signals::Random;
use tokio::sync::watch;

use crate::clock;
use crate::material::Material;
use crate::table::{Goal, Table, Unit};

const N_TRACKS: usize = 100_000;
/// Tracks that are measured later.
const N_LEFT: usize = 50;
/// Where the tracks would be, if there were files.
const FOLDER: &[u8] = b"/music";
/// Tracks that a scan writes at a time.
const BATCH: usize = 1_000;

/// The rows: in memory, and as a server answers by HTTP.
const IN_MEMORY: &str = "nearest 10 of 100,000, in memory";
const USUAL: &str = "similar of 100,000, by HTTP";
const FIRST: &str = "similar of 100,000, by HTTP, first after a start";
/// Each run is the slowest of all orders, from the beginning, the middle and the end.
const PAGES: &str = "slowest page of 100,000, of all orders, by HTTP";
const MORE: &str = "similar of 100,000, by HTTP, one more measured";

/// Ten neighbours, from the comparison of numbers to the answer of a server.
pub fn neighbours(table: &mut Table, material: &Material) {
    let is_wanted = |names: &[&str]| names.iter().any(|name| table.wants(name));
    let (any, http) =
        (is_wanted(&[IN_MEMORY, USUAL, FIRST, MORE, PAGES]), is_wanted(&[USUAL, FIRST, MORE, PAGES]));
    if !any {
        return;
    }
    let mut random = Random(1);
    let tracks: Vec<Descriptors> = (0..N_TRACKS).map(|_| another(&mut random)).collect();
    in_memory(table, &tracks);
    if http {
        by_http(table, &tracks, &material.fingerprint);
    }
}

fn in_memory(table: &mut Table, tracks: &[Descriptors]) {
    let points: Vec<Point> = tracks.iter().map(Point::new).collect();
    milliseconds(table, IN_MEMORY, Goal::bound(10.0), || {
        std::hint::black_box(nearest(&points, &points[42], 10));
    });
}

fn by_http(table: &mut Table, tracks: &[Descriptors], print: &Fingerprint) {
    eprintln!("filling a library of 100,000 …");
    let data = auralis_tests::folder();
    let catalog = Catalog::open(data.path(), VERSION).expect("a catalog");
    let mut unmeasured = fill(&catalog, tracks, print).into_iter();
    let key = &catalog::key(&[FOLDER, &entry(42).path]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    milliseconds(table, FIRST, Goal::of(1_000.0, 300.0), || ask(&serve(&runtime, &catalog), key));
    let server = serve(&runtime, &catalog);
    if table.wants(PAGES) {
        eprintln!("{PAGES} …");
        let runs = (0..5).map(|_| slowest_page(&server)).collect();
        table.note(PAGES, Unit::Milliseconds, Goal::of(10.0, 5.0), runs);
    }
    milliseconds(table, USUAL, Goal::bound(10.0), || ask(&server, key));
    milliseconds(table, MORE, Goal::NONE, || {
        let (track, measured) = unmeasured.next().expect("enough are left");
        assert!(catalog.put_fingerprint(&track, &measured).expect("it is stored"));
        ask(&server, key);
    });
}

fn milliseconds(table: &mut Table, name: &str, goal: Goal, work: impl FnMut()) {
    if table.wants(name) {
        eprintln!("{name} …");
        let runs = clock::on_the_wall(work).into_iter().map(|took| 1_000.0 * took).collect();
        table.note(name, Unit::Milliseconds, goal, runs);
    }
}

fn slowest_page(server: &Served) -> f64 {
    let mut slowest = 0.0_f64;
    for by in ["album", "title", "artist", "duration", "year", "added", "lufs"] {
        for direction in ["", "-"] {
            for offset in [0, N_TRACKS / 2, N_TRACKS - 100] {
                let path = format!("/api/tracks?sort={direction}{by}&offset={offset}");
                let begun = std::time::Instant::now();
                let answer = http::get(server.address, &path);
                let took = 1_000.0 * begun.elapsed().as_secs_f64();
                assert_eq!(answer.status, 200, "{}", answer.text());
                slowest = slowest.max(took);
            }
        }
    }
    slowest
}

fn ask(server: &Served, key: &str) {
    let answer = http::get(server.address, &format!("/api/tracks/{key}/similar"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(10));
}

/// A server, which ends when this is dropped.
struct Served {
    address: SocketAddr,
    _end: watch::Sender<bool>,
}

/// A server on this catalog that has not been asked anything yet. It neither
/// scans nor measures: there are no files.
fn serve(runtime: &tokio::runtime::Runtime, catalog: &Catalog) -> Served {
    let (events, metrics) = (Events::default(), Arc::new(Metrics::default()));
    let (end, ending) = watch::channel(false);
    let house = House {
        catalog: catalog.clone(),
        alike: Alike::default(),
        jobs: Jobs::new(catalog.clone(), events.clone(), Arc::clone(&metrics), Arc::new(measure)),
        scanner: Scanner::new(catalog.clone(), events.clone(), || {}),
        pool: Pool::new("render", 1).expect("a thread"),
        events,
        metrics: Arc::clone(&metrics),
        ending: ending.clone(),
    };
    let app = App { routes: routes(Arc::new(house)), gate: Gate::new(&[], &[]), metrics, on_request: None };
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(listen::serve(listener, Arc::new(app), ending));
        Served { address, _end: end }
    })
}

/// Writes all tracks, and the fingerprint of each but the last; gives what is
/// to be stored of those.
fn fill(catalog: &Catalog, tracks: &[Descriptors], print: &Fingerprint) -> Vec<(Measurable, Measured)> {
    let folder = catalog.open_folders(&[FOLDER.to_vec()]).expect("a folder").remove(0);
    let json = serde_json::to_string(print).expect("a fingerprint is JSON");
    let own = serde_json::to_string(&print.descriptors).expect("descriptors are JSON");
    assert!(json.contains(&own), "descriptors are written the same inside");
    let mut left = Vec::new();
    for (n, some) in tracks.chunks(BATCH).enumerate() {
        let entries: Vec<Entry> = (0..some.len()).map(|i| entry(n * BATCH + i)).collect();
        let rows = catalog.put(&folder, &entries, &HashSet::new()).expect("they are stored");
        for ((Placed { row, .. }, entry), track) in rows.into_iter().zip(entries).zip(some) {
            let track_json = serde_json::to_string(track).expect("descriptors are JSON");
            let measured = measured(print, json.replace(&own, &track_json), track);
            let track = measurable(row, entry);
            if row as usize > N_TRACKS - N_LEFT {
                left.push((track, measured));
            } else {
                assert!(catalog.put_fingerprint(&track, &measured).expect("it is stored"));
            }
        }
    }
    left
}

fn entry(n: usize) -> Entry {
    Entry {
        path: format!("artist {}/album {}/{n:06}.flac", n / 120, n / 12).into_bytes(),
        size: 25_000_000 + n as u64,
        title: format!("track {n}"),
        artists: vec![format!("artist {}", n / 120)],
        album: Some(format!("album {}", n / 12)),
        codec: Some("flac".to_owned()),
        sample_rate: Some(44_100),
        channels: Some(2),
        duration_s: 60.0,
        ..Entry::default()
    }
}

fn measurable(row: i64, entry: Entry) -> Measurable {
    Measurable {
        row,
        key: catalog::key(&[FOLDER, &entry.path]),
        title: entry.title,
        folder: FOLDER.to_vec(),
        path: entry.path,
        size: entry.size,
        mtime_ns: entry.mtime_ns,
        codec: "flac".to_owned(),
        has_art: false,
    }
}

fn measured(print: &Fingerprint, json: String, track: &Descriptors) -> Measured {
    Measured {
        version: print.version,
        n_frames: print.n_frames,
        sample_rate: print.sample_rate,
        lufs: track.lufs,
        true_peak_dbtp: print.true_peak_dbtp,
        json,
    }
}

/// Descriptors anywhere in their ranges.
fn another(random: &mut Random) -> Descriptors {
    let fields = NAMES.iter().map(|&name| {
        let (low, high) = match name {
            "lufs" => (-40.0, -5.0),
            "spectral_centroid" | "spectral_rolloff" => (100.0, 10_000.0),
            _ => Descriptors::range(name).expect("it is measured"),
        };
        let share = 0.5 + 0.5 * f64::from(random.sample());
        // As many digits as a fingerprint has.
        (name.to_owned(), serde_json::json!(((low + share * (high - low)) * 1e4).round() / 1e4))
    });
    serde_json::from_value(serde_json::Value::Object(fields.collect())).expect("descriptors")
}
