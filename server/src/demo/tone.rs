//! The raw material of the demo's instruments: chance, oscillators, filters
//! and envelopes. Offline and deterministic to the bit: integer chance, fixed
//! order, transcendental functions only through the core's.

use auralis_core::math;

/// The demo's sample rate in Hz.
pub const RATE: u32 = 44_100;
/// One frame: left and right.
pub type Frame = [f32; 2];

const RATE_F: f32 = RATE as f32;

/// Frames in `seconds`.
pub fn frames(seconds: f32) -> usize {
    (seconds.max(0.0) * RATE_F) as usize
}

/// Frequency in Hz of a MIDI note number (A4 = 69 = 440 Hz).
pub fn hertz(pitch: f32) -> f32 {
    440.0 * math::exp2((pitch - 69.0) / 12.0)
}

/// Linear gain of a level in dB.
pub fn gain(db: f32) -> f32 {
    auralis_core::units::Db(db).gain()
}

/// A stream of chance: SplitMix64.
pub struct Random(u64);

impl Random {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 32) as u32
    }

    /// Evenly in −1 … 1.
    pub fn noise(&mut self) -> f32 {
        (self.bits() >> 8) as f32 * (2.0 / 16_777_216.0) - 1.0
    }

    /// Evenly in 0 … 1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 8) as f32 * (1.0 / 16_777_216.0)
    }
}

/// Sine of a phase in turns: a Taylor polynomial on a quarter turn, exact to
/// 4 · 10⁻⁶, which is some ten times faster than a library's.
pub fn sine(turns: f32) -> f32 {
    let whole = turns as i32;
    let whole = if turns < whole as f32 { whole - 1 } else { whole };
    let mut x = turns - whole as f32;
    if x > 0.75 {
        x -= 1.0;
    } else if x > 0.25 {
        x = 0.5 - x;
    }
    let z = x * x;
    x * (6.283_185_5 + z * (-41.341_7 + z * (81.605_25 + z * (-76.705_86 + z * 42.058_69))))
}

/// Takes the edge off a step that lies within one sample of phase 0: the
/// polynomial band-limited step of Välimäki and Huovilainen (2007).
fn blep(phase: f32, step: f32) -> f32 {
    if phase < step {
        let t = phase / step;
        t + t - t * t - 1.0
    } else if phase > 1.0 - step {
        let t = (phase - 1.0) / step;
        t * t + t + t + 1.0
    } else {
        0.0
    }
}

/// A rising saw at `phase`, advancing by `step` turns per frame.
pub fn saw(phase: f32, step: f32) -> f32 {
    2.0 * phase - 1.0 - blep(phase, step)
}

/// A pulse that is high for `width` of its turn, without its mean.
pub fn pulse(phase: f32, step: f32, width: f32) -> f32 {
    let other = if phase >= width { phase - width } else { phase - width + 1.0 };
    let square = if phase < width { 1.0 } else { -1.0 };
    square + blep(phase, step) - blep(other, step) - (2.0 * width - 1.0)
}

/// Moves a phase on, staying in 0 … 1.
pub fn advance(phase: &mut f32, step: f32) {
    *phase += step;
    if *phase >= 1.0 {
        *phase -= 1.0;
    }
}

/// Soft clipping: a rational tanh, flat from ±3 on.
pub fn soft(x: f32) -> f32 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}

/// The factor by which an exponential of time constant `seconds` shrinks per frame.
pub fn shrink(seconds: f32) -> f32 {
    math::exp(-1.0 / (seconds.max(1e-4) * RATE_F))
}

/// A two-pole state-variable filter (Simper 2013).
#[derive(Clone, Copy, Default)]
pub struct Filter {
    k: f32,
    a: [f32; 3],
    state: [f32; 2],
}

impl Filter {
    /// A filter at `hz` of quality `q`.
    pub fn new(hz: f32, q: f32) -> Self {
        let mut filter = Filter::default();
        filter.tune(hz, q);
        filter
    }

    /// Moves it; what it remembers stays.
    pub fn tune(&mut self, hz: f32, q: f32) {
        let g = math::tan(std::f32::consts::PI * hz.clamp(10.0, 0.45 * RATE_F) / RATE_F);
        self.k = 1.0 / q;
        let a1 = 1.0 / (1.0 + g * (g + self.k));
        self.a = [a1, g * a1, g * g * a1];
    }

    /// `[low, band, high]` of the next sample.
    pub fn split(&mut self, x: f32) -> [f32; 3] {
        let [a1, a2, a3] = self.a;
        let v3 = x - self.state[1];
        let band = a1 * self.state[0] + a2 * v3;
        let low = self.state[1] + a2 * self.state[0] + a3 * v3;
        self.state = [2.0 * band - self.state[0], 2.0 * low - self.state[1]];
        [low, band, x - self.k * band - low]
    }

    /// What lies below.
    pub fn low(&mut self, x: f32) -> f32 {
        self.split(x)[0]
    }
    /// What lies around, at unit gain in the middle.
    pub fn band(&mut self, x: f32) -> f32 {
        self.k * self.split(x)[1]
    }
    /// What lies above.
    pub fn high(&mut self, x: f32) -> f32 {
        self.split(x)[2]
    }
}

/// How a note begins, stays and ends; times in seconds.
#[derive(Clone, Copy)]
pub struct Adsr {
    /// Time to full level.
    pub attack: f32,
    /// Time constant towards `sustain`.
    pub decay: f32,
    /// Level held, 0 to 1.
    pub sustain: f32,
    /// Time constant of the end.
    pub release: f32,
}

/// An [`Adsr`] on its way.
pub struct Envelope {
    rise: f32,
    fall: f32,
    end: f32,
    sustain: f32,
    gate: usize,
    rising: bool,
    level: f32,
}

impl Envelope {
    /// Held for `gate` frames.
    pub fn new(shape: Adsr, gate: usize) -> Self {
        Envelope {
            rise: 1.0 / (shape.attack * RATE_F).max(1.0),
            fall: shrink(shape.decay),
            end: shrink(shape.release),
            sustain: shape.sustain,
            gate,
            rising: true,
            level: 0.0,
        }
    }
}

impl Iterator for Envelope {
    type Item = f32;

    /// The next level; nothing once it has faded by 80 dB.
    fn next(&mut self) -> Option<f32> {
        if self.gate == 0 {
            self.level *= self.end;
            if self.level < 1e-4 {
                return None;
            }
            return Some(self.level);
        }
        self.gate -= 1;
        if self.rising {
            self.level += self.rise;
            if self.level >= 1.0 {
                self.level = 1.0;
                self.rising = false;
            }
        } else {
            self.level = self.sustain + (self.level - self.sustain) * self.fall;
        }
        Some(self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_is_a_sine() {
        for i in -30_000..30_000 {
            let turns = i as f32 / 10_007.0;
            let want = math::f64::sin(f64::from(turns) * std::f64::consts::TAU) as f32;
            assert!((sine(turns) - want).abs() < 1e-5, "{turns}");
        }
    }

    #[test]
    fn oscillators_have_no_mean() {
        for step in [0.001, 0.013, 0.1] {
            let (mut phase, mut saws, mut pulses) = (0.0, 0.0, 0.0);
            let n = 100_000;
            for _ in 0..n {
                saws += saw(phase, step);
                pulses += pulse(phase, step, 0.3);
                advance(&mut phase, step);
            }
            assert!((saws / n as f32).abs() < 0.01 && (pulses / n as f32).abs() < 0.01, "{step}");
        }
    }

    #[test]
    fn envelopes_end() {
        let shape = Adsr { attack: 0.01, decay: 0.1, sustain: 0.5, release: 0.2 };
        let levels: Vec<f32> = Envelope::new(shape, 44_100).collect();
        assert!(levels.len() > 44_100 && levels.len() < 3 * 44_100);
        assert!((levels[44_099] - 0.5).abs() < 0.01);
        assert!(levels.iter().all(|level| (0.0..=1.0).contains(level)));
    }
}
