//! Models of the campaign over those that are built in, and what they may cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::at::At;
use super::files::{Entry, Tables};
use super::load::Loader;
use super::manifest::ModelTable;
use super::names::{did_you_mean, list};
use super::products::to_json;
use super::{Place, Problem};
use crate::models::{self, CAPABILITIES, Capability, Catalogue, Fault, KINDS, Kind, Money, PRICE_NAMES, Prices, Said};

/// A model that the campaign has words of its own for.
#[derive(Debug, Clone)]
pub struct Model {
    pub model: models::Model,
    /// The address of its service, where it is not the usual one.
    pub url: Option<String>,
    /// The variable that holds the key, where it is not the usual one.
    pub key: Option<String>,
    /// In the service's own words.
    pub parameters: Map<String, Value>,
    /// Where it was written.
    pub place: Place,
}

/// What models may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub limits: models::Budget,
    /// What costs more is asked about first.
    pub confirm_over: Money,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { limits: models::Budget::default(), confirm_over: Money::usd(500_000) }
    }
}

/// A fault as a person reads it.
pub fn problem(fault: &Fault) -> Problem {
    // A service's own words may have several lines, and end in a full stop.
    let message = fault.to_string();
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    Problem::error(code(fault), message.trim_end_matches('.')).hint(fault.hint())
}

fn code(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unsupported { .. } => "unsupported",
        Fault::BadPicture { .. } => "bad-picture",
        Fault::NoKey { .. } => "no-key",
        Fault::BadAddress { .. } => "bad-address",
        Fault::Frozen { .. } => "frozen",
        Fault::OverBudget { .. } => "over-budget",
        Fault::Unpriced { .. } => "unpriced",
        Fault::Unreachable { .. } => "unreachable",
        Fault::Lost { .. } => "lost",
        Fault::Denied { .. } => "denied",
        Fault::Quota { .. } => "quota",
        Fault::NoModel { .. } => "no-model",
        Fault::Rejected { .. } => "rejected",
        Fault::Busy { .. } => "busy",
        Fault::Server { .. } => "server",
        Fault::Foreign { .. } => "foreign",
        Fault::Unusable { .. } => "unusable",
        Fault::JobFailed { .. } => "job-failed",
        Fault::Unfinished { .. } => "unfinished",
        Fault::Download { .. } => "download",
        Fault::BadTake { .. } => "bad-take",
        Fault::Disk { .. } => "disk",
    }
}

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> BTreeMap<String, Arc<Model>> {
    let mut own = BTreeMap::new();
    if manifest.models.is_empty() {
        return own;
    }
    // A test reads the built-in catalogue: it is there.
    let built_in = Catalogue::built_in().unwrap_or_default();
    for (id, entry) in &manifest.models {
        let before = loader.problems.len();
        let model = model(loader, &built_in, id, entry);
        match model.filter(|_| loader.problems.len() == before) {
            Some(model) => drop(own.insert(id.clone(), Arc::new(model))),
            None => loader.break_entry("model", id),
        }
    }
    own
}

fn model(loader: &mut Loader<'_>, built_in: &Catalogue, id: &str, entry: &Entry<ModelTable>) -> Option<Model> {
    let table = &entry.value;
    check_key(loader, entry);
    let said = Said {
        // The check of shapes lets known names through only.
        provider: table.provider.as_ref().and_then(|provider| provider.parse().ok()),
        id: table.model.as_ref().map(|model| model.value.clone()),
        can: table.can.as_ref().map(|can| can.iter().filter_map(|one| capability(loader, entry, one)).collect()),
        prices: prices(loader, entry),
        ends: table.ends.as_ref().map(|day| day.to_string()),
        successor: table.successor.as_ref().map(|successor| successor.value.clone()),
    };
    let Some(model) = built_in.define(id, said) else {
        let problem = Problem::error("missing-key", format!("`model.{id}` has no `provider`")).at(entry.place());
        let hint = match did_you_mean(id, built_in.models.keys().map(String::as_str)) {
            Some(near) => {
                format!("did you mean the built-in model `{near}`? For another one, write `provider = \"gemini\"`")
            }
            None => {
                format!("it is the service that the model is asked at: {}", list(KINDS.map(Kind::name), KINDS.len()))
            }
        };
        loader.report(problem.hint(hint));
        return None;
    };
    Some(Model {
        model,
        url: table.url.as_ref().map(|url| url.value.clone()),
        key: table.key.as_ref().map(|key| key.value.clone()),
        parameters: table
            .parameters
            .iter()
            .filter_map(|(name, value)| Some((name.value.clone(), to_json(&value.value)?)))
            .collect(),
        place: entry.place(),
    })
}

/// Somebody will paste the key itself: told without showing the line.
fn check_key(loader: &mut Loader<'_>, entry: &Entry<ModelTable>) {
    let Some(key) = &entry.value.key else { return };
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if key.starts_with(|c: char| c.is_ascii_uppercase()) && key.chars().all(plain) {
        return;
    }
    let problem = Problem::error("bad-key", "`key` of this model is not the name of a variable").at(entry.place());
    loader.report(problem.hint(
        "write the variable's name, such as \"GEMINI_API_KEY\"; the key itself goes into the environment or into `.env`",
    ));
}

/// Something that a model can do, by its name.
pub(super) fn capability<T>(loader: &mut Loader<'_>, entry: &Entry<T>, written: &At<String>) -> Option<Capability> {
    let read = Capability::read(&written.value);
    if let Err(what) = &read {
        let hint = match did_you_mean(&written.value, CAPABILITIES) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", list(CAPABILITIES, CAPABILITIES.len())),
        };
        let problem = Problem::error("unknown-value", what.clone()).at(entry.at(written.span.clone()));
        loader.report(problem.hint(hint));
    }
    read.ok()
}

fn prices(loader: &mut Loader<'_>, entry: &Entry<ModelTable>) -> Option<Prices> {
    let written = entry.value.price.as_ref()?;
    let table = written.iter().map(|(name, value)| (name.value.clone(), value.value.clone())).collect();
    let read = Prices::read(&table);
    if let Err(what) = &read {
        let problem = Problem::error("wrong-value", what.clone()).at(entry.at(written.span.clone()));
        loader.report(problem.hint("amounts have at most six decimals, and a currency has three capital letters"));
    }
    read.ok()
}

/// The budget; `None` where a mistake in it was told: nothing may be spent under a limit that nobody knows.
pub(super) fn budget(loader: &mut Loader<'_>, manifest: &Tables) -> Option<Budget> {
    let is_slip = |problem: &Problem| {
        problem.code == "syntax" && problem.place.as_ref().is_some_and(|place| place.path() == manifest.main.path)
    };
    let is_sound =
        !loader.broken.iter().any(|name| name.starts_with("budget.")) && !loader.problems.iter().any(is_slip);
    let mut budget = Budget::default();
    let table = &manifest.budget;
    let mut are_amounts = true;
    let mut read = |written: &Option<At<toml::Value>>| {
        let written = written.as_ref()?;
        let text = match &written.value {
            toml::Value::String(text) => text.clone(),
            number => format!("{number} USD"),
        };
        let amount = text.parse().ok();
        if amount.is_none() {
            are_amounts = false;
            let problem = Problem::error("wrong-value", format!("`{}` is not an amount of money", written.value));
            let place = Place::span(&manifest.main, written.span.clone());
            loader.report(problem.at(place).hint("write it like 20 or \"20 USD\", with at most six decimals"));
        }
        amount
    };
    budget.limits.per_build = read(&table.per_build);
    budget.limits.per_month = read(&table.per_month);
    budget.confirm_over = read(&table.confirm_over).unwrap_or(budget.confirm_over);
    (is_sound && are_amounts).then_some(budget)
}

/// The services, for editors.
pub(super) fn providers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "The service that it is asked at. Can be left out for a built-in model.",
        "type": "string",
        "enum": KINDS.map(Kind::name),
        "examples": ["gemini"]
    })
}

/// Prices by name, for editors.
pub(super) fn price(_: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    for name in PRICE_NAMES {
        let amount = serde_json::json!({ "type": "number", "minimum": 0, "description": described(name) });
        properties.insert(name.to_owned(), amount);
    }
    properties.insert(
        "as_of".to_owned(),
        serde_json::json!({ "type": "string", "format": "date", "description": "The day on which you looked it up." }),
    );
    properties.insert(
        "currency".to_owned(),
        serde_json::json!({ "type": "string", "description": "Three capital letters. Left out: USD.", "examples": ["EUR"] }),
    );
    json_schema!({
        "description": "What it costs, so that you know before it is asked.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "examples": [{ "image": 0.04 }]
    })
}

fn described(price: &str) -> String {
    match price {
        "image" => "A picture, whatever it is like.".to_owned(),
        "input_image" => "Each picture that is sent.".to_owned(),
        "image_low" | "image_medium" | "image_high" => {
            format!("A picture of {} quality.", price.trim_start_matches("image_"))
        }
        "image_512" => "A picture of up to 512 pixels squared.".to_owned(),
        "text_in" => "A million tokens of text that it reads.".to_owned(),
        "image_in" => "A million tokens of pictures that it reads.".to_owned(),
        "text_out" => "A million tokens of text that it writes.".to_owned(),
        "image_out" => "A million tokens of pictures that it makes.".to_owned(),
        size => format!("A picture of up to {} pixels squared.", size.trim_start_matches("image_").to_uppercase()),
    }
}

pub(super) fn days(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "description": "The day on which its service ends it.", "type": "string", "format": "date" })
}

pub(super) fn day(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "description": "The day.", "type": "string", "format": "date" })
}

pub(super) fn amount(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["number", "string"], "minimum": 0, "examples": [20] })
}
