//! Signals made to measure. Each is a function of its arguments alone, equal on
//! every machine, so that hashes of what becomes of it may be kept.

use auralis_core::block::Block;
use auralis_core::error::Result;
use auralis_core::flow::{Source, Spec};
use auralis_core::math;

/// Planes of samples, one per channel, equally long.
pub type Planes = Vec<Vec<f32>>;

const TAU: f64 = std::f64::consts::TAU;

/// Pseudo-random numbers: SplitMix64 (Steele, Lea & Flood 2014).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in −1 … 1, a multiple of 2⁻²³: exact in `f32` and in 24 bits.
    pub fn sample(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 8_388_608.0 - 1.0
    }

    /// Uniform in 0 … `end`, without the end.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }
}

/// White noise with peaks at `gain`.
pub fn noise(seed: u64, n_frames: usize, gain: f32) -> Vec<f32> {
    let mut random = Random(seed);
    (0..n_frames).map(|_| gain * random.sample()).collect()
}

/// A sine that begins at phase 0. The phase is computed afresh for each frame,
/// so that it does not drift.
pub fn sine(rate: u32, hz: f64, n_frames: usize, gain: f32) -> Vec<f32> {
    let step = hz / f64::from(rate);
    (0..n_frames).map(|n| gain * math::f64::sin(TAU * (step * n as f64).fract()) as f32).collect()
}

/// A sine whose frequency rises exponentially from `from` to `to` Hz.
pub fn sweep(rate: u32, from: f64, to: f64, n_frames: usize, gain: f32) -> Vec<f32> {
    let octaves = math::f64::ln(to / from);
    let span = n_frames.max(1) as f64;
    let turns = |n: f64| from / f64::from(rate) * span / octaves * (math::f64::exp(octaves * n / span) - 1.0);
    (0..n_frames).map(|n| gain * math::f64::sin(TAU * turns(n as f64).fract()) as f32).collect()
}

/// Silence with a single full sample every `distance` frames, from frame 0.
pub fn clicks(distance: usize, n_frames: usize, gain: f32) -> Vec<f32> {
    (0..n_frames).map(|n| if n.is_multiple_of(distance) { gain } else { 0.0 }).collect()
}

/// What a made-up track sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Character {
    /// Quiet and without bass, a wide room.
    Thin,
    /// Too much bass, few highs.
    Boomy,
    /// Driven into clipping.
    Crushed,
}

/// A track with the parts that real music has: a kick and a noise snare on the
/// beat, a bass line, a chord with slow swells, a melody, a quiet first bar and
/// a break. Stereo; deterministic.
pub fn track(character: Character, seed: u64, rate: u32, seconds: f64) -> Planes {
    let n_frames = (seconds * f64::from(rate)) as usize;
    let (bass, highs, drive, width) = match character {
        Character::Thin => (0.05, 0.12, 0.5, 0.9),
        Character::Boomy => (0.55, 0.03, 0.9, 0.2),
        Character::Crushed => (0.35, 0.2, 6.0, 0.5),
    };
    let mut random = Random(seed);
    let key = 40.0 + random.below(12) as f64;
    let beat = 60.0 / (90.0 + random.below(60) as f64);
    let melody: Vec<f64> = (0..16).map(|_| [0.0, 3.0, 5.0, 7.0, 10.0, 12.0][random.below(6)]).collect();
    let hz = |note: f64| 440.0 * math::f64::pow(2.0, (note - 69.0) / 12.0);
    // Of the bass, the root and the chord; and of the lead. Powers are dear.
    let (mut notes, mut lead_hz, mut beat_of_notes) = ([0.0; 5], 0.0, usize::MAX);
    let mut planes = vec![Vec::with_capacity(n_frames), Vec::with_capacity(n_frames)];
    for n in 0..n_frames {
        let t = n as f64 / f64::from(rate);
        let (beats, phase) = ((t / beat) as usize, (t / beat).fract() * beat);
        let tone = |hz: f64, t: f64| math::f64::sin(TAU * (hz * t).fract());
        let decay = |t: f64, tau: f64| math::f64::exp(-t / tau);
        let bar = beats / 4;
        if beats != beat_of_notes {
            let root = key + [0.0, 5.0, 7.0, 3.0][bar % 4];
            notes = [-12.0, 0.0, 12.0, 15.0, 19.0].map(|above| hz(root + above));
            lead_hz = hz(root + 24.0 + melody[beats % melody.len()]);
            beat_of_notes = beats;
        }
        let is_break = bar % 8 == 7;
        let level = if bar == 0 { 0.25 } else { 1.0 };
        let kick =
            if is_break { 0.0 } else { tone(50.0 + 60.0 * decay(phase, 0.03), phase) * decay(phase, 0.12) };
        let snare = if beats % 2 == 1 { decay(phase, 0.06) } else { 0.0 };
        let low = tone(notes[0], t) + 0.3 * tone(notes[1], t);
        let swell = 0.6 + 0.4 * tone(0.13, t);
        let chord = tone(notes[2], t) + tone(notes[3], t) + tone(notes[4], t);
        let lead = (tone(lead_hz, t) + 0.4 * tone(2.0 * lead_hz, t) + 0.2 * tone(3.0 * lead_hz, t))
            * decay(phase, 0.3);
        let (hiss_left, hiss_right) = (f64::from(random.sample()), f64::from(random.sample()));
        let middle = level * (bass * (kick + 0.5 * low) + 0.08 * swell * chord + 0.1 * lead);
        let side = level * width * 0.05 * tone(notes[2] * 1.003, t);
        for (plane, (hiss, side)) in planes.iter_mut().zip([(hiss_left, side), (hiss_right, -side)]) {
            let x = drive * (middle + side + level * highs * (0.5 * snare + 0.05) * hiss);
            plane.push((x as f32).clamp(-0.999, 0.999));
        }
    }
    planes
}

/// A source that reads planes from memory.
#[derive(Clone, Debug)]
pub struct Memory {
    planes: Planes,
    rate: u32,
    frame: usize,
}

impl Memory {
    /// Reads `planes`, which must be equally long, at `rate`.
    pub fn new(rate: u32, planes: Planes) -> Self {
        Memory { planes, rate, frame: 0 }
    }
}

impl Source for Memory {
    fn spec(&self) -> Spec {
        Spec { rate: self.rate, n_channels: self.planes.len() }
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        let n_frames = self.planes.first().map_or(0, Vec::len);
        let end = n_frames.min(self.frame + block.capacity());
        block.set_frames(end - self.frame);
        for (channel, plane) in self.planes.iter().enumerate() {
            block.plane_mut(channel).copy_from_slice(&plane[self.frame..end]);
        }
        self.frame = end;
        Ok(())
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        let n_frames = self.planes.first().map_or(0, Vec::len);
        self.frame = usize::try_from(frame).unwrap_or(usize::MAX).min(n_frames);
        Ok(())
    }

    fn expected_frames(&self) -> Option<u64> {
        self.planes.first().map(|plane| plane.len() as u64)
    }
}

/// All that a source gives from where it stands, in blocks of `capacity`.
pub fn read_all(source: &mut dyn Source, capacity: usize) -> Result<Planes> {
    let mut block = Block::new(source.spec().n_channels, capacity);
    let mut planes = vec![Vec::new(); source.spec().n_channels];
    loop {
        source.read(&mut block)?;
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.extend_from_slice(block.plane(channel));
        }
        if block.n_frames() < block.capacity() {
            return Ok(planes);
        }
    }
}

/// A 64-bit hash of the samples' bits: FNV-1a over the planes in order.
pub fn hash(planes: &[Vec<f32>]) -> u64 {
    let bytes = planes.iter().flatten().flat_map(|sample| sample.to_bits().to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_are_repeatable_and_plainly_different() {
        let rms = |planes: &Planes| {
            let sum: f64 = planes.iter().flatten().map(|&x| f64::from(x * x)).sum();
            (sum / (2 * planes[0].len()) as f64).sqrt()
        };
        let made = [Character::Thin, Character::Boomy, Character::Crushed].map(|c| track(c, 7, 44_100, 8.0));
        for planes in &made {
            assert!(planes.iter().all(|plane| plane.len() == 8 * 44_100));
            assert!(planes.iter().flatten().all(|x| x.abs() <= 1.0));
        }
        assert_eq!(hash(&made[0]), hash(&track(Character::Thin, 7, 44_100, 8.0)));
        assert_ne!(hash(&made[0]), hash(&track(Character::Thin, 8, 44_100, 8.0)));
        assert!(rms(&made[0]) * 3.0 < rms(&made[1]) && rms(&made[1]) < rms(&made[2]));
    }

    #[test]
    fn memory_keeps_the_source_law() {
        let planes = vec![noise(1, 1_000, 1.0), noise(2, 1_000, 1.0)];
        let mut source = Memory::new(48_000, planes.clone());
        for capacity in [1, 7, 999, 1_000, 1_001] {
            source.seek(0).expect("a seek");
            assert_eq!(read_all(&mut source, capacity).expect("frames"), planes);
        }
        source.seek(990).expect("a seek");
        assert_eq!(read_all(&mut source, 64).expect("frames")[1], planes[1][990..]);
        source.seek(2_000).expect("a seek");
        assert!(read_all(&mut source, 64).expect("frames")[0].is_empty());
    }
}
