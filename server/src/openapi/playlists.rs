//! Playlists, and their items.

use super::doc::{Doc, delete, get, post, put};
use crate::catalog::PlaylistSort;
use crate::dto::{CameDto, ItemDto, List, PlaylistDto};
use crate::gate::PLAYLISTS;
use crate::handlers::exchange::ImportQuery;
use crate::handlers::items::{Added, Moved, Removed};
use crate::handlers::playlists::{New, Told};
use crate::handlers::{ListQuery, WindowQuery};

pub(super) fn docs() -> Vec<Doc> {
    vec![
        get("/api/playlists", "playlists", "Playlists")
            .query::<ListQuery<PlaylistSort>>()
            .json::<List<PlaylistDto>>(200, "A part of them"),
        post("/api/playlists", "create_playlist", "Begin a playlist")
            .body::<New>()
            .created::<PlaylistDto>("It is there"),
        post("/api/playlists/import", "import_playlist", "Begin a playlist with what a file names (M3U8)")
            .query::<ImportQuery>()
            .text_body(&PLAYLISTS)
            .created::<PlaylistDto>("It is there"),
        get("/api/playlists/{id}", "playlist", "One playlist").json::<PlaylistDto>(200, "It"),
        put("/api/playlists/{id}", "put_playlist", "Its name, comment and rule anew")
            .body::<Told>()
            .json::<PlaylistDto>(200, "As it is now"),
        delete("/api/playlists/{id}", "delete_playlist", "Delete it").nothing(),
        get("/api/playlists/{id}/items", "playlist_items", "What is in it")
            .query::<WindowQuery>()
            .json::<List<ItemDto>>(200, "A part of it"),
        post("/api/playlists/{id}/items", "add_items", "Put tracks in, before an item or at the end")
            .body::<Added>()
            .json::<CameDto>(201, "They are in")
            .or(&[409]),
        post("/api/playlists/{id}/items/move", "move_items", "Put items before another or at the end")
            .body::<Moved>()
            .nothing()
            .or(&[409]),
        post("/api/playlists/{id}/items/remove", "remove_items", "Take items out")
            .body::<Removed>()
            .nothing()
            .or(&[409]),
        delete("/api/playlists/{id}/items/{item}", "remove_item", "Take one item out").nothing().or(&[409]),
        post("/api/playlists/{id}/undo", "undo_items", "Take the last change of its items back")
            .nothing()
            .or(&[409]),
        get("/api/playlists/{id}/m3u8", "export_playlist", "It as a file that lies in the library")
            .text("The file", &[PLAYLISTS[0]]),
    ]
}
