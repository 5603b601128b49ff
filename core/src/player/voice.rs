//! A voice: one chain at work on one chunk.

use super::history::History;
use super::score::{Border, Part};
use crate::block::Block;
use crate::chain::Chain;
use crate::flow::Processor;

/// One chain and where it is.
#[derive(Clone, Debug)]
pub struct Voice {
    chain: Chain,
    /// What it plays; none: free.
    border: Option<Border>,
    /// Where its join begins: the border's start, or later if it was late.
    pub enters_at: u64,
    /// The next frame of the timeline that it will hear.
    pub hears: u64,
}

impl Voice {
    /// A free voice.
    pub fn new(chain: Chain) -> Self {
        Voice { chain, border: None, enters_at: 0, hears: 0 }
    }

    /// What it plays.
    pub fn border(&self) -> Option<Border> {
        self.border
    }

    /// The same border, of a track whose index has fallen by one.
    pub fn renumber(&mut self) {
        if let Some(border) = &mut self.border {
            border.track = border.track.saturating_sub(1);
        }
    }

    /// Frees it.
    pub fn release(&mut self) {
        self.border = None;
    }

    /// Takes on a border. `hears_from` may be later than the border's own
    /// where the frames before it were never fed.
    pub fn take_on(&mut self, border: Border, track_start: u64, part: &Part, hears_from: u64) {
        self.border = Some(border);
        self.enters_at = border.start;
        self.hears = hears_from;
        self.chain.begin(&part.stages, hears_from as i64 - track_start as i64);
    }

    /// Moves to new stages without starting over.
    pub fn retune(&mut self, part: &Part) {
        self.chain.retune(&part.stages);
    }

    /// Hears on, up to `until`, at most `budget` frames, into nothing.
    /// Returns how many frames it heard.
    pub fn catch_up(&mut self, history: &History, until: u64, budget: u64, scratch: &mut Block) -> u64 {
        let n_due = until.saturating_sub(self.hears).min(budget);
        let mut n_left = n_due;
        while n_left > 0 {
            let n = n_left.min(scratch.capacity() as u64);
            self.render(history, n as usize, scratch);
            n_left -= n;
        }
        n_due
    }

    /// Hears `n` frames and gives what comes out of its chain.
    pub fn render(&mut self, history: &History, n: usize, out: &mut Block) {
        history.copy(self.hears, n, out);
        self.chain.process(out);
        self.hears += n as u64;
    }

    /// The deepest gain reduction since last asked, in dB.
    pub fn take_reduction(&mut self) -> f32 {
        self.chain.take_reduction().0
    }
}
