//! The native stream under load: how many listen at once without a gap, how soon
//! a stream sounds, also while the library is read and measured, and how often a
//! chunk can be had that was had before.

mod player;
mod usage;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use auralis_tests::signals::Random;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use self::player::{Played, milliseconds, play};
use self::usage::Usage;
use self::wire::Wire;
use crate::house::{House, RATE};
use crate::table::{Goal, Table, Unit};

/// Measured only when asked for by these names: it takes minutes, and all of the
/// machine.
const STREAMS: &str = "enhanced WAV streams at once without a miss";
const EACH: &str = "memory for each of 100 enhanced WAV streams";

const FIRST: &str = "p99 of the first sound of a stream";
const BUSY: &str = "p99 of the first sound of a stream beside a scan";
const OPUS: &str = "cached chunk as Opus";
const WAV: &str = "cached chunk as WAV";

const BYTES_PER_S: f64 = 4.0 * RATE as f64;
/// The tracks that are listened to, and their length.
const N_TRACKS: u64 = 4;
const TRACK_S: f64 = 180.0;
/// Those who listen come within so much time, …
const COMING: Duration = Duration::from_secs(5);
/// … and listen on for as long.
const LISTENING: Duration = Duration::from_secs(30);
/// Numbers of listeners that are tried one after the other, until one has a gap.
const TRIED: [usize; 8] = [100, 150, 200, 250, 300, 350, 400, 450];
/// Streams that are begun one after the other, and files that come meanwhile.
const N_BEGUN: usize = 100;
const N_COMING: u64 = 30;
/// Connections that ask for a chunk again and again, and for how long.
const N_ASKING: usize = 8;
const ASKING: Duration = Duration::from_secs(3);

/// All rows of streams.
pub fn rows(table: &mut Table) {
    let many = table.names(STREAMS) || table.names(EACH);
    if !many && ![FIRST, BUSY, OPUS, WAV].iter().any(|name| table.wants(name)) {
        return;
    }
    let listeners = Listeners::new();
    for (name, query) in [(OPUS, "format=opus&bitrate=96"), (WAV, "format=wav16")] {
        if table.wants(name) {
            eprintln!("{name} …");
            let goal = if name == OPUS { Goal::bound(5_000.0) } else { Goal::NONE };
            table.note(name, Unit::Requests, goal, (0..5).map(|_| listeners.chunks_per_s(query)).collect());
        }
    }
    if table.wants(FIRST) {
        eprintln!("{FIRST} …");
        table.note(
            FIRST,
            Unit::Milliseconds,
            Goal::bound(150.0),
            (0..3).map(|_| listeners.first_p99()).collect(),
        );
    }
    if many {
        listeners.many(table);
    }
    // Last: from here on there is more to measure.
    if table.wants(BUSY) {
        eprintln!("{BUSY} …");
        table.note(BUSY, Unit::Milliseconds, Goal::bound(150.0), vec![listeners.first_p99_beside_a_scan()]);
    }
}

/// Who listens to a house.
struct Listeners {
    house: House,
    runtime: Runtime,
}

impl Listeners {
    fn new() -> Self {
        // One thread for all who listen: the other processor is the server's.
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Listeners { house: House::new(N_TRACKS, TRACK_S), runtime }
    }

    fn address(&self) -> SocketAddr {
        self.house.server.address
    }

    /// The stream of the `n`th who listens: another track, or another place in it.
    fn stream(&self, n: usize) -> String {
        let start = 7 * (n / self.house.ids.len()) % 130;
        format!("/api/tracks/{}/stream?start={start}", self.house.ids[n % self.house.ids.len()])
    }

    /// Tries more and more listeners.
    fn many(&self, table: &mut Table) {
        let mut best = 0;
        for n_streams in TRIED {
            eprintln!("{n_streams} streams …");
            let usage = Usage::of(self.house.server.pid());
            let heard = self.listened(n_streams);
            let used = usage.since(COMING + LISTENING);
            let lost: Vec<_> = heard.iter().filter_map(|heard| heard.as_ref().err()).collect();
            let heard: Vec<Played> = heard.iter().filter_map(|heard| heard.as_ref().ok().copied()).collect();
            let n_missed: usize = heard.iter().map(|heard| heard.n_missed).sum();
            let worst = heard.iter().map(|heard| heard.worst_ms).fold(0.0, f64::max);
            let first = sorted(&heard, |heard| heard.first_ms);
            let ready = sorted(&heard, |heard| heard.ready_ms);
            eprintln!(
                "  {n_missed} missed, by {worst:.0} ms at most; {} lost{}; first sound p50 {:.0}, p99 {:.0} ms; \
                 2 s ahead after p50 {:.0}, p99 {:.0} ms\n  {used}",
                lost.len(),
                lost.first().map(|error| format!(" ({error})")).unwrap_or_default(),
                part(&first, 50),
                part(&first, 99),
                part(&ready, 50),
                part(&ready, 99),
            );
            if n_streams == TRIED[0] {
                table.note(EACH, Unit::Mebibytes, Goal::bound(4.0), vec![used.grown_mib / n_streams as f64]);
            }
            if n_missed > 0 || !lost.is_empty() {
                break;
            }
            best = n_streams;
        }
        table.note(STREAMS, Unit::Streams, Goal::of(100.0, 200.0), vec![best as f64]);
    }

    fn listened(&self, n_streams: usize) -> Vec<std::io::Result<Played>> {
        self.runtime.block_on(async {
            let now = Instant::now();
            let end = now + COMING + LISTENING;
            let begin = |n| now + COMING.mul_f64(n as f64 / n_streams as f64);
            let tasks: Vec<_> = (0..n_streams)
                .map(|n| tokio::spawn(play(self.address(), n, self.stream(n), BYTES_PER_S, begin(n), end)))
                .collect();
            let mut heard = Vec::with_capacity(n_streams);
            for task in tasks {
                heard.push(task.await.expect("who listens does not panic"));
            }
            heard
        })
    }

    /// What 99 of 100 first sounds take at most, of streams begun anywhere, each
    /// on a connection of its own.
    fn first_p99(&self) -> f64 {
        let mut random = Random(3);
        let mut took: Vec<f64> = (0..N_BEGUN).map(|n| self.first(n, random.below(170))).collect();
        took.sort_by(f64::total_cmp);
        part(&took, 99)
    }

    fn first(&self, n: usize, start: usize) -> f64 {
        let path = format!("/api/tracks/{}/stream?start={start}", self.house.ids[n % self.house.ids.len()]);
        self.runtime.block_on(async {
            let begun = Instant::now();
            let mut wire = Wire::connect(self.address(), n).await.expect("a connection");
            wire.get(&path).await.expect("an answer");
            // More than the header.
            wire.drain(45).await.expect("sound");
            milliseconds(begun.elapsed())
        })
    }

    /// The same while files come, are found and measured.
    fn first_p99_beside_a_scan(&self) -> f64 {
        for n in 0..N_COMING {
            self.house.add(N_TRACKS + n, TRACK_S / 3.0);
        }
        let scan = auralis_tests::http::request(self.address(), "POST", "/api/library/scan", &[], b"");
        assert_eq!(scan.status, 202);
        while self.house.server.get("/api/library/scan").json()["waiting"] == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let took = self.first_p99();
        let status = self.house.server.get("/api/library/scan").json();
        let busy = status["waiting"].as_u64().unwrap_or(0) + status["unchecked"].as_u64().unwrap_or(0);
        assert!(busy > 0, "all was measured before the last stream began: {status}");
        took
    }

    /// How often in a second the same chunk is had.
    fn chunks_per_s(&self, query: &str) -> f64 {
        let plan = self.house.server.get(&format!("/api/tracks/{}/plan", self.house.ids[0])).json();
        let plan = plan["id"].as_str().expect("a plan").to_owned();
        let path = format!("/api/tracks/{}/chunks/5?plan={plan}&{query}", self.house.ids[0]);
        self.runtime.block_on(async {
            let begun = Instant::now();
            let asking: Vec<_> = (0..N_ASKING)
                .map(|n| tokio::spawn(ask(self.address(), n, path.clone(), begun + ASKING)))
                .collect();
            let mut n_had = 0;
            for one in asking {
                n_had += one.await.expect("it does not panic").expect("a chunk");
            }
            n_had as f64 / begun.elapsed().as_secs_f64()
        })
    }
}

async fn ask(address: SocketAddr, n: usize, path: String, end: Instant) -> std::io::Result<u64> {
    let mut wire = Wire::connect(address, n).await?;
    let mut n_had = 0;
    while Instant::now() < end {
        match wire.get(&path).await? {
            Some(length) => wire.drain(length).await?,
            None => wire.drain_pieces().await?,
        }
        n_had += 1;
    }
    Ok(n_had)
}

fn sorted(heard: &[Played], of: impl Fn(&Played) -> f64) -> Vec<f64> {
    let mut all: Vec<f64> = heard.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// What so many of a hundred take at most; none: nothing.
fn part(sorted: &[f64], percent: usize) -> f64 {
    let idx = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(idx).copied().unwrap_or_default()
}
