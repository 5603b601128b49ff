//! A pass over a source, by one thread, or by two: one reads it, the other uses
//! what was read. Nothing of the sound depends on which is faster.

use std::sync::mpsc::sync_channel;

use auralis_core::block::Block;
use auralis_core::error::{Error, Result};
use auralis_core::flow::Source;

/// Blocks under way: enough to level out blocks that take longer than others,
/// few enough to stay in the processor's cache.
const N_BLOCKS: usize = 4;

/// Reads all of `source` in blocks of `capacity` frames, and hands each to
/// `each`, whose failure ends it. `unread` says what a failure to read is.
pub fn pass<E>(
    source: &mut (dyn Source + Send),
    capacity: usize,
    in_two: bool,
    unread: impl FnOnce(Error) -> E,
    mut each: impl FnMut(&Block) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    if in_two {
        return ahead(source, capacity, unread, each);
    }
    let mut block = Block::new(source.spec().n_channels, capacity);
    loop {
        if let Err(error) = source.read(&mut block) {
            return Err(unread(error));
        }
        each(&block)?;
        if block.n_frames() < capacity {
            return Ok(());
        }
    }
}

/// The same by two threads.
fn ahead<E>(
    source: &mut (dyn Source + Send),
    capacity: usize,
    unread: impl FnOnce(Error) -> E,
    mut each: impl FnMut(&Block) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let n_channels = source.spec().n_channels;
    std::thread::scope(|scope| {
        let (fill, filled) = sync_channel::<Result<Block>>(N_BLOCKS);
        let (empty, emptied) = sync_channel::<Block>(N_BLOCKS);
        for _ in 0..N_BLOCKS {
            // The channel has room for all of them.
            let _ = empty.send(Block::new(n_channels, capacity));
        }
        scope.spawn(move || {
            // Either channel closes when the other side has ended.
            while let Ok(mut block) = emptied.recv() {
                let read = source.read(&mut block);
                let is_last = read.is_err() || block.n_frames() < capacity;
                if fill.send(read.map(|()| block)).is_err() || is_last {
                    return;
                }
            }
        });
        for block in filled {
            match block {
                Ok(block) => {
                    each(&block)?;
                    // After the last block nobody wants it.
                    let _ = empty.send(block);
                }
                Err(error) => return Err(unread(error)),
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use auralis_core::flow::Spec;

    /// So many frames that count up, then the end or a failure.
    struct Counting {
        next: u32,
        n_frames: u32,
        fails: bool,
    }

    impl Source for Counting {
        fn spec(&self) -> Spec {
            Spec { rate: 8_000, n_channels: 1 }
        }
        fn read(&mut self, block: &mut Block) -> Result<()> {
            block.set_frames((self.n_frames - self.next) as usize);
            if block.n_frames() < block.capacity() && self.fails {
                return Err(Error::invalid("it fails"));
            }
            for x in block.plane_mut(0) {
                *x = self.next as f32;
                self.next += 1;
            }
            Ok(())
        }
        fn seek(&mut self, frame: u64) -> Result<()> {
            self.next = frame as u32;
            Ok(())
        }
        fn expected_frames(&self) -> Option<u64> {
            None
        }
    }

    fn run(
        in_two: bool,
        n_frames: u32,
        fails: bool,
        stop_at: usize,
    ) -> (Vec<f32>, std::result::Result<(), String>) {
        let mut got = Vec::new();
        let mut source = Counting { next: 0, n_frames, fails };
        let passed = pass(
            &mut source,
            10,
            in_two,
            |error| error.message.clone(),
            |block| {
                got.extend_from_slice(block.plane(0));
                if got.len() >= stop_at { Err("stopped".to_owned()) } else { Ok(()) }
            },
        );
        (got, passed)
    }

    #[test]
    fn every_frame_comes_once_and_in_order() {
        for n_frames in [0, 1, 9, 10, 11, 100, 999] {
            let want: Vec<f32> = (0..n_frames).map(|i| i as f32).collect();
            for in_two in [false, true] {
                assert_eq!(run(in_two, n_frames, false, usize::MAX), (want.clone(), Ok(())));
            }
        }
    }

    #[test]
    fn failures_of_either_side_end_it() {
        for in_two in [false, true] {
            let (got, passed) = run(in_two, 95, true, usize::MAX);
            assert_eq!((got.len(), passed), (90, Err("it fails".to_owned())));
            let (got, passed) = run(in_two, 1_000_000, false, 50);
            assert_eq!((got.len(), passed), (50, Err("stopped".to_owned())));
        }
    }
}
