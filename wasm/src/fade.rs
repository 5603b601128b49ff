//! Gains that move where a listener stops, starts or turns the volume, so that
//! nothing clicks.

use auralis_core::block::Block;

/// Whether sound comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// As it is.
    Open,
    /// On the way to silence or back; frames done.
    Closing(usize),
    Opening(usize),
    /// Held.
    Shut,
}

impl Gate {
    /// Fades the first `n` frames, `length` being those of a whole fade.
    pub fn fade(&mut self, out: &mut Block, n: usize, length: usize) {
        for i in 0..n {
            let gain = match *self {
                Gate::Open => return,
                Gate::Shut => 0.0,
                Gate::Closing(done) => 1.0 - (done + 1) as f32 / length as f32,
                Gate::Opening(done) => done as f32 / length as f32,
            };
            for channel in 0..2 {
                out.plane_mut(channel)[i] *= gain;
            }
            *self = match *self {
                Gate::Closing(done) if done + 1 < length => Gate::Closing(done + 1),
                Gate::Closing(_) | Gate::Shut => Gate::Shut,
                Gate::Opening(done) if done + 1 < length => Gate::Opening(done + 1),
                _ => Gate::Open,
            };
        }
        if n == 0 && matches!(self, Gate::Closing(_)) {
            *self = Gate::Shut;
        }
    }
}

/// The volume, gliding in a straight line to where it was turned. At 1 it
/// leaves every bit.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    now: f32,
    to: f32,
    n_left: usize,
}

impl Volume {
    /// Full.
    pub const FULL: Volume = Volume { now: 1.0, to: 1.0, n_left: 0 };

    /// Turns it to `to`, 0 … 1, over `n_frames`.
    pub fn turn(&mut self, to: f32, n_frames: usize) {
        self.to = to;
        self.n_left = n_frames;
        if n_frames == 0 {
            self.now = to;
        }
    }

    /// Applies it to all of `out`.
    pub fn apply(&mut self, out: &mut Block) {
        let n_gliding = self.n_left.min(out.n_frames());
        let step = (self.to - self.now) / self.n_left.max(1) as f32;
        for channel in 0..2 {
            let (gliding, steady) = out.plane_mut(channel).split_at_mut(n_gliding);
            for (x, n) in gliding.iter_mut().zip(1_u16..) {
                *x *= self.now + step * f32::from(n);
            }
            if self.to != 1.0 {
                steady.iter_mut().for_each(|x| *x *= self.to);
            }
        }
        self.n_left -= n_gliding;
        self.now = if self.n_left == 0 { self.to } else { self.now + step * n_gliding as f32 };
    }
}
