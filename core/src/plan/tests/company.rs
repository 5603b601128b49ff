//! Plans that look beyond their track: at its album, or at a reference.

use super::*;

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
