//! The demo's pitched instruments: subtractive, frequency-modulated, additive
//! and plucked (Karplus and Strong 1983).

use auralis_core::math;

use super::drum::Drum;
use super::tone::{
    Adsr, Envelope, Filter, Frame, RATE, Random, advance, frames, hertz, pulse, saw, shrink, sine,
};

/// A note as an instrument hears it.
#[derive(Clone, Copy)]
pub struct Played {
    /// MIDI note number.
    pub pitch: f32,
    /// Frames until it is let go.
    pub gate: usize,
    /// 0 to 1.
    pub velocity: f32,
}

/// The wave an oscillator draws.
#[derive(Clone, Copy)]
pub enum Wave {
    /// All harmonics.
    Saw,
    /// A pulse, high for this share of its turn.
    Pulse(f32),
    /// The fundamental alone.
    Sine,
}

/// A subtractive synthesiser: detuned oscillators, a low-pass that follows an
/// envelope, a second envelope for the level.
#[derive(Clone, Copy)]
pub struct Synth {
    /// What its oscillators draw.
    pub wave: Wave,
    /// How many sound at once, spread over the stereo image.
    pub voices: usize,
    /// Distance of the outermost from the note, in semitones.
    pub detune: f32,
    /// Resting frequency of the low-pass, as a multiple of the note's.
    pub cutoff: f32,
    /// How far the envelope opens it, as such a multiple.
    pub sweep: f32,
    /// Its quality.
    pub q: f32,
    /// Time constant with which it closes, in seconds.
    pub close: f32,
    /// Vibrato in semitones, coming in after a quarter of a second.
    pub vibrato: f32,
    /// The level.
    pub level: Adsr,
}

/// An instrument of the demo.
#[derive(Clone, Copy)]
pub enum Instrument {
    /// Everything made of oscillators and a filter.
    Synth(Synth),
    /// A plucked string: brightness 0–1, time to fade by 60 dB in seconds.
    String {
        /// How hard the plectrum is.
        bright: f32,
        /// How long it rings at 220 Hz.
        ring: f32,
    },
    /// An electric piano by frequency modulation.
    Keys,
    /// Bells by frequency modulation.
    Bell,
    /// A drawbar organ.
    Organ,
    /// An upright piano by decaying partials.
    Piano,
    /// Something struck: pitch and gate do not matter.
    Drum(Drum),
}

impl Instrument {
    /// Adds one note to `out`, which begins where the note does.
    pub fn play(&self, note: Played, random: &mut Random, out: &mut [Frame]) {
        match self {
            Instrument::Synth(synth) => synth.play(note, random, out),
            Instrument::String { bright, ring } => string(note, *bright, *ring, random, out),
            Instrument::Keys => keys(note, out),
            Instrument::Bell => bell(note, out),
            Instrument::Organ => organ(note, out),
            Instrument::Piano => piano(note, random, out),
            Instrument::Drum(drum) => drum.play(note.velocity, random, out),
        }
    }
}

const RATE_F: f32 = RATE as f32;
/// How often, in frames, slow movements are followed.
const CONTROL: usize = 32;

impl Synth {
    fn play(&self, note: Played, random: &mut Random, out: &mut [Frame]) {
        let hz = hertz(note.pitch);
        let n = self.voices.max(1);
        let place = |i: usize| if n == 1 { 0.0 } else { 2.0 * i as f32 / (n - 1) as f32 - 1.0 };
        let mut voices: Vec<(f32, f32, Frame)> = (0..n)
            .map(|i| {
                let step = hertz(note.pitch + self.detune * place(i)) / RATE_F;
                // Neighbours go to opposite sides, so that neither side is sharp.
                let pan = if i % 2 == 0 { place(i) } else { -place(i) } * 0.8;
                (random.unit(), step, [0.5 - 0.5 * pan, 0.5 + 0.5 * pan])
            })
            .collect();
        let mut filters = [Filter::new(hz, self.q); 2];
        let closing = shrink(self.close / CONTROL as f32);
        let mut opening = 1.0;
        let mut bend = 1.0;
        let level = 0.5 * note.velocity / super::tone::gain(10.0 * math::log10(n as f32));
        let envelope = Envelope::new(self.level, note.gate);
        for (i, (frame, volume)) in out.iter_mut().zip(envelope).enumerate() {
            if i % CONTROL == 0 {
                let open = self.cutoff + self.sweep * opening * note.velocity;
                filters.iter_mut().for_each(|filter| filter.tune(hz * open, self.q));
                opening *= closing;
                if self.vibrato > 0.0 {
                    let t = i as f32 / RATE_F;
                    let depth = ((t - 0.25) * 3.0).clamp(0.0, 1.0) * self.vibrato;
                    bend = math::exp2(depth * sine(5.3 * t) / 12.0);
                }
            }
            let mut sum = [0.0; 2];
            for (phase, step, pan) in &mut voices {
                let step = *step * bend;
                let x = match self.wave {
                    Wave::Saw => saw(*phase, step),
                    Wave::Pulse(width) => pulse(*phase, step, width),
                    Wave::Sine => sine(*phase),
                };
                advance(phase, step);
                sum[0] += pan[0] * x;
                sum[1] += pan[1] * x;
            }
            for side in 0..2 {
                frame[side] += level * volume * filters[side].low(sum[side]);
            }
        }
    }
}

/// A delay line of one period, closed over a low-pass: what a string does.
fn string(note: Played, bright: f32, ring: f32, random: &mut Random, out: &mut [Frame]) {
    let hz = hertz(note.pitch);
    // The averaging in the loop delays by `1 − keep`, the first all-pass the rest.
    let keep = 0.5 + 0.45 * bright;
    let period = RATE_F / hz - (1.0 - keep);
    // Between 0.3 and 1.3 frames for the all-pass: at 0 it would ring for ever.
    let whole = ((period - 0.3) as usize).max(2);
    let fraction = period - whole as f32;
    let stretch = (1.0 - fraction) / (1.0 + fraction);
    let mut line: Vec<f32> = Vec::with_capacity(whole);
    let mut soft = 0.0;
    for _ in 0..whole {
        let hardness = 0.15 + 0.8 * bright * note.velocity;
        soft += hardness * (random.noise() - soft);
        line.push(soft * (1.0 - 0.5 * hardness));
    }
    let mean = line.iter().sum::<f32>() / whole as f32;
    let loudest = line.iter().fold(1e-3_f32, |most, x| most.max((x - mean).abs()));
    line.iter_mut().for_each(|x| *x = (*x - mean) / loudest);
    // 60 dB in `ring` seconds at 220 Hz, shorter above.
    let fade = |seconds: f32| math::exp(-6.9 / (hz * seconds));
    let held = fade(ring * math::pow(220.0 / hz, 0.5));
    let damped = fade(0.25_f32.min(ring));
    let (mut at, mut last, mut before, mut after) = (0, 0.0, 0.0, 0.0);
    let level = 0.6 * note.velocity;
    let (mut gone, quiet) = (0, frames(1.5));
    for (i, frame) in out.iter_mut().enumerate() {
        let x = line[at];
        let turned = stretch * x + before - stretch * after;
        (before, after) = (x, turned);
        line[at] = (keep * turned + (1.0 - keep) * last) * if i < note.gate { held } else { damped };
        last = turned;
        at = if at + 1 == whole { 0 } else { at + 1 };
        frame[0] += level * x;
        frame[1] += level * x;
        gone += usize::from(i >= note.gate);
        if gone > quiet {
            break;
        }
    }
}

fn keys(note: Played, out: &mut [Frame]) {
    let step = hertz(note.pitch) / RATE_F;
    let ring = (2.4 - (note.pitch - 48.0) * 0.03).clamp(0.5, 2.4);
    let level = Adsr { attack: 0.002, decay: ring, sustain: 0.0, release: 0.12 };
    let (mut phase, mut tine) = (0.0, 0.0);
    let (mut body, mut spark) = (1.6 * note.velocity, 0.9 * note.velocity * note.velocity);
    let (body_fade, spark_fade) = (shrink(0.5 * ring), shrink(0.06));
    for (i, (frame, volume)) in out.iter_mut().zip(Envelope::new(level, note.gate)).enumerate() {
        let modulator = (body * sine(phase) + spark * sine(tine)) * 0.159;
        let x = 0.4 * note.velocity * volume * sine(phase + modulator);
        advance(&mut phase, step);
        advance(&mut tine, (step * 14.0).min(0.45));
        body *= body_fade;
        spark *= spark_fade;
        // The slow stereo tremolo of a stage piano.
        let sway = 0.25 * sine(4.6 * i as f32 / RATE_F);
        frame[0] += x * (1.0 - sway);
        frame[1] += x * (1.0 + sway);
    }
}

fn bell(note: Played, out: &mut [Frame]) {
    let step = hertz(note.pitch) / RATE_F;
    let level = Adsr { attack: 0.001, decay: 1.1, sustain: 0.0, release: 0.8 };
    let (mut phase, mut clang, mut octave) = (0.0, 0.0, 0.0);
    let mut index = 0.5 * note.velocity;
    let fade = shrink(0.25);
    for (frame, volume) in out.iter_mut().zip(Envelope::new(level, note.gate.max(frames(0.5)))) {
        let x = sine(phase + index * sine(clang)) + 0.3 * volume * sine(octave);
        advance(&mut phase, step);
        advance(&mut clang, (step * 3.5).min(0.45));
        advance(&mut octave, (step * 2.003).min(0.45));
        index *= fade;
        let x = 0.3 * note.velocity * volume * x;
        frame[0] += x;
        frame[1] += x;
    }
}

fn organ(note: Played, out: &mut [Frame]) {
    /// Drawbars 16′ 8′ 4′ 2⅔′ 2′: multiples of the note and their levels.
    const BARS: [(f32, f32); 5] = [(0.5, 0.5), (1.0, 1.0), (2.0, 0.6), (3.0, 0.35), (4.0, 0.2)];
    let step = hertz(note.pitch) / RATE_F;
    let level = Adsr { attack: 0.004, decay: 1.0, sustain: 1.0, release: 0.02 };
    let mut phases = [0.0; BARS.len()];
    for (i, (frame, volume)) in out.iter_mut().zip(Envelope::new(level, note.gate)).enumerate() {
        let sway = sine(6.1 * i as f32 / RATE_F);
        let mut x = 0.0;
        for (phase, (multiple, bar)) in phases.iter_mut().zip(BARS) {
            x += bar * sine(*phase);
            advance(phase, (step * multiple * (1.0 + 0.0015 * sway)).min(0.45));
        }
        let x = 0.16 * note.velocity * volume * x;
        frame[0] += x * (1.0 + 0.2 * sway);
        frame[1] += x * (1.0 - 0.2 * sway);
    }
}

fn piano(note: Played, random: &mut Random, out: &mut [Frame]) {
    const PARTIALS: usize = 10;
    let hz = hertz(note.pitch);
    // Stiff strings: partial n lies √(1 + B n²) too high (Fletcher 1964).
    let stiff = 0.0004;
    // Each partial is a damped resonator, y = 2 r cos ω y₁ − r² y₂.
    let mut partials: Vec<[f32; 4]> = (1..=PARTIALS)
        .map(|n| n as f32)
        .map(|n| (n, hz * n * (1.0 + stiff * n * n).sqrt() / RATE_F))
        .filter(|(_, step)| *step < 0.45)
        .map(|(n, step)| {
            let level = math::exp(-(n - 1.0) * (0.75 - 0.35 * note.velocity));
            let ring = shrink(1.6 * (220.0 / hz).sqrt() / (1.0 + 0.35 * (n - 1.0)));
            let angle = std::f32::consts::TAU * step;
            [2.0 * ring * math::cos(angle), ring * ring, level * math::sin(angle), 0.0]
        })
        .collect();
    let hold = Adsr { attack: 0.003, decay: 1.0, sustain: 1.0, release: 0.07 };
    let mut thump = Filter::new(250.0, 0.8);
    let mut knock = 0.25 * note.velocity;
    for (frame, volume) in out.iter_mut().zip(Envelope::new(hold, note.gate)) {
        let mut x = thump.low(random.noise()) * knock;
        knock *= 0.997;
        for [turn, fade, last, before] in &mut partials {
            let y = *turn * *last - *fade * *before;
            (*before, *last) = (*last, y);
            x += y;
        }
        let x = 0.28 * note.velocity * volume * x;
        frame[0] += x;
        frame[1] += x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Power of the first second of `sound` at `hz`, by one bin of a Fourier sum.
    fn power(sound: &[Frame], hz: f32) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, frame) in sound.iter().enumerate() {
            let angle = std::f64::consts::TAU * f64::from(hz) * i as f64 / f64::from(RATE);
            // A Hann window keeps neighbours out.
            let window = 0.5 - 0.5 * math::f64::cos(std::f64::consts::TAU * i as f64 / sound.len() as f64);
            let x = window * f64::from(frame[0] + frame[1]);
            re += x * math::f64::cos(angle);
            im += x * math::f64::sin(angle);
        }
        re * re + im * im
    }

    #[test]
    fn every_instrument_is_in_tune() {
        let synth = Synth {
            wave: Wave::Saw,
            voices: 1,
            detune: 0.0,
            cutoff: 4.0,
            sweep: 0.0,
            q: 0.7,
            close: 1.0,
            vibrato: 0.0,
            level: Adsr { attack: 0.01, decay: 1.0, sustain: 1.0, release: 0.1 },
        };
        let rows = [
            ("saw", Instrument::Synth(synth), 33.0),
            ("pulse", Instrument::Synth(Synth { wave: Wave::Pulse(0.3), ..synth }), 70.0),
            ("sine", Instrument::Synth(Synth { wave: Wave::Sine, ..synth }), 40.0),
            ("dull string", Instrument::String { bright: 0.2, ring: 3.0 }, 36.0),
            ("bright string", Instrument::String { bright: 0.75, ring: 3.0 }, 64.0),
            ("high string", Instrument::String { bright: 0.55, ring: 3.0 }, 81.0),
            ("keys", Instrument::Keys, 62.0),
            ("bell", Instrument::Bell, 79.0),
            ("organ", Instrument::Organ, 57.0),
            ("piano", Instrument::Piano, 60.0),
        ];
        for (name, instrument, pitch) in rows {
            let mut sound = vec![[0.0; 2]; RATE as usize];
            let note = Played { pitch, gate: RATE as usize, velocity: 0.8 };
            instrument.play(note, &mut Random::new(1), &mut sound);
            // The strongest of the pitches within a quarter tone, in cents.
            let cents = (-50..=50)
                .max_by(|&a, &b| {
                    let at = |cents: i32| power(&sound, hertz(pitch + cents as f32 / 100.0));
                    at(a).total_cmp(&at(b))
                })
                .unwrap();
            assert!(cents.abs() <= 6, "{name} is {cents} cents off");
        }
    }
}
