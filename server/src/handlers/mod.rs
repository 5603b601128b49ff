//! What is answered at each address: a handler reads what was asked, asks one
//! room below, and says it as a dto.

pub mod health;
pub mod library;
pub mod page;
mod prints;
pub mod reply;
pub mod similar;
pub mod socket;
pub mod sound;
mod taste;
pub mod tracks;

use std::str::FromStr;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::sync::watch;
use warp::http::{HeaderMap, Method};

use crate::alike::Alike;
use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::pool::Pool;
use crate::scan::Scanner;

/// The rooms below, as handlers reach them.
#[derive(Clone)]
pub struct House {
    /// What is known.
    pub catalog: Catalog,
    /// What sounds alike.
    pub alike: Alike,
    /// Who measures.
    pub jobs: Jobs,
    /// Who scans.
    pub scanner: Scanner,
    /// Who renders.
    pub pool: Pool,
    /// Who tells.
    pub events: Events,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Says `true` when the server ends.
    pub ending: watch::Receiver<bool>,
}

/// One request, with what its answer may need.
pub struct Ask {
    /// The rooms below.
    pub house: Arc<House>,
    /// GET, HEAD, POST…
    pub method: Method,
    /// Its header fields.
    pub headers: HeaderMap,
    /// What stands after the `?`.
    pub query: String,
}

impl Ask {
    /// The query's fields; an unknown, a doubled or a bad one is refused.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T> {
        serde_urlencoded::from_str(&self.query)
            .map_err(|error| Error::bad_request(format!("in the query: {error}")))
    }

    /// Whether only the headers are wanted.
    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }
}

/// A track's or an album's opaque id, as it stands in a path.
#[derive(Clone, Debug)]
pub struct Id(pub String);

impl FromStr for Id {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let fits =
            !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Id(text.to_owned())) } else { Err(()) }
    }
}

/// A part of a list, as a query asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How many at most.
    pub limit: u32,
    /// After how many.
    pub offset: u64,
}

impl Window {
    /// 1–500 items, 100 if nothing is said.
    pub fn new(limit: Option<u32>, offset: Option<u64>) -> Result<Self> {
        let limit = limit.unwrap_or(100);
        if !(1..=500).contains(&limit) {
            return Err(Error::unprocessable(format!("limit is {limit}; it must be from 1 to 500")));
        }
        Ok(Window { limit, offset: offset.unwrap_or(0) })
    }
}

/// Runs what would hold up an async thread.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(outcome) => outcome,
        Err(gone) => Err(Error::unexpected(gone)),
    }
}
