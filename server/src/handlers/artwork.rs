//! Pictures of tracks and albums, whole or small, their colour; and the aura
//! where there is none, or none that can be shown.

use auralis_core::fingerprint::aura;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::{HeaderValue, header};
use warp::reply::Response;

use super::prints::{parsed, stored};
use super::reply::{Keep, Whole};
use super::tracks::find_file;
use super::{Ask, House, Id, off_thread};
use crate::art::SIZES;
use crate::catalog::{Measurable, key};
use crate::dto::ColourDto;
use crate::error::{Error, Result};
use crate::gate::PICTURE_POLICY;

/// Which picture.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtworkQuery {
    /// The aura even if there is a picture.
    #[schemars(extend("enum" = ["aura"]))]
    kind: Option<String>,
    /// Within a square of so many pixels; as it is if nothing is said.
    #[schemars(range(min = *SIZES.start(), max = *SIZES.end()))]
    size: Option<i64>,
}

/// Which picture is wanted.
#[derive(Clone, Copy)]
enum Wanted {
    /// As it is.
    Whole,
    /// Within a square of so many pixels.
    Small(u32),
    /// The aura, whatever there is.
    Aura,
}

impl Wanted {
    fn small(size: i64) -> Result<Self> {
        let found = u32::try_from(size).ok().filter(|size| SIZES.contains(size));
        let (least, most) = (SIZES.start(), SIZES.end());
        let wrong = || {
            let detail = format!("size is {size}; it must be from {least} to {most} pixels");
            Error::unprocessable(detail).about("size")
        };
        found.map(Wanted::Small).ok_or_else(wrong)
    }

    fn of(ask: &Ask) -> Result<Self> {
        match ask.query()? {
            ArtworkQuery { kind: None, size: None } => Ok(Wanted::Whole),
            ArtworkQuery { kind: None, size: Some(size) } => Wanted::small(size),
            ArtworkQuery { kind: Some(kind), .. } if kind != "aura" => {
                Err(Error::unprocessable("kind must be aura, or not be there").about("kind"))
            }
            ArtworkQuery { size: None, .. } => Ok(Wanted::Aura),
            ArtworkQuery { .. } => {
                Err(Error::bad_request("in the query: an aura is drawn at any size, leave size out"))
            }
        }
    }
}

/// GET /api/tracks/{id}/artwork: its picture, or its aura
pub async fn of_track(id: Id, ask: Ask) -> Result<Response> {
    let wanted = Wanted::of(&ask)?;
    let track = find_file(&ask.house, &id).await?;
    answer(&ask, track, wanted).await
}

/// GET /api/albums/{id}/artwork: the picture of its first track that has one
pub async fn of_album(id: Id, ask: Ask) -> Result<Response> {
    let wanted = Wanted::of(&ask)?;
    let tracks = ask.house.catalog.ask(move |catalog| catalog.album_files(&id.0)).await?;
    let mut standing = None;
    for track in tracks {
        if ask.house.art.has(track.clone()).await {
            standing = Some(track);
            break;
        }
        standing.get_or_insert(track);
    }
    let track = standing.ok_or_else(|| Error::not_found("there is no album with this id"))?;
    answer(&ask, track, wanted).await
}

/// GET /api/tracks/{id}/artwork/colour: the dominant colour of its picture
pub async fn colour(id: Id, ask: Ask) -> Result<Response> {
    let track = find_file(&ask.house, &id).await?;
    let thumb = ask.house.art.thumb(track, *SIZES.start()).await;
    let colour = ColourDto { colour: thumb.map(|thumb| thumb.colour.to_string()) };
    let body = serde_json::to_string(&colour)?;
    let tag = key(&[body.as_bytes()]);
    Whole::of_bytes(&ask, body.into(), &tag, "application/json", Keep::Revalidate)
}

async fn answer(ask: &Ask, track: Measurable, wanted: Wanted) -> Result<Response> {
    let id = Id(track.key.clone());
    let picture = match wanted {
        Wanted::Whole => ask.house.art.whole(track).await,
        Wanted::Small(size) => ask.house.art.thumb(track, size).await.map(|thumb| ("image/jpeg", thumb.jpeg)),
        Wanted::Aura => None,
    };
    let (media_type, bytes) = match picture {
        Some(picture) => picture,
        None => ("image/svg+xml", drawn(&ask.house, &id).await?),
    };
    let tag = key(&[&bytes]);
    let mut response = Whole::of_bytes(ask, bytes, &tag, media_type, Keep::Revalidate)?;
    let policy = HeaderValue::from_static(PICTURE_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A track's aura; a plain ring until it is measured.
async fn drawn(house: &House, id: &Id) -> Result<Bytes> {
    match stored(house, id).await? {
        (_, Some(json)) => off_thread(move || Ok(Bytes::from(aura(&parsed(&json)?).to_svg()))).await,
        (_, None) => Ok(Bytes::from_static(RING.as_bytes())),
    }
}

/// The plain ring that stands for a track without a picture.
const RING: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 100\">\
    <circle cx=\"50\" cy=\"50\" r=\"22\" fill=\"none\" stroke=\"#8a8f98\" stroke-width=\"1.5\"/></svg>";
