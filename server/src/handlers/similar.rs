//! Tracks by their sound: those most like one, what goes on from one, what leads
//! from one to another; and in what they differ.

use std::collections::{HashMap, HashSet};

use auralis_core::fingerprint::{Descriptors, Point, explain};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::reply::Response;

use super::prints::{measured, stored};
use super::{Ask, House, Id, limit, off_thread, reply, tracks};
use crate::alike::descriptors;
use crate::catalog::{Catalog, Page, Part, PlaySort, Queue, State, Track};
use crate::dto::{List, SimilarDto};
use crate::error::{Error, Result};

/// Tracks that are told at most, and if nothing is said.
const MOST: u32 = 50;
const USUAL: u32 = 10;

/// How many are told.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimilarQuery {
    /// Tracks at most.
    #[schemars(range(min = 1, max = MOST), extend("default" = USUAL))]
    limit: Option<i64>,
}

/// GET /api/tracks/{id}/similar: the nearest first
pub async fn list(id: Id, ask: Ask) -> Result<Response> {
    let limit = limit(ask.query::<SimilarQuery>()?.limit, USUAL, MOST)?;
    let house = &ask.house;
    let (track, json) = stored(house, &id).await?;
    let own = descriptors(&measured(house, &track, json).await?)?;
    let near = house.alike.nearest(&house.catalog, track.row, Point::new(&own), limit as usize).await?;
    let catalog = house.catalog.clone();
    let read = off_thread(move || {
        let rows: Vec<u32> = near.found.iter().map(|(row, _)| *row as u32).collect();
        let told = catalog.descriptors_by_row(&rows)?;
        let distances: HashMap<i64, f32> = near.found.into_iter().collect();
        // One that has left the library since is left out.
        let tracks = catalog.tracks_by_row(&rows)?.into_iter().filter(|track| track.state != State::Missing);
        let items = tracks.filter_map(|track| {
            let other = serde_json::from_str(told.get(&track.row)?).ok()?;
            let distance = *distances.get(&track.row)?;
            Some((track, distance, explain(&own, &other)))
        });
        let items = items.collect();
        Ok(Page { items, total: near.n_others })
    });
    let page = read.await?;
    reply::json(&List::new(page, limit, 0, |(track, distance, reasons)| SimilarDto {
        track: tracks::dto(house, track),
        distance,
        reasons,
    }))
}

/// Tracks heard so lately that a radio leaves them out; where there are few, half
/// of them, or it would soon be silent.
const LATELY: u32 = 100;
/// Tracks between two of one artist on a radio, if there are others.
const APART: usize = 2;

/// GET /api/tracks/{id}/radio: what goes on from a track by its sound, without
/// what is still to come in the queue and what was heard lately, and without one
/// artist twice in a row
pub async fn radio(id: Id, ask: Ask) -> Result<Response> {
    let limit = limit(ask.query::<SimilarQuery>()?.limit, USUAL, MOST)?;
    let house = &ask.house;
    let (track, json) = stored(house, &id).await?;
    let own = descriptors(&measured(house, &track, json).await?)?;
    let catalog = house.catalog.clone();
    let (mut not, heard) = off_thread(move || Ok((to_come(&catalog.queue()?), lately(&catalog)?))).await?;
    // Enough that something is left of it.
    let n = not.len() + heard.len() + 8 * limit as usize;
    let near = house.alike.nearest(&house.catalog, track.row, Point::new(&own), n).await?;
    not.extend(heard.into_iter().take(near.n_others as usize / 2));
    let rows: Vec<u32> =
        near.found.into_iter().map(|(row, _)| row as u32).filter(|row| !not.contains(row)).collect();
    let catalog = house.catalog.clone();
    let page = off_thread(move || {
        let tracks = catalog.tracks_by_row(&rows)?;
        let told = catalog.descriptors_by_row(&rows)?;
        let row = in_a_row(track, tracks, &told, limit as usize)?;
        Ok(steps(&own, row, &told))
    });
    reply::json(&sequence(house, page.await?, limit))
}

/// The rows of what plays and all behind it.
fn to_come(queue: &Queue) -> HashSet<u32> {
    let at = queue.items.iter().position(|item| Some(item.id) == queue.at);
    queue.items[at.unwrap_or(0)..].iter().map(|item| item.track).collect()
}

/// The rows of what was heard, the last first.
fn lately(catalog: &Catalog) -> Result<Vec<u32>> {
    let mut met = HashSet::new();
    let heard =
        catalog.plays(&Part::of((PlaySort::At, true), LATELY, 0))?.items.into_iter().map(|play| play.track);
    Ok(heard.filter(|row| met.insert(*row)).collect())
}

/// Up to `n` of `tracks`, each the nearest to the one before it whose artist was
/// not just heard.
fn in_a_row(
    from: Track,
    mut tracks: Vec<Track>,
    told: &HashMap<i64, String>,
    n: usize,
) -> Result<Vec<Track>> {
    tracks.retain(|track| track.state == State::Measured && told.contains_key(&track.row));
    let mut row = vec![from];
    let mut points: HashMap<i64, Point> = HashMap::new();
    for track in &tracks {
        points.insert(track.row, Point::new(&serde_json::from_str(&told[&track.row])?));
    }
    while row.len() <= n && !tracks.is_empty() {
        let lately: Vec<&Vec<String>> = row.iter().rev().take(APART).map(|track| &track.artists).collect();
        let last = row.last().and_then(|last| points.get(&last.row)).copied();
        let far = |track: &Track| match (last, points.get(&track.row)) {
            (Some(last), Some(point)) => last.distance(point),
            // From the first, they come nearest first.
            _ => 0.0,
        };
        let is_again = |track: &Track| !track.artists.is_empty() && lately.contains(&&track.artists);
        let order = |a: &&(usize, (bool, f32)), b: &&(usize, (bool, f32))| {
            a.1.0.cmp(&b.1.0).then(a.1.1.total_cmp(&b.1.1)).then(a.0.cmp(&b.0))
        };
        let ways: Vec<(usize, (bool, f32))> =
            tracks.iter().map(|track| (is_again(track), far(track))).enumerate().collect();
        let Some(&(at, _)) = ways.iter().min_by(order) else { break };
        row.push(tracks.remove(at));
    }
    row.remove(0);
    Ok(row)
}

/// Where a path leads, and in how many steps.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathQuery {
    /// The id of the track at its end.
    to: String,
    /// Tracks between at most.
    #[schemars(range(min = 1, max = MOST), extend("default" = USUAL))]
    limit: Option<i64>,
}

/// GET /api/tracks/{id}/path: tracks that lead from one to another by their sound
pub async fn path(id: Id, ask: Ask) -> Result<Response> {
    let PathQuery { to, limit } = ask.query()?;
    let limit = super::limit(limit, USUAL, MOST)?;
    let house = &ask.house;
    let (from, json) = stored(house, &id).await?;
    let own = descriptors(&measured(house, &from, json).await?)?;
    let unknown = || {
        Error::unprocessable(format!("to is {to:?}; there is no track with this id in the library"))
            .about("to")
    };
    let to_id: Id = to.parse().map_err(|()| unknown())?;
    let (to, json) =
        stored(house, &to_id).await.map_err(|error| if error.status == 404 { unknown() } else { error })?;
    let other = descriptors(&measured(house, &to, json).await?)?;
    let ends = (Point::new(&own), Point::new(&other));
    let not = HashSet::from([from.row, to.row]);
    let way = house.alike.between(&house.catalog, ends, limit as usize, not).await?;
    let rows: Vec<u32> = way.into_iter().map(|row| row as u32).collect();
    let catalog = house.catalog.clone();
    let page = off_thread(move || {
        let told = catalog.descriptors_by_row(&rows)?;
        Ok(steps(&own, catalog.tracks_by_row(&rows)?, &told))
    });
    reply::json(&sequence(house, page.await?, limit))
}

type Step = (Track, f32, Vec<String>);

/// Each track with how far it is from the one before, and in what.
fn steps(from: &Descriptors, tracks: Vec<Track>, told: &HashMap<i64, String>) -> Vec<Step> {
    let mut last = *from;
    let step = |track: Track| {
        let own: Descriptors = serde_json::from_str(told.get(&track.row)?).ok()?;
        let step = (track, Point::new(&last).distance(&Point::new(&own)), explain(&last, &own));
        last = own;
        Some(step)
    };
    tracks.into_iter().filter(|track| track.state != State::Missing).filter_map(step).collect()
}

fn sequence(house: &House, steps: Vec<Step>, limit: u32) -> List<SimilarDto> {
    let page = Page { total: steps.len() as u64, items: steps };
    List::new(page, limit, 0, |(track, distance, reasons)| SimilarDto {
        track: tracks::dto(house, track),
        distance,
        reasons,
    })
}
