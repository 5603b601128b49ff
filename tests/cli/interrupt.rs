//! Ctrl-C, the service manager and the power cut: no half file, ever.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use auralis_core::encode::Format;
use auralis_tests::folder;
use auralis_tests::signals::noise;

use crate::support::*;

/// Sends a signal by its name, as a shell does.
pub fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("there is a kill");
    assert!(sent.success(), "{name} could not be sent");
}

/// Waits until `is_so`, as long as `child` runs.
#[track_caller]
pub fn wait_until(child: &mut Child, what: &str, is_so: impl Fn() -> bool) {
    // Far beyond what any machine needs: it only keeps a hang from lasting.
    let end = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(child.try_wait().expect("a child can be asked").is_none(), "it ended before {what}");
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A track long enough to be caught at it.
fn long_track(folder: &Path) -> PathBuf {
    let path = folder.join("long.wav");
    write(&path, Format::Wav16, 44_100, &vec![noise(1, 100 * 44_100, 0.3), noise(2, 100 * 44_100, 0.3)]);
    path
}

/// The unfinished files in a folder that have something in them.
fn partial(folder: &Path) -> Vec<String> {
    let is_begun = |name: &String| fs::metadata(folder.join(name)).is_ok_and(|found| found.len() > 0);
    names(folder).into_iter().filter(|name| name.ends_with(".partial")).filter(is_begun).collect()
}

#[test]
fn an_interrupted_copy_leaves_nothing() {
    let folder = folder();
    let path = long_track(folder.path());
    for (name, out) in [("INT", "out.flac"), ("TERM", "out.wav"), ("INT", "out.opus")] {
        let mut child = start(auralis().arg("enhance").arg(&path).arg("-o").arg(folder.path().join(out)));
        wait_until(&mut child, "the file is begun", || !partial(folder.path()).is_empty());
        signal(&child, name);
        let ran = wait(child);
        assert_eq!((ran.code, &*ran.out), (Some(130), ""), "{name}: {ran:#?}");
        assert_eq!(names(folder.path()), ["long.wav"], "after {name}");
    }
}

#[test]
fn a_killed_copy_is_never_half_there() {
    let folder = folder();
    let path = long_track(folder.path());
    let out = folder.path().join("out.flac");
    fs::write(&out, "an older copy").expect("it is written");
    let enhance = || {
        let mut command = auralis();
        command.arg("enhance").arg(&path).arg("-o").arg(&out).args(["--force", "--format", "flac24"]);
        command
    };
    let mut child = start(&mut enhance());
    wait_until(&mut child, "the file is begun", || !partial(folder.path()).is_empty());
    signal(&child, "KILL");
    assert_eq!(wait(child).code, None);
    assert_eq!(fs::read(&out).expect("it is there"), b"an older copy");
    let left: Vec<_> = names(folder.path()).into_iter().filter(|name| name.starts_with('.')).collect();
    assert!(left.len() == 1 && left[0].starts_with(".out.flac."), "{left:?}");
}

#[test]
fn measuring_can_be_interrupted() {
    let folder = folder();
    let path = long_track(folder.path());
    let mut child = start(auralis().args(["measure", "--json"]).args([&path; 40]));
    // The first object says that signals are heard and the next is measured.
    let mut line = String::new();
    let out = child.stdout.as_mut().expect("it is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::with_capacity(1 << 20, out), &mut line)
        .expect("it prints text");
    assert!(line.starts_with('{'), "{line}");
    signal(&child, "INT");
    assert_eq!(wait(child).code, Some(130));
}
