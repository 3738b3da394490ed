//! Makes a whole page of expanded HTML: styles pulled out, the format's variables and classes put in, what cannot be painted refused.

use super::annotate::unmark;
use super::markup::{Piece, Tag, scan};
use super::{ComposeInput, Document, Files, network};
use crate::campaign::{Format, Place, Problem, RelPath, Source};
use std::fmt::Write;
use std::sync::Arc;

/// Elements that nothing here runs, plays or loads.
const REFUSED: [&str; 9] = ["script", "iframe", "video", "audio", "object", "embed", "canvas", "frame", "base"];

/// CSS with the place of each line.
#[derive(Default)]
struct Css {
    text: String,
    lines: Vec<Option<(u32, u32)>>,
}

impl Css {
    fn push(&mut self, text: &str, lines: impl IntoIterator<Item = Option<(u32, u32)>>) {
        self.text.push_str(text);
        self.lines.extend(lines);
        if !text.is_empty() && !text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

/// The document that expanded `html` stands for.
pub(super) fn document(html: &str, input: &ComposeInput, files: &mut Files<'_>) -> Result<Document, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut css = Css::default();
    let base = base_css(input, &mut problems);
    css.push(&base, base.lines().map(|_| None));
    let mut out = String::with_capacity(html.len() + 256);
    let (mut from, mut last) = (0, (0, 0));
    let mut skip_close = None;
    let mut has_html = false;
    for piece in scan(html, false) {
        match piece {
            Piece::Open(tag) => {
                last = place_of(&tag, html).unwrap_or(last);
                if REFUSED.contains(&tag.name.as_str()) {
                    problems.push(refused(&tag, last, files));
                }
                match tag.name.as_str() {
                    "style" => {
                        let content = &html[tag.text.clone().unwrap_or_default()];
                        let (text, lines) = unmark(content, (last.0, 1));
                        check_css(&text, &lines, files, &mut problems);
                        add_css(&mut css, &text, &lines, media(&tag, html));
                    }
                    "link" => link(&tag, html, last, &mut css, files, &mut problems),
                    "html" => has_html = true,
                    _ => {}
                }
                if matches!(tag.name.as_str(), "style" | "link" | "script" | "title" | "meta" | "head") {
                    out.push_str(&html[from..tag.span.start]);
                    from = tag.text.as_ref().map_or(tag.span.end, |text| text.end);
                    skip_close = tag.text.is_some().then_some(tag.name);
                } else if tag.name == "html" {
                    out.push_str(&html[from..tag.span.start]);
                    out.push_str(&html_tag(&tag, html, &input.format));
                    from = tag.span.end;
                }
            }
            Piece::Close(name, span) => {
                if skip_close.as_deref() == Some(name.as_str()) || name == "head" {
                    out.push_str(&html[from..span.start]);
                    from = span.end;
                    skip_close = None;
                }
            }
        }
    }
    out.push_str(&html[from..]);
    if !problems.is_empty() {
        return Err(problems);
    }
    let html = if has_html { out } else { wrap(&out, &input.format) };
    Ok(Document {
        html,
        css: css.text,
        css_lines: css.lines,
        files: files.sources.iter().map(|source| source.path.clone()).collect(),
        width: input.format.width,
        height: input.format.height,
        unit: unit(&input.format),
        safe: safe(&input.format),
    })
}

/// The file and offset that a tag was written at.
fn place_of(tag: &Tag, html: &str) -> Option<(u32, usize)> {
    let at = tag.value(html, "data-at")?;
    let (file, offset) = at.split_once(':')?;
    Some((file.parse().ok()?, offset.parse().ok()?))
}

/// The place of the tag that starts at an offset of a file.
fn tag_place(files: &Files<'_>, (file, offset): (u32, usize)) -> Place {
    let source = &files.sources[(file as usize).min(files.sources.len() - 1)];
    let end = source.text.get(offset..).and_then(|rest| rest.find('>')).map_or(offset, |end| offset + end + 1);
    Place::span(source, offset..end)
}

fn refused(tag: &Tag, at: (u32, usize), files: &Files<'_>) -> Problem {
    let problem = Problem::error("refused-element", format!("<{}> has no place in a picture", tag.name));
    problem.at(tag_place(files, at)).hint("a template is HTML and CSS; nothing runs, plays or loads from elsewhere")
}

fn media(tag: &Tag, html: &str) -> Option<String> {
    tag.value(html, "media").filter(|media| !media.trim().is_empty() && media.trim() != "all")
}

fn add_css(css: &mut Css, text: &str, lines: &[(u32, u32)], media: Option<String>) {
    match media {
        None => css.push(text, lines.iter().copied().map(Some)),
        Some(media) => {
            css.push(&format!("@media {media} {{"), [None]);
            css.push(text, lines.iter().copied().map(Some));
            css.push("}", [None]);
        }
    }
}

fn link(tag: &Tag, html: &str, at: (u32, usize), css: &mut Css, files: &mut Files<'_>, problems: &mut Vec<Problem>) {
    let rel = tag.value(html, "rel").unwrap_or_default();
    if !rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("stylesheet")) {
        return;
    }
    let href = tag.value(html, "href").unwrap_or_default();
    let path = match RelPath::parse(href.trim()) {
        Ok(_) if href.contains("://") => {
            let message = format!("`{href}` is on the network, and a build reads only the campaign's files");
            problems.push(
                Problem::error("remote-file", message)
                    .at(tag_place(files, at))
                    .hint("save it into templates/ and link that"),
            );
            return;
        }
        Ok(path) => path,
        Err(error) => {
            let problem = Problem::error("bad-path", format!("`{href}` is no path to a stylesheet: {error}"));
            problems.push(problem.at(tag_place(files, at)).hint("paths are written from the campaign's folder"));
            return;
        }
    };
    match files.read(&path) {
        Ok(Some(file)) => {
            let source = files.sources[file].clone();
            let lines: Vec<(u32, u32)> =
                (1..=source.text.lines().count() as u32).map(|line| (file as u32, line)).collect();
            check_css(&source.text, &lines, files, problems);
            add_css(css, &source.text, &lines, media(tag, html));
        }
        Ok(None) => {
            let problem =
                Problem::error("missing-file", format!("there is no stylesheet `{path}`")).at(tag_place(files, at));
            problems.push(problem.hint("paths are written from the campaign's folder, such as templates/card.css"));
        }
        Err(problem) => problems.push(problem),
    }
}

/// Refuses rules that would read something that the build does not know of, and CSS that layout would pass over in silence.
fn check_css(css: &str, lines: &[(u32, u32)], files: &Files<'_>, problems: &mut Vec<Problem>) {
    let mut refuse = |at: usize, code: &'static str, name: &str, hint: &str| {
        let line = css[..at].matches('\n').count();
        let problem = Problem::error(code, format!("{name} cannot be used")).hint(hint);
        let source = lines.get(line).and_then(|(file, line)| Some((files.sources.get(*file as usize)?, *line)));
        problems.push(match source {
            Some((source, line)) => problem.at(line_place(source, line, name.trim_end_matches(')'))),
            None => problem,
        });
    };
    for (at, word) in words(css) {
        let hint = match word.as_str() {
            "min(" | "max(" | "clamp(" => {
                refuse(
                    at,
                    "refused-function",
                    &format!("{word})"),
                    "use calc(), and --margin-top and its like for what keeps clear of the safe zone",
                );
                continue;
            }
            "@import" => "link the other stylesheet with <link rel=\"stylesheet\" href=\"templates/…\">",
            "@font-face" => "list the font under `fonts` in the campaign's [brand]; its family can be named then",
            "@container" => {
                "use the classes of <html> (portrait, wide, …) or @media on orientation, aspect-ratio, width and height"
            }
            _ => continue,
        };
        refuse(at, "refused-rule", &word, hint);
    }
}

/// The place of `needle` on a line of a file, or of the whole line.
pub(crate) fn line_place(source: &Arc<Source>, line: u32, needle: &str) -> Place {
    let start = source.offset(line as usize, 1);
    let text = source.text[start..].lines().next().unwrap_or("");
    let found = text.to_ascii_lowercase().find(&needle.to_ascii_lowercase()).filter(|_| !needle.is_empty());
    match found.filter(|at| text.is_char_boundary(*at) && text.is_char_boundary(at + needle.len())) {
        Some(at) => Place::span(source, start + at..start + at + needle.len()),
        None => {
            let indent = text.len() - text.trim_start().len();
            Place::span(source, start + indent..start + text.trim_end().len().max(indent))
        }
    }
}

/// The at-rules (`@media`) and functions (`calc(`) of a stylesheet outside comments and strings, in lower case, with their offsets.
fn words(css: &str) -> Vec<(usize, String)> {
    let bytes = css.as_bytes();
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = css[at..].find("*/").map_or(bytes.len(), |end| at + end + 2)
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote && bytes[at] != b'\n' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            first if first == b'@' || first == b'-' || first.is_ascii_alphabetic() => {
                let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
                let end = at + 1 + bytes[at + 1..].iter().take_while(|b| is_name(b)).count();
                let is_function = bytes.get(end) == Some(&b'(');
                if first == b'@' || is_function {
                    found.push((at, css[at..end + usize::from(is_function && first != b'@')].to_ascii_lowercase()));
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

/// Distances from the edges of the canvas (top, right, bottom, left) within which no words should stand, in pixels.
fn safe(format: &Format) -> [f32; 4] {
    let (width, height, bleed) = (format.width as f32, format.height as f32, format.bleed as f32);
    let safe = &format.safe;
    [safe.top * height, safe.right * width, safe.bottom * height, safe.left * width].map(|edge| (edge + bleed).round())
}

/// A hundredth of the shorter side without bleed, in pixels.
fn unit(format: &Format) -> f32 {
    format.width.min(format.height).saturating_sub(2 * format.bleed) as f32 / 100.0
}

/// The variables and defaults that every page begins with.
fn base_css(input: &ComposeInput, problems: &mut Vec<Problem>) -> String {
    let format = &input.format;
    let [top, right, bottom, left] = safe(format);
    let mut css = String::from(":root {\n");
    // Writing to a String cannot fail.
    let _ = writeln!(css, "--width: {}px; --height: {}px; --bleed: {}px;", format.width, format.height, format.bleed);
    let _ = writeln!(
        css,
        "--safe-top: {top}px; --safe-right: {right}px; --safe-bottom: {bottom}px; --safe-left: {left}px;"
    );
    let _ = writeln!(css, "--u: {}px;", unit(format));
    let least = (format.bleed as f32 + unit(format) * 6.0).round();
    let [top, right, bottom, left] = [top, right, bottom, left].map(|edge| edge.max(least));
    let _ = writeln!(
        css,
        "--margin-top: {top}px; --margin-right: {right}px; --margin-bottom: {bottom}px; --margin-left: {left}px;"
    );
    for (name, color) in &input.colors {
        let sound = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && !color.contains([';', '{', '}', '<', '\n']);
        if sound {
            let _ = writeln!(css, "--{name}: {color};");
        } else {
            let problem = Problem::error(
                "bad-color",
                format!("the brand's colour `{name} = \"{color}\"` cannot be written as CSS"),
            );
            problems.push(problem.hint("a name of letters, digits and hyphens, and a CSS colour such as #f25c05"));
        }
    }
    css.push_str("}\nhtml, body { margin: 0; width: 100%; height: 100%; }\n* { box-sizing: border-box; }\n");
    css
}

/// The classes that tell a page its format.
pub(crate) fn classes(format: &Format) -> String {
    let ratio = f64::from(format.width) / f64::from(format.height.max(1));
    let mut classes = vec![match ratio {
        ratio if ratio > 1.05 => "landscape".to_string(),
        ratio if ratio < 1.0 / 1.05 => "portrait".to_string(),
        _ => "square".to_string(),
    }];
    if ratio <= 0.625 {
        classes.push("tall".into());
    }
    if ratio >= 1.6 {
        classes.push("wide".into());
    }
    if ratio >= 2.5 {
        classes.push("banner".into());
    }
    if format.bleed > 0 {
        classes.push("print".into());
    }
    let plain = |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    classes.push(format!("format-{}", plain(&format.id)));
    classes.push(format!("network-{}", plain(network(format))));
    classes.join(" ")
}

fn wrap(body: &str, format: &Format) -> String {
    let body = body.trim();
    let has_body = scan(body, false).iter().any(|piece| matches!(piece, Piece::Open(tag) if tag.name == "body"));
    let classes = classes(format);
    match has_body {
        true => format!("<!doctype html><html class=\"{classes}\">{body}</html>"),
        false => format!("<!doctype html><html class=\"{classes}\"><body>{body}</body></html>"),
    }
}

/// The template's own `<html>` with the format's classes added.
fn html_tag(tag: &Tag, html: &str, format: &Format) -> String {
    let mut text = html[tag.span.clone()].to_string();
    let offset = tag.span.start;
    let classes = classes(format);
    match tag.attribute("class") {
        Some(class) if class.value.is_empty() => {
            text.replace_range(class.span.start - offset..class.span.end - offset, &format!("class=\"{classes}\""));
        }
        Some(class) => {
            let own = html[class.value.clone()].to_string();
            text.replace_range(
                class.span.start - offset..class.span.end - offset,
                &format!("class=\"{own} {classes}\""),
            );
        }
        None => text.insert_str(tag.name_end - offset, &format!(" class=\"{classes}\"")),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_rules_and_functions_are_found_outside_comments_and_strings() {
        let css = "/* @import */ a{content:\"@font-face max(\"; width:MAX(1px, var(--x-max)); grid:minmax(0, 1fr)}\n@IMPORT 'x';@media (min-width:1px){}";
        let names: Vec<String> = words(css).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["max(", "var(", "minmax(", "@import", "@media"]);
    }
}
