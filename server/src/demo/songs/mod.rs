//! The pieces of the demo album, each with a character of its own for the
//! enhancer to meet: thin and quiet, boomy, harsh, crushed, wide, balanced and
//! mono.

mod cellar_door;
mod full_tilt;
mod kitchen_radio;
mod neon_rain;
mod paper_lantern;
mod tidewater;

use super::drum::Drum;
use super::instrument::{Instrument, Synth, Wave};
use super::mix::{Groove, Master, Part, Strip};
use super::score::{Note, arpeggio, bass_line, chords, comp, melody, strokes};
use super::tone::Adsr;

/// One render: a track, or several that flow into each other.
pub struct Piece {
    /// Titles in order, each with the beat at which it begins.
    pub tracks: Vec<(&'static str, f32)>,
    /// Tempo and feel.
    pub groove: Groove,
    /// Length of the music in beats.
    pub beats: f32,
    /// Seconds after the last beat for the sound to fade.
    pub tail_s: f32,
    /// What plays. The first part ducks the others.
    pub parts: Vec<Part>,
    /// How it leaves the desk.
    pub master: Master,
}

/// All pieces, in the order of the album.
pub fn pieces() -> Vec<Piece> {
    vec![
        paper_lantern::paper_lantern(),
        cellar_door::cellar_door(),
        neon_rain::neon_rain(),
        full_tilt::full_tilt(),
        tidewater::tidewater(),
        kitchen_radio::kitchen_radio(),
    ]
}

const CLEAN: Master = Master {
    low_cut: 0.0,
    high_cut: 0.0,
    bell: [1_000.0, 0.0, 0.7],
    width: 1.0,
    drive_db: None,
    peak_db: -3.0,
    room_s: 1.6,
    echo_beats: 0.75,
};

const PAD: Synth = Synth {
    wave: Wave::Saw,
    voices: 4,
    detune: 0.14,
    cutoff: 3.5,
    sweep: 1.5,
    q: 0.7,
    close: 1.5,
    vibrato: 0.0,
    level: Adsr { attack: 0.7, decay: 2.0, sustain: 0.8, release: 0.6 },
};
const BASS: Synth = Synth {
    wave: Wave::Saw,
    voices: 1,
    detune: 0.0,
    cutoff: 2.0,
    sweep: 6.0,
    q: 0.9,
    close: 0.12,
    vibrato: 0.0,
    level: Adsr { attack: 0.004, decay: 0.5, sustain: 0.7, release: 0.04 },
};
const LEAD: Synth = Synth {
    wave: Wave::Saw,
    voices: 2,
    detune: 0.08,
    cutoff: 5.0,
    sweep: 6.0,
    q: 1.1,
    close: 0.4,
    vibrato: 0.22,
    level: Adsr { attack: 0.02, decay: 0.4, sustain: 0.75, release: 0.12 },
};
const DRY: Strip = Strip {
    db: 0.0,
    pan: 0.0,
    room: 0.1,
    echo: 0.0,
    drive: 0.0,
    low_cut: 0.0,
    high_cut: 0.0,
    chorus: 0.0,
    duck: 0.0,
};

fn part(instrument: Instrument, strip: Strip, notes: Vec<Vec<Note>>) -> Part {
    Part { instrument, strip, notes: notes.concat() }
}

fn drum(drum: Drum, strip: Strip, notes: Vec<Vec<Note>>) -> Part {
    part(Instrument::Drum(drum), strip, notes)
}
