//! Ground truth of what lasts, what strikes, and what stays in tune.

use super::*;

const RATE: u32 = 44_100;
const TAU: f64 = std::f64::consts::TAU;

fn per_frame(seconds: f64, sound: impl Fn(f64) -> f64) -> Vec<f32> {
    (0..(seconds * f64::from(RATE)) as usize).map(|i| sound(i as f64 / f64::from(RATE)) as f32).collect()
}

fn of_plane(plane: Vec<f32>) -> Descriptors {
    of(RATE, &both(plane)).descriptors
}

/// A tone with harmonics, its pitch swaying by so many cents at 5.5 Hz.
fn voice(hz: f64, vibrato_cents: f64, seconds: f64) -> Vec<f32> {
    let depth = hz * (math::pow(2.0, vibrato_cents / 1_200.0) - 1.0) / 5.5 / TAU;
    per_frame(seconds, |t| {
        let phase = TAU * (hz * t + depth * math::sin(TAU * 5.5 * t));
        (1..=5).map(|h| 0.3 / f64::from(h) * math::sin(f64::from(h) * phase)).sum()
    })
}

fn impulses(seconds: f64, per_second: usize, gain: f32) -> Vec<f32> {
    let mut plane = vec![0.0; (seconds * f64::from(RATE)) as usize];
    plane.iter_mut().step_by(RATE as usize / per_second).for_each(|x| *x = gain);
    plane
}

#[test]
fn tones_last_and_clicks_strike() {
    for hz in [55.0, 440.0, 3_000.0] {
        near(&format!("{hz} Hz"), of_plane(sine(RATE, hz, 0.5, 5.0)).harmonic_ratio, 1.0, 0.02);
    }
    let chord =
        per_frame(5.0, |t| [220.0, 277.2, 329.6].iter().map(|hz| 0.2 * math::sin(TAU * hz * t)).sum());
    near("chord", of_plane(chord).harmonic_ratio, 1.0, 0.02);
    near("clicks", of_plane(impulses(5.0, 2, 0.9)).harmonic_ratio, 0.0, 0.02);
    near("noise is neither", of_plane(noise(7, 0.5, 5 * RATE as usize)).harmonic_ratio, 0.5, 0.02);
    assert_eq!(of_plane(vec![0.0; RATE as usize]).harmonic_ratio, 0.0);
}

#[test]
fn harmonic_ratio_is_the_share_of_the_power_that_lasts() {
    for share in [0.2, 0.5, 0.8] {
        let tone = sine(RATE, 440.0, 0.2, 6.0);
        // An impulse of g has the power g² · 2 per second; a tone of a, a²/2.
        let power = 0.5 * 0.2 * 0.2 * f64::from(RATE);
        let gain = (power * (1.0 - share) / share / 2.0 / 0.4536).sqrt();
        let mixed: Vec<f32> =
            tone.iter().zip(impulses(6.0, 2, gain as f32)).map(|(tone, click)| tone + click).collect();
        // Of an impulse, 45 % lies below 10 kHz, where the ratio looks.
        near(&format!("{share}"), of_plane(mixed).harmonic_ratio, share, 0.05);
    }
}

#[test]
fn a_still_pitch_is_stable_and_a_swaying_one_less() {
    for hz in [98.0, 220.0, 440.0, 880.0] {
        assert!(of_plane(voice(hz, 0.0, 5.0)).pitch_stability > 0.95, "{hz} Hz");
        let mut before = 0.95;
        for cents in [10.0, 25.0, 50.0, 90.0] {
            let stability = of_plane(voice(hz, cents, 5.0)).pitch_stability;
            assert!(stability < before, "{hz} Hz ± {cents} cents: {stability}, before {before}");
            before = stability;
        }
        assert!(before < 0.4, "{hz} Hz ± 90 cents: {before}");
    }
}

#[test]
fn what_has_no_fundamental_is_not_stable() {
    assert!(of_plane(noise(7, 0.5, 5 * RATE as usize)).pitch_stability < 0.01);
    assert!(of_plane(impulses(5.0, 2, 0.9)).pitch_stability < 0.01);
    let mut halves = voice(220.0, 0.0, 5.0);
    halves.extend(noise(7, 0.3, 5 * RATE as usize));
    near("half tone, half noise", of_plane(halves).pitch_stability, 0.5, 0.03);
    let mut gap = voice(220.0, 0.0, 5.0);
    gap.extend(vec![0.0; 5 * RATE as usize]);
    assert!(of_plane(gap).pitch_stability > 0.93);
}

#[test]
fn a_melody_of_still_notes_is_stable() {
    let melody: Vec<f32> =
        [220.0, 262.0, 330.0, 294.0, 247.0, 196.0].iter().flat_map(|&hz| voice(hz, 0.0, 0.8)).collect();
    assert!(of_plane(melody).pitch_stability > 0.85);
}
