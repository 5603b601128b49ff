//! What crosses HTTP as JSON, besides fingerprints and plans.

mod answers;
mod jobs;
mod library;
mod listening;

use auralis_core::plan::Preset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::catalog::{Details, More, Named, Page, Stat, State, Track, name_key};
use crate::media::path_of;
use crate::scan::lyrics;

pub use answers::{CameDto, ColourDto, CountedDto, ForgottenDto, HealthDto, RetriedDto, VersionDto};
pub use jobs::{JobDto, JobPreviewDto};
pub use library::{DirectoryDto, FaultDto, FolderDto, MissingDto, ScanDto, StatisticsDto};
pub use listening::{ItemDto, PlayDto, PlaylistDto, QueueDto};

/// A part of a list.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "{T}List")]
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
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Track")]
pub struct TrackDto {
    id: String,
    title: String,
    artists: Vec<String>,
    /// Theirs, in the same order.
    artist_ids: Vec<String>,
    album: Option<String>,
    album_id: Option<String>,
    album_artist: Option<String>,
    genres: Vec<String>,
    track_no: Option<u32>,
    disc_no: Option<u32>,
    year: Option<u32>,
    duration_s: f64,
    sample_rate: u32,
    channels: u32,
    codec: String,
    /// Counted while measuring; null until then.
    n_frames: Option<u64>,
    measured: bool,
    #[schemars(extend("enum" = ["waiting", "measuring", "measured", "failed", "missing"]))]
    state: &'static str,
    /// Why measuring failed, in words.
    fault: Option<String>,
    lufs: Option<f64>,
    true_peak_dbtp: Option<f64>,
    bpm: Option<f64>,
    gapless_after: Option<String>,
    /// Times are in seconds since 1970.
    added_at: i64,
    favorite_at: Option<i64>,
    /// Stars, 1 to 5.
    #[schemars(range(min = 1, max = 5))]
    rating: Option<u8>,
    n_plays: u32,
    played_at: Option<i64>,
    has_lyrics: bool,
    /// How it, or its album, shall always sound.
    #[schemars(with = "Option<TasteDto>")]
    taste: Option<Box<RawValue>>,
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
            artist_ids: track.artists.iter().map(|name| name_key("artist", name)).collect(),
            artists: track.artists,
            album: track.album,
            album_id: track.album_key,
            album_artist: track.album_artist,
            genres: track.genres,
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
            bpm: track.bpm,
            gapless_after: track.gapless_after,
            added_at: track.added_at,
            favorite_at: track.favorite_at,
            rating: track.rating,
            n_plays: track.n_plays,
            played_at: track.played_at,
            has_lyrics: track.has_lyrics,
            taste: track.taste.and_then(|json| RawValue::from_string(json).ok()),
        }
    }
}

/// How a track or an album shall always sound; what is not said is as ever.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Taste")]
#[serde(deny_unknown_fields)]
pub struct TasteDto {
    /// Whether it is enhanced at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enhanced: Option<bool>,
    /// The character.
    #[schemars(extend("enum" = Preset::ALL.map(Preset::name)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// How much of it, 0 (nothing is changed) to 1.
    #[schemars(range(min = 0, max = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intensity: Option<f32>,
    /// Loudness to aim for, in LUFS.
    #[schemars(range(min = -40, max = -5))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_lufs: Option<f32>,
}

/// A track that sounds like another.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Similar")]
pub struct SimilarDto {
    /// The track.
    pub track: TrackDto,
    /// How far it is: 1 where every family differs by a spread of released music.
    pub distance: f32,
    /// What it is beside the other, one sentence each.
    pub reasons: Vec<String>,
}

/// Everything known of one track.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "TrackDetails")]
pub struct TrackDetailsDto {
    #[serde(flatten)]
    track: TrackDto,
    composers: Vec<String>,
    album_artists: Vec<String>,
    date: Option<String>,
    is_compilation: bool,
    bits_per_sample: Option<u32>,
    /// Bytes of its file.
    size: u64,
    /// Where its file lies in its folder.
    path: String,
    #[serde(flatten)]
    more: More,
}

impl TrackDetailsDto {
    /// A track, with what is shown of it alone.
    pub fn new(track: TrackDto, details: Details) -> Self {
        TrackDetailsDto {
            track,
            composers: details.composers,
            album_artists: details.album_artists,
            date: details.date,
            is_compilation: details.is_compilation,
            bits_per_sample: details.bits,
            size: details.size,
            path: path_of(&details.path).to_string_lossy().into_owned(),
            more: details.more,
        }
    }
}

/// What is sung.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Lyrics")]
pub struct LyricsDto {
    /// Whether each line says when it begins.
    synced: bool,
    lines: Vec<LyricsLineDto>,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "LyricsLine")]
struct LyricsLineDto {
    at_s: Option<f64>,
    text: String,
}

impl LyricsDto {
    /// Lyrics as a file has them, plain or LRC.
    pub fn new(lyrics: &str) -> Self {
        let lines = lyrics::lines(lyrics);
        let synced = lines.iter().any(|line| line.at_s.is_some());
        let lines =
            lines.into_iter().map(|line| LyricsLineDto { at_s: line.at_s, text: line.text }).collect();
        LyricsDto { synced, lines }
    }
}

/// What the tracks of an album, an artist or a genre add up to.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Stat")]
struct StatDto {
    n_tracks: u32,
    duration_s: f64,
    year: Option<u32>,
    /// When the last track was found, in seconds since 1970.
    added_at: u32,
    n_plays: u64,
    played_at: Option<u32>,
    /// Whose picture stands for it.
    artwork_track_id: String,
}

impl StatDto {
    fn new(stat: &Stat, artwork_track_id: String) -> Self {
        StatDto {
            n_tracks: stat.n_tracks,
            duration_s: stat.duration_s,
            year: stat.year,
            added_at: stat.added,
            n_plays: stat.n_plays,
            played_at: (stat.played > 0).then_some(stat.played),
            artwork_track_id,
        }
    }
}

/// An album; with its tracks where one album is asked for.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Album")]
pub struct AlbumDto {
    id: String,
    title: String,
    artist: Option<String>,
    artist_id: Option<String>,
    #[serde(flatten)]
    stat: StatDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracks: Option<Vec<TrackDto>>,
}

impl AlbumDto {
    /// An album, with its tracks if they are given.
    pub fn new(album: Named, tracks: Option<Vec<TrackDto>>) -> Self {
        AlbumDto {
            id: album.key,
            title: album.name,
            artist_id: album.artist.as_deref().map(|name| name_key("artist", name)),
            artist: album.artist,
            stat: StatDto::new(&album.stat, album.first_track),
            tracks,
        }
    }
}

/// An artist or a composer.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Artist")]
pub struct ArtistDto {
    id: String,
    name: String,
    n_albums: u32,
    #[serde(flatten)]
    stat: StatDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    genres: Option<Vec<GenreDto>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    albums: Option<Vec<AlbumDto>>,
}

impl ArtistDto {
    /// An artist, as in lists.
    pub fn new(artist: Named) -> Self {
        ArtistDto {
            n_albums: artist.stat.n_albums,
            id: artist.key,
            name: artist.name,
            stat: StatDto::new(&artist.stat, artist.first_track),
            genres: None,
            albums: None,
        }
    }

    /// The same, with genres and albums.
    #[must_use]
    pub fn with(self, genres: Vec<GenreDto>, albums: Vec<AlbumDto>) -> Self {
        ArtistDto { genres: Some(genres), albums: Some(albums), ..self }
    }
}

/// A genre.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Genre")]
pub struct GenreDto {
    id: String,
    name: String,
    n_albums: u32,
    #[serde(flatten)]
    stat: StatDto,
}

impl From<Named> for GenreDto {
    fn from(genre: Named) -> Self {
        GenreDto {
            n_albums: genre.stat.n_albums,
            id: genre.key,
            name: genre.name,
            stat: StatDto::new(&genre.stat, genre.first_track),
        }
    }
}

/// The best of each kind.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Found")]
pub struct FoundDto {
    /// Tracks that meet the rule.
    pub tracks: List<TrackDto>,
    /// Albums that are called so.
    pub albums: List<AlbumDto>,
    /// Artists that are called so.
    pub artists: List<ArtistDto>,
}
