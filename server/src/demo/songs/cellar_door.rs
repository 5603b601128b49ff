//! Cellar Door.

use super::*;

/// Slow dub in A minor: far too much below 100 Hz.
pub fn cellar_door() -> Piece {
    const B: f32 = 4.0;
    let verse = chords("Am7 Dm7 Am7 Em7 Am7 Dm7 Am7 Em7");
    let chorus = chords("Fmaj7 G Am7 Am7 Fmaj7 G Em7 Am7");
    let all = [&verse[..2], &verse, &chorus, &chords("Am7 Am7"), &verse[..4], &chords("Am7")].concat();
    let tune = "E4:1.5 G4:.5 A4:2 | - D4:.5 F4:.5 A4 G4 | E4:1.5 D4:.5 C4:2 | D4 E4 B3:2 | \
                E4:1.5 G4:.5 A4 C5 | B4:.5 A4:.5 F4:3 | E4:1.5 G4:.5 A4:2 | G4:.5 E4:.5 D4 B3:2";
    let answer = "C5:1.5 A4:.5 C5:2 | B4:1.5 G4:.5 D5:2 | C5 A4 E4:2 | -:4 | C5:1.5 A4:.5 F4:2 | \
                  B4 A4 G4 D4 | E4:2 G4:2 | A4:4";
    let melodica = Synth { wave: Wave::Pulse(0.35), voices: 1, cutoff: 6.0, vibrato: 0.15, ..LEAD };
    let sub = Synth { wave: Wave::Sine, sweep: 0.0, cutoff: 8.0, ..BASS };
    Piece {
        tracks: vec![("Cellar Door", 0.0)],
        groove: Groove { bpm: 82.0, swing: 0.18 },
        beats: 25.0 * B,
        tail_s: 4.0,
        parts: vec![
            drum(
                Drum::Kick { hz: 47.0, ring: 0.22 },
                Strip { db: 1.0, room: 0.05, ..DRY },
                vec![strokes(2..18, B, "....X......x...."), strokes(18..24, B, "x...X...x...X...")],
            ),
            part(
                Instrument::Synth(sub),
                Strip { db: 4.0, drive: 1.6, room: 0.0, ..DRY },
                vec![
                    bass_line(2, B, &verse, 33, "R--R..3.5-7-5.3."),
                    bass_line(10, B, &chorus, 33, "R---..R.5-8-5.R."),
                    bass_line(18, B, &all[18..24], 33, "R-----3.5---<-.."),
                    bass_line(24, B, &all[24..], 33, "R---------------"),
                ],
            ),
            part(
                Instrument::Organ,
                Strip { db: -4.0, pan: -0.35, room: 0.25, echo: 0.25, low_cut: 200.0, ..DRY },
                vec![comp(0, B, &all[..24], 57, "..x...x...x...x."), comp(24, B, &all[24..], 57, "X-------")],
            ),
            part(
                Instrument::Keys,
                Strip { db: -11.0, pan: 0.3, room: 0.2, ..DRY },
                vec![comp(10, B, &chorus, 55, "x-----o---o-----")],
            ),
            part(
                Instrument::Synth(melodica),
                Strip { db: -8.0, pan: 0.1, room: 0.25, echo: 0.4, high_cut: 3_500.0, ..DRY },
                vec![melody(2.0 * B, tune, 0.8), melody(10.0 * B, answer, 0.85)],
            ),
            drum(
                Drum::Rim,
                Strip { db: -4.0, pan: 0.15, room: 0.2, echo: 0.2, ..DRY },
                vec![strokes(0..24, B, "........x......."), strokes(18..20, B, ".......x..o...o.")],
            ),
            drum(
                Drum::Hat { ring: 0.035 },
                Strip { db: -5.0, pan: 0.3, ..DRY },
                vec![strokes(0..24, B, "x.o.x.o.x.o.x.oo")],
            ),
            drum(
                Drum::Tom { hz: 95.0 },
                Strip { db: -3.0, room: 0.3, ..DRY },
                vec![strokes(9..10, B, "............x.xx"), strokes(17..18, B, "..........x.x.x.")],
            ),
        ],
        master: Master { high_cut: 7_000.0, bell: [68.0, 8.0, 0.8], peak_db: -1.5, room_s: 2.0, ..CLEAN },
    }
}
