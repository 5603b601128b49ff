//! Large libraries, asked of the program over HTTP: how soon it is ready, what
//! lists, searches and a scan take, how much memory and disk it uses.

mod crowd;
mod hour;
mod requests;

use std::thread::sleep;
use std::time::{Duration, Instant};

use auralis_core::fingerprint::{Descriptors, Fingerprint, Point, nearest};
use auralis_tests::Server;
use auralis_tests::http::request;
use auralis_tests::signals::Random;

use self::crowd::{Crowd, anywhere};
use self::requests::{filters, groups, pages, searches};
use crate::clock;
use crate::material::Material;
use crate::table::{Goal, Table, Unit};

const N_TRACKS: usize = 100_000;
const N_MANY: usize = 1_000_000;

const IN_MEMORY: &str = "nearest 10 of 100,000, in memory";
const START: &str = "start to ready with 100,000 tracks";
const AGAIN: &str = "scan of 100,000 unchanged files";
const FIRST: &str = "similar of 100,000, first after a start";
const USUAL: &str = "similar of 100,000";
/// Of requests of each kind, all but the slowest of a hundred take no longer.
const PAGES: &str = "p99 of pages of 100,000";
const FILTERS: &str = "p99 of filters of 100,000";
const SEARCHES: &str = "p99 of searches of 100,000, three letters or more";
const WIDE: &str = "p99 of searches of 100,000, one or two letters";
const GROUPS: &str = "p99 of albums, artists and genres of 100,000";
const MEMORY: &str = "RSS with 100,000 tracks after all of these";
/// Of an hour: measured only when asked for by this name.
const HOUR: &str = "RSS with 100,000 tracks in an hour of mixed use";
const DISK: &str = "catalog of 100,000 but for waveforms, per track";
const MANY_PAGES: &str = "p99 of the first 100 pages of 1,000,000";
const MANY_FILTERS: &str = "p99 of filters of 1,000,000";
const MANY_SEARCHES: &str = "p99 of searches of 1,000,000, three letters or more";

const OF_PROGRAM: [&str; 11] =
    [START, AGAIN, FIRST, USUAL, PAGES, FILTERS, SEARCHES, WIDE, GROUPS, MEMORY, DISK];
const OF_MANY: [&str; 3] = [MANY_PAGES, MANY_FILTERS, MANY_SEARCHES];

/// All rows of libraries.
pub fn rows(table: &mut Table, material: &Material) {
    let mut random = Random(1);
    let tracks: Vec<Descriptors> = (0..N_TRACKS).map(|_| anywhere(&mut random)).collect();
    let points: Vec<Point> = tracks.iter().map(Point::new).collect();
    milliseconds(table, IN_MEMORY, Goal::bound(10.0), || {
        std::hint::black_box(nearest(&points, &points[42], 10));
    });
    drop(points);
    if OF_PROGRAM.iter().any(|name| table.wants(name)) {
        of_program(table, &tracks, &material.fingerprint);
    }
    if table.names(HOUR) {
        of_an_hour(table, &tracks, material);
    }
    drop(tracks);
    if OF_MANY.iter().any(|name| table.wants(name)) {
        of_many(table);
    }
}

fn of_program(table: &mut Table, tracks: &[Descriptors], print: &Fingerprint) {
    let crowd = Crowd::measured(tracks, print);
    let key = crowd.key(42);
    if table.wants(DISK) {
        table.note(DISK, Unit::Kilobytes, Goal::bound(4.0), vec![crowd.kilobytes_per_track()]);
    }
    milliseconds(table, START, Goal::bound(300.0), || {
        assert_eq!(crowd.serve().get("/api/ready").status, 200);
    });
    if table.wants(FIRST) {
        let first = || {
            let server = crowd.serve();
            settle(&server);
            let begun = Instant::now();
            similar(&server, &key);
            1_000.0 * begun.elapsed().as_secs_f64()
        };
        eprintln!("{FIRST} …");
        table.note(FIRST, Unit::Milliseconds, Goal::of(1_000.0, 300.0), (0..5).map(|_| first()).collect());
    }
    let server = crowd.serve();
    settle(&server);
    for (name, goal, paths) in [
        (PAGES, Goal::of(10.0, 5.0), pages(N_TRACKS)),
        (FILTERS, Goal::of(10.0, 5.0), filters()),
        (SEARCHES, Goal::bound(10.0), searches(3..7)),
        (WIDE, Goal::NONE, searches(1..3)),
        (GROUPS, Goal::of(10.0, 5.0), groups()),
    ] {
        p99_row(table, name, goal, &server, &paths);
    }
    milliseconds(table, USUAL, Goal::bound(10.0), || similar(&server, &key));
    milliseconds(table, AGAIN, Goal::of(5_000.0, 3_000.0), || {
        assert_eq!(request(server.address, "POST", "/api/library/scan", &[], &[]).status, 202);
        settle(&server);
    });
    if let Some(resident) = resident(&server).filter(|_| table.wants(MEMORY)) {
        table.note(MEMORY, Unit::Mebibytes, Goal::of(120.0, 80.0), vec![resident]);
    }
}

/// The catalog as above, and beside it albums that can be seen and heard.
fn of_an_hour(table: &mut Table, tracks: &[Descriptors], material: &Material) {
    let crowd = Crowd::measured(tracks, &material.fingerprint);
    let real = auralis_tests::folder();
    hour::write_real(real.path(), &material.flac());
    let server = crowd.serve_with(real.path());
    while server.get("/api/library/scan").json()["measured"] != N_TRACKS + hour::N_REAL {
        sleep(Duration::from_secs(1));
    }
    if resident(&server).is_some() {
        let minutes = hour::spend(&server, || resident(&server).unwrap_or_default());
        table.note(HOUR, Unit::Mebibytes, Goal::of(120.0, 80.0), minutes);
    }
}

fn of_many(table: &mut Table) {
    let crowd = Crowd::listed(N_MANY);
    let server = crowd.serve();
    settle(&server);
    let first: Vec<String> = (0..100).map(|n| format!("/api/tracks?limit=100&offset={}", 100 * n)).collect();
    let goal = Goal::bound(30.0);
    p99_row(table, MANY_PAGES, goal, &server, &[first, pages(10_000)].concat());
    p99_row(table, MANY_FILTERS, goal, &server, &filters());
    p99_row(table, MANY_SEARCHES, Goal::NONE, &server, &searches(3..7));
}

fn milliseconds(table: &mut Table, name: &str, goal: Goal, work: impl FnMut()) {
    if table.wants(name) {
        eprintln!("{name} …");
        let runs = clock::on_the_wall(work).into_iter().map(|took| 1_000.0 * took).collect();
        table.note(name, Unit::Milliseconds, goal, runs);
    }
}

fn p99_row(table: &mut Table, name: &str, goal: Goal, server: &Server, paths: &[String]) {
    if table.wants(name) {
        eprintln!("{name} …");
        let runs = (0..5).map(|_| p99(server, paths)).collect();
        table.note(name, Unit::Milliseconds, goal, runs);
    }
}

/// What all but one in a hundred of these take at most, in milliseconds.
fn p99(server: &Server, paths: &[String]) -> f64 {
    let mut took: Vec<f64> = Vec::with_capacity(paths.len());
    for path in paths {
        let begun = Instant::now();
        let answer = server.get(path);
        took.push(1_000.0 * begun.elapsed().as_secs_f64());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    took.sort_by(f64::total_cmp);
    took[(took.len() * 99).div_ceil(100) - 1]
}

fn similar(server: &Server, key: &str) {
    let answer = server.get(&format!("/api/tracks/{key}/similar"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(10));
}

/// Waits until no scan runs.
fn settle(server: &Server) {
    while server.get("/api/library/scan").json()["state"] != "idle" {
        sleep(Duration::from_millis(5));
    }
}

/// MiB of memory that the program has, where the system tells it.
fn resident(server: &Server) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1_024.0)
}
