//! A track as it sounds: a source of the enhanced frames of another source.

use super::{Listen, Part, Player};
use crate::block::Block;
use crate::error::{Error, Result};
use crate::flow::{Source, Spec};
use crate::geometry::Geometry;
use crate::plan::Stages;

/// Frames read from the source at a time.
const READ: usize = 4_096;

/// Renders one track through its plan, exactly as the page plays it: the same
/// chunks, the same joins, to the bit, from whatever frame on.
pub struct Render<S> {
    source: S,
    part: Part,
    n_frames: u64,
    geometry: Geometry,
    player: Player,
    fresh: Block,
    rendered: Block,
    at: u64,
}

impl<S: Source> Render<S> {
    /// Renders `source` (stereo, of `n_frames` counted frames) through `stages`.
    pub fn new(source: S, stages: &Stages, n_frames: u64, geometry: Geometry) -> Result<Self> {
        stages.validate()?;
        let Spec { rate, n_channels } = source.spec();
        if n_channels != 2 {
            return Err(Error::invalid("only stereo is rendered: mix down first"));
        }
        let part = Part { key: 0, stages: stages.clone(), original_db: 0.0, enhanced_db: 0.0, planned: true };
        let mut render = Render {
            source,
            part,
            n_frames,
            geometry,
            player: Player::new(rate, geometry, READ)?,
            fresh: Block::new(2, READ),
            rendered: Block::new(2, 0),
            at: 0,
        };
        render.player.listen(Listen::Enhanced);
        render.seek(0)?;
        Ok(render)
    }

    /// Starts over with other stages.
    pub fn restart(&mut self, stages: &Stages) -> Result<()> {
        stages.validate()?;
        self.part.stages = stages.clone();
        self.seek(0)
    }

    /// Feeds the player once.
    fn feed(&mut self) -> Result<()> {
        let n_left = self.n_frames.saturating_sub(self.player.fed());
        if n_left == 0 {
            self.player.end();
            return Ok(());
        }
        let want = READ.min(self.player.room()).min(usize::try_from(n_left).unwrap_or(usize::MAX));
        debug_assert!(want > 0, "a player that can render nothing has room");
        if self.fresh.capacity() != want {
            self.fresh = Block::new(2, want);
        }
        self.source.read(&mut self.fresh)?;
        let n = self.fresh.n_frames();
        if n < want {
            return Err(Error::new(
                crate::error::Kind::Damaged,
                format!(
                    "the source ended after {} frames, {} were counted",
                    self.player.fed() + n as u64,
                    self.n_frames
                ),
            )
            .at(self.player.fed() + n as u64));
        }
        self.player.feed(self.fresh.plane(0), self.fresh.plane(1));
        Ok(())
    }
}

impl<S: Source> Source for Render<S> {
    fn spec(&self) -> Spec {
        self.source.spec()
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        let mut n_out = 0;
        block.set_frames(block.capacity());
        while n_out < block.capacity() && self.at < self.n_frames {
            let want = READ.min(block.capacity() - n_out);
            if self.rendered.capacity() != want {
                self.rendered = Block::new(2, want);
            }
            self.player.render(&mut self.rendered);
            let n = self.rendered.n_frames();
            for channel in 0..2 {
                block.plane_mut(channel)[n_out..n_out + n].copy_from_slice(self.rendered.plane(channel));
            }
            n_out += n;
            self.at += n as u64;
            if n < want && self.at < self.n_frames {
                self.feed()?;
            }
        }
        block.set_frames(n_out);
        Ok(())
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        let frame = frame.min(self.n_frames);
        let from = Player::hears_from(&self.geometry, frame, Some(self.n_frames), None);
        self.source.seek(from)?;
        self.player.start(self.part.clone(), Some(self.n_frames), frame, from);
        self.at = frame;
        Ok(())
    }

    fn expected_frames(&self) -> Option<u64> {
        Some(self.n_frames)
    }
}
