//! A track whose sections differ absurdly: the gain follows them a little, as far
//! as law L6 allows, and what comes of it was foretold.

use auralis_core::fingerprint;
use auralis_core::geometry::Geometry;
use auralis_core::plan::{self, Taste};
use auralis_core::player::Render;
use auralis_tests::signals::{Memory, Planes, Random, read_all};
use ebur128::{EbuR128, Mode};

const RATE: u32 = 44_100;
/// Length of a section in frames: 60 s, so that what lies across its end is no
/// tenth of it, which would be its range.
const SECTION: usize = 60 * RATE as usize;

/// Low noise, first softer by `apart` dB, then loud.
fn sections(apart: f32) -> Planes {
    let mut random = Random(5);
    let mut plane = || -> Vec<f32> {
        let mut low = 0.0;
        (0..2 * SECTION)
            .map(|frame| {
                let gain = if frame < SECTION { 10f32.powf(-apart / 20.0) } else { 1.0 };
                let x = random.sample();
                low += 0.05 * (x - low);
                gain * (0.5 * low + 0.02 * x)
            })
            .collect()
    };
    vec![plane(), plane()]
}

/// Loudness, range, and the loudness of the middle of each section, on a meter
/// that is not ours.
fn metered(planes: &Planes) -> (f64, f64, [f64; 2]) {
    let read = |from: usize, upto: usize| {
        let mut meter = EbuR128::new(2, RATE, Mode::I | Mode::LRA).expect("a meter");
        meter.add_frames_planar_f32(&[&planes[0][from..upto], &planes[1][from..upto]]).expect("frames");
        (meter.loudness_global().expect("a loudness"), meter.loudness_range().expect("a range"))
    };
    let (lufs, lra) = read(0, planes[0].len());
    let middle = |k: usize| read(k * SECTION + SECTION / 3, (k + 1) * SECTION - SECTION / 3).0;
    (lufs, lra, [0, 1].map(middle))
}

#[test]
fn sections_that_differ_absurdly_come_a_little_nearer_as_foretold() {
    for (apart, follows) in [(12.0f32, false), (30.0, true)] {
        let planes = sections(apart);
        let print =
            fingerprint::measure(&mut Memory::new(RATE, planes.clone()), &mut |_| true).expect("sound");
        let plan = plan::plan(&print, &Taste::default()).expect("a plan");
        let source = Memory::new(RATE, planes.clone());
        let n_frames = planes[0].len() as u64;
        let mut render =
            Render::new(source, &plan.stages, n_frames, Geometry::at(RATE)).expect("stages that are valid");
        let after = read_all(&mut render, 4_096).expect("sound");

        let ((_, lra_before, levels), (lufs, lra, levels_after)) = (metered(&planes), metered(&after));
        let promise = plan.promise;
        println!(
            "{apart} LU apart: {lra_before:.2} LU, then {lra:.2}; {levels:.1?}, then {levels_after:.1?}"
        );
        assert!((lufs - promise.lufs.expect("a promise")).abs() < 0.5, "{lufs} LUFS of {promise:?}");
        assert!((lra - promise.lra_lu.expect("a promise")).abs() < 1.0, "{lra} LU of {promise:?}");
        assert!(lra_before - lra <= 2.0, "law L6: {lra_before} to {lra} LU");

        let reason = plan.reasons.iter().find(|reason| reason.stage == "ride");
        assert_eq!(reason.is_some(), follows, "{reason:?}");
        if follows {
            let text = &reason.expect("one").text;
            assert!(text.contains("lie 30 LU under"), "{text}");
            let nearer = (levels[1] - levels[0]) - (levels_after[1] - levels_after[0]);
            assert!((1.0..=3.0).contains(&nearer), "{nearer} LU nearer");
        }
    }
}
