//! Seeking by the source law (L3): what follows is, bit for bit, what reading
//! from 0 gives. Decoders remember, so each gets a run-up over the packets
//! before the wanted frame; where nothing better is sure, the run-up is the
//! whole file.

use symphonia::core::codecs::audio::well_known as id;

use super::codec::{self, AAC_FRAMES, Codec};
use super::demux::Next;
use super::{Decoder, gapless};
use crate::error::Result;

/// A run of AAC packets decoded on its own, in frames: about ten seconds.
pub(super) const AAC_SEGMENT: i64 = 430 * AAC_FRAMES as i64;
/// Packets before a segment that its decoder is run in with: one would do, as
/// a packet overlaps only the next.
pub(super) const AAC_RUN_UP: usize = 2;

/// Opus is the same again after 0.4 s (measured); two seconds are 9 ms of work.
const OPUS_RUN_UP: i64 = 96_000;
/// An MP3 packet refers back by up to 511 bytes, which is nine packets at
/// 32 kbit/s and some fifty at 8; its filters need two more.
const MP3_RUN_UP: i64 = 64 * 1_152;
/// Vorbis packets overlap the one before, of at most 8,192 frames.
const VORBIS_RUN_UP: i64 = 2 * 8_192;
/// In Ogg the last page's place is only sure when the page before it was read:
/// jumps stay this far from the end.
const OGG_END_SECONDS: i64 = 12;
/// Seeks forward by less than this just decode on.
const NEAR_SECONDS: u64 = 2;

impl Decoder {
    /// Moves to `frame`.
    pub(super) fn go_to(&mut self, frame: u64) -> Result<()> {
        if frame >= self.position && self.skip_pending(frame) {
            return Ok(());
        }
        let is_near = frame.saturating_sub(self.position) <= NEAR_SECONDS * u64::from(self.spec.rate);
        if frame >= self.position && (is_near || self.has_ended) {
            self.position = frame;
            return Ok(());
        }
        let frame_ts = i64::try_from(frame).unwrap_or(i64::MAX).saturating_add(self.trim.start);
        let from = match self.run_up(frame_ts) {
            Some(from) if !self.is_chained => from,
            _ if frame >= self.position => {
                self.position = frame;
                return Ok(());
            }
            _ => i64::MIN,
        };
        let is_ahead = frame >= self.position;
        if is_ahead && matches!(self.demuxer.peek()?, Next::Piece(piece) if piece.ts >= from) {
            self.position = frame;
            return Ok(());
        }
        self.forget(frame);
        if from <= 0 {
            return self.restart();
        }
        if self.demuxer.can_jump() {
            return self.jump(from);
        }
        if is_ahead {
            self.codec = Codec::new(self.demuxer.params())?;
        } else {
            self.restart()?;
        }
        self.walk(from)
    }

    /// Drops frames that are decoded already; `true` if `frame` is among them.
    fn skip_pending(&mut self, frame: u64) -> bool {
        let mut left = frame - self.position;
        let n_silent = left.min(self.silence);
        self.silence -= n_silent;
        left -= n_silent;
        let n_pending = left.min(self.pending.len() as u64);
        self.pending.start += n_pending as usize;
        self.position += n_silent + n_pending;
        left == n_pending
    }

    /// The place from which to decode for the frame at `ts` to be exact; `None`
    /// if only the first packet will do.
    fn run_up(&self, ts: i64) -> Option<i64> {
        let codec = self.demuxer.params().codec;
        let from = match codec {
            id::CODEC_ID_FLAC | id::CODEC_ID_ALAC if self.demuxer.can_jump() => ts,
            id::CODEC_ID_VORBIS if self.demuxer.can_jump() => ts.saturating_sub(VORBIS_RUN_UP),
            id::CODEC_ID_OPUS => ts.saturating_sub(OPUS_RUN_UP),
            id::CODEC_ID_MP3 => ts.saturating_sub(MP3_RUN_UP),
            id::CODEC_ID_AAC => {
                let segment = ts.div_euclid(AAC_SEGMENT) * AAC_SEGMENT;
                segment - (AAC_RUN_UP as i64) * AAC_FRAMES as i64
            }
            codec if codec::is_pcm(codec) && self.demuxer.can_jump() => ts,
            _ => return None,
        };
        if self.demuxer.container() == "ogg" {
            let last = self.demuxer.track().num_frames? as i64 - OGG_END_SECONDS * i64::from(self.spec.rate);
            return Some(from.min(last));
        }
        Some(from)
    }

    /// Forgets all sound; `frame` is wanted next.
    fn forget(&mut self, frame: u64) {
        self.position = frame;
        self.silence = 0;
        self.pending = 0..0;
        self.segment = None;
        self.recent.clear();
        self.has_ended = false;
    }

    /// Decodes from the first packet again.
    fn restart(&mut self) -> Result<()> {
        self.demuxer.reopen()?;
        self.codec = Codec::new(self.demuxer.params())?;
        self.link_start = 0;
        self.trim = gapless::trim(&mut self.demuxer)?;
        Ok(())
    }

    /// Has the demuxer jump to `from`.
    fn jump(&mut self, from: i64) -> Result<()> {
        if self.demuxer.has_ended() {
            self.demuxer.reopen()?;
        }
        if !self.demuxer.jump(from)? {
            return self.restart();
        }
        self.codec = Codec::new(self.demuxer.params())?;
        Ok(())
    }

    /// Passes over packets, undecoded, up to `from`.
    fn walk(&mut self, from: i64) -> Result<()> {
        loop {
            match self.demuxer.peek()? {
                Next::Piece(piece) => {
                    let n_frames = piece.n_frames.unwrap_or(0) as i64;
                    if piece.ts + n_frames > from {
                        return Ok(());
                    }
                }
                _ => return Ok(()),
            }
            self.demuxer.next()?;
        }
    }
}
