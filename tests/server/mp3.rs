//! MP3, which a build has or has not: with it the stream holds each frame where the
//! WAV has it; without it nothing tells of it.
//!
//! `cargo test -p auralis-tests --no-default-features --features mp3 --test server -- mp3`

use auralis_core::encode::Format;
use auralis_server::openapi;
use auralis_tests::auralis;
use serde_json::json;

use crate::house::{House, assert_problem, sound};

/// What `auralis enhance` says of itself, on one line.
fn help() -> String {
    let done = auralis().args(["enhance", "--help"]).output().expect("it runs");
    String::from_utf8_lossy(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(not(feature = "mp3"))]
#[test]
fn a_build_without_it_neither_makes_nor_names_it() {
    let house = House::served(&[("one.flac", &sound(Format::Flac16, 5, 1.0))], &[]);
    let id = house.id("one");
    let refused = [
        house.get(&format!("/api/tracks/{id}/stream?format=mp3")),
        house.get(&format!("/api/tracks/{id}/chunks/0?format=mp3")),
        house.send("POST", "/api/jobs", json!({ "of": "tracks", "ids": [id], "format": "mp3" })),
    ];
    let unknown = house.get(&format!("/api/tracks/{id}/stream?format=ape")).json();
    for answer in refused {
        assert_problem(&answer, 422, "invalid-value");
        let detail = answer.json()["detail"].as_str().expect("a detail").replace("\"mp3\"", "\"ape\"");
        assert_eq!(
            (&*detail, &answer.json()["field"]),
            (unknown["detail"].as_str().unwrap(), &json!("format"))
        );
    }
    let document = openapi::text();
    assert!(!["\"mp3\"", "Of MP3", "\"audio/mpeg\""].iter().any(|word| document.contains(word)));
    assert!(!["or .mp3", "of MP3", "opus, mp3"].iter().any(|word| help().contains(word)), "{}", help());
}

#[cfg(feature = "mp3")]
mod with_it {
    use auralis_core::encode::HAS_MP3;

    use super::*;
    use crate::formats::frames_of;
    use crate::house::{RATE, until};

    const SECONDS: f64 = 21.7;

    /// How far what is not `own` lies below it, in dB, moved by `lag` frames.
    fn snr_db(own: &[[f32; 2]], other: &[[f32; 2]], lag: usize) -> f64 {
        let (mut sound, mut noise) = (0.0, 0.0);
        for (own, other) in own.iter().zip(&other[lag..]) {
            for channel in 0..2 {
                let (own, other) = (f64::from(own[channel]), f64::from(other[channel]));
                sound += own * own;
                noise += (own - other).powi(2);
            }
        }
        10.0 * (sound / noise).log10()
    }

    fn house() -> (House, String) {
        let house = House::served(&[("one.flac", &sound(Format::Flac24, 5, SECONDS))], &[]);
        until("the promise is checked", || (house.counter("checks") == 1).then_some(()));
        let id = house.id("one");
        (house, id)
    }

    #[test]
    fn the_stream_holds_every_frame_where_the_wav_has_it() {
        let (house, id) = house();
        // So soft that the lower ceiling of MP3 changes nothing. What the first rendering
        // of a taste teaches is heard from the second on; another ceiling is another.
        for (taste, n_checks) in [("enhanced=false", 1), ("preset=warm&target_lufs=-30", 3)] {
            for format in ["mp3", "wavf32"] {
                house.get(&format!("/api/tracks/{id}/stream?{taste}&format={format}"));
            }
            until("both promises are checked", || (house.counter("checks") == n_checks).then_some(()));
            for start in [0.0, 3.0, 12.345_6] {
                let path = format!("/api/tracks/{id}/stream?{taste}&start={start}");
                let wav = house.get(&format!("{path}&format=wavf32")).body;
                let wav = frames_of(&wav, "wav").1;
                let answer = house.get(&format!("{path}&format=mp3"));
                assert_eq!((answer.status, answer.header("content-type")), (200, Some("audio/mpeg")));
                let (rate, mp3) = frames_of(&answer.body, "mp3");
                assert_eq!((rate, mp3.len()), (RATE, wav.len()), "{path}");
                let snr = snr_db(&wav, &mp3, 0);
                println!("{path}: {snr:.1} dB, a frame later {:.1} dB", snr_db(&wav, &mp3, 1));
                assert!(snr > 40.0, "{path}: {snr} dB");
                for (own, other) in [(&wav, &mp3), (&mp3, &wav)] {
                    let moved = snr_db(own, other, 1);
                    assert!(
                        moved < snr - 10.0,
                        "{path}: a frame off it fits as well, by {moved} of {snr} dB"
                    );
                }
            }
        }
    }

    #[test]
    fn peaks_stay_under_the_ceiling_and_rates_are_those_asked_for() {
        let (house, id) = house();
        let path = format!("/api/tracks/{id}/stream?format=mp3&target_lufs=-8");
        let usual = house.get(&path);
        assert_eq!((usual.header("content-length"), usual.header("accept-ranges")), (None, Some("none")));
        let frames = frames_of(&usual.body, "mp3").1;
        let mut meter = ebur128::EbuR128::new(2, RATE, ebur128::Mode::TRUE_PEAK).expect("a meter");
        meter.add_frames_f32(frames.as_flattened()).expect("frames");
        let peak = (0..2).map(|side| meter.true_peak(side).expect("a peak")).fold(0.0, f64::max);
        let dbtp = 20.0 * peak.log10();
        println!("a true peak of {dbtp:.2} dBTP");
        assert!((-3.0..-1.0).contains(&dbtp), "{dbtp} dBTP: the ceiling is −2, the coder adds up to 1 dB");
        let rate = |n_bytes: usize| 8.0 * n_bytes as f64 / SECONDS / 1_000.0;
        for kilobits in [128.0, 256.0, 320.0] {
            let came = rate(house.get(&format!("{path}&bitrate={kilobits}")).body.len());
            assert!((came / kilobits - 1.0).abs() < 0.005, "{came} kb/s for {kilobits}");
        }
        assert!((rate(usual.body.len()) / 256.0 - 1.0).abs() < 0.005);
        for (query, word) in [
            ("format=mp3&bitrate=100", "one of 32 40 48 64"),
            ("format=mp3&bitrate=510", "192 224 256 320"),
            ("format=flac16&bitrate=128", "opus or mp3"),
        ] {
            let refused = house.get(&format!("/api/tracks/{id}/stream?{query}"));
            assert_problem(&refused, 422, "invalid-value");
            assert_eq!(refused.json()["field"], "bitrate");
            assert!(refused.text().contains(word), "{query}: {}", refused.text());
        }
    }

    #[test]
    fn a_chunk_of_it_is_refused_with_the_reason() {
        let (house, id) = house();
        let refused = house.get(&format!("/api/tracks/{id}/chunks/0?format=mp3"));
        assert_problem(&refused, 422, "invalid-value");
        assert_eq!(refused.json()["field"], "format");
        assert!(refused.text().contains("cannot stand alone"), "{}", refused.text());
        let none = house.send("POST", "/api/jobs", json!({ "of": "tracks", "ids": [id], "format": "MP3" }));
        assert_problem(&none, 422, "invalid-value");
    }

    #[test]
    fn what_tells_of_formats_tells_of_it() {
        let document = openapi::text();
        assert!(
            ["\"mp3\"", "Of MP3", "\"audio/mpeg\""].iter().all(|word| document.contains(word)) && HAS_MP3
        );
        assert!(["or .mp3", "of MP3", "opus, mp3"].iter().all(|word| help().contains(word)), "{}", help());
    }
}
