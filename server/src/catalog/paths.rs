//! Tracks by where their files lie, and where the files of tracks lie: what
//! playlists in files are made of.

use super::tracks::list;
use super::{Catalog, Result};

/// Where a track's file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path of its folder.
    pub folder: Vec<u8>,
    /// Its path in that.
    pub path: Vec<u8>,
}

/// What a playlist's file tells of a track.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Where its file lies.
    pub place: Place,
    /// Seconds.
    pub duration_s: f64,
    /// Its title.
    pub title: String,
    /// As credited, in order.
    pub artists: Vec<String>,
}

impl Catalog {
    /// The ids of the tracks that lie at the first of `places` where one does: of a
    /// file of several that of this title, all of them if none is called so.
    pub fn tracks_at(&self, places: &[Place], title: &str) -> Result<Vec<String>> {
        self.read(|db| {
            let mut find = db.prepare_cached(
                "SELECT t.key, t.title FROM track t JOIN folder d ON d.id = t.folder_id AND d.open
                 WHERE d.path = ?1 AND t.path = ?2 AND t.missing_since IS NULL AND t.codec NOT NULL
                 ORDER BY t.part",
            )?;
            for place in places {
                let rows =
                    find.query_map((&place.folder, &place.path), |row| Ok((row.get(0)?, row.get(1)?)))?;
                let found: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>()?;
                let called = found.iter().filter(|(_, own)| own == title).map(|(key, _)| key.clone());
                let called: Vec<String> = called.collect();
                if !called.is_empty() {
                    return Ok(called);
                }
                if !found.is_empty() {
                    return Ok(found.into_iter().map(|(key, _)| key).collect());
                }
            }
            Ok(Vec::new())
        })
    }

    /// What `write` makes of these tracks one by one, in this order; those that
    /// have left the library are left out.
    pub fn listing(&self, rows: &[u32], write: impl Fn(&mut Vec<u8>, &Listed)) -> Result<Vec<u8>> {
        let rows = serde_json::to_string(rows)?;
        self.read(|db| {
            // CROSS: the list is walked as it is, and nothing needs to be sorted.
            let mut statement = db.prepare_cached(
                "SELECT d.path, t.path, coalesce(1.0 * t.n_frames / max(t.sample_rate, 1), t.duration_s), t.title,
                    t.artists
                 FROM json_each(?1) wanted CROSS JOIN track t ON t.id = wanted.value AND t.codec NOT NULL
                 CROSS JOIN folder d ON d.id = t.folder_id AND d.open",
            )?;
            let (mut listing, mut found) = (Vec::new(), statement.query([&rows])?);
            while let Some(row) = found.next()? {
                let place = Place { folder: row.get(0)?, path: row.get(1)? };
                let listed =
                    Listed { place, duration_s: row.get(2)?, title: row.get(3)?, artists: list(row, 4)? };
                write(&mut listing, &listed);
            }
            Ok(listing)
        })
    }
}
