//! JSON Schemas of everything that a person writes, made from the types of [`manifest`](super::manifest).

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::manifest::{FormatTable, Manifest, ProductTable};

/// Keys that only `campaign.toml` itself can have.
pub(super) const MAIN_ONLY: [&str; 5] = ["include", "campaign", "brand", "reading", "budget"];

/// The schema of `campaign.toml`.
pub fn manifest() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Manifest).to_value());
    &SCHEMA
}

/// The schema of a file that `campaign.toml` includes.
pub fn include() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let mut schema = manifest().clone();
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|key, _| !MAIN_ONLY.contains(&key.as_str()));
        }
        schema["title"] = json!("Included manifest");
        schema["description"] = json!("A part of a softbox campaign, included by its campaign.toml.");
        schema
    });
    &SCHEMA
}

/// The schema of a table of products in JSON: a list of products, or products by id.
fn products() -> Value {
    let mut product = schemars::schema_for!(ProductTable).to_value();
    let product = product.as_object_mut().map(std::mem::take).unwrap_or_default();
    let product: serde_json::Map<String, Value> = product.into_iter().filter(|(key, _)| key != "$schema").collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Products",
        "description": "A table of products for a softbox campaign.",
        "anyOf": [
            { "type": "array", "items": { "$ref": "#/$defs/Product" } },
            { "type": "object", "additionalProperties": { "$ref": "#/$defs/Product" } }
        ],
        "$defs": { "Product": product }
    })
}

/// The schema of a file of formats by id, such as the built-in `formats.toml`.
fn formats() -> Value {
    let mut format = schemars::schema_for!(FormatTable).to_value();
    let defs = format.get_mut("$defs").map(Value::take).unwrap_or_else(|| json!({}));
    let format: serde_json::Map<String, Value> = match format {
        Value::Object(map) => map.into_iter().filter(|(key, _)| key != "$schema" && key != "$defs").collect(),
        _ => serde_json::Map::new(),
    };
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Formats",
        "description": "Formats by id.",
        "type": "object",
        "additionalProperties": { "$ref": "#/$defs/FormatTable" },
        "$defs": defs
    });
    schema["$defs"]["FormatTable"] = Value::Object(format);
    schema
}

/// Every schema: its file's name and its text, ready to be written.
pub fn schemas() -> Vec<(&'static str, String)> {
    [
        ("campaign.schema.json", manifest().clone()),
        ("include.schema.json", include().clone()),
        ("products.schema.json", products()),
        ("formats.schema.json", formats()),
    ]
    .into_iter()
    .map(|(name, schema)| (name, format!("{schema:#}\n")))
    .collect()
}
