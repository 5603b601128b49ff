//! What crosses HTTP as JSON, besides fingerprints and plans.

use serde::Serialize;

use crate::catalog::{Album, Fault, Missing, Page, State, Track};
use crate::media::path_of;

/// A part of a list.
#[derive(Debug, Serialize)]
pub struct List<T> {
    items: Vec<T>,
    total: u64,
    limit: u32,
    offset: u64,
    has_more: bool,
}

impl<T> List<T> {
    /// `page` of a list, as `limit` and `offset` cut it.
    pub fn new<U>(page: Page<U>, limit: u32, offset: u64, dto: impl FnMut(U) -> T) -> Self {
        let items: Vec<T> = page.items.into_iter().map(dto).collect();
        let has_more = offset.saturating_add(items.len() as u64) < page.total;
        List { items, total: page.total, limit, offset, has_more }
    }
}

/// A track.
#[derive(Debug, Serialize)]
pub struct TrackDto {
    id: String,
    title: String,
    artists: Vec<String>,
    album: Option<String>,
    album_id: Option<String>,
    album_artist: Option<String>,
    track_no: Option<u32>,
    disc_no: Option<u32>,
    year: Option<u32>,
    duration_s: f64,
    sample_rate: u32,
    channels: u32,
    codec: String,
    n_frames: Option<u64>,
    measured: bool,
    state: &'static str,
    fault: Option<String>,
    lufs: Option<f64>,
    true_peak_dbtp: Option<f64>,
    gapless_after: Option<String>,
}

impl TrackDto {
    /// A track, of which it is known whether it is being measured right now.
    pub fn new(track: Track, is_running: bool) -> Self {
        TrackDto {
            measured: track.state == State::Measured,
            state: match track.state {
                State::Measured => "measured",
                State::Failed => "failed",
                State::Missing => "missing",
                State::Waiting if is_running => "measuring",
                State::Waiting => "waiting",
            },
            id: track.key,
            title: track.title,
            artists: track.artists,
            album: track.album,
            album_id: track.album_key,
            album_artist: track.album_artist,
            track_no: track.track_no,
            disc_no: track.disc_no,
            year: track.year,
            duration_s: track.duration_s,
            sample_rate: track.sample_rate,
            channels: track.channels,
            codec: track.codec,
            n_frames: track.n_frames,
            fault: track.fault,
            lufs: track.lufs,
            true_peak_dbtp: track.true_peak_dbtp,
            gapless_after: track.gapless_after,
        }
    }
}

/// A track that sounds like another.
#[derive(Debug, Serialize)]
pub struct SimilarDto {
    /// The track.
    pub track: TrackDto,
    /// How far it is: 1 where every family differs by a spread of released music.
    pub distance: f32,
    /// What it is beside the other, one sentence each.
    pub reasons: Vec<String>,
}

/// An album; with its tracks where one album is asked for.
#[derive(Debug, Serialize)]
pub struct AlbumDto {
    id: String,
    title: String,
    artist: Option<String>,
    year: Option<u32>,
    n_tracks: u32,
    duration_s: f64,
    artwork_track_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracks: Option<Vec<TrackDto>>,
}

impl AlbumDto {
    /// An album, with its tracks if they are given.
    pub fn new(album: Album, tracks: Option<Vec<TrackDto>>) -> Self {
        AlbumDto {
            id: album.key,
            title: album.title,
            artist: album.artist,
            year: album.year,
            n_tracks: album.n_tracks,
            duration_s: album.duration_s,
            artwork_track_id: album.first_track,
            tracks,
        }
    }
}

/// A file that could not be opened or measured.
#[derive(Debug, Serialize)]
pub struct FaultDto {
    id: String,
    path: String,
    stage: String,
    reason: String,
}

impl From<Fault> for FaultDto {
    fn from(fault: Fault) -> Self {
        let path = path_of(&fault.path).to_string_lossy().into_owned();
        FaultDto { id: fault.key, path, stage: fault.stage, reason: fault.reason }
    }
}

/// A track whose file is gone.
#[derive(Debug, Serialize)]
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
#[derive(Debug, Serialize)]
pub struct ScanDto {
    /// The scan that runs, or the last one.
    #[serde(flatten)]
    pub status: crate::scan::Status,
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
}
