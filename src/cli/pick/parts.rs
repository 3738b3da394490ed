//! What somebody picks of a caption: a variant, the draft, or sentences of both put together.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::campaign::Problem;

/// The words that a choice such as `2:1 draft:2-` means: parts by the number of a variant, or `draft`, and sentences of it.
pub fn chosen(choice: &[String], draft: &str, variants: &[&str]) -> Result<String, Problem> {
    let mut words = String::new();
    for written in choice {
        let part = part(written, draft, variants)?;
        if !words.is_empty() && !words.ends_with(char::is_whitespace) {
            words.push(' ');
        }
        words.push_str(part);
    }
    Ok(words.trim_end().to_owned())
}

fn part<'t>(written: &str, draft: &'t str, variants: &[&'t str]) -> Result<&'t str, Problem> {
    let bad = |message: String| {
        let hint = "2 is variant 2, `draft` your draft, `2:1` a first sentence, `draft:2-` the draft from its second sentence on";
        Problem::error("unknown-part", message).hint(hint)
    };
    let (whose, sentences) = written.split_once(':').map_or((written, None), |(whose, part)| (whose, Some(part)));
    let text = match whose.parse::<usize>() {
        _ if whose == "draft" => draft,
        Ok(number) => {
            let found = number.checked_sub(1).and_then(|at| variants.get(at));
            *found.ok_or_else(|| bad(format!("there is no variant {number}; there are {}", variants.len())))?
        }
        Err(_) => return Err(bad(format!("`{written}` is no part of a caption"))),
    };
    let Some(sentences) = sentences else { return Ok(text) };
    let bounds: Vec<Range<usize>> =
        text.split_sentence_bound_indices().map(|(at, sentence)| at..at + sentence.len()).collect();
    let range = numbers(sentences, bounds.len());
    let range =
        range.ok_or_else(|| bad(format!("`{sentences}` names no sentences of {whose}, which has {}", bounds.len())))?;
    Ok(&text[bounds[range.start].start..bounds[range.end - 1].end])
}

/// `2`, `1-2`, `2-`, `-2` as a range from 0; `None` where it is empty or goes beyond.
fn numbers(written: &str, all: usize) -> Option<Range<usize>> {
    let (first, last) = match written.split_once('-') {
        None => (written.parse().ok()?, written.parse().ok()?),
        Some((first, last)) => (
            if first.is_empty() { 1 } else { first.parse().ok()? },
            if last.is_empty() { all } else { last.parse().ok()? },
        ),
    };
    (1 <= first && first <= last && last <= all).then(|| first - 1..last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAFT: &str = "Jar is in. It costs $3.50, today.\nCome by!";

    fn picked(choice: &str) -> Result<String, String> {
        let choice: Vec<String> = choice.split_whitespace().map(str::to_owned).collect();
        chosen(&choice, DRAFT, &["One. Two.", "Smell first"]).map_err(|problem| problem.message)
    }

    #[test]
    fn parts_are_put_together_with_what_stood_between_them() {
        for (choice, words) in [
            ("2", "Smell first"),
            ("draft", DRAFT),
            ("1:2", "Two."),
            ("2 draft:2-", "Smell first It costs $3.50, today.\nCome by!"),
            ("draft:1-2 1:-1", "Jar is in. It costs $3.50, today.\nOne."),
            ("draft:3 draft:1", "Come by! Jar is in."),
        ] {
            assert_eq!(picked(choice).as_deref(), Ok(words), "{choice}");
        }
    }

    #[test]
    fn what_is_not_there_is_told() {
        for (choice, word) in [
            ("3", "there are 2"),
            ("0", "no variant 0"),
            ("hook", "no part"),
            ("1:3", "which has 2"),
            ("1:2-1", "names no"),
            ("1:", "names no"),
        ] {
            assert!(picked(choice).unwrap_err().contains(word), "{choice}");
        }
    }
}
