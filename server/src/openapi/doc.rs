//! How one operation is described: what it is asked with, and every answer it
//! can give. What all have in common is added here.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use warp::http::Method;

use super::problems;
use super::types::{Types, never_null, required};

/// Makes a schema, and keeps what it refers to.
type Make = fn(&mut Types) -> Value;

/// What is said of one operation.
pub struct Doc {
    /// Its method; GET answers HEAD too.
    pub method: Method,
    /// Its address, as in the table of routes.
    pub path: &'static str,
    id: &'static str,
    summary: &'static str,
    query: Option<(Make, &'static [&'static str])>,
    body: Option<(&'static [&'static str], Make)>,
    answers: Vec<Answer>,
    /// Further problems by their status.
    problems: Vec<u16>,
}

/// One good answer.
struct Answer {
    status: u16,
    says: &'static str,
    media_types: &'static [&'static str],
    schema: Option<Make>,
    headers: &'static [&'static str],
}

/// An operation, called `id` by generated clients.
fn operation(method: Method, path: &'static str, id: &'static str, summary: &'static str) -> Doc {
    Doc { method, path, id, summary, query: None, body: None, answers: Vec::new(), problems: Vec::new() }
}

pub(super) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Doc {
    operation(Method::GET, path, id, summary)
}

pub(super) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Doc {
    operation(Method::POST, path, id, summary)
}

pub(super) fn put(path: &'static str, id: &'static str, summary: &'static str) -> Doc {
    operation(Method::PUT, path, id, summary)
}

pub(super) fn patch(path: &'static str, id: &'static str, summary: &'static str) -> Doc {
    operation(Method::PATCH, path, id, summary)
}

pub(super) fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Doc {
    operation(Method::DELETE, path, id, summary)
}

impl Doc {
    /// It is asked with the fields of `T` in the query.
    pub(super) fn query<T: JsonSchema>(self) -> Self {
        self.query_without::<T>(&[])
    }

    /// The same, but for some that it refuses.
    pub(super) fn query_without<T: JsonSchema>(self, refused: &'static [&'static str]) -> Self {
        self.query_made(Types::told::<T>, refused)
    }

    /// The same, of what `make` has of it.
    pub(super) fn query_made(self, make: Make, refused: &'static [&'static str]) -> Self {
        Doc { query: Some((make, refused)), ..self }
    }

    /// It is told a `T` in the body.
    pub(super) fn body<T: JsonSchema>(self) -> Self {
        Doc { body: Some((&["application/json"], Types::named::<T>)), ..self }
    }

    /// It is told a text of these media types.
    pub(super) fn text_body(self, media_types: &'static [&'static str]) -> Self {
        Doc { body: Some((media_types, |_| json!({ "type": "string" }))), ..self }
    }

    /// It answers with a `T`.
    pub(super) fn json<T: JsonSchema>(self, status: u16, says: &'static str) -> Self {
        self.answer(Answer { status, says, media_types: JSON, schema: Some(Types::sent::<T>), headers: &[] })
    }

    /// 201: a `T` has come, and where it is.
    pub(super) fn created<T: JsonSchema>(self, says: &'static str) -> Self {
        let schema: Option<Make> = Some(Types::sent::<T>);
        self.answer(Answer { status: 201, says, media_types: JSON, schema, headers: &["Location"] })
    }

    /// 204: it is so now.
    pub(super) fn nothing(self) -> Self {
        let says = "It is so now, whether or not it was before";
        self.answer(Answer { status: 204, says, media_types: &[], schema: None, headers: &[] })
    }

    /// It answers with a text.
    pub(super) fn text(self, says: &'static str, media_types: &'static [&'static str]) -> Self {
        self.answer(Answer {
            status: 200,
            says,
            media_types,
            schema: Some(|_| json!({ "type": "string" })),
            headers: &[],
        })
    }

    /// It answers with a `T` that has a tag, whole or in part.
    pub(super) fn whole_json<T: JsonSchema>(self, says: &'static str) -> Self {
        self.parts(says, JSON, Some(Types::sent::<T>))
    }

    /// It answers with bytes that have a tag, whole or in part.
    pub(super) fn whole(self, says: &'static str, media_types: &'static [&'static str]) -> Self {
        self.parts(says, media_types, None)
    }

    fn parts(self, says: &'static str, media_types: &'static [&'static str], schema: Option<Make>) -> Self {
        let tagged = &["ETag", "Accept-Ranges", "Cache-Control"];
        let part = &["ETag", "Accept-Ranges", "Cache-Control", "Content-Range"];
        self.answer(Answer { status: 200, says, media_types, schema, headers: tagged })
            .answer(Answer { status: 206, says: "A part of it", media_types, schema: None, headers: part })
            .answer(Answer {
                status: 304,
                says: "It is still what If-None-Match says",
                media_types: &[],
                schema: None,
                headers: tagged,
            })
            .or(&[412, 416])
    }

    fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// It can also end in problems of these statuses.
    pub(super) fn or(mut self, statuses: &[u16]) -> Self {
        self.problems.extend(statuses);
        self
    }

    /// Whether it is asked with anything in the query.
    pub fn has_query(&self) -> bool {
        self.query.is_some()
    }

    /// Whether it is told anything in the body.
    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// What all operations of its address have in common.
    pub(super) fn address(&self) -> Value {
        let names = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters: Vec<Value> = names
            .map(|name| {
                let schema = match name {
                    "k" => json!({ "type": "integer", "minimum": 0 }),
                    "item" => json!({ "type": "string", "pattern": "^[0-9]{1,19}$" }),
                    _ => json!({ "type": "string", "pattern": "^[0-9A-Za-z]{1,64}$" }),
                };
                json!({ "name": name, "in": "path", "required": true, "schema": schema })
            })
            .collect();
        if parameters.is_empty() { json!({}) } else { json!({ "parameters": parameters }) }
    }

    /// The operation as the document has it.
    pub(super) fn operation(&self, types: &mut Types) -> Value {
        let mut operation = json!({ "operationId": self.id, "summary": self.summary });
        let parameters = self.parameters(types);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some((media_types, make)) = self.body {
            let content = content(media_types, Some(&make(types)));
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        let mut responses = Map::new();
        for answer in &self.answers {
            let mut response = json!({ "description": answer.says });
            if !answer.media_types.is_empty() {
                let schema = answer.schema.map(|make| make(types));
                response["content"] = content(answer.media_types, schema.as_ref());
            }
            for name in answer.headers {
                response["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
            }
            responses.insert(answer.status.to_string(), response);
        }
        for status in self.statuses() {
            responses.insert(status.to_string(), problems::reference(status));
        }
        operation["responses"] = responses.into();
        operation
    }

    /// The problems in which it can end.
    fn statuses(&self) -> Vec<u16> {
        let mut statuses = vec![400, 413, 415, 421, 500];
        if self.method != Method::GET {
            statuses.push(403);
        }
        if self.path.contains('{') {
            statuses.push(404);
        }
        if self.has_query() || self.has_body() {
            statuses.push(422);
        }
        statuses.extend(&self.problems);
        statuses
    }

    fn parameters(&self, types: &mut Types) -> Vec<Value> {
        let mut parameters = Vec::new();
        if let Some((make, refused)) = self.query {
            let mut told = make(types);
            let is_required = told.as_object().map(required).unwrap_or_default();
            let fields = told["properties"].as_object_mut().map(std::mem::take).unwrap_or_default();
            for (name, mut schema) in fields.into_iter().filter(|(name, _)| !refused.contains(&&**name)) {
                // What is not said is left out of a query; there is no null.
                never_null(&mut schema);
                let says = schema.as_object_mut().and_then(|schema| schema.remove("description"));
                parameters.push(json!({
                    "name": name, "in": "query", "required": is_required.contains(&name),
                    "description": says, "schema": schema,
                }));
            }
        }
        if self.answers.iter().any(|answer| answer.status == 206) {
            let named = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
            parameters.extend(REQUEST_HEADERS.iter().map(|(name, _)| name).map(named));
        }
        parameters
    }
}

const JSON: &[&str] = &["application/json"];

fn content(media_types: &[&str], schema: Option<&Value>) -> Value {
    let of = |media_type: &&str| {
        let media = schema.map_or(json!({}), |schema| json!({ "schema": schema }));
        (media_type.to_string(), media)
    };
    Value::Object(media_types.iter().map(of).collect())
}

const REQUEST_HEADERS: [(&str, &str); 4] = [
    ("Range", "Which bytes; one range"),
    ("If-Range", "The tag of which the range is a part; it is whole where that is another"),
    ("If-None-Match", "Tags that are known: 304 where it is one of these"),
    ("If-Match", "Tags that are wanted: 412 where it is none of these"),
];

const ANSWER_HEADERS: [(&str, &str); 7] = [
    ("ETag", "The strong tag of these bytes"),
    ("Accept-Ranges", "bytes"),
    ("Cache-Control", "How long it may be kept"),
    ("Content-Range", "Which bytes these are"),
    ("Location", "Where it is"),
    ("Allow", "The methods that are answered here"),
    ("Retry-After", "In how many seconds to ask again"),
];

/// Headers that requests for something with a tag may bear.
pub(super) fn headers_of_requests() -> Value {
    let of = |(name, says): (&str, &str)| {
        let header =
            json!({ "name": name, "in": "header", "description": says, "schema": { "type": "string" } });
        (name.to_owned(), header)
    };
    Value::Object(REQUEST_HEADERS.into_iter().map(of).collect())
}

/// Headers that answers bear.
pub(super) fn headers_of_answers() -> Value {
    let of = |(name, says): (&str, &str)| {
        let schema = json!({ "type": if name == "Retry-After" { "integer" } else { "string" } });
        (name.to_owned(), json!({ "description": says, "schema": schema }))
    };
    Value::Object(ANSWER_HEADERS.into_iter().map(of).collect())
}
