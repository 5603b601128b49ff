//! Every answer bears the headers that keep browsers honest, and only those
//! who may ask are answered.

use auralis_core::encode::Format;
use auralis_tests::http::{Response, raw, request};

use crate::house::{House, assert_problem, sound};

/// What every answer bears, whatever it is.
const ALWAYS: [(&str, &str); 6] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
];

#[track_caller]
fn assert_dressed(response: &Response) {
    for (name, value) in ALWAYS {
        let values: Vec<_> = response.headers.iter().filter(|(key, _)| key == name).collect();
        assert!(matches!(values[..], [(_, only)] if only == value), "{name} of {response:?}");
    }
    let policy = response.header("content-security-policy").unwrap_or_default();
    for directive in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(directive), "{policy:?} of {response:?}");
    }
    // A script from elsewhere, or one in a string, never runs.
    assert!(!policy.contains('*') && !policy.contains("'unsafe-eval'"), "{policy}");
}

/// A house with one track called `one`.
fn house(args: &[&str]) -> House {
    House::served(&[("one.wav", &sound(Format::Wav16, 1, 1.0))], args)
}

#[test]
fn every_answer_is_dressed() {
    let house = house(&[]);
    let id = house.id("one");
    let of = |rest: &str| format!("/api/tracks/{id}/{rest}");
    let etag = house.get(&of("file")).header("etag").expect("a tag").to_owned();
    for (method, path, headers, status) in [
        ("GET", "/", &[][..], 200),
        ("HEAD", "/", &[], 200),
        ("GET", "/api/health", &[], 200),
        ("GET", "/api/ready", &[], 200),
        ("GET", "/api/version", &[], 200),
        ("GET", "/metrics", &[], 200),
        ("GET", "/api/tracks", &[], 200),
        ("GET", "/api/albums", &[], 200),
        ("GET", "/api/library/faults", &[], 200),
        ("POST", "/api/library/scan", &[], 202),
        ("GET", &of("file"), &[], 200),
        ("GET", &of("file"), &[("Range", "bytes=0-9")], 206),
        ("GET", &of("file"), &[("If-None-Match", &etag)], 304),
        ("GET", &of("file"), &[("If-Match", "\"other\"")], 412),
        ("GET", &of("file"), &[("Range", "bytes=99999999-")], 416),
        ("GET", &of("plan"), &[], 200),
        ("GET", &of("fingerprint"), &[], 200),
        ("GET", &of("waveform"), &[], 200),
        ("GET", &of("artwork"), &[], 200),
        ("GET", &of("stream"), &[], 200),
        ("GET", &of("chunks/0"), &[], 200),
        ("GET", &of("chunks/7"), &[], 404),
        ("GET", &of("plan?intensity=7"), &[], 422),
        ("GET", &of("plan?colour=red"), &[], 400),
        ("DELETE", &of("file"), &[], 405),
        ("PUT", "/", &[], 405),
        ("POST", "/api/library/faults", &[], 405),
        ("GET", "/api/library/faults/retry", &[], 405),
        ("GET", "/api/nothing", &[], 404),
        ("GET", "/nothing.js", &[], 404),
        ("OPTIONS", "/api/tracks", &[], 405),
        ("GET", "/ws", &[], 426),
        ("GET", "/api/tracks", &[("Host", "evil.example")], 421),
        ("GET", "/api/tracks", &[("Host", "")], 400),
        ("POST", "/api/library/scan", &[("Origin", "http://evil.example")], 403),
        ("POST", "/api/library/scan", &[("Content-Length", "9999999")], 413),
    ] {
        let response = house.ask(method, path, headers);
        assert_eq!(response.status, status, "{method} {path} {headers:?}: {response:?}");
        assert_dressed(&response);
        if status >= 400 && method != "HEAD" {
            let kind = response.json()["type"].as_str().unwrap_or_default().replace("/problems/", "");
            assert_problem(&response, status, &kind);
        }
        if status == 405 {
            assert!(response.header("allow").is_some_and(|allow| !allow.contains(method)), "{response:?}");
        }
    }
    let body =
        request(house.address(), "POST", "/api/library/scan", &[("Content-Type", "text/plain")], b"hi");
    assert_problem(&body, 415, "unsupported-media-type");
    assert_dressed(&body);
}

#[test]
fn a_picture_that_is_opened_by_itself_runs_nothing() {
    let house = house(&[]);
    let picture = house.get(&format!("/api/tracks/{}/artwork", house.id("one")));
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    let policy = picture.header("content-security-policy").expect("a policy");
    assert!(policy.contains("sandbox") && !policy.contains("script-src"), "{policy}");
}

#[test]
fn only_own_names_are_answered() {
    let house = house(&["--host", "nas.example"]);
    let port = house.address().port();
    for host in ["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "[::1]", "nas.example", "NAS.example"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            assert_eq!(house.ask("GET", "/api/tracks", &[("Host", &host)]).status, 200, "{host}");
        }
    }
    for host in ["evil.example", "nas.example.evil.example", "localhost.evil.example", "203.0.113.9"] {
        for path in ["/", "/api/tracks", "/metrics", "/ws"] {
            let refused = house.ask("GET", path, &[("Host", host)]);
            assert_problem(&refused, 421, "unknown-host");
            assert!(refused.json()["detail"].as_str().is_some_and(|detail| detail.contains("--host")));
        }
    }
    for bytes in [
        "GET /api/tracks HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        "GET /api/tracks HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET http://evil.example/api/tracks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let refused = raw(house.address(), bytes.as_bytes(), false);
        assert!([400, 421].contains(&refused.status), "{bytes:?}: {refused:?}");
        assert_dressed(&refused);
    }
}

/// The head of a request that opens the socket.
fn upgrade(host: &str, origin: Option<&str>) -> String {
    let origin = origin.map_or(String::new(), |origin| format!("Origin: {origin}\r\n"));
    format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

#[test]
fn foreign_pages_open_no_socket_and_start_nothing() {
    let house = house(&["--cors-origin", "https://music.example"]);
    let host = house.address().to_string();
    let own = format!("http://{host}");
    let secure = format!("https://{host}");
    for origin in [None, Some(&*own), Some(&*secure), Some("https://music.example")] {
        let opened = raw(house.address(), upgrade(&host, origin).as_bytes(), false);
        assert_eq!(opened.status, 101, "{origin:?}: {opened:?}");
        assert_eq!(opened.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_dressed(&opened);
        let headers = origin.map(|origin| ("Origin", origin));
        assert_eq!(house.ask("POST", "/api/library/scan", headers.as_slice()).status, 202, "{origin:?}");
    }
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:1",
        "http://music.example",
        "https://music.example:444",
        "https://music.example.evil.example",
        "https://MUSIC.example.",
        "file://",
    ] {
        let refused = raw(house.address(), upgrade(&host, Some(origin)).as_bytes(), false);
        assert_problem(&refused, 403, "foreign-origin");
        for path in ["/api/library/scan", "/api/library/faults/retry"] {
            assert_problem(&house.ask("POST", path, &[("Origin", origin)]), 403, "foreign-origin");
        }
    }
}

const PREFLIGHT: [(&str, &str); 2] =
    [("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "range")];

#[track_caller]
fn assert_no_cors(response: &Response) {
    let found: Vec<_> =
        response.headers.iter().filter(|(name, _)| name.starts_with("access-control-")).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn other_origins_read_nothing_unless_they_are_listed() {
    let house = house(&[]);
    for origin in ["https://music.example", "null", "*"] {
        let response = house.ask("GET", "/api/tracks", &[("Origin", origin)]);
        assert_eq!(response.status, 200);
        assert_no_cors(&response);
        let [method, fields] = PREFLIGHT;
        let refused = house.ask("OPTIONS", "/api/tracks", &[("Origin", origin), method, fields]);
        assert_problem(&refused, 403, "foreign-origin");
        assert_no_cors(&refused);
    }
}

#[test]
fn listed_origins_are_answered_by_name_and_nobody_else_is() {
    let listed = "https://music.example";
    let house = house(&["--cors-origin", listed, "--cors-origin", "http://other.example:81"]);
    let varies = |response: &Response| {
        response.headers.iter().any(|(name, value)| name == "vary" && value.eq_ignore_ascii_case("origin"))
    };
    for path in ["/api/tracks", "/api/nothing", "/"] {
        let response = house.ask("GET", path, &[("Origin", listed)]);
        assert_eq!(response.header("access-control-allow-origin"), Some(listed), "{path}");
        assert!(response.header("access-control-allow-credentials").is_none());
        assert!(varies(&response));
        for origin in
            [None, Some("https://evil.example"), Some("https://music.example.evil.example"), Some("null")]
        {
            let headers = origin.map(|origin| ("Origin", origin));
            let response = house.ask("GET", path, headers.as_slice());
            assert_no_cors(&response);
            // A cache must not hand one origin's answer to another.
            assert!(varies(&response), "{origin:?} {response:?}");
        }
    }
    let [method, fields] = PREFLIGHT;
    let allowed = house.ask("OPTIONS", "/api/tracks", &[("Origin", listed), method, fields]);
    assert_eq!(allowed.status, 204, "{allowed:?}");
    assert_eq!(allowed.header("access-control-allow-origin"), Some(listed));
    for (name, word) in [("access-control-allow-methods", "GET"), ("access-control-allow-headers", "range")] {
        assert!(allowed.header(name).is_some_and(|value| value.contains(word)), "{allowed:?}");
    }
    assert!(varies(&allowed));
    assert_dressed(&allowed);
    let foreign = house.ask("OPTIONS", "/api/tracks", &[("Origin", "https://evil.example"), method, fields]);
    assert_problem(&foreign, 403, "foreign-origin");
    assert_no_cors(&foreign);
}
