//! The three contracts that carry sound, and the one loop that moves it.

use crate::block::Block;
use crate::error::Result;

/// The shape of a stream of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Frames per second.
    pub rate: u32,
    /// Samples per frame.
    pub n_channels: usize,
}

/// Something one pulls frames from.
pub trait Source {
    /// Its shape, which never changes.
    fn spec(&self) -> Spec;

    /// Fills `block` (of this source's channels) up to its capacity and sets
    /// its frame count. Fewer frames than the capacity mean the end; after the
    /// end every call gives 0 frames.
    fn read(&mut self, block: &mut Block) -> Result<()>;

    /// Moves to `frame`. *Source law*: what follows is, bit for bit, what
    /// reading from 0 gives from there on. At or past the end, nothing follows.
    fn seek(&mut self, frame: u64) -> Result<()>;

    /// How many frames there are, as far as is known before they are counted.
    fn expected_frames(&self) -> Option<u64>;
}

/// One stage of sound, in place: same rate, same shape.
///
/// Laws, held for every stage in `tests/laws.rs`:
/// 1. cutting the input anywhere yields the same samples;
/// 2. `reset` makes a used stage equal to a new one;
/// 3. at neutral settings it is a pure delay of `latency()`, and no setting
///    changes that number;
/// 4. after the input ends, `tail()` frames later all is silent;
/// 5. `run` neither allocates, locks, logs nor fails.
pub trait Processor: Send {
    /// Replaces these frames, equally many of both channels, by the processed
    /// ones.
    fn run(&mut self, left: &mut [f32], right: &mut [f32]);
    /// The same for the frames of a block.
    fn process(&mut self, block: &mut Block) {
        let (left, right) = block.stereo_mut();
        self.run(left, right);
    }
    /// Delay in frames at the sound's rate.
    fn latency(&self) -> usize {
        0
    }
    /// Frames still sounding after the input ends, latency included.
    fn tail(&self) -> usize {
        self.latency()
    }
    /// Forgets all sound; settings stay.
    fn reset(&mut self);
}

/// What a [`Sink`] wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appetite {
    /// More frames.
    More,
    /// No more: the flow ends cleanly here.
    Enough,
}

/// Something one pushes frames into.
pub trait Sink {
    /// Takes the block's frames.
    fn write(&mut self, block: &Block) -> Result<Appetite>;
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn spec(&self) -> Spec {
        (**self).spec()
    }
    fn read(&mut self, block: &mut Block) -> Result<()> {
        (**self).read(block)
    }
    fn seek(&mut self, frame: u64) -> Result<()> {
        (**self).seek(frame)
    }
    fn expected_frames(&self) -> Option<u64> {
        (**self).expected_frames()
    }
}

/// Moves frames from `source` to `sink`, block by block, until either has had
/// enough; returns how many frames were moved.
pub fn pump(source: &mut dyn Source, sink: &mut dyn Sink, block: &mut Block) -> Result<u64> {
    let mut n_moved = 0;
    loop {
        source.read(block)?;
        n_moved += block.n_frames() as u64;
        let ended = block.n_frames() < block.capacity();
        if sink.write(block)? == Appetite::Enough || ended {
            return Ok(n_moved);
        }
    }
}

/// A source of stereo made from one of any channel count (see [`Downmix`]).
pub struct Stereo<S> {
    inner: S,
    wide: Block,
    downmix: Downmix,
}

impl<S: Source> Stereo<S> {
    /// Hears `inner` in stereo.
    pub fn new(inner: S) -> Self {
        let n_channels = inner.spec().n_channels;
        Stereo { inner, wide: Block::new(n_channels, 0), downmix: Downmix::new(n_channels) }
    }

    /// The source underneath.
    pub fn inner(&self) -> &S {
        &self.inner
    }
    /// The source underneath, to change.
    pub fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S: Source> Source for Stereo<S> {
    fn spec(&self) -> Spec {
        Spec { rate: self.inner.spec().rate, n_channels: 2 }
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        if self.wide.capacity() != block.capacity() {
            self.wide = Block::new(self.inner.spec().n_channels, block.capacity());
        }
        self.inner.read(&mut self.wide)?;
        self.downmix.mix(&self.wide, block);
        Ok(())
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        self.inner.seek(frame)
    }
    fn expected_frames(&self) -> Option<u64> {
        self.inner.expected_frames()
    }
}

/// The stereo downmix of ITU-R BS.775-4, table 2: centre and surrounds at
/// −3 dB, LFE left out, back centre shared. Channels are in the usual file
/// order (L R C LFE Ls Rs … as WAVE and FLAC have it). Mono becomes two equal
/// channels. The sum is not normalised, so stereo passes bit for bit.
#[derive(Clone, Debug)]
pub struct Downmix {
    /// `[to left, to right]` per source channel.
    gains: Vec<[f32; 2]>,
}

impl Downmix {
    /// The downmix for a layout of `n_channels` (1–8).
    pub fn new(n_channels: usize) -> Self {
        const H: f32 = std::f32::consts::FRAC_1_SQRT_2;
        const LEFT: [f32; 2] = [1.0, 0.0];
        const RIGHT: [f32; 2] = [0.0, 1.0];
        const CENTRE: [f32; 2] = [H, H];
        const LFE: [f32; 2] = [0.0, 0.0];
        const LS: [f32; 2] = [H, 0.0];
        const RS: [f32; 2] = [0.0, H];
        /// Back centre: −3 dB into each surround, so −6 dB to each side.
        const BACK: [f32; 2] = [0.5, 0.5];
        let gains: &[[f32; 2]] = match n_channels {
            1 => &[[1.0, 1.0]],
            2 => &[LEFT, RIGHT],
            3 => &[LEFT, RIGHT, CENTRE],
            4 => &[LEFT, RIGHT, LS, RS],
            5 => &[LEFT, RIGHT, CENTRE, LS, RS],
            6 => &[LEFT, RIGHT, CENTRE, LFE, LS, RS],
            7 => &[LEFT, RIGHT, CENTRE, LFE, BACK, LS, RS],
            _ => &[LEFT, RIGHT, CENTRE, LFE, LS, RS, LS, RS],
        };
        Downmix { gains: gains.to_vec() }
    }

    /// Mixes `wide` into the stereo block `narrow`.
    pub fn mix(&self, wide: &Block, narrow: &mut Block) {
        narrow.set_frames(wide.n_frames());
        let (left, right) = narrow.stereo_mut();
        if let [[1.0, 0.0], [0.0, 1.0]] = self.gains[..] {
            left.copy_from_slice(wide.plane(0));
            right.copy_from_slice(wide.plane(1));
            return;
        }
        left.fill(0.0);
        right.fill(0.0);
        for (channel, &[to_left, to_right]) in self.gains.iter().enumerate() {
            for ((l, r), &x) in left.iter_mut().zip(right.iter_mut()).zip(wide.plane(channel)) {
                if to_left != 0.0 {
                    *l += to_left * x;
                }
                if to_right != 0.0 {
                    *r += to_right * x;
                }
            }
        }
    }
}
