//! How high the wave between samples can rise, told from the samples alone: an
//! interpolator passes over most of them.

use crate::math::four::f32x4;
use crate::math::larger;

/// Samples of which the extent is known together.
pub const PIECE: usize = 8;

/// The largest magnitudes of some samples and of their second differences, in
/// four lanes.
#[derive(Clone, Copy, Default)]
pub struct Extent {
    loudest: f32x4,
    sharpest: f32x4,
}

impl Extent {
    /// That of a piece and, so that pieces meet, of two samples more.
    #[inline(always)]
    pub fn of(x: &[f32; PIECE + 2]) -> Self {
        let mut all = Extent::default();
        for at in [0, 4] {
            let [a, b, c] = std::array::from_fn(|n| f32x4::from([0, 1, 2, 3].map(|i| x[at + n + i])));
            let both = Extent { loudest: a.abs().fast_max(c.abs()), sharpest: ((a - b) + (c - b)).abs() };
            all = all.and(both);
        }
        all
    }

    /// That of both.
    #[inline(always)]
    pub fn and(self, other: Extent) -> Self {
        Extent {
            loudest: self.loudest.fast_max(other.loudest),
            sharpest: self.sharpest.fast_max(other.sharpest),
        }
    }
}

/// No value that an interpolator gives exceeds `level` times the largest
/// magnitude of the samples it depends on and `bend` times that of their second
/// differences.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach {
    level: f32,
    bend: f32,
}

impl Reach {
    /// That of the point at `at` between the two samples in the middle, which
    /// `taps` give. What it adds to the straight line between these, less a trace
    /// `rest` of them, sums to 0 and so does its first moment: it is a weighted
    /// sum of second differences.
    pub fn of(taps: &[f32], at: f64) -> Self {
        let middle = taps.len() / 2 - 1;
        let mut beyond: Vec<f64> = taps.iter().map(|&x| x.into()).collect();
        beyond[middle] -= 1.0 - at;
        beyond[middle + 1] -= at;
        let sum: f64 = beyond.iter().sum();
        let moment: f64 = beyond.iter().enumerate().map(|(tap, x)| (tap as f64 - middle as f64) * x).sum();
        let rest = [sum - moment, moment];
        beyond[middle] -= rest[0];
        beyond[middle + 1] -= rest[1];
        let (mut once, mut twice, mut bend) = (0.0, 0.0, 0.0);
        for x in beyond {
            once += x;
            twice += once;
            bend += f64::abs(twice);
        }
        let level = 1.0 + rest[0].abs() + rest[1].abs();
        // A little more, for the rounding of the sums.
        Reach { level: (level * 1.001) as f32, bend: (bend * 1.001) as f32 }
    }

    /// That of either.
    pub fn or(self, other: Reach) -> Self {
        Reach { level: larger(self.level, other.level), bend: larger(self.bend, other.bend) }
    }

    /// What no value exceeds that depends on samples of this extent.
    #[inline(always)]
    pub fn over(&self, extent: Extent) -> f32 {
        let most = |x: f32x4| x.to_array().into_iter().fold(0.0, larger);
        self.level * most(extent.loudest) + self.bend * most(extent.sharpest)
    }
}
