//! Which assets the words of a command line mean: paths from the present folder, full ones, or paths and patterns below dist/.

use std::path::{Component, Path, PathBuf};

use globset::Glob;

use crate::actions::Task;
use crate::campaign::Problem;
use crate::campaign::names::did_you_mean;
use crate::engine::{ActionId, Graph};
use crate::plan::DIST;

/// The actions that make the assets which the arguments name; `None` for all.
pub fn wanted(graph: &Graph<Task>, folder: &Path, only: &[String]) -> Result<Option<Vec<ActionId>>, Problem> {
    if only.is_empty() {
        return Ok(None);
    }
    let found: Vec<_> = only.iter().map(|pattern| named(graph, folder, pattern)).collect::<Result<_, _>>()?;
    Ok(Some(found.concat()))
}

/// The actions whose asset a path, a folder or a pattern names. At least one.
pub fn named(graph: &Graph<Task>, folder: &Path, pattern: &str) -> Result<Vec<ActionId>, Problem> {
    for reading in readings(folder, pattern) {
        let found = matching(graph, pattern, &reading)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(unknown(graph, pattern))
}

/// Nothing is called that; what a person may have meant.
fn unknown(graph: &Graph<Task>, pattern: &str) -> Problem {
    let names = graph.nodes().filter_map(|(_, node)| node.asset.as_deref());
    let hint = match did_you_mean(&in_dist(pattern), names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`softbox plan` lists what is to be made; dist/ has what is there".to_owned(),
    };
    Problem::error("unknown-asset", format!("no asset is called `{pattern}`")).hint(hint)
}

fn matching(graph: &Graph<Task>, written: &str, reading: &str) -> Result<Vec<ActionId>, Problem> {
    let glob = Glob::new(reading).map_err(|error| {
        Problem::error("bad-pattern", format!("`{written}` is not a pattern: {}", error.kind()))
            .hint("write a path below dist/, with * for any name")
    })?;
    let glob = glob.compile_matcher();
    let folder = format!("{reading}/");
    let fits = |path: &str| path == reading || path.starts_with(&folder) || glob.is_match(path);
    Ok(graph.nodes().filter(|(_, node)| node.asset.as_deref().is_some_and(fits)).map(|(id, _)| id).collect())
}

/// What a pattern may mean in the campaign, the nearest first: what a shell completes in the present folder, then a path below dist/.
fn readings(folder: &Path, pattern: &str) -> Vec<String> {
    let here = std::env::current_dir().ok();
    let roots: Vec<PathBuf> = folder.canonicalize().into_iter().chain(std::path::absolute(folder)).collect();
    let from_here = here.and_then(|here| {
        let full = plain(&here.join(pattern));
        let root = roots.iter().find(|root| full.starts_with(root))?;
        let inside = full.strip_prefix(root).ok()?.to_str()?;
        // The present folder is no pattern, whatever it is called.
        match here.strip_prefix(root).ok().and_then(Path::to_str).and_then(|here| inside.strip_prefix(here)) {
            Some(rest) => Some(format!("{}{rest}", globset::escape(&inside[..inside.len() - rest.len()]))),
            None => Some(inside.to_owned()),
        }
    });
    let is_asset = |path: &String| path == DIST || path.starts_with(&format!("{DIST}/"));
    from_here.filter(is_asset).into_iter().chain([in_dist(pattern)]).collect()
}

/// A file of the campaign as its own path: written from the present folder, in full, or from the campaign's.
pub fn from_campaign(folder: &Path, written: &str) -> String {
    let roots: Vec<PathBuf> = folder.canonicalize().into_iter().chain(std::path::absolute(folder)).collect();
    let full = std::env::current_dir().map(|here| plain(&here.join(written))).unwrap_or_default();
    let inside = roots.iter().find_map(|root| full.strip_prefix(root).ok()?.to_str());
    match inside.filter(|inside| folder.join(inside).exists()) {
        Some(inside) => inside.to_owned(),
        None => written.trim_start_matches("./").to_owned(),
    }
}

fn in_dist(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path == DIST || path.starts_with(&format!("{DIST}/")) { path.to_owned() } else { format!("{DIST}/{path}") }
}

/// Without `.` and `..`, by the words alone: a pattern is no path that could be looked up.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
        plain
    })
}
