//! Reads a document's CSS: what cannot be read is refused, what would be ignored is told.

use std::ops::Range;

use takumi::prelude::{StyleDeclarationBlock, StyleSheet};

use super::Supply;
use super::page::Page;
use super::places::Places;
use crate::campaign::Problem;

/// Reads a document's CSS, refusing what takumi does not understand.
pub(super) fn stylesheet(
    css: &str,
    page: &Page,
    places: &mut Places<'_>,
    supply: &mut dyn Supply,
) -> Result<StyleSheet, Vec<Problem>> {
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
            let wrong = wrong_part(css, error.context.as_deref().unwrap_or(""), &error.to_string());
            let line = css[..wrong.start].matches('\n').count();
            let word = css[wrong].lines().next().unwrap_or("").trim().to_string();
            let problem = Problem::error("bad-css", format!("this CSS cannot be read: {error}"));
            problems.push(problem.at(places.css(line, &word, supply)));
        }
    }
    Err(problems)
}

/// Where in a stylesheet the rule `context` is that cannot be read, or the word in it that the message names.
fn wrong_part(css: &str, context: &str, message: &str) -> Range<usize> {
    let is_it = |(start, text): &(usize, &str)| StyleSheet::parse(&css[..start + text.len()]).is_err();
    let found = css.match_indices(context).filter(|_| !context.is_empty()).find(is_it);
    let Some((start, rule)) = found else { return 0..0 };
    let word = message.split_once("token: ").map(|(_, rest)| rest.split(',').next().unwrap_or("").trim());
    match word.filter(|word| !word.is_empty()).and_then(|word| Some((rule.rfind(word)?, word.len()))) {
        Some((at, length)) => start + at..start + at + length,
        None => start..start + rule.len(),
    }
}

/// Warns of properties that nothing here knows, most often misspelt ones.
pub(super) fn unknown_properties(css: &str, supply: &mut dyn Supply, places: &mut Places<'_>) -> Vec<Problem> {
    let is_known = |name: &str| {
        name.starts_with('-') || !StyleDeclarationBlock::parse_loosy(&format!("{name}:inherit")).is_empty()
    };
    let mut warnings = Vec::new();
    for (at, name) in properties(css).into_iter().filter(|(_, name)| !is_known(name)) {
        let line = css[..at].matches('\n').count();
        let problem = Problem::warning("unknown-property", format!("`{name}` is no property that is painted"));
        let near = COMMON.iter().min_by_key(|common| strsim::damerau_levenshtein(common, &name));
        let near = near.filter(|near| strsim::damerau_levenshtein(near, &name) <= 2);
        let problem = problem
            .hint(near.map_or("it is ignored; take it out".to_string(), |near| format!("did you mean `{near}`?")));
        warnings.push(problem.at(places.css(line, &name, supply)));
    }
    warnings
}

/// Properties that people write most, for hints.
const COMMON: [&str; 24] = [
    "align-items",
    "background",
    "background-color",
    "border",
    "border-radius",
    "bottom",
    "box-shadow",
    "color",
    "display",
    "flex-direction",
    "font-family",
    "font-size",
    "font-weight",
    "height",
    "justify-content",
    "letter-spacing",
    "line-height",
    "margin",
    "opacity",
    "padding",
    "position",
    "text-align",
    "transform",
    "width",
];

/// The property names of a stylesheet with their offsets.
fn properties(css: &str) -> Vec<(usize, String)> {
    let bytes = css.as_bytes();
    let (mut at, mut depth, mut fresh, mut found) = (0, 0usize, false, Vec::new());
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = css[at..].find("*/").map_or(bytes.len(), |end| at + end + 2);
                continue;
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' => {
                depth += 1;
                fresh = true;
            }
            b'}' => {
                depth = depth.saturating_sub(1);
                fresh = true;
            }
            b';' => fresh = true,
            byte if byte.is_ascii_whitespace() => {}
            _ if fresh && depth > 0 => {
                fresh = false;
                let length = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
                let rest = &css[at + length..];
                // What comes first behind it tells a declaration from a selector inside another rule.
                let is_declaration = rest.trim_start().starts_with(':')
                    && rest.find(['{', ';', '}']).is_none_or(|end| !rest[end..].starts_with('{'));
                if length > 0 && is_declaration {
                    found.push((at, css[at..at + length].to_ascii_lowercase()));
                }
                at += length.max(1);
                continue;
            }
            _ => fresh = false,
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn property_names_are_told_from_selectors() {
        let css = "a:hover{colr:red;/* x:y */width:calc(1px)}@media (x:y){b:first-child{ --v:1; content:\"p:q;r:s\"}\n c > d:not(e){margin:0}}f{g:h";
        let names: Vec<String> = properties(css).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["colr", "width", "--v", "content", "margin", "g"]);
    }

    #[test]
    fn the_rule_that_cannot_be_read_is_found_among_equals() {
        let css = "a{width:1px}\nb{width:wide}\nc{width:2px}";
        assert_eq!(&css[wrong_part(css, "b{width:wide}", "Unexpected token: wide, expected a length")], "wide");
        assert_eq!(&css[wrong_part(css, "b{width:wide}", "UnexpectedToken")], "b{width:wide}");
    }
}
