//! What measures a track holds little, however long the track.

use auralis_core::block::Block;
use auralis_core::fingerprint::Measurer;
use auralis_core::flow::Spec;
use auralis_tests::laws::most_held;
use auralis_tests::signals::{Character, track};

/// The most that may be held, in bytes, whatever the length: a browser's
/// Worker has this much to spare beside its page.
const MOST: usize = 16 << 20;
/// The least rate that can be measured: hours take the least time at it.
const RATE: u32 = 8_000;

/// Measures `seconds` of a track that is repeated.
fn most_held_in(seconds: usize) -> usize {
    let planes = track(Character::Boomy, 3, RATE, 60.0);
    let minute = Block::from_planes(&[&planes[0], &planes[1]]);
    most_held(|| {
        let mut measurer = Measurer::new(Spec { rate: RATE, n_channels: 2 }).expect("a shape to measure");
        for _ in 0..seconds / 60 {
            measurer.push(&minute);
        }
        let fingerprint = measurer.finish();
        assert_eq!(fingerprint.n_frames, (seconds / 60 * 60) as u64 * u64::from(RATE));
        fingerprint.validate().expect("a valid fingerprint");
    })
}

/// By two hours all that grows has been halved at least once.
#[test]
fn eight_hours_are_measured_in_the_memory_of_two_and_a_half() {
    let (short, long) = (most_held_in(9_000), most_held_in(8 * 3_600));
    assert!(long <= MOST, "eight hours held {long} bytes at once");
    assert!(long <= short + short / 4, "{short} bytes in 2.5 h, {long} in eight");
    // The counter counts: a fingerprint alone holds more than this.
    assert!(long > 100_000, "{long} bytes cannot be all");
}
