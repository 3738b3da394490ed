//! `softbox plan`: tell what a build would do, and why.

use std::time::Instant;

use serde_json::json;

use super::place::open;
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::actions::Task;
use crate::campaign::{Loaded, load};
use crate::engine::{ActionId, Difference, Forecast, Graph, Input, Verdict};
use crate::plan::{self, Folder};
use crate::report::progress::waiting;
use crate::report::words::count;

#[derive(Debug, clap::Args)]
pub struct Plan {}

impl Plan {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let engine =
            common.campaign().and_then(|folder| open(&folder, "plan", |holder| eprintln!("{}", waiting(holder))));
        let mut engine = match engine {
            Ok(engine) => engine,
            Err(problem) => return common.refuse(problem),
        };
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        common.face(began).problems(&problems);
        let graph = plan::plan(&campaign);
        let forecasts = engine.forecast(&graph);
        let assets = graph.nodes().filter_map(|(id, node)| Some((id, node.asset.as_deref()?)));
        let (mut changing, mut same) = (0, 0);
        for (id, path) in assets {
            let verdict = verdict(&graph, &forecasts, id);
            if verdict == Verdict::UpToDate {
                same += 1;
                continue;
            }
            changing += 1;
            let reasons = reasons(&graph, &forecasts, id);
            match common.message_format {
                MessageFormat::Json => {
                    say(&json!({ "event": "forecast", "path": path, "verdict": verdict, "reasons": reasons })
                        .to_string());
                }
                MessageFormat::Human | MessageFormat::Github => {
                    say(&format!("{} {path}{}", word(verdict), because(&reasons)))
                }
            }
        }
        // A mistake keeps parts out of the graph: then nothing counts as stale.
        let stale = if has_errors(&problems) { Vec::new() } else { engine.stale(&graph) };
        for path in &stale {
            match common.message_format {
                MessageFormat::Json => {
                    say(&json!({ "event": "forecast", "path": path, "verdict": "remove", "reasons": [] }).to_string())
                }
                MessageFormat::Human | MessageFormat::Github => {
                    say(&format!("remove  {path}  (no post makes it any more)"))
                }
            }
        }
        if common.message_format != MessageFormat::Json {
            let up_to_date = match same {
                0 => String::new(),
                same => format!("; {same} up to date"),
            };
            match changing {
                0 if !stale.is_empty() => {
                    say(&format!("a build would remove {}{up_to_date}", count(stale.len(), "asset", "assets")))
                }
                0 if same == 0 => say("nothing to do: no post makes an asset yet"),
                0 => say(&format!("nothing to do: {} up to date", count(same, "asset is", "assets are"))),
                changing => {
                    let removed = if stale.is_empty() { String::new() } else { format!(", remove {}", stale.len()) };
                    say(&format!("a build would make {}{removed}{up_to_date}", count(changing, "asset", "assets")));
                }
            }
        }
        if has_errors(&problems) { Exit::Wrong } else { Exit::Done }
    }
}

/// What becomes of an asset. One whose composing runs may turn out the same.
fn verdict(graph: &Graph<Task>, forecasts: &[Forecast], id: ActionId) -> Verdict {
    let own = &forecasts[id.0 as usize];
    let new_inputs =
        graph.node(id).inputs.iter().any(|input| matches!(input, Input::Action(on) if forecasts[on.0 as usize].is_new));
    match own.verdict {
        Verdict::Depends if own.is_new || new_inputs => Verdict::Run,
        verdict => verdict,
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::UpToDate => "keep   ",
        Verdict::Restore => "restore",
        Verdict::Run => "make   ",
        Verdict::Depends => "perhaps",
        Verdict::Missing => "cannot ",
    }
}

/// All that changed on the way to an action, nearest first, each once.
pub fn reasons(graph: &Graph<Task>, forecasts: &[Forecast], id: ActionId) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    let mut queue = vec![id];
    let mut at = 0;
    while let Some(id) = queue.get(at).copied() {
        at += 1;
        let forecast = &forecasts[id.0 as usize];
        if forecast.verdict == Verdict::Run {
            let is_action = |what: &str| {
                graph
                    .node(id)
                    .inputs
                    .iter()
                    .any(|input| matches!(input, Input::Action(on) if graph.node(*on).name == what))
            };
            for difference in &forecast.differences {
                // That another action makes something else has a reason of its own, further down.
                if !is_action(&difference.what) && !found.contains(difference) {
                    found.push(difference.clone());
                }
            }
        }
        for input in &graph.node(id).inputs {
            if let Input::Action(on) = input
                && !queue.contains(on)
            {
                queue.push(*on);
            }
        }
    }
    found
}

fn because(reasons: &[Difference]) -> String {
    match reasons {
        [] => String::new(),
        [first] => format!("  ({})", told(first)),
        [first, second] => format!("  ({}; {})", told(first), told(second)),
        [first, others @ ..] => format!("  ({}; {} more)", told(first), others.len()),
    }
}

/// A difference in words: `price: $35 → $32`.
pub fn told(difference: &Difference) -> String {
    let what = difference.what.strip_prefix("data.").unwrap_or(&difference.what);
    let is_file = what.contains('/') || difference.before.as_deref().is_some_and(is_digest);
    match (&difference.before, &difference.after) {
        (Some(_), Some(_)) if is_file => format!("{what} changed"),
        (Some(before), Some(after)) => format!("{what}: {} → {}", short(before), short(after)),
        (None, Some(_)) if is_file => format!("{what} is new"),
        (None, Some(after)) => format!("{what}: {} is new", short(after)),
        (Some(_), None) if is_file => format!("{what} is gone"),
        (Some(before), None) => format!("{what}: {} is gone", short(before)),
        (None, None) => what.to_owned(),
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.chars().count() > LONGEST {
        true => text.chars().take(LONGEST).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
