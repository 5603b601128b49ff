//! Opus (RFC 6716) in Ogg (RFC 7845), stereo at 48 kHz: the packets are
//! ropus's, the pages ogg's, the clock ours. The encoder's delay is told as
//! pre-skip and the last page's position trims the end, so that what is decoded
//! has exactly the frames that went in (law L3).

use std::io::Write;
use std::ops::RangeInclusive;

use ogg::writing::{PacketWriteEndInfo, PacketWriter};
use ropus::{Application, Bitrate, Channels, Signal};

use super::clock::{self, Clock};
use super::{Encoder, Format, all_written, bit_rates, unwritten};
use crate::block::Block;
use crate::error::{Error, Result};
use crate::flow::{Appetite, Sink, Spec};
use crate::math::finite;

/// The rate that Opus is clocked at, whatever goes in (RFC 7845, section 4).
pub const RATE: u32 = 48_000;

/// Frames per packet: 20 ms, the best for music (RFC 7845, section 4.2).
const PACKET: usize = 960;
/// Packets per page: a second.
const PACKETS_PER_PAGE: u64 = 50;
/// Bits per second, on average: beyond what listeners tell from the original
/// (Opus recommended settings, wiki.xiph.org: 128 kb/s for stereo music).
pub const BIT_RATE: u32 = 160_000;
/// The least and the most that stereo music is written at (RFC 6716, section
/// 2.1.1, has 6 to 510 kb/s; below 32 it is no music any more).
pub const BIT_RATES: RangeInclusive<u32> = 32_000..=510_000;
/// The longest packet that an encoder may make (RFC 6716, section 3.2.1).
const MAX_PACKET_BYTES: usize = 1275;
/// One stream per file, so any number will do.
const SERIAL: u32 = 0x4155_5241;

/// Writes one Opus file.
pub struct OpusEncoder<W: Write> {
    clock: Option<Clock>,
    promised: u64,
    written: u64,
    /// Frames at 48 kHz that stand for those promised.
    wanted: u64,
    /// Of these, given to the packets.
    given: u64,
    pre_skip: u64,
    n_packets: u64,
    /// Interleaved samples of the packet to come.
    pending: Vec<f32>,
    packet: Box<[u8]>,
    codec: ropus::Encoder,
    out: PacketWriter<'static, W>,
}

impl<W: Write> OpusEncoder<W> {
    /// Starts a stream of `n_frames` of `spec` in `out`, of so many bits per second
    /// on average.
    pub fn new(spec: Spec, n_frames: u64, bit_rate: u32, out: W) -> Result<Self> {
        bit_rates::check(Format::Opus, bit_rate)?;
        if spec.n_channels != 2 {
            return Err(Error::invalid("Opus is written in stereo only"));
        }
        let wanted = clock::n_frames(n_frames, spec.rate, RATE)
            .ok_or_else(|| Error::invalid("Ogg cannot count as many frames"))?;
        let codec = ropus::Encoder::builder(RATE, Channels::Stereo, Application::Audio)
            .bitrate(Bitrate::Bits(bit_rate))
            .signal(Signal::Music)
            .complexity(10)
            .vbr(true)
            .build()
            .map_err(refused)?;
        let pre_skip = u16::try_from(codec.lookahead()).map_err(refused)?;
        let clock = Clock::between(spec.rate, RATE)?;
        let mut out = PacketWriter::new(out);
        let end = PacketWriteEndInfo::EndPage;
        out.write_packet(head(pre_skip, spec.rate), SERIAL, end, 0).map_err(unwritten)?;
        out.write_packet(no_tags(), SERIAL, end, 0).map_err(unwritten)?;
        Ok(OpusEncoder {
            clock,
            promised: n_frames,
            written: 0,
            wanted,
            given: 0,
            pre_skip: u64::from(pre_skip),
            n_packets: 0,
            pending: Vec::with_capacity(2 * PACKET),
            packet: vec![0; MAX_PACKET_BYTES].into_boxed_slice(),
            codec,
            out,
        })
    }

    /// Packets in the whole file: enough for the delay and all frames, one at
    /// least.
    fn n_packets_wanted(&self) -> u64 {
        (self.pre_skip + self.wanted).div_ceil(PACKET as u64).max(1)
    }

    /// Takes one frame at 48 kHz; what is beyond the last one is dropped.
    fn take(&mut self, left: f32, right: f32) -> Result<()> {
        if self.given == self.wanted {
            return Ok(());
        }
        self.given += 1;
        self.pending.extend([finite(left), finite(right)]);
        if self.pending.len() == 2 * PACKET { self.write_packet() } else { Ok(()) }
    }

    /// Encodes what is pending as one packet.
    fn write_packet(&mut self) -> Result<()> {
        let n_bytes = self.codec.encode_float(&self.pending, &mut self.packet).map_err(refused)?;
        self.pending.clear();
        self.n_packets += 1;
        let is_last = self.n_packets == self.n_packets_wanted();
        let (end, position) = if is_last {
            (PacketWriteEndInfo::EndStream, self.pre_skip + self.wanted)
        } else if self.n_packets.is_multiple_of(PACKETS_PER_PAGE) {
            (PacketWriteEndInfo::EndPage, self.n_packets * PACKET as u64)
        } else {
            (PacketWriteEndInfo::NormalPacket, self.n_packets * PACKET as u64)
        };
        let bytes = self.packet[..n_bytes].to_vec();
        self.out.write_packet(bytes, SERIAL, end, position).map_err(unwritten)
    }
}

impl<W: Write> OpusEncoder<W> {
    /// Resamples and takes all of `block`.
    fn convert(&mut self, clock: &mut Clock, block: &Block) -> Result<()> {
        clock.convert(block, |output, start| {
            (start..output.n_frames()).try_for_each(|i| self.take(output.plane(0)[i], output.plane(1)[i]))
        })
    }
}

impl<W: Write> Sink for OpusEncoder<W> {
    fn write(&mut self, block: &Block) -> Result<Appetite> {
        if block.n_channels() != 2 {
            return Err(Error::invalid("the block has another number of channels than the file"));
        }
        self.written += block.n_frames() as u64;
        if let Some(mut clock) = self.clock.take() {
            self.convert(&mut clock, block)?;
            self.clock = Some(clock);
            return Ok(Appetite::More);
        }
        for frame in 0..block.n_frames() {
            self.take(block.plane(0)[frame], block.plane(1)[frame])?;
        }
        Ok(Appetite::More)
    }
}

impl<W: Write> Encoder for OpusEncoder<W> {
    fn finish(mut self: Box<Self>) -> Result<()> {
        all_written(self.promised, self.written)?;
        if let Some(mut clock) = self.clock.take() {
            // Silence pushes the last frames out of the resampler.
            let silence = clock::silence();
            while self.given < self.wanted {
                self.convert(&mut clock, &silence)?;
            }
        }
        while self.n_packets < self.n_packets_wanted() {
            // Silence pushes the last frames out of the encoder.
            self.pending.resize(2 * PACKET, 0.0);
            self.write_packet()?;
        }
        self.out.inner_mut().flush().map_err(unwritten)
    }
}

/// The identification header (RFC 7845, section 5.1).
fn head(pre_skip: u16, rate: u32) -> Vec<u8> {
    let mut bytes = b"OpusHead\x01\x02".to_vec();
    bytes.extend(pre_skip.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    // No output gain; mapping family 0 is stereo.
    bytes.extend([0, 0, 0]);
    bytes
}

/// The comment header (RFC 7845, section 5.2) of a file without comments.
fn no_tags() -> Vec<u8> {
    const VENDOR: &[u8] = b"Auralis, ropus";
    let mut bytes = b"OpusTags".to_vec();
    bytes.extend((VENDOR.len() as u32).to_le_bytes());
    bytes.extend(VENDOR);
    bytes.extend(0_u32.to_le_bytes());
    bytes
}

/// ropus's refusals are about parameters this file sets: none is expected.
fn refused(cause: impl std::fmt::Display) -> Error {
    Error::invalid("the Opus encoder refused").because(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::tests::Memory;

    /// One file's bytes, written in blocks of uneven lengths.
    fn encode(rate: u32, sound: &Block) -> Vec<u8> {
        let memory = Memory::default();
        let n = sound.n_frames();
        let spec = Spec { rate, n_channels: 2 };
        let mut encoder = Box::new(OpusEncoder::new(spec, n as u64, BIT_RATE, memory.clone()).unwrap());
        let mut start = 0;
        for step in [1, 4095, 128, 10_000, usize::MAX] {
            let end = start + step.min(n - start);
            let planes: Vec<&[f32]> = (0..2).map(|c| &sound.plane(c)[start..end]).collect();
            encoder.write(&Block::from_planes(&planes)).unwrap();
            start = end;
        }
        encoder.finish().unwrap();
        memory.bytes()
    }

    /// What a player does with a file: positions of its pages, and its sound
    /// between pre-skip and the last position.
    fn decode(bytes: &[u8]) -> (Vec<u64>, Vec<[f32; 2]>) {
        let mut reader = ogg::PacketReader::new(std::io::Cursor::new(bytes));
        let head = reader.read_packet().unwrap().unwrap();
        assert_eq!((&head.data[..8], head.data[9]), (&b"OpusHead"[..], 2));
        let pre_skip = usize::from(u16::from_le_bytes([head.data[10], head.data[11]]));
        let tags = reader.read_packet().unwrap().unwrap();
        assert_eq!(&tags.data[..8], b"OpusTags");
        let mut decoder = ropus::Decoder::new(RATE, Channels::Stereo).unwrap();
        let (mut positions, mut sound) = (Vec::new(), Vec::new());
        let mut pcm = vec![0.0; 2 * 5_760];
        let mut ended = false;
        while let Some(packet) = reader.read_packet().unwrap() {
            assert!(!ended, "a packet after the end");
            let n = decoder.decode_float(&packet.data, &mut pcm, ropus::DecodeMode::Normal).unwrap();
            sound.extend(pcm[..2 * n].chunks_exact(2).map(|frame| [frame[0], frame[1]]));
            if packet.last_in_page() {
                positions.push(packet.absgp_page());
            }
            ended = packet.last_in_stream();
        }
        assert!(ended, "no end of the stream");
        sound.truncate(*positions.last().unwrap() as usize);
        (positions, sound.split_off(pre_skip))
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
        for (rate, n_frames, want) in [
            (48_000, 0, 0),
            (48_000, 1, 1),
            (48_000, 648, 648),
            (48_000, 649, 649),
            (48_000, 100_001, 100_001),
            (44_100, 1, 2),
            (44_100, 44_100, 48_000),
            (44_100, 50_000, 54_422),
            (96_000, 96_001, 48_001),
            (8_000, 8_000, 48_000),
            (384_000, 9_000, 1_125),
        ] {
            let (positions, sound) = decode(&encode(rate, &tone(rate, n_frames)));
            assert_eq!(sound.len(), want, "{n_frames} frames at {rate} Hz");
            assert!(positions.is_sorted(), "{positions:?}");
            // A page is at most a second.
            assert!(positions.windows(2).all(|pair| pair[1] - pair[0] <= 48_000), "{positions:?}");
        }
    }

    /// Phase is what trimming gets wrong: a frame of 441 Hz is 3.3°.
    #[test]
    fn frames_come_out_where_they_went_in() {
        for rate in [44_100, 48_000, 96_000, 22_050] {
            let (_, sound) = decode(&encode(rate, &tone(rate, rate as usize)));
            for (side, hz) in [(0, 441.0), (1, 620.0)] {
                let (mut s, mut c) = (0.0, 0.0);
                for (i, frame) in sound.iter().enumerate().skip(4_800).take(38_400) {
                    let turn = std::f64::consts::TAU * hz * i as f64 / f64::from(RATE);
                    s += f64::from(frame[side]) * turn.sin();
                    c += f64::from(frame[side]) * turn.cos();
                }
                let late = c.atan2(s) / std::f64::consts::TAU / hz * f64::from(RATE);
                assert!(late.abs() < 0.7, "from {rate} Hz, {hz} Hz is {late} frames off");
                let level = (s * s + c * c).sqrt() / 19_200.0;
                assert!((level - 0.4).abs() < 0.01, "{hz} Hz at {level}");
            }
        }
    }

    #[test]
    fn only_stereo_and_only_what_was_promised() {
        let mono = Spec { rate: RATE, n_channels: 1 };
        assert!(OpusEncoder::new(mono, 1, BIT_RATE, Memory::default()).is_err());
        let stereo = Spec { rate: RATE, n_channels: 2 };
        let mut encoder = Box::new(OpusEncoder::new(stereo, 10, BIT_RATE, Memory::default()).unwrap());
        encoder.write(&tone(RATE, 9)).unwrap();
        assert!(encoder.finish().unwrap_err().message.contains("10 frames were promised"));
    }
}
