//! Albums, artists and genres: what their tracks add up to.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::Connection;

use super::texts::Texts;
use super::{Bits, Shelf, Slot};
use crate::catalog::{Result, lock};
use crate::rule::Number;

/// By what tracks are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Albums.
    Album,
    /// Who is credited with tracks or albums.
    Artist,
    /// Who wrote them.
    Composer,
    /// Genres.
    Genre,
}

impl Group {
    /// The role of its links; an artist has that of an album artist too.
    pub(super) fn role(self) -> u32 {
        match self {
            Group::Album | Group::Artist => 0,
            Group::Composer => 2,
            Group::Genre => 3,
        }
    }

    /// Whether a link of this role leads to such a group.
    pub(super) fn has(self, role: u32) -> bool {
        role == self.role() || self == Group::Artist && role == 1
    }

    /// Its table, and what that is ordered by.
    pub(in crate::catalog) fn table(self) -> (&'static str, &'static str) {
        match self {
            Group::Album => ("album", "folded"),
            Group::Artist | Group::Composer => ("artist", "sort"),
            Group::Genre => ("genre", "folded"),
        }
    }
}

/// What the tracks of one album, artist or genre add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stat {
    /// How many tracks.
    pub n_tracks: u32,
    /// On how many albums.
    pub n_albums: u32,
    /// Seconds in all.
    pub duration_s: f64,
    /// The latest year.
    pub year: Option<u32>,
    /// When the last one was found, in seconds since 1970.
    pub added: u32,
    /// Plays of all.
    pub n_plays: u64,
    /// When one was played last, in seconds since 1970.
    pub played: u32,
    /// The row of the first track in albums' order: its picture stands for all.
    pub first: u32,
    /// The artist that all tracks share.
    pub artist: Option<u32>,
}

/// What all groups of a kind are called, folded.
#[derive(Debug, Default)]
pub struct Called {
    names: Texts,
    rows: Vec<u32>,
}

impl Called {
    /// Those whose names have words that begin so.
    pub fn with(&self, beginning: &str) -> Bits {
        let mut rows = Bits::default();
        self.names.each_with(beginning, |number| rows.set(self.rows[number] as usize, true));
        rows
    }
}

/// What the tracks of all groups of a kind add up to, by their rows; one
/// without tracks is not there.
#[derive(Debug, Default)]
pub struct Stats(Vec<Stat>);

impl Stats {
    /// All, with their rows.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Stat)> {
        (0..).zip(&self.0).filter(|(_, stat)| stat.n_tracks > 0)
    }

    /// What one adds up to.
    pub fn get(&self, id: u32) -> Option<&Stat> {
        self.0.get(id as usize).filter(|stat| stat.n_tracks > 0)
    }
}

/// A track that is added to groups.
struct One<'a> {
    row: u32,
    /// Where it is in albums' order.
    place: u32,
    slot: &'a Slot,
    artist: Option<u32>,
}

/// Tracks being added up.
#[derive(Default)]
struct Sums {
    is_by_album: bool,
    stats: Stats,
    /// The place of the first track of each group, and the album of the last added.
    ends: Vec<(u32, u32)>,
    /// Which groups have tracks of which albums.
    albums: HashSet<(u32, u32)>,
}

impl Sums {
    fn add(&mut self, id: u32, one: &One) {
        let at = id as usize;
        if at >= self.ends.len() {
            self.ends.resize(at + 1, (u32::MAX, 0));
            self.stats.0.resize(at + 1, Stat::default());
        }
        let (stat, (first, last_album)) = (&mut self.stats.0[at], &mut self.ends[at]);
        if one.place < *first {
            (*first, stat.first) = (one.place, one.row);
        }
        // Tracks of an album mostly follow each other.
        let album = one.slot.album;
        if album != 0 && *last_album != album {
            *last_album = album;
            stat.n_albums += u32::from(self.is_by_album || self.albums.insert((id, album)));
        }
        stat.add(one.slot, one.artist);
    }
}

impl Stat {
    /// Adds a track.
    fn add(&mut self, slot: &Slot, artist: Option<u32>) {
        let whole = |number: Number| slot.number(number).unwrap_or(0.0);
        if self.n_tracks == 0 {
            self.artist = artist;
        } else if self.artist != artist {
            self.artist = None;
        }
        self.n_tracks += 1;
        self.duration_s += whole(Number::Duration);
        self.year = self.year.max(slot.number(Number::Year).map(|year| year as u32));
        self.added = self.added.max(whole(Number::Added) as u32);
        self.n_plays += whole(Number::Plays) as u64;
        self.played = self.played.max(whole(Number::Played) as u32);
    }
}

impl Shelf {
    /// What the chosen tracks of each group add up to; none chosen: all.
    pub fn groups(&self, db: &Connection, group: Group, chosen: Option<&Bits>) -> Result<Arc<Stats>> {
        if chosen.is_none()
            && let Some(stats) = lock(&self.kept).stats.get(&group)
        {
            return Ok(Arc::clone(stats));
        }
        let places = self.places(db)?;
        let mut sums = Sums { is_by_album: group == Group::Album, ..Sums::default() };
        // As the rows lie in memory: going through them in albums' order takes many times as long.
        for row in chosen.unwrap_or(&self.listed).iter() {
            self.add(&mut sums, group, row, places[row]);
        }
        let stats = Arc::new(sums.stats);
        if chosen.is_none() {
            lock(&self.kept).stats.insert(group, Arc::clone(&stats));
        }
        Ok(stats)
    }

    fn add(&self, sums: &mut Sums, group: Group, row: usize, place: u32) {
        let slot = &self.slots[row];
        let artist = self.links(slot).find(|(role, _)| *role == 0).map(|(_, id)| id);
        let one = One { row: row as u32, place, slot, artist };
        if group == Group::Album {
            if slot.album != 0 {
                sums.add(slot.album, &one);
            }
            return;
        }
        for (at, (role, id)) in self.links(slot).enumerate() {
            // Whoever is artist and album artist counts once.
            let is_again = || self.links(slot).take(at).any(|(role, other)| other == id && group.has(role));
            if group.has(role) && !is_again() {
                sums.add(id, &one);
            }
        }
    }

    /// What all groups of a kind are called, as it is kept.
    pub fn called(&self, db: &Connection, group: Group) -> Result<Arc<Called>> {
        if let Some(called) = lock(&self.kept).called.get(&group) {
            return Ok(Arc::clone(called));
        }
        let mut called = Called::default();
        let mut statement = db.prepare_cached(&format!("SELECT id, folded FROM {}", group.table().0))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            called.rows.push(row.get(0)?);
            called.names.push(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?);
        }
        let called = Arc::new(called);
        lock(&self.kept).called.insert(group, Arc::clone(&called));
        Ok(called)
    }

    /// Where each group of a kind is by name, by its row.
    pub fn names(&self, db: &Connection, group: Group) -> Result<Arc<Vec<u32>>> {
        if let Some(names) = lock(&self.kept).names.get(&group) {
            return Ok(Arc::clone(names));
        }
        let (table, by) = group.table();
        let mut statement = db.prepare_cached(&format!("SELECT id FROM {table} ORDER BY {by}, id"))?;
        let mut rows = statement.query([])?;
        let (mut names, mut place) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let id = row.get::<_, u32>(0)? as usize;
            if id >= names.len() {
                names.resize(id + 1, u32::MAX);
            }
            names[id] = place;
            place += 1;
        }
        let names = Arc::new(names);
        lock(&self.kept).names.insert(group, Arc::clone(&names));
        Ok(names)
    }
}
