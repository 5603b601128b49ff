//! A WAV that exists only in parts. Its bytes stand for frames by arithmetic, and
//! any frame can be rendered alone (law L2), so any range of it is made when it is
//! asked for.

use std::ops::Range;

use auralis_core::encode::{Format, wav};
use bytes::Bytes;

use super::{Frames, Maker, Recipe, Renders, SLICE};
use crate::error::Error;

/// Whether a format is a WAV.
pub fn is_of(format: Format) -> bool {
    matches!(format, Format::Wav16 | Format::Wav24 | Format::WavF32)
}

/// Length in bytes, header included.
pub fn file_len(recipe: &Recipe) -> u64 {
    wav::file_len(recipe.format, recipe.spec(), recipe.n_held())
}

/// A place in the virtual file, and the sound opened there.
pub struct Cursor {
    at: u64,
    end: u64,
    frames: Option<Frames>,
    recipe: Recipe,
}

impl Cursor {
    /// At the first byte of `range`.
    pub fn new(recipe: Recipe, range: Range<u64>) -> Self {
        Cursor { at: range.start, end: range.end, frames: None, recipe }
    }

    /// Renders `n_frames` from the held frame `first` on.
    fn render(
        &mut self,
        first: u64,
        n_frames: usize,
        out: &mut Vec<u8>,
        renders: &Renders,
    ) -> Result<(), Error> {
        let recipe = &self.recipe;
        let from = recipe.frames.start + first;
        let frames = match &mut self.frames {
            Some(frames) => frames,
            none => none.insert(Frames::open(recipe, from, renders)?),
        };
        let dither = frames.dither;
        let block = frames.read(recipe, n_frames)?;
        wav::write_frames(recipe.format, block, from, dither, out);
        Ok(())
    }
}

impl Maker for Cursor {
    /// The header, or some frames.
    fn next(&mut self, renders: &Renders) -> Result<Option<Bytes>, Error> {
        if self.at >= self.end {
            return Ok(None);
        }
        let recipe = &self.recipe;
        let header = wav::header(recipe.format, recipe.spec(), recipe.n_held());
        let n_header = header.len() as u64;
        if self.at < n_header {
            let end = self.end.min(n_header);
            let bytes = Bytes::from(header).slice(self.at as usize..end as usize);
            self.at = end;
            return Ok(Some(bytes));
        }
        let n_frame = wav::bytes_per_frame(recipe.format, 2) as u64;
        let first = (self.at - n_header) / n_frame;
        // Asked for up to here; more is not rendered.
        let last = (self.end - n_header).div_ceil(n_frame).min(recipe.n_held());
        let n_frames = (last - first).min(SLICE as u64) as usize;
        let mut out = Vec::with_capacity(n_frames * n_frame as usize);
        self.render(first, n_frames, &mut out, renders)?;
        let skip = ((self.at - n_header) % n_frame) as usize;
        let n_bytes = (out.len() - skip).min((self.end - self.at) as usize);
        self.at += n_bytes as u64;
        Ok(Some(Bytes::from(out).slice(skip..skip + n_bytes)))
    }
}
