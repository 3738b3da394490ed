//! Surround: the photo's own product over what a model painted around it.

use serde::{Deserialize, Serialize};

use super::developed::Developed;
use super::{Failed, passing};
use crate::campaign::{Place, Problem};
use crate::engine::{Output, Work};
use crate::imaging::fidelity::{compare, surround};
use crate::imaging::{self, Limits, Picture};

/// Raised when the same product and take would give another picture.
pub const VERSION: u32 = 1;

/// A fit that is less sure than this, and a larger share of a product painted over, are told of.
const UNSURE: f32 = 0.35;
const GHOST: f32 = 0.04;

/// Its inputs are the isolated product, developed, and the take.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Surround {
    /// What the photo is called, for messages.
    #[serde(skip)]
    pub photo: String,
    /// Where the step was written.
    #[serde(skip)]
    pub place: Option<Place>,
}

impl Surround {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let [product, take] = work.inputs() else { return Err(super::internal("nothing to put together")) };
        let product = Picture::from_bytes(product.clone()).map_err(|error| super::internal(&error.to_string()))?;
        let needed = imaging::estimate(take, 0).map_err(|error| self.failed(&error))?;
        let own = product.pixels().len().saturating_mul(4);
        let _memory = work.reserve(usize::try_from(needed.saturating_mul(2)).unwrap_or(usize::MAX).saturating_add(own));
        let take = imaging::decode(take, 0, &Limits::default()).map_err(|error| self.failed(&error))?;
        let comparison = compare(&product, &take).map_err(|error| self.failed(&error))?;
        let put = surround(&product, &take, comparison.fit).map_err(|error| self.failed(&error))?;
        let sticks_out = put.ghost > GHOST;
        let warnings = (comparison.fit.certainty < UNSURE || sticks_out).then(|| self.doubtful(sticks_out));
        Ok(passing(Developed::Picture(put.picture).into_bytes(), warnings.into_iter().collect()))
    }

    /// What a person should look at.
    fn doubtful(&self, sticks_out: bool) -> Problem {
        let what = match sticks_out {
            true => "what the model painted of the product stuck out from behind it and was painted over",
            false => "where the model painted the product is not sure",
        };
        let problem = Problem::warning("doubtful-scene", format!("look at {}: {what}", self.photo));
        let problem =
            problem.hint("pick another take, or say in the prompt that the product stays where and as large as it is");
        match &self.place {
            Some(place) => problem.at(place.clone()),
            None => problem,
        }
    }

    fn failed(&self, error: &imaging::Error) -> Failed {
        let message = format!("the product of {} cannot be put into what a model painted: {error}", self.photo);
        let problem = Problem::error("surround", message);
        match &self.place {
            Some(place) => problem.at(place.clone()).into(),
            None => problem.into(),
        }
    }
}
