//! The engine in the AudioWorklet: a [`Player`](auralis_core::player::Player)
//! whose sound comes in quanta, and fades where a listener stops, starts, jumps
//! or turns the volume. Numbers in, numbers out; PCM and plans pass through
//! fixed places in memory.
//!
//! `process` neither allocates nor fails. What allocates (a new engine) happens
//! between calls.

use auralis_core::block::Block;
use auralis_core::plan::{STAGES_FLOATS, Stages};
use auralis_core::player::{Listen, Part};
use auralis_core::units::Seconds;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::batch::Batches;
use crate::fade::{Gate, Volume};

/// Frames that can be handed over at once.
const INLET: usize = 32_768;
/// Length of the fades at pause, resume and seek.
const DECLICK: Seconds = Seconds(0.006);
/// Most frames a render quantum may have.
const MAX_QUANTUM: usize = 8_192;
/// Longest that a change of what is heard, or of the volume, may take.
const SLOWEST: Seconds = Seconds(60.0);

/// What the worklet's processor holds.
#[wasm_bindgen]
pub struct Engine {
    batches: Batches,
    inlet: Vec<f32>,
    plan: Vec<f32>,
    out: Block,
    /// What was heard before a seek, fading out under what follows.
    tail: Block,
    n_tail_out: usize,
    gate: Gate,
    declick: usize,
    volume: Volume,
    device_rate: u32,
    underruns: u32,
    starved: bool,
    n_rendered: f64,
}

#[wasm_bindgen]
impl Engine {
    /// An engine for tracks at `rate` on a device at `device_rate`; none if
    /// either is out of range.
    pub fn create(rate: u32, device_rate: u32) -> Option<Engine> {
        let declick = DECLICK.frames(device_rate) as usize;
        Some(Engine {
            batches: Batches::new(rate, device_rate).ok()?,
            inlet: vec![0.0; 2 * INLET],
            plan: vec![0.0; STAGES_FLOATS + 2],
            out: Block::new(2, MAX_QUANTUM),
            tail: Block::new(2, declick),
            n_tail_out: 0,
            gate: Gate::Open,
            declick,
            volume: Volume::FULL,
            device_rate,
            underruns: 0,
            starved: false,
            n_rendered: 0.0,
        })
    }

    /// Where PCM is put before [`Engine::feed`]: `inlet_frames` of the left,
    /// then as many of the right.
    pub fn inlet(&self) -> *const f32 {
        self.inlet.as_ptr()
    }

    /// Frames per channel that fit the inlet.
    pub fn inlet_frames(&self) -> usize {
        INLET
    }

    /// Where a plan is put before `start`, `follow` and `retune`: its stages,
    /// then the compare gains of original and enhanced in dB.
    pub fn plan(&self) -> *const f32 {
        self.plan.as_ptr()
    }

    /// Numbers in a plan.
    pub fn plan_floats(&self) -> usize {
        STAGES_FLOATS + 2
    }

    /// One channel of what [`Engine::process`] rendered.
    pub fn output(&self, channel: usize) -> *const f32 {
        self.out.plane(channel.min(1)).as_ptr()
    }

    fn part(&self, key: u32, planned: bool) -> Option<Part> {
        let stages =
            if planned { Stages::from_floats(&self.plan[..STAGES_FLOATS]).ok()? } else { Stages::neutral() };
        let [.., original_db, enhanced_db] = self.plan[..] else { return None };
        if planned && !(original_db.is_finite() && enhanced_db.is_finite()) {
            return None;
        }
        Some(Part { key, stages, original_db, enhanced_db, planned })
    }

    /// Starts over at `frame`, fed from `fed_from` on. False: the plan is bad.
    pub fn start(&mut self, key: u32, planned: bool, n_frames: f64, frame: f64, fed_from: f64) -> bool {
        let Some(part) = self.part(key, planned) else { return false };
        self.keep_tail();
        self.batches.player.start(part, counted(n_frames), frame as u64, fed_from as u64);
        self.batches.restart();
        self.starved = true;
        self.n_rendered = 0.0;
        // A track's own beginning needs no fade.
        self.gate = match self.gate {
            Gate::Shut => Gate::Shut,
            _ if frame == 0.0 => Gate::Open,
            _ => Gate::Opening(0),
        };
        true
    }

    /// The next few milliseconds of what was heard, fading out, to lie under
    /// what comes after a jump.
    fn keep_tail(&mut self) {
        let heard = self.gate == Gate::Open && self.n_rendered > 0.0;
        self.n_tail_out = 0;
        self.tail.set_frames(0);
        if !heard {
            return;
        }
        let n = self.batches.take(self.declick, &mut self.out);
        self.tail.set_frames(n);
        for channel in 0..2 {
            let length = self.declick as f32;
            for (i, (tail, x)) in
                self.tail.plane_mut(channel).iter_mut().zip(self.out.plane(channel)).enumerate()
            {
                *tail = x * (1.0 - (i + 1) as f32 / length);
            }
        }
    }

    /// Lets a track follow without a gap, its first frame at `start` on the
    /// timeline. False: too many are waiting, or the plan is bad.
    pub fn follow(&mut self, key: u32, planned: bool, start: f64, n_frames: f64) -> bool {
        let Some(part) = self.part(key, planned) else { return false };
        self.batches.player.follow(part, start as u64, counted(n_frames))
    }

    /// Takes back the tracks that have not begun; returns the timeline frame
    /// from which to feed anew.
    pub fn unfollow(&mut self) -> f64 {
        self.batches.player.unfollow() as f64
    }

    /// Gives a track another plan. A track that had none fades to enhanced
    /// over `fade_s`.
    pub fn retune(&mut self, key: u32, fade_s: f64) -> bool {
        let Some(part) = self.part(key, true) else { return false };
        self.batches.player.retune(part, Seconds(fade_s));
        true
    }

    /// What is heard: 0 enhanced, 1 enhanced lowered for comparison,
    /// 2 original, 3 off; and in how many seconds it gets there.
    pub fn listen(&mut self, what: u32, over_s: f64) {
        let what = match what {
            0 => Listen::Enhanced,
            1 => Listen::Compared,
            2 => Listen::Original,
            _ => Listen::Off,
        };
        self.batches.player.listen_over(what, Seconds(over_s.clamp(0.0, SLOWEST.0)));
    }

    /// Turns the volume to `x`, 0 … 1 of the amplitude, over `over_s` seconds.
    pub fn volume(&mut self, x: f32, over_s: f64) {
        if x.is_finite() {
            let time = Seconds(over_s.clamp(0.0, SLOWEST.0));
            self.volume.turn(x.clamp(0.0, 1.0), time.frames(self.device_rate) as usize);
        }
    }

    /// Takes `n` frames from the inlet; returns how many there was room for.
    pub fn feed(&mut self, n: usize) -> usize {
        let (left, right) = self.inlet.split_at(INLET);
        let n = n.min(INLET);
        self.batches.player.feed(&left[..n], &right[..n])
    }

    /// Lets chains that lag catch up at once: this is not the audio's thread.
    pub fn hurry(&mut self) {
        self.batches.player.set_haste(u32::MAX);
    }

    /// From now on enhanced frames come from elsewhere, as soon as they are
    /// there; right after a start at once. Takes memory: never within `process`.
    pub fn relay(&mut self) {
        self.batches.player.relay();
    }

    /// Back to the chains here, as soon as they have caught up.
    pub fn unrelay(&mut self) {
        self.batches.player.unrelay();
    }

    /// Takes `n` enhanced frames from the inlet, of the timeline from `frame`
    /// on, in place of what is there of them.
    pub fn feed_wet(&mut self, frame: f64, n: usize) {
        let (left, right) = self.inlet.split_at(INLET);
        let n = n.min(INLET);
        self.batches.player.feed_wet(frame as u64, &left[..n], &right[..n]);
    }

    /// Whether enhanced frames come from elsewhere now.
    pub fn relayed(&self) -> bool {
        self.batches.player.is_relayed()
    }

    /// The frame of the timeline that is rendered next.
    pub fn at(&self) -> f64 {
        self.batches.player.at() as f64
    }

    /// Nothing more follows.
    pub fn end(&mut self) {
        self.batches.player.end();
    }

    /// How many frames may be fed.
    pub fn room(&self) -> usize {
        self.batches.player.room()
    }

    /// The next frame of the timeline to be fed.
    pub fn fed(&self) -> f64 {
        self.batches.player.fed() as f64
    }

    /// Whether all has come out.
    pub fn ended(&self) -> bool {
        self.batches.ended()
    }

    /// The track now coming out.
    pub fn key(&self) -> u32 {
        self.batches.position().0
    }

    /// The frame of that track that comes out next; with a resampler, to
    /// within what that holds.
    pub fn position(&self) -> f64 {
        self.batches.position().1
    }

    /// The track that is rendered next, a batch ahead of the one heard.
    pub fn rendering(&self) -> u32 {
        self.batches.player.position().map_or(u32::MAX, |(key, _)| key)
    }

    /// Where on the timeline that track begins.
    pub fn begins(&self) -> f64 {
        self.batches.player.begins() as f64
    }

    /// Frames of sound rendered since the last start.
    pub fn rendered(&self) -> f64 {
        self.n_rendered
    }

    /// How often the input ran dry while playing.
    pub fn underruns(&self) -> u32 {
        self.underruns
    }

    /// Samples that the resampler's clamp has held at full scale.
    pub fn clamped(&self) -> u32 {
        self.batches.clamped()
    }

    /// The frames by which the chains look ahead, at the track's rate.
    pub fn latency(&self) -> usize {
        self.batches.player.latency()
    }

    /// The deepest gain reduction since last asked, dB ≤ 0.
    pub fn take_reduction(&mut self) -> f32 {
        self.batches.player.take_reduction()
    }

    /// Fades out and holds.
    pub fn pause(&mut self) {
        if matches!(self.gate, Gate::Open | Gate::Opening(_)) {
            self.gate = Gate::Closing(0);
        }
    }

    /// Goes on.
    pub fn resume(&mut self) {
        if matches!(self.gate, Gate::Shut | Gate::Closing(_)) {
            self.gate = Gate::Opening(0);
        }
    }

    /// Whether it is held in silence.
    pub fn paused(&self) -> bool {
        self.gate == Gate::Shut
    }

    /// Renders one quantum of `n` frames; returns how many of them are sound.
    /// The rest is silence.
    pub fn process(&mut self, n: usize) -> usize {
        let n = n.min(MAX_QUANTUM);
        let shut = self.gate == Gate::Shut;
        let n_sound = if shut { 0 } else { self.batches.take(n, &mut self.out) };
        let playing = !shut && !self.ended();
        if n_sound < n && playing && !self.starved {
            self.underruns += 1;
        }
        if playing {
            self.starved = n_sound < n;
        }
        self.out.set_frames(n);
        for channel in 0..2 {
            self.out.plane_mut(channel)[n_sound..].fill(0.0);
        }
        self.n_rendered += n_sound as f64;
        self.gate.fade(&mut self.out, n_sound, self.declick);
        self.add_tail(n);
        self.volume.apply(&mut self.out);
        n_sound
    }

    /// Lays the rest of the tail under the first frames.
    fn add_tail(&mut self, n: usize) {
        let n = n.min(self.tail.n_frames() - self.n_tail_out);
        for channel in 0..2 {
            let tail = &self.tail.plane(channel)[self.n_tail_out..][..n];
            for (x, tail) in self.out.plane_mut(channel).iter_mut().zip(tail) {
                *x += tail;
            }
        }
        self.n_tail_out += n;
    }
}

fn counted(n_frames: f64) -> Option<u64> {
    (n_frames >= 0.0).then_some(n_frames as u64)
}
