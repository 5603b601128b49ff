//! Tracks.

use std::fs::File;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use warp::reply::Response;

use super::{Ask, House, Id, MAX_OFFSET, Window, off_thread, reply};
use crate::catalog::{self, Group, Measurable, Orders, Sort, State, Track};
use crate::dto::{List, LyricsDto, TrackDetailsDto, TrackDto};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::rule::{self, Rule};
use crate::{media, scan};

/// Which tracks, and in which order.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// A rule that they meet: words, `field:value`, and, or, not.
    q: Option<String>,
    /// The id of an album that they are on.
    album: Option<String>,
    /// The id of an artist whose they are.
    artist: Option<String>,
    /// The id of a composer whose they are.
    composer: Option<String>,
    /// The id of a genre that they are of.
    genre: Option<String>,
    /// Right in this directory.
    dir: Option<String>,
    /// In it or below.
    below: Option<String>,
    /// Items at most.
    #[schemars(range(min = 1, max = 500), extend("default" = 100))]
    limit: Option<i64>,
    /// After how many of all.
    #[schemars(range(min = 0, max = MAX_OFFSET), extend("default" = 0))]
    offset: Option<i64>,
    /// By what; `-` before it for descending. `rank`, by how well words are met,
    /// is usual where there are any, `album` elsewhere.
    #[schemars(extend("enum" = names(Sort::ALL, &["rank"])))]
    sort: Option<String>,
}

/// GET /api/tracks
pub async fn list(ask: Ask) -> Result<Response> {
    let query: ListQuery = ask.query()?;
    let Window { limit, offset } = Window::new(query.limit, query.offset)?;
    let rule = rule("q", query.q.as_deref())?;
    let by_rank = !rule.words().is_empty();
    let (sort, descending) = match query.sort.as_deref() {
        Some("rank") => (None, false),
        Some(name) => sort(Sort::ALL, name).map(|(sort, descending)| (Some(sort), descending))?,
        None if by_rank => (None, false),
        None => (Some(Sort::Album), false),
    };
    let within = [
        (Group::Album, query.album),
        (Group::Artist, query.artist),
        (Group::Composer, query.composer),
        (Group::Genre, query.genre),
    ];
    let dir = match (query.dir, query.below) {
        (Some(_), Some(_)) => return Err(Error::bad_request("in the query: dir or below, not both")),
        (dir, below) => dir.map(|dir| (dir, false)).or(below.map(|dir| (dir, true))),
    };
    let query = catalog::Query { rule, within: within_all(within), dir, sort, descending, limit, offset };
    let page =
        ask.house.catalog.ask(move |catalog| catalog.tracks(&query)).await?.ok_or_else(nothing_within)?;
    looked_at(&ask.house, &page.items);
    reply::json(&List::new(page, limit, offset, |track| dto(&ask.house, track)))
}

/// A rule as a field of the query has it; none: all tracks.
pub fn rule(field: &'static str, text: Option<&str>) -> Result<Rule> {
    rule::parse(text.unwrap_or_default(), catalog::now()).map_err(|wrong| Error::rule(field, &wrong))
}

/// An order by its name; `-` before it turns it round.
pub fn sort<T: Copy>(known: &[(&str, T)], name: &str) -> Result<(T, bool)> {
    let (name, descending) = match name.strip_prefix('-') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let found = known.iter().find(|(known, _)| *known == name).map(|(_, sort)| (*sort, descending));
    found.ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(known, _)| *known).collect();
        let known = known.join(", ");
        Error::unprocessable(format!("sort must be one of {known}, with - before it for descending"))
            .about("sort")
    })
}

/// The names of orders, as a query may have them.
pub fn names<T>(known: &[(&'static str, T)], more: &[&'static str]) -> Vec<String> {
    let known = known.iter().map(|(name, _)| *name);
    known
        .flat_map(|name| [name.to_owned(), format!("-{name}")])
        .chain(more.iter().map(|&name| name.into()))
        .collect()
}

/// What a query says a list is of.
pub fn within_all<const N: usize>(within: [(Group, Option<String>); N]) -> Vec<(Group, String)> {
    within.into_iter().filter_map(|(group, id)| Some((group, id?))).collect()
}

/// There is nothing of that id to be within.
pub fn nothing_within() -> Error {
    Error::not_found(
        "there is no album, artist, genre or directory with this id; it may have left the library",
    )
}

/// GET /api/tracks/{id}
pub async fn one(id: Id, ask: Ask) -> Result<Response> {
    let track = find(&ask.house, &id).await?;
    let row = track.row;
    let details = ask.house.catalog.ask(move |catalog| catalog.details(row)).await?;
    reply::json(&TrackDetailsDto::new(dto(&ask.house, track), details))
}

/// GET /api/tracks/{id}/lyrics: of the file beside the music as it is now, else
/// as the scan found them
pub async fn lyrics(id: Id, ask: Ask) -> Result<Response> {
    let file = find_file(&ask.house, &id).await?;
    let catalog = ask.house.catalog.clone();
    let lyrics = off_thread(move || match scan::lyrics::beside(&media::full_path(&file)) {
        Some(lyrics) => Ok(Some(lyrics)),
        None => Ok(catalog.lyrics(file.row)?),
    });
    let lyrics = lyrics.await?.ok_or_else(|| Error::not_found("this track has no lyrics"))?;
    reply::json(&LyricsDto::new(&lyrics))
}

/// Has what somebody looks at measured before the rest.
pub fn looked_at(house: &House, tracks: &[Track]) {
    let waiting = tracks.iter().filter(|track| track.state == State::Waiting);
    house.measurers.looked_at(&waiting.map(|track| track.row).collect::<Vec<_>>());
}

/// A track as lists have it.
pub fn dto(house: &House, track: Track) -> TrackDto {
    let is_running = track.state == State::Waiting && house.measurers.is_running(track.row);
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
                house.catalog.miss_file(track.row)?;
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
