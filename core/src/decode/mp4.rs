//! What an MP4 file says about time and symphonia does not pass on: the edit
//! list, the table of packet durations, and iTunes' gapless mark.
//! ISO/IEC 14496-12 §8.6.1.2 (stts), §8.6.6 (elst), §8.2.2 (mvhd), §8.4.2 (mdhd).

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::media::Handle;

/// Boxes looked at before giving up: hostile files nest and repeat.
const MAX_BOXES: usize = 10_000;
/// Entries of the duration table read before giving up.
const MAX_ENTRIES: u32 = 4_000_000;

/// The time tables of one track.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Times {
    /// Ticks per second of the movie and of the track.
    movie_rate: u32,
    rate: u32,
    /// The first edit that shows media: `(duration in movie ticks, start in track ticks)`.
    edit: Option<(u64, u64)>,
    /// The sum of all packet durations, in track ticks.
    total: u64,
    /// The one duration that all packets but the last have.
    each: Option<u32>,
    /// iTunes: frames of delay, and of sound.
    itunes: Option<(u64, u64)>,
}

/// Whether all packets are equally long, so that the container's time is the
/// number of the packet.
pub(super) fn is_uniform(handle: &Handle, track_id: u32, rate: u32) -> bool {
    read(handle, track_id).is_some_and(|times| times.rate == rate && times.each.is_some())
}

impl Times {
    /// Frames to drop at the start, and frames of sound if that is stated.
    pub fn trim(&self, rate: u32) -> (u64, Option<u64>) {
        let total = (self.rate == rate && self.total > 0).then_some(self.total);
        if let Some((delay, n_frames)) = self.itunes
            && total.is_none_or(|total| delay.saturating_add(n_frames) <= total)
        {
            return (delay, Some(n_frames));
        }
        let Some((duration, start)) = self.edit else { return (0, total) };
        let start = scale(start, self.rate, rate);
        let left = total.map(|total| total.saturating_sub(start));
        let edited = (duration > 0).then(|| scale(duration, self.movie_rate, rate));
        let tick = u64::from(rate / self.movie_rate.max(1));
        let end = match (edited, left) {
            // The movie's ticks are often milliseconds: within two of them the
            // table of packets, which is exact, is meant.
            (Some(edited), Some(left)) if edited.abs_diff(left) <= 2 * tick => {
                Some(left.min(edited + 2 * tick))
            }
            (Some(edited), Some(left)) => Some(edited.min(left)),
            (edited, left) => left.or(edited),
        };
        (start, end)
    }
}

/// `n` ticks of `from` per second in ticks of `to`, to the nearest.
fn scale(n: u64, from: u32, to: u32) -> u64 {
    let (n, from, to) = (u128::from(n), u128::from(from.max(1)), u128::from(to));
    u64::try_from((n * to + from / 2) / from).unwrap_or(u64::MAX)
}

/// Reads the times of a track; `None` if the file has none that can be read.
pub(super) fn read(handle: &Handle, track_id: u32) -> Option<Times> {
    let mut walk = Walk {
        bytes: BufReader::with_capacity(4_096, handle.rewound()),
        n_boxes: 0,
        found: None,
        movie_rate: 0,
        itunes: None,
        track_id,
    };
    walk.children(0, handle.n_bytes(), &mut Track::default(), 0).ok()?;
    let (movie_rate, itunes) = (walk.movie_rate, walk.itunes);
    walk.found.map(|track| Times { movie_rate, itunes, ..track })
}

/// A track as it is being read.
#[derive(Default)]
struct Track {
    id: u32,
    times: Times,
}

struct Walk {
    bytes: BufReader<Handle>,
    n_boxes: usize,
    found: Option<Times>,
    movie_rate: u32,
    itunes: Option<(u64, u64)>,
    track_id: u32,
}

impl Walk {
    /// Reads the boxes in `start..end`.
    fn children(&mut self, start: u64, end: u64, track: &mut Track, depth: usize) -> std::io::Result<()> {
        let mut at = start;
        while at.saturating_add(8) <= end && self.n_boxes < MAX_BOXES {
            self.n_boxes += 1;
            self.seek(at)?;
            let size = u64::from(self.u32()?);
            let kind = self.array::<4>()?;
            let (header, size) = match size {
                0 => (8, end - at),
                1 => (16, self.u64()?),
                size => (8, size),
            };
            let next = at.saturating_add(size);
            if size < header || next > end {
                return Ok(());
            }
            self.one(&kind, at + header, next, track, depth)?;
            if &kind == b"moov" {
                return Ok(());
            }
            at = next;
        }
        Ok(())
    }

    /// Reads one box of `kind` with its body in `start..end`.
    fn one(
        &mut self,
        kind: &[u8; 4],
        start: u64,
        end: u64,
        track: &mut Track,
        depth: usize,
    ) -> std::io::Result<()> {
        if depth > 8 {
            return Ok(());
        }
        match kind {
            b"moov" | b"mdia" | b"minf" | b"stbl" | b"edts" | b"udta" | b"ilst" => {
                self.children(start, end, track, depth + 1)
            }
            // A full box: four bytes of version and flags before its children.
            b"meta" => self.children(start + 4, end, track, depth + 1),
            b"trak" => {
                let mut inner = Track::default();
                self.children(start, end, &mut inner, depth + 1)?;
                if inner.id == self.track_id && self.found.is_none() {
                    self.found = Some(inner.times);
                }
                Ok(())
            }
            b"tkhd" => self.field(start, 12, 20).map(|id| track.id = id),
            b"mvhd" => self.field(start, 12, 20).map(|rate| self.movie_rate = rate),
            b"mdhd" => self.field(start, 12, 20).map(|rate| track.times.rate = rate),
            b"elst" => self.edits(start, track),
            b"stts" => self.durations(start, end, track),
            b"----" => self.mark(start, end),
            _ => Ok(()),
        }
    }

    /// A 32-bit field of a full box, whose place depends on the version.
    fn field(&mut self, start: u64, at_v0: u64, at_v1: u64) -> std::io::Result<u32> {
        self.seek(start)?;
        let version = self.array::<1>()?[0];
        self.seek(start + if version == 0 { at_v0 } else { at_v1 })?;
        self.u32()
    }

    fn edits(&mut self, start: u64, track: &mut Track) -> std::io::Result<()> {
        self.seek(start)?;
        let version = self.u32()? >> 24;
        let n_entries = self.u32()?.min(64);
        for _ in 0..n_entries {
            let (duration, media_time) = match version {
                0 => (u64::from(self.u32()?), i64::from(self.u32()? as i32)),
                _ => (self.u64()?, self.u64()? as i64),
            };
            let _rate = self.u32()?;
            // −1 is an empty edit: nothing is shown for a while.
            if let Ok(media_time) = u64::try_from(media_time) {
                track.times.edit = Some((duration, media_time));
                break;
            }
        }
        Ok(())
    }

    fn durations(&mut self, start: u64, end: u64, track: &mut Track) -> std::io::Result<()> {
        self.seek(start + 4)?;
        let n_entries = self.u32()?.min(((end - start).saturating_sub(8) / 8) as u32).min(MAX_ENTRIES);
        let mut each = None;
        let mut is_uniform = true;
        for entry in 0..n_entries {
            let (count, duration) = (self.u32()?, self.u32()?);
            let is_last_packet = entry + 1 == n_entries && count == 1;
            let equal = *each.get_or_insert(duration) == duration;
            is_uniform &= equal || (is_last_packet && each.is_some_and(|each| duration <= each));
            track.times.total = track.times.total.saturating_add(u64::from(count) * u64::from(duration));
        }
        track.times.each = each.filter(|&each| is_uniform && each > 0);
        Ok(())
    }

    /// A free-form tag; iTunes' gapless mark is the one named `iTunSMPB`.
    fn mark(&mut self, start: u64, end: u64) -> std::io::Result<()> {
        if end - start > 1_024 {
            return Ok(());
        }
        self.seek(start)?;
        let mut body = vec![0; (end - start) as usize];
        self.bytes.read_exact(&mut body)?;
        let text = String::from_utf8_lossy(&body);
        if let Some((_, value)) = text.split_once("iTunSMPB") {
            self.itunes = gapless_mark(value);
        }
        Ok(())
    }

    fn seek(&mut self, at: u64) -> std::io::Result<()> {
        let here = self.bytes.stream_position()?;
        match i64::try_from(i128::from(at) - i128::from(here)) {
            Ok(by) => self.bytes.seek_relative(by),
            Err(_) => self.bytes.seek(SeekFrom::Start(at)).map(|_| ()),
        }
    }
    fn array<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.bytes.read_exact(&mut bytes)?;
        Ok(bytes)
    }
    fn u32(&mut self) -> std::io::Result<u32> {
        self.array().map(u32::from_be_bytes)
    }
    fn u64(&mut self) -> std::io::Result<u64> {
        self.array().map(u64::from_be_bytes)
    }
}

/// Delay and length from the text of the mark: hexadecimal words, of which the
/// second is the delay, the third the padding and the fourth the frames.
fn gapless_mark(text: &str) -> Option<(u64, u64)> {
    let words: Vec<u64> = text
        .split(|c: char| !c.is_ascii_hexdigit())
        .filter(|word| word.len() == 8 || word.len() == 16)
        .filter_map(|word| u64::from_str_radix(word, 16).ok())
        .collect();
    let (&delay, &n_frames) = (words.get(1)?, words.get(3)?);
    (delay <= 1 << 16 && n_frames > 0).then_some((delay, n_frames))
}
