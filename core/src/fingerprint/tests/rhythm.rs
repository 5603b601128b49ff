//! Ground truth of onsets and beats: patterns whose tempo is known.

use super::*;

const RATE: u32 = 44_100;

/// A stroke: what sounds, and how loud.
#[derive(Clone, Copy)]
enum Stroke {
    Click,
    Kick,
    Snare,
    Hat,
}

/// One channel of strokes at these seconds.
fn strokes(seconds: f64, list: &[(f64, Stroke, f64)]) -> Vec<f32> {
    let mut plane = vec![0.0f32; (seconds * f64::from(RATE)) as usize];
    for (n, &(at, stroke, gain)) in list.iter().enumerate() {
        let first = (at * f64::from(RATE)).round() as usize;
        let sound = stroke.sound(n as u64);
        for (y, x) in plane[first.min(seconds as usize * RATE as usize)..].iter_mut().zip(sound) {
            *y += gain as f32 * x;
        }
    }
    plane
}

impl Stroke {
    fn sound(self, seed: u64) -> Vec<f32> {
        let second = f64::from(RATE);
        let decaying = |length_s: f64, tau_s: f64, wave: &dyn Fn(usize, f64) -> f64| -> Vec<f32> {
            (0..(length_s * second) as usize)
                .map(|i| {
                    let t = i as f64 / second;
                    (math::exp(-t / tau_s) * wave(i, t)) as f32
                })
                .collect()
        };
        let hiss = noise(seed + 1, 1.0, 22_050);
        let sine = |hz: f64, t: f64| math::sin(std::f64::consts::TAU * hz * t);
        match self {
            Stroke::Click => decaying(0.03, 0.002, &|_, t| sine(1_000.0, t)),
            Stroke::Kick => decaying(0.5, 0.05, &|_, t| sine(50.0 + 60.0 * math::exp(-t / 0.02), t)),
            Stroke::Snare => decaying(0.4, 0.04, &|i, t| 0.5 * f64::from(hiss[i]) + 0.5 * sine(190.0, t)),
            Stroke::Hat => {
                decaying(0.15, 0.015, &|i, _| f64::from(hiss[i]) - f64::from(hiss[i.saturating_sub(1)]))
            }
        }
    }
}

/// Beats per minute, and where strokes fall in a bar of four beats.
fn bars(bpm: f64, seconds: f64, bar: &[(f64, Stroke, f64)]) -> Vec<Vec<f32>> {
    let beat = 60.0 / bpm;
    let mut list = Vec::new();
    let mut at = 0.1;
    while at < seconds - 4.0 * beat {
        list.extend(bar.iter().map(|&(beats, stroke, gain)| (at + beats * beat, stroke, gain)));
        at += 4.0 * beat;
    }
    both(strokes(seconds, &list))
}

fn rock() -> Vec<(f64, Stroke, f64)> {
    let mut bar = vec![
        (0.0, Stroke::Kick, 0.9),
        (2.0, Stroke::Kick, 0.9),
        (2.5, Stroke::Kick, 0.7),
        (1.0, Stroke::Snare, 0.7),
        (3.0, Stroke::Snare, 0.7),
    ];
    bar.extend((0..8).map(|i| (f64::from(i) / 2.0, Stroke::Hat, 0.15)));
    bar
}

fn half_time() -> Vec<(f64, Stroke, f64)> {
    let mut bar = vec![(0.0, Stroke::Kick, 0.9), (1.5, Stroke::Kick, 0.7), (2.0, Stroke::Snare, 0.8)];
    bar.extend((0..4).map(|i| (f64::from(i), Stroke::Hat, 0.2)));
    bar
}

fn swing() -> Vec<(f64, Stroke, f64)> {
    let mut bar = vec![(0.0, Stroke::Kick, 0.5), (2.0, Stroke::Kick, 0.5)];
    for i in 0..4 {
        bar.push((f64::from(i), Stroke::Hat, 0.4));
        if i % 2 == 1 {
            bar.push((f64::from(i) + 2.0 / 3.0, Stroke::Hat, 0.25));
        }
    }
    bar
}

fn house() -> Vec<(f64, Stroke, f64)> {
    let mut bar: Vec<_> = (0..4).map(|i| (f64::from(i), Stroke::Kick, 0.9)).collect();
    bar.extend((0..4).map(|i| (f64::from(i) + 0.5, Stroke::Hat, 0.25)));
    bar.extend([(1.0, Stroke::Snare, 0.4), (3.0, Stroke::Snare, 0.4)]);
    bar
}

fn clicks() -> Vec<(f64, Stroke, f64)> {
    (0..4).map(|i| (f64::from(i), Stroke::Click, 0.5)).collect()
}

#[test]
fn clicks_have_their_tempo_swung_and_with_a_half_time_snare_too() {
    let mut swung = clicks();
    swung.extend((0..4).map(|i| (f64::from(i) + 0.64, Stroke::Click, 0.25)));
    let mut snared = clicks();
    snared.push((2.0, Stroke::Snare, 0.7));
    for (name, bar) in [("plain", clicks()), ("swung", swung), ("with a snare", snared)] {
        for bpm in (60..=200).step_by(10).map(f64::from) {
            let heard = of(RATE, &bars(bpm, 20.0, &bar)).descriptors;
            near(&format!("{name} at {bpm}"), heard.tempo_bpm, bpm, 0.005 * bpm);
            assert!(heard.rhythm_stability > 0.98, "{name} at {bpm}: {}", heard.rhythm_stability);
        }
    }
}

/// Rock at 80 with its hi-hat in eighths and half-time at 160 with quarters are
/// the same sound; what is taken for which is a convention, and the ranges
/// here are it.
#[test]
fn drums_have_their_tempo_at_the_level_that_is_counted() {
    let (mut n, mut right) = (0, 0);
    for (name, bar, from, to) in [
        ("rock", rock(), 80, 180),
        ("half-time", half_time(), 90, 150),
        ("swing", swing(), 80, 200),
        ("house", house(), 100, 150),
    ] {
        for bpm in (from..=to).step_by(10).map(f64::from) {
            let tempo = of(RATE, &bars(bpm, 20.0, &bar)).descriptors.tempo_bpm;
            let octaves = math::log2(tempo / bpm);
            near(&format!("octaves of {name} at {bpm}"), octaves, octaves.round(), 0.028);
            n += 1;
            right += i32::from(octaves.abs() < 0.028);
        }
    }
    assert!(10 * right >= 9 * n, "{right} of {n}");
}

#[test]
fn a_drifting_tempo_has_its_mean() {
    let mut at = 0.1;
    let mut list = Vec::new();
    for i in 0..58 {
        list.push((at, Stroke::Click, 0.5));
        at += 0.5 * (1.0 + 0.02 * f64::from(i) / 58.0);
    }
    let mean = 60.0 / ((at - 0.1) / 58.0);
    near("tempo", of(RATE, &both(strokes(30.0, &list))).descriptors.tempo_bpm, mean, 0.005 * mean);
}

#[test]
fn what_has_no_beat_has_no_tempo() {
    let n = 20 * RATE as usize;
    // Strokes at random, as raindrops fall (Poisson).
    let drops = |seed: u64, per_second: f64| {
        let mut at = 0.1;
        let list: Vec<_> = noise(seed, 0.499, 400)
            .into_iter()
            .map_while(|x| {
                at -= math::ln(0.5 + f64::from(x)) / per_second;
                (at < 19.0).then_some((at, Stroke::Snare, 0.5))
            })
            .collect();
        both(strokes(20.0, &list))
    };
    for (name, planes) in [
        ("silence", both(vec![0.0; n])),
        ("a tone", both(sine(RATE, 440.0, 0.5, 20.0))),
        ("noise", vec![noise(5, 0.5, n), noise(6, 0.5, n)]),
        ("few drops", drops(1, 1.0)),
        ("drops", drops(2, 3.0)),
        ("many drops", drops(3, 8.0)),
    ] {
        let heard = of(RATE, &planes).descriptors;
        assert_eq!((heard.tempo_bpm, heard.rhythm_stability), (0.0, 0.0), "{name}");
    }
}

#[test]
fn stability_falls_with_jitter() {
    let mut before = 1.001;
    for jitter_s in [0.0, 0.002, 0.005, 0.01, 0.02, 0.05] {
        // Four uniform numbers make nearly a Gaussian of this deviation.
        let list: Vec<_> = noise(9, 1.0, 240)
            .chunks(4)
            .zip(1..38)
            .map(|(four, i)| {
                let gaussian: f64 = four.iter().map(|&x| f64::from(x)).sum::<f64>() * 0.75f64.sqrt();
                (0.5 * f64::from(i) + jitter_s * gaussian, Stroke::Click, 0.5)
            })
            .collect();
        let heard = of(RATE, &both(strokes(20.0, &list))).descriptors;
        near("tempo", heard.tempo_bpm, 120.0, 2.4);
        assert!(heard.rhythm_stability < before, "{jitter_s} s: {}", heard.rhythm_stability);
        // Intervals between neighbours vary by √2 of it.
        let expected = 1.0 / (1.0 + jitter_s * std::f64::consts::SQRT_2 / 0.5);
        near(&format!("stability at {jitter_s} s"), heard.rhythm_stability, expected, 0.04);
        before = heard.rhythm_stability;
    }
}

#[test]
fn onsets_are_counted() {
    for (per_second, stroke) in [
        (1.0, Stroke::Kick),
        (2.0, Stroke::Snare),
        (4.0, Stroke::Click),
        (5.0, Stroke::Snare),
        (8.0, Stroke::Click),
    ] {
        let n = (18.0 * per_second) as usize;
        let list: Vec<_> = (0..n).map(|i| (1.0 + i as f64 / per_second, stroke, 0.5)).collect();
        let heard = of(RATE, &both(strokes(20.0, &list))).descriptors;
        near(&format!("{per_second} per second"), heard.transient_density, n as f64 / 20.0, 0.051);
    }
    let notes: Vec<f32> = (0..40).flat_map(|i| sine(RATE, [262.0, 330.0, 392.0][i % 3], 0.3, 0.5)).collect();
    near("notes", of(RATE, &both(notes)).descriptors.transient_density, 2.0, 0.051);
    let steady = of(RATE, &both(noise(4, 0.5, 20 * RATE as usize))).descriptors;
    assert!(steady.transient_density < 0.4, "noise: {}", steady.transient_density);
}
