//! Tidewater.

use super::*;

/// Two tracks in one breath, in E flat: a wide and weightless one, and a balanced one that grows out of its last chord on the beat.
pub fn tidewater() -> Piece {
    const B: f32 = 4.0;
    let sea = chords("Ebmaj9 Cm9 Abmaj9 Bb9sus");
    let river = chords("Ebmaj9 Gm7 Abmaj9 Bb9sus Cm9 Gm7 Abmaj9 Bb9sus");
    let far = [&sea[..], &sea, &sea, &sea, &sea].concat();
    let near = [&sea[..], &river, &river].concat();
    let bells = "G5:2 Bb5:2 | -:1 F5 D5:2 | Eb5:4 | -:2 F5 G5 | D6:2 Bb5:2 | -:1 G5 Eb5:2 | C5:4 | -:2 F5:2 | \
                 G5:2 Bb5:2 | -:1 F5 D5:2 | Eb5 C5:3 | F5:4";
    let tune = "G4:1.5 F4:.5 Eb4 G4 | Bb4:2 -:.5 Bb4:.5 C5 | C5:1.5 Bb4:.5 G4 Eb4 | F4:3 - | \
                Eb5:1.5 D5:.5 C5 G4 | Bb4:2 -:.5 D5:.5 C5 | C5:1.5 Bb4:.5 Ab4 G4 | F4:4";
    let high = "G5:1.5 F5:.5 Eb5 Bb4 | D5:2 -:.5 D5:.5 F5 | Eb5:1.5 C5:.5 Eb5 G5 | F5:3 Eb5:.5 D5:.5 | \
                Eb5:1.5 D5:.5 C5 G4 | Bb4:2 D5 F5 | Eb5:1.5 D5:.5 C5 Ab4 | Bb4:4";
    let pad = Synth { voices: 6, detune: 0.2, ..PAD };
    let glass = Synth { wave: Wave::Sine, voices: 2, cutoff: 9.0, sweep: 0.0, vibrato: 0.12, ..LEAD };
    let surf = |bar: f32| Note { at: bar * B, length: 1.0, pitch: 60.0, velocity: 0.6 };
    Piece {
        tracks: vec![("Tidewater", 0.0), ("Estuary", 20.0 * B)],
        groove: Groove { bpm: 76.0, swing: 0.0 },
        beats: 41.0 * B,
        tail_s: 5.0,
        parts: vec![
            drum(
                Drum::Kick { hz: 50.0, ring: 0.13 },
                Strip { db: -4.0, room: 0.04, ..DRY },
                vec![strokes(20..24, B, "x......."), strokes(24..40, B, "X.....x.x...o...")],
            ),
            part(
                Instrument::Synth(pad),
                Strip { db: -14.0, room: 0.6, chorus: 0.8, low_cut: 120.0, duck: 0.25, ..DRY },
                vec![
                    comp(0, B, &far, 55, "X---"),
                    comp(20, B, &near, 55, "x---"),
                    comp(40, B, &sea[..1], 55, "X---"),
                ],
            ),
            part(
                Instrument::Bell,
                Strip { db: 0.0, pan: 0.5, room: 0.7, echo: 0.5, ..DRY },
                vec![melody(4.0 * B, bells, 0.6), melody(36.0 * B, "G5:2 Bb5:2 | -:1 F5 D5:2 | Eb5:4", 0.45)],
            ),
            part(
                Instrument::String { bright: 0.4, ring: 5.0 },
                Strip { db: 1.0, pan: -0.5, room: 0.5, echo: 0.45, ..DRY },
                vec![
                    arpeggio(8, B, &far[8..], 58, "0.2.4.3.", 5.0),
                    arpeggio(24, B, &near[4..], 58, "0.2.4.3.", 3.0),
                ],
            ),
            drum(
                Drum::Surf { seconds: 9.0 },
                Strip { db: -2.0, room: 0.3, ..DRY },
                vec![[0.0, 2.5, 5.5, 8.0, 11.0, 14.0, 17.0, 38.5].map(surf).to_vec()],
            ),
            part(
                Instrument::Synth(Synth { cutoff: 2.5, sweep: 3.0, ..BASS }),
                Strip { db: -2.0, room: 0.0, ..DRY },
                vec![
                    bass_line(12, B, &far[12..], 34, "R---"),
                    bass_line(20, B, &near[..4], 34, "R---..5-"),
                    bass_line(24, B, &near[4..], 34, "R--.5.R-..8-5.<."),
                    bass_line(40, B, &sea[..1], 34, "R---"),
                ],
            ),
            part(
                Instrument::Keys,
                Strip { db: -12.0, pan: -0.15, room: 0.25, echo: 0.1, ..DRY },
                vec![comp(20, B, &near, 58, "x-----o---x-----"), comp(40, B, &sea[..1], 58, "x---")],
            ),
            part(
                Instrument::Synth(glass),
                Strip { db: -5.0, pan: 0.1, room: 0.35, echo: 0.25, ..DRY },
                vec![melody(24.0 * B, tune, 0.8), melody(32.0 * B, high, 0.85)],
            ),
            drum(
                Drum::Rim,
                Strip { db: -6.0, pan: -0.2, room: 0.3, ..DRY },
                vec![strokes(22..24, B, "....x.......x..."), strokes(24..40, B, "....x.......x..o")],
            ),
            drum(
                Drum::Shaker,
                Strip { db: -4.0, pan: 0.35, room: 0.15, ..DRY },
                vec![strokes(20..40, B, "oxoooxoooxoooxoo")],
            ),
        ],
        master: Master { width: 1.7, peak_db: -2.0, room_s: 3.2, ..CLEAN },
    }
}
