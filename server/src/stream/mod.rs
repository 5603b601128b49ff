//! Sound as bytes, made while it is sent: a slice at a time, so that a client that
//! stops reading stops the rendering and holds no thread.

mod encoded;
mod wav;

use std::ops::Range;
use std::sync::Arc;

use auralis_core::block::Block;
use auralis_core::encode::Format;
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
    /// Whether the plan leaves every frame as it is.
    pub is_neutral: bool,
    /// Counted frames of the track.
    pub n_frames: u64,
    /// Frames per second.
    pub rate: u32,
    /// How frames become bytes.
    pub format: Format,
    /// Bits per second, where the format leaves a choice.
    pub bit_rate: u32,
    /// The frames of the track that the file holds.
    pub frames: Range<u64>,
}

impl Recipe {
    fn spec(&self) -> Spec {
        Spec { rate: self.rate, n_channels: 2 }
    }

    fn n_held(&self) -> u64 {
        self.frames.end - self.frames.start
    }

    /// Length in bytes, where it is known before all is made: any range of such a
    /// file can be asked for.
    pub fn file_len(&self) -> Option<u64> {
        wav::is_of(self.format).then(|| wav::file_len(self))
    }

    /// What says that two renders are the same, to the byte.
    pub fn tag(&self) -> String {
        let plan = self.plan.as_ref().map_or("none", |(_, id)| id);
        let geometry = format!("{:?}", Geometry::at(self.rate));
        let held = format!("{:?} {} {:?}", self.format, self.bit_rate, self.frames);
        key(&[
            media::file_id(&self.track).as_bytes(),
            plan.as_bytes(),
            geometry.as_bytes(),
            held.as_bytes(),
            env!("CARGO_PKG_VERSION").as_bytes(),
        ])
    }

    /// The bytes of `range` (of all, where the length is not known), made as they
    /// are asked for.
    pub fn pieces(
        self,
        range: Range<u64>,
        pool: Pool,
        metrics: Arc<Metrics>,
    ) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> + Send {
        let maker: Box<dyn Maker> = match wav::is_of(self.format) {
            true => Box::new(wav::Cursor::new(self, range, metrics)),
            false => Box::new(encoded::Encoding::new(self, metrics)),
        };
        futures_util::stream::try_unfold(maker, move |mut maker| {
            let pool = pool.clone();
            async move {
                let made = pool.run(move || Ok::<_, Error>(maker.next()?.map(|bytes| (bytes, maker))));
                let outcome = made.await.map_err(Error::from).and_then(|made| made);
                outcome.map_err(std::io::Error::other)
            }
        })
    }
}

/// Makes bytes.
trait Maker: Send {
    /// The next of them; none: that was all.
    fn next(&mut self) -> Result<Option<Bytes>, Error>;
}

/// The frames of a recipe from one of them on.
struct Frames {
    sound: Box<dyn Source + Send>,
    /// Whether integers are dithered.
    dither: bool,
    block: Block,
    /// The frame that comes next.
    at: u64,
}

impl Frames {
    /// Opens the sound at frame `at` of the track.
    fn open(recipe: &Recipe, at: u64, metrics: &Metrics) -> Result<Self, Error> {
        let part = media::sound(&recipe.track)?;
        let (bits, is_mixed) = (part.whole().bits_per_sample(), part.spec().n_channels > 2);
        let stereo = Stereo::new(part);
        let mut sound: Box<dyn Source + Send> = match &recipe.plan {
            Some((stages, _)) => {
                Box::new(Render::new(stereo, stages, recipe.n_frames, Geometry::at(recipe.rate))?)
            }
            None => Box::new(stereo),
        };
        if at > 0 {
            sound.seek(at)?;
        }
        // As the command line has it: what is mixed down is finer than its source.
        let is_reduced = match (recipe.format.bits(), bits) {
            (Some(to), Some(from)) => from > to || is_mixed,
            (Some(_), None) => true,
            (None, _) => false,
        };
        metrics.renders.add(1);
        Ok(Frames { sound, dither: is_reduced || !recipe.is_neutral, block: Block::new(2, 0), at })
    }

    /// The next `n_frames`.
    fn read(&mut self, n_frames: usize, metrics: &Metrics) -> Result<&Block, Error> {
        if self.block.capacity() != n_frames {
            self.block = Block::new(2, n_frames);
        }
        self.sound.read(&mut self.block)?;
        if self.block.n_frames() < n_frames {
            let short = error::Error::new(error::Kind::Damaged, "the file ends before its counted end");
            return Err(short.at(self.at + self.block.n_frames() as u64).into());
        }
        self.at += n_frames as u64;
        metrics.rendered_frames.add(n_frames as u64);
        Ok(&self.block)
    }
}
