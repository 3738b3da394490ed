//! Fidelity: how far the product in a take strayed from the photographed one.

use serde::{Deserialize, Serialize};

use super::{Failed, kept};
use crate::campaign::{Place, Problem};
use crate::engine::{Output, Work};
use crate::imaging::fidelity::{Comparison, compare, heatmap};
use crate::imaging::{self, Encoding, FileType, Limits, Picture};

/// Raised when the same take would be measured otherwise.
pub const VERSION: u32 = 1;

/// Its inputs are the isolated product, developed, and the take.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fidelity {
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
    /// The take with the places where its product strayed, as JPEG.
    pub heatmap: Vec<u8>,
}

impl Measured {
    /// `None` for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Measured> {
        postcard::from_bytes(bytes).ok()
    }
}

impl Fidelity {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let [product, take] = work.inputs() else { return Err(super::internal("nothing to compare")) };
        let product = Picture::from_bytes(product.clone()).map_err(|error| super::internal(&error.to_string()))?;
        let needed = imaging::estimate(take, 0).map_err(|error| self.failed(&error))?;
        let _memory = work.reserve(usize::try_from(needed.saturating_mul(3)).unwrap_or(usize::MAX));
        let take = imaging::decode(take, 0, &Limits::default()).map_err(|error| self.failed(&error))?;
        let comparison = compare(&product, &take).map_err(|error| self.failed(&error))?;
        let heatmap = heatmap(&product, &take, comparison.fit).map_err(|error| self.failed(&error))?;
        let encoding = Encoding::plain(FileType::Jpeg, 80);
        let heatmap = imaging::encode(&heatmap, &encoding).map_err(|error| self.failed(&error))?.bytes;
        let bytes = postcard::to_allocvec(&Measured { comparison, heatmap })
            .map_err(|error| super::internal(&error.to_string()))?;
        Ok(kept(bytes, Vec::new()))
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
