//! The manifest's files: `campaign.toml` and what it includes become one set of tables, each with the place where it was written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::at::At;
use super::glob::expand;
use super::ideas::IdeaTable;
use super::load::{Loader, folder_in_words};
use super::manifest::{
    BrandTable, BudgetTable, CampaignTable, CaptionTable, CutoutTable, FormatTable, LookTable, ModelTable, PhotoTable,
    PostTable, ReadingTable,
};
use super::names::is_id;
use super::{Place, Problem, RelPath, Source, schema, shape};

/// The file that makes a folder a campaign.
pub const MANIFEST: &str = "campaign.toml";

/// A table with an id, and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    pub source: Arc<Source>,
    /// The table's id, as written.
    pub key: Range<usize>,
    pub value: T,
}

impl<T> Entry<T> {
    pub fn place(&self) -> Place {
        self.at(self.key.clone())
    }

    pub fn at(&self, span: Range<usize>) -> Place {
        Place::span(&self.source, span)
    }
}

pub(super) type Entries<T> = BTreeMap<String, Entry<T>>;

/// A product's own fields, as written in TOML.
pub(super) type ProductFields = BTreeMap<At<String>, At<toml::Value>>;

/// All files of the manifest together.
#[derive(Debug)]
pub(super) struct Tables {
    pub name: String,
    /// `campaign.toml`, which alone has what follows it here.
    pub main: Arc<Source>,
    /// `campaign.toml` and what it includes.
    pub files: Vec<Arc<Source>>,
    pub campaign: CampaignTable,
    pub brand: BrandTable,
    pub products: Entries<ProductFields>,
    pub looks: Entries<LookTable>,
    pub photos: Entries<PhotoTable>,
    pub cutouts: Entries<CutoutTable>,
    pub reading: ReadingTable,
    pub captions: Entries<CaptionTable>,
    pub posts: Entries<PostTable>,
    pub formats: Entries<FormatTable>,
    pub models: Entries<ModelTable>,
    pub budget: BudgetTable,
    pub ideas: Entries<IdeaTable>,
}

/// Reads `campaign.toml` and what it includes. `None` where there is no `campaign.toml` to read.
pub(super) fn read_manifest(loader: &mut Loader<'_>) -> Option<Tables> {
    let path = RelPath::root().join(MANIFEST);
    if let Err(hint) = loader.existing(&path) {
        let problem = Problem::error("no-manifest", "there is no campaign.toml").at(Place::file(MANIFEST));
        loader.report(problem.hint(format!("`softbox init` makes one; {hint}")));
        return None;
    }
    let main = loader.text(&path, None)?;
    let mut tables = Tables {
        name: String::new(),
        main: main.clone(),
        files: Vec::new(),
        campaign: CampaignTable::default(),
        brand: BrandTable::default(),
        products: Entries::new(),
        looks: Entries::new(),
        cutouts: Entries::new(),
        reading: ReadingTable::default(),
        photos: Entries::new(),
        captions: Entries::new(),
        posts: Entries::new(),
        formats: Entries::new(),
        models: Entries::new(),
        budget: BudgetTable::default(),
        ideas: Entries::new(),
    };
    let include = tables.add_file(loader, &main, schema::manifest());
    for pattern in &include {
        for path in included(loader, &main, pattern) {
            if let Some(source) = loader.text(&path, Some((&main, pattern.span.clone()))) {
                tables.add_file(loader, &source, schema::include());
            }
        }
    }
    tables.name = tables.campaign.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
    Some(tables)
}

/// The files that a line of `include` means.
fn included(loader: &mut Loader<'_>, main: &Arc<Source>, pattern: &At<String>) -> Vec<RelPath> {
    let Some(path) = loader.path(main, At { value: &pattern.value, span: pattern.span.clone() }) else {
        return Vec::new();
    };
    let mut found = match expand(loader.folder, &path) {
        Ok(found) => found,
        Err(error) => {
            let message = format!("`{}` is no pattern of files: {error}", pattern.value);
            loader.report(Problem::error("bad-pattern", message).at(Place::span(main, pattern.span.clone())));
            return Vec::new();
        }
    };
    found.retain(|path| path.as_str() != MANIFEST);
    if found.is_empty() {
        let folder = path.parent();
        let names = loader.folder.list(&folder).unwrap_or_default();
        let hint = match loader.existing(&path) {
            Err(hint) if !pattern.contains(['*', '?', '[', '{']) => hint,
            _ => folder_in_words(&folder, &names),
        };
        let problem = Problem::error("missing-file", format!("no file fits the include `{}`", pattern.value));
        loader.report(problem.at(Place::span(main, pattern.span.clone())).hint(hint));
    }
    found
}

impl Tables {
    /// Adds a file's tables to those read before, and tells what the file includes.
    fn add_file(&mut self, loader: &mut Loader<'_>, source: &Arc<Source>, schema: &Value) -> Vec<At<String>> {
        self.files.push(source.clone());
        let mut table = parse(loader, source);
        loader.problems.extend(shape::check(source, &mut table, schema, &mut loader.broken));
        let mut reader = Reader { loader, source };
        let mut include = Vec::new();
        for (kind, value) in table {
            let kind = kind.into_inner();
            match kind.as_ref() {
                "include" => include = reader.value(value).unwrap_or_default(),
                "campaign" => self.campaign = reader.value(value).unwrap_or_default(),
                "brand" => self.brand = reader.value(value).unwrap_or_default(),
                "product" => reader.entries(&kind, value, &mut self.products),
                "look" => reader.entries(&kind, value, &mut self.looks),
                "cutout" => reader.entries(&kind, value, &mut self.cutouts),
                "reading" => self.reading = reader.value(value).unwrap_or_default(),
                "photo" => reader.entries(&kind, value, &mut self.photos),
                "caption" => reader.entries(&kind, value, &mut self.captions),
                "post" => reader.entries(&kind, value, &mut self.posts),
                "format" => reader.entries(&kind, value, &mut self.formats),
                "model" => reader.entries(&kind, value, &mut self.models),
                "idea" => reader.entries(&kind, value, &mut self.ideas),
                "budget" => self.budget = reader.value(value).unwrap_or_default(),
                // The check of shapes has taken every other key out.
                _ => {}
            }
        }
        include
    }
}

/// Reads a file's TOML. After a slip of syntax the rest is still read; the table with the slip is left out.
fn parse<'s>(loader: &mut Loader<'_>, source: &'s Arc<Source>) -> DeTable<'s> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut table = table.into_inner();
    let mut lines = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let (line, _) = source.line_column(span.start);
        let around = table_around(&source.text, span.start);
        // One slip can be several mistakes to the parser; the first of a line says it best. What is in a table whose header is wrong
        // follows from that.
        let header = around.as_ref().map(|around| source.line_column(around.header).0);
        if !lines.contains(&line) && !header.is_some_and(|header| lines.contains(&header)) {
            loader.report(syntax_problem(source, error.message(), span));
        }
        lines.push(line);
        if let Some(Around { kind, id, .. }) = around {
            loader.break_entry(kind, id);
            let entries = table.get_mut(kind).map(Spanned::get_mut);
            let Some(DeValue::Table(entries)) = entries else { continue };
            if let (Some(DeValue::Table(lost)), "product") = (entries.remove(id).map(Spanned::into_inner), kind) {
                // A template that shows such a field is not wrong.
                lost.keys().for_each(|field| loader.break_entry("field", field.get_ref()));
            }
        }
    }
    table
}

/// What the parser says, in words for somebody who does not know TOML.
fn syntax_problem(source: &Arc<Source>, message: &str, span: Range<usize>) -> Problem {
    let place = Place::span(source, span.clone());
    if message == "duplicate key" {
        let name = source.text.get(span).unwrap_or_default().trim_matches('"');
        let problem = Problem::error("duplicate", format!("`{name}` is here twice")).at(place);
        return problem.hint("a name can be written once in its table; take one of them out");
    }
    let problem = Problem::error("syntax", format!("this is not TOML: {}", message.replace('\n', ", "))).at(place);
    let line_start = source.text[..span.start].rfind('\n').map_or(0, |n| n + 1);
    let line = source.text[line_start..].lines().next().unwrap_or_default();
    match line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
        Some((key, "")) => problem.hint(format!("write a value after `{key} =`, such as a text in quotes")),
        Some((key, value)) if value.starts_with(|c: char| c.is_alphabetic() || "$€£%@".contains(c)) => {
            problem.hint(format!("put a text in quotes: `{key} = \"{value}\"`"))
        }
        Some((_, value)) if message.contains("string") && value.starts_with(['"', '\'']) => {
            problem.hint("close the text with the quote that it starts with, on the same line")
        }
        _ => problem,
    }
}

/// The table that a byte is in.
struct Around<'t> {
    kind: &'t str,
    id: &'t str,
    /// The first byte of its `[kind.id]`.
    header: usize,
}

/// The `[kind.id]` whose lines hold the byte.
fn table_around(text: &str, offset: usize) -> Option<Around<'_>> {
    let end = text[offset.min(text.len())..].find('\n').map_or(text.len(), |n| offset + n);
    let mut before = text.get(..end)?;
    loop {
        let start = before.rfind('\n').map_or(0, |n| n + 1);
        if let Some(line) = before[start..].trim_start().strip_prefix('[') {
            let (kind, rest) = line.split_once('.')?;
            let id = rest.trim_start_matches('"').split(['"', ']', '#', '.']).next()?.trim();
            return is_id(id).then_some(Around { kind: kind.trim(), id, header: start });
        }
        before = before.get(..start.checked_sub(1)?)?;
    }
}

struct Reader<'l, 'f, 's> {
    loader: &'l mut Loader<'f>,
    source: &'s Arc<Source>,
}

impl Reader<'_, '_, '_> {
    /// A value of the right shape as its type; what a shape cannot say (a ratio's text) is checked here.
    fn value<T: DeserializeOwned>(&mut self, value: Spanned<DeValue<'_>>) -> Option<T> {
        let whole = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(value),
            Err(error) => {
                let span = error.span().unwrap_or(whole);
                let problem = Problem::error("wrong-value", error.message().replace('\n', ", "));
                self.loader.report(problem.at(Place::span(self.source, span)));
                None
            }
        }
    }

    fn entries<T: DeserializeOwned>(&mut self, kind: &str, value: Spanned<DeValue<'_>>, into: &mut Entries<T>) {
        let DeValue::Table(table) = value.into_inner() else { return };
        for (key, value) in table {
            let (span, id) = (key.span(), key.into_inner().into_owned());
            let Some(value) = self.value(value) else {
                self.loader.break_entry(kind, &id);
                continue;
            };
            let entry = Entry { source: self.source.clone(), key: span, value };
            match into.entry(id) {
                Slot::Vacant(slot) => {
                    slot.insert(entry);
                }
                Slot::Occupied(first) => {
                    let problem = Problem::error("duplicate", format!("there are two {}s `{}`", kind, first.key()))
                        .at(entry.place())
                        .related(first.get().place(), "first written here")
                        .hint(format!("it is also at {}; give one of them another id", first.get().place()));
                    self.loader.report(problem);
                }
            }
        }
    }
}
