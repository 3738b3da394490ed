//! A rehearsal: everything of a graph that is done soon and needs nothing but files is run, to hear what it has to tell. Nothing is written.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Action, ActionId, Bytes, EngineError, Files, Graph, Input, Node, Work};

/// What quick actions would tell in a build, failures and remarks, in the order of the graph.
pub fn rehearse<A: Action>(files: &Files, graph: &Graph<A>) -> Vec<A::Failure> {
    let mut made: BTreeMap<ActionId, Bytes> = BTreeMap::new();
    let mut told: BTreeMap<ActionId, A::Failure> = BTreeMap::new();
    let mut waiting: Vec<ActionId> =
        graph.nodes().filter(|(_, node)| node.action.is_quick()).map(|(id, _)| id).collect();
    // Round by round: what one round made, the next one needs. What has to wait for other actions never comes up.
    loop {
        let (now, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|id| graph.node(*id).depends_on().all(|on| made.contains_key(&on)));
        if now.is_empty() {
            return told.into_values().collect();
        }
        let ran: Vec<_> = now.into_par_iter().map(|id| (id, run(files, graph.node(id), &made))).collect();
        for (id, result) in ran {
            match result {
                Ok((bytes, remark)) => {
                    made.insert(id, bytes);
                    told.extend(remark.map(|remark| (id, remark)));
                }
                Err(failure) => drop(told.insert(id, failure)),
            }
        }
        waiting = later;
    }
}

/// What one action makes, and what it remarks.
type Made<F> = (Bytes, Option<F>);

fn run<A: Action>(
    files: &Files,
    node: &Node<A>,
    made: &BTreeMap<ActionId, Bytes>,
) -> Result<Made<A::Failure>, A::Failure> {
    let fault = |error| node.action.fault(error);
    let bytes = |input: &Input| match input {
        Input::Action(on) => Ok(made.get(on).cloned().unwrap_or_default()),
        Input::File(path) => {
            let missing = || EngineError::Missing { path: path.to_string() };
            files.read(path).and_then(|read| read.map(|(bytes, _)| bytes).ok_or_else(missing)).map_err(fault)
        }
    };
    let inputs = node.inputs.iter().map(bytes).collect::<Result<Vec<_>, _>>()?;
    let output = Work::alone(files, &inputs, |work| node.action.run(work))?;
    Ok((output.bytes, output.remark))
}
