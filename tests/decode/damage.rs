//! Bad input: each kind is a clear error or counted silence, never a panic and
//! never without bound.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use auralis_core::decode;
use auralis_core::error::{Error, Kind};
use auralis_core::flow::Source;

use crate::support::*;

/// Makes a short file of every kind; the ones that need ffmpeg only with it.
fn small_files() -> Vec<(&'static str, Vec<u8>)> {
    let input = wav16(44_100, 2, &music(44_100, 2, 30_000));
    let wide = wav(3, 32, 48_000, 6, &[0; 6 * 4 * 3_000]);
    let mut files = vec![("wav", input.clone()), ("wav", wide)];
    #[rustfmt::skip]
    let made: [(&str, &[&str]); 14] = [
        ("a.flac", &["-c:a", "flac"]), ("a.mp3", &["-c:a", "libmp3lame", "-b:a", "96k"]),
        ("b.mp3", &["-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0"]),
        ("a.m4a", &["-c:a", "aac", "-b:a", "96k"]), ("b.m4a", &["-c:a", "alac"]),
        ("c.m4a", &["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"]),
        ("a.aac", &["-c:a", "aac", "-b:a", "96k"]), ("a.ogg", &["-c:a", "libvorbis", "-q:a", "3"]),
        ("a.opus", &["-c:a", "libopus", "-b:a", "64k"]), ("a.webm", &["-c:a", "libopus", "-b:a", "64k"]),
        ("a.mka", &["-c:a", "libvorbis", "-q:a", "3"]), ("a.aiff", &["-c:a", "pcm_s16be"]),
        ("a.caf", &["-c:a", "alac"]), ("b.oga", &["-c:a", "flac", "-f", "ogg"]),
    ];
    for (name, arguments) in made {
        match convert(&input, name, arguments) {
            Some(bytes) => files.push((&name[2..], bytes)),
            None => break,
        }
    }
    files
}

/// Opens, reads and seeks, as far as that goes; a clear message if it does not.
fn survive(bytes: &[u8], extension: &str, label: &str) {
    const ENOUGH: usize = 600_000;
    let said = |error: Error| assert!(!error.message.is_empty(), "{label}");
    let mut decoder = match open(bytes, extension) {
        Ok(decoder) => decoder,
        Err(error) => return said(error),
    };
    for place in [None, Some(10_000), Some(0), Some(29_000), Some(u64::MAX)] {
        let went = place.map_or(Ok(()), |place| decoder.seek(place));
        if let Err(error) = went.and_then(|()| read_some(&mut decoder, 4_096, ENOUGH).map(|_| ())) {
            return said(error);
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    for (extension, bytes) in small_files() {
        let mut dice = Dice(0x5eed);
        for round in 0..60 {
            let mut bad = bytes.clone();
            // Headers are short: half of the damage goes there.
            let reach = if round % 2 == 0 { 400.min(bad.len()) } else { bad.len() } as u64;
            for _ in 0..=dice.below(12) {
                let at = dice.below(reach) as usize;
                bad[at] = dice.roll() as u8;
            }
            survive(&bad, extension, &format!("{extension}, round {round}"));
        }
    }
}

#[test]
fn cut_and_holed_files_never_panic() {
    for (extension, bytes) in small_files() {
        let mut dice = Dice(0xcafe);
        for round in 0..25 {
            let cut = dice.below(bytes.len() as u64) as usize;
            survive(&bytes[..cut], extension, &format!("{extension} cut to {cut}"));
            survive(&bytes[cut..], extension, &format!("{extension} from {cut}"));
            let mut holed = bytes.clone();
            let end = (cut + 1 + dice.below(3_000) as usize).min(holed.len());
            holed[cut..end].fill(if round % 2 == 0 { 0 } else { 0xff });
            survive(&holed, extension, &format!("{extension} with a hole at {cut}"));
            holed.drain(cut..end);
            survive(&holed, extension, &format!("{extension} without {cut}..{end}"));
        }
    }
}

#[test]
fn what_is_not_a_sound_file_is_refused_in_words() {
    let mut dice = Dice(3);
    let noise: Vec<u8> = (0..200_000).map(|_| dice.roll() as u8).collect();
    let rows: [(&str, Vec<u8>, Kind, &str); 8] = [
        ("empty", vec![], Kind::Damaged, "empty"),
        (
            "text",
            b"Dear diary, today I did not record anything.\n".repeat(50),
            Kind::Unsupported,
            "not a sound file",
        ),
        ("zeros", vec![0; 100_000], Kind::Unsupported, "not a sound file"),
        ("no frames", wav16(44_100, 2, &[]), Kind::Damaged, "no sound"),
        ("no channels", wav(1, 16, 44_100, 0, &[0; 400]), Kind::Unsupported, ""),
        ("too slow", wav16(100, 1, &[1; 4_000]), Kind::Unsupported, "sample rate of 100 Hz"),
        ("too fast", wav16(1_000_000, 1, &[1; 4_000]), Kind::Unsupported, "sample rate of 1000000 Hz"),
        ("too wide", wav16(44_100, 9, &[1; 9 * 400]), Kind::Unsupported, "9 channels"),
    ];
    for (label, bytes, kind, words) in rows {
        let Err(error) = open(&bytes, "wav") else { panic!("{label} opened") };
        assert!(error.to_string().contains(words), "{label}: {error}");
        let is_close = error.kind == kind || (words.is_empty() && error.kind == Kind::Damaged);
        assert!(is_close, "{label}: {:?} {error}", error.kind);
    }
    survive(&noise, "mp3", "noise");
}

#[test]
fn one_frame_is_a_track() {
    let mut decoder = open(&wav16(44_100, 2, &[1_000, -2_000]), "wav").expect("opens");
    let planes = read_all(&mut decoder).expect("reads");
    assert_eq!(planes, [[1_000.0 / 32_768.0], [-2_000.0 / 32_768.0]]);
}

#[test]
fn samples_that_are_not_finite_pass() {
    let values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -0.0, 1e-42];
    let body: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut decoder = open(&wav(3, 32, 48_000, 1, &body), "wav").expect("opens");
    assert_eq!(bits(&read_all(&mut decoder).expect("reads")[0]), bits(&values));
}

#[test]
fn integers_of_every_depth_are_exact() {
    let rows: [(u16, &[u8], &[f32]); 4] = [
        (8, &[0, 128, 255, 64], &[-1.0, 0.0, 127.0 / 128.0, -0.5]),
        (16, &[0, 128, 255, 127, 1, 0], &[-1.0, 32_767.0 / 32_768.0, 1.0 / 32_768.0]),
        (24, &[0, 0, 128, 255, 255, 127, 1, 0, 0], &[-1.0, 8_388_607.0 / 8_388_608.0, 1.0 / 8_388_608.0]),
        (32, &[0, 0, 0, 128, 0, 0, 0, 64, 128, 0, 0, 0], &[-1.0, 0.5, 128.0 / 2_147_483_648.0]),
    ];
    for (depth, body, wanted) in rows {
        let mut decoder = open(&wav(1, depth, 44_100, 1, body), "wav").expect("opens");
        assert_eq!(decoder.bits_per_sample(), Some(u32::from(depth)));
        assert_eq!(read_all(&mut decoder).expect("reads")[0], wanted, "{depth} bits");
    }
}

#[test]
fn any_block_size_gives_the_same_frames() {
    let bytes = wav16(44_100, 2, &music(44_100, 2, 20_000));
    let whole = read_all(&mut open(&bytes, "wav").expect("opens")).expect("reads");
    for capacity in [1, 7, 128, 1_152, 19_999, 20_000, 50_000] {
        let mut decoder = open(&bytes, "wav").expect("opens");
        assert_eq!(read_some(&mut decoder, capacity, usize::MAX).expect("reads"), whole, "{capacity}");
    }
}

/// A damaged packet costs its own time and no more, and is counted.
#[test]
fn a_damaged_packet_is_silence_of_its_length() {
    let n_frames = 44_100;
    let input = wav16(44_100, 2, &music(44_100, 2, n_frames));
    let Some(bytes) = convert(&input, "a.flac", &["-c:a", "flac", "-frame_size", "4096"]) else { return };
    let whole = read_all(&mut open(&bytes, "flac").expect("opens")).expect("reads");
    let mut bad = bytes.clone();
    let middle = bad.len() / 2;
    bad[middle..middle + 40].fill(0x55);
    let mut decoder = open(&bad, "flac").expect("opens");
    let planes = read_all(&mut decoder).expect("reads");
    assert_eq!(planes[0].len(), n_frames, "its time is kept");
    assert_eq!(decoder.n_concealed(), 1);
    let differs = |&frame: &usize| planes[0][frame].to_bits() != whole[0][frame].to_bits();
    let wrong: Vec<usize> = (0..n_frames).filter(differs).collect();
    assert!((1..=2 * 4_096).contains(&wrong.len()), "{} frames differ", wrong.len());
    assert!(wrong.iter().all(|&frame| planes[0][frame] == 0.0), "silence stands for it");
}

/// A medium that behaves until byte `n_good`, and then does `then`.
struct Treacherous {
    bytes: Cursor<Vec<u8>>,
    n_good: u64,
    then: fn() -> io::Result<usize>,
}

impl Read for Treacherous {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.position() >= self.n_good { (self.then)() } else { self.bytes.read(buffer) }
    }
}

impl Seek for Treacherous {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

#[test]
fn a_panic_underneath_is_a_damaged_file_and_stays_one() {
    let bytes = Cursor::new(wav16(44_100, 2, &music(44_100, 2, 200_000)));
    let then = || panic!("a reader gone mad");
    let medium = Treacherous { bytes, n_good: 300_000, then };
    let mut decoder = decode::open(Box::new(medium), None, Some("wav")).expect("opens");
    let error = read_all(&mut decoder).expect_err("panics underneath");
    assert_eq!(error.kind, Kind::Damaged);
    assert!(error.message.contains("a reader gone mad"), "{error}");
    assert!(error.frame.is_some_and(|frame| frame > 10_000), "{error}");
    assert!(read_all(&mut decoder).is_err());
    assert!(decoder.seek(0).is_err());
}

#[test]
fn a_failing_disk_is_not_a_damaged_file() {
    let bytes = Cursor::new(wav16(44_100, 2, &music(44_100, 2, 200_000)));
    let then = || Err(io::Error::other("the disk is on fire"));
    let medium = Treacherous { bytes, n_good: 300_000, then };
    let mut decoder = decode::open(Box::new(medium), None, Some("wav")).expect("opens");
    let error = read_all(&mut decoder).expect_err("fails underneath");
    assert_eq!(error.kind, Kind::Io);
    assert!(error.message.contains("on fire"), "{error}");
}

/// Bytes that never end, and count themselves.
struct Endless {
    head: Vec<u8>,
    at: u64,
    n_read: Arc<AtomicU64>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in buffer.iter_mut() {
            let period = self.head.len() as u64;
            *byte = self.head[(self.at % period) as usize];
            self.at += 1;
        }
        self.n_read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        Ok(buffer.len())
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Start(at) = to {
            self.at = at;
        }
        Ok(self.at)
    }
}

#[test]
fn endless_headers_are_left_unread() {
    // Tags upon tags, junk without a packet, and boxes without sound.
    let rows: [(&str, &[u8]); 4] = [
        ("mp3", b"ID3\x04\0\0\0\0\x08\0TIT2\0\0\x04\0\0\0 and so on and on"),
        ("mp3", b"no packet here "),
        ("mp4", b"\0\0\0\x10freeabcdefgh"),
        ("flac", b"fLaC\x01\0\0\x04abcd"),
    ];
    for (extension, head) in rows {
        let n_read = Arc::new(AtomicU64::new(0));
        let endless = Endless { head: head.to_vec(), at: 0, n_read: n_read.clone() };
        let opened = decode::open(Box::new(endless), Some(1 << 40), Some(extension));
        assert!(opened.is_err(), "{extension}");
        let n_read = n_read.load(Ordering::Relaxed);
        assert!(n_read <= 128 << 20, "{extension}: {n_read} bytes");
    }
}
