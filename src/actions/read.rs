//! Read: what the label of a photographed product says, once for all takes that are held against it.

use serde::{Deserialize, Serialize};

use super::{Failed, kept};
use crate::campaign::{Place, Problem, Reading};
use crate::engine::{Output, Work};
use crate::imaging::Picture;
use crate::imaging::fidelity::{Label, read_label};
use crate::imaging::reading::{Fault, Finder, Reader};

/// Raised when the same product and networks would be read otherwise.
pub const VERSION: u32 = 1;

/// What a network and its work take, in bytes.
pub(super) const NEEDS: usize = 300 << 20;

/// Its inputs are the isolated product, developed, and the two networks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Read {
    /// Where the networks are, for messages.
    #[serde(skip)]
    pub reading: Option<Reading>,
    /// What the photo is called, for messages.
    #[serde(skip)]
    pub name: String,
}

impl Read {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let [product, lines, words] = work.inputs() else { return Err(super::internal("nothing to read")) };
        let product = Picture::from_bytes(product.clone()).map_err(|error| super::internal(&error.to_string()))?;
        let _memory = work.reserve(NEEDS);
        let read = || -> Result<Label, Fault> {
            let (finder, reader) = (Finder::load(lines.to_vec())?, Reader::load(words.to_vec())?);
            reader.prove(&finder)?;
            read_label(&product, &finder, &reader)
        };
        let label = read().map_err(|fault| unread(&fault, self.reading.as_ref(), &self.name))?;
        let bytes = postcard::to_allocvec(&label).map_err(|error| super::internal(&error.to_string()))?;
        Ok(kept(bytes, Vec::new()))
    }
}

/// Why the label in a picture cannot be read, at the network that is to blame.
pub(super) fn unread(fault: &Fault, reading: Option<&Reading>, name: &str) -> Failed {
    let path = match fault {
        Fault::Lines(_) => reading.map(|reading| &reading.lines),
        Fault::Words(_) | Fault::Characters | Fault::Wrong { .. } => reading.map(|reading| &reading.words),
        Fault::Picture(_) => None,
    };
    let Some(path) = path else {
        return Problem::error("unread", format!("the label in {name} cannot be read: {fault}")).into();
    };
    let hint = "docs/reading.md tells which networks can read; without [reading], labels are not read";
    Problem::error("bad-network", fault.to_string()).at(Place::file(path.as_str())).hint(hint).into()
}
