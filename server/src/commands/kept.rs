//! Sound kept in memory between two passes, so that a file is decoded once:
//! bit for bit what was read, each run of frames as small as that allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auralis_core::block::Block;
use auralis_core::error::Result;
use auralis_core::flow::{Source, Spec};

/// Bytes that all may take together that keep something.
#[derive(Clone)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// So many.
    pub fn new(n_bytes: usize) -> Self {
        Budget(Arc::new(AtomicUsize::new(n_bytes)))
    }

    /// Takes so many, if there are.
    fn take(&self, n_bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(n_bytes);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn give_back(&self, n_bytes: usize) {
        self.0.fetch_add(n_bytes, Ordering::Relaxed);
    }
}

/// A source that keeps what is read of it, from the first frame on, unless that
/// takes more than there is for it.
pub struct Keeping<S> {
    inner: S,
    /// What was read; `None` once it was too much.
    kept: Option<Kept>,
}

impl<S: Source> Keeping<S> {
    /// Keeps `inner`, which stands at its first frame, within this budget.
    pub fn new(inner: S, budget: &Budget) -> Self {
        let taken = Taken { budget: budget.clone(), n_bytes: 0 };
        let kept = Kept { spec: inner.spec(), runs: Vec::new(), n_frames: 0, position: 0, taken };
        Keeping { inner, kept: Some(kept) }
    }

    /// The source underneath.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// What was kept, from its first frame on, if it is all that was read.
    pub fn into_kept(self) -> Option<Kept> {
        self.kept
    }
}

impl<S: Source> Source for Keeping<S> {
    fn spec(&self) -> Spec {
        self.inner.spec()
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        self.inner.read(block)?;
        if let Some(kept) = &mut self.kept {
            let run = Run::of(block, kept.n_frames);
            if kept.taken.more(run.n_bytes()) {
                kept.n_frames += block.n_frames() as u64;
                kept.runs.push(run);
            } else {
                self.kept = None;
            }
        }
        Ok(())
    }

    /// What is kept has no gaps: after a seek nothing is.
    fn seek(&mut self, frame: u64) -> Result<()> {
        self.kept = None;
        self.inner.seek(frame)
    }

    fn expected_frames(&self) -> Option<u64> {
        self.inner.expected_frames()
    }
}

/// A source of the frames that were kept.
pub struct Kept {
    spec: Spec,
    runs: Vec<Run>,
    n_frames: u64,
    position: u64,
    taken: Taken,
}

/// What was taken of a budget, until it is dropped.
struct Taken {
    budget: Budget,
    n_bytes: usize,
}

impl Taken {
    fn more(&mut self, n_bytes: usize) -> bool {
        let is_there = self.budget.take(n_bytes);
        self.n_bytes += if is_there { n_bytes } else { 0 };
        is_there
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.budget.give_back(self.n_bytes);
    }
}

impl Source for Kept {
    fn spec(&self) -> Spec {
        self.spec
    }

    fn read(&mut self, block: &mut Block) -> Result<()> {
        let left = usize::try_from(self.n_frames - self.position).unwrap_or(usize::MAX);
        block.set_frames(left);
        let mut run_idx = self.runs.partition_point(|run| run.end() <= self.position);
        let mut n_filled = 0;
        while n_filled < block.n_frames() {
            let run = &self.runs[run_idx];
            let from = (self.position - run.start) as usize;
            let n = (block.n_frames() - n_filled).min(run.n_frames - from);
            for channel in 0..self.spec.n_channels {
                run.copy(channel, from, &mut block.plane_mut(channel)[n_filled..n_filled + n]);
            }
            n_filled += n;
            self.position += n as u64;
            run_idx += 1;
        }
        Ok(())
    }

    fn seek(&mut self, frame: u64) -> Result<()> {
        self.position = frame.min(self.n_frames);
        Ok(())
    }

    fn expected_frames(&self) -> Option<u64> {
        Some(self.n_frames)
    }
}

/// Frames `start` and on, plane after plane.
struct Run {
    start: u64,
    n_frames: usize,
    samples: Samples,
}

/// Samples of one width; those of 24 bits are apart as 16 and 8.
enum Samples {
    Of16(Box<[i16]>),
    Of24(Box<[i16]>, Box<[u8]>),
    Of32(Box<[f32]>),
}

const STEPS_16: f32 = 32_768.0;
const STEPS_24: f32 = 8_388_608.0;

impl Run {
    fn of(block: &Block, start: u64) -> Self {
        let planes = || (0..block.n_channels()).flat_map(|channel| block.plane(channel).iter().copied());
        let is_exact = |steps: f32, most: f32| {
            let returns = |x: f32| (x * steps) as i32 as f32 / steps;
            planes().all(|x| returns(x).to_bits() == x.to_bits() && (-most..most).contains(&x))
        };
        let samples = if is_exact(STEPS_16, 1.0) {
            Samples::Of16(planes().map(|x| (x * STEPS_16) as i16).collect())
        } else if is_exact(STEPS_24, 1.0) {
            let steps = || planes().map(|x| (x * STEPS_24) as i32);
            Samples::Of24(
                steps().map(|step| (step >> 8) as i16).collect(),
                steps().map(|step| step as u8).collect(),
            )
        } else {
            Samples::Of32(planes().collect())
        };
        Run { start, n_frames: block.n_frames(), samples }
    }

    fn end(&self) -> u64 {
        self.start + self.n_frames as u64
    }

    fn n_bytes(&self) -> usize {
        match &self.samples {
            Samples::Of16(steps) => 2 * steps.len(),
            Samples::Of24(high, _) => 3 * high.len(),
            Samples::Of32(samples) => 4 * samples.len(),
        }
    }

    fn copy(&self, channel: usize, from: usize, out: &mut [f32]) {
        let at = channel * self.n_frames + from;
        let range = at..at + out.len();
        match &self.samples {
            Samples::Of16(steps) => {
                out.iter_mut().zip(&steps[range]).for_each(|(x, &step)| *x = f32::from(step) / STEPS_16);
            }
            Samples::Of24(high, low) => {
                for ((x, &high), &low) in out.iter_mut().zip(&high[range.clone()]).zip(&low[range]) {
                    *x = (i32::from(high) << 8 | i32::from(low)) as f32 / STEPS_24;
                }
            }
            Samples::Of32(samples) => out.copy_from_slice(&samples[range]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames, channel by channel, given in blocks.
    struct Planes(Vec<Vec<f32>>, usize);

    impl Source for Planes {
        fn spec(&self) -> Spec {
            Spec { rate: 44_100, n_channels: self.0.len() }
        }
        fn read(&mut self, block: &mut Block) -> Result<()> {
            let at = self.1;
            block.set_frames(self.0[0].len() - at);
            self.1 += block.n_frames();
            for channel in 0..self.0.len() {
                block.plane_mut(channel).copy_from_slice(&self.0[channel][at..self.1]);
            }
            Ok(())
        }
        fn seek(&mut self, frame: u64) -> Result<()> {
            self.1 = frame as usize;
            Ok(())
        }
        fn expected_frames(&self) -> Option<u64> {
            None
        }
    }

    fn read_bits(source: &mut dyn Source, size: usize) -> Vec<Vec<u32>> {
        let mut block = Block::new(source.spec().n_channels, size);
        let mut bits = vec![Vec::new(); source.spec().n_channels];
        loop {
            source.read(&mut block).unwrap();
            for (channel, bits) in bits.iter_mut().enumerate() {
                bits.extend(block.plane(channel).iter().map(|x| x.to_bits()));
            }
            if block.n_frames() < size {
                return bits;
            }
        }
    }

    /// Samples of so many bits; with 32, any floats at all.
    fn sound(n_bits: u32, n_channels: u32, n_frames: u32) -> Vec<Vec<f32>> {
        let sample = |channel: u32, i: u32| {
            let random = (i * n_channels + channel).wrapping_add(1).wrapping_mul(2_654_435_761);
            match n_bits {
                32 => f32::from_bits(random),
                _ => (random as i32 >> (32 - n_bits)) as f32 / (1_u32 << (n_bits - 1)) as f32,
            }
        };
        (0..n_channels).map(|channel| (0..n_frames).map(|i| sample(channel, i)).collect()).collect()
    }

    #[test]
    fn what_is_kept_is_what_was_read() {
        for (n_bits, n_bytes) in [(8, 2), (16, 2), (17, 3), (24, 3), (32, 4)] {
            for n_channels in [1, 2, 6] {
                let planes = sound(n_bits, n_channels, 10_000);
                let all = n_bytes * n_channels as usize * 10_000;
                let mut keeping = Keeping::new(Planes(planes.clone(), 0), &Budget::new(all));
                let want = read_bits(&mut keeping, 1_000);
                let mut kept = keeping.into_kept().expect("it fits");
                for size in [1_000, 4_096, 333, 20_000] {
                    kept.seek(0).unwrap();
                    assert!(read_bits(&mut kept, size) == want, "{n_bits} bits by {size}");
                }
                kept.seek(7_777).unwrap();
                assert!(read_bits(&mut kept, 500)[0] == want[0][7_777..]);
                let mut keeping = Keeping::new(Planes(planes, 0), &Budget::new(all - 1));
                assert!(read_bits(&mut keeping, 1_000) == want);
                assert!(keeping.into_kept().is_none(), "{n_bits} bits take more than they may");
            }
        }
    }

    #[test]
    fn what_no_integer_holds_is_kept_too() {
        let odd = [-0.0, 1.0, -1.0, f32::NAN, f32::INFINITY, 1e-30, 0.999_999_94];
        let planes = Planes(odd.iter().map(|&x| vec![0.5, x]).collect(), 0);
        let mut keeping = Keeping::new(planes, &Budget::new(1_000));
        let want = read_bits(&mut keeping, 100);
        assert!(read_bits(&mut keeping.into_kept().expect("it fits"), 100) == want);
    }

    #[test]
    fn one_budget_is_shared_and_given_back() {
        let budget = Budget::new(2 * 10_000);
        let keep = |n_frames: u32| {
            let mut keeping = Keeping::new(Planes(sound(16, 1, n_frames), 0), &budget);
            read_bits(&mut keeping, 1_000);
            keeping.into_kept()
        };
        let first = keep(6_000);
        assert!(first.is_some() && keep(6_000).is_none(), "the first has its share");
        assert!(keep(4_000).is_some(), "what did not fit took nothing");
        drop(first);
        assert!(keep(10_000).is_some(), "all is there again");
    }
}
