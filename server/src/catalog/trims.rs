//! Trims: what rendering a plan once taught of the loudness and range it promises.

use auralis_core::plan::Trim;
use rusqlite::{OptionalExtension, params};

use super::measures::{MEASURABLE, measurable};
use super::{Catalog, Measurable, Result};

/// Trims kept per track: the newest.
const TRIMS_KEPT: u32 = 64;

impl Catalog {
    /// How far the rendering of this track by this taste fell short of its
    /// promise; none: nobody has looked yet.
    pub fn trim(&self, track_id: i64, taste: &str) -> Result<Option<Trim>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT coalesce(trim_db, 0), coalesce(lra_lu, 0) FROM trim WHERE track_id = ?1 AND taste = ?2",
            )?;
            let trim = statement.query_row((track_id, taste), |row| {
                Ok(Trim { lufs: row.get(0)?, lra_lu: row.get(1)? })
            });
            Ok(trim.optional()?)
        })
    }

    /// Stores a trim (none: it could not be rendered), unless the file changed
    /// meanwhile. Returns whether it was stored.
    pub fn put_trim(&self, of: &Measurable, taste: &str, trim: Option<Trim>) -> Result<bool> {
        self.write_of(of.row, |db| {
            let n_stored = db.execute(
                "INSERT OR REPLACE INTO trim (track_id, taste, trim_db, lra_lu)
                 SELECT id, ?4, ?5, ?6 FROM track WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3",
                params![
                    of.row,
                    of.size as i64,
                    of.mtime_ns,
                    taste,
                    trim.map(|trim| trim.lufs),
                    trim.map(|trim| trim.lra_lu)
                ],
            )?;
            db.execute(
                "DELETE FROM trim WHERE track_id = ?1 AND rowid NOT IN
                 (SELECT rowid FROM trim WHERE track_id = ?1 ORDER BY rowid DESC LIMIT ?2)",
                [of.row, i64::from(TRIMS_KEPT)],
            )?;
            Ok(n_stored > 0)
        })
    }

    /// The first measured tracks behind a row whose rendering by this taste
    /// nobody has looked at.
    pub fn untrimmed(&self, taste: &str, behind: i64, limit: u32) -> Result<Vec<Measurable>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "{MEASURABLE} WHERE t.measured_by = ?1 AND t.here AND t.id > ?3
                 AND NOT EXISTS (SELECT 1 FROM trim x WHERE x.track_id = t.id AND x.taste = ?2) ORDER BY t.id LIMIT ?4"
            ))?;
            let rows = statement.query_map(params![self.shared.version, taste, behind, limit], measurable)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
