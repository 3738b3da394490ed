//! The schedule: one loop owns all state; processor work and requests run on lanes of their own; what is ready last runs first, so that
//! what an action made is used while it is hot.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::digest::DigestMap;
use super::files::{Files, Record};
use super::key::key;
use super::outputs::{Journal, Outputs, Published, publish};
use super::store::Store;
use super::traces::{Found, FoundSet, Trace, Traces};
use super::{
    Action, ActionId, Budget, Bytes, Change, Description, Digest, Engine, EngineError, Event, Graph, Input, Lane, Node,
    Options, Outcome, Output, Report, Reservation,
};

/// How often an action is run again because a file changed under it.
const TRIES: u8 = 5;

/// What a running action may ask for.
pub struct Work<'a> {
    inputs: &'a [Bytes],
    files: &'a Files,
    budget: &'a Budget,
    found: &'a Mutex<Found>,
}

impl Work<'_> {
    /// The bytes of its declared inputs, in their order.
    pub fn inputs(&self) -> &[Bytes] {
        self.inputs
    }

    /// A file of the campaign that turned out to be needed; `None` where there is none. It counts as an input from now on, and so does its absence.
    pub fn find(&self, path: &str) -> Result<Option<Bytes>, EngineError> {
        let read = self.files.read(path)?;
        let digest = read.as_ref().map_or(Digest::ABSENT, |(_, digest)| *digest);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if !found.iter().any(|(known, _)| **known == *path) {
            found.push((path.into(), digest));
        }
        Ok(read.map(|(bytes, _)| bytes))
    }

    /// Waits until so many bytes of memory may be taken. At most one reservation at a time.
    pub fn reserve(&self, bytes: usize) -> Reservation<'_> {
        self.budget.reserve(bytes)
    }
}

/// Where an action stands. Every state says what holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not part of this build.
    Out,
    /// Some of its inputs are not known yet.
    Waiting,
    /// All inputs are known; it lies in a queue.
    Ready,
    /// A worker has it.
    Running,
    /// The digest of its output is known, by a trace or by a run.
    Known,
    /// It failed, or something that it needs did.
    Failed,
}

/// What the loop and the workers share.
struct Shared<'a, A> {
    graph: &'a Graph<A>,
    files: &'a Files,
    store: &'a Store,
    journal: &'a Journal,
    budget: &'a Budget,
}

impl<A> Clone for Shared<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Shared<'_, A> {}

/// What a worker is to do.
struct Task {
    id: ActionId,
    key: Digest,
    digests: Vec<Digest>,
    /// Bytes that are in memory already, by input.
    hot: Vec<Option<Bytes>>,
    /// Where the asset stands, as far as is known.
    known: Option<Record>,
    /// Set where the output is in the store and only the asset is to be written.
    restore: Option<Trace>,
}

/// What a worker did.
enum Done<F> {
    Ran(Box<Ran>),
    Restored {
        output: Digest,
        published: Published,
    },
    /// The store could not give what the task needs: the output of this action.
    Lost(ActionId),
    /// A file no longer has the bytes that the key was made from.
    Changed(String),
    Failed(F, Duration),
}

/// What a run read and made.
pub(super) struct Ran {
    pub key: Digest,
    digests: Vec<Digest>,
    pub output: Digest,
    pub bytes: Bytes,
    pub keep: bool,
    pub found: Found,
    published: Option<Published>,
    pub took: Duration,
}

struct Loop<'a, A: Action> {
    shared: Shared<'a, A>,
    traces: &'a mut Traces,
    outputs: &'a mut std::collections::BTreeMap<Arc<str>, Record>,
    recent: &'a mut Recent,
    tell: &'a mut dyn FnMut(Event<'_, A::Failure>),
    dependents: Vec<Vec<ActionId>>,
    states: Vec<State>,
    /// Inputs that are not known yet, and outputs that are being made again.
    pending: Vec<u32>,
    /// Dependents that have not finished.
    users: Vec<u32>,
    digests: Vec<Digest>,
    /// Outputs in memory.
    hot: HashMap<ActionId, Bytes>,
    /// Who waits for the bytes of an output that is being made again.
    revived_for: HashMap<ActionId, Vec<ActionId>>,
    tries: HashMap<ActionId, u8>,
    holds: Holds,
    ready: Vec<ActionId>,
    tasks: [VecDeque<Task>; 2],
    /// Set once all that was ready at the start is queued: from then on the newest goes first.
    depth_first: bool,
    free: [usize; 2],
    report: Report,
}

pub(super) fn run<A: Action>(
    engine: &mut Engine,
    graph: &Graph<A>,
    options: &Options,
    tell: &mut dyn FnMut(Event<'_, A::Failure>),
) -> Result<Report, EngineError> {
    let Engine { files, store, traces, outputs, recent, .. } = engine;
    let fault = |error| EngineError::Write { path: "worker threads".to_owned(), error: std::io::Error::other(error) };
    let jobs = options.jobs.max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().map_err(fault)?;
    let needed = match &options.only {
        Some(only) => graph.needed_for(only),
        None => vec![true; graph.len()],
    };
    let Outputs { records, .. } = &mut *outputs;
    let mut records = std::mem::take(records);
    let budget = Budget::new(options.memory);
    let shared = Shared { graph, files, store, journal: outputs.journal(), budget: &budget };
    pool.install(|| {
        let paths = graph.nodes().filter(|(id, _)| needed[id.index()]).flat_map(|(_, node)| &node.inputs);
        let paths = paths.filter_map(|input| if let Input::File(path) = input { Some(path) } else { None });
        files.look_at_all(&paths.collect::<Vec<_>>());
    });
    let mut build = Loop {
        shared,
        traces,
        outputs: &mut records,
        recent,
        tell,
        dependents: graph.dependents(),
        states: needed.iter().map(|needed| if *needed { State::Waiting } else { State::Out }).collect(),
        pending: vec![0; graph.len()],
        users: vec![0; graph.len()],
        digests: vec![Digest::ABSENT; graph.len()],
        hot: HashMap::new(),
        revived_for: HashMap::new(),
        tries: HashMap::new(),
        holds: Holds::default(),
        ready: Vec::new(),
        tasks: [VecDeque::new(), VecDeque::new()],
        depth_first: false,
        // Two for each worker, so that none waits for the loop.
        free: [jobs * 2, options.requests.max(1)],
        report: Report::default(),
    };
    build.begin();
    let (sender, receiver) = channel();
    std::thread::scope(|requests| {
        pool.in_place_scope(|processors| {
            build.drive(&receiver, &|task: Task, lane: Lane| {
                let sender = sender.clone();
                let work = move || answer(shared, task, &sender);
                match lane {
                    Lane::Processor => processors.spawn(move |_| work()),
                    Lane::Request => {
                        requests.spawn(work);
                    }
                }
            });
        });
    });
    let report = build.report;
    outputs.records = records;
    Ok(report)
}

impl<'a, A: Action> Loop<'a, A> {
    fn begin(&mut self) {
        for (id, node) in self.shared.graph.nodes() {
            if self.states[id.index()] == State::Out {
                continue;
            }
            for on in inputs_of(node) {
                self.pending[id.index()] += 1;
                self.users[on.index()] += 1;
            }
        }
        for id in self.shared.graph.ids().rev() {
            self.ready_if_free(id);
        }
    }

    fn drive(&mut self, receiver: &Receiver<(ActionId, Done<A::Failure>)>, start: &dyn Fn(Task, Lane)) {
        let slots = self.free;
        loop {
            while let Some(id) = self.ready.pop() {
                self.step(id);
                self.start(start);
            }
            self.start(start);
            self.depth_first = true;
            if self.free == slots {
                return;
            }
            // The sender lives as long as this loop, so a worker's answer always comes.
            let Ok((id, done)) = receiver.recv() else { return };
            let lane = self.lane(id);
            self.free[lane as usize] += 1;
            self.finish(id, done);
        }
    }

    /// Hands waiting tasks to free workers.
    fn start(&mut self, start: &dyn Fn(Task, Lane)) {
        for lane in [Lane::Processor, Lane::Request] {
            while self.free[lane as usize] > 0
                && let Some(task) = self.tasks[lane as usize].pop_front()
            {
                self.free[lane as usize] -= 1;
                let node = self.shared.graph.node(task.id);
                if task.restore.is_none() {
                    (self.tell)(Event::Started { name: &node.name, kind: node.action.kind() });
                }
                start(task, lane);
            }
        }
    }

    fn lane(&self, id: ActionId) -> Lane {
        self.shared.graph.node(id).action.lane()
    }

    fn ready_if_free(&mut self, id: ActionId) {
        if self.states[id.index()] == State::Waiting && self.pending[id.index()] == 0 {
            self.states[id.index()] = State::Ready;
            self.ready.push(id);
        }
    }

    /// All inputs of `id` are known: a trace tells its output, or it has to run.
    fn step(&mut self, id: ActionId) {
        let node = self.shared.graph.node(id);
        let digests = match self.input_digests(node) {
            Ok(digests) => digests,
            Err(error) => return self.fail(id, node.action.fault(error), Duration::ZERO),
        };
        let key = key(&node.action, &digests);
        // A full disk must not stop the build: a name that was not noted costs an explanation.
        let _ = self.traces.name(&node.name, &key);
        let trace = self.holds.trace(self.traces, self.shared.files, &key);
        let Some(trace) = trace.filter(|_| !self.revived_for.contains_key(&id)) else {
            return self.queue(id, key, digests, None);
        };
        match &node.asset {
            Some(path) if !self.vouches(path, &trace.output) => {
                if trace.kept && self.shared.store.has(&trace.output) {
                    self.queue(id, key, digests, Some(trace));
                } else {
                    self.queue(id, key, digests, None);
                }
            }
            asset => {
                self.report.unchanged += usize::from(asset.is_some());
                self.known(id, trace.output, Outcome::Kept, Duration::ZERO);
            }
        }
    }

    fn vouches(&self, path: &str, digest: &Digest) -> bool {
        self.outputs.get(path).is_some_and(|record| {
            let stat = self.shared.files.root().stat(path).ok().flatten().map(|(_, stat)| stat);
            record.digest == *digest && record.vouches_for(stat)
        })
    }

    fn input_digests(&self, node: &Node<A>) -> Result<Vec<Digest>, EngineError> {
        let digest = |input: &Input| match input {
            Input::Action(on) => Ok(self.digests[on.index()]),
            Input::File(path) => match self.shared.files.digest(path)? {
                Digest::ABSENT => Err(EngineError::Missing { path: path.to_string() }),
                digest => Ok(digest),
            },
        };
        node.inputs.iter().map(digest).collect()
    }

    /// Queues a task once the bytes of all its inputs can be had; those that were not stored are made again first.
    fn queue(&mut self, id: ActionId, key: Digest, digests: Vec<Digest>, restore: Option<Trace>) {
        let node = self.shared.graph.node(id);
        let mut hot = vec![None; node.inputs.len()];
        if restore.is_none() {
            for (at, input) in node.inputs.iter().enumerate() {
                let Input::Action(on) = input else { continue };
                hot[at] = self.hot.get(on).cloned().or_else(|| self.recent.get(&digests[at]));
                if hot[at].is_none() && !self.shared.store.has(&digests[at]) {
                    self.revive(*on, id);
                }
            }
        }
        if self.pending[id.index()] > 0 {
            self.states[id.index()] = State::Waiting;
            return;
        }
        let known = node.asset.as_deref().and_then(|path| self.outputs.get(path)).copied();
        self.states[id.index()] = State::Running;
        let task = Task { id, key, digests, hot, known, restore };
        let queue = &mut self.tasks[node.action.lane() as usize];
        if self.depth_first { queue.push_front(task) } else { queue.push_back(task) }
    }

    /// Runs an action again whose output is known but was not kept, because `waiter` needs its bytes.
    fn revive(&mut self, on: ActionId, waiter: ActionId) {
        let waiters = self.revived_for.entry(on).or_default();
        if waiters.contains(&waiter) {
            return;
        }
        waiters.push(waiter);
        self.pending[waiter.index()] += 1;
        if self.states[on.index()] == State::Known {
            self.states[on.index()] = State::Ready;
            self.ready.push(on);
        }
    }

    fn finish(&mut self, id: ActionId, done: Done<A::Failure>) {
        let node = self.shared.graph.node(id);
        match done {
            Done::Ran(ran) => {
                if let Err(error) = self.note(id, &ran) {
                    return self.fail(id, node.action.fault(error), ran.took);
                }
                if let Some(published) = ran.published {
                    self.published(node, ran.bytes.len() as u64, published);
                }
                if self.users[id.index()] > 0 || self.revived_for.contains_key(&id) {
                    self.hot.insert(id, ran.bytes);
                }
                self.known(id, ran.output, Outcome::Ran, ran.took);
            }
            Done::Restored { output, published } => {
                let size = published.record.stat.size;
                self.published(node, size, published);
                self.known(id, output, Outcome::Kept, Duration::ZERO);
            }
            Done::Lost(on) if on == id => {
                // The blob of the asset itself is damaged: its trace no longer tells anything.
                self.revived_for.entry(id).or_default();
                self.again(id);
            }
            Done::Lost(on) => {
                self.states[id.index()] = State::Waiting;
                self.revive(on, id);
            }
            Done::Changed(path) => {
                let tries = self.tries.entry(id).or_default();
                *tries += 1;
                if *tries > TRIES {
                    return self.fail(id, node.action.fault(EngineError::Unsteady { path }), Duration::ZERO);
                }
                self.holds = Holds::default();
                self.again(id);
            }
            Done::Failed(failure, took) => self.fail(id, failure, took),
        }
    }

    fn again(&mut self, id: ActionId) {
        self.states[id.index()] = State::Ready;
        self.ready.push(id);
    }

    /// Keeps what a run read and made.
    fn note(&mut self, id: ActionId, ran: &Ran) -> Result<(), EngineError> {
        let node = self.shared.graph.node(id);
        let revived = self.digests[id.index()];
        if revived != Digest::ABSENT && revived != ran.output {
            // A found input changed between the look-up and the run; who waits would mix two states of the campaign.
            return Err(EngineError::Unsteady { path: node.name.clone() });
        }
        let description = Description::new(self.shared.graph, node, &ran.digests);
        let added = self.traces.add(ran, &description);
        added.map_err(|error| EngineError::Write { path: ".softbox/traces".to_owned(), error })
    }

    fn published(&mut self, node: &Node<A>, bytes: u64, published: Published) {
        let Some(path) = &node.asset else { return };
        self.outputs.insert(path.as_str().into(), published.record);
        if let Some(kept) = &published.set_aside {
            (self.tell)(Event::SetAside { path, kept });
        }
        match published.change {
            Some(change) => {
                match change {
                    Change::Restored => self.report.restored += 1,
                    Change::New | Change::Changed => self.report.wrote += 1,
                }
                (self.tell)(Event::Wrote { path, bytes, change });
            }
            None => self.report.unchanged += 1,
        }
    }

    /// The output of `id` is known: whoever waits for it may go on.
    fn known(&mut self, id: ActionId, output: Digest, outcome: Outcome, took: Duration) {
        let node = self.shared.graph.node(id);
        self.states[id.index()] = State::Known;
        let first_time = self.digests[id.index()] == Digest::ABSENT;
        self.digests[id.index()] = output;
        for waiter in self.revived_for.remove(&id).unwrap_or_default() {
            self.pending[waiter.index()] -= 1;
            self.ready_if_free(waiter);
        }
        match outcome {
            Outcome::Ran => self.report.ran += 1,
            _ => self.report.kept += 1,
        }
        (self.tell)(Event::Finished { name: &node.name, kind: node.action.kind(), outcome, took, failure: None });
        if first_time {
            for at in (0..self.dependents[id.index()].len()).rev() {
                let dependent = self.dependents[id.index()][at];
                if self.states[dependent.index()] != State::Out {
                    self.pending[dependent.index()] -= 1;
                    self.ready_if_free(dependent);
                }
            }
            self.release_inputs(node);
        }
    }

    /// `node` needs its inputs no more: those that nobody else needs leave the memory.
    fn release_inputs(&mut self, node: &Node<A>) {
        for on in inputs_of(node) {
            self.users[on.index()] -= 1;
            if self.users[on.index()] == 0
                && let Some(bytes) = self.hot.remove(&on)
            {
                self.recent.put(self.digests[on.index()], bytes);
            }
        }
    }

    fn fail(&mut self, id: ActionId, failure: A::Failure, took: Duration) {
        let node = self.shared.graph.node(id);
        let outcome = Outcome::Failed;
        let event =
            Event::Finished { name: &node.name, kind: node.action.kind(), outcome, took, failure: Some(&failure) };
        (self.tell)(event);
        self.report.failed += 1;
        self.give_up(id);
        let mut blocked = self.dependents[id.index()].clone();
        blocked.extend(self.revived_for.remove(&id).unwrap_or_default());
        while let Some(id) = blocked.pop() {
            if matches!(self.states[id.index()], State::Failed | State::Out | State::Known) {
                continue;
            }
            let node = self.shared.graph.node(id);
            let (name, kind) = (&node.name, node.action.kind());
            (self.tell)(Event::Finished { name, kind, outcome: Outcome::Blocked, took: Duration::ZERO, failure: None });
            self.report.blocked += 1;
            self.give_up(id);
            blocked.extend_from_slice(&self.dependents[id.index()]);
        }
    }

    fn give_up(&mut self, id: ActionId) {
        let node = self.shared.graph.node(id);
        self.states[id.index()] = State::Failed;
        self.report.missing += usize::from(node.asset.is_some());
        let had_finished = self.digests[id.index()] != Digest::ABSENT;
        if !had_finished {
            self.release_inputs(node);
        }
    }
}

/// Which sets of found inputs still hold, each looked at once in a build.
#[derive(Debug, Default)]
pub(super) struct Holds(HashMap<FoundSet, bool>);

impl Holds {
    /// The newest trace of a key whose found inputs all still hold.
    pub(super) fn trace(&mut self, traces: &Traces, files: &Files, key: &Digest) -> Option<Trace> {
        let mut holds = |set: FoundSet| {
            *self.0.entry(set).or_insert_with(|| {
                traces.found(set).iter().all(|(path, digest)| files.digest(path).is_ok_and(|now| now == *digest))
            })
        };
        traces.of(key).iter().rev().find(|trace| holds(trace.found)).copied()
    }
}

/// The actions that a node depends on, each once.
fn inputs_of<A>(node: &Node<A>) -> impl Iterator<Item = ActionId> + use<'_, A> {
    let action = |input: &Input| if let Input::Action(on) = input { Some(*on) } else { None };
    node.inputs.iter().enumerate().filter_map(move |(at, input)| {
        let on = action(input)?;
        (!node.inputs[..at].iter().any(|before| action(before) == Some(on))).then_some(on)
    })
}

/// On a worker: does a task and sends what came of it.
fn answer<A: Action>(shared: Shared<'_, A>, task: Task, sender: &Sender<(ActionId, Done<A::Failure>)>) {
    let (id, started) = (task.id, Instant::now());
    let node = shared.graph.node(id);
    let done = catch_unwind(AssertUnwindSafe(|| perform(shared, node, task, started))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Done::Failed(node.action.fault(EngineError::Panicked { name: node.name.clone(), message }), started.elapsed())
    });
    // The loop only goes away when it waits for nobody.
    let _ = sender.send((id, done));
}

fn perform<A: Action>(shared: Shared<'_, A>, node: &Node<A>, task: Task, started: Instant) -> Done<A::Failure> {
    let fail = |error| Done::Failed(node.action.fault(error), started.elapsed());
    let asset = |output, bytes: &Bytes| {
        let path = node.asset.as_deref();
        let published = path
            .map(|path| publish(shared.files, shared.store, shared.journal, path, task.known.as_ref(), output, bytes));
        published.transpose()
    };
    if let Some(trace) = task.restore {
        let Some(bytes) = shared.store.get(&trace.output) else { return Done::Lost(task.id) };
        return match asset(trace.output, &bytes) {
            Ok(Some(published)) => Done::Restored { output: trace.output, published },
            Ok(None) => Done::Lost(task.id),
            Err(error) => fail(error),
        };
    }
    let mut inputs = Vec::with_capacity(node.inputs.len());
    for (at, input) in node.inputs.iter().enumerate() {
        let bytes = match (input, &task.hot[at]) {
            (_, Some(bytes)) => bytes.clone(),
            (Input::Action(on), None) => match shared.store.get(&task.digests[at]) {
                Some(bytes) => bytes,
                None => return Done::Lost(*on),
            },
            (Input::File(path), None) => match shared.files.read_as(path, task.digests[at]) {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(_)) => return Done::Changed(path.to_string()),
                Err(error) => return fail(error),
            },
        };
        inputs.push(bytes);
    }
    let found = Mutex::new(Vec::new());
    let work = Work { inputs: &inputs, files: shared.files, budget: shared.budget, found: &found };
    let Output { bytes, keep } = match node.action.run(&work) {
        Ok(output) => output,
        Err(failure) => return Done::Failed(failure, started.elapsed()),
    };
    let output = Digest::of(&bytes);
    if keep && let Err(error) = shared.store.put(&output, &bytes) {
        return fail(EngineError::Write { path: ".softbox/store".to_owned(), error });
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_unstable();
    match asset(output, &bytes) {
        Ok(published) => {
            let (Task { key, digests, .. }, took) = (task, started.elapsed());
            Done::Ran(Box::new(Ran { key, digests, output, bytes, keep, found, published, took }))
        }
        Err(error) => fail(error),
    }
}

/// Outputs that were not stored, kept between the builds of one process, the longest unused leaving first.
#[derive(Debug, Default)]
pub struct Recent {
    bytes: DigestMap<Digest, (Bytes, u64)>,
    total: usize,
    limit: usize,
    tick: u64,
}

impl Recent {
    /// Keeps at most so many bytes.
    pub fn with_limit(limit: usize) -> Recent {
        Recent { limit, ..Recent::default() }
    }

    fn get(&mut self, digest: &Digest) -> Option<Bytes> {
        self.tick += 1;
        let (bytes, used) = self.bytes.get_mut(digest)?;
        *used = self.tick;
        Some(bytes.clone())
    }

    fn put(&mut self, digest: Digest, bytes: Bytes) {
        if bytes.len() > self.limit || self.bytes.contains_key(&digest) {
            return;
        }
        self.tick += 1;
        self.total += bytes.len();
        self.bytes.insert(digest, (bytes, self.tick));
        while self.total > self.limit
            && let Some(oldest) = self.bytes.iter().min_by_key(|(_, (_, used))| *used).map(|(digest, _)| *digest)
        {
            if let Some((bytes, _)) = self.bytes.remove(&oldest) {
                self.total -= bytes.len();
            }
        }
    }
}
