//! What a listener makes of tracks.

use super::doc::{Doc, delete, get, put};
use crate::catalog::{PlaySort, Sort};
use crate::dto::{CountedDto, List, PlayDto, TasteDto, TrackDto};
use crate::handlers::ListQuery;
use crate::handlers::listening::{Heard, Stars};

pub(super) fn docs() -> Vec<Doc> {
    vec![
        get("/api/favorites", "favorites", "Favourites, of which a rule may choose")
            .query::<ListQuery<Sort>>()
            .json::<List<TrackDto>>(200, "A part of them"),
        put("/api/favorites/{id}", "favor", "Make a track a favourite").nothing(),
        delete("/api/favorites/{id}", "unfavor", "Make it none").nothing(),
        put("/api/tracks/{id}/rating", "rate", "Give a track stars").body::<Stars>().nothing(),
        delete("/api/tracks/{id}/rating", "unrate", "Take its stars").nothing(),
        get("/api/tracks/{id}/taste", "track_taste", "How a track shall always sound")
            .json::<TasteDto>(200, "So"),
        put("/api/tracks/{id}/taste", "put_track_taste", "Remember how a track shall always sound")
            .body::<TasteDto>()
            .nothing(),
        delete("/api/tracks/{id}/taste", "forget_track_taste", "Forget that").nothing(),
        get("/api/albums/{id}/taste", "album_taste", "How an album shall always sound")
            .json::<TasteDto>(200, "So"),
        put("/api/albums/{id}/taste", "put_album_taste", "Remember how an album shall always sound")
            .body::<TasteDto>()
            .nothing(),
        delete("/api/albums/{id}/taste", "forget_album_taste", "Forget that").nothing(),
        get("/api/history", "history", "What was heard")
            .query::<ListQuery<PlaySort>>()
            .json::<List<PlayDto>>(200, "A part of it"),
        put(
            "/api/history/{id}",
            "heard",
            "What was heard of a track so far, under an id that the player chooses",
        )
        .body::<Heard>()
        .json::<CountedDto>(200, "It is remembered"),
        delete("/api/history/{id}", "unheard", "Take a play back").nothing(),
    ]
}
