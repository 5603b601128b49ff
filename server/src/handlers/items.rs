//! Items of playlists, and what those of the queue have in common with them.

use std::borrow::Cow;
use std::collections::HashMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use warp::http::StatusCode;
use warp::reply::Response;

use super::playlists::{made, unknown};
use super::tracks::dto;
use super::{Ask, Id, Window, off_thread, reply};
use crate::catalog::{self, Catalog, Change, Changed, MAX_ITEMS, Page};
use crate::dto::{CameDto, ItemDto, List};
use crate::error::{Error, Result};
use crate::events::Event;

/// GET /api/playlists/{id}/items
pub async fn items(id: Id, ask: Ask) -> Result<Response> {
    let Window { limit, offset } = ask.window()?;
    let catalog = ask.house.catalog.clone();
    let page = off_thread(move || {
        let playlist = catalog.playlist(&id.0)?.ok_or_else(unknown)?;
        let (rows, total) = match &playlist.told.smart {
            Some(smart) => {
                let found = made(&catalog, smart, limit, offset)?;
                (found.rows.into_iter().map(|row| (None, row)).collect(), found.total)
            }
            None => {
                let page = catalog.items(playlist.row, limit, offset)?;
                (
                    page.items.into_iter().map(|item| (Some(item.id), item.track)).collect::<Vec<_>>(),
                    page.total,
                )
            }
        };
        Ok(Page { items: with_tracks(&catalog, rows)?, total })
    });
    let house = &ask.house;
    reply::json(&List::new(page.await?, limit, offset, |(id, track)| ItemDto::new(id, dto(house, track))))
}

/// Items with their tracks, the same track at several places too.
pub fn with_tracks<T>(catalog: &Catalog, rows: Vec<(T, u32)>) -> Result<Vec<(T, catalog::Track)>> {
    let wanted: Vec<u32> = rows.iter().map(|(_, row)| *row).collect();
    let tracks = catalog.tracks_by_row(&wanted)?;
    let by_row: HashMap<i64, catalog::Track> = tracks.into_iter().map(|track| (track.row, track)).collect();
    let with = |(item, row): (T, u32)| Some((item, by_row.get(&i64::from(row))?.clone()));
    Ok(rows.into_iter().filter_map(with).collect())
}

/// Tracks that are put into a playlist.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ItemsAdded")]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Which tracks.
    track_ids: Vec<String>,
    /// Before which item; none: at the end.
    before: Option<ItemId>,
}

/// POST /api/playlists/{id}/items: tracks, before an item or at the end
pub async fn add(id: Id, ask: Ask) -> Result<Response> {
    let Added { track_ids: tracks, before } = ask.body()?;
    let came = change(&ask, id, Change::Add { tracks, before: before.map(|item| item.0) }).await?;
    let item_ids = came.iter().map(ToString::to_string).collect();
    let mut response = reply::json(&CameDto { item_ids })?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// An item's id as JSON has it: a string.
#[derive(Clone, Copy, Debug)]
pub struct ItemId(pub i64);

impl std::str::FromStr for ItemId {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_plain).map(ItemId).ok_or(())
    }
}

impl JsonSchema for ItemId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ItemId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{1,19}$" })
    }
}

impl<'de> Deserialize<'de> for ItemId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom(format!("{text:?} is no id of an item")))
    }
}

/// Items that are put elsewhere.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ItemsMoved")]
#[serde(deny_unknown_fields)]
pub struct Moved {
    /// Which, in their new order.
    pub item_ids: Vec<ItemId>,
    /// Before which; none: to the end.
    pub before: Option<ItemId>,
}

/// POST /api/playlists/{id}/items/move: before an item or to the end
pub async fn move_items(id: Id, ask: Ask) -> Result<Response> {
    let Moved { item_ids, before } = ask.body()?;
    let items = item_ids.iter().map(|item| item.0).collect();
    change(&ask, id, Change::Move { items, before: before.map(|item| item.0) }).await?;
    Ok(reply::nothing())
}

/// Items that are taken out.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ItemsRemoved")]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// Which.
    pub item_ids: Vec<ItemId>,
}

/// POST /api/playlists/{id}/items/remove
pub async fn remove(id: Id, ask: Ask) -> Result<Response> {
    let Removed { item_ids } = ask.body()?;
    change(&ask, id, Change::Remove(item_ids.iter().map(|item| item.0).collect())).await?;
    Ok(reply::nothing())
}

/// DELETE /api/playlists/{id}/items/{item}
pub async fn remove_one(id: Id, item: ItemId, ask: Ask) -> Result<Response> {
    change(&ask, id, Change::Remove(vec![item.0])).await?;
    Ok(reply::nothing())
}

/// POST /api/playlists/{id}/undo: takes the last change of its items back
pub async fn undo(id: Id, ask: Ask) -> Result<Response> {
    change(&ask, id, Change::Undo).await?;
    Ok(reply::nothing())
}

async fn change(ask: &Ask, id: Id, change: Change) -> Result<Vec<i64>> {
    let changed = ask.house.catalog.ask(move |catalog| catalog.change_items(&id.0, &change)).await?;
    let came = done(changed)?;
    ask.house.events.tell(Event::Playlists);
    Ok(came)
}

/// What came, or why nothing did.
pub fn done(changed: Changed) -> Result<Vec<i64>> {
    Err(match changed {
        Changed::Done(came) => return Ok(came),
        Changed::NoPlaylist => unknown(),
        Changed::IsSmart => conflict("this playlist makes itself by its rule; change that"),
        Changed::NoTrack(id) => no_track(&id),
        Changed::NoItem(id) => no_item(id),
        Changed::TooLong => too_long(MAX_ITEMS),
        Changed::NothingBefore => conflict("there is no change to take back"),
    })
}

/// 409: not as things are.
pub fn conflict(detail: &str) -> Error {
    Error::new(StatusCode::CONFLICT, "conflict", detail)
}

/// 422: a track that is not there.
pub fn no_track(id: &str) -> Error {
    let id: String = id.chars().take(64).collect();
    Error::unprocessable(format!("there is no track {id:?} in the library")).about("track_ids")
}

/// 422: an item that is not there.
pub fn no_item(id: i64) -> Error {
    Error::unprocessable(format!("there is no item {id} here; it may have been taken out")).about("item_ids")
}

/// 422: too many items.
pub fn too_long(most: usize) -> Error {
    Error::unprocessable(format!("there is room for {most} tracks here")).about("track_ids")
}
