//! The native stream in every format: FLAC and Opus hold the very frames that a
//! WAV does, in pieces, from a second on, and from the command line.

use std::io::Cursor;

use auralis_core::block::Block;
use auralis_core::decode;
use auralis_core::encode::{Format, wav};
use auralis_core::flow::{Source, Spec};
use auralis_core::geometry::Geometry;
use auralis_tests::auralis;
use auralis_tests::http::Response;

use crate::house::{House, RATE, assert_problem, encoded, sound, until};

const SECONDS: f64 = 21.7;
const N_FRAMES: u64 = (SECONDS * RATE as f64) as u64;

/// A house with a track of 24 bits whose plan is what it stays.
fn house(seconds: f64) -> (House, String) {
    let house = House::served(&[("one.flac", &sound(Format::Flac24, 5, seconds))], &[]);
    until("the promise is checked", || (house.counter("checks") == 1).then_some(()));
    let id = house.id("one");
    (house, id)
}

/// Rate and left and right of a file, as it is decoded.
pub fn frames_of(bytes: &[u8], extension: &str) -> (u32, Vec<[f32; 2]>) {
    let media = Box::new(Cursor::new(bytes.to_vec()));
    let mut decoder = decode::open(media, Some(bytes.len() as u64), Some(extension)).expect("it is sound");
    let (mut block, mut frames) = (Block::new(2, 4_096), Vec::new());
    loop {
        decoder.read(&mut block).expect("it is whole");
        frames.extend(block.plane(0).iter().zip(block.plane(1)).map(|(&left, &right)| [left, right]));
        if block.n_frames() < 4_096 {
            return (decoder.spec().rate, frames);
        }
    }
}

/// The frames of an answer in this format.
fn frames(answer: &Response, format: Format) -> Vec<[f32; 2]> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(format.media_type())));
    frames_of(&answer.body, format.extension()).1
}

/// Bytes of a WAV without a frame.
fn n_of_head(format: Format) -> usize {
    wav::header(format, Spec { rate: RATE, n_channels: 2 }, 0).len()
}

#[test]
fn flac_holds_the_very_frames_of_the_wav_whole_in_chunks_and_from_a_second_on() {
    let (house, id) = house(SECONDS);
    let geometry = Geometry::at(RATE);
    for (flac, wav) in [(Format::Flac16, Format::Wav16), (Format::Flac24, Format::Wav24)] {
        for taste in ["preset=adaptive", "enhanced=false"] {
            let whole = frames(&house.get(&format!("/api/tracks/{id}/stream?{taste}&format={wav}")), wav);
            assert_eq!(whole.len() as u64, N_FRAMES);
            let stream = house.get(&format!("/api/tracks/{id}/stream?{taste}&format={flac}"));
            assert!(frames(&stream, flac) == whole, "{flac} of {taste}");
            // Its head says how many: 36 bits of STREAMINFO (RFC 9639, §8.2).
            let told = u64::from_be_bytes(stream.body[18..26].try_into().expect("eight bytes"));
            assert_eq!(told & ((1 << 36) - 1), N_FRAMES);
            for k in (0..geometry.n_chunks(N_FRAMES)).rev() {
                let held = geometry.chunk(k, N_FRAMES);
                let chunk = house.get(&format!("/api/tracks/{id}/chunks/{k}?{taste}&format={flac}"));
                let slice = &whole[held.start as usize..held.end as usize];
                assert!(frames(&chunk, flac) == slice, "chunk {k} in {flac} of {taste}");
            }
            for (start, format) in [(3.0, flac), (9.999_9, flac), (17.25, flac), (17.25, wav)] {
                let first = (start * f64::from(RATE)).round() as usize;
                let path = format!("/api/tracks/{id}/stream?{taste}&format={format}&start={start}");
                assert!(frames(&house.get(&path), format) == whole[first..], "{path}");
            }
            // A file without a frame is its head.
            for (format, n_bytes) in [(flac, 42), (wav, n_of_head(wav))] {
                let path = format!("/api/tracks/{id}/stream?{taste}&format={format}&start={SECONDS}");
                assert_eq!(house.get(&path).body.len(), n_bytes, "{path}");
            }
        }
    }
}

#[test]
fn opus_holds_every_frame_under_its_ceiling_at_the_rate_that_is_asked_for() {
    let (house, id) = house(SECONDS);
    let path = format!("/api/tracks/{id}/stream?format=opus");
    let length = |start: f64, bytes: &[u8]| {
        let (rate, frames) = frames_of(bytes, "opus");
        let wanted = (N_FRAMES - (start * f64::from(RATE)).round() as u64) * 48_000;
        assert_eq!((rate, frames.len() as u64), (48_000, wanted.div_ceil(u64::from(RATE))), "from {start}");
        frames
    };
    house.get(&path);
    until("the promise is checked", || (house.counter("checks") == 2).then_some(()));
    let usual = house.get(&path);
    assert_eq!(usual.header("content-type"), Some("audio/ogg"));
    let peak = length(0.0, &usual.body).iter().flatten().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    assert!(
        (0.3..0.89).contains(&peak),
        "a peak of {peak}: the ceiling is −2 dBTP, the coder adds up to 1 dB"
    );
    length(12.5, &house.get(&format!("{path}&start=12.5")).body);
    let n_bytes = |kilobits: u32| house.get(&format!("{path}&bitrate={kilobits}")).body.len() as f64;
    let rate = |n_bytes: f64| 8.0 * n_bytes / SECONDS / 1_000.0;
    for kilobits in [64, 256] {
        let came = rate(n_bytes(kilobits));
        assert!((came / f64::from(kilobits) - 1.0).abs() < 0.25, "{came} kb/s for {kilobits}");
    }
    assert_eq!(n_bytes(160), usual.body.len() as f64);
}

#[test]
fn the_command_line_writes_the_same_sound() {
    let (house, id) = house(SECONDS);
    let input = house.library.path().join("one.flac");
    for format in [Format::Wav24, Format::Flac16, Format::Opus] {
        let path = format!("/api/tracks/{id}/stream?preset=night&format={format}");
        let n_before = house.counter("checks");
        house.get(&path);
        // Another ceiling is another taste.
        if format != Format::Flac16 {
            until("the promise is checked", || (house.counter("checks") > n_before).then_some(()));
        }
        let output = house.data.path().join(format!("copy.{}", format.extension()));
        let mut enhance = auralis();
        enhance.args(["enhance", "--preset", "night", "--format", format.name(), "-o"]).arg(&output);
        let done = enhance.arg(&input).output().expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let copy = std::fs::read(output).expect("a copy");
        let streamed = frames_of(&house.get(&path).body, format.extension());
        assert!(streamed == frames_of(&copy, format.extension()), "{format}");
    }
}

#[test]
fn what_is_not_changed_is_not_dithered() {
    let file = sound(Format::Flac16, 6, 3.0);
    let house = House::served(&[("one.flac", &file)], &[]);
    let own = frames_of(&file, "flac").1;
    for query in ["intensity=0&format=wav16", "intensity=0&format=flac16", "enhanced=false&format=flac24"] {
        let answer = house.get(&format!("/api/tracks/{}/stream?{query}", house.id("one")));
        let extension = if query.contains("wav") { "wav" } else { "flac" };
        assert!(frames_of(&answer.body, extension).1 == own, "{query}");
    }
}

#[test]
fn what_has_no_length_has_no_ranges() {
    let (house, id) = house(1.0);
    for (format, n_checks) in [(Format::Flac16, 1), (Format::Opus, 2)] {
        let path = format!("/api/tracks/{id}/stream?format={format}");
        // Another ceiling is another taste, whose promise is checked when it is first heard.
        house.get(&path);
        until("the promise is checked", || (house.counter("checks") == n_checks).then_some(()));
        let all = house.get(&path);
        assert_eq!((all.status, all.header("content-length")), (200, None));
        assert_eq!(all.header("accept-ranges"), Some("none"));
        let etag = all.header("etag").expect("a tag").to_owned();
        let part = house.ask("GET", &path, &[("Range", "bytes=0-9")]);
        assert!(part.status == 200 && part.body == all.body, "a range of {format}");
        let past = house.ask("GET", &path, &[("Range", "bytes=99999999-")]);
        assert!(past.status == 200 && past.body == all.body, "a range past {format}");
        assert_eq!(house.ask("GET", &path, &[("If-None-Match", &etag)]).status, 304);
        assert_eq!(house.ask("GET", &path, &[("If-Match", "\"x\"")]).status, 412);
        let head = house.ask("HEAD", &path, &[]);
        assert_eq!((head.status, head.header("etag"), head.body.len()), (200, Some(&*etag), 0));
    }
    let refused = house.get(&format!("/api/tracks/{id}/stream?format=flac16&start=1.1"));
    assert_problem(&refused, 422, "invalid-value");
    assert_eq!(refused.json()["field"], "start");
    assert_problem(&house.get(&format!("/api/tracks/{id}/plan?start=0")), 400, "bad-request");
}

/// A mixdown has samples between those of its source, whatever is done to it.
#[test]
fn what_is_mixed_down_is_dithered_as_the_command_line_does() {
    let planes = (1..=6).map(|seed| auralis_tests::signals::noise(seed, 50_000, 0.05)).collect();
    let house = House::served(&[("six.wav", &encoded(Format::Wav16, &planes))], &[]);
    let input = house.library.path().join("six.wav");
    let output = house.data.path().join("copy.wav");
    let mut enhance = auralis();
    enhance.args(["enhance", "--intensity", "0", "--format", "wav16", "-o"]).arg(&output).arg(&input);
    let done = enhance.output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let streamed = house.get(&format!("/api/tracks/{}/stream?intensity=0", house.id("six"))).body;
    let copy = std::fs::read(output).expect("a copy");
    assert!(frames_of(&streamed, "wav") == frames_of(&copy, "wav"), "stream and copy differ");
}
