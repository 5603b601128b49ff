//! What plays next, the same on every page.

use schemars::JsonSchema;
use serde::Deserialize;
use warp::reply::Response;

use super::items::{ItemId, Moved, Removed, conflict, no_item, no_track, too_long, with_tracks};
use super::tracks::dto;
use super::{Ask, Window, off_thread, reply};
use crate::catalog::{MAX_QUEUE, QueueChange, Queued, Repeat};
use crate::dto::{ItemDto, QueueDto};
use crate::error::{Error, Result};
use crate::events::Event;

/// No track is longer, in seconds.
const MAX_POSITION_S: f64 = 1e7;

/// GET /api/queue
pub async fn queue(ask: Ask) -> Result<Response> {
    let Window { limit, offset } = ask.window()?;
    let catalog = ask.house.catalog.clone();
    let read = off_thread(move || {
        let queue = catalog.queue()?;
        let skip = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = queue.items.iter().skip(skip).take(limit as usize);
        let rows = part.map(|item| (item.id, item.track)).collect();
        let items = with_tracks(&catalog, rows)?;
        Ok((queue, items))
    });
    let (queue, items) = read.await?;
    let items = items.into_iter().map(|(id, track)| ItemDto::new(Some(id), dto(&ask.house, track))).collect();
    reply::json(&QueueDto::new(&queue, items, limit, offset))
}

/// What plays from now on.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "QueueReplaced")]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// Which tracks, in order.
    track_ids: Vec<String>,
    /// Which of them plays, counted from 0.
    at: Option<usize>,
    /// Only if the queue is still this one.
    revision: Option<u64>,
}

/// PUT /api/queue: other tracks
pub async fn replace(ask: Ask) -> Result<Response> {
    let Replaced { track_ids: tracks, at, revision } = ask.body()?;
    if at.is_some_and(|at| at >= tracks.len()) {
        return Err(Error::unprocessable("at counts the track_ids from 0").about("at"));
    }
    change(&ask, QueueChange::Replace { tracks, at }, revision).await
}

/// Where the music is; what is not said stays.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "QueueSet")]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The item that plays.
    at: Option<ItemId>,
    /// How far it has played, in seconds.
    #[schemars(range(min = 0, max = MAX_POSITION_S))]
    position_s: Option<f64>,
    /// What follows the last track.
    repeat: Option<Repeat>,
}

/// PATCH /api/queue: where the music is, and what follows the last track
pub async fn set(ask: Ask) -> Result<Response> {
    let Set { at, position_s, repeat } = ask.body()?;
    if position_s.is_some_and(|position_s| !(0.0..=MAX_POSITION_S).contains(&position_s)) {
        return Err(Error::unprocessable("position_s must be seconds, from 0").about("position_s"));
    }
    let at = at.map(|item| item.0);
    let set = ask.house.catalog.ask(move |catalog| catalog.set_queue(at, position_s, repeat)).await?;
    told(&ask, set).await
}

/// Tracks that are put into the queue.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "QueueAdded")]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Which tracks, in order.
    track_ids: Vec<String>,
    /// Before which item; none: at the end.
    before: Option<ItemId>,
    /// Only if the queue is still this one.
    revision: Option<u64>,
}

/// POST /api/queue/items: more tracks, before an item or at the end
pub async fn add(ask: Ask) -> Result<Response> {
    let Added { track_ids: tracks, before, revision } = ask.body()?;
    change(&ask, QueueChange::Add { tracks, before: before.map(|item| item.0) }, revision).await
}

/// POST /api/queue/items/move: before an item or to the end
pub async fn move_items(ask: Ask) -> Result<Response> {
    let Moved { item_ids, before } = ask.body()?;
    let items = item_ids.iter().map(|item| item.0).collect();
    change(&ask, QueueChange::Move { items, before: before.map(|item| item.0) }, None).await
}

/// POST /api/queue/items/remove
pub async fn remove(ask: Ask) -> Result<Response> {
    let Removed { item_ids } = ask.body()?;
    change(&ask, QueueChange::Remove(item_ids.iter().map(|item| item.0).collect()), None).await
}

/// Whether in any order.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "QueueShuffled")]
#[serde(deny_unknown_fields)]
pub struct Shuffled {
    /// Whether they are.
    on: bool,
    /// Which order; none: any.
    seed: Option<u64>,
}

/// PUT /api/queue/shuffle: in any order, or in the order from before
pub async fn shuffle(ask: Ask) -> Result<Response> {
    let Shuffled { on, seed } = ask.body()?;
    // Any number will do where none is given.
    let seed = seed.unwrap_or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| since.as_nanos() as u64)
    });
    change(&ask, QueueChange::Shuffle(on.then_some(seed)), None).await
}

/// POST /api/queue/undo: takes the last change back
pub async fn undo(ask: Ask) -> Result<Response> {
    change(&ask, QueueChange::Undo, None).await
}

async fn change(ask: &Ask, change: QueueChange, revision: Option<u64>) -> Result<Response> {
    let queued = ask.house.catalog.ask(move |catalog| catalog.change_queue(&change, revision)).await?;
    told(ask, queued).await
}

async fn told(ask: &Ask, queued: Queued) -> Result<Response> {
    match queued {
        Queued::Done => {}
        Queued::NoTrack(id) => return Err(no_track(&id)),
        Queued::NoItem(id) => return Err(no_item(id)),
        Queued::TooLong => return Err(too_long(MAX_QUEUE)),
        Queued::Conflict => return Err(conflict("the queue was changed elsewhere meanwhile; read it again")),
        Queued::NothingBefore => return Err(conflict("there is no change to take back")),
    }
    let queue = ask.house.catalog.ask(|catalog| catalog.queue()).await?;
    ask.house.events.tell(Event::Queue { revision: queue.revision });
    reply::json(&QueueDto::new(&queue, Vec::new(), 0, 0))
}
