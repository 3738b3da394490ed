//! Why an action runs, in words: what changed, with the file and line of a value that came from a table or a manifest.

use serde::Serialize;

use crate::actions::Task;
use crate::campaign::Place;
use crate::engine::{ActionId, Difference, Forecast, Graph, Input, Verdict};
use crate::plan::Written;

/// One thing that changed, and where it is written now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    #[serde(flatten)]
    pub difference: Difference,
    /// The table or manifest that the value is written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// What changed for one action, as a part of an asset, each once. That another action makes something else has a reason of its own there.
pub fn of_action(
    graph: &Graph<Task>,
    forecast: &Forecast,
    written: &mut Written<'_>,
    asset: &str,
    id: ActionId,
) -> Vec<Reason> {
    let node = graph.node(id);
    let is_action = |what: &str| node.depends_on().any(|on| graph.node(on).name == what);
    let is_file = |what: &str| {
        let is_input = |input: &Input| matches!(input, Input::File(path) if **path == *what);
        node.inputs.iter().any(is_input) || forecast.found.iter().any(|(path, _)| **path == *what)
    };
    let mut reasons: Vec<Reason> = Vec::new();
    for difference in forecast.differences.iter().filter(|difference| !is_action(&difference.what)) {
        let is_written = !is_file(&difference.what);
        let place = if is_written { written.parameter(asset, &node.action, &difference.what) } else { None };
        let (file, line) = place.as_ref().map(|place| (place.path().to_owned(), line(place))).unzip();
        push(&mut reasons, Reason { difference: difference.clone(), file, line: line.flatten() });
    }
    reasons
}

/// All that changed on the way to an action, nearest first, each once.
pub fn of_asset(graph: &Graph<Task>, forecasts: &[Forecast], written: &mut Written<'_>, id: ActionId) -> Vec<Reason> {
    let asset = graph.node(id).asset.as_deref().unwrap_or_default();
    let mut found: Vec<Reason> = Vec::new();
    let mut queue = vec![id];
    let mut at = 0;
    while let Some(id) = queue.get(at).copied() {
        at += 1;
        let forecast = &forecasts[id.0 as usize];
        if forecast.verdict == Verdict::Run {
            let reasons = of_action(graph, forecast, written, asset, id);
            reasons.into_iter().for_each(|reason| push(&mut found, reason));
        }
        for on in graph.node(id).depends_on() {
            if !queue.contains(&on) {
                queue.push(on);
            }
        }
    }
    found
}

/// Adds a reason unless the same was said already: a format's size, say, decides twice over one page.
fn push(reasons: &mut Vec<Reason>, reason: Reason) {
    let told = reason.told();
    if !reasons.iter().any(|known| known.told() == told) {
        reasons.push(reason);
    }
}

/// The line that a place begins on, from 1; `None` for a file that is not text.
pub fn line(place: &Place) -> Option<usize> {
    match place {
        Place::Span(source, start, _) => Some(source.line_column(*start).0),
        Place::File(_) => None,
    }
}

/// `products.csv, line 3`.
pub fn at(file: &str, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{file}, line {line}"),
        None => file.to_owned(),
    }
}

impl Reason {
    /// A change in words: `products.csv, line 3: price $35 → $32`.
    pub fn told(&self) -> String {
        let Difference { what, before, after } = &self.difference;
        let what = what.strip_prefix("data.").unwrap_or(what);
        let is_file = self.file.is_none() && (what.contains('/') || before.as_deref().is_some_and(is_digest));
        let colon = if self.file.is_some() { "" } else { ":" };
        let told = match (before, after) {
            (Some(_), Some(_)) if is_file => format!("{what} changed"),
            (Some(before), Some(after)) => format!("{what}{colon} {} → {}", short(before), short(after)),
            (None, Some(_)) if is_file => format!("{what} is new"),
            (None, Some(after)) => format!("{what}{colon} {} is new", short(after)),
            (Some(_), None) if is_file => format!("{what} is gone"),
            (Some(before), None) => format!("{what}{colon} {} is gone", short(before)),
            (None, None) => what.to_owned(),
        };
        match &self.file {
            Some(file) => format!("{}: {told}", at(file, self.line)),
            None => told,
        }
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
