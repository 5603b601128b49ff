//! Tracks as the API lists them: found in memory, fetched a page at a time.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};

use super::directories::in_directory;
use super::rank::ranked;
use super::shelf::{Group, Sort, Statistics, Within, page};
use super::{Catalog, More, Result};
use crate::rule::{Number, Rule};

/// Where a track is on its way to being measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Its fingerprint is stored.
    Measured,
    /// Its turn will come.
    #[default]
    Waiting,
    /// It could not be measured.
    Failed,
    /// Its file is gone.
    Missing,
}

/// A track with what was measured of it.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// Its row.
    pub row: i64,
    /// Its opaque id.
    pub key: String,
    /// From the tags, else the file's name.
    pub title: String,
    /// As credited, in order.
    pub artists: Vec<String>,
    /// Album title.
    pub album: Option<String>,
    /// The album's opaque id.
    pub album_key: Option<String>,
    /// Whose album it is, as one line.
    pub album_artist: Option<String>,
    /// As tagged.
    pub genres: Vec<String>,
    /// Place on its disc.
    pub track_no: Option<u32>,
    /// Disc.
    pub disc_no: Option<u32>,
    /// Year of the first release.
    pub year: Option<u32>,
    /// Codec by name.
    pub codec: String,
    /// Frames per second.
    pub sample_rate: u32,
    /// Channels in the file.
    pub channels: u32,
    /// Seconds: counted where measured, else the header's.
    pub duration_s: f64,
    /// Counted frames.
    pub n_frames: Option<u64>,
    /// Integrated loudness, LUFS.
    pub lufs: Option<f64>,
    /// True peak, dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// Beats per minute: tagged, else measured.
    pub bpm: Option<f64>,
    /// When it was found, in seconds since 1970.
    pub added_at: i64,
    /// When it became a favourite, in seconds since 1970.
    pub favorite_at: Option<i64>,
    /// Stars, 1 to 5.
    pub rating: Option<u8>,
    /// How often it was played.
    pub n_plays: u32,
    /// When it was played last, in seconds since 1970.
    pub played_at: Option<i64>,
    /// Whether it has lyrics.
    pub has_lyrics: bool,
    /// How it, or its album, shall always sound, as JSON.
    pub taste: Option<String>,
    /// Measured, waiting or failed.
    pub state: State,
    /// Why it failed.
    pub fault: Option<String>,
    /// The track of the same album, disc and rate that comes right before it.
    pub gapless_after: Option<String>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Page { items: Vec::new(), total: 0 }
    }
}

/// Which tracks are wanted, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Those that meet it.
    pub rule: Rule,
    /// Only of these albums, artists or genres, by their ids.
    pub within: Vec<(Group, String)>,
    /// Only in this directory by its id, or, if so said, below it too.
    pub dir: Option<(String, bool)>,
    /// The order; none: the best hits first.
    pub sort: Option<Sort>,
    /// From the other end.
    pub descending: bool,
    /// How many at most.
    pub limit: u32,
    /// After how many.
    pub offset: u64,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// How long the whole list is.
    pub total: u64,
}

/// What is shown of one track alone.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Who wrote it.
    pub composers: Vec<String>,
    /// Whose album it is, one by one.
    pub album_artists: Vec<String>,
    /// Release: a year, a month or a day.
    pub date: Option<String>,
    /// Whether its album is by several artists.
    pub is_compilation: bool,
    /// Bits per sample, where that means something.
    pub bits: Option<u32>,
    /// Bytes of its file.
    pub size: u64,
    /// Where its file lies in its folder.
    pub path: Vec<u8>,
    /// What else its tags say.
    pub more: More,
}

/// Everything of a track; ends before WHERE. `?1` is the fingerprints' version.
const SELECT: &str = "
    SELECT t.id, t.key, t.title, t.artists, t.album, a.key, t.album_artist, t.track_no, t.disc_no, t.year,
        t.codec, t.sample_rate, t.channels, t.duration_s, t.n_frames, t.lufs, t.true_peak_dbtp,
        t.measured_by IS ?1, x.reason, t.missing_since NOT NULL,
        (SELECT p.key FROM track p WHERE p.album_id = t.album_id AND p.disc_no IS t.disc_no
            AND p.here AND p.track_no = t.track_no - 1 AND p.sample_rate = t.sample_rate LIMIT 1),
        t.genres, coalesce(t.bpm, t.tempo_bpm), t.added_at, t.favorite_at, t.rating, t.n_plays, t.played_at,
        l.track_id NOT NULL, coalesce(tt.json, at.json)
    FROM track t
    JOIN folder d ON d.id = t.folder_id AND d.open
    LEFT JOIN album a ON a.id = t.album_id
    LEFT JOIN fault x ON x.track_id = t.id
    LEFT JOIN lyrics l ON l.track_id = t.id
    LEFT JOIN track_taste tt ON tt.track_id = t.id
    LEFT JOIN album_taste at ON at.album_id = t.album_id";

impl Catalog {
    /// The track with this id, if the library has it or had it.
    pub fn track(&self, key: &str) -> Result<Option<Track>> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached(&format!("{SELECT} WHERE t.key = ?2 AND t.codec NOT NULL"))?;
            Ok(statement.query_row((self.shared.version, key), track).optional()?)
        })
    }

    /// What else is known of the track of this row.
    pub fn details(&self, row: i64) -> Result<Details> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT (SELECT json_group_array(r.name ORDER BY c.place) FROM credit c
                        JOIN artist r ON r.id = c.artist_id WHERE c.track_id = t.id AND c.role = 2),
                    album_artists, date, is_compilation, bits, size, path, more FROM track t WHERE id = ?1",
            )?;
            let details = statement.query_row([row], |row| {
                let more: Option<String> = row.get(7)?;
                Ok(Details {
                    composers: list(row, 0)?,
                    album_artists: list(row, 1)?,
                    date: row.get(2)?,
                    is_compilation: row.get(3)?,
                    bits: row.get(4)?,
                    size: row.get::<_, i64>(5)? as u64,
                    path: row.get(6)?,
                    more: more.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
                })
            });
            Ok(details.optional()?.unwrap_or_default())
        })
    }

    /// The lyrics of the track of this row, as its file had them.
    pub fn lyrics(&self, row: i64) -> Result<Option<String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT text FROM lyrics WHERE track_id = ?1")?;
            Ok(statement.query_row([row], |row| row.get(0)).optional()?)
        })
    }

    /// The tracks of these rows, in this order; those that have left the
    /// library are left out.
    pub fn tracks_by_row(&self, rows: &[u32]) -> Result<Vec<Track>> {
        self.read(|db| fetch(db, self.shared.version, rows))
    }

    /// A part of the list of tracks that `query` wants; none: there is no such
    /// album, artist or genre.
    pub fn tracks(&self, query: &Query) -> Result<Option<Page<Track>>> {
        let Some(found) = self.find(query)? else { return Ok(None) };
        let items = self.read(|db| fetch(db, self.shared.version, &found.rows))?;
        Ok(Some(Page { items, total: found.total }))
    }

    /// The library in figures.
    pub fn statistics(&self) -> Result<Statistics> {
        Ok(self.shelf()?.statistics())
    }

    /// A part of the list that `query` wants, of which only the rows are told.
    pub fn find(&self, query: &Query) -> Result<Option<Found>> {
        let shelf = self.shelf()?;
        self.read(|db| {
            let mut chosen = shelf.chosen(db, &query.rule)?;
            for (group, key) in &query.within {
                let Some(id) = group_row(db, *group, key)? else { return Ok(None) };
                shelf.narrow(&mut chosen, Within { group: *group, id });
            }
            if let Some((key, is_deep)) = &query.dir {
                let Some(inside) = in_directory(db, key, *is_deep)? else { return Ok(None) };
                chosen.and(&inside);
            }
            let window = (query.offset, query.limit);
            let rows = match query.sort {
                Some(sort) => page(&shelf.order(db, sort, query.descending)?, &chosen, window),
                None => ranked(db, &shelf, &query.rule, &chosen, window)?,
            };
            let length = |row: &u32| shelf.slot(*row as usize).number(Number::Duration);
            let duration_s = rows.iter().filter_map(length).sum();
            Ok(Some(Found { rows, total: chosen.count() as u64, duration_s }))
        })
    }
}

/// Tracks that were found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The rows of the part that was asked for.
    pub rows: Vec<u32>,
    /// How long the whole list is.
    pub total: u64,
    /// Seconds of the part.
    pub duration_s: f64,
}

/// The row of an album, an artist or a genre.
pub(super) fn group_row(db: &Connection, group: Group, key: &str) -> Result<Option<u32>> {
    let mut statement = db.prepare_cached(&format!("SELECT id FROM {} WHERE key = ?1", group.table().0))?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

fn fetch(db: &Connection, version: u32, rows: &[u32]) -> Result<Vec<Track>> {
    let sql = format!("{SELECT} WHERE t.id IN (SELECT value FROM json_each(?2)) AND t.codec NOT NULL");
    let mut statement = db.prepare_cached(&sql)?;
    let found = statement.query_map((version, serde_json::to_string(rows)?), track)?;
    let mut found: HashMap<i64, Track> =
        found.map(|track| track.map(|track| (track.row, track))).collect::<rusqlite::Result<_>>()?;
    Ok(rows.iter().filter_map(|row| found.remove(&i64::from(*row))).collect())
}

/// A list that is stored as JSON.
pub(super) fn list(row: &Row, idx: usize) -> rusqlite::Result<Vec<String>> {
    let json = row.get_ref(idx)?.as_str_or_null()?.unwrap_or_default();
    Ok(serde_json::from_str(json).unwrap_or_default())
}

fn track(row: &Row) -> rusqlite::Result<Track> {
    let sample_rate: u32 = row.get(11)?;
    let n_frames: Option<i64> = row.get(14)?;
    let header_s: f64 = row.get(13)?;
    let measured: bool = row.get(17)?;
    let fault: Option<String> = row.get(18)?;
    let missing: bool = row.get(19)?;
    Ok(Track {
        row: row.get(0)?,
        key: row.get(1)?,
        title: row.get(2)?,
        artists: list(row, 3)?,
        album: row.get(4)?,
        album_key: row.get(5)?,
        album_artist: row.get(6)?,
        genres: list(row, 21)?,
        track_no: row.get(7)?,
        disc_no: row.get(8)?,
        year: row.get(9)?,
        codec: row.get(10)?,
        sample_rate,
        channels: row.get(12)?,
        duration_s: n_frames.map_or(header_s, |n| n as f64 / f64::from(sample_rate.max(1))),
        n_frames: n_frames.map(|n| n as u64),
        lufs: row.get(15)?,
        true_peak_dbtp: row.get(16)?,
        bpm: row.get(22)?,
        added_at: row.get(23)?,
        favorite_at: row.get(24)?,
        rating: row.get(25)?,
        n_plays: row.get(26)?,
        played_at: row.get(27)?,
        has_lyrics: row.get(28)?,
        taste: row.get(29)?,
        state: match (measured, &fault) {
            _ if missing => State::Missing,
            (true, _) => State::Measured,
            (false, Some(_)) => State::Failed,
            (false, None) => State::Waiting,
        },
        fault: if measured { None } else { fault },
        gapless_after: row.get(20)?,
    })
}
