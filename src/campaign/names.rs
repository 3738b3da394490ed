//! Names: which ones can be ids, what an id could be made of, and which known name was meant.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What an id looks like: lower case, so that it means one file on every file system.
pub const ID_PATTERN: &str = "^[a-z0-9][a-z0-9._-]*$";

/// Whether a text fits [`ID_PATTERN`].
pub fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(plain) && text.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

/// The id that a person would have written for this name; `None` where nothing of it can stay (such as `日本`).
pub fn slug(name: &str) -> Option<String> {
    let mut slug = String::new();
    for c in name.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            '.' | '_' if !slug.is_empty() => slug.push(c),
            '\'' | '’' => {}
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_end_matches(['-', '.', '_']);
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// The candidate that was most likely meant, if one is close enough.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let name_low = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let low = candidate.to_lowercase();
        let edits = strsim::osa_distance(&name_low, &low);
        let longest = name_low.chars().count().max(low.chars().count());
        // Two thirds of the letters must agree; a name that only lacks its end or its start counts as well.
        let near = edits * 3 <= longest;
        let part = low.len() >= 3 && name_low.len() >= 3 && (low.contains(&name_low) || name_low.contains(&low));
        if !near && !part {
            continue;
        }
        let score = strsim::jaro_winkler(&name_low, &low) - edits as f64 / 10.0;
        if best.is_none_or(|(top, _)| score > top) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// The hint for an unknown name: what was meant, or what there is.
pub fn unknown_hint<'a>(name: &str, kind: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match did_you_mean(name, known.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => match list(known, 8) {
            known if known.is_empty() => format!("there is no {kind} yet"),
            known => format!("known: {known}"),
        },
    }
}

/// Names for a message: `` `a`, `b` and 3 more ``.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(most).map(|n| format!("`{n}`")).collect();
    match names.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A count with its noun: `1 picture`, `2 pictures`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// Text as file systems that fold case and compose letters see it (APFS, NTFS).
pub fn folded(text: &str) -> String {
    // Most names are plain, and there are as many as assets.
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.nfc().flat_map(char::to_lowercase).collect() }
}

/// Composed text (NFC), the form in which names are compared.
pub fn nfc(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfc().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_an_id_that_keeps_what_it_can() {
        for (name, want) in [
            ("Citrus Haze", "citrus-haze"),
            ("  Crème brûlée! (50%)", "creme-brulee-50"),
            ("Bob's Jam", "bobs-jam"),
            ("v1.5_b", "v1.5_b"),
            ("-x-", "x"),
        ] {
            let slug = slug(name).unwrap();
            assert_eq!(slug, want);
            assert!(is_id(&slug));
        }
        assert_eq!(slug("日本"), None);
    }

    #[test]
    fn a_slip_of_the_finger_is_understood_and_a_stranger_is_not() {
        let known = ["source", "look", "alt", "products"];
        assert_eq!(did_you_mean("sorce", known).as_deref(), Some("source"));
        assert_eq!(did_you_mean("Product", known).as_deref(), Some("products"));
        assert_eq!(did_you_mean("weather", known), None);
        assert_eq!(did_you_mean("instagram", ["x.square", "instagram.square"]).as_deref(), Some("instagram.square"));
    }
}
