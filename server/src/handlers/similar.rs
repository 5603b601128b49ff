//! The tracks that sound most like one, and in what they differ.

use auralis_core::fingerprint::{Point, explain};
use serde::Deserialize;
use warp::reply::Response;

use super::prints::{measured, stored};
use super::{Ask, Id, off_thread, reply, tracks};
use crate::alike::descriptors;
use crate::catalog::Page;
use crate::dto::{List, SimilarDto};
use crate::error::{Error, Result};

/// Tracks that are told at most, and if nothing is said.
const MOST: u32 = 50;
const USUAL: u32 = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SimilarQuery {
    limit: Option<u32>,
}

/// GET /api/tracks/{id}/similar: the nearest first
pub async fn list(id: Id, ask: Ask) -> Result<Response> {
    let limit = ask.query::<SimilarQuery>()?.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::unprocessable(format!("limit is {limit}; it must be from 1 to {MOST}")));
    }
    let house = &ask.house;
    let (track, json) = stored(house, &id).await?;
    let own = descriptors(&measured(house, &track, json).await?)?;
    let near = house.alike.nearest(&house.catalog, track.row, Point::new(&own), limit as usize).await?;
    let catalog = house.catalog.clone();
    let read = off_thread(move || {
        let mut items = Vec::with_capacity(near.found.len());
        for (row, distance) in near.found {
            // One that has left the library since is left out.
            let json = catalog.descriptors_by_row(row)?;
            let other = json.and_then(|json| serde_json::from_str(&json).ok());
            if let Some((track, other)) = catalog.track_by_row(row)?.zip(other) {
                items.push((track, distance, explain(&own, &other)));
            }
        }
        Ok(Page { items, total: near.n_others })
    });
    let page = read.await?;
    reply::json(&List::new(page, limit, 0, |(track, distance, reasons)| SimilarDto {
        track: tracks::dto(house, track),
        distance,
        reasons,
    }))
}
