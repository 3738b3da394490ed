//! Tables of products: CSV and JSON, plain or as Shopify and Square export them, row by row.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::csv::{self, Cell};
use super::html::text_of;
use super::json;
use super::load::Loader;
use super::manifest::{TableKind, TableSource};
use super::names::{is_id, list, slug, unknown_hint};
use super::products::RESERVED;
use super::{Place, Problem, Source};

/// A product as a table has it.
#[derive(Debug)]
pub(super) struct Row {
    pub id: String,
    pub fields: Map<String, Value>,
    pub place: Place,
}

/// How the columns of an export are called here; all others keep their own names, in snake case.
const SHOPIFY: [(&str, &str); 6] = [
    ("title", "name"),
    ("body_html", "description"),
    ("variant_price", "price"),
    ("variant_compare_at_price", "compare_at_price"),
    ("variant_sku", "sku"),
    ("variant_barcode", "barcode"),
];
const SQUARE: [(&str, &str); 3] = [("item_name", "name"), ("gtin", "barcode"), ("categories", "category")];

/// A table's columns and what they are for.
struct Columns {
    /// The field of each column; `None` where a column is left out.
    fields: Vec<Option<String>>,
    kind: TableKind,
    /// The column that tells products apart.
    id: usize,
    /// Whether the ids are written as such, and not made from a name.
    exact: bool,
}

/// The products of a CSV file.
pub(super) fn csv_rows(
    loader: &mut Loader<'_>,
    source: &Arc<Source>,
    table: &TableSource,
    main: &Arc<Source>,
) -> Option<Vec<Row>> {
    let rows = match csv::read(&source.text) {
        Ok(rows) => rows,
        Err(quote) => {
            let problem = Problem::error("syntax", "this quote is never closed")
                .at(Place::span(source, quote..quote + 1))
                .hint("close it, or write two quotes for one");
            loader.report(problem);
            return None;
        }
    };
    let Some((header, rows)) = rows.split_first() else {
        loader.report(
            Problem::error("empty-table", format!("`{}` has no rows", source.path))
                .at(Place::span(main, table.file.span.clone()))
                .hint("its first line names the columns, such as `id,name,price`"),
        );
        return None;
    };
    let columns = columns(loader, source, table, header, main)?;
    // A row that is left out may have been the only one with a field.
    columns.fields.iter().flatten().for_each(|field| loader.break_entry("field", field));
    let mut seen: HashMap<String, Place> = HashMap::new();
    let mut products = Vec::with_capacity(rows.len());
    // Some programs end every row with separators; one in some rows only is a comma that somebody forgot to quote.
    let shortest = if rows.len() > 1 { rows.iter().map(Vec::len).min().unwrap_or(0) } else { 0 };
    for row in rows {
        let is_filled = |row: &Vec<Cell<'_>>| row[header.len()..].iter().any(|cell| !cell.text.is_empty());
        if row.len() > header.len() && (row.len() > shortest || is_filled(row)) {
            let extra = row[header.len()].span.clone();
            let message = format!("this row has {} cells, but the header has {}", row.len(), header.len());
            let hint = "put a text with a separator in quotes: \"a, b\"";
            loader.report(Problem::error("wrong-length", message).at(Place::span(source, extra)).hint(hint));
            continue;
        }
        let Some((id, place)) = row_id(loader, source, row, &columns, header) else { continue };
        if let Some(first) = seen.get(&id) {
            // Exports write a row for each variant and picture; the first tells the product.
            if columns.kind == TableKind::Table {
                let problem = Problem::error("duplicate", format!("there are two products `{id}`"))
                    .at(place)
                    .related(first.clone(), "first written here")
                    .hint(format!("it is also at {first}; only that one is used"));
                loader.report(problem);
            }
            continue;
        }
        seen.insert(id.clone(), place.clone());
        products.push(Row { id, fields: row_fields(row, &columns), place });
    }
    Some(products)
}

fn columns(
    loader: &mut Loader<'_>,
    source: &Arc<Source>,
    table: &TableSource,
    header: &[Cell<'_>],
    main: &Arc<Source>,
) -> Option<Columns> {
    let names: Vec<String> = header.iter().map(|cell| snake(&cell.text)).collect();
    let has = |name: &str| names.iter().any(|n| n == name);
    let kind = table.kind.unwrap_or_else(|| {
        if has("handle") && has("title") && names.iter().any(|n| n.starts_with("variant_") || n == "body_html") {
            TableKind::Shopify
        } else if has("token") && has("item_name") {
            TableKind::Square
        } else {
            TableKind::Table
        }
    });
    let id = match &table.id {
        Some(wanted) => {
            let found = names.iter().position(|n| *n == snake(wanted));
            if found.is_none() {
                let problem =
                    Problem::error("unknown-column", format!("`{}` has no column `{}`", source.path, wanted.value))
                        .at(Place::span(main, wanted.span.clone()));
                loader.report(problem.hint(unknown_hint(wanted, "column", names.iter().map(String::as_str))));
            }
            found?
        }
        None => {
            let by_kind: &[&str] = match kind {
                TableKind::Table => &["id", "handle", "sku", "name", "title"],
                TableKind::Shopify => &["handle"],
                TableKind::Square => &["reference_handle", "item_name"],
            };
            let found = by_kind.iter().find_map(|wanted| names.iter().position(|n| n == wanted));
            if found.is_none() {
                let problem =
                    Problem::error("no-id", format!("`{}` has no column to tell products apart", source.path))
                        .at(Place::span(source, header[0].span.start..header[header.len() - 1].span.end));
                loader.report(problem.hint(format!(
                    "add a column {}, or write products = {{ file = \"{}\", id = \"COLUMN\" }}",
                    list(by_kind.iter().copied(), 5),
                    source.path
                )));
            }
            found?
        }
    };
    let mut taken = BTreeSet::new();
    let fields =
        names.iter().zip(header).map(|(name, cell)| column_field(loader, source, kind, name, cell, &mut taken));
    let fields = fields.collect();
    Some(Columns { fields, kind, id, exact: names[id] == "id" })
}

/// The field that a column fills.
fn column_field(
    loader: &mut Loader<'_>,
    source: &Arc<Source>,
    kind: TableKind,
    name: &str,
    cell: &Cell<'_>,
    taken: &mut BTreeSet<String>,
) -> Option<String> {
    let renames: &[(&str, &str)] = match kind {
        TableKind::Table => &[],
        TableKind::Shopify => &SHOPIFY,
        TableKind::Square => &SQUARE,
    };
    let name = renames.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to);
    let place = Place::span(source, cell.span.clone());
    if name.is_empty() || name == "id" {
        return None;
    }
    if RESERVED.contains(&name) {
        let problem = Problem::warning("reserved", format!("the column `{}` is left out", cell.text.trim())).at(place);
        loader
            .report(problem.hint(format!("in templates `{name}` means something else; give the column another name")));
        return None;
    }
    if !taken.insert(name.to_owned()) {
        // An export repeats some columns by design; a person's table does so by mistake.
        if kind == TableKind::Table {
            let problem = Problem::error("duplicate", format!("there are two columns `{name}`")).at(place);
            loader.report(problem.hint("the first is used; rename the other or take it out"));
        }
        return None;
    }
    Some(name.to_owned())
}

/// The id of a row and the place of the cell that it comes from.
fn row_id(
    loader: &mut Loader<'_>,
    source: &Arc<Source>,
    row: &[Cell<'_>],
    columns: &Columns,
    header: &[Cell<'_>],
) -> Option<(String, Place)> {
    let row_span = row[0].span.start..row[row.len() - 1].span.end;
    let cell = row.get(columns.id).filter(|cell| !cell.text.trim().is_empty());
    let Some(cell) = cell else {
        let column = header[columns.id].text.trim();
        let problem = Problem::error("no-id", format!("this row has nothing in the column `{column}`"));
        loader.report(problem.at(Place::span(source, row_span)).hint("it tells products apart; fill it in"));
        return None;
    };
    let place = Place::span(source, cell.span.clone());
    let text = cell.text.trim();
    let made = if is_id(text) { Some(text.to_owned()) } else { slug(text) };
    match made {
        Some(id) if id == text || !columns.exact => Some((id, place)),
        made => {
            report_bad_id(loader, text, made, place);
            None
        }
    }
}

fn report_bad_id(loader: &mut Loader<'_>, text: &str, made: Option<String>, place: Place) {
    if let Some(made) = &made {
        loader.break_entry("product", made);
    }
    let rule = "ids are lower-case letters, digits, `.`, `_` and `-`";
    let hint = made.map_or_else(|| rule.to_owned(), |made| format!("{rule}; write `{made}`"));
    loader.report(Problem::error("bad-id", format!("`{text}` cannot be the id of a product")).at(place).hint(hint));
}

fn row_fields(row: &[Cell<'_>], columns: &Columns) -> Map<String, Value> {
    let mut fields = Map::new();
    for (cell, field) in row.iter().zip(&columns.fields) {
        let (Some(field), text) = (field, cell.text.trim()) else { continue };
        if text.is_empty() {
            continue;
        }
        let value = match field.as_str() {
            "tags" => tags(text),
            "description" if columns.kind != TableKind::Table => Value::String(text_of(text)),
            _ => Value::String(text.to_owned()),
        };
        fields.insert(field.clone(), value);
    }
    fields
}

/// Tags as written in one cell, apart by `,` or `;`.
fn tags(text: &str) -> Value {
    text.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()).map(Value::from).collect()
}

/// The products of a JSON file: a list of tables, or tables by id.
pub(super) fn json_rows(loader: &mut Loader<'_>, source: &Arc<Source>, table: &TableSource) -> Option<Vec<Row>> {
    let text = source.text.trim_start_matches('\u{feff}');
    let skipped = source.text.len() - text.len();
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let at = source.offset(error.line(), error.column());
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or("it ends too early").to_owned();
        loader
            .report(Problem::error("syntax", format!("this is not JSON: {what}")).at(Place::span(source, at..at + 1)));
        return None;
    }
    if !text.trim_start().starts_with(['[', '{']) {
        let at = source.text.len() - text.trim_start().len();
        let problem = Problem::error("wrong-type", "this is no list of products").at(Place::span(source, at..at + 1));
        loader.report(problem.hint("write [{ \"id\": \"citrus-haze\", \"name\": \"Citrus Haze\" }]"));
        return None;
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut seen: HashMap<String, Place> = HashMap::new();
    for (key, item) in json::items(text) {
        let place = Place::span(source, item.start + skipped..item.end + skipped);
        let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(&text[item]) else {
            let problem = Problem::error("wrong-type", "a product must be a table of fields").at(place);
            loader.report(problem.hint("write it like { \"id\": \"citrus-haze\", \"name\": \"Citrus Haze\" }"));
            continue;
        };
        let key = key.and_then(|key| serde_json::from_str::<String>(&text[key]).ok());
        let Some(row) = json_row(loader, table, key, fields, place) else { continue };
        if let Some(first) = seen.get(&row.id) {
            let problem = Problem::error("duplicate", format!("there are two products `{}`", row.id))
                .at(row.place)
                .related(first.clone(), "first written here")
                .hint(format!("it is also at {first}; only that one is used"));
            loader.report(problem);
            continue;
        }
        seen.insert(row.id.clone(), row.place.clone());
        rows.push(row);
    }
    Some(rows)
}

fn json_row(
    loader: &mut Loader<'_>,
    table: &TableSource,
    key: Option<String>,
    mut fields: Map<String, Value>,
    place: Place,
) -> Option<Row> {
    let of_field = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => Some(text.trim().to_owned()),
        Some(Value::Number(n)) => Some(n.to_string()),
        _ => None,
    };
    let exact = key.is_some() || table.id.is_none() && fields.contains_key("id");
    let written = match (&table.id, key) {
        (Some(id), _) => of_field(id),
        (None, Some(key)) => Some(key),
        (None, None) => ["id", "handle", "sku", "name", "title"].into_iter().find_map(of_field),
    };
    let Some(written) = written.filter(|written| !written.is_empty()) else {
        let problem = Problem::error("no-id", "this product has no id").at(place);
        loader.report(problem.hint("write it like { \"id\": \"citrus-haze\", \"name\": \"Citrus Haze\" }"));
        return None;
    };
    let made = if is_id(&written) { Some(written.clone()) } else { slug(&written) };
    let id = match made {
        Some(id) if id == written || !exact => id,
        made => {
            report_bad_id(loader, &written, made, place);
            return None;
        }
    };
    for reserved in RESERVED {
        if fields.remove(reserved).is_some() {
            let problem = Problem::warning("reserved", format!("the field `{reserved}` of `{id}` is left out"));
            loader.report(
                problem
                    .at(place.clone())
                    .hint("in templates that name means something else; give the field another name"),
            );
        }
    }
    if let Some(Value::String(text)) = fields.get("tags") {
        let tags = tags(text);
        fields.insert("tags".to_owned(), tags);
    }
    fields.retain(|_, value| !value.is_null());
    Some(Row { id, fields, place })
}

/// The column that fills a field, by the headers of a table.
pub(super) fn column_of<'h>(headers: impl Iterator<Item = &'h str>, field: &str) -> Option<usize> {
    let names: Vec<String> = headers.map(snake).collect();
    let is_field = |name: &String| name == field;
    let is_renamed = |name: &String| SHOPIFY.iter().chain(&SQUARE).any(|(from, to)| name == from && *to == field);
    names.iter().position(is_field).or_else(|| names.iter().position(is_renamed))
}

/// A column's header as a field's name: `Variant Compare At Price` → `variant_compare_at_price`.
fn snake(header: &str) -> String {
    let mut name = String::new();
    for c in header.trim().chars() {
        if c.is_alphanumeric() {
            name.extend(c.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    name
}
