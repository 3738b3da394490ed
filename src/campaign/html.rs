//! Plain text from the HTML that shops keep as a product's description.

/// The text of a piece of HTML: blocks become lines, entities become letters, tags, scripts and styles go.
pub fn text_of(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        push_words(&mut text, &rest[..open]);
        let tag = &rest[open + 1..];
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        if name.is_empty() && !tag.starts_with(['!', '/']) {
            push_words(&mut text, "<");
            rest = tag;
            continue;
        }
        if matches!(
            name.as_str(),
            "br" | "p" | "div" | "li" | "ul" | "ol" | "tr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
        ) {
            text.truncate(text.trim_end_matches(' ').len());
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
        }
        let close = match name.as_str() {
            "script" | "style" if !tag.starts_with('/') => find_close(tag, &name),
            _ => tag.find('>').map(|end| end + 1),
        };
        rest = close.map_or("", |close| &tag[close..]);
    }
    push_words(&mut text, rest);
    text.trim().to_owned()
}

/// The byte after `</name>`.
fn find_close(tag: &str, name: &str) -> Option<usize> {
    let start = tag.to_ascii_lowercase().find(&format!("</{name}"))?;
    tag[start..].find('>').map(|end| start + end + 1)
}

/// Adds text with its runs of white space as one blank each.
fn push_words(text: &mut String, html: &str) {
    for c in decode(html).chars() {
        if !c.is_whitespace() || c == '\u{a0}' {
            text.push(if c == '\u{a0}' { ' ' } else { c });
        } else if !text.is_empty() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
    }
}

fn decode(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('&') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((c, end)) => {
                text.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

/// The entities that shop editors write; others stay as they are.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control());
    }
    let known = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("hellip", '…'),
        ("bull", '•'),
        ("deg", '°'),
        ("frac12", '½'),
        ("frac14", '¼'),
        ("frac34", '¾'),
        ("times", '×'),
        ("trade", '™'),
        ("reg", '®'),
        ("copy", '©'),
        ("euro", '€'),
        ("pound", '£'),
        ("eacute", 'é'),
        ("egrave", 'è'),
        ("agrave", 'à'),
        ("ccedil", 'ç'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("auml", 'ä'),
        ("szlig", 'ß'),
        ("ntilde", 'ñ'),
    ];
    known.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_shops_become_text() {
        for (html, want) in [
            ("<p>Bright &amp; <b>fresh</b>.</p>\n<ul><li>One</li><li>Two</li></ul>", "Bright & fresh.\nOne\nTwo"),
            ("a<br/>b", "a\nb"),
            ("5 < 6 &unknown; &#39;x&#x27;", "5 < 6 &unknown; 'x'"),
            ("<style>p{color:red}</style>Text<!-- no -->", "Text"),
            ("plain  text", "plain  text"),
            ("<p", ""),
        ] {
            assert_eq!(text_of(html), want, "{html}");
        }
    }
}
