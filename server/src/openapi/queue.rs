//! What plays next. What changes it answers with its state, without items.

use super::doc::{Doc, get, patch, post, put};
use crate::dto::QueueDto;
use crate::handlers::WindowQuery;
use crate::handlers::items::{Moved, Removed};
use crate::handlers::queue::{Added, Replaced, Set, Shuffled};

pub(super) fn docs() -> Vec<Doc> {
    let changed = |doc: Doc| doc.json::<QueueDto>(200, "As it is now, without its items");
    vec![
        get("/api/queue", "queue", "What plays next")
            .query::<WindowQuery>()
            .json::<QueueDto>(200, "A part of it"),
        changed(put("/api/queue", "replace_queue", "Other tracks").body::<Replaced>().or(&[409])),
        changed(
            patch("/api/queue", "set_queue", "Where the music is, and what follows the last track")
                .body::<Set>(),
        ),
        changed(
            post("/api/queue/items", "add_to_queue", "More tracks, before an item or at the end")
                .body::<Added>()
                .or(&[409]),
        ),
        changed(
            post("/api/queue/items/move", "move_in_queue", "Put items before another or at the end")
                .body::<Moved>(),
        ),
        changed(post("/api/queue/items/remove", "remove_from_queue", "Take items out").body::<Removed>()),
        changed(
            put("/api/queue/shuffle", "shuffle_queue", "In any order, or in the order from before")
                .body::<Shuffled>(),
        ),
        changed(post("/api/queue/undo", "undo_queue", "Take the last change back").or(&[409])),
    ]
}
