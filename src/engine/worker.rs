//! Workers: they run actions and publish what those made. What came of it goes back to the loop, which alone decides what it means.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::files::Files;
use super::found::Found;
use super::key::Written;
use super::last::Entry;
use super::outputs::{Batch, Published, Publisher, Was};
use super::shared::Made;
use super::traces::micros;
use super::{Action, ActionId, Budget, Bytes, Digest, EngineError, Graph, Input, Node, Output, Reservation};

/// What a running action may ask for.
pub struct Work<'a> {
    inputs: &'a [Bytes],
    recipe: Option<Digest>,
    files: &'a Files,
    budget: &'a Budget,
    finds: &'a Mutex<Finds>,
}

/// What an action asked for while it ran.
#[derive(Debug, Default)]
struct Finds {
    found: Found,
    /// A file that was another one when it was asked for again: the run mixes two states.
    changed: Option<String>,
}

impl Work<'_> {
    /// The bytes of its declared inputs, in their order.
    pub fn inputs(&self) -> &[Bytes] {
        self.inputs
    }

    /// What it is made from, down to the files, the same on every machine and in every release. Only for what is asked for elsewhere, whose
    /// answers are worth keeping when its inputs' bytes come out a little differently.
    pub fn recipe(&self) -> Option<Digest> {
        self.recipe
    }

    /// A file of the campaign that turned out to be needed; `None` where there is none. It counts as an input from now on, and so does its absence.
    pub fn find(&self, path: &str) -> Result<Option<Bytes>, EngineError> {
        let read = self.files.read(path);
        let digest = match &read {
            Ok(Some((_, digest))) => *digest,
            Ok(None) => Digest::ABSENT,
            // The action may go on without it, but its run proves nothing for the next time.
            Err(_) => Digest::UNREADABLE,
        };
        let mut finds = self.finds.lock().unwrap_or_else(PoisonError::into_inner);
        match finds.found.iter().find(|(known, _)| **known == *path) {
            Some((_, before)) if *before != digest => finds.changed = Some(path.to_owned()),
            Some(_) => {}
            None => finds.found.push((path.into(), digest)),
        }
        Ok(read?.map(|(bytes, _)| bytes))
    }

    /// For running an action outside a build.
    pub(super) fn alone<T>(files: &Files, inputs: &[Bytes], run: impl FnOnce(&Work<'_>) -> T) -> T {
        run(&Work { inputs, recipe: None, files, budget: &Budget::new(usize::MAX), finds: &Mutex::default() })
    }

    /// Waits until so many bytes of memory may be taken. At most one reservation at a time.
    pub fn reserve(&self, bytes: usize) -> Reservation<'_> {
        self.budget.reserve(bytes)
    }
}

/// What the loop and the workers share.
pub(super) struct Shared<'a, A> {
    pub graph: &'a Graph<A>,
    pub budget: &'a Budget,
    pub publisher: Publisher<'a>,
}

impl<A> Clone for Shared<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Shared<'_, A> {}

/// What a worker is to do.
pub(super) struct Task {
    pub id: ActionId,
    /// Where the asset stands, as far as is known.
    pub was: Was,
    pub what: What,
}

pub(super) enum What {
    Run(Run),
    /// The output is known, and only the asset is to be put right.
    Restore(Entry),
}

/// An action that is to run.
pub(super) struct Run {
    pub written: Written,
    /// Bytes that are in memory already, by input.
    pub hot: Vec<Option<Bytes>>,
    /// Of what is asked for elsewhere.
    pub recipe: Option<Digest>,
}

/// What a worker did.
pub(super) enum Done<F> {
    Ran(Box<Ran>, Option<F>),
    Restored {
        output: Digest,
        published: Box<Published>,
    },
    /// The store could not give what the task needs: the output of this action.
    Lost(ActionId),
    /// A file no longer has the bytes that the key was made from.
    Changed(String),
    Failed(F, Duration),
}

/// What a run read and made.
pub(super) struct Ran {
    pub written: Written,
    pub output: Digest,
    pub bytes: Bytes,
    pub keep: bool,
    pub found: Found,
    pub published: Option<Published>,
    pub took: Duration,
}

/// What a worker did, and when.
pub(super) struct Answer<F> {
    pub id: ActionId,
    pub done: Done<F>,
    pub began: Instant,
    pub took: Duration,
}

/// Where tasks wait for a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Run,
    Request,
    /// Assets whose bytes are stored.
    Restore,
}

/// Tasks of one line that a worker is given at once.
pub(super) struct Tasks {
    pub line: Line,
    pub all: Vec<Task>,
}

/// What a worker did with them.
pub(super) struct Answers<F> {
    /// Its number; `None` for a request.
    pub worker: Option<usize>,
    pub line: Line,
    pub all: Vec<Answer<F>>,
}

/// A worker of the processor lane: does task after task until there are no more. Not a thread of rayon: while one of those waits inside an
/// action it takes up another action, which then may wait for memory that the first one holds.
pub(super) fn work<A: Action>(
    shared: Shared<'_, A>,
    worker: usize,
    tasks: &Mutex<Receiver<Tasks>>,
    answers: &Sender<Answers<A::Failure>>,
) {
    loop {
        let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(tasks) = next else { return };
        answer(shared, Some(worker), tasks, answers);
    }
}

/// Does tasks and sends what came of them.
pub(super) fn answer<A: Action>(
    shared: Shared<'_, A>,
    worker: Option<usize>,
    tasks: Tasks,
    answers: &Sender<Answers<A::Failure>>,
) {
    let Tasks { line, all } = tasks;
    let writes = all.iter().filter_map(|task| {
        let What::Restore(made) = &task.what else { return None };
        made.kept.then_some((&made.output, shared.graph.node(task.id).asset.as_deref()?))
    });
    let mut batch = if line == Line::Restore { shared.publisher.announce(writes) } else { Batch::default() };
    let all = all.into_iter().map(|task| do_one(shared, task, &mut batch)).collect();
    // The loop only goes away when it waits for nobody.
    let _ = answers.send(Answers { worker, line, all });
}

fn do_one<'a, A: Action>(shared: Shared<'a, A>, task: Task, batch: &mut Batch<'a>) -> Answer<A::Failure> {
    let (id, began) = (task.id, Instant::now());
    let node = shared.graph.node(id);
    let done = catch_unwind(AssertUnwindSafe(|| perform(shared, node, task, batch, began))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Done::Failed(node.action.fault(EngineError::Panicked { name: node.name.clone(), message }), began.elapsed())
    });
    Answer { id, done, began, took: began.elapsed() }
}

fn perform<'a, A: Action>(
    shared: Shared<'a, A>,
    node: &'a Node<A>,
    task: Task,
    batch: &mut Batch<'a>,
    started: Instant,
) -> Done<A::Failure> {
    let fault = |error| Done::Failed(node.action.fault(error), started.elapsed());
    let Task { id, was, what } = task;
    match what {
        What::Restore(made) => restore(shared, node, id, &was, &made, batch).unwrap_or_else(fault),
        What::Run(task) => match gather(shared, node, &task) {
            Ok(inputs) => run(shared, node, task, &was, &inputs, batch, started),
            Err(done) => done,
        },
    }
}

/// Puts an asset right whose bytes are known.
fn restore<'a, A: Action>(
    shared: Shared<'a, A>,
    node: &'a Node<A>,
    id: ActionId,
    was: &Was,
    made: &Entry,
    batch: &mut Batch<'a>,
) -> Result<Done<A::Failure>, EngineError> {
    let Some(path) = &node.asset else { return Ok(Done::Lost(id)) };
    let output = made.output;
    let bytes = || if made.kept { Some((shared.publisher.store.get(&output)?, true)) } else { None };
    let published = shared.publisher.publish(path, was, output, batch, bytes)?;
    Ok(published.map_or(Done::Lost(id), |published| Done::Restored { output, published: Box::new(published) }))
}

/// The bytes of all inputs, or what there is to tell instead.
fn gather<A: Action>(shared: Shared<'_, A>, node: &Node<A>, task: &Run) -> Result<Vec<Bytes>, Done<A::Failure>> {
    let Publisher { files, store, .. } = shared.publisher;
    let mut inputs = Vec::with_capacity(node.inputs.len());
    for ((input, hot), digest) in node.inputs.iter().zip(&task.hot).zip(&task.written.digests) {
        inputs.push(match (input, hot) {
            (_, Some(bytes)) => bytes.clone(),
            (Input::Action(on), None) => store.get(digest).ok_or(Done::Lost(*on))?,
            (Input::File(path), None) => match files.read_as(path, *digest) {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(_)) => return Err(Done::Changed(path.to_string())),
                Err(error) => return Err(Done::Failed(node.action.fault(error), Duration::ZERO)),
            },
        });
    }
    Ok(inputs)
}

fn run<'a, A: Action>(
    shared: Shared<'a, A>,
    node: &'a Node<A>,
    task: Run,
    was: &Was,
    inputs: &[Bytes],
    batch: &mut Batch<'a>,
    started: Instant,
) -> Done<A::Failure> {
    let fault = |error| Done::Failed(node.action.fault(error), started.elapsed());
    let Publisher { files, store, .. } = shared.publisher;
    let finds = Mutex::default();
    let result = node.action.run(&Work { inputs, recipe: task.recipe, files, budget: shared.budget, finds: &finds });
    let Finds { mut found, changed } = finds.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = changed {
        return Done::Changed(path);
    }
    let Output { bytes, keep, remark } = match result {
        Ok(output) => output,
        Err(failure) => return Done::Failed(failure, started.elapsed()),
    };
    let output = Digest::of(&bytes);
    if keep && let Err(error) = store.put(&output, &bytes) {
        return fault(EngineError::Write { path: ".softbox/store".to_owned(), error });
    }
    found.sort_unstable();
    let whole = || Some((bytes.clone(), keep));
    let publish = |path| shared.publisher.publish(path, was, output, batch, whole);
    let published = match node.asset.as_deref().map(publish).transpose() {
        Ok(published) => published.flatten(),
        Err(error) => return fault(error),
    };
    if let Some(others) = store.shared() {
        let micros = micros(started.elapsed());
        let made = Made { output, size: bytes.len() as u64, kept: keep, micros, found: found.clone() };
        others.add(&task.written.key, made);
    }
    let ran = Ran { written: task.written, output, bytes, keep, found, published, took: started.elapsed() };
    Done::Ran(Box::new(ran), remark)
}
