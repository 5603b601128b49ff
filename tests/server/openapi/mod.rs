//! The document of the interface: that it is one by OpenAPI 3.1, that it and
//! the table of routes are one, and that server and document agree.

mod answers;
mod cases;
pub mod contract;
mod refusals;

use std::collections::BTreeSet;

use auralis_server::{openapi, routes};
use jsonschema::Draft;
use serde_json::Value;

use crate::house::House;
use contract::{DOCUMENT, operations};

#[test]
fn the_document_is_openapi() {
    let schema: Value = serde_json::from_str(include_str!("openapi-3.1.schema.json")).expect("JSON");
    let official = jsonschema::options().with_draft(Draft::Draft202012).build(&schema).expect("a schema");
    let faults: Vec<String> =
        official.iter_errors(&DOCUMENT).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("schemas") {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name} is no schema: {schema:#}");
    }
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let id = operation.told["operationId"].as_str().expect("an id");
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(
            operation.told["summary"].as_str().is_some_and(|text| !text.is_empty()),
            "{id} has no summary"
        );
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_type_is_used() {
    fn walk<'a>(value: &'a Value, out: &mut BTreeSet<&'a str>) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| walk(value, out)),
            Value::Object(fields) => {
                out.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| walk(value, out));
            }
            _ => {}
        }
    }
    let mut references = BTreeSet::new();
    walk(&DOCUMENT, &mut references);
    for reference in &references {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(DOCUMENT.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for name in DOCUMENT["components"]["schemas"].as_object().expect("schemas").keys() {
        // These cross the socket.
        let is_used = references.contains(&*format!("#/components/schemas/{name}"));
        assert!(
            is_used || ["Event", "Told", "Command"].contains(&name.as_str()),
            "nothing uses the type {name}"
        );
    }
}

#[test]
fn table_and_document_are_one() {
    let table: BTreeSet<(String, String)> =
        routes::operations().into_iter().map(|one| (one.method.to_string(), one.path.to_owned())).collect();
    let told: BTreeSet<(String, String)> =
        operations().into_iter().map(|one| (one.method, one.path.to_owned())).collect();
    let untold: Vec<_> = table.difference(&told).collect();
    assert!(untold.is_empty(), "routes that server/src/openapi does not describe: {untold:?}");
    let unreal: Vec<_> = told.difference(&table).collect();
    assert!(unreal.is_empty(), "the document describes what no route answers: {unreal:?}");
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        let told = item["parameters"].as_array().into_iter().flatten();
        let told: Vec<String> =
            told.map(|one| format!("{{{}}}", one["name"].as_str().expect("a name"))).collect();
        let braces: Vec<&str> = path.split('/').filter(|part| part.starts_with('{')).collect();
        assert_eq!(told, braces, "what is in braces in {path}");
    }
}

#[test]
fn the_document_is_served() {
    let house = House::served(&[], &[]);
    let served = house.get("/api/openapi.json");
    assert_eq!(served.text(), openapi::text());
    assert_eq!(served.json(), *DOCUMENT);
    let tag = served.header("etag").expect("a tag").to_owned();
    assert_eq!(house.ask("GET", "/api/openapi.json", &[("If-None-Match", &tag)]).status, 304);
}
