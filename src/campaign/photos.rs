//! Photos: which files of the campaign a photo's `source` means, for which product.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::at::At;
use super::files::{Entry, Tables};
use super::groups;
use super::load::{Loader, folder_in_words};
use super::manifest::PhotoTable;
use super::names::{folded, nfc, unknown_hint};
use super::pattern::{self, Captures, Part};
use super::select::{Chosen, Shelf, select};
use super::{Campaign, Photo, Place, Problem, RelPath, Shot};

/// A photo with what the posts that show it must know.
pub(super) struct CheckedPhoto {
    pub photo: Arc<Photo>,
    /// Whether `source` has `{product}`.
    pub per_product: bool,
    /// The further names in `source`.
    pub captures: BTreeSet<String>,
    /// `source` as written.
    pub pattern: String,
    /// Products whose pictures were found wrong: that was reported.
    pub faulty: BTreeSet<String>,
    /// Nothing at all fits, which was told.
    pub empty: bool,
    pub alt: Option<(Arc<super::Source>, At<String>)>,
}

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables, campaign: &Campaign) -> BTreeMap<String, CheckedPhoto> {
    let shelf = Shelf::new(&campaign.products);
    // The picture of a product that is left out because of a mistake is no mistake.
    let broken: Vec<String> =
        loader.broken.iter().filter_map(|b| b.strip_prefix("product.")).map(str::to_owned).collect();
    let ids: HashSet<&str> = campaign.products.keys().chain(&broken).map(String::as_str).collect();
    let mut photos = BTreeMap::new();
    for (id, entry) in &manifest.photos {
        match load_one(loader, campaign, &shelf, &ids, id, entry) {
            Some(photo) => {
                photos.insert(id.clone(), photo);
            }
            None => loader.break_entry("photo", id),
        }
    }
    photos
}

/// The photo, or `None` if a mistake in it was told.
fn load_one(
    loader: &mut Loader<'_>,
    campaign: &Campaign,
    shelf: &Shelf<'_>,
    ids: &HashSet<&str>,
    id: &str,
    entry: &Entry<PhotoTable>,
) -> Option<CheckedPhoto> {
    let (table, source) = (&entry.value, &entry.source);
    let chosen = select(loader, shelf, source, table.products.as_ref(), &format!("photo.{id}"));
    let look = check_look(loader, campaign, entry);
    let parts = source_parts(loader, entry, campaign);
    let path = loader.path(source, At { value: &table.source.value, span: table.source.span.clone() });
    let (look, segments, path) = (look?, parts?, path?);
    let names: BTreeSet<String> = segments.iter().flatten().filter_map(name_of).map(str::to_owned).collect();
    let group = groups::wanted(loader, shelf, id, entry, &names).ok()?;
    if group.is_some() && !groups::check_look(loader, campaign, entry, look.as_deref()) {
        return None;
    }
    let by = group.as_ref().map(|group| group.by.as_str());
    let of_products = names.contains("product");
    let per_product = of_products && by != Some("product");
    let wanted: Option<HashSet<String>> = match chosen {
        Chosen::Products(products) => Some(products.into_iter().collect()),
        Chosen::WholeShop => {
            let problem = Problem::error("wrong-value", "a photo cannot be of \"none\" of the products");
            let at = table.products.as_ref().map_or_else(|| entry.place(), |p| entry.at(p.span.clone()));
            loader.report(
                problem
                    .at(at)
                    .hint("leave `products` out, and `{product}` out of `source`, for a picture of no product"),
            );
            return None;
        }
    };
    let mut found = Vec::new();
    walk(loader, &RelPath::root(), &segments, ids, &Captures::new(), &mut found);
    let nothing = found.is_empty();
    found.retain(|(_, captures)| match (captures.get("product"), &wanted) {
        (Some(product), Some(wanted)) => wanted.contains(product),
        _ => true,
    });
    let mut faulty = BTreeSet::new();
    let mut shots = shots(loader, entry, found, &mut faulty);
    let place = entry.at(table.source.span.clone());
    if nothing && !(of_products && loader.unsure) {
        report_no_file(loader, &path, &segments, place.clone(), campaign);
    }
    if let Some(group) = &group
        && !nothing
    {
        shots = groups::gather(loader, campaign, id, entry, group, shots, &mut faulty);
        if shots.is_empty() && !per_product {
            return None;
        }
    }
    let place = table.group.as_ref().map_or(place, |group| entry.at(group.span.clone()));
    let photo = Photo { id: id.to_owned(), look, alt: table.alt.as_ref().map(|a| a.value.clone()), shots, place };
    Some(CheckedPhoto {
        photo: Arc::new(photo),
        per_product,
        captures: names.iter().filter(|name| *name != "product" && by != Some(name.as_str())).cloned().collect(),
        pattern: table.source.value.clone(),
        faulty,
        empty: nothing,
        alt: table.alt.clone().map(|alt| (source.clone(), alt)),
    })
}

fn name_of(part: &Part) -> Option<&str> {
    match part {
        Part::Name(name, _) => Some(name),
        _ => None,
    }
}

/// The look's id, if it is left out or known.
fn check_look(loader: &mut Loader<'_>, campaign: &Campaign, entry: &Entry<PhotoTable>) -> Option<Option<String>> {
    let Some(look) = &entry.value.look else { return Some(None) };
    if campaign.looks.contains_key(&look.value) {
        return Some(Some(look.value.clone()));
    }
    if !loader.is_broken("look", look) {
        let problem = Problem::error("unknown-look", format!("there is no look `{}`", look.value));
        let hint = unknown_hint(look, "look", campaign.looks.keys().map(String::as_str));
        loader.report(problem.at(entry.at(look.span.clone())).hint(hint));
    }
    None
}

/// The pattern's parts, segment by segment.
fn source_parts(loader: &mut Loader<'_>, entry: &Entry<PhotoTable>, campaign: &Campaign) -> Option<Vec<Vec<Part>>> {
    let written = &entry.value.source;
    let mut segments = Vec::new();
    for segment in written.value.split('/').filter(|s| !s.is_empty() && *s != ".") {
        match pattern::parse(segment, true) {
            Ok(parts) => segments.push(parts),
            Err(error) => {
                let problem = Problem::error("bad-pattern", format!("in `{}`: {}", written.value, error.message));
                loader.report(problem.at(entry.at(written.span.clone())).hint(error.hint));
                return None;
            }
        }
    }
    let reserved = ["post", "format", "ext", "brand", "campaign", "photo", "id", "logo"];
    let taken = segments.iter().flatten().filter_map(name_of).find(|name| reserved.contains(name));
    if let Some(name) = taken {
        let problem =
            Problem::error("reserved", format!("`{{{name}}}` cannot be captured: the name means something else"));
        loader.report(problem.at(entry.at(written.span.clone())).hint("choose another name, such as {angle}"));
        return None;
    }
    let is_field = |name: &&str| campaign.products.values().any(|product| product.fields.contains_key(*name));
    if let Some(name) = segments.iter().flatten().filter_map(name_of).filter(|name| *name != "product").find(is_field) {
        let message = format!("`{{{name}}}` cannot be captured: products have a field of that name");
        let problem = Problem::error("reserved", message).at(entry.at(written.span.clone()));
        loader.report(problem.hint("choose another name, such as {angle}"));
        return None;
    }
    Some(segments)
}

/// Finds the files that fit, listing only folders that can hold one.
fn walk(
    loader: &Loader<'_>,
    folder: &RelPath,
    segments: &[Vec<Part>],
    products: &HashSet<&str>,
    captures: &Captures,
    found: &mut Vec<(RelPath, Captures)>,
) {
    let Some((first, rest)) = segments.split_first() else { return };
    if let ([Part::Text(name)], false) = (first.as_slice(), rest.is_empty()) {
        let below = folder.join(name);
        let there = loader.folder.list(&below).is_ok_and(|names| !names.is_empty());
        if there || name == ".." {
            return walk(loader, &below, rest, products, captures, found);
        }
    }
    // What an earlier segment captured counts as text here, so that {product}/{product}.jpg is one product.
    let first = known(first, captures);
    for entry in loader.folder.list(folder).unwrap_or_default().iter() {
        let (name, is_folder) = entry.strip_suffix('/').map_or((entry.as_str(), false), |name| (name, true));
        if is_folder == rest.is_empty() || name.starts_with('.') {
            continue;
        }
        let Some(here) = pattern::fit(&first, &nfc(name), products) else { continue };
        let mut all = captures.clone();
        all.extend(here);
        if is_folder {
            walk(loader, &folder.join(name), rest, products, &all, found);
        } else {
            found.push((folder.join(name), all));
        }
    }
}

fn known(parts: &[Part], captures: &Captures) -> Vec<Part> {
    let part = |part: &Part| match part {
        Part::Name(name, _) => captures.get(name).map_or_else(|| part.clone(), |value| Part::Text(value.clone())),
        other => other.clone(),
    };
    parts.iter().map(part).collect()
}

/// One shot for each product and captures. Two files for one are told, and neither is used.
fn shots(
    loader: &mut Loader<'_>,
    entry: &Entry<PhotoTable>,
    found: Vec<(RelPath, Captures)>,
    faulty: &mut BTreeSet<String>,
) -> Vec<Shot> {
    // They come in the order of their names, which sorting makes use of.
    let mut found: Vec<Shot> = found
        .into_iter()
        .map(|(path, mut captures)| Shot { product: captures.remove("product"), path, captures, group: None })
        .collect();
    found.sort_by(|a, b| (&a.product, &a.captures).cmp(&(&b.product, &b.captures)));
    let mut by_path: Vec<(String, &Shot)> = found.iter().map(|shot| (folded(shot.path.as_str()), shot)).collect();
    by_path.sort_by(|a, b| a.0.cmp(&b.0));
    let mut bad: BTreeSet<RelPath> = BTreeSet::new();
    let place = entry.at(entry.value.source.span.clone());
    for twins in by_path.chunk_by(|a, b| a.0 == b.0).filter(|twins| twins.len() > 1) {
        let names: Vec<String> = twins.iter().map(|(_, shot)| format!("`{}`", shot.path)).collect();
        let problem =
            Problem::error("case-twins", format!("{} are one file on a Mac or on Windows", names.join(" and ")));
        loader.report(problem.at(place.clone()).hint("delete one of them, or give it another name"));
        faulty.extend(twins.iter().filter_map(|(_, shot)| shot.product.clone()));
        bad.extend(twins.iter().map(|(_, shot)| shot.path.clone()));
    }
    found.retain(|shot| !bad.contains(&shot.path));
    let is_same = |a: &Shot, b: &Shot| (&a.product, &a.captures) == (&b.product, &b.captures);
    for several in found.chunk_by(is_same).filter(|shots| shots.len() > 1) {
        let (product, captures) = (&several[0].product, &several[0].captures);
        let names: Vec<String> = several.iter().map(|shot| format!("`{}`", shot.path)).collect();
        let mut of: Vec<String> = product.iter().cloned().collect();
        of.extend(captures.iter().map(|(name, value)| format!("{name} {value}")));
        let of = if of.is_empty() { "the photo".to_owned() } else { of.join(", ") };
        let message = format!("{} are both the picture of {of}", names.join(" and "));
        let hint = "keep one of them, or tell them apart in `source` with a name such as {angle}";
        loader.report(Problem::error("two-pictures", message).at(place.clone()).hint(hint));
        faulty.extend(product.clone());
        bad.extend(several.iter().map(|shot| shot.path.clone()));
    }
    found.retain(|shot| !bad.contains(&shot.path));
    found
}

fn report_no_file(loader: &mut Loader<'_>, path: &RelPath, segments: &[Vec<Part>], place: Place, campaign: &Campaign) {
    // The deepest folder whose name is plain text, and is there.
    let mut folder = RelPath::root();
    for segment in &segments[..segments.len().saturating_sub(1)] {
        match segment.as_slice() {
            [Part::Text(name)] if loader.folder.list(&folder.join(name)).is_ok_and(|names| !names.is_empty()) => {
                folder = folder.join(name);
            }
            _ => break,
        }
    }
    let names = loader.folder.list(&folder).unwrap_or_default();
    let plain = segments.iter().flatten().all(|part| matches!(part, Part::Text(_)));
    let mut hint = match loader.existing(path) {
        Err(hint) if plain => hint,
        _ => folder_in_words(&folder, &names),
    };
    if !plain && !names.is_empty() && path.as_str().contains("{product}") {
        let ids = super::names::list(campaign.products.keys().map(String::as_str), 4);
        hint = if ids.is_empty() {
            format!("{hint}; there is no product yet")
        } else {
            format!("{hint}; {{product}} is one of {ids}")
        };
    }
    loader.report(Problem::error("missing-file", format!("no picture fits `{path}`")).at(place).hint(hint));
}
