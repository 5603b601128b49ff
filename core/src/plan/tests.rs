//! What every plan keeps, on tracks of plainly different character.

mod balance;
mod company;
mod continuity;
mod hostile;
mod levels;

use super::*;
use crate::block::Block;
use crate::fingerprint::Measurer;
use crate::flow::Spec;

/// A fingerprint that was measured (once), to be changed by tests.
fn track() -> Fingerprint {
    static TRACK: std::sync::OnceLock<Fingerprint> = std::sync::OnceLock::new();
    TRACK.get_or_init(measured).clone()
}

fn measured() -> Fingerprint {
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

/// The measured track with other values: at the reference balance unless it
/// says otherwise, at `lufs`, with peaks `headroom` dB above the loudness.
fn made(lufs: f64, headroom: f64) -> Fingerprint {
    let mut track = track();
    let change = lufs - track.lufs().unwrap();
    let peak = lufs + headroom;
    let peaks = peak - track.true_peak_dbtp.unwrap();
    track.descriptors.lufs = Some(lufs);
    track.true_peak_dbtp = Some(peak);
    track.sample_peak_dbfs = Some(peak - 0.1);
    track.descriptors.stereo_width = 0.3;
    track.descriptors.phase_correlation = 0.7;
    track.lra_lu = 6.0;
    for cluster in &mut track.sketch {
        cluster.lufs = (cluster.lufs + change).max(-70.9);
        for band in &mut cluster.bands_lufs {
            *band = (*band + change).max(-200.0);
        }
        cluster.true_peak_dbtp += peaks;
        cluster.usual_peak_dbtp += peaks;
    }
    for value in track.loudness_curve.iter_mut().flatten() {
        *value += change;
    }
    let whole: f64 = rules::REFERENCE_DB.iter().map(|db| math::pow(10.0, db / 10.0)).sum();
    track.third_octaves = rules::REFERENCE_DB.iter().map(|db| db - 10.0 * math::log10(whole)).collect();
    track
}

#[test]
fn images_are_widened_only_where_it_is_safe() {
    let width = |width: f64, correlation: f64| {
        let mut track = made(-14.0, 12.0);
        track.descriptors.stereo_width = width;
        track.descriptors.phase_correlation = correlation;
        plan(&track, &Taste::default()).unwrap().stages.stereo
    };
    assert!(width(0.1, 0.95).width > 1.2, "narrow");
    assert_eq!(width(0.0, 1.0).width, 1.0, "mono has nothing to widen");
    assert_eq!(width(0.3, 0.7).width, 1.0, "as wide as most");
    assert!(width(0.12, 0.0).bass_mono > 0.2, "uncorrelated: bass is made mono");
    let opposite = width(0.7, -0.6);
    assert!(opposite.width < 0.85 && opposite.bass_mono > 0.5, "out of phase: {opposite:?}");
}

#[test]
fn silence_gets_a_neutral_plan_with_a_reason() {
    let mut measurer = Measurer::new(Spec { rate: 48_000, n_channels: 2 }).unwrap();
    measurer.push(&Block::from_planes(&[&[0.0; 48_000], &[0.0; 48_000]]));
    let plan = plan(&measurer.finish(), &Taste::default()).unwrap();
    assert_eq!(plan.stages, Stages::neutral());
    assert_eq!(plan.reasons.len(), 1);
    assert_eq!(plan.promise.lufs, None);
}

#[test]
fn json_gives_the_same_plan_and_taste_back() {
    let track = track();
    for preset in Preset::ALL {
        let taste = Taste { album: AlbumLoudness::of([&track]), ..taste(preset, 0.7) };
        let json = serde_json::to_string(&taste).unwrap();
        assert_eq!(serde_json::from_str::<Taste>(&json).unwrap(), taste);
        let plan = plan(&track, &taste).unwrap();
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
        assert_eq!(preset.name().parse::<Preset>().unwrap(), preset);
    }
    assert_eq!(serde_json::from_str::<Taste>("{}").unwrap(), Taste::default());
    assert!(serde_json::from_str::<Taste>(r#"{"loudness":-14}"#).is_err());
    assert!("loud".parse::<Preset>().is_err());
}

#[test]
fn ids_stand_for_the_numbers() {
    let track = track();
    let id = |taste: &Taste| plan(&track, taste).unwrap().id;
    let one = id(&Taste::default());
    assert_eq!(one.len(), 16);
    assert_eq!(one, id(&Taste::default()));
    assert_ne!(one, id(&Taste { target_lufs: -16.0, ..Taste::default() }));
    assert_ne!(one, id(&taste(Preset::Warm, 1.0)));
}

#[test]
fn every_move_has_its_reason() {
    let mut boomy = made(-24.0, 22.0);
    for level in &mut boomy.third_octaves[5..11] {
        *level = (*level + 9.0).min(0.0);
    }
    boomy.lra_lu = 16.0;
    boomy.descriptors.stereo_width = 0.1;
    let plan = plan(&boomy, &taste(Preset::Warm, 1.0)).unwrap();
    for stage in ["gain", "eq", "dynamics", "saturation", "stereo", "limiter"] {
        let reason = plan.reasons.iter().find(|reason| reason.stage == stage);
        let reason = reason.unwrap_or_else(|| panic!("no reason for {stage}: {:#?}", plan.reasons));
        assert!(reason.text.contains(&reason.done), "{reason:?}");
        assert!(reason.text.chars().any(|c| c.is_ascii_digit()), "{reason:?}");
    }
    assert!(plan.summary.contains("louder") && plan.summary.contains("dBTP"), "{}", plan.summary);
}
