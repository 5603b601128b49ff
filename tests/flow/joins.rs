//! Joins that nobody hears: every preset's own plan, chunked against one
//! continuous render.

use auralis_core::block::Block;
use auralis_core::chain::Chain;
use auralis_core::fingerprint;
use auralis_core::flow::Processor;
use auralis_core::geometry::Geometry;
use auralis_core::plan::{Preset, Stages, Taste, plan};
use auralis_core::player::Render;
use auralis_tests::signals::{Character, Memory, Planes, track};

use crate::material::{hard_stages, read, residual_db};

const RATE: u32 = 44_100;

/// What a chain makes of it without a break.
fn continuous(sound: &Planes, stages: &Stages) -> [Vec<f32>; 2] {
    let mut chain = Chain::new(RATE, stages).expect("valid stages");
    chain.begin(stages, 0);
    let latency = chain.latency();
    let padded: Vec<Vec<f32>> =
        sound.iter().map(|plane| plane.iter().copied().chain(vec![0.0; latency]).collect()).collect();
    let mut block = Block::from_planes(&[&padded[0], &padded[1]]);
    chain.process(&mut block);
    [block.plane(0)[latency..].to_vec(), block.plane(1)[latency..].to_vec()]
}

/// Level over 10 ms from `at`, in dB.
fn level_db(plane: &[f32], at: usize) -> f64 {
    let power: f64 = plane[at..at + 441].iter().map(|&x| f64::from(x).powi(2)).sum();
    10.0 * (power + 1e-20).log10()
}

/// How far the sharpest bend within two frames of `at` stands out among those
/// of 100 ms either way: over the 99.9th hundredth.
fn standing_out(plane: &[f32], at: usize) -> f32 {
    let bend = |i: usize| (plane[i - 1] - 2.0 * plane[i] + plane[i + 1]).abs();
    let mut around: Vec<f32> = (at - 4_410..at + 4_410).map(bend).collect();
    around.sort_by(f32::total_cmp);
    let usual = around[around.len() * 999 / 1_000];
    (at - 2..=at + 2).map(bend).fold(0.0, f32::max) / usual
}

/// Holds every join of `sound` under `stages` to the laws.
fn check(name: &str, sound: &Planes, stages: &Stages) {
    let geometry = Geometry::at(RATE);
    let n_frames = sound[0].len() as u64;
    let source = Memory::new(RATE, sound.clone());
    let mut render = Render::new(source, stages, n_frames, geometry).expect("valid stages");
    let chunked = read(&mut render, usize::MAX, 4_096);
    let whole = continuous(sound, stages);
    let residual = residual_db(&chunked, &whole);
    assert!(residual <= -120.0, "{name}: {residual} dBFS off one continuous render");
    for k in 1..geometry.n_chunks(n_frames) {
        let (start, end) = (k * geometry.interval, k * geometry.interval + geometry.crossfade);
        for at in [start as usize, end as usize] {
            for channel in 0..2 {
                let step = |plane: &[f32]| level_db(plane, at) - level_db(plane, at - 441);
                let step = (step(&chunked[channel]) - step(&whole[channel])).abs();
                assert!(step <= 0.02, "{name}: a step of {step} dB at {at}");
                let bend = standing_out(&chunked[channel], at);
                // A stroke of the music may fall on it.
                let own = standing_out(&whole[channel], at).max(1.0);
                assert!(bend <= 1.3 * own, "{name}: a bend of {bend} at {at}, the music's own is {own}");
            }
        }
    }
}

#[test]
fn no_preset_lets_a_join_be_heard() {
    for character in [Character::Thin, Character::Boomy, Character::Crushed] {
        let sound = track(character, 9, RATE, 31.0);
        let mut source = Memory::new(RATE, sound.clone());
        let measured = fingerprint::measure(&mut source, &mut |_| true).expect("sound is measured");
        for preset in Preset::ALL {
            let taste = Taste { preset, ..Taste::default() };
            let stages = plan(&measured, &taste).expect("a valid taste").stages;
            check(&format!("{preset:?} on {character:?}"), &sound, &stages);
        }
    }
}

#[test]
fn nor_do_stages_that_all_work_hard() {
    for turn in 0..2 {
        check("hard stages", &track(Character::Boomy, 4, RATE, 31.0), &hard_stages(turn));
    }
}

#[test]
fn the_detector_sees_a_step_and_a_click() {
    let mut plane = track(Character::Thin, 4, RATE, 4.0).remove(0);
    let at = 88_200;
    assert!(standing_out(&plane, at) <= 1.3);
    plane[at..].iter_mut().for_each(|x| *x += 0.2);
    assert!(standing_out(&plane, at) > 1.3);
}
