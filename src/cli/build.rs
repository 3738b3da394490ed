//! `softbox build`: make every asset that is missing or out of date.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::asking::{Asking, Bill, confirm, desk, is_somebody_there, tell_spent};
use super::faults::exit_of;
use super::names::wanted;
use super::pick::want_more;
use super::place::{fingerprint, open};
use super::show::{has_errors, nothing_to_do};
use super::trace::Timeline;
use super::{Common, Exit};
use crate::actions::desk::Desk;
use crate::actions::{Failed, Task};
use crate::campaign::{Loaded, ideas, load};
use crate::engine::{ActionId, Engine, Event, Graph, Options, Report, phase};
use crate::models::How;
use crate::plan::{self, Folder};
use crate::report::{Face, Tally, Traced};

/// Running actions may reserve so much memory together; one that needs more runs alone.
pub const MEMORY: usize = 2 << 30;

#[derive(Debug, clap::Args)]
pub struct Build {
    /// Only these assets: paths, or patterns such as 'card/*'.
    #[arg(value_name = "ASSET")]
    only: Vec<String>,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    asking: Asking,

    #[command(flatten)]
    timeline: Timeline,
}

/// How hard a build may work.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Limits {
    /// Processors to use. Left out: all.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

impl Limits {
    pub fn processors(&self) -> usize {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or(all, usize::from)
    }

    /// How to make a part of what a campaign makes, or none of its assets: nothing counts as stale then.
    pub fn part(&self, only: Option<Vec<ActionId>>) -> Options {
        Options {
            jobs: self.processors(),
            requests: 8,
            memory: MEMORY,
            fingerprint: fingerprint(),
            only,
            saved: BTreeSet::new(),
            whole: false,
            quiet: true,
        }
    }

    /// Hashing files and working on pixels keep to the limit too. Once in a process; later calls change nothing.
    pub fn hold(&self) {
        let _ = rayon::ThreadPoolBuilder::new().num_threads(self.processors()).build_global();
    }
}

impl Build {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let folder = match common.campaign() {
            Ok(folder) => folder,
            Err(problem) => return common.refuse(problem),
        };
        let trace = match self.timeline.start(began) {
            Ok(trace) => trace,
            Err(problem) => return common.refuse(problem),
        };
        self.limits.hold();
        let mut face = Traced { face: common.face(began), trace };
        let locking = Instant::now();
        let mut engine = match open(&folder, "build", |holder| face.tell(&Event::Waiting { holder })) {
            Ok(engine) => engine,
            Err(problem) => return common.refuse(problem),
        };
        if let Err(problem) = want_more(&folder, &self.asking.fresh_take) {
            return common.refuse(problem);
        }
        face.tell(&Event::Phase { name: "lock", began: locking, took: locking.elapsed() });
        let ways = Ways { limits: &self.limits, asking: &self.asking, has_news: true };
        let (exit, plan) = once(&mut engine, &folder, &mut face, &ways, &self.only);
        if let Some(desk) = plan.as_ref().and_then(|plan| plan.desk.as_ref()) {
            tell_spent(common, desk);
        }
        // The process ends: the system takes all memory back sooner than it can be freed piece by piece.
        std::mem::forget((engine, plan));
        match self.timeline.close(face.trace.as_mut()) {
            Ok(()) => exit,
            Err(problem) => exit.max(common.refuse(problem)),
        }
    }
}

/// How to go about a build.
#[derive(Debug, Clone, Copy)]
pub struct Ways<'a> {
    pub limits: &'a Limits,
    pub asking: &'a Asking,
    /// Ideas whose time has come are told.
    pub has_news: bool,
}

/// What is to be built.
pub struct Planned {
    graph: Graph<Task>,
    /// Where its steps ask models, if any does.
    pub desk: Option<Arc<Desk>>,
    /// Mistakes kept parts of the campaign out of the graph.
    is_wrong: bool,
    /// There was nothing to tell of the campaign, not even a warning.
    is_quiet: bool,
    only: Option<Vec<ActionId>>,
}

/// One build, from looking at the files to the closing line. There is no plan where nothing was to be done or nothing can be.
pub fn once(
    engine: &mut Engine,
    folder: &Path,
    face: &mut dyn Face<Failed>,
    ways: &Ways<'_>,
    only: &[String],
) -> (Exit, Option<Planned>) {
    match phase("look for changes", &mut |event| face.tell(&event), || engine.unchanged(fingerprint())) {
        Ok(Some(assets)) if only.is_empty() => {
            face.close(&nothing_to_do(assets));
            return (Exit::Done, None);
        }
        Err(error) => {
            face.problems(&Failed::from(error).0);
            return (Exit::Failed, None);
        }
        Ok(_) => {}
    }
    let Loaded { campaign, problems } = phase("load", &mut |event| face.tell(&event), || load(&Folder(engine.files())));
    face.problems(&problems);
    if ways.has_news {
        face.problems(&ideas::ready(&campaign));
    }
    let how = How { frozen: ways.asking.frozen, retry: ways.asking.retry };
    let desk = match desk(&campaign, folder, how, &mut |warnings| face.problems(warnings)) {
        Ok(desk) => desk,
        Err(problem) => {
            // What needs no model is built all the same.
            face.problems(&[problem]);
            None
        }
    };
    let graph = phase("plan", &mut |event| face.tell(&event), || plan::plan(&campaign, desk.clone()));
    let only = match wanted(&graph, folder, only) {
        Ok(only) => only,
        Err(problem) => {
            face.problems(&[problem]);
            return (Exit::Wrong, None);
        }
    };
    let planned = Planned { graph, desk, is_wrong: has_errors(&problems), is_quiet: problems.is_empty(), only };
    // Where nobody is to be asked, budgets are what holds.
    let Asking { frozen, yes, .. } = *ways.asking;
    if let (Some(desk), Some(budget)) = (&planned.desk, &campaign.budget)
        && !frozen
        && !yes
        && is_somebody_there()
    {
        let bill = Bill::of(engine, &campaign, desk, &planned.options(ways.limits, BTreeSet::new()));
        if let Err(problem) = confirm(&bill, budget) {
            face.problems(&[problem]);
            return (Exit::OverBudget, None);
        }
    }
    (planned.build(engine, face, ways.limits, BTreeSet::new()), Some(planned))
}

impl Planned {
    /// Nothing was kept out of it: then there are no mistakes to tell again.
    pub fn is_whole(&self) -> bool {
        !self.is_wrong && self.only.is_none()
    }

    fn options(&self, limits: &Limits, saved: BTreeSet<String>) -> Options {
        let requests = self.desk.as_ref().map_or(1, |desk| desk.requests());
        Options { requests, saved, whole: !self.is_wrong, quiet: self.is_quiet, ..limits.part(self.only.clone()) }
    }

    /// Makes what is to be made. What reads the files that somebody just `saved` goes first.
    pub fn build(
        &self,
        engine: &mut Engine,
        face: &mut dyn Face<Failed>,
        limits: &Limits,
        saved: BTreeSet<String>,
    ) -> Exit {
        let options = self.options(limits, saved);
        let mut worst = Exit::Done;
        let mut tell = |event: Event<'_, Failed>| {
            if let Event::Finished { failure: Some(Failed(problems)), .. } = &event {
                worst = problems.iter().map(exit_of).fold(worst, Exit::max);
            }
            face.tell(&event);
        };
        match engine.build(&self.graph, &options, &mut tell) {
            Ok(report) => {
                face.close(&tally(&report, self.is_wrong));
                match (self.is_wrong, report.failed) {
                    (true, _) => Exit::Wrong,
                    (false, 0) => Exit::Done,
                    (false, _) => worst.max(Exit::Failed),
                }
            }
            Err(error) => {
                face.problems(&Failed::from(error).0);
                Exit::Failed
            }
        }
    }
}

fn tally(report: &Report, held_back: bool) -> Tally {
    Tally {
        made: report.wrote + report.restored,
        kept: report.unchanged,
        removed: report.removed,
        failed: report.missing,
        held_back,
    }
}
