//! The types that cross HTTP, as JSON Schema: made from the code's own, and by
//! hand for what the core defines.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::events::Event;
use crate::wire::{Command, Told};

/// Types, gathered as they are referred to.
pub(super) struct Types {
    /// What the server sends.
    sent: SchemaGenerator,
    /// What the server is told.
    told: SchemaGenerator,
    /// What else has a name.
    named: Map<String, Value>,
}

impl Types {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.meta_schema = None;
                settings.definitions_path = "/components/schemas".into();
                settings.transforms.clear();
            })
        };
        let sent = settings().for_serialize();
        let told = settings().for_deserialize().with(|settings| settings.inline_subschemas = true);
        let mut told = told.into_generator();
        // What crosses the socket is in no operation. One of its kinds has the fields
        // of another type beside its own, which no reference can say.
        let mut inline = sent.clone().with(|settings| settings.inline_subschemas = true).into_generator();
        let mut named = Map::new();
        let mut name = |name: Cow<'_, str>, schema: Schema, is_sent| {
            let mut schema = schema.to_value();
            tidy(&mut schema, is_sent);
            named.insert(name.into_owned(), schema);
        };
        name(Event::schema_name(), Event::json_schema(&mut inline), true);
        name(Told::schema_name(), Told::json_schema(&mut inline), true);
        name(Command::schema_name(), Command::json_schema(&mut told), false);
        Types { sent: sent.into_generator(), told, named }
    }

    /// A type that is sent, by reference.
    pub(super) fn sent<T: JsonSchema>(&mut self) -> Value {
        self.sent.subschema_for::<T>().to_value()
    }

    /// A type that is told, as it is.
    pub(super) fn told<T: JsonSchema>(&mut self) -> Value {
        let mut schema = T::json_schema(&mut self.told).to_value();
        tidy(&mut schema, false);
        schema
    }

    /// A type that is told, by reference.
    pub(super) fn named<T: JsonSchema>(&mut self) -> Value {
        let schema = self.told::<T>();
        let name = T::schema_name().into_owned();
        // What is sent never says null for what it can leave out.
        let name = if self.sent.definitions().contains_key(&name) { format!("{name}Told") } else { name };
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        self.named.insert(name, schema);
        reference
    }

    /// All of them by their names.
    pub(super) fn all(mut self) -> Value {
        let mut all = self.sent.take_definitions(false);
        all.values_mut().for_each(|schema| tidy(schema, true));
        all.extend(self.named);
        all.into()
    }
}

/// Says of a schema what Rust's types say: nothing else is in it, and what can
/// be left out is never sent as null.
fn tidy(schema: &mut Value, is_sent: bool) {
    let fields = match schema {
        Value::Object(fields) => fields,
        Value::Array(schemas) => return schemas.iter_mut().for_each(|schema| tidy(schema, is_sent)),
        _ => return,
    };
    // Widths of Rust's numbers; their ranges stand beside.
    fields.remove("format");
    if is_sent {
        // What the code reads where nothing is; it is always sent.
        fields.remove("default");
    }
    let is_required = required(fields);
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        for (name, schema) in properties {
            tidy(schema, is_sent);
            if is_sent && !is_required.contains(name) {
                never_null(schema);
            }
        }
        fields.insert("additionalProperties".to_owned(), false.into());
    }
    let is_nullable = fields.get("type").is_some_and(|kind| kind.to_string().contains("\"null\""));
    if let Some(Value::Array(values)) = fields.get_mut("enum").filter(|_| is_nullable) {
        values.push(Value::Null);
    }
    for name in ["items", "prefixItems", "anyOf", "oneOf", "allOf"] {
        if let Some(inner) = fields.get_mut(name) {
            tidy(inner, is_sent);
        }
    }
}

/// The names of the fields that a schema requires.
pub(super) fn required(schema: &Map<String, Value>) -> Vec<String> {
    let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}

/// Takes null out of what a schema allows.
pub(super) fn never_null(schema: &mut Value) {
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = &kinds[..] {
            schema["type"] = kind.clone();
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(either)) = schema.get_mut("anyOf") {
        either.retain(|schema| schema["type"] != "null");
        if let [only] = &either[..] {
            *schema = only.clone();
        }
    }
}
