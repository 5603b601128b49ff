//! One question, answered with the best of each kind.

use schemars::JsonSchema;
use serde::Deserialize;
use warp::reply::Response;

use super::tracks::{dto, rule};
use super::{Ask, limit, reply};
use crate::catalog::{self, Group, GroupQuery, GroupSort, Named, Page, Query};
use crate::dto::{AlbumDto, ArtistDto, FoundDto, List};
use crate::error::Result;
use crate::limits::Dear;
use crate::rule::Rule;

/// Of each kind at most, and if nothing is said.
const MOST: u32 = 50;
const USUAL: u32 = 8;

/// What is looked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// A rule that tracks meet; albums and artists are found by its plain words.
    q: String,
    /// Of each kind at most.
    #[schemars(range(min = 1, max = MOST), extend("default" = USUAL))]
    limit: Option<i64>,
}

/// GET /api/search: tracks by a rule, albums and artists by its plain words
pub async fn search(ask: Ask) -> Result<Response> {
    ask.spend(Dear::Search)?;
    let query: SearchQuery = ask.query()?;
    let limit = limit(query.limit, USUAL, MOST)?;
    let rule = rule("q", Some(&query.q))?;
    let words: Vec<&str> = rule.words().into_iter().map(|(words, _)| words).collect();
    let words = words.join(" ");
    let found = ask.house.catalog.ask(move |catalog| {
        let named = |group: Group| -> catalog::Result<Page<Named>> {
            if words.is_empty() {
                return Ok(Page::default());
            }
            let query = GroupQuery {
                group,
                words: Some(words.clone()),
                rule: Rule::default(),
                within: Vec::new(),
                sort: GroupSort::Plays,
                descending: true,
                limit,
                offset: 0,
            };
            Ok(catalog.groups(&query)?.unwrap_or_default())
        };
        let (albums, artists) = (named(Group::Album)?, named(Group::Artist)?);
        let query = Query { rule, limit, ..Query::default() };
        let tracks = catalog.tracks(&query)?.unwrap_or_default();
        Ok((tracks, albums, artists))
    });
    let (tracks, albums, artists) = found.await?;
    reply::json(&FoundDto {
        tracks: List::new(tracks, limit, 0, |track| dto(&ask.house, track)),
        albums: List::new(albums, limit, 0, |album| AlbumDto::new(album, None)),
        artists: List::new(artists, limit, 0, ArtistDto::new),
    })
}
