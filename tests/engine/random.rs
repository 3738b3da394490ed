//! Random campaigns under random edits: whatever was built before, a build gives what a clean one gives, and runs nothing that it knows.
//!
//! `SOFTBOX_SEEDS=1000 cargo test --test engine random` runs longer, `SOFTBOX_SEED=42` runs one case again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use crate::campaign::{Campaign, Plan, Step};
use crate::shrink::{Random, each_seed};

/// Few names and few words: so that edits meet and revert each other often.
const FILES: [&str; 7] = ["a", "b", "photos/c", "photos/d", "parts/e", "parts/f", "parts/g"];
const WORDS: [&str; 8] = ["one", "two", "@parts/e", "@parts/f\n@parts/g", "@b", "@nowhere", "six", "BAD"];
const ASSETS: [&str; 8] =
    ["dist/1", "dist/2", "dist/x/3", "dist/x/4", "dist/x/y/5", "dist/z/6", "dist/z/7", "dist/x/Y"];

/// A campaign in the middle of its life, with what the test knows of it.
pub struct Life {
    pub campaign: Campaign,
    pub plan: Plan,
    pub random: Random,
    next: usize,
    /// What every action was asked to do so far, in words that name all that it read: none of it may run twice.
    seen: BTreeSet<String>,
    /// Files that somebody put into dist/, which have to stay.
    theirs: BTreeMap<String, Vec<u8>>,
    /// Assets that softbox may have forgotten, since its memory was damaged: whether they stay or go is not for the test to say.
    forgotten: BTreeSet<String>,
    damaged: bool,
    log: Vec<String>,
}

impl Life {
    pub fn new(seed: u64) -> Life {
        let mut life = Life {
            campaign: Campaign::new(),
            plan: Plan::default(),
            random: Random::new(seed),
            next: 0,
            seen: BTreeSet::new(),
            theirs: BTreeMap::new(),
            forgotten: BTreeSet::new(),
            damaged: false,
            log: Vec::new(),
        };
        life.campaign.options.jobs = 1 + life.random.below(4);
        for file in FILES {
            let word = *life.random.pick(&WORDS[..7]);
            life.campaign.write(file, word);
        }
        life
    }

    fn add_step(&mut self) {
        let mut inputs = Vec::new();
        for _ in 0..1 + self.random.below(3) {
            inputs.push(match (self.plan.0.is_empty(), self.random.below(2)) {
                (false, 0) => format!("={}", self.random.pick(&self.plan.0).name),
                _ => (*self.random.pick(&FILES)).to_owned(),
            });
        }
        let asset = (self.random.below(3) > 0).then(|| (*self.random.pick(&ASSETS)).to_owned());
        self.next += 1;
        self.plan.0.push(Step {
            name: format!("step {}", self.next),
            text: format!("t{}", self.random.below(3)),
            inputs,
            asset: asset.filter(|asset| !self.plan.0.iter().any(|step| step.asset.as_ref() == Some(asset))),
            keep: self.random.below(2) == 0,
            version: 1,
            lane: *self.random.pick(&[softbox::engine::Lane::Processor, softbox::engine::Lane::Request]),
            hook: None,
            bears_gaps: self.random.below(4) == 0,
        });
    }

    /// One thing that people, editors or disks do.
    pub fn edit(&mut self) {
        let file = *self.random.pick(&FILES);
        let there = self.campaign.exists(file);
        let what = self.random.below(16);
        self.log.push(format!("edit {what} {file}"));
        match what {
            0..=3 => {
                let word = *self.random.pick(&WORDS);
                self.log.push(format!("  {word:?}"));
                self.campaign.write(file, word);
            }
            4 if there => self.campaign.date(file, *self.random.pick(&[0, 1_000_000_000, 4_070_908_800])),
            5 if there => self.campaign.touch(file),
            6 if there => {
                let other = *self.random.pick(&FILES);
                fs::create_dir_all(self.campaign.path(other).parent().unwrap()).unwrap();
                fs::rename(self.campaign.path(file), self.campaign.path(other)).unwrap();
            }
            7 if there => self.campaign.remove(file),
            8 => self.add_step(),
            9 if self.plan.0.len() > 1 => {
                let name = self.random.pick(&self.plan.0).name.clone();
                let input = format!("={name}");
                self.plan.0.retain(|step| step.name != name && !step.inputs.contains(&input));
                self.drop_orphans();
            }
            10 if !self.plan.0.is_empty() => {
                let at = self.random.below(self.plan.0.len());
                self.plan.0[at].text = format!("t{}", self.random.below(3));
            }
            11 if !self.plan.0.is_empty() => {
                let at = self.random.below(self.plan.0.len());
                self.plan.0[at].keep ^= true;
            }
            12 => self.meddle_with_dist(),
            13 => self.damage(),
            14 if !self.plan.0.is_empty() => {
                // An asset moves, perhaps to the name of one that just went.
                let at = self.random.below(self.plan.0.len());
                let asset = (*self.random.pick(&ASSETS)).to_owned();
                if !self.plan.0.iter().any(|step| step.asset.as_ref() == Some(&asset)) {
                    self.plan.0[at].asset = Some(asset);
                }
            }
            15 => std::thread::sleep(Duration::from_millis(25)),
            _ => {}
        }
    }

    fn drop_orphans(&mut self) {
        loop {
            let names: BTreeSet<String> = self.plan.0.iter().map(|step| format!("={}", step.name)).collect();
            let before = self.plan.0.len();
            self.plan.0.retain(|step| step.inputs.iter().all(|input| !input.starts_with('=') || names.contains(input)));
            if self.plan.0.len() == before {
                return;
            }
        }
    }

    fn meddle_with_dist(&mut self) {
        let dist: Vec<String> = self.campaign.dist().into_keys().collect();
        if dist.is_empty() {
            return;
        }
        let path = self.random.pick(&dist).clone();
        match self.random.below(5) {
            0 => self.campaign.remove(&path),
            1 => self.campaign.write(&path, "theirs"),
            2 => self.campaign.touch(&path),
            3 => {
                let _ = fs::remove_dir_all(self.campaign.path("dist"));
                self.theirs.clear();
            }
            _ => {
                let own = format!("dist/own {}", self.random.below(3));
                self.campaign.write(&own, "own");
                self.theirs.insert(own, b"own".to_vec());
            }
        }
        self.theirs.retain(|path, bytes| {
            fs::read(self.campaign.path(path)).is_ok_and(|now| {
                *bytes = now;
                true
            })
        });
    }

    fn damage(&mut self) {
        let derived = self.campaign.derived();
        if derived.is_empty() {
            return;
        }
        let name = self.random.pick(&derived).clone();
        let path = self.campaign.path(&name);
        let mut bytes = fs::read(&path).unwrap();
        let at = self.random.below(bytes.len().max(1));
        match self.random.below(3) {
            0 => fs::remove_file(&path).unwrap(),
            1 => fs::write(&path, &bytes[..at]).unwrap(),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.random.below(8);
                }
                fs::write(&path, bytes).unwrap();
            }
        }
        self.log.push(format!("  damage {name}"));
        self.forgotten.extend(self.campaign.dist().into_keys());
        self.damaged = true;
        self.seen.clear(); // whatever it knew may be gone, even if that shows only much later
    }

    /// Builds, and compares with a clean build of the same sources.
    pub fn build_and_compare(&mut self) {
        let built = self.campaign.build(&self.plan);
        self.log.push(format!("build {:?}", built.events));
        assert!(built.error.is_none(), "{:?}", built.error);
        let again = self.campaign.build(&self.plan);
        let failed = built.report.failed > 0;
        assert!(failed || again.is_idle(), "the second build ran {:?}, {:?}", again.ran, again.events);
        assert!(failed || self.damaged || again.noop || built.noop, "no no-op after {:?}", built.events);
        assert_eq!(built.failures().len(), again.failures().len(), "{:#?} and then {:#?}", built.events, again.events);
        self.compare_dist(failed);
        self.compare_runs(&built.ran, failed);
        self.damaged = false;
    }

    /// Every asset has the bytes of a clean build; one that failed has any it ever had; nothing else is there but what people put there.
    fn compare_dist(&mut self, failed: bool) {
        let mut clean = self.campaign.clean_dist(&self.plan);
        let mut dist = self.campaign.dist();
        for (path, bytes) in &self.theirs {
            if !clean.contains_key(path) {
                assert_eq!(dist.remove(path).as_ref(), Some(bytes), "{path} was theirs");
            }
        }
        let wanted: BTreeSet<&String> = self.plan.0.iter().filter_map(|step| step.asset.as_ref()).collect();
        let forgotten = &self.forgotten;
        // What softbox cannot know for its own, and what somebody made of an asset before its action went, stays.
        dist.retain(|path, bytes| wanted.contains(path) || !(forgotten.contains(path) || bytes == b"theirs"));
        if failed {
            dist.retain(|path, _| clean.contains_key(path));
        }
        clean.retain(|path, _| wanted.contains(path));
        let shown = |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
            files.iter().map(|(path, bytes)| format!("{path}: {}", String::from_utf8_lossy(bytes))).collect()
        };
        assert_eq!(shown(&dist), shown(&clean));
        self.forgotten.retain(|path| !clean.contains_key(path));
        let folders = fs::read_dir(self.campaign.path(".softbox/tmp")).unwrap().count();
        assert_eq!(folders, 0, "something half written was left");
    }

    /// What ran was never seen before, unless its bytes were needed and not stored, or memory was damaged, or it failed.
    fn compare_runs(&mut self, ran: &[String], failed: bool) {
        // What is not stored may be dropped, when all that depends on it turned out to be known, before something further down needs it.
        let stored = |name: &String| self.plan.0.iter().any(|step| step.name == *name && step.keep);
        let twice = ran.windows(2).find(|pair| pair[0] == pair[1] && stored(&pair[0]));
        assert_eq!(twice, None, "ran twice");
        let mut made = BTreeMap::new();
        let mut new = BTreeSet::new();
        for step in &self.plan.0 {
            let (description, bytes) = self.model(step, &made);
            if !self.seen.contains(&description) {
                new.insert(step.name.clone());
            }
            made.insert(format!("={}", step.name), (description, bytes));
        }
        let mut allowed = new.clone();
        // Who runs may need what was not stored; who is not stored may have to come back as an asset.
        for step in self.plan.0.iter().rev() {
            let is_needed = self
                .plan
                .0
                .iter()
                .any(|other| allowed.contains(&other.name) && other.inputs.contains(&format!("={}", step.name)));
            if is_needed || (!step.keep && step.asset.is_some()) {
                allowed.insert(step.name.clone());
            }
        }
        if !failed {
            let extra: Vec<_> = ran.iter().filter(|name| !allowed.contains(*name)).collect();
            assert!(extra.is_empty(), "ran for nothing: {extra:?}, only {new:?} is new");
        }
        for (name, (description, bytes)) in made {
            if bytes.is_some() && (ran.contains(&name[1..].to_owned())) {
                self.seen.insert(description);
            }
        }
    }

    /// What a step does, in words, and the bytes that it makes, as far as the test can tell.
    fn model(&self, step: &Step, made: &BTreeMap<String, (String, Option<String>)>) -> (String, Option<String>) {
        let read = |path: &str| fs::read_to_string(self.campaign.path(path)).ok();
        let mut parts = Some(Vec::new());
        let mut found = BTreeSet::new();
        let mut held = Vec::new();
        for input in &step.inputs {
            let text = if input.starts_with('=') { made[input].1.clone() } else { read(input) };
            held.push(text.clone());
            let Some(text) = text else {
                parts = None;
                continue;
            };
            let lines = text.split('\n').map(|line| match line.strip_prefix('@') {
                None => line.to_owned(),
                Some(path) => {
                    found.insert(format!("{path} {:?}", read(path)));
                    read(path).unwrap_or_else(|| "nothing".to_owned())
                }
            });
            let expanded = lines.collect::<Vec<_>>().join("\n");
            if let Some(parts) = &mut parts {
                parts.push(expanded);
            }
        }
        let bytes = parts.map(|parts| format!("{}({})", step.text, parts.join(",")));
        let description = format!("{} {} {held:?} {found:?}", step.text, step.keep);
        (description, bytes.filter(|bytes| !bytes.contains("BAD")))
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for step in &self.plan.0 {
                eprintln!("{}: {} {:?} -> {:?} keep {}", step.name, step.text, step.inputs, step.asset, step.keep);
            }
            eprintln!("{}", self.log.join("\n"));
        }
    }
}

/// What a life consists of. Each part has a seed of its own, so that it stays the same when others go.
#[derive(Debug, Clone, Copy)]
enum Part {
    Step(u64),
    Edit(u64),
    Build,
}

#[test]
fn after_any_edits_a_build_gives_what_a_clean_one_gives_and_runs_only_what_is_new() {
    let parts = |seed| {
        let mut random = Random::new(seed);
        let mut parts: Vec<Part> = (0..1 + random.below(8)).map(|_| Part::Step(random.seed())).collect();
        for _ in 0..12 {
            parts.push(Part::Build);
            parts.extend((0..1 + random.below(4)).map(|_| Part::Edit(random.seed())));
        }
        parts
    };
    let run = |seed, parts: &[Part]| {
        let mut life = Life::new(seed);
        for part in parts.iter().chain(&[Part::Build]) {
            match *part {
                Part::Step(seed) => {
                    life.random = Random::new(seed);
                    life.add_step();
                }
                Part::Edit(seed) => {
                    life.random = Random::new(seed);
                    life.edit();
                }
                Part::Build => life.build_and_compare(),
            }
        }
    };
    each_seed(60, parts, run, |part| format!("{part:?}"));
}
