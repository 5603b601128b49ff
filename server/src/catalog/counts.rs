//! How far measuring and checking have come: counted once, and kept up to date
//! while tracks are measured one by one.

use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, params};

use super::{Catalog, Result, lock};

/// An old count is good enough for so many times as long as counting took,
/// where it need not be exact: while files are read, each of them changes it.
const PATIENCE: u32 = 10;

/// How far measuring and checking have come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Tracks in the library.
    pub tracks: u64,
    /// With a fingerprint.
    pub measured: u64,
    /// That could not be opened or measured.
    pub failed: u64,
    /// Neither.
    pub waiting: u64,
    /// Of these, the length by their headers, in seconds.
    pub waiting_s: f64,
    /// Not in the library at present: their files are gone.
    pub missing: u64,
    /// Measured, but nobody has looked at their rendering.
    pub unchecked: u64,
}

/// The last count.
pub(super) struct Tally {
    /// By which taste renderings were looked at.
    taste: String,
    counts: Counts,
    /// Something changed since that was not followed.
    is_stale: bool,
    counted: Instant,
    took: Duration,
}

impl Catalog {
    /// How far it all is; looked at are renderings by this taste. What need not
    /// be exact may lie a moment back, in a library that is large and changes.
    pub fn counts(&self, taste: &str, is_exact: bool) -> Result<Counts> {
        // Held while counting, so that nobody counts the same or changes it.
        let mut tally = lock(&self.shared.tally);
        if let Some(tally) = tally.as_ref().filter(|tally| tally.taste == taste) {
            let is_recent = tally.counted.elapsed() < PATIENCE * tally.took;
            if !tally.is_stale || (is_recent && !is_exact) {
                return Ok(tally.counts);
            }
        }
        let counted = Instant::now();
        let counts = self.read(|db| {
            let missing: i64 = db
                .prepare_cached(
                    "SELECT count(*) FROM track m JOIN folder d ON d.id = m.folder_id AND d.open
                     WHERE m.missing_since NOT NULL",
                )?
                .query_row([], |row| row.get(0))?;
            Ok(Counts { missing: missing as u64, ..count(db, self.shared.version, taste, None)? })
        })?;
        let took = counted.elapsed();
        *tally = Some(Tally { taste: taste.to_owned(), counts, is_stale: false, counted, took });
        Ok(counts)
    }

    /// Writes what concerns the measuring of one track, and follows it.
    pub(super) fn write_of<T>(&self, row: i64, work: impl FnOnce(&Transaction) -> Result<T>) -> Result<T> {
        let mut tally = lock(&self.shared.tally);
        let taste = tally.as_ref().map(|tally| tally.taste.clone()).unwrap_or_default();
        let written = self.write(|db| {
            let before = count(db, self.shared.version, &taste, Some(row))?;
            let answer = work(db)?;
            Ok((answer, before, count(db, self.shared.version, &taste, Some(row))?))
        });
        if let (Some(tally), Ok((_, before, after))) = (tally.as_mut(), &written) {
            tally.counts.follow(before, after);
        }
        Ok(written?.0)
    }

    /// Has all counted anew: tracks came or went.
    pub(super) fn recount(&self) {
        if let Some(tally) = lock(&self.shared.tally).as_mut() {
            tally.is_stale = true;
        }
    }
}

impl Counts {
    /// One track was as `before` and is as `after`.
    fn follow(&mut self, before: &Counts, after: &Counts) {
        let follow = |n: &mut u64, before: u64, after: u64| *n = (*n + after).saturating_sub(before);
        follow(&mut self.tracks, before.tracks, after.tracks);
        follow(&mut self.measured, before.measured, after.measured);
        follow(&mut self.failed, before.failed, after.failed);
        follow(&mut self.waiting, before.waiting, after.waiting);
        follow(&mut self.unchecked, before.unchecked, after.unchecked);
        self.waiting_s = (self.waiting_s + after.waiting_s - before.waiting_s).max(0.0);
    }
}

/// Counts one track or all; not those that are missing.
fn count(db: &Connection, version: u32, taste: &str, row: Option<i64>) -> Result<Counts> {
    let which = if row.is_some() { "AND t.id = ?3" } else { "AND ?3 IS NULL" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT count(t.codec), count(CASE WHEN t.measured_by IS ?1 THEN 1 END),
            count(CASE WHEN t.measured_by IS NOT ?1 THEN x.track_id END), count(*),
            total(CASE WHEN t.measured_by IS NOT ?1 AND x.track_id IS NULL THEN t.duration_s END),
            count(CASE WHEN t.measured_by IS ?1 AND NOT EXISTS
                (SELECT 1 FROM trim r WHERE r.track_id = t.id AND r.taste = ?2) THEN 1 END)
         FROM track t
         LEFT JOIN fault x ON x.track_id = t.id
         WHERE t.here {which}"
    ))?;
    Ok(statement.query_row(params![version, taste, row], |row| {
        let at = |idx: usize| row.get::<_, i64>(idx).map(|n| n as u64);
        let (measured, failed, all) = (at(1)?, at(2)?, at(3)?);
        let waiting = all.saturating_sub(measured + failed);
        let (waiting_s, unchecked) = (row.get(4)?, at(5)?);
        Ok(Counts { tracks: at(0)?, measured, failed, waiting, waiting_s, missing: 0, unchecked })
    })?)
}
