//! Makes sound files, and reads them.

use std::fs;
use std::io::Cursor;

use auralis_core::block::Block;
use auralis_core::decode::{self, Decoder};
use auralis_core::error::Result;
use auralis_core::flow::Source;

/// Planes of samples, `channels × frames`.
pub type Planes = Vec<Vec<f32>>;

/// A small generator (xorshift), so that every run sees the same.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.roll() % n.max(1)
    }
}

/// Sound with tones, noise and hits, so that codecs use all they have; 16-bit
/// values, interleaved.
pub fn music(rate: u32, n_channels: usize, n_frames: usize) -> Vec<i16> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut out = Vec::with_capacity(n_channels * n_frames);
    let mut noise = 0.0;
    for frame in 0..n_frames {
        let t = frame as f64 / f64::from(rate);
        let beat = (t * 2.0).fract();
        noise = 0.7 * noise + 0.3 * ((dice.below(2_000) as f64) / 1_000.0 - 1.0);
        for channel in 0..n_channels {
            let f = 220.0 * (channel as f64 + 1.0);
            let tone = (t * f * std::f64::consts::TAU).sin() * 0.25;
            let hiss = noise * 0.4 * (-beat * 9.0).exp();
            out.push(((tone + hiss) * 32_000.0).round() as i16);
        }
    }
    out
}

/// A WAVE file of 16-bit samples.
pub fn wav16(rate: u32, n_channels: usize, samples: &[i16]) -> Vec<u8> {
    let body: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    wav(1, 16, rate, n_channels, &body)
}

/// A WAVE file with any body: `tag` 1 is integers, 3 is floats.
pub fn wav(tag: u16, bits: u16, rate: u32, n_channels: usize, body: &[u8]) -> Vec<u8> {
    let frame = n_channels as u16 * (bits / 8);
    let mut file = Vec::with_capacity(44 + body.len());
    file.extend(b"RIFF");
    file.extend((36 + body.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend(tag.to_le_bytes());
    file.extend((n_channels as u16).to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(b"data");
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}

/// Has ffmpeg turn the WAVE file `input` into `name`; `None` without ffmpeg.
pub fn convert(input: &[u8], name: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut ffmpeg = auralis_tests::ffmpeg()?;
    let folder = auralis_tests::folder();
    let (from, to) = (folder.path().join("in.wav"), folder.path().join(name));
    fs::write(&from, input).expect("the input is written");
    let status = ffmpeg.args(["-loglevel", "error", "-i"]).arg(&from).args(arguments).arg(&to).status();
    assert!(status.expect("ffmpeg runs").success(), "ffmpeg makes {name}");
    Some(fs::read(&to).expect("ffmpeg's file is read"))
}

/// Opens bytes.
pub fn open(bytes: &[u8], extension: &str) -> Result<Decoder> {
    decode::open(Box::new(Cursor::new(bytes.to_vec())), None, Some(extension))
}

/// Reads at most `n_frames` in blocks of `capacity`.
pub fn read_some(decoder: &mut Decoder, capacity: usize, n_frames: usize) -> Result<Planes> {
    let n_channels = decoder.spec().n_channels;
    let mut planes = vec![Vec::new(); n_channels];
    while planes[0].len() < n_frames {
        let mut block = Block::new(n_channels, capacity.min(n_frames - planes[0].len()));
        decoder.read(&mut block)?;
        for (channel, plane) in planes.iter_mut().enumerate() {
            plane.extend_from_slice(block.plane(channel));
        }
        if block.n_frames() < block.capacity() {
            break;
        }
    }
    Ok(planes)
}

/// Reads all there is.
pub fn read_all(decoder: &mut Decoder) -> Result<Planes> {
    read_some(decoder, 4_096, usize::MAX)
}

/// The bits of the samples, so that NaN equals itself.
pub fn bits(plane: &[f32]) -> Vec<u32> {
    plane.iter().map(|x| x.to_bits()).collect()
}
