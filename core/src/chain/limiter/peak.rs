//! The true peak at each frame, by eightfold interpolation (ITU-R BS.1770-5,
//! annex 2, wants fourfold), done only where a peak can be near.
//!
//! Points are found by halves: those in the middle of two frames by a long
//! filter, those between these by shorter and shorter ones, for the finer the
//! grid, the slower is the sound on it.

use super::STRIDE;
use crate::math::f64::{cos, sin};
use crate::math::four::f32x4;
use crate::meter::{Extent, PIECE, Reach};

/// Points read per frame.
const FOLD: usize = 8;
/// Frames that a point in the middle of two frames depends on.
const TAPS: usize = 24;
/// Such points before and after it that any point depends on.
const BEYOND: usize = 2;
/// Frames that any point depends on; half of them lie ahead.
const SPAN: usize = TAPS + 2 * BEYOND;
/// Frames of the past that are needed.
pub const PAST: usize = SPAN - 1;
/// By how many frames a peak is known late.
pub const AHEAD: usize = SPAN / 2;
/// Half the filter of the quarter points, from its middle on: of six taps the
/// ones whose largest error up to 20 kHz at 44.1 kHz is least, 0.02 dB.
const QUARTER: [f32; 3] = [0.599_523, -0.121_067, 0.021_544];
/// Half the filter of the eighth points: of four taps, with 0.01 dB.
const EIGHTH: [f32; 2] = [0.567_678, -0.067_678];
/// Frames interpolated at a time: their sums stay in registers.
const GROUP: usize = 16;
/// Points in the middle that a group depends on.
const MIDDLES: usize = GROUP + 2 * BEYOND;
/// Room for points, in whole lanes.
const ROOM: usize = MIDDLES + 4;
/// Pieces that a group's peaks depend on.
const REACH: usize = (PAST + GROUP).div_ceil(PIECE);
/// Pieces of a stride with its past.
const PIECES: usize = (PAST + STRIDE).div_ceil(PIECE);
/// Why a part of a stride is there.
pub const WHOLE: &str = "a stride holds whole groups and pieces";

/// The interpolator.
#[derive(Clone, Debug)]
pub struct Peaks {
    /// Half the filter of the points in the middle, its end first.
    middle: [f32; TAPS / 2],
    reach: Reach,
}

/// Half a Hann-windowed sinc, its end first.
fn middle() -> [f32; TAPS / 2] {
    const HALF: f64 = (TAPS / 2) as f64;
    std::array::from_fn(|tap| {
        let t = HALF - 0.5 - tap as f64;
        let x = std::f64::consts::PI * t;
        let hann = 0.5 + 0.5 * cos(x / HALF);
        (sin(x) / x * hann) as f32
    })
}

impl Peaks {
    /// Works out the filters.
    pub fn new() -> Self {
        let mut new = Peaks { middle: middle(), reach: Reach::default() };
        for (phase, taps) in new.phases().iter().enumerate() {
            new.reach = new.reach.or(Reach::of(taps, (phase + 1) as f64 / FOLD as f64));
        }
        new
    }

    /// The weight of every frame in every point between two: what the first pair
    /// of a group makes of single samples.
    fn phases(&self) -> [[f32; SPAN]; FOLD - 1] {
        let mut phases = [[0.0; SPAN]; FOLD - 1];
        for tap in 0..SPAN {
            let mut recent = [0.0; PAST + GROUP];
            recent[tap] = 1.0;
            self.points(&recent, |at, points| {
                if at == 0 {
                    phases.iter_mut().zip(points).for_each(|(taps, x)| taps[tap] = x.as_array()[0]);
                }
            });
        }
        phases
    }

    /// The largest magnitude at or just after each of `n_frames`, in `peaks`; 0
    /// where none can reach `aim`. `recent` holds, per channel, the frames of the
    /// past and then those whose peaks become known. Says whether any can.
    pub fn read(
        &self,
        recent: [&[f32; PAST + STRIDE]; 2],
        n_frames: usize,
        aim: f32,
        peaks: &mut [f32; STRIDE],
    ) -> bool {
        let mut any = false;
        for recent in recent {
            let extents = extents(recent, n_frames);
            for at in (0..n_frames).step_by(GROUP) {
                if self.can_reach(&extents[at / PIECE..], aim) {
                    any = true;
                    let peaks = peaks[at..].first_chunk_mut().expect(WHOLE);
                    self.interpolate(recent[at..].first_chunk().expect(WHOLE), peaks);
                }
            }
        }
        any
    }

    fn can_reach(&self, extents: &[Extent], aim: f32) -> bool {
        let all = extents[..REACH].iter().copied().fold(Extent::default(), Extent::and);
        self.reach.over(all) >= aim
    }

    /// Hands out the points between each frame of a group and the next, four
    /// frames at a time: `take(the first of these, points by phase)`.
    #[inline(always)]
    fn points(&self, recent: &[f32; PAST + GROUP], mut take: impl FnMut(usize, [f32x4; FOLD - 1])) {
        // From here on counted from the frame before the group's first; a point
        // that is called like a frame follows it.
        let x = &recent[SPAN / 2 - 2..];
        let middles = self.middles(recent);
        let h = &middles[BEYOND - 1..];
        let (mut first, mut third) = ([0.0; ROOM], [0.0; ROOM]);
        for i in (0..=GROUP).step_by(4) {
            let [x0, x1, x2] = [lanes(x, i), lanes(x, i + 1), lanes(x, i + 2)];
            let [before, now, next, after] = std::array::from_fn(|n| lanes(&middles, i + n));
            let [a, b, c] = QUARTER.map(f32x4::splat);
            put(&mut third, i, a * (now + x1) + (b * (x0 + next) + c * (before + x2)));
            put(&mut first, i + 1, a * (x1 + next) + (b * (now + x2) + c * (x0 + after)));
        }
        for i in (0..GROUP).step_by(4) {
            let (now, next, middle) = (lanes(x, i + 1), lanes(x, i + 2), lanes(h, i + 1));
            let (before, three) = (lanes(&third, i), lanes(&third, i + 1));
            let (one, after) = (lanes(&first, i + 1), lanes(&first, i + 2));
            let [a, b] = EIGHTH.map(f32x4::splat);
            let [half, quarter] =
                [a * (now + one) + b * (before + middle), a * (one + middle) + b * (now + three)];
            let [later, last] =
                [a * (middle + three) + b * (one + next), a * (three + next) + b * (middle + after)];
            take(i, [half, one, quarter, middle, later, three, last]);
        }
    }

    /// The points in the middle of two frames, from [`BEYOND`] before the group's
    /// first on.
    #[inline(always)]
    fn middles(&self, recent: &[f32; PAST + GROUP]) -> [f32; ROOM] {
        let mut sums = [f32x4::ZERO; MIDDLES / 4];
        for (tap, &weight) in self.middle.iter().enumerate() {
            let (near, far) = (&recent[tap..], &recent[TAPS - 1 - tap..]);
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum += f32x4::splat(weight) * (lanes(near, 4 * at) + lanes(far, 4 * at));
            }
        }
        let mut middles = [0.0; ROOM];
        for (at, sum) in sums.into_iter().enumerate() {
            put(&mut middles, 4 * at, sum);
        }
        middles
    }

    fn interpolate(&self, recent: &[f32; PAST + GROUP], peaks: &mut [f32; GROUP]) {
        self.points(recent, |at, points| {
            let mut most = lanes(&peaks[..], at).fast_max(lanes(&recent[SPAN / 2 - 1..], at).abs());
            for point in points {
                most = most.fast_max(point.abs());
            }
            peaks[at..at + 4].copy_from_slice(most.as_array());
        });
    }
}

#[inline(always)]
fn lanes(x: &[f32], at: usize) -> f32x4 {
    f32x4::from(*x[at..].first_chunk::<4>().expect(WHOLE))
}

#[inline(always)]
fn put(x: &mut [f32; ROOM], at: usize, lanes: f32x4) {
    x[at..at + 4].copy_from_slice(lanes.as_array());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::larger;

    #[test]
    fn what_is_passed_over_stays_under_the_aim() {
        let peaks = Peaks::new();
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        let (phases, mut n_passed, mut n_read) = (peaks.phases(), 0, 0);
        for n in 0..20_000 {
            // Smooth, rough and of signs that suit one phase worst.
            let mut recent = [0.0f32; PAST + STRIDE];
            let (mut low, share) = (0.0, 0.05 + 0.95 * (n % 20) as f32 / 19.0);
            for (i, x) in recent.iter_mut().enumerate() {
                low += (noise() - low) * share;
                let worst = phases[n % 7][i % SPAN].signum();
                *x = if n % 3 == 0 { worst * 0.4 } else { low };
            }
            let n_frames = 1 + n % STRIDE;
            for aim in [0.3, 0.5, 0.8] {
                let mut read = [0.0; STRIDE];
                peaks.read([&recent; 2], n_frames, aim, &mut read);
                for at in (0..n_frames).step_by(GROUP) {
                    let read = &read[at..at + GROUP];
                    let mut whole = [0.0; GROUP];
                    peaks.interpolate(recent[at..].first_chunk().expect(WHOLE), &mut whole);
                    if read.iter().any(|&peak| peak > 0.0) {
                        n_read += 1;
                        assert_eq!(read, &whole);
                    } else {
                        n_passed += 1;
                        let highest = whole.into_iter().fold(0.0, larger);
                        assert!(highest < aim, "{highest} was passed over at an aim of {aim}");
                    }
                }
            }
        }
        assert!(n_passed > 5_000 && n_read > 5_000, "{n_passed} passed over, {n_read} read");
    }

    #[test]
    fn the_points_lie_on_the_wave() {
        let peaks = Peaks::new();
        for (hz, most) in
            [(100.0, 0.001), (1_000.0, 0.001), (5_000.0, 0.002), (10_000.0, 0.002), (16_000.0, 0.01)]
        {
            let wave = |frame: f64| sin(std::f64::consts::TAU * hz / 44_100.0 * frame);
            let recent = std::array::from_fn(|i| wave(i as f64) as f32);
            peaks.points(&recent, |at, points| {
                for (phase, points) in points.into_iter().enumerate() {
                    for (i, point) in points.to_array().into_iter().enumerate() {
                        let frame = (SPAN / 2 - 1 + at + i) as f64 + (phase + 1) as f64 / FOLD as f64;
                        let off = f64::from(point) - wave(frame);
                        assert!(off.abs() < most, "{hz} Hz, phase {phase}: off by {off}");
                    }
                }
            });
        }
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
                for at in (0..n_frames).step_by(GROUP) {
                    let whole = whole[at..].first_chunk_mut().expect(WHOLE);
                    peaks.interpolate(recent[at..].first_chunk().expect(WHOLE), whole);
                }
                peaks.read([&recent; 2], n_frames, 1e-4, &mut read);
                for (frame, (read, whole)) in read.into_iter().zip(whole).enumerate() {
                    assert!(read == whole || whole < 1e-4, "sample {at}, frame {frame}: {read} for {whole}");
                }
            }
        }
    }
}
