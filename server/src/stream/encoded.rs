//! All but WAV, front to back: their bytes depend on those before, so their
//! length is not known and no range of them can be asked for. Who wants a later
//! part asks for a stream that begins there.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use auralis_core::encode::{self, Encoder};
use bytes::Bytes;

use super::{Frames, Maker, Recipe, Renders, SLICE};
use crate::error::Error;

/// Where an encoder puts its bytes until they are sent.
#[derive(Clone, Default)]
struct Tray(Arc<Mutex<Vec<u8>>>);

impl Tray {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Tray {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A stream on its way.
pub struct Encoding {
    recipe: Recipe,
    /// The sound and its encoder; none: it has not begun, or is at its end.
    begun: Option<(Frames, Box<dyn Encoder + Send>)>,
    is_done: bool,
    tray: Tray,
}

impl Encoding {
    /// Before the first byte.
    pub fn new(recipe: Recipe) -> Self {
        Encoding { recipe, begun: None, is_done: false, tray: Tray::default() }
    }

    fn begin(&self, renders: &Renders) -> Result<(Frames, Box<dyn Encoder + Send>), Error> {
        let Recipe { format, bit_rate, .. } = self.recipe;
        let held = self.recipe.frames.clone();
        let frames = Frames::open(&self.recipe, held.start, renders)?;
        let out = self.tray.clone();
        let encoder = encode::streamed(format, self.recipe.spec(), held, frames.dither, bit_rate, out)?;
        Ok((frames, encoder))
    }

    /// Encodes some frames, or the end.
    fn advance(&mut self, renders: &Renders) -> Result<(), Error> {
        let (mut frames, mut encoder) = match self.begun.take() {
            Some(begun) => begun,
            None => self.begin(renders)?,
        };
        let n_left = self.recipe.frames.end - frames.at;
        if n_left == 0 {
            self.is_done = true;
            return Ok(encoder.finish()?);
        }
        let n_frames = usize::try_from(n_left).unwrap_or(SLICE).min(SLICE);
        encoder.write(frames.read(&self.recipe, n_frames)?)?;
        self.begun = Some((frames, encoder));
        Ok(())
    }
}

impl Maker for Encoding {
    fn next(&mut self, renders: &Renders) -> Result<Option<Bytes>, Error> {
        let mut bytes = Vec::new();
        while bytes.is_empty() && !self.is_done {
            self.advance(renders)?;
            bytes = self.tray.take();
        }
        Ok((!bytes.is_empty()).then(|| bytes.into()))
    }
}
