//! The catalogue: what each model can do, what it costs, and until when it is there. Dated data that ships with softbox; manifests override it.

use std::collections::BTreeMap;
use std::fmt;

use super::providers::Kind;
use super::{Fault, Prices};

/// Read from `catalogue.toml`.
const BUILT_IN: &str = include_str!("catalogue.toml");

/// A model and how to reach it.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What manifests call it.
    pub name: String,
    pub kind: Kind,
    /// What the service calls it.
    pub id: String,
    pub can: Vec<Capability>,
    pub prices: Prices,
    /// The day on which its service ends it, such as `2026-12-01`.
    pub ends: Option<String>,
    /// What its maker recommends instead.
    pub successor: Option<String>,
}

/// Something that a model can do, such as `image.mask` or `image.multi_reference(14)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capability {
    pub name: String,
    /// How much of it.
    pub argument: Option<String>,
}

/// Capabilities that models can have and shelved ideas can wait for.
pub const CAPABILITIES: [&str; 19] = [
    "image.edit",
    "image.generate",
    "image.multi_reference",
    "image.mask",
    "image.markup",
    "image.transparent",
    "image.text_strong",
    "image.4k",
    "image.ratio",
    "image.seed_exact",
    "image.layers",
    "text.write",
    "text.json_schema",
    "text.vision",
    "text.n",
    "video.from_image",
    "video.audio",
    "video.1080p",
    "local",
];

impl Capability {
    /// # Errors
    /// A name that is none of [`CAPABILITIES`].
    pub fn read(text: &str) -> Result<Capability, String> {
        let (name, argument) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, argument)) => (name, Some(argument.to_owned())),
            None => (text, None),
        };
        if !CAPABILITIES.contains(&name) {
            return Err(format!("`{name}` is not a capability"));
        }
        Ok(Capability { name: name.to_owned(), argument })
    }

    /// Whether a model that can do this can do what is `needed`: the same, and at least as much of it.
    pub fn covers(&self, needed: &Capability) -> bool {
        let number = |capability: &Capability| capability.argument.as_deref().and_then(|text| text.parse::<u64>().ok());
        self.name == needed.name
            && match (number(self), number(needed)) {
                (Some(own), Some(needed)) => own >= needed,
                _ => needed.argument.is_none() || self.argument.is_none() || self.argument == needed.argument,
            }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.argument {
            Some(argument) => write!(f, "{}({argument})", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Model {
    pub fn can(&self, needed: &Capability) -> bool {
        self.can.iter().any(|own| own.covers(needed))
    }

    /// Whether its service has ended it on a day such as `2026-11-23`.
    pub fn is_over(&self, today: &str) -> bool {
        self.ends.as_deref().is_some_and(|ends| ends <= today)
    }
}

/// What somebody says of a model; what is left out stays as it is known.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub provider: Option<Kind>,
    /// What the service calls it.
    pub id: Option<String>,
    pub can: Option<Vec<Capability>>,
    pub prices: Option<Prices>,
    /// A day such as `2026-12-01`.
    pub ends: Option<String>,
    pub successor: Option<String>,
}

impl Said {
    fn read(table: &toml::Table) -> Result<Said, String> {
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(value) => value.as_str().map(|text| Some(text.to_owned())).ok_or(format!("`{key}` is not text")),
        };
        let day = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(value) => value.as_datetime().map(|day| Some(day.to_string())).ok_or(format!("`{key}` is not a day")),
        };
        let capability = |value: &toml::Value| Capability::read(value.as_str().ok_or("`can` is not a list of names")?);
        let can = |value: &toml::Value| value.as_array().ok_or("`can` is not a list")?.iter().map(capability).collect();
        let prices = |value: &toml::Value| Prices::read(value.as_table().ok_or("`price` is not a table")?);
        Ok(Said {
            provider: text("provider")?.map(|kind| kind.parse()).transpose()?,
            id: text("model")?,
            can: table.get("can").map(can).transpose()?,
            prices: table.get("price").map(prices).transpose()?,
            ends: day("ends")?,
            successor: text("successor")?,
        })
    }
}

/// All models that are known, by their names in manifests.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub models: BTreeMap<String, Model>,
    /// The day on which the built-in data was checked.
    pub as_of: String,
}

impl Catalogue {
    /// The models that softbox knows by itself.
    ///
    /// # Errors
    /// None in a release: a test reads it.
    pub fn built_in() -> Result<Catalogue, Fault> {
        let bad = |what: String| Fault::BadTake { path: "catalogue.toml".into(), what };
        let table: toml::Table = BUILT_IN.parse().map_err(|error: toml::de::Error| bad(error.message().to_owned()))?;
        let as_of = table.get("as_of").map(ToString::to_string).unwrap_or_default();
        let mut catalogue = Catalogue { as_of, ..Catalogue::default() };
        let models = table.get("model").and_then(toml::Value::as_table).ok_or_else(|| bad("no models".into()))?;
        for (name, table) in models {
            let table = table.as_table().ok_or_else(|| bad(format!("`{name}` is no table")))?;
            catalogue.add(name, table).map_err(|error| bad(format!("model {name}: {error}")))?;
        }
        Ok(catalogue)
    }

    /// Adds a model from a table, over what is known of it: see [`Catalogue::define`].
    ///
    /// # Errors
    /// What is wrong in the table, in one line.
    pub fn add(&mut self, name: &str, table: &toml::Table) -> Result<(), String> {
        let model = self.define(name, Said::read(table)?).ok_or("`provider` is missing")?;
        self.models.insert(name.to_owned(), model);
        Ok(())
    }

    /// A model over what is known of the one that has its id (or its name): whatever was not said stays as it was. `None` where nobody said
    /// which service it is of.
    pub fn define(&self, name: &str, said: Said) -> Option<Model> {
        let base = self.by_id(said.id.as_deref().unwrap_or(name)).or_else(|| self.models.get(name));
        let kind = said.provider.or(base.map(|base| base.kind))?;
        // What is known of a model holds for the same service only.
        let base = base.filter(|base| base.kind == kind).cloned();
        let base = base.unwrap_or_else(|| Model {
            name: String::new(),
            kind,
            id: name.to_owned(),
            can: Vec::new(),
            prices: if kind.is_local() { Prices::free() } else { Prices::default() },
            ends: None,
            successor: None,
        });
        Some(Model {
            name: name.to_owned(),
            kind,
            id: said.id.unwrap_or(base.id),
            can: said.can.unwrap_or(base.can),
            prices: said.prices.unwrap_or(base.prices),
            ends: said.ends.or(base.ends),
            successor: said.successor.or(base.successor),
        })
    }

    fn by_id(&self, id: &str) -> Option<&Model> {
        self.models.values().find(|model| model.id == id)
    }

    /// What a model of a service costs, by what the service calls it.
    pub fn prices(&self, kind: Kind, id: &str) -> Prices {
        let known = self.models.values().find(|model| model.kind == kind && model.id == id);
        known
            .map(|model| model.prices.clone())
            .unwrap_or_else(|| if kind.is_local() { Prices::free() } else { Prices::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_models_can_be_read_and_have_days_and_prices() {
        let catalogue = Catalogue::built_in().unwrap();
        assert_eq!(catalogue.as_of, "2026-11-23");
        let banana = &catalogue.models["nano-banana"];
        assert_eq!((banana.kind, banana.id.as_str()), (Kind::Gemini, "gemini-nano-banana-2.1"));
        assert!(banana.can(&Capability::read("image.multi_reference(10)").unwrap()));
        assert!(!banana.can(&Capability::read("image.mask").unwrap()));
        let old = &catalogue.models["gpt-image-1.5"];
        assert!(!old.is_over("2026-11-30") && old.is_over("2026-12-01"));
        for model in catalogue.models.values() {
            assert!(model.successor.as_ref().is_none_or(|name| catalogue.models.contains_key(name)), "{}", model.name);
            assert!(!model.can.is_empty(), "{}", model.name);
            let is_dated = model.kind.is_local() || !model.prices.is_known() || model.prices.as_of.is_some();
            assert!(is_dated, "{} has prices of no day", model.name);
        }
    }

    #[test]
    fn a_manifest_overrides_what_it_names_and_keeps_the_rest() {
        let mut catalogue = Catalogue::built_in().unwrap();
        let table =
            "provider = 'gemini'\nmodel = 'gemini-nano-banana-2.1'\nprice = { image = 0.01, as_of = 2026-11-24 }";
        catalogue.add("mine", &table.parse().unwrap()).unwrap();
        let mine = &catalogue.models["mine"];
        assert_eq!(mine.prices.as_of.as_deref(), Some("2026-11-24"));
        assert_eq!(mine.can, catalogue.models["nano-banana"].can);
        catalogue.add("new", &"provider = 'fal'\nmodel = 'fal-ai/new'".parse().unwrap()).unwrap();
        assert!(!catalogue.models["new"].prices.is_known(), "an unknown price is unknown");
        for (table, word) in
            [("model = 'x'", "provider"), ("provider = 'x'", "x"), ("provider = 'fal'\ncan = ['fly']", "fly")]
        {
            assert!(catalogue.add("bad", &table.parse().unwrap()).unwrap_err().contains(word));
        }
    }
}
