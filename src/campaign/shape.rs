//! Checks the shape of what people wrote against the same schema that editors use: keys, types, ranges and ids, each mistake at its place.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::names::{count, did_you_mean, is_id, list, slug};
use super::problem::{Place, Problem, Source};
use super::schema::MAIN_ONLY;

/// What is left unusable by mistakes of shape: `photo.hero`. The mistake was reported; what depends on it need not be.
pub type Broken = BTreeSet<String>;

/// Takes everything out of `table` that does not fit `schema`, and tells each mistake.
///
/// A table with an id goes as a whole if anything in it is wrong, because half a post is not what its author wants to see.
pub fn check(source: &Arc<Source>, table: &mut DeTable<'_>, schema: &Value, broken: &mut Broken) -> Vec<Problem> {
    let mut checker = Checker { source, root: schema, problems: Vec::new(), broken };
    checker.table(table, schema, &[], 0..0);
    checker.problems
}

struct Checker<'a> {
    source: &'a Arc<Source>,
    root: &'a Value,
    problems: Vec<Problem>,
    broken: &'a mut Broken,
}

impl<'a> Checker<'a> {
    fn report(&mut self, code: &'static str, span: Range<usize>, message: String, hint: Option<String>) {
        let problem = Problem::error(code, message).at(Place::span(self.source, span));
        self.problems.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        pointer.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    /// The shapes that a value may have; one unless the schema leaves a choice.
    fn choices(&self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        let union = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        match union {
            Some(choices) => choices.iter().flat_map(|c| self.choices(c)).collect(),
            None => vec![schema],
        }
    }

    /// Whether the value is usable. `path` ends with the value's own key or number.
    fn value(
        &mut self,
        value: &mut Spanned<DeValue<'_>>,
        schema: &'a Value,
        path: &[String],
        key: Range<usize>,
    ) -> bool {
        let choices = self.choices(schema);
        let fitting: Vec<&Value> = choices.iter().copied().filter(|c| takes(c, value.get_ref())).collect();
        if fitting.is_empty() {
            let mut wanted: Vec<&str> = choices.iter().flat_map(|c| kinds(c)).map(kind_in_words).collect();
            wanted.dedup();
            let found = found_in_words(value.get_ref());
            let message = format!("{} is {found}, but {} is wanted", in_words(path), wanted.join(" or "));
            self.report("wrong-type", value.span(), message, self.example(schema, path));
            return false;
        }
        let span = value.span();
        match value.get_mut() {
            DeValue::Table(table) => match self.chosen(table, &fitting, path, key.clone()) {
                Some(schema) => self.table(table, schema, path, key),
                None => false,
            },
            DeValue::Array(array) => {
                let items = fitting[0].get("items");
                let mut ok = self.length(array.len(), fitting[0], span, path, schema);
                for (number, item) in array.iter_mut().enumerate() {
                    if let Some(items) = items {
                        let at = item.span();
                        ok &= self.value(item, items, &with(path, format!("{}", number + 1)), at);
                    }
                }
                ok
            }
            DeValue::String(text) => self.text(text, &fitting, span, path),
            DeValue::Integer(n) => {
                let number = i128::from_str_radix(n.as_str(), n.radix()).map_or(f64::NAN, |n| n as f64);
                self.number(number, fitting[0], span, path)
            }
            DeValue::Float(n) => {
                let number = n.as_str().parse().unwrap_or(f64::NAN);
                self.number(number, fitting[0], span, path)
            }
            _ => true,
        }
    }

    /// Of several tables that a value may be, the one whose single key it has.
    fn chosen(
        &mut self,
        table: &DeTable<'_>,
        fitting: &[&'a Value],
        path: &[String],
        at: Range<usize>,
    ) -> Option<&'a Value> {
        if fitting.len() == 1 {
            return Some(fitting[0]);
        }
        let name = |s: &'a Value| s.get("properties").and_then(Value::as_object).and_then(|p| p.keys().next());
        let found = fitting.iter().copied().find(|s| name(s).is_some_and(|n| table.contains_key(n.as_str())));
        if found.is_some() {
            return found;
        }
        let known: Vec<&str> = fitting.iter().filter_map(|s| name(s)).map(String::as_str).collect();
        let message = match table.keys().next() {
            Some(key) => format!("{} has an unknown kind `{}`", in_words(path), key.get_ref()),
            None => format!("{} is empty", in_words(path)),
        };
        let near = table.keys().next().and_then(|key| did_you_mean(key.get_ref(), known.iter().copied()));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", list(known, 12)),
        };
        let at = table.keys().next().map_or(at, |key| key.span());
        self.report("unknown-key", at, message, Some(hint));
        None
    }

    fn table(&mut self, table: &mut DeTable<'_>, schema: &'a Value, path: &[String], at: Range<usize>) -> bool {
        let properties = schema.get("properties").and_then(Value::as_object);
        let by_id = schema.get("patternProperties").and_then(Value::as_object).and_then(|p| p.values().next());
        let others = schema.get("additionalProperties");
        let closed = others == Some(&Value::Bool(false));
        let mut ok = true;
        let mut present = BTreeSet::new();
        let mut misspelt = BTreeSet::new();
        for (key, mut value) in std::mem::take(table) {
            let name: &str = key.get_ref();
            present.insert(name.to_owned());
            let below = with(path, name.to_owned());
            let usable = match (properties.and_then(|p| p.get(name)), by_id) {
                (Some(schema), _) => self.value(&mut value, schema, &below, key.span()),
                (None, Some(schema)) => self.entry(&mut value, schema, &below, key.span()),
                (None, None) if closed => {
                    misspelt.extend(self.unknown_key(name, properties, path, key.span()));
                    // What its author wanted is not there: half a photo or half a brand must not replace a good asset.
                    ok = false;
                    if let [table @ ("brand" | "reading" | "budget")] =
                        path.iter().map(String::as_str).collect::<Vec<_>>()[..]
                    {
                        self.broken.insert(format!("{table}."));
                    }
                    continue;
                }
                (None, None) => match others.filter(|o| o.is_object()) {
                    Some(schema) => self.value(&mut value, schema, &below, key.span()),
                    None => true,
                },
            };
            ok &= usable;
            if usable {
                table.insert(key, value);
            } else if below.len() == 2 {
                self.broken.insert(below.join("."));
            }
        }
        for required in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            if !present.contains(required) {
                ok = false;
                // A misspelt key was told as such.
                if misspelt.contains(required) {
                    continue;
                }
                let hint = properties.and_then(|p| self.example(p.get(required)?, &[required.to_owned()]));
                self.report("missing-key", at.clone(), format!("{} has no `{required}`", owner(path)), hint);
            }
        }
        // Mistakes at the top, in [campaign], [brand], [reading] and [budget] cost only their own line.
        ok || path.len() < 2 || path[0] == "brand"
    }

    /// A table with an id, such as `[photo.hero]`.
    fn entry(
        &mut self,
        value: &mut Spanned<DeValue<'_>>,
        schema: &'a Value,
        path: &[String],
        key: Range<usize>,
    ) -> bool {
        let id = path.last().map_or("", String::as_str);
        let mut usable = true;
        let fields: Vec<String> = match value.get_ref() {
            DeValue::Table(table) if path[0] == "product" => {
                table.keys().map(|key| key.get_ref().to_string()).collect()
            }
            _ => Vec::new(),
        };
        if !is_id(id) {
            let hint = match slug(id) {
                Some(slug) => format!("ids are lower-case letters, digits, `.`, `_` and `-`; write `{slug}`"),
                None => "ids are lower-case letters, digits, `.`, `_` and `-`".to_owned(),
            };
            self.report("bad-id", key.clone(), format!("`{id}` cannot be the id of a {}", path[0]), Some(hint));
            usable = false;
        }
        usable &= self.value(value, schema, path, key);
        if !usable {
            // A template that shows such a field is not wrong.
            self.broken.extend(fields.into_iter().map(|field| format!("field.{field}")));
        }
        usable
    }

    fn unknown_key(
        &mut self,
        name: &str,
        properties: Option<&serde_json::Map<String, Value>>,
        path: &[String],
        at: Range<usize>,
    ) -> Option<String> {
        let known: Vec<&str> = properties.into_iter().flat_map(|p| p.keys()).map(String::as_str).collect();
        let message = format!("{} has no key `{name}`", owner(path));
        let main_only = path.is_empty() && MAIN_ONLY.contains(&name);
        let near = did_you_mean(name, known.iter().copied());
        let hint = match &near {
            _ if main_only => "it belongs in campaign.toml".to_owned(),
            Some(near) => format!("did you mean `{near}`? known keys: {}", list(known, 12)),
            None => format!("known keys: {}", list(known, 12)),
        };
        self.report("unknown-key", at, message, Some(hint));
        near
    }

    fn length(&mut self, found: usize, schema: &Value, span: Range<usize>, path: &[String], whole: &Value) -> bool {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(u64::MAX));
        let found = found as u64;
        if found >= least && found <= most {
            return true;
        }
        let message = match (found, least == most) {
            (0, _) => format!("{} is empty", in_words(path)),
            (_, true) => format!("{} has {}, but {least} are wanted", in_words(path), count(found as usize, "value")),
            _ => format!("{} has {found} values, but from {least} to {most} are wanted", in_words(path)),
        };
        let hint = self.example(whole, path);
        self.report("wrong-length", span, message, hint);
        false
    }

    fn text(&mut self, text: &str, fitting: &[&Value], span: Range<usize>, path: &[String]) -> bool {
        let mut known = Vec::new();
        for choice in fitting {
            match (choice.get("enum").and_then(Value::as_array), choice.get("const")) {
                (Some(values), _) => known.extend(values.iter().filter_map(Value::as_str)),
                (None, Some(value)) => known.extend(value.as_str()),
                (None, None) => return true,
            }
        }
        if known.contains(&text) {
            return true;
        }
        let hint = match did_you_mean(text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", list(known, 12)),
        };
        self.report("unknown-value", span, format!("{} cannot be `{text}`", in_words(path)), Some(hint));
        false
    }

    fn number(&mut self, number: f64, schema: &Value, span: Range<usize>, path: &[String]) -> bool {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let (least, most) = (bound("minimum"), bound("maximum"));
        if number.is_finite() && least.is_none_or(|l| number >= l) && most.is_none_or(|m| number <= m) {
            return true;
        }
        let range = match (least, most) {
            (Some(least), Some(most)) => format!("from {least} to {most}"),
            (Some(least), None) => format!("{least} or more"),
            (None, Some(most)) => format!("{most} or less"),
            (None, None) => "a finite number".to_owned(),
        };
        let message = format!("{} is {number}, but it must be {range}", in_words(path));
        self.report("out-of-range", span, message, None);
        false
    }

    /// ``write it like `formats = ["instagram.portrait"]` ``
    fn example(&self, schema: &'a Value, path: &[String]) -> Option<String> {
        let first = |s: &Value| s.get("examples").and_then(|e| e.get(0)).cloned();
        let example = first(schema)
            .or_else(|| first(self.resolve(schema)))
            .or_else(|| self.choices(schema).into_iter().find_map(first))?;
        let key = path.iter().rev().find(|part| part.parse::<usize>().is_err())?;
        Some(format!("write it like `{key} = {}`", inline(&example)))
    }
}

fn with(path: &[String], last: String) -> Vec<String> {
    path.iter().cloned().chain([last]).collect()
}

/// The table that a message speaks of: `photo.hero`, or the manifest itself.
fn owner(path: &[String]) -> String {
    if path.is_empty() { "the manifest".to_owned() } else { format!("`{}`", path.join(".")) }
}

/// `` `source` of `photo.hero` ``; items of a list by their number.
fn in_words(path: &[String]) -> String {
    let Some((last, above)) = path.split_last() else { return "the manifest".to_owned() };
    match (last.parse::<usize>(), above.is_empty()) {
        (Ok(number), false) => format!("value {number} of {}", in_words(above)),
        (Err(_), false) => format!("`{last}` of {}", in_words_short(above)),
        _ => format!("`{last}`"),
    }
}

fn in_words_short(path: &[String]) -> String {
    match path.iter().position(|part| part.parse::<usize>().is_ok()) {
        Some(list) if list + 1 == path.len() => in_words(path),
        Some(list) if list > 0 && list + 1 < path.len() => {
            format!("{}, {}", path[list + 1..].join("."), in_words(&path[..=list]))
        }
        _ => format!("`{}`", path.join(".")),
    }
}

/// The JSON Schema types that a choice allows; `null` stands for "left out" and is none.
fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        // TOML has dates, and JSON Schema has texts of that format for them.
        Some(_) if schema.get("format").and_then(Value::as_str) == Some("date") => vec!["date"],
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("enum").is_some() || schema.get("const").is_some() => vec!["string"],
        _ => vec!["string", "number", "boolean", "array", "object"],
    }
    .into_iter()
    .filter(|kind| *kind != "null")
    .collect()
}

fn takes(schema: &Value, value: &DeValue<'_>) -> bool {
    let kinds = kinds(schema);
    let has = |kind: &str| kinds.contains(&kind);
    match value {
        DeValue::String(_) => has("string"),
        DeValue::Integer(_) => has("integer") || has("number"),
        DeValue::Float(_) => has("number"),
        DeValue::Boolean(_) => has("boolean"),
        DeValue::Datetime(_) => has("date") || schema.get("type").is_none(),
        DeValue::Array(_) => has("array"),
        DeValue::Table(_) => has("object"),
    }
}

fn kind_in_words(kind: &str) -> &str {
    match kind {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "date" => "a date (2026-11-23, without quotes)",
        "array" => "a list",
        _ => "a table",
    }
}

fn found_in_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// A JSON value as TOML on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
