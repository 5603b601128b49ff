//! The demo's mixing desk: a strip per part, an echo, a room, and the master
//! that gives each piece its character.

use auralis_core::math;

use super::instrument::{Instrument, Played};
use super::score::Note;
use super::tone::{Filter, Frame, RATE, Random, advance, frames, gain, shrink, sine, soft};

const RATE_F: f32 = RATE as f32;

/// One instrument's way to the master.
#[derive(Clone, Copy)]
pub struct Strip {
    /// Level in dB.
    pub db: f32,
    /// −1 left to 1 right.
    pub pan: f32,
    /// Share sent to the room.
    pub room: f32,
    /// Share sent to the echo.
    pub echo: f32,
    /// Distortion: gain before soft clipping, 0 = none.
    pub drive: f32,
    /// Corner of a low cut in Hz, 0 = none.
    pub low_cut: f32,
    /// Corner of a high cut in Hz, 0 = none.
    pub high_cut: f32,
    /// Depth of a stereo chorus, 0 to 1.
    pub chorus: f32,
    /// How far it gives way to the first part's strokes (the kick), 0 to 1.
    pub duck: f32,
}

/// An instrument, its strip and its notes.
pub struct Part {
    /// What plays.
    pub instrument: Instrument,
    /// Where it goes.
    pub strip: Strip,
    /// What it plays.
    pub notes: Vec<Note>,
}

/// How a piece leaves the desk.
#[derive(Clone, Copy)]
pub struct Master {
    /// Low cut in Hz, 0 = none.
    pub low_cut: f32,
    /// High cut in Hz, 0 = none.
    pub high_cut: f32,
    /// `[Hz, dB, quality]` of a bell.
    pub bell: [f32; 3],
    /// Gain of the side signal: 0 = mono.
    pub width: f32,
    /// Gain in dB before soft clipping at full scale; `None`: not clipped.
    pub drive_db: Option<f32>,
    /// Sample peak of the result in dBFS.
    pub peak_db: f32,
    /// Length of the room's tail in seconds.
    pub room_s: f32,
    /// The echo's distance in beats.
    pub echo_beats: f32,
}

/// Tempo and feel.
#[derive(Clone, Copy)]
pub struct Groove {
    /// Beats per minute.
    pub bpm: f32,
    /// How late the second half of a beat comes: 0 straight, 1/3 swung.
    pub swing: f32,
}

impl Groove {
    /// Seconds of a position in beats, with the groove's swing.
    pub fn seconds(&self, beats: f32) -> f32 {
        let whole = beats as i32 as f32;
        let part = beats - whole;
        // The half of a beat moves to (1 + swing)/2; both halves stretch evenly.
        let half = 0.5 * (1.0 + self.swing);
        let moved = if part < 0.5 { part * 2.0 * half } else { half + (part - 0.5) * 2.0 * (1.0 - half) };
        (whole + moved) * 60.0 / self.bpm
    }
}

/// Renders `parts` to `n_frames`; chance comes from `seed`.
pub fn render(parts: &[Part], groove: Groove, master: &Master, n_frames: usize, seed: u64) -> Vec<Frame> {
    let mut dry = vec![[0.0; 2]; n_frames];
    let mut to_room = vec![[0.0; 2]; n_frames];
    let mut to_echo = vec![[0.0; 2]; n_frames];
    let ducking = parts.first().map_or(Vec::new(), |kick| ducking(&kick.notes, groove, n_frames));
    let mut sound = vec![[0.0; 2]; n_frames];
    for (number, part) in parts.iter().enumerate() {
        sound.fill([0.0; 2]);
        let mut random = Random::new(seed.wrapping_mul(1_000).wrapping_add(number as u64));
        for note in &part.notes {
            // Nobody plays like a machine: ± 4 ms, ± 8 % of velocity.
            let late = 0.004 * (1.0 + random.noise());
            let start = frames(groove.seconds(note.at) + late);
            if start >= n_frames {
                continue;
            }
            let played = Played {
                pitch: note.pitch,
                gate: frames(groove.seconds(note.at + note.length) - groove.seconds(note.at)),
                velocity: (note.velocity * (1.0 + 0.08 * random.noise())).clamp(0.0, 1.0),
            };
            part.instrument.play(played, &mut random, &mut sound[start..]);
        }
        part.strip.treat(&mut sound, &ducking);
        let strip = &part.strip;
        for (i, frame) in sound.iter().enumerate() {
            for side in 0..2 {
                dry[i][side] += frame[side];
                to_room[i][side] += strip.room * frame[side];
                to_echo[i][side] += strip.echo * frame[side];
            }
        }
    }
    echo(&mut to_echo, frames(master.echo_beats * 60.0 / groove.bpm), &mut dry, &mut to_room);
    room(&to_room, master.room_s, &mut dry);
    master.finish(&mut dry);
    dry
}

/// How much the kick pushes others down at each frame, 0 to 1.
fn ducking(strokes: &[Note], groove: Groove, n_frames: usize) -> Vec<f32> {
    let mut curve = vec![0.0; n_frames];
    for stroke in strokes {
        curve.iter_mut().skip(frames(groove.seconds(stroke.at))).take(1).for_each(|x| *x = 1.0);
    }
    let fade = shrink(0.11);
    let (mut target, mut level) = (0.0_f32, 0.0_f32);
    for x in &mut curve {
        target = if *x > 0.0 { 1.0 } else { target * fade };
        level += 0.01 * (target - level);
        *x = level;
    }
    curve
}

impl Strip {
    /// Puts the part's own sound through its strip.
    fn treat(&self, sound: &mut [Frame], ducking: &[f32]) {
        let level = gain(self.db);
        let balance = [(1.0 - self.pan).min(1.0), (1.0 + self.pan).min(1.0)];
        let mut cuts = [Filter::new(self.low_cut, 0.707); 2];
        let mut caps = [Filter::new(self.high_cut, 0.707); 2];
        for (frame, duck) in sound.iter_mut().zip(ducking) {
            for side in 0..2 {
                let mut x = frame[side];
                if self.drive > 0.0 {
                    x = soft(self.drive * x);
                }
                if self.low_cut > 0.0 {
                    x = cuts[side].high(x);
                }
                if self.high_cut > 0.0 {
                    x = caps[side].low(x);
                }
                frame[side] = x * level * balance[side] * (1.0 - self.duck * duck);
            }
        }
        if self.chorus > 0.0 {
            chorus(sound, self.chorus);
        }
    }
}

/// Each side hears itself 8–16 ms ago, swaying against the other.
fn chorus(sound: &mut [Frame], depth: f32) {
    const LINE: usize = 1024;
    let mut line = vec![[0.0; 2]; LINE];
    let mut phase = 0.0;
    for (i, frame) in sound.iter_mut().enumerate() {
        line[i % LINE] = *frame;
        for side in 0..2 {
            let sway = sine(phase + 0.25 * side as f32);
            let back = 0.012 * RATE_F + 0.004 * RATE_F * sway;
            let whole = back as usize;
            let part = back - whole as f32;
            let near = line[(i + LINE - whole) % LINE][side];
            let far = line[(i + LINE - whole - 1) % LINE][side];
            frame[side] += depth * (near + part * (far - near));
        }
        advance(&mut phase, 0.43 / RATE_F);
    }
}

/// A ping-pong echo, a little duller each time.
fn echo(send: &mut [Frame], distance: usize, dry: &mut [Frame], room: &mut [Frame]) {
    let distance = distance.max(1);
    let mut dull = [Filter::new(2_800.0, 0.6); 2];
    for i in distance..send.len() {
        let [left, right] = send[i - distance];
        let back = [dull[0].low(right), dull[1].low(left)];
        for side in 0..2 {
            dry[i][side] += back[side];
            room[i][side] += 0.2 * back[side];
            send[i][side] += 0.48 * back[side];
        }
    }
}

/// A feedback delay network of eight lines with a Hadamard matrix (Jot 1991).
fn room(send: &[Frame], seconds: f32, dry: &mut [Frame]) {
    /// Mutually prime lengths in frames, 26 to 66 ms.
    const LENGTHS: [usize; 8] = [1151, 1361, 1559, 1777, 2011, 2293, 2579, 2903];
    let mut lines: Vec<Vec<f32>> = LENGTHS.iter().map(|&length| vec![0.0; length]).collect();
    let mut at = [0; 8];
    let mut damp = [0.0; 8];
    // 60 dB, which is 6.9 nepers, in `seconds`.
    let fades = LENGTHS.map(|length| math::exp(-6.9 * length as f32 / (seconds * RATE_F)));
    for (i, &[left, right]) in send.iter().enumerate() {
        let mut x = [0.0; 8];
        for k in 0..8 {
            damp[k] += 0.55 * (lines[k][at[k]] - damp[k]);
            x[k] = fades[k] * damp[k];
        }
        dry[i][0] += 0.5 * (x[0] - x[2] + x[4] - x[6]);
        dry[i][1] += 0.5 * (x[1] - x[3] + x[5] - x[7]);
        for stride in [1, 2, 4] {
            for k in (0..8).filter(|k| k & stride == 0) {
                let (a, b) = (x[k], x[k + stride]);
                (x[k], x[k + stride]) = (a + b, a - b);
            }
        }
        for k in 0..8 {
            let input = if k % 2 == 0 { left } else { right };
            // 1/√8 makes the matrix lossless.
            lines[k][at[k]] = input + 0.353_553_4 * x[k];
            at[k] = if at[k] + 1 == LENGTHS[k] { 0 } else { at[k] + 1 };
        }
    }
}

impl Master {
    /// Character, then level.
    fn finish(&self, sound: &mut [Frame]) {
        let mut cuts = [Filter::new(self.low_cut, 0.6); 2];
        let mut caps = [Filter::new(self.high_cut, 0.6); 2];
        let [hz, db, q] = self.bell;
        let mut bells = [Filter::new(hz, q); 2];
        let lift = gain(db) - 1.0;
        let mut most = 1e-6_f32;
        for frame in sound.iter_mut() {
            let (middle, side) = (0.5 * (frame[0] + frame[1]), 0.5 * (frame[0] - frame[1]));
            *frame = [middle + self.width * side, middle - self.width * side];
            for (channel, x) in frame.iter_mut().enumerate() {
                if self.low_cut > 0.0 {
                    *x = cuts[channel].high(*x);
                }
                if self.high_cut > 0.0 {
                    *x = caps[channel].low(*x);
                }
                *x += lift * bells[channel].band(*x);
                most = most.max(x.abs());
            }
        }
        let peak = gain(self.peak_db);
        let Some(drive_db) = self.drive_db else {
            sound.iter_mut().flatten().for_each(|x| *x *= peak / most);
            return;
        };
        let push = gain(drive_db) / most;
        sound.iter_mut().flatten().for_each(|x| *x = peak * soft(push * *x));
    }
}
