//! MP3 (ISO/IEC 11172-3, layer III), stereo, at one bit rate throughout: the
//! frames are LAME's, the head is ours (see [`head`]), for LAME makes its own only
//! when all is written. What is decoded by it has exactly the frames that went in
//! (law L3).

mod head;

use std::io::Write;
use std::num::NonZeroU32;

use mp3lame_encoder::{Bitrate, Builder, DualPcm, FlushGap, max_required_buffer_size};

use super::clock::{self, Clock};
use super::{Encoder, Format, all_written, bit_rates, unwritten};
use crate::block::Block;
use crate::error::{Error, Kind, Result};
use crate::flow::{Appetite, Sink, Spec};
use crate::math::finite;
use head::Head;

/// Frames given to LAME at once.
const STRIDE: usize = 4_608;
/// Bytes that its last words may take (lame.h, lame_encode_flush).
const LAST_BYTES: usize = 7_200;

/// Writes one MP3 file.
pub struct Mp3Encoder<W: Write> {
    clock: Option<Clock>,
    promised: u64,
    written: u64,
    /// Frames at the file's rate that stand for those promised.
    wanted: u64,
    /// Of these, given to LAME.
    given: u64,
    /// Undoes what LAME takes off.
    gain: f32,
    head: Head,
    /// Bytes that are written, the head's with them.
    n_bytes: u64,
    left: Vec<f32>,
    right: Vec<f32>,
    bytes: Vec<u8>,
    codec: mp3lame_encoder::Encoder,
    out: W,
}

impl<W: Write> Mp3Encoder<W> {
    /// Starts a file of `n_frames` of `spec` in `out`, of so many bits per second.
    pub fn new(spec: Spec, n_frames: u64, bit_rate: u32, mut out: W) -> Result<Self> {
        bit_rates::check(Format::Mp3, bit_rate)?;
        if spec.n_channels != 2 {
            return Err(Error::invalid("MP3 is written in stereo only"));
        }
        let rate = rate_for(spec.rate);
        let uncounted = || Error::new(Kind::Limit, "MP3 cannot count as many frames");
        let wanted = clock::n_frames(n_frames, spec.rate, rate).ok_or_else(uncounted)?;
        let head = Head::new(rate, bit_rate, wanted).ok_or_else(uncounted)?;
        let codec = codec(rate, bit_rate)?;
        out.write_all(&head.bytes()).map_err(unwritten)?;
        Ok(Mp3Encoder {
            clock: Clock::between(spec.rate, rate)?,
            promised: n_frames,
            written: 0,
            wanted,
            given: 0,
            gain: 1.0 / taken_off(bit_rate),
            n_bytes: head.bytes().len() as u64,
            head,
            left: Vec::with_capacity(STRIDE),
            right: Vec::with_capacity(STRIDE),
            bytes: Vec::with_capacity(max_required_buffer_size(STRIDE)),
            codec,
            out,
        })
    }

    /// Takes the frames of `block` from `start` on; what is beyond the last one is
    /// dropped.
    fn take(&mut self, block: &Block, start: usize) -> Result<()> {
        let n_left = usize::try_from(self.wanted - self.given).unwrap_or(usize::MAX);
        let end = block.n_frames().min(start.saturating_add(n_left));
        let mut at = start;
        while at < end {
            let next = end.min(at + STRIDE);
            let gain = self.gain;
            for (samples, channel) in [(&mut self.left, 0), (&mut self.right, 1)] {
                samples.clear();
                samples.extend(block.plane(channel)[at..next].iter().map(|&x| finite(x) * gain));
            }
            self.given += (next - at) as u64;
            at = next;
            self.encode()?;
        }
        Ok(())
    }

    /// Encodes what is pending.
    fn encode(&mut self) -> Result<()> {
        self.bytes.clear();
        self.bytes.reserve(max_required_buffer_size(self.left.len()));
        let pcm = DualPcm { left: &self.left[..], right: &self.right[..] };
        self.codec.encode_to_vec(pcm, &mut self.bytes).map_err(refused)?;
        self.send()
    }

    /// Passes on what came of it.
    fn send(&mut self) -> Result<()> {
        self.n_bytes += self.bytes.len() as u64;
        self.out.write_all(&self.bytes).map_err(unwritten)
    }

    /// Resamples and takes all of `block`.
    fn convert(&mut self, clock: &mut Clock, block: &Block) -> Result<()> {
        clock.convert(block, |output, start| self.take(output, start))
    }
}

impl<W: Write> Sink for Mp3Encoder<W> {
    fn write(&mut self, block: &Block) -> Result<Appetite> {
        if block.n_channels() != 2 {
            return Err(Error::invalid("the block has another number of channels than the file"));
        }
        self.written += block.n_frames() as u64;
        match self.clock.take() {
            Some(mut clock) => {
                self.convert(&mut clock, block)?;
                self.clock = Some(clock);
            }
            None => self.take(block, 0)?,
        }
        Ok(Appetite::More)
    }
}

impl<W: Write> Encoder for Mp3Encoder<W> {
    fn finish(mut self: Box<Self>) -> Result<()> {
        all_written(self.promised, self.written)?;
        if let Some(mut clock) = self.clock.take() {
            let silence = clock::silence();
            while self.given < self.wanted {
                self.convert(&mut clock, &silence)?;
            }
        }
        self.bytes.clear();
        self.bytes.reserve(LAST_BYTES);
        self.codec.flush_to_vec::<FlushGap>(&mut self.bytes).map_err(refused)?;
        self.send()?;
        if self.n_bytes != self.head.n_bytes {
            let (told, came) = (self.head.n_bytes, self.n_bytes);
            return Err(Error::invalid(format!("an MP3 of {told} bytes was told, one of {came} came")));
        }
        self.out.flush().map_err(unwritten)
    }
}

/// The rate for sound of another: the same where MPEG-1 has it, else the one that is
/// most closely related.
fn rate_for(rate: u32) -> u32 {
    match rate {
        32_000 | 44_100 | 48_000 => rate,
        _ if rate.is_multiple_of(11_025) => 44_100,
        _ => 48_000,
    }
}

/// LAME for these rates; the rest is as its makers have it.
fn codec(rate: u32, bit_rate: u32) -> Result<mp3lame_encoder::Encoder> {
    let mut builder = Builder::new().ok_or_else(|| Error::new(Kind::Limit, "there is no memory for LAME"))?;
    builder.set_num_channels(2).map_err(refused)?;
    builder.set_sample_rate(rate).map_err(refused)?;
    // At low bit rates it would choose a lower one by itself.
    builder.set_output_sample_rate(NonZeroU32::new(rate)).map_err(refused)?;
    builder.set_brate(named(bit_rate)).map_err(refused)?;
    builder.set_to_write_vbr_tag(false).map_err(refused)?;
    builder.build().map_err(refused)
}

/// What LAME multiplies all samples by, against peaks, which have a ceiling here
/// (libmp3lame 3.100, presets.c, abr_switch_map).
fn taken_off(bit_rate: u32) -> f32 {
    match bit_rate / 1_000 {
        256.. => 1.0,
        224.. => 0.98,
        192.. => 0.97,
        _ => 0.95,
    }
}

/// The bit rate by its name.
fn named(bit_rate: u32) -> Bitrate {
    match bit_rate / 1_000 {
        32 => Bitrate::Kbps32,
        40 => Bitrate::Kbps40,
        48 => Bitrate::Kbps48,
        64 => Bitrate::Kbps64,
        80 => Bitrate::Kbps80,
        96 => Bitrate::Kbps96,
        112 => Bitrate::Kbps112,
        128 => Bitrate::Kbps128,
        160 => Bitrate::Kbps160,
        192 => Bitrate::Kbps192,
        224 => Bitrate::Kbps224,
        320 => Bitrate::Kbps320,
        _ => Bitrate::Kbps256,
    }
}

/// LAME's refusals are about parameters this file sets: none is expected.
fn refused(cause: impl std::fmt::Display) -> Error {
    Error::invalid("LAME refused").because(cause.to_string())
}

#[cfg(feature = "decode")]
#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::decode;
    use crate::encode::tests::Memory;
    use crate::flow::Source;

    const USUAL: u32 = 256_000;

    /// One file's bytes, written in blocks of at most `step` frames.
    fn encode(rate: u32, bit_rate: u32, sound: &Block, step: usize) -> Vec<u8> {
        let memory = Memory::default();
        let n = sound.n_frames();
        let spec = Spec { rate, n_channels: 2 };
        let mut encoder = Box::new(Mp3Encoder::new(spec, n as u64, bit_rate, memory.clone()).unwrap());
        let mut start = 0;
        while start < n {
            let end = n.min(start + step);
            let planes: Vec<&[f32]> = (0..2).map(|c| &sound.plane(c)[start..end]).collect();
            encoder.write(&Block::from_planes(&planes)).unwrap();
            start = end;
        }
        encoder.finish().unwrap();
        memory.bytes()
    }

    /// Rate and left and right of a file, as any other MP3 is decoded.
    fn decode(bytes: &[u8]) -> (u32, [Vec<f64>; 2]) {
        let media = Box::new(Cursor::new(bytes.to_vec()));
        let mut decoder = decode::open(media, Some(bytes.len() as u64), Some("mp3")).unwrap();
        let (mut block, mut sound) = (Block::new(2, 4_096), [Vec::new(), Vec::new()]);
        loop {
            decoder.read(&mut block).unwrap();
            for channel in 0..2 {
                sound[channel].extend(block.plane(channel).iter().map(|&x| f64::from(x)));
            }
            if block.n_frames() < 4_096 {
                return (decoder.spec().rate, sound);
            }
        }
    }

    fn tone(rate: u32, n_frames: usize) -> Block {
        let turn = std::f32::consts::TAU;
        let wave = |hz: f32| -> Vec<f32> {
            (0..n_frames)
                .map(|i| 0.4 * crate::math::sin(turn * (hz * i as f32 / rate as f32).fract()))
                .collect()
        };
        Block::from_planes(&[&wave(441.0), &wave(620.0)])
    }

    #[test]
    fn as_many_frames_come_out_as_went_in() {
        for (rate, n_frames, to, want) in [
            (44_100, 1, 44_100, 1),
            (44_100, 575, 44_100, 575),
            (44_100, 576, 44_100, 576),
            (44_100, 1_151, 44_100, 1_151),
            (44_100, 100_001, 44_100, 100_001),
            (48_000, 1_152, 48_000, 1_152),
            (48_000, 50_000, 48_000, 50_000),
            (32_000, 33_333, 32_000, 33_333),
            (22_050, 22_051, 44_100, 44_102),
            (88_200, 88_201, 44_100, 44_101),
            (96_000, 96_001, 48_000, 48_001),
            (8_000, 8_000, 48_000, 48_000),
            (384_000, 9_000, 48_000, 1_125),
        ] {
            let (came_at, sound) = decode(&encode(rate, USUAL, &tone(rate, n_frames), 4_096));
            assert_eq!((came_at, sound[0].len()), (to, want), "{n_frames} frames at {rate} Hz");
        }
    }

    /// What is told beforehand is what comes, at each rate: `finish` refuses another
    /// length, and the decoder counts the frames.
    #[test]
    fn each_bit_rate_is_met_to_the_byte() {
        let (rates, _) = Format::Mp3.bit_rates().unwrap();
        let known = (1..=320_000).step_by(1_000).map(|bit_rate| bit_rate + 999);
        let mut n_rates = 0;
        for bit_rate in known.filter(|&bit_rate| rates.contain(bit_rate)) {
            for rate in [32_000, 44_100, 48_000] {
                let bytes = encode(rate, bit_rate, &tone(rate, 2 * rate as usize), 9_999);
                let came = 8.0 * bytes.len() as f64 / 2.0 / f64::from(bit_rate);
                assert!((0.99..1.12).contains(&came), "{came} of {bit_rate} at {rate} Hz");
                assert_eq!(decode(&bytes).1[0].len(), 2 * rate as usize, "{bit_rate} at {rate} Hz");
            }
            n_rates += 1;
        }
        assert_eq!(n_rates, 13);
    }

    /// Phase is what trimming gets wrong: a frame of 441 Hz is 3.6°. The level tells
    /// whether what LAME takes off is given back.
    #[test]
    fn frames_come_out_where_they_went_in_and_as_loud() {
        let rates = [(44_100, USUAL), (48_000, 320_000), (32_000, USUAL), (96_000, USUAL), (22_050, USUAL)];
        let lower = [(44_100, 224_000), (44_100, 192_000), (44_100, 160_000), (44_100, 128_000)];
        for (rate, bit_rate) in rates.into_iter().chain(lower) {
            let (to, sound) = decode(&encode(rate, bit_rate, &tone(rate, rate as usize), 4_096));
            for (side, hz) in [(0, 441.0), (1, 620.0)] {
                let (mut s, mut c) = (0.0, 0.0);
                // Whole turns of both.
                let n = to as usize * 8 / 10;
                for (i, x) in sound[side].iter().enumerate().skip(to as usize / 10).take(n) {
                    let turn = std::f64::consts::TAU * hz * i as f64 / f64::from(to);
                    s += x * turn.sin();
                    c += x * turn.cos();
                }
                let late = c.atan2(s) / std::f64::consts::TAU / hz * f64::from(to);
                // Resampled to the nearest frame.
                let most = if rate == to { 0.02 } else { 0.51 };
                assert!(late.abs() < most, "from {rate} Hz, {hz} Hz is {late} frames off");
                let level = (s * s + c * c).sqrt() / (n as f64 / 2.0);
                assert!((level - 0.4).abs() < 0.004, "{hz} Hz at {level}, of {bit_rate} b/s");
            }
        }
    }

    #[test]
    fn blocks_make_no_difference() {
        let sound = crate::encode::tests::noise(2, 30_000);
        for rate in [44_100, 96_000] {
            let whole = encode(rate, USUAL, &sound, usize::MAX);
            assert!(encode(rate, USUAL, &sound, 1) == whole, "at {rate} Hz, one by one");
            assert!(encode(rate, USUAL, &sound, 1_153) == whole, "at {rate} Hz");
        }
    }

    #[test]
    fn only_stereo_and_only_what_was_promised() {
        let mono = Spec { rate: 44_100, n_channels: 1 };
        assert!(Mp3Encoder::new(mono, 1, USUAL, Memory::default()).is_err());
        let stereo = Spec { rate: 44_100, n_channels: 2 };
        assert!(Mp3Encoder::new(stereo, 1, 100_000, Memory::default()).is_err());
        let mut encoder = Box::new(Mp3Encoder::new(stereo, 10, USUAL, Memory::default()).unwrap());
        encoder.write(&tone(44_100, 9)).unwrap();
        assert!(encoder.finish().unwrap_err().message.contains("10 frames were promised"));
    }
}
