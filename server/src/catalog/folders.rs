//! Library folders, and what a scan writes about their files.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::{Catalog, Entry, Result, fold, key, now};

/// A library folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its row.
    pub id: i64,
    /// Its path, as the operating system has it.
    pub path: Vec<u8>,
}

/// What is known of a file, so that an unchanged one is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its track.
    pub track_id: i64,
    /// Bytes.
    pub size: u64,
    /// Modified, in nanoseconds since 1970.
    pub mtime_ns: i64,
}

impl Catalog {
    /// Declares which folders are the library from now on. Folders that were
    /// there before keep their measurements, unseen.
    pub fn open_folders(&self, paths: &[Vec<u8>]) -> Result<Vec<Folder>> {
        let folders = self.write(|db| {
            db.execute("UPDATE folder SET open = 0", [])?;
            let mut folders: Vec<Folder> = Vec::new();
            for path in paths {
                if folders.iter().any(|folder| folder.path == *path) {
                    continue;
                }
                let id = db.query_row(
                    "INSERT INTO folder (path, open) VALUES (?1, 1)
                     ON CONFLICT (path) DO UPDATE SET open = 1 RETURNING id",
                    [path],
                    |row| row.get(0),
                )?;
                folders.push(Folder { id, path: path.clone() });
            }
            Ok(folders)
        })?;
        self.changed();
        Ok(folders)
    }

    /// The open folders, in the order of their first appearance.
    pub fn folders(&self) -> Result<Vec<Folder>> {
        self.read(|db| {
            let mut statement = db.prepare_cached("SELECT id, path FROM folder WHERE open ORDER BY id")?;
            let folders = statement.query_map([], |row| Ok(Folder { id: row.get(0)?, path: row.get(1)? }))?;
            Ok(folders.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The number of a new scan.
    pub fn begin_scan(&self) -> Result<i64> {
        self.write(|db| {
            db.execute("INSERT INTO scan (started_at) VALUES (?1)", [now()])?;
            Ok(db.last_insert_rowid())
        })
    }

    /// Ends a scan that went through all of `folders`: tracks in them that it
    /// did not see are gone. Returns how many those were.
    pub fn finish_scan(&self, scan: i64, folders: &[Folder]) -> Result<usize> {
        let n_gone = self.write(|db| {
            let mut n_gone = 0;
            for folder in folders {
                n_gone +=
                    db.execute("DELETE FROM track WHERE folder_id = ?1 AND seen < ?2", [folder.id, scan])?;
            }
            db.execute(
                "DELETE FROM album WHERE id NOT IN (SELECT album_id FROM track WHERE album_id NOT NULL)",
                [],
            )?;
            db.execute("UPDATE scan SET finished_at = ?2 WHERE id = ?1", [scan, now()])?;
            db.execute("DELETE FROM scan WHERE id < ?1 - 100", [scan])?;
            Ok(n_gone)
        })?;
        self.changed();
        Ok(n_gone)
    }

    /// Everything known of a folder's files, by path.
    pub fn known(&self, folder: &Folder) -> Result<BTreeMap<Vec<u8>, Known>> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT path, id, size, mtime_ns FROM track WHERE folder_id = ?1")?;
            let rows = statement.query_map([folder.id], |row| {
                let size: i64 = row.get(2)?;
                Ok((row.get(0)?, Known { track_id: row.get(1)?, size: size as u64, mtime_ns: row.get(3)? }))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Notes that `scan` saw these tracks unchanged.
    pub fn seen(&self, scan: i64, track_ids: &[i64]) -> Result<()> {
        self.write(|db| {
            let mut statement = db.prepare_cached("UPDATE track SET seen = ?1 WHERE id = ?2")?;
            for id in track_ids {
                statement.execute([scan, *id])?;
            }
            Ok(())
        })
    }

    /// Writes what `scan` read from new or changed files; what was measured of
    /// their former content is forgotten. Returns their rows.
    pub fn put(&self, scan: i64, folder: &Folder, entries: &[Entry]) -> Result<Vec<i64>> {
        let ids = self.write(|db| {
            let mut ids = Vec::with_capacity(entries.len());
            for entry in entries {
                let album_id = match &entry.album {
                    Some(title) => Some(put_album(db, folder, entry, title)?),
                    None => None,
                };
                let id: i64 = db.prepare_cached(PUT_TRACK)?.query_row(
                    params![
                        key(&[&folder.path, &entry.path]),
                        folder.id,
                        entry.path,
                        entry.size as i64,
                        entry.mtime_ns,
                        scan,
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
                        now(),
                    ],
                    |row| row.get(0),
                )?;
                for table in ["fingerprint", "fault", "plan", "trim"] {
                    db.prepare_cached(&format!("DELETE FROM {table} WHERE track_id = ?1"))?.execute([id])?;
                }
                ids.push(id);
            }
            Ok(ids)
        })?;
        self.changed();
        Ok(ids)
    }
}

const PUT_TRACK: &str = "
    INSERT INTO track (key, folder_id, path, size, mtime_ns, seen, album_id, title, artists, album,
        album_artist, genre, track_no, disc_no, year, folded, folded_title, folded_artist, folded_album,
        codec, sample_rate, channels, bits, duration_s, has_art, added_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
        ?21, ?22, ?23, ?24, ?25, ?26)
    ON CONFLICT (folder_id, path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
        seen = excluded.seen, album_id = excluded.album_id, title = excluded.title,
        artists = excluded.artists, album = excluded.album, album_artist = excluded.album_artist,
        genre = excluded.genre, track_no = excluded.track_no, disc_no = excluded.disc_no,
        year = excluded.year, folded = excluded.folded, folded_title = excluded.folded_title,
        folded_artist = excluded.folded_artist, folded_album = excluded.folded_album,
        codec = excluded.codec, sample_rate = excluded.sample_rate, channels = excluded.channels,
        bits = excluded.bits, duration_s = excluded.duration_s, has_art = excluded.has_art
    RETURNING id";

/// An album is its title and its artist; without an album artist, its title
/// and the directory its files lie in.
fn put_album(db: &rusqlite::Transaction, folder: &Folder, entry: &Entry, title: &str) -> Result<i64> {
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
