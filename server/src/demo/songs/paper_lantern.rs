//! Paper Lantern.

use super::*;

/// A harp in three-four time, with bells: little bass, very quiet.
pub fn paper_lantern() -> Piece {
    const B: f32 = 3.0;
    /// Broken chords of one bar.
    const UP: &str = "012345";
    const WAVE: &str = "024532";
    const WIDE: &str = "031425";
    let verse = chords("D A/C# Bm F#m G D/F# Em7 A7");
    let bridge = chords("Bm G D A/C# Bm G Em7 A7");
    let close = chords("D A/C# G D");
    let tune = "F#5:2 A5 | E5:2 C#5 | D5:2 F#5 | C#5:3 | B4 D5 G5 | F#5:2 D5 | E5 G5 F#5 | E5:3";
    let high = "F#5:1.5 G5:.5 F#5 | D5:2 B4 | A5:1.5 F#5:.5 D5 | E5:3 | F#5 B5 A5 | G5:1.5 F#5:.5 D5 | \
                E5 F#5 G5 | A5:3";
    let soft = "D5:3 | - E5 C#5 | B4:3 | D5:6";
    let (harp, bells) = (Instrument::String { bright: 0.55, ring: 3.5 }, Instrument::Bell);
    let strings = Synth { cutoff: 2.5, detune: 0.1, ..PAD };
    Piece {
        tracks: vec![("Paper Lantern", 0.0)],
        groove: Groove { bpm: 104.0, swing: 0.0 },
        beats: 36.0 * B,
        tail_s: 3.0,
        parts: vec![
            part(
                harp,
                Strip { db: -2.0, pan: -0.2, room: 0.35, ..DRY },
                vec![
                    arpeggio(0, B, &verse[..4], 50, UP, 6.0),
                    arpeggio(4, B, &verse, 50, WAVE, 6.0),
                    arpeggio(12, B, &bridge, 50, WIDE, 6.0),
                    arpeggio(20, B, &verse, 50, WAVE, 6.0),
                    arpeggio(28, B, &close, 50, UP, 6.0),
                    arpeggio(32, B, &chords("D G D D"), 50, "0.2.4.", 8.0),
                ],
            ),
            part(
                bells,
                Strip { db: -7.0, pan: 0.25, room: 0.5, echo: 0.15, ..DRY },
                vec![
                    melody(4.0 * B, tune, 0.7),
                    melody(12.0 * B, high, 0.75),
                    melody(20.0 * B, tune, 0.7),
                    melody(28.0 * B, soft, 0.6),
                ],
            ),
            part(
                Instrument::Synth(strings),
                Strip { db: -16.0, room: 0.6, low_cut: 300.0, ..DRY },
                vec![comp(12, B, &bridge, 62, "X-----"), comp(20, B, &verse, 62, "X-----")],
            ),
            drum(
                Drum::Shaker,
                Strip { db: -11.0, pan: 0.4, room: 0.2, ..DRY },
                vec![strokes(12..28, B, ".ox")],
            ),
        ],
        master: Master { low_cut: 260.0, bell: [3_000.0, 2.0, 0.8], peak_db: -16.0, room_s: 2.4, ..CLEAN },
    }
}
