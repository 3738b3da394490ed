//! Selections of products: by id, by tag, by any field.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::at::At;
use super::load::Loader;
use super::manifest::{Selection, TextListOr};
use super::names::unknown_hint;
use super::products::to_json;
use super::{Place, Problem, Product, Source};

/// What a selection means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Chosen {
    /// `"none"`: one asset for the whole shop.
    WholeShop,
    /// Products by id, in the order of their ids.
    Products(Vec<String>),
}

/// Products, and every field that one of them has.
pub(super) struct Shelf<'p> {
    pub products: &'p BTreeMap<String, Arc<Product>>,
    pub fields: BTreeSet<&'p str>,
}

impl<'p> Shelf<'p> {
    pub fn new(products: &'p BTreeMap<String, Arc<Product>>) -> Shelf<'p> {
        let mut fields = BTreeSet::new();
        let mut last = None;
        for product in products.values() {
            // Most products have the fields of the one before.
            if !last.is_some_and(|last: &Product| last.fields.keys().eq(product.fields.keys())) {
                fields.extend(product.fields.keys().map(String::as_str));
            }
            last = Some(product);
        }
        Shelf { products, fields }
    }
}

/// The products that `written` selects for `owner`, such as `post.card`.
pub(super) fn select(
    loader: &mut Loader<'_>,
    shelf: &Shelf<'_>,
    source: &Arc<Source>,
    written: Option<&At<Selection>>,
    owner: &str,
) -> Chosen {
    let all = || Chosen::Products(shelf.products.keys().cloned().collect());
    let Some(written) = written else { return all() };
    let ids: BTreeSet<String> = match &written.value {
        TextListOr::Texts(_) => {
            let ids = ids_of(written);
            match ids.as_slice() {
                [one] if one.value == "all" => return all(),
                [one] if one.value == "none" => return Chosen::WholeShop,
                ids => known_ids(loader, shelf, source, ids),
            }
        }
        TextListOr::Table(conditions) => match matching(loader, shelf, source, conditions) {
            Some(ids) => ids,
            // The mistake in it was told.
            None => return Chosen::Products(Vec::new()),
        },
    };
    if ids.is_empty()
        && !loader.unsure
        && !loader.problems.iter().any(|p| p.place == Some(Place::span(source, written.span.clone())))
    {
        let named_wrong = matches!(&written.value, TextListOr::Texts(_)) && !ids_of(written).is_empty();
        if !named_wrong {
            let problem = Problem::warning("empty-selection", format!("`{owner}` selects no product"))
                .at(Place::span(source, written.span.clone()));
            loader.report(
                problem.hint("no product has all of these; take a condition out, or leave `products` out for all"),
            );
        }
    }
    Chosen::Products(ids.into_iter().collect())
}

fn ids_of(written: &At<Selection>) -> Vec<At<String>> {
    use super::at::OneOrMany;
    match &written.value {
        TextListOr::Texts(OneOrMany::One(text)) => vec![At { value: text.clone(), span: written.span.clone() }],
        TextListOr::Texts(OneOrMany::Many(texts)) => texts.clone(),
        TextListOr::Table(_) => Vec::new(),
    }
}

fn known_ids(loader: &mut Loader<'_>, shelf: &Shelf<'_>, source: &Arc<Source>, ids: &[At<String>]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for id in ids {
        if shelf.products.contains_key(&id.value) {
            known.insert(id.value.clone());
        } else if !loader.unsure && !loader.is_broken("product", id) {
            let problem = Problem::error("unknown-product", format!("there is no product `{}`", id.value))
                .at(Place::span(source, id.span.clone()));
            loader.report(problem.hint(unknown_hint(id, "product", shelf.products.keys().map(String::as_str))));
        }
    }
    known
}

/// The products that meet all conditions; `None` if one of them is wrong.
fn matching(
    loader: &mut Loader<'_>,
    shelf: &Shelf<'_>,
    source: &Arc<Source>,
    conditions: &BTreeMap<At<String>, At<toml::Value>>,
) -> Option<BTreeSet<String>> {
    let mut ok = true;
    let mut wanted: Vec<(&str, Vec<String>)> = Vec::new();
    for (field, value) in conditions {
        let values = match to_json(value).unwrap_or(Value::Null) {
            Value::Array(values) => values.iter().map(text_of).collect(),
            one => vec![text_of(&one)],
        };
        if field.value == "id" {
            let ids: Vec<At<String>> =
                values.iter().map(|v| At { value: v.clone(), span: value.span.clone() }).collect();
            ok &= known_ids(loader, shelf, source, &ids).len() == ids.len();
        } else if !shelf.fields.contains(field.as_str()) && !loader.unsure && !loader.is_broken("field", field) {
            let problem = Problem::error("unknown-field", format!("no product has a field `{}`", field.value))
                .at(Place::span(source, field.span.clone()));
            loader.report(problem.hint(unknown_hint(field, "field", shelf.fields.iter().copied())));
            ok = false;
        }
        wanted.push((field.as_str(), values));
    }
    let meets = |product: &Product| {
        wanted.iter().all(|(field, values)| match product.fields.get(*field) {
            None => false,
            Some(Value::Array(own)) => own.iter().any(|own| values.contains(&text_of(own))),
            Some(own) => values.contains(&text_of(own)),
        })
    };
    ok.then(|| shelf.products.values().filter(|p| meets(p)).map(|p| p.id.clone()).collect())
}

/// Values are compared as text: a table's cells are text, whatever a manifest calls them.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
