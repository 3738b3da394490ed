//! Why an action would run: the description that its key is made from, compared with the one of last time.

use serde::Serialize;
use serde_json::Value;

use super::key::key;
use super::schedule::Holds;
use super::traces::{Found, Trace};
use super::{Action, ActionId, Description, Digest, Engine, Graph, Input};

/// What a build would do with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A trace tells its output, and its asset is in place.
    UpToDate,
    /// A trace tells its output; its asset is missing or altered and comes from the store.
    Restore,
    /// It runs.
    Run,
    /// Something that it needs runs; it runs too unless that makes the same as before.
    Depends,
    /// It cannot run: a file is missing.
    Missing,
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A file, an action, or a parameter such as `data.price`.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What a build would do with an action, and why.
#[derive(Debug, Clone)]
pub struct Forecast {
    pub id: ActionId,
    pub verdict: Verdict,
    /// What is not as it was when it ran last. For an action that is up to date: what had changed when it ran last.
    pub differences: Vec<Difference>,
    /// It never ran under this name.
    pub is_new: bool,
    /// Files that it found to need when it ran last, with what they held.
    pub found: Found,
    /// How long its last run took, in microseconds.
    pub micros: Option<u32>,
}

impl Engine {
    /// What a build of the graph would do, in the order of the graph, without doing it.
    pub fn forecast<A: Action>(&mut self, graph: &Graph<A>) -> Vec<Forecast> {
        let mut holds = Holds::default();
        let mut outputs: Vec<Option<Digest>> = Vec::with_capacity(graph.len());
        let mut forecasts = Vec::with_capacity(graph.len());
        for id in graph.ids() {
            let (forecast, output) = self.forecast_one(graph, id, &outputs, &mut holds);
            outputs.push(output);
            forecasts.push(forecast);
        }
        forecasts
    }

    fn forecast_one<A: Action>(
        &mut self,
        graph: &Graph<A>,
        id: ActionId,
        outputs: &[Option<Digest>],
        holds: &mut Holds,
    ) -> (Forecast, Option<Digest>) {
        let node = graph.node(id);
        let digests: Vec<Option<Digest>> = node
            .inputs
            .iter()
            .map(|input| match input {
                Input::Action(on) => outputs[on.index()],
                Input::File(path) => Some(self.files.digest(path).unwrap_or(Digest::ABSENT)),
            })
            .collect();
        let is_new = self.traces.keys_of(&node.name).is_none();
        let bare =
            |verdict| Forecast { id, verdict, differences: Vec::new(), is_new, found: Found::new(), micros: None };
        let Some(digests) = digests.into_iter().collect::<Option<Vec<_>>>() else {
            return (bare(Verdict::Depends), None);
        };
        if digests.contains(&Digest::ABSENT) {
            return (bare(Verdict::Missing), None);
        }
        let key = key(&node.action, &digests);
        let now = Description::new(graph, node, &digests);
        let trace = holds.trace(&self.traces, &self.files, &key);
        let verdict = match (&trace, &node.asset) {
            (None, _) => Verdict::Run,
            (Some(trace), Some(path)) if !self.outputs.vouches(&self.files, path, &trace.output) => {
                let ours = self.outputs.records.get(path.as_str());
                let right = ours.is_some_and(|record| {
                    record.digest == trace.output
                        && super::outputs::Outputs::still_ours(&self.files, path, record).is_some()
                });
                if right { Verdict::UpToDate } else { Verdict::Restore }
            }
            (Some(_), _) => Verdict::UpToDate,
        };
        let last = trace.or_else(|| self.last_trace(&node.name));
        let forecast = Forecast {
            differences: self.differences(&node.name, &key, &now, trace.is_some()),
            found: last.map(|trace| self.traces.found(trace.found)).unwrap_or_default(),
            micros: last.map(|trace| trace.micros),
            ..bare(verdict)
        };
        (forecast, trace.map(|trace| trace.output))
    }

    fn last_trace(&self, name: &str) -> Option<Trace> {
        let (latest, _) = self.traces.keys_of(name)?;
        self.traces.of(&latest).last().copied()
    }

    fn differences(&mut self, name: &str, key: &Digest, now: &Description, up_to_date: bool) -> Vec<Difference> {
        let Some((latest, before)) = self.traces.keys_of(name) else { return Vec::new() };
        let compared_with = if latest == *key && up_to_date { before } else { Some(latest) };
        let Some((was, trace)) = compared_with.and_then(|key| self.traces.description(&key)) else { return Vec::new() };
        let mut differences = was.differences(now);
        if !up_to_date {
            for (path, digest) in self.traces.found(trace.found) {
                let now = self.files.digest(&path).unwrap_or(Digest::ABSENT);
                if now != digest {
                    let tell = |digest: Digest| (digest != Digest::ABSENT).then(|| digest.short());
                    let (before, after) = (tell(digest), tell(now));
                    differences.push(Difference { what: path.to_string(), before, after });
                }
            }
        }
        differences
    }
}

impl Description {
    /// What differs between this description and a later one, parameter by parameter and input by input.
    pub fn differences(&self, later: &Description) -> Vec<Difference> {
        let mut found = Vec::new();
        if self.version != later.version {
            let tell = |version: u32| Some(format!("version {version}"));
            let (before, after) = (tell(self.version), tell(later.version));
            found.push(Difference { what: format!("softbox's own way to {}", self.kind), before, after });
        }
        compare("", &self.parameters, &later.parameters, &mut found);
        for at in 0..self.inputs.len().max(later.inputs.len()) {
            match (self.inputs.get(at), later.inputs.get(at)) {
                (Some((name, before)), Some((same, after))) if name == same => {
                    if before != after {
                        let short = |digest: &String| Some(digest.chars().take(12).collect());
                        found.push(Difference { what: name.clone(), before: short(before), after: short(after) });
                    }
                }
                (before, after) => {
                    let name = |input: Option<&(String, String)>| input.map(|(name, _)| name.clone());
                    found.push(Difference { what: "input".to_owned(), before: name(before), after: name(after) });
                }
            }
        }
        found
    }
}

fn compare(at: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(before), Value::Object(after)) => {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let inner = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                let (before, after) = (before.get(name), after.get(name));
                compare(&inner, before.unwrap_or(&Value::Null), after.unwrap_or(&Value::Null), found);
            }
        }
        _ => found.push(Difference { what: at.to_owned(), before: shown(before), after: shown(after) }),
    }
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
