//! Fingerprints and plans, and which tracks still wait for theirs.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::{OptionalExtension, Row, params};

use super::packed::{Packed, deflated};
use super::{Catalog, Result};

/// Plans kept per track: the newest.
const PLANS_KEPT: u32 = 64;

/// What opening a track's file takes.
#[derive(Clone, Debug, Default)]
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
    /// Where it begins in its file, and how long it is there; none: up to the end.
    pub cut: (u64, Option<u64>),
}

impl Measurable {
    /// Whether it is all of its file.
    pub fn is_whole(&self) -> bool {
        self.cut == (0, None)
    }
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

impl Measured {
    /// How long it plays, in seconds.
    pub fn seconds(&self) -> f64 {
        self.n_frames as f64 / f64::from(self.sample_rate.max(1))
    }
}

/// What of which track is measured. A changed file is another content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Content {
    /// The track's row.
    pub row: i64,
    /// Stands for its file's size and time, and for where it lies in that.
    of: u64,
}

impl Content {
    /// By the row, size, time, and the cut's beginning and length.
    fn read(row: &Row) -> rusqlite::Result<Self> {
        let mut of = DefaultHasher::new();
        (row.get::<_, i64>(1)?, row.get::<_, i64>(2)?).hash(&mut of);
        (row.get::<_, i64>(3)?, row.get::<_, Option<i64>>(4)?).hash(&mut of);
        Ok(Content { row: row.get(0)?, of: of.finish() })
    }
}

pub(super) const MEASURABLE: &str =
    "SELECT t.id, t.key, t.title, d.path, t.path, t.size, t.mtime_ns, t.codec, t.has_art,
        t.first_frame, t.cut_frames
    FROM track t JOIN folder d ON d.id = t.folder_id AND d.open";

/// Neither measured nor faulty.
const WAITING: &str = "t.codec NOT NULL AND t.here AND t.measured_by IS NOT ?1
    AND NOT EXISTS (SELECT 1 FROM fault x WHERE x.track_id = t.id)";

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
            let mut statement =
                db.prepare_cached(&format!("{MEASURABLE} WHERE {WAITING} ORDER BY t.id LIMIT ?2"))?;
            let rows = statement.query_map((self.shared.version, limit), measurable)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// What opening this row's file takes, if the track waits.
    pub fn waiting_track(&self, row: i64) -> Result<Option<Measurable>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!("{MEASURABLE} WHERE {WAITING} AND t.id = ?2"))?;
            Ok(statement.query_row((self.shared.version, row), measurable).optional()?)
        })
    }

    /// Whether this track is still there, the same, and not measured.
    pub fn is_waiting(&self, track: &Measurable) -> Result<bool> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT count(*) FROM track t WHERE t.id = ?1 AND t.size = ?2 AND t.mtime_ns = ?3
                 AND t.first_frame = ?5 AND t.cut_frames IS ?6 AND t.measured_by IS NOT ?4",
            )?;
            let (first, n_frames) = stored(track.cut);
            let key = (track.row, track.size as i64, track.mtime_ns, self.shared.version, first, n_frames);
            Ok(statement.query_row(key, |row| row.get::<_, i64>(0))? > 0)
        })
    }

    /// Stores a fingerprint, unless the file changed while it was measured.
    /// Returns whether it was stored.
    pub fn put_fingerprint(&self, of: &Measurable, measured: &Measured) -> Result<bool> {
        let stored = self.write_of(of.row, |db| {
            let (first, n_frames) = stored(of.cut);
            let n_stored = db.execute(
                "UPDATE track SET measured_by = ?6, n_frames = ?7, lufs = ?8, true_peak_dbtp = ?9,
                    (tempo_bpm, crest_db, lra_lu) =
                        (SELECT nullif(?10 ->> '$.descriptors.tempo_bpm', 0), ?10 ->> '$.descriptors.crest_db',
                            ?10 ->> '$.lra_lu' WHERE json_valid(?10))
                 WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3 AND first_frame = ?4 AND cut_frames IS ?5",
                params![
                    of.row,
                    of.size as i64,
                    of.mtime_ns,
                    first,
                    n_frames,
                    measured.version,
                    measured.n_frames as i64,
                    measured.lufs,
                    measured.true_peak_dbtp,
                    measured.json,
                ],
            )?;
            if n_stored > 0 {
                db.execute(
                    "INSERT INTO fingerprint (track_id, packed) VALUES (?1, ?2)
                     ON CONFLICT (track_id) DO UPDATE SET packed = ?2",
                    params![of.row, deflated(&measured.json)?],
                )?;
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
        self.measured();
        Ok(stored)
    }

    /// Notes the id of a track's whole file, and gives the track what was measured of
    /// the very same bytes elsewhere, be that file another since or not. Returns how many seconds of sound that is;
    /// none: nowhere was it measured, or the file changed meanwhile.
    pub fn measure_as_twin(&self, of: &Measurable, whole: &[u8; 16]) -> Result<Option<f64>> {
        let seconds = self.write_of(of.row, |db| {
            let n_same = db.execute(
                "UPDATE track SET whole = ?4 WHERE id = ?1 AND size = ?2 AND mtime_ns = ?3",
                params![of.row, of.size as i64, of.mtime_ns, whole],
            )?;
            let twin = db
                .prepare_cached(
                    "SELECT t.id FROM track own
                     JOIN track t ON t.content = own.content AND t.whole = own.whole AND t.codec = own.codec
                        AND t.first_frame = own.first_frame AND t.cut_frames IS own.cut_frames
                        AND t.measured_by = ?2 AND t.id != own.id
                     JOIN fingerprint f ON f.track_id = t.id
                     WHERE own.id = ?1 LIMIT 1",
                )?
                .query_row((of.row, self.shared.version), |row| row.get::<_, i64>(0))
                .optional()?;
            let Some(twin) = twin.filter(|_| n_same > 0) else { return Ok(None) };
            db.execute(
                "UPDATE track SET (measured_by, n_frames, lufs, true_peak_dbtp, tempo_bpm, crest_db, lra_lu) =
                    (SELECT measured_by, n_frames, lufs, true_peak_dbtp, tempo_bpm, crest_db, lra_lu
                        FROM track WHERE id = ?2)
                 WHERE id = ?1",
                (of.row, twin),
            )?;
            for table in ["descriptors", "fingerprint", "fault", "trim"] {
                db.execute(&format!("DELETE FROM {table} WHERE track_id = ?1"), [of.row])?;
            }
            db.execute(
                "INSERT INTO fingerprint (track_id, packed) SELECT ?1, packed FROM fingerprint WHERE track_id = ?2",
                (of.row, twin),
            )?;
            db.execute(
                "INSERT INTO descriptors (track_id, version, json)
                 SELECT ?1, version, json FROM descriptors WHERE track_id = ?2",
                (of.row, twin),
            )?;
            Ok(Some(db.query_row(
                "SELECT n_frames * 1.0 / max(sample_rate, 1) FROM track WHERE id = ?1",
                [of.row],
                |row| row.get(0),
            )?))
        })?;
        if seconds.is_some() {
            self.measured();
        }
        Ok(seconds)
    }

    /// Hands out the descriptors of all that is measured as JSON, in the order
    /// of the rows; none: the fingerprint is not what it should be.
    pub fn each_descriptors(&self, mut take: impl FnMut(Content, Option<&str>)) -> Result<()> {
        // The last one that was handed out: asked twice, it goes on behind it.
        let mut behind = i64::MIN;
        self.read(|db| {
            // Crossed in this order, or SQLite goes through fatter tables first.
            let mut statement = db.prepare_cached(
                "SELECT t.id, t.size, t.mtime_ns, t.first_frame, t.cut_frames, p.json FROM descriptors p
                 CROSS JOIN track t ON t.id = p.track_id AND t.codec NOT NULL AND t.here
                 WHERE p.version = ?1 AND p.track_id > ?2 ORDER BY p.track_id",
            )?;
            let mut rows = statement.query((self.shared.version, behind))?;
            while let Some(row) = rows.next()? {
                let content = Content::read(row)?;
                behind = content.row;
                take(content, row.get_ref(5)?.as_str_or_null().map_err(rusqlite::Error::from)?);
            }
            Ok(())
        })
    }

    /// The descriptors of these rows as JSON, as far as they are measured.
    pub fn descriptors_by_row(&self, rows: &[u32]) -> Result<HashMap<i64, String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT track_id, json FROM descriptors
                 WHERE track_id IN (SELECT value FROM json_each(?1)) AND version = ?2 AND json NOT NULL",
            )?;
            let rows = serde_json::to_string(rows)?;
            let found =
                statement.query_map((rows, self.shared.version), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// A track's fingerprint as JSON, if it is measured.
    pub fn fingerprint(&self, key: &str) -> Result<Option<String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT f.packed FROM fingerprint f JOIN track t ON t.id = f.track_id
                 WHERE t.key = ?1 AND t.measured_by = ?2",
            )?;
            let json = statement.query_row((key, self.shared.version), |row| row.get::<_, Packed>(0));
            Ok(json.optional()?.map(|json| json.0))
        })
    }

    /// The fingerprints of all measured tracks of this track's album, itself
    /// included; without an album it is alone.
    pub fn album_fingerprints(&self, track_id: i64) -> Result<Vec<String>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT f.packed FROM track own
                 JOIN track t ON t.id = own.id OR t.album_id = own.album_id
                 JOIN fingerprint f ON f.track_id = t.id
                 WHERE own.id = ?1 AND t.here AND t.measured_by = ?2 ORDER BY t.id",
            )?;
            let rows =
                statement.query_map((track_id, self.shared.version), |row| Ok(row.get::<_, Packed>(0)?.0))?;
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
        cut: (row.get::<_, i64>(9)? as u64, row.get::<_, Option<i64>>(10)?.map(|n_frames| n_frames as u64)),
    })
}

/// A cut as it is stored.
fn stored((first, n_frames): (u64, Option<u64>)) -> (i64, Option<i64>) {
    (first as i64, n_frames.map(|n_frames| n_frames as i64))
}
