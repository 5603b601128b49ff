//! Power cuts: killed whenever, an Auralis has lost nothing of what it said.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use auralis_tests::http;
use auralis_tests::signals::Random;
use serde_json::Value;

use crate::house::{House, settled};
use crate::support::*;

const N_KILLS: u64 = 50;
/// Files at first, and those that come between two kills, so that there is
/// something to be read and measured each time.
const N_FIRST: u64 = 120;
const N_MORE: u64 = 4;
/// From the start of a process to its end, at most.
const LONGEST_MS: usize = 300;

/// What a server has said of a track: its title, and whether it was measured.
type Said = BTreeMap<String, (String, bool)>;

/// Holds what is said now against what was said before.
fn hear(answer: &Value, said: &mut Said, how: &str) {
    let now: Said = answer["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|track| {
            let text = |field: &str| track[field].as_str().expect("text").to_owned();
            (text("id"), (text("title"), track["measured"] == true))
        })
        .collect();
    for (id, (title, was_measured)) in &*said {
        let found = now.get(id);
        assert!(found.is_some_and(|found| found.0 == *title), "{title} was lost {how}: {found:?}");
        assert!(
            found.is_some_and(|found| found.1 || !was_measured),
            "what was measured of {title} was lost {how}"
        );
    }
    *said = now;
}

/// A process that does not outlive its test.
struct Mortal(Child);

impl Mortal {
    fn kill(&mut self) {
        // What has ended already is not to be ended.
        let _ = self.0.kill();
        self.0.wait().expect("it ends");
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a server and listens to it until `moment`, which is its last.
fn serve_until(house: &House, moment: Duration, said: &mut Said, how: &str) {
    let begun = Instant::now();
    let mut command = house.command(&["serve", "--listen", "127.0.0.1:0", "--workers", "1", "--library"]);
    command.arg(house.library.path()).env("AURALIS_LOG", "error");
    let mut server = Mortal(command.stdout(Stdio::piped()).spawn().expect("it starts"));
    let out = server.0.stdout.take().expect("its output");
    let (tell, told) = channel::<SocketAddr>();
    let listening = std::thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("text");
        let address = line.trim_end().trim_end_matches('/').rsplit("http://").next().map(str::parse);
        if let Some(Ok(address)) = address {
            // Killed while it said so, nobody waits for it any more.
            let _ = tell.send(address);
        }
    });
    match told.recv_timeout(moment) {
        Ok(address) => {
            while begun.elapsed() < moment {
                hear(&http::get(address, "/api/tracks?limit=500").json(), said, how);
            }
        }
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => panic!("the server did not start, spoilt {how}"),
    }
    server.kill();
    listening.join().expect("it has heard the end");
}

fn scan_until(house: &House, moment: Duration) {
    let begun = Instant::now();
    let mut command = house.command(&["scan", "--workers", "1"]);
    let mut scan = Mortal(start(command.arg(house.library.path())));
    while begun.elapsed() < moment && scan.0.try_wait().expect("it can be asked").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    scan.kill();
}

#[test]
fn nothing_said_is_lost_by_fifty_kills() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_nanos() as u64;
    println!("seed {seed}");
    let mut random = Random(seed);
    let house = House::new(N_FIRST);
    let (mut said, mut n_files, mut n_cut) = (Said::new(), N_FIRST, 0);
    for kill in 0..N_KILLS {
        let moment = Duration::from_millis(random.below(LONGEST_MS) as u64);
        let how = format!("by kill {kill} after {moment:?}, seed {seed}");
        if kill % 2 == 0 {
            serve_until(&house, moment, &mut said, &how);
        } else {
            scan_until(&house, moment);
        }
        if house.catalog("").exists() && house.catalog("").metadata().is_ok_and(|found| found.len() > 0) {
            let mut findings = house.findings();
            // Killed while it was just being made, it is no catalog yet.
            findings.retain(|what| !said.is_empty() || !what.contains("no catalog of Auralis"));
            assert_eq!(findings, [""; 0], "{how}");
            let seen = house.doctor();
            n_cut += u64::from(seen["tracks"] != n_files || seen["unmeasured"] != 0);
        }
        (n_files..n_files + N_MORE).for_each(|seed| house.add(seed));
        n_files += N_MORE;
    }
    assert!(n_cut >= N_KILLS / 5, "only {n_cut} kills came while there was something to do");
    let last = house.scan().ok().out;
    assert!(last.starts_with(&format!("{n_files} tracks:")), "{last}");
    assert!(last.contains(&format!("{n_files} measured, 0 failed, 0 gone")), "{last}");
    let server = house.serve();
    let tracks = settled(&server, n_files);
    hear(&serde_json::json!({ "items": tracks }), &mut said, "in the end");
    // As many titles as files: no track was made twice.
    let mut titles: Vec<_> = said.values().map(|(title, _)| title).collect();
    titles.sort();
    titles.dedup();
    assert_eq!((titles.len() as u64, said.len() as u64), (n_files, n_files));
    assert_eq!(house.findings(), [""; 0]);
}
