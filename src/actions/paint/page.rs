//! A document's HTML made ready for layout: pictures numbered, fitting texts marked, the notes about places taken out.

use super::Supply;
use super::places::{At, Places, parse_at};
use crate::actions::compose::markup::{Piece, Tag, VOID, scan};
use crate::campaign::Problem;

/// A picture element.
pub(super) struct Image {
    /// As written, character references resolved.
    pub src: String,
    pub at: At,
}

/// An element whose text takes the largest font size that fits.
pub(super) struct Fit {
    /// Whole pixels.
    pub least: u32,
    pub most: u32,
    pub lines: Option<usize>,
    pub at: At,
}

/// A page in pieces, so that font sizes can be put in without reading it again.
pub(super) struct Page {
    /// Text, and what stands behind it.
    parts: Vec<(String, Gap)>,
    pub images: Vec<Image>,
    pub fits: Vec<Fit>,
    /// `style` attributes, with the tags that have them.
    pub styles: Vec<(String, At)>,
}

/// What a part of a page is followed by.
enum Gap {
    End,
    /// The name that image number so-and-so is painted under.
    Src(usize),
    /// The font size of fit number so-and-so.
    Size(usize),
}

/// The class of the element that is fit number `n`.
pub(super) fn fit_class(n: usize) -> String {
    format!("softbox-fit-{n}")
}

/// The class of the box inside a fit, which is as high as its text.
pub(super) const FIT_INNER: &str = "softbox-fit-inner";

/// The class of elements whose words may leave the canvas or the safe zone.
pub(super) const LOOSE: &str = "softbox-loose";

/// The name that image number `n` is looked up by.
pub(super) fn image_name(n: usize) -> String {
    format!("softbox:{n}")
}

/// A change to the page's text: everything from `start` to `end` becomes `text` and then the gap.
struct Edit {
    start: usize,
    end: usize,
    text: String,
    gap: Option<Gap>,
}

impl Page {
    /// Reads a document's page; `unit` is a hundredth of the shorter side, in pixels.
    pub fn read(places: &mut Places<'_>, unit: f32, supply: &mut dyn Supply) -> Result<Page, Vec<Problem>> {
        let html = places.document.html.as_str();
        let mut reader = Reader { html, unit, edits: Vec::new(), page: Page::empty(), problems: Vec::new() };
        let mut last = (0, 0);
        // Open elements: their names, and whether a fit's inner box is to be closed before them.
        let mut open: Vec<(String, bool)> = Vec::new();
        for piece in scan(html, false) {
            match piece {
                Piece::Open(tag) => {
                    last = tag.value(html, "data-at").and_then(|at| parse_at(&at)).unwrap_or(last);
                    let fits = reader.tag(&tag, last, places, supply);
                    if !VOID.contains(&tag.name.as_str()) {
                        open.push((tag.name, fits));
                    }
                }
                Piece::Close(name, span) => {
                    if let Some(depth) = open.iter().rposition(|(open, _)| *open == name) {
                        if open[depth].1 {
                            reader.insert(span.start, "</span>");
                        }
                        open.truncate(depth);
                    }
                }
            }
        }
        let Reader { mut edits, mut page, problems, .. } = reader;
        if !problems.is_empty() {
            return Err(problems);
        }
        // Stable: edits at one offset keep the order in which they were made.
        edits.sort_by_key(|edit| edit.start);
        let (mut from, mut text) = (0, String::new());
        for edit in edits {
            // Two edits can start at one place: the first may have taken text out that the second stands before.
            text.push_str(html.get(from..edit.start).unwrap_or(""));
            text.push_str(&edit.text);
            from = from.max(edit.end);
            if let Some(gap) = edit.gap {
                page.parts.push((std::mem::take(&mut text), gap));
            }
        }
        text.push_str(&html[from..]);
        page.parts.push((text, Gap::End));
        Ok(page)
    }

    fn empty() -> Page {
        Page { parts: Vec::new(), images: Vec::new(), fits: Vec::new(), styles: Vec::new() }
    }

    /// The page with a font size for each fit; `named` leaves the pictures under their own names.
    pub fn html(&self, sizes: &[u32], named: bool) -> String {
        let mut html = String::new();
        for (text, gap) in &self.parts {
            html.push_str(text);
            match gap {
                Gap::End => {}
                Gap::Src(n) if named => html.push_str(&handlebars::html_escape(&self.images[*n].src)),
                Gap::Src(n) => html.push_str(&image_name(*n)),
                Gap::Size(n) => html.push_str(&sizes[*n].to_string()),
            }
        }
        html
    }
}

struct Reader<'a> {
    html: &'a str,
    unit: f32,
    edits: Vec<Edit>,
    page: Page,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.edits.push(Edit { start: at, end: at, text: text.into(), gap: None });
    }

    /// Makes one tag ready; true where a fit's inner box was opened behind it.
    fn tag(&mut self, tag: &Tag, at: At, places: &mut Places<'_>, supply: &mut dyn Supply) -> bool {
        if let Some(mark) = tag.attribute("data-at") {
            self.edits.push(Edit { start: mark.span.start - 1, end: mark.span.end, text: String::new(), gap: None });
        }
        if tag.name == "img" {
            self.image(tag, at, places, supply);
        }
        if tag.name == "image" {
            self.svg_image(tag, at, places, supply);
        }
        let mut classes = Vec::new();
        let mut size = None;
        if let Some(range) = tag.value(self.html, "data-fit") {
            match self.fit(&range, tag, at) {
                Some(fit) => {
                    size = Some(self.page.fits.len());
                    classes.push(fit_class(self.page.fits.len()));
                    self.page.fits.push(fit);
                }
                None => {
                    let problem = Problem::error("bad-fit", format!("`{range}` is no range of font sizes"))
                        .hint("write data-fit=\"24-160\" or \"3u-14u\"");
                    self.problems.push(problem.at(places.tag(at, "data-fit", supply)));
                }
            }
        }
        if tag.attribute("data-loose").is_some() {
            classes.push(LOOSE.into());
        }
        if let Some(style) = tag.value(self.html, "style") {
            self.page.styles.push((style, at));
        }
        self.add_classes(tag, &classes);
        let Some(size) = size else { return false };
        self.add_size(tag, size);
        self.insert(tag.span.end, format!("<span class=\"{FIT_INNER}\">"));
        true
    }

    fn image(&mut self, tag: &Tag, at: At, places: &mut Places<'_>, supply: &mut dyn Supply) {
        let src = tag.value(self.html, "src").unwrap_or_default().trim().to_string();
        let Some(attribute) = tag.attribute("src").filter(|_| !src.is_empty()) else {
            let problem = Problem::error("missing-picture", "this <img> has no src").at(places.tag(at, "src", supply));
            self.problems.push(problem.hint("write src=\"photo:NAME\" or a path from the campaign's folder"));
            return;
        };
        let number = self.page.images.len();
        self.page.images.push(Image { src, at });
        let open = Edit {
            start: attribute.span.start,
            end: attribute.span.end,
            text: "src=\"".into(),
            gap: Some(Gap::Src(number)),
        };
        self.edits.push(open);
        self.insert(attribute.span.end, "\"");
    }

    fn svg_image(&mut self, tag: &Tag, at: At, places: &mut Places<'_>, supply: &mut dyn Supply) {
        for name in ["href", "xlink:href"] {
            let href = tag.value(self.html, name).unwrap_or_default();
            if !href.is_empty() && !href.starts_with("data:") && !href.starts_with('#') {
                let problem = Problem::error("refused-element", format!("a drawing cannot show the file `{href}`"));
                self.problems.push(
                    problem.at(places.tag(at, name, supply)).hint("put an <img> over it, or a data: URI into it"),
                );
            }
        }
    }

    fn fit(&self, range: &str, tag: &Tag, at: At) -> Option<Fit> {
        let (least, most) = range.split_once('-')?;
        let pixels = |text: &str| {
            let text = text.trim();
            let (number, unit) = match text.strip_suffix('u') {
                Some(number) => (number, self.unit),
                None => (text.strip_suffix("px").unwrap_or(text), 1.0),
            };
            number.trim().parse::<f32>().ok().map(|number| number * unit).filter(|px| *px >= 1.0 && *px < 10_000.0)
        };
        let (least, most) = (pixels(least)?.round() as u32, pixels(most)?.round() as u32);
        let lines = match tag.value(self.html, "data-lines") {
            Some(lines) => Some(lines.trim().parse().ok().filter(|lines| *lines > 0)?),
            None => None,
        };
        (least <= most).then_some(Fit { least, most, lines, at })
    }

    fn add_classes(&mut self, tag: &Tag, classes: &[String]) {
        if classes.is_empty() {
            return;
        }
        let classes = classes.join(" ");
        match tag.attribute("class") {
            Some(class) => {
                let own = &self.html[class.value.clone()];
                let text = format!("class=\"{} {classes}\"", own.replace('"', "&quot;"));
                self.edits.push(Edit { start: class.span.start, end: class.span.end, text, gap: None });
            }
            None => self.insert(tag.name_end, format!(" class=\"{classes}\"")),
        }
    }

    fn add_size(&mut self, tag: &Tag, number: usize) {
        let (start, end, before, after) = match tag.attribute("style") {
            Some(style) => {
                let own = self.html[style.value.clone()].replace('"', "&quot;");
                (style.span.start, style.span.end, "style=\"font-size:", format!("px;{own}\""))
            }
            None => (tag.name_end, tag.name_end, " style=\"font-size:", "px\"".to_string()),
        };
        self.edits.push(Edit { start, end, text: before.into(), gap: Some(Gap::Size(number)) });
        self.insert(end, after);
    }
}
