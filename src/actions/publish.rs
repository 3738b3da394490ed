//! Publish: the words that go with an asset: those that somebody picked, to the letter; until then, the draft.

use serde::{Deserialize, Serialize};

use super::caption::too_long;
use super::{Failed, kept};
use crate::campaign::picks::file_of;
use crate::campaign::{Place, Problem};
use crate::engine::{Output, Work};

/// Raised when the same words would be published otherwise.
pub const VERSION: u32 = 1;

/// Its one input is the draft, filled in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Publish {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picked: Option<Picked>,
    /// Where they are posted: they should not be longer than that network takes.
    pub network: String,
    /// What the caption is called in `softbox pick`.
    #[serde(skip)]
    pub caption: String,
    /// The draft's file, for messages.
    #[serde(skip)]
    pub path: String,
}

/// Words that somebody picked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picked {
    pub words: String,
    /// The draft that they were picked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
}

impl Publish {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let draft = work.inputs().first().ok_or_else(|| super::internal("no draft"))?;
        let Some(Picked { words, draft: before }) = &self.picked else {
            let long = self.too_long(&String::from_utf8_lossy(draft), &self.path);
            return Ok(Output { bytes: draft.clone(), ..kept(Vec::new(), long.into_iter().collect()) });
        };
        let path = file_of(&format!("caption/{}", self.caption));
        let mut remarks: Vec<Problem> = self.too_long(words, &path).into_iter().collect();
        let is_same = |before: &String| before.trim_end() == String::from_utf8_lossy(draft).trim_end();
        if !before.as_ref().is_none_or(is_same) {
            let message = format!("the draft of {} has changed since its words were picked", self.caption);
            let hint = format!("the picked words still go out; look and pick again: softbox pick {}", self.caption);
            remarks.push(Problem::warning("draft-changed", message).at(Place::file(path)).hint(hint));
        }
        Ok(kept((words.trim_end().to_owned() + "\n").into_bytes(), remarks))
    }

    fn too_long(&self, words: &str, path: &str) -> Option<Problem> {
        let hint = format!("shorten it, or pick shorter words: softbox pick {}", self.caption);
        Some(too_long(words.trim_end(), &self.network)?.at(Place::file(path)).hint(hint))
    }
}
