//! One description of an action: its key is the digest of it, and explanations compare two of them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, Digest, Graph, Input, Node};

/// Raised when keys are made in another way, so that no old trace is believed.
const KEY_FORMAT: u32 = 1;

/// Everything that decides what an action makes: its kind, that kind's code version, its parameters and the digests of its inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    pub kind: String,
    pub version: u32,
    pub parameters: Value,
    /// What each input is called (a path, or the name of an action) and the digest of what it held. Names are for people: keys leave them out.
    pub inputs: Vec<(String, String)>,
}

impl Description {
    /// Of an action whose inputs have these digests.
    pub fn new<A: Action>(graph: &Graph<A>, node: &Node<A>, digests: &[Digest]) -> Description {
        let label = |input: &Input| match input {
            Input::File(path) => path.to_string(),
            Input::Action(id) => graph.node(*id).name.clone(),
        };
        Description {
            kind: node.action.kind().to_owned(),
            version: node.action.code_version(),
            // Parameters are plain data, which always has a JSON form.
            parameters: serde_json::to_value(&node.action).unwrap_or_default(),
            inputs: node.inputs.iter().map(label).zip(digests.iter().map(Digest::hex)).collect(),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Description> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The key of an action: BLAKE3 over the format of keys, the kind, its code version, the parameters and the inputs' digests, each
/// with its length. No paths, hosts, threads or times.
pub fn key<A: Action>(action: &A, digests: &[Digest]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(&KEY_FORMAT.to_le_bytes());
    part(action.kind().as_bytes());
    part(&action.code_version().to_le_bytes());
    part(&serde_json::to_vec(action).unwrap_or_default());
    for digest in digests {
        part(&digest.0);
    }
    Digest(*hasher.finalize().as_bytes())
}
