//! From the bytes of a sound file to frames: [`open`] finds out what it is,
//! [`Decoder`] is a [`Source`] of the file's own channels.
//!
//! symphonia reads containers and most codecs, `ropus` decodes Opus. What is
//! ours: trimming to the sound itself, seeking by the source law (L3), silence
//! for damaged packets, and limits on what a hostile file can ask for.

mod codec;
mod demux;
mod gapless;
mod guard;
mod media;
mod mkv;
mod mp4;
mod opus;
mod planes;
mod seek;

pub use media::Media;

use std::collections::VecDeque;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_VORBIS};
use symphonia::core::packet::Packet;

use crate::block::Block;
use crate::error::{Error, Kind, Result};
use crate::flow::{Source, Spec};
use crate::units::{MAX_CHANNELS, MAX_RATE, MIN_RATE};
use codec::{Codec, Decoded};
use demux::{Demuxer, Next, Piece};
use gapless::Trim;
use planes::Planes;

/// Packets that may fail before the first that decodes.
const MAX_FALSE_STARTS: usize = 256;
/// The longest gap in a stream that is filled with silence.
const MAX_GAP_SECONDS: u64 = 600;

/// Opens a sound file. `n_bytes` is its length, if known; `extension` a hint.
///
/// Fails with a message that says what is wrong, without naming the file,
/// which the caller knows better.
pub fn open(media: Box<dyn Media>, n_bytes: Option<u64>, extension: Option<&str>) -> Result<Decoder> {
    Decoder::new(media, n_bytes, extension)
}

/// A sound file being decoded.
pub struct Decoder {
    demuxer: Demuxer,
    codec: Codec,
    spec: Spec,
    trim: Trim,
    /// The frame that the current logical stream begins at (chained Ogg).
    link_start: u64,
    /// Whether more than one logical stream was met.
    is_chained: bool,
    /// The next frame to give.
    position: u64,
    /// Frames of silence to give before what is in `planes`.
    silence: u64,
    /// What the last packet gave, and the part of it still to give.
    planes: Planes,
    pending: std::ops::Range<usize>,
    /// For AAC: the run of packets being decoded, and the last two packets.
    segment: Option<i64>,
    recent: VecDeque<Packet>,
    n_concealed: u64,
    has_ended: bool,
    /// Whether a decoder or demuxer panicked: nothing may touch it again.
    is_broken: bool,
    bits_per_sample: Option<u32>,
}

impl Decoder {
    fn new(media: Box<dyn Media>, n_bytes: Option<u64>, extension: Option<&str>) -> Result<Decoder> {
        let handle = media::Handle::new(media, n_bytes)?;
        if handle.n_bytes() == 0 {
            return Err(Error::new(Kind::Damaged, "the file is empty"));
        }
        let mut demuxer = Demuxer::open(&handle, extension)?;
        let codec = Codec::new(demuxer.params())?;
        let trim = gapless::trim(&mut demuxer)?;
        let bits_per_sample = codec.params().and_then(|params| params.bits_per_sample);
        if codec::name(demuxer.params().codec) == "flac" && bits_per_sample > Some(31) {
            // The library predicts and un-mixes such samples in 32 bits, where
            // they overflow: what comes out is noise.
            return Err(Error::new(Kind::Unsupported, "flac at 32 bits is not supported; 24 bits are"));
        }
        let mut decoder = Decoder {
            demuxer,
            codec,
            spec: Spec { rate: 0, n_channels: 0 },
            trim,
            link_start: 0,
            is_chained: false,
            position: 0,
            silence: 0,
            planes: Planes::default(),
            pending: 0..0,
            segment: None,
            recent: VecDeque::new(),
            n_concealed: 0,
            has_ended: false,
            is_broken: false,
            bits_per_sample,
        };
        decoder.start()?;
        Ok(decoder)
    }

    /// The codec: `flac`, `mp3`, `aac`, `alac`, `vorbis`, `opus`, `pcm` and a
    /// few rarer ones.
    pub fn format(&self) -> &str {
        codec::name(self.demuxer.params().codec)
    }

    /// The container: `flac`, `mp3`, `aac` (ADTS), `isomp4`, `ogg`, `matroska`,
    /// `wave`, `aiff`, `caf`.
    pub fn container(&self) -> &str {
        self.demuxer.container()
    }

    /// The depth of the source, if its samples are integers.
    pub fn bits_per_sample(&self) -> Option<u32> {
        self.bits_per_sample
    }

    /// How many damaged packets or gaps were replaced by silence so far.
    pub fn n_concealed(&self) -> u64 {
        self.n_concealed
    }

    /// Decodes until the first frame is there, which tells the true shape.
    fn start(&mut self) -> Result<()> {
        let mut first_fault = None;
        for _ in 0..MAX_FALSE_STARTS {
            let piece = match self.demuxer.next()? {
                Next::Piece(piece) => piece,
                Next::Link => continue,
                Next::End | Next::Cut => {
                    let why = first_fault.unwrap_or_else(|| "the file holds no sound".to_string());
                    return Err(Error::new(Kind::Damaged, why));
                }
            };
            match self.decode(&piece)? {
                Decoded::Nothing(why) => {
                    first_fault.get_or_insert(format!("no packet can be decoded: {why}"));
                    self.lose(&piece)?;
                }
                Decoded::Frames if self.planes.n_frames() == 0 => {}
                Decoded::Frames => {
                    self.spec = self.shape()?;
                    return self.lay(&piece);
                }
            }
        }
        Err(Error::new(Kind::Damaged, first_fault.unwrap_or_else(|| "no packet holds any sound".to_string())))
    }

    /// The shape of what was just decoded, if it is one of ours.
    fn shape(&self) -> Result<Spec> {
        let params = self.codec.params().unwrap_or(self.demuxer.params());
        let rate = params.sample_rate.or(self.demuxer.params().sample_rate).unwrap_or(0);
        let n_channels = self.planes.n_channels();
        if !(MIN_RATE..=MAX_RATE).contains(&rate) {
            let why = format!("a sample rate of {rate} Hz is outside {MIN_RATE} to {MAX_RATE}");
            return Err(Error::new(Kind::Unsupported, why));
        }
        if n_channels == 0 || n_channels > MAX_CHANNELS {
            let why = format!("{n_channels} channels: between 1 and {MAX_CHANNELS} are supported");
            return Err(Error::new(Kind::Unsupported, why));
        }
        Ok(Spec { rate, n_channels })
    }

    /// Decodes and lays out the next packet; `false` at the end.
    fn advance(&mut self) -> Result<bool> {
        let piece = match self.demuxer.next()? {
            Next::Piece(piece) => piece,
            Next::Link => {
                self.link()?;
                return Ok(true);
            }
            Next::End => return Ok(false),
            Next::Cut => {
                self.n_concealed += 1;
                return Ok(false);
            }
        };
        match self.decode(&piece)? {
            Decoded::Frames if self.planes.n_frames() == 0 => {}
            Decoded::Frames if self.planes.n_channels() == self.spec.n_channels => self.lay(&piece)?,
            Decoded::Frames | Decoded::Nothing(_) => self.lose(&piece)?,
        }
        Ok(true)
    }

    fn decode(&mut self, piece: &Piece) -> Result<Decoded> {
        if self.demuxer.params().codec == CODEC_ID_AAC {
            self.renew(piece)?;
        }
        // Before the first packet is decoded there is no shape to keep to.
        let is_started = self.spec.rate > 0;
        if is_started && !codec::fits(self.demuxer.params().codec, &piece.packet.data, self.spec) {
            return Ok(Decoded::Nothing("the stream changes its shape".to_string()));
        }
        self.codec.decode(&piece.packet, &mut self.planes)
    }

    /// Starts the next segment of an AAC stream with a fresh decoder, run in
    /// over the two packets before. AAC's noise substitution draws on a
    /// generator whose state depends on all packets so far; this way it depends
    /// on those of the segment only, and a seek need not begin at packet 0.
    fn renew(&mut self, piece: &Piece) -> Result<()> {
        let segment = piece.ts.div_euclid(seek::AAC_SEGMENT);
        if self.segment != Some(segment) {
            self.segment = Some(segment);
            self.codec = Codec::new(self.demuxer.params())?;
            for packet in &self.recent {
                self.codec.decode(packet, &mut self.planes)?;
            }
        }
        if self.recent.len() == seek::AAC_RUN_UP {
            self.recent.pop_front();
        }
        self.recent.push_back(piece.packet.clone());
        Ok(())
    }

    /// Takes over the frames in `planes`, which belong to `piece`.
    fn lay(&mut self, piece: &Piece) -> Result<()> {
        let n_decoded = self.planes.n_frames() as u64;
        let mut ts = piece.ts;
        match piece.n_frames {
            None => self.demuxer.count(n_decoded),
            // After a seek the first Vorbis packet gives nothing and the next
            // one its overlap only: what is missing, is missing in front.
            Some(n) if self.demuxer.params().codec == CODEC_ID_VORBIS => {
                ts = ts.saturating_add(n as i64 - n_decoded as i64);
            }
            Some(_) => {}
        }
        let start = self.place(ts);
        let n_kept = n_decoded.saturating_sub(piece.trim_end);
        let end = self.clip(start.saturating_add(n_kept as i64));
        self.conceal(self.clip(start))?;
        let first = self.due().saturating_sub(start);
        let n_kept = end.saturating_sub(start);
        if first < n_kept {
            self.pending = first as usize..n_kept as usize;
        }
        Ok(())
    }

    /// Lets silence stand for a packet that could not be decoded.
    fn lose(&mut self, piece: &Piece) -> Result<()> {
        let n_frames = piece.n_frames.unwrap_or(piece.packet.dur.get());
        if piece.n_frames.is_none() {
            self.demuxer.count(n_frames);
        }
        let end = self.place(piece.ts).saturating_add((n_frames.saturating_sub(piece.trim_end)) as i64);
        self.conceal(self.clip(end))
    }

    /// The frame that is to be laid out next.
    fn due(&self) -> i64 {
        i64::try_from(self.position.saturating_add(self.silence)).unwrap_or(i64::MAX)
    }

    /// Fills up to frame `end` with silence.
    fn conceal(&mut self, end: i64) -> Result<()> {
        let missing = u64::try_from(end.saturating_sub(self.due())).unwrap_or(0);
        if missing == 0 {
            return Ok(());
        }
        let rate = u64::from(self.spec.rate.max(MIN_RATE));
        if missing > MAX_GAP_SECONDS * rate {
            let why = format!("the stream jumps ahead by {} seconds", missing / rate);
            return Err(Error::new(Kind::Damaged, why).at(self.position));
        }
        self.n_concealed += 1;
        self.silence += missing;
        Ok(())
    }

    /// The frame of the output for a place on the track's axis.
    fn place(&self, ts: i64) -> i64 {
        ts.saturating_sub(self.trim.start).saturating_add(self.link_start as i64)
    }

    /// Frame `end`, or the end of the sound if that comes first.
    fn clip(&self, end: i64) -> i64 {
        match self.trim.n_frames {
            Some(n) => end.min(i64::try_from(self.link_start.saturating_add(n)).unwrap_or(i64::MAX)),
            None => end,
        }
    }

    /// Goes on with the next logical stream of a chained Ogg file.
    fn link(&mut self) -> Result<()> {
        self.is_chained = true;
        self.link_start = self.position + self.silence;
        self.trim = gapless::trim(&mut self.demuxer)?;
        self.codec = Codec::new(self.demuxer.params())?;
        let rate = self.demuxer.params().sample_rate.unwrap_or(self.spec.rate);
        if rate != self.spec.rate {
            let why = format!("the stream changes from {} to {rate} Hz", self.spec.rate);
            return Err(Error::new(Kind::Unsupported, why).at(self.position));
        }
        Ok(())
    }

    fn fill(&mut self, block: &mut Block) -> Result<()> {
        block.set_frames(block.capacity());
        let mut n_filled = 0;
        while n_filled < block.capacity() {
            let room = block.capacity() - n_filled;
            let n = if self.silence > 0 {
                let n = room.min(usize::try_from(self.silence).unwrap_or(usize::MAX));
                for channel in 0..self.spec.n_channels {
                    block.plane_mut(channel)[n_filled..n_filled + n].fill(0.0);
                }
                self.silence -= n as u64;
                n
            } else if !self.pending.is_empty() {
                let n = room.min(self.pending.len());
                let from = self.pending.start..self.pending.start + n;
                for channel in 0..self.spec.n_channels {
                    let out = &mut block.plane_mut(channel)[n_filled..n_filled + n];
                    out.copy_from_slice(&self.planes.plane(channel)[from.clone()]);
                }
                self.pending.start += n;
                n
            } else if !self.has_ended && self.advance()? {
                continue;
            } else {
                self.has_ended = true;
                break;
            };
            n_filled += n;
            self.position += n as u64;
        }
        block.set_frames(n_filled);
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.is_broken {
            return Err(Error::new(Kind::Damaged, "decoding this file failed before").at(self.position));
        }
        Ok(())
    }

    /// Remembers a failure, after which the readers are not asked again, and
    /// says where it was.
    fn noted<T>(&mut self, result: Result<T>) -> Result<T> {
        result.map_err(|error| {
            self.is_broken = true;
            match error.frame {
                Some(_) => error,
                None => error.at(self.position),
            }
        })
    }
}

impl Source for Decoder {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        block.set_frames(0);
        self.check()?;
        if block.n_channels() != self.spec.n_channels {
            let (got, own) = (block.n_channels(), self.spec.n_channels);
            return Err(Error::invalid(format!("a block of {got} channels for a source of {own}")));
        }
        let filled = self.fill(block);
        if filled.is_err() {
            block.set_frames(0);
        }
        self.noted(filled)
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        self.check()?;
        let sought = self.go_to(frame);
        self.noted(sought)
    }

    fn expected_frames(&self) -> Option<u64> {
        if self.is_chained { None } else { self.trim.n_expected }
    }
}
