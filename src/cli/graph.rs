//! `softbox graph`: the plan as a graph of files, actions and assets, for Graphviz and for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};

use super::names::wanted;
use super::place::open;
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::actions::Task;
use crate::campaign::{Loaded, load};
use crate::engine::{Action, ActionId, Graph as Plan, Input};
use crate::plan::{self, Folder};
use crate::report::progress::waiting;

#[derive(Debug, clap::Args)]
pub struct Graph {
    /// Only these assets and what they are made from: paths, or patterns such as 'card/*'.
    #[arg(value_name = "ASSET")]
    only: Vec<String>,
}

impl Graph {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let opened = common.campaign().and_then(|folder| {
            let engine = open(&folder, "graph", |holder| eprintln!("{}", waiting(holder)))?;
            Ok((engine, folder))
        });
        let (engine, folder) = match opened {
            Ok(opened) => opened,
            Err(problem) => return common.refuse(problem),
        };
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        let plan = plan::plan(&campaign, None);
        if common.message_format != MessageFormat::Json {
            common.face(began).problems(&problems);
        }
        let shown = match wanted(&plan, &folder, &self.only) {
            Ok(Some(only)) => below(&plan, &only),
            Ok(None) => plan.ids().collect(),
            Err(problem) => return common.refuse(problem),
        };
        match common.message_format {
            MessageFormat::Json => shown.iter().for_each(|id| say(&record(&plan, *id).to_string())),
            MessageFormat::Human | MessageFormat::Github => say(&dot(&plan, &shown)),
        }
        if has_errors(&problems) { Exit::Wrong } else { Exit::Done }
    }
}

/// These actions and all that they need.
fn below(plan: &Plan<Task>, wanted: &[ActionId]) -> BTreeSet<ActionId> {
    let mut all: BTreeSet<ActionId> = wanted.iter().copied().collect();
    for id in plan.ids().rev() {
        if all.contains(&id) {
            all.extend(plan.node(id).depends_on());
        }
    }
    all
}

fn record(plan: &Plan<Task>, id: ActionId) -> Value {
    let node = plan.node(id);
    let input = |input: &Input| match input {
        Input::File(path) => json!({ "file": path.as_ref() }),
        Input::Action(on) => json!({ "action": plan.node(*on).name }),
    };
    let inputs: Vec<Value> = node.inputs.iter().map(input).collect();
    json!({ "event": "action", "action": node.name, "kind": node.action.kind(), "inputs": inputs, "path": node.asset })
}

/// The graph in Graphviz's language (<https://graphviz.org/doc/info/lang.html>): files are notes, actions boxes, assets bold.
fn dot(plan: &Plan<Task>, shown: &BTreeSet<ActionId>) -> String {
    let mut lines = vec![
        "digraph campaign {".to_owned(),
        "  rankdir=LR;".to_owned(),
        "  node [shape=box, fontname=\"sans-serif\"];".to_owned(),
    ];
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    let mut edges = Vec::new();
    for &id in shown {
        let (ActionId(number), node) = (id, plan.node(id));
        lines.push(format!("  a{number} [label={}];", quoted(&node.name)));
        for input in &node.inputs {
            match input {
                Input::Action(ActionId(on)) => edges.push(format!("  a{on} -> a{number};")),
                Input::File(path) => {
                    let next = files.len();
                    let file = *files.entry(path).or_insert_with(|| {
                        lines.push(format!("  f{next} [label={}, shape=note];", quoted(path)));
                        next
                    });
                    edges.push(format!("  f{file} -> a{number};"));
                }
            }
        }
        if let Some(asset) = &node.asset {
            lines.push(format!("  d{number} [label={}, style=bold];", quoted(asset)));
            edges.push(format!("  a{number} -> d{number};"));
        }
    }
    lines.extend(edges);
    lines.push("}".to_owned());
    lines.join("\n")
}

/// A double-quoted string. A label takes backslashes for escapes, so those are doubled.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
