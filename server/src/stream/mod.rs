//! Sound as bytes: a WAV that exists only in parts. Its bytes stand for frames
//! by arithmetic, and any frame can be rendered alone (law L2), so any range of
//! it is made when it is asked for. A slice at a time: a client that stops
//! reading stops the rendering and holds no thread.

use std::ops::Range;
use std::sync::Arc;

use auralis_core::block::Block;
use auralis_core::encode::{Format, wav};
use auralis_core::error;
use auralis_core::flow::{Source, Spec, Stereo};
use auralis_core::geometry::Geometry;
use auralis_core::plan::Stages;
use auralis_core::player::Render;
use bytes::Bytes;

use crate::catalog::{Measurable, key};
use crate::error::Error;
use crate::media;
use crate::metrics::Metrics;
use crate::pool::Pool;

/// Frames rendered between two looks at the client.
const SLICE: usize = 16_384;

/// What is rendered.
#[derive(Clone)]
pub struct Recipe {
    /// The track.
    pub track: Measurable,
    /// Its plan's stages and id; none: the decoder's frames as they are.
    pub plan: Option<(Stages, String)>,
    /// Counted frames of the track.
    pub n_frames: u64,
    /// Frames per second.
    pub rate: u32,
    /// How frames become bytes: one of the WAV formats.
    pub format: Format,
    /// The frames of the track that the file holds.
    pub frames: Range<u64>,
}

type Sound = Box<dyn Source + Send>;

impl Recipe {
    fn spec(&self) -> Spec {
        Spec { rate: self.rate, n_channels: 2 }
    }

    fn n_held(&self) -> u64 {
        self.frames.end - self.frames.start
    }

    /// Length in bytes, header included.
    pub fn file_len(&self) -> u64 {
        wav::file_len(self.format, self.spec(), self.n_held())
    }

    /// What says that two renders are the same, to the byte.
    pub fn tag(&self) -> String {
        let plan = self.plan.as_ref().map_or("none", |(_, id)| id);
        let geometry = format!("{:?}", Geometry::at(self.rate));
        let held = format!("{:?} {:?}", self.format, self.frames);
        key(&[
            media::file_id(&self.track).as_bytes(),
            plan.as_bytes(),
            geometry.as_bytes(),
            held.as_bytes(),
            env!("CARGO_PKG_VERSION").as_bytes(),
        ])
    }

    /// Opens the sound at `frame` of the track, and says whether its depth is
    /// reduced, which takes dither.
    fn open(&self, frame: u64) -> Result<(Sound, bool), Error> {
        let part = media::sound(&self.track)?;
        let bits = part.whole().bits_per_sample();
        let stereo = Stereo::new(part);
        let mut sound: Sound = match &self.plan {
            Some((stages, _)) => {
                Box::new(Render::new(stereo, stages, self.n_frames, Geometry::at(self.rate))?)
            }
            None => Box::new(stereo),
        };
        if frame > 0 {
            sound.seek(frame)?;
        }
        let reduced = match (self.format.bits(), bits) {
            (Some(to), Some(from)) => from > to,
            (Some(_), None) => true,
            (None, _) => false,
        };
        Ok((sound, reduced || self.plan.is_some()))
    }

    /// The bytes of `range`, rendered as they are asked for.
    pub fn pieces(
        self,
        range: Range<u64>,
        pool: Pool,
        metrics: Arc<Metrics>,
    ) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send {
        let cursor = Cursor { at: range.start, end: range.end, sound: None, recipe: self, metrics };
        futures_util::stream::try_unfold(cursor, move |mut cursor| {
            let pool = pool.clone();
            async move {
                if cursor.at >= cursor.end {
                    return Ok(None);
                }
                let rendered = pool.run(move || {
                    let bytes = cursor.slice()?;
                    Ok::<_, Error>((bytes, cursor))
                });
                let outcome = rendered.await.map_err(Error::from).and_then(|rendered| rendered);
                outcome.map(Some).map_err(std::io::Error::other)
            }
        })
    }
}

/// A place in the virtual file, and the sound opened there.
struct Cursor {
    at: u64,
    end: u64,
    sound: Option<Opened>,
    recipe: Recipe,
    metrics: Arc<Metrics>,
}

struct Opened {
    sound: Sound,
    dither: bool,
    block: Block,
}

impl Cursor {
    /// The next bytes: the header, or some frames.
    fn slice(&mut self) -> Result<Bytes, Error> {
        let recipe = &self.recipe;
        let header = wav::header(recipe.format, recipe.spec(), recipe.n_held());
        let n_header = header.len() as u64;
        if self.at < n_header {
            let end = self.end.min(n_header);
            let bytes = Bytes::from(header).slice(self.at as usize..end as usize);
            self.at = end;
            return Ok(bytes);
        }
        let n_frame = wav::bytes_per_frame(recipe.format, 2) as u64;
        let first = (self.at - n_header) / n_frame;
        // Asked for up to here; more is not rendered.
        let last = (self.end - n_header).div_ceil(n_frame).min(recipe.n_held());
        let n_frames = (last - first).min(SLICE as u64) as usize;
        let mut out = Vec::with_capacity(n_frames * n_frame as usize);
        self.frames(first, n_frames, &mut out)?;
        let skip = ((self.at - n_header) % n_frame) as usize;
        let n_bytes = (out.len() - skip).min((self.end - self.at) as usize);
        self.at += n_bytes as u64;
        Ok(Bytes::from(out).slice(skip..skip + n_bytes))
    }

    /// Renders `n_frames` from the held frame `first` on.
    fn frames(&mut self, first: u64, n_frames: usize, out: &mut Vec<u8>) -> Result<(), Error> {
        let recipe = &self.recipe;
        let from = recipe.frames.start + first;
        let opened = match &mut self.sound {
            Some(opened) => opened,
            none => {
                let (sound, dither) = recipe.open(from)?;
                self.metrics.renders.add(1);
                none.insert(Opened { sound, dither, block: Block::new(2, 0) })
            }
        };
        if opened.block.capacity() != n_frames {
            opened.block = Block::new(2, n_frames);
        }
        opened.sound.read(&mut opened.block)?;
        if opened.block.n_frames() < n_frames {
            let short = error::Error::new(error::Kind::Damaged, "the file ends before its counted end");
            return Err(short.at(from + opened.block.n_frames() as u64).into());
        }
        self.metrics.rendered_frames.add(n_frames as u64);
        wav::write_frames(recipe.format, &opened.block, from, opened.dither, out);
        Ok(())
    }
}
