//! Every stage of the chain, and the chain, under the laws of `Processor`.

use auralis_core::block::Block;
use auralis_core::chain::{Chain, Dynamics, Equaliser, Gain, Image, Limiter, Rider, Saturator};
use auralis_core::flow::Processor;
use auralis_core::plan::{Ride, Stages};
use auralis_tests::laws::lawful;

const RATE: u32 = 44_100;

/// Stages in which every stage works.
fn hard() -> Stages {
    let mut stages = Stages::neutral();
    stages.input_gain_db = 2.0;
    stages.ride = Ride { hop_s: 0.2, gain_db: vec![0.0, -3.0, 2.0, 0.0] };
    for (band, gain_db) in stages.eq.iter_mut().zip([3.0, -2.0, 1.5, -4.0, 2.0, -1.0, 2.5, 3.0]) {
        band.gain_db = gain_db;
    }
    for band in &mut stages.dynamics {
        band.threshold_db = -35.0;
        band.lift_below_db = -45.0;
        band.lift = 0.3;
        band.lift_range_db = 5.0;
        band.slope = 0.5;
        band.range_db = 8.0;
    }
    stages.saturation.drive = 0.4;
    stages.stereo.width_high = 0.7;
    stages.stereo.width = 1.4;
    stages.stereo.bass_mono = 0.9;
    stages.output_gain_db = 3.0;
    stages.limiter.ceiling_dbtp = -6.0;
    stages
}

#[track_caller]
fn check<P: Processor>(make: impl Fn(&Stages) -> P) {
    let (hard, neutral) = (hard(), Stages::neutral());
    lawful(|| make(&hard), || make(&neutral)).unwrap_or_else(|broken| panic!("{broken}"));
}

/// A stereo signal by its frame's number.
type Frame = fn(usize) -> (f32, f32);
/// A mono signal by its frame's number and the rate.
type Signal = fn(usize, f64) -> f32;

#[test]
fn gain_is_lawful() {
    check(|stages| Gain::new(stages.input_gain_db));
}

#[test]
fn rider_is_lawful() {
    check(|stages| Rider::new(RATE, &stages.ride));
}

#[test]
fn equaliser_is_lawful() {
    check(|stages| Equaliser::new(RATE, &stages.eq));
}

#[test]
fn dynamics_are_lawful() {
    check(|stages| Dynamics::new(RATE, &stages.dynamics));
}

#[test]
fn saturator_is_lawful() {
    check(|stages| Saturator::new(RATE, &stages.saturation));
}

#[test]
fn image_is_lawful() {
    check(|stages| Image::new(RATE, &stages.stereo));
}

#[test]
fn limiter_is_lawful() {
    check(|stages| Limiter::new(RATE, &stages.limiter));
}

#[test]
fn chain_is_lawful() {
    check(|stages| Chain::new(RATE, stages).expect("valid stages"));
}

/// The chain's output for an input, in blocks of 512.
fn run(chain: &mut Chain, input: impl Fn(usize) -> (f32, f32), n: usize) -> Vec<(f32, f32)> {
    let mut out = Vec::with_capacity(n);
    for start in (0..n).step_by(512) {
        let length = 512.min(n - start);
        let planes: (Vec<f32>, Vec<f32>) = (start..start + length).map(&input).unzip();
        let mut block = Block::from_planes(&[&planes.0, &planes.1]);
        chain.process(&mut block);
        out.extend(block.plane(0).iter().copied().zip(block.plane(1).iter().copied()));
    }
    out
}

/// A cheap hash as noise in ±1.
fn noise(i: usize) -> f32 {
    let x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

#[test]
fn output_is_finite_and_under_the_ceiling_whatever_comes_in() {
    let inputs: [(&str, Frame); 7] = [
        ("nan", |i| if i % 7 == 0 { (f32::NAN, 0.3) } else { (0.5, f32::NAN) }),
        ("infinities", |i| if i % 2 == 0 { (f32::INFINITY, f32::NEG_INFINITY) } else { (1e38, -1e38) }),
        ("denormals", |_| (1e-40, -1e-42)),
        ("dc", |_| (1.0, 1.0)),
        ("full scale square", |i| if i / 50 % 2 == 0 { (1.0, -1.0) } else { (-1.0, 1.0) }),
        ("white noise", |i| (noise(i), noise(i + 1_000_000))),
        ("alternating", |i| if i % 2 == 0 { (1.0, 1.0) } else { (-1.0, -1.0) }),
    ];
    let ceiling = 10f32.powf(-6.0 / 20.0);
    for rate in [8_000, 44_100, 192_000, 384_000] {
        for (name, input) in inputs {
            let mut chain = Chain::new(rate, &hard()).expect("valid stages");
            for (l, r) in run(&mut chain, input, rate as usize) {
                assert!(l.is_finite() && r.is_finite(), "{name} at {rate} Hz gave {l}, {r}");
                assert!(l.abs() <= ceiling && r.abs() <= ceiling, "{name} at {rate} Hz gave {l}, {r}");
            }
        }
    }
}

/// All numbers that a stage holds, as its `Debug` shows them.
fn numbers(stage: &impl std::fmt::Debug) -> Vec<f32> {
    let shown = format!("{stage:?}");
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    shown.split(|c| !is_part(c)).filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn a_second_after_loud_music_no_stage_holds_a_subnormal() {
    fn check<P: Processor + std::fmt::Debug>(name: &str, mut stage: P) {
        let n = RATE as usize;
        let mut loud = auralis_tests::laws::music();
        loud.iter_mut().for_each(|plane| plane.extend(vec![0.0; n]));
        for size in [128, 997] {
            auralis_tests::laws::play(&mut stage, &loud, &[size]);
            let held = numbers(&stage);
            assert!(held.len() > 3, "{name} shows what it holds: {held:?}");
            let subnormal: Vec<&f32> = held.iter().filter(|x| x.is_subnormal()).collect();
            assert!(subnormal.is_empty(), "{name} holds {} subnormals: {subnormal:?}", subnormal.len());
        }
    }
    for stages in [hard(), Stages::neutral()] {
        check("gain", Gain::new(stages.input_gain_db));
        check("ride", Rider::new(RATE, &stages.ride));
        check("equaliser", Equaliser::new(RATE, &stages.eq));
        check("dynamics", Dynamics::new(RATE, &stages.dynamics));
        check("saturation", Saturator::new(RATE, &stages.saturation));
        check("stereo", Image::new(RATE, &stages.stereo));
        check("limiter", Limiter::new(RATE, &stages.limiter));
        check("chain", Chain::new(RATE, &stages).expect("valid stages"));
    }
    assert!(numbers(&f32::from_bits(1)).iter().all(|x| x.is_subnormal()), "a subnormal is seen");
}

#[test]
fn after_noise_comes_silence_without_subnormals() {
    let mut chain = Chain::new(RATE, &hard()).expect("valid stages");
    run(&mut chain, |i| (noise(i), -noise(i + 77)), RATE as usize);
    let second = RATE as usize;
    let tail = run(&mut chain, |_| (0.0, 0.0), 20 * second);
    assert!(tail[second..].iter().all(|(l, r)| !l.is_subnormal() && !r.is_subnormal()));
    assert!(tail[10 * second..].iter().all(|&(l, r)| l.abs().max(r.abs()) < 1e-15));
}

#[test]
fn true_peak_stays_under_the_ceiling_on_a_meter_that_is_not_ours() {
    for rate in [44_100u32, 48_000, 96_000] {
        for ceiling_dbtp in [-1.0f32, -6.0] {
            let mut stages = Stages::neutral();
            stages.output_gain_db = 9.0;
            stages.limiter.ceiling_dbtp = ceiling_dbtp;
            let cases: [(&str, Signal); 4] = [
                ("noise", |i, _| noise(i)),
                ("square", |i, _| if i / 37 % 2 == 0 { 1.0 } else { -1.0 }),
                ("quarter-rate sine between the frames", |i, _| {
                    (std::f64::consts::TAU * (i as f64 / 4.0) + std::f64::consts::FRAC_PI_4).sin() as f32
                }),
                ("bursts of 15 kHz", |i, rate| {
                    let on = if i / 2_000 % 2 == 0 { 1.0 } else { 0.01 };
                    (on * (std::f64::consts::TAU * 15_000.0 * i as f64 / rate).sin()) as f32
                }),
            ];
            for (name, signal) in cases {
                let mut chain = Chain::new(rate, &stages).expect("valid stages");
                let out = run(
                    &mut chain,
                    |i| (signal(i, f64::from(rate)), signal(i + 3, f64::from(rate))),
                    3 * rate as usize,
                );
                let interleaved: Vec<f32> = out.iter().flat_map(|&(l, r)| [l, r]).collect();
                let mut meter = ebur128::EbuR128::new(2, rate, ebur128::Mode::TRUE_PEAK).expect("a meter");
                meter.add_frames_f32(&interleaved).expect("whole frames");
                let peak = (0..2).map(|c| meter.true_peak(c).expect("measured")).fold(0.0, f64::max);
                let dbtp = 20.0 * peak.log10();
                assert!(dbtp <= f64::from(ceiling_dbtp), "{name} at {rate} Hz reads {dbtp} dBTP");
                assert!(dbtp >= f64::from(ceiling_dbtp) - 1.0, "{name} at {rate} Hz reads only {dbtp} dBTP");
            }
        }
    }
}
