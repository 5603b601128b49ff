//! A library and a data folder, and what the program does with them.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use auralis_core::encode::Format;
use auralis_tests::signals::noise;
use auralis_tests::{Server, folder};
use serde_json::Value;

use crate::support::*;

/// Far above anything real: it only keeps what hangs from hanging the tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Both folders; gone when it is dropped.
pub struct House {
    pub library: tempfile::TempDir,
    pub data: tempfile::TempDir,
}

impl House {
    /// A library of `n` short tracks that nobody has seen.
    pub fn new(n: u64) -> Self {
        let house = House { library: folder(), data: folder() };
        (0..n).for_each(|seed| house.add(seed));
        house
    }

    /// The same, scanned and measured.
    pub fn scanned(n: u64) -> Self {
        let house = House::new(n);
        house.scan().ok();
        house
    }

    /// Adds a track of its own sound.
    pub fn add(&self, seed: u64) {
        let path = self.library.path().join(format!("{seed:03}.wav"));
        write(&path, Format::Wav16, 44_100, &vec![noise(seed, 20_000, 0.3)]);
    }

    /// The catalog, or what bears its name with this end.
    pub fn catalog(&self, end: &str) -> PathBuf {
        self.data.path().join(format!("catalog.sqlite{end}"))
    }

    /// The command `auralis WORD --data DATA …`.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = auralis();
        command.arg(words[0]).arg("--data").arg(self.data.path()).args(&words[1..]);
        command
    }

    pub fn run(&self, words: &[&str]) -> Run {
        finish(&mut self.command(words))
    }

    pub fn scan(&self) -> Run {
        finish(self.command(&["scan"]).arg(self.library.path()))
    }

    pub fn backup(&self, place: &std::path::Path) -> Run {
        finish(self.command(&["backup", "-o"]).arg(place))
    }

    pub fn restore(&self, file: &std::path::Path) -> Run {
        finish(self.command(&["restore"]).arg(file))
    }

    /// What the doctor sees; it may have findings.
    pub fn doctor(&self) -> Value {
        let ran = self.run(&["doctor", "--json"]);
        let seen = ran.json().remove(0);
        assert_eq!(ran.code, Some(if seen["healthy"] == true { 0 } else { 1 }), "{ran:#?}");
        assert_eq!(seen["healthy"], seen["findings"].as_array().expect("findings").is_empty());
        seen
    }

    /// What is to be done, by the doctor.
    pub fn findings(&self) -> Vec<String> {
        let seen = self.doctor();
        let said = |found: &Value| {
            let text = |field: &str| found[field].as_str().expect("words").to_owned();
            assert!(!text("advice").is_empty());
            text("what")
        };
        seen["findings"].as_array().expect("findings").iter().map(said).collect()
    }

    pub fn serve(&self) -> Server {
        Server::start(self.data.path(), ["--library".as_ref(), self.library.path().as_os_str()])
    }

    /// All files of the data folder with their sizes and hashes; without the
    /// log, in which readers meet.
    pub fn kept(&self) -> Vec<(String, usize, u64)> {
        let names = names(self.data.path()).into_iter().filter(|name| !name.contains("sqlite-"));
        let read = |name: String| {
            let bytes = fs::read(self.data.path().join(&name)).unwrap_or_default();
            let mut hash = DefaultHasher::new();
            bytes.hash(&mut hash);
            (name, bytes.len(), hash.finish())
        };
        names.map(read).collect()
    }
}

/// The tracks of a server that has found `n` and measured them, by title.
pub fn settled(server: &Server, n: u64) -> Vec<Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let status = server.get("/api/library/scan").json();
        if status["state"] == "idle" && status["waiting"] == 0 && status["found"] == n {
            break;
        }
        assert!(Instant::now() < end, "it never settles: {status}");
        std::thread::sleep(Duration::from_millis(10));
    }
    server.get("/api/tracks?limit=500&sort=title").json()["items"].as_array().expect("a list").clone()
}

/// What came of a command that is to end by itself; it is not let run for ever.
pub fn ended(command: &mut Command) -> Run {
    let mut child = start(command);
    let end = Instant::now() + PATIENCE;
    while child.try_wait().expect("it can be asked").is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    // It has ended, or is to.
    let _ = child.kill();
    wait(child)
}

/// Writes over the end of a catalog, as a failing disk does.
pub fn spoil(path: &std::path::Path) {
    let mut bytes = fs::read(path).expect("the file is there");
    // The schema lies further in front.
    let from = bytes.len() / 4 * 3;
    for (n, byte) in bytes[from..].iter_mut().enumerate() {
        *byte = (n * 37 + 11) as u8;
    }
    fs::write(path, bytes).expect("it is written");
}
