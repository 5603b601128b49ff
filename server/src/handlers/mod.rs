//! What is answered at each address: a handler reads what was asked, asks one
//! room below, and says it as a dto.

pub mod artwork;
pub mod exchange;
pub mod groups;
pub mod health;
pub mod items;
pub mod jobs;
pub mod library;
pub mod listening;
pub mod page;
pub mod playlists;
mod prints;
pub mod queue;
pub mod reply;
pub mod search;
pub mod similar;
pub mod socket;
pub mod sound;
pub mod taste;
pub mod tracks;

use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::watch;
use warp::http::{HeaderMap, Method, StatusCode};

use self::tracks::{names, sort};
use crate::alike::Alike;
use crate::art::Art;
use crate::catalog::{Catalog, Orders, Part};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::events::Events;
use crate::gate;
use crate::jobs::Jobs;
use crate::limits::{Dear, Limits};
use crate::measuring::Measurers;
use crate::metrics::Metrics;
use crate::scan::Scanner;
use crate::stream::{Chunks, Renders};

/// The rooms below, as handlers reach them.
#[derive(Clone)]
pub struct House {
    /// What is known.
    pub catalog: Catalog,
    /// What sounds alike.
    pub alike: Alike,
    /// What the pictures are.
    pub art: Art,
    /// Who measures.
    pub measurers: Measurers,
    /// Who scans.
    pub scanner: Scanner,
    /// Who renders.
    pub renders: Renders,
    /// What was rendered of late.
    pub chunks: Arc<Chunks>,
    /// How often who may ask for what is dear.
    pub limits: Arc<Limits>,
    /// Who renders to files.
    pub jobs: Jobs,
    /// Who tells.
    pub events: Events,
    /// How sockets are tried.
    pub pings: socket::Pings,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Says `true` when the server ends.
    pub ending: watch::Receiver<bool>,
    /// The port, if it speaks https too.
    pub https_port: Option<u16>,
}

/// One request, with what its answer may need.
pub struct Ask {
    /// The rooms below.
    pub house: Arc<House>,
    /// Who asks.
    pub client: Client,
    /// GET, HEAD, POST…
    pub method: Method,
    /// Its header fields.
    pub headers: HeaderMap,
    /// What stands after the `?`.
    pub query: String,
    /// What follows the header.
    pub body: Bytes,
}

impl Ask {
    /// The query's fields; an unknown, a doubled or a bad one is refused.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T> {
        let pairs = form_urlencoded::parse(self.query.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
            let wrong = Error::bad_request(format!("in the query: {error}"));
            wrong.about(error.path().to_string())
        })
    }

    /// The part of a list that the query asks for.
    pub fn window(&self) -> Result<Window> {
        let WindowQuery { limit, offset } = self.query()?;
        Window::new(limit, offset)
    }

    /// The body's fields; it must be JSON, and an unknown or a bad field is
    /// refused.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T> {
        self.is_of(&[gate::JSON])?;
        let wrong = |error: &dyn std::fmt::Display| format!("in the body: {error}");
        // What is no JSON is a 400, whatever else is wrong with it.
        serde_json::from_slice::<IgnoredAny>(&self.body)
            .map_err(|error| Error::bad_request(wrong(&error)))?;
        // Serde would read a struct from an array too.
        if !self.body.trim_ascii_start().starts_with(b"{") {
            return Err(Error::unprocessable("the body must be an object").about("body"));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let field = Some(error.path().to_string()).filter(|path| path != ".");
            Error::unprocessable(wrong(error.inner())).about(field.unwrap_or_else(|| "body".to_owned()))
        })
    }

    /// Refuses a body that is of no kind of these.
    pub fn is_of(&self, kinds: &[&str]) -> Result<()> {
        if kinds.iter().any(|kind| gate::media_type(&self.headers).eq_ignore_ascii_case(kind)) {
            return Ok(());
        }
        let detail = format!("the body must be {}", kinds.join(" or "));
        Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail))
    }

    /// Takes one of the client's tokens for what is dear.
    pub fn spend(&self, dear: Dear) -> Result<()> {
        self.house.limits.take(self.client, dear)
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

/// What a client waits for a disk at most.
const BUDGET: Duration = Duration::from_secs(30);

/// The greatest offset: beyond it a JSON number is not exact everywhere.
const MAX_OFFSET: i64 = (1 << 53) - 1;

/// Which part of a list is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowQuery {
    /// Items at most.
    #[schemars(range(min = 1, max = 500), extend("default" = 100))]
    limit: Option<i64>,
    /// After how many of all.
    #[schemars(range(min = 0, max = MAX_OFFSET), extend("default" = 0))]
    offset: Option<i64>,
}

/// Which part of a list is wanted, of which items, and in which order.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "ListQuery", bound = "S: Orders")]
#[serde(deny_unknown_fields, bound = "")]
pub struct ListQuery<S> {
    /// Words that all of them have, or beginnings, ends and middles of words.
    q: Option<String>,
    /// By what; `-` before it for descending.
    #[schemars(extend("enum" = names(S::ALL, &[]), "default" = S::USUAL))]
    sort: Option<String>,
    /// Items at most.
    #[schemars(range(min = 1, max = 500), extend("default" = 100))]
    limit: Option<i64>,
    /// After how many of all.
    #[schemars(range(min = 0, max = MAX_OFFSET), extend("default" = 0))]
    offset: Option<i64>,
    #[serde(skip)]
    of: PhantomData<S>,
}

impl<S: Orders> ListQuery<S> {
    /// The part of a list that this means.
    pub fn part(self) -> Result<Part<S>> {
        let Window { limit, offset } = Window::new(self.limit, self.offset)?;
        let (sort, descending) = sort(S::ALL, self.sort.as_deref().unwrap_or(S::USUAL))?;
        Ok(Part { sort, descending, words: self.q.unwrap_or_default(), limit, offset })
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
    pub fn new(limit: Option<i64>, offset: Option<i64>) -> Result<Self> {
        let offset = offset.unwrap_or(0);
        if !(0..=MAX_OFFSET).contains(&offset) {
            let detail = format!("offset is {offset}; it must be from 0 to {MAX_OFFSET}");
            return Err(Error::unprocessable(detail).about("offset"));
        }
        Ok(Window { limit: self::limit(limit, 100, 500)?, offset: offset as u64 })
    }
}

/// 1 to `most` items, `usual` if nothing is said.
fn limit(asked: Option<i64>, usual: u32, most: u32) -> Result<u32> {
    let limit = asked.unwrap_or(usual.into());
    match u32::try_from(limit) {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        _ => {
            Err(Error::unprocessable(format!("limit is {limit}; it must be from 1 to {most}")).about("limit"))
        }
    }
}

/// Runs what would hold up an async thread. A disk that hangs holds up that thread,
/// not the client.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let span = tracing::Span::current();
    match tokio::time::timeout(BUDGET, tokio::task::spawn_blocking(move || span.in_scope(work))).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(gone)) => Err(Error::unexpected(gone)),
        Err(late) => Err(Error::late().because(late)),
    }
}
