//! What plays next: one row of tracks, shuffled or not, and where in it the
//! music is. Each change but those of the position can be taken back.

use rusqlite::{Connection, Transaction, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::items::{rows_of, still_there};
use super::sequence::{self, Item};
use super::{Catalog, Result};

/// Items at most.
pub const MAX_QUEUE: usize = 20_000;
/// Changes that can be taken back.
const MAX_BEFORE: usize = 20;

/// What follows the last track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Nothing.
    #[default]
    Off,
    /// The first.
    All,
    /// The same again.
    One,
    /// What sounds like it: whoever plays puts that at the end.
    Radio,
}

/// What plays next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queue {
    /// In the order in which they play.
    pub items: Vec<Item>,
    /// The order from before they were shuffled; none: they are not.
    pub ordered: Option<Vec<Item>>,
    /// The one that plays.
    pub at: Option<i64>,
    /// How far it has played, in seconds.
    pub position_s: f64,
    /// What follows the last.
    pub repeat: Repeat,
    /// Counts all changes but those of the position.
    pub revision: u64,
    /// Whether there is a change to take back.
    pub can_undo: bool,
}

/// How the queue is changed.
#[derive(Clone, Debug)]
pub enum QueueChange {
    /// Other tracks by their ids; the one at `at` plays.
    Replace {
        /// The tracks, in order.
        tracks: Vec<String>,
        /// Which plays, counted from 0.
        at: Option<usize>,
    },
    /// More tracks, before an item; none: at the end.
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
    /// In any order, by this number, the one that plays first, unless they are
    /// shuffled already; or in the order from before.
    Shuffle(Option<u64>),
    /// The last change taken back.
    Undo,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It is done.
    Done,
    /// There is no such track.
    NoTrack(String),
    /// There is no such item in it.
    NoItem(i64),
    /// It would be too long.
    TooLong,
    /// Somebody else changed it since.
    Conflict,
    /// There is nothing to take back.
    NothingBefore,
}

/// Items as they are stored: pairs of item and track.
type Pairs = Vec<(i64, u32)>;

/// What can be taken back: the items, the order before, and which one played.
#[derive(Clone, Deserialize, Serialize)]
struct Before(Pairs, Option<Pairs>, Option<i64>);

impl Catalog {
    /// The queue as it is.
    pub fn queue(&self) -> Result<Queue> {
        self.read(|db| Ok(read(db)?.0))
    }

    /// Where the music is, and what follows the last track. What is not given
    /// stays. Returns the queue's state.
    pub fn set_queue(
        &self,
        at: Option<i64>,
        position_s: Option<f64>,
        repeat: Option<Repeat>,
    ) -> Result<Queued> {
        self.write(|db| {
            let (queue, _) = read(db)?;
            if let Some(at) = at
                && !queue.items.iter().any(|item| item.id == at)
            {
                return Ok(Queued::NoItem(at));
            }
            let is_other = at.is_some() && at != queue.at;
            let position_s = position_s.unwrap_or(if is_other { 0.0 } else { queue.position_s });
            let repeat = repeat.unwrap_or(queue.repeat);
            let revision = queue.revision + u64::from(repeat != queue.repeat);
            db.prepare_cached("UPDATE queue SET at_item = ?1, position_s = ?2, repeat = ?3, revision = ?4")?
                .execute(params![
                    at.or(queue.at),
                    position_s,
                    serde_json::to_string(&repeat)?.trim_matches('"'),
                    revision as i64
                ])?;
            Ok(Queued::Done)
        })
    }

    /// Changes the queue: all of it or nothing. If `revision` is given, only if
    /// it is still that one.
    pub fn change_queue(&self, change: &QueueChange, revision: Option<u64>) -> Result<Queued> {
        self.write(|db| {
            let (queue, mut before) = read(db)?;
            if revision.is_some_and(|revision| revision != queue.revision) {
                return Ok(Queued::Conflict);
            }
            let remembered = Before(pairs(&queue.items), queue.ordered.as_deref().map(pairs), queue.at);
            let was = (queue.items.clone(), queue.ordered.clone());
            let after = match change {
                QueueChange::Undo => match before.pop() {
                    Some(last) => restored(db, queue, last)?,
                    None => return Ok(Queued::NothingBefore),
                },
                _ => match changed(db, queue, change)? {
                    Ok(after) if (&after.items, &after.ordered) == (&was.0, &was.1) => {
                        db.prepare_cached("UPDATE queue SET at_item = ?1, position_s = ?2")?
                            .execute((after.at, after.position_s))?;
                        return Ok(Queued::Done);
                    }
                    Ok(after) => {
                        before.push(remembered);
                        after
                    }
                    Err(refused) => return Ok(refused),
                },
            };
            let n_old = before.len().saturating_sub(MAX_BEFORE);
            store(db, &after, &before[n_old..])?;
            Ok(Queued::Done)
        })
    }
}

fn pairs(items: &[Item]) -> Pairs {
    items.iter().map(|item| (item.id, item.track)).collect()
}

fn read(db: &Connection) -> Result<(Queue, Vec<Before>)> {
    type Told = (String, Option<String>, String, Option<i64>, f64, String, i64);
    let (items, ordered, before, at, position_s, repeat, revision): Told = db
        .prepare_cached("SELECT items, ordered, before, at_item, position_s, repeat, revision FROM queue")?
        .query_row([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })?;
    let before: Vec<Before> = serde_json::from_str(&before)?;
    let items = still_there(db, serde_json::from_str(&items)?)?;
    let ordered = match ordered {
        Some(ordered) => Some(still_there(db, serde_json::from_str(&ordered)?)?),
        None => None,
    };
    let queue = Queue {
        at: at.filter(|at| items.iter().any(|item| item.id == *at)),
        items,
        ordered,
        position_s,
        repeat: serde_json::from_value(repeat.into())?,
        revision: revision as u64,
        can_undo: !before.is_empty(),
    };
    Ok((queue, before))
}

fn store(db: &Transaction, queue: &Queue, before: &[Before]) -> Result<()> {
    let ordered = match &queue.ordered {
        Some(ordered) => Some(serde_json::to_string(&pairs(ordered))?),
        None => None,
    };
    db.prepare_cached(
        "UPDATE queue SET items = ?1, ordered = ?2, before = ?3, at_item = ?4, position_s = ?5, revision = ?6",
    )?
    .execute(params![
        serde_json::to_string(&pairs(&queue.items))?,
        ordered,
        serde_json::to_string(before)?,
        queue.at,
        queue.position_s,
        queue.revision as i64 + 1,
    ])?;
    Ok(())
}

fn restored(db: &Transaction, queue: Queue, Before(items, ordered, at): Before) -> Result<Queue> {
    let items = still_there(db, items)?;
    let ordered = match ordered {
        Some(ordered) => Some(still_there(db, ordered)?),
        None => None,
    };
    // What plays goes on, if it is there.
    let is_there = |at: &i64| items.iter().any(|item| item.id == *at);
    let stays = queue.at.filter(is_there);
    let position_s = if stays.is_some() { queue.position_s } else { 0.0 };
    Ok(Queue { at: stays.or(at.filter(is_there)), items, ordered, position_s, ..queue })
}

fn changed(
    db: &Transaction,
    mut queue: Queue,
    change: &QueueChange,
) -> Result<std::result::Result<Queue, Queued>> {
    match change {
        QueueChange::Replace { tracks, at } => {
            // The same again keeps its items: whoever says it twice changes nothing.
            let is_same = match rows_of(db, tracks)? {
                Ok(rows) => {
                    queue.ordered.is_none() && rows.iter().eq(queue.items.iter().map(|item| &item.track))
                }
                Err(unknown) => return Ok(Err(Queued::NoTrack(unknown))),
            };
            if is_same {
                queue.at = at.and_then(|at| queue.items.get(at)).map(|item| item.id);
                queue.position_s = 0.0;
                return Ok(Ok(queue));
            }
            let items = match new_items(db, tracks, 0)? {
                Ok(items) => items,
                Err(refused) => return Ok(Err(refused)),
            };
            queue.at = at.and_then(|at| items.get(at)).map(|item| item.id);
            queue.position_s = 0.0;
            (queue.items, queue.ordered) = (items, None);
        }
        QueueChange::Add { tracks, before } => {
            let new = match new_items(db, tracks, queue.items.len())? {
                Ok(new) => new,
                Err(refused) => return Ok(Err(refused)),
            };
            let added = sequence::insert(&queue.items, &new, *before);
            queue.items = match added {
                Ok(items) => items,
                Err(unknown) => return Ok(Err(Queued::NoItem(unknown))),
            };
            if let Some(ordered) = &mut queue.ordered {
                ordered.extend(new);
            }
        }
        QueueChange::Move { items, before } => match sequence::move_to(&queue.items, items, *before) {
            Ok(items) => queue.items = items,
            Err(unknown) => return Ok(Err(Queued::NoItem(unknown))),
        },
        QueueChange::Remove(items) => {
            let follows = follower(&queue, items);
            queue.items = sequence::remove(&queue.items, items);
            queue.ordered = queue.ordered.map(|ordered| sequence::remove(&ordered, items));
            if queue.at != follows {
                (queue.at, queue.position_s) = (follows, 0.0);
            }
        }
        QueueChange::Shuffle(Some(seed)) => {
            if queue.ordered.is_none() {
                queue.ordered = Some(queue.items.clone());
                shuffle(&mut queue.items, queue.at, *seed);
            }
        }
        QueueChange::Shuffle(None) => {
            if let Some(ordered) = queue.ordered.take() {
                queue.items = ordered;
            }
        }
        QueueChange::Undo => {}
    }
    Ok(Ok(queue))
}

/// Which plays when `gone` are taken out: the same, or the next that stays.
fn follower(queue: &Queue, gone: &[i64]) -> Option<i64> {
    let at = queue.items.iter().position(|item| Some(item.id) == queue.at)?;
    queue.items[at..].iter().map(|item| item.id).find(|id| !gone.contains(id))
}

fn new_items(
    db: &Transaction,
    tracks: &[String],
    n_there: usize,
) -> Result<std::result::Result<Vec<Item>, Queued>> {
    if n_there + tracks.len() > MAX_QUEUE {
        return Ok(Err(Queued::TooLong));
    }
    let rows = match rows_of(db, tracks)? {
        Ok(rows) => rows,
        Err(unknown) => return Ok(Err(Queued::NoTrack(unknown))),
    };
    let end: i64 = db
        .prepare_cached("UPDATE queue SET next_item = next_item + ?1 RETURNING next_item")?
        .query_row([rows.len() as i64], |row| row.get(0))?;
    let first = end - rows.len() as i64;
    Ok(Ok((first..).zip(rows).map(|(id, track)| Item { id, track }).collect()))
}

/// Any order, by a number (Fisher and Yates; the numbers by Vigna's SplitMix64);
/// the one that plays comes first.
fn shuffle(items: &mut [Item], at: Option<i64>, seed: u64) {
    let mut state = seed;
    let mut below = |n: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % n as u64) as usize
    };
    let n_fixed = match items.iter().position(|item| Some(item.id) == at) {
        Some(playing) => {
            items.swap(0, playing);
            1
        }
        None => 0,
    };
    for idx in (n_fixed + 1..items.len()).rev() {
        items.swap(idx, n_fixed + below(idx - n_fixed + 1));
    }
}
