//! `auralis enhance` on many tracks: into a folder, on all threads, with what can go
//! wrong on the way. That names and bits are those of a job is tested with the jobs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use auralis_core::encode::Format;
use auralis_tests::signals::{Character, noise, track};
use auralis_tests::{Disk, folder};
use lofty::config::WriteOptions;
use lofty::tag::{Accessor, Tag, TagExt, TagType};

use crate::interrupt::{signal, wait_until};
use crate::support::*;

/// A track of so many seconds with these tags.
fn put(folder: &Path, name: &str, seconds: f64, seed: u64, album: &str, title: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
    write(&path, Format::Flac16, 44_100, &track(Character::Thin, seed, 44_100, seconds));
    let mut tag = Tag::new(TagType::VorbisComments);
    tag.set_title(title.to_owned());
    tag.set_album(album.to_owned());
    tag.save_to_path(&path, WriteOptions::default()).expect("it is tagged");
    path
}

/// Names within a folder and what is in each file.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut ahead = vec![folder.to_owned()];
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("it is read");
            ahead.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else {
            let name = path.strip_prefix(folder).expect("it lies there").to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).expect("it is read"));
        }
    }
    files
}

fn names_of(folder: &Path) -> Vec<String> {
    files(folder).into_keys().collect()
}

fn enhance(inputs: &[&Path], out: &Path, options: &[&str]) -> Run {
    finish(auralis().arg("enhance").args(inputs).arg("-o").arg(out).args(options))
}

#[test]
fn one_thread_and_many_write_the_bytes_of_single_copies() {
    let (music, out) = (folder(), folder());
    let at = |name: &str| out.path().join(name);
    let paths: Vec<PathBuf> = (0..3)
        .map(|n| put(music.path(), &format!("{n}.flac"), 3.0 + n as f64, n, "Album", &format!("No {n}")))
        .collect();
    let said = enhance(&[music.path()], &at("one"), &["--jobs", "1"]).ok().out;
    let said: Vec<&str> = said.lines().collect();
    let name = |n: u64| format!("Album/No {n}.flac");
    assert_eq!(said[0], format!("{} (flac16)", at("one").join(name(0)).display()));
    assert!(said[3].starts_with("3 written (adaptive, intensity 1, "), "{said:?}");
    assert!(
        said.len() == 4 && said[3].contains("), 0 there already, 0 failed; 12 s of music at "),
        "{said:?}"
    );
    // More threads than tracks: some have two.
    for jobs in ["2", "7"] {
        enhance(&[music.path()], &at(jobs), &["--jobs", jobs]).ok();
        assert!(files(&at(jobs)) == files(&at("one")), "{jobs} threads write something else");
    }
    for (n, path) in paths.iter().enumerate() {
        enhance(&[path], &at("single.flac"), &["--force"]).ok();
        let single = fs::read(at("single.flac")).expect("it is there");
        assert!(files(&at("one"))[&name(n as u64)] == single, "{n} is another copy");
    }
    // One file goes into a folder too, if that is what OUT names, and is found once.
    let two = [&*paths[0], music.path(), &*paths[0]];
    enhance(&two, &at("all"), &["--template", "{folder}/{number:2} {file}", "--intensity", "0"]).ok();
    assert_eq!(names_of(&at("all")), ["01 0.flac", "02 1.flac", "03 2.flac"]);
    enhance(&[&paths[1]], &at("new/"), &["--format", "opus", "--bitrate", "64"]).ok();
    enhance(&[&paths[1]], &at("new"), &["--template", "{file}", "--format", "opus"]).ok();
    let opus = files(&at("new"));
    assert_eq!(opus.keys().collect::<Vec<_>>(), ["1.opus", "Album/No 1.opus"]);
    assert!(opus["Album/No 1.opus"].len() * 3 < opus["1.opus"].len() * 2, "64 kb/s are fewer than 160");
}

#[test]
fn what_fails_is_named_and_the_others_go_on() {
    let (music, out) = (folder(), folder());
    put(music.path(), "a/good.flac", 0.5, 1, "x", "Good");
    put(music.path(), "z.flac", 0.5, 2, "x", "Last");
    fs::write(music.path().join("b.flac"), b"This is a letter, not a song.").expect("a file");
    let whole = fs::read(music.path().join("z.flac")).expect("it is there");
    // Its head is whole, and nothing of its sound.
    fs::write(music.path().join("c.flac"), &whole[..400]).expect("a file");
    fs::write(music.path().join(".hidden.flac"), &whole).expect("a file");
    fs::write(music.path().join("cover.jpg"), b"a picture").expect("a file");
    let missing = music.path().join("missing.flac");
    let ran = enhance(&[music.path(), &missing], out.path(), &[]);
    let ran = ran.fails(1, &["b.flac: ", "c.flac: ", "missing.flac: there is no such file"]);
    assert_eq!(ran.err.lines().count(), 3, "{ran:#?}");
    assert_eq!(names_of(out.path()), ["x/Good.flac", "x/Last.flac"]);
    assert!(ran.out.contains("2 written") && ran.out.contains("3 failed"), "{ran:#?}");
    // What is there is passed by, unless it shall be made anew.
    let before = files(out.path());
    fs::write(out.path().join("x/Good.flac"), b"mine").expect("a file");
    let again = enhance(&[music.path()], out.path(), &[]).fails(1, &["b.flac"]);
    assert!(again.out.starts_with("0 written") && again.out.contains("2 there already"), "{again:#?}");
    assert_eq!(fs::read(out.path().join("x/Good.flac")).expect("it is there"), b"mine");
    enhance(&[music.path()], out.path(), &["--force"]).fails(1, &["b.flac"]);
    assert!(files(out.path()) == before);
}

#[test]
fn originals_are_never_touched_and_copies_never_taken_for_them() {
    let music = folder();
    let one = put(music.path(), "one.flac", 0.5, 1, "", "One");
    put(music.path(), "two.flac", 0.5, 2, "", "one");
    let originals = files(music.path());
    let below = music.path().join("enhanced");
    // Twice, and from another place the second time: what lies in OUT is no input.
    for options in [&[][..], &["--force"]] {
        enhance(&[music.path()], &below, options).ok();
        assert_eq!(names_of(&below), ["One.flac", "one (2).flac"]);
    }
    for out in [music.path(), music.path().parent().expect("a folder above")] {
        enhance(&[music.path()], out, &["--force"]).fails(2, &["originals", "another folder"]);
    }
    for options in [&[][..], &["--force"]] {
        let options = [&["--template", "{file}"], options].concat();
        enhance(&[&one], music.path(), &options).fails(1, &["one.flac", "never changed", "--template"]);
    }
    assert!(originals.iter().all(|(name, bytes)| files(music.path())[name] == *bytes));
    // What cannot be meant.
    let empty = folder();
    let nowhere = empty.path().join("new/folder");
    enhance(&[empty.path()], &nowhere, &[]).fails(2, &["no music", &empty.path().display().to_string()]);
    assert!(!nowhere.exists());
    enhance(&[music.path()], &empty.path().join("x.flac"), &[]).fails(2, &["x.flac names a file"]);
    enhance(&[&one, &one], &one, &["--force"]).fails(2, &["one.flac names a file"]);
    let wrong = enhance(&[music.path()], &nowhere, &["--template", "{colour}"]);
    wrong.fails(2, &["colour", "{album_artist}"]);
    assert_eq!(names(empty.path()), [""; 0]);
}

#[test]
fn what_tags_say_leads_nowhere_else() {
    let (music, above) = (folder(), folder());
    let titles = ["../../../evil", "..", "/etc/passwd", "a\\..\\b", "NUL", ".hidden", "x\u{202e}cod"];
    for (n, title) in titles.iter().enumerate() {
        put(music.path(), &format!("{n}.flac"), 0.2, n as u64, "../..", title);
    }
    let out = above.path().join("deep/out");
    enhance(&[music.path()], &out, &["--template", "../{album}/{title}"]).ok();
    let all = names_of(above.path());
    assert_eq!(all.len(), titles.len(), "{all:?}");
    for name in all {
        let within = name.strip_prefix("deep/out/").unwrap_or_else(|| panic!("{name} leads out"));
        assert!(!within.contains("..\\") && within.split('/').all(|part| !part.starts_with('.')), "{name}");
    }
}

#[test]
fn an_interrupted_run_leaves_whole_copies_and_goes_on() {
    let (music, out) = (folder(), folder());
    // A short one that is done soon, and long ones to be caught at.
    put(music.path(), "0.flac", 1.0, 1, "", "Short");
    for n in 1..4 {
        let sound = vec![noise(n, 30 * 44_100, 0.3), noise(n + 9, 30 * 44_100, 0.3)];
        write(&music.path().join(format!("{n}.flac")), Format::Flac16, 44_100, &sound);
    }
    let command = || {
        let mut command = auralis();
        command.arg("enhance").arg(music.path()).arg("-o").arg(out.path()).args(["--jobs", "2"]);
        command
    };
    let mut child = start(&mut command());
    let is_begun = || {
        let names = names(out.path());
        let is_partial = |name: &String| name.ends_with(".partial");
        names.contains(&"Short.flac".to_owned()) && names.iter().any(is_partial)
    };
    wait_until(&mut child, "one is done and another begun", is_begun);
    signal(&child, "INT");
    let asked = Instant::now();
    let ran = wait(child).fails(130, &["of 4 are written", "goes on"]);
    // Aimed at are 100 ms; the machine that tests may be busy.
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}", asked.elapsed());
    let done = files(out.path());
    assert!(done.len() < 4 && done.contains_key("Short.flac"), "{ran:#?}");
    assert!(done.keys().all(|name| name.ends_with(".flac") && !name.starts_with('.')), "{done:?}");
    let ran = finish(&mut command());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(ran.out.contains(&format!("{} there already", done.len())), "{ran:#?}");
    assert_eq!(names_of(out.path()), ["1.flac", "2.flac", "3.flac", "Short.flac"]);
    assert!(done.iter().all(|(name, bytes)| files(out.path())[name] == *bytes));
    for n in 1..4 {
        assert_eq!(stream_info(&out.path().join(format!("{n}.flac"))).2, 30 * 44_100);
    }
}

#[test]
fn a_full_disk_ends_all_and_what_was_written_is_whole() {
    let (music, place) = (folder(), folder());
    let Some(disk) = Disk::of("1m", &place.path().join("disk")) else { return };
    for n in 0..20 {
        put(music.path(), &format!("{n:02}.flac"), 3.0, n, "Album", &format!("No {n:02}"));
    }
    let out = disk.path().join("out");
    let run = enhance(&[music.path()], &out, &["--jobs", "2"]).fails(1, &["the disk is full", "make room"]);
    assert_eq!(run.err.matches("the disk is full").count(), 1, "each track was tried: {}", run.err);
    let written = names_of(disk.path());
    assert!(
        run.err.contains(&format!("{} of 20 are written; the same command", written.len())),
        "{}",
        run.err
    );
    assert!(
        (1..20).contains(&written.len()) && written.iter().all(|name| name.ends_with(".flac")),
        "{written:?}"
    );
}
