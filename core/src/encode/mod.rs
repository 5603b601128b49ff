//! Writing sound: WAV, FLAC and Opus, natively only; and MP3 in a build that has the
//! feature `mp3`.
//!
//! An [`Encoder`] is a [`Sink`] with an end. It is told beforehand how many
//! frames will come, so that a stream's head is right from its first byte, and
//! refuses to finish with another number (law L3). Tags and pictures are not
//! its business: they are written into the finished file.

mod bit_rates;
mod clock;
pub mod dither;
pub mod flac;
pub mod flac_stream;
#[cfg(feature = "mp3")]
pub mod mp3;
pub mod opus;
pub mod wav;

use std::fmt;
use std::io::{Seek, Write};
use std::ops::Range;
use std::str::FromStr;

use crate::error::{Error, Kind, Result};
use crate::flow::{Sink, Spec};
use crate::units::{MAX_CHANNELS, MAX_RATE, MIN_RATE};

pub use bit_rates::BitRates;

/// Whether this build writes MP3. Its encoder, LAME, is under the LGPL: who builds
/// with it chooses to.
pub const HAS_MP3: bool = cfg!(feature = "mp3");

/// What a lossy copy leaves of headroom: decoded peaks may rise by up to 1 dB.
const LOSSY_CEILING_DBTP: f32 = -2.0;

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// WAV, 16-bit integer.
    Wav16,
    /// WAV, 24-bit integer.
    Wav24,
    /// WAV, 32-bit float.
    WavF32,
    /// FLAC, 16 bits.
    Flac16,
    /// FLAC, 24 bits.
    Flac24,
    /// Opus in Ogg, 48 kHz.
    Opus,
    /// MP3, for old clients; only where [`HAS_MP3`].
    Mp3,
}

impl Format {
    /// All formats that this build writes, in the order in which they are listed.
    pub const ALL: [Format; 6 + HAS_MP3 as usize] = [
        Format::Wav16,
        Format::Wav24,
        Format::WavF32,
        Format::Flac16,
        Format::Flac24,
        Format::Opus,
        #[cfg(feature = "mp3")]
        Format::Mp3,
    ];

    /// The name on the command line and in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Format::Wav16 => "wav16",
            Format::Wav24 => "wav24",
            Format::WavF32 => "wavf32",
            Format::Flac16 => "flac16",
            Format::Flac24 => "flac24",
            Format::Opus => "opus",
            Format::Mp3 => "mp3",
        }
    }

    /// Bits of its integer samples; `None` where samples are not integers.
    pub fn bits(self) -> Option<u32> {
        match self {
            Format::Wav16 | Format::Flac16 => Some(16),
            Format::Wav24 | Format::Flac24 => Some(24),
            Format::WavF32 | Format::Opus | Format::Mp3 => None,
        }
    }

    /// Where true peaks must stay below when it is written, if its coder may
    /// raise them.
    pub fn ceiling_dbtp(self) -> Option<f32> {
        matches!(self, Format::Opus | Format::Mp3).then_some(LOSSY_CEILING_DBTP)
    }

    /// Whether pieces of it, each a file of its own, are the whole again when they
    /// are played one after the other.
    pub fn comes_in_pieces(self) -> bool {
        self != Format::Mp3
    }

    /// The usual file extension.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Wav16 | Format::Wav24 | Format::WavF32 => "wav",
            Format::Flac16 | Format::Flac24 => "flac",
            Format::Opus => "opus",
            Format::Mp3 => "mp3",
        }
    }

    /// The media type of HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Wav16 | Format::Wav24 | Format::WavF32 => "audio/wav",
            Format::Flac16 | Format::Flac24 => "audio/flac",
            Format::Opus => "audio/ogg",
            Format::Mp3 => "audio/mpeg",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let known: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
            Error::invalid(format!("unknown format {name:?}, it is one of {}", known.join(" ")))
        })
    }
}

/// Where encoded bytes go. FLAC needs to come back to its head, which holds
/// the MD5 of all samples.
pub trait WriteSeek: Write + Seek {}
impl<T: Write + Seek> WriteSeek for T {}

/// A [`Sink`] of encoded sound.
pub trait Encoder: Sink {
    /// Writes what is still held back. An error if the frames written are not
    /// as many as were promised.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// An encoder of `n_frames` of shape `spec` into `out`. With `dither`, integer
/// formats get TPDF dither (see [`dither`]).
pub fn encoder(
    format: Format,
    spec: Spec,
    n_frames: u64,
    dither: bool,
    out: Box<dyn WriteSeek>,
) -> Result<Box<dyn Encoder>> {
    check(spec)?;
    Ok(match format {
        Format::Wav16 | Format::Wav24 | Format::WavF32 => {
            Box::new(wav::WavEncoder::new(format, spec, n_frames, dither, out)?)
        }
        Format::Flac16 | Format::Flac24 => {
            Box::new(flac::FlacEncoder::new(format, spec, n_frames, dither, out)?)
        }
        Format::Opus => Box::new(opus::OpusEncoder::new(spec, n_frames, opus::BIT_RATE, out)?),
        #[cfg(feature = "mp3")]
        Format::Mp3 => Box::new(mp3::Mp3Encoder::new(spec, n_frames, format.usual_bit_rate(), out)?),
        #[cfg(not(feature = "mp3"))]
        Format::Mp3 => return Err(Error::invalid("this build writes no MP3")),
    })
}

/// An encoder of the range `frames` of a track, which cannot go back in `out`: of all
/// but WAV, whose bytes can be made of any range (see [`wav`]). `bit_rate` is in bits
/// per second, of formats that leave a choice.
pub fn streamed(
    format: Format,
    spec: Spec,
    frames: Range<u64>,
    dither: bool,
    bit_rate: u32,
    out: impl Write + Send + 'static,
) -> Result<Box<dyn Encoder + Send>> {
    check(spec)?;
    let n_frames = frames.end.saturating_sub(frames.start);
    Ok(match format {
        Format::Opus => Box::new(opus::OpusEncoder::new(spec, n_frames, bit_rate, out)?),
        #[cfg(feature = "mp3")]
        Format::Mp3 => Box::new(mp3::Mp3Encoder::new(spec, n_frames, bit_rate, out)?),
        _ => Box::new(flac_stream::FlacStream::new(format, spec, frames, dither, out)?),
    })
}

/// Whether any format can have this shape.
fn check(spec: Spec) -> Result<()> {
    if !(MIN_RATE..=MAX_RATE).contains(&spec.rate) {
        return Err(Error::invalid(format!(
            "a rate of {} Hz cannot be written, it must lie in {MIN_RATE} … {MAX_RATE}",
            spec.rate
        )));
    }
    if !(1..=MAX_CHANNELS).contains(&spec.n_channels) {
        return Err(Error::invalid(format!(
            "{} channels cannot be written, there must be 1 to {MAX_CHANNELS}",
            spec.n_channels
        )));
    }
    Ok(())
}

/// The error for a write that failed underneath.
fn unwritten(cause: std::io::Error) -> Error {
    let message = match cause.kind() {
        std::io::ErrorKind::StorageFull => "the disk is full",
        _ => "writing failed",
    };
    Error::new(Kind::Io, message).because(cause)
}

/// Law L3 at the end of a file.
fn all_written(promised: u64, written: u64) -> Result<()> {
    if promised == written {
        return Ok(());
    }
    Err(Error::invalid(format!("{promised} frames were promised, {written} came: was the source changed?")))
}

/// Lays the samples of one channel into interleaved frames.
fn lay<const N: usize>(
    frames: &mut [u8],
    n_channels: usize,
    channel: usize,
    samples: impl Iterator<Item = [u8; N]>,
) {
    for (frame, sample) in frames.chunks_exact_mut(N * n_channels).zip(samples) {
        frame[N * channel..][..N].copy_from_slice(&sample);
    }
}

/// An integer of 24 bits, least byte first.
fn of_24_bits(step: i32) -> [u8; 3] {
    let [low, middle, high, _] = step.to_le_bytes();
    [low, middle, high]
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;
    use std::io::{Cursor, SeekFrom};
    use std::rc::Rc;

    use super::*;
    use crate::block::Block;

    /// A file in memory that can be looked at after its encoder is gone.
    #[derive(Clone, Default)]
    pub(crate) struct Memory(Rc<RefCell<Cursor<Vec<u8>>>>);

    impl Memory {
        pub(crate) fn bytes(&self) -> Vec<u8> {
            self.0.borrow().get_ref().clone()
        }
    }
    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl Seek for Memory {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.0.borrow_mut().seek(to)
        }
    }

    /// Full-scale noise, another in each channel.
    pub(crate) fn noise(n_channels: usize, n_frames: usize) -> Block {
        let mut block = Block::new(n_channels, n_frames);
        block.set_frames(n_frames);
        for channel in 0..n_channels {
            for (i, x) in block.plane_mut(channel).iter_mut().enumerate() {
                *x = dither::tpdf(i as u64 + 77, channel) as f32;
            }
        }
        block
    }

    #[test]
    fn names_are_read_back() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
        }
        for unknown in ["ape", if HAS_MP3 { "MP3" } else { "mp3" }] {
            let error = unknown.parse::<Format>().unwrap_err();
            assert!(error.message.contains("flac24"), "{error}");
            assert_eq!(error.message.ends_with(" mp3"), HAS_MP3, "{error}");
        }
    }

    #[test]
    fn impossible_shapes_are_refused() {
        for (rate, n_channels) in [(7_999, 2), (384_001, 2), (44_100, 0), (44_100, 9)] {
            for format in [Format::Wav16, Format::Flac16, Format::Opus] {
                let spec = Spec { rate, n_channels };
                let error = encoder(format, spec, 1, false, Box::new(Memory::default())).err().unwrap();
                assert_eq!(error.kind, Kind::Invalid);
            }
        }
    }

    #[test]
    fn a_disk_that_is_full_is_named() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        impl Seek for Full {
            fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
                Ok(0)
            }
        }
        for format in [Format::Wav24, Format::Flac24, Format::Opus] {
            let spec = Spec { rate: 44_100, n_channels: 2 };
            let error = encoder(format, spec, 1, false, Box::new(Full)).err().unwrap();
            assert_eq!((error.kind, error.message.as_str()), (Kind::Io, "the disk is full"));
        }
    }
}
