//! The interface as a document (OpenAPI 3.1). It is made of the very types that
//! cross HTTP, and routes refuse what it does not name: a query or a body where
//! it has none. `server/openapi.json` holds a copy, of which the page's types
//! are made; `auralis openapi` writes it anew.

mod doc;
mod jobs;
mod library;
mod listening;
mod measured;
mod music;
mod playlists;
mod problems;
mod queue;
mod sound;
mod types;

use std::sync::LazyLock;

use crate::wire::{Header, MAX_FRAMES};
use serde_json::{Map, Value, json};
use warp::http::Method;

pub use doc::Doc;

use types::Types;

static DOCS: LazyLock<Vec<Doc>> = LazyLock::new(|| {
    let areas = [
        library::docs(),
        music::docs(),
        sound::docs(),
        listening::docs(),
        playlists::docs(),
        queue::docs(),
        jobs::docs(),
    ];
    areas.into_iter().flatten().collect()
});

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text = String::new();
    lay_out(&document(), 3, &mut text);
    text.push('\n');
    text
});

/// What is said of each operation.
pub fn docs() -> &'static [Doc] {
    &DOCS
}

/// What is said of one operation.
pub fn doc(method: &Method, path: &str) -> Option<&'static Doc> {
    docs().iter().find(|doc| doc.method == *method && doc.path == path)
}

/// The document as it is served: a line for each operation and each type.
pub fn text() -> &'static str {
    &TEXT
}

/// The document.
pub fn document() -> Value {
    let mut types = Types::new();
    let mut paths = Map::new();
    for doc in docs() {
        let path = paths.entry(doc.path).or_insert_with(|| doc.address());
        path[doc.method.as_str().to_ascii_lowercase()] = doc.operation(&mut types);
    }
    let responses = problems::responses(&mut types);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Auralis",
            "summary": "A library of music, each track with what makes it sound its best",
            "description": "Each GET answers HEAD too. What goes wrong is a problem by RFC 9457. Lists are cut by \
                limit and offset. Nothing is clamped: what cannot be read as its type is a 400, what is out of its \
                range a 422 that names the field. Over the socket at /ws come Events and what is Told of a stream, a \
                Command at a time is said, and sound comes in binary messages as x-sound has it: a header, then of \
                each channel its 32-bit floats, all little-endian.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT or Apache 2.0", "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/" }],
        "x-sound": sound_message(),
        "paths": paths,
        "components": {
            "schemas": types.all(),
            "responses": responses,
            "parameters": doc::headers_of_requests(),
            "headers": doc::headers_of_answers(),
        },
    })
}

/// How a message of sound begins.
fn sound_message() -> Value {
    let fields = Header::FIELDS.map(|(name, at, len)| (name.to_owned(), json!({ "at": at, "bytes": len })));
    json!({
        "header_bytes": Header::LEN,
        "fields": Map::from_iter(fields),
        "last": Header::LAST,
        "max_frames": MAX_FRAMES,
    })
}

/// Writes `value`, the outer `depth` levels of it an entry a line.
fn lay_out(value: &Value, depth: usize, out: &mut String) {
    let Some(fields) = value.as_object().filter(|fields| depth > 0 && !fields.is_empty()) else {
        out.push_str(&value.to_string());
        return;
    };
    let indent = "  ".repeat(4 - depth);
    let mut before = "{";
    for (name, value) in fields {
        out.push_str(&format!("{before}\n{indent}{}: ", Value::from(name.as_str())));
        lay_out(value, depth - 1, out);
        before = ",";
    }
    out.push_str(&format!("\n{}}}", &indent[2..]));
}

#[cfg(test)]
mod tests {
    use super::text;

    /// The page's types are made of the file.
    #[test]
    fn the_file_is_the_document() {
        let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap();
        let same = file.lines().zip(text().lines()).find(|(file, now)| file != now);
        assert_eq!(same, None, "write it anew: cargo run -p auralis-server -- openapi > server/openapi.json");
        assert_eq!(file.len(), text().len());
    }
}
