//! Musical notation as text: chords, melodies and patterns, so that a piece
//! reads like a lead sheet.

/// A note: where and how long in beats, MIDI pitch, velocity 0–1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// Start, in beats from the beginning of the piece.
    pub at: f32,
    /// Length in beats.
    pub length: f32,
    /// MIDI note number.
    pub pitch: f32,
    /// Loudness, 0 to 1.
    pub velocity: f32,
}

/// A chord: its bass note and its tones as semitones above the root.
#[derive(Clone, Debug, PartialEq)]
pub struct Chord {
    /// Pitch class of the root, 0 = C.
    pub root: i32,
    /// Pitch class of the bass, 0 = C.
    pub bass: i32,
    /// Semitones above the root, ascending.
    pub tones: &'static [i32],
}

/// The pitch class at the start of `text`, and what follows it.
fn pitch_class(text: &str) -> Option<(i32, &str)> {
    let letter = text.chars().next()?;
    let natural = match letter {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = &text[1..];
    Some(match rest.as_bytes().first() {
        Some(b'#') => (natural + 1, &rest[1..]),
        Some(b'b') => (natural - 1, &rest[1..]),
        _ => (natural, rest),
    })
}

/// A note name with octave, like `F#4` (C4 = 60).
fn pitch(name: &str) -> Option<f32> {
    let (class, octave) = pitch_class(name)?;
    Some((class + 12 * (octave.parse::<i32>().ok()? + 1)) as f32)
}

impl Chord {
    /// Reads names like `Am7`, `D/F#`, `Ebmaj9`.
    pub fn named(name: &str) -> Option<Chord> {
        let (upper, lower) = name.split_once('/').map_or((name, None), |(u, l)| (u, Some(l)));
        let (root, quality) = pitch_class(upper)?;
        let tones: &[i32] = match quality {
            "" => &[0, 4, 7],
            "m" => &[0, 3, 7],
            "5" => &[0, 7, 12],
            "6" => &[0, 4, 7, 9],
            "7" => &[0, 4, 7, 10],
            "m7" => &[0, 3, 7, 10],
            "maj7" => &[0, 4, 7, 11],
            "maj9" => &[0, 4, 7, 11, 14],
            "m9" => &[0, 3, 7, 10, 14],
            "sus4" => &[0, 5, 7, 12],
            "9sus" => &[0, 5, 7, 10, 14],
            _ => return None,
        };
        let bass = match lower {
            Some(lower) => pitch_class(lower)?.0,
            None => root,
        };
        Some(Chord { root, bass, tones })
    }

    /// The chord's tones, inverted so that each lies within an octave from
    /// `lowest` upward: neighbouring chords then move by little.
    pub fn voicing(&self, lowest: i32) -> Vec<f32> {
        let mut pitches: Vec<i32> =
            self.tones.iter().map(|tone| lowest + (self.root + tone - lowest).rem_euclid(12)).collect();
        pitches.sort_unstable();
        pitches.dedup();
        pitches.into_iter().map(|pitch| pitch as f32).collect()
    }

    /// The bass note in the octave from `lowest` upward.
    pub fn low(&self, lowest: i32) -> f32 {
        (lowest + (self.bass - lowest).rem_euclid(12)) as f32
    }

    /// The tone that a letter of a bass pattern means, above its low note.
    fn degree(&self, letter: u8) -> Option<i32> {
        Some(match letter {
            b'R' => 0,
            b'3' => self.tones[1],
            b'5' => self.tones[2],
            b'7' => *self.tones.get(3).unwrap_or(&12),
            b'8' => 12,
            // A step below the root: the way home.
            b'<' => -2,
            _ => return None,
        })
    }
}

/// A run of chords, one name a bar, separated by blanks.
pub fn chords(names: &str) -> Vec<Chord> {
    names
        .split_whitespace()
        .map(|name| Chord::named(name).unwrap_or(Chord { root: 0, bass: 0, tones: &[0, 4, 7] }))
        .collect()
}

/// A melody from `start` (in beats): `name:beats`, `-` a rest, `|` for the eye.
/// A note without a length takes one beat.
pub fn melody(start: f32, text: &str, velocity: f32) -> Vec<Note> {
    let mut at = start;
    let mut notes = Vec::new();
    for word in text.split_whitespace().filter(|word| *word != "|") {
        let (name, length) = word.split_once(':').unwrap_or((word, "1"));
        let length = length.parse().unwrap_or(1.0);
        if let Some(pitch) = pitch(name) {
            // Notes on the bar's strong places are a little louder.
            let accent = if at.fract() == 0.0 { 1.0 } else { 0.88 };
            notes.push(Note { at, length: length * 0.96, pitch, velocity: velocity * accent });
        }
        at += length;
    }
    notes
}

/// A drum pattern of one bar, repeated: `X` loud, `x` struck, `o` soft; the
/// characters share the bar evenly.
pub fn strokes(bars: std::ops::Range<usize>, beats: f32, pattern: &str) -> Vec<Note> {
    let step = beats / pattern.len() as f32;
    let mut notes = Vec::new();
    for bar in bars {
        for (i, letter) in pattern.bytes().enumerate() {
            let velocity = match letter {
                b'X' => 1.0,
                b'x' => 0.78,
                b'o' => 0.42,
                _ => continue,
            };
            let at = bar as f32 * beats + i as f32 * step;
            notes.push(Note { at, length: step, pitch: 60.0, velocity });
        }
    }
    notes
}

/// A bass line over `chords` from bar `first` on, by a pattern of one bar: `R`
/// root, `3 5 7 8` the chord's tones, `<` a step below, `-` held, `.` silent.
pub fn bass_line(first: usize, beats: f32, chords: &[Chord], lowest: i32, pattern: &str) -> Vec<Note> {
    let step = beats / pattern.len() as f32;
    let mut notes: Vec<Note> = Vec::new();
    for (bar, chord) in chords.iter().enumerate() {
        for (i, letter) in pattern.bytes().enumerate() {
            let at = (first + bar) as f32 * beats + i as f32 * step;
            if let (b'-', Some(last)) = (letter, notes.last_mut()) {
                last.length += step;
            } else if let Some(degree) = chord.degree(letter) {
                let pitch = chord.low(lowest) + degree as f32;
                let velocity = if i == 0 { 0.95 } else { 0.8 };
                notes.push(Note { at, length: step * 0.92, pitch, velocity });
            }
        }
    }
    notes
}

/// Chords struck by a pattern of one bar: `X x o` as for drums, `-` held.
pub fn comp(first: usize, beats: f32, chords: &[Chord], lowest: i32, pattern: &str) -> Vec<Note> {
    let step = beats / pattern.len() as f32;
    let mut notes = Vec::new();
    for (bar, chord) in chords.iter().enumerate() {
        for (i, letter) in pattern.bytes().enumerate() {
            let velocity = match letter {
                b'X' => 0.9,
                b'x' => 0.7,
                b'o' => 0.45,
                _ => continue,
            };
            let held = pattern.bytes().skip(i + 1).take_while(|&next| next == b'-').count();
            let at = (first + bar) as f32 * beats + i as f32 * step;
            let length = step * (held as f32 + 0.95);
            notes.extend(chord.voicing(lowest).into_iter().map(|pitch| Note { at, length, pitch, velocity }));
        }
    }
    notes
}

/// Broken chords: the digits of `pattern` pick the chord's tones from below,
/// beginning again an octave higher; `.` is silent.
pub fn arpeggio(
    first: usize,
    beats: f32,
    chords: &[Chord],
    lowest: i32,
    pattern: &str,
    hold: f32,
) -> Vec<Note> {
    let step = beats / pattern.len() as f32;
    let mut notes = Vec::new();
    for (bar, chord) in chords.iter().enumerate() {
        let tones = chord.voicing(lowest);
        for (i, digit) in pattern.chars().enumerate() {
            let Some(digit) = digit.to_digit(10) else { continue };
            let digit = digit as usize;
            let pitch = tones[digit % tones.len()] + 12.0 * (digit / tones.len()) as f32;
            let at = (first + bar) as f32 * beats + i as f32 * step;
            let velocity = if i == 0 { 0.8 } else { 0.6 };
            notes.push(Note { at, length: step * hold, pitch, velocity });
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_read() {
        let chord = Chord::named("D/F#").unwrap();
        assert_eq!((chord.root, chord.bass, chord.tones), (2, 6, &[0, 4, 7][..]));
        assert_eq!(Chord::named("Ebmaj9").unwrap().voicing(60), [62.0, 63.0, 65.0, 67.0, 70.0]);
        assert_eq!(Chord::named("Am7").unwrap().low(33), 33.0);
        assert_eq!(Chord::named("H"), None);
        assert_eq!(Chord::named("Cwhat"), None);
    }

    #[test]
    fn melodies_are_read() {
        let notes = melody(4.0, "A4 -:.5 C#5:2 |", 1.0);
        let read: Vec<_> = notes.iter().map(|note| (note.at, note.pitch)).collect();
        assert_eq!(read, [(4.0, 69.0), (5.5, 73.0)]);
    }

    #[test]
    fn patterns_share_the_bar() {
        let at: Vec<f32> = strokes(1..3, 4.0, "x.o.").iter().map(|note| note.at).collect();
        assert_eq!(at, [4.0, 6.0, 8.0, 10.0]);
        let bass = bass_line(0, 4.0, &chords("Am"), 33, "R-5<");
        let read: Vec<_> = bass.iter().map(|note| (note.at, note.pitch, note.length)).collect();
        assert_eq!(read, [(0.0, 33.0, 1.0 + 0.92), (2.0, 40.0, 0.92), (3.0, 31.0, 0.92)]);
    }
}
