//! Albums, artists and genres.

use schemars::JsonSchema;
use serde::Deserialize;
use warp::reply::Response;

use super::tracks::{dto, looked_at, names, nothing_within, rule, sort, within_all};
use super::{Ask, Id, MAX_OFFSET, Window, reply};
use crate::catalog::{Group, GroupQuery, GroupSort, Orders, Query, Sort};
use crate::dto::{AlbumDto, ArtistDto, GenreDto, List};
use crate::error::{Error, Result};
use crate::rule::Rule;

/// What of one album or artist is told at most.
const MOST: u32 = 10_000;

/// Which albums, artists or genres, and in which order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupsQuery {
    /// Words of the name.
    q: Option<String>,
    /// A rule that tracks meet.
    tracks: Option<String>,
    /// The id of an artist whose they are.
    artist: Option<String>,
    /// The id of a genre they are of.
    genre: Option<String>,
    /// Of artists: as what they are credited.
    #[schemars(extend("enum" = ["artist", "composer"], "default" = "artist"))]
    role: Option<String>,
    /// Items at most.
    #[schemars(range(min = 1, max = 500), extend("default" = 100))]
    limit: Option<i64>,
    /// After how many of all.
    #[schemars(range(min = 0, max = MAX_OFFSET), extend("default" = 0))]
    offset: Option<i64>,
    /// By what; `-` before it for descending.
    #[schemars(extend("enum" = names(GroupSort::ALL, &[]), "default" = GroupSort::USUAL))]
    sort: Option<String>,
}

impl GroupsQuery {
    fn of(self, group: Group) -> Result<GroupQuery> {
        let Window { limit, offset } = Window::new(self.limit, self.offset)?;
        let (sort, descending) = sort(GroupSort::ALL, self.sort.as_deref().unwrap_or(GroupSort::USUAL))?;
        Ok(GroupQuery {
            group,
            words: self.q,
            rule: rule("tracks", self.tracks.as_deref())?,
            within: within_all([(Group::Artist, self.artist), (Group::Genre, self.genre)]),
            sort,
            descending,
            limit,
            offset,
        })
    }
}

/// GET /api/albums
pub async fn albums(ask: Ask) -> Result<Response> {
    let query: GroupsQuery = ask.query()?;
    no_role(&query)?;
    list(&ask, query.of(Group::Album)?, |album| AlbumDto::new(album, None)).await
}

/// GET /api/artists
pub async fn artists(ask: Ask) -> Result<Response> {
    let query: GroupsQuery = ask.query()?;
    let group = match query.role.as_deref() {
        Some("artist") | None => Group::Artist,
        Some("composer") => Group::Composer,
        Some(_) => return Err(Error::unprocessable("role must be artist or composer").about("role")),
    };
    list(&ask, query.of(group)?, ArtistDto::new).await
}

/// GET /api/genres
pub async fn genres(ask: Ask) -> Result<Response> {
    let query: GroupsQuery = ask.query()?;
    no_role(&query)?;
    list(&ask, query.of(Group::Genre)?, GenreDto::from).await
}

fn no_role(query: &GroupsQuery) -> Result<()> {
    match query.role {
        Some(_) => Err(Error::bad_request("in the query: only artists are asked for by role")),
        None => Ok(()),
    }
}

async fn list<T: serde::Serialize>(
    ask: &Ask,
    query: GroupQuery,
    dto: impl FnMut(crate::catalog::Named) -> T,
) -> Result<Response> {
    let (limit, offset) = (query.limit, query.offset);
    let page =
        ask.house.catalog.ask(move |catalog| catalog.groups(&query)).await?.ok_or_else(nothing_within)?;
    reply::json(&List::new(page, limit, offset, dto))
}

/// GET /api/albums/{id}
pub async fn album(id: Id, ask: Ask) -> Result<Response> {
    let found = ask.house.catalog.ask(move |catalog| {
        let Some(album) = catalog.group(Group::Album, &id.0)? else { return Ok(None) };
        let query = Query {
            within: vec![(Group::Album, id.0)],
            sort: Some(Sort::Album),
            limit: MOST,
            ..Query::default()
        };
        Ok(catalog.tracks(&query)?.map(|page| (album, page.items)))
    });
    let (album, tracks) = found.await?.ok_or_else(|| Error::not_found("there is no album with this id"))?;
    looked_at(&ask.house, &tracks);
    let tracks = tracks.into_iter().map(|track| dto(&ask.house, track)).collect();
    reply::json(&AlbumDto::new(album, Some(tracks)))
}

/// GET /api/artists/{id}: with genres and albums, the latest first
pub async fn artist(id: Id, ask: Ask) -> Result<Response> {
    let found = ask.house.catalog.ask(move |catalog| {
        let Some(artist) = catalog.group(Group::Artist, &id.0)? else { return Ok(None) };
        let of = |group: Group, sort: GroupSort| GroupQuery {
            group,
            words: None,
            rule: Rule::default(),
            within: vec![(Group::Artist, id.0.clone())],
            sort,
            descending: true,
            limit: MOST,
            offset: 0,
        };
        let genres = catalog.groups(&of(Group::Genre, GroupSort::Tracks))?;
        let albums = catalog.groups(&of(Group::Album, GroupSort::Year))?;
        Ok(genres.zip(albums).map(|(genres, albums)| (artist, genres.items, albums.items)))
    });
    let unknown = || Error::not_found("there is no artist with this id; it may have left the library");
    let (artist, genres, albums) = found.await?.ok_or_else(unknown)?;
    let genres = genres.into_iter().map(GenreDto::from).collect();
    let albums = albums.into_iter().map(|album| AlbumDto::new(album, None)).collect();
    reply::json(&ArtistDto::new(artist).with(genres, albums))
}

/// GET /api/genres/{id}
pub async fn genre(id: Id, ask: Ask) -> Result<Response> {
    let found = ask.house.catalog.ask(move |catalog| catalog.group(Group::Genre, &id.0)).await?;
    let unknown = || Error::not_found("there is no genre with this id; it may have left the library");
    reply::json(&GenreDto::from(found.ok_or_else(unknown)?))
}
