//! The document of the interface as a judge: every answer that a test gets is
//! held against it, and what was asked for a good one.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use auralis_server::openapi;
use auralis_tests::http::Response;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// An operation of the document.
pub struct Operation {
    /// Its method.
    pub method: String,
    /// Its address, with braces.
    pub path: &'static str,
    /// What is said of it.
    pub told: &'static Value,
}

/// All of them.
pub fn operations() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("an item").iter().filter(|(key, _)| *key != "parameters");
        operations.map(|(method, told)| Operation { method: method.to_uppercase(), path, told })
    });
    all.collect()
}

/// The operation that answers here: what is spelt out comes first.
pub fn operation(method: &str, path: &str) -> Option<Operation> {
    let path = path.split('?').next().unwrap_or_default();
    let is_here = |template: &str| {
        let (own, asked) = (template.split('/'), path.split('/'));
        own.clone().count() == asked.clone().count()
            && own.zip(asked).all(|(own, asked)| own == asked || own.starts_with('{'))
    };
    let mut here: Vec<Operation> = operations().into_iter().filter(|one| is_here(one.path)).collect();
    let fewest = here.iter().map(|one| one.path.matches('{').count()).min();
    here.retain(|one| Some(one.path.matches('{').count()) == fewest);
    let method = if method == "HEAD" { "GET" } else { method };
    here.into_iter().find(|one| one.method == method)
}

/// What a reference points to.
pub fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => DOCUMENT.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not there")),
        None => value,
    }
}

/// Everything that is wrong with `value` by `schema`.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut kept = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = Arc::clone(kept.entry(schema.to_string()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = DOCUMENT["components"].clone();
        let built = jsonschema::options().with_draft(Draft::Draft202012).build(&whole);
        Arc::new(built.unwrap_or_else(|error| panic!("{error} in {schema}")))
    }));
    drop(kept);
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Holds an answer against the document, and what was asked if it is a good one.
#[track_caller]
pub fn hold(method: &str, path: &str, body: Option<&Value>, response: &Response) {
    if !path.starts_with("/api") && !path.starts_with("/metrics") {
        return;
    }
    let asked = format!("{method} {path}");
    let status = response.status.to_string();
    let Some(operation) = operation(method, path) else {
        let known = DOCUMENT["components"]["responses"].as_object().expect("responses");
        let of_status = |one: &&'static Value| {
            let schema = &one["content"]["application/problem+json"]["schema"];
            schema["properties"]["status"]["const"] == response.status
        };
        match known.values().find(of_status) {
            Some(told) => hold_content(&asked, method, told, response),
            None => assert!(method == "OPTIONS" && response.status == 204, "{asked} answered {response:?}"),
        }
        return;
    };
    let told = resolved(&operation.told["responses"][&status]);
    assert!(told.is_object(), "the document does not know that {asked} can answer {status}: {response:?}");
    hold_content(&asked, method, told, response);
    if response.status < 300 {
        let faults = [query_faults(&operation, path), body_faults(&operation, body)].concat();
        assert!(faults.is_empty(), "the document refuses {asked} {body:?}, the server does not: {faults:#?}");
    }
}

#[track_caller]
fn hold_content(asked: &str, method: &str, told: &'static Value, response: &Response) {
    for (name, _) in told["headers"].as_object().into_iter().flatten() {
        assert!(response.header(&name.to_lowercase()).is_some(), "{asked} lacks {name}: {response:?}");
    }
    let Some(content) = told["content"].as_object() else {
        assert!(response.body.is_empty(), "{asked} says more than the document: {response:?}");
        return;
    };
    let media_type = response.header("content-type").unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default();
    let fits =
        |known: &str| known == essence || known.strip_suffix('*').is_some_and(|of| essence.starts_with(of));
    let media = content.iter().find(|(known, _)| fits(known));
    let (_, media) =
        media.unwrap_or_else(|| panic!("{asked} is {media_type:?}, the document has {content:?}"));
    if method == "HEAD" {
        assert!(response.body.is_empty(), "{asked} has a body");
    } else if let Some(schema) = media.get("schema") {
        let value = if essence.ends_with("json") { response.json() } else { response.text().into() };
        let faults = faults(schema, &value);
        assert!(
            faults.is_empty(),
            "{asked} answered what the document does not allow: {faults:#?} in {value:#}"
        );
    }
}

/// A value of a query as its schema reads it; what it cannot read stays a text.
pub fn read(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or(text.into()),
        _ => text.into(),
    }
}

fn query_faults(operation: &Operation, path: &str) -> Vec<String> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let pairs: Vec<(String, String)> = pairs(query);
    let told = parameters(operation);
    let mut wrong = Vec::new();
    for (name, text) in &pairs {
        match told.iter().find(|parameter| parameter["name"] == **name) {
            Some(parameter) => wrong.extend(faults(&parameter["schema"], &read(&parameter["schema"], text))),
            None => wrong.push(format!("{name} is unknown")),
        }
    }
    for parameter in told.iter().filter(|parameter| parameter["required"] == true) {
        if !pairs.iter().any(|(name, _)| parameter["name"] == **name) {
            wrong.push(format!("{} is missing", parameter["name"]));
        }
    }
    wrong
}

/// What an operation is asked with in the query.
pub fn parameters(operation: &Operation) -> Vec<&'static Value> {
    let all = operation.told["parameters"].as_array();
    all.into_iter().flatten().filter(|parameter| parameter["in"] == "query").collect()
}

/// The schema of the body as JSON, if an operation takes one.
pub fn body(operation: &Operation) -> Option<&'static Value> {
    operation.told.pointer("/requestBody/content/application~1json/schema").map(resolved)
}

fn body_faults(operation: &Operation, told: Option<&Value>) -> Vec<String> {
    match (body(operation), told) {
        (Some(schema), Some(told)) => faults(schema, told),
        (Some(_), None) => vec!["it has no body".to_owned()],
        (None, Some(_)) => vec!["it has a body".to_owned()],
        (None, None) => Vec::new(),
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let mut bytes = text.bytes();
        let mut plain = Vec::new();
        while let Some(byte) = bytes.next() {
            plain.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [bytes.next(), bytes.next()].map(Option::unwrap_or_default);
                    u8::from_str_radix(&String::from_utf8_lossy(&digits), 16).unwrap_or(b'%')
                }
                byte => byte,
            });
        }
        String::from_utf8_lossy(&plain).into_owned()
    };
    let fields = query.split('&').filter(|field| !field.is_empty());
    fields
        .map(|field| field.split_once('=').unwrap_or((field, "")))
        .map(|(name, text)| (plain(name), plain(text)))
        .collect()
}

/// Holds what came over the socket against the document.
#[track_caller]
pub fn hold_event(event: &Value) {
    let either = ["Event", "Told"].map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }));
    let faults = faults(&json!({ "oneOf": either }), event);
    assert!(faults.is_empty(), "{faults:#?} in {event:#}");
}
