//! Variants: what models answered for a draft, read with patience; what breaks a rule or says nothing new is left out and named.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::brief::Rules;
use super::{Failed, kept};
use crate::campaign::{MANIFEST, Place, Problem};
use crate::engine::{Output, Work};

/// Raised when the same answers would be read or judged otherwise.
pub const VERSION: u32 = 1;

/// Its inputs are the draft, the brief, then an answer of each model; empty where there is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Variants {
    /// What the campaign calls the models, in the order of their answers.
    pub models: Vec<String>,
    /// What the caption is called in `softbox pick`.
    #[serde(skip)]
    pub caption: String,
    /// Where models were asked for.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// What came of the answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Suggested {
    /// To choose from, in the order of the models and of their answers.
    pub variants: Vec<Variant>,
    /// What was left out, in words such as `writer's variant 3 lacks "$35"`.
    pub left_out: Vec<String>,
}

/// Other words for a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    pub model: String,
    pub words: String,
    /// What the model says that it changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<String>,
}

impl Variants {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let [draft, brief, answers @ ..] = work.inputs() else { return Err(super::internal("nothing is said")) };
        if draft.is_empty() || brief.is_empty() {
            // Why was told where that failed.
            return Err(Failed(Vec::new()));
        }
        let rules = Rules::from_bytes(brief)?;
        let draft = String::from_utf8_lossy(draft);
        let (mut suggested, mut remarks) = (Suggested::default(), Vec::new());
        for (model, answer) in self.models.iter().zip(answers).filter(|(_, answer)| !answer.is_empty()) {
            match read(&String::from_utf8_lossy(answer)) {
                Some(variants) => self.judge(model, variants, (&draft, &rules), &mut suggested, &mut remarks),
                None => remarks.push(self.unread(model)),
            }
        }
        let bytes = serde_json::to_vec(&suggested).map_err(|error| super::internal(&error.to_string()))?;
        Ok(kept(bytes, remarks))
    }

    fn judge(
        &self,
        model: &str,
        variants: Vec<Variant>,
        (draft, rules): (&str, &Rules),
        suggested: &mut Suggested,
        remarks: &mut Vec<Problem>,
    ) {
        let bare = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for (at, variant) in variants.into_iter().enumerate() {
            let said = |what: &str| format!("{model}'s variant {} {what}", at + 1);
            let is_known = |known: &Variant| bare(&known.words) == bare(&variant.words);
            if let Some(broken) = rules.broken(&variant.words) {
                let message = format!("{} of {} and is left out", said(&broken), self.caption);
                let hint = "a rule of `must`, `never` or `keep`; the answer lies untouched in takes/";
                remarks.push(Problem::warning("broken-rule", message).at(self.place()).hint(hint));
                suggested.left_out.push(said(&broken));
            } else if bare(draft) == bare(&variant.words) {
                suggested.left_out.push(said("is the draft"));
            } else if suggested.variants.iter().any(is_known) {
                suggested.left_out.push(said("was there before"));
            } else {
                suggested.variants.push(Variant { model: model.to_owned(), ..variant });
            }
        }
    }

    fn unread(&self, model: &str) -> Problem {
        let message = format!("no variants can be read in what {model} answered for {}", self.caption);
        let hint = format!(
            "the answer lies untouched in takes/captions/{}-{model}-…: delete it there to ask the same again, or change the wish in `ask`",
            self.caption
        );
        Problem::warning("no-variants", message).at(self.place()).hint(hint)
    }

    fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(|| Place::file(MANIFEST))
    }
}

impl Suggested {
    /// `None` for what is no output of [`Variants`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Suggested> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The variants in an answer: JSON, alone or somewhere in it, as models without a schema write it (fences, a sentence before it).
fn read(answer: &str) -> Option<Vec<Variant>> {
    let starts = answer.match_indices(['{', '[']).map(|(at, _)| at);
    starts.into_iter().find_map(|at| {
        let value = serde_json::Deserializer::from_str(&answer[at..]).into_iter::<Value>().next()?.ok()?;
        Some(listed(&value)?.iter().filter_map(variant).collect::<Vec<_>>()).filter(|variants| !variants.is_empty())
    })
}

/// A list, or the first list of a table.
fn listed(value: &Value) -> Option<&Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        Value::Object(table) => {
            let named = table.get("variants").and_then(Value::as_array);
            named.or_else(|| table.values().find_map(Value::as_array))
        }
        _ => None,
    }
}

/// A text, or a table with one under a name that models think of.
fn variant(value: &Value) -> Option<Variant> {
    let words = value
        .as_str()
        .or_else(|| ["words", "text", "caption", "variant"].iter().find_map(|key| value.get(key)?.as_str()))?;
    let words = words.replace("\r\n", "\n").trim().to_owned();
    let change = value.get("change").and_then(Value::as_str).map(|change| change.trim().to_owned());
    (!words.is_empty()).then(|| Variant { model: String::new(), words, change: change.filter(|text| !text.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_fences_prose_and_other_names() {
        let words = |answer: &str| -> Option<Vec<String>> {
            Some(read(answer)?.into_iter().map(|variant| variant.words).collect())
        };
        for answer in [
            r#"{"variants": [{"words": "One.", "change": "hook"}, {"words": " Two. ", "change": ""}]}"#,
            r#"["One.", "Two.", ""]"#,
            "Here you go [as asked]:\n```json\n{\"captions\": [{\"text\": \"One.\"}, {\"text\": \"Two.\"}]}\n```\nEnjoy!",
        ] {
            assert_eq!(words(answer).unwrap(), ["One.", "Two."], "{answer}");
        }
        for answer in ["", "One. Two.", "[]", "{\"variants\": \"One.\"}", "[[["] {
            assert_eq!(words(answer), None, "{answer}");
        }
    }
}
