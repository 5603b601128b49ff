//! The forms in which handlers answer.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use serde::Serialize;
use warp::Reply;
use warp::http::{HeaderName, HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::Ask;
use crate::error::{Error, Result, chain};
use crate::range::{Part, part};

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Never: it is about now.
    Not,
    /// As long as the server says that it is the same.
    Revalidate,
    /// For ever: its address names its content.
    Forever,
}

impl Keep {
    fn value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Keep::Not => "no-store",
            Keep::Revalidate => "private, no-cache",
            Keep::Forever => "private, max-age=31536000, immutable",
        })
    }
}

/// JSON about now.
pub fn json(value: &impl Serialize) -> Result<Response> {
    let mut response = Response::new(serde_json::to_string(value)?.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, Keep::Not.value());
    Ok(response)
}

/// 202: it will be done.
pub fn accepted(value: &impl Serialize) -> Result<Response> {
    let mut response = json(value)?;
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

/// 204: it is so now.
pub fn nothing() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::CACHE_CONTROL, Keep::Not.value());
    response
}

/// Something with a length and a tag, of which any part may be asked for.
pub struct Whole<'a> {
    /// Its length in bytes; none: it is not known, and there are no parts of it.
    pub len: Option<u64>,
    /// Its strong tag, without quotes.
    pub tag: &'a str,
    /// Its media type.
    pub media_type: &'a str,
    /// How long it may be kept.
    pub keep: Keep,
}

/// What comes out of a body, piece by piece.
pub type Pieces = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

impl Whole<'_> {
    /// Whether its bytes are needed for the answer: to be sent, or to be counted.
    pub fn is_needed(&self, ask: &Ask) -> bool {
        let part = part(&ask.method, &ask.headers, self.len, &format!("\"{}\"", self.tag));
        let is_told = ask.is_head() && self.len.is_some();
        let is_empty = part.range(self.len.unwrap_or(u64::MAX)).is_empty();
        !(is_told || is_empty)
    }

    /// Answers with the part that is asked for; `body` gives its bytes and is
    /// called only if there are any to send.
    pub fn answer(&self, ask: &Ask, body: impl FnOnce(Range<u64>) -> Pieces) -> Result<Response> {
        let etag = format!("\"{}\"", self.tag);
        let part = part(&ask.method, &ask.headers, self.len, &etag);
        let len = self.len.unwrap_or(u64::MAX);
        match part {
            Part::Unsatisfiable => {
                let unsatisfiable = Error::new(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "range-not-satisfiable",
                    format!("the range lies outside of the {len} bytes there are"),
                );
                return Err(unsatisfiable
                    .with(header::CONTENT_RANGE, &format!("bytes */{len}"))
                    .with(header::ACCEPT_RANGES, "bytes"));
            }
            Part::Failed => {
                return Err(Error::new(
                    StatusCode::PRECONDITION_FAILED,
                    "precondition-failed",
                    "it is not what If-Match says it was",
                ));
            }
            Part::Whole | Part::Bytes(_) | Part::NotModified => {}
        }
        let range = part.range(len);
        let n_bytes = range.end - range.start;
        let has_body = part != Part::NotModified && !ask.is_head() && n_bytes > 0;
        let mut response = if has_body {
            warp::reply::stream(Body::new(body(range))).into_response()
        } else {
            Response::default()
        };
        *response.status_mut() = part.status();
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(header::ETAG, &etag);
        set(header::ACCEPT_RANGES, if self.len.is_some() { "bytes" } else { "none" });
        if part != Part::NotModified {
            set(header::CONTENT_TYPE, self.media_type);
            if self.len.is_some() {
                set(header::CONTENT_LENGTH, &n_bytes.to_string());
            }
        }
        headers.insert(header::CACHE_CONTROL, self.keep.value());
        if let Some(value) = part.content_range(len) {
            headers.insert(header::CONTENT_RANGE, value);
        }
        Ok(response)
    }

    /// The same for bytes that are at hand.
    pub fn of_bytes(ask: &Ask, bytes: Bytes, tag: &str, media_type: &str, keep: Keep) -> Result<Response> {
        let whole = Whole { len: Some(bytes.len() as u64), tag, media_type, keep };
        whole.answer(ask, |range| {
            let piece = bytes.slice(range.start as usize..range.end as usize);
            Box::pin(futures_util::stream::iter([Ok(piece)]))
        })
    }
}

/// A stream that is only ever polled from one place: the lock is never waited
/// for, it makes the stream shareable as warp asks. It is polled after the
/// handler is done, but what it logs is still about its request.
struct Body {
    pieces: Mutex<Pieces>,
    span: tracing::Span,
}

impl Body {
    fn new(pieces: Pieces) -> Self {
        Body { pieces: Mutex::new(pieces), span: tracing::Span::current() }
    }
}

impl Stream for Body {
    type Item = std::io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        let _in_span = body.span.enter();
        let pieces = body.pieces.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let polled = pieces.as_mut().poll_next(context);
        if let Poll::Ready(Some(Err(error))) = &polled {
            // The headers are out: all that is left is to cut the answer short.
            tracing::error!(error = chain(error), "answer broken off");
        }
        polled
    }
}
