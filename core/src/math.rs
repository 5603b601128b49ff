//! The only door to transcendental functions. `std`'s come from the platform
//! and differ between targets; the `libm` crate is the same Rust code on all of
//! them, which law L1 rests on. (`sqrt`, `abs`, `min`, `max` and the rounding
//! functions are exact by IEEE 754 and may be taken from `std`.)

/// e^x
pub fn exp(x: f32) -> f32 {
    libm::expf(x)
}
/// 2^x
pub fn exp2(x: f32) -> f32 {
    libm::exp2f(x)
}
/// Natural logarithm.
pub fn ln(x: f32) -> f32 {
    libm::logf(x)
}
/// Logarithm to base 2.
pub fn log2(x: f32) -> f32 {
    libm::log2f(x)
}
/// Logarithm to base 10.
pub fn log10(x: f32) -> f32 {
    libm::log10f(x)
}
/// x^y
pub fn pow(x: f32, y: f32) -> f32 {
    libm::powf(x, y)
}
/// Sine of an angle in radians.
pub fn sin(x: f32) -> f32 {
    libm::sinf(x)
}
/// Cosine of an angle in radians.
pub fn cos(x: f32) -> f32 {
    libm::cosf(x)
}
/// Tangent of an angle in radians.
pub fn tan(x: f32) -> f32 {
    libm::tanf(x)
}
/// Hyperbolic tangent.
pub fn tanh(x: f32) -> f32 {
    libm::tanhf(x)
}

/// The same functions in double precision, for meters and coefficients.
pub mod f64 {
    /// e^x
    pub fn exp(x: f64) -> f64 {
        libm::exp(x)
    }
    /// Natural logarithm.
    pub fn ln(x: f64) -> f64 {
        libm::log(x)
    }
    /// Logarithm to base 2.
    pub fn log2(x: f64) -> f64 {
        libm::log2(x)
    }
    /// Logarithm to base 10.
    pub fn log10(x: f64) -> f64 {
        libm::log10(x)
    }
    /// x^y
    pub fn pow(x: f64, y: f64) -> f64 {
        libm::pow(x, y)
    }
    /// Sine of an angle in radians.
    pub fn sin(x: f64) -> f64 {
        libm::sin(x)
    }
    /// Cosine of an angle in radians.
    pub fn cos(x: f64) -> f64 {
        libm::cos(x)
    }
    /// Tangent of an angle in radians.
    pub fn tan(x: f64) -> f64 {
        libm::tan(x)
    }
}

/// Four lanes, for what is worked out along with the sound; logarithm and power
/// to base 2 by sums and products alone, so the same everywhere.
pub mod four {
    /// One register of four, for loops that a compiler does not see through:
    /// SSE2, NEON or `simd128`, which give the same bits.
    pub use wide::f32x4;

    /// Logarithm to base 2 of positive normal numbers, within 2e-7 of an octave
    /// or of the result.
    pub fn log2(x: [f32; 4]) -> [f32; 4] {
        // 2 ÷ ln 2; the series of artanh, whose argument is at most 0.172.
        const C: f32 = 2.885_39;
        std::array::from_fn(|i| {
            // The mantissa is taken from √½ to √2.
            let bits = x[i].to_bits().wrapping_sub(0x3f35_04f3);
            let exponent = (bits as i32) >> 23;
            let m = f32::from_bits((bits & 0x007f_ffff) + 0x3f35_04f3);
            let t = (m - 1.0) / (m + 1.0);
            let t2 = t * t;
            let series = t * (1.0 + t2 * (1.0 / 3.0 + t2 * (1.0 / 5.0 + t2 * (1.0 / 7.0))));
            exponent as f32 + C * series
        })
    }

    /// 2^x for |x| ≤ 100, within 3e-7 of the result.
    pub fn exp2(x: [f32; 4]) -> [f32; 4] {
        // 1.5·2²³: what is added to it is rounded to a whole number.
        const ROUND: f32 = 12_582_912.0;
        std::array::from_fn(|i| {
            let x = x[i].clamp(-100.0, 100.0);
            let whole = (x + ROUND) - ROUND;
            let y = (x - whole) * std::f32::consts::LN_2;
            let series = 1.0
                + y * (1.0
                    + y * (1.0 / 2.0
                        + y * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (1.0 / 120.0 + y * (1.0 / 720.0))))));
            series * f32::from_bits(((whole as i32 + 127) as u32) << 23)
        })
    }
}

/// `x`, or 0 where it is NaN or infinite.
pub fn finite(x: f32) -> f32 {
    if x.is_finite() { x } else { 0.0 }
}

/// The larger of two; `a` where `b` is NaN. One instruction everywhere, where
/// `f32::max` is a call in WebAssembly.
#[inline(always)]
pub fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::four;

    /// The primitive type: `f64` is a module here.
    type Double = std::primitive::f64;

    #[test]
    fn lanes_agree_with_libm() {
        for n in -9_000..9_000 {
            let octaves = n as f32 * 0.01;
            let power = libm::exp2(octaves.into());
            let got = four::exp2([octaves; 4])[3];
            assert!((Double::from(got) / power - 1.0).abs() < 4e-7, "2^{octaves} = {got}");
            let log = four::log2([power as f32; 4])[3];
            let wanted = libm::log2((power as f32).into());
            assert!((Double::from(log) - wanted).abs() < 2e-7 * (1.0 + wanted.abs()), "log2 {power} = {log}");
        }
        assert_eq!(four::exp2([0.0; 4]), [1.0; 4]);
        assert_eq!(four::log2([1.0; 4]), [0.0; 4]);
    }
}
