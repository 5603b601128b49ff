//! From `f32` to integers: x · 2^(bits−1), rounded half away from zero and
//! clamped; with triangular dither (TPDF, ±1 step) where asked.
//!
//! Dither is a function of the absolute frame and the channel, not of a running
//! generator, so any range of a track, rendered alone, gets the same noise
//! (law L2). TPDF makes the mean and the variance of the error independent of
//! the signal: Lipshitz, Wannamaker and Vanderkooy, "Quantization and Dither:
//! A Theoretical Survey", JAES 40(5), 1992.

/// `x` in steps of a `bits`-bit integer (16 or 24), with `dither` in steps.
/// What is not a number is 0.
pub fn quantise(x: f32, bits: u32, dither: f64) -> i32 {
    let full = f64::from(1_u32 << (bits - 1));
    // In f64 the sum with dither is exact enough for 24 bits; in f32 loud
    // samples would lose it. Adding the largest number below a half and cutting
    // off is `round`, without a call; a float cast of NaN gives 0.
    const BELOW_HALF: f64 = 0.5 - f64::EPSILON / 4.0;
    let steps = (f64::from(x) * full + dither).clamp(-full, full - 1.0);
    (steps + BELOW_HALF.copysign(steps)) as i32
}

/// The dither of one sample, in steps: triangular over −1 … 1.
pub fn tpdf(frame: u64, channel: usize) -> f64 {
    let bits = hash(frame.wrapping_mul(8).wrapping_add(channel as u64));
    let (first, second) = ((bits >> 32) as u32, bits as u32);
    (f64::from(first) - f64::from(second)) * (1.0 / 4_294_967_296.0)
}

/// Steele, Lea and Flood's SplitMix64 ("Fast splittable pseudorandom number
/// generators", OOPSLA 2014), entered at any index.
fn hash(index: u64) -> u64 {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantise_rounds_half_away_and_clamps() {
        let rows: [(f32, u32, i32); 11] = [
            (0.0, 16, 0),
            (0.5 / 32768.0, 16, 1),
            (-0.5 / 32768.0, 16, -1),
            (0.49 / 32768.0, 16, 0),
            (1.0, 16, 32767),
            (-1.0, 16, -32768),
            (7.0, 16, 32767),
            (f32::NEG_INFINITY, 24, -8_388_608),
            (f32::INFINITY, 24, 8_388_607),
            (f32::NAN, 16, 0),
            (8_388_607.0 / 8_388_608.0, 24, 8_388_607),
        ];
        for (x, bits, want) in rows {
            assert_eq!(quantise(x, bits, 0.0), want, "{x} at {bits} bits");
        }
    }

    #[test]
    fn rounding_is_that_of_round() {
        for i in -70_000..70_000 {
            let half = f64::from(i) * 0.5;
            for steps in [half.next_down(), half, half.next_up()] {
                let want = steps.round().clamp(-32_768.0, 32_767.0) as i32;
                assert_eq!(quantise(0.0, 16, steps), want, "{steps}");
            }
        }
    }

    #[test]
    fn every_integer_survives_the_way_there_and_back() {
        for i in i16::MIN..=i16::MAX {
            assert_eq!(quantise(f32::from(i) / 32768.0, 16, 0.0), i32::from(i));
        }
        for i in (-8_388_608..8_388_608).step_by(257) {
            assert_eq!(quantise(i as f32 / 8_388_608.0, 24, 0.0), i);
        }
    }

    #[test]
    fn dither_is_triangular_white_and_unlike_in_both_channels() {
        const N: u64 = 200_000;
        let (mut sum, mut square, mut lag, mut cross, mut inner) = (0.0, 0.0, 0.0, 0.0, 0);
        for frame in 0..N {
            let d = tpdf(frame, 0);
            assert!((-1.0..1.0).contains(&d));
            sum += d;
            square += d * d;
            lag += d * tpdf(frame + 1, 0);
            cross += d * tpdf(frame, 1);
            inner += u64::from(d.abs() < 0.5);
        }
        let n = N as f64;
        // The variance of TPDF is 1/6; three quarters of a triangle lie in its
        // inner half. Bounds are five standard errors.
        assert!((sum / n).abs() < 0.005, "mean {}", sum / n);
        assert!((square / n - 1.0 / 6.0).abs() < 0.002, "variance {}", square / n);
        assert!((inner as f64 / n - 0.75).abs() < 0.005, "inner half {inner}");
        assert!((lag / n).abs() < 0.002, "neighbours correlate: {}", lag / n);
        assert!((cross / n).abs() < 0.002, "channels correlate: {}", cross / n);
    }
}
