//! Finds where in a template something was written, reading the template only when there is a problem to show.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Supply;
use crate::actions::compose::{Document, line_place, markup};
use crate::campaign::{Place, Source};

/// Where a tag was written: the number of its file, and the offset there.
pub(super) type At = (u32, usize);

pub(super) struct Places<'a> {
    pub document: &'a Document,
    sources: BTreeMap<u32, Option<Arc<Source>>>,
}

impl<'a> Places<'a> {
    pub fn new(document: &'a Document) -> Places<'a> {
        Places { document, sources: BTreeMap::new() }
    }

    fn source(&mut self, file: u32, supply: &mut dyn Supply) -> Option<Arc<Source>> {
        let path = self.document.files.get(file as usize)?;
        let read = || {
            let bytes = supply.file(path).ok()??;
            let text = std::str::from_utf8(&bytes).ok()?;
            Some(Source::new(path.as_str(), text.strip_prefix('\u{feff}').unwrap_or(text)))
        };
        self.sources.entry(file).or_insert_with(read).clone()
    }

    fn whole(&self, file: u32) -> Place {
        let path = self.document.files.get(file as usize).or(self.document.files.first());
        Place::file(path.map_or("", String::as_str))
    }

    /// The value of `attribute` in the tag at `at`, or the tag where it has none.
    pub fn tag(&mut self, (file, offset): At, attribute: &str, supply: &mut dyn Supply) -> Place {
        let Some(source) = self.source(file, supply) else { return self.whole(file) };
        let Some(rest) = source.text.get(offset..) else { return self.whole(file) };
        let tag = markup::scan(rest, true).into_iter().find_map(|piece| match piece {
            markup::Piece::Open(tag) => Some(tag),
            markup::Piece::Close(..) => None,
        });
        let Some(tag) = tag.filter(|tag| tag.span.start == 0) else { return self.whole(file) };
        let span = tag.attribute(attribute).map_or(tag.span.clone(), |attribute| attribute.span.clone());
        Place::span(&source, offset + span.start..offset + span.end)
    }

    /// The place of `needle` on a line (from 0) of the document's CSS.
    pub fn css(&mut self, line: usize, needle: &str, supply: &mut dyn Supply) -> Place {
        match self.document.css_lines.get(line) {
            Some(Some((file, line))) => match self.source(*file, supply) {
                Some(source) => line_place(&source, *line, needle),
                None => self.whole(*file),
            },
            _ => self.whole(0),
        }
    }

    /// The first place where `needle` stands in the document's own CSS, in any case.
    pub fn in_css(&mut self, needle: &str, supply: &mut dyn Supply) -> Option<Place> {
        let needle = needle.to_ascii_lowercase();
        let mine = |line: usize| matches!(self.document.css_lines.get(line), Some(Some(_)));
        let found = self
            .document
            .css
            .lines()
            .enumerate()
            .find(|(n, text)| mine(*n) && text.to_ascii_lowercase().contains(&needle));
        let line = found?.0;
        Some(self.css(line, &needle, supply))
    }

    /// The tag that `text` stands in, or the template where it cannot be told.
    pub fn text(&mut self, text: &str, supply: &mut dyn Supply) -> Place {
        let html = &self.document.html;
        let needle: String = text.split_whitespace().next().unwrap_or("").chars().take(24).collect();
        let at = html.find(text).or_else(|| html.find(&needle).filter(|_| !needle.is_empty()));
        match at.and_then(|at| self.tag_before(at)) {
            Some(at) => self.tag(at, "", supply),
            None => self.whole(0),
        }
    }

    /// The place written in the last tag that opens before an offset of the document's HTML.
    fn tag_before(&self, offset: usize) -> Option<At> {
        let before = &self.document.html[..offset];
        let mark = before.rfind("data-at=\"")? + "data-at=\"".len();
        parse_at(before[mark..].split('"').next()?)
    }
}

/// Reads the value of a `data-at`.
pub(super) fn parse_at(value: &str) -> Option<At> {
    let (file, offset) = value.split_once(':')?;
    Some((file.parse().ok()?, offset.parse().ok()?))
}
