//! Values that no page of ours sends. Each is refused as a problem that the
//! asker can read; none is the server's own failure.

use auralis_core::encode::Format;

use crate::house::{House, sound};

#[test]
fn hostile_values_are_the_askers_problem() {
    let house = House::served(&[("song.flac", &sound(Format::Flac16, 1, 2.0))], &[]);
    let track = format!("/api/tracks/{}", house.id("song"));
    let long = "x".repeat(20_000);
    let mut asked: Vec<String> = Vec::new();
    for what in ["plan", "stream", "chunks/0"] {
        for query in [
            "intensity=NaN",
            "intensity=inf",
            "intensity=-inf",
            "intensity=1e39",
            "intensity=-1",
            "intensity=1.0001",
            "intensity=",
            "intensity=0x1",
            "intensity=1&intensity=1",
            "target_lufs=NaN",
            "target_lufs=1e300",
            "target_lufs=-1000",
            "target_lufs=20",
            "preset=loud",
            "preset=",
            "preset=%00",
            "preset=%FF",
            "preset=[]",
            "presets=warm",
            "album=../../etc/passwd",
            "plan=x",
            "plan=../../catalog",
            "plan=0000000000000000&preset=warm",
            "plan=%27%20OR%201=1--",
            "enhanced=perhaps",
            "format=mp3",
            "format=wav",
            "format=opus&bitrate=31",
            "format=opus&bitrate=511",
            "format=opus&bitrate=4294967296",
            "format=opus&bitrate=NaN",
            "bitrate=160",
            "start=NaN",
            "start=inf",
            "start=-1e-3",
            "start=1e300",
            "start=",
        ] {
            asked.push(format!("{track}/{what}?{query}"));
        }
    }
    for k in ["99", "-1", "1.5", "x", "18446744073709551615", "18446744073709551616", "NaN"] {
        asked.push(format!("{track}/chunks/{k}"));
    }
    for query in [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=4294967296",
        "limit=1e2",
        "limit=",
        "offset=-1",
        "offset=99999999999999999999",
        "offset=NaN",
        "sort=size",
        "sort=--album",
        "sort=album;DROP%20TABLE%20track",
        "sort=",
        "colour=red",
        "limit=5&limit=5",
        "q=a&q=b",
    ] {
        asked.push(format!("/api/tracks?{query}"));
    }
    asked.extend(
        ["/api/albums?sort=title", "/api/albums?limit=0", "/api/library/faults?limit=x"].map(String::from),
    );
    for id in [
        "..",
        "../../etc/passwd",
        "..%2F..%2Fetc%2Fpasswd",
        "..%5C..%5Cwindows",
        "%2e%2e",
        "%00",
        "%FF%FE",
        "0",
        "-1",
        "00000000000000000000",
        "%27%20OR%20%271%27=%271",
        "null",
        long.as_str(),
    ] {
        asked.push(format!("/api/tracks/{id}"));
        asked.push(format!("/api/tracks/{id}/file"));
        asked.push(format!("/api/tracks/{id}/stream"));
        asked.push(format!("/api/albums/{id}"));
    }
    for path in ["/../Cargo.toml", "/%2e%2e/%2e%2e/etc/passwd", "/..%5cindex.html", "//etc/passwd", "/%00"] {
        asked.push(path.to_owned());
    }
    asked.push(format!("{track}/artwork?kind=../art"));
    asked.push(format!("{track}/artwork?size=100000"));
    for path in &asked {
        let answer = house.get(path);
        let shown = &path[..path.len().min(120)];
        assert!((400..500).contains(&answer.status), "{shown}: {} {}", answer.status, answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
        assert!(!answer.text().contains("root:"), "{shown}");
    }
    // Odd, but not wrong: these have answers.
    for path in [
        "/api/tracks?q=%25%27%22%2A%20NEAR(",
        "/api/tracks?q=",
        "/api/tracks?offset=9223372036854775807",
        "/api/tracks?offset=18446744073709551615",
        &format!("/api/tracks?q={}", "a%20".repeat(400)),
    ] {
        let answer = house.get(path);
        let shown = &path[..path.len().min(120)];
        assert!(answer.status < 500, "{shown}: {}", answer.text());
    }
    assert_eq!(house.counter("request_errors"), 0);
}

#[test]
fn words_are_looked_for_not_obeyed() {
    let house = House::served(&[("100% _wool_.flac", &sound(Format::Flac16, 1, 1.0))], &[]);
    for (q, n) in [
        ("100%25", 1),
        ("_wool_", 1),
        ("WOOL", 1),
        ("%22wool%22", 1),
        ("%22woo%22", 0),
        ("w%25l", 0),
        ("w__l", 0),
        ("wool%20NOT%20nothing", 1),
        ("wool%20NEAR", 0),
        ("title%3Awool%2A", 1),
    ] {
        assert_eq!(house.get(&format!("/api/tracks?q={q}")).json()["total"], n, "{q}");
    }
}
