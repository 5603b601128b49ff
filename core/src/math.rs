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
