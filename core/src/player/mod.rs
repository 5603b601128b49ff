//! The player: tracks on a timeline, rendered chunk by chunk through chains
//! that join. The worklet asks it for 512 frames, the server for 4,096; both
//! get the same bits.
//!
//! Frames are *fed* in, in order, from a few seconds before the first one to be
//! heard; *rendered* frames come out as soon as every chain that sounds has
//! heard far enough. A chain that is behind (after a seek, or the next one
//! after a retune) catches up at a bounded speed.

mod history;
mod relay;
mod render;
mod score;
mod voice;

pub use render::Render;
pub use score::Part;

use crate::block::Block;
use crate::chain::Chain;
use crate::error::{Error, Result};
use crate::flow::Processor;
use crate::geometry::Geometry;
use crate::join;
use crate::math::finite;
use crate::plan::Stages;
use crate::units::{Db, MAX_RATE, MIN_RATE, Seconds};
use history::History;
use relay::{Relay, Way};
use score::{N_VOICES, Score, Track};
use voice::Voice;

/// Frames worked on at a time: as many as a chain takes through all its stages.
const STRIDE: usize = 512;
/// How fast the switch between enhanced and original is.
pub const SWITCH: Seconds = Seconds(0.015);

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// The enhanced track, at its promised loudness.
    Enhanced,
    /// The enhanced track, lowered where the original cannot be raised to it.
    Compared,
    /// The original, matched in loudness.
    Original,
    /// The decoder's bits.
    Off,
}

/// Gains of the enhanced and the original on their way to the output.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Mix {
    wet: f32,
    dry: f32,
}

/// A move from one mix to another, in frames.
#[derive(Clone, Copy, Debug)]
struct Fade {
    from: Mix,
    to: Mix,
    n_frames: u64,
    n_done: u64,
}

/// The player.
pub struct Player {
    score: Score,
    history: History,
    voices: [Voice; N_VOICES],
    latency: u64,
    rate: u32,
    /// The next frame of the timeline to come out.
    at: u64,
    /// The first frame fed.
    fed_from: u64,
    /// Whether the first frame after a seek is still waiting for its chains.
    starting: bool,
    /// Whether nothing more will be fed.
    all_fed: bool,
    listen: Listen,
    fade: Fade,
    /// Frames a lagging chain may hear per frame asked for.
    haste: u64,
    way: Way,
    relay: Option<Relay>,
    /// How long the first enhanced frames take to fade in, once they come.
    debut: u64,
    scratch: Block,
    wet: Block,
    dry: Block,
}

impl Player {
    /// A silent player at `rate`. `ahead` is how many frames it can hold
    /// beyond those it needs itself.
    pub fn new(rate: u32, geometry: Geometry, ahead: usize) -> Result<Self> {
        if !(MIN_RATE..=MAX_RATE).contains(&rate) {
            return Err(Error::invalid(format!("a rate of {rate} Hz is outside {MIN_RATE} … {MAX_RATE}")));
        }
        let chain = Chain::new(rate, &Stages::neutral())?;
        let latency = chain.latency();
        let own = geometry.pre_roll as usize + latency + 2 * STRIDE;
        let off = Mix { wet: 0.0, dry: 1.0 };
        Ok(Player {
            score: Score::new(geometry),
            history: History::new(own + ahead),
            voices: std::array::from_fn(|_| Voice::new(chain.clone())),
            latency: latency as u64,
            rate,
            at: 0,
            fed_from: 0,
            starting: false,
            all_fed: false,
            listen: Listen::Enhanced,
            fade: Fade { from: off, to: off, n_frames: 0, n_done: 0 },
            haste: u64::MAX,
            way: Way::Chains,
            relay: None,
            debut: SWITCH.frames(rate),
            scratch: Block::new(2, STRIDE),
            wet: Block::new(2, STRIDE),
            dry: Block::new(2, STRIDE),
        })
    }

    /// Lets a chain that is behind hear at most `haste` frames per frame asked
    /// for, so that a seek is no burst on the audio thread. Natively unbounded.
    pub fn set_haste(&mut self, haste: u32) {
        self.haste = u64::from(haste.max(2));
    }

    /// The frames its chains are late by; the output is not.
    pub fn latency(&self) -> usize {
        self.latency as usize
    }

    /// The first frame that must be fed for `frame` to be exact: where the
    /// oldest chain heard at `frame` begins. With `at_most` the pre-roll is
    /// cut to that, and `frame` may differ by less than −120 dBFS; whatever
    /// starts at a later border is still exact.
    pub fn hears_from(geometry: &Geometry, frame: u64, n_frames: Option<u64>, at_most: Option<u64>) -> u64 {
        let place = geometry.place(frame, n_frames.unwrap_or(u64::MAX));
        // Within the join the chunk before is still heard.
        let oldest =
            if place.rest < geometry.crossfade { place.chunk.saturating_sub(1) } else { place.chunk };
        let exact = (oldest * geometry.interval).saturating_sub(geometry.pre_roll);
        let Some(at_most) = at_most else { return exact };
        // What comes next is never cut: the next chunk, or the next track.
        let next = (place.chunk + 1).saturating_mul(geometry.interval).min(n_frames.unwrap_or(u64::MAX));
        exact.max(frame.saturating_sub(at_most).min(next.saturating_sub(geometry.pre_roll)))
    }

    /// Starts over: `frame` of a track is the first to come out, `fed_from` the
    /// first that will be fed (see [`Player::hears_from`]).
    pub fn start(&mut self, part: Part, n_frames: Option<u64>, frame: u64, fed_from: u64) {
        self.voices.iter_mut().for_each(Voice::release);
        self.score.begin(part, n_frames, frame);
        self.history.restart(fed_from.min(frame));
        self.fed_from = fed_from.min(frame);
        self.at = frame;
        self.starting = true;
        self.all_fed = false;
        self.way = Way::Chains;
        self.aim(0);
    }

    /// The track on which the one playing now joins without a gap. `start` is
    /// the timeline frame of its first frame. False: three tracks are waiting.
    pub fn follow(&mut self, part: Part, start: u64, n_frames: Option<u64>) -> bool {
        self.score.follow(part, start, n_frames)
    }

    /// Nothing more will be fed: the timeline ends at the last frame fed.
    pub fn end(&mut self) {
        self.score.end_at(self.history.head());
        self.all_fed = true;
    }

    /// Takes back the tracks that have not begun and what was fed of them.
    /// Returns the timeline frame from which to feed anew.
    pub fn unfollow(&mut self) -> u64 {
        let now = self.score.track_at(self.at);
        self.score.drop_after(now);
        for voice in &mut self.voices {
            if voice.border().is_some_and(|border| border.track > now) {
                voice.release();
            }
        }
        if let Some(end) = self.score.tracks().get(now).and_then(Track::end) {
            self.history.truncate(end.max(self.at));
            if let Some(relay) = &mut self.relay {
                relay.truncate(end.max(self.at));
            }
        }
        self.all_fed = false;
        self.history.head()
    }

    /// Gives the track with this key other stages. What is heard moves there
    /// within 30 ms; chunks to come are rendered as if they had always had
    /// them. A track that had no plan fades to enhanced over `fade`.
    pub fn retune(&mut self, part: Part, fade: Seconds) {
        let key = part.key;
        let Some(known) = self.score.part_mut(key) else { return };
        let first_plan = part.planned && !known.planned;
        *known = part;
        for voice in &mut self.voices {
            let Some(border) = voice.border() else { continue };
            let track = &self.score.tracks()[border.track];
            if track.part.key != key {
                continue;
            }
            if voice.enters_at <= self.at && !self.starting {
                voice.retune(&track.part);
            } else {
                let from = border.hears_from.max(self.history.oldest());
                voice.take_on(border, track.start, &track.part, from);
            }
        }
        self.debut = if first_plan { fade.frames(self.rate) } else { SWITCH.frames(self.rate) };
        self.aim(self.debut);
    }

    /// Chooses what is heard, over [`SWITCH`].
    pub fn listen(&mut self, listen: Listen) {
        self.listen_over(listen, SWITCH);
    }

    /// Chooses what is heard, over any time.
    pub fn listen_over(&mut self, listen: Listen, time: Seconds) {
        self.listen = listen;
        self.aim(time.frames(self.rate));
    }

    /// Starts a fade to what the present track and choice ask for.
    fn aim(&mut self, n_frames: u64) {
        let Some(track) = self.score.tracks().get(self.score.track_at(self.at)) else { return };
        let gain = |db: f32| Db(db).gain();
        let to = match (self.listen, track.part.planned && self.has_begun()) {
            (Listen::Off, _) | (_, false) => Mix { wet: 0.0, dry: 1.0 },
            (Listen::Enhanced, _) => Mix { wet: 1.0, dry: 0.0 },
            (Listen::Compared, _) => Mix { wet: gain(track.part.enhanced_db), dry: 0.0 },
            (Listen::Original, _) => Mix { wet: 0.0, dry: gain(track.part.original_db) },
        };
        let from = if n_frames == 0 { to } else { self.mix_now() };
        self.fade = Fade { from, to, n_frames, n_done: 0 };
    }

    fn mix_now(&self) -> Mix {
        let Fade { from, to, n_frames, n_done } = self.fade;
        if n_done >= n_frames {
            return to;
        }
        let share = n_done as f32 / n_frames as f32;
        Mix { wet: from.wet + (to.wet - from.wet) * share, dry: from.dry + (to.dry - from.dry) * share }
    }

    /// How many frames may be fed now.
    pub fn room(&self) -> usize {
        self.history.room()
    }

    /// The next frame of the timeline to be fed.
    pub fn fed(&self) -> u64 {
        self.history.head()
    }

    /// Feeds frames, as many as there is room for.
    pub fn feed(&mut self, left: &[f32], right: &[f32]) -> usize {
        self.history.push(left, right)
    }

    /// The next frame to come out: the key of its track and its number there.
    pub fn position(&self) -> Option<(u32, u64)> {
        let track = self.score.tracks().get(self.score.track_at(self.at))?;
        Some((track.part.key, self.at - track.start))
    }

    /// Where on the timeline the track begins that comes out next.
    pub fn begins(&self) -> u64 {
        self.score.tracks().get(self.score.track_at(self.at)).map_or(0, |track| track.start)
    }

    /// Whether everything up to the end has come out.
    pub fn ended(&self) -> bool {
        self.all_fed && self.score.tracks().last().and_then(Track::end).is_none_or(|end| self.at >= end)
    }

    /// The deepest gain reduction heard since last asked, in dB ≤ 0.
    pub fn take_reduction(&mut self) -> f32 {
        let at = self.at;
        let sounding = self.voices.iter_mut().filter(|v| v.border().is_some() && v.enters_at <= at);
        let deepest = sounding.map(Voice::take_reduction).fold(0.0, f32::min);
        if self.mix_now().wet > 0.0 { deepest } else { 0.0 }
    }

    /// Whether a chain that sounds, or will, has yet to catch up: a render now
    /// is one of many frames heard for each that comes out.
    pub fn lags(&self) -> bool {
        let due = self.at + self.latency;
        self.starting || self.voices.iter().any(|v| v.border().is_some() && v.hears < due)
    }

    /// Renders up to the block's capacity, of one track; sets how many frames
    /// came out. Fewer mean that the track ends there, that more must be fed
    /// first, that a seek is not ready yet, or the end.
    pub fn render(&mut self, out: &mut Block) {
        let mut budget = self.haste.saturating_mul(out.capacity() as u64);
        let begins = self.begins();
        let mut n_out = 0;
        out.set_frames(out.capacity());
        while self.begins() == begins {
            if self.way != Way::Relay {
                self.engage();
            }
            let ready = self.catch_up(&mut budget);
            let n = if ready { self.n_ready().min(out.capacity() - n_out) } else { 0 };
            if n == 0 {
                break;
            }
            self.starting = false;
            self.stride(n);
            for channel in 0..2 {
                out.plane_mut(channel)[n_out..n_out + n].copy_from_slice(&self.wet.plane(channel)[..n]);
            }
            n_out += n;
        }
        out.set_frames(n_out);
        self.let_go();
    }

    /// Gives every border that is due a voice.
    fn engage(&mut self) {
        while let Some(border) = self.score.peek() {
            if border.hears_from > self.at + self.latency {
                break;
            }
            if self.score.faded_out(&border, self.at) {
                self.score.take();
                continue;
            }
            let Some(free) = self.voices.iter_mut().find(|voice| voice.border().is_none()) else { break };
            self.score.take();
            let track = &self.score.tracks()[border.track];
            free.take_on(border, track.start, &track.part, border.hears_from.max(self.fed_from));
        }
    }

    /// Lets lagging voices hear on. True if all that sound now are in time.
    fn catch_up(&mut self, budget: &mut u64) -> bool {
        let due = self.at + self.latency;
        // Those that are heard first.
        let mut order: [usize; N_VOICES] = std::array::from_fn(|i| i);
        order.sort_unstable_by_key(|&i| self.voices[i].enters_at);
        let mut ready = true;
        for i in order {
            let voice = &mut self.voices[i];
            if voice.border().is_none() || voice.hears >= due {
                continue;
            }
            let until = if self.all_fed { due } else { due.min(self.history.head()) };
            *budget -= voice.catch_up(&self.history, until, *budget, &mut self.scratch);
            if voice.hears < due {
                if self.starting && voice.enters_at <= self.at {
                    ready = false;
                } else if voice.enters_at <= self.at {
                    // Late: it enters when it is ready, the one before goes on.
                    voice.enters_at = self.at + 1;
                }
            }
        }
        ready
    }

    /// How many frames may come out in one stride.
    fn n_ready(&self) -> usize {
        let mut n = (STRIDE as u64).min(self.n_relayed());
        if !self.all_fed && self.way != Way::Relay {
            // More is to come: the chains need their look-ahead.
            n = n.min(self.history.head().saturating_sub(self.at + self.latency));
        }
        // A stride never crosses the end of a track.
        let tracks = self.score.tracks();
        if let Some(end) = tracks.get(self.score.track_at(self.at)).and_then(Track::end) {
            n = n.min(end.saturating_sub(self.at));
        }
        n as usize
    }

    /// Renders the next `n` frames into `wet`.
    fn stride(&mut self, n: usize) {
        let has_begun = self.has_begun();
        let n_chains = if self.way == Way::Relay { 0 } else { self.chained(n) };
        self.relayed(n, n_chains > 0);
        self.history.copy(self.at, n, &mut self.dry);
        self.blend(n);
        self.at += n as u64;
        if !has_begun && self.has_begun() {
            self.aim(self.debut);
        }
        self.retire();
    }

    /// Renders the next `n` frames of the chains into `wet`; returns how many
    /// chains sounded.
    fn chained(&mut self, n: usize) -> usize {
        let crossfade = self.score.geometry().crossfade;
        let mut order: [usize; N_VOICES] = std::array::from_fn(|i| i);
        order.sort_unstable_by_key(|&i| self.voices[i].enters_at);
        let due = self.at + self.latency;
        self.wet.set_frames(n);
        self.wet.silence();
        let mut n_sounding = 0;
        for i in order {
            let voice = &mut self.voices[i];
            if voice.border().is_none() || voice.hears != due {
                continue;
            }
            voice.render(&self.history, n, &mut self.scratch);
            let n_in = self.at as i64 - voice.enters_at as i64;
            for channel in 0..2 {
                let (wet, fresh) = (self.wet.plane_mut(channel), self.scratch.plane(channel));
                if n_sounding == 0 {
                    wet.copy_from_slice(fresh);
                } else {
                    join::join(wet, fresh, n_in, crossfade);
                }
            }
            n_sounding += 1;
        }
        n_sounding
    }

    /// Mixes what is to be heard of enhanced and original into `wet`.
    fn blend(&mut self, n: usize) {
        let mut at = 0;
        while at < n {
            let mix = self.mix_now();
            let steady = self.fade.n_done >= self.fade.n_frames;
            let to = if steady { n } else { at + 1 };
            self.fade.n_done += u64::from(!steady);
            for channel in 0..2 {
                let dry = &self.dry.plane(channel)[at..to];
                let wet = &mut self.wet.plane_mut(channel)[at..to];
                for (wet, dry) in wet.iter_mut().zip(dry.iter().map(|&x| finite(x))) {
                    match mix {
                        Mix { wet: 1.0, dry: 0.0 } => {}
                        Mix { wet: 0.0, dry: 1.0 } => *wet = dry,
                        Mix { wet: w, dry: d } => *wet = *wet * w + dry * d,
                    }
                }
            }
            at = to;
        }
    }

    /// Frees the voices that have faded out, and forgets tracks that are over.
    fn retire(&mut self) {
        let crossfade = self.score.geometry().crossfade;
        let busy = self.voices.iter().filter(|v| v.border().is_some());
        let newest = busy.filter(|v| v.enters_at + crossfade <= self.at).map(|v| v.enters_at).max();
        if let Some(newest) = newest {
            self.voices.iter_mut().filter(|v| v.enters_at < newest).for_each(Voice::release);
        }
        let now = self.score.track_at(self.at);
        if self.score.tracks().get(now).is_some_and(|track| track.start == self.at && now > 0) {
            self.aim(SWITCH.frames(self.rate));
            if self.way == Way::Relay {
                self.score.rewind(self.at);
            }
        }
        let in_use = self.voices.iter().filter_map(Voice::border).any(|border| border.track == 0);
        if now > 0 && !in_use && self.score.drop_first() {
            self.voices.iter_mut().for_each(Voice::renumber);
        }
    }

    /// Lets go of the frames that nothing can need any more.
    fn let_go(&mut self) {
        let behind = self.at.saturating_sub(self.score.geometry().pre_roll);
        let lagging = self.voices.iter().filter(|v| v.border().is_some()).map(|v| v.hears).min();
        self.history.forget_before(behind.min(lagging.unwrap_or(behind)));
        if let Some(relay) = &mut self.relay {
            relay.forget_before(self.at);
        }
    }
}
