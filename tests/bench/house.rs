//! A server with tracks that are measured, made to be asked a lot of.

use std::path::Path;
use std::time::Duration;

use auralis_core::block::Block;
use auralis_core::encode::{Format, encoder};
use auralis_core::flow::Spec;
use auralis_tests::signals::{Character, track};
use auralis_tests::{Server, folder};

/// Of its tracks, frames per second.
pub const RATE: u32 = 44_100;

/// The server, its files, and what the tracks are called there.
pub struct House {
    pub server: Server,
    library: tempfile::TempDir,
    _data: tempfile::TempDir,
    pub ids: Vec<String>,
}

impl House {
    /// One of `n_tracks`, each so long.
    pub fn new(n_tracks: u64, seconds: f64) -> Self {
        let (library, data) = (folder(), folder());
        for n in 0..n_tracks {
            write(library.path(), n, seconds);
        }
        let args =
            ["--library".as_ref(), library.path().as_os_str(), "--no-watch".as_ref(), "--no-limits".as_ref()];
        let server = Server::start(data.path(), args);
        settle(&server, n_tracks);
        let list = server.get("/api/tracks").json();
        let ids = list["items"].as_array().expect("tracks").iter();
        let ids = ids.map(|track| track["id"].as_str().expect("an id").to_owned()).collect();
        House { server, library, _data: data, ids }
    }

    /// A track that comes later, and is found by the next scan.
    pub fn add(&self, n: u64, seconds: f64) {
        write(self.library.path(), n, seconds);
    }
}

/// Waits until so many tracks are measured, and their promises checked.
fn settle(server: &Server, n_tracks: u64) {
    loop {
        let scan = server.get("/api/library/scan").json();
        if scan["measured"] == n_tracks && scan["unchecked"] == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Writes a track of a minute, again and again up to its length.
fn write(library: &Path, n: u64, seconds: f64) {
    let character = if n.is_multiple_of(2) { Character::Boomy } else { Character::Thin };
    let minute = track(character, 1 + n, RATE, 60.0);
    let times = (seconds / 60.0).round() as u64;
    let file = std::fs::File::create(library.join(format!("{n:02}.flac"))).expect("a file");
    let spec = Spec { rate: RATE, n_channels: 2 };
    let n_frames = times * minute[0].len() as u64;
    let mut flac = encoder(Format::Flac16, spec, n_frames, false, Box::new(file)).expect("FLAC");
    for _ in 0..times {
        flac.write(&Block::from_planes(&[&minute[0], &minute[1]])).expect("it is written");
    }
    flac.finish().expect("it is written");
}
