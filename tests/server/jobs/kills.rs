//! Killed in the middle, a job goes on where it was.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use auralis_tests::signals::Random;
use serde_json::json;

use super::{album, names};
use crate::house::until;

#[test]
fn killed_in_the_middle_it_goes_on_with_what_it_had_and_comes_out_the_same() {
    let mut house = album(6, 25.0);
    let asked = json!({ "of": "tracks", "ids": house.ids(), "preset": "warm" });
    let want = house.fetched(&house.job(&asked)).body;
    let job = house.job(&asked);
    let folder = house.folder_of(&job);
    let done = until("some are done", || {
        let done: Vec<String> = names(&folder).into_iter().filter(|name| name.ends_with(".flac")).collect();
        let under_way = names(&folder).iter().any(|name| name.ends_with(".partial"));
        (house.job_now(&job)["n_done"].as_u64() >= Some(2) && under_way).then_some(done)
    });
    house.server().kill();
    assert!(names(&folder).iter().any(|name| name.ends_with(".partial")), "it was killed too late");
    let stamp =
        |name: &String| std::fs::metadata(folder.join(name)).map(|file| (file.ino(), file.mtime_nsec())).ok();
    let before: Vec<_> = done.iter().map(stamp).collect();
    // Whoever asks before it is completed gets nothing.
    house.open(&[]);
    let answer = house.get(&format!("/api/jobs/{job}/file"));
    assert!(answer.status == 409 || answer.body == want, "half a file was offered");
    assert!(house.fetched(&job).body == want, "it is another ZIP");
    assert_eq!(done.iter().map(stamp).collect::<Vec<_>>(), before, "what was done was done again");
    assert!(names(&folder).iter().all(|name| !name.ends_with(".partial")));
}

#[test]
fn killed_at_any_moment_nothing_half_is_offered_and_nothing_is_left_over() {
    let mut house = album(2, 12.0);
    let asked = json!({ "of": "tracks", "ids": house.ids() });
    let want = house.fetched(&house.job(&asked)).body;
    let mut random = Random(11);
    for _ in 0..8 {
        let job = house.job(&asked);
        std::thread::sleep(Duration::from_millis(random.below(400) as u64));
        house.server().kill();
        // What a life that ended between two steps would leave.
        let stray = house.data.path().join("jobs/0123456789abcdef0123");
        std::fs::create_dir_all(&stray).expect("a folder");
        std::fs::write(stray.join("00000.flac"), b"fLaC").expect("a file");
        house.open(&[]);
        assert!(!stray.exists(), "of no job");
        assert!(house.fetched(&job).body == want);
        let kept = names(&house.folder_of(&job));
        assert_eq!(kept, ["00000.flac", "00001.flac", "zip"]);
        house.ask("DELETE", &format!("/api/jobs/{job}"), &[]);
    }
}

/// A backup brings rows back, not files.
#[test]
fn what_has_lost_its_files_is_not_listed_after_a_restart() {
    let mut house = album(2, 1.0);
    let (one, two) = (
        house.job(&json!({ "of": "tracks", "ids": house.ids() })),
        house.job(&json!({ "of": "tracks", "ids": [house.ids()[0]] })),
    );
    house.ended(&one);
    house.ended(&two);
    std::fs::remove_dir_all(house.folder_of(&one)).expect("it is removed");
    let gone = house.get(&format!("/api/jobs/{one}/file"));
    crate::house::assert_problem(&gone, 404, "file-missing");
    house.server().kill();
    house.open(&[]);
    assert_eq!(house.get(&format!("/api/jobs/{one}")).status, 404);
    assert_eq!(house.get(&format!("/api/jobs/{two}/file")).status, 200);
}
