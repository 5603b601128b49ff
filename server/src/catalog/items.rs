//! The items of playlists that are put in by hand. An item keeps its id
//! wherever it is moved; each change can be taken back.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::sequence::{self, Item};
use super::{Catalog, Page, Result, now};

/// Items of one playlist at most.
pub const MAX_ITEMS: usize = 100_000;
/// Changes of one playlist that can be taken back.
const MAX_BEFORE: u32 = 20;

/// How items are changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// Tracks by their ids, put before an item; none: at the end.
    Add {
        /// The tracks, in order.
        tracks: Vec<String>,
        /// Before which item.
        before: Option<i64>,
    },
    /// Items put before another; none: at the end.
    Move {
        /// The items, in their new order.
        items: Vec<i64>,
        /// Before which item.
        before: Option<i64>,
    },
    /// Items taken out.
    Remove(Vec<i64>),
    /// The last change taken back.
    Undo,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is done; these items came.
    Done(Vec<i64>),
    /// There is no such playlist.
    NoPlaylist,
    /// It makes itself by a rule.
    IsSmart,
    /// There is no such track.
    NoTrack(String),
    /// There is no such item in it.
    NoItem(i64),
    /// It would be too long.
    TooLong,
    /// There is nothing to take back.
    NothingBefore,
}

impl Catalog {
    /// A part of a playlist's items.
    pub fn items(&self, playlist: i64, limit: u32, offset: u64) -> Result<Page<Item>> {
        self.read(|db| {
            let total: i64 = db
                .prepare_cached("SELECT count(*) FROM playlist_item WHERE playlist_id = ?1")?
                .query_row([playlist], |row| row.get(0))?;
            let mut statement = db.prepare_cached(
                "SELECT id, track_id FROM playlist_item WHERE playlist_id = ?1 ORDER BY place LIMIT ?2 OFFSET ?3",
            )?;
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let rows = statement.query_map((playlist, limit, offset), |row| {
                Ok(Item { id: row.get(0)?, track: row.get(1)? })
            })?;
            Ok(Page { items: rows.collect::<rusqlite::Result<_>>()?, total: total as u64 })
        })
    }

    /// Changes a playlist's items: all of it or nothing.
    pub fn change_items(&self, key: &str, change: &Change) -> Result<Changed> {
        self.write(|db| {
            let found = db
                .prepare_cached("SELECT id, rule NOT NULL FROM playlist WHERE key = ?1")?
                .query_row([key], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, bool>(1)?)))
                .optional()?;
            let playlist = match found {
                None => return Ok(Changed::NoPlaylist),
                Some((_, true)) => return Ok(Changed::IsSmart),
                Some((playlist, false)) => playlist,
            };
            let items = all(db, playlist)?;
            let (after, changed) = match changed(db, playlist, &items, change)? {
                Ok(changed) => changed,
                Err(refused) => return Ok(refused),
            };
            if after != items {
                if !matches!(change, Change::Undo) {
                    remember(db, playlist, &items)?;
                }
                store(db, playlist, &items, &after)?;
                db.prepare_cached("UPDATE playlist SET changed_at = ?2 WHERE id = ?1")?
                    .execute((playlist, now()))?;
            }
            Ok(Changed::Done(changed))
        })
    }
}

/// The items as they shall be, and those that came; or why not.
type After = std::result::Result<(Vec<Item>, Vec<i64>), Changed>;

fn changed(db: &Transaction, playlist: i64, items: &[Item], change: &Change) -> Result<After> {
    Ok(match change {
        Change::Add { tracks, before } => {
            if items.len() + tracks.len() > MAX_ITEMS {
                return Ok(Err(Changed::TooLong));
            }
            let rows = match rows_of(db, tracks)? {
                Ok(rows) => rows,
                Err(unknown) => return Ok(Err(Changed::NoTrack(unknown))),
            };
            let first = next_id(db)?;
            let new: Vec<Item> = (first..).zip(rows).map(|(id, track)| Item { id, track }).collect();
            let came = new.iter().map(|item| item.id).collect();
            sequence::insert(items, &new, *before).map(|items| (items, came)).map_err(Changed::NoItem)
        }
        Change::Move { items: moved, before } => {
            sequence::move_to(items, moved, *before).map(|items| (items, Vec::new())).map_err(Changed::NoItem)
        }
        Change::Remove(gone) => Ok((sequence::remove(items, gone), Vec::new())),
        Change::Undo => match before(db, playlist)? {
            Some(items) => Ok((items, Vec::new())),
            None => Err(Changed::NothingBefore),
        },
    })
}

/// The rows of these tracks, or the first id that is none's.
pub(super) fn rows_of(db: &Connection, tracks: &[String]) -> Result<std::result::Result<Vec<u32>, String>> {
    let mut find = db.prepare_cached("SELECT id FROM track WHERE key = ?1 AND codec NOT NULL")?;
    let mut rows = Vec::with_capacity(tracks.len());
    for track in tracks {
        match find.query_row([track], |row| row.get(0)).optional()? {
            Some(row) => rows.push(row),
            None => return Ok(Err(track.clone())),
        }
    }
    Ok(Ok(rows))
}

/// Those of `items` whose tracks have not been forgotten since.
pub(super) fn still_there(db: &Connection, items: Vec<(i64, u32)>) -> Result<Vec<Item>> {
    let mut there = db.prepare_cached("SELECT 1 FROM track WHERE id = ?1")?;
    let mut kept = Vec::with_capacity(items.len());
    for (id, track) in items {
        if there.exists([track])? {
            kept.push(Item { id, track });
        }
    }
    Ok(kept)
}

fn all(db: &Transaction, playlist: i64) -> Result<Vec<Item>> {
    let mut statement =
        db.prepare_cached("SELECT id, track_id FROM playlist_item WHERE playlist_id = ?1 ORDER BY place")?;
    let rows = statement.query_map([playlist], |row| Ok(Item { id: row.get(0)?, track: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn next_id(db: &Transaction) -> Result<i64> {
    let last = db
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'playlist_item'")?
        .query_row([], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(last.unwrap_or(0) + 1)
}

fn remember(db: &Transaction, playlist: i64, items: &[Item]) -> Result<()> {
    let pairs: Vec<(i64, u32)> = items.iter().map(|item| (item.id, item.track)).collect();
    db.prepare_cached("INSERT INTO playlist_before (playlist_id, items) VALUES (?1, ?2)")?
        .execute(params![playlist, serde_json::to_string(&pairs)?])?;
    db.prepare_cached(
        "DELETE FROM playlist_before WHERE playlist_id = ?1 AND id NOT IN
         (SELECT id FROM playlist_before WHERE playlist_id = ?1 ORDER BY id DESC LIMIT ?2)",
    )?
    .execute((playlist, MAX_BEFORE))?;
    Ok(())
}

/// What the items were before the last change, without the tracks that have
/// been forgotten since; it is not remembered any longer.
fn before(db: &Transaction, playlist: i64) -> Result<Option<Vec<Item>>> {
    let json: Option<String> = db
        .prepare_cached(
            "DELETE FROM playlist_before WHERE id = (SELECT max(id) FROM playlist_before WHERE playlist_id = ?1)
             RETURNING items",
        )?
        .query_row([playlist], |row| row.get(0))
        .optional()?;
    let Some(json) = json else { return Ok(None) };
    Ok(Some(still_there(db, serde_json::from_str(&json)?)?))
}

/// Writes what differs.
fn store(db: &Transaction, playlist: i64, before: &[Item], after: &[Item]) -> Result<()> {
    let stay: HashSet<i64> = after.iter().map(|item| item.id).collect();
    let mut delete = db.prepare_cached("DELETE FROM playlist_item WHERE id = ?1")?;
    for item in before.iter().filter(|item| !stay.contains(&item.id)) {
        delete.execute([item.id])?;
    }
    let mut put = db.prepare_cached(
        "INSERT INTO playlist_item (id, playlist_id, place, track_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET place = ?3",
    )?;
    for (place, item) in after.iter().enumerate() {
        if before.get(place) != Some(item) {
            put.execute(params![item.id, playlist, place as i64, item.track])?;
        }
    }
    Ok(())
}
