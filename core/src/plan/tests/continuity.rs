//! A small change in a fingerprint or a taste is a small change in the plan.

use super::*;

/// All numbers of a plan, its promise included; a ride only by its extremes,
/// since an absent ride and one of 0 dB are the same sound.
pub(super) fn numbers(plan: &Plan) -> Vec<f64> {
    let mut stages = plan.stages.clone();
    let ride = std::mem::take(&mut stages.ride.gain_db);
    stages.ride.hop_s = 1.0;
    let mut out: Vec<f64> = stages.to_floats().into_iter().map(f64::from).collect();
    out.push(ride.iter().copied().fold(0.0, f32::max).into());
    out.push(ride.iter().copied().fold(0.0, f32::min).into());
    out.extend(
        [plan.promise.lufs, plan.promise.lra_lu, plan.promise.true_peak_dbtp].map(|x| x.unwrap_or(0.0)),
    );
    out
}

/// Sweeps one value from `from` to `to` in 400 steps: no number of the plan
/// may jump. `most` is the largest step allowed, in the number's own unit.
#[track_caller]
fn slopes(
    name: &str,
    preset: Preset,
    from: f64,
    to: f64,
    most: f64,
    set: impl Fn(&mut Fingerprint, &mut Taste, f64),
) {
    let base = made(-17.0, 14.0);
    let mut before: Option<Vec<f64>> = None;
    for step in 0..=400 {
        let x = from + (to - from) * f64::from(step) / 400.0;
        let (mut track, mut taste) = (base.clone(), taste(preset, 1.0));
        set(&mut track, &mut taste, x);
        let after = numbers(&plan(&track, &taste).unwrap());
        for (i, x_after) in after.iter().enumerate() {
            assert!(x_after.is_finite(), "{name} = {x}, {preset}: number {i} is {x_after}");
            if let Some(before) = &before {
                let jump = (x_after - before[i]).abs();
                assert!(jump <= most, "{name} = {x}, {preset}: number {i} jumps by {jump}");
            }
        }
        before = Some(after);
    }
}

#[test]
fn plans_are_continuous_in_everything_measured_and_wanted() {
    for preset in [Preset::Adaptive, Preset::Punchy, Preset::Night, Preset::Live] {
        slopes("lra_lu", preset, 0.0, 30.0, 2.5, |track, _, x| track.lra_lu = x);
        slopes("stereo_width", preset, 0.0, 1.0, 0.1, |track, _, x| track.descriptors.stereo_width = x);
        slopes("phase_correlation", preset, -1.0, 1.0, 0.1, |t, _, x| t.descriptors.phase_correlation = x);
        slopes("true_peak_dbtp", preset, -30.0, 12.0, 0.3, |track, _, x| track.true_peak_dbtp = Some(x));
        slopes("target_lufs", preset, -30.0, -6.0, 0.3, |_, taste, x| taste.target_lufs = x as f32);
        slopes("intensity", preset, 0.0, 1.0, 5.0, |_, taste, x| taste.intensity = x as f32);
        slopes("lufs", preset, -40.0, -5.0, 0.6, |track, _, x| *track = made(x, 12.0));
        slopes("sub third-octave", preset, -80.0, 0.0, 0.3, |track, _, x| track.third_octaves[4] = x);
        slopes("a third-octave", preset, -120.0, 0.0, 0.5, |track, _, x| track.third_octaves[20] = x);
        let referred = |taste: &mut Taste, change: &dyn Fn(&mut Fingerprint)| {
            let mut reference = made(-16.0, 12.0);
            change(&mut reference);
            taste.reference = Some(Box::new(reference));
        };
        slopes("the reference's lufs", preset, -40.0, -5.0, 0.3, |_, taste, x| {
            referred(taste, &|reference| reference.descriptors.lufs = Some(x));
        });
        slopes("the reference's width", preset, 0.0, 1.0, 0.1, |_, taste, x| {
            referred(taste, &|reference| reference.descriptors.stereo_width = x);
        });
        slopes("the reference's range", preset, 0.0, 30.0, 2.5, |_, taste, x| {
            referred(taste, &|reference| reference.lra_lu = x);
        });
        slopes("a cluster", preset, -69.0, -5.0, 0.3, |track, _, x| {
            let middle = track.sketch.len() / 2;
            let change = x - track.sketch[middle].lufs;
            track.sketch[middle].lufs = x;
            for band in &mut track.sketch[middle].bands_lufs {
                *band = (*band + change).max(-200.0);
            }
        });
    }
}

#[test]
fn plans_are_continuous_in_each_of_the_25_descriptors() {
    for name in fingerprint::NAMES {
        let (low, high) = fingerprint::Descriptors::range(name).unwrap();
        // Within what music reaches, where a definition has no end of its own.
        let (low, high) =
            (low.max(-60.0), if name.ends_with("_db") { high.min(40.0) } else { high.min(22_050.0) });
        let (low, high) = if name == "lufs" { (-40.0, -5.0) } else { (low, high) };
        slopes(name, Preset::Adaptive, low, high, 0.6, |track, _, x| {
            let mut json = serde_json::to_value(track.descriptors).unwrap();
            json[name] = x.into();
            track.descriptors = serde_json::from_value(json).unwrap();
        });
    }
}
