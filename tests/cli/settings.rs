//! Flags, variables and the settings file say the same; flags win over
//! variables, variables over the file. And every command's help teaches it.

use std::fs;
use std::path::Path;
use std::process::Command;

use auralis_core::encode::Format;
use auralis_tests::signals::{Character, track};
use auralis_tests::{Server, folder};
use serde_json::Value;

use crate::support::*;

const COMMANDS: [&str; 6] = ["serve", "enhance", "measure", "fingerprint", "plan", "scan"];

/// A command that plans a track, and the folder with the track.
fn planning(path: &Path) -> Command {
    let mut command = auralis();
    command.args(["plan", "--json"]).arg(path);
    command
}

#[track_caller]
fn id(command: &mut Command) -> Value {
    finish(command).ok().json().remove(0)["id"].clone()
}

#[test]
fn flags_variables_and_the_file_say_the_same_and_flags_win() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let (path, reference) = (at("a.wav"), at("reference.flac"));
    write(&path, Format::Wav16, 44_100, &track(Character::Boomy, 1, 44_100, 6.0));
    write(&reference, Format::Flac16, 44_100, &track(Character::Thin, 1, 44_100, 6.0));
    let reference = reference.to_str().expect("a plain path");
    let plain = id(&mut planning(&path));
    for (name, value, other) in [
        ("preset", "warm", "night"),
        ("intensity", "0.5", "0.25"),
        ("target", "-18", "-16"),
        ("reference", reference, path.to_str().expect("a plain path")),
    ] {
        let (flag, variable) = (format!("--{name}"), format!("AURALIS_{}", name.to_uppercase()));
        let file = |value: &str| {
            let path = at("settings.toml");
            let quoted = if value.parse::<f64>().is_ok() { value.to_owned() } else { format!("{value:?}") };
            fs::write(&path, format!("# What I like\n{name} = {quoted}\n")).expect("it is written");
            path
        };
        let by_flag = id(planning(&path).args([&flag, value]));
        assert_ne!(by_flag, plain, "{flag} does nothing");
        assert_eq!(id(planning(&path).env(&variable, value)), by_flag, "{variable}");
        assert_eq!(id(planning(&path).arg("--config").arg(file(value))), by_flag, "{name} in the file");
        assert_eq!(id(planning(&path).env("AURALIS_CONFIG", file(value))), by_flag, "AURALIS_CONFIG");
        let usual = at("config/auralis");
        fs::create_dir_all(&usual).expect("a folder is made");
        fs::rename(file(value), usual.join("config.toml")).expect("it is moved");
        assert_eq!(id(planning(&path).env("XDG_CONFIG_HOME", at("config"))), by_flag, "the usual file");
        fs::remove_file(usual.join("config.toml")).expect("it was there");
        // Flags over variables over the file.
        let mut all = planning(&path);
        all.env(&variable, other).arg("--config").arg(file(other)).args([&flag, value]);
        assert_eq!(id(&mut all), by_flag, "{flag} does not win");
        let mut two = planning(&path);
        assert_eq!(id(two.env(&variable, value).arg("--config").arg(file(other))), by_flag, "{variable}");
    }
}

#[test]
fn the_format_and_the_server_have_their_variables_too() {
    let folder = folder();
    let library = folder.path().join("music");
    fs::create_dir(&library).expect("a folder is made");
    let path = library.join("a.wav");
    write(&path, Format::Wav16, 44_100, &track(Character::Thin, 1, 44_100, 2.0));
    let out = folder.path().join("b.wav");
    finish(auralis().arg("enhance").arg(&path).arg("-o").arg(&out).env("AURALIS_FORMAT", "wav24")).ok();
    assert_eq!(open(&out).bits_per_sample(), Some(24));

    // A list of folders, as only the file can say it.
    let (settings, other, data) =
        (folder.path().join("s.toml"), folder.path().join("more"), folder.path().join("data"));
    fs::create_dir(&other).expect("a folder is made");
    fs::copy(&path, other.join("c.wav")).expect("a copy");
    let text = format!("library = [{library:?}, {other:?}]\nworkers = 1\nhost = [\"nas.example\"]\n");
    fs::write(&settings, text).expect("it is written");
    let server = Server::start(&data, [Path::new("--config"), &settings]);
    while server.get("/api/tracks").json()["total"] != 2 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let as_nas =
        auralis_tests::http::request(server.address, "GET", "/api/health", &[("Host", "nas.example")], b"");
    assert_eq!(as_nas.status, 200);

    let data = folder.path().join("data2");
    let ran = finish(auralis().arg("scan").arg(&library).env("AURALIS_DATA", &data)).ok();
    assert!(ran.out.starts_with("1 tracks"), "{ran:#?}");
    assert!(data.join("catalog.sqlite").is_file());
}

#[test]
fn a_setting_that_is_wrong_is_named() {
    let folder = folder();
    let (path, settings) = (folder.path().join("a.wav"), folder.path().join("settings.toml"));
    write(&path, Format::Wav16, 44_100, &track(Character::Thin, 1, 44_100, 1.0));
    for (text, words) in [
        ("colour = 1", &["settings.toml", "--colour", "auralis help"][..]),
        ("output = \"x.wav\"", &["settings.toml", "--output"]),
        ("intensity = [", &["settings.toml", "line 1"]),
        ("intensity = 7", &["--intensity", "7", "0 to 1"]),
        ("preset = \"loudest\"", &["--preset", "loudest", "adaptive"]),
        ("preset = 1979-05-27", &["settings.toml", "preset"]),
    ] {
        fs::write(&settings, text).expect("it is written");
        finish(planning(&path).arg("--config").arg(&settings)).fails(2, words);
    }
    finish(planning(&path).arg("--config").arg(folder.path().join("no.toml")))
        .fails(2, &["no.toml", "cannot be read"]);
    finish(planning(&path).env("AURALIS_PRESET", "loudest")).fails(2, &["loudest", "adaptive"]);
}

#[test]
fn help_teaches() {
    let all = run(["--help"]).ok().out;
    for command in COMMANDS {
        assert!(all.contains(&format!("  {command} ")), "{command} is not in {all}");
        let help = run([command, "--help"]).ok().out;
        let examples = help.split("Examples:").nth(1).unwrap_or_else(|| panic!("no examples: {help}"));
        assert!(examples.contains(&format!("auralis {command}")), "{help}");
        // Help is read in 100 columns at most.
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
    for (command, words) in [
        (
            "enhance",
            &["default: adaptive", "default: 1", "default: -14", "env: AURALIS_PRESET", "flac24", "Dither"][..],
        ),
        ("plan", &["default: adaptive", "env: AURALIS_TARGET", "LUFS"]),
        ("serve", &["default: 127.0.0.1:8765", "default: a demo album", "env: AURALIS_LIBRARY"]),
        ("scan", &["env: AURALIS_DATA", "interrupted"]),
        ("measure", &["JSON"]),
    ] {
        let help = run([command, "--help"]).ok().out;
        let help: Vec<&str> = help.split_whitespace().collect();
        let help = help.join(" ");
        for word in words {
            assert!(help.contains(word), "{command}: {word:?} is not in {help}");
        }
    }
    assert!(run(["--version"]).ok().out.starts_with("auralis "));
}
