//! What a browser would pass over in silence: fonts and characters that are not there, words out of sight.

use std::collections::BTreeSet;

use takumi::prelude::{MeasuredTextRun, ToCss};
use takumi::unstable::base::layout::tree::RenderNode;
use takumi::unstable::base::scene::Scene;

use super::Supply;
use super::fit::shorten;
use super::fonts::is_built_in;
use super::page::LOOSE;
use super::places::Places;
use super::tree::{LaidBox, Stage, has_class};
use crate::campaign::Problem;

const GENERIC: [&str; 13] = [
    "serif",
    "sans-serif",
    "monospace",
    "cursive",
    "fantasy",
    "system-ui",
    "ui-serif",
    "ui-sans-serif",
    "ui-monospace",
    "ui-rounded",
    "emoji",
    "math",
    "fangsong",
];

/// Looks a laid-out page over: its warnings.
///
/// # Errors
/// A font family that is nowhere.
pub(super) fn check(
    stage: &Stage,
    scene: &mut Scene,
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Result<Vec<Problem>, Vec<Problem>> {
    families(stage, &scene.root, supply, places)?;
    let boxes = stage.boxes(scene)?;
    let mut warnings = missing_characters(stage, &boxes, supply, places);
    warnings.extend(out_of_sight(&boxes, &scene.root, supply, places));
    Ok(warnings)
}

/// Warns of characters that come out as empty boxes.
fn missing_characters(
    stage: &Stage,
    boxes: &[LaidBox],
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Vec<Problem> {
    let characters: BTreeSet<char> =
        boxes.iter().flat_map(|laid| &laid.runs).flat_map(|run| run.text.chars()).collect();
    let missing = characters.into_iter().filter(|character| !stage.book.covers(*character));
    let warn = |character: char| {
        let message = format!("no font has the character {character} (U+{:04X})", character as u32);
        let place = places.text(&character.to_string(), supply);
        Problem::warning("missing-character", message).at(place).hint("add a font that has it to `fonts` in [brand]")
    };
    missing.map(warn).collect()
}

/// Warns of words that leave the canvas, or stand where the network lays its own buttons.
fn out_of_sight(
    boxes: &[LaidBox],
    root: &RenderNode,
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Vec<Problem> {
    let document = places.document;
    let (width, height) = (document.width as f32, document.height as f32);
    let [top, right, bottom, left] = document.safe;
    let mut warnings = Vec::new();
    let loose: Vec<&LaidBox> =
        boxes.iter().filter(|laid| root.node_at_path(&laid.path).is_some_and(|node| has_class(node, LOOSE))).collect();
    for laid in boxes {
        let is_loose = loose.iter().any(|outer| laid.path.starts_with(&outer.path));
        let words: Vec<_> = laid.runs.iter().filter(|run| !run.text.trim().is_empty()).collect();
        if is_loose || words.is_empty() {
            continue;
        }
        let rects: Vec<[f32; 4]> = words.iter().map(|run| on_canvas(laid, run)).collect();
        let all =
            |text: &[&&MeasuredTextRun]| shorten(&text.iter().map(|run| run.text.trim()).collect::<Vec<_>>().join(" "));
        let beyond = |edges: [f32; 4]| -> Vec<&&MeasuredTextRun> {
            let outside = |r: &[f32; 4]| {
                r[0] < edges[0] - SLACK || r[1] < edges[1] - SLACK || r[2] > edges[2] + SLACK || r[3] > edges[3] + SLACK
            };
            words.iter().zip(&rects).filter(|(_, rect)| outside(rect)).map(|(run, _)| run).collect()
        };
        let clipped = beyond([0.0, 0.0, width, height]);
        let unsafe_words = beyond([left, top, width - right, height - bottom]);
        let (code, message, hint) = if !clipped.is_empty() {
            let hint = "give it less room to need (data-fit) or mark it data-loose if it is meant so";
            ("text-clipped", format!("“{}” reaches out of the picture", all(&clipped)), hint)
        } else if !unsafe_words.is_empty() {
            let hint = "keep --safe-top, --safe-right, --safe-bottom and --safe-left free, or mark it data-loose if it is meant so";
            ("text-unsafe", format!("“{}” stands outside the safe zone", all(&unsafe_words)), hint)
        } else {
            continue;
        };
        let place = places.text(words[0].text.trim(), supply);
        warnings.push(Problem::warning(code, message).at(place).hint(hint));
    }
    warnings
}

/// Pixels that words may reach over an edge: a run is as high as its font's tallest letters, which few texts have.
const SLACK: f32 = 4.0;

/// The part of the canvas that a run covers: left, top, right, bottom.
fn on_canvas(laid: &LaidBox, run: &MeasuredTextRun) -> [f32; 4] {
    let offset = laid.layout.content_box_offset();
    let [a, b, c, d, e, f] = laid.transform;
    let (x, y) = (run.x + offset.x, run.y + offset.y);
    // The height of a run is its font's; letters take the middle of it.
    let (y, high) = (y + run.height * 0.25, run.height * 0.5);
    let corners = [(x, y), (x + run.width, y), (x, y + high), (x + run.width, y + high)];
    let points = corners.map(|(x, y)| (a * x + c * y + e, b * x + d * y + f));
    let fold =
        |pick: fn(&(f32, f32)) -> f32, best: fn(f32, f32) -> f32| points.iter().map(pick).reduce(best).unwrap_or(0.0);
    [fold(|p| p.0, f32::min), fold(|p| p.1, f32::min), fold(|p| p.0, f32::max), fold(|p| p.1, f32::max)]
}

/// Refuses families that CSS names and nobody has.
fn families(
    stage: &Stage,
    root: &RenderNode,
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Result<(), Vec<Problem>> {
    let mut named = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        let mut list = String::new();
        // Writing to a String cannot fail.
        let _ = node.context.style.inherited_data.font_family.to_css(&mut list);
        named.insert(list);
        waiting.extend(node.children.iter().flatten());
    }
    let mut problems = Vec::new();
    let unknown: BTreeSet<String> =
        named.iter().flat_map(|list| split_families(list)).filter(|name| !is_known(stage, name)).collect();
    for name in unknown {
        let place = places.in_css(&name, supply).unwrap_or_else(|| places.text(&name, supply));
        let problem = Problem::error("unknown-font", format!("there is no font `{name}`")).at(place);
        let families = stage.book.families.join(", ");
        problems
            .push(problem.hint(format!(
                "there are {families}; add its file to `fonts` in [brand]. System fonts are never used"
            )));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn is_known(stage: &Stage, name: &str) -> bool {
    GENERIC.iter().any(|generic| generic.eq_ignore_ascii_case(name))
        || is_built_in(name)
        || stage.book.families.iter().any(|family| family.eq_ignore_ascii_case(name))
}

/// The names in a serialised `font-family`.
fn split_families(list: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for character in list.chars() {
        match character {
            _ if escaped => {
                name.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(std::mem::take(&mut name).trim().to_string()),
            character => name.push(character),
        }
    }
    names.push(name.trim().to_string());
    names.retain(|name| !name.is_empty());
    names
}
