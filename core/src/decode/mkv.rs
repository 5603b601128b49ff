//! What a Matroska file says about its first and last frames and symphonia does
//! not pass on: `CodecDelay` and the last block's `DiscardPadding`, both in
//! nanoseconds. RFC 9559 §5.1.4.1.28 and §5.1.3.5.7; EBML is RFC 8794.

use std::io::{Read, Seek, SeekFrom};

use super::media::Handle;

/// Bytes looked at from the start for the track table, and from the end for
/// the last cluster.
const WINDOW: u64 = 1 << 20;

const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const CODEC_DELAY: u32 = 0x56AA;
const CLUSTER: u32 = 0x1F43_B675;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const SIMPLE_BLOCK: u32 = 0xA3;
const DISCARD_PADDING: u32 = 0x75A2;

/// Frames before and after the sound of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Margins {
    /// To drop at the start.
    pub delay: u64,
    /// To drop from the last packet.
    pub padding: u64,
}

/// Reads the margins of track number `track`, in frames at `rate`; 0 where the
/// file says nothing that can be read.
pub(super) fn margins(handle: &Handle, track: u32, rate: u32) -> Margins {
    let frames = |ns: u64| {
        let frames = (u128::from(ns) * u128::from(rate) + 500_000_000) / 1_000_000_000;
        // More than a second of either is not a codec's doing.
        u64::try_from(frames).ok().filter(|&n| n <= u64::from(rate)).unwrap_or(0)
    };
    let head = window(handle, 0);
    let tail = window(handle, handle.n_bytes().saturating_sub(WINDOW));
    Margins {
        delay: codec_delay(&head, track).map_or(0, frames),
        padding: discard_padding(&tail, track).map_or(0, frames),
    }
}

fn window(handle: &Handle, at: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut handle = handle.rewound();
    let read = handle.seek(SeekFrom::Start(at)).and_then(|_| handle.take(WINDOW).read_to_end(&mut bytes));
    if read.is_err() {
        bytes.clear();
    }
    bytes
}

/// The elements laid end to end in `bytes`; one that is cut off, or of unknown
/// size, has what is there for a body.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let id_length = self.0.first()?.leading_zeros() as usize + 1;
        let id = self.0.get(..id_length).filter(|_| id_length <= 4)?;
        let id = id.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
        let (size, size_length) = size(self.0.get(id_length..)?)?;
        let body = &self.0[id_length + size_length..];
        let (body, rest) = body.split_at(usize::try_from(size).unwrap_or(usize::MAX).min(body.len()));
        self.0 = rest;
        Some((id, body))
    }
}

/// A variable-length integer and its length; all ones mean "unknown".
fn size(bytes: &[u8]) -> Option<(u64, usize)> {
    let &first = bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let bytes = bytes.get(..length).filter(|_| length <= 8)?;
    let start = u64::from(first) & ((1 << (8 - length)) - 1);
    let value = bytes[1..].iter().fold(start, |value, &byte| value << 8 | u64::from(byte));
    let is_unknown = value == (1 << (7 * length)) - 1;
    Some((if is_unknown { u64::MAX } else { value }, length))
}

fn number(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
}

fn child(bytes: &[u8], wanted: u32) -> Option<&[u8]> {
    Elements(bytes).find(|(id, _)| *id == wanted).map(|(_, body)| body)
}

fn codec_delay(head: &[u8], track: u32) -> Option<u64> {
    let tracks = child(child(head, SEGMENT)?, TRACKS)?;
    let is_ours = |entry: &&[u8]| child(entry, TRACK_NUMBER).and_then(number) == Some(u64::from(track));
    let entry = Elements(tracks).filter(|(id, _)| *id == TRACK_ENTRY).map(|(_, body)| body).find(is_ours)?;
    number(child(entry, CODEC_DELAY)?)
}

/// The padding of the track's last block, in the last cluster of `tail`.
fn discard_padding(tail: &[u8], track: u32) -> Option<u64> {
    let start = tail.windows(4).rposition(|bytes| bytes == CLUSTER.to_be_bytes())?;
    let (_, cluster) = Elements(&tail[start..]).next()?;
    let mut padding = None;
    for (id, body) in Elements(cluster) {
        let block = match id {
            BLOCK_GROUP => child(body, BLOCK)?,
            SIMPLE_BLOCK => body,
            _ => continue,
        };
        if size(block)?.0 == u64::from(track) {
            // It is signed; a negative one adds silence, which nobody means.
            let discard = (id == BLOCK_GROUP).then(|| child(body, DISCARD_PADDING)).flatten();
            padding =
                discard.filter(|bytes| bytes.first().is_some_and(|&first| first < 0x80)).and_then(number);
        }
    }
    padding
}
