//! What a listener does while it plays: change the taste, compare, go on to the
//! next track.

use auralis_core::block::Block;
use auralis_core::geometry::Geometry;
use auralis_core::plan::Stages;
use auralis_core::player::{Listen, Part, Player};
use auralis_core::units::Seconds;
use auralis_tests::laws::allocations;

use crate::material::{Memory, hard_stages};

const RATE: u32 = 44_100;

fn part(key: u32, stages: &Stages) -> Part {
    Part { key, stages: stages.clone(), original_db: -2.0, enhanced_db: -1.0, planned: true }
}

/// [`play_in`] the usual geometry.
fn play(
    tracks: &[(Memory, Stages)],
    haste: u32,
    at_a_time: usize,
    when: u64,
    act: impl FnOnce(&mut Player),
) -> [Vec<f32>; 2] {
    play_in(Geometry::at(tracks[0].0.rate), tracks, haste, at_a_time, when, act)
}

/// Plays tracks that follow each other without a gap, `at_a_time` frames at a
/// time, and calls `act` once, when frame `when` of the timeline is next.
fn play_in(
    geometry: Geometry,
    tracks: &[(Memory, Stages)],
    haste: u32,
    at_a_time: usize,
    when: u64,
    act: impl FnOnce(&mut Player),
) -> [Vec<f32>; 2] {
    let rate = tracks[0].0.rate;
    let mut player = Player::new(rate, geometry, rate as usize).expect("a good rate");
    player.set_haste(haste);
    let (first, stages) = &tracks[0];
    player.start(part(0, stages), Some(first.n_frames()), 0, 0);
    let mut start = first.n_frames();
    for (key, (memory, stages)) in tracks.iter().enumerate().skip(1) {
        assert!(player.follow(part(key as u32, stages), start, Some(memory.n_frames())));
        start += memory.n_frames();
    }
    let pcm =
        [0, 1].map(|c| tracks.iter().flat_map(|(memory, _)| memory.planes[c].clone()).collect::<Vec<f32>>());
    let mut act = Some(act);
    let mut out = [Vec::new(), Vec::new()];
    while !player.ended() {
        let fed = player.fed() as usize;
        let n = player.room().min(pcm[0].len() - fed);
        player.feed(&pcm[0][fed..fed + n], &pcm[1][fed..fed + n]);
        if fed + n == pcm[0].len() {
            player.end();
        }
        let to_act = (when as usize).saturating_sub(out[0].len());
        let mut block = Block::new(2, if act.is_some() { at_a_time.min(to_act.max(1)) } else { at_a_time });
        if to_act == 0
            && let Some(act) = act.take()
        {
            act(&mut player);
        }
        player.render(&mut block);
        for channel in 0..2 {
            out[channel].extend_from_slice(block.plane(channel));
        }
    }
    out
}

fn nothing(_: &mut Player) {}

/// The usual geometry and another, so that equal numbers hide nothing.
fn geometries(rate: u32) -> [Geometry; 2] {
    [Geometry::at(rate), Geometry::of(rate, Seconds(7.0), Seconds(2.0), Seconds(0.03))]
}

/// Around a border, at 12.5 s, and in the middle of a chunk.
fn moments(rate: u32, geometry: Geometry) -> [u64; 5] {
    let i = geometry.interval;
    [i - 1, i, i + 1, (12.5 * f64::from(rate)) as u64, i + i / 2 + 100]
}

#[test]
fn a_new_taste_leaves_every_later_chunk_as_if_it_had_always_been() {
    for rate in [8_000, 22_050, 44_100, 48_000, 96_000] {
        let music = Memory::music(rate, 23.0, 1);
        let (old, new) = ([(music.clone(), hard_stages(0))], [(music.clone(), hard_stages(1))]);
        for geometry in geometries(rate) {
            let always_old = play_in(geometry, &old, u32::MAX, 4_096, 0, nothing);
            let always_new = play_in(geometry, &new, u32::MAX, 4_096, 0, nothing);
            for when in moments(rate, geometry) {
                let retune = |player: &mut Player| player.retune(part(0, &new[0].1), Seconds(2.0));
                let out = play_in(geometry, &old, u32::MAX, 4_096, when, retune);
                let chunk = geometry.place(when, music.n_frames()).chunk;
                let exact = ((chunk + 1) * geometry.interval + geometry.crossfade) as usize;
                assert_eq!(out[0].len(), music.planes[0].len());
                assert!(
                    out[0][..when as usize] == always_old[0][..when as usize],
                    "{rate} Hz, before {when}"
                );
                assert!(out[0][exact..] == always_new[0][exact..], "{rate} Hz, after {when}");
            }
        }
    }
}

#[test]
fn a_new_taste_is_heard_within_100_ms_without_a_click() {
    let music = Memory::music(RATE, 32.0, 1);
    let (old, new) = (hard_stages(0), hard_stages(1));
    let geometry = Geometry::at(RATE);
    let always_old = play(&[(music.clone(), old.clone())], u32::MAX, 4_096, 0, nothing);
    let always_new = play(&[(music.clone(), new.clone())], u32::MAX, 4_096, 0, nothing);
    for when in moments(RATE, geometry) {
        for (haste, at_a_time) in [(u32::MAX, 4_096), (8, 128)] {
            let out = play(&[(music.clone(), old.clone())], haste, at_a_time, when, |player| {
                player.retune(part(0, &new), Seconds(2.0));
            });
            // With bounded haste a chunk may enter up to 0.8 s late.
            let late = if haste == u32::MAX { 0 } else { (0.8 * f64::from(RATE)) as u64 };
            let chunk = geometry.place(when, music.n_frames()).chunk;
            let exact = ((chunk + 1) * geometry.interval + geometry.crossfade + late) as usize;
            assert!(out[0][exact..] == always_new[0][exact..], "after {when} at haste {haste}");
            // By then it is nearer to the new than to the old.
            let (from, to) = (when as usize + 4_410, when as usize + 8_820);
            let distance = |other: &[f32]| -> f32 {
                out[0][from..to].iter().zip(&other[from..to]).map(|(a, b)| (a - b) * (a - b)).sum()
            };
            assert!(distance(&always_new[0]) < 0.1 * distance(&always_old[0]), "heard soon after {when}");
            assert!(no_click(&out[0], when as usize), "a click at {when}");
        }
    }
}

#[test]
fn the_switch_is_exact_at_every_border() {
    for rate in [8_000, 22_050, 44_100, 48_000, 96_000] {
        let music = Memory::music(rate, 16.0, 4);
        let tracks = [(music.clone(), hard_stages(0))];
        for geometry in geometries(rate) {
            let enhanced = play_in(geometry, &tracks, u32::MAX, 4_096, 0, nothing);
            for when in moments(rate, geometry) {
                let off = |player: &mut Player| player.listen(Listen::Off);
                let out = play_in(geometry, &tracks, u32::MAX, 4_096, when, off);
                let (when, settled) = (when as usize, when as usize + rate as usize / 50);
                assert!(out[0][..when] == enhanced[0][..when], "{rate} Hz, before {when}");
                assert!(out[0][settled..] == music.planes[0][settled..], "{rate} Hz, after {when}");
            }
        }
    }
}

#[test]
fn rendering_allocates_nothing() {
    let tracks: Vec<_> =
        [12.0, 11.0].iter().map(|&s| (Memory::music(RATE, s, s as u64), hard_stages(0))).collect();
    let n_first = tracks[0].0.n_frames();
    let mut player = Player::new(RATE, Geometry::at(RATE), RATE as usize).expect("a good rate");
    player.set_haste(32);
    player.start(part(0, &tracks[0].1), Some(n_first), 0, 0);
    assert!(player.follow(part(1, &tracks[1].1), n_first, Some(tracks[1].0.n_frames())));
    let pcm: [Vec<f32>; 2] =
        [0, 1].map(|c| tracks.iter().flat_map(|(memory, _)| memory.planes[c].clone()).collect());
    let mut block = Block::new(2, 128);
    let (mut n_out, mut n_allocations) = (0, 0);
    while !player.ended() {
        let fed = player.fed() as usize;
        let n = player.room().min(pcm[0].len() - fed);
        n_allocations += allocations(|| {
            player.feed(&pcm[0][fed..fed + n], &pcm[1][fed..fed + n]);
            if fed + n == pcm[0].len() {
                player.end();
            }
            player.render(&mut block);
            player.take_reduction();
        });
        n_out += block.n_frames();
    }
    assert_eq!(n_out, pcm[0].len());
    assert_eq!(n_allocations, 0);
}

/// Whether the second difference around `at` stays within what the music does
/// itself nearby (DSP sheet 5.7: a hard join of different states reads 2.5).
fn no_click(x: &[f32], at: usize) -> bool {
    let bend = |i: usize| (x[i + 1] - 2.0 * x[i] + x[i - 1]).abs();
    let (from, to) = (at.saturating_sub(4_410).max(1), (at + 4_410).min(x.len() - 1));
    let mut near: Vec<f32> = (from..to).filter(|i| i.abs_diff(at) > 2).map(bend).collect();
    near.sort_by(f32::total_cmp);
    let local = near[near.len() * 999 / 1_000];
    (at.saturating_sub(2).max(1)..(at + 3).min(x.len() - 1)).all(|i| bend(i) <= 1.3 * local)
}

#[test]
fn no_join_clicks() {
    let music = Memory::music(RATE, 31.0, 3);
    let out = play(&[(music, hard_stages(0))], u32::MAX, 4_096, 0, nothing);
    for k in 1..=3 {
        assert!(no_click(&out[0], k * 441_000), "join {k}");
    }
}

#[test]
fn off_is_the_source_to_the_bit_and_the_switch_does_not_click() {
    let music = Memory::music(RATE, 13.0, 4);
    let when = 300_000;
    let out = play(&[(music.clone(), hard_stages(0))], 8, 128, when, |player| player.listen(Listen::Off));
    let settled = when as usize + 700;
    assert!(out[0][settled..] == music.planes[0][settled..]);
    assert!(no_click(&out[0], when as usize));
}

#[test]
fn compared_paths_stand_at_their_gains() {
    let music = Memory::music(RATE, 13.0, 5);
    let when = 300_000;
    let enhanced = play(&[(music.clone(), hard_stages(0))], 8, 128, 0, nothing);
    let settled = when as usize + 700;
    for (listen, reference, db) in
        [(Listen::Original, &music.planes[0], -2.0), (Listen::Compared, &enhanced[0], -1.0)]
    {
        let out = play(&[(music.clone(), hard_stages(0))], 8, 128, when, |player| player.listen(listen));
        let gain = auralis_core::units::Db(db).gain();
        assert!(
            out[0][settled..].iter().zip(&reference[settled..]).all(|(x, y)| *x == y * gain),
            "{listen:?}"
        );
    }
}

#[test]
fn tracks_that_follow_lose_no_frame_and_any_block_size_gives_the_same_bits() {
    for seconds in [[12.0, 11.0, 4.0], [20.1, 0.2, 15.0], [2.0, 1.0, 3.0], [10.0, 10.0, 0.001]] {
        let tracks: Vec<_> = seconds
            .iter()
            .enumerate()
            .map(|(i, &s)| (Memory::music(RATE, s, i as u64 + 1), hard_stages(i)))
            .collect();
        let n: usize = tracks.iter().map(|(memory, _)| memory.planes[0].len()).sum();
        let reference = play(&tracks, u32::MAX, 4_096, 0, nothing);
        assert_eq!(reference[0].len(), n);
        for (haste, at_a_time) in [(u32::MAX, 1_000), (u32::MAX, 333), (8, 128)] {
            let out = play(&tracks, haste, at_a_time, 0, nothing);
            assert!(out == reference, "{seconds:?}, {at_a_time} at a time");
        }
        let neutral: Vec<_> = tracks.iter().map(|(memory, _)| (memory.clone(), Stages::neutral())).collect();
        let out = play(&neutral, 8, 128, 0, nothing);
        let expected: Vec<f32> = tracks.iter().flat_map(|(memory, _)| memory.planes[0].clone()).collect();
        assert!(out[0] == expected, "neutral tracks join to the sample: {seconds:?}");
    }
}

#[test]
fn a_track_without_a_plan_is_the_original_and_fades_to_enhanced_when_one_comes() {
    let music = Memory::music(RATE, 12.0, 6);
    let when = 100_000usize;
    let enhanced = play(&[(music.clone(), hard_stages(0))], u32::MAX, 4_096, 0, nothing);
    let geometry = Geometry::at(RATE);
    let mut player = Player::new(RATE, geometry, RATE as usize).expect("a good rate");
    player.set_haste(8);
    player.start(Part { planned: false, ..part(0, &Stages::neutral()) }, Some(music.n_frames()), 0, 0);
    let mut out = Vec::new();
    let mut block = Block::new(2, 100);
    while !player.ended() {
        let fed = player.fed() as usize;
        let n = player.room().min(music.planes[0].len() - fed);
        player.feed(&music.planes[0][fed..fed + n], &music.planes[1][fed..fed + n]);
        if fed + n == music.planes[0].len() {
            player.end();
        }
        if out.len() == when {
            player.retune(part(0, &hard_stages(0)), Seconds(2.0));
        }
        player.render(&mut block);
        out.extend_from_slice(block.plane(0));
    }
    assert!(out[..when] == music.planes[0][..when]);
    let border = (geometry.interval + geometry.crossfade) as usize;
    assert!(out[border..] == enhanced[0][border..]);
    assert!(no_click(&out, when));
}
