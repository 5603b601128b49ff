//! Where `enhance` writes: whole or not at all, and never over what it should
//! not touch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use auralis_core::encode::Format;
use auralis_tests::signals::{noise, sine};
use auralis_tests::{folder, skipped};

use crate::support::*;

/// A folder with a track in it.
fn with_track() -> (tempfile::TempDir, PathBuf) {
    let folder = folder();
    let path = folder.path().join("in.flac");
    write(&path, Format::Flac16, 44_100, &vec![sine(44_100, 440.0, 30_000, 0.2); 2]);
    (folder, path)
}

fn enhance(from: &Path, to: &Path, options: &[&str]) -> Run {
    finish(auralis().arg("enhance").arg(from).arg("-o").arg(to).args(options))
}

#[test]
fn the_input_is_never_the_output() {
    let (folder, path) = with_track();
    let before = fs::read(&path).expect("it was written");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("sub")).expect("a folder is made");
    let mut same = vec![path.clone(), at("./in.flac"), at("sub/../in.flac")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, at("link.flac")).expect("a link is made");
        std::os::unix::fs::symlink(folder.path(), at("home")).expect("a link is made");
        same.extend([at("link.flac"), at("home/in.flac")]);
    }
    fs::hard_link(&path, at("hard.flac")).expect("a link is made");
    same.push(at("hard.flac"));
    let names_before = names(folder.path());
    for out in same {
        for options in [&[][..], &["--force"]] {
            enhance(&path, &out, options).fails(2, &["is the input itself", "another name", ".flac"]);
            // The other way round: the link is what is read.
            enhance(&out, &path, options).fails(2, &["is the input itself"]);
        }
    }
    assert_eq!(fs::read(&path).expect("it is there"), before);
    assert_eq!(names(folder.path()), names_before);
}

#[test]
fn what_exists_is_replaced_only_by_force() {
    let (folder, path) = with_track();
    let out = folder.path().join("out.flac");
    fs::write(&out, "a letter").expect("it is written");
    enhance(&path, &out, &[]).fails(1, &["out.flac", "exists already", "--force"]);
    assert_eq!(fs::read(&out).expect("it is there"), b"a letter");
    enhance(&path, &out, &["--force"]).ok();
    assert_eq!(frames(&out)[0].len(), 30_000);
    #[cfg(unix)]
    {
        // A link is in the way too; by force the link goes, not what it leads to.
        let (link, letter) = (folder.path().join("link.flac"), folder.path().join("letter"));
        fs::write(&letter, "a letter").expect("it is written");
        std::os::unix::fs::symlink("letter", &link).expect("a link is made");
        enhance(&path, &link, &[]).fails(1, &["link.flac", "exists already"]);
        enhance(&path, &link, &["--force"]).ok();
        assert_eq!(fs::read(&letter).expect("it is there"), b"a letter");
        assert_eq!(frames(&link)[0].len(), 30_000);
    }
    assert!(names(folder.path()).iter().all(|name| !name.starts_with('.')));
}

#[test]
fn a_place_that_cannot_be_is_named() {
    let (folder, path) = with_track();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("album.flac")).expect("a folder is made");
    let before = names(folder.path());
    enhance(&path, &at("no/such/out.flac"), &[]).fails(1, &["there is no folder", "no/such", "create it"]);
    enhance(&path, &at("in.flac/out.flac"), &[]).fails(1, &["there is no folder", "in.flac"]);
    #[cfg(unix)]
    enhance(&path, Path::new("/dev/full"), &["--format=wav16", "--force"])
        .fails(2, &["/dev/full is not a regular file"]);
    enhance(&path, &at("out.mp2"), &[]).fails(2, &["out.mp2", ".flac, .wav", ".opus", "--format"]);
    enhance(&path, &at("out"), &[]).fails(2, &["out", "--format"]);
    enhance(&path, &at("out.wav"), &["--format", "flac16"])
        .fails(2, &["out.wav", "--format flac16", ".flac"]);
    let long = format!("{}.flac", "x".repeat(400));
    enhance(&path, &at(&long), &[]).fails(1, &["cannot be written"]);
    assert_eq!(names(folder.path()), before);
}

#[test]
fn what_cannot_be_asked_is_refused_with_2() {
    let (folder, path) = with_track();
    let out = folder.path().join("out.flac");
    for (options, words) in [
        (&["--preset", "loudest"][..], &["loudest", "adaptive", "night"][..]),
        (&["--intensity", "1.5"], &["--intensity", "0 to 1"]),
        (&["--intensity", "NaN"], &["--intensity", "0 to 1"]),
        (&["--target", "-3"], &["--target", "-40 to -5"]),
        (&["--format", "mp3"], &["mp3", "flac24"]),
        (&["--colour"], &["--colour"]),
    ] {
        enhance(&path, &out, options).fails(2, words);
    }
    run(["enhance", "in.wav"]).fails(2, &["--output"]);
    run(["measure"]).fails(2, &["IN"]);
    run(["dance"]).fails(2, &["dance"]);
    run::<&str>([]).fails(2, &["Usage"]);
    assert_eq!(names(folder.path()), ["in.flac"]);
}

/// Runs the program on a disk of so many KiB, `to` lying on it, in a namespace
/// of its own; its output is the names of what is left there. `None` where
/// there are no such namespaces.
fn on_small_disk(n_kib: u32, from: &Path, to: &str, options: &[&str]) -> Option<Run> {
    const NO_DISK: i32 = 99;
    const SCRIPT: &str = "mount -t tmpfs -o size=$1k none \"$2\" || exit 99; disk=\"$2\"; shift 2
                          \"$@\" >/dev/null; code=$?; ls -A \"$disk\"; exit $code";
    let disk = folder();
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"]).arg(n_kib.to_string());
    command.arg(disk.path()).arg(auralis_tests::program()).arg("enhance").arg(from);
    command.arg("-o").arg(disk.path().join(to)).args(options);
    let ran = command
        .output()
        .ok()
        .map(Run::from)
        .filter(|ran| ran.code != Some(NO_DISK) && !ran.err.starts_with("unshare"));
    if ran.is_none() {
        skipped("no namespaces to mount a small disk in");
    }
    ran
}

#[test]
fn a_full_disk_is_named_and_nothing_is_left() {
    let folder = folder();
    let path = folder.path().join("in.wav");
    write(&path, Format::Wav16, 44_100, &vec![noise(1, 200_000, 0.2), noise(2, 200_000, 0.2)]);
    for (name, options) in
        [("a.wav", &[][..]), ("a.flac", &[]), ("a.opus", &[]), ("a.wav", &["--format=wavf32"])]
    {
        // Opus takes 90 KB of this.
        let n_kib = if name == "a.opus" { 40 } else { 300 };
        let Some(ran) = on_small_disk(n_kib, &path, name, options) else { return };
        let ran = ran.fails(1, &[name, "the disk is full", "make room"]);
        assert_eq!(ran.out, "", "{name} left something");
    }
    // The sound fits, its picture does not.
    let Some(with_picture) = crate::tags::with_picture(folder.path(), 600_000) else { return };
    let Some(ran) = on_small_disk(400, &with_picture, "a.flac", &[]) else { return };
    let ran = ran.fails(1, &["a.flac", "the disk is full"]);
    assert_eq!(ran.out, "");
}
