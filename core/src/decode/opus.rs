//! Opus: symphonia demuxes it, `ropus` decodes it. RFC 6716 (packets), RFC 7845
//! (the head, pre-skip, output gain, channel order).

use ropus::OpusMSDecoder;

use super::planes::Planes;
use crate::error::{Error, Kind, Result};
use crate::units::Db;

/// Opus always decodes at this rate here.
pub(super) const RATE: u32 = 48_000;

/// The longest packet: 120 ms (RFC 6716 §3.2.5).
const MAX_FRAMES: usize = 5_760;

/// From the Vorbis channel order, which Opus uses (RFC 7845 §5.1.1.2), to
/// WAVE's: `WAVE_PLACE[n - 1][vorbis channel]`.
const WAVE_PLACE: [&[usize]; 8] = [
    &[0],
    &[0, 1],
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 4, 5, 3],
    &[0, 2, 1, 5, 6, 4, 3],
    &[0, 2, 1, 6, 7, 4, 5, 3],
];

/// The identification header (RFC 7845 §5.1).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    /// How many channels come out.
    pub n_channels: usize,
    /// Frames to drop at the start.
    pub pre_skip: u64,
    /// Output gain, in 1/256 dB.
    gain_q8: i16,
    n_streams: u8,
    n_coupled: u8,
    mapping: Vec<u8>,
}

impl Head {
    /// Reads a head; all that is not a head of ours is refused.
    pub fn parse(bytes: &[u8]) -> Result<Head> {
        let damaged = |why: &str| Error::new(Kind::Damaged, format!("opus head: {why}"));
        if bytes.len() < 19 || &bytes[..8] != b"OpusHead" {
            return Err(damaged("not one"));
        }
        let n_channels = usize::from(bytes[9]);
        let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let (n_streams, n_coupled, mapping) = match bytes[18] {
            0 if n_channels == 1 || n_channels == 2 => (1, n_channels as u8 - 1, vec![0, 1]),
            1 | 255 => {
                let table =
                    bytes.get(21..21 + n_channels).ok_or_else(|| damaged("its channel table is cut off"))?;
                (bytes[19], bytes[20], table.to_vec())
            }
            0 => return Err(damaged("more than two channels without a channel table")),
            family => {
                let why = format!("opus channel mapping family {family} is not supported");
                return Err(Error::new(Kind::Unsupported, why));
            }
        };
        if n_channels == 0 || n_channels > 8 {
            return Err(Error::new(Kind::Unsupported, format!("opus with {n_channels} channels")));
        }
        let n_decoded = u16::from(n_streams) + u16::from(n_coupled);
        let is_routed = |&to: &u8| to == 255 || u16::from(to) < n_decoded;
        if n_streams == 0 || n_coupled > n_streams || !mapping[..n_channels].iter().all(is_routed) {
            return Err(damaged("its channel table contradicts itself"));
        }
        Ok(Head {
            n_channels,
            pre_skip: u64::from(u16_at(10)),
            gain_q8: u16_at(16) as i16,
            n_streams,
            n_coupled,
            mapping,
        })
    }
}

/// How many frames a packet decodes to (RFC 6716 §3.1); `None` if it cannot be
/// a packet.
pub(super) fn n_frames(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let config = u64::from(toc >> 3);
    let each = match config {
        0..12 => [480, 960, 1_920, 2_880][(config % 4) as usize],
        12..16 => [480, 960][(config % 2) as usize],
        _ => [120, 240, 480, 960][(config % 4) as usize],
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(*packet.get(1)? & 0x3f),
    };
    let total = each * count;
    (1..=MAX_FRAMES as u64).contains(&total).then_some(total)
}

/// A decoder of one Opus stream.
pub(super) struct Stream {
    decoder: OpusMSDecoder,
    n_channels: usize,
    gain: f32,
    pcm: Vec<i16>,
}

impl Stream {
    /// A decoder for the stream with this head.
    pub fn new(head: &Head) -> Result<Stream> {
        let (streams, coupled) = (i32::from(head.n_streams), i32::from(head.n_coupled));
        let decoder =
            OpusMSDecoder::new(RATE as i32, head.n_channels as i32, streams, coupled, &head.mapping)
                .map_err(|code| Error::new(Kind::Damaged, format!("opus head refused with code {code}")))?;
        Ok(Stream {
            decoder,
            n_channels: head.n_channels,
            gain: Db(f32::from(head.gain_q8) / 256.0).gain(),
            pcm: vec![0; MAX_FRAMES * head.n_channels],
        })
    }

    /// Decodes one packet into `planes`.
    pub fn decode(&mut self, packet: &[u8], planes: &mut Planes) -> std::result::Result<(), String> {
        let n_stated = n_frames(packet).ok_or("not an opus packet")? as usize;
        let n_decoded = self
            .decoder
            .decode(Some(packet), packet.len() as i32, &mut self.pcm, n_stated as i32, false)
            .map_err(|code| format!("opus packet refused with code {code}"))?;
        let n_decoded = usize::try_from(n_decoded).unwrap_or(0).min(n_stated);
        planes.resize(self.n_channels, n_decoded);
        let gain = self.gain / 32_768.0;
        for (channel, &place) in WAVE_PLACE[self.n_channels - 1].iter().enumerate() {
            let interleaved = self.pcm[channel..].iter().step_by(self.n_channels);
            for (out, &x) in planes.plane_mut(place).iter_mut().zip(interleaved) {
                *out = f32::from(x) * gain;
            }
        }
        Ok(())
    }
}
