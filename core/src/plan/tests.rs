//! What every plan keeps, on tracks of plainly different character.

use super::*;
use crate::block::Block;
use crate::fingerprint::Measurer;
use crate::flow::Spec;

/// A fingerprint that was measured, to be changed by tests.
fn track() -> Fingerprint {
    let mut measurer = Measurer::new(Spec { rate: 44_100, n_channels: 2 }).unwrap();
    let mut state = 1u32;
    let mut low = [0.0f32; 2];
    for second in 0..40 {
        let gain = [0.3f32, 0.6, 0.4, 0.8][second % 4];
        let mut planes = [Vec::new(), Vec::new()];
        for i in 0..44_100 {
            let beat = crate::math::exp(-((i % 22_050) as f32) / 3_000.0);
            for (plane, low) in planes.iter_mut().zip(&mut low) {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let x = (state >> 8) as f32 / 8_388_608.0 - 1.0;
                *low += 0.03 * (x - *low);
                plane.push(gain * (*low * (0.4 + beat) + 0.05 * x));
            }
        }
        measurer.push(&Block::from_planes(&[&planes[0], &planes[1]]));
    }
    measurer.finish()
}

fn taste(preset: Preset, intensity: f32) -> Taste {
    Taste { preset, intensity, ..Taste::default() }
}

#[test]
fn intensity_0_changes_nothing() {
    let track = track();
    for preset in Preset::ALL {
        let plan = plan(&track, &taste(preset, 0.0)).unwrap();
        let ceiling = plan.stages.limiter.ceiling_dbtp;
        assert!(f64::from(ceiling) > track.true_peak_dbtp.unwrap() + 0.5, "{preset}: {ceiling}");
        let neutral = Stages { limiter: Limiter { ceiling_dbtp: ceiling }, ..Stages::neutral() };
        assert_eq!(plan.stages, neutral, "{preset}");
        assert_eq!(plan.promise.lufs, track.lufs(), "{preset}");
    }
}

#[test]
fn presets_differ_plainly() {
    let track = track();
    let plans = Preset::ALL.map(|preset| plan(&track, &taste(preset, 1.0)).unwrap());
    for (i, a) in plans.iter().enumerate() {
        for b in &plans[..i] {
            let eq: f32 =
                a.stages.eq.iter().zip(&b.stages.eq).map(|(x, y)| (x.gain_db - y.gain_db).abs()).sum();
            let other = (a.stages.stereo.width - b.stages.stereo.width).abs()
                + (a.stages.saturation.drive - b.stages.saturation.drive).abs()
                + (a.stages.output_gain_db - b.stages.output_gain_db).abs();
            assert!(eq > 1.0 || other > 0.1, "{} and {}", a.summary, b.summary);
            assert_ne!(a.id, b.id);
        }
    }
}
