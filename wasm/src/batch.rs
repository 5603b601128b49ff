//! The player's sound at the device's rate, rendered in batches of which
//! quanta are cut: what a chain takes per call it takes once for four of them.

use auralis_core::block::Block;
use auralis_core::error::Result;
use auralis_core::geometry::Geometry;
use auralis_core::player::Player;
use auralis_core::resample::Resampler;
use auralis_core::units::Seconds;

/// Frames rendered at a time, and while a chain lags, so that a quantum pays
/// for no more than its share of the pre-roll.
const BATCH: usize = 512;
const SMALL_BATCH: usize = 128;
/// Frames kept ready beyond the player's own history.
const AHEAD: Seconds = Seconds(6.0);
/// Frames a lagging chain may hear per frame asked for: three seconds of
/// pre-roll pass in 94 ms, at about a tenth of a quantum each.
const HASTE: u32 = 32;

/// A player, and the resampler behind it where the device has another rate.
pub struct Batches {
    /// Renders nothing except here.
    pub player: Player,
    resampler: Option<Resampling>,
    batch: Block,
    /// Frames of the batch that have been taken.
    n_taken: usize,
    /// Where the batch begins: its track, and the frame there.
    key: u32,
    frame: f64,
    /// Track frames per device frame.
    ratio: f64,
}

impl Batches {
    /// Of tracks at `rate` for a device at `device_rate`.
    pub fn new(rate: u32, device_rate: u32) -> Result<Self> {
        let mut player = Player::new(rate, Geometry::at(rate), AHEAD.frames(rate) as usize)?;
        player.set_haste(HASTE);
        let resampler = match rate == device_rate {
            true => None,
            false => Some(Resampling::new(rate, device_rate)?),
        };
        let mut batch = Block::new(2, BATCH);
        batch.set_frames(0);
        let ratio = f64::from(rate) / f64::from(device_rate);
        Ok(Batches { player, resampler, batch, n_taken: 0, key: u32::MAX, frame: 0.0, ratio })
    }

    /// Forgets what was rendered, after the player was started anew.
    pub fn restart(&mut self) {
        self.batch.set_frames(0);
        self.n_taken = 0;
        if let Some(resampler) = &mut self.resampler {
            resampler.restart(self.ratio);
        }
    }

    /// The track that comes out next, and its frame; with a resampler, to
    /// within what that holds.
    pub fn position(&self) -> (u32, f64) {
        if self.n_taken < self.batch.n_frames() {
            (self.key, self.frame + self.n_taken as f64 * self.ratio)
        } else {
            self.rendering()
        }
    }

    /// The same of what is rendered next.
    fn rendering(&self) -> (u32, f64) {
        let (key, frame) = self.player.position().unwrap_or((u32::MAX, 0));
        let n_waiting = self.resampler.as_ref().map_or(0, |resampler| resampler.waiting.n_frames());
        (key, (frame as f64 - n_waiting as f64).max(0.0))
    }

    /// Whether all has come out.
    pub fn ended(&self) -> bool {
        let spent = self.resampler.as_ref().is_none_or(Resampling::spent);
        self.player.ended() && self.n_taken == self.batch.n_frames() && spent
    }

    /// Samples that the resampler's clamp has held at full scale.
    pub fn clamped(&self) -> u32 {
        self.resampler.as_ref().map_or(0, |resampler| resampler.n_clamped)
    }

    /// Fills the front of `out` with up to `n` frames; returns how many.
    pub fn take(&mut self, n: usize, out: &mut Block) -> usize {
        let mut n_out = 0;
        out.set_frames(n);
        while n_out < n && (self.n_taken < self.batch.n_frames() || self.render()) {
            let got = (n - n_out).min(self.batch.n_frames() - self.n_taken);
            for channel in 0..2 {
                let from = &self.batch.plane(channel)[self.n_taken..][..got];
                out.plane_mut(channel)[n_out..n_out + got].copy_from_slice(from);
            }
            self.n_taken += got;
            n_out += got;
        }
        n_out
    }

    /// The next batch, of at least a frame; false if there is none yet.
    fn render(&mut self) -> bool {
        (self.key, self.frame) = self.rendering();
        self.n_taken = 0;
        self.batch.limit(if self.player.lags() { SMALL_BATCH } else { BATCH });
        match &mut self.resampler {
            None => self.player.render(&mut self.batch),
            Some(resampler) => resampler.render(&mut self.player, &mut self.batch),
        }
        self.batch.n_frames() > 0
    }
}

/// The resampler and what waits for it.
struct Resampling {
    resampler: Resampler,
    /// Track frames, and those that join them.
    waiting: Block,
    part: Block,
    step: Block,
    /// Device frames of the resampler's delay still to be dropped, and track
    /// frames of silence still to follow the end, to push out its last ones.
    n_to_drop: usize,
    n_to_pad: usize,
    n_clamped: u32,
}

impl Resampling {
    fn new(rate: u32, device_rate: u32) -> Result<Self> {
        let resampler = Resampler::new(rate, device_rate, SMALL_BATCH)?;
        let mut waiting = Block::new(2, resampler.max_needed() + BATCH);
        waiting.set_frames(0);
        let (part, step) = (Block::new(2, BATCH), Block::new(2, SMALL_BATCH));
        let mut resampling =
            Resampling { resampler, waiting, part, step, n_to_drop: 0, n_to_pad: 0, n_clamped: 0 };
        resampling.restart(f64::from(rate) / f64::from(device_rate));
        Ok(resampling)
    }

    fn restart(&mut self, ratio: f64) {
        self.resampler.reset();
        self.waiting.set_frames(0);
        self.n_to_drop = self.resampler.delay();
        self.n_to_pad = (self.n_to_drop as f64 * ratio).ceil() as usize;
    }

    /// Whether nothing of what the player gave is left.
    fn spent(&self) -> bool {
        self.waiting.n_frames() == 0 && self.n_to_pad == 0
    }

    /// As many steps as fit `batch`, of what `player` renders.
    fn render(&mut self, player: &mut Player, batch: &mut Block) {
        let n_most = batch.capacity();
        let mut n_out = 0;
        while n_out + SMALL_BATCH <= n_most && self.fill(player, n_most) {
            let needed = self.resampler.needed();
            if self.resampler.step(&self.waiting, &mut self.step).is_err() {
                break;
            }
            self.waiting.drop_front(needed);
            self.n_clamped += clamp(&mut self.step);
            let n_dropped = self.n_to_drop.min(self.step.n_frames());
            self.n_to_drop -= n_dropped;
            n_out += append(batch, n_out, &self.step, n_dropped);
        }
        batch.set_frames(n_out);
    }

    /// Lets as much wait as the next step needs, by `n` at a time; false if
    /// there is not as much yet, or no more.
    fn fill(&mut self, player: &mut Player, n: usize) -> bool {
        let needed = self.resampler.needed();
        while self.waiting.n_frames() < needed {
            let have = self.waiting.n_frames();
            self.part.limit(n);
            player.render(&mut self.part);
            if self.part.n_frames() == 0 {
                if !player.ended() || self.spent() {
                    return false;
                }
                // The last frames are followed by silence.
                self.part.set_frames(needed - have);
                self.part.silence();
                self.n_to_pad = self.n_to_pad.saturating_sub(self.part.n_frames());
            }
            append(&mut self.waiting, have, &self.part, 0);
        }
        true
    }
}

/// Puts the frames of `more` from `skip` on behind the first `n` of `block`;
/// returns how many.
fn append(block: &mut Block, n: usize, more: &Block, skip: usize) -> usize {
    let n_more = more.n_frames() - skip;
    block.set_frames(n + n_more);
    for channel in 0..2 {
        block.plane_mut(channel)[n..].copy_from_slice(&more.plane(channel)[skip..]);
    }
    n_more
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
