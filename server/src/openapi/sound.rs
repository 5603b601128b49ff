//! A track's sound, and what was made of it.

use auralis_core::encode::{Format, HAS_MP3};
use serde_json::Value;

use super::doc::{Doc, get};
use super::measured::{Fingerprint, Plan, Waveform};
use super::types::Types;
use crate::dto::{ColourDto, List, SimilarDto};
use crate::handlers::artwork::ArtworkQuery;
use crate::handlers::similar::{PathQuery, SimilarQuery};
use crate::handlers::taste::{OF_SOUND, OF_STREAMS, TasteQuery};

/// It is not measured yet, or cannot be.
const UNMEASURED: &[u16] = &[422, 503];
/// Or too many are rendered.
const UNRENDERED: &[u16] = &[422, 429, 503];
const CHUNKS: &[&str] = &["audio/wav", "audio/flac", "audio/ogg"];
const SOUND: &[&str] = match HAS_MP3 {
    false => CHUNKS,
    true => &["audio/wav", "audio/flac", "audio/ogg", "audio/mpeg"],
};

pub(super) fn docs() -> Vec<Doc> {
    vec![
        get("/api/tracks/{id}/file", "file", "Its file, byte for byte")
            .whole("The file", &["audio/*", "application/octet-stream"]),
        get("/api/tracks/{id}/fingerprint", "fingerprint", "What was measured of it")
            .whole_json::<Fingerprint>("The fingerprint")
            .or(UNMEASURED),
        get("/api/tracks/{id}/plan", "plan", "What is done to it for a taste, and why")
            .query_without::<TasteQuery>(&OF_SOUND)
            .whole_json::<Plan>("The plan")
            .or(UNMEASURED),
        get("/api/tracks/{id}/waveform", "waveform", "Its outline, for drawing")
            .whole_json::<Waveform>("The outline")
            .or(UNMEASURED),
        get("/api/tracks/{id}/similar", "similar", "What sounds most like it, the nearest first")
            .query::<SimilarQuery>()
            .json::<List<SimilarDto>>(200, "The nearest")
            .or(UNMEASURED),
        get("/api/tracks/{id}/radio", "radio", "What goes on from it by its sound")
            .query::<SimilarQuery>()
            .json::<List<SimilarDto>>(
                200,
                "Without what is still to come in the queue and what was heard lately",
            )
            .or(UNMEASURED),
        get("/api/tracks/{id}/path", "path", "What leads from it to another by their sound")
            .query::<PathQuery>()
            .json::<List<SimilarDto>>(200, "What is between the two")
            .or(UNMEASURED),
        get("/api/tracks/{id}/artwork", "artwork", "Its picture, or its aura")
            .query::<ArtworkQuery>()
            .whole("The picture", &["image/*"]),
        get("/api/tracks/{id}/artwork/colour", "colour", "The dominant colour of its picture")
            .whole_json::<ColourDto>("The colour"),
        get("/api/albums/{id}/artwork", "album_artwork", "The picture of its first track that has one")
            .query::<ArtworkQuery>()
            .whole("The picture", &["image/*"]),
        get("/api/tracks/{id}/stream", "stream", "It, enhanced, as one file")
            .query::<TasteQuery>()
            .whole("The sound", SOUND)
            .or(UNRENDERED),
        get(
            "/api/tracks/{id}/chunks/{k}",
            "chunk",
            "Ten seconds of that, counted from 0, as a file of their own",
        )
        .query_made(of_chunk, &OF_STREAMS)
        .whole("The sound", CHUNKS)
        .or(UNRENDERED),
    ]
}

/// What a chunk is asked for with: not every format comes in pieces.
fn of_chunk(types: &mut Types) -> Value {
    let mut told = types.told::<TasteQuery>();
    if let Some(Value::Array(formats)) = told.pointer_mut("/properties/format/enum") {
        let format = |name: &Value| name.as_str()?.parse::<Format>().ok();
        formats.retain(|name| format(name).is_none_or(Format::comes_in_pieces));
    }
    told
}
