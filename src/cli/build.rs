//! `softbox build`: make every asset that is missing or out of date.

use std::time::Instant;

use globset::Glob;

use super::place::{fingerprint, open};
use super::show::{has_errors, nothing_to_do};
use super::{Common, Exit};
use crate::actions::{Failed, Task};
use crate::campaign::Problem;
use crate::campaign::names::did_you_mean;
use crate::campaign::{Loaded, load};
use crate::engine::{ActionId, Engine, Event, Graph, Options, Report};
use crate::plan::{self, DIST, Folder};
use crate::report::{Face, Tally};

/// Running actions may reserve so much memory together; one that needs more runs alone.
const MEMORY: usize = 2 << 30;

#[derive(Debug, clap::Args)]
pub struct Build {
    /// Only these assets: paths below dist/, or patterns such as 'card/*'.
    #[arg(value_name = "ASSET")]
    only: Vec<String>,

    #[command(flatten)]
    limits: Limits,
}

/// How hard a build may work.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// Processors to use. Left out: all.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

impl Limits {
    fn processors(&self) -> usize {
        let all = std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or(all, usize::from)
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
        self.limits.hold();
        let mut face = common.face(began);
        let mut engine = match open(&folder, "build", |holder| face.tell(&Event::Waiting { holder })) {
            Ok(engine) => engine,
            Err(problem) => return common.refuse(problem),
        };
        once(&mut engine, face.as_mut(), &self.limits, &self.only)
    }
}

/// One build, from looking at the files to the closing line.
pub fn once(engine: &mut Engine, face: &mut dyn Face<Failed>, limits: &Limits, only: &[String]) -> Exit {
    let fingerprint = fingerprint();
    match engine.unchanged(fingerprint) {
        Ok(Some(assets)) if only.is_empty() => {
            face.close(&nothing_to_do(assets));
            return Exit::Done;
        }
        Err(error) => {
            face.problems(&Failed::from(error).0);
            return Exit::Failed;
        }
        Ok(_) => {}
    }
    let Loaded { campaign, problems } = load(&Folder(engine.files()));
    face.problems(&problems);
    let graph = plan::plan(&campaign);
    let only = match wanted(&graph, only) {
        Ok(only) => only,
        Err(problem) => {
            face.problems(&[problem]);
            return Exit::Wrong;
        }
    };
    let options = Options {
        jobs: limits.processors(),
        requests: 1,
        memory: MEMORY,
        fingerprint,
        only,
        whole: !has_errors(&problems),
    };
    let wrong = has_errors(&problems);
    match engine.build(&graph, &options, &mut |event| face.tell(&event)) {
        Ok(report) => {
            face.close(&tally(&report));
            match (wrong, report.failed) {
                (true, _) => Exit::Wrong,
                (false, 0) => Exit::Done,
                (false, _) => Exit::Failed,
            }
        }
        Err(error) => {
            face.problems(&Failed::from(error).0);
            Exit::Failed
        }
    }
}

fn tally(report: &Report) -> Tally {
    Tally {
        made: report.wrote + report.restored,
        kept: report.unchanged,
        removed: report.removed,
        failed: report.missing,
    }
}

/// The actions that make the assets which the arguments name; `None` for all.
fn wanted(graph: &Graph<Task>, only: &[String]) -> Result<Option<Vec<ActionId>>, Problem> {
    if only.is_empty() {
        return Ok(None);
    }
    let mut wanted = Vec::new();
    for pattern in only {
        let found = matching(graph, pattern)?;
        if found.is_empty() {
            return Err(unknown(graph, pattern));
        }
        wanted.extend(found);
    }
    Ok(Some(wanted))
}

/// Nothing is called that; what a person may have meant.
pub fn unknown(graph: &Graph<Task>, pattern: &str) -> Problem {
    let names = graph.nodes().filter_map(|(_, node)| node.asset.as_deref());
    let hint = match did_you_mean(&in_dist(pattern), names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`softbox plan` lists what is to be made; dist/ has what is there".to_owned(),
    };
    Problem::error("unknown-asset", format!("no asset is called `{pattern}`")).hint(hint)
}

/// The actions whose asset a path, a folder or a pattern names, with `dist/` before it or not.
pub fn matching(graph: &Graph<Task>, pattern: &str) -> Result<Vec<ActionId>, Problem> {
    let full = in_dist(pattern);
    let glob = Glob::new(&full).map_err(|error| {
        Problem::error("bad-pattern", format!("`{pattern}` is not a pattern: {}", error.kind()))
            .hint("write a path below dist/, with * for any name")
    })?;
    let glob = glob.compile_matcher();
    let folder = format!("{full}/");
    let fits = |path: &str| path == full || path.starts_with(&folder) || glob.is_match(path);
    Ok(graph.nodes().filter(|(_, node)| node.asset.as_deref().is_some_and(fits)).map(|(id, _)| id).collect())
}

fn in_dist(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path == DIST || path.starts_with(&format!("{DIST}/")) { path.to_owned() } else { format!("{DIST}/{path}") }
}
