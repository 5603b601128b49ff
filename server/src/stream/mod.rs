//! Sound as bytes, made while it is sent: a slice at a time, so that a client that
//! stops reading stops the rendering and holds no thread.

mod cache;
mod encoded;
mod frames;
mod pcm;
mod renders;
mod wav;

pub use cache::{Chunks, Known};
pub use frames::OnBlock;
pub use renders::{Admitted, Pieces, Renders};

use std::ops::Range;

use auralis_core::encode::{self, Format};
use auralis_core::flow::Spec;
use auralis_core::geometry::Geometry;
use auralis_core::plan::Stages;
use bytes::Bytes;

use crate::catalog::{Measurable, key};
use crate::error::Error;
use crate::media;
use frames::Frames;

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

    /// Refuses what its format cannot say, before the first byte.
    pub fn check(&self) -> Result<(), Error> {
        if matches!(self.format, Format::Flac16 | Format::Flac24 | Format::Mp3) {
            let held = self.frames.clone();
            encode::streamed(self.format, self.spec(), held, false, self.bit_rate, std::io::sink())?;
        }
        Ok(())
    }

    /// Makes the bytes of `range`, or of all where the length is not known.
    fn maker(self, range: Range<u64>) -> Box<dyn Maker> {
        match wav::is_of(self.format) {
            true => Box::new(wav::Cursor::new(self, range)),
            false => Box::new(encoded::Encoding::new(self)),
        }
    }
}

/// Makes bytes.
trait Maker: Send {
    /// The next of them; none: that was all.
    fn next(&mut self, renders: &Renders) -> Result<Option<Bytes>, Error>;
}
