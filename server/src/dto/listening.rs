//! What a listener made of the music: playlists, the queue, and what was heard.

use schemars::JsonSchema;
use serde::Serialize;

use super::{List, TrackDto};
use crate::catalog::{Page, Play, Playlist, Queue, Repeat};

/// A playlist.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Playlist")]
pub struct PlaylistDto {
    /// Its id.
    pub id: String,
    name: String,
    comment: String,
    /// By which it makes itself; null: items are put in by hand.
    rule: Option<String>,
    sort: Option<String>,
    limit: Option<u32>,
    n_tracks: u64,
    duration_s: f64,
    created_at: i64,
    changed_at: i64,
    can_undo: bool,
    /// What of an imported file is not in the library.
    #[serde(skip_serializing_if = "Option::is_none")]
    unmatched: Option<Vec<String>>,
}

impl PlaylistDto {
    /// A playlist, with how much is in it.
    pub fn new(playlist: Playlist, n_tracks: u64, duration_s: f64) -> Self {
        let (rule, sort, limit) = match playlist.told.smart {
            Some(smart) => (Some(smart.rule), smart.sort, smart.limit),
            None => (None, None, None),
        };
        PlaylistDto {
            id: playlist.key,
            name: playlist.told.name,
            comment: playlist.told.comment,
            rule,
            sort,
            limit,
            n_tracks,
            duration_s,
            created_at: playlist.created_at,
            changed_at: playlist.changed_at,
            can_undo: playlist.can_undo,
            unmatched: None,
        }
    }

    /// The same, with what of a file is not in the library.
    #[must_use]
    pub fn with_unmatched(self, unmatched: Vec<String>) -> Self {
        PlaylistDto { unmatched: Some(unmatched), ..self }
    }
}

/// One place in a playlist or the queue.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Item")]
pub struct ItemDto {
    /// Null where a rule makes the playlist.
    item_id: Option<String>,
    track: TrackDto,
}

impl ItemDto {
    /// An item and its track.
    pub fn new(id: Option<i64>, track: TrackDto) -> Self {
        ItemDto { item_id: id.map(|id| id.to_string()), track }
    }
}

/// What plays next.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Queue")]
pub struct QueueDto {
    #[serde(flatten)]
    list: List<ItemDto>,
    /// The item that plays, and its place, counted from 0.
    at: Option<String>,
    at_index: Option<usize>,
    position_s: f64,
    repeat: Repeat,
    shuffled: bool,
    can_undo: bool,
    revision: u64,
}

impl QueueDto {
    /// The queue, of which some items are told.
    pub fn new(queue: &Queue, items: Vec<ItemDto>, limit: u32, offset: u64) -> Self {
        let page = Page { items, total: queue.items.len() as u64 };
        QueueDto {
            list: List::new(page, limit, offset, |item| item),
            at: queue.at.map(|at| at.to_string()),
            at_index: queue.items.iter().position(|item| Some(item.id) == queue.at),
            position_s: queue.position_s,
            repeat: queue.repeat,
            shuffled: queue.ordered.is_some(),
            can_undo: queue.can_undo,
            revision: queue.revision,
        }
    }
}

/// What was heard of a track.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Played")]
pub struct PlayDto {
    id: String,
    /// When it began, in seconds since 1970.
    at: i64,
    listened_s: f64,
    /// Whether it counts as a play: half of it, or four minutes.
    counted: bool,
    track: TrackDto,
}

impl PlayDto {
    /// A play and its track.
    pub fn new(play: Play, track: TrackDto) -> Self {
        PlayDto { id: play.key, at: play.at, listened_s: play.listened_s, counted: play.is_counted, track }
    }
}
