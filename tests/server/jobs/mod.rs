//! Jobs: what is rendered to files to be fetched later, with all that can go wrong
//! on the way.

mod ends;
mod files;
mod kills;
mod refused;
mod room;

use std::path::{Path, PathBuf};

use auralis_core::encode::Format;
use auralis_tests::http::Response;
use lofty::config::WriteOptions;
use lofty::tag::{ItemKey, ItemValue, Tag, TagExt, TagItem, TagType};
use serde_json::{Value, json};

use crate::house::{House, sound, until};

/// A FLAC of made-up music with these tags.
fn music(seed: u64, seconds: f64, tags: &[(ItemKey, &str)]) -> Vec<u8> {
    let folder = auralis_tests::folder();
    let path = folder.path().join("one.flac");
    std::fs::write(&path, sound(Format::Flac16, seed, seconds)).expect("a file");
    let mut tag = Tag::new(TagType::VorbisComments);
    for (key, value) in tags {
        tag.push(TagItem::new(*key, ItemValue::Text((*value).to_owned())));
    }
    tag.save_to_path(&path, WriteOptions::default()).expect("it is tagged");
    std::fs::read(path).expect("a file")
}

/// An album of so many tracks of so many seconds.
fn album(n_tracks: u64, seconds: f64) -> House {
    album_with(n_tracks, seconds, &[])
}

/// The same, by a server with these options.
fn album_with(n_tracks: u64, seconds: f64, args: &[&str]) -> House {
    let files: Vec<(String, Vec<u8>)> = (1..=n_tracks)
        .map(|n| {
            let (title, number) = (format!("Piece {n:02}"), n.to_string());
            let tags = [
                (ItemKey::TrackTitle, &*title),
                (ItemKey::TrackNumber, &number),
                (ItemKey::TrackArtist, "Somebody"),
                (ItemKey::AlbumTitle, "Pieces"),
            ];
            (format!("{n:02}.flac"), music(n, seconds, &tags))
        })
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    House::served(&files, &[args, &["--no-limits"]].concat())
}

impl House {
    /// Asks for a job; gives its id.
    #[track_caller]
    fn job(&self, asked: &Value) -> String {
        let answer = self.send("POST", "/api/jobs", asked.clone());
        assert_eq!(answer.status, 201, "{answer:?}");
        let id = answer.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(answer.header("location"), Some(&*format!("/api/jobs/{id}")));
        id
    }

    /// A job as it is now.
    fn job_now(&self, id: &str) -> Value {
        self.get(&format!("/api/jobs/{id}")).json()
    }

    /// Waits until a job has ended.
    fn ended(&self, id: &str) -> Value {
        until("the job has ended", || {
            let job = self.job_now(id);
            ["completed", "failed", "cancelled"]
                .contains(&job["state"].as_str().expect("a state"))
                .then_some(job)
        })
    }

    /// Waits until a job is completed, and fetches what came of it.
    #[track_caller]
    fn fetched(&self, id: &str) -> Response {
        let job = self.ended(id);
        assert_eq!((&job["state"], &job["percent"]), (&json!("completed"), &json!(100.0)), "{job}");
        let answer = self.get(&format!("/api/jobs/{id}/file"));
        assert_eq!(answer.status, 200);
        answer
    }

    /// The ids of all tracks, by title.
    fn ids(&self) -> Vec<String> {
        self.tracks().iter().map(|track| track["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Where a job's files lie.
    fn folder_of(&self, id: &str) -> PathBuf {
        self.data.path().join("jobs").join(id)
    }
}

/// The names of all files below a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
