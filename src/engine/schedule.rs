//! The schedule: one loop owns all state; processor work and requests run on lanes of their own; what is ready last runs first, so that
//! what an action made is used while it is hot.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::fold::FoldMap;
use super::graph::Dependents;
use super::key::{Keys, Written};
use super::last::{Entry, Last};
use super::outputs::{Outputs, Published, Publisher, Standing, Was};
use super::recent::Recent;
use super::records::Records;
use super::shared::Made;
use super::stat::{look_at, seconds};
use super::traces::{Holds, NewTrace, Trace, Traces, micros};
use super::worker::{Answer, Answers, Done, Line, Ran, Run, Shared, Task, Tasks, What, answer, work};
use super::{
    Action, ActionId, Budget, Bytes, Change, Digest, Engine, EngineError, Event, Graph, Input, Lane, Node, Options,
    Outcome, Report, phase,
};

/// How often an action is run again because a file changed under it.
const TRIES: u8 = 5;

/// Where an action stands. Every state says what holds. An action that is not [`State::Out`] or [`State::Failed`] counts as a user of its
/// inputs until it is [`State::Known`], and again while it is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not part of this build.
    Out,
    /// Some of its inputs are not known yet, or their bytes are being made again.
    Waiting,
    /// All inputs are known; it is about to be looked at.
    Ready,
    /// A worker has it, or will.
    Running,
    /// The digest of its output is known, by a trace or by a run.
    Known,
    /// It failed, or something that it needs did.
    Failed,
}

/// No more tasks are handed over at once.
const AT_ONCE: usize = 32;
/// So much work is worth waking a worker for, which takes a tenth of that: actions that are sooner done are handed over together. It must not be
/// much, since a kill costs what is under way.
const WORTH: Duration = Duration::from_micros(250);

struct Loop<'a, A: Action> {
    shared: Shared<'a, A>,
    traces: &'a mut Traces,
    last: &'a mut Last,
    outputs: &'a mut Records,
    /// How assets with a record stood when the build began.
    standing: Vec<Standing>,
    /// What this build is for.
    needed: Vec<bool>,
    recent: &'a mut Recent,
    tell: &'a mut dyn FnMut(Event<'_, A::Failure>),
    /// A hash of each action's name.
    names: &'a [u64],
    dependents: &'a Dependents,
    /// Actions that cannot have their asset, with who has it.
    crossed: &'a BTreeMap<ActionId, ActionId>,
    states: Vec<State>,
    /// What became of each at last: one that is made again counts once.
    outcomes: Vec<Option<Outcome>>,
    /// Inputs that are not known yet, and outputs that are being made again.
    pending: Vec<u32>,
    /// Who still needs its bytes.
    users: Vec<u32>,
    digests: Vec<Digest>,
    /// Outputs in memory: those with users.
    hot: FoldMap<ActionId, Bytes>,
    /// Actions that have to run though a trace may know their output, and who waits for the bytes.
    revived_for: FoldMap<ActionId, Vec<ActionId>>,
    tries: FoldMap<ActionId, u8>,
    /// Of what is asked for elsewhere, and of what that is made from.
    recipes: FoldMap<ActionId, Digest>,
    holds: Holds,
    keys: Keys,
    /// The digests of the inputs of the action that is looked at.
    inputs: Vec<Digest>,
    /// The digests of the files asked for last, until one turns out to be another.
    latest: Latest<'a, Digest>,
    ready: Vec<ActionId>,
    /// What waits for workers. Assets that are to be put right are many at times, so of them there is only the number.
    runs: VecDeque<(ActionId, Run)>,
    requests: VecDeque<(ActionId, Run)>,
    restores: VecDeque<ActionId>,
    /// How long a run of each kind takes, as far as that matters: as the longest of the last few.
    paces: FoldMap<&'static str, Duration>,
    /// Set once all that was ready at the start is queued: from then on the newest goes first.
    depth_first: bool,
    slots: [usize; 3],
    free: [usize; 3],
    report: Report,
}

pub(super) fn run<A: Action>(
    engine: &mut Engine,
    graph: &Graph<A>,
    options: &Options,
    tell: &mut dyn FnMut(Event<'_, A::Failure>),
) -> Report {
    let Engine { files, store, traces, last, outputs, recent, .. } = engine;
    let jobs = options.jobs.max(1);
    let needed = match &options.only {
        Some(only) => graph.needed_for(only),
        None => vec![true; graph.len()],
    };
    let began = Instant::now();
    let Outputs { records, journal, .. } = outputs;
    let budget = Budget::new(options.memory);
    let shared = Shared { graph, budget: &budget, publisher: Publisher { files, store, journal } };
    // Two for each worker, so that none waits for the loop.
    let slots = [jobs * 2, options.requests.max(1), jobs * 2];
    let mut build = Loop {
        shared,
        traces,
        last,
        outputs: records,
        standing: vec![Standing::Unsure; graph.len()],
        recent,
        tell,
        names: &graph.known().names,
        dependents: &graph.known().dependents,
        crossed: &graph.known().crossed,
        states: needed.iter().map(|needed| if *needed { State::Waiting } else { State::Out }).collect(),
        needed,
        outcomes: vec![None; graph.len()],
        pending: vec![0; graph.len()],
        users: vec![0; graph.len()],
        digests: vec![Digest::ABSENT; graph.len()],
        hot: FoldMap::default(),
        revived_for: FoldMap::default(),
        tries: FoldMap::default(),
        recipes: FoldMap::default(),
        holds: Holds::default(),
        keys: Keys::default(),
        inputs: Vec::new(),
        latest: Latest::default(),
        ready: Vec::new(),
        runs: VecDeque::new(),
        requests: VecDeque::new(),
        restores: VecDeque::new(),
        paces: FoldMap::default(),
        depth_first: false,
        slots,
        free: slots,
        report: Report::default(),
    };
    build.begin();
    let (answers, receiver) = channel();
    let (queue, tasks) = channel();
    let tasks = Mutex::new(tasks);
    std::thread::scope(|threads| {
        // Goes away with this scope, by a panic too: then the workers end.
        let queue = queue;
        for worker in 0..jobs.min(graph.len()) {
            let answers = answers.clone();
            let tasks = &tasks;
            threads.spawn(move || work(shared, worker, tasks, &answers));
        }
        let start = |tasks: Tasks| match tasks.line {
            // The workers live as long as the queue.
            Line::Run | Line::Restore => drop(queue.send(tasks)),
            Line::Request => {
                let answers = answers.clone();
                threads.spawn(move || answer(shared, None, tasks, &answers));
            }
        };
        build.start_with(&options.saved, &start);
        build.look();
        build.drive(&receiver, &start);
    });
    let is_over = |state| matches!(state, &State::Out | State::Known | State::Failed);
    debug_assert!(build.states.iter().all(is_over), "an action was forgotten");
    build.count();
    (build.tell)(Event::Phase { name: "schedule", began, took: began.elapsed() });
    build.report
}

/// So many assets are looked at at once, on all processors.
const SPAN: usize = 8192;

impl<'a, A: Action> Loop<'a, A> {
    fn count(&mut self) {
        let of = |wanted| self.outcomes.iter().filter(|outcome| **outcome == Some(wanted)).count();
        let (ran, kept) = (of(Outcome::Ran), of(Outcome::Kept));
        let (failed, blocked) = (of(Outcome::Failed), of(Outcome::Blocked));
        self.report = Report { ran, kept, failed, blocked, ..std::mem::take(&mut self.report) };
    }

    fn begin(&mut self) {
        for (id, node) in self.shared.graph.nodes() {
            if self.states[id.index()] == State::Out {
                continue;
            }
            for on in node.depends_on() {
                self.pending[id.index()] += 1;
                self.users[on.index()] += 1;
            }
        }
    }

    /// Starts what reads files that somebody just saved, before anything else is looked at: somebody waits for it.
    fn start_with(&mut self, saved: &BTreeSet<String>, start: &dyn Fn(Tasks)) {
        if saved.is_empty() {
            return;
        }
        let is_saved = |input: &Input| matches!(input, Input::File(path) if saved.contains(&**path));
        let readers = self.shared.graph.nodes().filter(|(_, node)| node.inputs.iter().any(is_saved));
        let readers: Vec<ActionId> = readers.map(|(id, _)| id).collect();
        for id in readers {
            if self.states[id.index()] == State::Waiting && self.pending[id.index()] == 0 {
                self.states[id.index()] = State::Ready;
                self.step(id);
                self.start(start);
            }
        }
    }

    /// Looks at all files that actions read and at all assets, on all processors.
    fn look(&mut self) {
        let Shared { graph, publisher: Publisher { files, .. }, .. } = self.shared;
        let nodes = || graph.nodes().filter(|(id, _)| self.needed[id.index()]);
        let paths = nodes().flat_map(|(_, node)| &node.inputs);
        let paths = paths.filter_map(|input| if let Input::File(path) = input { Some(path) } else { None });
        let mut latest = Latest::default();
        let paths: Vec<_> = paths.filter(|path| latest.put(path, ()).is_none()).collect();
        phase("look at files", self.tell, || files.look_at_all(&paths));
        let mut assets = nodes().filter_map(|(id, node)| {
            let path = node.asset.as_deref()?;
            Some((id, path, self.outputs.get(path)?))
        });
        let mut span = Vec::new();
        loop {
            span.clear();
            span.extend(assets.by_ref().take(SPAN));
            if span.is_empty() {
                break;
            }
            let parts: Vec<_> = span.chunks(SPAN / 16).collect();
            let looked: Vec<Vec<Standing>> =
                look_at(&parts, 1, |part| Standing::of(files, part.iter().map(|(_, path, record)| (*path, record))));
            let looked = looked.into_iter().flatten();
            span.iter().zip(looked).for_each(|((id, ..), standing)| self.standing[id.index()] = standing);
        }
    }

    fn drive(&mut self, answers: &Receiver<Answers<A::Failure>>, start: &dyn Fn(Tasks)) {
        for id in self.shared.graph.ids().rev() {
            self.ready_if_free(id);
        }
        loop {
            while let Some(id) = self.ready.pop() {
                self.step(id);
                self.start(start);
            }
            self.start(start);
            self.depth_first = true;
            if self.free == self.slots {
                return;
            }
            let Some(Answers { worker, line, all }) = self.next(answers) else { return };
            self.free[line as usize] += 1;
            for Answer { id, done, began, took } in all {
                let node = self.shared.graph.node(id);
                let kind = if line == Line::Restore { "restore" } else { node.action.kind() };
                (self.tell)(Event::Worked { name: &node.name, kind, worker, began, took });
                if let Done::Ran(ran, _) = &done {
                    // What is not stored waits in memory, so there is to be little of it.
                    let took = if ran.keep { took.min(2 * WORTH) } else { 2 * WORTH };
                    let pace = self.paces.entry(kind).or_default();
                    *pace = took.max(*pace * 7 / 8);
                }
                self.finish(id, done);
            }
        }
    }

    /// The next answers of a worker. Before it waits for them, it hands small outputs and the traces that tell of them to the system: a kill must
    /// cost no more than what is under way, or came faster than this loop could look at it.
    fn next(&mut self, answers: &Receiver<Answers<A::Failure>>) -> Option<Answers<A::Failure>> {
        answers.try_recv().ok().or_else(|| {
            // A full disk is told when all is saved.
            let _ = self.shared.publisher.store.flush().and_then(|()| self.traces.flush());
            // A sender lives as long as this loop, so a worker's answer always comes.
            answers.recv().ok()
        })
    }

    /// Hands waiting tasks to free workers.
    fn start(&mut self, start: &dyn Fn(Tasks)) {
        for line in [Line::Run, Line::Request, Line::Restore] {
            while self.free[line as usize] > 0
                && let Some(tasks) = self.take(line)
            {
                self.free[line as usize] -= 1;
                start(tasks);
            }
        }
    }

    /// The tasks that a worker gets next.
    fn take(&mut self, line: Line) -> Option<Tasks> {
        // All workers are to have some.
        let share = |waiting: usize| waiting.div_ceil(2 * self.slots[line as usize]).min(AT_ONCE);
        let all: Vec<Task> = match line {
            Line::Run => {
                let count = self.worth_waking_for(share(self.runs.len()));
                let runs: Vec<_> = self.runs.drain(..count).collect();
                runs.into_iter().map(|(id, run)| self.run(id, run)).collect()
            }
            Line::Request => self.requests.pop_front().into_iter().map(|(id, run)| self.run(id, run)).collect(),
            Line::Restore => {
                let ids: Vec<ActionId> = self.restores.drain(..share(self.restores.len())).collect();
                // Each was found in there, or put there, before it came to wait.
                let restore = |id| Some(Task { id, was: self.was(id), what: What::Restore(self.last.made(id)?) });
                ids.into_iter().filter_map(restore).collect()
            }
        };
        (!all.is_empty()).then_some(Tasks { line, all })
    }

    /// How many of the next `most` actions to run are worth waking a worker for: one, or as many as are done soon.
    fn worth_waking_for(&self, most: usize) -> usize {
        let mut time = Duration::ZERO;
        let kinds = self.runs.iter().take(most).map(|(id, _)| self.shared.graph.node(*id).action.kind());
        let soon = kinds.take_while(|kind| {
            time += self.paces.get(kind).copied().unwrap_or(WORTH);
            time < WORTH
        });
        soon.count().max(1).min(most)
    }

    fn run(&mut self, id: ActionId, run: Run) -> Task {
        let node = self.shared.graph.node(id);
        (self.tell)(Event::Started { name: &node.name, kind: node.action.kind() });
        Task { id, was: self.was(id), what: What::Run(run) }
    }

    /// Where the asset of an action stands.
    fn was(&self, id: ActionId) -> Was {
        let asset = self.shared.graph.node(id).asset.as_deref();
        let record = asset.and_then(|path| self.outputs.get(path));
        Was { record, is_gone: record.is_none() || self.standing[id.index()] == Standing::Gone }
    }

    fn ready_if_free(&mut self, id: ActionId) {
        if self.states[id.index()] == State::Waiting && self.pending[id.index()] == 0 {
            self.again(id);
        }
    }

    fn again(&mut self, id: ActionId) {
        self.states[id.index()] = State::Ready;
        self.ready.push(id);
    }

    /// All inputs of `id` are known: a trace tells its output, or it has to run.
    fn step(&mut self, id: ActionId) {
        let node = self.shared.graph.node(id);
        let key = match self.key(id, node) {
            Ok(key) => key,
            Err(error) => return self.fail(id, node.action.fault(error), Duration::ZERO),
        };
        let made = self.made(id, self.names[id.index()], key);
        let Some(made) = made.filter(|_| !self.revived_for.contains_key(&id)) else {
            return self.queue(id, self.keys.written(key, &self.inputs));
        };
        match &node.asset {
            Some(path) if !self.vouches(id, path, &made.output) => {
                self.states[id.index()] = State::Running;
                push(&mut self.restores, id, self.depth_first);
            }
            asset => {
                self.report.unchanged += usize::from(asset.is_some());
                self.known(id, made.output, Outcome::Kept, Duration::ZERO);
            }
        }
    }

    /// What an action with this key made, if that is known and what it found to need still holds.
    fn made(&mut self, id: ActionId, name: u64, key: Digest) -> Option<Entry> {
        let files = self.shared.publisher.files;
        match self.last.of(id, &key) {
            Some(last) if self.holds.holds(self.traces, files, last.found) => return Some(last),
            Some(_) => {}
            None => self.traces.name(name, &key),
        }
        let traced = self.holds.trace(self.traces, files, &key);
        let made_from = self.keys.fold();
        let traced =
            traced.map(|Trace { output, found, kept, .. }| Entry { name, made_from, key, output, found, kept });
        let made = traced.or_else(|| self.made_elsewhere(id, name, key))?;
        self.last.set(id, made);
        Some(made)
    }

    /// What an action with this key made in another campaign of this machine. From now on it is known here, too.
    fn made_elsewhere(&mut self, id: ActionId, name: u64, key: Digest) -> Option<Entry> {
        let Publisher { files, store, .. } = self.shared.publisher;
        let graph = self.shared.graph;
        let holds = |(path, digest): &(Arc<str>, Digest)| files.digest(path).is_ok_and(|now| now == *digest);
        let made = store.shared()?.of(&key).into_iter().find(|made| made.found.iter().all(holds))?;
        let Made { output, size, kept, micros, found } = made;
        let written = self.keys.written(key, &self.inputs);
        let trace = NewTrace { key, output, size, kept, micros, found: &found, at: seconds() };
        let found = self.traces.add(&trace, || written.to_bytes(graph, graph.node(id)));
        Some(Entry { name, made_from: written.fold, key, output, found, kept })
    }

    /// Whether an asset is what it should be, by its stat alone.
    fn vouches(&self, id: ActionId, path: &str, digest: &Digest) -> bool {
        self.standing[id.index()] == Standing::Right
            && self.outputs.get(path).is_some_and(|record| record.digest == *digest)
    }

    /// The key of an action, or why it cannot even be tried.
    fn key(&mut self, id: ActionId, node: &'a Node<A>) -> Result<Digest, EngineError> {
        if let (Some(other), Some(path)) = (self.crossed.get(&id), &node.asset) {
            let name = self.shared.graph.node(*other).name.clone();
            return Err(EngineError::Taken { path: path.clone(), name });
        }
        self.inputs.clear();
        for input in &node.inputs {
            self.inputs.push(match input {
                Input::Action(on) => self.digests[on.index()],
                Input::File(path) => match self.latest.get(path) {
                    Some(digest) => digest,
                    None => match self.shared.publisher.files.digest(path)? {
                        Digest::ABSENT => return Err(EngineError::Missing { path: path.to_string() }),
                        digest => {
                            self.latest.put(path, digest);
                            digest
                        }
                    },
                },
            });
        }
        let (keys, last) = (&mut self.keys, &self.last);
        keys.key_or(&node.action, &self.inputs, |made_from| last.key(id, made_from))
    }

    /// What an action is made from, the same on every machine: what others may make differently counts by what that is made from.
    fn recipe(&mut self, id: ActionId) -> Result<Digest, EngineError> {
        if let Some(recipe) = self.recipes.get(&id) {
            return Ok(*recipe);
        }
        let Shared { graph, publisher: Publisher { files, .. }, .. } = self.shared;
        let node = graph.node(id);
        let mut from = Vec::with_capacity(node.inputs.len());
        for input in &node.inputs {
            from.push(match input {
                Input::File(path) => files.digest(path)?,
                Input::Action(on) if graph.node(*on).action.is_exact() => self.digests[on.index()],
                Input::Action(on) => self.recipe(*on)?,
            });
        }
        let recipe = self.keys.recipe(&node.action, &from)?;
        self.recipes.insert(id, recipe);
        Ok(recipe)
    }

    /// Queues a run once the bytes of all its inputs can be had; those that were not stored are made again first.
    fn queue(&mut self, id: ActionId, written: Written) {
        let node = self.shared.graph.node(id);
        let mut hot = vec![None; node.inputs.len()];
        for (at, input) in node.inputs.iter().enumerate() {
            let Input::Action(on) = input else { continue };
            let digest = &written.digests[at];
            if *digest == Digest::ABSENT {
                // It failed, and this action bears it.
                hot[at] = Some(Bytes::default());
                continue;
            }
            hot[at] = self.hot.get(on).cloned().or_else(|| self.recent.get(digest));
            if hot[at].is_none() && !self.shared.publisher.store.has(digest) && !self.revive(*on, id) {
                return self.block(vec![id]);
            }
        }
        if self.pending[id.index()] > 0 {
            return;
        }
        let recipe = match node.action.lane() {
            Lane::Processor => None,
            Lane::Request => match self.recipe(id) {
                Ok(recipe) => Some(recipe),
                Err(error) => return self.fail(id, node.action.fault(error), Duration::ZERO),
            },
        };
        self.states[id.index()] = State::Running;
        let queue = if recipe.is_some() { &mut self.requests } else { &mut self.runs };
        push(queue, (id, Run { written, hot, recipe }), self.depth_first);
    }

    /// Has an action run again whose output is known but was not kept, and `waiter` wait for its bytes. False if that failed already.
    fn revive(&mut self, on: ActionId, waiter: ActionId) -> bool {
        if self.states[on.index()] == State::Failed {
            return false;
        }
        let waiters = self.revived_for.entry(on).or_default();
        if waiters.contains(&waiter) {
            return true;
        }
        waiters.push(waiter);
        self.pending[waiter.index()] += 1;
        self.states[waiter.index()] = State::Waiting;
        if self.states[on.index()] == State::Known {
            for input in self.shared.graph.node(on).depends_on() {
                self.users[input.index()] += 1;
            }
            self.again(on);
        }
        true
    }

    fn finish(&mut self, id: ActionId, done: Done<A::Failure>) {
        let node = self.shared.graph.node(id);
        match done {
            Done::Ran(ran, remark) => {
                if let Some(remark) = &remark {
                    (self.tell)(Event::Remarked { name: &node.name, remark });
                }
                self.ran(id, node, *ran);
            }
            Done::Restored { output, published } => {
                let size = published.record.stat.size;
                self.published(node, size, *published);
                self.known(id, output, Outcome::Kept, Duration::ZERO);
            }
            Done::Lost(on) if on == id => {
                // Its trace tells what it made, but the bytes are gone.
                self.revived_for.entry(id).or_default();
                self.again(id);
            }
            Done::Lost(on) if self.hot.contains_key(&on) => self.again(id),
            Done::Lost(on) => {
                if !self.revive(on, id) {
                    self.block(vec![id]);
                }
            }
            Done::Changed(path) => {
                let tries = self.tries.entry(id).or_default();
                *tries += 1;
                if *tries > TRIES {
                    return self.fail(id, node.action.fault(EngineError::Unsteady { path }), Duration::ZERO);
                }
                self.holds = Holds::default();
                self.latest = Latest::default();
                self.again(id);
            }
            Done::Failed(failure, took) => self.fail(id, failure, took),
        }
    }

    /// Keeps what a run read and made.
    fn ran(&mut self, id: ActionId, node: &Node<A>, ran: Ran) {
        let Ran { written, output, bytes, keep, found, published, took } = ran;
        let before = self.digests[id.index()];
        if before != Digest::ABSENT && before != output {
            // Made again, it is another one: a file changed meanwhile, or the action is not as pure as it should be. Who waits for it goes on
            // with what there is now; those that went on with what was known are looked at again in the next build.
            self.shared.publisher.files.set_unsteady();
        }
        let (key, size) = (written.key, bytes.len() as u64);
        let trace = NewTrace { key, output, size, kept: keep, micros: micros(took), found: &found, at: seconds() };
        let found = self.traces.add(&trace, || written.to_bytes(self.shared.graph, node));
        let name = self.names[id.index()];
        self.last.set(id, Entry { name, made_from: written.fold, key: written.key, output, found, kept: keep });
        if let Some(published) = published {
            self.published(node, bytes.len() as u64, published);
        }
        if self.users[id.index()] > 0 {
            self.hot.insert(id, bytes);
        }
        self.known(id, output, Outcome::Ran, took);
    }

    fn published(&mut self, node: &Node<A>, bytes: u64, published: Published) {
        let Some(path) = &node.asset else { return };
        self.outputs.set(path, published.record);
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
        self.outcomes[id.index()] = Some(outcome);
        (self.tell)(Event::Finished { name: &node.name, kind: node.action.kind(), outcome, took, failure: None });
        for waiter in self.revived_for.remove(&id).unwrap_or_default() {
            self.one_less_pending(waiter);
        }
        if first_time {
            for at in (0..self.dependents.of(id).len()).rev() {
                self.one_less_pending(self.dependents.of(id)[at]);
            }
        }
        self.release_inputs(node);
    }

    fn one_less_pending(&mut self, id: ActionId) {
        if self.states[id.index()] != State::Out {
            self.pending[id.index()] -= 1;
            self.ready_if_free(id);
        }
    }

    /// `node` needs its inputs no more: those that nobody else needs leave the memory.
    fn release_inputs(&mut self, node: &Node<A>) {
        for on in node.depends_on() {
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
        let (name, kind) = (&node.name, node.action.kind());
        (self.tell)(Event::Finished { name, kind, outcome: Outcome::Failed, took, failure: Some(&failure) });
        self.outcomes[id.index()] = Some(Outcome::Failed);
        let blocked = self.give_up(id);
        self.block(blocked);
    }

    /// Gives up those that wait for something that failed, and who waits for them.
    fn block(&mut self, mut blocked: Vec<ActionId>) {
        while let Some(id) = blocked.pop() {
            if matches!(self.states[id.index()], State::Failed | State::Out) {
                continue;
            }
            let node = self.shared.graph.node(id);
            let (name, kind) = (&node.name, node.action.kind());
            (self.tell)(Event::Finished { name, kind, outcome: Outcome::Blocked, took: Duration::ZERO, failure: None });
            self.outcomes[id.index()] = Some(Outcome::Blocked);
            blocked.extend(self.give_up(id));
        }
    }

    /// Marks an action as failed and tells who waits for it. Who already has what it made before is not among them.
    fn give_up(&mut self, id: ActionId) -> Vec<ActionId> {
        let node = self.shared.graph.node(id);
        self.states[id.index()] = State::Failed;
        self.release_inputs(node);
        let mut waiting = self.revived_for.remove(&id).unwrap_or_default();
        if self.digests[id.index()] == Digest::ABSENT {
            self.report.missing += usize::from(node.asset.is_some());
            for at in 0..self.dependents.of(id).len() {
                let dependent = self.dependents.of(id)[at];
                match self.shared.graph.node(dependent).action.bears_gaps() {
                    true => self.one_less_pending(dependent),
                    false => waiting.push(dependent),
                }
            }
        }
        waiting
    }
}

/// Something of each of the paths that came last: many actions read the same few templates, in turns. A path goes by where its text lies.
struct Latest<'a, T>([Option<(&'a Arc<str>, T)>; 64]);

impl<T> Default for Latest<'_, T> {
    fn default() -> Self {
        Latest(std::array::from_fn(|_| None))
    }
}

impl<'a, T: Copy> Latest<'a, T> {
    fn place(path: &Arc<str>) -> usize {
        path.as_ptr().addr() / 16 % 64
    }

    fn get(&self, path: &Arc<str>) -> Option<T> {
        let there = self.0[Self::place(path)].filter(|(there, _)| Arc::ptr_eq(there, path));
        there.map(|(_, value)| value)
    }

    /// Tells what was there of this path.
    fn put(&mut self, path: &'a Arc<str>, value: T) -> Option<T> {
        let before = self.get(path);
        self.0[Self::place(path)] = Some((path, value));
        before
    }
}

/// Has a task wait: as the next one, or behind all others.
fn push<T>(waiting: &mut VecDeque<T>, task: T, is_next: bool) {
    if is_next { waiting.push_front(task) } else { waiting.push_back(task) }
}
