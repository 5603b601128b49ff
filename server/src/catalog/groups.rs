//! Lists of albums, artists and genres: added up in memory, named from the disk.

use std::collections::HashMap;

use rusqlite::Connection;

use super::shelf::{Bits, Group, Shelf, Stat, Stats, Within, part};
use super::tracks::group_row;
use super::words::fold;
use super::{Catalog, Orders, Page, Result};
use crate::rule::Rule;

/// By what albums, artists and genres are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupSort {
    /// Name.
    #[default]
    Name,
    /// How many tracks.
    Tracks,
    /// How many albums.
    Albums,
    /// Length.
    Duration,
    /// The latest year.
    Year,
    /// When the last track was found.
    Added,
    /// How often its tracks were played.
    Plays,
    /// When one was played last.
    Played,
}

impl Orders for GroupSort {
    const ALL: &'static [(&'static str, Self)] = &[
        ("name", GroupSort::Name),
        ("tracks", GroupSort::Tracks),
        ("albums", GroupSort::Albums),
        ("duration", GroupSort::Duration),
        ("year", GroupSort::Year),
        ("added", GroupSort::Added),
        ("plays", GroupSort::Plays),
        ("played", GroupSort::Played),
    ];
    const USUAL: &'static str = "name";
}

impl GroupSort {
    fn number(self, stat: &Stat) -> f64 {
        match self {
            GroupSort::Name => 0.0,
            GroupSort::Tracks => stat.n_tracks.into(),
            GroupSort::Albums => stat.n_albums.into(),
            GroupSort::Duration => stat.duration_s,
            GroupSort::Year => stat.year.unwrap_or(0).into(),
            GroupSort::Added => stat.added.into(),
            GroupSort::Plays => stat.n_plays as f64,
            GroupSort::Played => stat.played.into(),
        }
    }

    /// What groups are ordered by, upwards. What is not known comes last,
    /// whichever way round.
    fn key(self, stat: &Stat, descending: bool) -> f64 {
        match self.number(stat) {
            _ if self == GroupSort::Name => 0.0,
            0.0 => f64::INFINITY,
            number if descending => -number,
            number => number,
        }
    }
}

/// Which albums, artists or genres are wanted, and in which order.
#[derive(Clone, Debug)]
pub struct GroupQuery {
    /// Of what.
    pub group: Group,
    /// Each of its words must begin a word of the name.
    pub words: Option<String>,
    /// Only of tracks that meet it.
    pub rule: Rule,
    /// Only of tracks of these albums, artists or genres, by their ids.
    pub within: Vec<(Group, String)>,
    /// The order.
    pub sort: GroupSort,
    /// From the other end.
    pub descending: bool,
    /// How many at most.
    pub limit: u32,
    /// After how many.
    pub offset: u64,
}

/// An album, an artist or a genre.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its opaque id.
    pub key: String,
    /// Its name or title.
    pub name: String,
    /// Of an album: whose it is.
    pub artist: Option<String>,
    /// What its tracks add up to.
    pub stat: Stat,
    /// The first track's id, whose picture stands for it.
    pub first_track: String,
}

impl Catalog {
    /// A part of a list of albums, artists or genres that have tracks; none:
    /// there is nothing to be within.
    pub fn groups(&self, query: &GroupQuery) -> Result<Option<Page<Named>>> {
        let shelf = self.shelf()?;
        self.read(|db| {
            let is_of_all = query.within.is_empty() && query.rule == Rule::default();
            let chosen = if is_of_all {
                None
            } else {
                let mut chosen = shelf.chosen(db, &query.rule)?;
                for (group, key) in &query.within {
                    let Some(id) = group_row(db, *group, key)? else { return Ok(None) };
                    shelf.narrow(&mut chosen, Within { group: *group, id });
                }
                Some(chosen)
            };
            let stats = shelf.groups(db, query.group, chosen.as_ref())?;
            let called = called(db, &shelf, query.group, query.words.as_deref())?;
            let is_wanted = |id: u32| called.as_ref().is_none_or(|called| called.contains(id as usize));
            let names = shelf.names(db, query.group)?;
            let place = |id: u32| names.get(id as usize).copied().unwrap_or(u32::MAX);
            let wanted = stats.iter().filter(|(id, _)| is_wanted(*id));
            let mut wanted: Vec<(f64, u32, u32)> =
                wanted.map(|(id, stat)| (query.sort.key(stat, query.descending), place(id), id)).collect();
            let total = wanted.len() as u64;
            // Equal ones come by name.
            let by_name = query.sort == GroupSort::Name && query.descending;
            let before = |a: &(f64, u32, u32), b: &(f64, u32, u32)| {
                let names = if by_name { b.1.cmp(&a.1) } else { a.1.cmp(&b.1) };
                a.0.total_cmp(&b.0).then(names)
            };
            let wanted = part(&mut wanted, (query.offset, query.limit), before);
            let wanted: Vec<u32> = wanted.iter().map(|(_, _, id)| *id).collect();
            Ok(Some(Page { items: named(db, query.group, &wanted, &stats)?, total }))
        })
    }

    /// The album, artist or genre with this id, if it has tracks.
    pub fn group(&self, group: Group, key: &str) -> Result<Option<Named>> {
        let shelf = self.shelf()?;
        self.read(|db| {
            let Some(id) = group_row(db, group, key)? else { return Ok(None) };
            let stats = shelf.groups(db, group, None)?;
            Ok(if stats.get(id).is_some() { named(db, group, &[id], &stats)?.pop() } else { None })
        })
    }
}

/// The groups whose names have all these words; none: no words are given.
fn called(db: &Connection, shelf: &Shelf, group: Group, words: Option<&str>) -> Result<Option<Bits>> {
    let words = fold(words.unwrap_or_default());
    let names = shelf.called(db, group)?;
    Ok(words.split_whitespace().map(|word| names.with(word)).reduce(|mut all, with| {
        all.and(&with);
        all
    }))
}

fn named(db: &Connection, group: Group, ids: &[u32], stats: &Stats) -> Result<Vec<Named>> {
    let of = |pick: &dyn Fn(&Stat) -> Option<u32>| -> Result<String> {
        let rows: Vec<u32> = ids.iter().filter_map(|id| stats.get(*id).and_then(pick)).collect();
        Ok(serde_json::to_string(&rows)?)
    };
    let (table, _) = group.table();
    let (title, artist) = if group == Group::Album { ("title", "artist") } else { ("name", "NULL") };
    let names =
        texts(db, &format!("SELECT id, key, {title}, {artist} FROM {table}"), &serde_json::to_string(ids)?)?;
    let firsts = texts(db, "SELECT id, key, '', NULL FROM track", &of(&|stat| Some(stat.first))?)?;
    let artists = texts(db, "SELECT id, '', name, NULL FROM artist", &of(&|stat| stat.artist)?)?;
    let name_one = |id: &u32| {
        let ((key, name, artist), stat) = (names.get(id)?.clone(), *stats.get(*id)?);
        // An album without an artist of its own is whose all its tracks are.
        let shared = stat.artist.and_then(|id| artists.get(&id)).map(|(_, name, _)| name.clone());
        let artist = if group == Group::Album { artist.or(shared) } else { None };
        let first_track = firsts.get(&stat.first)?.0.clone();
        Some(Named { key, name, artist, stat, first_track })
    };
    Ok(ids.iter().filter_map(name_one).collect())
}

type Texts = HashMap<u32, (String, String, Option<String>)>;

fn texts(db: &Connection, select: &str, ids: &str) -> Result<Texts> {
    let mut statement =
        db.prepare_cached(&format!("{select} WHERE id IN (SELECT value FROM json_each(?1))"))?;
    let rows =
        statement.query_map([ids], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
