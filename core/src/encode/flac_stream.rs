//! FLAC (RFC 9639) front to back, for who listens while it is made. The number
//! of frames is in its head; an MD5 and a seek table, which are known only at the
//! end, are not. Any range of a track has the dither that it has in the whole.

use std::io::Write;
use std::ops::Range;

use flac_codec::encode::FlacStreamWriter;

use super::flac::{STRIDE, depth, failed, head, interleave, options};
use super::{Encoder, Format, all_written, unwritten};
use crate::block::Block;
use crate::error::{Error, Kind, Result};
use crate::flow::{Appetite, Sink, Spec};

/// The MD5 that says that none is known (RFC 9639, section 8.2).
const NO_MD5: [u8; 16] = [0; 16];
/// The highest rate that each FLAC frame can say in Hz; above, in tens of Hz
/// (RFC 9639, section 9.1.2).
const MAX_HZ: u32 = 65_535;

/// Writes one stream.
pub struct FlacStream<W: Write> {
    spec: Spec,
    bits: u32,
    dither: bool,
    /// The frames of the track that it holds.
    frames: Range<u64>,
    /// The one that comes next.
    at: u64,
    /// Interleaved samples of the FLAC frame to come.
    pending: Vec<i32>,
    inner: FlacStreamWriter<W>,
}

impl<W: Write> FlacStream<W> {
    /// Starts a stream of the range `frames` of a track of `spec` in `out`.
    pub fn new(format: Format, spec: Spec, frames: Range<u64>, dither: bool, mut out: W) -> Result<Self> {
        let bits = depth(format)?;
        if spec.rate > MAX_HZ && !spec.rate.is_multiple_of(10) {
            return Err(Error::new(Kind::Limit, format!("FLAC cannot be streamed at {} Hz", spec.rate)));
        }
        let n_frames = frames.end.saturating_sub(frames.start);
        out.write_all(&head(spec, bits, n_frames, NO_MD5)?).map_err(unwritten)?;
        let pending = Vec::with_capacity(STRIDE * spec.n_channels);
        let inner = FlacStreamWriter::new(out, options()?);
        Ok(FlacStream { spec, bits, dither, at: frames.start, frames, pending, inner })
    }

    /// Writes what is pending as one FLAC frame.
    fn write_pending(&mut self) -> Result<()> {
        let Spec { rate, n_channels } = self.spec;
        self.inner.write(rate, n_channels as u8, self.bits, &self.pending).map_err(failed)?;
        self.pending.clear();
        Ok(())
    }
}

impl<W: Write> Sink for FlacStream<W> {
    fn write(&mut self, block: &Block) -> Result<Appetite> {
        let n_channels = self.spec.n_channels;
        if block.n_channels() != n_channels {
            return Err(Error::invalid("the block has another number of channels than the stream"));
        }
        let mut start = 0;
        while start < block.n_frames() {
            let n_pending = self.pending.len() / n_channels;
            let end = block.n_frames().min(start + STRIDE - n_pending);
            let dither = self.dither.then_some(self.at);
            interleave(block, start..end, self.bits, dither, &mut self.pending);
            self.at += (end - start) as u64;
            if self.at > self.frames.end {
                return all_written(self.frames.end, self.at).map(|()| Appetite::More);
            }
            if self.pending.len() == STRIDE * n_channels {
                self.write_pending()?;
            }
            start = end;
        }
        Ok(Appetite::More)
    }
}

impl<W: Write> Encoder for FlacStream<W> {
    fn finish(mut self: Box<Self>) -> Result<()> {
        all_written(self.frames.end, self.at)?;
        if self.pending.is_empty() { Ok(()) } else { self.write_pending() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::dither::{quantise, tpdf};
    use crate::encode::tests::{Memory, noise};

    /// The range of a track as a stream, written in blocks of uneven lengths.
    fn encode(format: Format, rate: u32, sound: &Block, frames: Range<u64>) -> Vec<u8> {
        let memory = Memory::default();
        let spec = Spec { rate, n_channels: sound.n_channels() };
        let mut stream =
            Box::new(FlacStream::new(format, spec, frames.clone(), true, memory.clone()).unwrap());
        let (mut start, last) = (frames.start as usize, frames.end as usize);
        for step in [1, 4095, 4097, 128, 10_000, usize::MAX] {
            let end = start + step.min(last - start);
            let planes: Vec<&[f32]> = (0..spec.n_channels).map(|c| &sound.plane(c)[start..end]).collect();
            stream.write(&Block::from_planes(&planes)).unwrap();
            start = end;
        }
        stream.finish().unwrap();
        memory.bytes()
    }

    #[test]
    fn another_decoder_reads_the_samples_that_they_are_in_the_whole() {
        for (format, bits) in [(Format::Flac16, 16), (Format::Flac24, 24)] {
            for (rate, n_channels, n_frames, frames) in [
                (44_100, 2, 30_000, 0..30_000),
                (44_100, 2, 30_000, 7_001..28_195),
                (8_000, 1, 31, 0..31),
                (11_111, 1, 9_000, 4_096..8_192),
                (96_000, 8, 4_100, 3..4_100),
                (384_000, 2, 9_000, 8_999..9_000),
                (48_000, 2, 100, 50..50),
            ] {
                let sound = noise(n_channels, n_frames);
                let bytes = encode(format, rate, &sound, frames.clone());
                let mut reader = claxon::FlacReader::new(&bytes[..]).unwrap();
                let info = reader.streaminfo();
                assert_eq!((info.sample_rate, info.channels as usize), (rate, n_channels));
                assert_eq!(info.bits_per_sample, bits);
                let n_held = frames.end - frames.start;
                assert_eq!(info.samples, (n_held > 0).then_some(n_held));
                let got: Vec<i32> = reader.samples().map(|sample| sample.unwrap()).collect();
                let want: Vec<i32> = frames
                    .flat_map(|f| (0..n_channels).map(move |c| (f, c)))
                    .map(|(f, c)| quantise(sound.plane(c)[f as usize], bits, tpdf(f, c)))
                    .collect();
                assert!(got == want, "{format} at {rate} Hz, {n_channels} channels, {n_held} frames");
            }
        }
    }

    #[test]
    fn what_was_not_promised_is_refused() {
        let stream = |rate: u32| {
            let spec = Spec { rate, n_channels: 2 };
            FlacStream::new(Format::Flac16, spec, 10..20, false, Memory::default())
        };
        assert_eq!(stream(44_100).unwrap().write(&noise(2, 11)).unwrap_err().kind, Kind::Invalid);
        let mut short = stream(44_100).unwrap();
        short.write(&noise(2, 9)).unwrap();
        assert_eq!(Box::new(short).finish().unwrap_err().kind, Kind::Invalid);
        assert_eq!(stream(88_201).err().unwrap().kind, Kind::Limit);
    }
}
