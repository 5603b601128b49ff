//! What a listener makes of tracks: favourites, stars, what was heard, and how
//! one shall always sound.

use schemars::JsonSchema;
use serde::Deserialize;
use warp::reply::Response;

use super::items::with_tracks;
use super::taste::taste;
use super::tracks::{dto, rule};
use super::{Ask, Id, ListQuery, off_thread, reply};
use crate::catalog::{self, Catalog, Page, Part, PlaySort, Query, Sort};
use crate::dto::{CountedDto, List, PlayDto, TasteDto};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::rule::{Rule, Trait};

/// GET /api/favorites
pub async fn favorites(ask: Ask) -> Result<Response> {
    let Part { sort, descending, words, limit, offset } = ask.query::<ListQuery<Sort>>()?.part()?;
    let rule = Rule::All(vec![Rule::Is(Trait::Favorite), rule("q", Some(&words))?]);
    let query = Query { rule, sort: Some(sort), descending, limit, offset, ..Query::default() };
    let page = ask.house.catalog.ask(move |catalog| catalog.tracks(&query)).await?.unwrap_or_default();
    reply::json(&List::new(page, limit, offset, |track| dto(&ask.house, track)))
}

/// PUT /api/favorites/{id}
pub async fn favor(id: Id, ask: Ask) -> Result<Response> {
    of_track(&ask, id, |catalog, key| catalog.favor(key, true)).await
}

/// DELETE /api/favorites/{id}
pub async fn unfavor(id: Id, ask: Ask) -> Result<Response> {
    of_track(&ask, id, |catalog, key| catalog.favor(key, false)).await
}

/// How good a track is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stars {
    /// 1 to 5.
    #[schemars(range(min = 1, max = 5))]
    stars: i64,
}

/// PUT /api/tracks/{id}/rating
pub async fn rate(id: Id, ask: Ask) -> Result<Response> {
    let Stars { stars } = ask.body()?;
    if !(1..=5).contains(&stars) {
        return Err(Error::unprocessable(format!("stars is {stars}; it must be from 1 to 5")).about("stars"));
    }
    of_track(&ask, id, move |catalog, key| catalog.rate(key, Some(stars as u8))).await
}

/// DELETE /api/tracks/{id}/rating
pub async fn unrate(id: Id, ask: Ask) -> Result<Response> {
    of_track(&ask, id, |catalog, key| catalog.rate(key, None)).await
}

/// Does something about a track; 204.
async fn of_track(
    ask: &Ask,
    id: Id,
    change: impl FnOnce(&Catalog, &str) -> catalog::Result<bool> + Send + 'static,
) -> Result<Response> {
    let key = id.0.clone();
    if !ask.house.catalog.ask(move |catalog| change(catalog, &key)).await? {
        return Err(Error::not_found("there is no track with this id; it may have left the library"));
    }
    ask.house.events.tell(Event::Changed { track_id: id.0 });
    Ok(reply::nothing())
}

/// GET /api/history: the newest first
pub async fn history(ask: Ask) -> Result<Response> {
    let part = ask.query::<ListQuery<PlaySort>>()?.part()?;
    let (limit, offset) = (part.limit, part.offset);
    let catalog = ask.house.catalog.clone();
    let page = off_thread(move || {
        let page = catalog.plays(&part)?;
        let rows = page.items.into_iter().map(|play| (play.clone(), play.track)).collect();
        Ok(Page { items: with_tracks(&catalog, rows)?, total: page.total })
    });
    reply::json(&List::new(page.await?, limit, offset, |(play, track)| {
        PlayDto::new(play, dto(&ask.house, track))
    }))
}

/// What was heard of a track.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// Of which track.
    track_id: String,
    /// When it began, in seconds since 1970; not in the future.
    #[schemars(range(min = 0))]
    at: i64,
    /// How much was heard, in seconds.
    #[schemars(range(min = 0, max = 86_400))]
    listened_s: f64,
}

/// PUT /api/history/{id}: what was heard of a track so far, under an id that
/// whoever plays chooses
pub async fn heard(id: Id, ask: Ask) -> Result<Response> {
    let Heard { track_id, at, listened_s } = ask.body()?;
    let latest = catalog::now() + 86_400;
    if !(0..=latest).contains(&at) {
        return Err(Error::unprocessable("at must be seconds since 1970, and not in the future").about("at"));
    }
    if !(0.0..=86_400.0).contains(&listened_s) {
        return Err(Error::unprocessable("listened_s must be from 0 to 86400").about("listened_s"));
    }
    let track = track_id.clone();
    let counted =
        ask.house.catalog.ask(move |catalog| catalog.put_play(&id.0, &track, at, listened_s)).await?;
    let counted = counted.ok_or_else(|| {
        Error::unprocessable("there is no such track, or this id is of another's play").about("track_id")
    })?;
    ask.house.events.tell(Event::Changed { track_id });
    reply::json(&CountedDto { counted })
}

/// DELETE /api/history/{id}: takes a play back
pub async fn unheard(id: Id, ask: Ask) -> Result<Response> {
    ask.house.catalog.ask(move |catalog| catalog.forget_play(&id.0)).await?;
    Ok(reply::nothing())
}

/// What is remembered of a taste, if it can be meant.
fn checked(told: &TasteDto) -> Result<String> {
    taste(told.preset.as_deref(), told.intensity, told.target_lufs)?;
    Ok(serde_json::to_string(told)?)
}

/// Of what a taste is remembered.
#[derive(Clone, Copy)]
enum Of {
    Track,
    Album,
}

impl Of {
    fn unknown(self) -> Error {
        Error::not_found(match self {
            Of::Track => "there is no track with this id; it may have left the library",
            Of::Album => "there is no album with this id; it may have left the library",
        })
    }

    async fn taste(self, id: Id, ask: Ask) -> Result<Response> {
        let found = ask.house.catalog.ask(move |catalog| match self {
            Of::Track => catalog.track_taste(&id.0),
            Of::Album => catalog.album_taste(&id.0),
        });
        let json = found.await?.ok_or_else(|| self.unknown())?;
        let json = json.ok_or_else(|| Error::not_found("no taste is remembered here"))?;
        reply::json(&serde_json::from_str::<TasteDto>(&json)?)
    }

    async fn put(self, id: Id, ask: Ask, json: Option<String>) -> Result<Response> {
        let key = id.0.clone();
        let put = ask.house.catalog.ask(move |catalog| match self {
            Of::Track => catalog.put_track_taste(&key, json.as_deref()),
            Of::Album => catalog.put_album_taste(&key, json.as_deref()),
        });
        if !put.await? {
            return Err(self.unknown());
        }
        ask.house.events.tell(match self {
            Of::Track => Event::Changed { track_id: id.0 },
            Of::Album => Event::Library,
        });
        Ok(reply::nothing())
    }
}

/// GET /api/tracks/{id}/taste
pub async fn track_taste(id: Id, ask: Ask) -> Result<Response> {
    Of::Track.taste(id, ask).await
}

/// PUT /api/tracks/{id}/taste
pub async fn put_track_taste(id: Id, ask: Ask) -> Result<Response> {
    let json = checked(&ask.body()?)?;
    Of::Track.put(id, ask, Some(json)).await
}

/// DELETE /api/tracks/{id}/taste
pub async fn forget_track_taste(id: Id, ask: Ask) -> Result<Response> {
    Of::Track.put(id, ask, None).await
}

/// GET /api/albums/{id}/taste
pub async fn album_taste(id: Id, ask: Ask) -> Result<Response> {
    Of::Album.taste(id, ask).await
}

/// PUT /api/albums/{id}/taste
pub async fn put_album_taste(id: Id, ask: Ask) -> Result<Response> {
    let json = checked(&ask.body()?)?;
    Of::Album.put(id, ask, Some(json)).await
}

/// DELETE /api/albums/{id}/taste
pub async fn forget_album_taste(id: Id, ask: Ask) -> Result<Response> {
    Of::Album.put(id, ask, None).await
}
