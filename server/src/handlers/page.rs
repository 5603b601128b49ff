//! The page, as it was built into the binary.

use bytes::Bytes;
use warp::reply::Response;

use super::Ask;
use super::reply::{Keep, Whole};
use crate::catalog::key;
use crate::error::{Error, Result};

/// The files of `web/dist` by name.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// What `/` says where the page was not built.
const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Auralis</title>\
    <h1>Auralis runs, without its page</h1>\
    <p>This program was built without the page. Build both with <code>cargo xtask serve</code>; \
    the <a href=\"/api/tracks\">library</a> is served either way.</p></html>";

/// GET / and every file of the page
pub async fn file(name: String, ask: Ask) -> Result<Response> {
    let name = if name.is_empty() { "index.html" } else { &name };
    let bytes = match FILES.iter().find(|(known, _)| *known == name) {
        Some((_, bytes)) => bytes,
        None if name == "index.html" => UNBUILT.as_bytes(),
        None => return Err(Error::not_found("there is nothing at this address")),
    };
    Whole::of_bytes(&ask, Bytes::from_static(bytes), &key(&[bytes]), media_type(name), Keep::Revalidate)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "webmanifest") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
