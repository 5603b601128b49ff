//! What a file says, written: its track's row, who is credited, its genres, its
//! lyrics, and the words by which it is found.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Transaction, params};

use super::words::{fold, indexed, name_key, sort_key};
use super::{Entry, Folder, Name, READ_BY, Result, key, now};

/// What a file says, from `?3` on.
const COLUMNS: &str =
    "folder_id, path, size, mtime_ns, content, album_id, title, artists, album, album_artist,
    track_no, disc_no, year, folded_title, folded_artist, folded_album, codec, sample_rate, channels,
    bits, duration_s, has_art, read_by, album_artists, genres, date, bpm, is_compilation, more, part, first_frame,
    cut_frames, sheet, listed";
const VALUES: &str =
    "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
    ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?19 NOT NULL";

/// Writes a track's row, a new one if none is known, and all that hangs on it;
/// returns it and its id.
pub(super) fn write(
    db: &Transaction,
    folder: &Folder,
    entry: &Entry,
    known: Option<i64>,
) -> Result<(i64, String)> {
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
    let cut = entry.cut.as_ref();
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
        names(&entry.artists)?,
        entry.album,
        entry.album_artist,
        entry.track_no,
        entry.disc_no,
        entry.year,
        fold(&entry.title),
        entry.artists.iter().map(sorted).collect::<Vec<_>>().join(" "),
        entry.album.as_deref().map(fold),
        entry.codec,
        entry.sample_rate,
        entry.channels,
        entry.bits,
        entry.duration_s,
        entry.has_art,
        READ_BY,
        names(&entry.album_artists)?,
        serde_json::to_string(&entry.genres)?,
        entry.date,
        entry.bpm,
        entry.is_compilation,
        serde_json::to_string(&entry.more)?,
        entry.part,
        cut.map_or(0, |cut| cut.first as i64),
        cut.and_then(|cut| cut.n_frames).map(|n_frames| n_frames as i64),
        entry.sheet,
    ];
    let written = db.prepare_cached(&sql)?.query_row(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    put_credits(db, written.0, entry)?;
    put_genres(db, written.0, &entry.genres)?;
    put_words(db, written.0, entry)?;
    Ok(written)
}

fn names(names: &[Name]) -> Result<String> {
    let names: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
    Ok(serde_json::to_string(&names)?)
}

fn sorted(name: &Name) -> String {
    sort_key(name.sort.as_deref().unwrap_or(&name.name))
}

/// The opaque id of a new track: made of its place, and of a number where
/// another track began there.
fn new_key(db: &Transaction, folder: &Folder, entry: &Entry) -> Result<String> {
    let mut taken = db.prepare_cached("SELECT 1 FROM track WHERE key = ?1")?;
    let mut new = key(&[&folder.path, &entry.path]);
    let mut n = u64::from(entry.part);
    if n > 0 {
        new = key(&[&folder.path, &entry.path, b"part", &n.to_le_bytes()]);
    }
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

fn put_credits(db: &Transaction, track_id: i64, entry: &Entry) -> Result<()> {
    db.prepare_cached("DELETE FROM credit WHERE track_id = ?1")?.execute([track_id])?;
    let mut put =
        db.prepare_cached("INSERT INTO credit (track_id, role, place, artist_id) VALUES (?1, ?2, ?3, ?4)")?;
    let roles = [&entry.artists, &entry.album_artists, &entry.composers];
    for (role, names) in (0_i64..).zip(roles) {
        for (place, name) in (0_i64..).zip(names) {
            put.execute(params![track_id, role, place, put_artist(db, name)?])?;
        }
    }
    Ok(())
}

fn put_artist(db: &Transaction, name: &Name) -> Result<i64> {
    // A sort name that a tag gives is better than one that is made.
    let mut put = db.prepare_cached(
        "INSERT INTO artist (key, name, sort, folded) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET sort = CASE WHEN ?5 THEN ?3 ELSE sort END RETURNING id",
    )?;
    let values =
        (name_key("artist", &name.name), &name.name, sorted(name), fold(&name.name), name.sort.is_some());
    Ok(put.query_row(values, |row| row.get(0))?)
}

fn put_genres(db: &Transaction, track_id: i64, genres: &[String]) -> Result<()> {
    db.prepare_cached("DELETE FROM track_genre WHERE track_id = ?1")?.execute([track_id])?;
    let mut put = db.prepare_cached(
        "INSERT INTO genre (key, name, folded) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET name = name RETURNING id",
    )?;
    let mut link =
        db.prepare_cached("INSERT INTO track_genre (track_id, place, genre_id) VALUES (?1, ?2, ?3)")?;
    for (place, genre) in (0_i64..).zip(genres) {
        let id: i64 = put.query_row((name_key("genre", genre), genre, fold(genre)), |row| row.get(0))?;
        link.execute(params![track_id, place, id])?;
    }
    Ok(())
}

/// Lyrics, and the words by which the track is found.
fn put_words(db: &Transaction, track_id: i64, entry: &Entry) -> Result<()> {
    match &entry.lyrics {
        Some(text) => db
            .prepare_cached("INSERT OR REPLACE INTO lyrics (track_id, text) VALUES (?1, ?2)")?
            .execute(params![track_id, text])?,
        None => db.prepare_cached("DELETE FROM lyrics WHERE track_id = ?1")?.execute([track_id])?,
    };
    // The sort names too: they are often another script's.
    let listed = |names: &[Name]| {
        let words = names.iter().flat_map(|name| [Some(name.name.as_str()), name.sort.as_deref()]);
        indexed(&words.flatten().collect::<Vec<_>>().join("\n"))
    };
    let artists = format!("{}\n{}", listed(&entry.artists), listed(&entry.album_artists));
    db.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([track_id])?;
    db.prepare_cached(
        "INSERT INTO search (rowid, title, artist, album, genre, composer, lyrics)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        track_id,
        indexed(&entry.title),
        artists,
        indexed(entry.album.as_deref().unwrap_or_default()),
        indexed(&entry.genres.join("\n")),
        listed(&entry.composers),
        indexed(&sung(entry.lyrics.as_deref().unwrap_or_default())),
    ])?;
    Ok(())
}

/// Lyrics without their times.
fn sung(lyrics: &str) -> String {
    let mut sung = String::with_capacity(lyrics.len());
    for line in lyrics.lines() {
        let mut line = line.trim_start();
        while let Some((_, after)) = line.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            line = after.trim_start();
        }
        sung.push_str(line);
        sung.push('\n');
    }
    sung
}
