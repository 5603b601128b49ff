//! What a scan reads from one file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Measurable, Track};

/// Version of what is read: files that were read by another are read again,
/// even if they did not change.
pub const READ_BY: u32 = 2;

/// What a scan read from one file.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Path relative to its folder.
    pub path: Vec<u8>,
    /// Bytes.
    pub size: u64,
    /// Modified, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The id of its sound; none: it has none.
    pub content: Option<[u8; 16]>,
    /// From the tags, else the file's name.
    pub title: String,
    /// As credited, in order.
    pub artists: Vec<Name>,
    /// Album title.
    pub album: Option<String>,
    /// Whose album it is, as one line.
    pub album_artist: Option<String>,
    /// Whose album it is, one by one.
    pub album_artists: Vec<Name>,
    /// Who wrote it.
    pub composers: Vec<Name>,
    /// As tagged, in order.
    pub genres: Vec<String>,
    /// Place on its disc, from 1.
    pub track_no: Option<u32>,
    /// Disc, from 1.
    pub disc_no: Option<u32>,
    /// Year of the first release.
    pub year: Option<u32>,
    /// Release: a year, a month or a day.
    pub date: Option<String>,
    /// Beats per minute.
    pub bpm: Option<f64>,
    /// Whether its album is by several artists.
    pub is_compilation: bool,
    /// Plain, or with `[mm:ss]` before each line.
    pub lyrics: Option<String>,
    /// What is shown of one track alone.
    pub more: More,
    /// Codec by name; none: the file could not be opened as sound.
    pub codec: Option<String>,
    /// Frames per second.
    pub sample_rate: Option<u32>,
    /// Channels in the file.
    pub channels: Option<u32>,
    /// Bits per sample, where that means something.
    pub bits: Option<u32>,
    /// Seconds, by the file's header.
    pub duration_s: f64,
    /// Whether the file carries a picture.
    pub has_art: bool,
    /// Which of the tracks of its file it is, from 0.
    pub part: u32,
    /// Where it lies in its file; none: it is all of it.
    pub cut: Option<Cut>,
    /// The cue sheet that was obeyed, or that was found not to fit.
    pub sheet: Option<[u8; 16]>,
}

impl Entry {
    /// The track that a catalog gives for it, where there is none: what a file says
    /// is told, what only a library knows is not.
    pub fn track(&self) -> Track {
        Track {
            title: self.title.clone(),
            artists: self.artists.iter().map(|artist| artist.name.clone()).collect(),
            album: self.album.clone(),
            album_artist: self.album_artist.clone(),
            genres: self.genres.clone(),
            track_no: self.track_no,
            disc_no: self.disc_no,
            year: self.year,
            codec: self.codec.clone().unwrap_or_default(),
            sample_rate: self.sample_rate.unwrap_or_default(),
            channels: self.channels.unwrap_or_default(),
            duration_s: self.duration_s,
            ..Track::default()
        }
    }

    /// What opening its file takes, in the folder of this path.
    pub fn measurable(&self, folder: &[u8]) -> Measurable {
        Measurable {
            title: self.title.clone(),
            folder: folder.to_owned(),
            path: self.path.clone(),
            size: self.size,
            mtime_ns: self.mtime_ns,
            codec: self.codec.clone().unwrap_or_default(),
            has_art: self.has_art,
            cut: self.cut.as_ref().map_or((0, None), |cut| (cut.first, cut.n_frames)),
            ..Measurable::default()
        }
    }
}

/// Where a track lies in a file of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Its first frame.
    pub first: u64,
    /// How many; none: up to the end.
    pub n_frames: Option<u64>,
}

/// Somebody, as credited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// As it is shown.
    pub name: String,
    /// As it is ordered by, if a tag says so.
    pub sort: Option<String>,
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Name { name: name.to_owned(), sort: None }
    }
}

/// What a file says that is shown of one track alone.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct More {
    /// Whatever somebody wrote.
    pub comment: Option<String>,
    /// First release: a year, a month or a day.
    pub original_date: Option<String>,
    /// Gains that others measured.
    pub replay_gain: Gains,
    /// Ids at MusicBrainz.
    pub musicbrainz: Ids,
}

/// Gains to the level of ReplayGain 2, −18 LUFS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Gains {
    /// For the track, dB.
    pub track_db: Option<f64>,
    /// The track's sample peak, 1 is full scale.
    pub track_peak: Option<f64>,
    /// For the album, dB.
    pub album_db: Option<f64>,
    /// The album's sample peak.
    pub album_peak: Option<f64>,
}

/// Ids at MusicBrainz.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Ids {
    /// The recording.
    pub recording: Option<String>,
    /// The track of a release.
    pub track: Option<String>,
    /// The release.
    pub release: Option<String>,
    /// All its editions.
    pub release_group: Option<String>,
    /// The artists.
    pub artists: Vec<String>,
    /// The album's artists.
    pub album_artists: Vec<String>,
}
