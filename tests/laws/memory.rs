//! What measures a track holds little, however long the track.

use auralis_core::block::Block;
use auralis_core::fingerprint::Measurer;
use auralis_core::flow::Spec;
use auralis_tests::laws::most_held;
use auralis_tests::signals::{Character, track};

/// The most that may be held, in bytes, whatever the length: 3.0 MB was counted.
const MOST: usize = 4_000_000;
/// The least rate that can be measured: hours take the least time at it.
const RATE: u32 = 8_000;

/// The most held while so many minutes are measured: one in ten sounds, so that
/// hours take seconds, and every part of the measurer still fills.
fn most_held_in(minutes: u64) -> usize {
    let sounding = Block::from_planes(&[&track(Character::Boomy, 3, RATE, 60.0)[0]]);
    let silent = Block::from_planes(&[&vec![0.0; sounding.n_frames()]]);
    most_held(|| {
        let mut measurer = Measurer::new(Spec { rate: RATE, n_channels: 1 }).expect("a shape to measure");
        for minute in 0..minutes {
            measurer.push(if minute % 10 == 0 { &sounding } else { &silent });
        }
        let fingerprint = measurer.finish();
        assert_eq!(fingerprint.n_frames, minutes * 60 * u64::from(RATE));
        fingerprint.validate().expect("a valid fingerprint");
    })
}

#[test]
fn eight_hours_are_measured_in_bounded_memory() {
    let held = most_held_in(8 * 60);
    assert!(held <= MOST, "eight hours held {held} bytes at once");
    // The counter counts: the histograms of loudness alone are this large.
    assert!(held > 512_000, "{held} bytes cannot be all");
}
