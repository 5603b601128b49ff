//! Files that could not be opened or measured, and why.

use rusqlite::params;

use super::lists::List;
use super::{Catalog, Orders, Page, Part, Result, now};

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
    /// When that was seen, in seconds since 1970.
    pub at: i64,
}

/// By what faults are ordered.
#[derive(Clone, Copy, Debug)]
pub enum FaultSort {
    /// Where the files lie.
    Path,
    /// At which stage they failed.
    Stage,
    /// When they failed.
    At,
}

impl Orders for FaultSort {
    const ALL: &'static [(&'static str, Self)] =
        &[("path", FaultSort::Path), ("stage", FaultSort::Stage), ("at", FaultSort::At)];
    const USUAL: &'static str = "path";
}

impl FaultSort {
    fn column(self) -> &'static str {
        match self {
            FaultSort::Path => "t.path",
            FaultSort::Stage => "x.stage",
            FaultSort::At => "x.at",
        }
    }
}

const LIST: List = List {
    columns: "t.key, t.path, x.stage, x.reason, x.at",
    from: "FROM fault x JOIN track t ON t.id = x.track_id AND t.here WHERE TRUE",
    text: "t.title || ' ' || t.path || ' ' || x.reason",
    then: "t.path, t.id",
};

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
        self.write_of(track_id, |db| {
            let n_stored = db.execute(
                "INSERT INTO fault (track_id, stage, reason, at) SELECT id, ?2, ?3, ?4 FROM track
                 WHERE id = ?1 AND size = ?5 AND mtime_ns = ?6
                 ON CONFLICT (track_id) DO UPDATE SET stage = ?2, reason = ?3, at = ?4",
                params![track_id, stage, reason, now(), size as i64, mtime_ns],
            )?;
            Ok(n_stored > 0)
        })
    }

    /// A part of the faults; those that are alike by path.
    pub fn faults(&self, part: &Part<FaultSort>) -> Result<Page<Fault>> {
        self.read(|db| {
            LIST.part(db, part, part.sort.column(), |row| {
                let (key, path, stage) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Fault { key, path, stage, reason: row.get(3)?, at: row.get(4)? })
            })
        })
    }

    /// Forgets all faults, or that of one track alone, so that the next scan and
    /// the workers try again. Returns how many there were.
    pub fn forget_faults(&self, only: Option<&str>) -> Result<usize> {
        let n_faults = self.write(|db| {
            // A file that could not be opened is read anew: it counts as changed.
            db.execute(
                "UPDATE track SET mtime_ns = 0 WHERE codec IS NULL AND key = ifnull(?1, key)",
                [only],
            )?;
            // With a condition, or no hook hears of it.
            Ok(db.execute(
                "DELETE FROM fault WHERE ?1 IS NULL OR track_id = (SELECT id FROM track WHERE key = ?1)",
                [only],
            )?)
        })?;
        self.recount();
        Ok(n_faults)
    }
}
