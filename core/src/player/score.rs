//! The score of a performance: which tracks follow each other on the timeline,
//! and where in them the chunks begin.
//!
//! The timeline counts frames; the first track's frame 0 is its zero. A border
//! is the start of a chunk; a track's start is the border of its chunk 0.

use crate::geometry::Geometry;
use crate::plan::Stages;

/// Tracks that can be on the timeline at once: the one that ends, the one that
/// plays, the one that follows.
const N_TRACKS: usize = 3;
/// Chains that may be alive at once.
pub const N_VOICES: usize = 4;

/// What to do with one track.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The caller's name for the track.
    pub key: u32,
    /// What its chains obey.
    pub stages: Stages,
    /// Gain of the original while it is compared, in dB.
    pub original_db: f32,
    /// Gain of the enhanced while it is compared, in dB.
    pub enhanced_db: f32,
    /// Whether a plan is there; without one the original is heard.
    pub planned: bool,
}

/// A track on the timeline.
#[derive(Clone, Debug)]
pub struct Track {
    /// What to do with it.
    pub part: Part,
    /// Where it starts on the timeline.
    pub start: u64,
    /// Its length in frames, once known.
    pub n_frames: Option<u64>,
}

impl Track {
    /// One past its last frame on the timeline, once known.
    pub fn end(&self) -> Option<u64> {
        self.n_frames.map(|n| self.start + n)
    }
}

/// One border on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Border {
    /// Index into the score's tracks.
    pub track: usize,
    /// Which chunk of the track starts here.
    pub chunk: u64,
    /// Where, on the timeline.
    pub start: u64,
    /// The first frame its chain hears.
    pub hears_from: u64,
}

/// The tracks, in order.
#[derive(Clone, Debug)]
pub struct Score {
    geometry: Geometry,
    tracks: Vec<Track>,
    /// Tracks that are over, kept until the next call that may free memory.
    over: Vec<Track>,
    /// The border to come, and the starts of those before it, newest first.
    cursor: Cursor,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    track: usize,
    chunk: u64,
    before: [Option<u64>; N_VOICES - 1],
}

impl Score {
    /// An empty score.
    pub fn new(geometry: Geometry) -> Self {
        Score {
            geometry,
            tracks: Vec::with_capacity(N_TRACKS),
            over: Vec::with_capacity(N_TRACKS),
            cursor: Cursor::default(),
        }
    }

    /// The geometry.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The tracks, in order.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// Begins anew with one track; borders are given out from the oldest one
    /// that may still sound at `frame`.
    pub fn begin(&mut self, part: Part, n_frames: Option<u64>, frame: u64) {
        self.over.clear();
        self.tracks.clear();
        self.tracks.push(Track { part, start: 0, n_frames });
        let chunk = self.geometry.place(frame, n_frames.unwrap_or(u64::MAX)).chunk;
        self.cursor = Cursor::default();
        for chunk in chunk.saturating_sub(2 * N_VOICES as u64)..chunk.saturating_sub(N_VOICES as u64 - 1) {
            self.cursor.chunk = chunk;
            self.step(chunk * self.geometry.interval);
        }
    }

    /// The border that sounds at `frame`; the one after it is the next to be
    /// given out.
    pub fn rewind(&mut self, frame: u64) -> Option<Border> {
        let index = self.track_at(frame);
        let track = self.tracks.get(index)?;
        let (start, n_frames) = (track.start, track.n_frames.unwrap_or(u64::MAX));
        let last = self.geometry.place(frame.saturating_sub(start), n_frames).chunk;
        self.cursor = Cursor { track: index, ..Cursor::default() };
        for chunk in last.saturating_sub(N_VOICES as u64 - 1)..last {
            self.cursor.chunk = chunk;
            self.step(start + chunk * self.geometry.interval);
        }
        self.cursor.chunk = last;
        self.take()
    }

    /// Sets the end of the last track at `end` on the timeline.
    pub fn end_at(&mut self, end: u64) {
        if let Some(last) = self.tracks.last_mut() {
            last.n_frames = Some(end.saturating_sub(last.start));
        }
    }

    /// Lets `part` begin where the last track ends, at `start`. False if too
    /// many tracks are waiting.
    pub fn follow(&mut self, part: Part, start: u64, n_frames: Option<u64>) -> bool {
        if self.tracks.len() == N_TRACKS {
            return false;
        }
        self.over.clear();
        self.end_at(start);
        self.tracks.push(Track { part, start, n_frames });
        true
    }

    /// Forgets the first track, if no border of it is left to come; indices of
    /// the others fall by one. Frees no memory: this happens while rendering.
    pub fn drop_first(&mut self) -> bool {
        let over = self.tracks.len() > 1 && self.cursor.track > 0;
        if over {
            self.over.push(self.tracks.remove(0));
            self.cursor.track -= 1;
        }
        over
    }

    /// Takes back every track that has not begun at `frame` after `index`.
    pub fn drop_after(&mut self, index: usize) {
        self.tracks.truncate(index + 1);
        if self.cursor.track > index {
            self.cursor.track = index;
            self.cursor.chunk = self.tracks[index].n_frames.map_or(u64::MAX, |n| self.geometry.n_chunks(n));
        }
    }

    /// The part of the track with this key, to change.
    pub fn part_mut(&mut self, key: u32) -> Option<&mut Part> {
        self.tracks.iter_mut().map(|track| &mut track.part).find(|part| part.key == key)
    }

    /// The track that `frame` of the timeline is in.
    pub fn track_at(&self, frame: u64) -> usize {
        self.tracks.iter().rposition(|track| track.start <= frame).unwrap_or(0)
    }

    /// The next border, if the tracks known so far have one.
    pub fn peek(&self) -> Option<Border> {
        let Cursor { mut track, mut chunk, before } = self.cursor;
        let mut at = self.tracks.get(track)?;
        let has = |at: &Track, chunk: u64| at.n_frames.is_none_or(|n| chunk < self.geometry.n_chunks(n));
        if !has(at, chunk) {
            track += 1;
            chunk = 0;
            at = self.tracks.get(track)?;
        }
        let start = at.start + chunk.checked_mul(self.geometry.interval)?;
        let mut hears_from = start.saturating_sub(self.geometry.pre_roll);
        // A chain begins when the one whose place it takes has faded out.
        if let Some(third) = before[N_VOICES - 2] {
            hears_from = hears_from.max(third + self.geometry.crossfade).min(start);
        }
        Some(Border { track, chunk, start, hears_from })
    }

    /// Takes the next border.
    pub fn take(&mut self) -> Option<Border> {
        let border = self.peek()?;
        self.cursor.track = border.track;
        self.cursor.chunk = border.chunk;
        self.step(border.start);
        Some(border)
    }

    fn step(&mut self, start: u64) {
        self.cursor.chunk += 1;
        self.cursor.before.rotate_right(1);
        self.cursor.before[0] = Some(start);
    }

    /// Whether a border's chunk is no longer heard at `frame`: the next chunk
    /// of its track has faded in.
    pub fn faded_out(&self, border: &Border, frame: u64) -> bool {
        let last = self.tracks[border.track].n_frames.map(|n| self.geometry.n_chunks(n) - 1);
        last.is_none_or(|last| border.chunk < last)
            && border.start + self.geometry.interval + self.geometry.crossfade <= frame
    }
}
