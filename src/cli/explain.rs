//! `softbox explain`: where an asset comes from, down to each file that a person wrote, and what changed since last time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::names::named;
use super::place::open;
use super::show::say;
use super::{Common, Exit, MessageFormat, reasons};
use crate::actions::Task;
use crate::campaign::{Loaded, load};
use crate::engine::{Action, ActionId, Digest, Forecast, Graph, Held, Input, Verdict};
use crate::imaging::products;
use crate::plan::{self, Folder, Part, Written};
use crate::report::progress::waiting;
use crate::report::words::time;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The asset: its path, or a pattern such as 'card/*'.
    asset: String,
}

impl Explain {
    pub fn run(self, common: &Common) -> Exit {
        let opened = common.campaign().and_then(|folder| {
            let engine = open(&folder, "explain", |holder| eprintln!("{}", waiting(holder)))?;
            Ok((engine, folder))
        });
        let (mut engine, folder) = match opened {
            Ok(opened) => opened,
            Err(problem) => return common.refuse(problem),
        };
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        common.face(Instant::now()).problems(&problems);
        let graph = plan::plan(&campaign, None);
        let ids = match named(&graph, &folder, &self.asset) {
            Ok(ids) => ids,
            Err(problem) => return common.refuse(problem),
        };
        let forecasts = engine.forecast(&graph);
        let mut chain =
            Chain { graph: &graph, forecasts: &forecasts, written: Written::of(&campaign), told: BTreeSet::new() };
        for id in ids {
            chain.told.clear();
            let asset = graph.node(id).asset.as_deref().unwrap_or_default();
            // An asset that is not there says nothing of itself.
            let products = std::fs::read(folder.join(asset)).map_or_else(|_| Vec::new(), |file| products(&file));
            match common.message_format {
                MessageFormat::Json => {
                    let mut record = chain.record(asset, id);
                    record["products"] = json!(products);
                    say(&record.to_string());
                }
                MessageFormat::Human | MessageFormat::Github => {
                    say(&format!("{asset}: {}", state(chain.forecast(id))));
                    products.iter().for_each(|product| say(&format!("├─ the product's own pixels: {product}")));
                    chain.tree(asset, id, "");
                }
            }
        }
        Exit::Done
    }
}

fn state(forecast: &Forecast) -> String {
    match forecast.verdict {
        Verdict::UpToDate => {
            let place = match forecast.held {
                Some(Held::InPlace) => Some("in place"),
                Some(Held::Store) => Some("in the store"),
                Some(Held::Nowhere) => Some("made again whenever it is needed, which is cheaper than storing it"),
                None => None,
            };
            let took = forecast.micros.map(|micros| format!("took {}", time(Duration::from_micros(micros.into()))));
            let more: Vec<String> = place.map(str::to_owned).into_iter().chain(took).collect();
            if more.is_empty() { "up to date".to_owned() } else { format!("up to date ({})", more.join("; ")) }
        }
        Verdict::Restore => "missing or altered; it comes back from the store".to_owned(),
        Verdict::Run if forecast.is_new => "not made yet".to_owned(),
        Verdict::Run => "will be made again".to_owned(),
        Verdict::Depends => "made again if what it needs comes out different".to_owned(),
        Verdict::Missing => "cannot be made: a file is missing".to_owned(),
    }
}

/// What an explanation goes along: from an asset down to what people wrote.
struct Chain<'c> {
    graph: &'c Graph<Task>,
    forecasts: &'c [Forecast],
    written: Written<'c>,
    /// What was explained already: takes of one photo share nearly all that they are made from.
    told: BTreeSet<ActionId>,
}

impl<'c> Chain<'c> {
    fn forecast(&self, id: ActionId) -> &'c Forecast {
        &self.forecasts[id.0 as usize]
    }

    /// The lines below an action: what changed, then what it is made from.
    fn tree(&mut self, asset: &str, id: ActionId, indent: &str) {
        let (node, forecast) = (self.graph.node(id), self.forecast(id));
        let when = if forecast.verdict == Verdict::UpToDate { "last change" } else { "changed" };
        let changes = reasons::of_action(self.graph, forecast, &mut self.written, asset, id);
        let mut lines: Vec<(String, Option<ActionId>)> =
            changes.iter().map(|reason| (format!("{when}: {}", reason.told()), None)).collect();
        for Part { place, what } in self.written.parts(asset, &node.action) {
            lines.push((format!("{} ({what})", reasons::at(place.path(), reasons::line(&place))), None));
        }
        for input in &node.inputs {
            match input {
                Input::File(path) => lines.push((path.to_string(), None)),
                Input::Action(on) => {
                    let name = &self.graph.node(*on).name;
                    let state = if self.told.contains(on) { "as above".to_owned() } else { state(self.forecast(*on)) };
                    lines.push((format!("{name}: {state}"), Some(*on)));
                }
            }
        }
        lines.extend(self.found(id).map(|path| (path.to_owned(), None)));
        let last = lines.len().saturating_sub(1);
        for (at, (line, below)) in lines.into_iter().enumerate() {
            let (branch, under) = if at == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            say(&format!("{indent}{branch}{line}"));
            if let Some(on) = below.filter(|on| self.told.insert(*on)) {
                self.tree(asset, on, &format!("{indent}{under}"));
            }
        }
    }

    /// The files that an action found to need, without those that it names.
    fn found(&self, id: ActionId) -> impl Iterator<Item = &'c str> {
        let node = self.graph.node(id);
        let is_named =
            |path: &str| node.inputs.iter().any(|input| matches!(input, Input::File(file) if **file == *path));
        let there = self.forecast(id).found.iter().filter(|(_, digest)| *digest != Digest::ABSENT);
        there.map(|(path, _)| path.as_ref()).filter(move |path| !is_named(path))
    }

    fn record(&mut self, asset: &str, id: ActionId) -> Value {
        let (node, forecast) = (self.graph.node(id), self.forecast(id));
        let inputs: Vec<Value> = node
            .inputs
            .iter()
            .map(|input| match input {
                Input::File(path) => json!({ "file": path.as_ref() }),
                Input::Action(on) if self.told.insert(*on) => self.record(asset, *on),
                Input::Action(on) => json!({ "action": self.graph.node(*on).name }),
            })
            .collect();
        let part =
            |Part { place, what }: Part| json!({ "file": place.path(), "line": reasons::line(&place), "what": what });
        let written: Vec<Value> = self.written.parts(asset, &node.action).into_iter().map(part).collect();
        json!({
            "event": "explained",
            "action": node.name,
            "kind": node.action.kind(),
            "path": node.asset,
            "verdict": forecast.verdict,
            "held": forecast.held,
            "differences": reasons::of_action(self.graph, forecast, &mut self.written, asset, id),
            "took_us": forecast.micros,
            "written": written,
            "inputs": inputs,
            "found": self.found(id).collect::<Vec<_>>(),
        })
    }
}
