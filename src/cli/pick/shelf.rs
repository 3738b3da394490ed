//! What there is to choose from: takes, photo by photo and step by step, and other words for captions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::wordings::{Wording, wordings};
use crate::actions::desk::Desk;
use crate::actions::fidelity::Measured;
use crate::actions::{Failed, Task};
use crate::campaign::{Campaign, Problem};
use crate::cli::asking::desk;
use crate::cli::build::Limits;
use crate::engine::{ActionId, Bytes, Digest, Engine, Event, Graph, Outcome};
use crate::models::{How, Money, Take};
use crate::plan;

/// A step of a photo with its takes.
#[derive(Debug, Clone)]
pub struct Choice {
    /// `hero/citrus-haze`
    pub photo: String,
    /// The number of the step in its look, from 1.
    pub step: usize,
    /// Numbers of takes run through all steps of a photo; this is that of its first.
    pub first: usize,
    pub takes: Vec<Entry>,
    /// Nobody picked one of these.
    pub is_open: bool,
}

/// A take, or the lack of one.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `hero/citrus-haze/2-nano-banana-1`
    pub name: String,
    /// The model as the campaign calls it.
    pub model: String,
    /// Its file in the campaign.
    pub file: Option<String>,
    pub cost: Option<Money>,
    /// How like the product the product in it is, where that is measured.
    pub measured: Option<Measured>,
    /// It goes on.
    pub is_used: bool,
    /// Why there is none.
    pub missing: Option<String>,
}

/// All that there is to choose from in a campaign.
#[derive(Debug, Default)]
pub struct Shelf {
    pub photos: Vec<Choice>,
    pub captions: Vec<Wording>,
}

/// What there is in a campaign. Asks no model; prepares pictures where that is needed to find takes.
pub fn look(engine: &mut Engine, campaign: &Campaign, folder: &Path) -> Result<Shelf, Problem> {
    let how = How { frozen: true, retry: false };
    let Some(desk) = desk(campaign, folder, how, &mut |_| ())? else { return Ok(Shelf::default()) };
    let graph = plan::plan(campaign, Some(desk.clone()));
    let (out, failed) = run(engine, &graph)?;
    let looked = Looked { graph: &graph, engine, out, failed };
    Ok(Shelf { photos: choices(&looked, &desk, folder), captions: wordings(&looked, campaign) })
}

/// A graph after all was found that is there.
pub struct Looked<'a> {
    pub graph: &'a Graph<Task>,
    engine: &'a Engine,
    /// Actions that could not be done, and why; some have no reason of their own.
    out: BTreeSet<String>,
    failed: BTreeMap<String, String>,
}

impl Looked<'_> {
    /// What an action made; `None` where it could not.
    pub fn bytes(&self, id: ActionId) -> Option<Bytes> {
        if self.out.contains(&self.graph.node(id).name) { None } else { self.engine.output(id) }
    }

    /// Why an action could not be done.
    pub fn why(&self, id: ActionId) -> Option<&str> {
        self.failed.get(&self.graph.node(id).name).map(String::as_str)
    }
}

/// The takes of all photos.
fn choices(looked: &Looked<'_>, desk: &Desk, folder: &Path) -> Vec<Choice> {
    let kept: BTreeMap<String, Take> = desk.takes().into_iter().flat_map(by_content).collect();
    let mut choices: Vec<Choice> = Vec::new();
    for (id, node) in looked.graph.nodes() {
        let Task::Pick(pick) = &node.action else { continue };
        let inputs: Vec<ActionId> = node.depends_on().collect();
        let first =
            choices.iter().filter(|choice| choice.photo == pick.photo).map(|choice| choice.takes.len()).sum::<usize>();
        let digest = |id: ActionId| looked.bytes(id).map(|bytes| Digest::of(&bytes));
        let used = digest(id);
        let mut takes = Vec::new();
        for (at, edit_id) in inputs.iter().take(pick.takes).enumerate() {
            let Task::Edit(edit) = &looked.graph.node(*edit_id).action else { continue };
            let digest = digest(*edit_id);
            let take = digest.and_then(|digest| kept.get(&digest.hex()).map(|take| (take, digest.hex())));
            let file = take.as_ref().and_then(|(take, hex)| file_of(take, hex, folder));
            let measured = inputs.get(pick.takes + at).and_then(|id| looked.bytes(*id));
            takes.push(Entry {
                name: edit.errand.name.clone(),
                model: edit.errand.called.clone(),
                file,
                cost: take.as_ref().and_then(|(take, _)| take.record.cost),
                measured: measured.and_then(|bytes| Measured::from_bytes(&bytes)),
                is_used: digest.is_some() && digest == used,
                missing: looked.why(*edit_id).map(str::to_owned),
            });
        }
        let picked = |take: &Entry| take.file.as_ref().is_some_and(|file| pick.picks.contains(file));
        let is_open = !takes.iter().any(picked);
        choices.push(Choice { photo: pick.photo.clone(), step: pick.step, first: first + 1, takes, is_open });
    }
    choices
}

/// Finds all takes, measures, choices and variants, without asking for any. Tells which actions could not be done, and why.
fn run(engine: &mut Engine, graph: &Graph<Task>) -> Result<(BTreeSet<String>, BTreeMap<String, String>), Problem> {
    let is_wanted = |task: &Task| {
        matches!(task, Task::Edit(_) | Task::Fidelity(_) | Task::Pick(_) | Task::Suggest(_) | Task::Variants(_))
    };
    let wanted: Vec<ActionId> = graph.nodes().filter(|(_, node)| is_wanted(&node.action)).map(|(id, _)| id).collect();
    let options = Limits::default().part(Some(wanted));
    let (mut failed, mut out) = (BTreeMap::new(), BTreeSet::new());
    let built = engine.build(graph, &options, &mut |event| {
        if let Event::Finished { name, failure, outcome: Outcome::Failed | Outcome::Blocked, .. } = event {
            out.insert(name.to_owned());
            let why = failure.and_then(|Failed(problems)| problems.first()).map(|problem| problem.message.clone());
            failed.extend(why.map(|why| (name.to_owned(), why)));
        }
    });
    built.map_err(|error| Failed::from(error).0.remove(0))?;
    Ok((out, failed))
}

/// A take by what each of its files holds.
fn by_content(take: Take) -> Vec<(String, Take)> {
    take.record.files.iter().map(|file| (file.blake3.clone(), take.clone())).collect()
}

/// The path in the campaign of a take's file with some content.
fn file_of(take: &Take, hex: &str, folder: &Path) -> Option<String> {
    let at = take.record.files.iter().position(|file| file.blake3 == hex)?;
    let path = take.files().nth(at)?;
    let path = path.strip_prefix(folder).ok()?.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    Some(path)
}
