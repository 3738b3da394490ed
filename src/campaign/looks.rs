//! Looks: the shape of their steps was checked with the manifest's; here colours get their values and plates are found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::at::At;
use super::files::{Entry, Tables};
use super::load::Loader;
use super::manifest::LookTable;
use super::names::{did_you_mean, list};
use super::{Backdrop, Brand, Look, Problem, Step, color};

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables, brand: &Brand) -> BTreeMap<String, Arc<Look>> {
    let mut looks = BTreeMap::new();
    for (id, entry) in &manifest.looks {
        match load_one(loader, entry, brand) {
            Some(look) => {
                looks.insert(id.clone(), Arc::new(look));
            }
            None => loader.break_entry("look", id),
        }
    }
    looks
}

/// The look, or `None` if a mistake in it was told.
fn load_one(loader: &mut Loader<'_>, entry: &Entry<LookTable>, brand: &Brand) -> Option<Look> {
    let mut steps = Vec::new();
    let mut is_sound = true;
    let last = entry.value.steps.len().saturating_sub(1);
    for (number, step) in entry.value.steps.iter().enumerate() {
        let mut own = step.value.clone();
        if let Some((code, message, hint)) = misplaced(&entry.value.steps[..number], &own) {
            loader.report(Problem::error(code, message).at(entry.at(step.span.clone())).hint(hint));
            is_sound = false;
        }
        if let Step::Backdrop(backdrop) = &mut own {
            is_sound &= check(loader, entry, step, backdrop, brand);
            if number < last {
                let problem = Problem::error(
                    "after-backdrop",
                    "a step follows the backdrop, which is painted anew for every size",
                );
                let at = entry.at(entry.value.steps[number + 1].span.clone());
                loader.report(problem.at(at).hint("move that step before the backdrop"));
                is_sound = false;
            }
        }
        steps.push(own);
    }
    is_sound.then_some(Look { steps })
}

/// What is wrong with the place of a step behind others: code, message and remedy.
fn misplaced(before: &[At<Step>], step: &Step) -> Option<(&'static str, &'static str, &'static str)> {
    if *step != Step::Cutout {
        return None;
    }
    let has = |wanted: fn(&Step) -> bool| before.iter().any(|step| wanted(&step.value));
    if has(|step| matches!(step, Step::Crop(_))) {
        let hint = "move \"cutout\" before the crop; places in [cutout] tables are those of the whole photo";
        Some(("cutout-after-crop", "the product is isolated after a crop", hint))
    } else if has(|step| *step == Step::Cutout) {
        Some(("two-cutouts", "the product is isolated twice", "keep one \"cutout\""))
    } else {
        None
    }
}

/// Replaces colours by their values and a plate's path by the file's own; false if a mistake was told.
fn check(
    loader: &mut Loader<'_>,
    entry: &Entry<LookTable>,
    step: &At<Step>,
    backdrop: &mut Backdrop,
    brand: &Brand,
) -> bool {
    let place = entry.at(step.span.clone());
    let mut wrong = Vec::new();
    let kinds = backdrop.kinds();
    if let [first, second, ..] = kinds.as_slice() {
        let problem = Problem::error("two-backdrops", format!("a backdrop has `{first}` and `{second}`"));
        wrong.push(problem.hint("keep one of them"));
    }
    if kinds.is_empty() && backdrop.gloss > 0.0 {
        let problem = Problem::error("no-floor", "a backdrop that shows nothing cannot mirror the product");
        wrong.push(problem.hint("take `gloss` out, or give the backdrop a `color` or a `sweep`"));
    }
    if backdrop.focus.is_some() && backdrop.plate.is_none() {
        let problem = Problem::error("no-plate", "a backdrop has `focus`, which is a point of a plate, and no `plate`");
        wrong.push(problem.hint("to move the product, use `anchor`"));
    }
    if backdrop.angle.is_some() && backdrop.gradient.is_none() {
        let problem =
            Problem::error("no-gradient", "a backdrop has `angle`, which is that of a gradient, and no `gradient`");
        wrong.push(problem.hint("write it like `gradient = [\"#fad6a5\", \"#d6788c\"]`"));
    }
    for name in backdrop.colors() {
        match color::parse(brand.colors.get(name).unwrap_or(name)) {
            Some([r, g, b, 255]) => *name = format!("#{r:02x}{g:02x}{b:02x}"),
            Some(_) => {
                let problem =
                    Problem::error("bad-color", format!("the colour `{name}` of a backdrop lets light through"));
                wrong.push(problem.hint("write \"none\" for a transparent backdrop, or a colour without alpha"));
            }
            None => wrong.push(unknown_color(name, brand)),
        }
    }
    let told = !wrong.is_empty();
    wrong.into_iter().for_each(|problem| loader.report(problem.at(place.clone())));
    let Some(plate) = &mut backdrop.plate else { return !told };
    match loader.file(&entry.source, &At { value: plate.clone(), span: step.span.clone() }, "plate") {
        Some(path) => *plate = path.to_string(),
        None => return false,
    }
    !told
}

fn unknown_color(name: &str, brand: &Brand) -> Problem {
    let problem = Problem::error("bad-color", format!("`{name}` is neither a CSS colour nor a colour of the brand"));
    let known = brand.colors.keys().map(String::as_str);
    problem.hint(match did_you_mean(name, known.clone().chain(["white", "none"])) {
        Some(near) => format!("did you mean `{near}`?"),
        None if brand.colors.is_empty() => "write it like \"#f25c05\" or \"white\"".to_owned(),
        None => format!("write it like \"#f25c05\"; the brand has {}", list(known, 12)),
    })
}
