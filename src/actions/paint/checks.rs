//! What a browser would pass over in silence: CSS that cannot be read, fonts and characters that are not there, words out of sight.

use std::collections::BTreeSet;

use takumi::prelude::{StyleSheet, ToCss};
use takumi::unstable::base::layout::tree::RenderNode;
use takumi::unstable::base::scene::Scene;

use super::Supply;
use super::fit::shorten;
use super::fonts::is_built_in;
use super::page::{LOOSE, Page};
use super::places::Places;
use super::tree::{LaidBox, Stage, has_class, template_place};
use crate::campaign::Problem;

const GENERIC: [&str; 13] = [
    "serif",
    "sans-serif",
    "monospace",
    "cursive",
    "fantasy",
    "system-ui",
    "ui-serif",
    "ui-sans-serif",
    "ui-monospace",
    "ui-rounded",
    "emoji",
    "math",
    "fangsong",
];

/// Reads a document's CSS, refusing what takumi does not understand.
pub(super) fn stylesheet(css: &str, page: &Page, places: &mut Places<'_>, supply: &mut dyn Supply) -> Result<StyleSheet, Vec<Problem>> {
    let mut problems = Vec::new();
    for (style, at) in &page.styles {
        if let Err(error) = StyleSheet::parse(&format!("x{{{style}}}")) {
            let problem = Problem::error("bad-css", format!("this style cannot be read: {error}"));
            problems.push(problem.at(places.tag(*at, "style", supply)));
        }
    }
    match StyleSheet::parse(css) {
        Ok(sheet) if problems.is_empty() => return Ok(sheet),
        Ok(_) => {}
        Err(error) => {
            let context = error.context.clone().unwrap_or_default();
            let problem = Problem::error("bad-css", format!("this CSS cannot be read: {error}"));
            problems.push(problem.at(places.css(0, &context, supply)));
        }
    }
    Err(problems)
}

/// Looks a laid-out page over: its warnings.
///
/// # Errors
/// A font family that is nowhere.
pub(super) fn check(stage: &Stage, scene: &Scene, supply: &mut dyn Supply, places: &mut Places<'_>) -> Result<Vec<Problem>, Vec<Problem>> {
    families(stage, &scene.root, supply, places)?;
    Ok(Vec::new())
}

/// Refuses families that CSS names and nobody has.
fn families(stage: &Stage, root: &RenderNode, supply: &mut dyn Supply, places: &mut Places<'_>) -> Result<(), Vec<Problem>> {
    let mut named = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        let mut list = String::new();
        // Writing to a String cannot fail.
        let _ = node.context.style.inherited_data.font_family.to_css(&mut list);
        named.insert(list);
        waiting.extend(node.children.iter().flatten());
    }
    let mut problems = Vec::new();
    let unknown: BTreeSet<String> = named.iter().flat_map(|list| split_families(list)).filter(|name| !is_known(stage, name)).collect();
    for name in unknown {
        let place = places.in_css(&name, supply).unwrap_or_else(|| places.text(&name, supply));
        let problem = Problem::error("unknown-font", format!("there is no font `{name}`")).at(place);
        let families = stage.book.families.join(", ");
        problems.push(problem.hint(format!("there are {families}; add its file to `fonts` in [brand]. System fonts are never used")));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn is_known(stage: &Stage, name: &str) -> bool {
    GENERIC.iter().any(|generic| generic.eq_ignore_ascii_case(name))
        || is_built_in(name)
        || stage.book.families.iter().any(|family| family.eq_ignore_ascii_case(name))
}

/// The names in a serialised `font-family`.
fn split_families(list: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for character in list.chars() {
        match character {
            _ if escaped => {
                name.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(std::mem::take(&mut name).trim().to_string()),
            character => name.push(character),
        }
    }
    names.push(name.trim().to_string());
    names.retain(|name| !name.is_empty());
    names
}
