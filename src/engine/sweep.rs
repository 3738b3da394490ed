//! Throwing away: what nothing reaches any more goes, by age and then by size. What reaches it is for the caller to say, graph by graph.
//!
//! Survives: a crash at any moment. Blobs go after the traces that tell of them; one that is left over is removed the next time.

use std::collections::{HashMap, HashSet};

use super::key::Keys;
use super::stat::seconds;
use super::traces::{Holds, Trace, Traces};
use super::{Action, DERIVED, Digest, Engine, EngineError, Files, Graph, Input};

/// The traces that some graphs reach.
#[derive(Debug, Default)]
pub struct Reach(HashSet<(Digest, Digest)>);

/// What may go of what nothing reaches.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What ran longer ago than so many seconds.
    pub older_than: u64,
    /// And more of it, the oldest first, until no more than so many bytes are stored.
    pub at_most: Option<u64>,
    /// Only tells what would go.
    pub dry_run: bool,
}

/// What went and what stayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    pub removed: Amount,
    pub kept: Amount,
}

/// Results, and the outputs in the store that they tell of: a file each, but for small ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    pub results: usize,
    pub files: usize,
    pub bytes: u64,
}

impl Engine {
    /// As [`Engine::reached`], over the campaign's own files.
    pub fn reached_here<A: Action>(&mut self, graph: &Graph<A>, reach: &mut Reach) -> Result<(), EngineError> {
        self.recall();
        let Engine { files, traces, .. } = self;
        mark(traces, files, graph, reach)
    }

    /// Marks what a build of a graph over these files would find done already.
    pub fn reached<A: Action>(
        &mut self,
        files: &Files,
        graph: &Graph<A>,
        reach: &mut Reach,
    ) -> Result<(), EngineError> {
        mark(&mut self.traces, files, graph, reach)
    }

    /// Removes what is not reached and what the rules let go, and all that is stored and that nothing tells of. In a folder that campaigns
    /// share, what none of them used for that long.
    pub fn sweep(&mut self, reach: &Reach, rules: &Rules) -> Result<Swept, EngineError> {
        self.traces.load().map_err(unreadable)?;
        let all = self.traces.all().map_err(unreadable)?;
        let (kept, removed) = self.divide(all, reach, rules);
        let needed: HashSet<Digest> =
            kept.iter().filter(|(_, trace)| trace.kept).map(|(_, trace)| trace.output).collect();
        if !rules.dry_run && !removed.is_empty() {
            self.traces.retain(&self.derived, &kept).map_err(unwritable)?;
        }
        let mut swept = Swept::default();
        (swept.kept.results, swept.removed.results) = (kept.len(), removed.len());
        for stored in self.store.all() {
            let amount = if needed.contains(&stored.digest) { &mut swept.kept } else { &mut swept.removed };
            amount.files += 1;
            amount.bytes += stored.bytes;
        }
        if !rules.dry_run && swept.removed.files > 0 {
            self.store.retain(|digest| needed.contains(digest)).map_err(unwritable)?;
        }
        if let Some(shared) = self.store.shared() {
            let (files, bytes) = shared.sweep(rules.older_than, rules.dry_run);
            swept.removed.files += files;
            swept.removed.bytes += bytes;
        }
        Ok(swept)
    }

    /// What stays and what goes.
    fn divide(&self, all: Vec<(Digest, Trace)>, reach: &Reach, rules: &Rules) -> (Traced, Traced) {
        let now = seconds();
        let is_young = |trace: &Trace| now.saturating_sub(trace.at) < rules.older_than;
        let is_reached = |(key, trace): &(Digest, Trace)| reach.0.contains(&(*key, trace.output));
        let (mut kept, mut removed): (Traced, Traced) =
            all.into_iter().partition(|both| is_reached(both) || is_young(&both.1));
        let Some(at_most) = rules.at_most else { return (kept, removed) };
        let mut users: HashMap<Digest, usize> = HashMap::new();
        let mut total = 0;
        for (_, trace) in kept.iter().filter(|(_, trace)| trace.kept) {
            let users = users.entry(trace.output).or_default();
            total += if *users == 0 { trace.size } else { 0 };
            *users += 1;
        }
        // In the order in which they were made, and so the oldest first.
        kept.retain(|both| {
            let stays = total <= at_most || is_reached(both);
            if !stays {
                removed.push(*both);
                if both.1.kept
                    && let Some(users) = users.get_mut(&both.1.output)
                {
                    *users -= 1;
                    total -= if *users == 0 { both.1.size } else { 0 };
                }
            }
            stays
        });
        (kept, removed)
    }
}

fn mark<A: Action>(traces: &mut Traces, files: &Files, graph: &Graph<A>, reach: &mut Reach) -> Result<(), EngineError> {
    traces.load().map_err(unreadable)?;
    let (mut holds, mut keys) = (Holds::default(), Keys::default());
    let mut outputs: Vec<Option<Digest>> = Vec::with_capacity(graph.len());
    for (_, node) in graph.nodes() {
        let digest = |input: &Input| match input {
            Input::Action(on) => outputs[on.index()],
            Input::File(path) => files.digest(path).ok(),
        };
        let digests: Option<Vec<Digest>> = node.inputs.iter().map(digest).collect();
        let trace = digests.and_then(|digests| {
            let key = keys.key(&node.action, &digests).ok()?;
            Some((key, holds.trace(traces, files, &key)?))
        });
        reach.0.extend(trace.map(|(key, trace)| (key, trace.output)));
        outputs.push(trace.map(|(_, trace)| trace.output));
    }
    Ok(())
}

/// Traces with their keys.
type Traced = Vec<(Digest, Trace)>;

fn unreadable(error: std::io::Error) -> EngineError {
    EngineError::Read { path: format!("{DERIVED}/traces"), error }
}

fn unwritable(error: std::io::Error) -> EngineError {
    EngineError::Write { path: format!("{DERIVED}/store"), error }
}
