//! Tracks by where their files lie, and where the files of tracks lie: what
//! playlists in files are made of.

use super::{Catalog, Result};

/// Where a track's file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path of its folder.
    pub folder: Vec<u8>,
    /// Its path in that.
    pub path: Vec<u8>,
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

    /// Where the files of these tracks lie, in this order.
    pub fn places(&self, rows: &[u32]) -> Result<Vec<Option<Place>>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT t.id, d.path, t.path FROM track t JOIN folder d ON d.id = t.folder_id
                 WHERE t.id IN (SELECT value FROM json_each(?1))",
            )?;
            let found = statement.query_map([serde_json::to_string(rows)?], |row| {
                Ok((row.get::<_, u32>(0)?, Place { folder: row.get(1)?, path: row.get(2)? }))
            })?;
            let found: std::collections::HashMap<u32, Place> = found.collect::<rusqlite::Result<_>>()?;
            Ok(rows.iter().map(|row| found.get(row).cloned()).collect())
        })
    }
}
