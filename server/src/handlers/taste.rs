//! What a query says of how a track shall sound, and the plan that comes of it.

use auralis_core::encode::{Format, HAS_MP3};
use auralis_core::plan::{Plan, Preset, Taste, plan_trimmed};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::StatusCode;

use super::prints::{awaited, measured, parsed, stored};
use super::{House, Id, off_thread};
use crate::catalog::Track;
use crate::copy::in_company;
use crate::error::{Error, Result};
use crate::measuring::{Check, taste_key};
use crate::wire::Wish;

/// How a listener wants it.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TasteQuery {
    /// The character.
    #[schemars(extend("enum" = Preset::ALL.map(Preset::name), "default" = Preset::default().name()))]
    preset: Option<String>,
    /// How much of it, 0 (nothing is changed) to 1.
    #[schemars(range(min = 0, max = 1), extend("default" = 1))]
    intensity: Option<f32>,
    /// Loudness to aim for, in LUFS.
    #[schemars(range(min = -40, max = -5), extend("default" = -14))]
    target_lufs: Option<f32>,
    /// Whether its album's tracks keep their balance.
    #[schemars(extend("default" = false))]
    album: Option<bool>,
    /// The id of a track that it shall sound like.
    reference: Option<String>,
    /// The id of a plan that was handed out, in place of all of these.
    pub plan: Option<String>,
    /// How sound is written. Of a WAV any range can be asked for.
    #[schemars(extend("enum" = Format::ALL.map(Format::name), "default" = Format::Wav16.name()))]
    format: Option<String>,
    /// Kilobits per second.
    #[schemars(description = BITRATE, range(min = 32, max = 510), extend("default" = 160))]
    bitrate: Option<u32>,
    /// Whether it is enhanced at all.
    #[schemars(extend("default" = true))]
    pub enhanced: Option<bool>,
    /// From which second on.
    #[schemars(range(min = 0), extend("default" = 0))]
    pub start: Option<f64>,
}

/// What is said of a bit rate.
pub const BITRATE: &str = match HAS_MP3 {
    false => "Of Opus: kilobits per second, on average.",
    true => "Of Opus: kilobits per second, on average. Of MP3: all the time, and 256 unless told.",
};
/// What a plan is not asked for with.
pub const OF_SOUND: [&str; 4] = ["format", "bitrate", "enhanced", "start"];
/// What a chunk is not asked for with.
pub const OF_STREAMS: [&str; 1] = ["start"];

/// Whether a fingerprint that is being made is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// It is.
    Wait,
    /// It is not.
    AnswerAtOnce,
}

/// A taste as it is told; what is not told is as ever. Each wish is held to its
/// range by itself, so that a refusal can name it.
pub fn taste(preset: Option<&str>, intensity: Option<f32>, target_lufs: Option<f32>) -> Result<Taste> {
    let wrong = |field: &'static str| {
        move |error: auralis_core::error::Error| Error::unprocessable(error.to_string()).about(field)
    };
    let mut taste = Taste::default();
    if let Some(name) = preset {
        taste.preset = name.parse().map_err(wrong("preset"))?;
    }
    if let Some(intensity) = intensity {
        taste.intensity = intensity;
        taste.validate().map_err(wrong("intensity"))?;
    }
    if let Some(target_lufs) = target_lufs {
        taste.target_lufs = target_lufs;
        taste.validate().map_err(wrong("target_lufs"))?;
    }
    Ok(taste)
}

/// The format of this name.
pub fn format(name: &str) -> Result<Format> {
    name.parse()
        .map_err(|error: auralis_core::error::Error| Error::unprocessable(error.to_string()).about("format"))
}

/// Bits per second of this format, from kilobits that may be told; 0 where it has none.
pub fn bit_rate(kilobits: Option<u32>, format: Option<Format>) -> Result<u32> {
    let known = format.and_then(Format::bit_rates);
    let Some(kilobits) = kilobits else { return Ok(known.map_or(0, |(_, usual)| usual)) };
    let Some((rates, _)) = known else {
        let having = Format::ALL.into_iter().filter(|format| format.bit_rates().is_some());
        let names: Vec<_> = having.map(Format::name).collect();
        let wrong = format!("only {} has a bitrate", names.join(" or "));
        return Err(Error::unprocessable(wrong).about("bitrate"));
    };
    let bits = kilobits.saturating_mul(1_000);
    if !rates.contain(bits) {
        let wrong = format!("bitrate is {kilobits}; it must be {rates}");
        return Err(Error::unprocessable(wrong).about("bitrate"));
    }
    Ok(bits)
}

impl TasteQuery {
    /// What a socket's client wishes.
    pub fn wished(wish: Wish, enhanced: bool) -> Self {
        let Wish { preset, intensity, target_lufs, album, reference, plan } = wish;
        // That it is enhanced goes without saying, and with a plan is not to be said.
        let enhanced = (!enhanced).then_some(false);
        TasteQuery {
            preset,
            intensity,
            target_lufs,
            album,
            reference,
            plan,
            enhanced,
            ..TasteQuery::default()
        }
    }

    /// Whether it says anything of the taste.
    fn has_taste(&self) -> bool {
        self.preset.is_some()
            || self.intensity.is_some()
            || self.target_lufs.is_some()
            || self.album.is_some()
            || self.reference.is_some()
    }

    /// Refuses what only sound is asked for with.
    pub fn is_about_a_plan(&self) -> Result<()> {
        let told =
            [self.format.is_some(), self.bitrate.is_some(), self.enhanced.is_some(), self.start.is_some()];
        match OF_SOUND.into_iter().zip(told).find(|(_, is_told)| *is_told) {
            Some((name, _)) => Err(Error::bad_request(format!("in the query: a plan has no {name}"))),
            None => Ok(()),
        }
    }

    /// The format that is wanted.
    pub fn format(&self) -> Result<Format> {
        self.format.as_deref().map_or(Ok(Format::Wav16), format)
    }

    /// Bits per second of what leaves a choice.
    pub fn bit_rate(&self) -> Result<u32> {
        bit_rate(self.bitrate, Some(self.format()?))
    }

    /// The frame at which it shall begin, of a track of so many.
    pub fn first_frame(&self, n_frames: u64, rate: u32) -> Result<u64> {
        let start = self.start.unwrap_or(0.0);
        let frame = (start * f64::from(rate)).round();
        // Not a number is in no range.
        if !(0.0..=n_frames as f64).contains(&frame) {
            let end = n_frames as f64 / f64::from(rate);
            let wrong = format!("start is {start}; it must be from 0 to {end}, where the track ends");
            return Err(Error::unprocessable(wrong).about("start"));
        }
        Ok(frame as u64)
    }
}

/// The plan for a query with its JSON: made from the fingerprint, or the one
/// that was handed out under this id.
pub async fn planned(
    house: &House,
    track: &Track,
    json: Option<String>,
    query: &TasteQuery,
    patience: Patience,
) -> Result<(Plan, String)> {
    let row = track.row;
    if let Some(id) = query.plan.clone() {
        if query.has_taste() {
            return Err(Error::bad_request(
                "in the query: plan=<id> already says everything about the taste",
            ));
        }
        let found = house.catalog.ask(move |catalog| catalog.plan_by_row(row, &id)).await?;
        let body = found.ok_or_else(|| {
            Error::not_found(
                "this track has no plan with this id; ask for one with preset, intensity, target_lufs, album and reference",
            )
        })?;
        return Ok((serde_json::from_str(&body)?, body));
    }
    // Album and reference are fingerprints of others.
    let mut taste = taste(query.preset.as_deref(), query.intensity, query.target_lufs)?;
    if let Some(ceiling) = query.format()?.ceiling_dbtp() {
        taste.ceiling_dbtp = taste.ceiling_dbtp.min(ceiling);
    }
    let json = measured(house, track, json).await?;
    let reference = match &query.reference {
        Some(id) => Some(reference(house, id, patience).await?),
        None => None,
    };
    let with_album = query.album == Some(true);
    let (catalog, measurers, key) = (house.catalog.clone(), house.measurers.clone(), track.key.clone());
    off_thread(move || {
        let print = parsed(&json)?;
        let taste = in_company(&catalog, row, taste, with_album, reference.as_deref())?;
        // What the first rendering teaches is taken up the next time.
        let trim = catalog.trim(row, &taste_key(&taste)?)?;
        let plan = plan_trimmed(&print, &taste, trim.unwrap_or_default())?;
        let body = serde_json::to_string(&plan)?;
        catalog.put_plan(row, &plan.id, &body)?;
        if trim.is_none()
            && let Some(track) = catalog.measurable(&key)?
        {
            measurers.check(Check { track, taste });
        }
        Ok((plan, body))
    })
    .await
}

/// The fingerprint of the track that another shall sound like.
async fn reference(house: &House, id: &str, patience: Patience) -> Result<String> {
    let unknown = || {
        Error::unprocessable(format!("reference is {id:?}; there is no track with this id in the library"))
            .about("reference")
    };
    let id: Id = id.parse().map_err(|()| unknown())?;
    let found = match patience {
        Patience::Wait => awaited(house, &id).await.map(|(_, json)| json),
        Patience::AnswerAtOnce => match stored(house, &id).await {
            Ok((track, json)) => measured(house, &track, json).await,
            Err(error) => Err(error),
        },
    };
    found.map_err(|error| match (error.status, error.kind) {
        (StatusCode::NOT_FOUND, _) => unknown(),
        (_, "not-measurable") => Error { detail: format!("reference: {}", error.detail), ..error },
        _ => error,
    })
}
