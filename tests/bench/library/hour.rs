//! An hour in the life of a large library: several clients look, search, play and
//! change things at once while scans go on, and its memory is watched.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use auralis_tests::Server;
use auralis_tests::http::{Response, request};
use auralis_tests::signals::Random;
use image::{Rgb, RgbImage};
use serde_json::json;

use super::requests::{filters, groups, pages, searches};

const LENGTH: Duration = Duration::from_secs(3_600);
/// A person's pace, in clients that never rest.
const BETWEEN: Duration = Duration::from_millis(100);
const N_CLIENTS: u64 = 4;
/// Every so many actions of a client, files are looked for again.
const SCAN_EVERY: usize = 10_000;
/// Albums of one real file and one large picture each.
pub const N_REAL: usize = 200;

/// Writes albums that can be seen and heard.
pub fn write_real(folder: &Path, song: &Path) {
    for n in 0..N_REAL {
        let album = folder.join(format!("album {n}"));
        fs::create_dir_all(&album).expect("a folder");
        fs::copy(song, album.join(format!("song {n}.flac"))).expect("a song");
        let shade = |x: u32, y: u32| Rgb([(x / 6) as u8, (y / 6) as u8, n as u8]);
        RgbImage::from_fn(1_500, 1_500, shade).save(album.join("cover.jpg")).expect("a picture");
    }
}

/// Spends the hour; MiB of memory from minute to minute.
pub fn spend(server: &Server, resident: impl Fn() -> f64) -> Vec<f64> {
    let begun = Instant::now();
    let n_actions = AtomicUsize::new(0);
    let mut minutes = Vec::new();
    scope(|scope| {
        for client in 0..N_CLIENTS {
            let n_actions = &n_actions;
            scope.spawn(move || {
                let mut visitor = Visitor::new(server, client);
                while begun.elapsed() < LENGTH {
                    visitor.act(n_actions.fetch_add(1, Ordering::Relaxed));
                    sleep(BETWEEN);
                }
            });
        }
        while begun.elapsed() < LENGTH {
            sleep(Duration::from_secs(60));
            minutes.push(resident());
            let n = n_actions.load(Ordering::Relaxed);
            eprintln!("minute {}: {:.1} MiB, {n} actions", minutes.len(), minutes[minutes.len() - 1]);
        }
    });
    minutes
}

/// One client.
struct Visitor<'a> {
    server: &'a Server,
    random: Random,
    looks: Vec<String>,
    tracks: Vec<String>,
    real: Vec<String>,
}

impl<'a> Visitor<'a> {
    fn new(server: &'a Server, client: u64) -> Self {
        let ids = |path: &str| -> Vec<String> {
            let items = server.get(path).json()["items"].as_array().cloned().unwrap_or_default();
            items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
        };
        let looks = [pages(super::N_TRACKS), filters(), searches(1..7), groups()].concat();
        let real = ids("/api/tracks?limit=200&q=title:%22song%22");
        assert_eq!(real.len(), N_REAL, "real tracks");
        let tracks = (0..20).flat_map(|n| ids(&format!("/api/tracks?limit=200&offset={}", 4_000 * n)));
        let tracks = tracks.collect();
        Visitor { server, random: Random(7 + client), looks, tracks, real }
    }

    fn pick<'b>(random: &mut Random, of: &'b [String]) -> &'b str {
        &of[random.below(of.len())]
    }

    /// One of the things that people do; none fails.
    fn act(&mut self, n: usize) {
        let id = Self::pick(&mut self.random, &self.tracks).to_owned();
        let song = Self::pick(&mut self.random, &self.real).to_owned();
        let some = self.random.below(5) + 1;
        if n.is_multiple_of(SCAN_EVERY) {
            self.tell("POST", "/api/library/scan", None);
            return;
        }
        match self.random.below(24) {
            0 => self.look(&format!("/api/tracks/{id}/similar")),
            1 => self.look(&format!("/api/tracks/{id}/radio?limit=25")),
            2 => self.look(&format!("/api/tracks/{id}")),
            3 => self.tell("PUT", &format!("/api/favorites/{id}"), None),
            4 => self.tell("DELETE", &format!("/api/favorites/{id}"), None),
            5 => self.tell("PUT", &format!("/api/tracks/{id}/rating"), Some(json!({ "stars": some }))),
            6 => self.hear(&id, n),
            7 => self.queue(n),
            8 if some == 1 => self.playlist(n),
            9 => self.look(&format!("/api/tracks/{song}/artwork?size={}", 64 * some)),
            10 => self.look(&format!("/api/tracks/{song}/waveform")),
            11 => self.look(&format!("/api/tracks/{song}/plan?intensity=0.{some}")),
            12 => self.look(&format!("/api/tracks/{song}/file")),
            13 if some == 1 => self.look(&format!("/api/tracks/{song}/stream?format=wav16")),
            14 => self.look("/api/history?sort=-title&limit=100"),
            15 if some == 1 => self.look("/api/library/statistics"),
            16 => self.look(&format!("/api/library/folders?limit=100&offset={}", 10 * some)),
            _ => {
                let look = Self::pick(&mut self.random, &self.looks).to_owned();
                self.look(&look);
            }
        }
    }

    fn look(&self, path: &str) {
        let answer = self.server.get(path);
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.text());
    }

    fn tell(&self, method: &str, path: &str, body: Option<serde_json::Value>) {
        self.answer(method, path, body);
    }

    fn answer(&self, method: &str, path: &str, body: Option<serde_json::Value>) -> Response {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let kind = [("Content-Type", "application/json")];
        let headers = if body.is_empty() { &[][..] } else { &kind[..] };
        let answer = request(self.server.address, method, path, headers, body.as_bytes());
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.text());
        answer
    }

    fn hear(&self, id: &str, n: usize) {
        let heard = json!({ "track_id": id, "at": 1_700_000_000 + n, "listened_s": 200.0 });
        self.tell("PUT", &format!("/api/history/{:032x}", n), Some(heard));
    }

    /// Plays a few hundred tracks, in any order, then some more.
    fn queue(&mut self, n: usize) {
        let at = self.random.below(self.tracks.len() - 300);
        let some = &self.tracks[at..at + 300];
        self.tell("PUT", "/api/queue", Some(json!({ "track_ids": some })));
        self.tell("PUT", "/api/queue/shuffle", Some(json!({ "on": n.is_multiple_of(2) })));
        self.tell("POST", "/api/queue/items", Some(json!({ "track_ids": some[..20] })));
        self.look("/api/queue?limit=100");
    }

    /// Makes a playlist and one that makes itself, looks at both, and ends them.
    fn playlist(&mut self, n: usize) {
        let at = self.random.below(self.tracks.len() - 500);
        for told in
            [json!({ "name": format!("list {n}") }), json!({ "name": "x", "rule": "year:>1990 lufs:<-12" })]
        {
            let is_smart = told.get("rule").is_some();
            let made = self.answer("POST", "/api/playlists", Some(told)).json();
            let path = format!("/api/playlists/{}", made["id"].as_str().unwrap_or_default());
            if !is_smart {
                let some = json!({ "track_ids": self.tracks[at..at + 500] });
                self.tell("POST", &format!("{path}/items"), Some(some));
            }
            self.look(&format!("{path}/items?limit=200"));
            self.look(&format!("{path}/m3u8"));
            self.tell("DELETE", &path, None);
        }
    }
}
