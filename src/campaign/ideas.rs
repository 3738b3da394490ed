//! Ideas: shelved until a model can do them; what each needs, and what was tried.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::at::At;
use super::direction::is_file;
use super::files::{Entry, Tables};
use super::load::Loader;
use super::models::{Model as Own, capability, day};
use super::{Campaign, Place, Problem};
use crate::models::{Capability, Model};

/// An idea that waits for a model.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdeaTable {
    /// The idea in a line.
    #[schemars(example = &"the jar melts over the shelf edge")]
    pub note: At<String>,
    /// All that a model has to be able to do for it, by the names that `softbox models` shows.
    #[schemars(extend("minItems" = 1), example = ["image.edit", "image.multi_reference(4)"])]
    pub needs: Vec<At<String>>,
    /// The recipe: the words themselves, or the path of a file with them. May show a product's fields.
    #[serde(default)]
    #[schemars(example = &"prompts/melt.md")]
    pub prompt: Option<At<String>>,
    /// The photo to work on.
    #[serde(default)]
    #[schemars(example = &"photos/jar.jpg")]
    pub photo: Option<At<String>>,
    /// Which models were tried, and what came of it.
    #[serde(default)]
    #[schemars(extend("examples" = [[{ "model": "nano-banana", "verdict": "the label melts too" }]]))]
    pub tried: Vec<TriedTable>,
}

/// A model that was tried for an idea.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriedTable {
    /// The model.
    #[schemars(example = &"nano-banana")]
    pub model: At<String>,
    /// The day.
    #[serde(default)]
    #[schemars(schema_with = "day")]
    pub on: Option<At<toml::value::Datetime>>,
    /// What came of it.
    #[serde(default)]
    #[schemars(example = &"the label melts too")]
    pub verdict: Option<At<String>>,
}

/// An idea that waits for a model.
#[derive(Debug, Clone)]
pub struct Idea {
    pub id: String,
    pub note: String,
    /// All that a model has to be able to do for it.
    pub needs: Vec<Capability>,
    /// The recipe: the words themselves, or a file with them.
    pub prompt: Option<String>,
    /// The photo to work on.
    pub photo: Option<String>,
    pub tried: Vec<Tried>,
    /// Where it was written.
    pub place: Place,
}

/// A model that was tried for an idea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub model: String,
    /// A day such as `2026-11-23`.
    pub on: Option<String>,
    pub verdict: Option<String>,
}

impl Idea {
    /// Whether a model has all that the idea needs.
    pub fn is_for(&self, model: &Model) -> bool {
        self.needs.iter().all(|need| model.can(need))
    }

    pub fn was_tried_with(&self, model: &str) -> bool {
        self.tried.iter().any(|tried| tried.model == model)
    }

    /// The file of the recipe, where it is one.
    pub fn prompt_file(&self) -> Option<&str> {
        self.prompt.as_deref().filter(|prompt| is_file(prompt))
    }

    /// softbox asks for pictures and words, and not for videos yet.
    pub fn is_video(&self) -> bool {
        self.needs.iter().any(|need| need.name.starts_with("video."))
    }
}

/// Ideas whose time has come: a model of the campaign has all that one needs, and was not tried for it.
pub fn ready(campaign: &Campaign) -> Vec<Problem> {
    let mut notes = Vec::new();
    for (id, idea) in &campaign.ideas {
        let fits = |(name, own): &(&String, &Arc<Own>)| idea.is_for(&own.model) && !idea.was_tried_with(name);
        for (name, _) in campaign.models.iter().filter(fits) {
            let message = format!("the model `{name}` can do all that the idea `{id}` waits for");
            let hint = match idea.is_video() {
                true => format!(
                    "softbox asks for no videos: try it at its service, and write what came of it into `tried` of [idea.{id}]"
                ),
                false => format!("try it: softbox ideas try {id} --model {name}; what came of it goes into `tried`"),
            };
            notes.push(Problem::note("idea-ready", message).at(idea.place.clone()).hint(hint));
        }
    }
    notes
}

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> BTreeMap<String, Arc<Idea>> {
    let mut ideas = BTreeMap::new();
    for (id, entry) in &manifest.ideas {
        let before = loader.problems.len();
        let idea = idea(loader, id, entry);
        match loader.problems.len() == before {
            true => drop(ideas.insert(id.clone(), Arc::new(idea))),
            false => loader.break_entry("idea", id),
        }
    }
    ideas
}

fn idea(loader: &mut Loader<'_>, id: &str, entry: &Entry<IdeaTable>) -> Idea {
    let table = &entry.value;
    let mut existing =
        |written: &At<String>, what: &str| loader.file(&entry.source, written, what).map(|path| path.to_string());
    let prompt = table.prompt.as_ref().and_then(|written| match is_file(written) {
        true => existing(written, "prompt"),
        false => Some(written.value.clone()),
    });
    let photo = table.photo.as_ref().and_then(|written| existing(written, "photo"));
    Idea {
        id: id.to_owned(),
        note: table.note.value.clone(),
        needs: table.needs.iter().filter_map(|need| capability(loader, entry, need)).collect(),
        prompt,
        photo,
        tried: table
            .tried
            .iter()
            .map(|tried| Tried {
                model: tried.model.value.clone(),
                on: tried.on.as_ref().map(|day| day.value.to_string()),
                verdict: tried.verdict.as_ref().map(|verdict| verdict.value.clone()),
            })
            .collect(),
        place: entry.place(),
    }
}
