//! What every request passes on its way in and every answer on its way out:
//! who may ask (Host, Origin), what a browser may do with the answer (headers),
//! and what happens when a handler fails or panics.

use std::collections::BTreeSet;
use std::net::IpAddr;

use warp::http::request::Parts;
use warp::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use warp::reply::Response;

use crate::error::Error;

/// The largest request body, in bytes: no request needs one yet.
pub const MAX_BODY: u64 = 2 << 20;
/// What a body may be: JSON, or a playlist. Nothing that a form can send.
pub const JSON: &str = "application/json";
/// Names of playlists in M3U8, the registered one first.
pub const PLAYLISTS: [&str; 3] = ["application/vnd.apple.mpegurl", "audio/mpegurl", "audio/x-mpegurl"];
/// Methods and headers a listed origin may use.
const CORS_METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const CORS_HEADERS: &str = "content-type, range, if-range, if-none-match, if-match";
const CORS_EXPOSED: &str = "accept-ranges, content-length, content-range, etag, retry-after";

/// Who may ask.
#[derive(Debug)]
pub struct Gate {
    names: BTreeSet<String>,
    origins: Vec<String>,
}

impl Gate {
    /// A gate for this machine's names, `hosts`, and pages of `origins`.
    pub fn new(hosts: &[String], origins: &[String]) -> Self {
        Gate { names: names(hosts), origins: origins.to_vec() }
    }

    /// Lets a request in that reached this machine at `local`; the answer to a
    /// preflight is given at the gate.
    pub fn admit(&self, request: &Parts, local: IpAddr) -> Result<Option<Response>, Error> {
        let host = self.host(request, local)?;
        let origin = request.headers.get(header::ORIGIN);
        let listed = origin.is_some_and(|origin| self.listed(origin).is_some());
        let foreign = origin.is_some_and(|origin| !is_same(origin, &host)) && !listed;
        let preflight = request.method == Method::OPTIONS
            && request.headers.contains_key("access-control-request-method");
        let socket = request.headers.contains_key(header::UPGRADE) || request.uri.path() == "/ws";
        let safe = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
        if foreign && (preflight || socket || !safe) {
            return Err(Error::new(
                StatusCode::FORBIDDEN,
                "foreign-origin",
                "pages of this origin may not ask; start the server with --cors-origin to let them",
            ));
        }
        check_body(&request.headers)?;
        if preflight && listed {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(CORS_METHODS));
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(CORS_HEADERS));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
            return Ok(Some(response));
        }
        Ok(None)
    }

    /// The authority asked for, if it is ours: a page of another name that
    /// resolves to this machine (DNS rebinding) is not served.
    fn host(&self, request: &Parts, local: IpAddr) -> Result<String, Error> {
        let mut fields = request.headers.get_all(header::HOST).iter();
        let authority = match (request.uri.authority(), fields.next(), fields.next()) {
            (Some(authority), _, None) => Some(authority.as_str().to_owned()),
            (None, Some(field), None) => field.to_str().ok().map(str::to_owned),
            _ => None,
        };
        let authority = authority.filter(|authority| !authority.contains('@'));
        let host = authority.as_deref().and_then(|authority| {
            let uri: Uri = format!("http://{authority}/").parse().ok()?;
            Some(uri.host()?.to_lowercase())
        });
        let (Some(authority), Some(host)) = (authority, host) else {
            return Err(Error::bad_request("the request must name one host"));
        };
        if self.is_ours(&host, local) {
            Ok(authority)
        } else {
            Err(Error::new(
                StatusCode::MISDIRECTED_REQUEST,
                "unknown-host",
                "this server does not answer to that name; start it with --host NAME to let it",
            ))
        }
    }

    fn is_ours(&self, host: &str, local: IpAddr) -> bool {
        let host = plain_host(host);
        let Ok(address) = host.parse::<IpAddr>() else {
            return self.names.contains(host.strip_suffix('.').unwrap_or(host));
        };
        // What the peer reached is an address of ours; asking the system for
        // the others is the rare case.
        let address = address.to_canonical();
        address.is_loopback()
            || address == local.to_canonical()
            || self.names.contains(host)
            || if_addrs::get_if_addrs()
                .is_ok_and(|interfaces| interfaces.iter().any(|own| own.ip().to_canonical() == address))
    }

    /// The entry of the list that is exactly this origin.
    fn listed(&self, origin: &HeaderValue) -> Option<&str> {
        self.origins.iter().find(|listed| listed.as_bytes() == origin.as_bytes()).map(String::as_str)
    }

    /// Puts on an answer what every answer bears.
    pub fn dress(&self, response: &mut Response, request: &HeaderMap) {
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        // An answer may bear a stricter policy of its own.
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        }
        if self.origins.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(listed) = request.get(header::ORIGIN).and_then(|origin| self.listed(origin)) else { return };
        if let Ok(listed) = HeaderValue::from_str(listed) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, listed);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(CORS_EXPOSED));
        }
    }
}

/// This machine's names, and `hosts`.
pub fn names(hosts: &[String]) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["localhost".to_owned()]);
    let own = gethostname::gethostname().to_string_lossy().to_lowercase();
    if !own.is_empty() {
        names.insert(format!("{own}.local"));
        names.insert(own);
    }
    names.extend(hosts.iter().map(|host| plain_host(host).to_lowercase()));
    names
}

/// The page runs its own scripts, wasm and workers, and talks to its own
/// server; nothing else. `connect-src 'self'` includes the socket.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
    connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; font-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The policy of a picture: were it opened by itself, nothing in it runs.
pub const PICTURE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

const ALWAYS: [(&str, &str); 7] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

/// The headers of every answer, as names and values.
pub fn always() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALWAYS.into_iter().chain([("content-security-policy", POLICY)])
}

/// A host without the brackets of an IPv6 address.
fn plain_host(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whether a page of `origin` came from the authority that is asked. The
/// scheme may be https where a proxy stands before us.
fn is_same(origin: &HeaderValue, host: &str) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// What a body is said to be, without parameters.
pub fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

/// A body is small, and of a kind that is known, or there is none.
fn check_body(headers: &HeaderMap) -> Result<(), Error> {
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Err(Error::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            format!("a request body may have {MAX_BODY} bytes at most"),
        ));
    }
    let has_body = length.is_some_and(|length| length > 0) || headers.contains_key(header::TRANSFER_ENCODING);
    let is_known =
        |kind: &str| PLAYLISTS.into_iter().chain([JSON]).any(|known| known.eq_ignore_ascii_case(kind));
    if has_body && !is_known(media_type(headers)) {
        return Err(Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "a request body must be application/json, or a playlist as application/vnd.apple.mpegurl",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, fields: &[(&str, &str)]) -> Parts {
        let mut builder = warp::http::Request::builder().method(method).uri("/api/tracks");
        for (name, value) in fields {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[track_caller]
    fn check(method: &str, fields: &[(&str, &str)], expected: Result<(), u16>) {
        let gate = Gate::new(&["nas.example".to_owned()], &["https://music.example".to_owned()]);
        let local = "192.168.7.7".parse().unwrap();
        let outcome = gate.admit(&request(method, fields), local).map(|_| ()).map_err(|e| e.status.as_u16());
        assert_eq!(outcome, expected, "{method} {fields:?}");
    }

    #[test]
    fn only_own_names_are_answered() {
        for host in [
            "localhost",
            "LOCALHOST:8765",
            "localhost.",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:8765",
            "192.168.7.7:8765",
            "nas.example",
        ] {
            check("GET", &[("host", host)], Ok(()));
        }
        for host in ["evil.example", "localhost.evil.example", "203.0.113.9", "127.0.0.1.evil.example"] {
            check("GET", &[("host", host)], Err(421));
        }
        for host in ["", "a b", "user@localhost"] {
            check("GET", &[("host", host)], Err(400));
        }
        check("GET", &[], Err(400));
        check("GET", &[("host", "localhost"), ("host", "evil.example")], Err(400));
    }

    #[test]
    fn foreign_pages_may_not_change_anything() {
        let host = ("host", "localhost:8765");
        check("POST", &[host], Ok(()));
        check("POST", &[host, ("origin", "http://localhost:8765")], Ok(()));
        check("POST", &[host, ("origin", "https://music.example")], Ok(()));
        check("POST", &[host, ("origin", "http://localhost:9999")], Err(403));
        check("POST", &[host, ("origin", "https://evil.example")], Err(403));
        check("POST", &[host, ("origin", "null")], Err(403));
        check("GET", &[host, ("origin", "https://evil.example")], Ok(()));
        check("GET", &[host, ("origin", "https://evil.example"), ("upgrade", "websocket")], Err(403));
        let preflight = ("access-control-request-method", "GET");
        check("OPTIONS", &[host, preflight, ("origin", "https://music.example")], Ok(()));
        check("OPTIONS", &[host, preflight, ("origin", "https://evil.example")], Err(403));
    }

    #[test]
    fn bodies_are_small_and_of_a_known_kind() {
        let host = ("host", "localhost");
        let json = ("content-type", "application/json; charset=utf-8");
        check("POST", &[host, ("content-length", "2"), json], Ok(()));
        check("POST", &[host, ("content-length", "2"), ("content-type", "text/plain")], Err(415));
        check("POST", &[host, ("content-length", "2"), ("content-type", "audio/x-mpegurl")], Ok(()));
        check("POST", &[host, ("content-length", "2")], Err(415));
        check("POST", &[host, ("content-length", "99999999"), json], Err(413));
    }
}
