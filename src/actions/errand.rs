//! An errand: one model of one service, asked for one take; what is asked is up to the step.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::desk::Desk;
use super::{Failed, kept};
use crate::campaign::models::problem;
use crate::campaign::reach::Reach;
use crate::campaign::{MANIFEST, Place};
use crate::engine::{Output, Work};
use crate::models::{Ask, Fault, Money, Request};

/// Whom a step asks. What things are called, and where they were written, decides nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Errand {
    /// The kind of service, and what it calls the model.
    pub provider: String,
    pub model: String,
    /// Further parameters in the service's own words.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub parameters: Map<String, Value>,
    /// What the campaign calls the model.
    #[serde(skip)]
    pub called: String,
    /// What the take is called below takes/, without the beginning of its digest.
    #[serde(skip)]
    pub name: String,
    /// Where models were asked for.
    #[serde(skip)]
    pub place: Option<Place>,
    /// `None` where nothing is asked, because nothing is run.
    #[serde(skip)]
    pub desk: Option<Arc<Desk>>,
}

impl Errand {
    pub fn new(reach: &Reach, called: &str, name: String, place: Option<Place>, desk: Option<Arc<Desk>>) -> Errand {
        Errand {
            provider: reach.model.kind.name().to_owned(),
            model: reach.model.id.clone(),
            parameters: reach.own.as_ref().map(|own| own.parameters.clone()).unwrap_or_default(),
            called: called.to_owned(),
            name,
            place,
            desk,
        }
    }

    /// The untouched bytes of the answer's first file; `lack` says what it is without one.
    pub(super) fn run(&self, work: &Work<'_>, ask: Ask, take: u32, lack: &str) -> Result<Output<Failed>, Failed> {
        // Why there is none was told when the build began.
        let desk = self.desk.as_ref().ok_or(Failed(Vec::new()))?;
        let request = Request { recipe: work.recipe().map(|recipe| recipe.hex()), ..self.request(ask, take) };
        let (take, remarks) = desk.ask(&self.called, &request, &self.name, &self.place())?;
        let files = take.read().map_err(|fault| self.failed(&fault))?;
        let first = files.into_iter().next().ok_or_else(|| self.failed(&Fault::unusable(lack)))?;
        Ok(kept(first, remarks))
    }

    /// What it costs; `None` where nobody knows.
    pub(super) fn estimate(&self, ask: Ask, take: u32) -> Option<Money> {
        self.desk.as_ref()?.estimate(&self.called, &self.request(ask, take))
    }

    pub(super) fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(|| Place::file(MANIFEST))
    }

    pub(super) fn failed(&self, fault: &Fault) -> Failed {
        problem(fault).at(self.place()).into()
    }

    fn request(&self, ask: Ask, take: u32) -> Request {
        Request { model: self.model.clone(), ask, take, extra: self.parameters.clone(), recipe: None }
    }
}
