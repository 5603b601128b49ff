//! Fingerprints as handlers need them: stored, or why there is none, or waited
//! for. Who is asked for and is not measured yet is measured first of all.

use std::time::Duration;

use auralis_core::fingerprint::Fingerprint;
use tokio::time::{Instant, timeout_at};
use warp::http::StatusCode;

use super::tracks::{find, find_file};
use super::{House, Id};
use crate::catalog::{State, Track};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::media;

/// How long a stream waits for a fingerprint that is being made.
const PATIENCE: Duration = Duration::from_secs(5);

/// The track and its fingerprint, if it has one.
pub async fn stored(house: &House, id: &Id) -> Result<(Track, Option<String>)> {
    let track = find(house, id).await?;
    let key = id.0.clone();
    let json = house.catalog.ask(move |catalog| catalog.fingerprint(&key)).await?;
    Ok((track, json))
}

/// The fingerprint, or why there is none; a track that waits is put first.
pub async fn measured(house: &House, track: &Track, json: Option<String>) -> Result<String> {
    if let Some(json) = json {
        return Ok(json);
    }
    if track.state == State::Failed {
        let fault = track.fault.as_deref().unwrap_or("it could not be measured");
        let detail = format!("this track could not be measured: {fault}; it plays as it is");
        return Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, "not-measurable", detail));
    }
    if track.state == State::Missing {
        return Err(media::Error::Missing.into());
    }
    let file = find_file(house, &Id(track.key.clone())).await?;
    house.measurers.hurry(file);
    Err(Error::measuring())
}

/// The track and its fingerprint, waited for a while if it is being made.
pub async fn awaited(house: &House, id: &Id) -> Result<(Track, String)> {
    let until = Instant::now() + PATIENCE;
    let mut events = house.events.listen();
    loop {
        // Asked after listening, so that no event falls between.
        let (track, json) = stored(house, id).await?;
        let measuring = match measured(house, &track, json).await {
            Err(measuring) if measuring.kind == "measuring" => measuring,
            answered => return Ok((track, answered?)),
        };
        let about_it = async {
            loop {
                match events.recv().await {
                    Ok(Event::Measured { track_id } | Event::Failed { track_id, .. }) if track_id == id.0 => {
                        return;
                    }
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        };
        if timeout_at(until, about_it).await.is_err() {
            return Err(measuring);
        }
    }
}

/// A fingerprint as the catalog keeps it.
pub fn parsed(json: &str) -> Result<Fingerprint> {
    Ok(serde_json::from_str(json)?)
}
