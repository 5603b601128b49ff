//! What a scan knows and writes of files: which track is which, wherever its
//! file lies now, and which are missing.

use std::collections::{BTreeMap, HashSet};

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Catalog, Entry, Folder, Page, Result, fold, key, now};

/// Tracks of one sound that are looked at: a thousand files of silence are alike.
const MOST_TWINS: u32 = 64;

/// What is known of a file, so that an unchanged one is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its track.
    pub track_id: i64,
    /// Bytes.
    pub size: u64,
    /// Modified, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Whether it needs no reading while size and time are these: its sound is
    /// known, or known to be none.
    pub is_read: bool,
    /// Whether it was missing.
    pub is_missing: bool,
}

impl Known {
    /// Whether a file of this size and time need not be read.
    pub fn is_same(&self, size: u64, mtime_ns: i64) -> bool {
        self.is_read && (self.size, self.mtime_ns) == (size, mtime_ns)
    }
}

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
    /// Everything known of a folder's files, by path. Of several that were
    /// there, the one that is there now, else the last that was.
    pub fn known(&self, folder: &Folder) -> Result<BTreeMap<Vec<u8>, Known>> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT path, id, size, mtime_ns, content NOT NULL OR codec IS NULL, missing_since NOT NULL
                 FROM track WHERE folder_id = ?1 ORDER BY missing_since IS NULL, missing_since",
            )?;
            let rows = statement.query_map([folder.id], |row| {
                let size: i64 = row.get(2)?;
                let known = Known {
                    track_id: row.get(1)?,
                    size: size as u64,
                    mtime_ns: row.get(3)?,
                    is_read: row.get(4)?,
                    is_missing: row.get(5)?,
                };
                Ok((row.get(0)?, known))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Notes that the files of these tracks are gone. They are kept as missing.
    pub fn miss(&self, track_ids: &[i64]) -> Result<()> {
        self.mark(track_ids, Some(now()))
    }

    /// Notes that the files of these tracks are there again, unchanged.
    pub fn find_again(&self, track_ids: &[i64]) -> Result<()> {
        self.mark(track_ids, None)
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

    /// A part of the tracks whose files are missing, those of now first.
    pub fn missing(&self, limit: u32, offset: u64) -> Result<Page<Missing>> {
        self.read(|db| {
            const FROM: &str = "FROM track t JOIN folder d ON d.id = t.folder_id AND d.open
                WHERE t.missing_since NOT NULL";
            let total: i64 =
                db.prepare_cached(&format!("SELECT count(*) {FROM}"))?.query_row([], |row| row.get(0))?;
            let mut statement = db.prepare_cached(&format!(
                "SELECT t.key, t.title, t.path, t.missing_since {FROM}
                 ORDER BY t.missing_since DESC, t.path, t.id LIMIT ?1 OFFSET ?2"
            ))?;
            let rows = statement.query_map((limit, i64::try_from(offset).unwrap_or(i64::MAX)), |row| {
                Ok(Missing { key: row.get(0)?, title: row.get(1)?, path: row.get(2)?, since: row.get(3)? })
            })?;
            Ok(Page { items: rows.collect::<rusqlite::Result<_>>()?, total: total as u64 })
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
    /// is no longer of the library, or one of `changed`, whose files the scan
    /// found to be others than they were. What was measured stays with the
    /// sound; a file with another sound at the old place is measured anew.
    /// Returns the tracks.
    pub fn put(&self, folder: &Folder, entries: &[Entry], changed: &HashSet<i64>) -> Result<Vec<Placed>> {
        let ids = self.write(|db| entries.iter().map(|entry| put(db, folder, entry, changed)).collect())?;
        self.changed();
        Ok(ids)
    }
}

fn put(db: &Transaction, folder: &Folder, entry: &Entry, changed: &HashSet<i64>) -> Result<Placed> {
    let there = at(db, folder, entry)?;
    let (known, is_same, is_moved) = match there {
        Some(There { id, is_same: true }) => (Some(id), true, false),
        _ => match free_twin(db, entry, changed)? {
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
    if known.is_some() && !is_same {
        db.prepare_cached("UPDATE track SET lufs = NULL WHERE id = ?1")?.execute([row])?;
        for table in ["fingerprint", "plan", "trim"] {
            db.prepare_cached(&format!("DELETE FROM {table} WHERE track_id = ?1"))?.execute([row])?;
        }
    }
    db.prepare_cached("DELETE FROM fault WHERE track_id = ?1")?.execute([row])?;
    Ok(Placed { row, key, is_moved })
}

/// What a file says, from `?3` on.
const COLUMNS: &str = "folder_id, path, size, mtime_ns, content, album_id, title, artists, album, album_artist,
    genre, track_no, disc_no, year, folded, folded_title, folded_artist, folded_album, codec, sample_rate, channels,
    bits, duration_s, has_art, listed";
const VALUES: &str =
    "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
    ?23, ?24, ?25, ?26, ?21 NOT NULL";

/// Writes a track's row, a new one if none is known; returns it and its id.
fn write(db: &Transaction, folder: &Folder, entry: &Entry, known: Option<i64>) -> Result<(i64, String)> {
    let (sql, name) = match known {
        Some(id) => (
            format!(
                "UPDATE track SET here = 1, missing_since = NULL, ({COLUMNS}) = ({VALUES})
                 WHERE id = ?1 RETURNING id, key"
            ),
            Value::from(id),
        ),
        None => (
            format!(
                "INSERT INTO track (key, added_at, here, {COLUMNS}) VALUES (?1, ?2, 1, {VALUES}) RETURNING id, key"
            ),
            Value::from(new_key(db, folder, entry)?),
        ),
    };
    let album_id = match &entry.album {
        Some(title) => Some(put_album(db, folder, entry, title)?),
        None => None,
    };
    let values = params![
        name,
        now(),
        folder.id,
        entry.path,
        entry.size as i64,
        entry.mtime_ns,
        entry.content,
        album_id,
        entry.title,
        serde_json::to_string(&entry.artists)?,
        entry.album,
        entry.album_artist,
        entry.genre,
        entry.track_no,
        entry.disc_no,
        entry.year,
        folded_words(entry),
        fold(&entry.title),
        fold(&entry.artists.join(" ")),
        entry.album.as_deref().map(fold),
        entry.codec,
        entry.sample_rate,
        entry.channels,
        entry.bits,
        entry.duration_s,
        entry.has_art,
    ];
    Ok(db.prepare_cached(&sql)?.query_row(values, |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The track whose file lies where this one does.
fn at(db: &Transaction, folder: &Folder, entry: &Entry) -> Result<Option<There>> {
    let mut statement = db.prepare_cached(
        "SELECT id, content, size = ?3 AND mtime_ns = ?4 FROM track
         WHERE folder_id = ?1 AND path = ?2 AND missing_since IS NULL",
    )?;
    let there =
        statement.query_row(params![folder.id, entry.path, entry.size as i64, entry.mtime_ns], |row| {
            let content: Option<[u8; 16]> = row.get(1)?;
            // What was read before contents were known is told by size and time.
            let is_same = match content {
                Some(_) => content == entry.content,
                None => row.get(2)? && entry.content.is_some(),
            };
            Ok(There { id: row.get(0)?, is_same })
        });
    Ok(there.optional()?)
}

/// A free track of this sound: if there are several, one of the same name.
fn free_twin(db: &Transaction, entry: &Entry, changed: &HashSet<i64>) -> Result<Option<i64>> {
    let Some(content) = entry.content else { return Ok(None) };
    let mut statement =
        db.prepare_cached("SELECT id, path, here FROM track WHERE content = ?1 ORDER BY here, id LIMIT ?2")?;
    let mut twins = Vec::new();
    let mut rows = statement.query((content, MOST_TWINS))?;
    while let Some(row) = rows.next()? {
        let (id, path, here): (i64, Vec<u8>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if !here || changed.contains(&id) {
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
        "SELECT id FROM track WHERE folder_id = ?1 AND path = ?2 AND missing_since NOT NULL
         ORDER BY missing_since DESC, id LIMIT 1",
    )?;
    Ok(statement.query_row(params![folder.id, entry.path], |row| row.get(0)).optional()?)
}

/// The opaque id of a new track: made of its place, and of a number where
/// another track began there.
fn new_key(db: &Transaction, folder: &Folder, entry: &Entry) -> Result<String> {
    let mut taken = db.prepare_cached("SELECT 1 FROM track WHERE key = ?1")?;
    let mut new = key(&[&folder.path, &entry.path]);
    let mut n = 0_u64;
    while taken.exists([&new])? {
        n += 1;
        new = key(&[&folder.path, &entry.path, &n.to_le_bytes()]);
    }
    Ok(new)
}

/// An album is its title and its artist; without an album artist, its title
/// and the directory its files lie in.
fn put_album(db: &Transaction, folder: &Folder, entry: &Entry, title: &str) -> Result<i64> {
    let directory = match entry.path.iter().rposition(|&byte| byte == b'/') {
        Some(end) => &entry.path[..end],
        None => &[],
    };
    let album_key = match &entry.album_artist {
        Some(artist) => key(&[b"by", fold(title).as_bytes(), fold(artist).as_bytes()]),
        None => key(&[b"in", fold(title).as_bytes(), &folder.path, directory]),
    };
    let found = db
        .prepare_cached("SELECT id FROM album WHERE key = ?1")?
        .query_row([&album_key], |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    db.prepare_cached("INSERT INTO album (key, title, artist, folded) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![album_key, title, entry.album_artist, fold(title)])?;
    Ok(db.last_insert_rowid())
}

/// What a search looks through: one line each, so that no match spans two.
fn folded_words(entry: &Entry) -> String {
    let mut words = vec![entry.title.as_str()];
    words.extend(entry.artists.iter().map(String::as_str));
    words.extend(entry.album.as_deref());
    words.extend(entry.album_artist.as_deref());
    fold(&words.join("\n"))
}
