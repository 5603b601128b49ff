//! A server with a library of its own, and what tests ask of it.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auralis_core::block::Block;
use auralis_core::encode::{Format, encoder};
use auralis_core::flow::Spec;
use auralis_server::serve::Seams;
use auralis_tests::http::{Response, request};
use auralis_tests::signals::{Character, Planes, track};
use auralis_tests::{Server, folder, serving};
use serde_json::Value;

use crate::inside::Inside;
use crate::openapi::contract;

/// Frames per second of made-up tracks.
pub const RATE: u32 = 44_100;

/// Far above anything real: it only keeps a hung server from hanging the tests.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A file in memory that an encoder may own while the test keeps it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<std::io::Cursor<Vec<u8>>>>);

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_ref().clone()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Shared {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).seek(to)
    }
}

/// A file of `seconds` of made-up music.
pub fn sound(format: Format, seed: u64, seconds: f64) -> Vec<u8> {
    sound_of(Character::Boomy, format, seed, seconds)
}

/// The same, of this character.
pub fn sound_of(character: Character, format: Format, seed: u64, seconds: f64) -> Vec<u8> {
    encoded(format, &track(character, seed, RATE, seconds))
}

/// A file of these planes.
#[allow(clippy::let_and_return, reason = "the lock is let go before what it guards")]
pub fn encoded(format: Format, planes: &Planes) -> Vec<u8> {
    let out = Shared::default();
    let spec = Spec { rate: RATE, n_channels: 2 };
    let mut encoder =
        encoder(format, spec, planes[0].len() as u64, false, Box::new(out.clone())).expect("an encoder");
    if !planes[0].is_empty() {
        encoder.write(&Block::from_planes(&[&planes[0], &planes[1]])).expect("it is written");
    }
    encoder.finish().expect("all frames are written");
    out.bytes()
}

/// A library folder and a data folder, and perhaps a server on them.
pub struct House {
    // Ended before its folders go.
    server: Option<Server>,
    inside: Option<Inside>,
    pub library: tempfile::TempDir,
    pub data: tempfile::TempDir,
}

impl House {
    /// Folders with these files, and no server yet.
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        let house = House { server: None, inside: None, library: folder(), data: folder() };
        for (name, bytes) in files {
            house.put(name, bytes);
        }
        house
    }

    /// The same, served, all of it measured.
    pub fn served(files: &[(&str, &[u8])], args: &[&str]) -> Self {
        let mut house = House::new(files);
        house.open(args);
        house.settled(files.len() as u64);
        house
    }

    /// Writes a file of the library.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.library.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }

    /// The command that serves the library, and looks at it only when asked to.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = serving(self.data.path(), args);
        command.arg("--no-watch").arg("--library").arg(self.library.path());
        command
    }

    /// Starts the server as people do: it watches the library.
    pub fn open_watching(&mut self, args: &[&str]) {
        let mut command = serving(self.data.path(), args);
        command.env("AURALIS_LOG", "warn").arg("--library").arg(self.library.path());
        self.run(command);
    }

    /// Starts the server. What it logs is shown when it is a worry.
    pub fn open(&mut self, args: &[&str]) {
        let mut command = self.command(args);
        command.env("AURALIS_LOG", "warn");
        self.run(command);
    }

    /// Starts the server with a command of the test's own.
    pub fn run(&mut self, command: Command) {
        self.server = Some(Server::run(command));
    }

    /// Starts the server inside of this process.
    pub fn open_inside(&mut self, seams: Seams) {
        self.inside = Some(Inside::start(self.library.path(), self.data.path(), seams));
    }

    /// The server that runs as a program.
    pub fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("the server was started")
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        let inside = self.inside.as_ref().map(|inside| inside.address);
        inside.or(self.server.as_ref().map(|server| server.address)).expect("the server was started")
    }

    pub fn get(&self, path: &str) -> Response {
        self.ask("GET", path, &[])
    }

    /// Asks; whatever is answered is held against the document of the interface.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let response = request(self.address(), method, path, headers, b"");
        contract::hold(method, path, None, &response);
        response
    }

    /// Asks with a body of JSON.
    pub fn send(&self, method: &str, path: &str, body: Value) -> Response {
        let kind = [("Content-Type", "application/json")];
        let response = request(self.address(), method, path, &kind, body.to_string().as_bytes());
        contract::hold(method, path, Some(&body), &response);
        response
    }

    /// Waits until the scan has found `n_files`, all is read, and nothing is
    /// left to measure or to check.
    pub fn settled(&self, n_files: u64) -> Value {
        until("the library is measured", || {
            let status = self.get("/api/library/scan").json();
            let done = status["state"] == "idle" && status["waiting"] == 0 && status["found"] == n_files;
            (done && status["unchecked"] == 0).then_some(status)
        })
    }

    /// Scans again, and waits until that is over.
    pub fn scanned(&self, n_files: u64) -> Value {
        assert_eq!(self.ask("POST", "/api/library/scan", &[]).status, 202);
        self.settled(n_files)
    }

    /// The tracks, as the list has them, by title.
    pub fn tracks(&self) -> Vec<Value> {
        let list = self.get("/api/tracks?limit=500&sort=title").json();
        list["items"].as_array().expect("items").clone()
    }

    /// The id of the only track with this title.
    pub fn id(&self, title: &str) -> String {
        let tracks = self.tracks();
        let ids: Vec<_> = tracks.iter().filter(|track| track["title"] == title).collect();
        assert_eq!(ids.len(), 1, "{title} in {tracks:?}");
        ids[0]["id"].as_str().expect("an id").to_owned()
    }

    /// A number of KiB from the status of the server's process.
    #[cfg(target_os = "linux")]
    pub fn memory(&mut self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.server().pid());
        let text = std::fs::read_to_string(path).expect("a status");
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the number");
        line.trim_start_matches(':')
            .split_whitespace()
            .next()
            .and_then(|word| word.parse().ok())
            .expect("KiB")
    }

    /// From now on it is counted anew how much memory the server had at most.
    #[cfg(target_os = "linux")]
    pub fn forget_peak(&mut self) {
        let clear = format!("/proc/{}/clear_refs", self.server().pid());
        std::fs::write(clear, "5").expect("the peak is forgotten");
    }

    /// One of the counters of /metrics.
    pub fn counter(&self, name: &str) -> u64 {
        self.level(&format!("{name}_total"))
    }

    /// One of the numbers of /metrics.
    pub fn level(&self, name: &str) -> u64 {
        let text = self.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("auralis_{name} ")));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
    }
}

/// Waits until `look` sees it.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < PATIENCE, "it never came that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Asserts that an answer is a problem by RFC 9457 with this status and kind.
#[track_caller]
pub fn assert_problem(response: &Response, status: u16, kind: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{response:?}");
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let problem = response.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("/problems/{kind}"));
    for field in ["title", "detail", "request_id"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {problem}");
    }
}

/// Whether any text of the server's own folders stands in `text`.
pub fn leaks(text: &str, folder: &Path) -> bool {
    text.contains(&*folder.to_string_lossy())
}
