//! Publish: the words that go with an asset: those that somebody picked, to the letter; until then, the draft.

use serde::{Deserialize, Serialize};

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
    /// What the caption is called in `softbox pick`.
    #[serde(skip)]
    pub caption: String,
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
            return Ok(Output { bytes: draft.clone(), ..kept(Vec::new(), Vec::new()) });
        };
        let is_same = |before: &String| before.trim_end() == String::from_utf8_lossy(draft).trim_end();
        let mut remarks = Vec::new();
        if !before.as_ref().is_none_or(is_same) {
            let message = format!("the draft of {} has changed since its words were picked", self.caption);
            let hint = format!("the picked words still go out; look and pick again: softbox pick {}", self.caption);
            let place = Place::file(file_of(&format!("caption/{}", self.caption)));
            remarks.push(Problem::warning("draft-changed", message).at(place).hint(hint));
        }
        Ok(kept((words.trim_end().to_owned() + "\n").into_bytes(), remarks))
    }
}
