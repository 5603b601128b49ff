//! Ground truth of spectrum, levels and width: sounds made of parts whose
//! shares are known.

use super::*;

const RATE: u32 = 44_100;
const TAU: f64 = std::f64::consts::TAU;

/// Noise whose power lies evenly between `from` and `to` Hz and nowhere else:
/// equal sines 7 Hz apart, each at a phase of its own.
fn band_noise(seed: u64, from: f64, to: f64, gain: f64, seconds: f64) -> Vec<f32> {
    let n = (seconds * f64::from(RATE)) as usize;
    let n_sines = ((to - from) / 7.0).round() as usize;
    let spacing = (to - from) / n_sines as f64;
    let gain = gain / (n_sines as f64 / 2.0).sqrt();
    let mut plane = vec![0.0f64; n];
    for (i, phase) in noise(seed, 0.5, n_sines).into_iter().enumerate() {
        let hz = from + (i as f64 + 0.5) * spacing;
        let (turn, start) = (TAU * hz / f64::from(RATE), TAU * f64::from(phase));
        // A rotating pointer: exact enough for seconds, and fast.
        let (cos, sin) = (math::cos(turn), math::sin(turn));
        let (mut x, mut y) = (gain * math::cos(start), gain * math::sin(start));
        for sum in &mut plane {
            *sum += y;
            (x, y) = (x * cos - y * sin, x * sin + y * cos);
        }
    }
    plane.into_iter().map(|x| x as f32).collect()
}

#[test]
fn noise_of_a_band_is_shared_by_width_and_has_its_middle_and_roll_off() {
    let edges: [f64; 8] = [20.0, 60.0, 250.0, 500.0, 2_000.0, 4_000.0, 8_000.0, 20_000.0];
    for (from, to) in
        [(30.0, 55.0), (100.0, 200.0), (300.0, 450.0), (1_000.0, 4_000.0), (3_000.0, 9_000.0), (40.0, 900.0)]
    {
        let d = of(RATE, &both(band_noise(3, from, to, 0.1, 6.0))).descriptors;
        for (band, share) in d.bands().into_iter().enumerate() {
            let overlap = (edges[band + 1].min(to) - edges[band].max(from)).max(0.0);
            // Half a bin, 5 Hz, leaks over each border.
            let tolerance = 5.4 / (to - from) + 0.005;
            near(&format!("band {band} of {from}–{to} Hz"), share, overlap / (to - from), tolerance);
        }
        near(&format!("centroid of {from}–{to}"), d.spectral_centroid, 0.5 * (from + to), 5.4);
        near(&format!("roll-off of {from}–{to}"), d.spectral_rolloff, from + 0.85 * (to - from), 16.0);
    }
}

/// Noise alone has e^−γ; a tone in it adds to the mean and to few bins.
#[test]
fn flatness_falls_with_the_tone_in_the_noise() {
    let heard = noise(4, 0.1, 8 * RATE as usize);
    let power = 0.01 / 3.0 * 19_980.0 / 22_050.0;
    for ratio in [1.0, 3.0, 9.0f64] {
        let tone = sine(RATE, 3_000.0, (2.0 * ratio * power).sqrt(), 8.0);
        let plane = heard.iter().zip(tone).map(|(noise, tone)| noise + tone).collect();
        let expected = 0.5615 / (1.0 + ratio);
        let got = of(RATE, &both(plane)).descriptors.spectral_flatness;
        near(&format!("a tone of {ratio} times the power"), got, expected, 0.03 * expected);
    }
}

#[test]
fn crest_is_that_of_the_wave() {
    let crest = |wave: &dyn Fn(f64) -> f64| {
        let plane = (0..4 * RATE as usize).map(|i| (0.5 * wave((i as f64 / 440.0).fract())) as f32).collect();
        of(RATE, &both(plane)).descriptors.crest_db
    };
    near("square", crest(&|t| if t < 0.5 { 1.0 } else { -1.0 }), 0.0, 0.01);
    near("sine", crest(&|t| math::sin(TAU * t)), 3.01, 0.01);
    near("saw", crest(&|t| 2.0 * t - 1.0), 4.77, 0.02);
    // One tenth of the time at full level: 10 dB.
    near("pulse", crest(&|t| if t < 0.0995 { 1.0 } else { 0.0 }), 10.0, 0.02);
    // The peak of one channel over the level of both.
    let mut left = sine(RATE, 441.0, 0.5, 4.0);
    left[1_000] = 1.0;
    let d = of(RATE, &[left, vec![0.0; 4 * RATE as usize]]).descriptors;
    near("one side", d.crest_db, 3.01 + 6.02 + 3.01, 0.01);
}

#[test]
fn loudness_is_that_of_both_channels() {
    // BS.1770: a 997 Hz sine of full scale reads −3.01 in one channel, 0 in two.
    for (name, planes, expected) in [
        ("both", both(sine(RATE, 997.0, 0.1, 5.0)), -20.0),
        ("left", vec![sine(RATE, 997.0, 0.1, 5.0), vec![0.0; 5 * RATE as usize]], -23.01),
        ("mono", vec![sine(RATE, 997.0, 0.1, 5.0)], -20.0),
    ] {
        near(name, of(RATE, &planes).lufs().unwrap(), expected, 0.02);
    }
}

#[test]
fn panned_noise_has_the_width_of_its_gains() {
    let sound = noise(2, 0.5, 5 * RATE as usize);
    for (left, right) in [(1.0f32, 1.0f32), (1.0, 0.5), (1.0, 0.1), (0.2, 1.0), (1.0, 0.0), (1.0, -0.5)] {
        let planes: Vec<Vec<f32>> =
            [left, right].iter().map(|gain| sound.iter().map(|x| gain * x).collect()).collect();
        let d = of(RATE, &planes).descriptors;
        let (mid, side) = (f64::from((left + right).abs()), f64::from((left - right).abs()));
        near(&format!("width at {left}, {right}"), d.stereo_width, side / (mid + side), 1e-3);
        let correlation = if right == 0.0 { 0.0 } else { f64::from(right.signum()) };
        near(&format!("correlation at {left}, {right}"), d.phase_correlation, correlation, 1e-3);
    }
}

/// But for where it begins and ends, which is heard as a step.
#[test]
fn a_constant_offset_changes_neither_correlation_nor_spectrum() {
    let planes = vec![noise(2, 0.2, 5 * RATE as usize), noise(3, 0.2, 5 * RATE as usize)];
    let moved: Vec<Vec<f32>> = planes.iter().map(|plane| plane.iter().map(|x| x + 0.3).collect()).collect();
    let (a, b) = (of(RATE, &planes).descriptors, of(RATE, &moved).descriptors);
    near("correlation", b.phase_correlation, a.phase_correlation, 1e-3);
    near("centroid", b.spectral_centroid, a.spectral_centroid, 100.0);
    near("air", b.air, a.air, 0.006);
}

#[test]
fn silence_begins_60_db_below_the_loudest() {
    for (gap_db, expected) in [(-50.0, 0.0), (-58.0, 0.0), (-62.0, 0.3), (-90.0, 0.3)] {
        let mut plane = noise(4, 0.5, 30 * RATE as usize);
        let gain = math::pow(10.0, gap_db / 20.0) as f32;
        for x in &mut plane[3 * RATE as usize..12 * RATE as usize] {
            *x *= gain;
        }
        let d = of(RATE, &both(plane)).descriptors;
        near(&format!("a gap at {gap_db} dB"), d.silence_ratio, expected, 0.01);
    }
}

/// Every 3 s window of steps between two levels, worked out here.
#[test]
fn loudness_varies_as_its_windows_do() {
    let (loud, quiet, period) = (0.4f64, 0.1f64, 20.0);
    let plane: Vec<f32> = (0..8)
        .flat_map(|i| sine(RATE, 1_000.0, if i % 2 == 0 { loud } else { quiet }, period / 2.0))
        .collect();
    let windows: Vec<f64> = (30..=800)
        .map(|tenth| {
            let powers =
                (tenth - 30..tenth).map(|at| if at / 100 % 2 == 0 { loud * loud } else { quiet * quiet });
            10.0 * math::log10(powers.sum::<f64>() / 30.0)
        })
        .collect();
    let mean = windows.iter().sum::<f64>() / windows.len() as f64;
    let variance = windows.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / windows.len() as f64;
    let got = of(RATE, &both(plane)).descriptors.loudness_variation_std;
    near("deviation", got, variance.sqrt(), 0.03);
}
