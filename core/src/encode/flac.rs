//! FLAC (RFC 9639), frame by frame in bounded memory, with the number of
//! frames and the MD5 of all samples in STREAMINFO. The prediction and the
//! entropy coding are flacenc's.

use std::io::SeekFrom;

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, StreamInfo};
use flacenc::config;
use flacenc::error::{Verified, Verify};
use flacenc::source::{Context, Fill, FrameBuf};

use super::dither::{quantise, tpdf};
use super::{Encoder, Format, WriteSeek, all_written, unwritten};
use crate::block::Block;
use crate::error::{Error, Kind, Result};
use crate::flow::{Appetite, Sink, Spec};

/// Frames per FLAC frame: the reference encoder's choice at every level from 3
/// on, and within the streamable subset (RFC 9639, section 7).
const BLOCK_SIZE: usize = 4096;
/// More than the header and the footer of a FLAC frame can take, in bits.
const MAX_FRAME_OVERHEAD: usize = 8 * 32;
/// The highest rate flacenc lets into a frame's header.
const MAX_HEADER_RATE: u32 = 96_000;
/// A rate that no code of a frame's header stands for, so that the header says
/// "as in STREAMINFO" (RFC 9639, section 9.1.2), which is always right.
const RATE_BY_STREAMINFO: usize = 88_201;

/// Writes one FLAC file.
pub struct FlacEncoder {
    spec: Spec,
    bits: u32,
    dither: bool,
    promised: u64,
    written: u64,
    /// Interleaved samples of the frame to come.
    pending: Vec<i32>,
    bytes: Vec<u8>,
    frame: FrameBuf,
    context: Context,
    config: Verified<config::Encoder>,
    /// Samples as they are, for frames that prediction would lengthen.
    verbatim: Verified<config::Encoder>,
    info: StreamInfo,
    n_flac_frames: usize,
    /// Least and greatest length of a FLAC frame in bytes.
    sizes: Option<(u32, u32)>,
    out: Box<dyn WriteSeek>,
}

impl FlacEncoder {
    /// Starts a stream of `n_frames` of `spec` in `out`.
    pub fn new(
        format: Format,
        spec: Spec,
        n_frames: u64,
        dither: bool,
        mut out: Box<dyn WriteSeek>,
    ) -> Result<Self> {
        let (Format::Flac16 | Format::Flac24, Some(bits)) = (format, format.bits()) else {
            return Err(Error::invalid(format!("{format} is not a FLAC format")));
        };
        if n_frames >= 1 << 36 {
            return Err(Error::new(Kind::Limit, "FLAC cannot count as many frames"));
        }
        let rate = if spec.rate > MAX_HEADER_RATE { RATE_BY_STREAMINFO } else { spec.rate as usize };
        let info = StreamInfo::new(rate, spec.n_channels, bits as usize).map_err(refused)?;
        let frame = FrameBuf::with_size(spec.n_channels, BLOCK_SIZE).map_err(refused)?;
        let verified = |config: config::Encoder| config.into_verified().map_err(|(_, error)| refused(error));
        let mut verbatim = config::Encoder::default();
        verbatim.subframe_coding.use_fixed = false;
        verbatim.subframe_coding.use_lpc = false;
        out.write_all(b"fLaC\x80\x00\x00\x22").map_err(unwritten)?;
        let mut encoder = FlacEncoder {
            spec,
            bits,
            dither,
            promised: n_frames,
            written: 0,
            pending: Vec::with_capacity(BLOCK_SIZE * spec.n_channels),
            bytes: Vec::new(),
            frame,
            context: Context::new(bits as usize, spec.n_channels),
            config: verified(config::Encoder::default())?,
            verbatim: verified(verbatim)?,
            info,
            n_flac_frames: 0,
            sizes: None,
            out,
        };
        encoder.write_stream_info()?;
        Ok(encoder)
    }

    /// STREAMINFO, as far as it is known (RFC 9639, section 8.2).
    fn write_stream_info(&mut self) -> Result<()> {
        let (least, greatest) = self.sizes.unwrap_or((0, 0));
        let mut body = Vec::with_capacity(34);
        body.extend((BLOCK_SIZE as u16).to_be_bytes());
        body.extend((BLOCK_SIZE as u16).to_be_bytes());
        body.extend(&least.to_be_bytes()[1..]);
        body.extend(&greatest.to_be_bytes()[1..]);
        // 20 bits of rate, 3 of channels, 5 of depth, 36 of frames.
        let shape = u64::from(self.spec.rate) << 44
            | (self.spec.n_channels as u64 - 1) << 41
            | u64::from(self.bits - 1) << 36
            | self.promised;
        body.extend(shape.to_be_bytes());
        body.extend(self.context.md5_digest());
        self.out.write_all(&body).map_err(unwritten)
    }

    /// Encodes what is pending as one FLAC frame.
    fn write_frame(&mut self) -> Result<()> {
        let n_bytes = self.bits as usize / 8;
        self.bytes.clear();
        for sample in &self.pending {
            self.bytes.extend(&sample.to_le_bytes()[..n_bytes]);
        }
        self.context.fill_le_bytes(&self.bytes, n_bytes).map_err(refused)?;
        self.frame.fill_interleaved(&self.pending).map_err(refused)?;
        let number = self.n_flac_frames;
        let encode = |config| {
            flacenc::encode_fixed_size_frame(config, &self.frame, number, &self.info).map_err(refused)
        };
        let mut frame = encode(&self.config)?;
        // Loud noise of 24 bits needs Rice parameters that flacenc does not
        // know, and would become up to twenty times as long as it is.
        if frame.count_bits() > 8 * self.bytes.len() + MAX_FRAME_OVERHEAD {
            frame = encode(&self.verbatim)?;
        }
        let mut bits = ByteSink::with_capacity(frame.count_bits());
        frame.write(&mut bits).map_err(refused)?;
        let bytes = bits.as_slice();
        self.out.write_all(bytes).map_err(unwritten)?;
        let size = bytes.len() as u32;
        self.sizes = Some(self.sizes.map_or((size, size), |(low, high)| (low.min(size), high.max(size))));
        self.n_flac_frames += 1;
        self.pending.clear();
        Ok(())
    }
}

impl Sink for FlacEncoder {
    fn write(&mut self, block: &Block) -> Result<Appetite> {
        let n_channels = self.spec.n_channels;
        if block.n_channels() != n_channels {
            return Err(Error::invalid("the block has another number of channels than the file"));
        }
        for frame_idx in 0..block.n_frames() {
            for channel in 0..n_channels {
                let noise = if self.dither { tpdf(self.written, channel) } else { 0.0 };
                self.pending.push(quantise(block.plane(channel)[frame_idx], self.bits, noise));
            }
            self.written += 1;
            if self.pending.len() == BLOCK_SIZE * n_channels {
                self.write_frame()?;
            }
        }
        Ok(Appetite::More)
    }
}

impl Encoder for FlacEncoder {
    fn finish(mut self: Box<Self>) -> Result<()> {
        all_written(self.promised, self.written)?;
        if !self.pending.is_empty() {
            self.write_frame()?;
        }
        self.out.seek(SeekFrom::Start(8)).map_err(unwritten)?;
        self.write_stream_info()?;
        self.out.seek(SeekFrom::End(0)).map_err(unwritten)?;
        self.out.flush().map_err(unwritten)
    }
}

/// flacenc's refusals are about parameters this file sets: none is expected.
fn refused(cause: impl std::fmt::Display) -> Error {
    Error::invalid("the FLAC encoder refused").because(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tests::{Memory, noise};

    /// One file's bytes, written in blocks of uneven lengths.
    fn encode(format: Format, rate: u32, sound: &Block, dither: bool) -> Vec<u8> {
        let spec = Spec { rate, n_channels: sound.n_channels() };
        let memory = Memory::default();
        let out = Box::new(memory.clone());
        let n = sound.n_frames();
        let mut encoder = Box::new(FlacEncoder::new(format, spec, n as u64, dither, out).unwrap());
        let mut start = 0;
        for step in [1, 4095, 4097, 128, 10_000, usize::MAX] {
            let end = start + step.min(n - start);
            let planes: Vec<&[f32]> = (0..spec.n_channels).map(|c| &sound.plane(c)[start..end]).collect();
            encoder.write(&Block::from_planes(&planes)).unwrap();
            start = end;
        }
        encoder.finish().unwrap();
        memory.bytes()
    }

    /// The samples of a FLAC file by claxon, a decoder that is not ours.
    fn decode(bytes: &[u8]) -> (claxon::metadata::StreamInfo, Vec<i32>) {
        let mut reader = claxon::FlacReader::new(bytes).unwrap();
        let samples = reader.samples().map(|sample| sample.unwrap()).collect();
        (reader.streaminfo(), samples)
    }

    #[test]
    fn another_decoder_reads_the_same_samples() {
        for (format, bits) in [(Format::Flac16, 16), (Format::Flac24, 24)] {
            for (rate, n_channels, n_frames) in [
                (44_100, 2, 20_000),
                (44_100, 2, 4096),
                (44_100, 2, 1),
                (8_000, 1, 31),
                (48_000, 6, 5_000),
                (96_000, 8, 4_100),
                (192_000, 2, 9_000),
                (384_000, 2, 4_000),
                (11_111, 1, 5_000),
            ] {
                let sound = noise(n_channels, n_frames);
                let (info, got) = decode(&encode(format, rate, &sound, true));
                assert_eq!(info.sample_rate, rate);
                assert_eq!(info.channels as usize, n_channels);
                assert_eq!(info.bits_per_sample, bits);
                assert_eq!(info.samples, Some(n_frames as u64));
                let want: Vec<i32> = (0..n_frames)
                    .flat_map(|f| (0..n_channels).map(move |c| (f, c)))
                    .map(|(f, c)| quantise(sound.plane(c)[f], bits, tpdf(f as u64, c)))
                    .collect();
                assert!(got == want, "{format} at {rate} Hz, {n_channels} channels, {n_frames} frames");
            }
        }
    }

    #[test]
    fn an_empty_file_is_a_file() {
        let bytes = encode(Format::Flac16, 44_100, &Block::new(2, 0), false);
        assert_eq!(bytes.len(), 42);
        // The MD5 of nothing, RFC 1321, appendix A.5.
        assert_eq!(bytes[26..30], [0xD4, 0x1D, 0x8C, 0xD9]);
        let info = claxon::FlacReader::new(&bytes[..]).unwrap().streaminfo();
        assert_eq!((info.sample_rate, info.channels, info.bits_per_sample), (44_100, 2, 16));
    }

    #[test]
    fn nothing_grows() {
        for (format, n_bytes) in [(Format::Flac16, 2), (Format::Flac24, 3)] {
            let mut loud = noise(2, 20_000);
            for channel in 0..2 {
                // Clipped, so that prediction has steps of full scale to follow.
                loud.plane_mut(channel).iter_mut().for_each(|x| *x = (8.0 * *x).clamp(-0.999, 0.999));
            }
            for sound in [loud, noise(2, 20_000)] {
                let bytes = encode(format, 44_100, &sound, false);
                assert!(bytes.len() < 20_000 * 2 * n_bytes + 300, "{format}: {} bytes", bytes.len());
                assert_eq!(decode(&bytes).1.len(), 40_000);
            }
        }
    }

    #[test]
    fn tones_shrink() {
        let tone: Vec<f32> = (0..44_100).map(|i| 0.5 * crate::math::sin(i as f32 * 0.06)).collect();
        let bytes = encode(Format::Flac16, 44_100, &Block::from_planes(&[&tone, &tone]), false);
        assert!(bytes.len() < 44_100 * 4 / 3, "{} bytes", bytes.len());
    }
}
