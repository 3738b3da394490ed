//! Why an action would run: the description that its key is made from, compared with the one of last time.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::files::Record;
use super::found::Found;
use super::key::Keys;
use super::stat::Stat;
use super::traces::{Holds, Trace};
use super::{Action, ActionId, Bytes, Description, Digest, Engine, Graph, Input, Node, Work};

/// What a build would do with an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A trace tells its output, and its asset is in place.
    UpToDate,
    /// A trace tells its output; its asset is missing or altered and comes from the store.
    Restore,
    /// It runs: its trace does not hold, or its output is needed and was not stored.
    Run,
    /// Something that it needs runs; it runs too unless that makes the same as before.
    Depends,
    /// It cannot run: a file is missing, for itself or for something that it needs.
    Missing,
}

/// Where the bytes of an output are that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// In the campaign, as an asset.
    InPlace,
    Store,
    /// Nowhere: it is made again each time that something needs it, which costs less than storing it.
    Nowhere,
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
    /// Where its output is, if a trace tells that.
    pub held: Option<Held>,
}

/// What is known of an action while a forecast goes through the graph.
struct Seen {
    forecast: Forecast,
    /// The digest of its output, if that is known without running it.
    output: Option<Digest>,
    /// Who needs its bytes makes it run again, since they were not stored.
    is_transient: bool,
}

impl Engine {
    /// What a build of the graph would do, in the order of the graph, without doing it. Where the traces cannot be read, everything runs.
    pub fn forecast<A: Action>(&mut self, graph: &Graph<A>) -> Vec<Forecast> {
        self.recall();
        let _ = self.traces.load(); // the build will tell
        let paths = graph.nodes().flat_map(|(_, node)| &node.inputs);
        let paths = paths.filter_map(|input| if let Input::File(path) = input { Some(path) } else { None });
        self.files.look_at_all(&paths.collect::<Vec<_>>());
        let mut holds = Holds::default();
        let mut seen: Vec<Seen> = Vec::with_capacity(graph.len());
        for id in graph.ids() {
            let next = self.forecast_one(graph, id, &seen, &mut holds);
            seen.push(next);
        }
        run_again_what_is_needed(graph, &mut seen);
        seen.into_iter().map(|seen| seen.forecast).collect()
    }

    /// The assets that a build of the whole graph would remove: those that nothing makes any more and nobody changed.
    pub fn stale<A: Action>(&mut self, graph: &Graph<A>) -> Vec<String> {
        self.recall();
        let wanted: std::collections::BTreeSet<&str> = graph.asset_paths().collect();
        let records = self.outputs.records.iter().filter(|(path, _)| !wanted.contains(path));
        let stale = records.filter(|(path, record)| record.still_holds(&self.files, path).is_some());
        stale.map(|(path, _)| path.to_string()).collect()
    }

    fn forecast_one<A: Action>(&mut self, graph: &Graph<A>, id: ActionId, seen: &[Seen], holds: &mut Holds) -> Seen {
        let node = graph.node(id);
        let is_new = self.traces.keys_of(&node.name).is_none();
        let bare = |verdict| Seen {
            forecast: Forecast {
                id,
                verdict,
                differences: Vec::new(),
                is_new,
                found: Found::new(),
                micros: None,
                held: None,
            },
            output: None,
            is_transient: false,
        };
        let digest = |input: &Input| match input {
            Input::Action(on) => seen[on.index()].output,
            Input::File(path) => Some(self.files.digest(path).unwrap_or(Digest::ABSENT)),
        };
        let digests: Vec<Option<Digest>> = node.inputs.iter().map(digest).collect();
        let waits_for_missing = !node.action.bears_gaps()
            && node.depends_on().any(|on| seen[on.index()].forecast.verdict == Verdict::Missing);
        if digests.contains(&Some(Digest::ABSENT)) || waits_for_missing {
            return bare(Verdict::Missing);
        }
        let Some(digests) = digests.into_iter().collect::<Option<Vec<_>>>() else { return bare(Verdict::Depends) };
        // What cannot be written down has no key; the build tells it as a failure.
        let mut keys = Keys::default();
        let Ok(key) = keys.key(&node.action, &digests) else { return bare(Verdict::Run) };
        let written = keys.written(key, &digests);
        let trace = holds.trace(&mut self.traces, &self.files, &written.key);
        let verdict = trace.map_or(Verdict::Run, |trace| self.verdict(node.asset.as_deref(), &trace));
        let last = trace.or_else(|| self.last_trace(&node.name));
        let now = Description::from_bytes(&written.to_bytes(graph, node));
        let forecast = Forecast {
            differences: now.map(|now| self.differences(&node.name, &written.key, &now, trace)).unwrap_or_default(),
            found: last.map(|trace| self.traces.found(trace.found).to_vec()).unwrap_or_default(),
            micros: last.map(|trace| trace.micros),
            held: trace.map(|trace| match verdict {
                Verdict::UpToDate if node.asset.is_some() => Held::InPlace,
                _ if trace.kept && self.store.has(&trace.output) => Held::Store,
                _ => Held::Nowhere,
            }),
            ..bare(verdict).forecast
        };
        if let Some(output) = self.tried(node, &digests).filter(|_| trace.is_none()) {
            let is_same = node.asset.as_ref().is_some_and(|path| {
                Record { stat: Stat::default(), at: 0, digest: output }.still_holds(&self.files, path).is_some()
            });
            let verdict = if is_same { Verdict::UpToDate } else { Verdict::Run };
            return Seen { forecast: Forecast { verdict, ..forecast }, output: Some(output), is_transient: true };
        }
        let is_transient = trace.is_some_and(|trace| !trace.kept || !self.store.has(&trace.output));
        Seen { forecast, output: trace.map(|trace| trace.output), is_transient }
    }

    /// What a quick action makes of files, found by running it. Nothing is kept.
    fn tried<A: Action>(&self, node: &Node<A>, digests: &[Digest]) -> Option<Digest> {
        if !node.action.is_quick() {
            return None;
        }
        let bytes = |(input, digest): (&Input, &Digest)| match input {
            Input::File(path) => self.files.read_as(path, *digest).ok()?.ok(),
            Input::Action(_) => None,
        };
        let inputs: Vec<Bytes> = node.inputs.iter().zip(digests).map(bytes).collect::<Option<_>>()?;
        let made = Work::alone(&self.files, &inputs, |work| node.action.run(work));
        made.ok().map(|output| Digest::of(&output.bytes))
    }

    /// For an action whose output is known.
    fn verdict(&self, asset: Option<&str>, trace: &Trace) -> Verdict {
        let Some(path) = asset else { return Verdict::UpToDate };
        let wanted = Record { stat: Stat::default(), at: 0, digest: trace.output };
        let is_right =
            self.outputs.vouches(&self.files, path, &trace.output) || wanted.still_holds(&self.files, path).is_some();
        match (is_right, trace.kept && self.store.has(&trace.output)) {
            (true, _) => Verdict::UpToDate,
            (false, true) => Verdict::Restore,
            (false, false) => Verdict::Run,
        }
    }

    fn last_trace(&mut self, name: &str) -> Option<Trace> {
        let (latest, _) = self.traces.keys_of(name)?;
        self.traces.of(&latest).first().copied()
    }

    /// What differs from last time, or, for an action whose trace holds, what differed when it ran last.
    fn differences(&mut self, name: &str, key: &Digest, now: &Description, trace: Option<Trace>) -> Vec<Difference> {
        let Some((latest, before)) = self.traces.keys_of(name) else { return Vec::new() };
        if let (Some(trace), true) = (trace, latest == *key) {
            let found = self.found_differences_of(key, &trace);
            if !found.is_empty() {
                return found;
            }
        }
        let compared_with = if latest == *key && trace.is_some() { before } else { Some(latest) };
        let Some((was, last)) = compared_with.and_then(|key| self.traces.description(&key)) else { return Vec::new() };
        let mut differences = was.differences(now);
        if trace.is_none() {
            let now = |path: &str| self.files.look(path, false).unwrap_or(Digest::UNREADABLE);
            let found = self.traces.found(last.found);
            differences.extend(found.iter().filter_map(|(path, was)| changed_file(path, *was, now(path))));
        }
        differences
    }

    /// What the latest run of a key found to be another than the run before it did.
    fn found_differences_of(&mut self, key: &Digest, trace: &Trace) -> Vec<Difference> {
        let runs = self.traces.of(key);
        let [latest, before, ..] = runs[..] else { return Vec::new() };
        if latest != *trace {
            return Vec::new();
        }
        let was = self.traces.found(before.found);
        let now = self.traces.found(latest.found);
        let changed = |(path, now): &(Arc<str>, Digest)| {
            let (_, was) = was.iter().find(|(other, _)| other == path)?;
            changed_file(path, *was, *now)
        };
        now.iter().filter_map(changed).collect()
    }
}

/// What was not stored runs again for those that run: from the end, so that it reaches through several levels.
fn run_again_what_is_needed<A>(graph: &Graph<A>, seen: &mut [Seen]) {
    for id in graph.ids().rev() {
        let needs = seen[id.index()].forecast.verdict;
        if !matches!(needs, Verdict::Run | Verdict::Depends) {
            continue;
        }
        for on in graph.node(id).depends_on() {
            let on = &mut seen[on.index()];
            let verdict = &mut on.forecast.verdict;
            let is_idle = matches!(verdict, Verdict::UpToDate | Verdict::Restore);
            if on.is_transient && (is_idle || (*verdict, needs) == (Verdict::Depends, Verdict::Run)) {
                *verdict = needs;
            }
        }
    }
}

fn changed_file(path: &str, before: Digest, after: Digest) -> Option<Difference> {
    let tell = |digest: Digest| (digest != Digest::ABSENT).then(|| digest.short());
    (before != after).then(|| Difference { what: path.to_owned(), before: tell(before), after: tell(after) })
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
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (number, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&format!("{at}.{}", number + 1), before, after, found);
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
