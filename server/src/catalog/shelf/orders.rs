//! Orders of tracks. Those by words or paths come from the catalog's indices;
//! those by numbers are the albums' order, sorted by the number. What is not known comes
//! last, whichever way round.

use std::cmp::Ordering;
use std::sync::Arc;

use rusqlite::Connection;

use super::{Bits, Shelf, Slot};
use crate::catalog::{Orders, Result, lock};
use crate::rule::Number;

/// By what tracks are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Album, disc, track, title.
    #[default]
    Album,
    /// Title.
    Title,
    /// Artist, then album order.
    Artist,
    /// Where the files lie.
    Path,
    /// Length.
    Duration,
    /// Year of the first release.
    Year,
    /// When it was found.
    Added,
    /// Integrated loudness.
    Loudness,
    /// Loudness range.
    Range,
    /// Crest factor.
    Crest,
    /// Beats per minute.
    Bpm,
    /// Stars.
    Rating,
    /// How often it was played.
    Plays,
    /// When it was played last.
    Played,
    /// When it became a favourite.
    Favored,
    /// Frames per second.
    Rate,
    /// Bits per sample.
    Bits,
}

impl Orders for Sort {
    const ALL: &'static [(&'static str, Self)] = &[
        ("album", Sort::Album),
        ("title", Sort::Title),
        ("artist", Sort::Artist),
        ("path", Sort::Path),
        ("duration", Sort::Duration),
        ("year", Sort::Year),
        ("added", Sort::Added),
        ("lufs", Sort::Loudness),
        ("lra", Sort::Range),
        ("crest", Sort::Crest),
        ("bpm", Sort::Bpm),
        ("rating", Sort::Rating),
        ("plays", Sort::Plays),
        ("played", Sort::Played),
        ("favored", Sort::Favored),
        ("rate", Sort::Rate),
        ("bits", Sort::Bits),
    ];
    /// Of favourites: all other lists of tracks have their best hits first.
    const USUAL: &'static str = "-favored";
}

impl Sort {
    /// Whether it hangs on words alone.
    pub(super) fn is_by_words(self) -> bool {
        matches!(self, Sort::Album | Sort::Title | Sort::Artist)
    }

    /// How those by words and paths are read, each in an index of its own.
    fn columns(self) -> &'static str {
        match self {
            Sort::Title => "listed = 1 ORDER BY folded_title, id",
            Sort::Artist => "listed = 1 ORDER BY folded_artist, folded_album, disc_no, track_no, id",
            Sort::Path => "missing_since IS NULL ORDER BY folder_id, path, part",
            _ => {
                "listed = 1 ORDER BY folded_album IS NULL, folded_album, album_id, disc_no, track_no,
                    folded_title, id"
            }
        }
    }

    fn number(self, slot: &Slot) -> Option<f64> {
        let number = match self {
            Sort::Duration => Number::Duration,
            Sort::Year => Number::Year,
            Sort::Added => Number::Added,
            Sort::Loudness => Number::Lufs,
            Sort::Range => Number::Lra,
            Sort::Crest => Number::Crest,
            Sort::Bpm => Number::Bpm,
            Sort::Rating => Number::Rating,
            Sort::Plays => Number::Plays,
            Sort::Played => Number::Played,
            Sort::Rate => Number::Rate,
            Sort::Bits => Number::Bits,
            Sort::Favored => return slot.favored(),
            Sort::Album | Sort::Title | Sort::Artist | Sort::Path => return None,
        };
        slot.number(number)
    }
}

impl Shelf {
    /// All listed rows in an order, as it is kept until something is written.
    pub fn order(&self, db: &Connection, sort: Sort, descending: bool) -> Result<Arc<Vec<u32>>> {
        if let Some(order) = lock(&self.kept).orders.get(&(sort, descending)) {
            return Ok(Arc::clone(order));
        }
        let order = match (sort.is_by_words() || sort == Sort::Path, descending) {
            (true, false) => self.by_columns(db, sort)?,
            (true, true) => {
                let known = |row: &&u32| self.is_known(&self.slots[**row as usize], sort);
                let order = self.order(db, sort, false)?;
                let (known, unknown): (Vec<u32>, Vec<u32>) = order.iter().rev().partition(|row| known(row));
                [known, unknown].concat()
            }
            (false, _) => self.by_number(&self.order(db, Sort::Album, false)?, sort, descending),
        };
        let order = Arc::new(order);
        lock(&self.kept).orders.insert((sort, descending), Arc::clone(&order));
        Ok(order)
    }

    /// Where each listed row is in albums' order, as it is kept.
    pub fn places(&self, db: &Connection) -> Result<Arc<Vec<u32>>> {
        if let Some(places) = &lock(&self.kept).places {
            return Ok(Arc::clone(places));
        }
        let mut places = vec![u32::MAX; self.slots.len()];
        for (place, row) in (0..).zip(self.order(db, Sort::Album, false)?.iter()) {
            places[*row as usize] = place;
        }
        let places = Arc::new(places);
        lock(&self.kept).places = Some(Arc::clone(&places));
        Ok(places)
    }

    /// What the listener thinks of each row, as it is kept.
    pub fn likings(&self) -> Arc<Vec<f32>> {
        let likings = &mut lock(&self.kept).likings;
        Arc::clone(likings.get_or_insert_with(|| Arc::new(self.slots.iter().map(Slot::liking).collect())))
    }

    fn by_columns(&self, db: &Connection, sort: Sort) -> Result<Vec<u32>> {
        let sql = format!("SELECT id FROM track WHERE {}", sort.columns());
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let row: u32 = row.get(0)?;
            // One that was written this instant is in the next order.
            if !self.listed.contains(row as usize) {
                continue;
            }
            if self.is_known(&self.slots[row as usize], sort) { known.push(row) } else { unknown.push(row) }
        }
        known.append(&mut unknown);
        Ok(known)
    }

    fn is_known(&self, slot: &Slot, sort: Sort) -> bool {
        match sort {
            Sort::Album => slot.album != 0,
            Sort::Artist => self.links(slot).any(|(role, _)| role == 0),
            _ => true,
        }
    }

    fn by_number(&self, albums: &[u32], sort: Sort, descending: bool) -> Vec<u32> {
        let mut numbered: Vec<(f64, u32)> = Vec::with_capacity(albums.len());
        let mut unknown = Vec::new();
        for &row in albums {
            match sort.number(&self.slots[row as usize]) {
                Some(number) => numbered.push((if descending { -number } else { number }, row)),
                None => unknown.push(row),
            }
        }
        // Stable: of equal ones the albums' order stays.
        numbered.sort_by(|a, b| a.0.total_cmp(&b.0));
        numbered.into_iter().map(|(_, row)| row).chain(unknown).collect()
    }
}

/// The part of `items` that has `limit` of them after `offset`, as they come in an
/// order; no others are put in it.
pub fn part<T>(items: &mut [T], (offset, limit): (u64, u32), by: impl Fn(&T, &T) -> Ordering) -> &[T] {
    let begin = items.len().min(usize::try_from(offset).unwrap_or(usize::MAX));
    let end = items.len().min(begin.saturating_add(limit as usize));
    if end < items.len() {
        items.select_nth_unstable_by(end, &by);
    }
    let items = &mut items[..end];
    if begin > 0 && begin < end {
        items.select_nth_unstable_by(begin, &by);
    }
    let part = &mut items[begin..];
    part.sort_unstable_by(by);
    part
}

/// The part of `order` that is in `chosen`: `limit` rows after `offset`.
pub fn page(order: &[u32], chosen: &Bits, (offset, limit): (u64, u32)) -> Vec<u32> {
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let chosen = order.iter().copied().filter(|row| chosen.contains(*row as usize));
    chosen.skip(skip).take(limit as usize).collect()
}
