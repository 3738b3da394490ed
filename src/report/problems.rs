//! Shows mistakes: for a person with the line itself underlined, for CI as one line, for machines as a record.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str};
use serde::Serialize;

use super::words::count;
use crate::campaign::{Place, Problem, Severity, Source};

/// How text may look where it is shown. Whoever owns the terminal decides (a pipe, `NO_COLOR`, `--color`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns; longer lines are cut around the marked text.
    pub width: usize,
}

impl Style {
    /// No colours: pipes, files and tests.
    pub const PLAIN: Style = Style { color: false, width: DEFAULT_TERM_WIDTH };
}

/// A problem as a person reads it: message, place, the line itself with the fault underlined, what to do. No newline at the end.
pub fn show(problem: &Problem, style: Style) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(normalize_untrusted_str(&problem.message)).id(problem.code));
    for snippet in excerpts(problem) {
        group = match snippet {
            Excerpt::Lines(snippet) => group.element(snippet),
            Excerpt::File(origin) => group.element(origin),
            Excerpt::Note(note) => group.element(Level::NOTE.message(note)),
        };
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.message(normalize_untrusted_str(hint)));
    }
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    // Hyperlinks are only for ids with an address, and ours have none.
    renderer.hyperlink(false).term_width(style.width).render(&[group])
}

/// Each problem once, where it came first: whoever found them knows their order.
pub fn once(problems: &[Problem]) -> Vec<&Problem> {
    let mut seen = BTreeSet::new();
    problems.iter().filter(|problem| seen.insert(*problem)).collect()
}

/// `3 errors, 1 warning`; `no problems` for none.
pub fn summary<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> String {
    let (mut errors, mut warnings) = (0, 0);
    for problem in problems {
        match problem.severity {
            Severity::Error => errors += 1,
            Severity::Warning => warnings += 1,
            Severity::Note => {}
        }
    }
    match (errors, warnings) {
        (0, 0) => "no problems".into(),
        (errors, 0) => count(errors, "error", "errors"),
        (0, warnings) => count(warnings, "warning", "warnings"),
        _ => format!("{}, {}", count(errors, "error", "errors"), count(warnings, "warning", "warnings")),
    }
}

/// One line that GitHub Actions shows beside the line of the file. `folder` leads from the repository to the campaign; empty
/// where they are the same. Source: GitHub's "Workflow commands for GitHub Actions".
pub fn github_annotation(problem: &Problem, folder: &str) -> String {
    let record = Record::of(problem);
    let mut properties = Vec::new();
    if let Some(file) = record.file {
        let folder = folder.trim_end_matches('/');
        let path = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        properties.push(format!("file={}", escape_property(&path)));
    }
    // GitHub's endColumn is the last column, ours is the one after it, and it wants columns on one line only.
    if let (Some(line), Some(end_line)) = (record.line, record.end_line) {
        properties.push(format!("line={line},endLine={end_line}"));
        if let (true, Some(column), Some(end)) = (line == end_line, record.column, record.end_column) {
            properties.push(format!("col={column},endColumn={}", end.saturating_sub(1).max(column)));
        }
    }
    properties.push(format!("title={}", escape_property(problem.code)));
    let hint = problem.hint.as_ref().map_or(String::new(), |hint| format!("\nhelp: {hint}"));
    let message = escape_message(&format!("{}{hint}", problem.message));
    let kind = if problem.severity == Severity::Note { "notice" } else { severity(problem) };
    format!("::{kind} {}::{message}", properties.join(","))
}

fn escape_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// A problem for machines. Lines and columns count from 1, columns in characters; the end is where the marked text stops (the
/// column after its last character). All of them are null where a file is not text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record<'a> {
    pub severity: &'static str,
    pub code: &'static str,
    pub message: &'a str,
    /// Campaign-relative.
    pub file: Option<&'a str>,
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub end_line: Option<usize>,
    pub end_column: Option<usize>,
    /// The line that the place begins on.
    pub text: Option<&'a str>,
    pub hint: Option<&'a str>,
}

impl<'a> Record<'a> {
    pub fn of(problem: &'a Problem) -> Record<'a> {
        let mut record = Record {
            severity: severity(problem),
            code: problem.code,
            message: &problem.message,
            file: problem.place.as_ref().map(Place::path),
            line: None,
            column: None,
            end_line: None,
            end_column: None,
            text: None,
            hint: problem.hint.as_deref(),
        };
        if let Some(Place::Span(source, start, end)) = &problem.place {
            let (line, column) = source.line_column(*start);
            let (end_line, end_column) = source.line_column((*end).max(*start));
            (record.line, record.column) = (Some(line), Some(column));
            (record.end_line, record.end_column) = (Some(end_line), Some(end_column));
            record.text = Some(source.text.lines().nth(line - 1).unwrap_or(""));
        }
        record
    }
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A part of what is quoted under the message.
enum Excerpt<'a> {
    Lines(Snippet<'a, Annotation<'a>>),
    File(Origin<'a>),
    Note(String),
}

/// The problem's place and the related one; in one excerpt where both are in one file.
fn excerpts(problem: &Problem) -> Vec<Excerpt<'_>> {
    let mut excerpts = Vec::new();
    let mut quotes: Vec<(&Arc<Source>, Vec<Mark>)> = Vec::new();
    if let Some(place) = &problem.place {
        match place {
            Place::File(path) => excerpts.push(Excerpt::File(Origin::path(normalize_untrusted_str(path)))),
            Place::Span(source, start, end) => {
                let span = first_line(&source.text, *start, *end);
                quotes.push((source, vec![Mark { kind: AnnotationKind::Primary, span, label: None }]));
            }
        }
    }
    let mut note = None;
    if let Some((place, shows)) = &problem.related {
        let shows = normalize_untrusted_str(shows);
        match place {
            Place::File(path) => note = Some(Excerpt::Note(format!("{}: {shows}", normalize_untrusted_str(path)))),
            Place::Span(source, start, end) => {
                let span = first_line(&source.text, *start, *end);
                let mark = Mark { kind: AnnotationKind::Context, span, label: Some(shows) };
                match quotes.iter_mut().find(|(quoted, _)| *quoted == source) {
                    Some((_, marks)) => marks.push(mark),
                    None => quotes.push((source, vec![mark])),
                }
            }
        }
    }
    excerpts.extend(quotes.into_iter().map(|(source, marks)| Excerpt::Lines(quote(source, marks))));
    excerpts.extend(note);
    excerpts
}

/// Something to underline in a text.
struct Mark {
    kind: AnnotationKind,
    span: Range<usize>,
    label: Option<String>,
}

/// Only the lines from the first mark to the last one are handed on, so that a table of a million rows costs nothing.
fn quote<'a>(source: &'a Source, marks: Vec<Mark>) -> Snippet<'a, Annotation<'a>> {
    let text = source.text.as_str();
    let from = marks.iter().map(|mark| mark.span.start).min().unwrap_or(0);
    let to = marks.iter().map(|mark| mark.span.end).max().unwrap_or(0);
    let from = text[..from].rfind('\n').map_or(0, |newline| newline + 1);
    let to = text[to..].find('\n').map_or(text.len(), |newline| to + newline);
    let (line, _) = source.line_column(from);
    let marks = marks.into_iter().map(|mark| {
        let annotation = mark.kind.span(mark.span.start - from..mark.span.end - from);
        match mark.label {
            Some(label) => annotation.label(label),
            None => annotation,
        }
    });
    Snippet::source(&text[from..to]).path(normalize_untrusted_str(&source.path)).line_start(line).annotations(marks)
}

/// The part of a span on its first line, inside the text and on character boundaries: a whole table underlined hides its fault.
fn first_line(text: &str, start: usize, end: usize) -> Range<usize> {
    let boundary = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(start);
    let end = boundary(end).max(start);
    let marked = &text[start..end];
    let length = marked.find('\n').map_or(marked.len(), |newline| marked[..newline].trim_end().len());
    start..start + length
}

#[cfg(test)]
#[path = "problems_tests.rs"]
mod tests;
