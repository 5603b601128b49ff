//! A block: a short run of frames, one plane of samples per channel.

/// Up to `capacity` frames of planar `f32`, shape `channels × frames`.
/// Full scale is ±1. Its memory is taken once, in [`Block::new`].
#[derive(Clone, Debug)]
pub struct Block {
    samples: Box<[f32]>,
    n_channels: usize,
    /// Distance of two planes.
    stride: usize,
    limit: usize,
    n_frames: usize,
}

impl Block {
    /// An empty block with room for `capacity` frames of `n_channels`.
    pub fn new(n_channels: usize, capacity: usize) -> Self {
        Block {
            samples: vec![0.0; n_channels * capacity].into_boxed_slice(),
            n_channels,
            stride: capacity,
            limit: capacity,
            n_frames: 0,
        }
    }

    /// A full block holding these planes, which must be equally long.
    pub fn from_planes(planes: &[&[f32]]) -> Self {
        let capacity = planes.first().map_or(0, |plane| plane.len());
        let mut block = Block::new(planes.len(), capacity);
        block.set_frames(capacity);
        for (channel, plane) in planes.iter().enumerate() {
            block.plane_mut(channel).copy_from_slice(plane);
        }
        block
    }

    /// How many channels.
    pub fn n_channels(&self) -> usize {
        self.n_channels
    }
    /// The most frames it can hold.
    pub fn capacity(&self) -> usize {
        self.limit
    }
    /// The frames it holds.
    pub fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// Lets it hold `n_frames` at most, within the memory it has, and empties
    /// it. A render asked for fewer frames than usual needs no other block.
    pub fn limit(&mut self, n_frames: usize) {
        self.limit = n_frames.min(self.stride);
        self.n_frames = 0;
    }

    /// Declares that the first `n_frames` (at most the capacity) are valid.
    pub fn set_frames(&mut self, n_frames: usize) {
        self.n_frames = n_frames.min(self.limit);
    }

    /// The valid samples of one channel.
    pub fn plane(&self, channel: usize) -> &[f32] {
        let start = channel * self.stride;
        &self.samples[start..start + self.n_frames]
    }

    /// The valid samples of one channel, to write.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        let start = channel * self.stride;
        &mut self.samples[start..start + self.n_frames]
    }

    /// The first two planes, to write. A stage of the chain gets stereo.
    pub fn stereo_mut(&mut self) -> (&mut [f32], &mut [f32]) {
        let (left, right) = self.samples.split_at_mut(self.stride);
        (&mut left[..self.n_frames], &mut right[..self.n_frames])
    }

    /// Sets every valid sample to 0.
    pub fn silence(&mut self) {
        for channel in 0..self.n_channels {
            self.plane_mut(channel).fill(0.0);
        }
    }

    /// Drops the first `n` frames and moves the rest to the front.
    pub fn drop_front(&mut self, n: usize) {
        let n = n.min(self.n_frames);
        for channel in 0..self.n_channels {
            self.plane_mut(channel).copy_within(n.., 0);
        }
        self.n_frames -= n;
    }
}
