//! Libraries of very many tracks: files with nothing in them, and a catalog
//! filled as a scan and what measures after it fill it.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use auralis_core::fingerprint::{Descriptors, Fingerprint, NAMES, VERSION};
use auralis_core::plan::{Taste, Trim};
use auralis_server::catalog::{self, CATALOG, Catalog, Entry, Folder, Measurable, Measured};
use auralis_server::measuring::taste_key;
use auralis_server::media::{Stamp, bytes_of};
use auralis_tests::signals::Random;
use auralis_tests::{Server, folder};
use tempfile::TempDir;

/// Tracks that a scan writes at a time.
const BATCH: usize = 1_000;
/// Values of the loudness curve of a track of four minutes.
const N_SECONDS: usize = 240;

/// A library and its catalog.
pub struct Crowd {
    library: TempDir,
    data: TempDir,
    n_tracks: usize,
}

impl Crowd {
    /// All measured: each as `print` but for its descriptors and its loudness
    /// from second to second, and without a waveform.
    pub fn measured(tracks: &[Descriptors], print: &Fingerprint) -> Self {
        let crowd = Crowd::new(tracks.len());
        let mut print = Fingerprint { loudness_hop_s: 1, ..print.clone() };
        print.waveform.peaks.clear();
        let (mut random, taste) = (Random(2), taste_key(&Taste::default()).expect("a key"));
        crowd.fill(true, |catalog, track, n| {
            let curve =
                (0..N_SECONDS).map(|_| Some((-140.0 + 60.0 * f64::from(random.sample())).round() / 10.0));
            print.loudness_curve = curve.collect();
            print.descriptors = tracks[n];
            assert!(catalog.put_fingerprint(track, &measured(&print)).expect("it is stored"));
            assert!(catalog.put_trim(track, &taste, Some(Trim::default())).expect("it is stored"));
        });
        crowd
    }

    /// Nothing but rows that count as measured. A library without any file counts
    /// as unplugged: a scan changes nothing.
    pub fn listed(n_tracks: usize) -> Self {
        let crowd = Crowd::new(n_tracks);
        let taste = taste_key(&Taste::default()).expect("a key");
        crowd.fill(false, |catalog, track, n| {
            let lufs = Some(-5.0 - (n % 350) as f64 / 10.0);
            let json = format!(r#"{{"descriptors":{{"tempo_bpm":{}}}}}"#, 60 + n % 140);
            let (n_frames, sample_rate) = (10_000_000, 44_100);
            let measured =
                Measured { version: VERSION, n_frames, sample_rate, lufs, true_peak_dbtp: None, json };
            assert!(catalog.put_fingerprint(track, &measured).expect("it is stored"));
            assert!(catalog.put_trim(track, &taste, Some(Trim::default())).expect("it is stored"));
        });
        crowd
    }

    fn new(n_tracks: usize) -> Self {
        Crowd { library: folder(), data: folder(), n_tracks }
    }

    /// Writes all tracks and does with each what else there is to do.
    fn fill(&self, has_files: bool, mut more: impl FnMut(&Catalog, &Measurable, usize)) {
        eprintln!("filling a library of {} …", self.n_tracks);
        let catalog = Catalog::open(self.data.path(), VERSION).expect("a catalog");
        let root = catalog.open_folders(&[bytes_of(self.library.path())]).expect("a folder").remove(0);
        for first in (0..self.n_tracks).step_by(BATCH) {
            let numbers = first..self.n_tracks.min(first + BATCH);
            let mut entries: Vec<Entry> = numbers.clone().map(entry).collect();
            if has_files {
                entries.iter_mut().for_each(|entry| write(self.library.path(), entry));
            }
            let rows = catalog.put(&root, &entries, &mut HashSet::new()).expect("they are stored");
            for ((placed, entry), n) in rows.iter().zip(entries).zip(numbers) {
                more(&catalog, &measurable(&root, placed.row, entry), n);
            }
        }
    }

    /// The id of a track.
    pub fn key(&self, n: usize) -> String {
        catalog::key(&[&bytes_of(self.library.path()), &entry(n).path])
    }

    /// The program, serving it.
    pub fn serve(&self) -> Server {
        Server::start(self.data.path(), ["--library".as_ref(), self.library.path().as_os_str()])
    }

    /// The same with a folder of music beside it.
    pub fn serve_with(&self, more: &Path) -> Server {
        let library = self.library.path().as_os_str();
        Server::start(
            self.data.path(),
            ["--library".as_ref(), library, "--library".as_ref(), more.as_os_str()],
        )
    }

    /// KB of the catalog's file for each track; nobody has it open.
    pub fn kilobytes_per_track(&self) -> f64 {
        let bytes = fs::metadata(self.data.path().join(CATALOG)).expect("it is there").len();
        bytes as f64 / 1_000.0 / self.n_tracks as f64
    }
}

/// Words of titles, the last ones in very many.
pub const WORDS: [&str; 40] = [
    "love", "night", "rock", "blue", "heart", "time", "dance", "light", "rain", "river", "home", "dream",
    "moon", "fire", "road", "summer", "ghost", "river", "golden", "winter", "mirror", "velvet", "stone",
    "paper", "silver", "window", "garden", "harbor", "engine", "copper", "signal", "meadow", "lantern",
    "orchard", "thunder", "marble", "compass", "whisper", "carousel", "zephyr",
];
const GENRES: [&str; 8] = ["Rock", "Pop", "Jazz", "Electronic", "Classical", "Folk", "Hip-Hop", "Ambient"];

/// One of the words, the first of them in one of eight hundred, the last in one of
/// twenty.
fn word(n: usize, salt: usize) -> &'static str {
    let at = (n.wrapping_mul(2_654_435_761).wrapping_add(salt * 40_503) >> 7) % 1_600;
    WORDS[((at as f64).sqrt() as usize).min(39)]
}

fn entry(n: usize) -> Entry {
    let (word, album) = (|salt: usize| word(n, salt), n / 12);
    let artist = format!("{} {}", WORDS[n / 120 % 40], n / 120);
    Entry {
        path: format!("{artist}/album {album}/{n:06}.flac").into_bytes(),
        content: Some((n as u128).to_le_bytes()),
        title: format!("{} {} {}", word(1), word(2), n % 12 + 1),
        artists: vec![artist.as_str().into()],
        album: Some(format!("{} {} {album}", self::word(album, 3), WORDS[album % 40])),
        album_artist: Some(artist.clone()),
        album_artists: vec![artist.as_str().into()],
        genres: vec![GENRES[n / 120 % 8].to_owned()],
        year: Some(1960 + (album % 64) as u32),
        track_no: Some((n % 12 + 1) as u32),
        codec: Some("flac".to_owned()),
        sample_rate: Some(44_100),
        channels: Some(2),
        bits: Some(16),
        duration_s: 60.0 + (n % 400) as f64,
        ..Entry::default()
    }
}

/// Makes a track's file.
fn write(library: &Path, entry: &mut Entry) {
    let path = library.join(std::str::from_utf8(&entry.path).expect("a path of ASCII"));
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, b"").expect("a file");
    let stamp = Stamp::of(&fs::metadata(path).expect("it is there"));
    (entry.size, entry.mtime_ns) = (stamp.size, stamp.mtime_ns);
}

fn measurable(root: &Folder, row: i64, entry: Entry) -> Measurable {
    Measurable {
        row,
        key: String::new(),
        title: entry.title,
        folder: root.path.clone(),
        path: entry.path,
        size: entry.size,
        mtime_ns: entry.mtime_ns,
        codec: "flac".to_owned(),
        has_art: false,
        cut: (0, None),
    }
}

fn measured(print: &Fingerprint) -> Measured {
    Measured {
        version: print.version,
        n_frames: print.n_frames,
        sample_rate: print.sample_rate,
        lufs: print.descriptors.lufs,
        true_peak_dbtp: print.true_peak_dbtp,
        json: serde_json::to_string(print).expect("a fingerprint is JSON"),
    }
}

/// Descriptors anywhere in their ranges.
pub fn anywhere(random: &mut Random) -> Descriptors {
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
