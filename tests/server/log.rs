//! What goes wrong inside is logged once and whole; the client hears a clean
//! sentence, and everybody else hears nothing of it.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use auralis_core::encode::Format;
use auralis_core::fingerprint::VERSION;
use auralis_server::catalog::{Catalog, Measurable, Measured};
use auralis_server::measuring::{Failure, measure};
use auralis_server::serve::Seams;
use auralis_tests::http::{get, read};
use serde_json::Value;

use crate::house::{House, PATIENCE, assert_problem, sound, until};
use crate::inside::{events, logged, logged_in};

fn wav(seed: u64, seconds: f64) -> Vec<u8> {
    sound(Format::Wav16, seed, seconds)
}

/// An error with a cause, which may have one too.
#[derive(Debug)]
struct Because(&'static str, Option<Box<Because>>);

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Because {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|cause| cause as _)
    }
}

/// Measures all tracks but those whose titles say otherwise.
fn seams() -> Seams {
    let measured = |track: &Measurable, keep_going: &mut dyn FnMut(u64) -> bool| match track.title.as_str() {
        "panics" => panic!("the measuring panics on purpose"),
        "fails" => Err(Failure {
            stage: "measure",
            reason: "it sounds of nothing".to_owned(),
            error: Box::new(Because(
                "not measured",
                Some(Box::new(Because("disk read", Some(Box::new(Because("sector 7", None)))))),
            )),
        }),
        _ => measure(track, keep_going),
    };
    let panic = |_: &_, path: &str| assert!(path != "/api/version", "the handler panics on purpose");
    Seams { measure: Arc::new(measured), on_request: Some(Arc::new(panic)), ..Seams::default() }
}

fn house() -> House {
    let mut house =
        House::new(&[("one.wav", &wav(1, 3.0)), ("panics.wav", &wav(2, 0.5)), ("fails.wav", &wav(3, 0.5))]);
    house.open_inside(seams());
    house.settled(3);
    house
}

/// The one event of level ERROR in which `field` is `value`.
#[track_caller]
fn only_error(field: &str, value: &str) -> Value {
    let mut errors = logged(field, value);
    errors.retain(|event| event["level"] == "ERROR");
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)["fields"].clone()
}

#[test]
fn a_failed_fingerprint_is_one_error_with_its_whole_chain() {
    let house = house();
    let faults = house.get("/api/library/faults").json()["items"].clone();
    for (title, reason, chain) in [
        ("fails", "it sounds of nothing", "not measured: disk read: sector 7"),
        ("panics", "measuring gave up on this file", "measuring panicked: the measuring panics on purpose"),
    ] {
        let id = house.id(title);
        let event = only_error("track_id", &id);
        assert_eq!((&event["stage"], &event["error"]), (&"measure".into(), &chain.into()));
        // The listener hears the reason, and nothing of what is underneath.
        let fault = faults.as_array().expect("items").iter().find(|fault| fault["id"] == *id);
        assert_eq!(fault.expect("it is listed")["reason"], reason);
        let refused = house.get(&format!("/api/tracks/{id}/plan"));
        assert_problem(&refused, 422, "not-measurable");
        assert!(refused.text().contains(reason) && !refused.text().contains(chain), "{}", refused.text());
        assert_eq!(house.get(&format!("/api/tracks/{id}/file")).status, 200, "it plays as it is");
    }
    assert_eq!(house.get(&format!("/api/tracks/{}/plan", house.id("one"))).status, 200);
    assert_eq!((house.counter("measured"), house.counter("measure_failures")), (1, 2));
    // Tried again, it fails again, and is said again: once.
    assert_eq!(house.ask("POST", "/api/library/faults/retry", &[]).status, 202);
    until("it failed again", || (house.counter("measure_failures") == 4).then_some(()));
    let id = house.id("fails");
    assert_eq!(logged("track_id", &id).len(), 2);
}

#[test]
fn a_panicking_handler_is_one_500_and_nobody_elses_trouble() {
    let house = house();
    // Somebody listens meanwhile.
    let id = house.id("one");
    let whole = house.get(&format!("/api/tracks/{id}/stream"));
    let mut listener = TcpStream::connect(house.address()).expect("a connection");
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", house.address()).into_bytes();
    listener.write_all(&ask(&format!("/api/tracks/{id}/stream"))).expect("it is sent");

    let errors = house.counter("request_errors");
    let mut same = BufReader::new(TcpStream::connect(house.address()).expect("a connection"));
    let mut on_same = |path: &str| {
        same.get_mut().write_all(&ask(path)).expect("it is sent");
        read(&mut same, false).expect("an answer")
    };
    let panicked = on_same("/api/version");
    assert_problem(&panicked, 500, "unexpected");
    for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
        assert_eq!(panicked.header(name), Some(value));
    }
    assert!(panicked.header("content-security-policy").is_some());
    assert!(!panicked.text().contains("on purpose"), "{}", panicked.text());
    // The same connection goes on, and so does everyone else's.
    assert_eq!(on_same("/api/health").status, 200);
    assert_eq!(get(house.address(), "/api/tracks").status, 200);
    let streamed = read(&mut BufReader::new(listener), false).expect("an answer");
    assert!(streamed.status == 200 && streamed.body == whole.body);

    let request_id = panicked.json()["request_id"].as_str().expect("an id").to_owned();
    let event = only_error("request_id", &request_id);
    assert_eq!(event["status"], 500);
    let said = event["error"].as_str().expect("an error");
    assert!(said.contains("panicked") && said.contains("the handler panics on purpose"), "{said}");
    assert_eq!(house.counter("request_errors") - errors, 1);
}

#[test]
fn an_unexpected_error_is_told_whole_to_the_log_and_clean_to_the_client() {
    let house = house();
    let id = house.id("one");
    // A row that is not what it should be, as a failing disk would leave it.
    let catalog = Catalog::open(house.data.path(), VERSION).expect("the catalog");
    let track = catalog.measurable(&id).expect("an answer").expect("the track");
    let nonsense = Measured {
        version: VERSION,
        n_frames: 1,
        sample_rate: 44_100,
        lufs: None,
        true_peak_dbtp: None,
        json: "{\"nonsense\":".to_owned(),
    };
    assert!(catalog.put_fingerprint(&track, &nonsense).expect("it is stored"));
    for what in ["waveform", "plan", "stream", "artwork?kind=aura"] {
        let failed = house.get(&format!("/api/tracks/{id}/{what}"));
        assert_problem(&failed, 500, "unexpected");
        assert!(!failed.text().contains("nonsense"), "{}", failed.text());
        let event = only_error("request_id", failed.json()["request_id"].as_str().expect("an id"));
        let said = event["error"].as_str().expect("an error");
        assert!(said.starts_with("something unexpected happened") && said.contains("nonsense"), "{said}");
    }
    assert_eq!(house.get(&format!("/api/tracks/{id}/file")).status, 200);
}

/// A file that shrinks while it is sent: what was promised cannot be kept, so
/// the answer is cut, and the log says of which request.
#[test]
fn an_answer_that_breaks_off_is_cut_and_logged_once() {
    // More than any socket buffers: four minutes, of which nothing lies on the disk.
    const N_BYTES: u32 = 40 << 20;
    let mut head = wav(1, 0.0)[..44].to_vec();
    head[4..8].copy_from_slice(&(N_BYTES + 36).to_le_bytes());
    head[40..44].copy_from_slice(&N_BYTES.to_le_bytes());
    let mut house = House::new(&[("long.wav", &head)]);
    let path = house.library.path().join("long.wav");
    let file = std::fs::File::options().write(true).open(&path).expect("the file");
    file.set_len(44 + u64::from(N_BYTES)).expect("a long file");
    let modified = path.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    house.open_inside(Seams::default());
    house.settled(1);
    let id = house.id("long");
    for (what, query) in [("file", ""), ("stream", "?format=wavf32")] {
        let asked = format!("/api/tracks/{id}/{what}");
        let mut stream = TcpStream::connect(house.address()).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let request = format!("GET {asked}{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut stream = BufReader::new(stream);
        stream.fill_buf().expect("it begins to answer");
        file.set_len(1 << 20).expect("it shrinks");
        let cut = read(&mut stream, false).expect_err("not all of it can come");
        assert_ne!(cut.kind(), std::io::ErrorKind::WouldBlock, "the server leaves it hanging");
        let errors = || -> Vec<_> {
            logged_in(&asked).into_iter().filter(|event| event["level"] == "ERROR").collect()
        };
        until("it is logged", || (!errors().is_empty()).then_some(()));
        assert_eq!(errors().len(), 1, "{:?}", errors());
        assert!(errors()[0]["span"]["id"].is_string(), "the request has its id");
        file.set_len(44 + u64::from(N_BYTES)).expect("it is whole again");
        file.set_modified(modified).expect("its time is set");
        // The scan that looked for it may have seen it short.
        house.scanned(1);
        let part = house.ask("GET", &format!("{asked}{query}"), &[("Range", "bytes=20000000-20000099")]);
        assert_eq!((part.status, part.body.len()), (206, 100), "others are served");
    }
}

/// The program's own log, as it comes out of standard error.
#[test]
fn a_file_that_does_not_open_is_one_error_on_standard_error() {
    let good = sound(Format::Flac16, 1, 1.0);
    let mut house = House::new(&[
        ("one.flac", &good),
        ("half.flac", &good[..good.len() / 2]),
        ("head.flac", &good[..20]),
        ("text.mp3", b"no music"),
    ]);
    let path = house.data.path().join("log");
    let mut command = house.command(&[]);
    command.env("AURALIS_LOG_FORMAT", "json").env_remove("AURALIS_LOG");
    command.stderr(std::fs::File::create(&path).expect("a file"));
    house.run(command);
    house.settled(4);
    let log = std::fs::read_to_string(&path).expect("a log");
    assert_eq!(events(&log).count(), log.lines().count(), "each line is an event: {log}");
    let errors: Vec<_> = events(&log).filter(|event| event["level"] == "ERROR").collect();
    let faults = house.get("/api/library/faults").json()["items"].as_array().expect("items").clone();
    assert_eq!((faults.len(), errors.len()), (2, 2), "{errors:?}");
    for fault in faults {
        let of = |event: &&Value| event["fields"]["track_id"] == fault["id"];
        let event = &errors.iter().find(of).expect("its error is logged")["fields"];
        assert_eq!(event["stage"], fault["stage"]);
        let (said, reason) = (event["error"].as_str(), fault["reason"].as_str());
        assert!(said.zip(reason).is_some_and(|(said, reason)| said.starts_with(reason)), "{event} {fault}");
    }
}
