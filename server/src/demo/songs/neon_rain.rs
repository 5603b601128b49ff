//! Neon Rain.

use super::*;

/// Night drive in F sharp minor: bright saws, an edge around 3 kHz.
pub fn neon_rain() -> Piece {
    const B: f32 = 4.0;
    let verse = chords("F#m D A E F#m D Bm7 E");
    let chorus = chords("F#m D A E F#m D A E");
    let tune = "C#5:1.5 B4:.5 A4 F#4 | A4:1.5 F#4:.5 A4:2 | C#5 E5:1.5 C#5:.5 B4 | B4:3 - | \
                C#5:1.5 B4:.5 A4 C#5 | F#5:2 E5 D5 | C#5:1.5 A4:.5 B4 C#5 | B4:2 G#4 B4";
    let all = [&verse[..4], &verse, &chorus, &verse[..4], &chorus, &chords("F#m F#m")].concat();
    let arp = Synth { wave: Wave::Pulse(0.25), voices: 1, cutoff: 3.0, sweep: 9.0, close: 0.08, ..BASS };
    let bright = Synth { voices: 5, detune: 0.18, cutoff: 8.0, ..LEAD };
    Piece {
        tracks: vec![("Neon Rain", 0.0)],
        groove: Groove { bpm: 116.0, swing: 0.0 },
        beats: 34.0 * B,
        tail_s: 3.5,
        parts: vec![
            drum(
                Drum::Kick { hz: 54.0, ring: 0.12 },
                Strip { db: -2.0, room: 0.03, ..DRY },
                vec![strokes(4..20, B, "X...X...X...X..."), strokes(24..32, B, "X...X...X...X.x.")],
            ),
            part(
                Instrument::Synth(BASS),
                Strip { db: 1.0, duck: 0.7, drive: 1.2, room: 0.0, ..DRY },
                vec![
                    bass_line(4, B, &verse, 30, "RRRRRRR8RRRRRR78"),
                    bass_line(12, B, &chorus, 30, "R.R8R.R8R.R8R5R8"),
                    bass_line(24, B, &chorus, 30, "R.R8R.R8R.R8R5R8"),
                ],
            ),
            part(
                Instrument::Synth(Synth { cutoff: 7.0, ..PAD }),
                Strip { db: -12.0, duck: 0.6, room: 0.35, chorus: 0.5, low_cut: 180.0, ..DRY },
                vec![comp(0, B, &all, 57, "X---------------")],
            ),
            part(
                Instrument::Synth(arp),
                Strip { db: -5.0, pan: -0.4, echo: 0.35, room: 0.2, duck: 0.3, ..DRY },
                vec![
                    arpeggio(0, B, &all[..12], 66, "0123432101234321", 0.9),
                    arpeggio(20, B, &all[20..24], 66, "0213243502132435", 0.9),
                    arpeggio(24, B, &all[24..32], 66, "0123432101234321", 0.9),
                ],
            ),
            part(
                Instrument::Synth(bright),
                Strip { db: -6.0, pan: 0.1, echo: 0.25, room: 0.3, drive: 1.5, ..DRY },
                vec![
                    melody(12.0 * B, tune, 0.9),
                    melody(24.0 * B, tune, 0.95),
                    melody(32.0 * B, "F#5:6", 0.8),
                ],
            ),
            drum(
                Drum::Snare { shell: 0.35, ring: 0.16 },
                Strip { db: 2.0, room: 0.45, ..DRY },
                vec![
                    strokes(4..20, B, "....X.......X..."),
                    strokes(24..32, B, "....X.......X..."),
                    strokes(23..24, B, "........x.x.xxxx"),
                ],
            ),
            drum(
                Drum::Clap,
                Strip { db: -4.0, room: 0.4, ..DRY },
                vec![strokes(12..20, B, "....X.......X..."), strokes(24..32, B, "....X.......X...")],
            ),
            drum(
                Drum::Hat { ring: 0.03 },
                Strip { db: -3.0, pan: 0.25, ..DRY },
                vec![strokes(4..20, B, "x.x.x.x.x.x.x.xo"), strokes(24..32, B, "xoxoxoxoxoxoxoxo")],
            ),
            drum(
                Drum::Hat { ring: 0.3 },
                Strip { db: -7.0, pan: -0.3, room: 0.2, ..DRY },
                vec![strokes(12..20, B, "..x...x...x...x."), strokes(24..25, B, "X...............")],
            ),
        ],
        master: Master {
            low_cut: 70.0,
            bell: [3_300.0, 9.0, 0.9],
            drive_db: Some(4.0),
            peak_db: -0.5,
            ..CLEAN
        },
    }
}
