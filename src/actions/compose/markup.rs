//! Finds the tags of HTML text, with or without Handlebars in it, and keeps where each stands.
//!
//! It reads tags and nothing else: the tree is takumi's business. What it must agree with a browser about is where a tag
//! begins and ends, what its attributes are, and that the text of `<style>`, `<script>`, `<title>` and `<textarea>` holds no tags.

use std::ops::Range;

/// An opening tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    /// In lower case.
    pub name: String,
    /// From `<` to past `>`.
    pub span: Range<usize>,
    /// Just behind the name: where an attribute can be put in.
    pub name_end: usize,
    pub attributes: Vec<Attribute>,
    /// What lies between `<style>` and `</style>`, for the elements whose content is text.
    pub text: Option<Range<usize>>,
}

/// One attribute as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// In lower case.
    pub name: String,
    /// Name and value.
    pub span: Range<usize>,
    /// The value without its quotes; empty where there is none.
    pub value: Range<usize>,
}

/// What the scanner met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Open(Tag),
    /// A closing tag: its name in lower case, and where it stands.
    Close(String, Range<usize>),
}

/// Elements that have no content and no closing tag.
pub(crate) const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];

const TEXT_ONLY: [&str; 4] = ["style", "script", "title", "textarea"];

impl Tag {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The value of an attribute with its character references resolved.
    pub fn value(&self, html: &str, name: &str) -> Option<String> {
        self.attribute(name).map(|attribute| decode(&html[attribute.value.clone()]))
    }
}

/// The tags of `text` in order. With `mustaches`, `{{…}}` is skipped wherever it stands.
pub(crate) fn scan(text: &str, mustaches: bool) -> Vec<Piece> {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0, mustaches };
    let mut pieces = Vec::new();
    while let Some(piece) = scanner.next_piece() {
        pieces.push(piece);
    }
    pieces
}

/// The end of the `{{…}}` that starts at `at`, if one does.
pub(crate) fn mustache_end(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let (open, close) = match rest {
        _ if rest.starts_with("{{!--") || rest.starts_with("{{~!--") => ("{{!--", "--"),
        _ if rest.starts_with("{{{") => ("{{{", "}}}"),
        _ if rest.starts_with("{{") => ("{{", "}}"),
        _ => return None,
    };
    let inner = at + open.len();
    let closing = inner + text.get(inner..)?.find(close)?;
    match close {
        "--" => text[closing..].find("}}").map(|end| closing + end + 2),
        _ => Some(closing + close.len()),
    }
}

/// Resolves the character references that Handlebars writes and people use in attributes.
pub(crate) fn decode(text: &str) -> String {
    if !text.contains('&') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let reference = rest.find(';').filter(|end| *end <= 10).and_then(|end| Some((end, named(&rest[1..end])?)));
        match reference {
            Some((end, character)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn named(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    mustaches: bool,
}

impl Scanner<'_> {
    fn next_piece(&mut self) -> Option<Piece> {
        while self.at < self.bytes.len() {
            if self.skip_mustache() {
                continue;
            }
            if self.bytes[self.at] != b'<' {
                self.at += 1;
                continue;
            }
            if self.text[self.at..].starts_with("<!--") {
                let end = self.text[self.at..].find("-->");
                self.at = end.map_or(self.bytes.len(), |end| self.at + end + 3);
                continue;
            }
            match self.bytes.get(self.at + 1) {
                Some(byte) if byte.is_ascii_alphabetic() => return Some(Piece::Open(self.open())),
                Some(b'/') if self.bytes.get(self.at + 2).is_some_and(u8::is_ascii_alphabetic) => {
                    return Some(self.close());
                }
                _ => self.at += 1,
            }
        }
        None
    }

    fn open(&mut self) -> Tag {
        let start = self.at;
        self.at += 1;
        let name = self.name();
        let name_end = self.at;
        let mut attributes = Vec::new();
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'>' => {
                    self.at += 1;
                    break;
                }
                b'/' => self.at += 1,
                byte if byte.is_ascii_whitespace() => self.at += 1,
                _ if self.skip_mustache() => {}
                _ => attributes.push(self.attribute()),
            }
        }
        let span = start..self.at;
        let text = TEXT_ONLY.contains(&name.as_str()).then(|| self.text_of(&name));
        Tag { name, span, name_end, attributes, text }
    }

    fn close(&mut self) -> Piece {
        let start = self.at;
        self.at += 2;
        let name = self.name();
        while self.at < self.bytes.len() && self.bytes[self.at] != b'>' {
            self.at += 1;
        }
        self.at = (self.at + 1).min(self.bytes.len());
        Piece::Close(name, start..self.at)
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'/' | b'{')) {
            self.at += 1;
        }
        self.text[start..self.at].to_ascii_lowercase()
    }

    fn attribute(&mut self) -> Attribute {
        let start = self.at;
        // A stray `=` or quote is part of the name, as a browser takes it.
        self.at += 1;
        while self.bytes.get(self.at).is_some_and(|b| !b.is_ascii_whitespace() && !matches!(b, b'>' | b'/' | b'=')) {
            if !self.skip_mustache() {
                self.at += 1;
            }
        }
        let name = self.text.get(start..self.at).unwrap_or("").to_ascii_lowercase();
        let name_end = self.at;
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'=') {
            self.at = name_end;
            return Attribute { name, span: start..name_end, value: name_end..name_end };
        }
        self.at += 1;
        self.skip_space();
        let value = match self.bytes.get(self.at) {
            Some(&quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let from = self.at;
                self.until(|byte| byte == quote);
                let value = from..self.at;
                self.at = (self.at + 1).min(self.bytes.len());
                value
            }
            _ => {
                let from = self.at;
                self.until(|byte| byte.is_ascii_whitespace() || byte == b'>');
                from..self.at
            }
        };
        Attribute { name, span: start..self.at, value }
    }

    fn until(&mut self, stop: impl Fn(u8) -> bool) {
        while self.at < self.bytes.len() {
            if self.skip_mustache() {
                continue;
            }
            if stop(self.bytes[self.at]) {
                return;
            }
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn skip_mustache(&mut self) -> bool {
        if !self.mustaches || self.bytes.get(self.at) != Some(&b'{') {
            return false;
        }
        match mustache_end(self.text, self.at) {
            Some(end) => {
                self.at = end;
                true
            }
            None => false,
        }
    }

    /// The text up to the closing tag of `name`, which is left to be read next.
    fn text_of(&mut self, name: &str) -> Range<usize> {
        let start = self.at;
        let closing = format!("</{name}");
        while self.at < self.bytes.len() {
            let found =
                self.bytes[self.at..].get(..closing.len()).is_some_and(|b| b.eq_ignore_ascii_case(closing.as_bytes()));
            if found {
                break;
            }
            self.at += 1;
        }
        start..self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str, mustaches: bool) -> Vec<Tag> {
        let open = |piece| match piece {
            Piece::Open(tag) => Some(tag),
            Piece::Close(..) => None,
        };
        scan(text, mustaches).into_iter().filter_map(open).collect()
    }

    #[test]
    fn tags_and_attributes_are_found_where_they_stand() {
        let text = "a < b <P class=x DATA-fit='2 > 1' hidden>hi</P><br/><img src=\"a.png\"/>";
        let tags = opened(text, false);
        assert_eq!(tags.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["p", "br", "img"]);
        assert_eq!(tags[0].value(text, "data-fit").as_deref(), Some("2 > 1"));
        assert_eq!(tags[0].value(text, "hidden").as_deref(), Some(""));
        assert_eq!(tags[2].value(text, "src").as_deref(), Some("a.png"));
        assert_eq!(&text[tags[0].span.clone()], "<P class=x DATA-fit='2 > 1' hidden>");
    }

    #[test]
    fn comments_and_text_elements_hold_no_tags() {
        let text = "<!-- <b> --><style>a > b::after{content:'<i>'}</style><script>'<u>'</script><em>";
        let names: Vec<String> = opened(text, false).into_iter().map(|t| t.name).collect();
        assert_eq!(names, ["style", "script", "em"]);
    }

    #[test]
    fn handlebars_in_a_tag_is_passed_over() {
        let text = "<a class=\"{{#if (eq a \">\")}}x{{/if}}\" {{> more}} href={{{url}}}>{{!-- <b> }} --}}{{> card}}<i>";
        let tags = opened(text, true);
        assert_eq!(tags.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["a", "i"]);
        assert_eq!(tags[0].value(text, "href").as_deref(), Some("{{{url}}}"));
    }

    #[test]
    fn a_text_cut_anywhere_is_scanned_without_a_panic() {
        let text = "<p a='{{x}}' b=\"é\" c=d>é{{! <b> }}<style>x{{</style></p><!-- -";
        for (end, _) in text.char_indices() {
            scan(&text[..end], true);
            scan(&text[..end], false);
        }
    }

    #[test]
    fn character_references_are_resolved() {
        assert_eq!(decode("a&amp;b &#x27;c&#39; &quot; &unknown; & &#x1F600;"), "a&b 'c' \" &unknown; & 😀");
    }
}
