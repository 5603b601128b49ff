//! Playlists: put together by hand, or by a rule.

use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::items::done;
use super::tracks::{names, rule, sort};
use super::{Ask, Id, ListQuery, off_thread, reply};
use crate::catalog::{
    Catalog, Change, Found, Orders, Page, Playlist, PlaylistSort, PlaylistTold, Query, Smart, Sort,
};
use crate::dto::{List, PlaylistDto};
use crate::error::{Error, Result};
use crate::events::Event;

/// Longest name, in characters.
pub const MAX_NAME: usize = 200;
/// Longest comment, in characters.
pub const MAX_COMMENT: usize = 2_000;
/// Tracks of a smart playlist at most.
pub const MOST: u32 = 100_000;

/// What a request says of a playlist.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "PlaylistTold")]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// What it is called: one line.
    #[schemars(length(min = 1, max = MAX_NAME))]
    name: String,
    /// Whatever there is to say about it.
    #[serde(default)]
    #[schemars(length(max = MAX_COMMENT))]
    comment: String,
    /// By which it makes itself; none: items are put in by hand.
    rule: Option<String>,
    /// With a rule: by what it is ordered, `-` before it for descending.
    #[schemars(extend("enum" = names(Sort::ALL, &["rank"])))]
    sort: Option<String>,
    /// With a rule: tracks at most.
    #[schemars(range(min = 1, max = MOST))]
    limit: Option<u32>,
}

/// What a request says of a new playlist.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "PlaylistNew")]
#[serde(deny_unknown_fields)]
pub struct New {
    /// What it is called: one line.
    #[schemars(length(min = 1, max = MAX_NAME))]
    name: String,
    /// Whatever there is to say about it.
    #[serde(default)]
    #[schemars(length(max = MAX_COMMENT))]
    comment: String,
    /// By which it makes itself; none: items are put in by hand.
    rule: Option<String>,
    /// With a rule: by what it is ordered, `-` before it for descending.
    #[schemars(extend("enum" = names(Sort::ALL, &["rank"])))]
    sort: Option<String>,
    /// With a rule: tracks at most.
    #[schemars(range(min = 1, max = MOST))]
    limit: Option<u32>,
    /// Without a rule: what is in it from the start.
    #[serde(default)]
    track_ids: Vec<String>,
}

impl Told {
    fn checked(self) -> Result<PlaylistTold> {
        let name = self.name.trim().to_owned();
        let is_plain = |text: &str| text.chars().all(|c| !c.is_control() || c == '\n');
        if name.is_empty() || name.chars().count() > MAX_NAME || !is_plain(&name) || name.contains('\n') {
            let wants = format!("name must have 1 to {MAX_NAME} characters and no control characters");
            return Err(Error::unprocessable(wants).about("name"));
        }
        if self.comment.chars().count() > MAX_COMMENT || !is_plain(&self.comment) {
            let wants =
                format!("comment must have at most {MAX_COMMENT} characters and no control characters");
            return Err(Error::unprocessable(wants).about("comment"));
        }
        let smart = match self.rule {
            Some(text) => {
                rule("rule", Some(&text))?;
                if let Some(name) = self.sort.as_deref().filter(|name| *name != "rank") {
                    sort(Sort::ALL, name)?;
                }
                if self.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
                    return Err(
                        Error::unprocessable(format!("limit must be from 1 to {MOST}")).about("limit")
                    );
                }
                Some(Smart { rule: text, sort: self.sort, limit: self.limit })
            }
            None if self.sort.is_some() || self.limit.is_some() => {
                let field = if self.sort.is_some() { "sort" } else { "limit" };
                return Err(Error::unprocessable("sort and limit are for playlists with a rule").about(field));
            }
            None => None,
        };
        Ok(PlaylistTold { name, comment: self.comment, smart })
    }
}

/// GET /api/playlists
pub async fn list(ask: Ask) -> Result<Response> {
    let part = ask.query::<ListQuery<PlaylistSort>>()?.part()?;
    let (limit, offset) = (part.limit, part.offset);
    let catalog = ask.house.catalog.clone();
    let page = off_thread(move || {
        let Page { items, total } = catalog.playlists(&part)?;
        let items = items.into_iter().map(|playlist| counted(&catalog, playlist)).collect::<Result<_>>()?;
        Ok(Page { items, total })
    });
    reply::json(&List::new(page.await?, limit, offset, |playlist| playlist))
}

/// A playlist with how much is in it now.
fn counted(catalog: &Catalog, playlist: Playlist) -> Result<PlaylistDto> {
    let (n_tracks, duration_s) = match &playlist.told.smart {
        Some(smart) => {
            let found = made(catalog, smart, MOST, 0)?;
            (found.total, found.duration_s)
        }
        None => (playlist.n_items, playlist.duration_s),
    };
    Ok(PlaylistDto::new(playlist, n_tracks, duration_s))
}

/// What a rule makes now.
pub fn made(catalog: &Catalog, smart: &Smart, limit: u32, offset: u64) -> Result<Found> {
    let (by, descending) = match smart.sort.as_deref() {
        None | Some("rank") => (None, false),
        Some(name) => sort(Sort::ALL, name).map(|(by, descending)| (Some(by), descending))?,
    };
    let most = smart.limit.unwrap_or(MOST);
    let left = u64::from(most).saturating_sub(offset);
    let query = Query {
        rule: rule("rule", Some(&smart.rule))?,
        sort: by,
        descending,
        limit: limit.min(u32::try_from(left).unwrap_or(u32::MAX)),
        offset,
        ..Query::default()
    };
    let found = catalog.find(&query)?.unwrap_or_default();
    Ok(Found { total: found.total.min(u64::from(most)), ..found })
}

/// POST /api/playlists
pub async fn create(ask: Ask) -> Result<Response> {
    let New { name, comment, rule, sort, limit, track_ids } = ask.body()?;
    let told = Told { name, comment, rule, sort, limit }.checked()?;
    if told.smart.is_some() && !track_ids.is_empty() {
        return Err(Error::unprocessable("a playlist has a rule or track_ids, not both").about("track_ids"));
    }
    let catalog = ask.house.catalog.clone();
    let playlist = off_thread(move || {
        let key = catalog.new_playlist(&told)?;
        if !track_ids.is_empty() {
            let change = Change::Add { tracks: track_ids, before: None };
            if let Err(refused) = done(catalog.change_items(&key, &change)?) {
                catalog.forget_playlist(&key)?;
                return Err(refused);
            }
        }
        shown(&catalog, &key)
    });
    created(&ask, playlist.await?)
}

/// 201: a playlist has come.
pub fn created(ask: &Ask, playlist: PlaylistDto) -> Result<Response> {
    ask.house.events.tell(Event::Playlists);
    let mut response = reply::json(&playlist)?;
    *response.status_mut() = StatusCode::CREATED;
    let address = format!("/api/playlists/{}", playlist.id);
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// A playlist as it is now.
pub fn shown(catalog: &Catalog, key: &str) -> Result<PlaylistDto> {
    counted(catalog, catalog.playlist(key)?.ok_or_else(unknown)?)
}

/// 404: there is no such playlist.
pub fn unknown() -> Error {
    Error::not_found("there is no playlist with this id; it may have been deleted")
}

/// GET /api/playlists/{id}
pub async fn one(id: Id, ask: Ask) -> Result<Response> {
    let catalog = ask.house.catalog.clone();
    reply::json(&off_thread(move || shown(&catalog, &id.0)).await?)
}

/// PUT /api/playlists/{id}: its name, comment and rule anew
pub async fn put(id: Id, ask: Ask) -> Result<Response> {
    let told = ask.body::<Told>()?.checked()?;
    let catalog = ask.house.catalog.clone();
    let playlist = off_thread(move || {
        if !catalog.tell_playlist(&id.0, &told)? {
            return Err(unknown());
        }
        shown(&catalog, &id.0)
    });
    let playlist = playlist.await?;
    ask.house.events.tell(Event::Playlists);
    reply::json(&playlist)
}

/// DELETE /api/playlists/{id}: it is gone afterwards, whether or not it was there
pub async fn delete(id: Id, ask: Ask) -> Result<Response> {
    ask.house.catalog.ask(move |catalog| catalog.forget_playlist(&id.0)).await?;
    ask.house.events.tell(Event::Playlists);
    Ok(reply::nothing())
}

/// A playlist that is put together by hand, by its name.
pub fn by_hand(name: String) -> Result<PlaylistTold> {
    Told { name, comment: String::new(), rule: None, sort: None, limit: None }.checked()
}
