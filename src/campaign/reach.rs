//! The models that a campaign can ask: those that are built in, and its own over them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::load::Loader;
use super::models::{Model as Own, problem};
use super::{Problem, did_you_mean};
use crate::models::{Catalogue, Fault, Keys, Model, Service};

/// A model, and what the campaign says about reaching it.
#[derive(Debug, Clone)]
pub struct Reach {
    pub model: Model,
    pub own: Option<Arc<Own>>,
}

impl Reach {
    /// Its service, with the key if it is set.
    pub fn service(&self, keys: &Keys) -> Result<Service, Problem> {
        let own = self.own.as_ref();
        let url = own.and_then(|own| own.url.as_deref());
        let service = Service::new(self.model.kind, url, own.and_then(|own| own.key.as_deref()), keys);
        service.map_err(|fault| self.problem(&fault))
    }

    /// What went wrong with it, at its table if the campaign has one.
    pub fn problem(&self, fault: &Fault) -> Problem {
        match (&self.own, fault) {
            (
                Some(own),
                Fault::BadAddress { .. } | Fault::NoKey { .. } | Fault::NoModel { .. } | Fault::Unpriced { .. },
            ) => problem(fault).at(own.place.clone()),
            _ => problem(fault),
        }
    }

    /// A warning where its service has ended it on a day such as `2026-11-23`.
    pub fn over(&self, today: &str) -> Option<Problem> {
        let model = &self.model;
        let ends = model.ends.as_ref().filter(|_| model.is_over(today))?;
        let message = format!("{} ended the model `{}` on {ends}", model.kind.label(), model.name);
        let warning = Problem::warning("model-ended", message);
        let warning = match &model.successor {
            Some(successor) => warning.hint(format!("its maker recommends `{successor}` instead")),
            None => warning.hint("`softbox models` lists the others"),
        };
        Some(match &self.own {
            Some(own) => warning.at(own.place.clone()),
            None => warning,
        })
    }
}

/// All models, by the names that people call them: `own` over those that are built in.
pub fn all(own: &BTreeMap<String, Arc<Own>>) -> Result<BTreeMap<String, Reach>, Problem> {
    let catalogue = Catalogue::built_in().map_err(|fault| problem(&fault))?;
    let mut all: BTreeMap<_, _> =
        catalogue.models.into_iter().map(|(name, model)| (name, Reach { model, own: None })).collect();
    for (name, own) in own {
        all.insert(name.clone(), Reach { model: own.model.clone(), own: Some(own.clone()) });
    }
    Ok(all)
}

/// The model of a name.
pub fn find(own: &BTreeMap<String, Arc<Own>>, name: &str) -> Result<Reach, Problem> {
    let mut all = all(own)?;
    all.remove(name).ok_or_else(|| unknown(name, &all))
}

/// The mistake of naming a model that is not there.
pub fn unknown(name: &str, all: &BTreeMap<String, Reach>) -> Problem {
    let hint = match did_you_mean(name, all.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`softbox models` lists them; a further one is a table [model.{name}] in campaign.toml"),
    };
    Problem::error("unknown-model", format!("there is no model `{name}`")).hint(hint)
}

/// What a step or a caption asks models for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Pictures,
    Words,
}

/// What is wrong with a list of models to ask, by their numbers in it; `None` where one of them has a mistake that was told.
pub(super) fn check(
    loader: &Loader<'_>,
    names: &[&str],
    wanted: Wanted,
    models: &BTreeMap<String, Reach>,
) -> Option<Vec<(usize, Problem)>> {
    let (kind, can_not, capability, more) = match wanted {
        Wanted::Pictures => ("image.", "makes no pictures", "image.edit", "`takes = 2`"),
        Wanted::Words => ("text.", "writes no words", "text.write", "`variants = 8`"),
    };
    let mut wrong = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) {
            let problem = Problem::error("duplicate", format!("the model `{name}` is named twice"));
            wrong.push((at, problem.hint(format!("for several answers of one model, write {more}"))));
        }
        match models.get(*name) {
            None if loader.is_broken("model", name) => return None,
            None => wrong.push((at, unknown(name, models))),
            Some(reach) if reach.model.can.iter().any(|can| can.name.starts_with(kind)) => {}
            Some(_) => {
                let problem = Problem::error("wrong-model", format!("the model `{name}` {can_not}"));
                let hint = format!(
                    "`softbox models` tells what each can do; of your own, say it with `can = [\"{capability}\"]` in [model.{name}]"
                );
                wrong.push((at, problem.hint(hint)));
            }
        }
    }
    Some(wrong)
}
