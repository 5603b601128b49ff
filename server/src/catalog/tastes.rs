//! How a track or an album shall always sound.

use rusqlite::{OptionalExtension, params};

use super::{Catalog, Group, Result};

impl Catalog {
    /// What is remembered of a track, as JSON; the outer none: there is no such
    /// track.
    pub fn track_taste(&self, key: &str) -> Result<Option<Option<String>>> {
        self.taste(
            "SELECT x.json FROM track t LEFT JOIN track_taste x ON x.track_id = t.id WHERE t.key = ?1",
            key,
        )
    }

    /// The same of an album.
    pub fn album_taste(&self, key: &str) -> Result<Option<Option<String>>> {
        self.taste(
            "SELECT x.json FROM album a LEFT JOIN album_taste x ON x.album_id = a.id WHERE a.key = ?1",
            key,
        )
    }

    fn taste(&self, sql: &str, key: &str) -> Result<Option<Option<String>>> {
        self.read(|db| Ok(db.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?))
    }

    /// Remembers how a track shall sound; none: as anything else. Returns
    /// whether there is such a track.
    pub fn put_track_taste(&self, key: &str, json: Option<&str>) -> Result<bool> {
        self.put_taste("track", key, json)
    }

    /// The same of an album.
    pub fn put_album_taste(&self, key: &str, json: Option<&str>) -> Result<bool> {
        self.put_taste(Group::Album.table().0, key, json)
    }

    fn put_taste(&self, of: &str, key: &str, json: Option<&str>) -> Result<bool> {
        self.write(|db| {
            let id: Option<i64> = db
                .prepare_cached(&format!("SELECT id FROM {of} WHERE key = ?1"))?
                .query_row([key], |row| row.get(0))
                .optional()?;
            let Some(id) = id else { return Ok(false) };
            match json {
                Some(json) => db
                    .prepare_cached(&format!(
                        "INSERT OR REPLACE INTO {of}_taste ({of}_id, json) VALUES (?1, ?2)"
                    ))?
                    .execute(params![id, json])?,
                None => {
                    db.prepare_cached(&format!("DELETE FROM {of}_taste WHERE {of}_id = ?1"))?.execute([id])?
                }
            };
            Ok(true)
        })
    }
}
