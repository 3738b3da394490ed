//! `softbox ask`: ask a model once for a picture or for words, and keep what it answers.

mod request;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::asking::{is_somebody_there, is_yes, not_asked};
use super::faults::exit;
use super::keys::keys;
use super::place::open;
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::campaign::models::{Budget, problem};
use crate::campaign::reach::{self, Reach};
use crate::campaign::{Loaded, Problem, load};
use crate::models::{
    Catalogue, Client, Environment, Fault, How, Money, News, Patience, Request, Service, Settings, Size, Take, price,
    timestamp,
};
use crate::plan::Folder;
use crate::report::progress::waiting;
use crate::report::words::time;

#[derive(Debug, clap::Args)]
pub struct Ask {
    /// The model, as `softbox models` calls it.
    pub model: String,

    /// What it is to do. `@prompts/marble.md`: what is in that file of the campaign. {{name}} becomes the product's field.
    pub prompt: String,

    /// A picture to work on, or to look at; can be given several times. The first one is edited, the others are references.
    #[arg(short, long = "picture", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub pictures: Vec<String>,

    /// A PNG of the picture's size that is transparent where the picture may be changed.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "pictures")]
    pub mask: Option<String>,

    /// The size of the answer in pixels. Services know some shapes, and take the nearest.
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<Size>,

    /// The product whose fields the prompt shows.
    #[arg(long, value_name = "ID")]
    pub product: Option<String>,

    /// Another answer to the same question: 2, 3 and so on. Each is paid for once.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub take: u32,

    /// So many of them, from that one on.
    #[arg(skip = 1_u32)]
    pub takes: u32,

    /// What the answer is called under takes/.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Ask nothing: tell what is there, or what it would cost.
    #[arg(long)]
    pub frozen: bool,

    /// Ask again for what was refused, or came in a useless state.
    #[arg(long)]
    pub retry: bool,

    /// Do not ask me, whatever it costs. Budgets hold all the same.
    #[arg(short, long)]
    pub yes: bool,
}

/// Why nothing is asked.
enum Stop {
    Problems(Vec<Problem>, Exit),
    Fault(Fault),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Stop {
        Stop::Problems(vec![problem], Exit::Wrong)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

fn size(text: &str) -> Result<Size, String> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match sides {
        Some((width @ 16..=16_384, height @ 16..=16_384)) => Ok(Size { width, height }),
        _ => Err("write width x height in pixels, such as 1080x1350".to_owned()),
    }
}

impl Ask {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let mut face = common.face(began);
        match self.asked(common, &mut |problems| face.problems(problems)) {
            Ok(exit) => exit,
            Err(Stop::Problems(problems, exit)) => {
                face.problems(&problems);
                exit
            }
            Err(Stop::Fault(fault)) => {
                face.problems(&[problem(&fault)]);
                exit(&fault)
            }
        }
    }

    fn asked(&self, common: &Common, tell: &mut dyn FnMut(&[Problem])) -> Result<Exit, Stop> {
        let folder = common.campaign()?;
        // One process at a time may have takes and ledger open.
        let engine = open(&folder, "ask", |holder| eprintln!("{}", waiting(holder)))?;
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        let Some(budget) = campaign.budget else {
            return Err(Stop::Problems(problems, Exit::Wrong));
        };
        let reach = match reach::find(&campaign.models, &self.model) {
            Err(_) if has_errors(&problems) && is_broken(&problems, &self.model) => {
                return Err(Stop::Problems(problems, Exit::Wrong));
            }
            found => found?,
        };
        tell(reach.over(&timestamp(SystemTime::now())[..10]).as_slice());
        let service = reach.service(&keys(&folder)?)?;
        let request = self.request(&reach, &campaign, engine.files(), &folder)?;
        let mut catalogue = Catalogue::default();
        // Alone in it, so that its own prices count.
        catalogue.models.insert(self.model.clone(), reach.model.clone());
        let settings = Settings {
            takes: folder.join("takes"),
            derived: folder.join(".softbox"),
            budget: budget.limits,
            catalogue,
            patience: Patience::default(),
        };
        let client = Client::open(settings, Environment::default())?;
        let asking = Asking { ask: self, common, reach: &reach, service: &service, request: &request, client: &client };
        asking.run(&folder, &budget)
    }
}

/// Whether a mistake was told in `[model.NAME]`.
fn is_broken(problems: &[Problem], name: &str) -> bool {
    let table = format!("model.{name}");
    problems.iter().any(|problem| problem.message.contains(&table) || matches!(problem.code, "bad-key" | "syntax"))
}

/// One question, with all that it takes to ask it.
struct Asking<'a> {
    ask: &'a Ask,
    common: &'a Common,
    reach: &'a Reach,
    service: &'a Service,
    request: &'a Request,
    client: &'a Client,
}

impl Asking<'_> {
    fn run(&self, folder: &Path, budget: &Budget) -> Result<Exit, Stop> {
        let how = How { frozen: self.ask.frozen, retry: self.ask.retry };
        let takes = (0..self.ask.takes).map(|more| self.ask.take.saturating_add(more));
        let requests: Vec<Request> = takes.map(|take| Request { take, ..self.request.clone() }).collect();
        let mut missing = 0;
        for request in &requests {
            let known = self.client.find(self.service, request)?;
            missing += u64::from(known.is_none_or(|take| take.record.refused.is_some() && how.retry));
        }
        if missing > 0 && !how.frozen && self.service.has_key() {
            let cost = self.client.estimate(self.service, self.request).map(|cost| cost.times(missing));
            self.confirm(cost, budget.confirm_over)?;
        }
        for request in &requests {
            let before = self.client.ledger().lines().len();
            let tell = |news| self.tell(&news);
            let name = self.ask.take_name(request.take);
            let take = self.client.ask(self.service, request, &name, how, &tell);
            let take = take.map_err(|fault| Stop::Problems(vec![self.reach.problem(&fault)], exit(&fault)))?;
            let is_paid = self.client.ledger().lines().len() > before;
            self.show(&take, folder, is_paid)?;
        }
        Ok(Exit::Done)
    }

    /// The price before anything is sent. Who sits at the terminal is asked about what is dear, or what nobody knows the price of.
    fn confirm(&self, cost: Option<Money>, over: Money) -> Result<(), Stop> {
        let price = cost.map_or("an unknown amount".to_owned(), |cost| format!("about {cost}"));
        let model = &self.ask.model;
        self.note(&format!("{model} ({}) will cost {price}", self.service.kind.label()));
        let is_small = cost.is_some_and(|cost| cost.currency == over.currency && cost.micros <= over.micros);
        if is_small || self.ask.yes || !is_somebody_there() || is_yes("Ask it?") {
            return Ok(());
        }
        Err(Stop::Problems(vec![not_asked()], Exit::OverBudget))
    }

    fn note(&self, text: &str) {
        if self.common.message_format != MessageFormat::Json {
            eprintln!("{text}");
        }
    }

    fn tell(&self, news: &News) {
        self.note(&match news {
            News::Asking { service, .. } => format!("asking {service}; this can take a minute or more"),
            News::Waiting { service, time: rest, why } => {
                format!("{why}; asking {service} again in {}", time(Duration::from_secs(rest.as_secs().max(1))))
            }
            News::Lost { service, cost, why } => {
                format!("{service} may have billed {} for nothing: {why}", price(*cost))
            }
            News::Resumed { service } => format!("taking up an answer of {service} that is paid for"),
            News::OtherShape { service, asked, got } => {
                format!("{service} made a picture of {got}, which is another shape than {asked}")
            }
        });
    }

    fn show(&self, take: &Take, folder: &Path, is_paid: bool) -> Result<(), Stop> {
        let from = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
        let files: Vec<String> = take.files().map(|path| from(&path)).collect();
        let record = from(&take.path);
        let contents = take.read()?;
        let text = (!self.request.is_image()).then(|| contents.first().map(|text| String::from_utf8_lossy(text)));
        let refused = &take.record.refused;
        if self.common.message_format == MessageFormat::Json {
            let event = json!({
                "event": "take",
                "model": self.ask.model,
                "files": files,
                "record": record,
                "text": text.flatten(),
                "refused": refused,
                "new": is_paid,
                "cost": take.record.cost,
            });
            say(&event.to_string());
        } else if refused.is_none() {
            match text.flatten() {
                Some(text) => say(text.trim_end()),
                None => files.iter().for_each(|file| say(file)),
            }
        }
        let cost = price(take.record.cost);
        let paid = match is_paid {
            true => format!("it cost {cost}"),
            false => format!("it was asked before and costs nothing now (it cost {cost} then)"),
        };
        match refused {
            Some(reason) => {
                let message = format!("{} refused: {}", self.service.kind.label(), reason.trim_end_matches('.'));
                let problem = Problem::error("refused", message);
                let hint = format!("change the prompt or the picture; {paid}; `--retry` asks the same again");
                Err(Stop::Problems(vec![problem.hint(hint)], Exit::Failed))
            }
            None => {
                self.note(&format!("kept in {record}; {paid}"));
                Ok(())
            }
        }
    }
}
