//! A file on the server as `Read + Seek`: synchronous requests with `Range`, a
//! window at a time. Only a Worker may wait like this; symphonia's readers
//! cannot be resumed after "not yet", so waiting is what works.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

use wasm_bindgen::JsValue;
use web_sys::{XmlHttpRequest, XmlHttpRequestResponseType};

/// Bytes fetched at once.
const WINDOW: u64 = 256 * 1024;
/// Windows kept: enough for a header, a tail and the place being read.
const N_KEPT: usize = 12;

/// A file behind a URL.
pub struct Remote {
    url: String,
    n_bytes: u64,
    at: u64,
    /// Window number and bytes, the least recently used first.
    kept: VecDeque<(u64, Vec<u8>)>,
}

impl Remote {
    /// Asks for the first window, which tells the length.
    pub fn open(url: &str) -> Result<Self> {
        let mut remote = Remote { url: url.to_owned(), n_bytes: u64::MAX, at: 0, kept: VecDeque::new() };
        remote.window(0)?;
        Ok(remote)
    }

    /// The file's length.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Index in `kept` of a window, fetched if need be.
    fn window(&mut self, number: u64) -> Result<usize> {
        if let Some(i) = self.kept.iter().position(|(kept, _)| *kept == number) {
            if let Some(window) = self.kept.remove(i) {
                self.kept.push_back(window);
            }
        } else {
            let bytes = self.fetch(number * WINDOW)?;
            if self.kept.len() == N_KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back((number, bytes));
        }
        Ok(self.kept.len() - 1)
    }

    fn fetch(&mut self, from: u64) -> Result<Vec<u8>> {
        let js = |what: &'static str| move |_: JsValue| Error::other(what);
        let request = XmlHttpRequest::new().map_err(js("no request could be made"))?;
        request.open_with_async("GET", &self.url, false).map_err(js("the address is not valid"))?;
        request.set_response_type(XmlHttpRequestResponseType::Arraybuffer);
        let to = from.saturating_add(WINDOW).min(self.n_bytes) - 1;
        request
            .set_request_header("Range", &format!("bytes={from}-{to}"))
            .map_err(js("no range could be asked for"))?;
        request.send().map_err(|_| Error::new(ErrorKind::NotConnected, "the server does not answer"))?;
        let status = request.status().map_err(js("no status"))?;
        match status {
            206 => self.n_bytes = total(&request)?,
            // An empty file has no range that could be satisfied.
            200 | 416 => self.n_bytes = 0,
            404 | 410 => return Err(Error::new(ErrorKind::NotFound, "the file is gone")),
            _ => return Err(Error::other(format!("the server answered {status}"))),
        }
        let body = request.response().map_err(js("no answer"))?;
        let bytes = js_sys::Uint8Array::new(&body).to_vec();
        if status == 200 {
            // A server without ranges: the whole file came; only a small one
            // is of use here.
            self.n_bytes = bytes.len() as u64;
            return match self.n_bytes > WINDOW {
                true => Err(Error::new(ErrorKind::Unsupported, "the server gives no ranges")),
                false => Ok(bytes),
            };
        }
        Ok(if status == 416 { Vec::new() } else { bytes })
    }
}

/// The length in a `Content-Range: bytes a-b/length`.
fn total(request: &XmlHttpRequest) -> Result<u64> {
    let range = request.get_response_header("Content-Range").ok().flatten().unwrap_or_default();
    let length = range.rsplit('/').next().and_then(|length| length.parse().ok());
    length.ok_or_else(|| Error::new(ErrorKind::InvalidData, "the server does not say how long the file is"))
}

impl Read for Remote {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if self.at >= self.n_bytes || out.is_empty() {
            return Ok(0);
        }
        let i = self.window(self.at / WINDOW)?;
        let bytes = &self.kept[i].1;
        let from = ((self.at % WINDOW) as usize).min(bytes.len());
        let n = out.len().min(bytes.len() - from);
        out[..n].copy_from_slice(&bytes[from..from + n]);
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Remote {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.n_bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "a seek before the start"))?;
        Ok(self.at)
    }
}
