//! HTTPS beside HTTP on one port: the same answers over both, and nobody harmed
//! by who does not finish what it begins.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use auralis_core::encode::Format;
use auralis_server::{gate, tls};
use auralis_tests::http;
use rustls::version::{TLS12, TLS13};
use sha2::{Digest, Sha256};

use crate::house::{House, PATIENCE, sound, until};
use crate::openapi::contract;
use crate::secure::{Client, ask, asked, wide};
use crate::socket::Socket;

/// The connections that a server holds at a time.
const CAP: usize = 512;
/// A client that has not begun by then is dropped.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

fn house(seconds: f64) -> House {
    let mut house = House::new(&[("song.flac", &sound(Format::Flac16, 1, seconds))]);
    let mut command = wide(&house, &["--host", "nas.example"]);
    command.env("AURALIS_LOG", "warn");
    house.run(command);
    house.settled(1);
    house
}

#[test]
fn the_servers_own_certificate_holds_for_each_of_its_names() {
    let house = house(1.0);
    let (client, address) = (Client::of(&house), house.address());
    let own = gate::names(&["nas.example".to_owned()]).into_iter();
    let addresses = tls::addresses().into_iter().map(|own| own.to_string());
    for name in own.chain(addresses).chain(["127.0.0.1".to_owned(), "::1".to_owned()]) {
        client.connect(address, &name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let error = client.connect(address, "other.example").unwrap_err().to_string();
    assert!(error.contains("other.example"), "{error}");
    // Who does not know it does not trust it; the server goes on.
    let stranger = Client::trusting(b"");
    let error = stranger.connect(address, "localhost").unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert_eq!(client.get(address, "/api/health").status, 200);
}

#[test]
fn old_and_new_clients_speak_http_1_1_in_it() {
    let house = house(1.0);
    for version in [&TLS12, &TLS13] {
        let mut client = Client::of(&house).only(version);
        client.config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let stream = client.connect(house.address(), "localhost").unwrap();
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(stream.conn.protocol_version(), Some(version.version));
        assert_eq!(client.get(house.address(), "/api/health").status, 200);
        client.config.alpn_protocols = vec![b"h2".to_vec()];
        let error = client.connect(house.address(), "localhost").unwrap_err().to_string();
        assert!(error.contains("NoApplicationProtocol"), "{error}");
    }
}

#[test]
fn it_says_where_and_by_which_fingerprint() {
    let house = House::new(&[]);
    let mut child = wide(&house, &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<String> = lines.by_ref().take(3).collect();
    let port = said[0].trim_end_matches('/').rsplit(':').next().unwrap();
    assert_eq!(said[0], format!("Auralis is ready: http://0.0.0.0:{port}/"));
    let local = gate::names(&[]).into_iter().find(|name| name.ends_with(".local")).unwrap();
    assert!(said[1].contains(&format!("https://{local}:{port}/")), "{said:?}");
    let address: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    let stream = Client::of(&house).connect(address, "localhost").unwrap();
    let certificate = &stream.conn.peer_certificates().unwrap()[0];
    let bytes: Vec<_> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(said[2].ends_with(&format!(": {}", bytes.join(":"))), "{said:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn on_this_machine_alone_nothing_is_secured_or_made() {
    let house = House::served(&[], &[]);
    assert!(!house.data.path().join("tls.pem").exists());
    assert_eq!(house.get("/api/version").json()["https"], serde_json::Value::Null);
    // A client that begins with TLS is told in HTTP that this is none.
    let error = Client::trusting(b"").connect(house.address(), "localhost").unwrap_err().to_string();
    assert!(error.contains("InvalidContentType"), "{error}");
    assert_eq!(house.get("/api/health").status, 200);
}

#[test]
fn both_give_the_same_bytes() {
    let house = house(30.0);
    let (client, address) = (Client::of(&house), house.address());
    let song = house.id("song");
    for path in [
        "/".to_owned(),
        "/api/tracks".to_owned(),
        format!("/api/tracks/{song}/file"),
        format!("/api/tracks/{song}/stream?format=wav24"),
        format!("/api/tracks/{song}/nothing"),
    ] {
        let (plain, secured) = (http::get(address, &path), client.get(address, &path));
        contract::hold("GET", &path, None, &secured);
        assert_eq!(secured.status, plain.status, "{path}");
        // Of problems each has an id of its own.
        assert!(secured.body == plain.body || plain.status == 404, "{path}");
        let names = |answer: &http::Response| -> Vec<String> {
            answer.headers.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&secured), names(&plain), "{path}");
    }
}

#[test]
fn a_connection_serves_many_requests_and_parts() {
    let house = house(10.0);
    let path = format!("/api/tracks/{}/stream?format=wav16", house.id("song"));
    let whole = house.get(&path).body;
    let mut stream = BufReader::new(Client::of(&house).connect(house.address(), "localhost").unwrap());
    for start in (0..whole.len()).step_by(whole.len() / 7) {
        let end = (start + 99_999).min(whole.len() - 1);
        let range = format!("Range: bytes={start}-{end}\r\n");
        let part = ask(&mut stream, &asked(house.address(), &path, &range));
        assert_eq!(part.status, 206);
        assert!(part.body == whole[start..=end], "from {start}");
    }
}

#[test]
fn it_tells_where_https_is_had() {
    let house = house(1.0);
    let (client, address) = (Client::of(&house), house.address());
    let port = address.port();
    for answer in [http::get(address, "/api/version"), client.get(address, "/api/version")] {
        let told = answer.json()["https"].as_str().unwrap().to_owned();
        assert!(told.starts_with("https://") && told.ends_with(&format!(":{port}/")), "{told}");
    }
    let named = |host: &str| house.ask("GET", "/api/version", &[("Host", host)]).json()["https"].clone();
    assert_eq!(named(&format!("nas.example:{port}")), format!("https://nas.example:{port}/"));
    assert_eq!(named(&format!("[::1]:{port}")), format!("https://[::1]:{port}/"));
    // Through a proxy: what that speaks is not known.
    for host in ["nas.example", "nas.example:1"] {
        assert_eq!(named(host), serde_json::Value::Null, "{host}");
    }
}

#[test]
fn the_socket_is_secured_too_and_for_own_pages_only() {
    let house = house(1.0);
    let (client, address) = (Client::of(&house), house.address());
    let stream = client.connect(address, "localhost").unwrap();
    let mut socket = Socket::over(stream, &format!("localhost:{}", address.port()));
    assert_eq!(socket.event("scan")["state"], "idle");
    assert_eq!(house.ask("POST", "/api/library/scan", &[]).status, 202);
    socket.event("library");
    let port = address.port();
    for (origin, status) in [
        (format!("https://localhost:{port}"), 101),
        (format!("https://localhost:{}", port ^ 1), 403),
        ("https://evil.example".to_owned(), 403),
        ("null".to_owned(), 403),
    ] {
        let mut stream = BufReader::new(client.connect(address, "localhost").unwrap());
        let lines = format!(
            "Origin: {origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        assert_eq!(ask(&mut stream, &asked(address, "/ws", &lines)).status, status, "{origin}");
    }
}

#[cfg(unix)]
#[test]
fn what_was_begun_is_finished_when_the_server_ends() {
    let mut house = house(40.0);
    let (client, address) = (Client::of(&house), house.address());
    let path = format!("/api/tracks/{}/stream?format=wavf32", house.id("song"));
    let mut stream = client.connect(address, "localhost").unwrap();
    stream.write_all(asked(address, &path, "").as_bytes()).unwrap();
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    let mut socket =
        Socket::over(client.connect(address, "localhost").unwrap(), &format!("localhost:{}", address.port()));
    socket.event("scan");
    let idle = client.connect(address, "localhost").unwrap();
    let mut half = TcpStream::connect(address).unwrap();
    half.write_all(&[0x16, 3, 1]).unwrap();
    let pid = house.server().pid().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    until("the door closes", || TcpStream::connect(address).err());
    let mut stream = BufReader::new(stream);
    let answer = http::read(&mut Read::chain(&first[..], &mut stream), false).unwrap();
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    let closed = std::iter::from_fn(|| socket.next()).find(|(opcode, _)| *opcode == 8);
    assert!(closed.is_some_and(|(_, payload)| payload.starts_with(&1001_u16.to_be_bytes())));
    assert_eq!(house.server().wait().code(), Some(0));
    drop((idle, half));
}

#[test]
fn half_handshakes_stop_nobody_and_are_dropped() {
    let house = house(1.0);
    let (client, address) = (Client::of(&house), house.address());
    let half = |n: usize| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // Nothing at all, a first byte, a header of a record that never comes.
        stream.write_all(&[0x16, 3, 1, 2, 0][..[0, 1, 5][n % 3]]).unwrap();
        stream
    };
    let begin = Instant::now();
    let mut held: Vec<TcpStream> = (0..200).map(half).collect();
    assert_eq!(client.get(address, "/api/health").status, 200);
    assert_eq!(house.get("/api/health").status, 200);
    assert!(begin.elapsed() < HEADER_TIMEOUT / 2, "others waited {:?}", begin.elapsed());
    // Each has its place among all; when those are taken, others wait …
    held.extend((held.len()..CAP).map(half));
    let mut late = TcpStream::connect(address).unwrap();
    late.write_all(asked(address, "/api/health", "Connection: close\r\n").as_bytes()).unwrap();
    late.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let early = late.read(&mut [0]).map_err(|error| error.kind());
    assert!(matches!(early, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{early:?}");
    // … until the first were given up.
    late.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(http::read(&mut BufReader::new(late), false).unwrap().status, 200);
    for mut stream in held {
        // Bytes that nobody read make it a reset.
        if let Err(error) = stream.read_to_end(&mut Vec::new()) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
        }
    }
    assert!(begin.elapsed() < 3 * HEADER_TIMEOUT, "given up after {:?}", begin.elapsed());
    assert_eq!(client.get(address, "/api/health").status, 200);
}

#[test]
fn garbage_ends_its_own_connection_only() {
    let house = house(1.0);
    let (client, address) = (Client::of(&house), house.address());
    let mut kept = BufReader::new(client.connect(address, "localhost").unwrap());
    let noise: Vec<u8> = (0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for bytes in
        [&b"\x16"[..], b"\x16\x03\x01\r\n\r\n", b"\x16\x03\x03\xff\xffxxxx", b"\x15\x03\x01\0\x02\x02\x28"]
    {
        for tail in [&b""[..], &noise] {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // It may hang up while this is still being sent.
            let _ = stream.write_all(bytes).and_then(|()| stream.write_all(tail));
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answer = Vec::new();
            let ended = stream.read_to_end(&mut answer).map_err(|error| error.kind());
            assert!(matches!(ended, Ok(_) | Err(ErrorKind::ConnectionReset)), "{ended:?}");
            // An alert, or what HTTP says to what is none.
            assert!(
                answer.is_empty() || answer[0] == 0x15 || answer.starts_with(b"HTTP/1.1 400"),
                "{bytes:?}: {answer:?}"
            );
        }
    }
    // HTTP that is none, inside: refused as without TLS, in full dress.
    let mut inside = BufReader::new(client.connect(address, "localhost").unwrap());
    let refused = ask(&mut inside, "GET / HTTP/1.1\r\nno colon here\r\n\r\n");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(ask(&mut kept, &asked(address, "/api/health", "")).status, 200);
}
