//! Sockets, slow clients and too many of them: each is left with what it did,
//! and the others are served.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use auralis_core::encode::Format;
use auralis_tests::http::{raw, read};

use crate::house::{House, sound};
use crate::socket::Socket;

fn house() -> House {
    House::served(&[("song.flac", &sound(Format::Flac16, 1, 1.0))], &[])
}

#[test]
fn the_socket_tells_what_happens() {
    let house = house();
    let mut socket = Socket::open(house.address());
    assert_eq!(socket.event("scan")["state"], "idle");
    house.put("new.flac", &sound(Format::Flac16, 2, 1.0));
    house.put("bad.flac", b"not sound");
    assert_eq!(house.ask("POST", "/api/library/scan", &[]).status, 202);
    assert_eq!(socket.event("scan")["state"], "scanning");
    let failed = socket.event("failed");
    let faults = house.get("/api/library/faults").json();
    assert_eq!(
        (&failed["track_id"], &failed["reason"]),
        (&faults["items"][0]["id"], &faults["items"][0]["reason"])
    );
    socket.event("library");
    let mut second = Socket::open(house.address());
    assert!(second.event("scan")["state"].is_string());
    house.settled(3);
    assert_eq!(socket.event("measured")["track_id"], house.id("new").as_str());
}

#[test]
fn hostile_frames_end_their_own_socket_only() {
    let house = house();
    let mut good = Socket::open(house.address());
    let huge = vec![b'x'; 1 << 20];
    let hostile: [(&str, u8, &[u8]); 6] = [
        ("a huge text", 0x81, &huge),
        ("a huge binary", 0x82, &huge),
        ("text that is no UTF-8", 0x81, b"\xff\xfe"),
        ("an unknown opcode", 0x83, b"x"),
        ("a reserved bit", 0xf1, b"x"),
        ("a long ping", 0x89, &huge[..1_000]),
    ];
    for (what, first, payload) in hostile {
        let mut socket = Socket::open(house.address());
        socket.event("scan");
        // It may hang up while this is still being sent.
        let _ = socket.send(first, payload);
        socket.drained();
        assert_eq!(house.get("/api/health").status, 200, "after {what}");
    }
    // A header that promises more than there is memory, and never sends it.
    let mut socket = Socket::open(house.address());
    socket.0.get_mut().write_all(b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0").unwrap();
    socket.drained();
    good.send(0x89, b"ping").unwrap();
    assert_eq!(house.ask("POST", "/api/library/scan", &[]).status, 202);
    good.event("library");
    // A close is answered.
    good.send(0x88, &1000_u16.to_be_bytes()).unwrap();
    good.drained();
}

#[cfg(unix)]
#[test]
fn pages_hear_that_the_server_ends() {
    let mut house = house();
    let mut socket = Socket::open(house.address());
    socket.event("scan");
    let pid = house.server().pid().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let closed = std::iter::from_fn(|| socket.next()).find(|(opcode, _)| *opcode == 8);
    // "Going away": the page comes back by itself (RFC 6455, §7.4.1).
    assert!(closed.is_some_and(|(_, payload)| payload.starts_with(&1001_u16.to_be_bytes())));
    assert_eq!(house.server().wait().code(), Some(0));
}

#[test]
fn who_never_finishes_its_headers_is_left() {
    let house = house();
    for sent in ["", "GET / HTTP/1.1\r\nHost: loc", "POST /api/library/scan HTTP/1.1\r\nX-A: b\r\n"] {
        let mut stream = TcpStream::connect(house.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .unwrap_or_else(|error| panic!("{sent:?} is still waited for: {error}"));
    }
    assert_eq!(house.get("/api/health").status, 200);
}

#[test]
fn malformed_requests_are_refused() {
    let house = house();
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-A: b\r\n".repeat(1_000));
    for bytes in [
        "GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
        "GET /\u{0} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        &long,
        &many,
    ] {
        let shown: String = bytes.chars().take(60).collect();
        let answer = raw(house.address(), bytes.as_bytes(), false);
        assert!((400..500).contains(&answer.status), "{shown:?}: {}", answer.status);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{shown:?}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{shown:?}");
    }
    assert_eq!(house.get("/api/health").status, 200);
}

#[test]
fn connections_beyond_the_cap_wait_for_a_place() {
    const CAP: usize = 512;
    let mut house = House::new(&[]);
    house.open(&[]);
    let address = house.address();
    // Each has been served, so each has its place; their next headers may take
    // ten seconds.
    let held: Vec<TcpStream> = (0..CAP / 2)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .write_all(format!("GET /api/health HTTP/1.1\r\nHost: {}\r\n\r\n", address).as_bytes())
                .unwrap();
            let mut buffered = BufReader::new(stream);
            assert_eq!(read(&mut buffered, false).unwrap().status, 200);
            buffered.into_inner()
        })
        .collect();
    // A socket keeps its place as long as it is open.
    let sockets: Vec<Socket> = (CAP / 2..CAP).map(|_| Socket::open(address)).collect();
    let mut late = TcpStream::connect(address).unwrap();
    let asked = format!("GET /api/health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address);
    late.write_all(asked.as_bytes()).unwrap();
    late.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let early = late.read(&mut [0; 1]).map_err(|error| error.kind());
    assert!(matches!(early, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{early:?}");
    drop((held, sockets));
    late.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(read(&mut BufReader::new(late), false).unwrap().status, 200);
    assert_eq!(house.get("/api/ready").status, 200);
}
