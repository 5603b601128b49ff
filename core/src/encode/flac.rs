//! FLAC (RFC 9639) in bounded memory, with the number of frames, the MD5 of all
//! samples and a seek table in its head. Prediction and entropy coding are
//! flac-codec's.

use std::cell::RefCell;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::rc::Rc;

use flac_codec::encode::{FlacSampleWriter, Options, Window};

use super::dither::{quantise, tpdf};
use super::{Encoder, Format, WriteSeek, all_written, unwritten};
use crate::block::Block;
use crate::error::{Error, Kind, Result};
use crate::flow::{Appetite, Sink, Spec};

/// Frames of sound in each of FLAC's.
pub(super) const STRIDE: usize = 4096;
/// The highest order of linear prediction. Chosen on the corpus's music with
/// the two below: twice the speed of the crate's defaults for 1 to 2 % in size.
const LPC_ORDER: u8 = 6;
/// The finest division of a frame's residual, as a power of 2.
const PARTITION_ORDER: u32 = 4;
/// The share of the analysis window that is tapered.
const TAPER: f32 = 0.5;
/// Seconds between two points of the seek table.
const SEEK_S: u8 = 10;
/// How a file begins whose STREAMINFO is its last block of 34 bytes (RFC 9639,
/// section 8.2), up to the sizes of FLAC's frames, which are not told.
const BEFORE_SHAPE: &[u8] = b"fLaC\x80\x00\x00\x22\x10\x00\x10\x00\x00\x00\x00\x00\x00\x00";
/// The MD5 of nothing (RFC 1321, appendix A.5).
const EMPTY_MD5: [u8; 16] = 0xD41D_8CD9_8F00_B204_E980_0998_ECF8_427E_u128.to_be_bytes();

/// Writes one FLAC file.
pub struct FlacEncoder {
    spec: Spec,
    bits: u32,
    dither: bool,
    promised: u64,
    written: u64,
    /// Interleaved samples on their way.
    samples: Vec<i32>,
    /// `None` where no frame is to come: the crate knows no such file.
    inner: Option<FlacSampleWriter<Shared>>,
    out: Shared,
}

/// The file, in the encoder's hands and in ours: it has to be flushed when the
/// encoder is gone.
#[derive(Clone)]
struct Shared(Rc<RefCell<Box<dyn WriteSeek>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.borrow_mut().seek(to)
    }
}

impl FlacEncoder {
    /// Starts a stream of `n_frames` of `spec` in `out`.
    pub fn new(
        format: Format,
        spec: Spec,
        n_frames: u64,
        dither: bool,
        out: Box<dyn WriteSeek>,
    ) -> Result<Self> {
        let bits = depth(format)?;
        let whole = head(spec, bits, n_frames, EMPTY_MD5)?;
        let mut out = Shared(Rc::new(RefCell::new(out)));
        let inner = if n_frames == 0 {
            out.write_all(&whole).map_err(unwritten)?;
            None
        } else {
            let n_samples = n_frames * spec.n_channels as u64;
            let made = options().and_then(|options| {
                let n_channels = spec.n_channels as u8;
                FlacSampleWriter::new(out.clone(), options, spec.rate, bits, n_channels, Some(n_samples))
                    .map_err(failed)
            });
            Some(made?)
        };
        let samples = Vec::with_capacity(STRIDE * spec.n_channels);
        Ok(FlacEncoder { spec, bits, dither, promised: n_frames, written: 0, samples, inner, out })
    }
}

/// Bits of its samples.
pub(super) fn depth(format: Format) -> Result<u32> {
    match (format, format.bits()) {
        (Format::Flac16 | Format::Flac24, Some(bits)) => Ok(bits),
        _ => Err(Error::invalid(format!("{format} is not a FLAC format"))),
    }
}

/// How frames are encoded, and what else is written into a file.
pub(super) fn options() -> Result<Options> {
    let options = Options::default()
        .max_lpc_order(Some(LPC_ORDER))
        .and_then(|options| options.max_partition_order(PARTITION_ORDER))
        .map_err(|cause| Error::invalid("the FLAC encoder refused").because(cause))?;
    let options = options.fast_channel_correlation(true).window(Window::Tukey(TAPER));
    Ok(options.no_padding().seektable_seconds(SEEK_S))
}

/// All that comes before FLAC's first frame, if nothing but STREAMINFO does.
pub(super) fn head(spec: Spec, bits: u32, n_frames: u64, md5: [u8; 16]) -> Result<Vec<u8>> {
    if n_frames >= 1 << 36 {
        return Err(Error::new(Kind::Limit, "FLAC cannot count as many frames"));
    }
    // 20 bits of rate, 3 of channels, 5 of depth, 36 of frames.
    let shape = u64::from(spec.rate) << 44
        | (spec.n_channels as u64 - 1) << 41
        | u64::from(bits - 1) << 36
        | n_frames;
    Ok([BEFORE_SHAPE, &shape.to_be_bytes(), &md5].concat())
}

/// Appends a part of `block` as interleaved integers, with the dither of a track's
/// frames from `dither` on.
pub(super) fn interleave(
    block: &Block,
    part: Range<usize>,
    bits: u32,
    dither: Option<u64>,
    samples: &mut Vec<i32>,
) {
    let (n_channels, n_before) = (block.n_channels(), samples.len());
    samples.resize(n_before + part.len() * n_channels, 0);
    for channel in 0..n_channels {
        let plane = &block.plane(channel)[part.clone()];
        let lane = samples[n_before + channel..].iter_mut().step_by(n_channels);
        for ((sample, &x), number) in lane.zip(plane).zip(0..) {
            let noise = dither.map_or(0.0, |first| tpdf(first + number, channel));
            *sample = quantise(x, bits, noise);
        }
    }
}

impl Sink for FlacEncoder {
    fn write(&mut self, block: &Block) -> Result<Appetite> {
        let n_channels = self.spec.n_channels;
        if block.n_channels() != n_channels {
            return Err(Error::invalid("the block has another number of channels than the file"));
        }
        for start in (0..block.n_frames()).step_by(STRIDE) {
            let n = STRIDE.min(block.n_frames() - start);
            self.samples.clear();
            let dither = self.dither.then_some(self.written);
            interleave(block, start..start + n, self.bits, dither, &mut self.samples);
            self.written += n as u64;
            if self.written > self.promised {
                return all_written(self.promised, self.written).map(|()| Appetite::More);
            }
            if let Some(inner) = &mut self.inner {
                inner.write(&self.samples).map_err(failed)?;
            }
        }
        Ok(Appetite::More)
    }
}

impl Encoder for FlacEncoder {
    fn finish(mut self: Box<Self>) -> Result<()> {
        all_written(self.promised, self.written)?;
        if let Some(inner) = self.inner.take() {
            inner.finalize().map_err(failed)?;
        }
        self.out.seek(SeekFrom::End(0)).map_err(unwritten)?;
        self.out.flush().map_err(unwritten)
    }
}

/// The file's failures are the disk's; of the crate's own, which are about
/// parameters set here, none is expected.
pub(super) fn failed(cause: flac_codec::Error) -> Error {
    match cause {
        flac_codec::Error::Io(cause) => unwritten(cause),
        cause => Error::invalid("the FLAC encoder refused").because(cause),
    }
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
    fn nothing_grows_to_speak_of() {
        for (format, n_bytes) in [(Format::Flac16, 2), (Format::Flac24, 3)] {
            let mut loud = noise(2, 20_000);
            for channel in 0..2 {
                // Clipped, so that prediction has steps of full scale to follow.
                loud.plane_mut(channel).iter_mut().for_each(|x| *x = (8.0 * *x).clamp(-0.999, 0.999));
            }
            for sound in [loud, noise(2, 20_000)] {
                let bytes = encode(format, 44_100, &sound, false);
                // The steps take 3 % more than they are at 16 bits.
                let most = 20_000 * 2 * n_bytes * 104 / 100 + 300;
                assert!(bytes.len() < most, "{format}: {} bytes of {most}", bytes.len());
                assert_eq!(decode(&bytes).1.len(), 40_000);
            }
        }
    }

    #[test]
    fn the_seek_table_leads_to_the_frames() {
        let (rate, n_frames) = (8_000, 200_000);
        let bytes = encode(Format::Flac16, rate, &noise(1, n_frames), false);
        // STREAMINFO, then the table of three points as the last block.
        assert_eq!((bytes[4], bytes[42], &bytes[43..46]), (0, 0x83, &[0, 0, 54][..]));
        let frames = &bytes[46 + 54..];
        for (i, point) in bytes[46..46 + 54].chunks_exact(18).enumerate() {
            let number = |range: std::ops::Range<usize>| {
                point[range].iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte))
            };
            let (first, at, n) = (number(0..8), number(8..16) as usize, number(16..18));
            assert_eq!(frames[at..at + 2], [0xFF, 0xF8], "the sync code of a frame");
            let sought = i as u64 * 80_000;
            assert!(first.abs_diff(sought) <= n, "point {i} is at {first}");
        }
    }

    #[test]
    fn more_frames_than_promised_are_refused() {
        let memory = Memory::default();
        let spec = Spec { rate: 44_100, n_channels: 2 };
        for promised in [0, 99] {
            let mut encoder =
                FlacEncoder::new(Format::Flac16, spec, promised, false, Box::new(memory.clone())).unwrap();
            assert_eq!(encoder.write(&noise(2, 100)).unwrap_err().kind, Kind::Invalid, "{promised}");
        }
        let encoder = FlacEncoder::new(Format::Flac16, spec, 101, false, Box::new(memory)).unwrap();
        assert_eq!(Box::new(encoder).finish().unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn tones_shrink() {
        let tone: Vec<f32> = (0..44_100).map(|i| 0.5 * crate::math::sin(i as f32 * 0.06)).collect();
        let bytes = encode(Format::Flac16, 44_100, &Block::from_planes(&[&tone, &tone]), false);
        assert!(bytes.len() < 44_100 * 4 / 3, "{} bytes", bytes.len());
    }
}
