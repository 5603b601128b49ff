//! From bytes to packets with a place on the track's own time axis.
//!
//! Two kinds of axis. *Stamped*: the container counts frames exactly (FLAC,
//! WAVE, AIFF, CAF, Ogg, most MP4) and lets one jump. *Counted*: it does not
//! (MP3, ADTS, Matroska's milliseconds), so packets are counted from the first.
//! Either way the place of a packet is the same however one got there.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Foreign;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;

use super::codec;
use super::guard::{guarded, translate};
use super::media::Handle;
use super::mp4;
use crate::error::{Error, Kind, Result};

/// Bytes that opening may read: headers, tags, pictures, tables.
pub(super) const OPEN_ALLOWANCE: u64 = 96 << 20;
/// Bytes that finding one packet, or one place, may read.
const PACKET_ALLOWANCE: u64 = 32 << 20;
/// Failures in a row after which a stream counts as broken off.
const MAX_FAILURES: usize = 64;

/// One packet and its place.
pub(super) struct Piece {
    /// The packet as symphonia has it.
    pub packet: Packet,
    /// Its first frame on the track's axis.
    pub ts: i64,
    /// How many frames it stands for, if that is known before decoding.
    pub n_frames: Option<u64>,
    /// Frames at its end that are not sound.
    pub trim_end: u64,
}

/// What comes next in a stream.
pub(super) enum Next {
    /// A packet of the track.
    Piece(Piece),
    /// A new logical stream follows (chained Ogg).
    Link,
    /// The end.
    End,
    /// The end, sooner than the file says.
    Cut,
}

/// A reader of one audio track's packets.
pub(super) struct Demuxer {
    handle: Handle,
    extension: Option<String>,
    reader: Box<dyn FormatReader>,
    track: Track,
    params: AudioCodecParameters,
    container: &'static str,
    is_stamped: bool,
    /// The place of the next packet on a counted axis.
    counted: i64,
    /// A packet read ahead.
    peeked: Option<Next>,
    /// Frames of the last packet that are not sound, where the container says
    /// so apart from that packet.
    end_padding: u64,
    has_ended: bool,
}

impl Demuxer {
    /// Finds the container and its audio track.
    pub fn open(handle: &Handle, extension: Option<&str>) -> Result<Demuxer> {
        handle.allow(OPEN_ALLOWANCE);
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(Box::new(handle.rewound()), MediaSourceStreamOptions::default());
        // Pictures are not our business here; tags are read for gapless marks.
        let metadata = MetadataOptions::default()
            .limit_tag_bytes(Limit::Maximum(1 << 20))
            .limit_visual_bytes(Limit::Maximum(64 << 20));
        let probed = guarded("demuxer", || {
            symphonia::default::get_probe().probe(&hint, stream, FormatOptions::default(), metadata)
        })?;
        let reader = probed.map_err(|error| match error {
            Foreign::Unsupported(why) if why.contains("probe") || why.contains("no suitable") => {
                Error::new(Kind::Unsupported, "not a sound file of a known format")
            }
            other => unreadable(other, handle),
        })?;
        let container = reader.format_info().short_name;
        let (track, params) = audio_track(reader.as_ref())?;
        let mut demuxer = Demuxer {
            handle: handle.clone(),
            extension: extension.map(str::to_string),
            is_stamped: false,
            reader,
            track,
            params,
            container,
            counted: 0,
            peeked: None,
            end_padding: 0,
            has_ended: false,
        };
        demuxer.is_stamped = demuxer.counts_frames();
        Ok(demuxer)
    }

    /// Starts over from the first packet.
    pub fn reopen(&mut self) -> Result<()> {
        let fresh = Demuxer::open(&self.handle, self.extension.as_deref())?;
        *self = fresh;
        Ok(())
    }

    /// The track.
    pub fn track(&self) -> &Track {
        &self.track
    }
    /// The track's codec.
    pub fn params(&self) -> &AudioCodecParameters {
        &self.params
    }
    /// The container's short name.
    pub fn container(&self) -> &'static str {
        self.container
    }
    /// The bytes underneath.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
    /// Whether one can jump to a frame.
    pub fn can_jump(&self) -> bool {
        self.is_stamped
    }
    /// Whether the end has been read, after which some readers cannot seek.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Tells how many frames the last packet gave, where only decoding told.
    pub fn count(&mut self, n_frames: u64) {
        self.counted += n_frames as i64;
    }

    /// States how many frames of the last packet are not sound.
    pub fn pad(&mut self, end_padding: u64) {
        self.end_padding = end_padding;
    }

    /// The next packet, left where it is.
    pub fn peek(&mut self) -> Result<&Next> {
        let mut next = match self.peeked.take() {
            Some(next) => next,
            None => self.read()?,
        };
        // A packet read ahead gets its place when it is looked at: what is
        // before it is counted by then.
        if let Next::Piece(piece) = &mut next
            && !self.is_stamped
        {
            piece.ts = self.counted;
        }
        Ok(self.peeked.insert(next))
    }

    /// The next packet.
    pub fn next(&mut self) -> Result<Next> {
        self.peek()?;
        let mut next = self.peeked.take().unwrap_or(Next::End);
        if let Next::Piece(piece) = &mut next {
            self.counted += piece.n_frames.unwrap_or(0) as i64;
            if self.end_padding > 0 {
                let after = self.read()?;
                if matches!(after, Next::End | Next::Cut) {
                    piece.trim_end += self.end_padding;
                }
                self.peeked = Some(after);
            }
        }
        Ok(next)
    }

    /// Jumps to a packet at or before `ts`; `false` if it could not, and the
    /// reader then is wherever it is.
    pub fn jump(&mut self, ts: i64) -> Result<bool> {
        self.peeked = None;
        self.handle.allow(PACKET_ALLOWANCE);
        let to = SeekTo::Timestamp { ts: Timestamp::new(ts), track_id: self.track.id };
        let reader = &mut self.reader;
        let sought = guarded("demuxer", || reader.seek(SeekMode::Accurate, to))?;
        if sought.is_err() {
            return Ok(false);
        }
        // Where it says it landed is not asked; where the packet is, is.
        Ok(matches!(self.peek()?, Next::Piece(piece) if piece.ts <= ts))
    }

    fn read(&mut self) -> Result<Next> {
        let mut n_failures = 0;
        loop {
            self.handle.allow(PACKET_ALLOWANCE);
            let reader = &mut self.reader;
            match guarded("demuxer", || reader.next_packet())? {
                Ok(Some(packet)) if packet.track_id != self.track.id => {}
                Ok(Some(packet)) => return Ok(Next::Piece(self.place(packet))),
                Ok(None) => {
                    self.has_ended = true;
                    return Ok(Next::End);
                }
                Err(Foreign::ResetRequired) => {
                    (self.track, self.params) = audio_track(self.reader.as_ref())?;
                    return Ok(Next::Link);
                }
                Err(Foreign::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                    self.has_ended = true;
                    return Ok(Next::Cut);
                }
                Err(error @ (Foreign::IoError(_) | Foreign::LimitError(_))) => {
                    return Err(unreadable(error, &self.handle));
                }
                Err(error) => {
                    n_failures += 1;
                    if n_failures == MAX_FAILURES {
                        return Err(unreadable(error, &self.handle));
                    }
                }
            }
        }
    }

    fn place(&self, packet: Packet) -> Piece {
        let known = codec::n_frames(self.params.codec, &packet.data);
        if !self.is_stamped {
            return Piece { ts: self.counted, n_frames: known, trim_end: 0, packet };
        }
        let stated = packet.dur.get() + packet.trim_start.get() + packet.trim_end.get();
        // Elsewhere the trim is derived from a length that is only estimated.
        let trim_end = if self.container == "ogg" { packet.trim_end.get() } else { 0 };
        Piece { ts: packet.pts.get(), n_frames: known.or(Some(stated)), trim_end, packet }
    }

    /// Whether the container's own time is frames, without gaps by rounding.
    fn counts_frames(&self) -> bool {
        let rate = self.params.sample_rate.unwrap_or(0);
        let in_frames =
            self.track.time_base.is_some_and(|base| base.numer.get() == 1 && base.denom.get() == rate);
        // A multiplexed Ogg file sends symphonia's seek into an endless loop,
        // and its other packets cost nothing to pass over.
        let is_alone = self.reader.tracks().len() == 1;
        in_frames
            && match self.container {
                "flac" | "wave" | "wav" | "aiff" => true,
                "caf" => codec::is_pcm(self.params.codec),
                "ogg" => is_alone,
                "isomp4" => mp4::is_uniform(&self.handle, self.track.id, rate),
                _ => false,
            }
    }
}

fn unreadable(error: Foreign, handle: &Handle) -> Error {
    translate(error, handle, "the file cannot be read")
}

/// The audio track to play: the default one.
fn audio_track(reader: &dyn FormatReader) -> Result<(Track, AudioCodecParameters)> {
    let track = reader
        .default_track(TrackType::Audio)
        .ok_or_else(|| Error::new(Kind::Unsupported, "the file holds no sound track"))?;
    let params = track.codec_params.as_ref().and_then(|params| params.audio());
    let params =
        params.ok_or_else(|| Error::new(Kind::Unsupported, "the sound track's codec is not known"))?;
    Ok((track.clone(), params.clone()))
}
