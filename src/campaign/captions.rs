//! Captions and the words for those who cannot see a picture: the drafts are there, and show only what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::at::At;
use super::fields::{Fields, fields_of_post, fields_of_products};
use super::files::Tables;
use super::load::Loader;
use super::photos::CheckedPhoto;
use super::reach::{self, Reach};
use super::templates::check_template;
use super::{Campaign, Caption, Place, Post, Problem, Severity, Source, Text, variants};

/// A caption with the texts that remain to be checked once the posts are known.
pub(super) struct CheckedCaption {
    pub caption: Arc<Caption>,
    pub draft: Arc<Source>,
    alt: Option<(Arc<Source>, At<String>)>,
    /// Of what models are asked for: wishes and rules.
    pub rules: Vec<(Arc<Source>, At<String>)>,
}

pub(super) fn load(
    loader: &mut Loader<'_>,
    manifest: &Tables,
    campaign: &Campaign,
) -> BTreeMap<String, CheckedCaption> {
    let mut captions = BTreeMap::new();
    let models: BTreeMap<String, Reach> = match manifest.captions.values().any(|entry| !entry.value.models.is_empty()) {
        true => reach::all(&campaign.models).unwrap_or_default(),
        false => BTreeMap::new(),
    };
    for (id, entry) in &manifest.captions {
        let (table, source) = (&entry.value, &entry.source);
        let path = loader.file(source, &table.draft, "draft");
        let draft = path.and_then(|path| Some((loader.text(&path, Some((source, table.draft.span.clone())))?, path)));
        let Some((draft, path)) = draft else {
            loader.break_entry("caption", id);
            continue;
        };
        let caption = Caption {
            id: id.clone(),
            draft: path,
            alt: table.alt.as_ref().map(|alt| alt.value.clone()),
            variants: variants::load(loader, manifest, entry, &models),
            networks: table.networks.iter().map(|network| network.value.clone()).collect(),
            place: entry.at(table.draft.span.clone()),
        };
        let alt = table.alt.clone().map(|alt| (source.clone(), alt));
        let rules = table.ask.iter().chain(&table.must).chain(&table.keep);
        let rules = rules.map(|rule| (source.clone(), rule.clone())).collect();
        captions.insert(id.clone(), CheckedCaption { caption: Arc::new(caption), draft, alt, rules });
    }
    captions
}

/// Checks drafts and alternative texts against the products of the posts that use them; those that none uses, against all products.
/// Hands back the texts of posts that are wrong.
pub(super) fn check(
    loader: &mut Loader<'_>,
    campaign: &Campaign,
    captions: &BTreeMap<String, CheckedCaption>,
    posts: &BTreeMap<String, Arc<Post>>,
    photos: &BTreeMap<String, CheckedPhoto>,
) -> BTreeSet<(String, Text)> {
    let mut held = BTreeSet::new();
    for (id, caption) in captions {
        let using = posts.values().filter(|post| post.caption.as_ref() == Some(id));
        for (post, mut fields) in contexts(campaign, using, photos) {
            fields.forgive(loader);
            let problems = check_template(loader.folder, &caption.draft, &fields);
            hold_back(&mut held, post, Text::Caption, &problems);
            loader.problems.extend(problems);
            let problems = check_text(loader, caption.alt.as_ref(), &fields);
            hold_back(&mut held, post, Text::Alt, &problems);
            loader.problems.extend(problems);
        }
    }
    for (id, photo) in photos.iter().filter(|(_, photo)| photo.alt.is_some()) {
        let using = posts.values().filter(|post| post.photos.values().any(|used| used == id));
        for (post, mut fields) in contexts(campaign, using, photos) {
            fields.forgive(loader);
            fields.top.extend(photo.captures.iter().map(|name| (name.clone(), Vec::new())));
            let problems = check_text(loader, photo.alt.as_ref(), &fields);
            // The words of the caption go before those of the photo.
            let caption = post.and_then(|post| captions.get(post.caption.as_ref()?));
            let is_shown = post.is_some_and(|post| post.photos.values().next() == Some(id));
            if is_shown && caption.is_none_or(|caption| caption.alt.is_none()) {
                hold_back(&mut held, post, Text::Alt, &problems);
            }
            loader.problems.extend(problems);
        }
    }
    held
}

/// A text with a mistake that was told is not tried: that would only tell it again.
fn hold_back(held: &mut BTreeSet<(String, Text)>, post: Option<&Post>, text: Text, problems: &[Problem]) {
    if let (Some(post), true) = (post, problems.iter().any(|problem| problem.severity == Severity::Error)) {
        held.insert((post.id.clone(), text));
    }
}

fn contexts<'p>(
    campaign: &Campaign,
    using: impl Iterator<Item = &'p Arc<Post>>,
    photos: &BTreeMap<String, CheckedPhoto>,
) -> Vec<(Option<&'p Post>, Fields)> {
    let contexts: Vec<_> = using.map(|post| (Some(post.as_ref()), fields_of_post(campaign, post, photos))).collect();
    if contexts.is_empty() { vec![(None, fields_of_products(campaign))] } else { contexts }
}

/// A text in the manifest is a template too; its mistakes are shown where it is written there.
pub(super) fn check_text(
    loader: &Loader<'_>,
    text: Option<&(Arc<Source>, At<String>)>,
    fields: &Fields,
) -> Vec<Problem> {
    let Some((source, at)) = text else { return Vec::new() };
    let text = Source::new(source.path.as_str(), at.value.as_str());
    let written = &source.text[at.span.clone()];
    let placed = |problem: Problem| {
        // Where the text is written as it is, without escapes, places in it are places in the file.
        let inner = written.find(at.value.as_str()).map(|start| at.span.start + start);
        let place = match (&problem.place, inner) {
            (Some(place), _) if place.path() != source.path => place.clone(),
            (Some(Place::Span(_, start, end)), Some(inner)) => Place::span(source, inner + start..inner + end),
            _ => Place::span(source, at.span.clone()),
        };
        Problem { place: Some(place), ..problem }
    };
    check_template(loader.folder, &text, fields).into_iter().map(placed).collect()
}
