//! Writes into a template where each of its parts stands, so that what it expands to can still be traced to its line.
//!
//! Every tag gets `data-at="FILE:OFFSET"` and every line of a `<style>` begins with `/*@FILE:LINE*/`. Both survive Handlebars;
//! the attributes are taken out before painting, the comments right after expansion.

use super::markup::{Piece, mustache_end, scan};

/// A template with its marks.
pub(super) struct Annotated {
    pub text: String,
    /// Where marks were put in: offset in the original text, length. Ascending.
    inserts: Vec<(usize, usize)>,
}

impl Annotated {
    /// Marks `text`, which is number `file` of the files of a document.
    pub fn new(text: &str, file: usize) -> Annotated {
        let mut marks: Vec<(usize, String)> = Vec::new();
        for piece in scan(text, true) {
            let Piece::Open(tag) = piece else { continue };
            marks.push((tag.name_end, format!(" data-at=\"{file}:{}\"", tag.span.start)));
            if let (Some(range), "style") = (&tag.text, tag.name.as_str()) {
                let first_line = text[..range.start].matches('\n').count() + 1;
                marks.push((range.start, css_mark(file, first_line)));
                let starts = line_starts(&text[range.clone()]);
                marks
                    .extend(starts.into_iter().map(|(line, at)| (range.start + at, css_mark(file, first_line + line))));
            }
        }
        let mut out = String::with_capacity(text.len() + marks.iter().map(|(_, mark)| mark.len()).sum::<usize>());
        let mut from = 0;
        for (at, mark) in &marks {
            out.push_str(&text[from..*at]);
            out.push_str(mark);
            from = *at;
        }
        out.push_str(&text[from..]);
        Annotated { text: out, inserts: marks.into_iter().map(|(at, mark)| (at, mark.len())).collect() }
    }

    /// The offset in the original text of a line and column (from 1, in characters) of the marked text.
    pub fn original(&self, line: usize, column: usize) -> usize {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &self.text[start.min(self.text.len())..];
        let marked = start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
        let mut added = 0;
        for (at, length) in &self.inserts {
            if at + added >= marked {
                break;
            }
            added += length;
        }
        marked.saturating_sub(added)
    }
}

fn css_mark(file: usize, line: usize) -> String {
    format!("/*@{file}:{line}*/")
}

/// The lines of CSS after the first (counted from 0) that start outside comments and mustaches, with their offsets.
fn line_starts(css: &str) -> Vec<(usize, usize)> {
    let bytes = css.as_bytes();
    let (mut at, mut line, mut starts) = (0, 0, Vec::new());
    while at < bytes.len() {
        let skipped = match bytes[at] {
            b'/' if css[at..].starts_with("/*") => css[at..].find("*/").map_or(css.len(), |end| at + end + 2),
            b'{' => mustache_end(css, at).unwrap_or(at + 1),
            _ => at + 1,
        };
        line += css.as_bytes()[at..skipped].iter().filter(|byte| **byte == b'\n').count();
        if bytes[at] == b'\n' {
            starts.push((line, skipped));
        }
        at = skipped;
    }
    starts
}

/// Takes the marks out of expanded CSS: the CSS, and for each of its lines the file and line it was written on.
pub(super) fn unmark(css: &str, fallback: (u32, u32)) -> (String, Vec<(u32, u32)>) {
    let (mut out, mut lines, mut last) = (String::with_capacity(css.len()), Vec::new(), fallback);
    for line in css.split_inclusive('\n') {
        let mut origin = None;
        let mut rest = line;
        while let Some((start, end, place)) = find_mark(rest) {
            out.push_str(&rest[..start]);
            origin = origin.or(Some(place));
            last = place;
            rest = &rest[end..];
        }
        // A mark alone behind the last line break stands for no line.
        let length = out.len();
        out.push_str(rest);
        if !rest.is_empty() || !out.ends_with('\n') || length == 0 {
            lines.push(origin.unwrap_or(last));
        }
    }
    (out, lines)
}

fn find_mark(text: &str) -> Option<(usize, usize, (u32, u32))> {
    let mut from = 0;
    while let Some(found) = text[from..].find("/*@") {
        let start = from + found;
        let end = text[start..].find("*/").map(|end| start + end + 2)?;
        let place =
            text[start + 3..end - 2].split_once(':').and_then(|(f, l)| Some((f.parse().ok()?, l.parse().ok()?)));
        if let Some(place) = place {
            return Some((start, end, place));
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_marked_text_is_told_in_the_original() {
        let text = "<p>é</p>\n<img src=\"{{nmae}}\"><b>{{x}}</b>\n<style>\na{b:{{c}}}\n</style>";
        let marked = Annotated::new(text, 3);
        for needle in ["{{nmae}}", "{{x}}", "{{c}}", "<p", "é"] {
            let at = marked.text.find(needle).unwrap();
            let line = marked.text[..at].matches('\n').count() + 1;
            let column = marked.text[..at].rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!(marked.original(line, column), text.find(needle).unwrap(), "{needle}");
        }
        assert!(marked.text.contains("<img data-at=\"3:10\" src="), "{}", marked.text);
    }

    #[test]
    fn css_lines_are_told_even_after_an_expression_grew() {
        let text = "<style>a{}\n/* one\n two */ b{}\n{{#if x}}c{}{{/if}}\nd{}\n</style>";
        let marked = Annotated::new(text, 1);
        let style = marked.text.split_once('>').unwrap().1.strip_suffix("</style>").unwrap();
        let grown = style.replace("{{#if x}}c{}{{/if}}", "c{\n}\n");
        let (css, lines) = unmark(&grown, (1, 1));
        assert_eq!(css, "a{}\n/* one\n two */ b{}\nc{\n}\n\nd{}\n");
        let lines: Vec<u32> = lines.into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, [1, 2, 2, 4, 4, 4, 5]);
    }
}
