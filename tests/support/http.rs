//! A plain HTTP/1.1 client over a socket: it sends what it is told, malformed
//! or not, and shows what comes back, byte for byte.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, with any transfer coding undone.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    #[expect(clippy::panic, reason = "the test shows the body that should have been JSON")]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in the answer {} {:?}", self.status, self.text()))
    }
}

/// GET `path` without further headers.
pub fn get(address: SocketAddr, path: &str) -> Response {
    request(address, "GET", path, &[], b"")
}

/// One request on a connection of its own. `Host`, `Connection: close` and
/// `Content-Length` are sent unless `headers` has them; a header with an empty
/// value is left out.
///
/// # Panics
/// If the connection fails or what comes back is not HTTP.
pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    let (host, length) = (address.to_string(), body.len().to_string());
    let mut all = vec![("Host", host.as_str()), ("Connection", "close")];
    if !body.is_empty() {
        all.push(("Content-Length", &length));
    }
    all.retain(|(name, _)| headers.iter().all(|(given, _)| !given.eq_ignore_ascii_case(name)));
    all.extend(headers.iter().filter(|(_, value)| !value.is_empty()));
    let mut bytes = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
    for (name, value) in all {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    raw(address, &bytes, method == "HEAD")
}

/// Sends these very bytes and reads one answer.
///
/// # Panics
/// If the connection fails or what comes back is not HTTP.
#[expect(clippy::expect_used, reason = "what is no HTTP fails the test")]
pub fn raw(address: SocketAddr, bytes: &[u8], is_head: bool) -> Response {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    // Far above any real answer: it only keeps a hung server from hanging the tests.
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
    // Who has heard enough answers and hangs up before all is written.
    let written = stream.write_all(bytes);
    let answer = read(&mut BufReader::new(stream), is_head);
    answer.or_else(|error| written.and(Err(error))).expect("the server answers with HTTP")
}

/// Reads one answer.
pub fn read(stream: &mut impl BufRead, is_head: bool) -> std::io::Result<Response> {
    let status = read_line(stream)?;
    let status = status.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    let status = status.and_then(|code| code.parse().ok()).ok_or_else(|| broken("no status line"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut response = Response { status, headers, body: Vec::new() };
    if is_head || status == 204 || status == 304 || status / 100 == 1 {
        return Ok(response);
    }
    if response.header("transfer-encoding") == Some("chunked") {
        loop {
            let size = read_line(stream)?;
            let size = usize::from_str_radix(&size, 16).map_err(|_| broken("a chunk without a size"))?;
            let start = response.body.len();
            response.body.resize(start + size, 0);
            stream.read_exact(&mut response.body[start..])?;
            read_line(stream)?;
            if size == 0 {
                return Ok(response);
            }
        }
    }
    match response.header("content-length").map(str::parse::<usize>) {
        Some(Ok(length)) => {
            response.body.resize(length, 0);
            stream.read_exact(&mut response.body)?;
        }
        Some(Err(_)) => return Err(broken("a length that is no number")),
        None => {
            stream.read_to_end(&mut response.body)?;
        }
    }
    Ok(response)
}

fn read_line(stream: &mut impl BufRead) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    stream.read_until(b'\n', &mut bytes)?;
    let line = bytes.strip_suffix(b"\r\n").ok_or_else(|| broken("a line that does not end"))?;
    String::from_utf8(line.to_vec()).map_err(|_| broken("a header that is no text"))
}

fn broken(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, is_head: bool, status: u16, body: &str) {
        let response = read(&mut bytes.as_bytes(), is_head).expect("an answer");
        assert_eq!((response.status, response.text().as_str()), (status, body));
    }

    #[test]
    fn bodies_are_read_by_length_by_chunks_and_to_the_end() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", false, 200, "abc");
        check(
            "HTTP/1.1 206 Part\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            false,
            206,
            "abc",
        );
        check("HTTP/1.0 500 Oh\r\n\r\nall of it", false, 500, "all of it");
        check("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, 200, "");
        assert!(read(&mut "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".as_bytes(), false).is_err());
        assert!(read(&mut "SSH-2.0\r\n\r\n".as_bytes(), false).is_err());
    }
}
