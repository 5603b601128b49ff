//! Frames as the socket sends them: messages of samples as they are.

use bytes::Bytes;

use super::{Frames, Maker, Recipe, Renders};
use crate::error::Error;
use crate::wire::{Header, MAX_FRAMES};

/// Makes messages.
pub struct Messages {
    recipe: Recipe,
    frames: Option<Frames>,
    epoch: u32,
    sequence: u32,
    at: u64,
}

impl Messages {
    /// Of what the recipe holds; the first has this number.
    pub fn new(recipe: Recipe, epoch: u32, sequence: u32) -> Self {
        let at = recipe.frames.start;
        Messages { recipe, frames: None, epoch, sequence, at }
    }
}

impl Maker for Messages {
    fn next(&mut self, renders: &Renders) -> Result<Option<Bytes>, Error> {
        let recipe = &self.recipe;
        let n_left = recipe.frames.end - self.at;
        if n_left == 0 {
            return Ok(None);
        }
        let n_frames = n_left.min(MAX_FRAMES as u64) as usize;
        let frames = match &mut self.frames {
            Some(frames) => frames,
            none => none.insert(Frames::open(recipe, self.at, renders)?),
        };
        let block = frames.read(recipe, n_frames)?;
        let header = Header {
            epoch: self.epoch,
            sequence: self.sequence,
            first_frame: self.at,
            frames: n_frames as u32,
            flags: if n_frames as u64 == n_left { Header::LAST } else { 0 },
        };
        let mut message = Vec::with_capacity(Header::LEN + 8 * n_frames);
        message.extend_from_slice(&header.bytes());
        for channel in 0..2 {
            message.extend(block.plane(channel).iter().flat_map(|sample| sample.to_le_bytes()));
        }
        self.at += n_frames as u64;
        self.sequence = self.sequence.wrapping_add(1);
        Ok(Some(message.into()))
    }
}
