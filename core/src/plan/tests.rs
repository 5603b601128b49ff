//! What every plan keeps, on tracks of plainly different character.

mod continuity;
mod hostile;

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
fn a_well_mastered_track_gets_no_move_to_speak_of() {
    // Inside the spread everywhere, a wave of ±2.5 dB over it, near its target.
    for phase in 0..8 {
        for lufs in [-14.9, -14.0, -13.1] {
            let mut track = made(lufs, 12.0);
            for (i, level) in track.third_octaves.iter_mut().enumerate() {
                *level = (*level + 2.5 * math::sin(f64::from(phase) + i as f64 * 0.9)).clamp(-120.0, 0.0);
            }
            let plan = plan(&track, &Taste::default()).unwrap();
            for band in &plan.stages.eq {
                assert!(band.gain_db.abs() <= 0.5, "{} dB at {} Hz", band.gain_db, band.hz);
            }
            assert_eq!(plan.stages.dynamics, Stages::neutral().dynamics);
            assert_eq!(plan.stages.stereo.width, 1.0);
            assert!((plan.promise.lufs.unwrap() + 14.0).abs() < 0.05, "{:?}", plan.promise);
        }
    }
}

#[test]
fn what_lies_outside_the_spread_is_brought_back_in_part() {
    let tilted = |from: usize, upto: usize, db: f64| {
        let mut track = made(-14.0, 12.0);
        for level in &mut track.third_octaves[from..upto] {
            *level = (*level + db).clamp(-120.0, 0.0);
        }
        plan(&track, &Taste::default()).unwrap().stages.eq.map(|band| band.gain_db)
    };
    let boomy = tilted(5, 11, 9.0);
    assert!(boomy[1] < -1.0 && boomy[1] > -6.5 && boomy[5].abs() < 0.8, "boomy: {boomy:?}");
    let dull = tilted(23, 31, -9.0);
    assert!(dull[6] > 0.8 && dull[6] < 6.0 && dull[1].abs() < 0.8, "dull: {dull:?}");
    let harsh = tilted(21, 26, 8.0);
    assert!(harsh[5] < -1.0 && harsh[1].abs() < 0.8, "harsh: {harsh:?}");
    // Nothing above 8 kHz is a low-pass, not a taste: it is not filled with hiss.
    let cut = tilted(27, 31, -80.0);
    assert!(cut[7] < 0.3, "cut off: {cut:?}");
}

#[test]
fn where_nobody_plays_nothing_is_missing() {
    // A flute: balanced from 250 Hz on, nothing below but what leaks.
    let mut flute = made(-14.0, 12.0);
    for level in &mut flute.third_octaves[..11] {
        *level -= 35.0;
    }
    let plan = plan(&flute, &Taste::default()).unwrap();
    // The edge itself is a slope once neighbours are mixed in: a little is done.
    for band in &plan.stages.eq {
        assert!(band.gain_db.abs() < 1.5, "{} dB at {} Hz", band.gain_db, band.hz);
    }
    // Nor is the rest judged by what is not there.
    let balance = Balance::new(&flute, None);
    assert!(balance.deviation[14..29].iter().all(|db| db.abs() < 0.7), "{:?}", balance.deviation);
    assert!(balance.presence[2] < 0.01 && balance.presence[20] > 0.99, "{:?}", balance.presence);
}

#[test]
fn a_balance_comes_nearer_as_its_equaliser_says() {
    let mut boomy = made(-14.0, 12.0);
    for level in &mut boomy.third_octaves[5..11] {
        *level = (*level + 9.0).min(0.0);
    }
    let before = Balance::new(&boomy, None);
    let mut equalised = boomy.clone();
    let eq = plan(&boomy, &Taste::default()).unwrap().stages.eq;
    for (i, level) in equalised.third_octaves.iter_mut().enumerate() {
        let hz = fingerprint::third_octave_hz(i);
        let gain: f64 = eq.iter().map(|band| response::gain_db(band, hz, 44_100.0)).sum();
        *level = (*level + gain).clamp(-120.0, 0.0);
    }
    let left = Balance::new(&equalised, None).distance_db(&before) / before.distance_db(&before);
    assert!(left < 0.5, "{left} of the distance is left");
    assert_eq!(Balance::new(&made(-14.0, 12.0), None).distance_db(&before), 0.0);
}

#[test]
fn loudness_goes_to_the_target_as_far_as_peaks_allow() {
    // Crushed and loud: down to the target. Quiet with room: up to it.
    for (lufs, headroom) in [(-7.0, 7.0), (-20.0, 12.0), (-14.0, 12.0)] {
        let plan = plan(&made(lufs, headroom), &Taste::default()).unwrap();
        assert!((plan.promise.lufs.unwrap() + 14.0).abs() < 0.05, "{lufs}: {:?}", plan.promise);
    }
    // Peaks 22 dB above the loudness: the push ends at 2 dB.
    let track = made(-24.0, 22.0);
    let wide = plan(&track, &Taste::default()).unwrap();
    let lufs = wide.promise.lufs.unwrap();
    assert!(lufs < -19.0 && lufs > -24.0, "{lufs}");
    let gain = wide.stages.input_gain_db + wide.stages.output_gain_db;
    let push = track.true_peak_dbtp.unwrap() + f64::from(gain) - (-1.0 - rules::LIMITER_MARGIN_DB);
    assert!((1.5..=2.05).contains(&push), "pushed by {push} dB");
    // Other targets are aimed at as well.
    for target in [-23.0f32, -18.0, -11.0] {
        let taste = Taste { target_lufs: target, ..Taste::default() };
        let lufs = plan(&made(-16.0, 11.0), &taste).unwrap().promise.lufs.unwrap();
        assert!((lufs - f64::from(target)).abs() < 0.1, "{target}: {lufs}");
    }
}

#[test]
fn gains_to_compare_make_both_equally_loud_without_clipping() {
    for (lufs, headroom) in [(-8.0, 8.0), (-20.0, 12.0), (-24.0, 22.0), (-16.0, 16.5)] {
        let track = made(lufs, headroom);
        let plan = plan(&track, &Taste::default()).unwrap();
        let Compare { original_db, enhanced_db } = plan.compare;
        let original = lufs + f64::from(original_db);
        let enhanced = plan.promise.lufs.unwrap() + f64::from(enhanced_db);
        assert!((original - enhanced).abs() < 0.02, "{lufs}: {original} and {enhanced}");
        let peak = track.true_peak_dbtp.unwrap() + f64::from(original_db);
        assert!(original_db <= 0.0 || peak <= -0.99, "{lufs}: the original peaks at {peak} dBTP");
        assert!(enhanced_db <= 0.0, "the enhanced is never raised");
    }
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
fn wide_dynamics_are_evened_and_narrow_ones_left() {
    let at = |lra: f64| {
        let mut track = made(-16.0, 12.0);
        track.lra_lu = lra;
        plan(&track, &Taste::default()).unwrap().stages.dynamics
    };
    assert_eq!(at(8.0), Stages::neutral().dynamics);
    assert!(at(14.0)[1].slope > 0.05);
    assert!(at(25.0)[1].slope > at(14.0)[1].slope);
}

#[test]
fn the_ride_brings_quiet_and_loud_together() {
    let mut track = made(-18.0, 14.0);
    track.loudness_curve = (0..40).map(|i| Some(if i < 20 { -28.0 } else { -14.0 })).collect();
    let plan = plan(&track, &taste(Preset::Night, 1.0)).unwrap();
    let ride = plan.stages.ride;
    assert!((20..=RIDE_KNOTS).contains(&ride.gain_db.len()));
    assert!(ride.gain_db[5] > 3.0 && ride.gain_db[35] < -1.0, "{:?}", ride.gain_db);
    // Hours of it still fit.
    track.loudness_curve = (0..7_199).map(|i| Some(if i % 600 < 300 { -28.0 } else { -14.0 })).collect();
    let long = super::plan(&track, &taste(Preset::Night, 1.0)).unwrap().stages.ride;
    assert!(long.gain_db.len() <= RIDE_KNOTS && long.hop_s * (long.gain_db.len() - 1) as f32 >= 7_199.0);
}

/// A track that whispers for its first half and is loud in the second, `apart`
/// LU louder.
fn in_two_parts(apart: f64) -> Fingerprint {
    let mut track = made(-18.0, 14.0);
    let loud = -15.5;
    track.loudness_curve = (0..60).map(|i| Some(if i < 30 { loud - apart } else { loud })).collect();
    let n = track.sketch.len();
    for (i, cluster) in track.sketch.iter_mut().enumerate() {
        let change = if i < n / 2 { loud - apart } else { loud } - cluster.lufs;
        cluster.lufs += change;
        cluster.n = 600 / n as u64 + 1;
        cluster.true_peak_dbtp += change;
        cluster.usual_peak_dbtp += change;
        for band in &mut cluster.bands_lufs {
            *band += change;
        }
    }
    track.lra_lu = if apart < 22.0 { apart } else { 0.5 };
    track
}

#[test]
fn the_gain_follows_sections_that_differ_absurdly_and_no_others() {
    let at = |apart: f64, taste: &Taste| plan(&in_two_parts(apart), taste).unwrap();
    let rides = |plan: &Plan| plan.stages.ride.gain_db.iter().any(|gain| *gain != 0.0);
    for apart in [0.0, 8.0, 15.0, 19.0] {
        assert!(!rides(&at(apart, &Taste::default())), "{apart} LU are usual");
    }
    let absurd = at(30.0, &Taste::default());
    let gains = &absurd.stages.ride.gain_db;
    let follows = f64::from(gains[10] - gains[50]);
    assert!((1.0..=2.0).contains(&follows), "{follows} dB: {gains:?}");
    let reason = absurd.reasons.iter().find(|reason| reason.stage == "ride").expect("a reason");
    assert!(reason.text.contains("its quiet parts lie 30 LU under"), "{reason:?}");
    // An album keeps its relations, and these presets leave dynamics alone.
    let album = AlbumLoudness::of([&in_two_parts(30.0)]);
    assert!(!rides(&at(30.0, &Taste { album, ..Taste::default() })));
    assert!(!rides(&at(30.0, &taste(Preset::Gentle, 1.0))) && !rides(&at(30.0, &taste(Preset::Live, 1.0))));
    // It begins gradually.
    let mut before = 0.0;
    for tenth in 180..320 {
        let ride = at(f64::from(tenth) / 10.0, &Taste::default()).stages.ride.gain_db;
        let now = ride.get(10).copied().unwrap_or(0.0);
        assert!((now - before).abs() <= 0.11, "{before} to {now} dB at {tenth}");
        before = now;
    }
}

#[test]
fn an_album_keeps_its_balance_with_one_gain() {
    let (loud, quiet) = (made(-12.0, 10.0), made(-20.0, 14.0));
    let album = AlbumLoudness::of([&loud, &quiet]).unwrap();
    assert!(album.lufs > -20.0 && album.lufs < -12.0);
    let taste = Taste { album: Some(album), ..Taste::default() };
    let change =
        |track: &Fingerprint| plan(track, &taste).unwrap().promise.lufs.unwrap() - track.lufs().unwrap();
    assert!((change(&loud) - change(&quiet)).abs() < 0.1, "{} and {}", change(&loud), change(&quiet));
}

#[test]
fn a_reference_track_draws_the_balance_towards_itself() {
    let track = made(-14.0, 12.0);
    let mut bright = track.clone();
    for (i, level) in bright.third_octaves.iter_mut().enumerate() {
        *level = (*level + if i >= 22 { 6.0 } else { 0.0 }).clamp(-120.0, 0.0);
    }
    let taste = Taste { reference: Some(Box::new(bright)), ..Taste::default() };
    let eq = plan(&track, &taste).unwrap().stages.eq;
    assert!(eq[5].gain_db + eq[6].gain_db > 2.0, "{eq:?}");
    let own = Taste { reference: Some(Box::new(track.clone())), ..Taste::default() };
    assert!(plan(&track, &own).unwrap().stages.eq.iter().all(|band| band.gain_db == 0.0));
}

#[test]
fn a_rendering_corrects_what_the_model_missed() {
    // The rendering was 0.8 LU quieter than promised: so much more gain, the
    // same promise.
    let track = made(-20.0, 12.0);
    let missed =
        |first: &Plan| first.trim(first.promise.lufs.map(|lufs| lufs - 0.8), first.promise.lra_lu.unwrap());
    let trimmed = |track: &Fingerprint, trim| plan_trimmed(track, &Taste::default(), trim);
    let first = plan(&track, &Taste::default()).unwrap();
    let then = trimmed(&track, missed(&first)).unwrap();
    let more = then.stages.output_gain_db - first.stages.output_gain_db;
    assert!((0.8..1.1).contains(&more), "{more} dB more");
    assert_eq!((then.trim_db, then.promise.lufs), (0.8, first.promise.lufs));
    // Where peaks leave no room for more gain, the promise gives way.
    let full = made(-24.0, 22.0);
    let first = plan(&full, &Taste::default()).unwrap();
    let then = trimmed(&full, missed(&first)).unwrap();
    assert_eq!(then.stages, first.stages);
    assert!((first.promise.lufs.unwrap() - then.promise.lufs.unwrap() - 0.8).abs() < 0.011);
    for lufs in [f64::NAN, 7.0] {
        assert!(trimmed(&track, Trim { lufs, ..Trim::default() }).is_err());
    }
    // What is missed of the range is promised otherwise; little is left alone.
    let Promise { lufs, lra_lu, .. } = first.promise;
    let then = trimmed(&full, first.trim(lufs.map(|lufs| lufs + 0.15), lra_lu.unwrap() - 0.4)).unwrap();
    assert_eq!((then.trim_db, then.trim_lra_lu), (0.0, 0.4));
    assert_eq!(then.stages, first.stages);
    assert!((lra_lu.unwrap() - then.promise.lra_lu.unwrap() - 0.4).abs() < 0.011);
}

#[test]
fn a_lower_ceiling_is_kept_and_takes_room() {
    let track = made(-24.0, 22.0);
    let at = |ceiling_dbtp: f32| plan(&track, &Taste { ceiling_dbtp, ..Taste::default() }).unwrap();
    let (one, two) = (at(-1.0), at(-2.0));
    assert_eq!(two.stages.limiter.ceiling_dbtp, -2.0);
    assert!(two.promise.true_peak_dbtp.unwrap() <= -2.0);
    let room = one.promise.lufs.unwrap() - two.promise.lufs.unwrap();
    assert!((0.9..1.1).contains(&room), "{room} LU less");
    assert!(two.summary.contains("under −2 dBTP"), "{}", two.summary);
}

#[test]
fn a_reference_track_draws_loudness_width_and_range_towards_its_own_within_limits() {
    let with = |reference: Fingerprint, change: &dyn Fn(&mut Fingerprint)| {
        let mut track = made(-18.0, 12.0);
        change(&mut track);
        plan(&track, &Taste { reference: Some(Box::new(reference)), ..Taste::default() }).unwrap()
    };
    let lufs = |reference: f64| with(made(reference, 12.0), &|_| {}).promise.lufs.unwrap();
    assert!((lufs(-20.0) + 20.0).abs() < 0.05 && (lufs(-16.0) + 16.0).abs() < 0.05);
    assert!((lufs(-35.0) + 23.0).abs() < 0.05, "no quieter than −23: {}", lufs(-35.0));
    let told = with(made(-16.0, 12.0), &|_| {});
    assert!(told.reasons[0].text.contains("your reference has −16.0"), "{:?}", told.reasons[0]);

    let width = |own: f64, wanted: f64| {
        let mut reference = made(-16.0, 12.0);
        reference.descriptors.stereo_width = wanted;
        with(reference, &|track| track.descriptors.stereo_width = own).stages.stereo.width
    };
    assert!(width(0.3, 0.36) > 1.1 && width(0.3, 0.24) < 0.9);
    assert_eq!(width(0.3, 0.3), 1.0);
    assert!(width(0.2, 0.9) <= 1.4 && width(0.6, 0.05) >= 0.7);
    assert!(width(0.0, 0.4) <= 1.0, "mono has nothing to widen");

    let slope = |own: f64, wanted: f64| {
        let mut reference = made(-16.0, 12.0);
        reference.lra_lu = wanted;
        with(reference, &|track| track.lra_lu = own).stages.dynamics[1].slope
    };
    assert!(slope(12.0, 4.0) > 0.1 && slope(8.0, 4.0) > 0.0);
    assert_eq!(slope(12.0, 14.0), 0.0, "a range that is narrower already is left");
}

#[test]
fn night_raises_what_is_quiet_and_others_do_not() {
    for preset in Preset::ALL {
        let dynamics = plan(&made(-18.0, 14.0), &taste(preset, 1.0)).unwrap().stages.dynamics;
        let raises = dynamics.iter().all(|band| band.lift > 0.1 && band.lift_range_db > 2.0);
        let none = dynamics.iter().all(|band| band.lift == 0.0 && band.lift_range_db == 0.0);
        assert!(if preset == Preset::Night { raises } else { none }, "{preset}: {dynamics:?}");
    }
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

/// A track with `factor` times the range of [`made`], 6 LU.
fn stretched(lufs: f64, headroom: f64, factor: f64) -> Fingerprint {
    let mut track = made(lufs, headroom);
    track.lra_lu *= factor;
    for cluster in &mut track.sketch {
        let change = (factor - 1.0) * (cluster.lufs - lufs);
        cluster.lufs = (cluster.lufs + change).max(-70.9);
        for band in &mut cluster.bands_lufs {
            *band = (*band + change).max(-200.0);
        }
        cluster.true_peak_dbtp += change;
        cluster.usual_peak_dbtp += change;
    }
    for value in track.loudness_curve.iter_mut().flatten() {
        *value += (factor - 1.0) * (*value - lufs);
    }
    let top = track.sketch.iter().fold(f64::NEG_INFINITY, |top, c| top.max(c.true_peak_dbtp));
    track.true_peak_dbtp = Some(top);
    track
}

/// Law L6: what a track may lose of its loudness range, in LU, and of its peaks
/// over its loudness, in dB. The README states these numbers.
fn most_lost(preset: Preset) -> (f64, f64) {
    match preset {
        Preset::Gentle | Preset::Live => (1.0, 2.5),
        Preset::Adaptive | Preset::Warm | Preset::Bright => (2.0, 3.0),
        Preset::Punchy => (2.5, 3.5),
        Preset::Night => (10.0, 4.5),
    }
}

#[test]
fn losses_of_range_and_of_peaks_are_capped() {
    for preset in Preset::ALL {
        let (most_range, most_plr) = most_lost(preset);
        let (mut range_lost, mut plr_lost) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for factor in [0.5, 1.0, 2.0, 3.0, 4.0, 6.0] {
            for (lufs, headroom) in [(-8.0, 8.0), (-14.0, 14.0), (-20.0, 12.0), (-24.0, 22.0), (-35.0, 30.0)]
            {
                let track = stretched(lufs, headroom, factor);
                for target_lufs in [-23.0, -14.0, -6.0] {
                    let promise = plan(&track, &Taste { target_lufs, ..taste(preset, 1.0) }).unwrap().promise;
                    let before = track.true_peak_dbtp.unwrap() - lufs;
                    let after = promise.true_peak_dbtp.unwrap() - promise.lufs.unwrap();
                    range_lost = range_lost.max(track.lra_lu - promise.lra_lu.unwrap());
                    plr_lost = plr_lost.max(before - after);
                }
            }
        }
        assert!(range_lost <= most_range, "{preset}: {range_lost} LU of range");
        assert!(plr_lost <= most_plr, "{preset}: {plr_lost} dB of peaks");
    }
}

#[test]
fn a_gain_that_makes_up_for_other_moves_says_so() {
    let mut harsh = made(-13.7, 12.0);
    for level in &mut harsh.third_octaves[20..28] {
        *level += 10.0;
    }
    let plan = plan(&harsh, &Taste::default()).unwrap();
    let gain = plan.reasons.iter().find(|reason| reason.stage == "gain").unwrap();
    // Too loud by 0.3 LU and yet raised: what was lowered took more.
    assert!(gain.done.starts_with('+') && gain.text.contains("the other moves take"), "{gain:?}");
    let presence = plan.reasons.iter().find(|reason| reason.text.contains("around 4 kHz")).unwrap();
    assert!(presence.done.starts_with('−') && presence.text.contains("against harshness"), "{presence:?}");
    assert!(presence.text.contains("% of the power"), "{presence:?}");
    let plain = super::plan(&made(-20.0, 12.0), &Taste::default()).unwrap();
    assert!(!plain.reasons[0].text.contains("other moves"), "{:?}", plain.reasons[0]);
}
