//! What a build should have done: known from clean builds of the same sources, not from what the engine remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use softbox::actions::Task;
use softbox::campaign::load;
use softbox::engine::{Action, ActionId, Digest, Files, Graph, Input};
use softbox::plan::{Folder, plan};

use crate::common::{Built, Campaign};
use crate::edits::Shop;

/// What it has seen in a campaign's life.
#[derive(Default)]
pub struct Oracle {
    /// Every action that was ever done, by all that decides over it. None of it may be done twice, unless what it makes is not stored.
    done: BTreeSet<Digest>,
    /// All that an asset ever was: where it cannot be made, the last good one stays.
    ever: BTreeMap<String, BTreeSet<Vec<u8>>>,
}

impl Oracle {
    /// Builds, and compares files, mistakes and runs with a build of the same sources in a new folder; then builds again.
    pub fn build_and_compare(&mut self, shop: &mut Shop) {
        if std::mem::take(&mut shop.forgot) {
            self.done.clear();
        }
        let before = shop.campaign.dist();
        let built = shop.campaign.softbox(&["build"]);
        assert_eq!(built.said, "", "nothing goes to standard error beside the events");
        let again = shop.campaign.softbox(&["build"]);
        let clean = clean_copy(&shop.campaign);
        let cleanly = clean.softbox(&["build"]);
        let in_the_way = built.problems().iter().any(|problem| problem.contains("a folder has that name"));
        if !in_the_way {
            let (here, wanted) = (|built: &Built| mistakes(built, &shop.campaign), mistakes(&cleanly, &clean));
            assert_eq!(here(&built), wanted, "other mistakes than in a clean build");
            assert_eq!(here(&again), wanted, "other mistakes when built again");
            assert_eq!(built.code, cleanly.code);
        }
        self.compare_dist(shop, &before, &clean, built.code == 0);
        self.compare_runs(&built, &clean);
        if built.code == 0 {
            assert_eq!(again.ran(), BTreeMap::new(), "the second build ran something");
            let is_quiet = again.events("problem").next().is_none();
            assert_eq!(again.events("planned").next().is_none(), is_quiet, "the second build had to think");
        }
        assert_eq!((again.wrote(), again.events("removed").count()), (BTreeSet::new(), 0), "the second build wrote");
    }

    fn compare_dist(&mut self, shop: &mut Shop, before: &BTreeMap<String, Vec<u8>>, clean: &Campaign, is_good: bool) {
        let (dist, wanted) = (shop.campaign.dist(), clean.dist());
        for (path, bytes) in &wanted {
            let is_blocked = shop.campaign.at("dist").join(path).is_dir();
            assert!(is_blocked || dist.get(path) == Some(bytes), "dist/{path} is not as in a clean build");
        }
        for (path, bytes) in &dist {
            let known = self.ever.entry(path.clone()).or_default();
            if wanted.contains_key(path) {
                known.insert(bytes.clone());
                continue;
            }
            let is_theirs = shop.theirs.get(&format!("dist/{path}")) == Some(bytes);
            let is_last_good = !is_good && before.get(path) == Some(bytes) && known.contains(bytes);
            // Without its memory softbox cannot tell what it wrote from what others did.
            let is_forgotten = self.done.is_empty() || shop.theirs.contains_key(&format!("dist/{path}"));
            assert!(is_theirs || is_last_good || is_forgotten, "dist/{path} should not be there");
            if is_forgotten {
                shop.theirs.insert(format!("dist/{path}"), bytes.clone());
            }
        }
        let theirs = shop.theirs.iter().filter(|(path, _)| {
            let path = path.trim_start_matches("dist/");
            !wanted.contains_key(path) && before.contains_key(path)
        });
        for (path, bytes) in theirs {
            let path = path.trim_start_matches("dist/");
            let is_kept = before.get(path) != Some(bytes) || dist.get(path) == Some(bytes) || !is_good;
            assert!(is_kept, "dist/{path} was somebody's own");
        }
        shop.theirs.retain(|path, _| !wanted.contains_key(path.trim_start_matches("dist/")));
    }

    /// An action runs if and only if nothing that decides over it was there before in this shape; one whose output is not stored may run
    /// for those that need it.
    fn compare_runs(&mut self, built: &Built, clean: &Campaign) {
        let outcomes = outcomes(built);
        if outcomes.is_empty() {
            return; // the no-op; what it should have seen shows in dist/
        }
        let files = Files::open(clean.path()).unwrap();
        let graph = plan(&load(&Folder(&files)).campaign, None);
        let found = found(clean);
        let mut shapes: Vec<Digest> = Vec::new();
        for (_, node) in graph.nodes() {
            let shape = shape(clean.path(), &graph, &shapes, node, found.get(&node.name));
            shapes.push(shape);
        }
        // Of two alike (a photo and a link to it), one may have begun when the other was done.
        let is_busy = |name: &String| outcomes.get(name).is_some_and(|outcome| outcome != "kept");
        let busy = graph.nodes().filter(|(_, node)| is_busy(&node.name));
        let busy: BTreeSet<Digest> = busy.map(|(id, _)| shapes[id.0 as usize]).collect();
        for (id, node) in graph.nodes() {
            let Some(outcome) = outcomes.get(&node.name) else { panic!("nothing is told of {}", node.name) };
            let is_known = self.done.contains(&shapes[id.0 as usize]);
            let is_stored = !matches!(node.action, Task::Develop(_) | Task::Compose(_));
            let is_busy = |other: ActionId| busy.contains(&shapes[other.0 as usize]);
            let needed = || graph.nodes().any(|(at, other)| other.depends_on().any(|on| on == id) && is_busy(at));
            let depends = node.depends_on().next().is_some();
            match outcome.as_str() {
                "ran" => assert!(!is_known || (!is_stored && needed()), "{} ran for nothing", node.name),
                // What depends on others is left alone where those come out as before, whatever they were made from.
                "kept" => assert!(is_known || depends, "{} should have run", node.name),
                _ => {}
            }
        }
        for (id, node) in graph.nodes() {
            if matches!(outcomes[&node.name].as_str(), "ran" | "kept") {
                self.done.insert(shapes[id.0 as usize]);
            }
        }
    }
}

/// The sources in a new folder: links stay links, and nothing of dist/ or .softbox/ comes along.
pub fn clean_copy(campaign: &Campaign) -> Campaign {
    fn copy(from: &Path, to: &Path, is_root: bool) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let (name, path) = (entry.file_name(), entry.path());
            let kind = entry.file_type().unwrap();
            if is_root && (name == "dist" || name == ".softbox") {
                continue;
            }
            if kind.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), to.join(name)).unwrap();
            } else if kind.is_dir() {
                copy(&path, &to.join(name), false);
            } else {
                fs::copy(&path, to.join(name)).unwrap();
            }
        }
    }
    let clean = Campaign::new();
    copy(campaign.path(), clean.path(), true);
    clean
}

/// Every mistake once, with its place. Remarks of actions that ran are left out: what is kept is not remarked on again.
/// Without the folder that a message may name: no two campaigns lie in the same one.
fn mistakes(built: &Built, campaign: &Campaign) -> BTreeSet<String> {
    let folder = campaign.path().display().to_string();
    let events = built.events("problem");
    let mistakes = events.filter(|event| event["action"].is_null() || event["severity"] == "error");
    mistakes
        .map(|event| {
            let message = event["message"].to_string().replace(&folder, "");
            format!("{} {}:{}:{} {message}", event["code"], event["file"], event["line"], event["column"])
        })
        .collect()
}

/// What became of every action; an action that ran for others after it was told to be kept ran.
fn outcomes(built: &Built) -> BTreeMap<String, String> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
    let mut outcomes = BTreeMap::new();
    for event in built.events("finished") {
        outcomes.insert(text(event, "action"), text(event, "outcome"));
    }
    outcomes
}

/// The files that each action found to need in a clean build.
fn found(clean: &Campaign) -> BTreeMap<String, BTreeSet<String>> {
    fn take(record: &Value, found: &mut BTreeMap<String, BTreeSet<String>>) {
        let Some(name) = record["action"].as_str() else { return };
        let paths = record["found"].as_array().unwrap().iter().filter_map(|path| path.as_str().map(str::to_owned));
        found.insert(name.to_owned(), paths.collect());
        record["inputs"].as_array().unwrap().iter().for_each(|input| take(input, found));
    }
    let mut all = BTreeMap::new();
    clean.softbox(&["explain", "*"]).events("explained").for_each(|record| take(record, &mut all));
    all
}

/// All that decides over an action, down to the bytes of the files that it comes from.
fn shape(
    folder: &Path,
    graph: &Graph<Task>,
    shapes: &[Digest],
    node: &softbox::engine::Node<Task>,
    found: Option<&BTreeSet<String>>,
) -> Digest {
    let bytes = |path: &str| Digest::of(&fs::read(folder.join(path)).unwrap_or_default()).hex();
    let input = |input: &Input| match input {
        Input::File(path) => bytes(path),
        Input::Action(on) => format!("{} {}", graph.node(*on).action.kind(), shapes[on.0 as usize].hex()),
    };
    let inputs: Vec<String> = node.inputs.iter().map(input).collect();
    let found: Vec<String> = found.into_iter().flatten().map(|path| format!("{path} {}", bytes(path))).collect();
    let parameters = serde_json::to_string(&node.action).unwrap();
    Digest::of(format!("{} {parameters} {inputs:?} {found:?}", node.action.kind()).as_bytes())
}
