//! Fidelity: how far the product in a take strayed from the photographed one.

use serde::{Deserialize, Serialize};

use super::{Failed, kept, read};
use crate::campaign::{Place, Problem, Reading};
use crate::engine::{Output, Work};
use crate::imaging::fidelity::{Comparison, Fit, Label, Misprint, Words, compare, compare_words, heatmap};
use crate::imaging::reading::Reader;
use crate::imaging::{self, Encoding, FileType, Limits, Picture};

/// Raised when the same take would be measured otherwise.
pub const VERSION: u32 = 2;

/// Its inputs are the isolated product, developed, and the take; then, where labels are read, what the product's says and the network
/// that reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fidelity {
    /// Where that network is, for messages.
    #[serde(skip)]
    pub reading: Option<Reading>,
    /// What the take is called, for messages.
    #[serde(skip)]
    pub name: String,
    /// Where the step was written.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// What was measured, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub comparison: Comparison,
    /// What came of the label's words, where they are read.
    pub words: Option<Words>,
    /// The take with the places where its product strayed, as JPEG.
    pub heatmap: Vec<u8>,
}

impl Measured {
    /// `None` for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Measured> {
        postcard::from_bytes(bytes).ok()
    }

    /// The lines of the label that the take shows otherwise, where labels are read.
    pub fn misprints(&self) -> &[Misprint] {
        self.words.as_ref().map_or(&[], |words| &words.changed)
    }
}

impl Fidelity {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let [product, take, label @ ..] = work.inputs() else { return Err(super::internal("nothing to compare")) };
        let product = Picture::from_bytes(product.clone()).map_err(|error| super::internal(&error.to_string()))?;
        let needed = imaging::estimate(take, 0).map_err(|error| self.failed(&error))?;
        let reading = if label.is_empty() { 0 } else { read::NEEDS };
        let _memory =
            work.reserve(usize::try_from(needed.saturating_mul(3)).unwrap_or(usize::MAX).saturating_add(reading));
        let take = imaging::decode(take, 0, &Limits::default()).map_err(|error| self.failed(&error))?;
        let comparison = compare(&product, &take).map_err(|error| self.failed(&error))?;
        let words = match label {
            [label, network] => Some(self.words(&product, &take, comparison.fit, label, network)?),
            _ => None,
        };
        let heatmap = heatmap(&product, &take, comparison.fit).map_err(|error| self.failed(&error))?;
        let encoding = Encoding::plain(FileType::Jpeg, 80);
        let heatmap = imaging::encode(&heatmap, &encoding).map_err(|error| self.failed(&error))?.bytes;
        let bytes = postcard::to_allocvec(&Measured { comparison, words, heatmap })
            .map_err(|error| super::internal(&error.to_string()))?;
        Ok(kept(bytes, Vec::new()))
    }

    /// What the take makes of the label's words.
    fn words(
        &self,
        product: &Picture,
        take: &Picture,
        fit: Fit,
        label: &[u8],
        network: &[u8],
    ) -> Result<Words, Failed> {
        let label: Label = postcard::from_bytes(label).map_err(|error| super::internal(&error.to_string()))?;
        let reader = Reader::load(network.to_vec());
        let words = reader.and_then(|reader| compare_words(product, take, fit, &label, &reader));
        words.map_err(|fault| read::unread(&fault, self.reading.as_ref(), &self.name))
    }

    fn failed(&self, error: &imaging::Error) -> Failed {
        let message = format!("how far {} strayed from the product cannot be measured: {error}", self.name);
        let problem = Problem::error("fidelity", message);
        match &self.place {
            Some(place) => problem.at(place.clone()).into(),
            None => problem.into(),
        }
    }
}
