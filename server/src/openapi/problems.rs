//! What can go wrong: the statuses, and the problems that each may be.

use serde_json::{Map, Value, json};

use super::types::Types;
use crate::error::Problem;

/// Status, name, what it means, the last parts of its types, and the header
/// that comes with it.
type Kind = (u16, &'static str, &'static str, &'static [&'static str], Option<&'static str>);

const KINDS: [Kind; 15] = [
    (400, "BadRequest", "It cannot be understood", &["bad-request"], None),
    (403, "Forbidden", "A page of another origin asks", &["foreign-origin"], None),
    (404, "NotFound", "There is no such thing, or its file is gone", &["not-found", "file-missing"], None),
    (405, "MethodNotAllowed", "Not by this method", &["method-not-allowed"], Some("Allow")),
    (409, "Conflict", "Not as things are", &["conflict"], None),
    (412, "PreconditionFailed", "It is not what If-Match says", &["precondition-failed"], None),
    (413, "TooLarge", "The body has more than 2 MiB", &["too-large"], None),
    (415, "UnsupportedMediaType", "The body is of another kind", &["unsupported-media-type"], None),
    (416, "RangeNotSatisfiable", "It has no such bytes", &["range-not-satisfiable"], Some("Content-Range")),
    (421, "UnknownHost", "The server has another name", &["unknown-host"], None),
    (
        422,
        "Unprocessable",
        "A value is out of its range, which the field names; or the file is damaged",
        &["invalid-value", "not-measurable", "unreadable-file"],
        None,
    ),
    (429, "TooManyRequests", "Too often", &["too-many-requests"], Some("Retry-After")),
    (500, "Unexpected", "Something that was not foreseen", &["unexpected"], None),
    (
        503,
        "Unavailable",
        "Not now",
        &["measuring", "busy", "late", "not-ready", "catalog-failed"],
        Some("Retry-After"),
    ),
    (507, "NoRoom", "The disk has no room for it, or jobs may take no more", &["no-room"], None),
];

/// The answer of that status.
pub(super) fn reference(status: u16) -> Value {
    let name = KINDS.iter().find(|kind| kind.0 == status).map_or("Unexpected", |kind| kind.1);
    json!({ "$ref": format!("#/components/responses/{name}") })
}

/// All of them.
pub(super) fn responses(types: &mut Types) -> Value {
    let problem = types.sent::<Problem<'static>>();
    let of = |(status, name, says, kinds, header): Kind| {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("/problems/{kind}")).collect();
        let mut schema = problem.clone();
        schema["properties"] = json!({ "status": { "const": status }, "type": { "enum": kinds } });
        if status == 422 {
            schema["if"] = json!({ "properties": { "type": { "const": "/problems/invalid-value" } } });
            schema["then"] = json!({ "required": ["field"] });
        }
        let mut response =
            json!({ "description": says, "content": { "application/problem+json": { "schema": schema } } });
        if let Some(header) = header {
            response["headers"][header] = json!({ "$ref": format!("#/components/headers/{header}") });
        }
        (name.to_owned(), response)
    };
    Value::Object(KINDS.into_iter().map(of).collect::<Map<_, _>>())
}
