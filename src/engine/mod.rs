//! The engine: runs a graph of pure actions, each only when its inputs changed, and keeps what they made.
//!
//! It knows nothing of photos or words. An [`Action`] can name its kind, serialise itself and run; everything else (keys, traces,
//! the store, the schedule, the outputs) is made from that.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

/// Bytes that several actions share without copying.
pub type Bytes = Arc<Vec<u8>>;

/// One kind of work with its parameters: a pure function of itself and its inputs.
pub trait Action: Serialize + Send + Sync + 'static {
    /// Why it could not do its work.
    type Failure: Send + 'static;

    /// Stable name of the kind of work, such as `develop`.
    fn kind(&self) -> &'static str;

    /// Raised when the same inputs would give other bytes than before.
    fn code_version(&self) -> u32;

    /// Does the work. Reads nothing but its inputs and what it asks `work` for.
    fn run(&self, work: &Work<'_>) -> Result<Output, Self::Failure>;

    /// An engine fault (a file that vanished, a full disk) told in the action's own terms.
    fn fault(&self, error: EngineError) -> Self::Failure;
}

/// What an action made.
pub struct Output {
    pub bytes: Bytes,
    /// False where making it again is cheaper than storing it: then it is handed to those who wait for it and forgotten.
    pub keep: bool,
}

/// Dense number of an action in a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActionId(pub u32);

/// Something that an action depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file of the campaign, by its relative path.
    File(String),
    /// What another action makes.
    Action(ActionId),
}

/// What became of an action in a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ran.
    Ran,
    /// A trace told its output.
    Kept,
    /// It ran and failed.
    Failed,
    /// Something that it needs failed.
    Blocked,
}

/// What a build tells while it goes on.
#[derive(Debug)]
pub enum Event<'a, F> {
    /// The graph is known.
    Planned { actions: usize, assets: usize },
    /// An action starts on a worker.
    Started { name: &'a str, kind: &'static str },
    /// An action is over.
    Finished { name: &'a str, kind: &'static str, outcome: Outcome, took: Duration, failure: Option<&'a F> },
    /// An asset was written: new, changed, or put right after somebody altered or deleted it.
    Wrote { path: &'a str, bytes: u64, change: Change },
    /// An asset whose action is gone from the plan was removed.
    Removed { path: &'a str },
    /// An asset whose action is gone was left because somebody changed it since.
    Left { path: &'a str },
    /// Another build holds the campaign; this one waits.
    Waiting { holder: &'a str },
}

/// Why an asset was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    New,
    Changed,
    /// It was missing or altered, and has its bytes again.
    Restored,
}

/// What went wrong around an action.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("cannot read {path}: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("cannot write {path}: {error}")]
    Write { path: String, error: std::io::Error },
    #[error("{path} kept changing while it was read")]
    Unsteady { path: String },
    #[error("{path} is a link that leaves the campaign")]
    Escapes { path: String },
}

/// What a running action may ask for.
pub struct Work<'a> {
    inputs: &'a [Bytes],
    files: &'a (dyn Fn(&str) -> Result<Option<Bytes>, EngineError> + Sync),
}

impl Work<'_> {
    /// The bytes of its declared inputs, in their order.
    pub fn inputs(&self) -> &[Bytes] {
        self.inputs
    }

    /// A file of the campaign that turned out to be needed; `None` where there is none. Counts as an input from now on, and so does its absence.
    pub fn find(&self, path: &str) -> Result<Option<Bytes>, EngineError> {
        (self.files)(path)
    }
}
