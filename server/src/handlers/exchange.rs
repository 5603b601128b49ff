//! Playlists to files and from files.

use std::sync::Arc;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::{HeaderValue, header};
use warp::reply::Response;

use super::items::{done, too_long};
use super::playlists::{MAX_NAME, MOST, by_hand, created, made, shown, unknown};
use super::{Ask, House, Id, off_thread};
use crate::catalog::{Change, MAX_ITEMS};
use crate::error::{Error, Result};
use crate::gate;
use crate::m3u;

/// GET /api/playlists/{id}/m3u8: as a file that lies in the library
pub async fn export(id: Id, ask: Ask) -> Result<Response> {
    let catalog = ask.house.catalog.clone();
    let (name, file) = off_thread(move || {
        let playlist = catalog.playlist(&id.0)?.ok_or_else(unknown)?;
        let rows: Vec<u32> = match &playlist.told.smart {
            Some(smart) => made(&catalog, smart, MOST, 0)?.rows,
            None => {
                let page = catalog.items(playlist.row, MAX_ITEMS as u32, 0)?;
                page.items.into_iter().map(|item| item.track).collect()
            }
        };
        let folders: Vec<Vec<u8>> = catalog.folders()?.into_iter().map(|folder| folder.path).collect();
        let mut file = m3u::head(&playlist.told.name);
        file.extend(catalog.listing(&rows, |file, track| m3u::write(file, track, &folders))?);
        Ok((playlist.told.name, file))
    })
    .await?;
    let mut response = Response::new(Bytes::from(file).into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.apple.mpegurl"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // RFC 6266, §4.3; RFC 8187 for what is not ASCII.
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}.m3u8")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// What a playlist file becomes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// What it is called.
    #[schemars(length(min = 1, max = MAX_NAME))]
    name: String,
    /// The directory in the library where the file would lie.
    #[serde(default)]
    base: String,
}

/// POST /api/playlists/import: a playlist file, as it lies in a directory of the
/// library
pub async fn import(ask: Ask) -> Result<Response> {
    let ImportQuery { name, base } = ask.query()?;
    let told = by_hand(name)?;
    ask.is_of(&gate::PLAYLISTS)?;
    let paths = m3u::read(&ask.body);
    if paths.is_empty() {
        return Err(
            Error::unprocessable("the body names no file; it must be a playlist in M3U8").about("body")
        );
    }
    if paths.len() > m3u::MAX_LINES {
        return Err(too_long(m3u::MAX_LINES));
    }
    let house: Arc<House> = Arc::clone(&ask.house);
    let (playlist, unmatched) = off_thread(move || {
        let catalog = &house.catalog;
        let folders: Vec<Vec<u8>> = catalog.folders()?.into_iter().map(|folder| folder.path).collect();
        let (mut tracks, mut unmatched) = (Vec::new(), Vec::new());
        for (path, title) in paths {
            let found = catalog.tracks_at(&m3u::places(&path, &base, &folders), &title)?;
            if found.is_empty() {
                unmatched.push(path);
            }
            tracks.extend(found);
        }
        let key = catalog.new_playlist(&told)?;
        done(catalog.change_items(&key, &Change::Add { tracks, before: None })?)?;
        Ok((shown(catalog, &key)?, unmatched))
    })
    .await?;
    created(&ask, playlist.with_unmatched(unmatched))
}
