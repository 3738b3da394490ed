//! Finds the largest font size at which each marked text stays inside its box.

use super::Supply;
use super::page::{FIT_INNER, Fit, fit_class};
use super::places::Places;
use super::tree::{LaidBox, Stage, has_class};
use crate::campaign::Problem;

/// Layout is in 64ths of a pixel, and line boxes are rounded: what is nearer than this is inside.
const TOLERANCE: f32 = 0.5;

/// The font size of every fit of the page, in whole pixels.
///
/// Earlier texts are served first: while one is being fitted, those after it have their smallest size.
///
/// # Errors
/// A text that does not fit at its smallest size.
pub(super) fn settle(
    stage: &Stage,
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Result<Vec<u32>, Vec<Problem>> {
    let mut sizes: Vec<u32> = stage.page.fits.iter().map(|fit| fit.least).collect();
    let mut problems = Vec::new();
    for number in 0..sizes.len() {
        let (least, most) = (stage.page.fits[number].least, stage.page.fits[number].most);
        let mut try_size = |size: u32| {
            sizes[number] = size;
            fits(stage, &sizes, number)
        };
        if try_size(most)? {
            continue;
        }
        if !try_size(least)? {
            problems.push(too_long(stage, &sizes, number, supply, places)?);
            continue;
        }
        // `good` fits, `bad` does not. Where a balanced text is not monotone, what is taken has been tried all the same.
        let (mut good, mut bad) = (least, most);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            if try_size(middle)? { good = middle } else { bad = middle }
        }
        sizes[number] = good;
    }
    if problems.is_empty() { Ok(sizes) } else { Err(problems) }
}

fn fits(stage: &Stage, sizes: &[u32], number: usize) -> Result<bool, Vec<Problem>> {
    let (root, boxes) = stage.measure(sizes)?;
    let class = fit_class(number);
    let is_mine = |laid: &&LaidBox| root.node_at_path(&laid.path).is_some_and(|node| has_class(node, &class));
    // An element that is not displayed has no box, and nothing to fit.
    let Some(outer) = boxes.iter().find(is_mine) else { return Ok(true) };
    let (width, height) = (outer.layout.content_box_width(), outer.layout.content_box_height());
    let mut lines = Lines::default();
    for laid in boxes.iter().filter(|laid| laid.path.starts_with(&outer.path)) {
        let node = root.node_at_path(&laid.path);
        if node.is_some_and(|node| has_class(node, FIT_INNER)) && laid.layout.size.height > height + TOLERANCE {
            return Ok(false);
        }
        for run in laid.runs.iter().filter(|run| !run.text.trim().is_empty()) {
            let (left, top) = relative(outer, laid, run.x, run.y);
            if left < -TOLERANCE || left + run.width > width + TOLERANCE {
                return Ok(false);
            }
            // Ascenders and descenders may reach out of a tight line; a line that lies outside may not.
            let middle = top + run.height / 2.0;
            if middle < 0.0 || middle > height {
                return Ok(false);
            }
            lines.add(top, run.height);
        }
    }
    Ok(stage.page.fits[number].lines.is_none_or(|most| lines.count() <= most))
}

/// Distinct lines of text, told apart by their middles.
#[derive(Default)]
struct Lines(Vec<(f32, f32)>);

impl Lines {
    fn add(&mut self, top: f32, height: f32) {
        let middle = top + height / 2.0;
        if !self.0.iter().any(|(known, high)| (known - middle).abs() < high.min(height) / 2.0) {
            self.0.push((middle, height));
        }
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// A point of the content box of `inner` in the content box of `outer`, which may be turned and scaled.
fn relative(outer: &LaidBox, inner: &LaidBox, x: f32, y: f32) -> (f32, f32) {
    let offset = inner.layout.content_box_offset();
    let [a, b, c, d, e, f] = inner.transform;
    let (x, y) = (x + offset.x, y + offset.y);
    let (x, y) = (a * x + c * y + e, b * x + d * y + f);
    let [a, b, c, d, e, f] = outer.transform;
    let determinant = a * d - b * c;
    let (x, y) = (x - e, y - f);
    let offset = outer.layout.content_box_offset();
    match determinant.abs() > 1e-6 {
        true => ((d * x - c * y) / determinant - offset.x, (a * y - b * x) / determinant - offset.y),
        false => (x - offset.x, y - offset.y),
    }
}

fn too_long(
    stage: &Stage,
    sizes: &[u32],
    number: usize,
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Result<Problem, Vec<Problem>> {
    let (root, boxes) = stage.measure(sizes)?;
    let class = fit_class(number);
    let outer = boxes.iter().find(|laid| root.node_at_path(&laid.path).is_some_and(|node| has_class(node, &class)));
    let inside = boxes.iter().filter(|laid| outer.is_some_and(|outer| laid.path.starts_with(&outer.path)));
    let words: Vec<&str> = inside.flat_map(|laid| &laid.runs).flat_map(|run| run.text.split_whitespace()).collect();
    let Fit { least, lines, at, .. } = &stage.page.fits[number];
    let on = lines.map_or(String::new(), |lines| format!(" on {lines} line{}", if lines == 1 { "" } else { "s" }));
    let message = format!("“{}” does not fit its box{on} even at {least} px", shorten(&words.join(" ")));
    let problem = Problem::error("text-too-long", message).at(places.tag(*at, "data-fit", supply));
    Ok(problem.hint("shorten the text, lower the smallest size in data-fit, or give the box more room"))
}

/// A text short enough for a message.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}
