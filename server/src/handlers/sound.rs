//! A track's sound and what is known of it: file, fingerprint, plan, waveform,
//! and the native stream.

use std::sync::Arc;

use auralis_core::encode::Format;
use auralis_core::flow::Source;
use auralis_core::geometry::Geometry;
use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use warp::reply::Response;

use super::prints::{awaited, measured, parsed, stored};
use super::reply::{Keep, Pieces, Whole};
use super::taste::{Patience, TasteQuery, planned};
use super::tracks::{find_file, open};
use super::{Ask, House, Id, off_thread};
use crate::catalog::{Measurable, key};
use crate::error::{Error, Result};
use crate::limits::Dear;
use crate::media;
use crate::metrics::Metrics;
use crate::stream::{Known, Recipe};

/// Bytes of a file sent at a time.
const PIECE: usize = 128 << 10;

/// GET /api/tracks/{id}/file: its bytes as they are; of a file of several tracks
/// the part that is this one, as a WAV with the very same frames
pub async fn file(id: Id, ask: Ask) -> Result<Response> {
    let track = find_file(&ask.house, &id).await?;
    let (opened, track) = open(&ask.house, track).await?;
    if !track.is_whole() {
        return part(&id, track, &ask).await;
    }
    let whole = Whole {
        len: Some(track.size),
        tag: &media::file_id(&track),
        media_type: media::media_type(&track),
        keep: Keep::Revalidate,
    };
    let metrics = Arc::clone(&ask.house.metrics);
    whole.answer(&ask, |range| pieces(opened, range, metrics))
}

/// A part of a file as a WAV that loses nothing.
async fn part(id: &Id, track: Measurable, ask: &Ask) -> Result<Response> {
    let n_frames = match track.cut.1 {
        Some(n_frames) => n_frames,
        // Only counting tells where the last track ends.
        None => parsed(&awaited(&ask.house, id).await?.1)?.n_frames,
    };
    let (track, spec, bits) = off_thread(move || {
        let sound = media::sound(&track)?;
        Ok((track, sound.spec(), sound.whole().bits_per_sample()))
    })
    .await?;
    let format = match bits {
        Some(..=16) if spec.n_channels <= 2 => Format::Wav16,
        Some(17..=24) if spec.n_channels <= 2 => Format::Wav24,
        _ => Format::WavF32,
    };
    let recipe = Recipe {
        track,
        plan: None,
        is_neutral: true,
        n_frames,
        rate: spec.rate,
        format,
        bit_rate: 0,
        frames: 0..n_frames,
    };
    send(recipe, Keep::Revalidate, ask).await
}

/// The bytes of `range` of a file, read as they are asked for.
fn pieces(file: std::fs::File, range: std::ops::Range<u64>, metrics: Arc<Metrics>) -> Pieces {
    let start = (tokio::fs::File::from_std(file), range, true);
    Box::pin(futures_util::stream::try_unfold(start, move |(mut file, mut range, fresh)| {
        let metrics = Arc::clone(&metrics);
        async move {
            if range.is_empty() {
                return Ok(None);
            }
            if fresh {
                file.set_max_buf_size(PIECE);
                file.seek(std::io::SeekFrom::Start(range.start)).await?;
            }
            let n_wanted = PIECE.min(usize::try_from(range.end - range.start).unwrap_or(PIECE));
            let mut piece = vec![0; n_wanted];
            let n = file.read(&mut piece).await?;
            if n == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
            }
            piece.truncate(n);
            range.start += n as u64;
            metrics.file_bytes.add(n as u64);
            Ok(Some((Bytes::from(piece), (file, range, false))))
        }
    }))
}

/// GET /api/tracks/{id}/fingerprint
pub async fn fingerprint(id: Id, ask: Ask) -> Result<Response> {
    let (track, json) = stored(&ask.house, &id).await?;
    let json = measured(&ask.house, &track, json).await?;
    let tag = key(&[json.as_bytes()]);
    Whole::of_bytes(&ask, json.into(), &tag, "application/json", Keep::Revalidate)
}

/// GET /api/tracks/{id}/waveform
pub async fn waveform(id: Id, ask: Ask) -> Result<Response> {
    let (track, json) = stored(&ask.house, &id).await?;
    let json = measured(&ask.house, &track, json).await?;
    let body = off_thread(move || Ok(serde_json::to_string(&parsed(&json)?.waveform)?)).await?;
    let tag = key(&[body.as_bytes()]);
    Whole::of_bytes(&ask, body.into(), &tag, "application/json", Keep::Revalidate)
}

/// GET /api/tracks/{id}/plan
pub async fn plan(id: Id, ask: Ask) -> Result<Response> {
    let query: TasteQuery = ask.query()?;
    query.is_about_a_plan()?;
    let (track, json) = stored(&ask.house, &id).await?;
    let keep = kept(&query);
    let (_, body) = planned(&ask.house, &track, json, &query, Patience::AnswerAtOnce).await?;
    // Not its id: of two plans that sound alike, reasons and promise may differ.
    let tag = key(&[body.as_bytes()]);
    Whole::of_bytes(&ask, body.into(), &tag, "application/json", keep)
}

/// GET /api/tracks/{id}/stream: the track, or what is left of it from a second on,
/// as one file
pub async fn stream(id: Id, ask: Ask) -> Result<Response> {
    let query: TasteQuery = ask.query()?;
    let mut recipe = recipe(&ask.house, &id, &query).await?;
    recipe.frames.start = query.first_frame(recipe.n_frames, recipe.rate)?;
    recipe.check()?;
    send(recipe, kept(&query), &ask).await
}

/// GET /api/tracks/{id}/chunks/{k}: one chunk as a file of its own
pub async fn chunk(id: Id, k: u64, ask: Ask) -> Result<Response> {
    let query: TasteQuery = ask.query()?;
    if query.start.is_some() {
        return Err(Error::bad_request("in the query: a chunk begins where it begins; start is of streams"));
    }
    if !query.format()?.comes_in_pieces() {
        let why = "an MP3 frame needs those before it, so a chunk of MP3 cannot stand alone; /stream gives it, from start on";
        return Err(Error::unprocessable(why).about("format"));
    }
    let address = format!("{} {k} {}", id.0, ask.query);
    // What a plan's id makes changes with the file alone.
    if let Some((known, bytes)) = ask.house.chunks.known(&address)
        && open(&ask.house, Measurable::clone(&known.track)).await.is_ok()
    {
        return Whole::of_bytes(&ask, bytes, &known.tag, known.media_type, Keep::Forever);
    }
    let mut recipe = recipe(&ask.house, &id, &query).await?;
    let geometry = Geometry::at(recipe.rate);
    let n_chunks = geometry.n_chunks(recipe.n_frames);
    if k >= n_chunks {
        return Err(Error::not_found(format!("this track has {n_chunks} chunks, numbered from 0")));
    }
    recipe.frames = geometry.chunk(k, recipe.n_frames);
    recipe.check()?;
    let (tag, media_type, keep) = (recipe.tag(), recipe.format.media_type(), kept(&query));
    let whole = Whole { len: recipe.file_len(), tag: &tag, media_type, keep };
    // What needs no bytes makes none.
    if !whole.is_needed(&ask) {
        return whole.answer(&ask, |_| Box::pin(futures_util::stream::empty()));
    }
    let track = Arc::new(recipe.track.clone());
    let made = async {
        ask.spend(Dear::Render)?;
        ask.house.renders.admit(ask.client).await?.whole(recipe).await
    };
    let bytes = ask.house.chunks.get(&tag, made).await?;
    if keep == Keep::Forever {
        ask.house.chunks.know(address, Known { track, tag: tag.clone(), media_type });
    }
    Whole::of_bytes(&ask, bytes, &tag, media_type, keep)
}

/// What a plan's id makes is that for ever.
fn kept(query: &TasteQuery) -> Keep {
    if query.plan.is_some() { Keep::Forever } else { Keep::Revalidate }
}

async fn send(recipe: Recipe, keep: Keep, ask: &Ask) -> Result<Response> {
    let tag = recipe.tag();
    let media_type = recipe.format.media_type();
    let whole = Whole { len: recipe.file_len(), tag: &tag, media_type, keep };
    let admitted = match whole.is_needed(ask) && !ask.is_head() {
        true => {
            ask.spend(Dear::Render)?;
            Some(ask.house.renders.admit(ask.client).await?)
        }
        false => None,
    };
    whole.answer(ask, |range| match admitted {
        Some(admitted) => Box::pin(admitted.pieces(recipe, range).map_err(std::io::Error::other)),
        None => Box::pin(futures_util::stream::empty()),
    })
}

/// What is to be rendered for this query; waits a while for the fingerprint.
pub async fn recipe(house: &Arc<House>, id: &Id, query: &TasteQuery) -> Result<Recipe> {
    let (format, bit_rate) = (query.format()?, query.bit_rate()?);
    let enhanced = query.enhanced.unwrap_or(true);
    if !enhanced && query.plan.is_some() {
        return Err(Error::bad_request(
            "in the query: plan=<id> says how it is enhanced, enhanced=false that it is not",
        ));
    }
    let (track, json) = awaited(house, id).await?;
    let file = find_file(house, id).await?;
    let print = parsed(&json)?;
    let plan = match enhanced {
        true => {
            let (mut plan, _) = planned(house, &track, Some(json), query, Patience::Wait).await?;
            if let Some(ceiling) = format.ceiling_dbtp() {
                plan.lower_ceiling(ceiling);
            }
            Some(plan)
        }
        false => None,
    };
    // A file that is gone is a 404 before the first byte, not a broken body.
    let (_, file) = open(house, file).await?;
    Ok(Recipe {
        track: file,
        is_neutral: plan.as_ref().is_none_or(|plan| plan.is_neutral(print.true_peak_dbtp)),
        plan: plan.map(|plan| (plan.stages, plan.id)),
        n_frames: print.n_frames,
        rate: print.sample_rate,
        format,
        bit_rate,
        frames: 0..print.n_frames,
    })
}
