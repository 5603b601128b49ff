//! The chains in the Worker: renders enhanced frames ahead of their time, for a
//! worklet that only mixes. The same player as there, so the same frames.

use auralis_core::block::Block;
use auralis_core::geometry::Geometry;
use auralis_core::plan::{STAGES_FLOATS, Stages};
use auralis_core::player::{Part, Player};
use auralis_core::units::Seconds;
use js_sys::Float32Array;
use wasm_bindgen::prelude::wasm_bindgen;

/// Frames that can be fed beyond those the player needs itself.
const AHEAD: usize = 65_536;

/// A player whose enhanced frames are taken out.
#[wasm_bindgen]
pub struct Ahead {
    player: Player,
    fresh: Block,
    out: Block,
}

#[wasm_bindgen]
impl Ahead {
    /// For tracks at `rate`; none if that is out of range.
    pub fn create(rate: u32) -> Option<Ahead> {
        let player = Player::new(rate, Geometry::at(rate), AHEAD).ok()?;
        Some(Ahead { player, fresh: Block::new(2, 0), out: Block::new(2, 0) })
    }

    /// Starts over at `frame`, fed from `fed_from` on. False: the plan is bad.
    pub fn start(&mut self, key: u32, numbers: &[f32], n_frames: f64, frame: f64, fed_from: f64) -> bool {
        let Some(part) = part(key, numbers) else { return false };
        self.player.start(part, counted(n_frames), frame as u64, fed_from as u64);
        true
    }

    /// Lets a track follow, its first frame at `start` on the timeline.
    pub fn follow(&mut self, key: u32, numbers: &[f32], start: f64, n_frames: f64) -> bool {
        part(key, numbers).is_some_and(|part| self.player.follow(part, start as u64, counted(n_frames)))
    }

    /// Takes back the tracks that have not begun.
    pub fn unfollow(&mut self) {
        self.player.unfollow();
    }

    /// Gives a track that is to come another plan.
    pub fn retune(&mut self, key: u32, numbers: &[f32]) {
        if let Some(part) = part(key, numbers) {
            self.player.retune(part, Seconds(0.0));
        }
    }

    /// Feeds `n` frames of `planes` (left, then right, each half of it); returns
    /// how many there was room for.
    pub fn feed(&mut self, planes: &Float32Array, n: u32) -> usize {
        let half = planes.length() / 2;
        let n = n.min(half);
        if self.fresh.capacity() != n as usize {
            self.fresh = Block::new(2, n as usize);
        }
        self.fresh.set_frames(n as usize);
        for channel in 0..2 {
            let start = channel * half;
            planes.subarray(start, start + n).copy_to(self.fresh.plane_mut(channel as usize));
        }
        self.player.feed(self.fresh.plane(0), self.fresh.plane(1))
    }

    /// Nothing more follows.
    pub fn end(&mut self) {
        self.player.end();
    }

    /// The frame of the timeline that is rendered next.
    pub fn at(&self) -> f64 {
        self.player.at() as f64
    }

    /// The track it is of.
    pub fn key(&self) -> u32 {
        self.player.position().map_or(u32::MAX, |(key, _)| key)
    }

    /// Renders as many frames as there can be into `planes`; returns how many.
    pub fn render(&mut self, planes: &Float32Array) -> usize {
        let half = planes.length() / 2;
        if self.out.capacity() != half as usize {
            self.out = Block::new(2, half as usize);
        }
        self.player.render(&mut self.out);
        let n = self.out.n_frames() as u32;
        for channel in 0..2 {
            let start = channel * half;
            planes.subarray(start, start + n).copy_from(self.out.plane(channel as usize));
        }
        n as usize
    }
}

/// A track by its plan's numbers; none of them: it has no plan yet.
fn part(key: u32, numbers: &[f32]) -> Option<Part> {
    let stages = match numbers.is_empty() {
        true => Stages::neutral(),
        false => Stages::from_floats(numbers.get(..STAGES_FLOATS)?).ok()?,
    };
    Some(Part { key, stages, original_db: 0.0, enhanced_db: 0.0, planned: !numbers.is_empty() })
}

fn counted(n_frames: f64) -> Option<u64> {
    (n_frames >= 0.0).then_some(n_frames as u64)
}
