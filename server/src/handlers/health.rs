//! How the server is.

use serde_json::json;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::{Ask, reply};
use crate::error::{Error, Result};

/// GET /api/health: it lives.
pub async fn health(_: Ask) -> Result<Response> {
    reply::json(&json!({ "status": "ok" }))
}

/// GET /api/ready: its catalog answers.
pub async fn ready(ask: Ask) -> Result<Response> {
    let answered = ask.house.catalog.ask(|catalog| catalog.check()).await;
    answered.map_err(|error| {
        Error::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "the catalog does not answer").because(error)
    })?;
    reply::json(&json!({ "status": "ready" }))
}

/// GET /api/version
pub async fn version(_: Ask) -> Result<Response> {
    reply::json(&json!({
        "name": "Auralis",
        "version": env!("CARGO_PKG_VERSION"),
        "fingerprint_version": auralis_core::fingerprint::VERSION,
        "plan_version": auralis_core::plan::VERSION,
    }))
}

/// GET /metrics
pub async fn metrics(ask: Ask) -> Result<Response> {
    let mut response = Response::new(ask.house.metrics.text().into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
