//! The writer's voice: posts that they wrote before, for models to write like.

use super::Problem;
use super::at::At;
use super::files::Tables;
use super::glob::expand;
use super::load::{Loader, folder_in_words};
use super::{Place, RelPath};

/// The files of `[brand] voice`, in the order of the patterns and of names.
pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> Vec<RelPath> {
    let mut files = Vec::new();
    for pattern in &manifest.brand.voice {
        let found = fitting(loader, manifest, pattern);
        files.extend(found.into_iter().filter(|path| !files.contains(path)).collect::<Vec<_>>());
    }
    files
}

fn fitting(loader: &mut Loader<'_>, manifest: &Tables, pattern: &At<String>) -> Vec<RelPath> {
    let place = || Place::span(&manifest.main, pattern.span.clone());
    let Some(path) = loader.path(&manifest.main, At { value: &pattern.value, span: pattern.span.clone() }) else {
        return Vec::new();
    };
    match expand(loader.folder, &path) {
        Ok(found) if found.is_empty() => {
            let names = loader.folder.list(&path.parent()).unwrap_or_default();
            let problem = Problem::warning("missing-file", format!("no post of yours fits `{}`", pattern.value));
            loader.report(problem.at(place()).hint(folder_in_words(&path.parent(), &names)));
            found
        }
        Ok(found) => found,
        Err(error) => {
            let message = format!("`{}` is no pattern of files: {error}", pattern.value);
            loader.report(Problem::error("bad-pattern", message).at(place()));
            Vec::new()
        }
    }
}
