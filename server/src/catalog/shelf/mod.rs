//! All tracks in memory, a few dozen bytes each: lists of any filter and order
//! are found here and only the rows of a page are fetched from the disk. Rows
//! that are written are noted by the writing connection and read anew by
//! whoever asks next.

mod bits;
mod choose;
mod groups;
mod orders;
mod slot;
mod statistics;
mod texts;

pub use bits::Bits;
pub use choose::Within;
pub use groups::{Group, Stat, Stats};
pub use orders::{Sort, page, part};
pub use statistics::{Share, Statistics};

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, RwLockReadGuard};

use rusqlite::Connection;

use self::groups::Called;
use self::slot::{SELECT, Slot, WORDS};
use self::texts::Texts;
use super::{Catalog, Result, lock};

/// Beyond this many written rows all are read anew.
const MANY: usize = 2_000;
/// As much of a text is looked at.
const MOST_BYTES: usize = 65_535;

/// Which rows were written since they were read.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    all: bool,
    rows: BTreeSet<i64>,
    /// Names of artists, albums or genres.
    names: bool,
    /// What is looked for words in.
    texts: bool,
}

impl Dirty {
    /// Nothing was read yet.
    pub fn all() -> Self {
        Dirty { all: true, ..Dirty::default() }
    }

    /// Notes that a row of a table was written.
    pub fn note(&mut self, table: &str, row: i64) {
        match table {
            // Their rows are the tracks'.
            "track" | "fault" | "lyrics" => {
                self.rows.insert(row);
            }
            "artist" | "album" | "genre" => self.names = true,
            // Where the full-text index keeps the lengths of all that it has.
            "search_docsize" => self.texts = true,
            _ => {}
        }
    }

    /// Adds what another noted.
    pub fn add(&mut self, other: Dirty) {
        self.all |= other.all;
        self.names |= other.names;
        self.texts |= other.texts;
        self.rows.extend(other.rows);
    }

    fn is_clean(&self) -> bool {
        !self.all && !self.names && !self.texts && self.rows.is_empty()
    }
}

/// All tracks in memory.
#[derive(Default)]
pub struct Shelf {
    /// By the number of the row; there are gaps.
    slots: Vec<Slot>,
    /// Whom and what the tracks are linked to, run after run.
    links: Vec<u32>,
    /// Titles, artists and albums, folded; of rows that were read again also those
    /// of before.
    words: Texts,
    /// The rows whose they are, three by three; 0: nobody's any more.
    worded: Vec<u32>,
    /// Codecs by their numbers.
    codecs: Vec<String>,
    listed: Bits,
    kept: Mutex<Kept>,
}

/// What was found and holds until something is written.
#[derive(Default)]
struct Kept {
    orders: HashMap<(Sort, bool), Arc<Vec<u32>>>,
    /// Where each row is in albums' order.
    places: Option<Arc<Vec<u32>>>,
    /// What the listener thinks of each row.
    likings: Option<Arc<Vec<f32>>>,
    names: HashMap<Group, Arc<Vec<u32>>>,
    called: HashMap<Group, Arc<Called>>,
    stats: HashMap<Group, Arc<Stats>>,
    hits: HashMap<String, Arc<Bits>>,
}

impl Catalog {
    /// The shelf as of now.
    pub(super) fn shelf(&self) -> Result<RwLockReadGuard<'_, Shelf>> {
        let shelf = &self.shared.shelf;
        if !lock(&self.shared.dirty).is_clean() {
            let mut shelf = shelf.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            // Taken only while nobody reads: who sees nothing dirty sees all that was written.
            let dirty = std::mem::take(&mut *lock(&self.shared.dirty));
            if let Err(error) = self.read(|db| shelf.refresh(db, &dirty, self.shared.version)) {
                *lock(&self.shared.dirty) = Dirty::all();
                return Err(error);
            }
        }
        Ok(shelf.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Shelf {
    fn refresh(&mut self, db: &Connection, dirty: &Dirty, version: u32) -> Result<()> {
        if dirty.all || dirty.rows.len() > MANY {
            return self.load(db, version);
        }
        if dirty.names {
            let mut kept = lock(&self.kept);
            kept.names.clear();
            kept.called.clear();
        }
        if dirty.texts {
            lock(&self.kept).hits.clear();
        }
        if dirty.rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<i64> = dirty.rows.iter().copied().collect();
        let rows = serde_json::to_string(&rows)?;
        let before: Vec<(usize, Slot, String)> = dirty
            .rows
            .iter()
            .map(|&row| (row as usize, self.slot(row as usize), self.words(row as usize).concat()))
            .collect();
        for &(row, before, _) in &before {
            if let Some(worded) = self.worded.get_mut(before.words as usize / 3) {
                *worded = 0;
            }
            self.put(row, Slot::NONE);
        }
        self.read(
            db,
            &format!("{SELECT} WHERE t.id IN (SELECT value FROM json_each(?2))"),
            (version, &rows),
        )?;
        self.read_links(db, "IN (SELECT value FROM json_each(?1))", [&rows])?;
        let mut kept = lock(&self.kept);
        // Orders by words stay unless words changed; all others are soon made.
        let is_worded = before.iter().any(|(row, before, words)| {
            !self.slot(*row).is_placed_as(before) || self.words(*row).concat() != *words
        });
        if is_worded {
            let (names, called) = (std::mem::take(&mut kept.names), std::mem::take(&mut kept.called));
            *kept = Kept { names, called, ..Kept::default() };
        } else {
            kept.stats.clear();
            kept.likings = None;
            kept.orders.retain(|(sort, _), _| sort.is_by_words());
        }
        Ok(())
    }

    /// Reads all.
    fn load(&mut self, db: &Connection, version: u32) -> Result<()> {
        *self = Shelf::default();
        let last: Option<i64> = db.query_row("SELECT max(id) FROM track", [], |row| row.get(0))?;
        self.slots.reserve(last.unwrap_or(0) as usize + 1);
        self.read(db, SELECT, [version])?;
        self.read_links(db, "NOT NULL", [])
    }

    fn read(&mut self, db: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        let mut codecs = std::mem::take(&mut self.codecs);
        if codecs.is_empty() {
            codecs.push(String::new());
        }
        let mut number = |name: &str| match codecs.iter().position(|known| known == name) {
            Some(at) => at as u8,
            None if codecs.len() < usize::from(u8::MAX) => {
                codecs.push(name.to_owned());
                (codecs.len() - 1) as u8
            }
            None => 0,
        };
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            let (at, mut slot) = Slot::read(row, &mut number)?;
            slot.words = 3 * self.worded.len() as u32;
            for idx in WORDS {
                let words = row.get_ref(idx)?.as_str_or_null().map_err(rusqlite::Error::from)?;
                let words = words.unwrap_or_default();
                // A tag's text is short; what is longer is no name.
                let end = (0..=words.len().min(MOST_BYTES)).rev().find(|at| words.is_char_boundary(*at));
                self.words.push(&words[..end.unwrap_or(0)]);
            }
            self.worded.push(at as u32);
            self.put(at, slot);
        }
        self.codecs = codecs;
        Ok(())
    }

    /// Reads whom and what these tracks are linked to.
    fn read_links(&mut self, db: &Connection, which: &str, params: impl rusqlite::Params) -> Result<()> {
        let mut statement = db.prepare_cached(&format!(
            "SELECT track_id, role, artist_id FROM credit WHERE track_id {which}
             UNION ALL SELECT track_id, {}, genre_id FROM track_genre WHERE track_id {which} ORDER BY 1, 2",
            Group::Genre.role()
        ))?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            let (track, role, id): (i64, u32, u32) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some(slot) = self.slots.get_mut(track as usize) else { continue };
            if slot.links.1 == 0 {
                slot.links.0 = self.links.len() as u32;
            }
            if slot.links.1 < u16::MAX {
                slot.links.1 += 1;
                self.links.push(role << 30 | id & ID);
            }
        }
        Ok(())
    }

    fn put(&mut self, row: usize, slot: Slot) {
        if row >= self.slots.len() {
            self.slots.resize(row + 1, Slot::NONE);
        }
        self.slots[row] = slot;
        self.listed.set(row, slot.is_listed());
    }

    /// What is known of a row.
    pub fn slot(&self, row: usize) -> Slot {
        self.slots.get(row).copied().unwrap_or(Slot::NONE)
    }

    /// A track's title, artists and album, folded.
    pub fn words(&self, row: usize) -> [&str; 3] {
        let title = self.slot(row).words as usize;
        [0, 1, 2].map(|which| self.words.get(title + which))
    }

    /// Tells the rows of which title (0), artists (1) or album (2) has a word that
    /// begins so, and that text.
    pub fn each_with(&self, beginning: &str, mut take: impl FnMut(usize, usize, &str)) {
        self.words.each_with(beginning, |number| {
            let row = self.worded[number / 3];
            if row != 0 {
                take(row as usize, number % 3, self.words.get(number));
            }
        });
    }

    /// One more than the highest row.
    pub fn n_rows(&self) -> usize {
        self.slots.len()
    }

    /// Whom and what a track is linked to: roles and rows.
    fn links(&self, slot: &Slot) -> impl Iterator<Item = (u32, u32)> {
        let (start, len) = (slot.links.0 as usize, usize::from(slot.links.1));
        self.links.get(start..start + len).unwrap_or_default().iter().map(|link| (link >> 30, link & ID))
    }
}

/// The row in a link; the role stands above it.
const ID: u32 = (1 << 30) - 1;

#[cfg(test)]
mod tests;
