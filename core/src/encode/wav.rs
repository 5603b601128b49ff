//! WAV: the RIFF container of Microsoft and IBM (1991), with
//! `WAVE_FORMAT_EXTENSIBLE` where samples are wider than 16 bits or channels
//! more than two, and RF64 (EBU Tech 3306, ITU-R BS.2088) where 32 bits cannot
//! hold the size.
//!
//! Bytes map to frames by arithmetic, so an enhanced WAV can be served as a
//! virtual file, any range of it rendered alone.

use super::dither::{quantise, tpdf};
use super::{Encoder, Format, WriteSeek, all_written, lay, of_24_bits, unwritten};
use crate::block::Block;
use crate::error::{Error, Result};
use crate::flow::{Appetite, Sink, Spec};
use crate::math::finite;

const PCM: u16 = 1;
const IEEE_FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;
/// The last 14 bytes of `KSDATAFORMAT_SUBTYPE_PCM` and `…_IEEE_FLOAT`, whose
/// first two are the plain format tag.
const SUBTYPE: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

/// Bytes of one frame. (Formats that are not WAV have no such number: 0.)
pub fn bytes_per_frame(format: Format, n_channels: usize) -> usize {
    bytes_per_sample(format) * n_channels
}

fn bytes_per_sample(format: Format) -> usize {
    match format {
        Format::Wav16 => 2,
        Format::Wav24 => 3,
        Format::WavF32 => 4,
        Format::Flac16 | Format::Flac24 | Format::Opus | Format::Mp3 => 0,
    }
}

/// Length in bytes of the whole file: header, frames, and the byte that makes
/// an odd number of them even.
pub fn file_len(format: Format, spec: Spec, n_frames: u64) -> u64 {
    let data = n_frames.saturating_mul(bytes_per_frame(format, spec.n_channels) as u64);
    (header(format, spec, n_frames).len() as u64).saturating_add(data).saturating_add(data % 2)
}

/// Everything before the first frame of a file of `n_frames`.
pub fn header(format: Format, spec: Spec, n_frames: u64) -> Vec<u8> {
    let frame_bytes = bytes_per_frame(format, spec.n_channels) as u64;
    let n_data = n_frames.saturating_mul(frame_bytes);
    let mut chunks = fmt_chunk(format, spec);
    if format == Format::WavF32 {
        // Whatever is not plain PCM says how many frames it has.
        chunks.extend(b"fact");
        chunks.extend(4_u32.to_le_bytes());
        chunks.extend(u32::try_from(n_frames).unwrap_or(u32::MAX).to_le_bytes());
    }
    // "WAVE", the chunks, the head of the data chunk, the data and its padding.
    let n_riff = (4 + chunks.len() as u64 + 8).saturating_add(n_data).saturating_add(n_data % 2);
    let mut out = Vec::with_capacity(chunks.len() + 56);
    if let (Ok(riff), Ok(data)) = (u32::try_from(n_riff), u32::try_from(n_data)) {
        out.extend(b"RIFF");
        out.extend(riff.to_le_bytes());
        out.extend(b"WAVE");
        out.extend(chunks);
        out.extend(b"data");
        out.extend(data.to_le_bytes());
        return out;
    }
    const DS64: u64 = 36;
    out.extend(b"RF64");
    out.extend(u32::MAX.to_le_bytes());
    out.extend(b"WAVEds64");
    out.extend(28_u32.to_le_bytes());
    out.extend(n_riff.saturating_add(DS64).to_le_bytes());
    out.extend(n_data.to_le_bytes());
    out.extend(n_frames.to_le_bytes());
    out.extend(0_u32.to_le_bytes());
    out.extend(chunks);
    out.extend(b"data");
    out.extend(u32::MAX.to_le_bytes());
    out
}

fn fmt_chunk(format: Format, spec: Spec) -> Vec<u8> {
    let n_bytes = bytes_per_sample(format);
    let plain = if format == Format::WavF32 { IEEE_FLOAT } else { PCM };
    let extended = format == Format::Wav24 || spec.n_channels > 2;
    let size: u32 = match (extended, plain) {
        (true, _) => 40,
        (false, IEEE_FLOAT) => 18,
        (false, _) => 16,
    };
    let mut out = Vec::with_capacity(48);
    out.extend(b"fmt ");
    out.extend(size.to_le_bytes());
    out.extend(if extended { EXTENSIBLE } else { plain }.to_le_bytes());
    out.extend((spec.n_channels as u16).to_le_bytes());
    out.extend(spec.rate.to_le_bytes());
    out.extend((spec.rate * (n_bytes * spec.n_channels) as u32).to_le_bytes());
    out.extend(((n_bytes * spec.n_channels) as u16).to_le_bytes());
    out.extend((8 * n_bytes as u16).to_le_bytes());
    if extended {
        out.extend(22_u16.to_le_bytes());
        out.extend((8 * n_bytes as u16).to_le_bytes());
        out.extend(speakers(spec.n_channels).to_le_bytes());
        out.extend(plain.to_le_bytes());
        out.extend(SUBTYPE);
    } else if plain == IEEE_FLOAT {
        out.extend(0_u16.to_le_bytes());
    }
    out
}

/// The speaker mask of the usual layout of `n_channels`, as the downmix in
/// [`crate::flow`] reads it.
fn speakers(n_channels: usize) -> u32 {
    const MASKS: [u32; MAX_MASKS] = [0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F];
    const MAX_MASKS: usize = crate::units::MAX_CHANNELS;
    n_channels.checked_sub(1).and_then(|i| MASKS.get(i)).copied().unwrap_or(0)
}

/// Appends the bytes of `block`, whose first frame is number `first_frame` of
/// the track. Samples that are not finite become 0 in float and are clamped in
/// integers.
pub fn write_frames(format: Format, block: &Block, first_frame: u64, dither: bool, out: &mut Vec<u8>) {
    let n_channels = block.n_channels();
    let start = out.len();
    out.resize(start + bytes_per_frame(format, n_channels) * block.n_frames(), 0);
    let out = &mut out[start..];
    let steps = |channel: usize, bits: u32| {
        block.plane(channel).iter().zip(first_frame..).map(move |(&x, number)| {
            let noise = if dither { tpdf(number, channel) } else { 0.0 };
            quantise(x, bits, noise)
        })
    };
    for channel in 0..n_channels {
        match format.bits() {
            Some(16) => {
                let bytes = steps(channel, 16).map(|step| (step as i16).to_le_bytes());
                lay(out, n_channels, channel, bytes);
            }
            Some(bits) => lay(out, n_channels, channel, steps(channel, bits).map(of_24_bits)),
            None => {
                let bytes = block.plane(channel).iter().map(|&x| finite(x).to_le_bytes());
                lay(out, n_channels, channel, bytes);
            }
        }
    }
}

/// Writes one WAV file.
pub struct WavEncoder {
    format: Format,
    n_channels: usize,
    dither: bool,
    promised: u64,
    written: u64,
    bytes: Vec<u8>,
    out: Box<dyn WriteSeek>,
}

impl WavEncoder {
    /// Writes the header of `n_frames` of `spec` to `out`.
    pub fn new(
        format: Format,
        spec: Spec,
        n_frames: u64,
        dither: bool,
        mut out: Box<dyn WriteSeek>,
    ) -> Result<Self> {
        if bytes_per_sample(format) == 0 {
            return Err(Error::invalid(format!("{format} is not a WAV format")));
        }
        out.write_all(&header(format, spec, n_frames)).map_err(unwritten)?;
        let n_channels = spec.n_channels;
        Ok(WavEncoder { format, n_channels, dither, promised: n_frames, written: 0, bytes: Vec::new(), out })
    }
}

impl Sink for WavEncoder {
    fn write(&mut self, block: &Block) -> Result<Appetite> {
        if block.n_channels() != self.n_channels {
            return Err(Error::invalid("the block has another number of channels than the file"));
        }
        self.bytes.clear();
        write_frames(self.format, block, self.written, self.dither, &mut self.bytes);
        self.out.write_all(&self.bytes).map_err(unwritten)?;
        self.written += block.n_frames() as u64;
        Ok(Appetite::More)
    }
}

impl Encoder for WavEncoder {
    fn finish(mut self: Box<Self>) -> Result<()> {
        all_written(self.promised, self.written)?;
        let n_data = self.written * bytes_per_frame(self.format, self.n_channels) as u64;
        if n_data % 2 == 1 {
            self.out.write_all(&[0]).map_err(unwritten)?;
        }
        self.out.flush().map_err(unwritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tests::noise;

    fn u32_at(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }
    fn u64_at(bytes: &[u8], at: usize) -> u64 {
        u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
    }

    #[test]
    fn sizes_in_the_header_are_the_files_own() {
        for format in [Format::Wav16, Format::Wav24, Format::WavF32] {
            for n_channels in [1, 2, 3, 6, 8] {
                for n_frames in [0, 1, 2, 1001] {
                    let spec = Spec { rate: 48_000, n_channels };
                    let head = header(format, spec, n_frames);
                    let data = n_frames * bytes_per_frame(format, n_channels) as u64;
                    let len = file_len(format, spec, n_frames);
                    assert_eq!(&head[..4], b"RIFF");
                    assert_eq!(u64::from(u32_at(&head, 4)) + 8, len);
                    assert_eq!(&head[head.len() - 8..head.len() - 4], b"data");
                    assert_eq!(u64::from(u32_at(&head, head.len() - 4)), data);
                    assert_eq!(len, head.len() as u64 + data + data % 2);
                    assert_eq!(u32_at(&head, 28), 48_000 * bytes_per_frame(format, n_channels) as u32);
                }
            }
        }
    }

    #[test]
    fn stereo_of_16_bits_has_the_classic_44_bytes() {
        assert_eq!(header(Format::Wav16, Spec { rate: 44_100, n_channels: 2 }, 10).len(), 44);
        assert_eq!(header(Format::Wav16, Spec { rate: 44_100, n_channels: 2 }, 10)[20], 1);
        let wide = header(Format::Wav24, Spec { rate: 44_100, n_channels: 2 }, 10);
        assert_eq!(u16::from_le_bytes([wide[20], wide[21]]), EXTENSIBLE);
        assert_eq!(u32_at(&wide, 40), 0x3);
    }

    #[test]
    fn past_4_gib_the_file_is_rf64() {
        let spec = Spec { rate: 192_000, n_channels: 2 };
        // The last file whose RIFF size fits 32 bits, and the next frame.
        let fits = (u64::from(u32::MAX) - 36) / 4;
        assert_eq!(&header(Format::Wav16, spec, fits)[..4], b"RIFF");
        let head = header(Format::Wav16, spec, fits + 1);
        assert_eq!(&head[..4], b"RF64");
        assert_eq!(u32_at(&head, 4), u32::MAX);
        assert_eq!(&head[12..16], b"ds64");
        let data = (fits + 1) * 4;
        assert_eq!(u64_at(&head, 20), head.len() as u64 + data - 8);
        assert_eq!(u64_at(&head, 28), data);
        assert_eq!(u64_at(&head, 36), fits + 1);
        assert_eq!(file_len(Format::Wav16, spec, fits + 1), head.len() as u64 + data);
    }

    #[test]
    fn any_range_written_alone_has_the_same_bytes() {
        for format in [Format::Wav16, Format::Wav24, Format::WavF32] {
            for n_channels in [1, 2, 6] {
                let whole = noise(n_channels, 1000);
                let mut want = Vec::new();
                write_frames(format, &whole, 5_000_000_000, true, &mut want);
                let frame_bytes = bytes_per_frame(format, n_channels);
                for (start, end) in [(0, 1000), (0, 1), (999, 1000), (123, 456), (500, 500)] {
                    let planes: Vec<&[f32]> = (0..n_channels).map(|c| &whole.plane(c)[start..end]).collect();
                    let mut got = Vec::new();
                    let part = Block::from_planes(&planes);
                    write_frames(format, &part, 5_000_000_000 + start as u64, true, &mut got);
                    assert_eq!(got, want[start * frame_bytes..end * frame_bytes]);
                }
            }
        }
    }

    #[test]
    fn dither_moves_at_most_one_step_and_only_when_asked() {
        let block = noise(2, 5000);
        let (mut dry, mut wet) = (Vec::new(), Vec::new());
        write_frames(Format::Wav16, &block, 0, false, &mut dry);
        write_frames(Format::Wav16, &block, 0, true, &mut wet);
        assert_ne!(dry, wet);
        for (a, b) in dry.chunks_exact(2).zip(wet.chunks_exact(2)) {
            let (a, b) = (i16::from_le_bytes([a[0], a[1]]), i16::from_le_bytes([b[0], b[1]]));
            assert!((i32::from(a) - i32::from(b)).abs() <= 1 + 1, "{a} became {b}");
        }
        for (i, bytes) in dry.chunks_exact(4).enumerate() {
            let left = i16::from_le_bytes([bytes[0], bytes[1]]);
            assert_eq!(i32::from(left), quantise(block.plane(0)[i], 16, 0.0));
        }
    }

    #[test]
    fn what_is_not_finite_becomes_0_in_float() {
        let planes = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2.5];
        let mut out = Vec::new();
        write_frames(Format::WavF32, &Block::from_planes(&[&planes]), 0, false, &mut out);
        let back: Vec<f32> = out.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(back, [0.0, 0.0, 0.0, 2.5]);
    }

    #[test]
    fn another_number_of_frames_than_promised_is_an_error() {
        let spec = Spec { rate: 44_100, n_channels: 2 };
        let out = Box::new(std::io::Cursor::new(Vec::new()));
        let mut encoder = Box::new(WavEncoder::new(Format::Wav16, spec, 10, false, out).unwrap());
        encoder.write(&noise(2, 9)).unwrap();
        let error = encoder.finish().unwrap_err();
        assert!(error.message.contains("10 frames were promised, 9 came"), "{error}");
    }
}
