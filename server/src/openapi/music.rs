//! What there is to hear: tracks, albums, artists, genres, and search.

use super::doc::{Doc, get};
use crate::dto::{AlbumDto, ArtistDto, FoundDto, GenreDto, List, LyricsDto, TrackDetailsDto, TrackDto};
use crate::handlers::groups::GroupsQuery;
use crate::handlers::search::SearchQuery;
use crate::handlers::tracks::ListQuery;

pub(super) fn docs() -> Vec<Doc> {
    vec![
        get("/api/tracks", "tracks", "Tracks, by a rule, in an order")
            .query::<ListQuery>()
            .json::<List<TrackDto>>(200, "A part of them")
            .or(&[404]),
        get("/api/tracks/{id}", "track", "Everything known of one track").json::<TrackDetailsDto>(200, "It"),
        get("/api/tracks/{id}/lyrics", "lyrics", "What is sung").json::<LyricsDto>(200, "The lines"),
        get("/api/albums", "albums", "Albums, by words or the tracks on them")
            .query_without::<GroupsQuery>(&["role"])
            .json::<List<AlbumDto>>(200, "A part of them")
            .or(&[404]),
        get("/api/albums/{id}", "album", "One album with its tracks").json::<AlbumDto>(200, "It"),
        get("/api/artists", "artists", "Artists or composers, by words or their tracks")
            .query::<GroupsQuery>()
            .json::<List<ArtistDto>>(200, "A part of them")
            .or(&[404]),
        get("/api/artists/{id}", "artist", "One artist with genres and albums, the latest first")
            .json::<ArtistDto>(200, "It"),
        get("/api/genres", "genres", "Genres, by words or their tracks")
            .query_without::<GroupsQuery>(&["role"])
            .json::<List<GenreDto>>(200, "A part of them")
            .or(&[404]),
        get("/api/genres/{id}", "genre", "One genre").json::<GenreDto>(200, "It"),
        get("/api/search", "search", "The best of each kind for one question")
            .query::<SearchQuery>()
            .json::<FoundDto>(200, "What was found")
            .or(&[429]),
    ]
}
