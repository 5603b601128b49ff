//! Errors as HTTP says them: RFC 9457 problems. The client gets a sentence
//! that names the thing and the way out; what is underneath goes to the log.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use warp::Reply;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use crate::{catalog, media, pool};

/// An answer that is an error.
#[derive(Clone, Debug)]
pub struct Error {
    /// The status.
    pub status: StatusCode,
    /// What kind of problem, as the last part of its type's URI.
    pub kind: &'static str,
    /// What is wrong and what to do, for the client.
    pub detail: String,
    /// Which field of the request it is about.
    pub field: Option<Box<Field>>,
    /// Headers that belong to it.
    pub headers: Vec<(header::HeaderName, HeaderValue)>,
    /// What is underneath, for the log.
    pub cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// A field of a request.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Cow<'static, str>,
    /// At which of its characters, counted from 0.
    pub at: Option<usize>,
}

/// The result of a handler.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A problem of `kind`.
    pub fn new(status: StatusCode, kind: &'static str, detail: impl Into<String>) -> Self {
        Error { status, kind, detail: detail.into(), field: None, headers: Vec::new(), cause: None }
    }

    /// The same, caused by `cause`.
    #[must_use]
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// The same, with a header.
    #[must_use]
    pub fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Error::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Error::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 405: there is, but not for this method.
    pub fn method_not_allowed(allow: &str) -> Self {
        Error::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            format!("this address answers {allow} only"),
        )
        .with(header::ALLOW, allow)
    }

    /// 422: understood, but a value is out of its range.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Error::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", detail)
    }

    /// The same, about a field of the request.
    #[must_use]
    pub fn about(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(Box::new(Field { name: field.into(), at: None }));
        self
    }

    /// 422: a rule that cannot be read.
    pub fn rule(field: &'static str, wrong: &crate::rule::Wrong) -> Self {
        let mut error = Error::unprocessable(format!("{field}, {wrong}"));
        error.field = Some(Box::new(Field { name: field.into(), at: Some(wrong.at) }));
        error
    }

    /// 503: measuring goes on; come again in a second.
    pub fn measuring() -> Self {
        Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "measuring",
            "this track is being measured; ask again in a second, or play it as it is",
        )
        .with(header::RETRY_AFTER, "1")
    }

    /// 503: no render may begin now.
    pub fn busy(n_before: usize) -> Self {
        let detail = match n_before {
            0 => "as many streams as may be are rendered; ask again in a few seconds".to_owned(),
            n => format!(
                "as many streams as may be are rendered, and {n} waited before; ask again in a few seconds"
            ),
        };
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).with(header::RETRY_AFTER, "5")
    }

    /// 503: a disk or a machine that is too slow.
    pub fn late() -> Self {
        let detail =
            "this takes longer than it may: the disk or the machine is too busy; ask again in a while";
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "late", detail).with(header::RETRY_AFTER, "10")
    }

    /// 503: the client took nothing for long.
    pub fn stalled() -> Self {
        let detail = "nothing was taken of it for a long time; ask for the rest when it is wanted";
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "stalled", detail)
    }

    /// 500: something that was not foreseen.
    pub fn unexpected(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Error::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unexpected",
            "something unexpected happened; the server's log has more under this request's id",
        )
        .because(cause)
    }

    /// The whole answer of a request that is known as `request_id`.
    pub fn answer(&self, request_id: &str) -> Response {
        let problem = Problem {
            r#type: format!("/problems/{}", self.kind),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            field: self.field.as_ref().map(|field| &*field.name),
            at: self.field.as_ref().and_then(|field| field.at),
            request_id,
        };
        // A struct of strings and a number always serialises.
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        response
    }
}

/// RFC 9457, with the id under which the log knows the request.
#[derive(JsonSchema, Serialize)]
pub struct Problem<'a> {
    /// What kind of problem.
    r#type: String,
    /// The status in words.
    title: &'a str,
    /// The status.
    status: u16,
    /// What is wrong and what to do.
    detail: &'a str,
    /// Which field of the query or the body it is about; `body`: all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// At which of the field's characters, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<usize>,
    /// The request, as the log calls it.
    request_id: &'a str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// The error travels in the response; the gate, which knows the request's id,
/// writes the problem and the log.
impl Reply for Error {
    fn into_response(self) -> Response {
        let mut response = Response::new(warp::reply::Response::default().into_body());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

impl From<catalog::Error> for Error {
    fn from(error: catalog::Error) -> Self {
        if error.is_late() {
            return Error::late().because(error);
        }
        if !error.is_of_disk() {
            return Error::unexpected(error);
        }
        // The whole of it goes to the log: it may name folders.
        let detail = "the catalog's file or disk fails; the server's log says what to do, \
                      and `auralis doctor` looks closer";
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "catalog-failed", detail).because(error)
    }
}

impl From<media::Error> for Error {
    fn from(error: media::Error) -> Self {
        let detail = format!("{error}; scan the library again");
        Error::new(StatusCode::NOT_FOUND, "file-missing", detail).because(error)
    }
}

impl From<media::Silent> for Error {
    fn from(error: media::Silent) -> Self {
        match error {
            media::Silent::File(error) => error.into(),
            media::Silent::Sound(error) => error.into(),
        }
    }
}

impl From<pool::Undone> for Error {
    fn from(undone: pool::Undone) -> Self {
        match undone {
            pool::Undone::Busy => Error::busy(0),
            pool::Undone::Late => Error::late(),
            panicked => Error::unexpected(panicked),
        }
    }
}

impl From<auralis_core::error::Error> for Error {
    fn from(error: auralis_core::error::Error) -> Self {
        use auralis_core::error::Kind;
        match error.kind {
            // What is asked for is held to its range before: the core never sees it.
            Kind::Invalid | Kind::Io | Kind::Cancelled => Error::unexpected(error),
            Kind::Unsupported | Kind::Damaged | Kind::Limit => {
                Error::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable-file", error.to_string())
                    .because(error)
            }
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::unexpected(error)
    }
}

/// An error and everything underneath it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}
