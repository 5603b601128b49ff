//! The library as a whole: scans and faults.

use std::marker::PhantomData;
use std::time::Duration;

use auralis_core::plan::Taste;
use schemars::JsonSchema;
use serde::Deserialize;
use warp::reply::Response;

use super::tracks::names;
use super::{Ask, Id, ListQuery, MAX_OFFSET, off_thread, reply};
use crate::catalog::{DirectorySort, FaultSort, MissingSort, Orders, fold};
use crate::dto::{
    DirectoryDto, FaultDto, FolderDto, ForgottenDto, List, MissingDto, RetriedDto, ScanDto, StatisticsDto,
};
use crate::error::{Error, Result};
use crate::events::Event;
use crate::limits::Dear;
use crate::measuring::taste_key;
use crate::scan::Phase;

/// How long a scan that is to stop may be at one file.
const PATIENCE: Duration = Duration::from_secs(5);

/// GET /api/library/scan
pub async fn scan(ask: Ask) -> Result<Response> {
    reply::json(&status(&ask).await?)
}

/// POST /api/library/scan
pub async fn start_scan(ask: Ask) -> Result<Response> {
    ask.spend(Dear::Scan)?;
    ask.house.scanner.ask();
    reply::accepted(&status(&ask).await?)
}

/// DELETE /api/library/scan: stops it; what it has read stays
pub async fn stop_scan(ask: Ask) -> Result<Response> {
    let scanner = ask.house.scanner.clone();
    off_thread(move || {
        scanner.cancel(PATIENCE);
        Ok(())
    })
    .await?;
    reply::json(&status(&ask).await?)
}

/// GET /api/library/faults
pub async fn faults(ask: Ask) -> Result<Response> {
    let part = ask.query::<ListQuery<FaultSort>>()?.part()?;
    let (limit, offset) = (part.limit, part.offset);
    let page = ask.house.catalog.ask(move |catalog| catalog.faults(&part)).await?;
    reply::json(&List::new(page, limit, offset, FaultDto::from))
}

/// POST /api/library/faults/retry
pub async fn retry(ask: Ask) -> Result<Response> {
    let retried = ask.house.catalog.ask(|catalog| catalog.forget_faults(None)).await?;
    tried_again(&ask, retried)
}

/// POST /api/library/faults/{id}/retry
pub async fn retry_one(id: Id, ask: Ask) -> Result<Response> {
    let retried = ask.house.catalog.ask(move |catalog| catalog.forget_faults(Some(&id.0))).await?;
    if retried == 0 {
        return Err(Error::not_found("there is no fault of a track with this id; it may be mended"));
    }
    tried_again(&ask, retried)
}

fn tried_again(ask: &Ask, retried: usize) -> Result<Response> {
    ask.house.measurers.retry();
    ask.house.scanner.ask();
    ask.house.events.tell(Event::Library);
    reply::accepted(&RetriedDto { retried })
}

/// GET /api/library/missing
pub async fn missing(ask: Ask) -> Result<Response> {
    let part = ask.query::<ListQuery<MissingSort>>()?.part()?;
    let (limit, offset) = (part.limit, part.offset);
    let page = ask.house.catalog.ask(move |catalog| catalog.missing(&part)).await?;
    reply::json(&List::new(page, limit, offset, MissingDto::from))
}

/// DELETE /api/library/missing: forgets them, with all that was known of them
pub async fn forget_missing(ask: Ask) -> Result<Response> {
    let forgotten = ask.house.catalog.ask(|catalog| catalog.forget_missing()).await?;
    ask.house.events.tell(Event::Library);
    reply::json(&ForgottenDto { forgotten })
}

async fn status(ask: &Ask) -> Result<ScanDto> {
    // In this order: what is said to be idle is counted to its end.
    let status = ask.house.scanner.status();
    let taste = taste_key(&Taste::default())?;
    let is_exact = status.state == Phase::Idle;
    let counts = ask.house.catalog.ask(move |catalog| catalog.counts(&taste, is_exact)).await?;
    let measure_speed = ask.house.measurers.speed().filter(|_| counts.waiting > 0);
    Ok(ScanDto {
        status,
        tracks: counts.tracks,
        measured: counts.measured,
        failed: counts.failed,
        waiting: counts.waiting,
        missing: counts.missing,
        unchecked: counts.unchecked,
        measure_speed,
        measure_left_s: measure_speed.map(|speed| counts.waiting_s / speed),
    })
}

/// Which directory, and which part of what lies in it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoldersQuery {
    /// A directory; the library itself if nothing is said.
    dir: Option<String>,
    /// Words that the names have, or beginnings, ends and middles of words.
    q: Option<String>,
    /// By what; `-` before it for descending.
    #[schemars(extend("enum" = names(DirectorySort::ALL, &[]), "default" = DirectorySort::USUAL))]
    sort: Option<String>,
    /// Items at most.
    #[schemars(range(min = 1, max = 500), extend("default" = 100))]
    limit: Option<i64>,
    /// After how many of all.
    #[schemars(range(min = 0, max = MAX_OFFSET), extend("default" = 0))]
    offset: Option<i64>,
}

/// GET /api/library/folders: the library's folders, or what lies right in a
/// directory
pub async fn folders(ask: Ask) -> Result<Response> {
    let FoldersQuery { dir, q, sort, limit, offset } = ask.query()?;
    let part = ListQuery { q, sort, limit, offset, of: PhantomData }.part()?;
    let (limit, offset) = (part.limit, part.offset);
    let all = ask.house.catalog.ask(move |catalog| match dir {
        None => Ok(Some((Vec::new(), catalog.roots()?.into_iter().map(DirectoryDto::root).collect()))),
        Some(key) => Ok(catalog.inside(&key)?.map(|inside| {
            (inside.way, inside.directories.into_iter().map(DirectoryDto::from).collect::<Vec<_>>())
        })),
    });
    let (way, all) = all.await?.ok_or_else(no_directory)?;
    // They come by name.
    let key = |dir: &DirectoryDto| match part.sort {
        DirectorySort::Name => (0, fold(&dir.name)),
        DirectorySort::Tracks => (dir.n_tracks, String::new()),
    };
    let page = part.cut(all, |dir| dir.name.clone(), key);
    reply::json(&FolderDto::new(List::new(page, limit, offset, |dto| dto), way))
}

/// There is no directory of that id.
pub fn no_directory() -> Error {
    Error::not_found("there is no such directory; it may have left the library")
}

/// GET /api/library/statistics
pub async fn statistics(ask: Ask) -> Result<Response> {
    let statistics = ask.house.catalog.ask(|catalog| catalog.statistics()).await?;
    reply::json(&StatisticsDto::from(statistics))
}
