//! What the document does not allow is refused, and the field named.

use auralis_tests::http::request;
use serde_json::{Value, json};

use super::cases::{CASES, Stage};
use super::contract::{self, Operation, operation, operations};
use crate::house::assert_problem;

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// An address with something in its braces.
fn somewhere(path: &str) -> String {
    path.replace("{id}", "x").replace("{k}", "0").replace("{item}", "1")
}

#[test]
fn other_methods_are_refused_with_those_that_are_answered() {
    let stage = Stage::new();
    let all = operations();
    for path in contract::DOCUMENT["paths"].as_object().expect("paths").keys() {
        let mut allowed: Vec<&str> =
            all.iter().filter(|one| one.path == path).map(|one| &*one.method).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed.sort_unstable();
        for method in METHODS.iter().filter(|method| !allowed.contains(*method)) {
            let refused = stage.house.ask(method, &somewhere(path), &[]);
            assert_eq!(refused.status, 405, "{method} {path}: {refused:?}");
            let mut told: Vec<&str> = refused.header("allow").unwrap_or_default().split(", ").collect();
            told.sort_unstable();
            assert_eq!(told, allowed, "{method} {path}");
        }
    }
}

#[test]
fn an_unknown_address_of_the_api_is_never_the_page() {
    let stage = Stage::new();
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/tracks/",
        "/api//tracks",
        "/api/tracks/x/nothing",
        "/api/index.html",
    ] {
        for method in METHODS.iter().filter(|method| **method != "HEAD") {
            assert_problem(&stage.house.ask(method, path, &[]), 404, "not-found");
        }
        let head = stage.house.ask("HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (404, 0), "HEAD {path}");
    }
}

#[test]
fn an_unknown_field_of_a_query_is_refused() {
    let stage = Stage::new();
    for one in operations() {
        let refused = stage.ask(&format!("{} {}?nonsense=1", one.method, somewhere(one.path)), "");
        assert_problem(&refused, 400, "bad-request");
    }
}

/// The first case in which an operation succeeds: its address, its query and its
/// body.
fn success(stage: &Stage, of: &Operation) -> (&'static str, &'static str, &'static str) {
    let (asked, told, _) = CASES
        .iter()
        .find(|(asked, _, status)| {
            let (method, path) = asked.split_once(' ').expect("a method and an address");
            let here = operation(method, &stage.with_ids(path));
            *status < 300 && here.is_some_and(|one| (one.method, one.path) == (of.method.clone(), of.path))
        })
        .expect("a case in which it succeeds");
    let (address, query) = asked.split_once('?').unwrap_or((asked, ""));
    (address, query, told)
}

/// Values just outside of what a schema allows, and just inside.
fn edges(schema: &Value) -> (Vec<Value>, Vec<Value>) {
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    for (name, step) in [("minimum", -1.0), ("maximum", 1.0)] {
        if let Some(edge) = schema[name].as_f64() {
            let number = |x: f64| if x.fract() == 0.0 { json!(x as i64) } else { json!(x) };
            outside.push(number(edge + step));
            inside.push(number(edge));
        }
    }
    if let Some(known) = schema["enum"].as_array() {
        outside.push("nonsense".into());
        inside.extend(known.iter().filter(|value| !value.is_null()).cloned());
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        outside.push("x".repeat(most as usize + 1).into());
        inside.push("x".repeat(most as usize).into());
    }
    if schema["minLength"] == 1 {
        outside.push("".into());
        inside.push("x".into());
    }
    (outside, inside)
}

#[test]
fn values_out_of_range_in_a_query_are_named() {
    let stage = Stage::new();
    for one in operations() {
        let (address, query, told) = success(&stage, &one);
        let all = contract::parameters(&one);
        for parameter in &all {
            let name = parameter["name"].as_str().expect("a name");
            let is_required = |field: &&str| {
                let required = all.iter().filter(|other| other["required"] == true && other["name"] != name);
                required
                    .filter_map(|other| other["name"].as_str())
                    .any(|other| field.split('=').next() == Some(other))
            };
            let others: String =
                query.split('&').filter(is_required).map(|field| format!("&{field}")).collect();
            // Only Opus has one.
            let others = if name == "bitrate" { others + "&format=opus" } else { others };
            let ask = |value: &str| stage.ask(&format!("{address}?{name}={value}{others}"), told);
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let (outside, inside) = edges(&parameter["schema"]);
            for value in outside {
                let refused = ask(&text(&value));
                assert_problem(&refused, 422, "invalid-value");
                assert_eq!(refused.json()["field"], name, "{address}?{name}={value}");
            }
            for value in inside {
                let answer = ask(&text(&value));
                assert!(answer.status < 300, "{address}?{name}={value}: {answer:?}");
            }
            if parameter["schema"]["type"] != "string" {
                let refused = ask("nonsense");
                assert_problem(&refused, 400, "bad-request");
                assert_eq!(refused.json()["field"], name, "{address}?{name}=nonsense");
            }
        }
    }
}

#[test]
fn a_body_is_json_and_small() {
    let stage = Stage::new();
    for one in operations() {
        let path = somewhere(one.path);
        let send = |kind: &str, bytes: &[u8]| {
            let response =
                request(stage.house.address(), &one.method, &path, &[("Content-Type", kind)], bytes);
            contract::hold(&one.method, &path, None, &response);
            response
        };
        let json = "application/json";
        let large = [("Content-Type", json), ("Content-Length", "2097153")];
        assert_problem(&stage.house.ask(&one.method, &path, &large), 413, "too-large");
        assert_problem(&send("text/plain", b"{}"), 415, "unsupported-media-type");
        let Some(taken) = one.told["requestBody"]["content"].as_object() else {
            assert_problem(&send(json, b"{}"), 400, "bad-request");
            continue;
        };
        if taken.contains_key(json) {
            assert_problem(&send("audio/mpegurl", b"{}"), 415, "unsupported-media-type");
            for bytes in [&b"{"[..], b"{} {}", b"nonsense", b"{\"a\":NaN}", b"\xff"] {
                assert_problem(&send(json, bytes), 400, "bad-request");
            }
            assert_problem(&send("", b""), 415, "unsupported-media-type");
        } else {
            let path = format!("{path}?name=x");
            let refused =
                request(stage.house.address(), &one.method, &path, &[("Content-Type", json)], b"{}");
            assert_problem(&refused, 415, "unsupported-media-type");
        }
    }
}

#[test]
fn wrong_fields_of_a_body_are_named() {
    let stage = Stage::new();
    for one in operations() {
        let Some(schema) = contract::body(&one) else { continue };
        let (address, _, told) = success(&stage, &one);
        let good: Value = serde_json::from_str(&stage.with_ids(told)).expect("a body");
        let ask = |body: &Value| stage.ask(address, &body.to_string());
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        let refused_at = |body: &Value, field: &str| {
            let refused = ask(body);
            assert_problem(&refused, 422, "invalid-value");
            let named = refused.json()["field"].as_str().unwrap_or_default().to_owned();
            assert!(named == field || named.starts_with(&format!("{field}[")), "{address} {body}: {named:?}");
        };
        refused_at(&with("nonsense", 1.into()), "nonsense");
        // Nor the bare values of its fields, which serde would read.
        let bare: Vec<&Value> = good.as_object().expect("an object").values().collect();
        for body in [json!(null), json!([]), json!("x"), json!(1), json!(bare)] {
            refused_at(&body, "body");
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut body = good.clone();
            body.as_object_mut().expect("an object").remove(name);
            refused_at(&body, "body");
        }
        for (name, schema) in schema["properties"].as_object().expect("properties") {
            let wrong = json!({ "no": "field is an object" });
            refused_at(&with(name, wrong), name);
            for value in edges(schema).0 {
                refused_at(&with(name, value), name);
            }
            let is_nullable = contract::faults(schema, &Value::Null).is_empty();
            if is_nullable {
                assert!(ask(&with(name, Value::Null)).status != 422, "{address}: null for {name}");
            } else {
                refused_at(&with(name, Value::Null), name);
            }
        }
    }
}
