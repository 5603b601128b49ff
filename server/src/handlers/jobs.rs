//! Jobs: tracks, an album or a playlist, rendered to a file that is fetched later.

use std::sync::Arc;

use auralis_core::encode::Format;
use auralis_core::plan::Preset;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::items::{conflict, with_tracks};
use super::playlists::made;
use super::reply::{Keep, Pieces, Whole};
use super::taste::{BITRATE, bit_rate, format, taste};
use super::{Ask, Id, off_thread, reply};
use crate::catalog::{Catalog, Group, Job, JobState, Page, Query, Sort, Track, key};
use crate::copy::{FIELDS, Template};
use crate::dto::{JobDto, JobPreviewDto, List};
use crate::error::{Error, Result};
use crate::jobs::{Asked, Bundle, Jobs, MAX_TRACKS, Refused, Told};
use crate::limits::Dear;

/// Faults that are told with a job.
const FAULTS: u32 = 20;

/// What a job is asked for with: tracks, an album or a playlist, and how they shall
/// sound, as a stream is.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "JobNew")]
#[serde(deny_unknown_fields)]
pub struct New {
    /// What is rendered.
    #[schemars(extend("enum" = OF))]
    of: String,
    /// Which of these, in order.
    #[schemars(length(min = 1, max = MAX_TRACKS))]
    ids: Vec<String>,
    /// The character.
    #[schemars(extend("enum" = Preset::ALL.map(Preset::name), "default" = Preset::default().name()))]
    preset: Option<String>,
    /// How much of it, 0 (nothing is changed) to 1.
    #[schemars(range(min = 0, max = 1), extend("default" = 1))]
    intensity: Option<f32>,
    /// Loudness to aim for, in LUFS.
    #[schemars(range(min = -40, max = -5), extend("default" = -14))]
    target_lufs: Option<f32>,
    /// Whether the tracks of an album keep their balance.
    #[schemars(extend("default" = false))]
    album: Option<bool>,
    /// The id of a track that they shall sound like.
    reference: Option<String>,
    /// How they are written; none: as FLAC at the depth of each track.
    #[schemars(extend("enum" = Format::ALL.map(Format::name)))]
    format: Option<String>,
    /// Kilobits per second.
    #[schemars(description = BITRATE, range(min = 32, max = 510), extend("default" = 160))]
    bitrate: Option<u32>,
    /// What their files are called: fields in braces, `/` between folders, and for a
    /// number the digits to which it is filled up.
    #[schemars(extend("default" = Template::USUAL, "examples" = [FIELDS.map(|field| format!("{{{field}}}")).join(" ")]))]
    template: Option<String>,
}

/// What jobs can be of.
const OF: [&str; 3] = ["tracks", "albums", "playlists"];

impl New {
    /// Refuses what is not to be found, or is too much.
    fn check(&self) -> Result<()> {
        if !OF.contains(&&*self.of) {
            let of: String = self.of.chars().take(40).collect();
            return Err(
                Error::unprocessable(format!("a job is of {}, not of {of:?}", OF.join(", "))).about("of")
            );
        }
        match self.ids.len() {
            1..=MAX_TRACKS => Ok(()),
            _ => Err(Error::unprocessable(format!("there must be 1 to {MAX_TRACKS} ids")).about("ids")),
        }
    }

    /// What the workshop is asked for, if it can be meant.
    fn asked(&self, catalog: &Catalog) -> Result<Asked> {
        self.check()?;
        let template = Template::new(self.template.as_deref().unwrap_or(Template::USUAL))
            .map_err(|wrong| Error::unprocessable(wrong.to_string()).about("template"))?;
        let told = self.told(catalog)?;
        let (title, tracks) = found(catalog, self)?;
        Ok(Asked { tracks, title, template, told })
    }

    fn told(&self, catalog: &Catalog) -> Result<Told> {
        let taste = taste(self.preset.as_deref(), self.intensity, self.target_lufs)?;
        let format = self.format.as_deref().map(format).transpose()?;
        let bit_rate = bit_rate(self.bitrate, format)?;
        if let Some(id) = &self.reference
            && catalog.track(id)?.is_none()
        {
            let id: String = id.chars().take(64).collect();
            let wrong = format!("reference is {id:?}; there is no track with this id in the library");
            return Err(Error::unprocessable(wrong).about("reference"));
        }
        Ok(Told {
            taste,
            with_album: self.album == Some(true),
            reference: self.reference.clone(),
            format: format.map(|format| format.name().to_owned()),
            bit_rate,
        })
    }
}

/// POST /api/jobs
pub async fn create(ask: Ask) -> Result<Response> {
    ask.spend(Dear::Job)?;
    let new: New = ask.body()?;
    let house = Arc::clone(&ask.house);
    let job = off_thread(move || {
        let key = house.jobs.ask(new.asked(&house.catalog)?).map_err(refused)?;
        let job = house.catalog.job(&key)?.ok_or_else(unknown)?;
        dto(&house.jobs, &house.catalog, job)
    })
    .await?;
    let mut response = reply::json(&job)?;
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(address) = HeaderValue::from_str(&format!("/api/jobs/{}", job.id)) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// POST /api/jobs/preview: what would come of it; nothing is begun
pub async fn preview(ask: Ask) -> Result<Response> {
    // It is asked at each keystroke, as a search is.
    ask.spend(Dear::Search)?;
    let new: New = ask.body()?;
    let house = Arc::clone(&ask.house);
    let would = off_thread(move || Ok(house.jobs.preview(new.asked(&house.catalog)?)?));
    reply::json(&JobPreviewDto::from(would.await?))
}

/// The tracks that are meant, and what they are together.
fn found(catalog: &Catalog, new: &New) -> Result<(String, Vec<Track>)> {
    let (mut title, mut tracks) = (String::new(), Vec::new());
    for id in &new.ids {
        let (name, found) = match &*new.of {
            "albums" => album(catalog, id)?,
            "playlists" => playlist(catalog, id)?,
            _ => (String::new(), catalog.track(id)?.map(|track| vec![track])),
        };
        let found = found.ok_or_else(|| {
            let id: String = id.chars().take(64).collect();
            let kind = new.of.trim_end_matches('s');
            Error::unprocessable(format!("there is no {kind} {id:?} in the library")).about("ids")
        })?;
        title = name;
        tracks.extend(found);
        if tracks.len() > MAX_TRACKS {
            let most = format!("a job has {MAX_TRACKS} tracks at most");
            return Err(Error::unprocessable(most).about("ids"));
        }
    }
    if tracks.is_empty() {
        return Err(Error::unprocessable("there are no tracks in it").about("ids"));
    }
    if new.of == "tracks" || new.ids.len() > 1 {
        title = format!("{} tracks", tracks.len());
    }
    Ok((title, tracks))
}

/// More than a job can have is not looked for.
const ENOUGH: u32 = MAX_TRACKS as u32 + 1;

/// An album's title and its tracks, if there is such an album.
fn album(catalog: &Catalog, id: &str) -> Result<(String, Option<Vec<Track>>)> {
    let Some(album) = catalog.group(Group::Album, id)? else { return Ok((String::new(), None)) };
    let within = vec![(Group::Album, id.to_owned())];
    let query = Query { within, sort: Some(Sort::Album), limit: ENOUGH, ..Query::default() };
    Ok((album.name, catalog.tracks(&query)?.map(|page| page.items)))
}

/// A playlist's name and what is in it now, if there is such a playlist.
fn playlist(catalog: &Catalog, id: &str) -> Result<(String, Option<Vec<Track>>)> {
    let Some(playlist) = catalog.playlist(id)? else { return Ok((String::new(), None)) };
    let rows: Vec<u32> = match &playlist.told.smart {
        Some(smart) => made(catalog, smart, ENOUGH, 0)?.rows,
        None => catalog.items(playlist.row, ENOUGH, 0)?.items.iter().map(|item| item.track).collect(),
    };
    let rows = rows.into_iter().map(|row| ((), row)).collect();
    let tracks = with_tracks(catalog, rows)?.into_iter().map(|(_, track)| track).collect();
    Ok((playlist.told.name, Some(tracks)))
}

fn refused(refused: Refused) -> Error {
    let no_room = |detail: String| Error::new(StatusCode::INSUFFICIENT_STORAGE, "no-room", detail);
    let mib = |n_bytes: u64| n_bytes.div_ceil(1 << 20);
    match refused {
        Refused::Full => Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many jobs wait already; ask again when some are done, or cancel some",
        )
        .with(header::RETRY_AFTER, "30"),
        Refused::NoShare(wanted, left) => no_room(format!(
            "this job may take {} MiB, and of what jobs may have {} MiB are left; remove some that are done, \
             or start the server with a larger --jobs-disk",
            mib(wanted),
            left >> 20
        )),
        Refused::NoRoom(wanted, left) => no_room(format!(
            "this job may take {} MiB, and the disk of the data folder has {} MiB for it; make room there",
            mib(wanted),
            left >> 20
        )),
        Refused::Catalog(error) => error.into(),
    }
}

/// A job as it is answered.
fn dto(jobs: &Jobs, catalog: &Catalog, job: Job) -> Result<JobDto> {
    let faults = if job.n_faults > 0 { catalog.job_faults(job.row, FAULTS)? } else { Vec::new() };
    let told: Option<Told> = serde_json::from_str(&job.told).ok();
    let status = jobs.status(&job);
    Ok(JobDto::new(job, status, faults, told.and_then(|told| told.format), jobs.keep_s()))
}

/// GET /api/jobs: the newest first
pub async fn list(ask: Ask) -> Result<Response> {
    let window = ask.window()?;
    let house = Arc::clone(&ask.house);
    let page = off_thread(move || {
        let Page { items, total } = house.catalog.jobs(window.limit, window.offset)?;
        let items =
            items.into_iter().map(|job| dto(&house.jobs, &house.catalog, job)).collect::<Result<_>>()?;
        Ok(Page { items, total })
    });
    reply::json(&List::new(page.await?, window.limit, window.offset, |job: JobDto| job))
}

/// GET /api/jobs/{id}
pub async fn one(id: Id, ask: Ask) -> Result<Response> {
    let house = Arc::clone(&ask.house);
    let job = off_thread(move || {
        let job = house.catalog.job(&id.0)?.ok_or_else(unknown)?;
        dto(&house.jobs, &house.catalog, job)
    });
    reply::json(&job.await?)
}

/// POST /api/jobs/{id}/cancel: it is cancelled, unless it has ended before
pub async fn cancel(id: Id, ask: Ask) -> Result<Response> {
    let house = Arc::clone(&ask.house);
    let job = off_thread(move || {
        let job = house.jobs.cancel(&id.0)?.ok_or_else(unknown)?;
        dto(&house.jobs, &house.catalog, job)
    });
    reply::json(&job.await?)
}

/// DELETE /api/jobs/{id}: it is gone afterwards with its files, whether or not it
/// was there
pub async fn delete(id: Id, ask: Ask) -> Result<Response> {
    let house = Arc::clone(&ask.house);
    off_thread(move || Ok(house.jobs.delete(&id.0)?)).await?;
    Ok(reply::nothing())
}

/// GET /api/jobs/{id}/file: what came of it
pub async fn file(id: Id, ask: Ask) -> Result<Response> {
    let house = Arc::clone(&ask.house);
    let (job, bundle) = off_thread(move || {
        let job = house.catalog.job(&id.0)?.ok_or_else(unknown)?;
        if job.state != JobState::Completed {
            let detail = format!(
                "this job is {}; what comes of it can be fetched when it is completed",
                job.state.name()
            );
            return Err(conflict(&detail));
        }
        match house.jobs.bundle(&job) {
            Ok(bundle) => Ok((job, bundle)),
            Err(error) => {
                let detail = "the files of this job are gone; delete it and ask again";
                Err(Error::new(StatusCode::NOT_FOUND, "file-missing", detail).because(error))
            }
        }
    })
    .await?;
    let extension = job.name.rsplit('.').next().unwrap_or_default();
    let whole = Whole {
        len: Some(bundle.n_bytes()),
        tag: &key(&[b"job", job.key.as_bytes(), &bundle.n_bytes().to_le_bytes()]),
        media_type: media_type(extension),
        keep: Keep::Revalidate,
    };
    let bundle = Arc::new(bundle);
    let mut response = whole.answer(&ask, |range| pieces(bundle, range))?;
    if let Ok(value) = HeaderValue::from_str(&disposition(&job.name)) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn media_type(extension: &str) -> &'static str {
    let formats = Format::ALL.into_iter();
    let known = formats.filter(|format| format.extension() == extension).map(Format::media_type).next();
    known.unwrap_or("application/zip")
}

/// Under which name it is saved (RFC 6266): for old clients in ASCII, for others as
/// it is.
fn disposition(name: &str) -> String {
    let plain =
        |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

/// The bytes of `range`, read as they are asked for.
fn pieces(bundle: Arc<Bundle>, range: std::ops::Range<u64>) -> Pieces {
    Box::pin(futures_util::stream::try_unfold(bundle.read(range), |mut reading| async move {
        let read = tokio::task::spawn_blocking(move || {
            reading.piece().map(|bytes| bytes.map(|bytes| (Bytes::from(bytes), reading)))
        });
        read.await.map_err(std::io::Error::other)?
    }))
}

fn unknown() -> Error {
    Error::not_found("there is no job with this id; it may have been deleted, or kept for its time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_to_old_and_new_clients() {
        let told = disposition("Ærø \"1\".flac");
        assert_eq!(
            told,
            "attachment; filename=\"_r_ _1_.flac\"; filename*=UTF-8''%C3%86r%C3%B8%20%221%22.flac"
        );
        assert_eq!((media_type("flac"), media_type("zip")), ("audio/flac", "application/zip"));
    }
}
