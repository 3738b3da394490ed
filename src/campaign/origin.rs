//! Where a value was written: found again in the text of its file when somebody asks, so that reading a campaign remembers no places that
//! nobody wants to see.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::csv::{self, Cell};
use super::json;
use super::tables::column_of;
use super::{Campaign, Place, Product, Source};

/// Finds where the values of a campaign were written. Each file is read at most once.
#[derive(Debug)]
pub struct Origins<'c> {
    manifests: Vec<(&'c Arc<Source>, DeTable<'c>)>,
    /// CSV tables by their path.
    sheets: BTreeMap<&'c str, Vec<Vec<Cell<'c>>>>,
}

impl<'c> Origins<'c> {
    pub fn of(campaign: &'c Campaign) -> Origins<'c> {
        let parse = |source: &'c Arc<Source>| (source, DeTable::parse_recoverable(&source.text).0.into_inner());
        Origins { manifests: campaign.manifests.iter().map(parse).collect(), sheets: BTreeMap::new() }
    }

    /// Where the manifest has the value under these keys, such as `post`, `card`, `fields`, `headline`; where it has none, the nearest
    /// value around it. `None` where not even the first two are there.
    pub fn in_manifest(&self, keys: &[&str]) -> Option<Place> {
        let found = self.manifests.iter().filter_map(|(source, table)| {
            let (depth, span) = deepest(table, keys)?;
            (depth >= keys.len().min(2)).then(|| (depth, Place::span(source, span)))
        });
        found.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, place)| place)
    }

    /// Where a field of a product was written; where it has no such field, the product.
    pub fn of_field(&mut self, product: &'c Product, field: &str) -> Option<Place> {
        let own = self.in_entry(&product.place, product, field);
        own.or_else(|| self.in_entry(product.row.as_ref()?, product, field)).or_else(|| Some(product.place.clone()))
    }

    /// A field where a product was written once: in a table of the manifest, a row of a CSV, or a value of a JSON file.
    fn in_entry(&mut self, place: &'c Place, product: &Product, field: &str) -> Option<Place> {
        let Place::Span(source, start, end) = place else { return None };
        if let Some((_, table)) = self.manifests.iter().find(|(manifest, _)| manifest.path == source.path) {
            let (depth, span) = deepest(table, &["product", &product.id, field])?;
            return (depth == 3).then(|| Place::span(source, span));
        }
        let span = match source.path.ends_with(".json") {
            true => in_json(&source.text, *start..*end, field),
            false => self.in_row(source, *start, field),
        };
        span.map(|span| Place::span(source, span))
    }

    /// The cell of a field in the row that has a cell at `start`.
    fn in_row(&mut self, source: &'c Arc<Source>, start: usize, field: &str) -> Option<Range<usize>> {
        let rows = match self.sheets.entry(&source.path) {
            Entry::Occupied(rows) => rows.into_mut(),
            Entry::Vacant(slot) => slot.insert(csv::read(&source.text).ok()?),
        };
        let column = column_of(rows.first()?.iter().map(|cell| cell.text.as_ref()), field)?;
        let after = rows.partition_point(|row| row.first().is_some_and(|cell| cell.span.start <= start));
        let cell = rows.get(after.checked_sub(1)?)?.get(column)?;
        (!cell.text.trim().is_empty()).then(|| cell.span.clone())
    }
}

/// How many of the keys a table has, one in the other, and the bytes of the last of them: key and value.
fn deepest(table: &DeTable<'_>, keys: &[&str]) -> Option<(usize, Range<usize>)> {
    let (key, keys) = keys.split_first()?;
    let (written, value) = table.get_key_value(*key)?;
    let inner = match value.get_ref() {
        DeValue::Table(inner) => deepest(inner, keys),
        _ => None,
    };
    Some(inner.map_or_else(|| (1, whole(written, value)), |(depth, span)| (depth + 1, span)))
}

/// The bytes of a key and its value. A table with a header of its own is its key: the rest may lie anywhere.
fn whole(key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) -> Range<usize> {
    let (key, value) = (key.span(), value.span());
    if value.start >= key.end { key.start..value.end } else { key }
}

fn in_json(text: &str, item: Range<usize>, field: &str) -> Option<Range<usize>> {
    let inner = text.get(item.clone())?;
    let is_field =
        |key: &Range<usize>| serde_json::from_str::<String>(&inner[key.clone()]).is_ok_and(|key| key == field);
    let found = json::items(inner).into_iter().find_map(|(key, value)| Some((key.filter(is_field)?, value)));
    found.map(|(key, value)| item.start + key.start..item.start + value.end)
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    /// The text and the line that a place marks.
    fn marked(place: Option<Place>) -> Option<(usize, String)> {
        let Place::Span(source, start, end) = place? else { return None };
        Some((source.line_column(start).0, source.text[start..end].to_owned()))
    }

    fn product(place: Place, row: Option<Place>) -> Product {
        Product { id: "jar".into(), fields: Map::new(), place, row }
    }

    fn at(source: &Arc<Source>, text: &str) -> Place {
        let start = source.text.find(text).unwrap();
        Place::span(source, start..start + text.len())
    }

    #[test]
    fn a_field_is_found_in_the_row_that_it_comes_from_whatever_the_column_is_called() {
        let sheet = Source::new("shop.csv", "Handle,Title,Variant Price\nother,Other,1\njar,\"Jar\nof jam\",$12\n");
        let campaign = Campaign::default();
        let product = product(at(&sheet, "jar"), None);
        let mut origins = Origins::of(&campaign);
        assert_eq!(marked(origins.of_field(&product, "price")), Some((4, "$12".into())));
        assert_eq!(marked(origins.of_field(&product, "name")), Some((3, "\"Jar\nof jam\"".into())));
        assert_eq!(
            marked(origins.of_field(&product, "thc")),
            Some((3, "jar".into())),
            "the product, where it has none"
        );
    }

    #[test]
    fn a_field_of_the_manifest_goes_before_that_of_the_row() {
        let sheet = Source::new("shop.json", "[{\"id\": \"jar\",\n \"price\": \"$12\", \"size\": [1, 2]}]");
        let main = Source::new("campaign.toml", "[campaign]\n\n[product.jar]\nprice = \"$9\"\n");
        let campaign = Campaign { manifests: vec![main.clone()], ..Campaign::default() };
        let row = Place::span(&sheet, 1..sheet.text.len() - 1);
        let product = product(at(&main, "jar"), Some(row));
        let mut origins = Origins::of(&campaign);
        assert_eq!(marked(origins.of_field(&product, "price")), Some((4, "price = \"$9\"".into())));
        assert_eq!(marked(origins.of_field(&product, "size")), Some((2, "\"size\": [1, 2]".into())));
    }

    #[test]
    fn a_value_is_found_in_the_file_that_has_it_and_the_nearest_around_one_that_is_not_there() {
        let main = Source::new("campaign.toml", "[post.card]\nfields = { headline = \"Hi\" }\nformats = [\"x\"]\n");
        let more = Source::new("more.toml", "[post.story]\n[look.soft]\nsteps = [\n  \"cut\",\n]\n");
        let campaign = Campaign { manifests: vec![main, more], ..Campaign::default() };
        let origins = Origins::of(&campaign);
        let found = |keys: &[&str]| marked(origins.in_manifest(keys));
        assert_eq!(found(&["post", "card", "fields", "headline"]), Some((2, "headline = \"Hi\"".into())));
        assert_eq!(found(&["post", "card", "fields", "other"]).map(|(line, _)| line), Some(2));
        assert_eq!(found(&["look", "soft", "steps"]), Some((3, "steps = [\n  \"cut\",\n]".into())));
        assert_eq!(found(&["post", "story", "output"]), Some((1, "story".into())));
        assert_eq!(found(&["brand", "name"]), None);
    }
}
