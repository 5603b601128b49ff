//! Tracks and albums.

use std::fs::File;
use std::sync::Arc;

use serde::Deserialize;
use warp::reply::Response;

use super::{Ask, House, Id, Window, off_thread, reply};
use crate::catalog::{self, Measurable, Sort, State, Track};
use crate::dto::{AlbumDto, List, TrackDto};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::media;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    q: Option<String>,
    album: Option<String>,
    limit: Option<u32>,
    offset: Option<u64>,
    sort: Option<String>,
}

/// The orders by their names; `-` before one turns it round.
const SORTS: [(&str, Sort); 7] = [
    ("album", Sort::Album),
    ("title", Sort::Title),
    ("artist", Sort::Artist),
    ("duration", Sort::Duration),
    ("year", Sort::Year),
    ("added", Sort::Added),
    ("lufs", Sort::Loudness),
];

fn sort(name: &str) -> Result<(Sort, bool)> {
    let (name, descending) = match name.strip_prefix('-') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let found = SORTS.iter().find(|(known, _)| *known == name).map(|(_, sort)| (*sort, descending));
    let known = || SORTS.map(|(known, _)| known).join(", ");
    found.ok_or_else(|| {
        Error::unprocessable(format!("sort must be one of {}, with - before it for descending", known()))
    })
}

/// GET /api/tracks
pub async fn list(ask: Ask) -> Result<Response> {
    let query: ListQuery = ask.query()?;
    let Window { limit, offset } = Window::new(query.limit, query.offset)?;
    let (sort, descending) = sort(query.sort.as_deref().unwrap_or("album"))?;
    let query = catalog::Query { words: query.q, album: query.album, sort, descending, limit, offset };
    let page = ask.house.catalog.ask(move |catalog| catalog.tracks(&query)).await?;
    reply::json(&List::new(page, limit, offset, |track| dto(&ask.house, track)))
}

/// GET /api/tracks/{id}
pub async fn one(id: Id, ask: Ask) -> Result<Response> {
    let track = find(&ask.house, &id).await?;
    reply::json(&dto(&ask.house, track))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlbumsQuery {
    q: Option<String>,
    limit: Option<u32>,
    offset: Option<u64>,
}

/// GET /api/albums
pub async fn albums(ask: Ask) -> Result<Response> {
    let query: AlbumsQuery = ask.query()?;
    let Window { limit, offset } = Window::new(query.limit, query.offset)?;
    let page =
        ask.house.catalog.ask(move |catalog| catalog.albums(query.q.as_deref(), limit, offset)).await?;
    reply::json(&List::new(page, limit, offset, |album| AlbumDto::new(album, None)))
}

/// GET /api/albums/{id}
pub async fn album(id: Id, ask: Ask) -> Result<Response> {
    let found = ask.house.catalog.ask(move |catalog| {
        let Some(album) = catalog.album(&id.0)? else { return Ok(None) };
        let query = catalog::Query {
            words: None,
            album: Some(id.0),
            sort: Sort::Album,
            descending: false,
            limit: 10_000,
            offset: 0,
        };
        Ok(Some((album, catalog.tracks(&query)?.items)))
    });
    let (album, tracks) = found.await?.ok_or_else(|| Error::not_found("there is no album with this id"))?;
    let tracks = tracks.into_iter().map(|track| dto(&ask.house, track)).collect();
    reply::json(&AlbumDto::new(album, Some(tracks)))
}

/// A track as lists have it.
pub fn dto(house: &House, track: Track) -> TrackDto {
    let is_running = track.state == State::Waiting && house.jobs.is_running(track.row);
    TrackDto::new(track, is_running)
}

/// The track with this id.
pub async fn find(house: &House, id: &Id) -> Result<Track> {
    let key = id.0.clone();
    house.catalog.ask(move |catalog| catalog.track(&key)).await?.ok_or_else(unknown)
}

/// What opening the file of the track with this id takes.
pub async fn find_file(house: &House, id: &Id) -> Result<Measurable> {
    let key = id.0.clone();
    house.catalog.ask(move |catalog| catalog.measurable(&key)).await?.ok_or_else(unknown)
}

/// Opens a track's file. One that is gone is missing from now on, unless all of
/// its folder is away.
pub async fn open(house: &Arc<House>, track: Measurable) -> Result<(File, Measurable)> {
    let house = Arc::clone(house);
    off_thread(move || match media::open(&track) {
        Ok(file) => Ok((file, track)),
        Err(error) => {
            // Unless a scan has just found where it went.
            let now = house.catalog.measurable(&track.key)?;
            let is_there =
                now.is_some_and(|now| (now.folder, now.path) == (track.folder.clone(), track.path));
            if is_there && matches!(error, media::Error::Missing) && media::path_of(&track.folder).is_dir() {
                house.catalog.miss(&[track.row])?;
                house.events.tell(Event::Library);
            }
            Err(error.into())
        }
    })
    .await
}

fn unknown() -> Error {
    Error::not_found("there is no track with this id; it may have left the library")
}
