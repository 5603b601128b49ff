//! The meter against the documents' own signals, against the `ebur128` crate,
//! and against what is no sound.

mod ebu;

use super::*;
use crate::math::f64 as math;

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
            // Its window lets go of what lies over 16 kHz, of which this noise
            // is full: ours may read more; at 96 kHz it is nearly twice as long
            // in samples and may itself read more, within Tech 3341's bounds.
            let more = 20.0 * math::log10(ours.true_peak / peak);
            assert!((-0.2..=0.5).contains(&more), "{}: {more} dB more", what("true peak"));
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
