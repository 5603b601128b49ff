//! Full Tilt.

use super::*;

/// Fast and loud in E minor, pushed flat against full scale.
pub fn full_tilt() -> Piece {
    const B: f32 = 4.0;
    let riff = chords("E5 C5 G5 D5 E5 C5 G5 D5");
    let chorus = chords("C5 G5 D5 E5 C5 G5 D5 D5");
    let bars = [&riff[..4], &riff, &chorus, &riff, &chorus, &chords("E5 E5")].concat();
    let tune = "E5:1.5 D5:.5 C5 G4 | D5:2 B4 G4 | A4 B4:.5 A4:.5 F#4:2 | G4 B4 E5:2 | \
                G5:1.5 F#5:.5 E5 C5 | D5 E5 D5 B4 | A4:1.5 B4:.5 A4 F#4 | A4:4";
    let guitar = |bright| Instrument::String { bright, ring: 2.5 };
    let strip =
        |pan| Strip { db: -7.0, pan, drive: 9.0, low_cut: 110.0, high_cut: 5_200.0, room: 0.08, ..DRY };
    let chug = "X.xxX.xxX.xxX.xx";
    let open = "X-------X---x---";
    let rhythm = |lowest| {
        vec![
            comp(0, B, &bars[..4], lowest, open),
            comp(4, B, &bars[4..12], lowest, chug),
            comp(12, B, &bars[12..20], lowest, open),
            comp(20, B, &bars[20..28], lowest, chug),
            comp(28, B, &bars[28..36], lowest, open),
            comp(36, B, &bars[36..], lowest, "X-------"),
        ]
    };
    Piece {
        tracks: vec![("Full Tilt", 0.0)],
        groove: Groove { bpm: 150.0, swing: 0.0 },
        beats: 38.0 * B,
        tail_s: 2.5,
        parts: vec![
            drum(
                Drum::Kick { hz: 58.0, ring: 0.1 },
                Strip { db: 0.0, room: 0.05, ..DRY },
                vec![
                    strokes(4..12, B, "X.......X.x....."),
                    strokes(12..20, B, "X.x...x.X.x...x."),
                    strokes(20..28, B, "X.......X.x....."),
                    strokes(28..36, B, "X.x...x.X.x...x."),
                    strokes(36..37, B, "X..............."),
                ],
            ),
            part(guitar(0.75), strip(-0.85), rhythm(40)),
            part(guitar(0.65), strip(0.85), rhythm(40)),
            part(
                Instrument::Synth(Synth { cutoff: 3.0, ..BASS }),
                Strip { db: -3.0, drive: 2.5, room: 0.0, ..DRY },
                vec![
                    bass_line(4, B, &bars[4..36], 28, "RRRRRRRRRRRRRR58"),
                    bass_line(36, B, &bars[36..], 28, "R-------"),
                ],
            ),
            part(
                Instrument::Synth(Synth { cutoff: 4.0, ..LEAD }),
                Strip { db: -7.0, drive: 3.0, echo: 0.15, room: 0.2, ..DRY },
                vec![
                    melody(12.0 * B, tune, 0.9),
                    melody(28.0 * B, tune, 0.95),
                    melody(36.0 * B, "E5:5", 0.9),
                ],
            ),
            drum(
                Drum::Snare { shell: 0.5, ring: 0.11 },
                Strip { db: 0.0, room: 0.25, ..DRY },
                vec![
                    strokes(3..4, B, "x.x.x.x.xxxxXXXX"),
                    strokes(4..11, B, "....X.......X..."),
                    strokes(11..12, B, "....X.....xxXXXX"),
                    strokes(12..27, B, "....X.......X..."),
                    strokes(27..28, B, "x.xxx.xxXXXXXXXX"),
                    strokes(28..36, B, "....X.......X..."),
                ],
            ),
            drum(
                Drum::Hat { ring: 0.4 },
                Strip { db: -5.0, pan: 0.35, room: 0.15, ..DRY },
                vec![
                    strokes(4..36, B, "x.o.x.o.x.o.x.o."),
                    strokes(12..13, B, "X..............."),
                    strokes(28..29, B, "X..............."),
                    strokes(36..37, B, "X..............."),
                ],
            ),
        ],
        master: Master {
            bell: [2_000.0, 2.0, 0.7],
            drive_db: Some(8.0),
            peak_db: -0.05,
            room_s: 1.0,
            ..CLEAN
        },
    }
}
