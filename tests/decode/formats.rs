//! Every format that is promised: it opens, it has as many frames as went in,
//! and every seek gives what reading from 0 gives.

use std::sync::OnceLock;

use crate::support::*;
use auralis_core::flow::Source;

/// What ffmpeg is asked for, and what must come of it.
struct Row {
    name: &'static str,
    arguments: &'static [&'static str],
    format: &'static str,
    container: &'static str,
    rate: u32,
    n_channels: usize,
    /// Frames that the container cannot tell from sound (no gapless mark).
    extra: Extra,
}

enum Extra {
    Exact,
    UpTo(usize),
}
use Extra::{Exact, UpTo};

const SECONDS: usize = 25;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "a.wav", arguments: &["-c:a", "pcm_s16le"], format: "pcm", container: "wave", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "b.wav", arguments: &["-c:a", "pcm_u8"], format: "pcm", container: "wave", rate: 8_000, n_channels: 1, extra: Exact },
    Row { name: "c.wav", arguments: &["-c:a", "pcm_s24le"], format: "pcm", container: "wave", rate: 96_000, n_channels: 2, extra: Exact },
    Row { name: "d.wav", arguments: &["-c:a", "pcm_f32le"], format: "pcm", container: "wave", rate: 48_000, n_channels: 6, extra: Exact },
    Row { name: "e.wav", arguments: &["-c:a", "pcm_f64le"], format: "pcm", container: "wave", rate: 192_000, n_channels: 1, extra: Exact },
    Row { name: "f.aiff", arguments: &["-c:a", "pcm_s16be"], format: "pcm", container: "aiff", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "g.caf", arguments: &["-c:a", "pcm_s24le"], format: "pcm", container: "caf", rate: 48_000, n_channels: 2, extra: Exact },
    Row { name: "h.caf", arguments: &["-c:a", "alac"], format: "alac", container: "caf", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "i.flac", arguments: &["-c:a", "flac"], format: "flac", container: "flac", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "j.oga", arguments: &["-c:a", "flac", "-f", "ogg"], format: "flac", container: "ogg", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "k.mka", arguments: &["-c:a", "flac"], format: "flac", container: "matroska", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "l.m4a", arguments: &["-c:a", "alac"], format: "alac", container: "isomp4", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "m.m4a", arguments: &["-c:a", "aac", "-b:a", "128k"], format: "aac", container: "isomp4", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "n.m4a", arguments: &["-c:a", "aac", "-b:a", "48k"], format: "aac", container: "isomp4", rate: 48_000, n_channels: 1, extra: Exact },
    Row { name: "o.aac", arguments: &["-c:a", "aac", "-b:a", "96k"], format: "aac", container: "aac", rate: 44_100, n_channels: 2, extra: UpTo(2 * 1_024) },
    Row { name: "p.mka", arguments: &["-c:a", "aac", "-b:a", "96k"], format: "aac", container: "matroska", rate: 44_100, n_channels: 2, extra: UpTo(2 * 1_024) },
    Row { name: "q.mp3", arguments: &["-c:a", "libmp3lame", "-b:a", "128k"], format: "mp3", container: "mp3", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "r.mp3", arguments: &["-c:a", "libmp3lame", "-q:a", "4"], format: "mp3", container: "mp3", rate: 48_000, n_channels: 2, extra: Exact },
    Row { name: "s.mp3", arguments: &["-c:a", "libmp3lame", "-b:a", "8k"], format: "mp3", container: "mp3", rate: 22_050, n_channels: 1, extra: Exact },
    Row { name: "t.mp3", arguments: &["-c:a", "libmp3lame", "-q:a", "6", "-write_xing", "0"], format: "mp3", container: "mp3", rate: 44_100, n_channels: 2, extra: UpTo(3 * 1_152) },
    Row { name: "u.ogg", arguments: &["-c:a", "libvorbis", "-q:a", "5"], format: "vorbis", container: "ogg", rate: 44_100, n_channels: 2, extra: Exact },
    Row { name: "v.ogg", arguments: &["-c:a", "libvorbis", "-q:a", "1"], format: "vorbis", container: "ogg", rate: 22_050, n_channels: 1, extra: Exact },
    Row { name: "w.mka", arguments: &["-c:a", "libvorbis", "-q:a", "4"], format: "vorbis", container: "matroska", rate: 44_100, n_channels: 2, extra: UpTo(2_048) },
    Row { name: "x.opus", arguments: &["-c:a", "libopus", "-b:a", "96k"], format: "opus", container: "ogg", rate: 48_000, n_channels: 2, extra: Exact },
    Row { name: "y.opus", arguments: &["-c:a", "libopus", "-b:a", "16k", "-application", "voip"], format: "opus", container: "ogg", rate: 48_000, n_channels: 1, extra: Exact },
    Row { name: "A.flac", arguments: &["-c:a", "flac"], format: "flac", container: "flac", rate: 48_000, n_channels: 6, extra: Exact },
    Row { name: "B.ogg", arguments: &["-c:a", "libvorbis", "-q:a", "6"], format: "vorbis", container: "ogg", rate: 48_000, n_channels: 6, extra: Exact },
    Row { name: "C.opus", arguments: &["-c:a", "libopus", "-b:a", "320k", "-mapping_family", "1"], format: "opus", container: "ogg", rate: 48_000, n_channels: 6, extra: Exact },
    Row { name: "D.m4a", arguments: &["-c:a", "alac"], format: "alac", container: "isomp4", rate: 48_000, n_channels: 6, extra: Exact },
    Row { name: "z.webm", arguments: &["-c:a", "libopus", "-b:a", "64k"], format: "opus", container: "matroska", rate: 48_000, n_channels: 2, extra: Exact },
];

/// A row made: the file, what it decodes to from 0, and how many frames went in.
struct Made {
    row: &'static Row,
    bytes: Vec<u8>,
    planes: Planes,
    n_frames: usize,
}

/// All rows, each made once for all tests; none without ffmpeg.
fn made() -> impl Iterator<Item = &'static Made> {
    static MADE: [OnceLock<Option<Made>>; ROWS.len()] = [const { OnceLock::new() }; ROWS.len()];
    ROWS.iter().zip(&MADE).map_while(|(row, made)| made.get_or_init(|| make(row)).as_ref())
}

fn make(row: &'static Row) -> Option<Made> {
    let n_frames = row.rate as usize * SECONDS + 321;
    let samples = music(row.rate, row.n_channels, n_frames);
    let bytes = convert(&wav16(row.rate, row.n_channels, &samples), row.name, row.arguments)?;
    let mut decoder = open(&bytes, extension(row)).unwrap_or_else(|e| panic!("{}: {e}", row.name));
    assert_eq!(decoder.format(), row.format, "{}", row.name);
    assert_eq!(decoder.container(), row.container, "{}", row.name);
    assert_eq!(decoder.spec().rate, row.rate, "{}", row.name);
    assert_eq!(decoder.spec().n_channels, row.n_channels, "{}", row.name);
    let planes = read_all(&mut decoder).unwrap_or_else(|e| panic!("{}: {e}", row.name));
    assert_eq!(decoder.n_concealed(), 0, "{}", row.name);
    Some(Made { row, bytes, planes, n_frames })
}

fn extension(row: &Row) -> &str {
    row.name.rsplit('.').next().unwrap_or("")
}

#[test]
fn every_format_gives_as_many_frames_as_went_in() {
    for Made { row, planes, n_frames, .. } in made() {
        let (n, n_frames) = (planes[0].len(), *n_frames);
        match row.extra {
            Exact => assert_eq!(n, n_frames, "{}", row.name),
            UpTo(extra) => {
                assert!((n_frames..=n_frames + extra).contains(&n), "{}: {n} of {n_frames}", row.name)
            }
        }
    }
}

/// The root mean square of the difference between what went into a channel and
/// what came out of it `shift` frames later, over four seconds of the middle.
fn error(made: &Made, put_in: &[i16], channel: usize, shift: i64) -> f64 {
    let (from, to) = (made.row.rate as usize * 8, made.row.rate as usize * 12);
    let square = |frame: usize| {
        let put_in = f64::from(put_in[frame * made.row.n_channels + channel]) / 32_768.0;
        let came_out = f64::from(made.planes[channel][(frame as i64 + shift) as usize]);
        (put_in - came_out) * (put_in - came_out)
    };
    ((from..to).map(square).sum::<f64>() / (to - from) as f64).sqrt()
}

/// Channels in WAVE's order and frames in their places. (The low-frequency
/// channel of lossy 5.1 is filtered, so it is not held to its waveform.)
#[test]
fn sound_comes_out_where_it_went_in() {
    for made in made() {
        let Made { row, n_frames, .. } = made;
        // Speech coding filters what it hears.
        if !matches!(row.extra, Exact) || row.arguments.contains(&"voip") {
            continue;
        }
        let put_in = music(row.rate, row.n_channels, *n_frames);
        let is_lossless = matches!(row.format, "pcm" | "flac" | "alac") && !row.arguments.contains(&"pcm_u8");
        for channel in 0..row.n_channels {
            let aligned = error(made, &put_in, channel, 0);
            if is_lossless {
                assert_eq!(aligned, 0.0, "{}, channel {channel}", row.name);
            } else if row.n_channels < 6 || channel != 3 {
                for shift in [-2, -1, 1, 2] {
                    let shifted = error(made, &put_in, channel, shift);
                    assert!(
                        aligned < shifted,
                        "{}, channel {channel}: {aligned}, {shifted} at {shift}",
                        row.name
                    );
                }
            }
        }
    }
}

#[test]
fn every_seek_equals_reading_from_0() {
    for Made { row, bytes, planes: whole, .. } in made() {
        let n_frames = whole[0].len() as u64;
        let rate = u64::from(row.rate);
        let mut decoder = open(bytes, extension(row)).expect("opens");
        let mut dice = Dice(7);
        let mut places = vec![
            12 * rate + 17,
            3 * rate,
            0,
            1,
            n_frames - 1,
            n_frames,
            5,
            n_frames - 700,
            10 * rate,
            10 * rate - 1,
            10 * rate + 1,
            20 * rate,
            2 * rate,
            2 * rate + 5_000,
            n_frames + 1_000,
            440_319,
            440_320,
            440_321,
            1_151,
            1_152,
        ];
        places.extend((0..12).map(|_| dice.below(n_frames)));
        for place in places {
            decoder.seek(place).unwrap_or_else(|e| panic!("{} at {place}: {e}", row.name));
            let got = read_some(&mut decoder, 1_000, 3_000)
                .unwrap_or_else(|e| panic!("{} at {place}: {e}", row.name));
            let from = place.min(n_frames) as usize;
            let to = (from + 3_000).min(n_frames as usize);
            for (channel, plane) in got.iter().enumerate() {
                assert!(
                    bits(plane) == bits(&whole[channel][from..to]),
                    "{} differs after a seek to {place}",
                    row.name
                );
            }
        }
        // Played to its end after a seek, it ends where it did.
        decoder.seek(n_frames / 2).expect("seeks");
        let rest = read_all(&mut decoder).expect("reads");
        assert!(bits(&rest[0]) == bits(&whole[0][(n_frames / 2) as usize..]), "{} to its end", row.name);
    }
}
