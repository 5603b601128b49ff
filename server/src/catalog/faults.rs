//! Files that could not be opened or measured, and why.

use rusqlite::params;

use super::{Catalog, Page, Result, now};

/// Why one file is not measured.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The track's opaque id.
    pub key: String,
    /// Path relative to its folder.
    pub path: Vec<u8>,
    /// At which stage: read, open, measure or store.
    pub stage: String,
    /// Why, in words for a listener.
    pub reason: String,
}

impl Catalog {
    /// Stores why a track failed, unless its file has left the library or is no
    /// longer the one of this size and time. The track keeps its place in the
    /// list. Returns whether it was stored.
    pub fn put_fault(
        &self,
        track_id: i64,
        (size, mtime_ns): (u64, i64),
        stage: &str,
        reason: &str,
    ) -> Result<bool> {
        self.write(|db| {
            let n_stored = db.execute(
                "INSERT INTO fault (track_id, stage, reason, at) SELECT id, ?2, ?3, ?4 FROM track
                 WHERE id = ?1 AND size = ?5 AND mtime_ns = ?6
                 ON CONFLICT (track_id) DO UPDATE SET stage = ?2, reason = ?3, at = ?4",
                params![track_id, stage, reason, now(), size as i64, mtime_ns],
            )?;
            Ok(n_stored > 0)
        })
    }

    /// A part of the faults, by path.
    pub fn faults(&self, limit: u32, offset: u64) -> Result<Page<Fault>> {
        self.read(|db| {
            const FROM: &str = "FROM fault x JOIN track t ON t.id = x.track_id AND t.here";
            let total: i64 =
                db.prepare_cached(&format!("SELECT count(*) {FROM}"))?.query_row([], |row| row.get(0))?;
            let mut statement = db.prepare_cached(&format!(
                "SELECT t.key, t.path, x.stage, x.reason {FROM} ORDER BY t.path, t.id LIMIT ?1 OFFSET ?2"
            ))?;
            let items = statement
                .query_map((limit, i64::try_from(offset).unwrap_or(i64::MAX)), |row| {
                    Ok(Fault { key: row.get(0)?, path: row.get(1)?, stage: row.get(2)?, reason: row.get(3)? })
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Page { items, total: total as u64 })
        })
    }

    /// Forgets all faults, so that the next scan and the workers try again.
    /// Returns how many there were.
    pub fn forget_faults(&self) -> Result<usize> {
        self.write(|db| {
            // A file that could not be opened is read anew: it counts as changed.
            db.execute("UPDATE track SET mtime_ns = 0 WHERE codec IS NULL", [])?;
            Ok(db.execute("DELETE FROM fault", [])?)
        })
    }
}
