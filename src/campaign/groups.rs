//! Groups: a photo whose products stand together in one picture, and the files and heights of each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::at::{At, OneOrMany};
use super::files::Entry;
use super::load::Loader;
use super::manifest::{PhotoTable, Selection, TextListOr};
use super::names::{list, unknown_hint};
use super::pattern::Captures;
use super::select::{Chosen, Shelf, select};
use super::{Campaign, Group, Member, Problem, RelPath, Shot};

/// The most that one picture can show: more are too small to be told apart.
const MOST: usize = 12;
/// The field of a product that says how tall it is.
const HEIGHT: &str = "height_mm";

/// Who stands in a group.
pub(super) struct Wanted {
    /// What tells its members apart: `product`, or another name that `source` captures.
    pub by: String,
    /// From left to right.
    members: Vec<String>,
}

/// The group that a photo asks for, if it asks for one. `Err` where a mistake in that was told.
pub(super) fn wanted(
    loader: &mut Loader<'_>,
    shelf: &Shelf<'_>,
    id: &str,
    entry: &Entry<PhotoTable>,
    names: &BTreeSet<String>,
) -> Result<Option<Wanted>, ()> {
    let mut wrong = Vec::new();
    let group = match &entry.value.group {
        Some(group) => group,
        None if entry.value.heights.is_none() => return Ok(None),
        None => {
            let problem = Problem::error("no-group", format!("`photo.{id}` has `heights`, and no `group` of products"));
            loader.report(problem.at(entry.place()).hint("heights size the products of a group to each other"));
            return Err(());
        }
    };
    let captured = match &group.value {
        TextListOr::Table(table) => {
            table.iter().find(|(key, _)| names.contains(key.as_str())).map(|found| (table, found))
        }
        TextListOr::Texts(_) => None,
    };
    let wanted = match captured {
        Some((table, (key, value))) => {
            if table.len() > 1 {
                let message = format!("a group is told apart by `{}`, and by more than that", key.value);
                wrong.push(Problem::error("two-groups", message).hint("keep one of the keys"));
            }
            let members = texts(&value.value).unwrap_or_else(|| {
                let problem = Problem::error("wrong-type", format!("the members of `{}` are no texts", key.value));
                wrong.push(problem.hint(format!("write it like {{ {} = [\"jar\", \"carton\"] }}", key.value)));
                Vec::new()
            });
            Wanted { by: key.value.clone(), members }
        }
        None => {
            if !names.contains("product") {
                let problem = Problem::error("no-product", "a group is of products, and `source` has no {product}");
                let hint = "write it like \"photos/{product}.*\", or group by another {name} that is in it";
                loader.report(problem.at(entry.at(entry.value.source.span.clone())).hint(hint));
                return Err(());
            }
            if entry.value.products.is_some() {
                let problem = Problem::error("two-selections", format!("`photo.{id}` has `group` and `products`"));
                wrong.push(problem.hint("`group` says which products are in the picture: take `products` out"));
            }
            Wanted { by: "product".to_owned(), members: products(loader, shelf, id, entry, group)? }
        }
    };
    let twice = wanted.members.iter().enumerate().find(|(at, member)| wanted.members[..*at].contains(member));
    if let Some((_, member)) = twice {
        let problem = Problem::error("duplicate", format!("`{member}` is in the group twice"));
        wrong.push(problem.hint("a photo can stand in a picture once: take one of them out"));
    }
    if wanted.members.len() > MOST {
        let message = format!("a group of {} is too large: one picture has room for {MOST}", wanted.members.len());
        wrong.push(Problem::error("large-group", message).hint("make two photos of it"));
    }
    let is_sound = wrong.is_empty();
    wrong.into_iter().for_each(|problem| loader.report(problem.at(entry.at(group.span.clone()))));
    if is_sound && !wanted.members.is_empty() { Ok(Some(wanted)) } else { Err(()) }
}

/// The products of a group as they were written, or, where they are chosen by what they are, by their ids.
fn products(
    loader: &mut Loader<'_>,
    shelf: &Shelf<'_>,
    id: &str,
    entry: &Entry<PhotoTable>,
    group: &At<Selection>,
) -> Result<Vec<String>, ()> {
    let Chosen::Products(chosen) = select(loader, shelf, &entry.source, Some(group), &format!("photo.{id}")) else {
        let problem = Problem::error("wrong-value", "a group cannot be of \"none\" of the products");
        loader.report(problem.at(entry.at(group.span.clone())).hint("name the products, such as [\"jar\", \"soap\"]"));
        return Err(());
    };
    let written = match &group.value {
        TextListOr::Texts(OneOrMany::Many(ids)) => ids.iter().map(|id| id.value.clone()).collect(),
        // Whoever is left out for a mistake may be one of them.
        _ if loader.unsure || loader.broken.iter().any(|broken| broken.starts_with("product.")) => return Err(()),
        _ => chosen.clone(),
    };
    if written.iter().all(|id| chosen.contains(id)) { Ok(written) } else { Err(()) }
}

fn texts(value: &toml::Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// One shot for each group: of all the products, or of all the pictures of one product. Groups that lack a picture are told and left out.
pub(super) fn gather(
    loader: &mut Loader<'_>,
    campaign: &Campaign,
    id: &str,
    entry: &Entry<PhotoTable>,
    wanted: &Wanted,
    shots: Vec<Shot>,
    faulty: &mut BTreeSet<String>,
) -> Vec<Shot> {
    let heights = heights(loader, campaign, id, entry, wanted);
    let mut groups: BTreeMap<(Option<String>, Captures), BTreeMap<String, RelPath>> = BTreeMap::new();
    for shot in shots {
        let Shot { path, mut product, mut captures, .. } = shot;
        let member = if wanted.by == "product" { product.take() } else { captures.remove(&wanted.by) };
        if let Some(member) = member.filter(|member| wanted.members.contains(member)) {
            groups.entry((product, captures)).or_default().insert(member, path);
        }
    }
    if groups.is_empty() && wanted.by == "product" {
        groups.insert((None, Captures::new()), BTreeMap::new());
    }
    let mut gathered = Vec::new();
    for ((product, captures), files) in groups {
        let whose: Vec<&str> = product.iter().chain(captures.values()).map(String::as_str).collect();
        let missing: Vec<&str> =
            wanted.members.iter().filter(|member| !files.contains_key(*member)).map(String::as_str).collect();
        if missing.is_empty() {
            let member = |name: &String| {
                let path = files.get(name)?.clone();
                Some(Member { name: name.clone(), path, height: heights.get(name).copied() })
            };
            let members: Vec<Member> = wanted.members.iter().filter_map(member).collect();
            let Some(path) = members.first().map(|member| member.path.clone()) else { continue };
            let group = Some(Arc::new(Group { of: whose.join("/"), members }));
            gathered.push(Shot { path, product, captures, group });
        } else if !missing.iter().chain(product.as_deref().iter()).any(|name| faulty.contains(*name)) {
            let example = entry.value.source.value.replace(&format!("{{{}}}", wanted.by), missing[0]);
            let example = example.replace("{product}", product.as_deref().unwrap_or("{product}"));
            let of: String = whose.iter().map(|whose| format!(" of {whose}")).collect();
            let message = format!("`photo.{id}` has no picture of {}{of}", list(missing, 5));
            let at = entry.value.group.as_ref().map_or_else(|| entry.place(), |group| entry.at(group.span.clone()));
            let hint = format!("add `{example}`, or take it out of the group");
            loader.report(Problem::error("no-picture", message).at(at).hint(hint));
            faulty.extend(product);
        }
    }
    gathered
}

/// How tall the members are, in micrometres, by their names: all of them or none.
fn heights(
    loader: &mut Loader<'_>,
    campaign: &Campaign,
    id: &str,
    entry: &Entry<PhotoTable>,
    wanted: &Wanted,
) -> BTreeMap<String, u32> {
    let written = entry.value.heights.as_ref();
    for (name, _) in written.into_iter().flatten().filter(|(name, _)| !wanted.members.contains(name)) {
        let problem = Problem::error("unknown-name", format!("`{}` is not in the group of `photo.{id}`", name.value));
        let hint = unknown_hint(name, "member", wanted.members.iter().map(String::as_str));
        loader.report(problem.at(entry.at(name.span.clone())).hint(hint));
    }
    let mut heights = BTreeMap::new();
    for member in &wanted.members {
        let own = written.and_then(|written| written.iter().find(|(name, _)| name.value == *member));
        let height = match own {
            Some((_, height)) => Some(*height),
            None if wanted.by == "product" => height_of(loader, campaign, member),
            None => None,
        };
        // At most 10 m: micrometres fit.
        heights.extend(height.map(|height| (member.clone(), (height * 1000.0).round() as u32)));
    }
    let unknown: Vec<&str> =
        wanted.members.iter().filter(|member| !heights.contains_key(*member)).map(String::as_str).collect();
    if unknown.is_empty() || heights.is_empty() {
        return heights;
    }
    let all = wanted.members.len();
    let message = format!("no height is known of {}, so all {all} are shown equally large", list(unknown, 5));
    let at = entry.value.group.as_ref().map_or_else(|| entry.place(), |group| entry.at(group.span.clone()));
    let hint = format!("give all of them a `{HEIGHT}`, or write `heights = {{ {} = 95 }}`", wanted.members[0]);
    loader.report(Problem::warning("some-heights", message).at(at).hint(hint));
    BTreeMap::new()
}

/// A product's own height in millimetres; a table's cell may say `95 mm`.
fn height_of(loader: &mut Loader<'_>, campaign: &Campaign, id: &str) -> Option<f32> {
    let product = campaign.products.get(id)?;
    let written = product.fields.get(HEIGHT)?;
    let number = match written {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) => text.trim().trim_end_matches("mm").trim_end().parse().ok(),
        _ => None,
    };
    let height = number.filter(|height| (1.0..=10_000.0).contains(height));
    if height.is_none() {
        let message = format!("`{HEIGHT}` of `{id}` is {written}, and millimetres are wanted");
        let problem = Problem::warning("bad-height", message).at(product.place.clone());
        loader.report(problem.hint("write it like 95: from 1 to 10000"));
    }
    height.map(|height| height as f32)
}

/// What is wrong with a group's look, told at the photo's `look`. Whether it is sound.
pub(super) fn check_look(
    loader: &mut Loader<'_>,
    campaign: &Campaign,
    entry: &Entry<PhotoTable>,
    look: Option<&str>,
) -> bool {
    let steps = look.and_then(|look| campaign.looks.get(look)).map_or(&[][..], |look| look.steps.as_slice());
    let backdrop = steps.iter().find_map(super::Step::backdrop);
    let named = look.map_or("no look is given".to_owned(), |look| format!("the look `{look}` has none"));
    let problem = match backdrop {
        _ if steps.iter().any(|step| step.direction().is_some()) => Problem::error(
            "group-by-models",
            "the products of a group are set on a backdrop, and this look has models work on a picture",
        )
        .hint("choose a look that ends with a backdrop"),
        None => Problem::error("no-backdrop", format!("the products of a group stand on a backdrop, and {named}"))
            .hint("choose a look that ends with one, such as [\"cutout\", { backdrop = { sweep = \"#d6d6d5\" } }]"),
        Some(backdrop) if backdrop.exact => Problem::error(
            "exact-group",
            "this look shows one pixel of the photo for one, and the products of a group are sized to each other",
        )
        .hint("take `exact` out of the look, or choose another"),
        Some(_) => return true,
    };
    let at = entry.value.look.as_ref().map_or_else(|| entry.place(), |look| entry.at(look.span.clone()));
    loader.report(problem.at(at));
    false
}
