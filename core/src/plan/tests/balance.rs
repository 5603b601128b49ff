//! Tonal balance: what lies outside the spread comes back in part, and nothing else moves.

use super::*;

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
