//! Fingerprints and plans, and which tracks still wait for theirs.

use rusqlite::{OptionalExtension, Row, params};

use super::{Catalog, Result};

/// Plans kept per track: the newest.
const PLANS_KEPT: u32 = 64;

/// What opening a track's file takes.
#[derive(Clone, Debug)]
pub struct Measurable {
    /// Its row.
    pub row: i64,
    /// Its opaque id.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Path of its folder.
    pub folder: Vec<u8>,
    /// Path within the folder.
    pub path: Vec<u8>,
    /// Bytes when it was read.
    pub size: u64,
    /// Modified when it was read, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Codec by name.
    pub codec: String,
    /// Whether the file carries a picture.
    pub has_art: bool,
}

/// What measuring a track gave.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The fingerprint's version.
    pub version: u32,
    /// Counted frames.
    pub n_frames: u64,
    /// Frames per second.
    pub sample_rate: u32,
    /// Integrated loudness, LUFS.
    pub lufs: Option<f64>,
    /// True peak, dBTP.
    pub true_peak_dbtp: Option<f64>,
    /// The whole fingerprint.
    pub json: String,
}

/// What of which track is measured. A changed file is another content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Content {
    /// The track's row.
    pub row: i64,
    /// Bytes of its file.
    size: i64,
    /// Its file was modified, in nanoseconds since 1970.
    mtime_ns: i64,
}

/// How far measuring has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tracks in the library.
    pub tracks: u64,
    /// With a fingerprint.
    pub measured: u64,
    /// That could not be opened or measured.
    pub failed: u64,
    /// Neither.
    pub waiting: u64,
    /// Not in the library at present: their files are gone.
    pub missing: u64,
}

pub(super) const MEASURABLE: &str =
    "SELECT t.id, t.key, t.title, d.path, t.path, t.size, t.mtime_ns, t.codec, t.has_art
    FROM track t JOIN folder d ON d.id = t.folder_id AND d.open";

impl Catalog {
    /// What opening the file of this track takes.
    pub fn measurable(&self, key: &str) -> Result<Option<Measurable>> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached(&format!("{MEASURABLE} WHERE t.key = ?1 AND t.codec NOT NULL"))?;
            Ok(statement.query_row([key], measurable).optional()?)
        })
    }

    /// The first tracks without a fingerprint and without a fault.
    pub fn waiting(&self, limit: u32) -> Result<Vec<Measurable>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "{MEASURABLE} WHERE t.codec NOT NULL AND t.here
                 AND NOT EXISTS (SELECT 1 FROM fingerprint f WHERE f.track_id = t.id AND f.version = ?1)
                 AND NOT EXISTS (SELECT 1 FROM fault x WHERE x.track_id = t.id)
                 ORDER BY t.id LIMIT ?2"
            ))?;
            let rows = statement.query_map((self.shared.version, limit), measurable)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether this track is still there, the same, and not measured.
    pub fn is_waiting(&self, track: &Measurable) -> Result<bool> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT count(*) FROM track t WHERE t.id = ?1 AND t.size = ?2 AND t.mtime_ns = ?3
                 AND NOT EXISTS (SELECT 1 FROM fingerprint f WHERE f.track_id = t.id AND f.version = ?4)",
            )?;
            let key = (track.row, track.size as i64, track.mtime_ns, self.shared.version);
            Ok(statement.query_row(key, |row| row.get::<_, i64>(0))? > 0)
        })
    }

    /// Stores a fingerprint, unless the file changed while it was measured.
    /// Returns whether it was stored.
    pub fn put_fingerprint(&self, of: &Measurable, measured: &Measured) -> Result<bool> {
        let stored = self.write(|db| {
            let n_stored = db.execute(
                "INSERT INTO fingerprint (track_id, version, n_frames, sample_rate, lufs, true_peak_dbtp, json)
                 SELECT id, ?4, ?5, ?6, ?7, ?8, ?9 FROM track WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3
                 ON CONFLICT (track_id) DO UPDATE SET version = ?4, n_frames = ?5, sample_rate = ?6, lufs = ?7,
                    true_peak_dbtp = ?8, json = ?9",
                params![
                    of.row,
                    of.size as i64,
                    of.mtime_ns,
                    measured.version,
                    measured.n_frames as i64,
                    measured.sample_rate,
                    measured.lufs,
                    measured.true_peak_dbtp,
                    measured.json
                ],
            )?;
            if n_stored > 0 {
                db.execute("UPDATE track SET lufs = ?2 WHERE id = ?1", params![of.row, measured.lufs])?;
                db.execute(
                    "INSERT OR REPLACE INTO descriptors (track_id, version, json)
                     VALUES (?1, ?2, CASE WHEN json_valid(?3) THEN ?3 -> '$.descriptors' END)",
                    params![of.row, measured.version, measured.json],
                )?;
                for table in ["fault", "trim"] {
                    db.execute(&format!("DELETE FROM {table} WHERE track_id = ?1"), [of.row])?;
                }
            }
            Ok(n_stored > 0)
        })?;
        self.changed();
        Ok(stored)
    }

    /// Hands out the descriptors of all that is measured as JSON, in the order
    /// of the rows; none: the fingerprint is not what it should be.
    pub fn each_descriptors(&self, mut take: impl FnMut(Content, Option<&str>)) -> Result<()> {
        self.read(|db| {
            // Crossed in this order, or SQLite goes through fatter tables first.
            let mut statement = db.prepare_cached(
                "SELECT t.id, t.size, t.mtime_ns, p.json FROM descriptors p
                 CROSS JOIN track t ON t.id = p.track_id AND t.codec NOT NULL AND t.here
                 WHERE p.version = ?1 ORDER BY p.track_id",
            )?;
            let mut rows = statement.query([self.shared.version])?;
            while let Some(row) = rows.next()? {
                let content = Content { row: row.get(0)?, size: row.get(1)?, mtime_ns: row.get(2)? };
                take(content, row.get_ref(3)?.as_str_or_null().map_err(rusqlite::Error::from)?);
            }
            Ok(())
        })
    }

    /// The descriptors of this row as JSON, if it is measured.
    pub fn descriptors_by_row(&self, row: i64) -> Result<Option<String>> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT json FROM descriptors WHERE track_id = ?1 AND version = ?2")?;
            Ok(statement.query_row((row, self.shared.version), |row| row.get(0)).optional()?.flatten())
        })
    }

    /// A track's fingerprint as JSON, if it is measured.
    pub fn fingerprint(&self, key: &str) -> Result<Option<String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT f.json FROM fingerprint f JOIN track t ON t.id = f.track_id
                 WHERE t.key = ?1 AND f.version = ?2",
            )?;
            Ok(statement.query_row((key, self.shared.version), |row| row.get(0)).optional()?)
        })
    }

    /// The fingerprints of all measured tracks of this track's album, itself
    /// included; without an album it is alone.
    pub fn album_fingerprints(&self, track_id: i64) -> Result<Vec<String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT f.json FROM track own
                 JOIN track t ON t.id = own.id OR t.album_id = own.album_id
                 JOIN fingerprint f ON f.track_id = t.id AND f.version = ?2
                 WHERE own.id = ?1 AND t.here ORDER BY t.id",
            )?;
            let rows = statement.query_map((track_id, self.shared.version), |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Remembers a plan that is handed out.
    pub fn put_plan(&self, track_id: i64, id: &str, json: &str) -> Result<()> {
        if self.plan_by_row(track_id, id)?.is_some() {
            return Ok(());
        }
        self.write(|db| {
            db.execute(
                "INSERT OR IGNORE INTO plan (track_id, id, json) SELECT id, ?2, ?3 FROM track WHERE id = ?1",
                params![track_id, id, json],
            )?;
            db.execute(
                "DELETE FROM plan WHERE track_id = ?1 AND rowid NOT IN
                 (SELECT rowid FROM plan WHERE track_id = ?1 ORDER BY rowid DESC LIMIT ?2)",
                [track_id, i64::from(PLANS_KEPT)],
            )?;
            Ok(())
        })
    }

    /// A plan that was handed out for this track, as JSON.
    pub fn plan_by_row(&self, track_id: i64, id: &str) -> Result<Option<String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT json FROM plan WHERE track_id = ?1 AND id = ?2")?;
            Ok(statement.query_row((track_id, id), |row| row.get(0)).optional()?)
        })
    }

    /// How far measuring has come.
    pub fn counts(&self) -> Result<Counts> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT count(t.codec), count(f.track_id),
                    count(CASE WHEN f.track_id IS NULL THEN x.track_id END), count(*),
                    (SELECT count(*) FROM track m JOIN folder d ON d.id = m.folder_id AND d.open
                        WHERE m.missing_since NOT NULL)
                 FROM track t
                 LEFT JOIN fingerprint f ON f.track_id = t.id AND f.version = ?1
                 LEFT JOIN fault x ON x.track_id = t.id
                 WHERE t.here",
            )?;
            Ok(statement.query_row([self.shared.version], |row| {
                let at = |idx: usize| row.get::<_, i64>(idx).map(|n| n as u64);
                let (tracks, measured, failed, all) = (at(0)?, at(1)?, at(2)?, at(3)?);
                let waiting = all.saturating_sub(measured + failed);
                Ok(Counts { tracks, measured, failed, waiting, missing: at(4)? })
            })?)
        })
    }
}

pub(super) fn measurable(row: &Row) -> rusqlite::Result<Measurable> {
    let size: i64 = row.get(5)?;
    Ok(Measurable {
        row: row.get(0)?,
        key: row.get(1)?,
        title: row.get(2)?,
        folder: row.get(3)?,
        path: row.get(4)?,
        size: size as u64,
        mtime_ns: row.get(6)?,
        codec: row.get(7)?,
        has_art: row.get(8)?,
    })
}
