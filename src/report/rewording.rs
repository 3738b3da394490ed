//! Other words beside a draft: which words stayed, which went, which are new.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Style;

/// What became of a piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Removed,
    Added,
}

/// The difference of two texts, word by word.
#[derive(Debug, Clone)]
pub struct Rewording {
    pieces: Vec<(Fate, String)>,
    /// Words of the first text that are in the second one too, in per cent.
    pub kept: usize,
}

impl Rewording {
    pub fn of(draft: &str, words: &str) -> Rewording {
        let (old, new) = (pieces(draft), pieces(words));
        let ops = capture_diff_slices(Algorithm::Patience, &old, &new);
        let (mut fates, mut changed) = (Vec::new(), [String::new(), String::new()]);
        let (mut same, all) = (0, old.iter().filter(|piece| is_word(piece)).count());
        let flush = |fates: &mut Vec<(Fate, String)>, changed: &mut [String; 2]| {
            let texts = [Fate::Removed, Fate::Added].into_iter().zip(changed.iter_mut().map(std::mem::take));
            fates.extend(texts.filter(|(_, text)| !text.is_empty()));
        };
        for (at, op) in ops.iter().enumerate() {
            let (removed, added) = (old[op.old_range()].concat(), new[op.new_range()].concat());
            let is_between = at > 0 && at + 1 < ops.len() && removed.trim().is_empty();
            if !matches!(op, DiffOp::Equal { .. }) || is_between {
                // A space that stayed between two changes is nothing to read.
                changed[0] += &removed;
                changed[1] += &added;
                continue;
            }
            flush(&mut fates, &mut changed);
            same += old[op.old_range()].iter().filter(|piece| is_word(piece)).count();
            fates.push((Fate::Kept, removed));
        }
        flush(&mut fates, &mut changed);
        Rewording { pieces: fates, kept: (same * 100 + all / 2).checked_div(all).unwrap_or(100) }
    }

    /// As a person reads it: in colours, or `[-removed-]{+added+}`.
    pub fn shown(&self, style: Style) -> String {
        let show = |(fate, text): &(Fate, String)| match (fate, style.color) {
            (Fate::Kept, _) => text.clone(),
            (Fate::Removed, true) => format!("\x1b[31;9m{text}\x1b[0m"),
            (Fate::Added, true) => format!("\x1b[32;1m{text}\x1b[0m"),
            (Fate::Removed, false) => format!("[-{text}-]"),
            (Fate::Added, false) => format!("{{+{text}+}}"),
        };
        self.pieces.iter().map(show).collect()
    }
}

/// Words, runs of white space, and every other sign by itself: a comma is no part of a word.
fn pieces(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || matches!(c, '\'' | '’') => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut pieces = Vec::new();
    let (mut start, mut last) = (0, None);
    for (at, c) in text.char_indices() {
        if last.is_some_and(|last| last != kind(c) || last == 2) {
            pieces.push(&text[start..at]);
            start = at;
        }
        last = Some(kind(c));
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

fn is_word(piece: &str) -> bool {
    piece.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_marked_word_by_word_and_kept_words_are_counted() {
        let rewording = Rewording::of("Jar is in, for $35. Don’t wait.", "Smell first: Jar, for $35. Don’t wait!");
        assert_eq!(rewording.shown(Style::PLAIN), "{+Smell first: +}Jar[- is in-], for $35. Don’t wait[-.-]{+!+}");
        assert_eq!(rewording.kept, 71, "5 of 7");
        assert_eq!(Rewording::of("Jar is in.", "Jar at last.").shown(Style::PLAIN), "Jar [-is in-]{+at last+}.");
        assert_eq!(Rewording::of("Same.", "Same.").kept, 100);
        assert_eq!(Rewording::of("", "New.").kept, 100);
        let colored = Rewording::of("a b", "a c").shown(Style { color: true, ..Style::PLAIN });
        assert_eq!(colored, "a \x1b[31;9mb\x1b[0m\x1b[32;1mc\x1b[0m");
    }
}
