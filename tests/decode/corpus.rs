//! Real files that nobody here made, held to what their makers say of them.

use std::fs;
use std::path::{Path, PathBuf};

use auralis_core::error::{Kind, Result};
use auralis_core::flow::Source;
use md5::{Digest, Md5};

use crate::support::*;

/// The files of a corpus folder, in order.
fn files(corpus: &Path, folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(corpus.join(folder))
        .expect("the corpus has this folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The sum of the samples as FLAC makes it: interleaved little-endian integers
/// of whole bytes.
fn md5(planes: &Planes, bits: u32) -> [u8; 16] {
    let n_bytes = bits.div_ceil(8) as usize;
    let scale = f64::from(1u32 << (bits - 1));
    let mut bytes = Vec::with_capacity(planes.len() * planes[0].len() * n_bytes);
    for frame in 0..planes[0].len() {
        for plane in planes {
            let x = (f64::from(plane[frame]) * scale) as i32;
            bytes.extend_from_slice(&x.to_le_bytes()[..n_bytes]);
        }
    }
    Md5::digest(&bytes).into()
}

#[test]
fn flac_subset_decodes_to_the_sum_in_its_header() {
    let Some(corpus) = auralis_tests::corpus() else { return };
    let files = files(&corpus, "flac/subset", "flac");
    for path in &files {
        let bytes = fs::read(path).expect("reads");
        let mut decoder = open(&bytes, "flac").unwrap_or_else(|e| panic!("{}: {e}", name(path)));
        let bits = decoder.bits_per_sample().expect("flac states its depth");
        let planes = read_all(&mut decoder).unwrap_or_else(|e| panic!("{}: {e}", name(path)));
        // STREAMINFO is the first block: 4 bytes of mark, 4 of header, 18 of
        // sizes, then the sum (RFC 9639 §8.2).
        assert_eq!(md5(&planes, bits), bytes[26..42], "{}", name(path));
        assert_eq!(decoder.n_concealed(), 0, "{}", name(path));
    }
    assert!(files.len() == 26, "{} files", files.len());
}

/// Reads a file to its end: planes and how many packets were concealed.
fn decode(path: &Path, extension: &str) -> Result<(Planes, u64)> {
    let mut decoder = open(&fs::read(path).expect("reads"), extension)?;
    let planes = read_all(&mut decoder)?;
    Ok((planes, decoder.n_concealed()))
}

#[test]
fn flac_uncommon_decodes_or_says_why_not() {
    let Some(corpus) = auralis_tests::corpus() else { return };
    for path in files(&corpus, "flac/uncommon", "flac") {
        let decoded = decode(&path, "flac");
        if name(&path).contains("32bps") {
            // The library overflows on such samples: no sound is better than noise.
            assert_eq!(decoded.err().map(|error| error.kind), Some(Kind::Unsupported));
            continue;
        }
        match decoded {
            Ok((planes, _)) => assert!(!planes[0].is_empty(), "{}", name(&path)),
            Err(error) => {
                assert!(matches!(error.kind, Kind::Damaged | Kind::Unsupported), "{}: {error}", name(&path))
            }
        }
    }
}

/// The regular layer III files that symphonia decodes as the standard has it.
const EXACT: [&str; 12] = [
    "M2L3_bitrate_16_all.bit",
    "M2L3_bitrate_22_all.bit",
    "M2L3_bitrate_24_all.bit",
    "M2L3_compl24.bit",
    "M2L3_noise.bit",
    "l3-compl.bit",
    "l3-he_32khz.bit",
    "l3-he_44khz.bit",
    "l3-he_48khz.bit",
    "l3-hecommon.bit",
    "l3-si.bit",
    "l3-si_huff.bit",
];

#[test]
fn mpeg_conformance_is_within_one_step_or_says_why_not() {
    let Some(corpus) = auralis_tests::corpus() else { return };
    let mut n_exact = 0;
    let files = files(&corpus, "mpeg-conformance", "bit");
    for path in &files {
        let decoded = decode(path, "mp3");
        if EXACT.contains(&name(path).as_str()) {
            n_exact += 1;
            let (planes, n_concealed) = decoded.unwrap_or_else(|e| panic!("{}: {e}", name(path)));
            assert_eq!(n_concealed, 0, "{}", name(path));
            check_against_reference(path, &planes);
        } else if let Err(error) = decoded {
            let is_refused = matches!(error.kind, Kind::Damaged | Kind::Unsupported);
            assert!(is_refused && !error.to_string().contains("panic"), "{}: {error}", name(path));
        }
    }
    assert!(n_exact == EXACT.len(), "{n_exact} of {}", EXACT.len());
}

/// Holds a decode to the reference PCM: one 16-bit step, one packet more or
/// less at the end.
fn check_against_reference(path: &Path, planes: &Planes) {
    let reference = fs::read(path.with_extension("pcm")).expect("the reference reads");
    let reference: Vec<i16> = reference.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    let n_frames = reference.len() / planes.len();
    assert!(
        planes[0].len().abs_diff(n_frames) <= 1_152,
        "{}: {} for {n_frames}",
        name(path),
        planes[0].len()
    );
    for (at, &wanted) in reference.iter().enumerate() {
        let (frame, channel) = (at / planes.len(), at % planes.len());
        let Some(&got) = planes[channel].get(frame) else { break };
        let got = (f64::from(got) * 32_768.0).clamp(-32_768.0, 32_767.0);
        assert!((got - f64::from(wanted)).abs() <= 1.0, "{} at {frame}: {got} for {wanted}", name(path));
    }
}

/// Frames of the same piece in several formats, which were made from each other
/// with and without gapless marks: within a few packets.
#[test]
fn one_piece_is_as_long_in_every_format() {
    let Some(corpus) = auralis_tests::corpus() else { return };
    const PIECES: [(&str, usize, &[&str]); 3] = [
        ("music", 447_720, &["flac", "mp3", "m4a", "wav"]),
        ("RL", 1_208_256, &["flac", "mp3", "m4a", "ogg"]),
        ("audacity16bit", 132_300, &["wav"]),
    ];
    for (piece, n_frames, extensions) in PIECES {
        for extension in extensions {
            let path = corpus.join("music/rodio").join(piece).with_extension(extension);
            let (planes, n_concealed) =
                decode(&path, extension).unwrap_or_else(|e| panic!("{}: {e}", name(&path)));
            assert!(planes[0].len().abs_diff(n_frames) <= 2_048, "{}: {}", name(&path), planes[0].len());
            assert_eq!(n_concealed, 0, "{}", name(&path));
        }
    }
}

#[test]
fn real_music_has_no_gaps() {
    let Some(corpus) = auralis_tests::corpus() else { return };
    for path in [
        files(&corpus, "music/librosa", "ogg"),
        files(&corpus, "music/rodio", "ogg"),
        files(&corpus, "music/rodio", "opus"),
    ]
    .concat()
    {
        let (planes, n_concealed) = decode(&path, "ogg").unwrap_or_else(|e| panic!("{}: {e}", name(&path)));
        assert_eq!(n_concealed, 0, "{}", name(&path));
        assert!(planes[0].len() > 44_100, "{}", name(&path));
    }
}

/// The source law on files with the oddities of the wild.
#[test]
fn seeks_in_real_files_equal_reading_from_0() {
    let Some(corpus) = auralis_tests::corpus() else { return };
    let odd = [
        files(&corpus, "mpeg-conformance", "bit"),
        files(&corpus, "flac/uncommon", "flac"),
        files(&corpus, "flac/subset", "flac"),
    ];
    let real = [
        files(&corpus, "music/rodio", "mp3"),
        files(&corpus, "music/rodio", "m4a"),
        files(&corpus, "music/rodio", "opus"),
    ];
    for path in [odd.concat(), real.concat(), files(&corpus, "music/librosa", "ogg")].concat() {
        let extension = if path.extension().is_some_and(|e| e == "bit") { "mp3".into() } else { name(&path) };
        let Ok((whole, _)) = decode(&path, &extension) else { continue };
        let n_frames = whole[0].len() as u64;
        let mut decoder = open(&fs::read(&path).expect("reads"), &extension).expect("opened before");
        let mut dice = Dice(11);
        for place in (0..10).map(|_| dice.below(n_frames)).chain([n_frames - 1, 0]) {
            decoder.seek(place).unwrap_or_else(|e| panic!("{} to {place}: {e}", name(&path)));
            let got = read_some(&mut decoder, 512, 2_000).unwrap_or_else(|e| panic!("{}: {e}", name(&path)));
            let to = (place + 2_000).min(n_frames) as usize;
            for (plane, whole) in got.iter().zip(&whole) {
                assert!(
                    bits(plane) == bits(&whole[place as usize..to]),
                    "{} differs after a seek to {place}",
                    name(&path)
                );
            }
        }
    }
}
