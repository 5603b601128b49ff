//! The synthesised cases of EBU Tech 3341:2023 and 3342:2023 with their own
//! tolerances, at three sample rates, and the `ebur128` crate as an oracle.

use super::*;
use crate::math::f64 as math;

const RATES: [u32; 3] = [44_100, 48_000, 96_000];

/// Stereo 1 kHz in phase: `(seconds, peak dBFS)` one after the other, the phase
/// running on.
fn tones(rate: u32, parts: &[(f64, f64)]) -> Vec<Vec<f32>> {
    let mut plane = Vec::new();
    let mut time = 0.0;
    for &(seconds, db) in parts {
        time += seconds;
        let gain = math::pow(10.0, db / 20.0);
        while (plane.len() as f64) < (time * f64::from(rate)).round() {
            let turns = plane.len() as f64 * 1_000.0 / f64::from(rate);
            plane.push((gain * math::sin(std::f64::consts::TAU * turns)) as f32);
        }
    }
    vec![plane.clone(), plane]
}

const SILENT: f64 = -300.0;

fn levels(rate: u32, planes: &[Vec<f32>]) -> Levels {
    let mut meter = Meter::new(rate, planes.len()).unwrap();
    let slices: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
    meter.push(&Block::from_planes(&slices));
    meter.finish()
}

#[track_caller]
fn near(what: &str, got: Option<f64>, expected: f64, tolerance: f64) {
    let got = got.unwrap_or(f64::NEG_INFINITY);
    assert!((got - expected).abs() <= tolerance, "{what}: {got:.3} for {expected} ± {tolerance}");
}

#[test]
fn integrated_loudness_of_tech_3341() {
    for rate in RATES {
        let check = |case: u32, expected: f64, parts: &[(f64, f64)]| {
            let got = levels(rate, &tones(rate, parts)).loudness;
            near(&format!("case {case} at {rate} Hz"), got.integrated, expected, 0.1);
            got
        };
        for (case, level) in [(1, -23.0), (2, -33.0)] {
            let got = check(case, level, &[(20.0, level)]);
            near("momentary", got.max_momentary, level, 0.1);
            near("short-term", got.max_short_term, level, 0.1);
        }
        check(3, -23.0, &[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]);
        check(4, -23.0, &[(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)]);
        check(5, -23.0, &[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)]);
    }
}

#[test]
fn surround_weights_of_tech_3341_case_6() {
    let level = |db| tones(48_000, &[(20.0, db)]).swap_remove(0);
    let planes = [level(-28.0), level(-28.0), level(-24.0), level(-30.0), level(-30.0)];
    near("case 6", levels(48_000, &planes).loudness.integrated, -23.0, 0.1);
}

#[test]
fn lfe_does_not_count() {
    let silent = vec![0.0; 96_000];
    let loud = tones(48_000, &[(2.0, -3.0)]).swap_remove(0);
    let planes = [silent.clone(), silent.clone(), silent.clone(), loud, silent.clone(), silent];
    assert_eq!(levels(48_000, &planes).loudness.integrated, None);
}

#[test]
fn short_term_of_tech_3341() {
    for rate in RATES {
        let parts = [(1.34, -20.0), (1.66, -30.0)].repeat(5);
        near("case 9", levels(rate, &tones(rate, &parts)).loudness.max_short_term, -23.0, 0.1);
        for i in 0..20 {
            let parts = [(f64::from(i) * 0.15, SILENT), (3.0, -23.0), (1.0, SILENT)];
            let got = levels(rate, &tones(rate, &parts)).loudness.max_short_term;
            near(&format!("case 10, file {i}, {rate} Hz"), got, -23.0, 0.1);
        }
        // Case 11: the maximum at the end of each segment.
        let mut parts = Vec::new();
        for i in 0..20 {
            let wait = f64::from(i) * 0.15;
            parts.extend([(wait, SILENT), (3.0, f64::from(i) - 38.0), (3.0 - wait, SILENT)]);
            let got = levels(rate, &tones(rate, &parts)).loudness.max_short_term;
            if i % 5 == 4 {
                near(&format!("case 11, segment {i}"), got, f64::from(i) - 38.0, 0.1);
            }
        }
    }
}

#[test]
fn momentary_of_tech_3341() {
    for rate in RATES {
        let parts = [(0.18, -20.0), (0.22, -30.0)].repeat(25);
        near("case 12", levels(rate, &tones(rate, &parts)).loudness.max_momentary, -23.0, 0.1);
        for i in 0..20 {
            let parts = [(f64::from(i) * 0.02, SILENT), (0.4, -23.0), (1.0, SILENT)];
            let got = levels(rate, &tones(rate, &parts)).loudness.max_momentary;
            near(&format!("case 13, file {i}, {rate} Hz"), got, -23.0, 0.1);
        }
        let mut parts = Vec::new();
        for i in 0..20 {
            let wait = f64::from(i) * 0.02;
            parts.extend([(wait, SILENT), (0.4, f64::from(i) - 38.0), (0.4 - wait, SILENT)]);
            let got = levels(rate, &tones(rate, &parts)).loudness.max_momentary;
            near(&format!("case 14, segment {i}"), got, f64::from(i) - 38.0, 0.1);
        }
    }
}

/// A sine at rate/`divisor`, `degrees` ahead, 10 ms faded in and out.
fn true_peak_tone(rate: u32, divisor: f64, degrees: f64, gain: f64) -> Vec<f32> {
    let n = rate as usize;
    let fade = f64::from(rate) * 0.01;
    (0..n)
        .map(|i| {
            let turns = i as f64 / divisor + degrees / 360.0;
            let edge = (i.min(n - 1 - i) as f64 / fade).min(1.0);
            (gain * edge * math::sin(std::f64::consts::TAU * turns)) as f32
        })
        .collect()
}

#[test]
fn true_peak_of_tech_3341() {
    for rate in RATES {
        let cases = [
            (15, 4.0, 0.0, 0.5),
            (16, 4.0, 45.0, 0.5),
            (17, 6.0, 60.0, 0.5),
            (18, 8.0, 67.5, 0.5),
            (19, 4.0, 45.0, 1.41),
        ];
        for (case, divisor, degrees, gain) in cases {
            let plane = true_peak_tone(rate, divisor, degrees, gain);
            let got = 20.0 * math::log10(levels(rate, &[plane.clone(), plane]).true_peak);
            let expected = if case == 19 { 3.0 } else { -6.0 };
            assert!(
                (-0.4..=0.2).contains(&(got - expected)),
                "case {case} at {rate} Hz: {got:.3} dBTP for {expected}"
            );
        }
    }
}

/// Tech 3341 cases 20–23: made at four times the rate, low-passed by 1,023 taps
/// under a Kaiser window (β = 10), decimated at each of the four offsets.
#[test]
fn true_peak_between_samples_of_tech_3341() {
    let n = 4 * 4_000;
    let middle = n / 2;
    let high: Vec<f64> = (0..n)
        .map(|i| {
            // fs/6 at the final rate, one period of fs/4 at full scale in it,
            // the phase running on.
            let (period, start) = (16usize, middle);
            let turns = |i: usize| {
                let before = i.min(start) as f64 / 24.0;
                let within = i.clamp(start, start + period) - start;
                let after = i.saturating_sub(start + period) as f64 / 24.0;
                before + within as f64 / 16.0 + after
            };
            let gain = if (start..start + period).contains(&i) { 1.0 } else { 0.5 };
            let phase = (start as f64 / 24.0).fract();
            gain * math::sin(std::f64::consts::TAU * (turns(i) - phase))
        })
        .collect();
    let bessel = |x: f64| {
        let (mut sum, mut term) = (1.0, 1.0);
        for k in 1..40 {
            term *= (x / 2.0 / f64::from(k)) * (x / 2.0 / f64::from(k));
            sum += term;
        }
        sum
    };
    let taps: Vec<f64> = (-511i32..=511)
        .map(|k| {
            let t = f64::from(k) / 511.0;
            let window = bessel(10.0 * (1.0 - t * t).max(0.0).sqrt()) / bessel(10.0);
            let x = std::f64::consts::PI * f64::from(k) / 4.0;
            let sinc = if k == 0 { 1.0 } else { math::sin(x) / x };
            0.25 * sinc * window
        })
        .collect();
    for offset in 0..4 {
        let plane: Vec<f32> = (600 + offset..n - 600)
            .step_by(4)
            .map(|i| taps.iter().enumerate().map(|(k, h)| h * high[i + k - 511]).sum::<f64>() as f32)
            .collect();
        // Ends are cut off hard: only the middle is asked for.
        let mut meter = TruePeak::new(48_000);
        let cut = plane.len() / 4;
        meter.peak(&plane[..cut], 0.0);
        let middle = &plane[cut..plane.len() - cut];
        let got = 20.0 * math::log10(f64::from(meter.peak(middle, abs_max(middle))));
        assert!((-0.4..=0.2).contains(&got), "offset {offset}: {got:.3} dBTP for 0");
    }
}

#[test]
fn loudness_range_of_tech_3342() {
    for rate in RATES {
        let check = |case: u32, expected: f64, levels_db: &[f64]| {
            let mut parts: Vec<(f64, f64)> = levels_db.iter().map(|&db| (20.0, db)).collect();
            parts.push((1.5, SILENT));
            let got = levels(rate, &tones(rate, &parts)).loudness.range;
            near(&format!("case {case} at {rate} Hz"), Some(got), expected, 1.0);
        };
        check(1, 10.0, &[-20.0, -30.0]);
        check(2, 5.0, &[-20.0, -15.0]);
        check(3, 20.0, &[-40.0, -20.0]);
        check(4, 15.0, &[-50.0, -35.0, -20.0, -35.0, -50.0]);
    }
}

/// Random numbers (Vigna's splitmix64), uniform in ±1.
fn noise(mut seed: u64) -> impl Iterator<Item = f32> {
    std::iter::repeat_with(move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    })
}

/// Noise whose level and colour wander.
fn wandering(seed: u64, n: usize) -> Vec<f32> {
    let mut colour = 0.0;
    let mut wander = noise(seed ^ 0xabcd);
    let (mut gain, mut target, mut smooth) = (0.1, 0.1, 0.5);
    noise(seed)
        .take(n)
        .enumerate()
        .map(|(i, x)| {
            if i % 20_000 == 0 {
                let pick = |w: &mut dyn Iterator<Item = f32>| w.next().unwrap_or(0.0) * 0.5 + 0.5;
                target = 0.7 * pick(&mut wander) * pick(&mut wander) * pick(&mut wander);
                smooth = pick(&mut wander);
            }
            gain += (target - gain) * 1e-3;
            colour += (x - colour) * (0.02 + 0.9 * smooth);
            gain * colour
        })
        .collect()
}

#[test]
fn agrees_with_ebur128_on_wandering_noise() {
    for (seed, rate, n_channels) in
        [(1, 44_100, 2), (2, 48_000, 1), (3, 96_000, 2), (4, 32_000, 6), (5, 22_050, 2)]
    {
        let planes: Vec<Vec<f32>> =
            (0..n_channels).map(|c| wandering(seed * 10 + c as u64, 12 * rate as usize)).collect();
        let ours = levels(rate, &planes);
        let mut oracle = ebur128::EbuR128::new(n_channels as u32, rate, ebur128::Mode::all()).unwrap();
        if n_channels == 6 {
            use ebur128::Channel::{Center, Left, LeftSurround, Right, RightSurround, Unused};
            oracle.set_channel_map(&[Left, Right, Center, Unused, LeftSurround, RightSurround]).unwrap();
        }
        let slices: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
        oracle.add_frames_planar_f32(&slices).unwrap();
        let what = |name: &str| format!("{name} of seed {seed}");
        near(&what("integrated"), ours.loudness.integrated, oracle.loudness_global().unwrap(), 0.05);
        let mut peak = 0.0f64;
        for channel in 0..n_channels as u32 {
            if n_channels != 6 || channel != 3 {
                peak = peak.max(oracle.true_peak(channel).unwrap());
            }
        }
        if n_channels != 6 {
            let ours = 20.0 * math::log10(ours.true_peak);
            near(&what("true peak"), Some(ours), 20.0 * math::log10(peak), 0.05);
        }
    }
}

/// The oracle takes a short-term value each second, we ten (Tech 3342:2023 has
/// 10 Hz at least): on music-like changes that is some tenths of a LU.
#[test]
fn range_agrees_with_ebur128_on_a_long_programme() {
    let plane = wandering(20, 120 * 48_000);
    let mut oracle = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::LRA).unwrap();
    oracle.add_frames_f32(&plane).unwrap();
    near("range", Some(levels(48_000, &[plane]).loudness.range), oracle.loudness_range().unwrap(), 0.5);
}

#[test]
fn blocks_of_any_size_give_the_same_levels() {
    for rate in [44_100, 8_000, 11_025, 39_000] {
        let planes = [wandering(7, 5 * rate as usize), wandering(8, 5 * rate as usize)];
        let whole = levels(rate, &planes);
        let mut meter = Meter::new(rate, 2).unwrap();
        let (mut from, mut sizes) = (0, [1usize, 127, 128, 441, 4_096, 3].into_iter().cycle());
        while from < planes[0].len() {
            let upto = (from + sizes.next().unwrap_or(1)).min(planes[0].len());
            meter.push(&Block::from_planes(&[&planes[0][from..upto], &planes[1][from..upto]]));
            from = upto;
        }
        assert_eq!(meter.finish(), whole, "{rate} Hz");
    }
}

#[test]
fn what_is_no_sound_has_no_loudness() {
    for (name, planes) in [
        ("nothing", vec![vec![], vec![]]),
        ("one frame", vec![vec![0.5], vec![0.5]]),
        ("silence", vec![vec![0.0; 48_000]; 2]),
        ("a constant", vec![vec![0.7; 480_000]; 2]),
        ("no numbers", vec![vec![f32::NAN; 48_000], vec![f32::INFINITY; 48_000]]),
    ] {
        let got = levels(48_000, &planes);
        if name != "a constant" {
            assert_eq!(got.loudness, Reading::default(), "{name}");
        }
        assert!(got.true_peak.is_finite() && got.loudness.range.is_finite(), "{name}: {got:?}");
        assert!(got.true_peak >= got.sample_peak, "{name}");
    }
}

#[test]
fn shapes_out_of_range_are_refused() {
    for (rate, n_channels) in [(0, 2), (7_999, 2), (384_001, 2), (48_000, 0), (48_000, 9)] {
        assert!(Meter::new(rate, n_channels).is_err(), "{n_channels} channels at {rate} Hz");
    }
}
