//! A queue and a disk that are bounded.

use auralis_tests::{Disk, folder, serving};
use serde_json::json;

use super::{album, album_with, music, names};
use crate::house::{House, assert_problem};

#[test]
fn jobs_take_no_more_of_the_disk_than_they_may() {
    // A minute of 16 bits may take 10.4 MiB.
    let house = album_with(1, 60.0, &["--jobs-disk", "24"]);
    let asked = json!({ "of": "tracks", "ids": house.ids(), "format": "wav16" });
    let first = house.job(&asked);
    let second = house.job(&asked);
    let third = house.send("POST", "/api/jobs", asked.clone());
    assert_problem(&third, 507, "no-room");
    assert!(third.json()["detail"].as_str().expect("a detail").contains("--jobs-disk"));
    // What came of those is smaller than what was foreseen, but not by a job.
    house.ended(&first);
    house.ended(&second);
    assert_problem(&house.send("POST", "/api/jobs", asked.clone()), 507, "no-room");
    // What is deleted leaves its room to others, and what is cancelled too.
    house.ask("DELETE", &format!("/api/jobs/{first}"), &[]);
    let third = house.job(&asked);
    house.ask("POST", &format!("/api/jobs/{third}/cancel"), &[]);
    house.fetched(&house.job(&asked));
}

#[test]
fn no_more_wait_than_may_whoever_asks_at_once() {
    let house = album(1, 60.0);
    let ids = house.ids();
    let long = house.job(&json!({ "of": "tracks", "ids": vec![&ids[0]; 300], "format": "flac16" }));
    let body = json!({ "of": "tracks", "ids": ids }).to_string();
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let ask = || {
            let kind = [("Content-Type", "application/json")];
            (0..5)
                .map(|_| {
                    let answer = auralis_tests::http::request(
                        house.address(),
                        "POST",
                        "/api/jobs",
                        &kind,
                        body.as_bytes(),
                    );
                    if answer.status == 503 {
                        assert_eq!(answer.header("retry-after"), Some("30"));
                    }
                    answer.status
                })
                .collect::<Vec<u16>>()
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("answers")).collect()
    });
    let n_of = |status: u16| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((n_of(201), n_of(503)), (63, 37), "{answers:?}");
    let list = house.get("/api/jobs?limit=500").json();
    assert_eq!((&list["total"], list["items"].as_array().map(Vec::len)), (&json!(64), Some(64)));
    for job in list["items"].as_array().expect("items") {
        house.ask("DELETE", &format!("/api/jobs/{}", job["id"].as_str().expect("an id")), &[]);
    }
    assert_eq!(house.get(&format!("/api/jobs/{long}")).status, 404);
    assert_eq!(house.get("/api/jobs").json()["total"], 0);
}

#[test]
fn a_disk_that_fills_up_ends_the_job_and_leaves_nothing() {
    let folder = folder();
    let Some(disk) = Disk::of("300m", &folder.path().join("disk")) else { return };
    let mut house = House::new(&[("one.flac", &music(1, 200.0, &[]))]);
    let library = house.library.path().to_owned();
    let mut command =
        serving(disk.path(), ["--no-watch".as_ref(), "--library".as_ref(), library.as_os_str()]);
    command.env("AURALIS_LOG", "error");
    house.run(command);
    house.settled(1);
    let id = house.ids()[0].clone();
    // More than there is beforehand.
    let much = json!({ "of": "tracks", "ids": [id, id, id], "format": "wavf32" });
    let refused = house.send("POST", "/api/jobs", much);
    assert_problem(&refused, 507, "no-room");
    assert!(refused.json()["detail"].as_str().expect("a detail").contains("make room"));
    // And less and less while it is rendered.
    let job = house.job(&json!({ "of": "tracks", "ids": [id], "format": "flac16" }));
    std::fs::write(disk.path().join("filler"), vec![0; 120 << 20]).expect("a file");
    let told = house.ended(&job);
    assert_eq!(told["state"], "failed", "{told}");
    assert!(told["reason"].as_str().expect("a reason").contains("disk"), "{told}");
    assert_eq!(names(&disk.path().join("jobs")), [""; 0]);
    std::fs::remove_file(disk.path().join("filler")).expect("it is removed");
    house.fetched(&house.job(&json!({ "of": "tracks", "ids": [id], "format": "opus" })));
}
