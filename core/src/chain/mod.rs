//! The chain: all stages of sound in their order, driven by a plan's
//! [`Stages`]. A chain obeys; it never judges, and it knows no chunks.

mod dynamics;
mod eq;
mod gain;
mod glide;
mod grid;
mod limiter;
mod saturation;
mod stereo;
mod svf;

pub use dynamics::Dynamics;
pub use eq::Equaliser;
pub use gain::{Gain, Rider};
pub use limiter::Limiter;
pub use saturation::Saturator;
pub use stereo::Image;

use crate::error::Result;
use crate::flow::Processor;
use crate::plan::Stages;
use crate::units::{Db, Seconds};

/// How long a retune takes to arrive.
pub const RETUNE: Seconds = Seconds(0.03);

/// Frames that go through all stages before the next ones do: all find them in
/// the nearest cache.
const RUN: usize = 512;

/// All stages, in order.
#[derive(Clone, Debug)]
pub struct Chain {
    rate: u32,
    input: Gain,
    ride: Rider,
    eq: Equaliser,
    dynamics: Dynamics,
    saturation: Saturator,
    image: Image,
    output: Gain,
    limiter: Limiter,
}

impl Chain {
    /// These stages at `rate`; fails if a number is out of range.
    pub fn new(rate: u32, stages: &Stages) -> Result<Self> {
        stages.validate()?;
        Ok(Chain {
            rate,
            input: Gain::new(stages.input_gain_db),
            ride: Rider::new(rate, &stages.ride),
            eq: Equaliser::new(rate, &stages.eq),
            dynamics: Dynamics::new(rate, &stages.dynamics),
            saturation: Saturator::new(rate, &stages.saturation),
            image: Image::new(rate, &stages.stereo),
            output: Gain::new(stages.output_gain_db),
            limiter: Limiter::new(rate, &stages.limiter),
        })
    }

    /// Moves to other, valid stages over [`RETUNE`], without a click and
    /// without allocating.
    pub fn retune(&mut self, stages: &Stages) {
        let n_frames = RETUNE.frames(self.rate) as u32;
        self.input.retune(stages.input_gain_db, n_frames);
        self.ride.retune(&stages.ride, n_frames);
        self.eq.retune(&stages.eq, n_frames);
        self.dynamics.retune(&stages.dynamics, n_frames);
        self.saturation.retune(&stages.saturation, n_frames);
        self.image.retune(&stages.stereo, n_frames);
        self.output.retune(stages.output_gain_db, n_frames);
        self.limiter.retune(&stages.limiter, n_frames);
    }

    /// Forgets all sound, takes the stages as they are at once and says which
    /// frame of the track comes next; negative frames are what came before the
    /// track.
    pub fn begin(&mut self, stages: &Stages, frame: i64) {
        self.retune(stages);
        self.reset();
        self.ride.seek(frame);
        self.eq.seek(frame);
        self.dynamics.seek(frame);
        self.saturation.seek(frame);
        self.image.seek(frame);
    }

    /// The deepest gain reduction of the limiter since last asked, dB ≤ 0.
    pub fn take_reduction(&mut self) -> Db {
        self.limiter.take_reduction()
    }

    fn each(&mut self, mut act: impl FnMut(&mut dyn Processor)) {
        act(&mut self.input);
        act(&mut self.ride);
        act(&mut self.eq);
        act(&mut self.dynamics);
        act(&mut self.saturation);
        act(&mut self.image);
        act(&mut self.output);
        act(&mut self.limiter);
    }
}

impl Processor for Chain {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.chunks_mut(RUN).zip(right.chunks_mut(RUN)) {
            gain::scrub(left, right);
            self.each(|stage| stage.run(left, right));
        }
    }

    fn latency(&self) -> usize {
        self.eq.latency() + self.saturation.latency() + self.limiter.latency()
    }

    fn tail(&self) -> usize {
        self.eq.tail()
            + self.dynamics.tail()
            + self.saturation.tail()
            + self.image.tail()
            + self.limiter.tail()
    }

    fn reset(&mut self) {
        self.each(|stage| stage.reset());
    }
}
