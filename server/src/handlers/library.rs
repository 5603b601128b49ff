//! The library as a whole: scans and faults.

use auralis_core::plan::Taste;
use serde::Deserialize;
use warp::reply::Response;

use super::{Ask, Window, reply};
use crate::dto::{FaultDto, List, MissingDto, ScanDto};
use crate::error::Result;
use crate::events::Event;
use crate::jobs::taste_key;

/// GET /api/library/scan
pub async fn scan(ask: Ask) -> Result<Response> {
    reply::json(&status(&ask).await?)
}

/// POST /api/library/scan
pub async fn start_scan(ask: Ask) -> Result<Response> {
    ask.house.scanner.ask();
    reply::accepted(&status(&ask).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowQuery {
    limit: Option<u32>,
    offset: Option<u64>,
}

/// GET /api/library/faults
pub async fn faults(ask: Ask) -> Result<Response> {
    let query: WindowQuery = ask.query()?;
    let Window { limit, offset } = Window::new(query.limit, query.offset)?;
    let page = ask.house.catalog.ask(move |catalog| catalog.faults(limit, offset)).await?;
    reply::json(&List::new(page, limit, offset, FaultDto::from))
}

/// POST /api/library/faults/retry
pub async fn retry(ask: Ask) -> Result<Response> {
    let n_faults = ask.house.catalog.ask(|catalog| catalog.forget_faults()).await?;
    ask.house.jobs.retry();
    ask.house.scanner.ask();
    reply::accepted(&serde_json::json!({ "retried": n_faults }))
}

/// GET /api/library/missing
pub async fn missing(ask: Ask) -> Result<Response> {
    let query: WindowQuery = ask.query()?;
    let Window { limit, offset } = Window::new(query.limit, query.offset)?;
    let page = ask.house.catalog.ask(move |catalog| catalog.missing(limit, offset)).await?;
    reply::json(&List::new(page, limit, offset, MissingDto::from))
}

/// DELETE /api/library/missing: forgets them, with all that was known of them
pub async fn forget_missing(ask: Ask) -> Result<Response> {
    let n_forgotten = ask.house.catalog.ask(|catalog| catalog.forget_missing()).await?;
    ask.house.events.tell(Event::Library);
    reply::json(&serde_json::json!({ "forgotten": n_forgotten }))
}

async fn status(ask: &Ask) -> Result<ScanDto> {
    // In this order: what is said to be idle is counted to its end.
    let status = ask.house.scanner.status();
    let taste = taste_key(&Taste::default())?;
    let asked = ask.house.catalog.ask(move |catalog| Ok((catalog.counts()?, catalog.n_untrimmed(&taste)?)));
    let (counts, unchecked) = asked.await?;
    Ok(ScanDto {
        status,
        tracks: counts.tracks,
        measured: counts.measured,
        failed: counts.failed,
        waiting: counts.waiting,
        missing: counts.missing,
        unchecked,
    })
}
