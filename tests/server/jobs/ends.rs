//! Whatever races, a job has one end, and then nothing of it is left over.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use auralis_tests::http::request;
use serde_json::{Value, json};

use super::{album, album_with, names};
use crate::house::{House, assert_problem, until};
use crate::socket::Socket;

/// How long whatever a job holds may take to be let go.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Waits until a job has begun to render.
fn begun(house: &House, id: &str) {
    until("it is being rendered", || {
        let job = house.job_now(id);
        (job["state"] == "processing" && job["percent"].as_f64() > Some(0.0)).then_some(())
    });
}

#[test]
fn cancelled_it_is_over_within_a_tenth_of_a_second_however_often() {
    let mut house = album(4, 60.0);
    let ids = house.ids();
    let mut took = Vec::new();
    for _ in 0..5 {
        let job = house.job(&json!({ "of": "tracks", "ids": ids }));
        begun(&house, &job);
        assert!(!names(&house.folder_of(&job)).is_empty());
        let cancel = format!("/api/jobs/{job}/cancel");
        let start = Instant::now();
        let first = house.ask("POST", &cancel, &[]);
        assert!(!house.folder_of(&job).exists(), "{:?}", names(&house.folder_of(&job)));
        until("nobody writes any more", || (n_written(&mut house) == 0).then_some(()));
        took.push(start.elapsed());
        let again = house.ask("POST", &cancel, &[]);
        for answer in [&first, &again] {
            assert_eq!((answer.status, &answer.json()["state"]), (200, &json!("cancelled")));
        }
        assert_eq!(first.json()["ended_at"], again.json()["ended_at"]);
        assert_problem(&house.get(&format!("/api/jobs/{job}/file")), 409, "conflict");
    }
    took.sort();
    // A machine that does other things too may be late once or twice.
    assert!(took[2] < AT_ONCE, "{took:?}");
    assert_problem(
        &house.ask("POST", &format!("/api/jobs/{}/cancel", "0".repeat(20)), &[]),
        404,
        "not-found",
    );
}

/// How many files of jobs the server has open.
fn n_written(house: &mut House) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", house.server().pid())).expect("open files");
    let place = |entry: std::fs::DirEntry| std::fs::read_link(entry.path()).unwrap_or_default();
    files.flatten().map(place).filter(|place| place.to_string_lossy().contains("/jobs/")).count()
}

#[test]
fn one_that_waits_is_cancelled_too_and_one_that_is_done_stays_so() {
    let house = album(2, 40.0);
    let ids = house.ids();
    let many: Vec<&String> = ids.iter().cycle().take(40).collect();
    let (long, waits) = (
        house.job(&json!({ "of": "tracks", "ids": many })),
        house.job(&json!({ "of": "tracks", "ids": ids })),
    );
    assert_eq!(house.ask("POST", &format!("/api/jobs/{waits}/cancel"), &[]).json()["state"], "cancelled");
    assert_eq!(house.ask("DELETE", &format!("/api/jobs/{long}"), &[]).status, 204);
    assert_eq!(house.get(&format!("/api/jobs/{long}")).status, 404);
    let short = house.job(&json!({ "of": "tracks", "ids": [ids[0]] }));
    let done = house.fetched(&short).body;
    assert_eq!(house.ask("POST", &format!("/api/jobs/{short}/cancel"), &[]).json()["state"], "completed");
    assert!(house.fetched(&short).body == done);
    until("what was deleted is gone", || (!house.folder_of(&long).exists()).then_some(()));
}

/// A hundred jobs, each cancelled or deleted at about the moment of its completion.
#[test]
fn cancel_completion_and_delete_race_and_each_job_has_one_end() {
    let house = album(2, 3.0);
    let ids = house.ids();
    let address = house.address();
    let mut ends = [0; 3];
    // How long one takes now; the race is run where it ends.
    let start = Instant::now();
    house.fetched(&house.job(&json!({ "of": "tracks", "ids": ids })));
    let mut delay = start.elapsed();
    for n in 0..60_u32 {
        let job = house.job(&json!({ "of": "tracks", "ids": ids }));
        std::thread::sleep(delay);
        let deletes = n % 4 == 0;
        let told: Vec<(u16, Option<Value>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        let answer = match deletes {
                            true => request(address, "DELETE", &format!("/api/jobs/{job}"), &[], b""),
                            false => request(address, "POST", &format!("/api/jobs/{job}/cancel"), &[], b""),
                        };
                        (answer.status, (!deletes).then(|| answer.json()["state"].clone()))
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
        });
        assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
        if deletes {
            assert_eq!(told[0].0, 204);
            ends[2] += 1;
            assert_eq!(house.get(&format!("/api/jobs/{job}")).status, 404);
            until("its files are gone", || (!house.folder_of(&job).exists()).then_some(()));
            continue;
        }
        let state = told[0].1.clone().expect("a state");
        for _ in 0..3 {
            assert_eq!(house.job_now(&job)["state"], state, "its end changed");
        }
        let file = house.get(&format!("/api/jobs/{job}/file"));
        match state.as_str() {
            Some("completed") => {
                ends[0] += 1;
                delay = delay.mul_f64(0.85);
                assert_eq!(file.status, 200);
            }
            Some("cancelled") => {
                ends[1] += 1;
                delay = delay.mul_f64(1.2);
                assert_eq!(file.status, 409);
                until("its files are gone", || (!house.folder_of(&job).exists()).then_some(()));
            }
            other => panic!("{other:?} is no end"),
        }
    }
    assert!(ends[0] > 5 && ends[1] > 5 && ends[2] == 15, "the race was not run: {ends:?}");
}

#[test]
fn at_its_end_it_has_let_go_of_everything() {
    let mut house = album(3, 30.0);
    let ids = house.ids();
    for n in 0..12 {
        let job = house.job(&json!({ "of": "tracks", "ids": ids }));
        if n % 3 > 0 {
            begun(&house, &job);
            let end = if n % 3 == 1 { ("POST", "/cancel") } else { ("DELETE", "") };
            house.ask(end.0, &format!("/api/jobs/{job}{}", end.1), &[]);
            until("nobody writes any more", || (n_written(&mut house) == 0).then_some(()));
            until("its folder is gone", || (!house.folder_of(&job).exists()).then_some(()));
        } else {
            house.fetched(&job);
            house.ask("DELETE", &format!("/api/jobs/{job}"), &[]);
        }
    }
    assert_eq!(names(&house.data.path().join("jobs")), [""; 0]);
    until("no file of theirs is open", || (n_open(&mut house) == 0).then_some(()));
    let workers = threads(&mut house, "job-");
    assert_eq!(workers, std::thread::available_parallelism().expect("a number").get() + 1);
}

/// How many files of the library and of jobs the server has open.
fn n_open(house: &mut House) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", house.server().pid())).expect("files");
    let of = [house.library.path().to_owned(), house.data.path().join("jobs")];
    let open = files.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    open.filter(|path| of.iter().any(|folder| path.starts_with(folder))).count()
}

/// How many threads of the server have a name that begins so.
fn threads(house: &mut House, begin: &str) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", house.server().pid())).expect("tasks");
    let name =
        |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
    tasks.flatten().map(name).filter(|name| name.starts_with(begin)).count()
}

#[test]
fn what_is_deleted_while_it_is_fetched_is_fetched_to_its_end() {
    let house = album(3, 40.0);
    let job = house.job(&json!({ "of": "tracks", "ids": house.ids(), "format": "wav24" }));
    let whole = house.fetched(&job).body;
    let address = house.address();
    let mut slow = TcpStream::connect(address).expect("a connection");
    let ask = format!("GET /api/jobs/{job}/file HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    slow.write_all(ask.as_bytes()).expect("it is sent");
    let mut slow = BufReader::new(slow);
    let mut first = vec![0; 4_096];
    slow.read_exact(&mut first).expect("its beginning");
    assert_eq!(house.ask("DELETE", &format!("/api/jobs/{job}"), &[]).status, 204);
    assert_eq!(house.get(&format!("/api/jobs/{job}/file")).status, 404);
    assert!(house.folder_of(&job).exists(), "somebody reads it");
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).expect("its end");
    first.extend(rest);
    assert!(first.ends_with(&whole[whole.len() / 2..]), "it is not what it was");
    until("its files are gone", || (!house.folder_of(&job).exists()).then_some(()));
}

#[test]
fn what_is_kept_too_long_is_swept_out() {
    // A second and a half.
    let house = album_with(1, 1.0, &["--jobs-keep", "0.0005"]);
    let ids = house.ids();
    let (done, cancelled) = (
        house.job(&json!({ "of": "tracks", "ids": ids })),
        house.job(&json!({ "of": "tracks", "ids": ids })),
    );
    house.ask("POST", &format!("/api/jobs/{cancelled}/cancel"), &[]);
    let told = house.ended(&done);
    let lasts = told["expires_at"].as_i64().expect("a time") - told["ended_at"].as_i64().expect("a time");
    assert_eq!(lasts, 2, "to the next second");
    until("both are gone", || {
        let list = house.get("/api/jobs").json();
        (list["total"] == 0).then_some(())
    });
    until("its files too", || names(&house.data.path().join("jobs")).is_empty().then_some(()));
    assert_problem(&house.get(&format!("/api/jobs/{done}/file")), 404, "not-found");
}

#[test]
fn pages_are_told_how_far_it_is() {
    let house = album(2, 50.0);
    let mut socket = Socket::open(house.address());
    let job = house.job(&json!({ "of": "tracks", "ids": house.ids() }));
    let mut told = Vec::new();
    let mut came = false;
    while told.last().is_none_or(|event: &Value| event["state"] != "completed") {
        let (_, payload) = socket.next().expect("an event");
        let Ok(event) = serde_json::from_slice::<Value>(&payload) else { continue };
        came |= event["event"] == "jobs";
        if event["event"] == "job" {
            assert_eq!(event["job_id"], json!(job));
            told.push(event);
        }
    }
    assert!(came, "it came");
    let percents: Vec<f64> = told.iter().map(|event| event["percent"].as_f64().expect("a number")).collect();
    assert!(percents.is_sorted() && percents.last() == Some(&100.0), "{percents:?}");
    assert!(percents.iter().any(|percent| (1.0..99.0).contains(percent)), "{percents:?}");
    let states: Vec<&str> = told.iter().map(|event| event["state"].as_str().expect("a state")).collect();
    assert_eq!(states.iter().filter(|state| **state == "completed").count(), 1, "{states:?}");
}
