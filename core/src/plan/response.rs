//! What the equaliser's bands do to a spectrum: the response of the state-
//! variable filters of the chain, which is that of the bilinear transform of
//! their analogue prototypes (R. Bristow-Johnson's audio EQ cookbook).

use super::{Band, Shape};
use crate::math::f64 as math;

/// Gain in dB of `band` at `hz`, at `rate` frames per second.
pub(super) fn gain_db(band: &Band, hz: f64, rate: f64) -> f64 {
    if band.gain_db == 0.0 {
        return 0.0;
    }
    let top = 0.49 * rate;
    let w0 = std::f64::consts::TAU * f64::from(band.hz).min(top) / rate;
    let (cos, sin) = (math::cos(w0), math::sin(w0));
    let a = math::pow(10.0, f64::from(band.gain_db) / 40.0);
    let alpha = sin / (2.0 * f64::from(band.q));
    let root = 2.0 * a.sqrt() * alpha;
    let (num, den) = match band.shape {
        Shape::Bell => {
            ([1.0 + alpha * a, -2.0 * cos, 1.0 - alpha * a], [1.0 + alpha / a, -2.0 * cos, 1.0 - alpha / a])
        }
        Shape::LowShelf => shelf(a, cos, root),
        // The mirror image: cos changes its sign, and so do the middle terms.
        Shape::HighShelf => {
            let (num, den) = shelf(a, -cos, root);
            ([num[0], -num[1], num[2]], [den[0], -den[1], den[2]])
        }
    };
    let w = std::f64::consts::TAU * hz.min(top) / rate;
    10.0 * math::log10(power(num, w) / power(den, w))
}

/// Numerator and denominator of a low shelf.
fn shelf(a: f64, cos: f64, root: f64) -> ([f64; 3], [f64; 3]) {
    let (up, down) = (a + 1.0, a - 1.0);
    (
        [a * (up - down * cos + root), 2.0 * a * (down - up * cos), a * (up - down * cos - root)],
        [up + down * cos + root, -2.0 * (down + up * cos), up + down * cos - root],
    )
}

/// |c₀ + c₁ e^(−iw) + c₂ e^(−2iw)|².
fn power(c: [f64; 3], w: f64) -> f64 {
    let re = c[0] + c[1] * math::cos(w) + c[2] * math::cos(2.0 * w);
    let im = c[1] * math::sin(w) + c[2] * math::sin(2.0 * w);
    re * re + im * im
}

#[cfg(test)]
mod tests {
    use super::*;

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
