//! Tracks as the scan writes them and as the API lists them.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::{Catalog, Result, fold};

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
    pub artists: Vec<String>,
    /// Album title.
    pub album: Option<String>,
    /// Whose album it is.
    pub album_artist: Option<String>,
    /// As tagged.
    pub genre: Option<String>,
    /// Place on its disc, from 1.
    pub track_no: Option<u32>,
    /// Disc, from 1.
    pub disc_no: Option<u32>,
    /// Year of release.
    pub year: Option<u32>,
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
}

/// Where a track is on its way to being measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its fingerprint is stored.
    Measured,
    /// Its turn will come.
    Waiting,
    /// It could not be measured.
    Failed,
    /// Its file is gone.
    Missing,
}

/// A track with what was measured of it.
#[derive(Clone, Debug)]
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
    /// Whose album it is.
    pub album_artist: Option<String>,
    /// Place on its disc.
    pub track_no: Option<u32>,
    /// Disc.
    pub disc_no: Option<u32>,
    /// Year of release.
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
    /// Measured, waiting or failed.
    pub state: State,
    /// Why it failed.
    pub fault: Option<String>,
    /// The track of the same album, disc and rate that comes right before it.
    pub gapless_after: Option<String>,
}

/// By what tracks are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Album, disc, track, title.
    #[default]
    Album,
    /// Title.
    Title,
    /// Artist, then album order.
    Artist,
    /// Length.
    Duration,
    /// Year of release.
    Year,
    /// When it was found.
    Added,
    /// Integrated loudness.
    Loudness,
}

impl Sort {
    /// The columns, without a word from outside.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Sort::Album => &[
                "t.folded_album IS NULL",
                "t.folded_album",
                "t.album_id",
                "t.disc_no",
                "t.track_no",
                "t.folded_title",
            ],
            Sort::Title => &["t.folded_title"],
            Sort::Artist => &["t.folded_artist", "t.folded_album", "t.disc_no", "t.track_no"],
            Sort::Duration => &["t.duration_s"],
            Sort::Year => &["t.year", "t.folded_album", "t.disc_no", "t.track_no"],
            Sort::Added => &["t.added_at"],
            Sort::Loudness => &["t.lufs"],
        }
    }
}

/// Which tracks are wanted, and in which order.
#[derive(Clone, Debug)]
pub struct Query {
    /// Each word must occur in title, artists or album, folded.
    pub words: Option<String>,
    /// Only tracks of this album.
    pub album: Option<String>,
    /// The order.
    pub sort: Sort,
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

/// Everything of a track; ends before WHERE. `?1` is the fingerprints' version.
const SELECT: &str = "
    SELECT t.id, t.key, t.title, t.artists, t.album, a.key, t.album_artist, t.track_no, t.disc_no, t.year,
        t.codec, t.sample_rate, t.channels, t.duration_s, f.n_frames, f.lufs, f.true_peak_dbtp,
        f.track_id NOT NULL, x.reason, t.missing_since NOT NULL,
        (SELECT p.key FROM track p WHERE p.album_id = t.album_id AND p.disc_no IS t.disc_no
            AND p.here AND p.track_no = t.track_no - 1 AND p.sample_rate = t.sample_rate LIMIT 1)
    FROM track t
    JOIN folder d ON d.id = t.folder_id AND d.open
    LEFT JOIN album a ON a.id = t.album_id
    LEFT JOIN fingerprint f ON f.track_id = t.id AND f.version = ?1
    LEFT JOIN fault x ON x.track_id = t.id";

impl Catalog {
    /// The track with this id, if the library has it or had it.
    pub fn track(&self, key: &str) -> Result<Option<Track>> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached(&format!("{SELECT} WHERE t.key = ?2 AND t.codec NOT NULL"))?;
            Ok(statement.query_row((self.shared.version, key), track).optional()?)
        })
    }

    /// The track of this row, if the library has it.
    pub fn track_by_row(&self, row: i64) -> Result<Option<Track>> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached(&format!("{SELECT} WHERE t.id = ?2 AND t.codec NOT NULL AND t.here"))?;
            Ok(statement.query_row((self.shared.version, row), track).optional()?)
        })
    }

    /// A part of the list of tracks that `query` wants.
    pub fn tracks(&self, query: &Query) -> Result<Page<Track>> {
        self.read(|db| {
            let (condition, mut values) = condition(query, self.shared.version);
            let total = self.total(&format!("{condition} {values:?}"), || count(db, &condition, &values))?;
            let window = Window::new(query, total);
            values.push(Value::from(window.limit as i64));
            values.push(Value::from(i64::try_from(window.offset).unwrap_or(i64::MAX)));
            // The page is found in an index alone; only its tracks are looked up.
            let sql = format!(
                "{SELECT} WHERE t.id IN (SELECT t.id FROM track t WHERE {condition} ORDER BY {}
                    LIMIT ?{} OFFSET ?{}) ORDER BY {}",
                order(query.sort, query.descending != window.is_from_end),
                values.len() - 1,
                values.len(),
                order(query.sort, query.descending),
            );
            let mut statement = db.prepare_cached(&sql)?;
            let items =
                statement.query_map(params_from_iter(values), track)?.collect::<rusqlite::Result<_>>()?;
            Ok(Page { items, total })
        })
    }
}

/// Which tracks of a list are wanted, counted from its nearer end: what lies
/// before them is walked through.
struct Window {
    limit: u64,
    offset: u64,
    is_from_end: bool,
}

impl Window {
    fn new(query: &Query, total: u64) -> Self {
        let offset = query.offset.min(total);
        let limit = u64::from(query.limit).min(total - offset);
        let behind = total - offset - limit;
        let is_from_end = behind < offset;
        Window { limit, offset: if is_from_end { behind } else { offset }, is_from_end }
    }
}

fn order(sort: Sort, descending: bool) -> String {
    let direction = if descending { " DESC" } else { "" };
    let columns = sort.columns().iter().chain(&["t.id"]).map(|column| format!("{column}{direction}"));
    columns.collect::<Vec<_>>().join(", ")
}

/// The WHERE clause of a query, every word from outside as a parameter.
fn condition(query: &Query, version: u32) -> (String, Vec<Value>) {
    let mut condition = String::from("t.listed = 1");
    let mut values = vec![Value::from(version)];
    for word in fold(query.words.as_deref().unwrap_or_default()).split_whitespace() {
        values.push(Value::from(word.to_owned()));
        condition.push_str(&format!(" AND instr(t.folded, ?{}) > 0", values.len()));
    }
    if let Some(album) = &query.album {
        values.push(Value::from(album.clone()));
        condition
            .push_str(&format!(" AND t.album_id = (SELECT id FROM album WHERE key = ?{})", values.len()));
    }
    (condition, values)
}

fn count(db: &Connection, condition: &str, values: &[Value]) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM track t WHERE {condition} AND ?1 NOT NULL");
    let total: i64 = db.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
    Ok(total as u64)
}

fn track(row: &Row) -> rusqlite::Result<Track> {
    let artists: String = row.get(3)?;
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
        artists: serde_json::from_str(&artists).unwrap_or_default(),
        album: row.get(4)?,
        album_key: row.get(5)?,
        album_artist: row.get(6)?,
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
