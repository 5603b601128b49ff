//! The library as a whole: its directories, its figures, how far scanning has come,
//! and what is wrong.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::List;
use crate::catalog::{Directory, Fault, Missing, Share, Statistics, Step};
use crate::media::path_of;
use crate::scan::Status;

/// A directory with music in it.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Directory")]
pub struct DirectoryDto {
    /// Its id.
    dir: String,
    /// What it is called.
    pub name: String,
    /// Tracks in it and below.
    pub n_tracks: u64,
}

/// A directory on the way to another.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "DirectoryOnTheWay")]
pub struct StepOnTheWayDto {
    /// Its id.
    dir: String,
    name: String,
}

/// A part of what lies right in a directory.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Folder")]
pub struct FolderDto {
    #[serde(flatten)]
    directories: List<DirectoryDto>,
    /// From a folder of the library down to this directory, itself included; empty:
    /// it is the library itself.
    way: Vec<StepOnTheWayDto>,
}

impl FolderDto {
    /// A part of the directories in the one that `way` leads to.
    pub fn new(directories: List<DirectoryDto>, way: Vec<Step>) -> Self {
        let step = |step: Step| StepOnTheWayDto { name: name(&step.path), dir: step.key };
        FolderDto { directories, way: way.into_iter().map(step).collect() }
    }
}

impl DirectoryDto {
    /// A folder of the library, whose path on the disk is told.
    pub fn root((directory, path): (Directory, Vec<u8>)) -> Self {
        DirectoryDto { dir: directory.key(), name: name(&path), n_tracks: directory.n_tracks }
    }
}

impl From<Directory> for DirectoryDto {
    fn from(directory: Directory) -> Self {
        DirectoryDto { dir: directory.key(), name: name(&directory.path), n_tracks: directory.n_tracks }
    }
}

/// The last part of a path; that of the whole disk has none.
fn name(path: &[u8]) -> String {
    path_of(path).file_name().map_or_else(|| "/".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The library in figures.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Statistics")]
pub struct StatisticsDto {
    n_tracks: u64,
    n_measured: u64,
    n_favorites: u64,
    n_plays: u64,
    duration_s: f64,
    /// The greatest first.
    codecs: Vec<ShareDto<String>>,
    sample_rates: Vec<ShareDto<u32>>,
    bits_per_sample: Vec<ShareDto<u32>>,
    /// Tracks by steps, each named by its lower end.
    decades: Vec<StepDto>,
    lufs: Vec<StepDto>,
    lra_lu: Vec<StepDto>,
    crest_db: Vec<StepDto>,
    bpm: Vec<StepDto>,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "{T}Share")]
struct ShareDto<T> {
    of: T,
    n_tracks: u64,
    duration_s: f64,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Step")]
struct StepDto {
    from: i32,
    n_tracks: u64,
}

impl From<Statistics> for StatisticsDto {
    fn from(statistics: Statistics) -> Self {
        fn shares<T>(shares: BTreeMap<T, Share>) -> Vec<ShareDto<T>> {
            let share = |(of, share): (T, Share)| ShareDto {
                of,
                n_tracks: share.n_tracks,
                duration_s: share.duration_s,
            };
            let mut shares: Vec<ShareDto<T>> = shares.into_iter().map(share).collect();
            shares.sort_by_key(|share| std::cmp::Reverse(share.n_tracks));
            shares
        }
        let steps = |steps: BTreeMap<i32, u64>| {
            steps.into_iter().map(|(from, n_tracks)| StepDto { from, n_tracks }).collect()
        };
        StatisticsDto {
            n_tracks: statistics.n_tracks,
            n_measured: statistics.n_measured,
            n_favorites: statistics.n_favorites,
            n_plays: statistics.n_plays,
            duration_s: statistics.duration_s,
            codecs: shares(statistics.codecs),
            sample_rates: shares(statistics.rates),
            bits_per_sample: shares(statistics.bits),
            decades: steps(statistics.decades),
            lufs: steps(statistics.lufs),
            lra_lu: steps(statistics.lra),
            crest_db: steps(statistics.crest),
            bpm: steps(statistics.bpm),
        }
    }
}

/// A file that could not be opened or measured.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Fault")]
pub struct FaultDto {
    id: String,
    path: String,
    #[schemars(extend("enum" = ["read", "open", "measure", "store"]))]
    stage: String,
    reason: String,
    /// When that was seen, in seconds since 1970.
    at: i64,
}

impl From<Fault> for FaultDto {
    fn from(fault: Fault) -> Self {
        let path = path_of(&fault.path).to_string_lossy().into_owned();
        FaultDto { id: fault.key, path, stage: fault.stage, reason: fault.reason, at: fault.at }
    }
}

/// A track whose file is gone.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Missing")]
pub struct MissingDto {
    id: String,
    title: String,
    path: String,
    /// When that was seen, in seconds since 1970.
    since: i64,
}

impl From<Missing> for MissingDto {
    fn from(missing: Missing) -> Self {
        let path = path_of(&missing.path).to_string_lossy().into_owned();
        MissingDto { id: missing.key, title: missing.title, path, since: missing.since }
    }
}

/// How far scanning and measuring have come.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Scan")]
pub struct ScanDto {
    /// The scan that runs, or the last one.
    #[serde(flatten)]
    pub status: Status,
    /// Tracks in the library.
    pub tracks: u64,
    /// Of these, measured.
    pub measured: u64,
    /// Files that could not be opened or measured.
    pub failed: u64,
    /// Tracks whose turn will come.
    pub waiting: u64,
    /// Tracks whose files are gone.
    pub missing: u64,
    /// Measured tracks whose promise is still to be held against a rendering.
    pub unchecked: u64,
    /// Seconds of music measured in one, of late; none: it is not known.
    pub measure_speed: Option<f64>,
    /// Seconds until all is measured; none: it is not known.
    pub measure_left_s: Option<f64>,
}
