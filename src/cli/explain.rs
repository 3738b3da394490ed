//! `softbox explain`: where an asset comes from, down to each file that a person wrote, and what changed since last time.

use std::time::Instant;

use serde_json::{Value, json};

use super::build::{matching, unknown};
use super::place::open;
use super::plan::told;
use super::show::say;
use super::{Common, Exit, MessageFormat};
use crate::actions::Task;
use crate::campaign::{Loaded, load};
use crate::engine::{ActionId, Forecast, Graph, Input, Verdict};
use crate::plan::{self, Folder};
use crate::report::progress::waiting;

#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The asset: its path below dist/, or a pattern such as 'card/*'.
    asset: String,
}

impl Explain {
    pub fn run(self, common: &Common) -> Exit {
        let engine =
            common.campaign().and_then(|folder| open(&folder, "explain", |holder| eprintln!("{}", waiting(holder))));
        let mut engine = match engine {
            Ok(engine) => engine,
            Err(problem) => return common.refuse(problem),
        };
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        common.face(Instant::now()).problems(&problems);
        let graph = plan::plan(&campaign);
        let ids = match matching(&graph, &self.asset) {
            Ok(ids) if !ids.is_empty() => ids,
            Ok(_) => return common.refuse(unknown(&graph, &self.asset)),
            Err(problem) => return common.refuse(problem),
        };
        let forecasts = engine.forecast(&graph);
        for id in ids {
            match common.message_format {
                MessageFormat::Json => say(&record(&graph, &forecasts, id).to_string()),
                MessageFormat::Human | MessageFormat::Github => {
                    let path = graph.node(id).asset.as_deref().unwrap_or_default();
                    say(&format!("{path}: {}", state(&forecasts[id.0 as usize])));
                    tree(&graph, &forecasts, id, "");
                }
            }
        }
        Exit::Done
    }
}

fn state(forecast: &Forecast) -> String {
    match (forecast.verdict, forecast.micros) {
        (Verdict::UpToDate, Some(micros)) => {
            format!("up to date (took {})", crate::report::words::time(std::time::Duration::from_micros(micros.into())))
        }
        (Verdict::UpToDate, None) => "up to date".to_owned(),
        (Verdict::Restore, _) => "missing or altered; it comes back from the store".to_owned(),
        (Verdict::Run, _) if forecast.is_new => "not made yet".to_owned(),
        (Verdict::Run, _) => "will be made again".to_owned(),
        (Verdict::Depends, _) => "made again if what it needs comes out different".to_owned(),
        (Verdict::Missing, _) => "cannot be made: a file is missing".to_owned(),
    }
}

/// The lines below an action: what changed, then what it is made from.
fn tree(graph: &Graph<Task>, forecasts: &[Forecast], id: ActionId, indent: &str) {
    let (node, forecast) = (graph.node(id), &forecasts[id.0 as usize]);
    let mut lines: Vec<(String, Option<ActionId>)> = Vec::new();
    for difference in &forecast.differences {
        let when = if forecast.verdict == Verdict::UpToDate { "last change" } else { "changed" };
        lines.push((format!("{when}: {}", told(difference)), None));
    }
    for input in &node.inputs {
        match input {
            Input::File(path) => lines.push((path.to_string(), None)),
            Input::Action(on) => {
                let needed = &forecasts[on.0 as usize];
                lines.push((format!("{}: {}", graph.node(*on).name, state(needed)), Some(*on)));
            }
        }
    }
    let listed = |path: &str| node.inputs.iter().any(|input| matches!(input, Input::File(file) if **file == *path));
    for (path, digest) in &forecast.found {
        if !listed(path) && *digest != crate::engine::Digest::ABSENT {
            lines.push((path.to_string(), None));
        }
    }
    let last = lines.len().saturating_sub(1);
    for (at, (line, below)) in lines.into_iter().enumerate() {
        let (branch, under) = if at == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        say(&format!("{indent}{branch}{line}"));
        if let Some(on) = below {
            tree(graph, forecasts, on, &format!("{indent}{under}"));
        }
    }
}

fn record(graph: &Graph<Task>, forecasts: &[Forecast], id: ActionId) -> Value {
    let (node, forecast) = (graph.node(id), &forecasts[id.0 as usize]);
    let inputs: Vec<Value> = node
        .inputs
        .iter()
        .map(|input| match input {
            Input::File(path) => json!({ "file": path.as_ref() }),
            Input::Action(on) => record(graph, forecasts, *on),
        })
        .collect();
    let found: Vec<&str> = forecast.found.iter().map(|(path, _)| path.as_ref()).collect();
    json!({
        "event": "explained",
        "action": node.name,
        "path": node.asset,
        "verdict": forecast.verdict,
        "differences": forecast.differences,
        "took_us": forecast.micros,
        "inputs": inputs,
        "found": found,
    })
}
