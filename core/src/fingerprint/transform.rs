//! The Fourier transform behind the spectrum: of two real channels at once,
//! windowed, to their summed power. With z = l + i·r,
//! |Z[k]|² + |Z[−k]|² = 2 (|L[k]|² + |R[k]|²): one complex transform serves both.

use std::sync::Arc;

use rustfft::Fft;
use rustfft::num_complex::Complex;

use crate::math::f64 as math;

/// A transform of a fixed length with its window.
pub(super) struct Transform {
    fft: Arc<dyn Fft<f32>>,
    /// Hann's window, periodic.
    window: Vec<f32>,
    work: Vec<Complex<f32>>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Transform {
    /// For windows of `n` frames, a multiple of 4.
    pub fn new(n: usize) -> Self {
        let fft = planned(n);
        let tau = std::f64::consts::TAU;
        let zero = Complex::new(0.0, 0.0);
        Transform {
            window: (0..n).map(|i| (0.5 - 0.5 * math::cos(tau * i as f64 / n as f64)) as f32).collect(),
            work: vec![zero; n],
            spectrum: vec![zero; n],
            scratch: vec![zero; fft.get_outofplace_scratch_len()],
            fft,
        }
    }

    /// The frames of a window.
    pub fn n(&self) -> usize {
        self.window.len()
    }

    /// Power summed over both channels, of whatever scale, of as many bins from
    /// 0 on as `power` has. The window's frames come in four quarters, each
    /// with the left and the right channel.
    pub fn power(&mut self, quarters: [[&[f32]; 2]; 4], power: &mut [f32]) {
        let n_quarter = self.n() / 4;
        let pieces = self.work.chunks_exact_mut(n_quarter).zip(self.window.chunks_exact(n_quarter));
        for ((work, window), [left, right]) in pieces.zip(quarters) {
            for (((y, w), l), r) in work.iter_mut().zip(window).zip(left).zip(right) {
                *y = Complex::new(l * w, r * w);
            }
        }
        self.fft.process_outofplace_with_scratch(&mut self.work, &mut self.spectrum, &mut self.scratch);
        let Some((zero, power)) = power.split_first_mut() else { return };
        *zero = self.spectrum[0].norm_sqr();
        let sides = self.spectrum[1..].iter().zip(self.spectrum.iter().rev());
        for (p, (above, below)) in power.iter_mut().zip(sides) {
            *p = 0.5 * (above.norm_sqr() + below.norm_sqr());
        }
    }
}

/// On x86-64 and in WebAssembly rustfft's vectorised forms give the same bits
/// as each other; its default, AVX, would not.
fn planned(n: usize) -> Arc<dyn Fft<f32>> {
    #[cfg(target_arch = "x86_64")]
    if let Ok(mut planner) = rustfft::FftPlannerSse::new() {
        return planner.plan_fft_forward(n);
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    if let Ok(mut planner) = rustfft::FftPlannerWasmSimd::new() {
        return planner.plan_fft_forward(n);
    }
    rustfft::FftPlannerScalar::new().plan_fft_forward(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Power by the definition, in double precision.
    fn naive(planes: &[Vec<f32>; 2], n: usize, k: usize) -> f64 {
        let turn = |i: usize| std::f64::consts::TAU * ((i * k) % n) as f64 / n as f64;
        let hann = |i: usize| 0.5 - 0.5 * math::cos(std::f64::consts::TAU * i as f64 / n as f64);
        let power = planes.iter().map(|plane| {
            let of = |part: fn(f64) -> f64| -> f64 {
                plane.iter().enumerate().map(|(i, &x)| f64::from(x) * hann(i) * part(turn(i))).sum()
            };
            let (re, im) = (of(math::cos), of(math::sin));
            re * re + im * im
        });
        power.sum()
    }

    #[test]
    fn it_is_the_fourier_transform_at_every_length() {
        for n in [32, 64, 128, 256, 512, 1_024, 2_048] {
            let mut seed = 1u32;
            let mut noise = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from(seed) as f32 / 4_294_967_296.0 - 0.5
            };
            let planes: [Vec<f32>; 2] = std::array::from_fn(|_| (0..n).map(|_| noise()).collect());
            let quarters = std::array::from_fn(|i| {
                [0, 1].map(|channel: usize| &planes[channel][i * n / 4..(i + 1) * n / 4])
            });
            let mut power = vec![0.0; n / 2];
            Transform::new(n).power(quarters, &mut power);
            let mean = power.iter().map(|&p| f64::from(p)).sum::<f64>() / power.len() as f64;
            for k in [0, 1, 2, 3, n / 8, n / 4 - 1, n / 3, n / 2 - 1] {
                // Of bin 0 half of the definition's is given: it has no mirror.
                let (ours, exact) = (f64::from(power[k]), naive(&planes, n, k));
                assert!((ours - exact).abs() < 1e-5 * (exact + mean), "{n} {k}: {ours} for {exact}");
            }
        }
    }
}
