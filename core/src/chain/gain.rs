//! Gain: the input gain with the slow ride on it, and the output gain.

use super::glide::Glide;
use crate::flow::Processor;
use crate::math::finite;
use crate::plan::{RIDE_KNOTS, Ride};
use crate::units::{Db, Seconds};

/// Louder samples than +24 dBFS are noise by any measure; clipping them keeps
/// every filter behind finite (L4).
const LOUDEST: f32 = 16.0;
/// And quieter ones than −600 dBFS are none: no subnormal comes in.
const QUIETEST: f32 = 1e-30;
/// Frames whose ride is drawn at a time.
const STRIDE: usize = 64;

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
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
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
pub fn scrub(left: &mut [f32], right: &mut [f32]) {
    for plane in [left, right] {
        for x in plane {
            let bounded = finite(*x).clamp(-LOUDEST, LOUDEST);
            *x = if bounded.abs() < QUIETEST { 0.0 } else { bounded };
        }
    }
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

    /// The gains from a frame of the track on; before 0 and after the last knot
    /// the curve is held.
    fn draw(&self, frame: i64, gains: &mut [f32]) {
        let mut at = 0;
        while at < gains.len() {
            // Up to the next knot it is one straight line.
            let frame = frame + at as i64;
            let knot = frame.max(0) as u64 / self.hop;
            let into = frame - (knot * self.hop) as i64;
            let n_to_knot = if frame < 0 { -frame } else { self.hop as i64 - into };
            let n = (gains.len() - at).min(n_to_knot as usize);
            let line = &mut gains[at..at + n];
            match self.gains[..self.n_knots].get(knot as usize..=knot as usize + 1) {
                Some(&[from, to]) if frame >= 0 => {
                    let (step, into, share) = (to - from, into as f64, 1.0 / self.hop as f64);
                    for (i, gain) in line.iter_mut().enumerate() {
                        *gain = from + step * ((into + f64::from(i as u32)) * share) as f32;
                    }
                }
                Some(&[first, _]) => line.fill(first),
                _ => line.fill(self.gains[..self.n_knots].last().copied().unwrap_or(1.0)),
            }
            at += n;
        }
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
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let start = self.frame;
        self.frame += left.len() as i64;
        if self.fresh.resting() && self.curve.n_knots == 0 {
            return;
        }
        let mut at = 0;
        while at < left.len() {
            let n = STRIDE.min(left.len() - at);
            let (mut gains, mut stale) = ([0.0; STRIDE], [0.0; STRIDE]);
            self.curve.draw(start + at as i64, &mut gains[..n]);
            if !self.fresh.resting() {
                self.stale.draw(start + at as i64, &mut stale[..n]);
                for (gain, stale) in gains[..n].iter_mut().zip(stale) {
                    self.fresh.tick();
                    *gain = stale + (*gain - stale) * self.fresh.now()[0];
                }
            }
            for plane in [&mut left[at..at + n], &mut right[at..at + n]] {
                plane.iter_mut().zip(gains).for_each(|(x, gain)| *x *= gain);
            }
            at += n;
        }
    }

    fn reset(&mut self) {
        self.fresh.finish();
        self.frame = 0;
    }
}
