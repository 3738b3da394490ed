//! One description of an action: its key is the digest of it, and explanations compare two of them.

use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;

use super::fold::fold;
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

/// Makes keys, in one buffer: a build asks for thousands, and few of them lead to a run.
#[derive(Debug, Default)]
pub(super) struct Keys {
    buffer: Vec<u8>,
    parameters: Range<usize>,
}

impl Keys {
    /// The key of an action whose inputs have these digests: BLAKE3 over the format of keys, the kind, its code version, the parameters and the
    /// inputs' digests, those of varying length with their length. No paths, hosts, threads or times.
    pub(super) fn key<A: Action>(&mut self, action: &A, digests: &[Digest]) -> Result<Digest, EngineError> {
        self.key_or(action, digests, |_| None)
    }

    /// As [`Keys::key`], unless `known` has the key of what has this [`fold`]. That is the key of the same action in the last build: were both made
    /// from other things, they would share their 64 bits once in 2⁶⁴ changes.
    pub(super) fn key_or<A: Action>(
        &mut self,
        action: &A,
        digests: &[Digest],
        known: impl FnOnce(u64) -> Option<Digest>,
    ) -> Result<Digest, EngineError> {
        self.describe(action.code_version(), action, digests)?;
        Ok(known(self.fold()).unwrap_or_else(|| Digest::of(&self.buffer)))
    }

    /// The [`fold`] of what the last key was made from.
    pub(super) fn fold(&self) -> u64 {
        fold(&self.buffer)
    }

    /// What an action is made from, whatever release makes it: as its key, without the code version.
    pub(super) fn recipe<A: Action>(&mut self, action: &A, digests: &[Digest]) -> Result<Digest, EngineError> {
        self.describe(0, action, digests)?;
        Ok(Digest::of(&self.buffer))
    }

    fn describe<A: Action>(&mut self, version: u32, action: &A, digests: &[Digest]) -> Result<(), EngineError> {
        let Keys { buffer, parameters } = self;
        buffer.clear();
        buffer.extend_from_slice(&KEY_FORMAT.to_le_bytes());
        buffer.extend_from_slice(&version.to_le_bytes());
        buffer.extend_from_slice(&(action.kind().len() as u64).to_le_bytes());
        buffer.extend_from_slice(action.kind().as_bytes());
        let length_at = buffer.len();
        buffer.extend_from_slice(&[0; 8]);
        *parameters = buffer.len()..buffer.len();
        serde_json::to_writer(&mut *buffer, action)
            .map_err(|error| EngineError::Parameters { kind: action.kind().to_owned(), error: error.to_string() })?;
        parameters.end = buffer.len();
        buffer[length_at..length_at + 8].copy_from_slice(&(parameters.len() as u64).to_le_bytes());
        digests.iter().for_each(|digest| buffer.extend_from_slice(&digest.0));
        Ok(())
    }

    /// The key made last, with all that it was made from.
    pub(super) fn written(&self, key: Digest, digests: &[Digest]) -> Written {
        let parameters = self.buffer[self.parameters.clone()].to_vec();
        Written { key, fold: self.fold(), parameters, digests: digests.to_vec() }
    }
}

/// A description as it is hashed and kept: the parameters are the very JSON text that the key was made from.
#[derive(Debug)]
pub(super) struct Written {
    pub key: Digest,
    pub fold: u64,
    parameters: Vec<u8>,
    /// What the inputs held, in their order.
    pub digests: Vec<Digest>,
}

impl Written {
    /// As bytes that [`Description::from_bytes`] reads.
    pub(super) fn to_bytes<A: Action>(&self, graph: &Graph<A>, node: &Node<A>) -> Vec<u8> {
        let label = |input: &Input| match input {
            Input::File(path) => path.to_string(),
            Input::Action(id) => graph.node(*id).name.clone(),
        };
        let inputs: Vec<(String, String)> =
            node.inputs.iter().map(label).zip(self.digests.iter().map(Digest::hex)).collect();
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

#[cfg(test)]
mod tests {
    use super::super::{Output, Work};
    use super::*;

    #[derive(serde::Serialize)]
    struct Act {
        #[serde(skip)]
        kind: &'static str,
        #[serde(skip)]
        version: u32,
        text: String,
    }

    impl Action for Act {
        type Failure = String;

        fn kind(&self) -> &'static str {
            self.kind
        }

        fn code_version(&self) -> u32 {
            self.version
        }

        fn run(&self, _: &Work<'_>) -> Result<Output<String>, String> {
            Err("it only has a key".to_owned())
        }

        fn fault(&self, error: EngineError) -> String {
            error.to_string()
        }
    }

    fn act(kind: &'static str, version: u32, text: &str) -> Act {
        Act { kind, version, text: text.to_owned() }
    }

    fn digests(of: &[&str]) -> Vec<Digest> {
        of.iter().map(|text| Digest::of(text.as_bytes())).collect()
    }

    #[test]
    fn whatever_decides_what_an_action_makes_is_in_its_key() {
        let keys = [
            (act("crop", 1, "x"), digests(&["a", "b"])),
            (act("turn", 1, "x"), digests(&["a", "b"])),
            (act("crop", 2, "x"), digests(&["a", "b"])),
            (act("crop", 1, "y"), digests(&["a", "b"])),
            (act("crop", 1, "x"), digests(&["b", "a"])),
            (act("crop", 1, "x"), digests(&["a", "c"])),
            (act("crop", 1, "x"), digests(&["c", "b"])),
            (act("crop", 1, "x"), digests(&["a"])),
            (act("crop", 1, "x"), Vec::new()),
        ]
        .map(|(act, digests)| Keys::default().key(&act, &digests).unwrap());
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    /// One that is another than here is an answer paid for again: raise [`KEY_FORMAT`] only where nothing else helps.
    #[test]
    fn keys_and_recipes_stay_the_same_from_release_to_release() {
        let inputs = digests(&["a", "b"]);
        let key = |version| Keys::default().key(&act("crop", version, "x"), &inputs).unwrap().short();
        let recipe = |version| Keys::default().recipe(&act("crop", version, "x"), &inputs).unwrap().short();
        assert_eq!([key(1), key(2)], ["1ed5ca280580", "a25befe83979"]);
        assert_eq!([recipe(1), recipe(2)], ["f96e5eb816f0", "f96e5eb816f0"], "newer code asks for nothing anew");
    }
}
