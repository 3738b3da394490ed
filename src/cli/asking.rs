//! What a command may ask models: the desk of a campaign, what it would cost, what it did cost.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write, stderr, stdin};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::json;

use super::keys::keys;
use super::show::say;
use super::spend;
use super::{Common, MessageFormat};
use crate::actions::Task;
use crate::actions::desk::Desk;
use crate::campaign::models::{Budget, problem};
use crate::campaign::{Campaign, Problem, Step, reach};
use crate::engine::{ActionId, DERIVED, Engine, Event, Graph, Options, Outcome, Verdict};
use crate::models::{Catalogue, Client, Environment, How, Money, Patience, Settings, timestamp};
use crate::plan;
use crate::report::words::count;

/// What a person says about asking models.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Asking {
    /// Ask no model: whatever is missing of takes is told with its price.
    #[arg(long)]
    pub frozen: bool,

    /// Ask again for what was refused, or came in a useless state.
    #[arg(long, conflicts_with = "frozen")]
    pub retry: bool,

    /// Ask each model for one take more of a photo, such as hero/citrus-haze; can be given several times.
    #[arg(long, value_name = "PHOTO", conflicts_with = "frozen")]
    pub fresh_take: Vec<String>,

    /// Do not ask me, whatever it costs. Budgets hold all the same.
    #[arg(short, long)]
    pub yes: bool,
}

/// The desk of a campaign, or `None` where no look and no caption asks a model. Warnings about its models are told to `tell`.
pub fn desk(
    campaign: &Campaign,
    folder: &Path,
    how: How,
    tell: &mut dyn FnMut(&[Problem]),
) -> Result<Option<Arc<Desk>>, Problem> {
    let steps = campaign.looks.values().flat_map(|look| &look.steps);
    let directed = steps.filter_map(Step::direction).flat_map(|direction| &direction.models);
    let worded = campaign.captions.values().filter_map(|caption| caption.variants.as_ref());
    let names: BTreeSet<&String> = directed.chain(worded.flat_map(|variants| &variants.models)).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let Some(budget) = campaign.budget else {
        let problem = Problem::error("no-budget", "the limits in [budget] cannot be read, so no model is asked");
        return Err(problem.hint("put right what is told about [budget] above"));
    };
    let mut all = reach::all(&campaign.models)?;
    let keys = keys(folder)?;
    let mut catalogue = Catalogue::default();
    let mut models = BTreeMap::new();
    let today = timestamp(SystemTime::now());
    for name in names {
        // The campaign leaves out looks that name a model that is not there.
        let Some(reach) = all.remove(name) else { continue };
        tell(reach.over(&today[..10]).as_slice());
        let service = reach.service(&keys);
        // Those that are asked, and no others: their own prices count.
        catalogue.models.insert(name.clone(), reach.model.clone());
        models.insert(name.clone(), (reach, service));
    }
    // Where the campaign says what a model costs, that counts for the same model under another name, too.
    let priced: Vec<_> =
        models.values().filter(|(reach, _)| reach.own.is_some()).map(|(reach, _)| reach.model.clone()).collect();
    for model in catalogue.models.values_mut() {
        let own = priced.iter().find(|own| (own.kind, &own.id) == (model.kind, &model.id) && own.prices.is_known());
        if let Some(own) = own {
            model.prices.clone_from(&own.prices);
        }
    }
    let settings = Settings {
        takes: folder.join("takes"),
        derived: folder.join(DERIVED),
        budget: budget.limits,
        catalogue,
        patience: Patience::default(),
    };
    let client = Client::open(settings, Environment::default()).map_err(|fault| problem(&fault))?;
    Ok(Some(Arc::new(Desk::new(client, models, how))))
}

/// Takes that a build would ask for.
#[derive(Debug, Clone, Default)]
pub struct Bill {
    /// What each is called, and what it would cost; `None` where nobody knows.
    pub takes: Vec<(String, Option<Money>)>,
}

impl Bill {
    /// What a build of the graph would ask for. Prepares the pictures that would be sent, to find takes that are there already.
    pub fn of(engine: &mut Engine, campaign: &Campaign, desk: &Arc<Desk>, options: &Options) -> Bill {
        let frozen = Arc::new(desk.frozen());
        let graph = plan::plan(campaign, Some(frozen.clone()));
        let forecasts = engine.forecast(&graph);
        let is_open = |id: &ActionId| forecasts[id.0 as usize].verdict != Verdict::UpToDate;
        let asking = graph.nodes().filter(|(_, node)| node.action.take().is_some());
        let open: Vec<ActionId> = asking.map(|(id, _)| id).filter(is_open).collect();
        if open.is_empty() {
            return Bill::default();
        }
        let mut met = BTreeSet::new();
        let only = Options { only: Some(open.clone()), whole: false, ..options.clone() };
        let looked = engine.build(&graph, &only, &mut |event| {
            if let Event::Finished { name, outcome: Outcome::Ran | Outcome::Kept, .. } = event {
                met.insert(name.to_owned());
            }
        });
        if looked.is_err() {
            return Bill::default(); // the build will tell
        }
        let missing = frozen.missing();
        let mut takes = Vec::new();
        for id in open {
            let node = graph.node(id);
            let Some(name) = node.action.take() else { continue };
            match (missing.get(name), &node.action) {
                (Some(cost), _) => takes.push((name.to_owned(), *cost)),
                // It works on a take that is not there yet.
                (None, Task::Edit(edit)) if !met.contains(&node.name) && waits_for(&graph, id, &missing) => {
                    takes.push((name.to_owned(), edit.guess()));
                }
                (None, _) => {}
            }
        }
        Bill { takes }
    }

    pub fn is_empty(&self) -> bool {
        self.takes.is_empty()
    }

    /// What all of it would cost, by currency, and how many of the takes have no known price.
    pub fn sums(&self) -> (Vec<Money>, usize) {
        let mut sums: BTreeMap<String, Money> = BTreeMap::new();
        for cost in self.takes.iter().filter_map(|(_, cost)| *cost) {
            let sum = sums.entry(cost.currency.as_str().to_owned()).or_insert(Money { micros: 0, ..cost });
            *sum = sum.plus(cost).unwrap_or(*sum);
        }
        (sums.into_values().collect(), self.takes.iter().filter(|(_, cost)| cost.is_none()).count())
    }

    /// `4 takes for about $0.20`
    pub fn told(&self) -> String {
        let (sums, unknown) = self.sums();
        let costs = sums.iter().filter(|sum| sum.micros > 0);
        let mut parts: Vec<String> = costs.map(|sum| format!("about {sum}")).collect();
        if parts.is_empty() && unknown == 0 {
            parts.push("nothing".to_owned());
        }
        match unknown {
            0 => {}
            all if all == self.takes.len() => parts.push("an unknown amount".to_owned()),
            some => parts.push(format!("an unknown amount for {some} of them")),
        }
        format!("{} for {}", count(self.takes.len(), "take", "takes"), parts.join(" and "))
    }

    /// Whether a person is asked first: it is dear, or nobody knows what it costs.
    fn is_large(&self, budget: &Budget) -> bool {
        let (sums, unknown) = self.sums();
        let over = budget.confirm_over;
        unknown > 0 || sums.iter().any(|sum| sum.currency != over.currency || sum.micros > over.micros)
    }
}

/// Whether an action waits, directly or not, for a take that is missing.
fn waits_for(graph: &Graph<Task>, id: ActionId, missing: &BTreeMap<String, Option<Money>>) -> bool {
    let mut open: Vec<ActionId> = graph.node(id).depends_on().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = graph.node(id);
        if node.action.take().is_some_and(|name| missing.contains_key(name)) {
            return true;
        }
        open.extend(node.depends_on());
    }
    false
}

/// Asks whoever sits at the terminal before much is spent.
pub fn confirm(bill: &Bill, budget: &Budget) -> Result<(), Problem> {
    match !bill.is_large(budget) || is_yes(&format!("This build asks models for {}. Go on?", bill.told())) {
        true => Ok(()),
        false => Err(not_asked()),
    }
}

/// Asks a person, for whom no is the answer that costs nothing.
pub fn is_yes(question: &str) -> bool {
    let mut answer = String::new();
    let _ = write!(stderr(), "{question} [y/N] ").and_then(|()| stderr().flush());
    stdin().read_line(&mut answer).is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// What a person hears who said no.
pub fn not_asked() -> Problem {
    let hint = "`--frozen` asks nothing; `confirm_over` in [budget] says from when on you are asked first";
    Problem::error("not-asked", "nothing was asked and nothing was spent").hint(hint)
}

/// Whether there is a person to ask.
pub fn is_somebody_there() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// What models cost in this build.
pub fn tell_spent(common: &Common, desk: &Desk) {
    let spent = desk.spent();
    let is_free = spent.known.iter().all(|sum| sum.micros == 0) && spent.unknown + spent.lost == 0;
    if is_free {
        return;
    }
    match common.message_format {
        MessageFormat::Json => {
            let known: Vec<String> = spent.known.iter().map(ToString::to_string).collect();
            let event = json!({ "event": "spent", "period": "build", "known": known, "unknown": spent.unknown, "lost": spent.lost });
            say(&event.to_string());
        }
        MessageFormat::Human | MessageFormat::Github => {
            eprintln!("models cost {} (`softbox spend` tells all)", spend::words(&spent))
        }
    }
}
