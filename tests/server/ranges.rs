//! Ranges and conditions (RFC 9110, §13 and §14), on files and on the WAV that
//! is rendered as it is read.

use auralis_core::encode::{Format, wav};
use auralis_core::flow::Spec;
use auralis_core::geometry::Geometry;
use auralis_tests::http::Response;
use auralis_tests::signals::Random;

use crate::house::{House, RATE, assert_problem, sound, until};

const SECONDS: f64 = 31.3;

fn house(seconds: f64) -> (House, Vec<u8>) {
    let file = sound(Format::Flac16, 5, seconds);
    (House::served(&[("one.flac", &file)], &[]), file)
}

/// Holds `path`, whose whole is `whole`, to the table of ranges.
fn hold_to_ranges(house: &House, path: &str, whole: &[u8]) {
    let len = whole.len();
    let all = house.get(path);
    assert_eq!((all.status, &all.body[..]), (200, whole));
    assert_eq!(all.header("accept-ranges"), Some("bytes"));
    assert_eq!(all.header("content-length"), Some(&*len.to_string()));
    let etag = all.header("etag").expect("a tag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag} is strong");
    let tail = format!("bytes={}-", len - 7);
    let last = format!("bytes={0}-{0}", len - 1);
    let over = format!("bytes={}-{}", len - 3, len + 3);
    let end = format!("bytes={len}-");
    for (range, part) in [
        ("bytes=0-0", Some(0..1)),
        ("bytes=0-43", Some(0..44)),
        ("bytes=1-2", Some(1..3)),
        ("bytes=43-60", Some(43..61)),
        ("bytes=50-", Some(50..len)),
        ("bytes=-1", Some(len - 1..len)),
        ("bytes=-99999999999999999999999", Some(0..len)),
        (&tail, Some(len - 7..len)),
        (&last, Some(len - 1..len)),
        (&over, Some(len - 3..len)),
        ("bytes=9-99999999999999999999999", Some(9..len)),
        // None of these is a range that this server knows: they are ignored.
        ("bytes=5-2", Some(0..len)),
        ("bytes=a-b", Some(0..len)),
        ("bytes=--1", Some(0..len)),
        ("bytes=0-1,4-5", Some(0..len)),
        ("frames=0-1", Some(0..len)),
        ("bytes", Some(0..len)),
        // These ask for nothing that is there.
        (&end, None),
        ("bytes=99999999999999999999999-", None),
        ("bytes=-0", None),
    ] {
        let got = house.ask("GET", path, &[("Range", range)]);
        let Some(part) = part else {
            assert_problem(&got, 416, "range-not-satisfiable");
            assert_eq!(got.header("content-range"), Some(&*format!("bytes */{len}")), "{range}");
            continue;
        };
        assert!(got.body == whole[part.clone()], "{range}: {} of {len} bytes", got.body.len());
        if part == (0..len) && !range.contains("9999") {
            assert_eq!((got.status, got.header("content-range")), (200, None), "{range}");
        } else {
            let shown = format!("bytes {}-{}/{len}", part.start, part.end - 1);
            assert_eq!((got.status, got.header("content-range")), (206, Some(&*shown)), "{range}");
        }
        assert_eq!(got.header("etag"), Some(&*etag));
        assert_eq!(got.header("content-length"), Some(&*part.len().to_string()));
    }
    hold_to_conditions(house, path, whole, &etag);
}

fn hold_to_conditions(house: &House, path: &str, whole: &[u8], etag: &str) {
    let (weak, listed) = (format!("W/{etag}"), format!("\"x\", {etag}"));
    let part = ("Range", "bytes=3-12");
    for (headers, status) in [
        (&[part, ("If-Range", etag)][..], 206),
        (&[part, ("If-Range", "\"other\"")], 200),
        (&[part, ("If-Range", &weak)], 200),
        (&[part, ("If-Range", "Sat, 01 Jan 2000 00:00:00 GMT")], 200),
        (&[("If-None-Match", etag)], 304),
        (&[("If-None-Match", &weak)], 304),
        (&[("If-None-Match", &listed)], 304),
        (&[("If-None-Match", "*")], 304),
        (&[part, ("If-None-Match", etag)], 304),
        (&[("If-None-Match", "\"other\"")], 200),
        (&[part, ("If-None-Match", "\"other\"")], 206),
        (&[("If-Match", etag)], 200),
        (&[("If-Match", "*")], 200),
        (&[("If-Match", &weak)], 412),
        (&[("If-Match", "\"other\""), part], 412),
    ] {
        let got = house.ask("GET", path, headers);
        assert_eq!(got.status, status, "{headers:?}: {:?}", got.headers);
        match status {
            200 => assert!(got.body == whole, "{headers:?}"),
            206 => assert!(got.body == whole[3..13], "{headers:?}"),
            304 => assert_eq!((got.body.len(), got.header("etag")), (0, Some(etag)), "{headers:?}"),
            _ => assert_problem(&got, status, "precondition-failed"),
        }
    }
    let head = house.ask("HEAD", path, &[part]);
    assert_eq!((head.status, head.header("etag")), (200, Some(etag)));
    assert_eq!(head.header("content-length"), Some(&*whole.len().to_string()));
    assert_eq!(house.ask("HEAD", path, &[("If-None-Match", etag)]).status, 304);
}

#[test]
fn any_part_of_a_file_can_be_asked_for() {
    let (house, file) = house(1.0);
    let path = format!("/api/tracks/{}/file", house.id("one"));
    hold_to_ranges(&house, &path, &file);
    assert_eq!(house.get(&path).header("content-type"), Some("audio/flac"));
}

#[test]
fn any_part_of_the_rendered_wav_can_be_asked_for() {
    let (house, _) = house(2.0);
    let queries = [("", 1), ("?enhanced=false", 1), ("?format=wav24", 1), ("?format=wavf32&preset=warm", 2)];
    for (query, n_checks) in queries {
        let path = format!("/api/tracks/{}/stream{query}", house.id("one"));
        // What the first rendering teaches may change the plan, and so the sound.
        house.get(&path);
        until("the promise is checked", || (house.counter("checks") == n_checks).then_some(()));
        let whole = house.get(&path);
        assert_eq!(whole.header("content-type"), Some("audio/wav"));
        hold_to_ranges(&house, &path, &whole.body);
    }
}

/// The frames of an answer that is a WAV of `n_frames`.
fn frames(response: &Response, format: Format, n_frames: u64) -> &[u8] {
    let header = wav::header(format, Spec { rate: RATE, n_channels: 2 }, n_frames);
    assert_eq!(response.status, 200, "{response:?}");
    assert!(response.body.starts_with(&header), "its header says {n_frames} frames");
    let frames = &response.body[header.len()..];
    assert_eq!(frames.len(), n_frames as usize * wav::bytes_per_frame(format, 2));
    frames
}

#[test]
fn ranges_and_chunks_are_slices_of_the_whole_to_the_bit() {
    let (house, _) = house(SECONDS);
    let n_frames = (SECONDS * f64::from(RATE)) as u64;
    let geometry = Geometry::at(RATE);
    let id = house.id("one");
    let plan = house.get(&format!("/api/tracks/{id}/plan?preset=warm")).json();
    let query = format!("plan={}", plan["id"].as_str().expect("a plan has an id"));
    for (query, format) in [(&*query, Format::WavF32), ("enhanced=false", Format::Wav16)] {
        let query = format!("{query}&format={format}");
        let stream = format!("/api/tracks/{id}/stream?{query}");
        let whole = house.get(&stream);
        let held = frames(&whole, format, n_frames);
        let n_frame = wav::bytes_per_frame(format, 2);
        // From the last chunk to the first: none depends on having heard another.
        for k in (0..geometry.n_chunks(n_frames)).rev() {
            let range = geometry.chunk(k, n_frames);
            let chunk = house.get(&format!("/api/tracks/{id}/chunks/{k}?{query}"));
            let chunk = frames(&chunk, format, range.end - range.start);
            let slice = &held[range.start as usize * n_frame..range.end as usize * n_frame];
            assert!(chunk == slice, "chunk {k} of {query}");
        }
        // Random ones, and those around where chunks meet.
        let mut random = Random(9);
        let len = whole.body.len();
        let joint = len - held.len() + geometry.interval as usize * n_frame;
        let mut ranges = vec![joint - 1..joint, joint - 3..joint + 5, joint..joint + 1, len - 1..len];
        for _ in 0..5 {
            let start = random.below(len);
            ranges.push(start..(start + 1 + random.below(90_000)).min(len));
        }
        for range in ranges {
            let asked = format!("bytes={}-{}", range.start, range.end - 1);
            let got = house.ask("GET", &stream, &[("Range", &asked)]);
            assert!(got.status == 206 && got.body == whole.body[range], "{asked} of {query}");
        }
    }
    let past = house.get(&format!("/api/tracks/{id}/chunks/{}", geometry.n_chunks(n_frames)));
    assert_problem(&past, 404, "not-found");
}

#[test]
fn only_what_a_plan_id_names_is_kept_for_ever() {
    let (house, _) = house(1.0);
    let id = house.id("one");
    let cache = |path: &str| {
        let response = house.get(path);
        assert_eq!(response.status, 200, "{path}: {response:?}");
        let field = |name| response.header(name).map(str::to_owned).unwrap_or_default();
        (field("cache-control"), field("etag"))
    };
    let plan = house.get(&format!("/api/tracks/{id}/plan?intensity=0.5")).json();
    let plan = plan["id"].as_str().expect("a plan has an id").to_owned();
    for what in ["plan", "stream", "chunks/0"] {
        let (by_taste, tag) = cache(&format!("/api/tracks/{id}/{what}?intensity=0.5"));
        assert_eq!(by_taste, "private, no-cache");
        let (by_id, same) = cache(&format!("/api/tracks/{id}/{what}?plan={plan}"));
        assert!(by_id.contains("immutable") && by_id.contains("max-age=31536000"), "{by_id}");
        assert_eq!(same, tag, "a taste's {what} carries the tag of its plan's");
        let (_, other) = cache(&format!("/api/tracks/{id}/{what}?intensity=0.25"));
        assert_ne!(other, tag, "another taste, another {what}");
    }
    for what in ["file", "fingerprint", "waveform", "artwork", "stream?enhanced=false"] {
        let (kept, tag) = cache(&format!("/api/tracks/{id}/{what}"));
        assert!(kept == "private, no-cache" && !tag.is_empty(), "{what}: {kept}");
    }
    // A plan says how it is enhanced: it cannot name what is not.
    let both = house.get(&format!("/api/tracks/{id}/stream?plan={plan}&enhanced=false"));
    assert_problem(&both, 400, "bad-request");
    for what in ["plan", "stream", "chunks/0"] {
        assert_problem(&house.get(&format!("/api/tracks/{id}/{what}?plan=unheard")), 404, "not-found");
        let both = house.get(&format!("/api/tracks/{id}/{what}?plan={plan}&intensity=0.5"));
        assert_problem(&both, 400, "bad-request");
    }
}
