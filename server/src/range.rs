//! Ranges and conditions by RFC 9110 (§13, §14), for anything whose bytes have
//! positions: files and the virtual WAV of a stream.

use std::ops::Range;

use warp::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// What a client is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// 200: all of it.
    Whole,
    /// 206: these bytes.
    Bytes(Range<u64>),
    /// 304: it has it already.
    NotModified,
    /// 412: a condition does not hold.
    Failed,
    /// 416: no byte of it was asked for.
    Unsatisfiable,
}

/// What a request asks of a representation of `len` bytes with this strong
/// `etag` (in its quotes). Of one whose length is not known there are no ranges.
pub fn part(method: &Method, headers: &HeaderMap, len: Option<u64>, etag: &str) -> Part {
    if let Some(tags) = list(headers, header::IF_MATCH)
        && !matches_any(&tags, etag, true)
    {
        return Part::Failed;
    }
    if let Some(tags) = list(headers, header::IF_NONE_MATCH)
        && matches_any(&tags, etag, false)
    {
        return Part::NotModified;
    }
    // Range is defined for GET (§14.2); for HEAD it is ignored.
    let Some(len) = len.filter(|_| method == Method::GET) else { return Part::Whole };
    let Some(range) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
        return Part::Whole;
    };
    if let Some(validator) = headers.get(header::IF_RANGE)
        && validator.as_bytes() != etag.as_bytes()
    {
        // Dates included: there is no Last-Modified to compare with.
        return Part::Whole;
    }
    bytes(range, len)
}

/// One header as a list; repeated fields are one list (§5.3).
fn list(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn matches_any(tags: &str, etag: &str, strong: bool) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let tag = if strong { tag } else { tag.strip_prefix("W/").unwrap_or(tag) };
        tag == "*" || tag == etag
    })
}

/// One range of bytes. A header that is malformed, of another unit or of
/// several ranges is ignored, as §14.2 allows.
fn bytes(range: &str, len: u64) -> Part {
    let Some((unit, set)) = range.split_once('=') else { return Part::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    let mut specs = set.split(',').map(str::trim).filter(|spec| !spec.is_empty());
    let (Some(spec), None) = (specs.next(), specs.next()) else { return Part::Whole };
    let Some((first, last)) = spec.split_once('-') else { return Part::Whole };
    let (first, last) = match (position(first), position(last)) {
        (Position::At(first), Position::At(last)) if first <= last => (first, last),
        (Position::At(first), Position::None) => (first, u64::MAX),
        (Position::None, Position::At(0)) => return Part::Unsatisfiable,
        (Position::None, Position::At(suffix)) => (len.saturating_sub(suffix), u64::MAX),
        _ => return Part::Whole,
    };
    if first >= len {
        return Part::Unsatisfiable;
    }
    Part::Bytes(first..last.saturating_add(1).min(len))
}

enum Position {
    None,
    At(u64),
    Bad,
}

fn position(digits: &str) -> Position {
    if digits.is_empty() {
        Position::None
    } else if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a position past any end.
        Position::At(digits.parse().unwrap_or(u64::MAX))
    } else {
        Position::Bad
    }
}

impl Part {
    /// The status to answer with.
    pub fn status(&self) -> StatusCode {
        match self {
            Part::Whole => StatusCode::OK,
            Part::Bytes(_) => StatusCode::PARTIAL_CONTENT,
            Part::NotModified => StatusCode::NOT_MODIFIED,
            Part::Failed => StatusCode::PRECONDITION_FAILED,
            Part::Unsatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        }
    }

    /// The bytes of the body, of a representation of `len`.
    pub fn range(&self, len: u64) -> Range<u64> {
        match self {
            Part::Whole => 0..len,
            Part::Bytes(range) => range.clone(),
            Part::NotModified | Part::Failed | Part::Unsatisfiable => 0..0,
        }
    }

    /// `Content-Range`, where one belongs.
    pub fn content_range(&self, len: u64) -> Option<HeaderValue> {
        let text = match self {
            Part::Bytes(range) => format!("bytes {}-{}/{len}", range.start, range.end.saturating_sub(1)),
            Part::Unsatisfiable => format!("bytes */{len}"),
            _ => return None,
        };
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: Method, fields: &[(&'static str, &'static str)], expected: Part) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        assert_eq!(part(&method, &headers, Some(1000), "\"tag\""), expected, "{fields:?}");
    }

    #[test]
    fn one_range_is_served_and_no_range_past_the_end() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0..1)),
            ("bytes=0-99", Part::Bytes(0..100)),
            ("bytes=500-", Part::Bytes(500..1000)),
            ("bytes=-100", Part::Bytes(900..1000)),
            ("bytes=-5000", Part::Bytes(0..1000)),
            ("bytes=900-5000", Part::Bytes(900..1000)),
            ("bytes=999-999", Part::Bytes(999..1000)),
            ("Bytes=1-2", Part::Bytes(1..3)),
            ("bytes= 1-2 ", Part::Bytes(1..3)),
            ("bytes=0-99999999999999999999999", Part::Bytes(0..1000)),
            ("bytes=1000-", Part::Unsatisfiable),
            ("bytes=1000-1001", Part::Unsatisfiable),
            ("bytes=99999999999999999999999-", Part::Unsatisfiable),
            ("bytes=-0", Part::Unsatisfiable),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=5-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes", Part::Whole),
            ("frames=0-1", Part::Whole),
        ] {
            check(Method::GET, &[("range", range)], expected);
            check(Method::HEAD, &[("range", range)], Part::Whole);
        }
    }

    #[test]
    fn conditions_come_before_ranges() {
        let range = ("range", "bytes=0-9");
        check(Method::GET, &[range, ("if-range", "\"tag\"")], Part::Bytes(0..10));
        check(Method::GET, &[range, ("if-range", "\"other\"")], Part::Whole);
        check(Method::GET, &[range, ("if-range", "W/\"tag\"")], Part::Whole);
        check(Method::GET, &[range, ("if-range", "Sat, 01 Jan 2000 00:00:00 GMT")], Part::Whole);
        check(Method::GET, &[range, ("if-none-match", "\"tag\"")], Part::NotModified);
        check(Method::GET, &[("if-none-match", "W/\"tag\", \"x\"")], Part::NotModified);
        check(Method::GET, &[("if-none-match", "\"x\""), ("if-none-match", "\"tag\"")], Part::NotModified);
        check(Method::HEAD, &[("if-none-match", "*")], Part::NotModified);
        check(Method::GET, &[range, ("if-match", "\"other\"")], Part::Failed);
        check(Method::GET, &[range, ("if-match", "W/\"tag\"")], Part::Failed);
        check(Method::GET, &[("if-match", "\"tag\"")], Part::Whole);
    }

    #[test]
    fn nothing_of_nothing_can_be_asked_for() {
        let mut headers = HeaderMap::new();
        headers.insert("range", HeaderValue::from_static("bytes=0-"));
        assert_eq!(part(&Method::GET, &headers, Some(0), "\"tag\""), Part::Unsatisfiable);
    }
}
