//! What each stage does to tones: purity, aliasing, static curves, times; and
//! how much a chain remembers.

use std::collections::BTreeSet;

use auralis_core::chain::{Chain, Dynamics, Equaliser, Saturator};
use auralis_core::flow::Processor;
use auralis_core::plan::{DynamicBand, Filter, Saturation, Shape, Stages};
use auralis_tests::laws::{most_held, play};
use auralis_tests::signals::{Planes, sine};

use crate::oracle::impurity_db;

fn both(plane: Vec<f32>) -> Planes {
    vec![plane.clone(), plane]
}

#[test]
fn a_tone_passes_a_neutral_plan_with_less_than_minus_140_db_of_anything_else() {
    for rate in [44_100, 48_000, 192_000] {
        let mut chain = Chain::new(rate, &Stages::neutral()).expect("valid stages");
        let n = rate as usize;
        let out = play(&mut chain, &both(sine(rate, 997.0, 2 * n, 0.251_188_6)), &[128]);
        let got = impurity_db(rate, &out[1][n..], &[997.0]);
        assert!(got <= -140.0, "{got} dB at {rate} Hz");
    }
}

#[test]
fn an_equaliser_at_work_adds_less_than_minus_120_db_of_noise() {
    for rate in [44_100, 96_000] {
        let mut bands = Stages::neutral().eq;
        for (band, gain_db) in bands.iter_mut().zip([6.0, -6.0, 6.0, -6.0, 6.0, -6.0, 6.0, -6.0]) {
            band.gain_db = gain_db;
        }
        let n = rate as usize;
        for hz in [40.0, 997.0, 9_000.0] {
            let out = play(&mut Equaliser::new(rate, &bands), &both(sine(rate, hz, 2 * n, 0.25)), &[128]);
            let got = impurity_db(rate, &out[0][n..], &[hz]);
            assert!(got <= -120.0, "{got} dB at {hz} Hz and {rate} Hz");
        }
    }
}

#[test]
fn the_equaliser_has_the_response_that_the_plan_reckons_with() {
    let rate = 44_100;
    let n = rate as usize;
    let mut bands = Stages::neutral().eq;
    for (band, gain_db) in bands.iter_mut().zip([3.0, -2.0, 1.5, -4.0, 2.0, -1.0, 2.5, 6.0]) {
        band.gain_db = gain_db;
    }
    for hz in [20.0, 100.0, 1_000.0, 5_000.0, 12_000.0, 20_000.0] {
        let tone = sine(rate, hz, 2 * n, 0.25);
        let out = play(&mut Equaliser::new(rate, &bands), &both(tone.clone()), &[128]);
        let power = |x: &[f32]| x[n..].iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        let got = 10.0 * (power(&out[0]) / power(&tone)).log10();
        let wanted: f64 =
            bands.iter().map(|band| Filter::of(band, rate.into()).gain_db(hz, rate.into())).sum();
        assert!((got - wanted).abs() < 0.001, "{got} dB at {hz} Hz, not {wanted}");
    }
}

/// Where the true products of these tones lie, up to the third order: what
/// saturation is there to make.
fn products(tones: &[f64], rate: u32) -> Vec<f64> {
    let mut found = BTreeSet::new();
    let orders = -3i64..=3;
    for m in orders.clone() {
        for k in orders.clone() {
            let hz = m * tones[0] as i64 + k * tones.get(1).copied().unwrap_or(0.0) as i64;
            if m.abs() + k.abs() <= 3 && hz > 0 && 2 * hz < i64::from(rate) {
                found.insert(hz);
            }
        }
    }
    found.into_iter().map(|hz| hz as f64).collect()
}

#[test]
fn saturation_folds_back_less_than_minus_90_db() {
    for rate in [8_000, 44_100, 48_000, 88_200, 96_000, 192_000] {
        for tones in
            [&[997.0][..], &[5_000.0], &[10_000.0], &[15_000.0], &[4_000.0, 7_001.0], &[997.0, 14_001.0]]
        {
            if tones.iter().any(|hz| 2.0 * hz >= f64::from(rate)) {
                continue;
            }
            // −1 dBFS together, at full drive.
            let n = rate as usize;
            let mut plane = vec![0.0; 2 * n];
            for &hz in tones {
                let part = sine(rate, hz, 2 * n, 0.891 / tones.len() as f32);
                plane.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            }
            let mut stage = Saturator::new(rate, &Saturation { drive: 1.0 });
            let out = play(&mut stage, &both(plane), &[128]);
            let got = impurity_db(rate, &out[0][n..], &products(tones, rate));
            assert!(got <= -90.0, "{tones:?} at {rate} Hz: {got} dB");
            if tones == [997.0] && rate > 8_000 {
                let bent = impurity_db(rate, &out[0][n..], tones);
                assert!(bent > -40.0, "it bends: {bent} dB");
            }
        }
    }
}

const RATE: u32 = 48_000;

/// One bell at 1 kHz at work.
fn bell(change: impl Fn(&mut DynamicBand)) -> Dynamics {
    let mut bands = Stages::neutral().dynamics;
    bands[1] = DynamicBand { shape: Shape::Bell, hz: 1_000.0, ..bands[1] };
    change(&mut bands[1]);
    Dynamics::new(RATE, &bands)
}

/// Gain in dB of a tone in the bell, per millisecond.
fn gains(stage: &mut Dynamics, tone: &[f32]) -> Vec<f64> {
    let out = play(stage, &both(tone.to_vec()), &[128]);
    let power = |x: &[f32]| x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() + 1e-30;
    tone.chunks(48)
        .zip(out[0].chunks(48))
        .map(|(before, after)| 10.0 * (power(after) / power(before)).log10())
        .collect()
}

#[test]
fn dynamics_keep_to_their_static_curve_upwards_and_downwards() {
    let set = |band: &mut DynamicBand| {
        (band.threshold_db, band.slope, band.range_db) = (-20.0, 0.5, 8.0);
        (band.lift_below_db, band.lift, band.lift_range_db) = (-40.0, 0.4, 5.0);
        (band.attack_ms, band.release_ms) = (150.0, 200.0);
    };
    let mut bands = Stages::neutral().dynamics;
    set(&mut bands[1]);
    let curve = bands[1].curve();
    for level_db in [-3.0f32, -10.0, -17.0, -20.0, -24.0, -30.0, -38.0, -45.0, -52.0, -60.0, -70.0, -80.0] {
        // RMS of a sine, in the middle of the band.
        let gain = 10f32.powf((level_db + 3.01) / 20.0);
        let settled = *gains(&mut bell(set), &sine(RATE, 1_000.0, 2 * 48_000, gain)).last().expect("gains");
        // A detector that rises a little faster than it falls shows up to 1 dB
        // more than the mean.
        let (near, far) = (f64::from(curve.gain_db(level_db)), f64::from(curve.gain_db(level_db + 1.0)));
        let (low, high) = (near.min(far) - 0.15, near.max(far) + 0.15);
        assert!((low..=high).contains(&settled), "{settled} dB at {level_db} dB, not {near}");
    }
}

#[test]
fn releases_follow_the_programme_and_end_within_their_bounds() {
    let set = |band: &mut DynamicBand| {
        (band.threshold_db, band.slope, band.range_db) = (-40.0, 0.5, 10.0);
        (band.attack_ms, band.release_ms) = (5.0, 120.0);
    };
    // Loud for so many ms, then quiet, 40 dB below: how long until half of what
    // was taken is back?
    let half_way = |loud_ms: usize, before_ms: usize| {
        let n = 48 * (before_ms + loud_ms + 1_500);
        let (from, upto) = (48 * before_ms, 48 * (before_ms + loud_ms));
        let mut tone = sine(RATE, 1_000.0, n, 0.5);
        for (i, x) in tone.iter_mut().enumerate() {
            *x *= if (from..upto).contains(&i) { 1.0 } else { 0.005 };
        }
        let gains = gains(&mut bell(set), &tone);
        let held = gains[before_ms + loud_ms - 1];
        assert!(held < -4.0, "held by {held} dB after {loud_ms} ms");
        // At first the band still rings.
        let rung = 5;
        let after = &gains[before_ms + loud_ms + rung..];
        rung + after.iter().position(|&gain| gain > held / 2.0).expect("it comes back")
    };
    let (stroke, sustained) = (half_way(30, 800), half_way(2_000, 0));
    assert!(stroke * 5 < sustained * 4, "{stroke} ms after a stroke, {sustained} ms after sustained sound");
    // Half of 10 dB at a slope of ½ are back 10 dB over the threshold, 21 dB under
    // the level before: 4.9 of the longest time constants, 200 ms.
    assert!(sustained < 1_150, "{sustained} ms");
}

#[test]
fn a_rise_is_met_within_the_attack() {
    let set = |band: &mut DynamicBand| {
        (band.threshold_db, band.slope, band.range_db) = (-30.0, 0.5, 20.0);
        (band.attack_ms, band.release_ms) = (20.0, 200.0);
    };
    let mut tone = sine(RATE, 1_000.0, 2 * 48_000, 0.5);
    tone[..48_000].iter_mut().for_each(|x| *x *= 0.001);
    let gains = gains(&mut bell(set), &tone);
    let settled = gains[1_990];
    // After one time constant 63 % of the power is seen, 2 dB less than all, and
    // the gain is a line or two of the grid late.
    let (early, then, late) = (gains[1_004], gains[1_020], gains[1_120]);
    assert!(early > settled + 3.0, "{early} dB after 4 ms, {settled} dB at last");
    assert!((settled + 0.3..settled + 2.5).contains(&then), "{then} dB after 20 ms, {settled} dB at last");
    assert!((late - settled).abs() < 0.2, "{late} dB after 120 ms, {settled} dB at last");
}

#[test]
fn a_deck_remembers_less_than_64_kib_besides_its_look_ahead() {
    for rate in [44_100, 96_000, 192_000] {
        let mut made = None;
        let heap = most_held(|| made = Chain::new(rate, &Stages::neutral()).ok());
        let chain = made.expect("valid stages");
        assert!(heap > 1_000, "the allocator counts: {heap}");
        // Two channels of f32 that only wait.
        let waiting = chain.latency() * 2 * size_of::<f32>();
        // A deck has two chains: the heard one and the one that hears ahead.
        let remembered = 2 * (size_of_val(&chain) + heap - waiting);
        assert!(remembered <= 64 * 1_024, "{remembered} bytes at {rate} Hz");
        println!("a deck remembers {remembered} bytes at {rate} Hz");
    }
}
