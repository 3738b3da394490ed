//! The networks that read what is printed on products: files of the campaign, as softbox brings none.

use super::files::Tables;
use super::load::Loader;
use super::{Place, Problem, RelPath};

/// Two networks, as ONNX files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Finds lines of text.
    pub lines: RelPath,
    /// Reads a line.
    pub words: RelPath,
}

/// `None` where no networks are named, or a mistake was told.
pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> Option<Reading> {
    let main = &manifest.main;
    let reading = match (&manifest.reading.lines, &manifest.reading.words) {
        (None, None) => return None,
        (Some(lines), Some(words)) => {
            let (lines, words) = (loader.network(main, lines, "onnx"), loader.network(main, words, "onnx"));
            lines.zip(words).map(|(lines, words)| Reading { lines, words })
        }
        (Some(one), None) | (None, Some(one)) => {
            let problem = Problem::error("missing-key", "[reading] names one network, and two are needed");
            let hint = "`lines` finds lines of text, `words` reads them; docs/reading.md tells where to get both";
            loader.report(problem.at(Place::span(main, one.span.clone())).hint(hint));
            None
        }
    };
    if reading.is_none() {
        loader.break_entry("reading", "");
    }
    reading
}

/// Whether a mistake in `[reading]` was told: then no take can be trusted that is to be held against its label.
pub(super) fn is_broken(loader: &Loader<'_>) -> bool {
    loader.broken.iter().any(|name| name.starts_with("reading."))
}
