//! What a person writes for a step that models do: what is to be done, who is asked, how often, and how far a take may stray.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Has models change a picture, by words. Has `prompt`, or `note` for the next remark on what is picked so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(example = Direction { prompt: Some("prompts/marble.md".into()), models: vec!["nano-banana".into()], ..Direction::default() })]
pub struct Direction {
    /// What is to be done: the words themselves, or the path of a file with them. May show the product's fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"prompts/marble.md")]
    pub prompt: Option<String>,
    /// The next remark on the take that is picked so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"warmer light, from the left")]
    pub note: Option<String>,
    /// Who is asked. A note without asks those of the step before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["nano-banana", "seedream"])]
    pub models: Vec<String>,
    /// Answers of each model to choose from. Each is paid for once. Left out: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20), example = 2)]
    pub takes: Option<u32>,
    /// Further pictures for the models to look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["photos/marble.jpg"])]
    pub references: Vec<String>,
    /// A PNG of the picture's size that is transparent where it may be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"photos/masks/jar.png")]
    pub mask: Option<String>,
    /// The longer side of the answer, in pixels. Services know some sizes, and take the nearest. Left out: 2048; of a note, that of the step before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 256, max = 8192), example = 2048)]
    pub size: Option<u32>,
    /// How far a take may stray from the product. Left out of a note: as in the step before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{ "min": 0.9 }]))]
    pub fidelity: Option<Fidelity>,
}

/// How like the product the product in a take has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fidelity {
    /// From 0 to 1: 1 is the photographed product. A take below this, or with other words on its label, is not used. Left out: none is held back.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1), example = 0.9)]
    pub min: f32,
}

impl Direction {
    /// The longer side of the answer, in pixels.
    pub fn side(&self) -> u32 {
        self.size.unwrap_or(2048)
    }

    pub fn takes(&self) -> u32 {
        self.takes.unwrap_or(1)
    }

    /// What a model is told, as it was written.
    pub fn words(&self) -> &str {
        self.prompt.as_ref().or(self.note.as_ref()).map_or("", String::as_str)
    }

    /// The file that the prompt is in, where it is one: a single word that ends in `.md` or `.txt`.
    pub fn prompt_file(&self) -> Option<&str> {
        self.prompt.as_deref().filter(|prompt| is_file(prompt))
    }
}

/// Whether a prompt is the path of a file with the words.
pub fn is_file(prompt: &str) -> bool {
    let ends = |ending: &str| prompt.len() > ending.len() && prompt.ends_with(ending);
    !prompt.contains(char::is_whitespace) && (ends(".md") || ends(".txt"))
}
