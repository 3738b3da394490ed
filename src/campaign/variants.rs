//! Variants: what models are asked for where a caption wants other words for its draft, and by which rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::captions::{CheckedCaption, check_text};
use super::fields::fields_of_caption;
use super::files::{Entry, Tables};
use super::load::Loader;
use super::manifest::CaptionTable;
use super::reach::{self, Reach, Wanted};
use super::templates::check_template;
use super::{Campaign, Place, Post, Problem, Severity};

/// Unless a caption says otherwise.
const VARIANTS: u32 = 4;

/// What models are asked for. Texts are Handlebars over the product's fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Variants {
    /// Who is asked.
    pub models: Vec<String>,
    /// What the writer wishes for, in order.
    pub ask: Vec<String>,
    /// Of each model.
    pub count: u32,
    /// What every variant has to say.
    pub must: Vec<String>,
    /// Words that none may have, those of the brand included.
    pub never: Vec<String>,
    /// Parts of the draft that every variant has to keep.
    pub keep: Vec<String>,
    /// Where they are asked for.
    pub place: Place,
}

/// What a caption asks models for; `None` where it asks none, or a mistake in that was told.
pub(super) fn load(
    loader: &mut Loader<'_>,
    manifest: &Tables,
    entry: &Entry<CaptionTable>,
    models: &BTreeMap<String, Reach>,
) -> Option<Variants> {
    let table = &entry.value;
    let texts = |list: &[super::at::At<String>]| list.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
    let (Some(first), Some(last)) = (table.models.first(), table.models.last()) else {
        if let Some(wish) = table.ask.first() {
            let problem = Problem::warning("nobody-asked", "nothing says which models are asked for other words");
            let hint = "write `models = [\"claude-sonnet\"]`; `softbox models` lists them";
            loader.report(problem.at(entry.at(wish.span.clone())).hint(hint));
        }
        return None;
    };
    let names = texts(&table.models);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let wrong = reach::check(loader, &names, Wanted::Words, models)?.into_iter();
    let mut wrong: Vec<Problem> =
        wrong.map(|(number, problem)| problem.at(entry.at(table.models[number].span.clone()))).collect();
    for text in table.ask.iter().chain(&table.must).chain(&table.never).chain(&table.keep) {
        if text.trim().is_empty() {
            let problem = Problem::error("empty-text", "this text is empty").at(entry.at(text.span.clone()));
            wrong.push(problem.hint("take it out, or write what you mean"));
        }
    }
    let is_sound = wrong.is_empty();
    wrong.into_iter().for_each(|problem| loader.report(problem));
    is_sound.then(|| Variants {
        models: texts(&table.models),
        ask: texts(&table.ask),
        count: table.variants.unwrap_or(VARIANTS),
        must: texts(&table.must),
        never: [texts(&manifest.brand.never), texts(&table.never)].concat(),
        keep: texts(&table.keep),
        place: entry.at(first.span.start..last.span.end),
    })
}

/// Checks what models are told against the products that they are asked for: one question serves all posts of a product, so it may show
/// nothing else. Hands back the captions for which nobody can be asked.
pub(super) fn check(
    loader: &mut Loader<'_>,
    campaign: &Campaign,
    captions: &BTreeMap<String, CheckedCaption>,
    posts: &BTreeMap<String, Arc<Post>>,
) -> BTreeSet<String> {
    let mut mute = BTreeSet::new();
    for (id, checked) in captions.iter().filter(|(_, checked)| checked.caption.variants.is_some()) {
        let using: Vec<&Post> =
            posts.values().map(Arc::as_ref).filter(|post| post.caption.as_ref() == Some(id)).collect();
        if using.is_empty() {
            continue;
        }
        let mut fields = fields_of_caption(campaign, id, &using);
        fields.forgive(loader);
        let mut problems: Vec<Problem> =
            checked.rules.iter().flat_map(|rule| check_text(loader, Some(rule), &fields)).collect();
        // What else is wrong with the draft was told when its posts were checked.
        let draft = check_template(loader.folder, &checked.draft, &fields).into_iter();
        problems.extend(draft.filter(|problem| problem.code == "unknown-field").filter_map(varying));
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            mute.insert(id.clone());
        }
        for problem in problems {
            if !loader.problems.iter().any(|told| told.place == problem.place) {
                loader.report(problem);
            }
        }
    }
    mute
}

/// A draft that shows what is not the same in all posts of a product.
fn varying(problem: Problem) -> Option<Problem> {
    let Some(Place::Span(source, start, end)) = &problem.place else { return None };
    let name = source.text.get(*start..*end)?;
    let message =
        format!("`{name}` is not the same in all posts of a product, so no model can be asked for other words");
    let hint = format!("take `{{{{{name}}}}}` out of the draft, or `models` out of the caption");
    Some(Problem { message, hint: Some(hint), severity: Severity::Error, code: "varying-field", ..problem })
}
