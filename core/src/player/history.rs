//! The frames a player was fed, kept as long as any chain may need them.

use crate::block::Block;

/// A ring of stereo frames on a timeline. Positions are absolute.
#[derive(Clone, Debug)]
pub struct History {
    planes: [Box<[f32]>; 2],
    /// One past the newest frame.
    head: u64,
    /// The oldest frame still kept.
    oldest: u64,
}

impl History {
    /// Room for `capacity` frames.
    pub fn new(capacity: usize) -> Self {
        let plane = || vec![0.0; capacity].into_boxed_slice();
        History { planes: [plane(), plane()], head: 0, oldest: 0 }
    }

    /// How many frames it holds at most.
    pub fn capacity(&self) -> u64 {
        self.planes[0].len() as u64
    }

    /// One past the newest frame.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The oldest frame still kept.
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Empties it; the next frame pushed is `frame`.
    pub fn restart(&mut self, frame: u64) {
        self.head = frame;
        self.oldest = frame;
    }

    /// How many frames may be pushed.
    pub fn room(&self) -> usize {
        (self.capacity() - (self.head - self.oldest)) as usize
    }

    /// Lets go of everything before `frame`.
    pub fn forget_before(&mut self, frame: u64) {
        self.oldest = frame.clamp(self.oldest, self.head);
    }

    /// Takes back everything from `frame` on.
    pub fn truncate(&mut self, frame: u64) {
        self.head = frame.clamp(self.oldest, self.head);
    }

    /// Appends frames of `left` and `right`, as many as there is room for.
    pub fn push(&mut self, left: &[f32], right: &[f32]) -> usize {
        let n = left.len().min(right.len()).min(self.room());
        let at = (self.head % self.capacity()) as usize;
        for (plane, new) in self.planes.iter_mut().zip([left, right]) {
            let first = n.min(plane.len() - at);
            plane[at..at + first].copy_from_slice(&new[..first]);
            plane[..n - first].copy_from_slice(&new[first..n]);
        }
        self.head += n as u64;
        n
    }

    /// Puts frames in the place of those from `frame` (one of them, or the next)
    /// on; over the first `n_fade` the old fade into the new.
    pub fn replace_from(&mut self, frame: u64, left: &[f32], right: &[f32], n_fade: usize) {
        self.truncate(frame);
        let capacity = self.capacity();
        for (plane, new) in self.planes.iter_mut().zip([left, right]) {
            for (i, &new) in new[..n_fade].iter().enumerate() {
                let x = &mut plane[((frame + i as u64) % capacity) as usize];
                *x += (new - *x) * (i as f32 / n_fade as f32);
            }
        }
        self.head += n_fade as u64;
        self.push(&left[n_fade..], &right[n_fade..]);
    }

    /// Copies `n` frames from `frame` on into `block`; what was never fed, or
    /// is gone, is silence.
    pub fn copy(&self, frame: u64, n: usize, block: &mut Block) {
        block.set_frames(n);
        let n = block.n_frames();
        let from = frame.clamp(self.oldest, self.head);
        let to = (frame + n as u64).clamp(self.oldest, self.head);
        let (skip, n_known) = ((from - frame.min(from)) as usize, to.saturating_sub(from) as usize);
        for (channel, plane) in self.planes.iter().enumerate() {
            let out = block.plane_mut(channel);
            if n_known == 0 {
                out.fill(0.0);
                continue;
            }
            out[..skip].fill(0.0);
            out[skip + n_known..].fill(0.0);
            let out = &mut out[skip..skip + n_known];
            let at = (from % self.capacity()) as usize;
            let first = n_known.min(plane.len() - at);
            out[..first].copy_from_slice(&plane[at..at + first]);
            out[first..].copy_from_slice(&plane[..n_known - first]);
        }
    }
}
