//! The desk: where steps ask models. One for a whole build; it holds the client, the services of the campaign's models, and what was said about asking.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::campaign::models::problem;
use crate::campaign::reach::Reach;
use crate::campaign::{Place, Problem};
use crate::models::{Client, Fault, How, Money, News, Request, Service, Spent, Take, price};

/// A model that a step asks.
#[derive(Debug)]
pub struct Asked {
    pub reach: Reach,
    /// Its service, or why it has none that can be used.
    service: Result<Service, Problem>,
}

/// What a build asks models with. Shared by all its steps.
#[derive(Debug)]
pub struct Desk {
    client: Arc<Client>,
    models: Arc<BTreeMap<String, Asked>>,
    how: How,
    /// Takes that were wanted and not asked for, with what each would cost.
    missing: Mutex<BTreeMap<String, Option<Money>>>,
}

impl Desk {
    /// `models` by the names that the campaign calls them, with their services.
    pub fn new(client: Client, models: BTreeMap<String, (Reach, Result<Service, Problem>)>, how: How) -> Desk {
        let asked = |(reach, service)| Asked { reach, service };
        let models = Arc::new(models.into_iter().map(|(name, model)| (name, asked(model))).collect());
        Desk { client: Arc::new(client), models, how, missing: Mutex::default() }
    }

    /// The same desk, where nothing is asked.
    pub fn frozen(&self) -> Desk {
        let Desk { client, models, .. } = self;
        let how = How { frozen: true, ..self.how };
        Desk { client: client.clone(), models: models.clone(), how, missing: Mutex::default() }
    }

    /// Takes that were wanted and not asked for, by name, with what each would cost; `None` where nobody knows.
    pub fn missing(&self) -> BTreeMap<String, Option<Money>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All takes that are there.
    pub fn takes(&self) -> Vec<Take> {
        self.client.takes().all()
    }

    /// What was spent since it was opened.
    pub fn spent(&self) -> Spent {
        self.client.ledger().spent_now()
    }

    /// How many steps may be at the desk at once. How many requests are under way is each service's own limit.
    pub fn requests(&self) -> usize {
        let services = self.models.values().filter_map(|asked| asked.service.as_ref().ok());
        let each: BTreeSet<(String, usize)> =
            services.map(|service| (service.base().to_owned(), service.at_once)).collect();
        // Two for each place, so that no service waits while an answer is put away.
        each.iter().map(|(_, at_once)| 2 * at_once).sum::<usize>().max(1)
    }

    /// The take of a request, and what a person should know of how it came about. `name` is what a new one is called below `takes/`.
    ///
    /// # Errors
    /// Why there is none, as a problem of the model; a refusal is one of them.
    pub fn ask(
        &self,
        model: &str,
        request: &Request,
        name: &str,
        place: &Place,
    ) -> Result<(Take, Vec<Problem>), Problem> {
        let Asked { reach, service } = self.models.get(model).ok_or_else(|| gone(model))?;
        let service = service.as_ref().map_err(Clone::clone)?;
        let remarks = Mutex::new(Vec::new());
        let tell = |news: News| {
            let told = remark(&news, name);
            remarks.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
        };
        let take = self.client.ask(service, request, name, self.how, &tell);
        let take = take.map_err(|fault| self.failed(reach, &fault, name, place))?;
        if let Some(reason) = &take.record.refused {
            let label = service.kind.label();
            let message = format!("{label} refused to make {name}: {}", reason.trim_end_matches('.'));
            let cost = price(take.record.cost);
            let what = if request.is_image() { "the prompt or the picture" } else { "the draft or what you ask for" };
            let hint = format!("change {what}, or ask the same again with `--retry`; it cost {cost}");
            return Err(Problem::error("refused", message).at(place.clone()).hint(hint));
        }
        let remarks = remarks.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((take, remarks.into_iter().map(|problem: Problem| problem.at(place.clone())).collect()))
    }

    /// What a request would cost; `None` where nobody knows.
    pub fn estimate(&self, model: &str, request: &Request) -> Option<Money> {
        let Asked { service, .. } = self.models.get(model)?;
        self.client.estimate(service.as_ref().ok()?, request)
    }

    fn failed(&self, reach: &Reach, fault: &Fault, name: &str, place: &Place) -> Problem {
        let mut told = reach.problem(fault);
        if let Fault::Frozen { cost } = fault {
            let amount = match cost {
                Some(cost) if cost.micros == 0 => "nothing".to_owned(),
                cost => price(*cost),
            };
            self.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), *cost);
            told.message = format!("the take {name} was not asked for yet: it would cost {amount}");
        } else {
            told.message = format!("{name}: {}", told.message);
        }
        if told.place.is_none() { told.at(place.clone()) } else { told }
    }
}

/// Something that a person should know though there is an answer.
fn remark(news: &News, name: &str) -> Option<Problem> {
    match news {
        News::Lost { service, cost, why } => {
            let message = format!("{service} may have billed {} for nothing on {name}: {why}", price(*cost));
            Some(Problem::warning("lost", message).hint("compare with the service's own list of requests"))
        }
        News::OtherShape { service, asked, got } => {
            let message = format!("{service} made {name} as {got}, which is another shape than {asked}");
            Some(
                Problem::warning("other-shape", message)
                    .hint("a `crop` after the step gives it the shape that you want"),
            )
        }
        News::Asking { .. } | News::Waiting { .. } | News::Resumed { .. } => None,
    }
}

/// What only a plan without its desk brings about.
fn gone(model: &str) -> Problem {
    problem(&Fault::Unsupported { what: "no desk".to_owned(), who: model.to_owned() })
}
