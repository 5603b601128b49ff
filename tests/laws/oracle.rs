//! Witnesses of true peak that are not ours, and the purity of tones.

use std::io::Write;
use std::process::Stdio;

use auralis_tests::signals::Planes;

const FOLD: usize = 8;
const HALF: usize = 12;

/// An eightfold interpolator of 24 taps per phase under a Kaiser window, which
/// reads sines up to 20 kHz at 44.1 kHz within 0.14 dB, never higher than they
/// are by more than 0.01.
pub struct Oracle {
    phases: Vec<[f64; 2 * HALF]>,
}

/// The modified Bessel function of order 0.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

impl Oracle {
    /// Works out the phases.
    pub fn new() -> Self {
        let tap = |phase: usize, tap: usize| {
            let t = tap as f64 - (HALF as f64 - 1.0) - phase as f64 / FOLD as f64;
            let x = std::f64::consts::PI * t;
            let sinc = if t == 0.0 { 1.0 } else { x.sin() / x };
            let u = (t / HALF as f64).clamp(-1.0, 1.0);
            sinc * bessel(8.0 * (1.0 - u * u).sqrt()) / bessel(8.0)
        };
        let phases = (0..FOLD).map(|phase| std::array::from_fn(|n| tap(phase, n))).collect();
        Oracle { phases }
    }

    /// The highest point of any channel, in dB of full scale.
    pub fn peak_db(&self, planes: &Planes) -> f64 {
        let mut most: f64 = 0.0;
        for plane in planes {
            let padded: Vec<f64> = std::iter::repeat_n(0.0, 2 * HALF)
                .chain(plane.iter().map(|&x| f64::from(x)))
                .chain(std::iter::repeat_n(0.0, 2 * HALF))
                .collect();
            for window in padded.windows(2 * HALF) {
                for taps in &self.phases {
                    let point: f64 = taps.iter().zip(window).map(|(tap, x)| tap * x).sum();
                    most = most.max(point.abs());
                }
            }
        }
        20.0 * most.log10()
    }
}

/// What the ebur128 crate reads, in dBTP.
pub fn ebur128_db(rate: u32, planes: &Planes) -> f64 {
    let mut meter = ebur128::EbuR128::new(2, rate, ebur128::Mode::TRUE_PEAK).expect("a meter");
    let planes: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
    meter.add_frames_planar_f32(&planes).expect("whole frames");
    let peak = (0..2).map(|channel| meter.true_peak(channel).expect("measured")).fold(0.0, f64::max);
    20.0 * peak.log10()
}

/// What ffmpeg's ebur128 filter reads, in dBTP to a tenth; none without ffmpeg.
pub fn ffmpeg_db(rate: u32, planes: &Planes) -> Option<f64> {
    let mut ffmpeg = auralis_tests::ffmpeg()?;
    ffmpeg.args(["-hide_banner", "-nostats", "-f", "f32le", "-ac", "2", "-ar", &rate.to_string(), "-i", "-"]);
    ffmpeg.args(["-af", "ebur128=peak=true", "-f", "null", "-"]);
    ffmpeg.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = ffmpeg.spawn().expect("ffmpeg starts");
    let bytes: Vec<u8> =
        planes[0].iter().zip(&planes[1]).flat_map(|(l, r)| [*l, *r]).flat_map(f32::to_le_bytes).collect();
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().expect("ffmpeg ends");
    writer.join().expect("written").expect("all of it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = said.rsplit("True peak:").next().expect("a summary");
    let peak = summary.split_whitespace().skip_while(|word| *word != "Peak:").nth(1);
    Some(peak.expect("a peak").parse().expect("a number"))
}

/// What a sound of whole seconds holds besides `hz` (whole numbers of Hz), in
/// dB of these: the rest after they and DC are taken out.
pub fn impurity_db(rate: u32, sound: &[f32], hz: &[f64]) -> f64 {
    let n = sound.len() as f64;
    assert!(sound.len().is_multiple_of(rate as usize), "whole seconds");
    let mut rest: Vec<f64> = sound.iter().map(|&x| f64::from(x)).collect();
    let mean = rest.iter().sum::<f64>() / n;
    rest.iter_mut().for_each(|x| *x -= mean);
    let power = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
    let before = power(&rest);
    for &hz in hz {
        let turn = |i: usize| std::f64::consts::TAU * (hz * i as f64 / f64::from(rate)).fract();
        let (mut re, mut im) = (0.0, 0.0);
        for (i, x) in rest.iter().enumerate() {
            re += x * turn(i).cos();
            im += x * turn(i).sin();
        }
        let (re, im) = (re * 2.0 / n, im * 2.0 / n);
        for (i, x) in rest.iter_mut().enumerate() {
            *x -= re * turn(i).cos() + im * turn(i).sin();
        }
    }
    let left = power(&rest);
    10.0 * (left / (before - left)).log10()
}
