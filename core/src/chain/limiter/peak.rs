//! The true peak at each frame, by eightfold interpolation (ITU-R BS.1770-5,
//! annex 2, wants fourfold), done only where a peak can be near.

use super::STRIDE;
use crate::math::f64::{cos, sin};
use crate::math::larger;

/// Points read per frame.
const FOLD: usize = 8;
/// Samples an interpolated one depends on; half of them lie ahead.
const TAPS: usize = 24;
/// Frames of the past that are needed.
pub const PAST: usize = TAPS - 1;
/// By how many frames a peak is known late.
pub const AHEAD: usize = TAPS / 2;
/// Frames interpolated at a time: their sums stay in registers.
const GROUP: usize = 16;
/// Frames of which the extent is known together; a group's peaks depend on
/// [`REACH`] pieces of them.
const PIECE: usize = 8;
/// See [`PIECE`].
const REACH: usize = (PAST + GROUP).div_ceil(PIECE);
/// Pieces of a stride with its past.
const PIECES: usize = (PAST + STRIDE).div_ceil(PIECE);
/// Why a part of a stride is there.
const WHOLE: &str = "a stride holds whole groups and pieces";

/// The interpolator.
#[derive(Clone, Debug)]
pub struct Peaks {
    phases: [[f32; TAPS]; FOLD - 1],
    /// No interpolated magnitude exceeds `level` times the largest sample's and
    /// `bend` times the largest second difference's around it.
    level: f32,
    bend: f32,
}

/// The largest magnitudes of a piece's samples and of their second differences,
/// in four lanes.
#[derive(Clone, Copy, Default)]
struct Extent {
    loudest: [f32; 4],
    sharpest: [f32; 4],
}

/// The points between two frames, of a Hann-windowed sinc.
fn phases() -> [[f64; TAPS]; FOLD - 1] {
    const HALF: f64 = (TAPS / 2) as f64;
    std::array::from_fn(|phase| {
        let at = (phase + 1) as f64 / FOLD as f64;
        std::array::from_fn(|tap| {
            // The point lies between the two taps in the middle.
            let t = (tap as f64 - HALF + 1.0) - at;
            let x = std::f64::consts::PI * t;
            let hann = 0.5 + 0.5 * cos(x / HALF);
            if t.abs() >= HALF { 0.0 } else { sin(x) / x * hann }
        })
    })
}

/// `level` and `bend` of one phase. What it adds to the straight line between
/// the two samples in the middle, less a trace `rest` of these, sums to 0 and so
/// does its first moment: it is a weighted sum of second differences.
fn bounds(taps: &[f64; TAPS], at: f64) -> (f64, f64) {
    const MIDDLE: usize = TAPS / 2 - 1;
    let mut beyond = *taps;
    beyond[MIDDLE] -= 1.0 - at;
    beyond[MIDDLE + 1] -= at;
    let sum: f64 = beyond.iter().sum();
    let moment: f64 = beyond.iter().enumerate().map(|(tap, x)| (tap as f64 - MIDDLE as f64) * x).sum();
    let rest = [sum - moment, moment];
    beyond[MIDDLE] -= rest[0];
    beyond[MIDDLE + 1] -= rest[1];
    let (mut once, mut twice, mut bend) = (0.0, 0.0, 0.0);
    for x in beyond {
        once += x;
        twice += once;
        bend += f64::abs(twice);
    }
    (1.0 + rest[0].abs() + rest[1].abs(), bend)
}

impl Peaks {
    /// Works out the phases.
    pub fn new() -> Self {
        let phases = phases();
        let (mut level, mut bend) = (0.0, 0.0);
        for (phase, taps) in phases.iter().enumerate() {
            let (l, b) = bounds(taps, (phase + 1) as f64 / FOLD as f64);
            level = f64::max(level, l);
            bend = f64::max(bend, b);
        }
        // A little more, for the rounding of the sums.
        let (level, bend) = ((level * 1.001) as f32, (bend * 1.001) as f32);
        Peaks { phases: phases.map(|taps| taps.map(|tap| tap as f32)), level, bend }
    }

    /// The largest magnitude at or just after each frame, in `peaks`; 0 where
    /// none can reach `aim`. `recent` holds, per channel, the frames of the past
    /// and then those whose peaks become known. Says whether any can.
    pub fn read(&self, recent: &[[f32; PAST + STRIDE]; 2], aim: f32, peaks: &mut [f32]) -> bool {
        let mut any = false;
        for recent in recent {
            let extents = extents(recent, peaks.len());
            for (group, peaks) in peaks.chunks_mut(GROUP).enumerate() {
                if self.can_reach(&extents[group * GROUP / PIECE..], aim) {
                    any = true;
                    self.interpolate(recent[group * GROUP..].first_chunk().expect(WHOLE), peaks);
                }
            }
        }
        any
    }

    fn can_reach(&self, extents: &[Extent], aim: f32) -> bool {
        let [mut loudest, mut sharpest] = [[0.0f32; 4]; 2];
        for extent in &extents[..REACH] {
            for i in 0..4 {
                loudest[i] = larger(loudest[i], extent.loudest[i]);
                sharpest[i] = larger(sharpest[i], extent.sharpest[i]);
            }
        }
        let most = |x: [f32; 4]| larger(larger(x[0], x[1]), larger(x[2], x[3]));
        self.level * most(loudest) + self.bend * most(sharpest) >= aim
    }

    fn interpolate(&self, recent: &[f32; PAST + GROUP], peaks: &mut [f32]) {
        let mut most = [0.0f32; GROUP];
        for (most, x) in most.iter_mut().zip(&recent[TAPS / 2 - 1..]) {
            *most = x.abs();
        }
        for taps in &self.phases {
            let mut sums = [0.0f32; GROUP];
            for (tap, &weight) in taps.iter().enumerate() {
                for (sum, &x) in sums.iter_mut().zip(&recent[tap..tap + GROUP]) {
                    *sum += weight * x;
                }
            }
            for (most, sum) in most.iter_mut().zip(sums) {
                *most = larger(*most, sum.abs());
            }
        }
        for (peak, most) in peaks.iter_mut().zip(most) {
            *peak = larger(*peak, most);
        }
    }
}

/// The extents of all pieces that the peaks of `n_frames` depend on.
fn extents(recent: &[f32; PAST + STRIDE], n_frames: usize) -> [Extent; PIECES] {
    let n_pieces = n_frames.div_ceil(GROUP) * GROUP / PIECE + REACH - GROUP / PIECE;
    let mut all = [Extent::default(); PIECES];
    for (piece, extent) in all.iter_mut().enumerate().take(n_pieces) {
        // The last overlaps the one before it.
        let at = (piece * PIECE).min(PAST + STRIDE - PIECE - 2);
        *extent = Extent::of(recent[at..].first_chunk().expect(WHOLE));
    }
    all
}

impl Extent {
    #[inline(always)]
    fn of(x: &[f32; PIECE + 2]) -> Self {
        let [mut loudest, mut sharpest] = [[0.0f32; 4]; 2];
        for at in [0, 4] {
            for i in 0..4 {
                let [a, b, c] = [x[at + i], x[at + i + 1], x[at + i + 2]];
                // Pieces meet at both ends.
                loudest[i] = larger(loudest[i], larger(a.abs(), c.abs()));
                sharpest[i] = larger(sharpest[i], ((a - b) + (c - b)).abs());
            }
        }
        Extent { loudest, sharpest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_stays_under_the_aim() {
        let peaks = Peaks::new();
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        let (mut n_passed, mut n_read) = (0, 0);
        for n in 0..20_000 {
            // Smooth, rough and of signs that suit one phase worst.
            let mut recent = [0.0f32; PAST + STRIDE];
            let (mut low, share) = (0.0, 0.05 + 0.95 * (n % 20) as f32 / 19.0);
            for (i, x) in recent.iter_mut().enumerate() {
                low += (noise() - low) * share;
                let worst = peaks.phases[n % 7][i % TAPS].signum();
                *x = if n % 3 == 0 { worst * 0.4 } else { low };
            }
            let n_frames = 1 + n % STRIDE;
            for aim in [0.3, 0.5, 0.8] {
                let mut read = [0.0; STRIDE];
                peaks.read(&[recent; 2], aim, &mut read[..n_frames]);
                for (group, read) in read[..n_frames].chunks(GROUP).enumerate() {
                    let mut whole = [0.0; GROUP];
                    peaks.interpolate(recent[group * GROUP..].first_chunk().expect(WHOLE), &mut whole);
                    let highest = whole[..read.len()].iter().copied().fold(0.0, larger);
                    if read.iter().any(|&peak| peak > 0.0) {
                        n_read += 1;
                        assert_eq!(read, &whole[..read.len()]);
                    } else {
                        n_passed += 1;
                        assert!(highest < aim, "{highest} was passed over at an aim of {aim}");
                    }
                }
            }
        }
        assert!(n_passed > 5_000 && n_read > 5_000, "{n_passed} passed over, {n_read} read");
    }

    /// Its side lobes reach far and are low: an aim far lower misses nothing.
    #[test]
    fn one_sample_is_seen_by_all_that_depend_on_it_wherever_it_stands() {
        let peaks = Peaks::new();
        for at in 0..PAST + STRIDE {
            let mut recent = [0.0f32; PAST + STRIDE];
            recent[at] = 1.0;
            for n_frames in [1, 16, 17, STRIDE] {
                let (mut read, mut whole) = ([0.0; STRIDE], [0.0; STRIDE]);
                for (group, whole) in whole[..n_frames].chunks_mut(GROUP).enumerate() {
                    peaks.interpolate(recent[group * GROUP..].first_chunk().expect(WHOLE), whole);
                }
                peaks.read(&[recent; 2], 1e-4, &mut read[..n_frames]);
                for (frame, (read, whole)) in read.into_iter().zip(whole).enumerate() {
                    assert!(read == whole || whole < 1e-4, "sample {at}, frame {frame}: {read} for {whole}");
                }
            }
        }
    }
}
