//! Patterns with `{names}`: which files a photo's `source` means, and where a post's assets go.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// Endings that `.*` stands for, in any case.
pub const PICTURES: [&str; 8] = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "heic", "heif"];

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    /// `{name}`, without its braces, and its bytes in the pattern.
    Name(String, Range<usize>),
    /// `*`
    Any,
}

/// What is wrong with a pattern, and where in it.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternError {
    pub message: String,
    pub hint: &'static str,
    pub span: Range<usize>,
}

/// Splits a pattern into its parts. With `stars`, `*` is a part of its own.
pub fn parse(pattern: &str, stars: bool) -> Result<Vec<Part>, PatternError> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while let Some(c) = pattern[at..].chars().next() {
        let next = at + c.len_utf8();
        match c {
            '{' => {
                let end = pattern[next..].find('}').map(|end| next + end).ok_or_else(|| PatternError {
                    message: "this `{` is never closed".to_owned(),
                    hint: "write it like {product}",
                    span: at..next,
                })?;
                let name = &pattern[next..end];
                if !is_name(name) {
                    return Err(PatternError {
                        message: format!("`{{{name}}}` is no name to capture"),
                        hint: "names are lower-case letters, digits and `_`, such as {angle}",
                        span: at..end + 1,
                    });
                }
                push_text(&mut parts, &mut text);
                parts.push(Part::Name(name.to_owned(), at..end + 1));
                at = end + 1;
                continue;
            }
            '}' => {
                return Err(PatternError {
                    message: "this `}` was never opened".to_owned(),
                    hint: "write it like {product}",
                    span: at..next,
                });
            }
            '*' if stars => {
                push_text(&mut parts, &mut text);
                parts.push(Part::Any);
            }
            c => text.push(c),
        }
        at = next;
    }
    push_text(&mut parts, &mut text);
    Ok(parts)
}

fn push_text(parts: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        parts.push(Part::Text(std::mem::take(text)));
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// What the names of a pattern stood for.
pub type Captures = BTreeMap<String, String>;

/// How a file name (composed, NFC) fits the parts of one path segment, if it does.
///
/// `{product}` stands for one of `products`, the longest that lets the rest fit; other names stand for as little as they can, but not
/// for nothing.
pub fn fit(parts: &[Part], name: &str, products: &HashSet<&str>) -> Option<Captures> {
    let mut captures = Captures::new();
    // A pattern that nearly fits in very many ways is given up rather than tried for minutes.
    let mut tries = 100_000u32;
    fit_rest(parts, name, products, &mut captures, &mut tries).then_some(captures)
}

fn fit_rest(parts: &[Part], name: &str, products: &HashSet<&str>, captures: &mut Captures, tries: &mut u32) -> bool {
    *tries = tries.saturating_sub(1);
    if *tries == 0 {
        return false;
    }
    let Some((first, rest)) = parts.split_first() else { return name.is_empty() };
    match first {
        Part::Text(text) => {
            let Some(after) = name.strip_prefix(text.as_str()) else { return false };
            if text.ends_with('.') && rest == [Part::Any] {
                return PICTURES.iter().any(|ending| ending.eq_ignore_ascii_case(after));
            }
            fit_rest(rest, after, products, captures, tries)
        }
        Part::Any => ends(name).any(|end| fit_rest(rest, &name[end..], products, captures, tries)),
        Part::Name(capture, _) => {
            let product = capture == "product";
            let mut lengths: Vec<usize> = ends(name).skip(1).collect();
            if product {
                lengths.reverse();
            }
            let may_follow = |after: &str| match rest.first() {
                Some(Part::Text(text)) => after.starts_with(text.as_str()),
                _ => true,
            };
            for end in lengths.into_iter().filter(|end| may_follow(&name[*end..])) {
                let value = &name[..end];
                let same_as_before = captures.get(capture).is_none_or(|before| before == value);
                if !same_as_before || product && !products.contains(value) {
                    continue;
                }
                let before = captures.insert(capture.clone(), value.to_owned());
                if fit_rest(rest, &name[end..], products, captures, tries) {
                    return true;
                }
                match before {
                    Some(before) => captures.insert(capture.clone(), before),
                    None => captures.remove(capture),
                };
            }
            false
        }
    }
}

/// Where a prefix of `name` can end: at every character, from none of them to all.
fn ends(name: &str) -> impl Iterator<Item = usize> {
    name.char_indices().map(|(at, _)| at).chain([name.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, name: &str) -> Option<String> {
        let products = HashSet::from(["haze", "citrus-haze", "citrus", "jam"]);
        let found = fit(&parse(pattern, true).unwrap(), name, &products)?;
        Some(found.into_iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_longest_known_product_is_meant() {
        assert_eq!(fits("{product}.*", "citrus-haze.JPG").unwrap(), "product=citrus-haze");
        assert_eq!(fits("{product}-{angle}.*", "citrus-haze-front.heic").unwrap(), "angle=front product=citrus-haze");
        assert_eq!(fits("{product}-{angle}.*", "citrus-front.heic").unwrap(), "angle=front product=citrus");
        assert_eq!(fits("{angle}-{product}.jpg", "top-citrus-haze.jpg").unwrap(), "angle=top product=citrus-haze");
        assert_eq!(fits("{product}*.jpg", "jam (2).jpg").unwrap(), "product=jam");
    }

    #[test]
    fn what_does_not_fit_is_left() {
        assert_eq!(fits("{product}.*", "citrus-haze.txt"), None);
        assert_eq!(fits("{product}.*", "honey.jpg"), None);
        assert_eq!(fits("{product}-{angle}.jpg", "jam-.jpg"), None);
        assert_eq!(fits("{product}.jpg", "Jam.jpg"), None);
        let long = "a".repeat(200);
        assert_eq!(fits("{a}{b}{c}{d}{e}{f}{g}x", &long), None);
    }

    #[test]
    fn braces_are_checked() {
        assert_eq!(parse("a{b", true).unwrap_err().span, 1..2);
        assert_eq!(parse("ab}", true).unwrap_err().span, 2..3);
        assert!(parse("{B c}", true).is_err());
        assert_eq!(parse("a*", false).unwrap(), [Part::Text("a*".to_owned())]);
    }
}
