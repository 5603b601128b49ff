//! Kitchen Radio.

use super::*;

/// Thirty-two bars of swing from a small loudspeaker: mono, narrow.
pub fn kitchen_radio() -> Piece {
    const B: f32 = 4.0;
    let verse = chords("C6 A7 Dm7 G7 C6 A7 Dm7 G7");
    let bridge = chords("E7 E7 A7 A7 Dm7 Dm7 G7 G7");
    let form = [&verse[4..], &verse, &verse, &bridge, &verse, &chords("C6 C6")].concat();
    let tune = "G4:.5 A4:.5 C5 E5 C5 | C#5:.5 A4:.5 G4 E4:2 | F4:.5 A4:.5 C5 D5 C5 | B4:1.5 A4:.5 G4:2 | \
                E5 D5:.5 C5:.5 A4 G4 | C#5 E5 A4:2 | D5:.5 C5:.5 A4 F4 A4 | G4:3 -";
    let middle = "E5:1.5 D5:.5 B4:2 | G#4 B4 E5:2 | C#5:1.5 E5:.5 C#5:2 | A4 C#5 E5:2 | \
                  D5:1.5 C5:.5 A4:2 | F4 A4 D5:2 | B4 D5 F5 D5 | B4:2 G4:2";
    let home = "G4:.5 A4:.5 C5 E5 C5 | C#5:.5 A4:.5 G4 E4:2 | F4:.5 A4:.5 C5 D5 E5 | D5:1.5 B4:.5 G4:2 | \
                E5 D5:.5 C5:.5 A4 G4 | C#5 E5 A4:2 | D5:.5 C5:.5 A4 B4 D5 | C5:4 | E5:.5 C5:.5 G4 C5:2";
    let horn = Synth { voices: 1, cutoff: 3.0, sweep: 3.0, close: 0.15, vibrato: 0.3, ..LEAD };
    Piece {
        tracks: vec![("Kitchen Radio", 0.0)],
        groove: Groove { bpm: 138.0, swing: 0.3 },
        beats: 38.0 * B,
        tail_s: 2.0,
        parts: vec![
            part(
                Instrument::String { bright: 0.2, ring: 1.6 },
                Strip { db: -1.0, room: 0.05, ..DRY },
                vec![bass_line(0, B, &form[..36], 33, "R35<"), bass_line(36, B, &form[36..], 33, "R-5-")],
            ),
            part(
                Instrument::Piano,
                Strip { db: -9.0, room: 0.15, ..DRY },
                vec![
                    comp(0, B, &form[..4], 57, "x--x...."),
                    comp(4, B, &form[4..36], 57, "x--x...o"),
                    comp(36, B, &form[36..], 57, "x--x----"),
                ],
            ),
            part(
                Instrument::Synth(horn),
                Strip { db: -2.0, room: 0.25, high_cut: 3_800.0, ..DRY },
                vec![melody(4.0 * B, tune, 0.8), melody(12.0 * B, tune, 0.85), melody(28.0 * B, home, 0.85)],
            ),
            part(
                Instrument::Piano,
                Strip { db: -5.0, room: 0.2, ..DRY },
                vec![melody(20.0 * B, middle, 0.9)],
            ),
            drum(
                Drum::Hat { ring: 0.16 },
                Strip { db: -6.0, ..DRY },
                vec![strokes(0..36, B, "x.xox.xo"), strokes(36..37, B, "x.....X.")],
            ),
            drum(
                Drum::Snare { shell: 0.15, ring: 0.06 },
                Strip { db: -4.0, room: 0.2, high_cut: 5_000.0, ..DRY },
                vec![
                    strokes(4..36, B, "..x...x."),
                    strokes(11..12, B, "..x..xxx"),
                    strokes(27..28, B, "x.x.xxxx"),
                ],
            ),
        ],
        master: Master { low_cut: 140.0, high_cut: 5_500.0, width: 0.0, peak_db: -6.0, room_s: 0.7, ..CLEAN },
    }
}
