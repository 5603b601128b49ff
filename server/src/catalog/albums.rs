//! Albums: what their tracks have in common.

use rusqlite::{OptionalExtension, Row};

use super::{Catalog, Page, Result, fold};

/// An album with sums over its tracks.
#[derive(Clone, Debug)]
pub struct Album {
    /// Its opaque id.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Whose it is: its album artist, else the artist all tracks share.
    pub artist: Option<String>,
    /// The latest year among its tracks.
    pub year: Option<u32>,
    /// How many tracks.
    pub n_tracks: u32,
    /// Seconds.
    pub duration_s: f64,
    /// The first track's id, whose picture stands for the album.
    pub first_track: String,
}

const SELECT: &str = "
    SELECT a.key, a.title,
        coalesce(a.artist, CASE WHEN min(t.artists) = max(t.artists) THEN t.artists ->> 0 END),
        max(t.year), count(*), sum(t.duration_s),
        (SELECT p.key FROM track p WHERE p.album_id = a.id AND p.codec NOT NULL AND p.here
            ORDER BY p.disc_no, p.track_no, p.id LIMIT 1)
    FROM album a
    JOIN track t ON t.album_id = a.id AND t.codec NOT NULL AND t.here";

impl Catalog {
    /// The album with this id.
    pub fn album(&self, key: &str) -> Result<Option<Album>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!("{SELECT} WHERE a.key = ?1 GROUP BY a.id"))?;
            Ok(statement.query_row([key], album).optional()?)
        })
    }

    /// A part of the albums whose title has all of `words`, by title.
    pub fn albums(&self, words: Option<&str>, limit: u32, offset: u64) -> Result<Page<Album>> {
        let words = fold(words.unwrap_or_default());
        self.read(|db| {
            let matching = "instr(a.folded, ?1) > 0";
            let total: i64 = db
                .prepare_cached(&format!(
                    "SELECT count(DISTINCT a.id) FROM album a JOIN track t ON t.album_id = a.id AND t.codec NOT NULL AND t.here
                     WHERE {matching}"
                ))?
                .query_row([&words], |row| row.get(0))?;
            let mut statement = db.prepare_cached(&format!(
                "{SELECT} WHERE {matching} GROUP BY a.id ORDER BY a.folded, a.id LIMIT ?2 OFFSET ?3"
            ))?;
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let items =
                statement.query_map((&words, limit, offset), album)?.collect::<rusqlite::Result<_>>()?;
            Ok(Page { items, total: total as u64 })
        })
    }
}

fn album(row: &Row) -> rusqlite::Result<Album> {
    Ok(Album {
        key: row.get(0)?,
        title: row.get(1)?,
        artist: row.get(2)?,
        year: row.get(3)?,
        n_tracks: row.get(4)?,
        duration_s: row.get(5)?,
        first_track: row.get(6)?,
    })
}
