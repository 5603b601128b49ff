//! The demo's drums: swept sines and shaped noise, as drum machines make them.

use super::tone::{Filter, Frame, RATE, Random, advance, frames, saw, shrink, sine, soft};

/// Something struck.
#[derive(Clone, Copy)]
pub enum Drum {
    /// A bass drum: resting pitch in Hz, time constant in seconds.
    Kick {
        /// Where its pitch comes to rest.
        hz: f32,
        /// How long it sounds.
        ring: f32,
    },
    /// A snare: share of the shell, time constant of the wires in seconds.
    Snare {
        /// Shell against wires, 0 to 1.
        shell: f32,
        /// How long the wires sound.
        ring: f32,
    },
    /// A closed or open hi-hat: time constant in seconds.
    Hat {
        /// How long it sounds.
        ring: f32,
    },
    /// Hands.
    Clap,
    /// A shaker.
    Shaker,
    /// The rim of a snare.
    Rim,
    /// A tom of this pitch in Hz.
    Tom {
        /// Where its pitch comes to rest.
        hz: f32,
    },
    /// A wave rolling in and out, over this many seconds.
    Surf {
        /// From silence to silence.
        seconds: f32,
    },
}

const RATE_F: f32 = RATE as f32;

impl Drum {
    /// Adds one stroke to `out`.
    pub fn play(self, velocity: f32, random: &mut Random, out: &mut [Frame]) {
        match self {
            Drum::Kick { hz, ring } => {
                swept(out, hz, 4.0, 0.035, ring, |x| 0.9 * velocity * soft(1.6 * x));
                hiss(out, random, 3_000.0, 0.7, 0.003, 0.25 * velocity);
            }
            Drum::Tom { hz } => swept(out, hz, 0.6, 0.06, 0.16, |x| 0.6 * velocity * x),
            Drum::Snare { shell, ring } => {
                swept(out, 185.0, 0.5, 0.02, 0.07, |x| 0.6 * shell * velocity * x);
                hiss(out, random, 2_200.0, 0.5, ring, 0.9 * (1.0 - shell) * velocity);
                hiss(out, random, 6_500.0, 0.7, 0.6 * ring, 0.45 * (1.0 - shell) * velocity);
            }
            Drum::Hat { ring } => metal(out, random, ring, 0.3 * velocity),
            Drum::Clap => {
                for burst in 0..3 {
                    let start = frames(0.011 * burst as f32).min(out.len());
                    hiss(&mut out[start..], random, 1_300.0, 1.2, 0.006, 0.7 * velocity);
                }
                let start = frames(0.03).min(out.len());
                hiss(&mut out[start..], random, 1_300.0, 1.0, 0.07, 0.6 * velocity);
            }
            Drum::Shaker => shaker(out, random, 0.35 * velocity),
            Drum::Rim => {
                swept(out, 480.0, 1.2, 0.004, 0.018, |x| 0.5 * velocity * x);
                hiss(out, random, 3_500.0, 1.5, 0.008, 0.4 * velocity);
            }
            Drum::Surf { seconds } => surf(out, random, seconds, velocity),
        }
    }
}

/// A sine that falls from `(1 + above) · hz` to `hz`, and fades.
fn swept(out: &mut [Frame], hz: f32, above: f32, glide: f32, ring: f32, shape: impl Fn(f32) -> f32) {
    let (glide, fade) = (shrink(glide), shrink(ring));
    let (mut height, mut level, mut phase) = (above, 1.0, 0.0);
    for (i, frame) in out.iter_mut().take(frames(8.0 * ring)).enumerate() {
        // Half a millisecond of attack: a step would click.
        let attack = (i as f32 / 22.0).min(1.0);
        let x = shape(attack * level * sine(phase));
        frame[0] += x;
        frame[1] += x;
        advance(&mut phase, hz * (1.0 + height) / RATE_F);
        height *= glide;
        level *= fade;
    }
}

/// Noise around `hz` that fades; a little different on both sides.
fn hiss(out: &mut [Frame], random: &mut Random, hz: f32, q: f32, ring: f32, gain: f32) {
    let fade = shrink(ring);
    let mut filters = [Filter::new(hz, q); 2];
    let mut level = gain;
    for frame in out.iter_mut().take(frames(8.0 * ring)) {
        let middle = random.noise();
        for (x, filter) in frame.iter_mut().zip(&mut filters) {
            *x += level * filter.band(0.8 * middle + 0.4 * random.noise());
        }
        level *= fade;
    }
}

/// Six inharmonic saws and noise through a high-pass: a cymbal.
fn metal(out: &mut [Frame], random: &mut Random, ring: f32, gain: f32) {
    const RATIOS: [f32; 6] = [2.0, 3.0, 4.16, 5.43, 6.79, 8.21];
    let mut phases: [f32; 6] = std::array::from_fn(|_| random.unit());
    let fade = shrink(ring);
    let mut high = Filter::new(7_500.0, 0.8);
    let mut level = gain;
    for frame in out.iter_mut().take(frames(8.0 * ring)) {
        let mut x = 1.5 * random.noise();
        for (phase, ratio) in phases.iter_mut().zip(RATIOS) {
            let step = 540.0 * ratio / RATE_F;
            x += 0.4 * saw(*phase, step);
            advance(phase, step);
        }
        let x = level * high.high(x);
        frame[0] += x;
        frame[1] += x;
        level *= fade;
    }
}

fn shaker(out: &mut [Frame], random: &mut Random, gain: f32) {
    let mut band = Filter::new(6_200.0, 1.2);
    let (rise, fade) = (frames(0.02) as f32, shrink(0.035));
    let mut level = gain;
    for (i, frame) in out.iter_mut().take(frames(0.3)).enumerate() {
        let swing = (i as f32 / rise).min(1.0);
        let x = swing * level * band.band(random.noise());
        frame[0] += x;
        frame[1] += x;
        if swing >= 1.0 {
            level *= fade;
        }
    }
}

fn surf(out: &mut [Frame], random: &mut Random, seconds: f32, velocity: f32) {
    let n = frames(seconds);
    let mut filters = [Filter::new(400.0, 0.6), Filter::new(400.0, 0.6)];
    for (i, frame) in out.iter_mut().take(n).enumerate() {
        let t = i as f32 / n as f32;
        let swell = sine(0.5 * t);
        let level = 0.5 * velocity * swell * swell;
        for (side, x) in frame.iter_mut().enumerate() {
            if i % 64 == 0 {
                // The crest passes from left to right.
                let turn = if side == 0 { t + 0.12 } else { t - 0.12 };
                filters[side].tune(300.0 + 2_500.0 * sine(0.5 * turn.clamp(0.0, 1.0)), 0.6);
            }
            *x += level * filters[side].low(random.noise());
        }
    }
}
