//! Products: the rows of tables and the manifest's own, made one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::at::{At, TextOr};
use super::files::Tables;
use super::load::Loader;
use super::manifest::TableSource;
use super::names::list;
use super::tables::{self, Row};
use super::{Place, Problem, Product, Source};

/// Names that mean something else in a template. `id` is there too, but set by itself.
pub(super) const RESERVED: [&str; 6] = ["post", "brand", "campaign", "format", "photo", "logo"];

/// All products by id: first the tables' rows, then the manifest's `[product.ID]`, whose fields replace those of a row.
pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> BTreeMap<String, Arc<Product>> {
    let mut products: BTreeMap<String, Product> = BTreeMap::new();
    loader.unsure |= loader.is_broken("campaign", "products");
    let sources = manifest.campaign.products.iter().flat_map(At::items);
    for written in sources {
        let table = match written.value {
            TextOr::Text(file) => {
                TableSource { file: At { value: file.clone(), span: written.span.clone() }, kind: None, id: None }
            }
            TextOr::Table(table) => table.clone(),
        };
        for row in read_table(loader, &manifest.main, &table) {
            add_row(loader, &mut products, row);
        }
    }
    for (id, entry) in &manifest.products {
        let fields = own_fields(loader, &entry.source, id, &entry.value);
        let Some(fields) = fields else {
            loader.break_entry("product", id);
            products.remove(id);
            continue;
        };
        let product = products.entry(id.clone()).or_insert_with(|| Product {
            id: id.clone(),
            fields: Map::new(),
            place: entry.place(),
            row: None,
        });
        product.fields.extend(fields);
        let row = std::mem::replace(&mut product.place, entry.place());
        product.row = Some(row).filter(|row| *row != product.place);
    }
    for (id, product) in &mut products {
        product.fields.insert("id".to_owned(), Value::String(id.clone()));
    }
    // A row whose own table in the manifest is wrong is not shown as the row alone.
    for broken in loader.broken.iter().filter_map(|broken| broken.strip_prefix("product.")) {
        products.remove(broken);
    }
    products.into_iter().map(|(id, product)| (id, Arc::new(product))).collect()
}

fn read_table(loader: &mut Loader<'_>, main: &Arc<Source>, table: &TableSource) -> Vec<Row> {
    let rows = table_rows(loader, main, table);
    loader.unsure |= rows.is_none();
    rows.unwrap_or_default()
}

/// The rows of a table, or `None` if it cannot be read at all, which was told.
fn table_rows(loader: &mut Loader<'_>, main: &Arc<Source>, table: &TableSource) -> Option<Vec<Row>> {
    let path = loader.file(main, &table.file, "table of products")?;
    let source = loader.text(&path, Some((main, table.file.span.clone())))?;
    match path.extension().as_deref() {
        Some("csv" | "tsv" | "txt") => tables::csv_rows(loader, &source, table, main),
        Some("json") => tables::json_rows(loader, &source, table),
        _ => {
            let problem = Problem::error("bad-table", format!("`{path}` is no table that can be read"))
                .at(Place::span(main, table.file.span.clone()))
                .hint("save it as CSV (.csv) or JSON (.json)");
            loader.report(problem);
            None
        }
    }
}

fn add_row(loader: &mut Loader<'_>, products: &mut BTreeMap<String, Product>, row: Row) {
    let Row { id, fields, place } = row;
    match products.entry(id) {
        Entry::Vacant(slot) => {
            let id = slot.key().clone();
            slot.insert(Product { id, fields, place, row: None });
        }
        Entry::Occupied(first) => {
            let (id, first) = (first.key(), &first.get().place);
            let problem = Problem::error("duplicate", format!("there are two products `{id}`"))
                .at(place)
                .related(first.clone(), "first written here")
                .hint(format!("it is also at {first}; only that one is used"));
            loader.report(problem);
        }
    }
}

/// The fields of a `[product.ID]`, or `None` if one of them cannot be.
fn own_fields(
    loader: &mut Loader<'_>,
    source: &Arc<Source>,
    id: &str,
    written: &BTreeMap<At<String>, At<toml::Value>>,
) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    let mut ok = true;
    for (key, value) in written {
        let place = |span: Range<usize>| Place::span(source, span);
        let json = to_json(&value.value);
        match json {
            _ if RESERVED.contains(&key.as_str()) => {
                let problem = Problem::error("reserved", format!("a product cannot have a field `{}`", key.value))
                    .at(place(key.span.clone()));
                loader.report(problem.hint(format!(
                    "in templates {} mean something else; choose another name",
                    list(RESERVED, RESERVED.len())
                )));
                ok = false;
            }
            Some(Value::String(text)) if key.value == "id" && text == id => {}
            _ if key.value == "id" => {
                let problem =
                    Problem::error("reserved", format!("the id of this product is `{id}`, from its table's name"));
                loader.report(problem.at(place(value.span.clone())).hint("take this line out, or rename the table"));
                ok = false;
            }
            Some(json) => {
                fields.insert(key.value.clone(), json);
            }
            None => {
                let problem = Problem::error("wrong-value", format!("`{}` is not a finite number", key.value));
                loader.report(problem.at(place(value.span.clone())));
                ok = false;
            }
        }
    }
    ok.then_some(fields)
}

/// TOML as JSON; dates become text. `None` for infinity and not-a-number, which JSON does not have.
pub(super) fn to_json(value: &toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(n) => Value::from(*n),
        toml::Value::Float(n) => Value::Number(serde_json::Number::from_f64(*n)?),
        toml::Value::Boolean(b) => Value::Bool(*b),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => Value::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        toml::Value::Table(table) => {
            Value::Object(table.iter().map(|(k, v)| Some((k.clone(), to_json(v)?))).collect::<Option<_>>()?)
        }
    })
}
