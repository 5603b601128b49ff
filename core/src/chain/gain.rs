//! Gain: the input gain with the slow ride on it, and the output gain.

use super::glide::Glide;
use crate::block::Block;
use crate::flow::Processor;
use crate::math::finite;
use crate::plan::{RIDE_KNOTS, Ride};
use crate::units::{Db, Seconds};

/// Louder samples than +24 dBFS are noise by any measure; clipping them keeps
/// every filter behind finite (L4).
const LOUDEST: f32 = 16.0;

/// A gain, the same for both channels.
#[derive(Clone, Debug)]
pub struct Gain {
    glide: Glide<1>,
}

impl Gain {
    /// A gain of `db`.
    pub fn new(db: f32) -> Self {
        Gain { glide: Glide::new([Db(db).gain()]) }
    }

    /// Moves to `db` over `n_frames`.
    pub fn retune(&mut self, db: f32, n_frames: u32) {
        self.glide.to([Db(db).gain()], n_frames);
    }
}

impl Processor for Gain {
    fn process(&mut self, block: &mut Block) {
        let (left, right) = block.stereo_mut();
        if self.glide.resting() {
            let gain = self.glide.now()[0];
            if gain != 1.0 {
                left.iter_mut().chain(right).for_each(|x| *x *= gain);
            }
            return;
        }
        for (l, r) in left.iter_mut().zip(right) {
            self.glide.tick();
            *l *= self.glide.now()[0];
            *r *= self.glide.now()[0];
        }
    }

    fn reset(&mut self) {
        self.glide.finish();
    }
}

/// Replaces what is not a number by silence and bounds the rest to ±24 dBFS,
/// so that everything behind it stays finite.
pub fn scrub(block: &mut Block) {
    let (left, right) = block.stereo_mut();
    left.iter_mut().chain(right).for_each(|x| *x = finite(*x).clamp(-LOUDEST, LOUDEST));
}

/// One ride's curve, ready to be asked by frame.
#[derive(Clone, Debug)]
struct Curve {
    hop: u64,
    n_knots: usize,
    gains: Box<[f32; RIDE_KNOTS]>,
}

impl Curve {
    fn new() -> Self {
        Curve { hop: 1, n_knots: 0, gains: Box::new([1.0; RIDE_KNOTS]) }
    }

    fn set(&mut self, rate: u32, ride: &Ride) {
        self.hop = Seconds(f64::from(ride.hop_s)).frames(rate).max(1);
        self.n_knots = ride.gain_db.len().min(RIDE_KNOTS);
        for (gain, &db) in self.gains.iter_mut().zip(&ride.gain_db) {
            *gain = Db(db).gain();
        }
    }

    fn copy_from(&mut self, other: &Curve) {
        self.hop = other.hop;
        self.n_knots = other.n_knots;
        *self.gains = *other.gains;
    }

    /// The gain at a frame of the track; before 0 and after the last knot the
    /// curve is held.
    fn at(&self, frame: i64) -> f32 {
        if self.n_knots == 0 {
            return 1.0;
        }
        let frame = frame.max(0) as u64;
        let knot = (frame / self.hop) as usize;
        if knot + 1 >= self.n_knots {
            return self.gains[self.n_knots - 1];
        }
        let share = (frame % self.hop) as f32 / self.hop as f32;
        self.gains[knot] + (self.gains[knot + 1] - self.gains[knot]) * share
    }
}

/// The plan's gain ride: a slow curve over the whole track, by absolute frame.
#[derive(Clone, Debug)]
pub struct Rider {
    rate: u32,
    frame: i64,
    curve: Curve,
    /// The curve before the last retune, faded out by `fresh`.
    stale: Curve,
    /// Share of the new curve.
    fresh: Glide<1>,
}

impl Rider {
    /// Rides `ride` at `rate`, from frame 0 on.
    pub fn new(rate: u32, ride: &Ride) -> Self {
        let mut curve = Curve::new();
        curve.set(rate, ride);
        Rider { rate, frame: 0, curve, stale: Curve::new(), fresh: Glide::new([1.0]) }
    }

    /// Says which frame of the track comes next; negative frames are the
    /// neighbour's tail.
    pub fn seek(&mut self, frame: i64) {
        self.frame = frame;
    }

    /// Moves to another curve over `n_frames`.
    pub fn retune(&mut self, ride: &Ride, n_frames: u32) {
        self.stale.copy_from(&self.curve);
        self.curve.set(self.rate, ride);
        self.fresh = Glide::new([0.0]);
        self.fresh.to([1.0], n_frames);
    }
}

impl Processor for Rider {
    fn process(&mut self, block: &mut Block) {
        let start = self.frame;
        self.frame += block.n_frames() as i64;
        if self.fresh.resting() && self.curve.n_knots == 0 {
            return;
        }
        let (left, right) = block.stereo_mut();
        for (i, (l, r)) in left.iter_mut().zip(right).enumerate() {
            self.fresh.tick();
            let frame = start + i as i64;
            let mut gain = self.curve.at(frame);
            if !self.fresh.resting() {
                let stale = self.stale.at(frame);
                gain = stale + (gain - stale) * self.fresh.now()[0];
            }
            *l *= gain;
            *r *= gain;
        }
    }

    fn reset(&mut self) {
        self.fresh.finish();
        self.frame = 0;
    }
}
