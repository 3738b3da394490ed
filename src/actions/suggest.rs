//! Suggest: one model is asked for other words for a draft, and its answer is kept untouched.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Failed;
use super::brief::Rules;
use super::errand::Errand;
use crate::engine::{Output, Work};
use crate::models::{Ask, TextAsk};

/// Raised when the same inputs would be asked for in other words.
pub const VERSION: u32 = 1;

/// More samples of a voice cost more and tell nothing new.
pub const SAMPLES: usize = 8;

/// A longer sample is cut: it is there for its voice.
const SAMPLE: usize = 2_200;

/// Who the model is.
const ROLE: &str = "\
You help the owner of a small shop to find other words for a caption. They wrote the draft themselves; your variants are read as theirs.
- Sound like them: the language of the draft, their length of sentences, their punctuation, capitals and emoji, or none.
- Keep every fact of the draft and add none: no claim, number, name or promise that is not there.
- Keep what works. Change the order, the opening, the choice of words or the length, and leave the rest as they wrote it.
- Each variant is a whole caption, ready to go out. The variants differ from each other.";

/// Its inputs are the draft, the brief, then posts that the writer wrote before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Suggest {
    #[serde(flatten)]
    pub errand: Errand,
    /// How many variants are wanted.
    pub count: u32,
    /// How long they may be, in words such as `x: at most 280 characters`.
    pub lengths: Vec<String>,
    /// The service holds answers to a schema.
    pub has_schema: bool,
}

impl Suggest {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let texts: Vec<_> = work.inputs().iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
        let [draft, brief, samples @ ..] = texts.as_slice() else { return Err(super::internal("nothing is said")) };
        let rules = Rules::from_bytes(brief.as_bytes())?;
        let samples: Vec<&str> = samples.iter().map(|sample| sample.trim()).filter(|text| !text.is_empty()).collect();
        self.errand.run(work, self.ask(draft.trim(), &rules, &samples), 1, "there is no text in it")
    }

    fn ask(&self, draft: &str, rules: &Rules, samples: &[&str]) -> Ask {
        Ask::Text(TextAsk {
            system: self.system(rules, samples),
            prompt: self.prompt(draft, &rules.ask),
            schema: self.has_schema.then(schema),
            // Room to think, and for each variant with what changed in it; two bytes a token is much in any language.
            max_tokens: 2_000 + self.count * (100 + draft.len() as u32 / 2),
            ..TextAsk::default()
        })
    }

    fn system(&self, rules: &Rules, samples: &[&str]) -> String {
        let mut text = ROLE.to_owned();
        for (what, texts) in [
            ("Every variant says, to the letter", &rules.must),
            ("Every variant keeps unchanged", &rules.keep),
            ("No variant uses", &rules.never),
            ("It is posted on", &self.lengths),
        ] {
            if !texts.is_empty() {
                let texts: Vec<String> = texts.iter().map(|text| json!(text).to_string()).collect();
                let _ = write!(text, "\n- {what}: {}.", texts.join(", "));
            }
        }
        if !samples.is_empty() {
            text += "\n\nPosts that they wrote before, for their voice alone:";
        }
        for sample in samples {
            let cut: String = sample.chars().take(SAMPLE).collect();
            let _ = write!(text, "\n<post>\n{cut}\n</post>");
        }
        text
    }

    fn prompt(&self, draft: &str, ask: &[String]) -> String {
        let mut text = format!("<draft>\n{draft}\n</draft>\n\nWrite {} variants of this draft.", self.count);
        if !ask.is_empty() {
            text += " They wish for, in this order:";
        }
        for (at, wish) in ask.iter().enumerate() {
            let _ = write!(text, "\n{}. {wish}", at + 1);
        }
        text += "\n\nFor each variant give its `words`, and as `change` what you changed, in a few words.";
        if !self.has_schema {
            text += " Answer with JSON and nothing else: {\"variants\": [{\"words\": \"…\", \"change\": \"…\"}]}";
        }
        text
    }
}

fn schema() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "properties": { "variants": { "type": "array", "items": {
            "type": "object",
            "properties": { "words": text, "change": text },
            "required": ["words", "change"],
            "additionalProperties": false
        } } },
        "required": ["variants"],
        "additionalProperties": false
    })
}
