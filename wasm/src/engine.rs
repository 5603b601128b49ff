//! The engine in the AudioWorklet: a [`Player`], the resampler behind it, and
//! fades where a listener stops, starts or jumps. Numbers in, numbers out;
//! PCM and plans pass through fixed places in memory.
//!
//! `process` neither allocates nor fails. What allocates (a new engine) happens
//! between calls.

use auralis_core::block::Block;
use auralis_core::geometry::Geometry;
use auralis_core::plan::{STAGES_FLOATS, Stages};
use auralis_core::player::{Listen, Part, Player};
use auralis_core::resample::Resampler;
use auralis_core::units::Seconds;
use wasm_bindgen::prelude::wasm_bindgen;

/// Frames that can be handed over at once.
const INLET: usize = 32_768;
/// Frames kept ready beyond the player's own history.
const AHEAD: Seconds = Seconds(6.0);
/// Length of the fades at pause, resume and seek.
const DECLICK: Seconds = Seconds(0.006);
/// Most frames a render quantum may have.
const MAX_QUANTUM: usize = 8_192;
/// Output frames per step of the resampler.
const STEP: usize = 128;
/// Frames a lagging chain may hear per frame asked for: three seconds of
/// pre-roll pass in 94 ms, at about a tenth of a quantum each.
const HASTE: u32 = 32;

/// Whether sound comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    /// As it is.
    Open,
    /// On the way to silence or back; frames done.
    Closing(usize),
    Opening(usize),
    /// Held.
    Shut,
}

/// What the worklet's processor holds.
#[wasm_bindgen]
pub struct Engine {
    player: Player,
    resampler: Option<Resampler>,
    /// Track frames waiting for the resampler, and device frames behind it.
    waiting: Block,
    stepped: Block,
    n_stepped_out: usize,
    /// Device frames of the resampler's delay still to be dropped.
    n_to_drop: usize,
    inlet: Vec<f32>,
    plan: Vec<f32>,
    out: Block,
    part_block: Block,
    /// What was heard before a seek, fading out under what follows.
    tail: Block,
    n_tail_out: usize,
    gate: Gate,
    declick: usize,
    rate: u32,
    device_rate: u32,
    underruns: u32,
    n_clamped: u32,
    starved: bool,
    n_rendered: f64,
}

#[wasm_bindgen]
impl Engine {
    /// An engine for tracks at `rate` on a device at `device_rate`; none if
    /// either is out of range.
    pub fn create(rate: u32, device_rate: u32) -> Option<Engine> {
        let mut player = Player::new(rate, Geometry::at(rate), AHEAD.frames(rate) as usize).ok()?;
        player.set_haste(HASTE);
        let resampler =
            if rate == device_rate { None } else { Some(Resampler::new(rate, device_rate, STEP).ok()?) };
        let declick = DECLICK.frames(device_rate) as usize;
        Some(Engine {
            player,
            waiting: Block::new(2, resampler.as_ref().map_or(0, Resampler::max_needed)),
            resampler,
            stepped: Block::new(2, STEP),
            n_stepped_out: 0,
            n_to_drop: 0,
            inlet: vec![0.0; 2 * INLET],
            plan: vec![0.0; STAGES_FLOATS + 2],
            out: Block::new(2, MAX_QUANTUM),
            part_block: Block::new(2, STEP),
            tail: Block::new(2, declick),
            n_tail_out: 0,
            gate: Gate::Open,
            declick,
            rate,
            device_rate,
            underruns: 0,
            n_clamped: 0,
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
        self.player.start(part, counted(n_frames), frame as u64, fed_from as u64);
        self.waiting.set_frames(0);
        self.stepped.set_frames(0);
        self.n_stepped_out = 0;
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
            self.n_to_drop = resampler.delay();
        }
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
        let n = self.render(self.declick);
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
        self.player.follow(part, start as u64, counted(n_frames))
    }

    /// Takes back the tracks that have not begun; returns the timeline frame
    /// from which to feed anew.
    pub fn unfollow(&mut self) -> f64 {
        self.player.unfollow() as f64
    }

    /// Gives a track another plan. A track that had none fades to enhanced
    /// over `fade_s`.
    pub fn retune(&mut self, key: u32, fade_s: f64) -> bool {
        let Some(part) = self.part(key, true) else { return false };
        self.player.retune(part, Seconds(fade_s));
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
        self.player.listen_over(what, Seconds(over_s.clamp(0.0, 60.0)));
    }

    /// Takes `n` frames from the inlet; returns how many there was room for.
    pub fn feed(&mut self, n: usize) -> usize {
        let (left, right) = self.inlet.split_at(INLET);
        let n = n.min(INLET);
        self.player.feed(&left[..n], &right[..n])
    }

    /// Nothing more follows.
    pub fn end(&mut self) {
        self.player.end();
    }

    /// How many frames may be fed.
    pub fn room(&self) -> usize {
        self.player.room()
    }

    /// The next frame of the timeline to be fed.
    pub fn fed(&self) -> f64 {
        self.player.fed() as f64
    }

    /// Whether all has come out.
    pub fn ended(&self) -> bool {
        self.player.ended() && self.stepped.n_frames() == self.n_stepped_out
    }

    /// The track now coming out.
    pub fn key(&self) -> u32 {
        self.player.position().map_or(u32::MAX, |(key, _)| key)
    }

    /// Where on the timeline that track begins.
    pub fn begins(&self) -> f64 {
        self.player.begins() as f64
    }

    /// The frame of that track that comes out next; with a resampler, to
    /// within its step.
    pub fn position(&self) -> f64 {
        let (_, frame) = self.player.position().unwrap_or((0, 0));
        let held = self.stepped.n_frames() - self.n_stepped_out;
        let held = held as f64 * f64::from(self.rate) / f64::from(self.device_rate);
        (frame as f64 - self.waiting.n_frames() as f64 - held).max(0.0)
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
        self.n_clamped
    }

    /// The frames by which the chains look ahead, at the track's rate.
    pub fn latency(&self) -> usize {
        self.player.latency()
    }

    /// The deepest gain reduction since last asked, dB ≤ 0.
    pub fn take_reduction(&mut self) -> f32 {
        self.player.take_reduction()
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
        let n_sound = if self.gate == Gate::Shut { 0 } else { self.render(n) };
        let playing = self.gate != Gate::Shut && !self.ended();
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
        self.fade(n_sound);
        self.add_tail(n);
        n_sound
    }

    /// Fills the front of `out` with up to `n` frames of sound.
    fn render(&mut self, n: usize) -> usize {
        let mut n_out = 0;
        self.out.set_frames(n);
        while n_out < n {
            let got = if self.resampler.is_some() {
                self.resampled(n - n_out, n_out)
            } else {
                self.direct(n - n_out, n_out)
            };
            n_out += got;
            if got == 0 {
                break;
            }
        }
        n_out
    }

    /// Up to a step of frames as the player gives them.
    fn direct(&mut self, n: usize, at: usize) -> usize {
        let n = n.min(STEP);
        self.part_block.limit(n);
        self.player.render(&mut self.part_block);
        let got = self.part_block.n_frames();
        for channel in 0..2 {
            self.out.plane_mut(channel)[at..at + got].copy_from_slice(self.part_block.plane(channel));
        }
        got
    }

    /// Up to a step of frames through the resampler.
    fn resampled(&mut self, n: usize, at: usize) -> usize {
        if self.n_stepped_out == self.stepped.n_frames() && !self.step() {
            return 0;
        }
        let got = n.min(self.stepped.n_frames() - self.n_stepped_out);
        for channel in 0..2 {
            let from = &self.stepped.plane(channel)[self.n_stepped_out..][..got];
            self.out.plane_mut(channel)[at..at + got].copy_from_slice(from);
        }
        self.n_stepped_out += got;
        got
    }

    /// One more step of the resampler, if there is enough for it.
    fn step(&mut self) -> bool {
        let Some(resampler) = &mut self.resampler else { return false };
        loop {
            let needed = resampler.needed();
            while self.waiting.n_frames() < needed {
                let have = self.waiting.n_frames();
                self.part_block.limit((needed - have).min(STEP));
                self.player.render(&mut self.part_block);
                let mut got = self.part_block.n_frames();
                if got == 0 && self.player.ended() && have > 0 {
                    // The last frames are followed by silence.
                    got = (needed - have).min(STEP);
                    self.part_block.set_frames(got);
                    self.part_block.silence();
                }
                if got == 0 {
                    return false;
                }
                self.waiting.set_frames(have + got);
                for channel in 0..2 {
                    self.waiting.plane_mut(channel)[have..].copy_from_slice(self.part_block.plane(channel));
                }
            }
            if resampler.step(&self.waiting, &mut self.stepped).is_err() {
                return false;
            }
            self.waiting.drop_front(needed);
            let n_dropped = self.n_to_drop.min(self.stepped.n_frames());
            self.n_to_drop -= n_dropped;
            self.n_stepped_out = n_dropped;
            self.n_clamped += clamp(&mut self.stepped);
            if n_dropped < self.stepped.n_frames() {
                return true;
            }
        }
    }

    /// Applies the gate to the first `n` frames.
    fn fade(&mut self, n: usize) {
        for i in 0..n {
            let gain = match self.gate {
                Gate::Open => return,
                Gate::Shut => 0.0,
                Gate::Closing(done) => 1.0 - (done + 1) as f32 / self.declick as f32,
                Gate::Opening(done) => done as f32 / self.declick as f32,
            };
            for channel in 0..2 {
                self.out.plane_mut(channel)[i] *= gain;
            }
            self.gate = match self.gate {
                Gate::Closing(done) if done + 1 < self.declick => Gate::Closing(done + 1),
                Gate::Closing(_) | Gate::Shut => Gate::Shut,
                Gate::Opening(done) if done + 1 < self.declick => Gate::Opening(done + 1),
                _ => Gate::Open,
            };
        }
        if n == 0 && matches!(self.gate, Gate::Closing(_)) {
            self.gate = Gate::Shut;
        }
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

/// The end of the resampler (L4): interpolation may overshoot full scale.
/// Returns how many samples did.
fn clamp(block: &mut Block) -> u32 {
    let mut n_clamped = 0;
    for channel in 0..2 {
        for x in block.plane_mut(channel) {
            n_clamped += u32::from(x.abs() > 1.0);
            *x = x.clamp(-1.0, 1.0);
        }
    }
    n_clamped
}
