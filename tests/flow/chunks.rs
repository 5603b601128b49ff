//! L2 and L3: a chunk stands alone, frames are kept.

use auralis_core::block::Block;
use auralis_core::chain::Chain;
use auralis_core::flow::{Processor, Source};
use auralis_core::geometry::Geometry;
use auralis_core::plan::Stages;
use auralis_core::player::Render;
use auralis_core::units::Seconds;

use crate::material::{Memory, hard_stages, read, residual_db};

/// The product's geometry, and one whose numbers are all different.
fn geometries(rate: u32) -> [Geometry; 2] {
    [Geometry::at(rate), Geometry::of(rate, Seconds(7.0), Seconds(2.0), Seconds(0.03))]
}

fn whole(music: &Memory, stages: &Stages, geometry: Geometry, at_a_time: usize) -> [Vec<f32>; 2] {
    let mut render = Render::new(music.clone(), stages, music.n_frames(), geometry).expect("valid stages");
    read(&mut render, usize::MAX, at_a_time)
}

#[test]
fn n_frames_in_give_n_frames_out() {
    for n in [0usize, 1, 2, 127, 128, 129, 5_000, 80_000, 80_001] {
        let mut music = Memory::music(8_000, 11.0, 1);
        music.planes.iter_mut().for_each(|plane| plane.truncate(n));
        let n = music.planes[0].len();
        let out = whole(&music, &hard_stages(0), Geometry::at(8_000), 4_096);
        assert_eq!(out[0].len(), n);
    }
}

#[test]
fn neutral_is_the_source_to_the_bit() {
    let music = Memory::music(44_100, 21.0, 2);
    for geometry in geometries(44_100) {
        assert!(whole(&music, &Stages::neutral(), geometry, 4_096) == music.planes);
    }
}

#[test]
fn any_block_size_gives_the_same_bits() {
    let music = Memory::music(8_000, 23.0, 3);
    for geometry in geometries(8_000) {
        let reference = whole(&music, &hard_stages(0), geometry, 4_096);
        for at_a_time in [1, 7, 128, 1_000, 100_000] {
            assert!(
                whole(&music, &hard_stages(0), geometry, at_a_time) == reference,
                "{at_a_time} at a time"
            );
        }
    }
}

#[test]
fn every_chunk_alone_and_in_any_order_is_the_play_through() {
    for rate in [8_000, 44_100, 96_000] {
        for geometry in geometries(rate) {
            let music = Memory::music(rate, 34.3, 4);
            let (n_frames, stages) = (music.n_frames(), hard_stages(0));
            let reference = whole(&music, &stages, geometry, 4_096);
            let n_chunks = geometry.n_chunks(n_frames);
            // A fixed shuffle: 3 has no divisor in common with 4 or 5 chunks.
            for k in (0..n_chunks).map(|i| (i * 3 + 2) % n_chunks) {
                let chunk = geometry.chunk(k, n_frames);
                let mut alone =
                    Render::new(music.clone(), &stages, n_frames, geometry).expect("valid stages");
                alone.seek(chunk.start).expect("a seek in memory");
                let out = read(&mut alone, (chunk.end - chunk.start) as usize, 4_096);
                for channel in 0..2 {
                    let expected = &reference[channel][chunk.start as usize..chunk.end as usize];
                    assert!(out[channel] == expected, "chunk {k} at {rate} Hz");
                }
            }
        }
    }
}

#[test]
fn every_native_seek_is_the_play_through() {
    let rate = 44_100;
    for geometry in geometries(rate) {
        let music = Memory::music(rate, 31.0, 5);
        let (n_frames, stages) = (music.n_frames(), hard_stages(1));
        let reference = whole(&music, &stages, geometry, 4_096);
        let i = geometry.interval;
        let fade = geometry.crossfade;
        let odd = (12.5 * f64::from(rate)) as u64;
        let mut render = Render::new(music.clone(), &stages, n_frames, geometry).expect("valid stages");
        for frame in [
            i - 1,
            i,
            i + 1,
            i + fade / 2,
            i + fade,
            2 * i - 1,
            2 * i,
            2 * i + 1,
            odd,
            0,
            n_frames - 1,
            n_frames,
        ] {
            render.seek(frame).expect("a seek in memory");
            let out = read(&mut render, 3_000, 128);
            let end = (frame as usize + 3_000).min(n_frames as usize);
            for channel in 0..2 {
                assert!(out[channel] == reference[channel][frame as usize..end], "seek to {frame}");
            }
        }
    }
}

#[test]
fn chunked_differs_from_one_continuous_render_by_less_than_minus_120_dbfs() {
    for rate in [44_100, 48_000] {
        let music = Memory::music(rate, 42.0, 6);
        let stages = hard_stages(0);
        let chunked = whole(&music, &stages, Geometry::at(rate), 4_096);
        let mut chain = Chain::new(rate, &stages).expect("valid stages");
        chain.begin(&stages, 0);
        let mut padded = music.clone();
        let latency = chain.latency();
        padded.planes.iter_mut().for_each(|plane| plane.extend(vec![0.0; latency]));
        let mut block = Block::from_planes(&[&padded.planes[0], &padded.planes[1]]);
        chain.process(&mut block);
        let continuous = [block.plane(0)[latency..].to_vec(), block.plane(1)[latency..].to_vec()];
        let residual = residual_db(&chunked, &continuous);
        assert!(residual <= -120.0, "{residual} dBFS at {rate} Hz");
        assert!(residual_db(&chunked, &music.planes) > -20.0, "the stages do something");
    }
}

#[test]
fn a_page_seek_with_three_seconds_of_pre_roll_is_within_minus_120_dbfs_and_exact_from_the_next_border() {
    use auralis_core::player::{Listen, Part, Player};
    let rate = 44_100;
    let geometry = Geometry::at(rate);
    let music = Memory::music(rate, 33.0, 7);
    let stages = hard_stages(0);
    let reference = whole(&music, &stages, geometry, 4_096);
    for frame in [17.3, 19.99, 10.01, 28.0].map(|s: f64| (s * f64::from(rate)) as u64) {
        let n_frames = Some(music.n_frames());
        let from = Player::hears_from(&geometry, frame, n_frames, Some(3 * u64::from(rate)));
        let mut player = Player::new(rate, geometry, 2 * rate as usize).expect("a good rate");
        player.set_haste(16);
        let part = Part { key: 1, stages: stages.clone(), original_db: 0.0, enhanced_db: 0.0, planned: true };
        player.listen(Listen::Enhanced);
        player.start(part, n_frames, frame, from);
        let mut out = [Vec::new(), Vec::new()];
        let mut fed = from as usize;
        let mut block = Block::new(2, 128);
        while !player.ended() {
            let n = player.room().min(8_192).min(music.planes[0].len() - fed);
            player.feed(&music.planes[0][fed..fed + n], &music.planes[1][fed..fed + n]);
            fed += n;
            if fed == music.planes[0].len() {
                player.end();
            }
            player.render(&mut block);
            for channel in 0..2 {
                out[channel].extend_from_slice(block.plane(channel));
            }
        }
        let expected = [0, 1].map(|c| reference[c][frame as usize..].to_vec());
        let border = geometry.place(frame, music.n_frames()).chunk + 1;
        let exact = (border * geometry.interval + geometry.crossfade).min(music.n_frames()) - frame;
        let residual = residual_db(&out, &expected);
        assert!(residual <= -120.0, "{residual} dBFS after a seek to {frame}");
        for channel in 0..2 {
            assert!(out[channel][exact as usize..] == expected[channel][exact as usize..], "seek to {frame}");
        }
    }
}
