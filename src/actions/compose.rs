//! Expands a post's template for one product and format: Handlebars over HTML and CSS becomes a [`Document`] to paint.
//!
//! In a template:
//! - `{{name}}` is a field, escaped for HTML; one that the product does not have is an error unless it is asked for with
//!   `{{#if name}}`. The helpers are listed in [`helpers`].
//! - `{{> badge}}` is `badge.html` beside the template, or in `partials/` there.
//! - `<style>` is expanded with the rest; `<link rel="stylesheet" href="templates/card.css">` is plain CSS.
//! - Every path (`src`, `url()`, `href`) is written from the campaign's folder. `photo:NAME` is a photo of the post.
//!
//! The page gets, before the template's own CSS:
//! - the brand's colours by their names (`--ink`);
//! - `--width` and `--height` of the canvas, `--bleed`, and `--safe-top`, `--safe-right`, `--safe-bottom`, `--safe-left`: how far
//!   from each edge of the canvas words are safe (bleed included), all in px;
//! - `--margin-top` and the others: the same, but never less than bleed and six hundredths of the shorter side;
//! - `--u`, a hundredth of the shorter side without bleed: sizes in `calc(var(--u) * 4)` look alike in every format;
//! - on `<html>` the classes `portrait`, `landscape` or `square`, `tall` (16:10 or taller), `wide` (16:10 or wider), `banner` (5:2 or
//!   wider), `format-instagram-story` and `network-instagram`. Media queries on `orientation`, `aspect-ratio`, `width` and `height` work too;
//!   container queries do not, and neither do `min()`, `max()` and `clamp()`.
//!
//! `{{format.id}}`, `{{format.network}}`, `{{format.width}}` and `{{format.height}}` are there for `{{#if (eq format.network "x")}}`.

mod annotate;
pub(super) mod helpers;
pub(crate) mod markup;
mod page;
pub(super) mod partials;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use handlebars::{Handlebars, RenderError, RenderErrorReason};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::campaign::{Format, Place, Problem, RelPath, Source};
use annotate::Annotated;

/// How a file of the campaign is asked for: `None` where there is none.
pub type Find<'a> = dyn FnMut(&str) -> io::Result<Option<Arc<Vec<u8>>>> + 'a;

/// Everything that a document is made from, apart from the files that turn out to be needed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComposeInput {
    /// The template's path.
    pub template: RelPath,
    /// What the template sees. `format` is added to it.
    pub data: Map<String, Value>,
    /// The brand's colours, by name.
    pub colors: BTreeMap<String, String>,
    pub format: Format,
}

/// A page ready to be laid out and painted. The same input gives the same bytes when serialised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// A whole HTML page without styles; each tag of a template carries `data-at="FILE:OFFSET"`.
    pub html: String,
    /// All CSS in its order.
    pub css: String,
    /// The file and line (from 1) that each line of `css` was written on; `None` for what softbox put in.
    pub css_lines: Vec<Option<(u32, u32)>>,
    /// The files it was made from, by the numbers used above; the first is the template.
    pub files: Vec<String>,
    /// Pixels, bleed included.
    pub width: u32,
    pub height: u32,
    /// `--u` in pixels.
    pub unit: f32,
    /// Pixels from each edge (top, right, bottom, left) that words should keep free.
    pub safe: [f32; 4],
}

/// Files that make up a document, as they are found.
struct Files<'a> {
    find: &'a mut Find<'a>,
    sources: Vec<Arc<Source>>,
}

impl Files<'_> {
    /// The text of a file and its number; `Ok(None)` where there is no such file.
    fn read(&mut self, path: &RelPath) -> Result<Option<usize>, Problem> {
        if let Some(known) = self.sources.iter().position(|source| source.path == path.as_str()) {
            return Ok(Some(known));
        }
        let bytes = (self.find)(path.as_str()).map_err(|error| {
            Problem::error("unreadable-file", format!("cannot read `{path}`: {error}")).at(Place::file(path.as_str()))
        })?;
        let Some(bytes) = bytes else { return Ok(None) };
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let message = format!("`{path}` is not UTF-8 text (byte {})", error.valid_up_to());
            Problem::error("not-text", message).at(Place::file(path.as_str())).hint("save it as UTF-8")
        })?;
        self.sources.push(Source::new(path.as_str(), text.strip_prefix('\u{feff}').unwrap_or(text)));
        Ok(Some(self.sources.len() - 1))
    }
}

/// Expands a template. `find` is asked for the template, its partials and its stylesheets, and for nothing else.
///
/// # Errors
/// Every problem has its place in the template, the partial or the stylesheet where there is one.
pub fn compose<'a>(input: &ComposeInput, find: &'a mut Find<'a>) -> Result<Document, Vec<Problem>> {
    let mut files = Files { find, sources: Vec::new() };
    let main = match files.read(&input.template) {
        Ok(Some(main)) => main,
        Ok(None) => {
            let message = format!("there is no template `{}`", input.template);
            return Err(vec![Problem::error("missing-template", message).at(Place::file(input.template.as_str()))]);
        }
        Err(problem) => return Err(vec![problem]),
    };
    let parts = partials::collect(main, &mut files)?;
    let data = with_format(input);
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    handlebars.set_prevent_indent(true);
    helpers::register(&mut handlebars);
    let mut marked = BTreeMap::new();
    for part in parts {
        handlebars.register_template(&part.name, part.template);
        marked.insert(part.name, (part.file, part.annotated));
    }
    let html =
        handlebars.render(partials::MAIN, &data).map_err(|error| vec![explain(&error, &marked, &files, &data)])?;
    page::document(&html, input, &mut files)
}

fn with_format(input: &ComposeInput) -> Map<String, Value> {
    let format = &input.format;
    let mut data = input.data.clone();
    data.insert(
        "format".into(),
        json!({ "id": format.id, "network": network(format), "width": format.width, "height": format.height }),
    );
    data
}

/// The part of a format's id before the first dot.
fn network(format: &Format) -> &str {
    format.id.split('.').next().unwrap_or(&format.id)
}

/// Tells a failed expansion in the template's own terms.
fn explain(
    error: &RenderError,
    marked: &BTreeMap<String, (usize, Annotated)>,
    files: &Files<'_>,
    data: &Map<String, Value>,
) -> Problem {
    let problem = reason(error, data);
    let place = error.template_name.as_ref().and_then(|name| {
        let (file, annotated) = marked.get(name)?;
        let source = &files.sources[*file];
        let start = annotated.original(error.line_no?, error.column_no?).min(source.text.len());
        let end = markup::mustache_end(&source.text, start).unwrap_or(start);
        Some(Place::span(source, start..end))
    });
    problem.at(place.unwrap_or_else(|| Place::file(files.sources[0].path.as_str())))
}

/// Why an expansion failed, without its place.
pub(super) fn reason(error: &RenderError, data: &Map<String, Value>) -> Problem {
    match error.reason() {
        RenderErrorReason::MissingVariable(path) => missing_field(path.as_deref(), data),
        RenderErrorReason::HelperNotFound(name) => {
            let near =
                nearest(name, helpers::NAMES.iter().copied().chain(["if", "unless", "each", "with", "lookup", "len"]));
            let problem = Problem::error("unknown-helper", format!("there is no helper `{name}`"));
            problem.hint(near.map_or(format!("the helpers are {}", helpers::NAMES.join(", ")), |near| {
                format!("did you mean `{near}`?")
            }))
        }
        RenderErrorReason::ParamNotFoundForIndex(helper, index) => Problem::error(
            "missing-argument",
            format!("`{helper}` needs more than {index} value{}", if *index == 1 { "" } else { "s" }),
        ),
        other => Problem::error("template", other.to_string()),
    }
}

fn missing_field(path: Option<&str>, data: &Map<String, Value>) -> Problem {
    let Some(path) = path else {
        return Problem::error("unknown-field", "a field that is shown here is not there");
    };
    let path = path.trim_start_matches("this.").trim_start_matches("./");
    let problem = Problem::error("unknown-field", format!("there is no field `{path}`"));
    let mut level = Some(data);
    for part in path.split('.') {
        match level.and_then(|level| level.get(part)) {
            Some(next) => level = next.as_object(),
            None => {
                let near: Option<&str> = nearest(part, level.into_iter().flat_map(Map::keys).map(String::as_str));
                let parent = path.strip_suffix(part).unwrap_or("");
                return problem.hint(match near {
                    Some(near) => format!("did you mean `{parent}{near}`?"),
                    None => format!("if only some have it, write {{{{#if {path}}}}}…{{{{/if}}}}"),
                });
            }
        }
    }
    problem
}

/// The candidate that a person who typed `word` most likely meant.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let close = |candidate: &&str| strsim::damerau_levenshtein(word, candidate) <= (word.chars().count() / 3).max(1);
    candidates.filter(close).min_by_key(|candidate| strsim::damerau_levenshtein(word, candidate))
}

pub(crate) use page::line_place;
