//! The engine: runs a graph of pure actions, each only when its inputs changed, and keeps what they made.
//!
//! It knows nothing of photos or words. An [`Action`] can name its kind, serialise itself and run; everything else is made from that:
//!
//! - [`graph`]: actions under dense numbers, with what they depend on.
//! - [`key`]: one description of an action, for its key and for explanations.
//! - [`stat`], [`files`]: what is on disk, hashed only when a stat cannot vouch for it.
//! - [`log`], [`index`], [`traces`], [`found`], [`store`], [`small`]: what actions read and made; [`last`]: the same of the last build, in its order.
//! - [`state`], [`noop`]: what the last build knew; a build with nothing to do, decided before anything is parsed or planned.
//! - [`schedule`]: one loop that owns all state; [`worker`]: what its two lanes do.
//! - [`outputs`], [`records`]: assets, written beside and renamed, removed with care.
//! - [`explain`]: why an action runs, from the same descriptions.
//! - [`shared`]: what campaigns of one machine share; [`usage`], [`sweep`]: what is kept, whether it is sound, and what may go.
//! - [`lock`], [`budget`], [`watch`]: one build at a time, memory, saves.

pub mod budget;
pub mod digest;
pub mod explain;
pub mod files;
mod fold;
pub mod found;
pub mod graph;
mod index;
pub mod key;
mod last;
pub mod lock;
pub mod log;
mod noop;
pub mod outputs;
mod recent;
mod records;
mod rehearse;
mod root;
pub mod schedule;
mod shared;
mod small;
pub mod stat;
pub mod state;
pub mod store;
pub mod sweep;
pub mod traces;
pub mod usage;
pub mod watch;
pub mod worker;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

pub use budget::{Budget, Reservation};
pub use digest::Digest;
pub use explain::{Difference, Forecast, Held, Verdict};
pub use files::Files;
pub use graph::{ActionId, Graph, Input, Node};
pub use key::Description;
pub use rehearse::rehearse;
pub use worker::Work;

use last::Last;
use lock::Lock;
use outputs::Outputs;
use recent::Recent;
use records::Records;
use stat::Stat;
use state::Snapshot;
use store::Store;
use traces::Traces;

/// Bytes that several actions share without copying.
pub type Bytes = Arc<Vec<u8>>;

/// The derived folder in a campaign. Deleting it costs time, nothing else.
pub const DERIVED: &str = ".softbox";

/// One kind of work with its parameters: a pure function of itself and its inputs.
pub trait Action: Serialize + Send + Sync + 'static {
    /// Why it could not do its work.
    type Failure: Send + 'static;

    /// Stable name of the kind of work, such as `develop`.
    fn kind(&self) -> &'static str;

    /// Raised when the same inputs would give other bytes than before.
    fn code_version(&self) -> u32;

    /// Which workers run it.
    fn lane(&self) -> Lane {
        Lane::Processor
    }

    /// Does the work. Reads nothing but its inputs and what it asks `work` for.
    fn run(&self, work: &Work<'_>) -> Result<Output<Self::Failure>, Self::Failure>;

    /// Whether it is done so soon that a forecast may run it, to see whether it makes the same as before, and a rehearsal, to hear what it tells.
    fn is_quick(&self) -> bool {
        false
    }

    /// Whether the same inputs give the same bytes on every machine and in every release: words are filled in so, networks' figures are not.
    fn is_exact(&self) -> bool {
        false
    }

    /// Whether it runs though actions that it depends on failed. It gets no bytes for those.
    fn bears_gaps(&self) -> bool {
        false
    }

    /// An engine fault (a file that vanished, a full disk) told in the action's own terms.
    fn fault(&self, error: EngineError) -> Self::Failure;
}

/// Two kinds of work that must not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Keeps a processor busy.
    Processor,
    /// Waits for somebody else's machine.
    Request,
}

/// What an action made.
#[derive(Debug)]
pub struct Output<F> {
    pub bytes: Bytes,
    /// False where making it again is cheaper than storing it: then it is handed to those who wait for it and forgotten.
    pub keep: bool,
    /// What a person should know though it worked out. Told when it runs, not when a trace tells its output.
    pub remark: Option<F>,
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
    /// Somebody else builds in this campaign: told by whoever opens it.
    Waiting { holder: &'a str },
    /// The graph is known.
    Planned { actions: usize, assets: usize },
    /// An action starts on a worker.
    Started { name: &'a str, kind: &'static str },
    /// An action is over. `took` is zero where it did not run. Told a second time where an output that was known, but not stored, had to be
    /// made again for somebody.
    Finished { name: &'a str, kind: &'static str, outcome: Outcome, took: Duration, failure: Option<&'a F> },
    /// An action worked out, with a remark.
    Remarked { name: &'a str, remark: &'a F },
    /// An asset was written: new, changed, or put right after somebody altered or deleted it.
    Wrote { path: &'a str, bytes: u64, change: Change },
    /// Somebody else's file lay where an asset belongs; it is kept at `kept`.
    SetAside { path: &'a str, kept: &'a str },
    /// An asset whose action is gone from the plan was removed.
    Removed { path: &'a str },
    /// An asset whose action is gone was left, because somebody changed it since.
    Left { path: &'a str },
    /// A worker was busy: it ran an action, or put an asset right. `worker` counts from 0; requests have threads of their own.
    Worked { name: &'a str, kind: &'static str, worker: Option<usize>, began: Instant, took: Duration },
    /// A part of the build as a whole is over.
    Phase { name: &'static str, began: Instant, took: Duration },
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
    Read { path: String, error: io::Error },
    #[error("{path} is not there")]
    Missing { path: String },
    #[error("cannot write {path}: {error}")]
    Write { path: String, error: io::Error },
    #[error("cannot write {path}: a folder has that name")]
    Folder { path: String },
    #[error("cannot write {path}: {name} makes a file there")]
    Taken { path: String, name: String },
    #[error("the parameters of {kind} cannot be written down: {error}")]
    Parameters { kind: String, error: String },
    #[error("{path} kept changing while it was read")]
    Unsteady { path: String },
    #[error("{path} is a link that leaves the campaign")]
    Escapes { path: String },
    #[error("{name} stopped in the middle: {message}")]
    Panicked { name: String, message: String },
}

/// How a build goes about its work.
#[derive(Debug, Clone)]
pub struct Options {
    /// Processors to use.
    pub jobs: usize,
    /// Requests under way at once.
    pub requests: usize,
    /// Bytes that running actions may reserve together.
    pub memory: usize,
    /// Digest of everything besides files that the graph depends on: arguments, mostly.
    pub fingerprint: Digest,
    /// Only these actions and what they need; everything where `None`.
    pub only: Option<Vec<ActionId>>,
    /// Files that somebody just saved: what reads them starts before anything else is looked at.
    pub saved: BTreeSet<String>,
    /// False where mistakes kept parts of the campaign out of the graph: then nothing counts as stale.
    pub whole: bool,
    /// False where something is to be told of the campaign whether anything changed or not: then the next build looks at it again.
    pub quiet: bool,
}

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Actions that ran, were told by a trace, failed, or wait for one that failed. Each counts once.
    pub ran: usize,
    pub kept: usize,
    pub failed: usize,
    pub blocked: usize,
    /// Assets that were written, were right already, and were removed.
    pub wrote: usize,
    pub restored: usize,
    pub unchanged: usize,
    pub removed: usize,
    /// Assets that could not be made.
    pub missing: usize,
}

/// A campaign folder, open for building. One process at a time holds it.
#[derive(Debug)]
pub struct Engine {
    derived: PathBuf,
    files: Files,
    store: Store,
    traces: Traces,
    last: Last,
    outputs: Outputs,
    recent: Recent,
    /// The state on disk was not compared with the campaign since it was opened or taken back.
    is_new: bool,
    /// The records of outputs are those of the snapshot or newer.
    is_recalled: bool,
    /// What builds had written down when the campaign was let go.
    left: Option<[Option<Stat>; 5]>,
    /// `None` between the builds of a process that watches.
    lock: Option<Lock>,
}

impl Engine {
    /// Opens a campaign folder; where another process builds in it, tells `waiting` who and waits.
    pub fn open(folder: &Path, who: &str, waiting: impl FnOnce(&str)) -> io::Result<Engine> {
        let derived = folder.join(DERIVED);
        let lock = Lock::take(&derived, who, waiting)?;
        // Derived data is nobody's business but softbox's, even where a campaign has no .gitignore.
        let ignore = derived.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(ignore, "*\n")?;
        }
        Ok(Engine {
            files: Files::open(folder)?,
            store: Store::open(&derived)?,
            traces: Traces::open(&derived)?,
            last: Last::open(&derived),
            outputs: Outputs::open(&derived)?,
            recent: Recent::default(),
            is_new: true,
            is_recalled: false,
            derived,
            left: None,
            lock: Some(lock),
        })
    }

    /// Keeps outputs in a folder that other campaigns of this machine use too, and takes from it what they made.
    pub fn share(&mut self, folder: &Path) {
        self.store.share(folder);
    }

    /// The campaign's files as this build sees them. Whatever is read through it counts as an input of the plan. To be asked after
    /// [`Engine::unchanged`], which fills it with what the last build knew.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Lets other processes build in the campaign until [`Engine::refresh`].
    pub fn rest(&mut self) {
        self.left = Some(self.written());
        self.lock = None;
    }

    /// Starts the next build in the same process: takes the campaign back, waiting as [`Engine::open`] does, and looks at everything again.
    /// What is in memory serves on, unless another process built meanwhile.
    pub fn refresh(&mut self, who: &str, waiting: impl FnOnce(&str)) -> io::Result<()> {
        if self.lock.is_none() {
            self.lock = Some(Lock::take(&self.derived, who, waiting)?);
        }
        if self.left.take().is_some_and(|left| left != self.written()) {
            self.store = self.store.reopen(&self.derived)?;
            self.traces = Traces::open(&self.derived)?;
            self.last = Last::open(&self.derived);
            self.outputs = Outputs::open(&self.derived)?;
            self.is_recalled = false;
        }
        self.files.forget_looks();
        self.is_new = true;
        Ok(())
    }

    /// The stats of what builds write down.
    fn written(&self) -> [Option<Stat>; 5] {
        ["state", "traces", "reasons", "journal", "store/small"].map(|name| {
            let there = self.files.root().stat(&format!("{DERIVED}/{name}"));
            there.ok().flatten().map(|(_, stat)| stat)
        })
    }

    /// Whether a graph that was planned before [`Engine::refresh`] would come out the same: everything that its planning read and listed is as it
    /// was.
    pub fn plan_holds(&self) -> bool {
        self.is_recalled && self.files.plan_holds()
    }

    /// Keeps outputs that are not stored in memory between builds, up to so many bytes.
    pub fn remember(&mut self, bytes: usize) {
        self.recent.keep(bytes);
    }

    /// Builds a graph: removes stale assets, runs what has to run, publishes assets, saves what was learnt.
    ///
    /// # Errors
    /// Only what concerns the build as a whole, told after all was done that could be; what an action cannot read or write is its failure.
    pub fn build<A: Action>(
        &mut self,
        graph: &Graph<A>,
        options: &Options,
        tell: &mut dyn FnMut(Event<'_, A::Failure>),
    ) -> Result<Report, EngineError> {
        let began = stat::now();
        let loaded = phase("recall", tell, || {
            self.recall();
            self.traces.load()
        });
        loaded.map_err(|error| EngineError::Read { path: format!("{DERIVED}/traces"), error })?;
        self.files.plan_ends();
        self.files.assets_in(graph.tops());
        self.last.begin(&graph.known().names, self.traces.sets());
        tell(Event::Planned { actions: graph.len(), assets: graph.asset_paths().len() });
        let is_whole = options.whole && options.only.is_none();
        // First, since an old asset may lie where a new one needs a folder, or, where case makes no difference, under the name of a new one.
        let (mut removed, mut cleared) = (0, Ok(()));
        if is_whole {
            let mut wanted = graph.asset_paths().peekable();
            let is_wanted = |path: &str| {
                loop {
                    match wanted.peek().map(|asset| (*asset).cmp(path)) {
                        Some(Ordering::Less) => drop(wanted.next()),
                        found => return found == Some(Ordering::Equal),
                    }
                }
            };
            cleared = self.outputs.remove_stale(&self.files, is_wanted, |path, is_gone| {
                removed += usize::from(is_gone);
                tell(if is_gone { Event::Removed { path } } else { Event::Left { path } });
            });
        }
        self.outputs.records.make_room(graph.asset_paths());
        let report = Report { removed, ..schedule::run(self, graph, options, tell) };
        let is_complete = is_whole && options.quiet && report.failed == 0 && cleared.is_ok() && self.files.is_steady();
        self.outputs.mature(began);
        phase("save", tell, || {
            let last = self.last.save(&self.store, self.traces.sets(), graph.len(), is_whole);
            last.map_err(|error| EngineError::Write { path: format!("{DERIVED}/last"), error })?;
            self.save(options.fingerprint, is_complete, is_complete)
        })?;
        cleared.map(|()| report)
    }

    /// What an action made in the last build of a graph, if the store has it.
    pub fn output(&self, id: ActionId) -> Option<Bytes> {
        self.store.get(&self.last.made(id)?.output)
    }

    /// Removes every asset that softbox wrote and nobody changed, and what it derived. Tells each removed (true) or left (false) path. Files
    /// that were set aside stay, and so does whatever else somebody keeps in the derived folder.
    pub fn clean(mut self, tell: impl FnMut(&str, bool)) -> Result<(), EngineError> {
        self.recall();
        self.outputs.remove_stale(&self.files, |_| false, tell)?;
        for name in [
            "store",
            "tmp",
            "next",
            "cutouts",
            "state",
            "last",
            "traces",
            "index",
            "reasons",
            "journal",
            ".gitignore",
            "lock",
        ] {
            let path = self.derived.join(name);
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(EngineError::Write { path: format!("{DERIVED}/{name}"), error });
                }
                _ => {}
            }
        }
        // Whatever else is in there stays, and stays out of git.
        let ignore = self.derived.join(".gitignore");
        if std::fs::read_dir(&self.derived).is_ok_and(|left| left.count() == 1) && ignore.exists() {
            let _ = std::fs::remove_file(ignore);
        }
        let _ = std::fs::remove_dir(&self.derived);
        Ok(())
    }

    /// The assets that are not as the last build left them, or not there.
    pub fn altered(&mut self) -> BTreeSet<String> {
        self.recall();
        self.outputs.altered(&self.files)
    }

    fn save(&mut self, fingerprint: Digest, complete: bool, only_used: bool) -> Result<(), EngineError> {
        let fault = |error| EngineError::Write { path: format!("{DERIVED}/traces"), error };
        self.store.save().map_err(|error| EngineError::Write { path: format!("{DERIVED}/store"), error })?;
        self.traces.save(&self.store).map_err(fault)?;
        let path = self.derived.join("state");
        let is_updated = match self.outputs.records.state() {
            Some(state) => self.files.update(state, only_used),
            None => false,
        };
        if !is_updated {
            let (files, folders) = self.files.known(only_used);
            let state = Snapshot::new(borrowed(&files), borrowed(&folders), self.outputs.records.iter());
            self.outputs.records = Records::new(state);
        }
        if let Some(state) = self.outputs.records.state() {
            state.write(fingerprint, complete, &self.store, &path)?;
        }
        self.outputs.settle().map_err(fault)
    }
}

fn borrowed(list: &[(Arc<str>, files::Record)]) -> impl Iterator<Item = (&str, files::Record)> {
    list.iter().map(|(path, record)| (&**path, *record))
}

/// Does a part of a build and tells how long that took.
pub fn phase<F, T>(name: &'static str, tell: &mut dyn FnMut(Event<'_, F>), part: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = part();
    tell(Event::Phase { name, began, took: began.elapsed() });
    done
}
