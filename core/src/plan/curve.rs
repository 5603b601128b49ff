//! What a dynamic band does to a level: the one curve by which the chain moves
//! its gain and the plan foretells it.
//!
//! Downward and upward parts are straight lines behind quadratic knees
//! (Giannoulis, Massberg and Reiss, "Digital dynamic range compressor design",
//! JAES 60(6), 2012, eq. 4), each bounded.

use super::DynamicBand;

/// Width of the soft knees in dB, centred on their thresholds.
const KNEE_DB: f32 = 6.0;
/// Levels from which on a band is raised in full, and up to which not at all:
/// a track at −14 LUFS that was made from tape has its noise, in one band, at
/// −75 dBFS or so, and music that anybody would miss lies above −60.
const QUIET_DB: f32 = -60.0;
/// See [`QUIET_DB`].
const SILENT_DB: f32 = -75.0;

/// The static curve of a dynamic band; units and ranges as in [`DynamicBand`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Where it begins to lower.
    pub threshold_db: f32,
    /// dB taken away per dB above.
    pub slope: f32,
    /// The most it takes away.
    pub range_db: f32,
    /// Where it begins to raise.
    pub lift_below_db: f32,
    /// dB added per dB below.
    pub lift: f32,
    /// The most it adds.
    pub lift_range_db: f32,
}

/// A bend from 0 to `x`, half a knee before and behind 0.
fn bent(x: f32) -> f32 {
    const HALF: f32 = KNEE_DB / 2.0;
    if x <= -HALF {
        0.0
    } else if x < HALF {
        (x + HALF) * (x + HALF) / (2.0 * KNEE_DB)
    } else {
        x
    }
}

impl Curve {
    /// Whether it moves no level at all.
    pub fn is_flat(&self) -> bool {
        (self.slope <= 0.0 || self.range_db <= 0.0) && (self.lift <= 0.0 || self.lift_range_db <= 0.0)
    }

    /// What is taken away at `level_db`, in dB ≥ 0.
    pub fn lowered_db(&self, level_db: f32) -> f32 {
        (self.slope * bent(level_db - self.threshold_db)).min(self.range_db)
    }

    /// What is added at `level_db`, in dB ≥ 0.
    pub fn raised_db(&self, level_db: f32) -> f32 {
        let share = ((level_db - SILENT_DB) / (QUIET_DB - SILENT_DB)).clamp(0.0, 1.0);
        let heard = share * share * (3.0 - 2.0 * share);
        (self.lift * bent(self.lift_below_db - level_db)).min(self.lift_range_db) * heard
    }

    /// The gain at `level_db`, in dB.
    pub fn gain_db(&self, level_db: f32) -> f32 {
        self.raised_db(level_db) - self.lowered_db(level_db)
    }
}

impl DynamicBand {
    /// Its static curve.
    pub fn curve(&self) -> Curve {
        Curve {
            threshold_db: self.threshold_db,
            slope: self.slope,
            range_db: self.range_db,
            lift_below_db: self.lift_below_db,
            lift: self.lift,
            lift_range_db: self.lift_range_db,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVE: Curve = Curve {
        threshold_db: -20.0,
        slope: 0.5,
        range_db: 6.0,
        lift_below_db: -40.0,
        lift: 0.25,
        lift_range_db: 4.0,
    };

    #[test]
    fn the_curve_passes_through_its_corners() {
        let check = |level: f32, expected: f32| {
            let got = CURVE.gain_db(level);
            assert!((got - expected).abs() < 1e-5, "{got} dB at {level} dB, not {expected}");
        };
        check(0.0, -6.0);
        check(-14.0, -3.0);
        // In the middle of a knee an eighth of its width is bent away.
        check(-20.0, -0.5 * KNEE_DB / 8.0);
        check(-24.0, 0.0);
        check(-36.0, 0.0);
        check(-40.0, 0.25 * KNEE_DB / 8.0);
        check(-48.0, 2.0);
        check(-58.0, 4.0);
        check(-60.0, 4.0);
        check(-67.5, 2.0);
        check(-75.0, 0.0);
        check(-180.0, 0.0);
    }

    #[test]
    fn the_curve_is_smooth_and_never_swaps_loud_and_quiet() {
        let levels = (-1_000..=0).map(|tenth| tenth as f32 / 10.0);
        let after: Vec<f32> = levels.map(|level| level + CURVE.gain_db(level)).collect();
        for (n, pair) in after.windows(2).enumerate() {
            let step = pair[1] - pair[0];
            assert!((0.0..0.2).contains(&step), "{step} dB within 0.1 dB at {} dB", n as f32 / 10.0 - 100.0);
        }
    }

    #[test]
    fn without_slope_or_range_it_is_flat() {
        let flat = Curve { slope: 0.0, lift_range_db: 0.0, ..CURVE };
        assert!(flat.is_flat() && !CURVE.is_flat());
        for level in [-90.0, -50.0, -10.0, 0.0] {
            assert_eq!(flat.gain_db(level), 0.0);
        }
    }
}
