//! Renders: how many there are at a time and for whom, and what becomes of one
//! that fails, is late, is cut off, or whose file is another meanwhile.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use auralis_core::encode::Format;
use auralis_core::error::{Error, Kind};
use auralis_server::serve::Seams;
use auralis_tests::http::{Response, get, read};
use auralis_tests::signals::{Random, noise};

use crate::house::{House, PATIENCE, RATE, assert_problem, encoded, leaks, sound, until};

/// A file that no socket's buffers hold: what is not read of its stream waits.
fn long(seconds: usize) -> Vec<u8> {
    let second = noise(7, RATE as usize, 0.1);
    let plane = second.repeat(seconds);
    encoded(Format::Flac16, &vec![plane.clone(), plane])
}

/// A request that was sent, of which nothing is read yet.
fn begun(address: SocketAddr, path: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
        .expect("it is sent");
    BufReader::new(stream)
}

/// The first bytes of its body.
fn first_bytes(stream: &mut BufReader<TcpStream>) -> [u8; 1024] {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    let mut bytes = [0; 1024];
    stream.read_exact(&mut bytes).expect("bytes");
    bytes
}

fn nothing_is_left(house: &House) {
    until("every place is free again", || {
        (house.level("renders_open") == 0 && house.level("renders_waiting") == 0).then_some(())
    });
}

/// A served library of one long track, and the path of its stream.
fn served(seams: Seams) -> (House, String) {
    let mut house = House::new(&[("long.flac", &long(70))]);
    house.open_inside(seams);
    house.settled(1);
    let path = format!("/api/tracks/{}", house.id("long"));
    (house, path)
}

/// Fails in some way at the frame 30 s into the track, and whenever a stream
/// begins after it; measuring does not come by here.
fn failing(how: impl Fn() -> Result<(), Error> + Send + Sync + 'static) -> Seams {
    let on_block = move |_: &str, frame: u64| if frame > 30 * u64::from(RATE) { how() } else { Ok(()) };
    Seams {
        on_block: Some(Arc::new(on_block)),
        deadline: Some(Duration::from_millis(900)),
        ..Seams::default()
    }
}

#[test]
fn a_render_that_fails_says_so_and_holds_nothing() {
    let damaged = || Err(Error::new(Kind::Damaged, "a block that is no sound"));
    let sleep = || {
        std::thread::sleep(Duration::from_millis(300));
        Ok(())
    };
    let hang = || {
        std::thread::sleep(Duration::from_secs(4));
        Ok(())
    };
    let cases: [(&str, Seams, u16, &str); 4] = [
        ("damaged", failing(damaged), 422, "unreadable-file"),
        ("a panic", failing(|| panic!("the render panics on purpose")), 500, "unexpected"),
        ("slow", failing(sleep), 503, "late"),
        ("a hanging disk", failing(hang), 503, "late"),
    ];
    for (what, seams, status, kind) in cases {
        let (house, path) = served(seams);
        // By chunk there is an answer; what comes before is whole.
        assert_eq!(house.get(&format!("{path}/chunks/1")).status, 200, "{what}");
        let failed = house.get(&format!("{path}/chunks/5"));
        assert_problem(&failed, status, kind);
        let text = failed.text();
        let folders = [house.library.path(), house.data.path()];
        assert!(!folders.iter().any(|folder| leaks(&text, folder)), "{text}");
        assert!(!text.contains("on purpose") && !text.contains("os error"), "{text}");
        // By stream the body breaks off, and is not as long as was said.
        let mut stream = begun(house.address(), &format!("{path}/stream"));
        let broken = read(&mut stream, false);
        assert!(broken.is_err(), "{what}: the stream ends before its end");
        nothing_is_left(&house);
        assert_eq!(house.get(&format!("{path}/chunks/0")).status, 200, "{what}: others are served");
    }
}

#[test]
fn a_file_that_is_another_meanwhile_ends_its_stream_and_is_looked_for() {
    let file = long(70);
    let mut other = long(70);
    let end = other.len() / 2;
    other[end..].fill(0x55);
    for (what, now) in [("changed", &other[..]), ("shorter", &file[..end])] {
        let (house, path) = served(Seams::default());
        let mut stream = begun(house.address(), &format!("{path}/stream?format=wavf32"));
        first_bytes(&mut stream);
        // In place, as careless programs do it: the file that is open is this one.
        let place = house.library.path().join("long.flac");
        let mut open = std::fs::OpenOptions::new().write(true).open(&place).expect("the file");
        open.set_len(now.len() as u64).expect("its length");
        open.write_all(now).expect("its bytes");
        drop(open);
        let mut rest = Vec::new();
        let outcome = stream.read_to_end(&mut rest);
        let n_bytes = 70 * RATE as usize * 8;
        assert!(outcome.is_err() || rest.len() < n_bytes - 2048, "{what}: it is not said to be whole");
        nothing_is_left(&house);
        // Measured anew, or found to be no sound any more.
        let n_looks = || house.counter("measured") + house.counter("measure_failures");
        until("the catalog learns of it", || (n_looks() > 1).then_some(()));
    }
}

#[test]
fn a_file_that_is_gone_is_missing_and_who_hears_it_hears_it_out() {
    let (house, path) = served(Seams::default());
    let whole = house.get(&format!("{path}/stream?enhanced=false"));
    let mut stream = begun(house.address(), &format!("{path}/stream?enhanced=false"));
    std::fs::remove_file(house.library.path().join("long.flac")).expect("it is removed");
    let heard = read(&mut stream, false).expect("an answer");
    // Whether it was opened before it went is the machine's to say.
    assert!(heard.status == 404 || heard.body == whole.body);
    assert_problem(&house.get(&format!("{path}/chunks/3?enhanced=false&format=wav24")), 404, "file-missing");
    until("it is missing", || (house.get("/api/library/missing").json()["total"] == 1).then_some(()));
}

#[test]
fn who_finds_no_room_waits_a_while_and_is_told_when_to_come_again() {
    let (house, path) = served(Seams { n_places: Some(2), ..Seams::default() });
    let stream = format!("{path}/stream?format=wavf32");
    let mut held = [begun(house.address(), &stream), begun(house.address(), &stream)];
    for stream in &mut held {
        first_bytes(stream);
    }
    assert_eq!(house.level("renders_open"), 2);
    let start = Instant::now();
    let refused = house.get(&stream);
    assert_problem(&refused, 503, "busy");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert!(start.elapsed() >= Duration::from_secs(5));
    // What needs no render is answered all the time.
    let chunk = format!("{path}/chunks/0");
    assert_eq!(house.ask("HEAD", &stream, &[]).status, 200);
    let waiting = std::thread::spawn({
        let address = house.address();
        move || get(address, &chunk)
    });
    until("it waits", || (house.level("renders_waiting") == 1).then_some(()));
    drop(held);
    assert_eq!(waiting.join().expect("it is answered").status, 200);
    nothing_is_left(&house);
}

#[test]
fn ten_thousand_cuts_cost_no_place() {
    const N_CUTS: usize = 10_000;
    let mut house = House::new(&[("long.flac", &long(40))]);
    house.open(&["--no-limits"]);
    house.settled(1);
    let (address, id) = (house.address(), house.id("long"));
    let path = format!("/api/tracks/{id}/stream?format=wavf32");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let mut random = Random(n + 1);
                for _ in 0..N_CUTS / 8 {
                    let first = random.below(12_000_000);
                    let mut stream = TcpStream::connect(address).expect("a connection");
                    let range = format!("Range: bytes={first}-");
                    let ask = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{range}\r\n\r\n");
                    // Cut in the request, while it waits, in the head or in the body.
                    let n_sent = if random.below(8) == 0 { random.below(ask.len()) } else { ask.len() };
                    let _ = stream.write_all(&ask.as_bytes()[..n_sent]);
                    if n_sent == ask.len() && random.below(3) == 0 {
                        let mut some = vec![0; random.below(100_000)];
                        let _ = stream.read(&mut some);
                    }
                }
            });
        }
    });
    nothing_is_left(&house);
    // And then as many at once as may be.
    let n_places = 128 * std::thread::available_parallelism().map_or(1, usize::from).min(3);
    let mut all: Vec<_> = (0..n_places).map(|_| begun(address, &path)).collect();
    let firsts: Vec<_> = all.iter_mut().map(first_bytes).collect();
    assert!(firsts.iter().all(|first| *first == firsts[0]), "each hears the same");
    assert_eq!(house.level("renders_open"), n_places as u64);
    drop(all);
    nothing_is_left(&house);
}

#[test]
fn neighbours_that_seek_and_cut_get_the_same_bytes() {
    let file = sound(Format::Flac16, 11, 64.0);
    let house = House::served(&[("one.flac", &file)], &["--no-limits"]);
    let (address, id) = (house.address(), house.id("one"));
    let plan = house.get(&format!("/api/tracks/{id}/plan")).json()["id"].as_str().expect("a plan").to_owned();
    let path = |k: u64| format!("/api/tracks/{id}/chunks/{k}?plan={plan}&format=flac16");
    let whole: Vec<Response> = (0..7).map(|k| house.get(&path(k))).collect();
    // What is kept is answered without a question to the catalog.
    let n_statements = house.counter("statements");
    assert!(house.get(&path(2)).body == whole[2].body);
    assert_eq!(house.counter("statements"), n_statements);
    // One of another format, so that nothing of it is kept.
    let other = |k: u64| path(k).replace("flac16", "wav24");
    let n_renders = house.counter("renders");
    std::thread::scope(|scope| {
        let asked = || get(address, &other(3));
        let all: Vec<_> = (0..32).map(|_| scope.spawn(asked)).collect();
        let mut bodies = all.into_iter().map(|one| one.join().expect("it is answered").body);
        let first = bodies.next().expect("there are 32");
        assert!(bodies.all(|body| body == first), "all get the same");
    });
    assert_eq!(house.counter("renders") - n_renders, 1, "it is rendered once for all of them");
    std::thread::scope(|scope| {
        for n in 0..32 {
            let (path, whole) = (&path, &whole);
            scope.spawn(move || {
                let mut random = Random(n + 1);
                let mut k = random.below(7) as u64;
                for _ in 0..20 {
                    if random.below(3) == 0 {
                        // Asked for in a format of its own, and given up.
                        drop(begun(address, &path(k).replace("flac16", "flac24")));
                    }
                    let got = get(address, &path(k));
                    let wanted = &whole[k as usize];
                    assert!(got.status == 200 && got.body == wanted.body, "chunk {k}: {}", got.status);
                    assert_eq!(got.header("etag"), wanted.header("etag"));
                    k = if random.below(4) == 0 { random.below(7) as u64 } else { (k + 1) % 7 };
                }
            });
        }
    });
    nothing_is_left(&house);
    // Of another file it is not answered, though it is kept.
    house.put("one.flac", &sound(Format::Flac16, 12, 64.0));
    assert_problem(&house.get(&path(2)), 404, "file-missing");
    house.scanned(1);
    assert!(house.get(&path(2)).body != whole[2].body);
}

#[test]
fn of_a_thousand_at_once_no_one_too_many_passes() {
    let house = House::served(&[("one.flac", &sound(Format::Flac16, 3, 1.0))], &[]);
    let (address, path) = (house.address(), "/api/library/scan");
    let start = Instant::now();
    let answers: Vec<Response> = std::thread::scope(|scope| {
        let ask = || {
            let kind = [("Content-Type", "application/json")];
            let once = |_| auralis_tests::http::request(address, "POST", path, &kind, b"");
            (0..63).map(once).collect::<Vec<_>>()
        };
        let all: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        all.into_iter().flat_map(|one| one.join().expect("it is answered")).collect()
    });
    let allowed = 10 + start.elapsed().as_secs() as usize + 1;
    let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 202);
    assert!((10..=allowed).contains(&passed.len()), "{} of {allowed}", passed.len());
    for answer in refused {
        assert_problem(answer, 429, "too-many-requests");
        assert!(answer.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok_and(|s| s >= 1)));
    }
    assert_eq!(house.get("/api/tracks").status, 200, "what is not dear is answered");
}
