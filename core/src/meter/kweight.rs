//! K-weighting (BS.1770-5, annex 1): a shelf for the head, a high-pass for the
//! ear. The standard prints coefficients for 48 kHz; those of other rates come
//! from the same analogue prototypes by the bilinear transform, which gives the
//! printed table back to 1e-10.

use crate::block::Block;
use crate::math::f64 as math;

/// One biquad section, `a0` = 1.
#[derive(Clone, Copy, Debug)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
}

/// Shelf and high-pass at `rate` Hz. The constants are the prototypes that
/// reproduce tables 1 and 2 of the standard.
fn sections(rate: f64) -> [Section; 2] {
    let (hz, gain_db, q) = (1681.974450955533, 3.999843853973347, 0.7071752369554196);
    let k = math::tan(std::f64::consts::PI * hz / rate);
    let high = math::pow(10.0, gain_db / 20.0);
    let band = math::pow(high, 0.4996667741545416);
    let a0 = 1.0 + k / q + k * k;
    let shelf = Section {
        b: [
            (high + band * k / q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - band * k / q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
    };
    let (hz, q) = (38.13547087602444, 0.5003270373238773);
    let k = math::tan(std::f64::consts::PI * hz / rate);
    let a0 = 1.0 + k / q + k * k;
    let high_pass =
        Section { b: [1.0, -2.0, 1.0], a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0] };
    [shelf, high_pass]
}

/// The power gain of K-weighting at `hz`, for spectra, at 48 kHz (where it is
/// defined); 0 below 0 Hz, held above 23 kHz.
pub fn k_power(hz: f64) -> f64 {
    let w = std::f64::consts::TAU * hz.clamp(0.0, 23_000.0) / 48_000.0;
    let (cos1, sin1) = (math::cos(w), math::sin(w));
    let (cos2, sin2) = (math::cos(2.0 * w), math::sin(2.0 * w));
    let square = |c: [f64; 3]| {
        let re = c[0] + c[1] * cos1 + c[2] * cos2;
        let im = c[1] * sin1 + c[2] * sin2;
        re * re + im * im
    };
    sections(48_000.0).iter().map(|s| square(s.b) / square([1.0, s.a[0], s.a[1]])).product()
}

/// K-weighting filters for any number of channels, two at a time.
pub struct KBank {
    sections: [Section; 2],
    pairs: Vec<Pair>,
}

/// The memory of two channels: direct form II transposed, `[section][tap]`,
/// one lane per channel.
#[derive(Clone, Default)]
struct Pair {
    state: [[[f64; 2]; 2]; 2],
}

/// States below this are 0: far under any sound, far above what slows a
/// processor down.
const FLUSH: f64 = 1e-30;

impl KBank {
    /// Filters for `n_channels` at `rate` Hz.
    pub fn new(rate: u32, n_channels: usize) -> Self {
        KBank { sections: sections(rate.into()), pairs: vec![Pair::default(); n_channels.div_ceil(2)] }
    }

    /// Filters the block's channels on and writes each one's sum of squares.
    pub fn energies(&mut self, block: &Block, energies: &mut [f64]) {
        for (index, pair) in self.pairs.iter_mut().enumerate() {
            let left = block.plane(2 * index);
            let alone = 2 * index + 1 >= energies.len();
            let right = if alone { left } else { block.plane(2 * index + 1) };
            let sums = pair.energies(&self.sections, left, right);
            energies[2 * index] = sums[0];
            if !alone {
                energies[2 * index + 1] = sums[1];
            }
        }
    }
}

impl Pair {
    fn energies(&mut self, sections: &[Section; 2], left: &[f32], right: &[f32]) -> [f64; 2] {
        let [shelf, high_pass] = *sections;
        let [[mut s1, mut s2], [mut h1, mut h2]] = self.state;
        let mut sums = [0.0; 2];
        for (&l, &r) in left.iter().zip(right) {
            let x = [f64::from(l), f64::from(r)];
            for lane in 0..2 {
                let y = shelf.b[0] * x[lane] + s1[lane];
                // What waits for `y` comes last: the chain of dependent sums
                // is what the time goes into.
                s1[lane] = (shelf.b[1] * x[lane] + s2[lane]) - shelf.a[0] * y;
                s2[lane] = shelf.b[2] * x[lane] - shelf.a[1] * y;
                let z = y + h1[lane];
                h1[lane] = (h2[lane] - 2.0 * y) - high_pass.a[0] * z;
                h2[lane] = y - high_pass.a[1] * z;
                sums[lane] += z * z;
            }
        }
        self.state = [[s1, s2], [h1, h2]];
        for x in self.state.iter_mut().flatten().flatten() {
            if x.abs() < FLUSH {
                *x = 0.0;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_at_48_khz_are_those_of_the_standard() {
        let [shelf, high_pass] = sections(48_000.0);
        let check = |ours: f64, printed: f64| assert!((ours - printed).abs() < 1e-9, "{ours} for {printed}");
        check(shelf.b[0], 1.53512485958697);
        check(shelf.b[1], -2.69169618940638);
        check(shelf.b[2], 1.19839281085285);
        check(shelf.a[0], -1.69065929318241);
        check(shelf.a[1], 0.73248077421585);
        check(high_pass.a[0], -1.99004745483398);
        check(high_pass.a[1], 0.99007225036621);
    }

    #[test]
    fn the_weight_of_997_hz_makes_full_scale_minus_3_01() {
        // BS.1770: a 997 Hz sine at 0 dBFS in one channel reads −3.01 LKFS.
        let level = -0.691 + 10.0 * math::log10(0.5 * k_power(997.0));
        assert!((level + 3.01).abs() < 0.005, "{level}");
    }
}
