//! How the server is.

use bytes::Bytes;
use warp::http::uri::Authority;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::reply::{Keep, Whole};
use super::{Ask, reply};
use crate::catalog::key;
use crate::dto::{HealthDto, VersionDto};
use crate::error::{Error, Result};
use crate::{openapi, tls};

/// GET /api/health: it lives.
pub async fn health(_: Ask) -> Result<Response> {
    reply::json(&HealthDto { status: "ok" })
}

/// GET /api/ready: its catalog answers.
pub async fn ready(ask: Ask) -> Result<Response> {
    let answered = ask.house.catalog.ask(|catalog| catalog.check()).await;
    answered.map_err(|error| {
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "the catalog does not answer")
            .with(header::RETRY_AFTER, "1")
            .because(error)
    })?;
    reply::json(&HealthDto { status: "ready" })
}

/// GET /api/version
pub async fn version(ask: Ask) -> Result<Response> {
    reply::json(&VersionDto {
        name: "Auralis",
        version: env!("CARGO_PKG_VERSION"),
        fingerprint_version: auralis_core::fingerprint::VERSION,
        plan_version: auralis_core::plan::VERSION,
        https: ask.house.https_port.and_then(|port| secured(&ask.headers, port)),
    })
}

/// Where a client that sent these headers finds `port` over https. Through a
/// proxy it was another port that it asked, and what that speaks is not known.
fn secured(headers: &HeaderMap, port: u16) -> Option<String> {
    let asked: Authority = headers.get(header::HOST)?.to_str().ok()?.parse().ok()?;
    let is_ours = match asked.port_u16() {
        Some(asked) => asked == port,
        None => port == 80 || port == 443,
    };
    is_ours.then(|| tls::https(asked.host(), port))
}

/// GET /api/openapi.json: what can be asked, and what is answered
pub async fn openapi(ask: Ask) -> Result<Response> {
    let text = Bytes::from_static(openapi::text().as_bytes());
    let tag = key(&[&text]);
    Whole::of_bytes(&ask, text, &tag, "application/json", Keep::Revalidate)
}

/// GET /metrics
pub async fn metrics(ask: Ask) -> Result<Response> {
    let house = &ask.house;
    let (n_open, n_waiting) = house.renders.counts();
    let levels = [
        ("renders_open", "Native renders under way.", n_open as u64),
        ("renders_waiting", "Native renders that wait for room.", n_waiting as u64),
        ("chunk_bytes", "Bytes of chunks that are kept.", house.chunks.n_bytes()),
    ];
    let mut response = Response::new(house.metrics.text(&levels).into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
