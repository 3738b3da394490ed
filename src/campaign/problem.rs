//! What is wrong, where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text file as it was read, so that a message can quote it even if it changes meanwhile.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Campaign-relative, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Source> {
        Arc::new(Source { path: path.into(), text: text.into() })
    }

    /// Line and column (both from 1; columns count characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The byte offset of a line and column (both from 1).
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &self.text[start.min(self.text.len())..];
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.trim_end().len(), |(i, _)| i)
    }
}

/// A place in a file: bytes of its text, or the file as a whole where it is not text (a photo, a font).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    Span(Arc<Source>, Start, End),
    File(String),
}

type Start = usize;
type End = usize;

impl Place {
    pub fn span(source: &Arc<Source>, span: Range<usize>) -> Place {
        Place::Span(source.clone(), span.start, span.end)
    }

    pub fn file(path: impl Into<String>) -> Place {
        Place::File(path.into())
    }

    /// The file's campaign-relative path.
    pub fn path(&self) -> &str {
        match self {
            Place::Span(source, ..) => &source.path,
            Place::File(path) => path,
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Place {
    /// `campaign.toml:12:5`, or the path alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Span(source, start, _) => {
                let (line, column) = source.line_column(*start);
                write!(f, "{}:{line}:{column}", source.path)
            }
            Place::File(path) => f.write_str(path),
        }
    }
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something cannot be built.
    Error,
    /// Everything is built, but a person should know.
    Warning,
    /// Nothing is wrong, and there is something new.
    Note,
}

/// One mistake, with its place and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Problem {
    pub severity: Severity,
    /// Stable and machine-readable, such as `unknown-key`.
    pub code: &'static str,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    pub place: Option<Place>,
    /// What to do, in one line.
    pub hint: Option<String>,
    /// A second place that helps to understand, with what it shows ("first defined here").
    pub related: Option<(Place, String)>,
}

impl Problem {
    pub fn error(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Error, code, message: message.into(), place: None, hint: None, related: None }
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(code, message) }
    }

    pub fn note(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { severity: Severity::Note, ..Problem::error(code, message) }
    }

    pub fn at(mut self, place: Place) -> Problem {
        self.place = Some(place);
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    pub fn related(mut self, place: Place, shows: impl Into<String>) -> Problem {
        self.related = Some((place, shows.into()));
        self
    }
}

impl fmt::Display for Problem {
    /// One line: `campaign.toml:12:5: message (hint)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}
