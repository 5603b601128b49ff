//! The checker of laws, shown to see: stages that keep them and stages that
//! each break one.

use auralis_core::flow::Processor;
use auralis_tests::laws::{Broken, lawful};

/// A limiter in small: look-ahead delay, a gain that falls at once and rises
/// slowly, and one fault at a time.
#[derive(Clone)]
struct Toy {
    fault: Fault,
    ceiling: f32,
    gain: f32,
    delay: [Vec<f32>; 2],
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    FirstFrameOfBlock,
    GainOncePerBlock,
    ResetKeepsGain,
    ResetKeepsDelay,
    ResetKeepsPosition,
    LatencyOneMore,
    LatencyBySetting,
    NeutralOffByABit,
    TailTooShort,
    Allocates,
}

const LOOK_AHEAD: usize = 64;

impl Toy {
    fn new(fault: Fault, ceiling: f32) -> Self {
        Toy { fault, ceiling, gain: 1.0, delay: [vec![0.0; LOOK_AHEAD], vec![0.0; LOOK_AHEAD]], at: 0 }
    }
}

impl Processor for Toy {
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let n_frames = left.len();
        if self.fault == Fault::Allocates {
            std::hint::black_box(Vec::<f32>::with_capacity(n_frames + 1));
        }
        for frame in 0..n_frames {
            let peak = left[frame].abs().max(right[frame].abs());
            let wanted = if peak > self.ceiling { self.ceiling / peak } else { 1.0 };
            if self.fault != Fault::GainOncePerBlock || frame == 0 {
                self.gain = wanted.min(self.gain + 1e-4).clamp(0.0, 1.0);
            }
            for (plane, delay) in [&mut *left, &mut *right].into_iter().zip(&mut self.delay) {
                let late = std::mem::replace(&mut delay[self.at], plane[frame]);
                plane[frame] = late * self.gain;
                if self.fault == Fault::NeutralOffByABit {
                    plane[frame] *= 1.0 + f32::EPSILON;
                }
                if self.fault == Fault::FirstFrameOfBlock && frame == 0 {
                    plane[frame] = 0.0;
                }
            }
            self.at = (self.at + 1) % LOOK_AHEAD;
        }
    }

    fn latency(&self) -> usize {
        match self.fault {
            Fault::LatencyOneMore => LOOK_AHEAD + 1,
            Fault::LatencyBySetting if self.ceiling < 1.0 => LOOK_AHEAD - 1,
            _ => LOOK_AHEAD,
        }
    }

    fn tail(&self) -> usize {
        if self.fault == Fault::TailTooShort { LOOK_AHEAD - 1 } else { LOOK_AHEAD }
    }

    fn reset(&mut self) {
        if self.fault != Fault::ResetKeepsGain {
            self.gain = 1.0;
        }
        if self.fault != Fault::ResetKeepsDelay {
            self.delay.iter_mut().for_each(|delay| delay.fill(0.0));
        }
        // Where a ring stands is not heard once it is empty.
        if self.fault != Fault::ResetKeepsPosition {
            self.at = 0;
        }
    }
}

#[track_caller]
fn check(fault: Fault, caught: fn(&Broken) -> bool) {
    let outcome = lawful(|| Toy::new(fault, 0.3), || Toy::new(fault, 100.0));
    match outcome {
        Ok(()) => panic!("{fault:?} was not caught"),
        Err(broken) => assert!(caught(&broken), "{fault:?} was caught as: {broken}"),
    }
}

#[test]
fn a_lawful_stage_passes() {
    for fault in [Fault::None, Fault::ResetKeepsPosition] {
        lawful(|| Toy::new(fault, 0.3), || Toy::new(fault, 100.0))
            .unwrap_or_else(|broken| panic!("{broken}"));
    }
}

#[test]
fn each_law_broken_once_is_caught_as_that_law() {
    check(Fault::FirstFrameOfBlock, |broken| matches!(broken, Broken::Partition(_)));
    check(Fault::GainOncePerBlock, |broken| matches!(broken, Broken::Partition(_)));
    check(Fault::ResetKeepsGain, |broken| matches!(broken, Broken::Reset(_)));
    check(Fault::ResetKeepsDelay, |broken| matches!(broken, Broken::Reset(_)));
    check(Fault::LatencyOneMore, |broken| matches!(broken, Broken::Neutral(_)));
    check(Fault::LatencyBySetting, |broken| matches!(broken, Broken::Neutral(_)));
    check(Fault::NeutralOffByABit, |broken| matches!(broken, Broken::Neutral(_)));
    check(Fault::TailTooShort, |broken| matches!(broken, Broken::Tail(_)));
    check(Fault::Allocates, |broken| matches!(broken, Broken::Allocates(_)));
}
