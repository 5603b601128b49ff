//! Tags and pictures go with the copy, as another program reads them; those
//! that are true of the original only do not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use auralis_core::encode::Format;
use auralis_tests::signals::sine;
use auralis_tests::{ffmpeg, folder};
use serde_json::Value;

use crate::support::*;

const TAGS: [(&str, &str); 6] = [
    ("title", "Señor – 夜"),
    ("artist", "The Testers"),
    ("album", "Six Rooms"),
    ("album_artist", "Various"),
    ("track", "3/7"),
    ("date", "2026"),
];
const UNTRUE: [(&str, &str); 7] = [
    ("REPLAYGAIN_TRACK_GAIN", "-6.50 dB"),
    ("REPLAYGAIN_TRACK_PEAK", "0.99"),
    ("REPLAYGAIN_ALBUM_GAIN", "-6.00 dB"),
    ("REPLAYGAIN_ALBUM_PEAK", "1.00"),
    ("R128_TRACK_GAIN", "-1234"),
    ("R128_ALBUM_GAIN", "-1200"),
    ("iTunSMPB", " 00000000 00000240 00000318 00000000000186A0 00000000 00000000"),
];

/// What ffprobe says of a file.
fn probed(path: &Path) -> Value {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "json", "-show_format", "-show_streams"]).arg(path);
    let output = command.output().expect("ffprobe comes with ffmpeg");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", path.display());
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// All tags of a file, of its container and of its sound, names in lower case.
fn tags(probed: &Value) -> Vec<(String, String)> {
    let places = [&probed["format"], &probed["streams"][0]];
    let lists = places.into_iter().filter_map(|place| place["tags"].as_object());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    lists.flatten().map(|(name, value)| (name.to_lowercase(), text(value))).collect()
}

/// A tagged track with a picture, made by ffmpeg.
fn tagged(folder: &Path, name: &str) -> Option<PathBuf> {
    let (wav, picture, path) = (folder.join("plain.wav"), folder.join("cover.png"), folder.join(name));
    write(&wav, Format::Wav16, 44_100, &vec![sine(44_100, 440.0, 44_100, 0.2); 2]);
    let paint = ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=64x48:duration=1", "-frames:v", "1"];
    assert!(ffmpeg()?.args(paint).arg(&picture).status().expect("ffmpeg runs").success());
    let mut make = ffmpeg()?;
    make.args(["-v", "error", "-y", "-i"]).arg(&wav).arg("-i").arg(&picture);
    make.args(["-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic"]);
    for (key, value) in TAGS.iter().chain(&UNTRUE) {
        make.arg("-metadata").arg(format!("{key}={value}"));
    }
    assert!(make.arg(&path).status().expect("ffmpeg runs").success(), "{name}");
    Some(path)
}

/// A second of sound with a picture of `n_bytes`; `None` without ffmpeg.
pub fn with_picture(folder: &Path, n_bytes: usize) -> Option<PathBuf> {
    let path = tagged(folder, "pictured.flac")?;
    let bytes = fs::read(&path).expect("it was made");
    // A PICTURE block before the others (RFC 9639, section 8.8).
    let mut picture = 3_u32.to_be_bytes().to_vec();
    for text in ["image/png", ""] {
        picture.extend((text.len() as u32).to_be_bytes());
        picture.extend(text.bytes());
    }
    picture.extend([64_u32, 48, 24, 0, n_bytes as u32].iter().flat_map(|x| x.to_be_bytes()));
    picture.resize(picture.len() + n_bytes, 7);
    let mut with = bytes[..42].to_vec();
    with.push(6);
    with.extend(&(picture.len() as u32).to_be_bytes()[1..]);
    with.extend(picture);
    with.extend(&bytes[42..]);
    fs::write(&path, with).expect("it is written");
    Some(path)
}

#[test]
fn tags_and_picture_go_with_the_copy_and_gains_do_not() {
    if ffmpeg().is_none() {
        return;
    }
    let folder = folder();
    for source in ["a.flac", "a.mp3", "a.m4a"] {
        let path = tagged(folder.path(), source).expect("ffmpeg was there");
        let before = tags(&probed(&path));
        if source != "a.m4a" {
            assert!(before.iter().any(|(name, _)| name == "replaygain_track_gain"), "{before:?}");
        }
        for copy in ["b.flac", "b.opus", "b.wav"] {
            let out = folder.path().join(copy);
            finish(auralis().arg("enhance").arg(&path).arg("-o").arg(&out).arg("--force")).ok();
            let probed = probed(&out);
            let after = tags(&probed);
            for (name, value) in TAGS {
                // WAVE's own list has no album artist; its ID3 chunk has.
                let names =
                    [name, &name.replace('_', ""), if name == "track" { "tracknumber" } else { name }];
                let found = after.iter().filter(|(key, _)| names.contains(&key.as_str()));
                let found: Vec<_> = found.map(|(_, value)| value.as_str()).collect();
                // Some write 3/7 as one tag, some as two.
                let is_kept = !found.is_empty()
                    && found.iter().all(|found| *found == value || name == "track" && *found == "3");
                let has_no_such_tag = copy == "b.wav" && name == "album_artist";
                assert!(is_kept || has_no_such_tag, "{source} → {copy}: {name} is {found:?} in {after:?}");
            }
            for (name, value) in &after {
                let is_gain = ["replaygain", "r128", "itunsmpb"].iter().any(|word| name.contains(word));
                assert!(!is_gain && !value.contains(" 00000000 "), "{source} → {copy}: {name} is {value}");
                assert!(!value.contains("Lavf") && !value.contains("LAME"), "{source} → {copy}: {value}");
            }
            if copy != "b.wav" {
                let pictures = probed["streams"].as_array().expect("a list");
                let picture = pictures.iter().find(|stream| stream["codec_type"] == "video");
                let picture = picture.unwrap_or_else(|| panic!("{source} → {copy} has no picture"));
                assert_eq!((&picture["width"], &picture["height"]), (&64.into(), &48.into()));
            }
        }
    }
}

/// Tags must not touch the sound: frames and MD5 stand.
#[test]
fn the_sound_under_the_tags_is_whole() {
    let folder = folder();
    let Some(path) = with_picture(folder.path(), 3_000_000) else { return };
    let out = folder.path().join("b.flac");
    finish(auralis().arg("enhance").arg(&path).arg("-o").arg(&out).arg("--intensity=0")).ok();
    assert!(fs::metadata(&out).expect("it is there").len() > 3_000_000);
    assert_eq!(stream_info(&out), stream_info(&path));
    assert!(bits(&frames(&out)) == bits(&frames(&path)));
}
