//! Brief: what models are told about a caption besides its draft, with the product's fields filled in, and what that means for their variants.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::caption::Words;
use super::{Failed, kept};
use crate::campaign::{MANIFEST, Place, Problem};
use crate::engine::{Output, Work};

/// Raised when the same wishes and rules would be told otherwise.
pub const VERSION: u32 = 1;

/// Fills in wishes and rules. Its one input is the draft, filled in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Brief {
    pub rules: Rules,
    pub data: Map<String, Value>,
    /// What the caption is called in `softbox pick`.
    #[serde(skip)]
    pub caption: String,
    /// Where models were asked for.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// Wishes, and rules that every variant keeps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// What the writer wishes for, in order.
    pub ask: Vec<String>,
    /// What every variant says, to the letter.
    pub must: Vec<String>,
    /// Words that none has.
    pub never: Vec<String>,
    /// Parts of the draft that every variant keeps.
    pub keep: Vec<String>,
}

impl Brief {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let draft = work.inputs().first().map(|draft| String::from_utf8_lossy(draft)).unwrap_or_default();
        let words = Words { path: MANIFEST, is_file: false, data: &self.data };
        let fill = |text: &String| {
            let filled = words.fill(text, &mut |path| work.find(path));
            filled.map(|text| text.trim().to_owned()).map_err(|Failed(problems)| {
                let placed =
                    |problem: Problem| Problem { place: self.place.clone().or(problem.place.clone()), ..problem };
                Failed(problems.into_iter().map(placed).collect())
            })
        };
        let all = |texts: &[String]| texts.iter().map(fill).collect::<Result<Vec<_>, _>>();
        let Rules { ask, must, never, keep } = &self.rules;
        let rules = Rules { ask: all(ask)?, must: all(must)?, never: never.clone(), keep: all(keep)? };
        if let Some(part) = rules.keep.iter().find(|part| !draft.contains(part.as_str())) {
            let message = format!("\"{part}\" is to be kept, and is not in the draft of {}", self.caption);
            let problem = Problem::error("nothing-to-keep", message);
            let problem = match &self.place {
                Some(place) => problem.at(place.clone()),
                None => problem,
            };
            return Err(problem.hint("`keep` has parts of the draft, to the letter").into());
        }
        let bytes = serde_json::to_vec(&rules).map_err(|error| super::internal(&error.to_string()))?;
        Ok(kept(bytes, Vec::new()))
    }
}

impl Rules {
    /// # Errors
    /// What is no output of a [`Brief`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Rules, Failed> {
        serde_json::from_slice(bytes).map_err(|error| super::internal(&error.to_string()))
    }

    /// The first rule that a variant breaks, in words such as `lacks "$35"`.
    pub fn broken(&self, words: &str) -> Option<String> {
        let must = self.must.iter().find(|text| !says(words, text)).map(|text| format!("lacks \"{text}\""));
        let keep = || self.keep.iter().find(|text| !words.contains(text.as_str()));
        let keep = || keep().map(|text| format!("changes \"{text}\""));
        let never = || {
            let low = folded(words);
            self.never.iter().find(|text| says(&low, &folded(text))).map(|text| format!("says \"{text}\""))
        };
        must.or_else(keep).or_else(never)
    }
}

/// Whether a text is in there as whole words: `$3` is not in `$35` nor in `$3.50`, `art` not in `party`.
fn says(words: &str, text: &str) -> bool {
    let (first, last) = (text.chars().next(), text.chars().next_back());
    words.match_indices(text).any(|(at, _)| {
        let before = words[..at].chars().next_back();
        let mut after = words[at + text.len()..].chars();
        let next = after.next();
        let runs_on = |inner: Option<char>, outer: Option<char>| {
            inner.is_some_and(char::is_alphanumeric) && outer.is_some_and(char::is_alphanumeric)
        };
        let is_fraction = last.is_some_and(|c| c.is_ascii_digit())
            && matches!(next, Some('.' | ','))
            && after.next().is_some_and(|c| c.is_ascii_digit());
        !runs_on(first, before) && !runs_on(last, next) && !is_fraction
    })
}

/// Case, kinds of apostrophes and of white space make no other word.
fn folded(text: &str) -> String {
    let text = text.to_lowercase().replace('’', "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_look_at_whole_words_prices_and_kept_parts() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let rules = Rules {
            must: list(&["$3", "Jar"]),
            never: list(&["Elevate", "game changer", "don't"]),
            keep: list(&["See you."]),
            ..Rules::default()
        };
        for (words, broken) in [
            ("A Jar for $3. See you.", None),
            ("A Jar for $35. See you.", Some("lacks \"$3\"")),
            ("A Jar for $3.50. See you.", Some("lacks \"$3\"")),
            ("A jar for $3. See you.", Some("lacks \"Jar\"")),
            ("A Jar for $3. See you!", Some("changes \"See you.\"")),
            ("ELEVATE your Jar for $3. See you.", Some("says \"Elevate\"")),
            ("Elevated, a Jar for $3. See you.", None),
            ("A game\nchanger: Jar, $3. See you.", Some("says \"game changer\"")),
            ("Jar, $3. Don’t wait. See you.", Some("says \"don't\"")),
        ] {
            assert_eq!(rules.broken(words).as_deref(), broken, "{words}");
        }
    }
}
