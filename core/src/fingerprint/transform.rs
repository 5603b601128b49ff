//! The Fourier transform behind the spectrum: of two real channels at once,
//! windowed, to their summed power.
//!
//! Stockham's autosort form by fours (Cochran and others, "What is the fast
//! Fourier transform?", Proc. IEEE 55, 1967; Van Loan, "Computational
//! Frameworks for the Fast Fourier Transform", 1992), real and imaginary parts
//! apart and in four lanes: the same sums in the same order on every target,
//! which law L1 rests on. With z = l + i·r,
//! |Z[k]|² + |Z[−k]|² = 2 (|L[k]|² + |R[k]|²): one transform serves both.

use crate::math::f64 as math;

/// Values worked on side by side.
const LANES: usize = 4;
type Lanes = [f32; LANES];

/// Real and imaginary parts of n/4 × 4 values.
#[derive(Clone)]
struct Values {
    re: Vec<Lanes>,
    im: Vec<Lanes>,
}

/// The turns of the second, third and fourth of a step's outputs, each as real
/// and imaginary part.
type Turns = [f32; 6];

/// A transform of a fixed length with its window.
pub(super) struct Transform {
    /// Hann's window, periodic.
    window: Vec<Lanes>,
    /// The turns of the first step, by lanes.
    first: Vec<[Lanes; 6]>,
    /// Those of the others; the last one by four has none.
    steps: Vec<Vec<Turns>>,
    from: Values,
    to: Values,
}

impl Transform {
    /// For windows of `n` frames: a power of 2, at least 32.
    pub fn new(n: usize) -> Self {
        let tau = std::f64::consts::TAU;
        let window = |i: usize| (0.5 - 0.5 * math::cos(tau * i as f64 / n as f64)) as f32;
        let turns = |n: usize, p: usize| -> Turns {
            std::array::from_fn(|i| {
                let angle = tau * (p * (i / 2 + 1)) as f64 / n as f64;
                (if i % 2 == 0 { math::cos(angle) } else { -math::sin(angle) }) as f32
            })
        };
        let first = (0..n / 4 / LANES).map(|p| {
            let four: [Turns; LANES] = std::array::from_fn(|lane| turns(n, p * LANES + lane));
            std::array::from_fn(|part| four.map(|turns| turns[part]))
        });
        let lengths = std::iter::successors(Some(n / 4), |n| Some(n / 4)).take_while(|&n| n > 4);
        let zero = Values { re: vec![[0.0; LANES]; n / LANES], im: vec![[0.0; LANES]; n / LANES] };
        Transform {
            window: (0..n / LANES).map(|i| std::array::from_fn(|lane| window(i * LANES + lane))).collect(),
            first: first.collect(),
            steps: lengths.map(|n| (0..n / 4).map(|p| turns(n, p)).collect()).collect(),
            from: zero.clone(),
            to: zero,
        }
    }

    /// The frames of a window.
    pub fn n(&self) -> usize {
        self.window.len() * LANES
    }

    /// Power summed over both channels, of whatever scale, of as many bins from
    /// 0 on as `power` has. The window's frames come in four quarters, each
    /// with the left and the right channel.
    pub fn power(&mut self, quarters: [[&[f32]; 2]; 4], power: &mut [f32]) {
        self.begin(quarters);
        let (mut n, mut stride) = (self.n() / 4, 1);
        for turns in &self.steps {
            std::mem::swap(&mut self.from, &mut self.to);
            step(turns, stride, &self.from, &mut self.to);
            (n, stride) = (n / 4, stride * 4);
        }
        std::mem::swap(&mut self.from, &mut self.to);
        if n == 4 {
            end_by_fours(&self.from, &mut self.to);
        } else {
            end_by_twos(&self.from, &mut self.to);
        }
        let (re, im) = (self.to.re.as_flattened(), self.to.im.as_flattened());
        let Some((zero, power)) = power.split_first_mut() else { return };
        *zero = re[0] * re[0] + im[0] * im[0];
        let above = re[1..].iter().zip(&im[1..]);
        let below = re.iter().rev().zip(im.iter().rev());
        for ((p, (a, b)), (c, d)) in power.iter_mut().zip(above).zip(below) {
            *p = 0.5 * ((a * a + b * b) + (c * c + d * d));
        }
    }

    /// Windows the frames and takes the first step: side by side are its
    /// inputs, whose outputs then lie four apart.
    fn begin(&mut self, quarters: [[&[f32]; 2]; 4]) {
        let quarter = self.first.len();
        let frames = quarters.map(|both| both.map(|plane| &plane.as_chunks::<LANES>().0[..quarter]));
        let window: [&[Lanes]; 4] = std::array::from_fn(|i| &self.window[i * quarter..][..quarter]);
        let out = self.to.re.chunks_exact_mut(4).zip(self.to.im.chunks_exact_mut(4));
        for ((p, turns), (re, im)) in self.first.iter().enumerate().zip(out) {
            let x: [[Lanes; 2]; 4] =
                std::array::from_fn(|i| frames[i].map(|plane| times(plane[p], window[i][p])));
            let [a, b, c, d] = butterfly(x, turns);
            for lane in 0..LANES {
                re[lane] = [a[0][lane], b[0][lane], c[0][lane], d[0][lane]];
                im[lane] = [a[1][lane], b[1][lane], c[1][lane], d[1][lane]];
            }
        }
    }
}

/// A step between: `stride` values of four stand beside each other.
fn step(turns: &[Turns], stride: usize, from: &Values, to: &mut Values) {
    let quarter = turns.len() * stride;
    let [re, im] = [&from.re, &from.im]
        .map(|part| -> [&[Lanes]; 4] { std::array::from_fn(|i| &part[i * quarter..][..quarter]) });
    let out = to.re.chunks_exact_mut(4 * stride).zip(to.im.chunks_exact_mut(4 * stride));
    for ((p, turns), (out_re, out_im)) in turns.iter().enumerate().zip(out) {
        let turns = turns.map(|turn| [turn; LANES]);
        let re = re.map(|part| &part[p * stride..][..stride]);
        let im = im.map(|part| &part[p * stride..][..stride]);
        let [re0, re1, re2, re3] = split(out_re, stride);
        let [im0, im1, im2, im3] = split(out_im, stride);
        for q in 0..stride {
            let x: [[Lanes; 2]; 4] = std::array::from_fn(|i| [re[i][q], im[i][q]]);
            let [a, b, c, d] = butterfly(x, &turns);
            [re0[q], im0[q]] = a;
            [re1[q], im1[q]] = b;
            [re2[q], im2[q]] = c;
            [re3[q], im3[q]] = d;
        }
    }
}

/// The last step, where nothing is turned.
fn end_by_fours(from: &Values, to: &mut Values) {
    let stride = from.re.len() / 4;
    let [re, im] = [&from.re, &from.im]
        .map(|part| -> [&[Lanes]; 4] { std::array::from_fn(|i| &part[i * stride..][..stride]) });
    let [re0, re1, re2, re3] = split(&mut to.re, stride);
    let [im0, im1, im2, im3] = split(&mut to.im, stride);
    for q in 0..stride {
        let [a, b, c, d] = cross(std::array::from_fn(|i| [re[i][q], im[i][q]]));
        [re0[q], im0[q]] = a;
        [re1[q], im1[q]] = b;
        [re2[q], im2[q]] = c;
        [re3[q], im3[q]] = d;
    }
}

/// The last step where the length is no power of 4.
fn end_by_twos(from: &Values, to: &mut Values) {
    let half = from.re.len() / 2;
    for (from, to) in [(&from.re, &mut to.re), (&from.im, &mut to.im)] {
        let ((a, b), (sum, difference)) = (from.split_at(half), to.split_at_mut(half));
        for q in 0..half {
            sum[q] = plus(a[q], b[q]);
            difference[q] = minus(a[q], b[q]);
        }
    }
}

fn split(part: &mut [Lanes], stride: usize) -> [&mut [Lanes]; 4] {
    let (a, rest) = part.split_at_mut(stride);
    let (b, rest) = rest.split_at_mut(stride);
    let (c, d) = rest.split_at_mut(stride);
    [a, b, c, &mut d[..stride]]
}

/// A transform of four, its outputs turned.
#[inline(always)]
fn butterfly(x: [[Lanes; 2]; 4], turns: &[Lanes; 6]) -> [[Lanes; 2]; 4] {
    let [a, b, c, d] = cross(x);
    let turned = |[re, im]: [Lanes; 2], i: usize| {
        let (cos, sin) = (turns[2 * i], turns[2 * i + 1]);
        [minus(times(re, cos), times(im, sin)), plus(times(re, sin), times(im, cos))]
    };
    [a, turned(b, 0), turned(c, 1), turned(d, 2)]
}

/// A transform of four values.
#[inline(always)]
fn cross([a, b, c, d]: [[Lanes; 2]; 4]) -> [[Lanes; 2]; 4] {
    let (even, odd) = ([plus(a[0], c[0]), plus(a[1], c[1])], [minus(a[0], c[0]), minus(a[1], c[1])]);
    let (sum, turn) = ([plus(b[0], d[0]), plus(b[1], d[1])], [minus(b[0], d[0]), minus(b[1], d[1])]);
    [
        [plus(even[0], sum[0]), plus(even[1], sum[1])],
        [plus(odd[0], turn[1]), minus(odd[1], turn[0])],
        [minus(even[0], sum[0]), minus(even[1], sum[1])],
        [minus(odd[0], turn[1]), plus(odd[1], turn[0])],
    ]
}

#[inline(always)]
fn plus(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] + b[i])
}

#[inline(always)]
fn minus(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] - b[i])
}

#[inline(always)]
fn times(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| a[i] * b[i])
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
