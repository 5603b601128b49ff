//! Enhanced frames that were rendered elsewhere, ahead of their time: by the same
//! player in a Worker, or by the server. The chains here then rest.

use super::history::History;
use super::voice::Voice;
use super::{Player, SWITCH};
use crate::block::Block;
use crate::join;

/// Where enhanced frames come from. A move from one to the other is a short
/// fade of two signals that are the same to −120 dBFS or to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The chains here.
    Chains,
    /// From the chains to the relay, so many frames of the fade done; at 0 its
    /// frames may still be to come.
    ToRelay(u64),
    /// The relay.
    Relay,
    /// Back to the chains, likewise; at 0 they may still be catching up.
    ToChains(u64),
}

/// The frames at hand, on the player's timeline.
#[derive(Clone, Debug)]
pub struct Relay {
    frames: History,
    /// Length of the fade where frames are replaced by others.
    fade: u64,
}

impl Relay {
    /// Room for `capacity` frames; where some are replaced they fade over `fade`.
    pub fn new(capacity: usize, fade: u64) -> Self {
        Relay { frames: History::new(capacity), fade }
    }

    /// Forgets all; `frame` is the first to come.
    pub fn restart(&mut self, frame: u64) {
        self.frames.restart(frame);
    }

    /// The first frame at hand, and one past the last.
    pub fn span(&self) -> std::ops::Range<u64> {
        self.frames.oldest()..self.frames.head()
    }

    /// Takes frames from `frame` on. Those before `now` come too late; those at
    /// hand from there on are replaced.
    pub fn push(&mut self, frame: u64, left: &[f32], right: &[f32], now: u64) {
        let n_late = (now.saturating_sub(frame) as usize).min(left.len());
        let (frame, left, right) = (frame + n_late as u64, &left[n_late..], &right[n_late..]);
        let known = self.span();
        if frame < known.start || frame > known.end {
            self.frames.restart(frame);
        }
        let n_known = if known.contains(&frame) { known.end - frame } else { 0 };
        let n_fade = self.fade.min(n_known).min(left.len() as u64);
        self.frames.replace_from(frame, left, right, n_fade as usize);
    }

    /// Takes back everything from `frame` on.
    pub fn truncate(&mut self, frame: u64) {
        self.frames.truncate(frame);
    }

    /// Lets go of everything before `frame`.
    pub fn forget_before(&mut self, frame: u64) {
        self.frames.forget_before(frame);
    }

    /// Copies `n` frames from `frame` on; what is not at hand is silence.
    pub fn copy(&self, frame: u64, n: usize, block: &mut Block) {
        self.frames.copy(frame, n, block);
    }
}

impl Player {
    /// From now on, as soon as they are there, enhanced frames are those of
    /// [`Player::feed_wet`], and the chains rest. Right after a start at once.
    pub fn relay(&mut self) {
        let (fade, capacity) = (SWITCH.frames(self.rate), self.history.capacity() as usize);
        let relay = self.relay.get_or_insert_with(|| Relay::new(capacity, fade));
        if self.starting || self.way == Way::Chains {
            relay.restart(self.at);
        }
        self.way = match self.way {
            Way::Chains | Way::ToChains(0) if self.starting => Way::Relay,
            Way::Chains => Way::ToRelay(0),
            Way::ToChains(0) => self.rest(),
            Way::ToChains(n_done) => Way::ToRelay(fade - n_done),
            relayed => relayed,
        };
    }

    /// Back to the chains, as soon as they have caught up.
    pub fn unrelay(&mut self) {
        self.way = match self.way {
            Way::Relay => self.wake(),
            Way::ToRelay(0) => Way::Chains,
            Way::ToRelay(n_done) => Way::ToChains(SWITCH.frames(self.rate) - n_done),
            chained => chained,
        };
    }

    /// Feeds enhanced frames of the timeline from `frame` on, in place of what
    /// is there of them. They may not run ahead of what was fed of the original.
    pub fn feed_wet(&mut self, frame: u64, left: &[f32], right: &[f32]) {
        let Some(relay) = &mut self.relay else { return };
        relay.push(frame, left, right, self.at);
        if !self.has_begun() {
            // A gap: the original is heard until they go on.
            self.aim(SWITCH.frames(self.rate));
        }
    }

    /// Whether what is heard of the enhanced comes from elsewhere.
    pub fn is_relayed(&self) -> bool {
        matches!(self.way, Way::Relay | Way::ToChains(0))
    }

    /// The next frame of the timeline to come out.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Whether enhanced frames are there, or awaited, for the next to come out.
    pub(super) fn has_begun(&self) -> bool {
        self.way != Way::Relay || self.relay.as_ref().is_none_or(|relay| relay.span().start <= self.at)
    }

    /// How many frames the relay lets out now.
    pub(super) fn n_relayed(&self) -> u64 {
        let Some(relay) = &self.relay else { return u64::MAX };
        let span = relay.span();
        let n_held = span.end.saturating_sub(self.at);
        match self.way {
            Way::Chains | Way::ToRelay(0) => u64::MAX,
            // The original alone: until the enhanced frames begin.
            Way::Relay if self.at < span.start => self.n_original().min(span.start - self.at),
            Way::Relay if !self.hears_wet() => self.n_original(),
            Way::Relay => self.n_original().min(n_held),
            Way::ToChains(_) if n_held == 0 && self.is_awake() => u64::MAX,
            Way::ToRelay(_) | Way::ToChains(_) => n_held,
        }
    }

    fn n_original(&self) -> u64 {
        self.history.head().saturating_sub(self.at)
    }

    /// Whether anything enhanced is heard, or about to be.
    fn hears_wet(&self) -> bool {
        self.fade.to.wet > 0.0 || self.mix_now().wet > 0.0
    }

    /// Puts the relay's next `n` frames into `wet`, or fades between them and
    /// those of the chains, which are there if `chained`.
    pub(super) fn relayed(&mut self, n: usize, chained: bool) {
        let Some(relay) = &self.relay else { return };
        let fade = SWITCH.frames(self.rate);
        let (at, span) = (self.at, relay.span());
        match self.way {
            Way::Chains => {}
            Way::Relay => relay.copy(at, n, &mut self.wet),
            // The whole fade must be there before it begins.
            Way::ToRelay(0) if span.start > at || span.end < at + fade.max(n as u64) => {}
            Way::ToRelay(n_done) => {
                relay.copy(at, n, &mut self.scratch);
                for channel in 0..2 {
                    join::join(self.wet.plane_mut(channel), self.scratch.plane(channel), n_done as i64, fade);
                }
                let n_done = n_done + n as u64;
                self.way = if n_done < fade { Way::ToRelay(n_done) } else { self.rest() };
            }
            Way::ToChains(_) if span.end <= at => self.way = Way::Chains,
            Way::ToChains(_) if !chained => relay.copy(at, n, &mut self.wet),
            Way::ToChains(n_done) => {
                relay.copy(at, n, &mut self.scratch);
                for channel in 0..2 {
                    let (heard, fresh) = (self.scratch.plane_mut(channel), self.wet.plane_mut(channel));
                    join::join(heard, fresh, n_done as i64, fade);
                    fresh.copy_from_slice(heard);
                }
                let n_done = n_done + n as u64;
                self.way = if n_done < fade { Way::ToChains(n_done) } else { Way::Chains };
            }
        }
    }

    /// The chains rest.
    fn rest(&mut self) -> Way {
        self.voices.iter_mut().for_each(Voice::release);
        self.score.rewind(self.at);
        Way::Relay
    }

    /// The chain of the present chunk begins to catch up, from as far back as
    /// there are frames.
    fn wake(&mut self) -> Way {
        let Some(border) = self.score.rewind(self.at) else { return Way::Chains };
        let track = &self.score.tracks()[border.track];
        let from = border.hears_from.max(self.history.oldest());
        if let Some(voice) = self.voices.first_mut() {
            voice.take_on(border, track.start, &track.part, from);
        }
        Way::ToChains(0)
    }

    /// Whether a chain that sounds has caught up.
    fn is_awake(&self) -> bool {
        let due = self.at + self.latency;
        self.voices.iter().any(|voice| voice.border().is_some() && voice.hears == due)
    }
}
