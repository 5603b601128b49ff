//! Which tracks may give an album its picture.

use super::measures::{MEASURABLE, measurable};
use super::{Catalog, Measurable, Result};

/// Tracks whose pictures may stand for their album: the first.
const MOST_LOOKED_AT: u32 = 100;

impl Catalog {
    /// What opening the files of an album takes, in its order; none: there is
    /// no such album.
    pub fn album_files(&self, key: &str) -> Result<Vec<Measurable>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "{MEASURABLE} WHERE t.album_id = (SELECT id FROM album WHERE key = ?1)
                 AND t.codec NOT NULL AND t.here ORDER BY t.disc_no, t.track_no, t.id LIMIT ?2"
            ))?;
            let rows = statement.query_map((key, MOST_LOOKED_AT), measurable)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
