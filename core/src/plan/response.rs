//! The equaliser's bands as digital filters: their design, and what they do to
//! a spectrum.
//!
//! The prototypes are R. Bristow-Johnson's (audio EQ cookbook). A bilinear
//! transform would squeeze all that they do above the Nyquist frequency to
//! below it. Instead the squared magnitude is matched, in the way of M.
//! Vicanek ("Matched second order digital filters", 2016): with φ = sin²(ω/2)
//! that of a second-order filter is a ratio of two quadratic polynomials,
//! P(φ)/Q(φ), so that it can be made to equal the prototype's at 0 Hz and at
//! four frequencies more by solving four linear equations; the minimum-phase
//! filter with that magnitude is unique. At 44.1 kHz it then follows bands as
//! plans have them, up to 20 kHz, within 0.1 dB at ±6 dB and 0.7 dB at ±24.

use super::{Band, Shape};
use crate::math::f64 as math;
use std::f64::consts::PI;

/// Bands above this share of the rate are out of reach: identity.
const REACH: f64 = 0.45;
/// Gains are matched down to this, in dB. Below, poles and zeros coincide so
/// nearly that the equations lose their hold; what is done there is in
/// proportion.
const SMALLEST_DB: f64 = 0.01;
/// The highest frequency at which the prototype is met: what can be heard, and
/// can be held at this share of the rate.
const HIGHEST_HZ: f64 = 20_000.0;
/// See [`HIGHEST_HZ`].
const HIGHEST_SHARE: f64 = 0.476;

/// A second-order filter as a state-variable filter has it,
/// H(s) = 1 + (d0·(s² + ks + 1) + m1·s + m2) ÷ (s² + ks + 1), where
/// s = (1 − z⁻¹) ÷ (1 + z⁻¹) ÷ g. All of the mix 0 is identity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filter {
    /// Warped frequency.
    pub g: f64,
    /// Damping.
    pub k: f64,
    /// d0, m1 and m2.
    pub mix: [f64; 3],
}

impl Filter {
    /// The filter of `band` at `rate` frames per second.
    pub fn of(band: &Band, rate: f64) -> Filter {
        let hz = f64::from(band.hz);
        let db = if hz > REACH * rate { 0.0 } else { f64::from(band.gain_db) };
        let sign = if db < 0.0 { -1.0 } else { 1.0 };
        let prototype = Prototype::new(band.shape, sign * db.abs().max(SMALLEST_DB), f64::from(band.q));
        let hz = hz.min(REACH * rate);
        let mut filter = prototype.matched(hz, rate).unwrap_or_else(|| prototype.bilinear(hz, rate));
        let share = (db.abs() / SMALLEST_DB).min(1.0);
        filter.mix = filter.mix.map(|m| m * share);
        filter
    }

    /// Its gain in dB at `hz`.
    pub fn gain_db(&self, hz: f64, rate: f64) -> f64 {
        let s = math::tan(PI * (hz / rate).min(0.49)) / self.g;
        let [d0, m1, m2] = self.mix;
        let den = [1.0 - s * s, self.k * s];
        let num = [(1.0 + d0) * den[0] + m2, (1.0 + d0) * den[1] + m1 * s];
        10.0 * math::log10((num[0] * num[0] + num[1] * num[1]) / (den[0] * den[0] + den[1] * den[1]))
    }
}

/// An analogue prototype at 1 rad/s: numerator and denominator by rising power.
struct Prototype {
    num: [f64; 3],
    den: [f64; 3],
}

impl Prototype {
    fn new(shape: Shape, gain_db: f64, q: f64) -> Self {
        let a = math::pow(10.0, gain_db / 40.0);
        let root = a.sqrt() / q;
        let (num, den) = match shape {
            Shape::Bell => ([1.0, a / q, 1.0], [1.0, 1.0 / (a * q), 1.0]),
            Shape::LowShelf => ([a * a, a * root, a], [1.0, root, a]),
            Shape::HighShelf => ([a, a * root, a * a], [a, root, 1.0]),
        };
        Prototype { num, den }
    }

    /// The squared magnitude at `x` times its frequency.
    fn power(&self, x: f64) -> f64 {
        let square = |c: [f64; 3]| {
            let (re, im) = (c[0] - c[2] * x * x, c[1] * x);
            re * re + im * im
        };
        square(self.num) / square(self.den)
    }

    /// The filter of the same magnitude; none where that is of no filter, as of
    /// some that are narrow, steep and near the Nyquist frequency.
    fn matched(&self, hz: f64, rate: f64) -> Option<Filter> {
        let phi = |hz: f64| {
            let sin = math::sin(PI * hz / rate);
            sin * sin
        };
        let (top, unit) = (HIGHEST_HZ.min(HIGHEST_SHARE * rate), phi(hz));
        // Around the band and between it and the top: found by search.
        let points = if hz < 0.75 * top {
            [0.55 * hz, hz, (hz * top).sqrt(), 0.98 * top]
        } else {
            [0.3 * top, 0.6 * top, 0.85 * top, top]
        };
        // P = p0 + p1·t + p2·t² and Q = 1 + q1·t + q2·t², where t = φ/φ(hz).
        let p0 = self.power(0.0);
        let rows = points.map(|point| {
            let (t, h) = (phi(point) / unit, self.power(point / hz));
            [t, t * t, -h * t, -h * t * t, h - p0].map(|x| x / ((1.0 + t * t) * h.sqrt()))
        });
        let [p1, p2, q1, q2] = solved(rows)?;
        let (p_root, p_sharp) = split(p0, p1 / unit, p2 / (unit * unit))?;
        let (q_root, q_sharp) = split(1.0, q1 / unit, q2 / (unit * unit))?;
        let g = 1.0 / q_root.sqrt();
        let (k, c0, c1, c2) = (2.0 * q_sharp * g, p0.sqrt(), 2.0 * p_sharp * g, p_root / q_root);
        Some(Filter { g, k, mix: [c2 - 1.0, c1 - k * c2, c0 - c2] })
    }

    /// The filter by the bilinear transform, which there always is.
    fn bilinear(&self, hz: f64, rate: f64) -> Filter {
        let [d0, d1, d2] = self.den;
        let natural = (d0 / d2).sqrt();
        let [c0, c1, c2] = [self.num[0] / d0, self.num[1] / (d2 * natural), self.num[2] / d2];
        let k = d1 / (d2 * natural);
        Filter { g: math::tan(PI * hz / rate) * natural, k, mix: [c2 - 1.0, c1 - k * c2, c0 - c2] }
    }
}

/// Of the polynomial c(z) whose squared magnitude is c0 + c1·φ + c2·φ²: its
/// value at the Nyquist frequency, and first minus last coefficient, of which
/// the positive sign is minimum phase. None where there is no such polynomial.
fn split(c0: f64, c1: f64, c2: f64) -> Option<(f64, f64)> {
    let top = c0 + c1 + c2;
    if !(top > 0.0 && c0 > 0.0) {
        return None;
    }
    // The sum of first and last; their product is c2 ÷ 16.
    let sum = 0.5 * (c0.sqrt() + top.sqrt());
    let square = sum * sum - 0.25 * c2;
    if square > 0.0 { Some((top.sqrt(), square.sqrt())) } else { None }
}

/// Solves four linear equations, `[a b c d | right]`, by elimination with
/// pivots; none where they are singular.
fn solved(mut rows: [[f64; 5]; 4]) -> Option<[f64; 4]> {
    for column in 0..4 {
        let mut pivot = column;
        for row in column + 1..4 {
            if rows[row][column].abs() > rows[pivot][column].abs() {
                pivot = row;
            }
        }
        rows.swap(column, pivot);
        let head = rows[column];
        if head[column].is_nan() || head[column].abs() <= 1e-200 {
            return None;
        }
        for row in 0..4 {
            if row != column {
                let factor = rows[row][column] / head[column];
                for n in column..5 {
                    rows[row][n] -= factor * head[n];
                }
            }
        }
    }
    Some(std::array::from_fn(|n| rows[n][4] / rows[n][n]))
}

/// Gain in dB of `band` at `hz`, at `rate` frames per second.
pub(super) fn gain_db(band: &Band, hz: f64, rate: f64) -> f64 {
    if band.gain_db == 0.0 {
        return 0.0;
    }
    Filter::of(band, rate).gain_db(hz, rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Stages;

    /// The largest distance in dB from the analogue prototype up to 20 kHz.
    fn distance(band: &Band, rate: f64) -> f64 {
        let prototype = Prototype::new(band.shape, band.gain_db.into(), band.q.into());
        let filter = Filter::of(band, rate);
        let points = (0..=600).map(|n| 20.0 * math::pow(1_000.0, f64::from(n) / 600.0));
        let top = HIGHEST_HZ.min(HIGHEST_SHARE * rate);
        points.filter(|&hz| hz <= top).fold(0.0, |most, hz| {
            let wanted = 10.0 * math::log10(prototype.power(hz / f64::from(band.hz)));
            most.max((filter.gain_db(hz, rate) - wanted).abs())
        })
    }

    #[test]
    fn bands_follow_their_analogue_prototypes_up_to_20_khz() {
        for rate in [44_100.0, 48_000.0, 96_000.0, 192_000.0] {
            for mut band in Stages::neutral().eq {
                for (gain_db, most) in [(0.01, 0.001), (1.0, 0.02), (3.0, 0.06), (6.0, 0.1), (24.0, 0.7)] {
                    for sign in [1.0, -1.0] {
                        band.gain_db = sign * gain_db;
                        let got = distance(&band, rate);
                        assert!(got <= most, "{band:?} at {rate} Hz is off by {got} dB");
                    }
                }
            }
        }
    }

    #[test]
    fn every_band_that_is_allowed_is_a_stable_filter_of_minimum_phase() {
        let (mut n, mut n_bilinear) = (0, 0);
        for rate in [8_000.0, 44_100.0, 384_000.0] {
            for shape in [Shape::LowShelf, Shape::Bell, Shape::HighShelf] {
                for hz in (0..40).map(|n| 10.0 * math::pow(2_000.0, f64::from(n) / 39.0) as f32) {
                    for q in [0.1, 0.4, 0.707, 2.0, 10.0] {
                        for gain_db in [-24.0, -6.0, -0.3, -0.001, 0.0, 0.001, 0.3, 6.0, 24.0] {
                            let band = Band { shape, hz, gain_db, q };
                            let f = Filter::of(&band, rate);
                            let [d0, m1, m2] = f.mix;
                            assert!(
                                f.g > 0.0 && f.g.is_finite() && f.k > 0.0,
                                "{band:?} at {rate} Hz: {f:?}"
                            );
                            // The zeros: (1 + d0)(s² + ks + 1) + m1·s + m2.
                            let zeros = [1.0 + d0 + m2, (1.0 + d0) * f.k + m1, 1.0 + d0];
                            assert!(zeros.iter().all(|&c| c > 0.0), "{band:?} at {rate} Hz: {f:?}");
                            let prototype = Prototype::new(shape, f64::from(gain_db), q.into());
                            n += 1;
                            n_bilinear += i32::from(prototype.matched(hz.into(), rate).is_none());
                        }
                    }
                }
            }
        }
        assert!(n_bilinear * 5 < n, "{n_bilinear} of {n} could not be matched");
    }

    #[test]
    fn a_band_of_0_db_is_identity_and_leads_there_steadily() {
        for gain_db in [0.0, 0.002, 0.0099, 0.0101] {
            let band = Band { shape: Shape::Bell, hz: 1_000.0, gain_db, q: 0.8 };
            let got = Filter::of(&band, 44_100.0).gain_db(1_000.0, 44_100.0);
            assert!((got - f64::from(gain_db)).abs() < 1e-5, "{got} dB for {gain_db}");
        }
        let flat = Band { shape: Shape::HighShelf, hz: 9_000.0, gain_db: 0.0, q: 0.7 };
        assert_eq!(Filter::of(&flat, 44_100.0).mix, [0.0; 3]);
    }

    #[test]
    fn bands_have_their_gain_where_they_say() {
        let check = |shape, hz: f64, expected: f64| {
            let band = Band { shape, hz: 1_000.0, gain_db: 6.0, q: 0.707 };
            let got = gain_db(&band, hz, 48_000.0);
            assert!((got - expected).abs() < 0.05, "{shape:?} at {hz} Hz: {got} dB for {expected}");
        };
        check(Shape::Bell, 1_000.0, 6.0);
        check(Shape::Bell, 10.0, 0.0);
        check(Shape::LowShelf, 10.0, 6.0);
        check(Shape::LowShelf, 1_000.0, 3.0);
        check(Shape::LowShelf, 20_000.0, 0.0);
        check(Shape::HighShelf, 10.0, 0.0);
        check(Shape::HighShelf, 1_000.0, 3.0);
        check(Shape::HighShelf, 20_000.0, 6.0);
    }
}
