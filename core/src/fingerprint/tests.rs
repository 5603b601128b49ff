//! Ground truth: signals whose descriptors are known beforehand.

mod known;
mod pitch;
mod rhythm;

use super::*;
use crate::block::Block;
use crate::flow::Spec;
use crate::math::f64 as math;

/// The fingerprint of these planes, heard in blocks of these sizes in turn.
fn heard(rate: u32, planes: &[Vec<f32>], sizes: &[usize]) -> Fingerprint {
    let mut measurer = Measurer::new(Spec { rate, n_channels: planes.len() }).unwrap();
    let n = planes[0].len();
    let (mut from, mut sizes) = (0, sizes.iter().cycle());
    while from < n {
        let upto = (from + sizes.next().copied().unwrap_or(n)).min(n);
        let slices: Vec<&[f32]> = planes.iter().map(|plane| &plane[from..upto]).collect();
        measurer.push(&Block::from_planes(&slices));
        from = upto;
    }
    measurer.finish()
}

fn of(rate: u32, planes: &[Vec<f32>]) -> Fingerprint {
    heard(rate, planes, &[planes[0].len().max(1)])
}

fn sine(rate: u32, hz: f64, gain: f64, seconds: f64) -> Vec<f32> {
    let n = (seconds * f64::from(rate)) as usize;
    let step = std::f64::consts::TAU * hz / f64::from(rate);
    (0..n).map(|i| (gain * math::sin(step * i as f64)) as f32).collect()
}

/// White noise of this seed (Vigna's splitmix64), uniform in ±gain.
fn noise(seed: u64, gain: f64, n: usize) -> Vec<f32> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (gain * (((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0)) as f32
        })
        .collect()
}

fn both(plane: Vec<f32>) -> Vec<Vec<f32>> {
    vec![plane.clone(), plane]
}

#[track_caller]
fn near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{what}: {got} for {expected} ± {tolerance}");
}

#[test]
fn a_tone_lies_in_its_band() {
    for rate in [44_100, 48_000, 96_000] {
        for (band, hz) in [38.0, 120.0, 350.0, 1_000.0, 2_900.0, 6_000.0, 12_000.0].into_iter().enumerate() {
            let shares = of(rate, &both(sine(rate, hz, 0.5, 3.0))).descriptors.bands();
            near(&format!("{hz} Hz at {rate} Hz"), shares[band], 1.0, 0.005);
            near("sum", shares.iter().sum(), 1.0, 1e-9);
        }
    }
}

#[test]
fn white_noise_is_spread_by_bandwidth() {
    let fp = of(44_100, &both(noise(1, 0.5, 10 * 44_100)));
    let widths = [40.0, 190.0, 250.0, 1_500.0, 2_000.0, 4_000.0, 12_000.0];
    for (share, width) in fp.descriptors.bands().into_iter().zip(widths) {
        near("share", share, width / 19_980.0, 0.02 * width / 19_980.0 + 2e-4);
    }
    near("centroid", fp.descriptors.spectral_centroid, 11_025.0, 60.0);
    near("rolloff", fp.descriptors.spectral_rolloff, 0.85 * 22_050.0, 60.0);
    // exp(−γ): the geometric mean of exponentially distributed powers.
    near("flatness", fp.descriptors.spectral_flatness, 0.5615, 0.005);
    near("crest of uniform noise", fp.descriptors.crest_db, 4.77, 0.02);
    assert_eq!(fp.descriptors.silence_ratio, 0.0);
}

#[test]
fn a_tone_has_its_frequency_crest_and_no_flatness() {
    for hz in [220.0, 997.0, 5_000.0] {
        let d = of(48_000, &both(sine(48_000, hz, 0.25, 4.0))).descriptors;
        near("centroid", d.spectral_centroid, hz, 6.0);
        near("rolloff", d.spectral_rolloff, hz, 12.0);
        near("crest", d.crest_db, 3.01, 0.02);
        near("flatness", d.spectral_flatness, 0.0, 0.001);
        let pitched = if hz < 4_000.0 { 1.0 } else { 1.0 / 12.0 };
        near("chroma", d.chroma_energy, pitched, 0.01);
        near("dynamic range variation", d.dynamic_range_variation, 0.0, 0.01);
        near("peak consistency", d.peak_consistency, 1.0, 0.001);
    }
}

#[test]
fn two_equal_tones_have_their_mean_as_centroid() {
    let plane: Vec<f32> = sine(44_100, 1_000.0, 0.3, 3.0)
        .iter()
        .zip(sine(44_100, 3_000.0, 0.3, 3.0))
        .map(|(a, b)| a + b)
        .collect();
    near("centroid", of(44_100, &both(plane)).descriptors.spectral_centroid, 2_000.0, 10.0);
}

#[test]
fn chroma_tells_twelve_classes_apart() {
    // Octaves are one class; two classes share evenly; all twelve are 1/12.
    let chord = |notes: &[i32]| {
        let mut plane = vec![0.0f32; 3 * 44_100];
        for &note in notes {
            let hz = 440.0 * math::pow(2.0, f64::from(note) / 12.0);
            for (y, x) in plane.iter_mut().zip(sine(44_100, hz, 0.05, 3.0)) {
                *y += x;
            }
        }
        of(44_100, &both(plane)).descriptors.chroma_energy
    };
    near("octaves", chord(&[0, 12, 24]), 1.0, 0.01);
    near("a fifth", chord(&[0, 7]), 0.5, 0.02);
    near("a triad", chord(&[0, 4, 7]), 1.0 / 3.0, 0.02);
    let all: Vec<i32> = (12..24).collect();
    near("all twelve", chord(&all), 1.0 / 12.0, 0.01);
    let detuned = 440.0 * math::pow(2.0, 0.1 / 12.0);
    near(
        "10 cents off",
        of(44_100, &both(sine(44_100, detuned, 0.1, 2.0))).descriptors.chroma_energy,
        1.0,
        0.01,
    );
}

#[test]
fn bass_over_mid_is_the_ratio_of_their_energies() {
    let mixed = |bass: f64, mid: f64| {
        let plane: Vec<f32> = sine(48_000, 100.0, bass, 3.0)
            .iter()
            .zip(sine(48_000, 1_000.0, mid, 3.0))
            .map(|(a, b)| a + b)
            .collect();
        of(48_000, &both(plane)).descriptors.bass_mid_ratio
    };
    near("equal", mixed(0.2, 0.2), 0.0, 0.05);
    near("6 dB more bass", mixed(0.4, 0.2), 6.02, 0.05);
    // The hard ends of a tone are heard everywhere, if little.
    assert!(mixed(0.2, 0.0) > 45.0 && mixed(0.0, 0.2) < -45.0);
}

#[test]
fn correlation_and_width_are_those_of_the_mixture() {
    let (a, b) = (noise(2, 0.4, 441_000), noise(3, 0.4, 441_000));
    for rho in [-0.9, -0.5, 0.0, 0.3, 0.8] {
        let right: Vec<f32> = a
            .iter()
            .zip(&b)
            .map(|(&x, &y)| (rho * f64::from(x) + (1.0f64 - rho * rho).sqrt() * f64::from(y)) as f32)
            .collect();
        let d = of(44_100, &[a.clone(), right]).descriptors;
        near("correlation", d.phase_correlation, rho, 0.01);
        let (mid, side) = ((1.0 + rho).sqrt(), (1.0 - rho).sqrt());
        near("width", d.stereo_width, side / (mid + side), 0.005);
    }
    let check = |name: &str, planes: &[Vec<f32>], correlation: f64, width: f64| {
        let d = of(44_100, planes).descriptors;
        assert_eq!((d.phase_correlation, d.stereo_width), (correlation, width), "{name}");
    };
    let minus: Vec<f32> = a.iter().map(|x| -x).collect();
    check("the same in both", &both(a.clone()), 1.0, 0.0);
    check("mono", std::slice::from_ref(&a), 1.0, 0.0);
    check("opposite", &[a.clone(), minus], -1.0, 1.0);
    check("one side only", &[a.clone(), vec![0.0; a.len()]], 0.0, 0.5);
}

#[test]
fn silence_ratio_is_the_share_of_the_gaps() {
    let mut plane = noise(4, 0.5, 40 * 44_100);
    for second in [1, 5, 6, 7, 20, 30, 31, 32, 33, 34] {
        plane[second * 44_100..(second + 1) * 44_100].fill(0.0);
    }
    near("silence", of(44_100, &both(plane)).descriptors.silence_ratio, 0.25, 0.02);
}

#[test]
fn stepped_levels_vary_as_stepped() {
    // Ten seconds each at 0, −12 dB by turns: crest is equal, peaks are not.
    let mut plane = Vec::new();
    for turn in 0..8 {
        plane.extend(sine(48_000, 1_000.0, if turn % 2 == 0 { 0.4 } else { 0.1 }, 10.0));
    }
    let d = of(48_000, &both(plane)).descriptors;
    near("dynamic range variation", d.dynamic_range_variation, 0.0, 0.02);
    // Peaks 0.4 and 0.1: mean 0.25, deviation 0.15.
    near("peak consistency", d.peak_consistency, 1.0 / 1.6, 0.001);

    // Seconds of a sine and of its full-scale clicks by turns.
    let mut plane = Vec::new();
    for turn in 0..20 {
        let mut second = sine(48_000, 1_000.0, 0.25, 1.0);
        if turn % 2 == 0 {
            second[24_000] = 1.0;
        }
        plane.extend(second);
    }
    // Crest 3.01 and 3.01 + 12.04 dB by turns.
    near("dynamic range variation", of(48_000, &both(plane)).descriptors.dynamic_range_variation, 6.02, 0.03);
}

#[test]
fn third_octaves_of_a_tone_and_of_white_noise() {
    let fp = of(48_000, &both(sine(48_000, 1_000.0, 0.5, 3.0)));
    near("1 kHz", fp.third_octaves[17], 0.0, 0.05);
    assert!(fp.third_octaves[10] < -45.0 && fp.third_octaves[24] < -45.0);
    let fp = of(48_000, &both(noise(5, 0.5, 480_000)));
    for i in 12..30 {
        near("3 dB per octave", fp.third_octaves[i + 1] - fp.third_octaves[i], 1.003, 0.35);
    }
}

/// A piece with everything in it: bass, noise, steps, silence, two channels.
fn piece(rate: u32, seconds: usize) -> Vec<Vec<f32>> {
    let n = seconds * rate as usize;
    let (left, right) = (noise(6, 0.3, n), noise(7, 0.3, n));
    let low = sine(rate, 80.0, 0.3, seconds as f64);
    let chord = sine(rate, 440.0, 0.2, seconds as f64);
    let mut planes = vec![Vec::with_capacity(n), Vec::with_capacity(n)];
    for i in 0..n {
        let second = i / rate as usize;
        let gain = [0.9, 0.5, 0.05, 0.7, 0.0, 1.0][second % 6] as f32;
        planes[0].push(gain * (left[i] * 0.4 + low[i] + chord[i]));
        planes[1].push(gain * (right[i] * 0.3 + left[i] * 0.1 + low[i]));
    }
    planes
}

#[test]
fn blocks_of_any_size_give_the_same_fingerprint() {
    for rate in [44_100, 48_000, 39_000, 8_000] {
        let planes = piece(rate, 7);
        let whole = of(rate, &planes);
        for sizes in [&[1usize, 2, 3][..], &[128], &[4_096, 1, 441, 7_777], &[8_192]] {
            assert_eq!(heard(rate, &planes, sizes), whole, "blocks of {sizes:?} at {rate} Hz");
        }
    }
}

#[test]
fn level_changes_only_levels() {
    let planes = piece(44_100, 12);
    let quiet: Vec<Vec<f32>> = planes.iter().map(|plane| plane.iter().map(|x| x * 0.125).collect()).collect();
    let (a, b) = (of(44_100, &planes), of(44_100, &quiet));
    for name in NAMES {
        if let (Some(x), Some(y)) = (a.descriptors.get(name), b.descriptors.get(name)) {
            let expected = if name == "lufs" { x - 18.06 } else { x };
            near(name, y, expected, 0.0001 + 0.002 * expected.abs());
        }
    }
    near("true peak", b.true_peak_dbtp.unwrap(), a.true_peak_dbtp.unwrap() - 18.06, 0.011);
}

#[test]
fn sample_rate_changes_little() {
    let at = |rate: u32| {
        let plane: Vec<f32> = (0..6 * rate as usize)
            .map(|i| {
                let t = i as f64 / f64::from(rate);
                let tone = |hz: f64, gain: f64| gain * math::sin(std::f64::consts::TAU * hz * t);
                (tone(38.0, 0.3) + tone(440.0, 0.2) + tone(3_100.0, 0.1) + tone(9_000.0, 0.03)) as f32
            })
            .collect();
        of(rate, &both(plane))
    };
    let a = at(44_100);
    for b in [at(48_000), at(96_000)] {
        for name in ["sub_bass", "low_mid", "upper_mid", "air", "stereo_width", "peak_consistency"] {
            near(name, b.descriptors.get(name).unwrap(), a.descriptors.get(name).unwrap(), 0.003);
        }
        near("lufs", b.lufs().unwrap(), a.lufs().unwrap(), 0.05);
        near("centroid", b.descriptors.spectral_centroid, a.descriptors.spectral_centroid, 5.0);
    }
}

#[test]
fn mono_is_two_equal_channels_and_as_filed_one() {
    let plane = piece(44_100, 6).swap_remove(0);
    let mono = of(44_100, std::slice::from_ref(&plane));
    let stereo = of(44_100, &both(plane));
    assert_eq!(mono.descriptors, stereo.descriptors);
    assert_eq!(mono.sketch, stereo.sketch);
    assert_eq!(mono.loudness_curve, stereo.loudness_curve);
    near("as filed", mono.as_filed.lufs.unwrap(), stereo.lufs().unwrap() - 3.01, 0.02);
}

#[test]
fn surround_is_measured_as_filed_and_as_stereo() {
    let planes: Vec<Vec<f32>> = (0..6).map(|c| noise(20 + c, 0.1, 3 * 48_000)).collect();
    let fp = of(48_000, &planes);
    let mut stereo = Block::new(2, planes[0].len());
    let slices: Vec<&[f32]> = planes.iter().map(Vec::as_slice).collect();
    crate::flow::Downmix::new(6).mix(&Block::from_planes(&slices), &mut stereo);
    let down = of(48_000, &[stereo.plane(0).to_vec(), stereo.plane(1).to_vec()]);
    assert_eq!(fp.descriptors, down.descriptors);
    assert_ne!(fp.as_filed.lufs, fp.lufs());
}

#[test]
fn what_is_no_sound_has_a_fingerprint() {
    for (name, plane) in [
        ("nothing", vec![]),
        ("one frame", vec![0.5f32]),
        ("silence", vec![0.0; 48_000]),
        ("a constant", vec![0.5; 96_000]),
        ("no numbers", vec![f32::NAN; 48_000]),
        ("infinities", vec![f32::INFINITY; 48_000]),
        ("denormals", vec![1e-40; 48_000]),
        ("the wildest", [3e38f32, -3e38].repeat(24_000)),
        ("full scale", [1.0f32, -1.0].repeat(24_000)),
    ] {
        let fp = of(48_000, &both(plane));
        fp.validate().unwrap_or_else(|error| panic!("{name}: {error}"));
        let json = serde_json::to_string(&fp).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fp, "{name}");
        if ["nothing", "silence", "no numbers", "infinities", "denormals"].contains(&name) {
            assert_eq!(
                (fp.lufs(), fp.true_peak_dbtp, fp.descriptors.silence_ratio),
                (None, None, 1.0),
                "{name}"
            );
            assert_eq!((fp.descriptors.stereo_width, fp.descriptors.phase_correlation), (0.0, 1.0), "{name}");
        }
    }
}

#[test]
fn json_gives_the_same_fingerprint_back_and_nothing_else() {
    let fp = of(44_100, &piece(44_100, 9));
    let json = serde_json::to_string(&fp).unwrap();
    assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fp);
    assert!(NAMES.iter().all(|name| json.contains(&format!("\"{name}\":"))), "all 25 are in it");
    let with = |from: &str, to: &str| json.replacen(from, to, 1);
    for (what, changed) in [
        ("another version", with("\"version\":", "\"version\":9")),
        ("an absurd rate", with("\"sample_rate\":44100", "\"sample_rate\":1")),
        ("an unknown field", with("\"version\":", "\"more\":1,\"version\":")),
        ("a share over 1", with("\"sub_bass\":", "\"sub_bass\":7")),
        ("no range", with("\"lra_lu\":", "\"lra_lu\":null,\"x\":")),
        ("an endless range", with("\"lra_lu\":", "\"lra_lu\":1e300,\"x\":")),
    ] {
        assert_ne!(changed, json, "{what}");
        assert!(serde_json::from_str::<Fingerprint>(&changed).is_err(), "{what}");
    }
}

#[test]
fn the_sketch_is_bounded_and_has_the_loudness_of_the_track() {
    // Two minutes of noise whose level and peaks wander.
    let n = 120 * 44_100;
    let mut plane = noise(8, 1.0, n);
    for (i, x) in plane.iter_mut().enumerate() {
        let t = i as f64 / 44_100.0;
        let level = 0.02 + 0.3 * (0.5 + 0.5 * math::sin(t * 0.7)) * (0.5 + 0.5 * math::sin(t * 0.13));
        *x *= level as f32;
        if i % 9_973 == 0 {
            *x += (0.5 * math::sin(t * 0.31)) as f32;
        }
    }
    let fp = of(44_100, &both(plane));
    assert!(fp.sketch.len() <= MAX_CLUSTERS && fp.sketch.len() > 30, "{} clusters", fp.sketch.len());
    let album = crate::plan::AlbumLoudness::of([&fp]).unwrap();
    near("loudness of the sketch", album.lufs, fp.lufs().unwrap(), 0.1);
    for cluster in &fp.sketch {
        let bands: f64 = cluster.bands_lufs.iter().map(|&b| math::pow(10.0, b / 10.0)).sum();
        near("sum of bands", 10.0 * math::log10(bands), cluster.lufs, 0.05);
        assert!(cluster.usual_peak_dbtp <= cluster.true_peak_dbtp);
    }
    let highest = fp.sketch.iter().fold(f64::NEG_INFINITY, |top, c| top.max(c.true_peak_dbtp));
    near("highest peak", highest, fp.true_peak_dbtp.unwrap(), 0.01);
}

#[test]
fn memory_stays_bounded_on_a_long_track() {
    // Three hours at 8 kHz: the curve's hop doubles, the waveform's many times.
    let second = both(noise(9, 0.1, 8_000));
    let mut measurer = Measurer::new(Spec { rate: 8_000, n_channels: 2 }).unwrap();
    let block = Block::from_planes(&[&second[0], &second[1]]);
    for _ in 0..3 * 3_600 {
        measurer.push(&block);
    }
    let fp = measurer.finish();
    assert_eq!(fp.n_frames, 3 * 3_600 * 8_000);
    assert_eq!((fp.loudness_hop_s, fp.loudness_curve.len()), (2, 5_400));
    assert!((1_024..=2_048).contains(&fp.waveform.peaks.len()), "{}", fp.waveform.peaks.len());
    assert!(fp.waveform.hop_frames * fp.waveform.peaks.len() as u64 >= fp.n_frames);
    fp.validate().unwrap();
}
