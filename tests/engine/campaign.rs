//! The test builder: a campaign folder, a plan of toy actions, builds of it, and what they did.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use softbox::engine::{
    Action, ActionId, Digest, Engine, EngineError, Event, Graph, Input, Lane, Node, Options, Report,
};

use crate::toy::{Hook, Probe, Toy};

/// One action of a [`Plan`].
#[derive(Clone)]
pub struct Step {
    pub name: String,
    pub text: String,
    /// Paths of files, and `=name` for what another step makes.
    pub inputs: Vec<String>,
    pub asset: Option<String>,
    pub keep: bool,
    pub version: u32,
    pub lane: Lane,
    pub hook: Option<Hook>,
    pub bears_gaps: bool,
}

/// What is to be built.
#[derive(Clone, Default)]
pub struct Plan(pub Vec<Step>);

impl Plan {
    /// Adds a step that joins its inputs into an asset; an empty asset is none.
    pub fn step(mut self, name: &str, text: &str, inputs: &[&str], asset: &str) -> Plan {
        self.0.push(Step {
            name: name.to_owned(),
            text: text.to_owned(),
            inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
            asset: (!asset.is_empty()).then(|| asset.to_owned()),
            keep: true,
            version: 1,
            lane: Lane::Processor,
            hook: None,
            bears_gaps: false,
        });
        self
    }

    /// The last step's output is not stored.
    pub fn transient(self) -> Plan {
        self.with(|step| step.keep = false)
    }

    /// The last step runs on the lane of requests.
    pub fn request(self) -> Plan {
        self.with(|step| step.lane = Lane::Request)
    }

    /// The last step runs without what failed.
    pub fn bears_gaps(self) -> Plan {
        self.with(|step| step.bears_gaps = true)
    }

    /// Something that happens while the last step runs.
    pub fn hook(self, hook: impl Fn(&softbox::engine::Work<'_>) + Send + Sync + 'static) -> Plan {
        self.with(|step| step.hook = Some(std::sync::Arc::new(hook)))
    }

    fn with(mut self, change: impl FnOnce(&mut Step)) -> Plan {
        change(self.0.last_mut().unwrap());
        self
    }

    pub fn edit(mut self, name: &str, change: impl FnOnce(&mut Step)) -> Plan {
        change(self.0.iter_mut().find(|step| step.name == name).unwrap());
        self
    }

    pub fn without(mut self, name: &str) -> Plan {
        self.0.retain(|step| step.name != name);
        self
    }

    pub fn graph(&self, probe: &Probe) -> Graph<Toy> {
        let mut graph = Graph::default();
        for step in &self.0 {
            let input = |input: &String| match input.strip_prefix('=') {
                Some(name) => Input::Action(self.id(name)),
                None => Input::File(input.as_str().into()),
            };
            let action = Toy {
                text: step.text.clone(),
                version: step.version,
                keep: step.keep,
                lane: Some(step.lane),
                name: step.name.clone(),
                probe: probe.clone(),
                hook: step.hook.clone(),
                bears_gaps: step.bears_gaps,
            };
            let inputs = step.inputs.iter().map(input).collect();
            graph.add(Node { name: step.name.clone(), action, inputs, asset: step.asset.clone() });
        }
        graph
    }

    pub fn id(&self, name: &str) -> ActionId {
        ActionId(self.0.iter().position(|step| step.name == name).unwrap() as u32)
    }

    /// Stands for the manifest: another plan is another fingerprint.
    fn fingerprint(&self) -> Digest {
        let steps = self.0.iter().map(|step| {
            format!("{} {} {:?} {:?} {} {}\n", step.name, step.text, step.inputs, step.asset, step.keep, step.version)
        });
        Digest::of(steps.collect::<String>().as_bytes())
    }
}

/// A campaign folder and how it is built.
pub struct Campaign {
    pub folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
    pub probe: Probe,
    pub options: Options,
}

/// What a build did.
#[derive(Debug)]
pub struct Built {
    /// The no-op said that there is nothing to do.
    pub noop: bool,
    /// Names of what ran, sorted, each as often as it ran.
    pub ran: Vec<String>,
    pub events: Vec<String>,
    pub report: Report,
    pub error: Option<EngineError>,
}

impl Campaign {
    pub fn new() -> Campaign {
        // In memory where there is such a place: thousands of builds wait for no disk.
        let temporary = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Campaign { _temporary: Some(temporary), ..Campaign::at(Path::new("")) }.at_own()
    }

    fn at_own(mut self) -> Campaign {
        self.folder = self._temporary.as_ref().unwrap().path().to_owned();
        self
    }

    pub fn at(folder: &Path) -> Campaign {
        let options = Options {
            jobs: 2,
            requests: 2,
            memory: 1 << 20,
            fingerprint: Digest::of(b""),
            only: None,
            saved: Default::default(),
            whole: true,
            quiet: true,
        };
        Campaign { folder: folder.to_owned(), _temporary: None, probe: Probe::default(), options }
    }

    pub fn file(self, path: &str, text: &str) -> Campaign {
        self.write(path, text);
        self
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(path)).unwrap()).into_owned()
    }

    pub fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.path(path)).is_ok()
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// Gives a file a modification time, in seconds since 1970.
    pub fn date(&self, path: &str, seconds: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        fs::File::options().write(true).open(self.path(path)).unwrap().set_modified(time).unwrap();
    }

    pub fn touch(&self, path: &str) {
        fs::File::options().write(true).open(self.path(path)).unwrap().set_modified(SystemTime::now()).unwrap();
    }

    /// Lets the clock of the file system move on, so that stats can be trusted.
    pub fn settle(&self) {
        std::thread::sleep(Duration::from_millis(30));
    }

    pub fn engine(&self) -> Engine {
        Engine::open(&self.folder, "test", |_| {}).unwrap()
    }

    /// A build in a process of its own, as the command line does it: the no-op first.
    pub fn build(&self, plan: &Plan) -> Built {
        self.build_with(&mut self.engine(), plan)
    }

    pub fn build_with(&self, engine: &mut Engine, plan: &Plan) -> Built {
        self.probe.take();
        let options = Options { fingerprint: plan.fingerprint(), ..self.options.clone() };
        let noop = engine.unchanged(options.fingerprint).unwrap().is_some();
        let mut events = Vec::new();
        let (mut report, mut error) = (Report::default(), None);
        if !noop {
            match engine.build(&plan.graph(&self.probe), &options, &mut |event| {
                if !matches!(event, Event::Worked { .. } | Event::Phase { .. }) {
                    events.push(told(&event));
                }
            }) {
                Ok(done) => report = done,
                Err(fault) => error = Some(fault),
            }
        }
        Built { noop, ran: self.probe.take(), events, report, error }
    }

    /// All files below a folder, but those of `.softbox/`.
    pub fn files_in(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&self.folder).unwrap().to_str().unwrap().to_owned();
                if path.is_dir() {
                    if name != ".softbox" {
                        folders.push(path);
                    }
                } else {
                    found.insert(name, fs::read(&path).unwrap_or_else(|_| b"unreadable".to_vec()));
                }
            }
        }
        found
    }

    pub fn dist(&self) -> BTreeMap<String, Vec<u8>> {
        self.files_in("dist")
    }

    /// What a build from nothing makes of the same sources.
    pub fn clean_dist(&self, plan: &Plan) -> BTreeMap<String, Vec<u8>> {
        let clean = Campaign::new();
        for (path, bytes) in self.files_in("").into_iter().filter(|(path, _)| !path.starts_with("dist/")) {
            fs::create_dir_all(clean.path(&path).parent().unwrap()).unwrap();
            fs::write(clean.path(&path), bytes).unwrap();
        }
        clean.build(plan);
        clean.dist()
    }

    /// Every file of the derived folder but what was set aside, relative to the campaign.
    pub fn derived(&self) -> Vec<String> {
        let derived = Campaign::at(&self.path(".softbox"));
        let names = derived.files_in("").into_keys().filter(|name| !name.starts_with("replaced/"));
        names.map(|name| format!(".softbox/{name}")).collect()
    }
}

impl Built {
    /// The build did nothing, whether the no-op said so or the traces did.
    pub fn is_idle(&self) -> bool {
        self.ran.is_empty() && self.report.wrote + self.report.restored + self.report.removed + self.report.failed == 0
    }

    pub fn failures(&self) -> Vec<&str> {
        self.events.iter().filter_map(|event| event.strip_prefix("failed ")).collect()
    }

    pub fn told(&self, event: &str) -> bool {
        self.events.iter().any(|told| told == event)
    }
}

fn told<F: std::fmt::Display>(event: &Event<'_, F>) -> String {
    match event {
        Event::Waiting { holder } => format!("waiting for {holder}"),
        Event::Remarked { name, remark } => format!("remarked {name}: {remark}"),
        Event::Planned { actions, assets } => format!("planned {actions} {assets}"),
        Event::Started { name, .. } => format!("started {name}"),
        Event::Finished { name, failure: Some(failure), .. } => format!("failed {name}: {failure}"),
        Event::Finished { name, outcome, .. } => format!("{outcome:?} {name}").to_lowercase(),
        Event::Wrote { path, change, .. } => format!("{change:?} {path}").to_lowercase(),
        Event::SetAside { path, kept } => format!("set aside {path} as {kept}"),
        Event::Removed { path } => format!("removed {path}"),
        Event::Left { path } => format!("left {path}"),
        Event::Worked { name, .. } => format!("worked {name}"),
        Event::Phase { name, .. } => format!("phase {name}"),
    }
}

/// The kinds of names that tests compare with.
pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A shop with two photos, a look for both, and two cards for each.
pub fn shop() -> (Campaign, Plan) {
    let campaign = Campaign::new()
        .file("photos/a.jpg", "apple")
        .file("photos/b.jpg", "berry")
        .file("templates/card.html", "card")
        .file("templates/story.html", "story");
    let mut plan = Plan::default();
    for product in ["a", "b"] {
        let photo = format!("photos/{product}.jpg");
        let develop = format!("develop {product}");
        plan = plan.step(&develop, "develop", &[&photo], "");
        for post in ["card", "story"] {
            let (name, asset) = (format!("{post} {product}"), format!("dist/{post}/{product}.jpg"));
            let template = format!("templates/{post}.html");
            plan = plan.step(&name, post, &[&format!("={develop}"), &template], &asset);
        }
    }
    (campaign, plan)
}

/// Makes sure that the trait stays implementable by plain data.
const _: fn() = || {
    fn is_action<A: Action>() {}
    is_action::<Toy>();
};
