//! The campaign as it is on the branches of its git repository, one after the other, as a build there would see it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::campaign::Problem;
use crate::engine::Files;

/// Shows the campaign of every local branch to `see`, each state once and the one that is checked out not at all; tells how many there were.
/// None where the campaign is in no repository. `see` may stop the visit with an error of its own.
///
/// # Errors
/// A branch whose files cannot be had: then nobody knows what it needs.
pub fn visit<E>(folder: &Path, mut see: impl FnMut(&Files) -> Result<(), E>) -> Result<Result<usize, E>, Problem> {
    let Some(prefix) = git(folder, &["rev-parse", "--show-prefix"]) else { return Ok(Ok(0)) };
    let Some(top) = git(folder, &["rev-parse", "--show-toplevel"]) else { return Ok(Ok(0)) };
    let Some(heads) = git(folder, &["for-each-ref", "refs/heads", "--format=%(refname)"]) else { return Ok(Ok(0)) };
    let tree = |reference: &str| git(folder, &["rev-parse", "--quiet", "--verify", &format!("{reference}:{prefix}")]);
    let here = tree("HEAD");
    let mut seen = BTreeSet::new();
    for head in heads.lines() {
        // A branch without this folder has no campaign to build.
        let Some(tree) = tree(head).filter(|tree| Some(tree) != here.as_ref()) else { continue };
        if !seen.insert(tree.clone()) {
            continue;
        }
        let failed = |error: std::io::Error| {
            Problem::error("git", format!("cannot read the campaign of {head}: {error}"))
                .hint("nothing was removed; check that `git` and `tar` work here")
        };
        let copy = tempfile::tempdir().map_err(failed)?;
        unpack(Path::new(&top), &tree, copy.path()).map_err(failed)?;
        let files = Files::open(copy.path()).map_err(failed)?;
        if let Err(error) = see(&files) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(seen.len()))
}

/// What git answers, without the last line's end; `None` where it does not.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Writes the files of a tree as a checkout would. From the top of the repository: elsewhere git takes only a part of the tree.
fn unpack(top: &Path, tree: &str, into: &Path) -> std::io::Result<()> {
    let mut archive = Command::new("git").arg("-C").arg(top).args(["archive", tree]).stdout(Stdio::piped()).spawn()?;
    let tar = Command::new("tar")
        .arg("-x")
        .arg("-C")
        .arg(into)
        .stdin(archive.stdout.take().map_or(Stdio::null(), Stdio::from))
        .status()?;
    if archive.wait()?.success() && tar.success() { Ok(()) } else { Err(std::io::Error::other("git archive failed")) }
}
