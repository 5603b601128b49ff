//! What a scan knows and writes of files: which track is which, wherever its
//! file lies now, and which are missing.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::lists::List;
use super::rows::write;
use super::{Catalog, Entry, Folder, Orders, Page, Part, Result, now};

/// Tracks of one sound that are looked at: a thousand files of silence are alike.
const MOST_TWINS: u32 = 64;

/// A track whose file is gone.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Its opaque id.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Where its file lay, relative to its folder.
    pub path: Vec<u8>,
    /// When that was seen, in seconds since 1970.
    pub since: i64,
}

/// By what missing tracks are ordered.
#[derive(Clone, Copy, Debug)]
pub enum MissingSort {
    /// When they were missed.
    Since,
    /// Title.
    Title,
    /// Where their files lay.
    Path,
}

impl Orders for MissingSort {
    const ALL: &'static [(&'static str, Self)] =
        &[("since", MissingSort::Since), ("title", MissingSort::Title), ("path", MissingSort::Path)];
    const USUAL: &'static str = "-since";
}

impl MissingSort {
    fn column(self) -> &'static str {
        match self {
            MissingSort::Since => "t.missing_since",
            MissingSort::Title => "t.title COLLATE NOCASE",
            MissingSort::Path => "t.path",
        }
    }
}

const MISSING: List = List {
    columns: "t.key, t.title, t.path, t.missing_since",
    from: "FROM track t JOIN folder d ON d.id = t.folder_id AND d.open WHERE t.missing_since NOT NULL",
    text: "t.title || ' ' || ifnull(t.folded_artist, '') || ' ' || ifnull(t.folded_album, '') || ' ' || t.path",
    then: "t.path, t.id",
};

/// A file's track, after it was written.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its row.
    pub row: i64,
    /// Its opaque id.
    pub key: String,
    /// Whether its file lay elsewhere before.
    pub is_moved: bool,
}

/// A file's track, before it is written anew.
struct There {
    id: i64,
    /// Whether the sound is the one that was measured.
    is_same: bool,
}

impl Catalog {
    /// Notes that the files of these tracks are gone. They are kept as missing.
    pub fn miss(&self, track_ids: &[i64]) -> Result<()> {
        self.mark(track_ids, Some(now()))
    }

    /// Notes that the files of these tracks are there again, unchanged.
    pub fn find_again(&self, track_ids: &[i64]) -> Result<()> {
        self.mark(track_ids, None)
    }

    /// Notes that the file of this track is gone, and with it all tracks in it.
    pub fn miss_file(&self, track_id: i64) -> Result<()> {
        let track_ids = self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT t.id FROM track own JOIN track t ON t.folder_id = own.folder_id AND t.path = own.path
                 WHERE own.id = ?1 AND t.missing_since IS NULL",
            )?;
            let rows = statement.query_map([track_id], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<Vec<i64>>>()?)
        })?;
        self.miss(&track_ids)
    }

    fn mark(&self, track_ids: &[i64], missing_since: Option<i64>) -> Result<()> {
        if track_ids.is_empty() {
            return Ok(());
        }
        self.write(|db| {
            let mut statement = db.prepare_cached(
                "UPDATE track SET missing_since = ?1, here = ?1 IS NULL,
                    listed = ?1 IS NULL AND codec NOT NULL WHERE id = ?2",
            )?;
            for id in track_ids {
                statement.execute((missing_since, id))?;
            }
            Ok(())
        })?;
        self.changed();
        Ok(())
    }

    /// A part of the tracks whose files are missing; those that are alike by path.
    pub fn missing(&self, part: &Part<MissingSort>) -> Result<Page<Missing>> {
        self.read(|db| {
            MISSING.part(db, part, part.sort.column(), |row| {
                Ok(Missing { key: row.get(0)?, title: row.get(1)?, path: row.get(2)?, since: row.get(3)? })
            })
        })
    }

    /// Forgets the tracks whose files are missing, and all that was known of
    /// them. Returns how many there were.
    pub fn forget_missing(&self) -> Result<usize> {
        let n_forgotten = self.write(|db| {
            let n_forgotten = db.execute(
                "DELETE FROM track WHERE missing_since NOT NULL
                 AND folder_id IN (SELECT id FROM folder WHERE open)",
                [],
            )?;
            db.execute(
                "DELETE FROM album WHERE id NOT IN (SELECT album_id FROM track WHERE album_id NOT NULL)",
                [],
            )?;
            Ok(n_forgotten)
        })?;
        self.changed();
        Ok(n_forgotten)
    }

    /// Writes what a scan read from new or changed files. A file with the sound
    /// of a track that is free is that track: one that is missing, whose folder
    /// is no longer of the library, or one of `free`, whose files the scan found
    /// to be gone or others than they were, until it is met. What was measured stays with the
    /// sound; a file with another sound at the old place is measured anew.
    /// Returns the tracks.
    pub fn put(&self, folder: &Folder, entries: &[Entry], free: &mut HashSet<i64>) -> Result<Vec<Placed>> {
        let ids = self.write(|db| entries.iter().map(|entry| put(db, folder, entry, free)).collect())?;
        self.changed();
        Ok(ids)
    }
}

fn put(db: &Transaction, folder: &Folder, entry: &Entry, free: &mut HashSet<i64>) -> Result<Placed> {
    let there = at(db, folder, entry)?;
    let (known, is_same, is_moved) = match there {
        Some(There { id, is_same: true }) => (Some(id), true, false),
        _ => match free_twin(db, entry, free)? {
            Some(twin) => {
                if let Some(There { id, .. }) = there {
                    // Its own sound may be found elsewhere yet.
                    db.prepare_cached(
                        "UPDATE track SET missing_since = ?2, here = 0, listed = 0 WHERE id = ?1",
                    )?
                    .execute((id, now()))?;
                }
                (Some(twin), true, true)
            }
            None => (there.map(|there| there.id).or(lost(db, folder, entry)?), false, false),
        },
    };
    let (row, key) = write(db, folder, entry, known)?;
    free.remove(&row);
    if known.is_some() && !is_same {
        db.prepare_cached(
            "UPDATE track SET measured_by = NULL, n_frames = NULL, lufs = NULL, true_peak_dbtp = NULL,
                lra_lu = NULL, crest_db = NULL, tempo_bpm = NULL, whole = NULL
             WHERE id = ?1",
        )?
        .execute([row])?;
        for table in ["fingerprint", "plan", "trim"] {
            db.prepare_cached(&format!("DELETE FROM {table} WHERE track_id = ?1"))?.execute([row])?;
        }
    }
    db.prepare_cached("DELETE FROM fault WHERE track_id = ?1")?.execute([row])?;
    Ok(Placed { row, key, is_moved })
}

/// The track whose file lies where this one does.
fn at(db: &Transaction, folder: &Folder, entry: &Entry) -> Result<Option<There>> {
    let mut statement = db.prepare_cached(
        "SELECT id, content, size = ?3 AND mtime_ns = ?4 FROM track
         WHERE folder_id = ?1 AND path = ?2 AND part = ?5 AND missing_since IS NULL",
    )?;
    let there = statement.query_row(
        params![folder.id, entry.path, entry.size as i64, entry.mtime_ns, entry.part],
        |row| {
            let content: Option<[u8; 16]> = row.get(1)?;
            // What was read before contents were known is told by size and time.
            let is_same = match content {
                Some(_) => content == entry.content,
                None => row.get(2)? && entry.content.is_some(),
            };
            Ok(There { id: row.get(0)?, is_same })
        },
    );
    Ok(there.optional()?)
}

/// A free track of this sound: if there are several, one of the same name.
fn free_twin(db: &Transaction, entry: &Entry, free: &HashSet<i64>) -> Result<Option<i64>> {
    let Some(content) = entry.content else { return Ok(None) };
    let mut statement =
        db.prepare_cached("SELECT id, path, here FROM track WHERE content = ?1 ORDER BY here, id LIMIT ?2")?;
    let mut twins = Vec::new();
    let mut rows = statement.query((content, MOST_TWINS))?;
    while let Some(row) = rows.next()? {
        let (id, path, here): (i64, Vec<u8>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if !here || free.contains(&id) {
            twins.push((name(&path) != name(&entry.path), id));
        }
    }
    Ok(twins.into_iter().min().map(|(_, id)| id))
}

fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// The track whose file lay here last, before it was missing.
fn lost(db: &Transaction, folder: &Folder, entry: &Entry) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM track WHERE folder_id = ?1 AND path = ?2 AND part = ?3 AND missing_since NOT NULL
         ORDER BY missing_since DESC, id LIMIT 1",
    )?;
    Ok(statement.query_row(params![folder.id, entry.path, entry.part], |row| row.get(0)).optional()?)
}
