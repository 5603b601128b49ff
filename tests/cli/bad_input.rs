//! Files that are no music, or hardly any: a clear error that names the thing
//! and the way out, never a panic, never a half file.

use std::fs;
use std::path::Path;

use auralis_core::encode::Format;
use auralis_tests::folder;
use auralis_tests::signals::{noise, sine};
use serde_json::Value;

use crate::support::*;

/// A WAVE file of any header: `tag` 1 is integers, 3 is floats.
fn wave(tag: u16, bits: u16, rate: u32, n_channels: u16, body: &[u8]) -> Vec<u8> {
    let frame = n_channels * bits / 8;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + body.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(tag.to_le_bytes());
    file.extend(n_channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend(rate.wrapping_mul(u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(b"data");
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}

/// Every command refuses `path` with exit code 1 and these words, and `enhance`
/// leaves nothing.
#[track_caller]
fn check_refused(path: &Path, words: &[&str]) {
    let folder = folder();
    let out = folder.path().join("out.flac");
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let words = [words, &[&*name]].concat();
    for command in ["measure", "fingerprint", "plan", "enhance"] {
        let mut program = auralis();
        program.arg(command).arg(path);
        if command == "enhance" {
            program.arg("-o").arg(&out);
        } else {
            program.arg("--json");
        }
        let ran = finish(&mut program).fails(1, &words);
        assert_eq!((&*ran.out, ran.err.lines().count()), ("", 1), "{ran:#?}");
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

/// What cannot be sound, and what is said about it: the fault and the way out.
#[test]
fn what_is_no_sound_is_refused_in_clear_words() {
    let folder = folder();
    let sound = vec![0x21; 40_000];
    let whole = wave(1, 16, 44_100, 2, &sound);
    let flac = folder.path().join("whole.flac");
    write(&flac, Format::Flac16, 44_100, &vec![noise(1, 44_100, 0.5)]);
    let flac = fs::read(flac).expect("it was written");
    for (name, bytes, words) in [
        ("empty.wav", vec![], ["empty", "copy it again"]),
        ("empty.mp3", vec![], ["empty", "copy it again"]),
        ("text.flac", b"This is a letter, not a song.\n".repeat(99), ["not a sound file", "convert it"]),
        ("text.txt", b"This is a letter, not a song.\n".repeat(99), ["not a sound file", "convert it"]),
        ("zeros.wav", vec![0; 100_000], ["not a sound file", "convert it"]),
        ("no-frames.wav", wave(1, 16, 44_100, 2, &[]), ["holds no sound", "copy it again"]),
        ("head-only.wav", whole[..30].to_vec(), ["ends too early", "copy it again"]),
        ("head-only.flac", flac[..30].to_vec(), ["ends too early", "copy it again"]),
        ("no-channels.wav", wave(1, 16, 44_100, 0, &sound), ["channel count", "copy it again"]),
        ("no-rate.wav", wave(1, 16, 0, 2, &sound), ["0 Hz", "convert it"]),
        ("1-hz.wav", wave(1, 16, 1, 2, &sound), ["1 Hz is outside 8000 to 384000", "convert it"]),
        ("10-mhz.wav", wave(1, 16, 10_000_000, 2, &sound), ["10000000 Hz is outside", "convert it"]),
        ("max-hz.wav", wave(1, 16, u32::MAX, 2, &sound), ["Hz", "convert it"]),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("it is written");
        check_refused(&path, &words);
    }
}

#[test]
fn what_is_no_file_is_refused_in_clear_words() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    check_refused(&at("missing.wav"), &["there is no such file", "check the path"]);
    fs::create_dir(at("album.wav")).expect("a folder is made");
    for command in ["measure", "fingerprint", "plan"] {
        run([command.as_ref(), at("album.wav").as_os_str()]).fails(1, &["is a folder", "auralis scan"]);
    }
    #[cfg(unix)]
    {
        let made = std::process::Command::new("mkfifo").arg(at("pipe.wav")).status();
        assert!(made.expect("there is a mkfifo").success());
        check_refused(&at("pipe.wav"), &["not a regular file", "copy it"]);
        check_refused(Path::new("/dev/zero"), &["not a regular file", "copy it"]);
        std::os::unix::fs::symlink("nowhere.wav", at("dangling.wav")).expect("a link is made");
        check_refused(&at("dangling.wav"), &["there is no such file"]);
    }
}

/// Root may read everything, so the program runs as nobody.
#[test]
#[cfg(unix)]
fn what_may_not_be_read_or_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions are set");
    };
    let folder = folder();
    let (secret, plain) = (folder.path().join("secret.wav"), folder.path().join("plain.wav"));
    write(&secret, Format::Wav16, 44_100, &vec![noise(1, 9_000, 0.5)]);
    fs::copy(&secret, &plain).expect("a copy");
    // A program that nobody may reach, in a home that is root's, cannot be run.
    let program = folder.path().join("auralis");
    fs::copy(auralis_tests::program(), &program).expect("a copy");
    set(&program, 0o755);
    set(&secret, 0o000);
    set(folder.path(), 0o755);
    let as_nobody = || {
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        command.env_clear().current_dir("/");
        command
    };
    if !as_nobody().arg("--version").output().is_ok_and(|output| output.status.success()) {
        auralis_tests::skipped("no setpriv, or not root");
        return;
    }
    let words = ["secret.wav", "no permission to read it", "change its permissions"];
    finish(as_nobody().arg("measure").arg(&secret)).fails(1, &words);
    let out = folder.path().join("out.wav");
    finish(as_nobody().arg("enhance").arg(&plain).arg("-o").arg(&out))
        .fails(1, &["out.wav", "no permission to write", "elsewhere"]);
    assert_eq!(names(folder.path()), ["auralis", "plain.wav", "secret.wav"]);
}

#[test]
#[cfg(target_os = "linux")]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"));
    write(&path, Format::Wav16, 44_100, &vec![noise(1, 9_000, 0.5)]);
    let out = folder.path().join(std::ffi::OsStr::from_bytes(b"\xffout.flac"));
    let ran = finish(auralis().args(["measure", "--json"]).arg(&path)).ok();
    assert!(ran.json()[0]["path"].as_str().is_some_and(|path| path.ends_with("caf\u{FFFD}.wav")));
    finish(auralis().arg("enhance").arg(&path).arg("-o").arg(&out)).ok();
    assert_eq!(frames(&out)[0].len(), 9_000);
}

/// A measurement of `planes` as float WAV, and its copy by `enhance`.
#[track_caller]
fn processed(name: &str, planes: &auralis_tests::signals::Planes) -> (Value, auralis_tests::signals::Planes) {
    let folder = folder();
    let (path, out) = (folder.path().join(name), folder.path().join("out.wav"));
    let views: Vec<f32> = (0..planes[0].len()).flat_map(|i| planes.iter().map(move |p| p[i])).collect();
    let body: Vec<u8> = views.iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(&path, wave(3, 32, 44_100, planes.len() as u16, &body)).expect("it is written");
    let measured = finish(auralis().args(["measure", "--json"]).arg(&path)).ok().json().remove(0);
    finish(auralis().arg("plan").arg(&path)).ok();
    finish(auralis().arg("enhance").arg(&path).arg("-o").arg(&out)).ok();
    (measured, frames(&out))
}

#[test]
fn a_frame_and_silence_are_tracks() {
    for n_frames in [1, 2, 100] {
        let (measured, copy) = processed("short.wav", &vec![vec![0.25; n_frames]; 2]);
        assert_eq!(measured["lufs"], Value::Null);
        assert_eq!(measured["sample_peak_dbfs"], -12.04);
        assert_eq!(copy, vec![vec![0.25; n_frames]; 2]);
    }
    let (measured, copy) = processed("silence.wav", &vec![vec![0.0; 60_000]; 2]);
    for name in ["lufs", "true_peak_dbtp", "sample_peak_dbfs", "max_momentary"] {
        assert_eq!(measured[name], Value::Null, "{name}");
    }
    assert_eq!((&measured["lra_lu"], &measured["channels"]), (&0.0.into(), &2.into()));
    assert!(copy == vec![vec![0.0; 60_000]; 2]);
}

#[test]
fn samples_that_are_no_numbers_become_silence() {
    let mut planes = vec![sine(44_100, 440.0, 88_200, 0.3); 2];
    let whole = processed("whole.wav", &planes).0;
    for (i, x) in planes[0].iter_mut().enumerate().skip(7).step_by(9_001) {
        *x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN][i % 4];
    }
    let (measured, copy) = processed("holes.wav", &planes);
    let off = measured["lufs"].as_f64().expect("a loudness") - whole["lufs"].as_f64().expect("a loudness");
    assert!(off.abs() < 0.1, "{off} LU off");
    assert!(copy.iter().flatten().all(|x| x.is_finite()));
    assert_eq!(copy[1].len(), 88_200);
    let (measured, copy) = processed("nothing.wav", &vec![vec![f32::NAN; 60_000]; 2]);
    assert_eq!(measured["lufs"], Value::Null);
    assert!(copy == vec![vec![0.0; 60_000]; 2]);
}

/// What is there of a file that was cut is measured and kept; that it was cut
/// is said.
#[test]
fn a_truncated_file_is_told_and_used_as_far_as_it_goes() {
    let folder = folder();
    let sound = vec![noise(1, 88_200, 0.3), noise(2, 88_200, 0.3)];
    for (format, name) in [(Format::Wav16, "cut.wav"), (Format::Flac16, "cut.flac")] {
        let path = folder.path().join(name);
        write(&path, format, 44_100, &sound);
        let bytes = fs::read(&path).expect("it was written");
        fs::write(&path, &bytes[..bytes.len() / 2 + 1]).expect("it is cut");
        let mut command = auralis();
        command.args(["measure", "--json"]).arg(&path);
        let ran = finish(&mut command).fails(0, &[name, "damaged"]);
        let seconds = ran.json()[0]["duration_s"].as_f64().expect("a length");
        assert!((0.8..=2.0).contains(&seconds), "{name}: {seconds} s");
        let out = folder.path().join("out.flac");
        finish(auralis().arg("enhance").arg(&path).arg("--force").arg("-o").arg(&out))
            .fails(0, &[name, "damaged"]);
        assert_eq!(frames(&out)[0].len(), (seconds * 44_100.0).round() as usize, "{name}");
    }
}
