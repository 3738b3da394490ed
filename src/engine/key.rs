//! One description of an action: its key is the digest of it, and explanations compare two of them.

use serde::Deserialize;
use serde_json::Value;

use super::{Action, Digest, EngineError, Graph, Input, Node};

/// Raised when keys are made in another way, so that no old trace is believed.
const KEY_FORMAT: u32 = 1;

/// Everything that decides what an action makes: its kind, that kind's code version, its parameters and the digests of its inputs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Description {
    pub kind: String,
    pub version: u32,
    pub parameters: Value,
    /// What each input is called (a path, or the name of an action) and the digest of what it held. Names are for people: keys leave them out.
    pub inputs: Vec<(String, String)>,
}

impl Description {
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Description> {
        serde_json::from_slice(bytes).ok()
    }
}

/// A description as it is hashed and kept: the parameters as the very JSON text that the key was made from.
#[derive(Debug)]
pub(super) struct Written {
    pub key: Digest,
    parameters: Vec<u8>,
}

impl Written {
    /// Of an action whose inputs have these digests. The key is BLAKE3 over the format of keys, the kind, its code version, the parameters
    /// and the inputs' digests, each with its length. No paths, hosts, threads or times.
    pub(super) fn new<A: Action>(action: &A, digests: &[Digest]) -> Result<Written, EngineError> {
        let parameters = serde_json::to_vec(action)
            .map_err(|error| EngineError::Parameters { kind: action.kind().to_owned(), error: error.to_string() })?;
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(&KEY_FORMAT.to_le_bytes());
        part(action.kind().as_bytes());
        part(&action.code_version().to_le_bytes());
        part(&parameters);
        for digest in digests {
            part(&digest.0);
        }
        Ok(Written { key: Digest(*hasher.finalize().as_bytes()), parameters })
    }

    /// As bytes that [`Description::from_bytes`] reads.
    pub(super) fn to_bytes<A: Action>(&self, graph: &Graph<A>, node: &Node<A>, digests: &[Digest]) -> Vec<u8> {
        let label = |input: &Input| match input {
            Input::File(path) => path.to_string(),
            Input::Action(id) => graph.node(*id).name.clone(),
        };
        let inputs: Vec<(String, String)> =
            node.inputs.iter().map(label).zip(digests.iter().map(Digest::hex)).collect();
        // Strings and numbers always have a JSON form.
        let json = |value: Value| value.to_string();
        let head = format!(
            r#"{{"kind":{},"version":{},"inputs":{},"parameters":"#,
            json(node.action.kind().into()),
            node.action.code_version(),
            serde_json::to_string(&inputs).unwrap_or_default(),
        );
        [head.as_bytes(), &self.parameters, b"}"].concat()
    }
}
