//! Looks: the shape of their steps was checked with the manifest's; here colours get their values and plates are found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::at::At;
use super::files::{Entry, Tables};
use super::load::Loader;
use super::manifest::LookTable;
use super::names::{did_you_mean, list};
use super::reach::{self, Reach, Wanted};
use super::reading;
use super::{Backdrop, Brand, Campaign, Direction, Look, Problem, Step, color};

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables, campaign: &Campaign) -> BTreeMap<String, Arc<Look>> {
    let mut looks = BTreeMap::new();
    let is_directed = |entry: &Entry<LookTable>| entry.value.steps.iter().any(|step| step.value.direction().is_some());
    let models = match manifest.looks.values().any(is_directed) {
        true => reach::all(&campaign.models).unwrap_or_default(),
        false => BTreeMap::new(),
    };
    for (id, entry) in &manifest.looks {
        match load_one(loader, entry, &campaign.brand, &models) {
            Some(look) => {
                looks.insert(id.clone(), Arc::new(look));
            }
            None => loader.break_entry("look", id),
        }
    }
    looks
}

/// The look, or `None` if a mistake in it was told.
fn load_one(
    loader: &mut Loader<'_>,
    entry: &Entry<LookTable>,
    brand: &Brand,
    models: &BTreeMap<String, Reach>,
) -> Option<Look> {
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
        if let Step::Edit(direction) | Step::Scene(direction) = &mut own {
            let asked_before = steps.iter().rev().find_map(Step::direction);
            is_sound &= check_direction(loader, entry, step, direction, asked_before, models);
        }
        steps.push(own);
    }
    is_sound.then(|| Look { steps, place: Some(entry.place()) })
}

/// What is wrong with the place of a step behind others: code, message and remedy.
fn misplaced(before: &[At<Step>], step: &Step) -> Option<(&'static str, &'static str, &'static str)> {
    let has = |wanted: fn(&Step) -> bool| before.iter().any(|step| wanted(&step.value));
    let is_directed = || has(|step| step.direction().is_some());
    match step {
        Step::Scene(_) if is_directed() => {
            let hint = "put the scene first; notes on it are `edit = { note = \"…\" }`";
            return Some(("scene-after-edit", "a scene is painted around a product that models changed before", hint));
        }
        Step::Scene(_) if !has(|step| *step == Step::Cutout) => {
            let hint = "put \"cutout\" before it, or use `edit`, which changes the whole picture";
            return Some(("no-cutout", "a scene is painted around a product that was not isolated", hint));
        }
        Step::Cutout if is_directed() => {
            let hint = "move \"cutout\" before the step that models do";
            return Some(("cutout-after-edit", "the product is isolated after models changed the picture", hint));
        }
        Step::Backdrop(_) if is_directed() => {
            let hint = "take the backdrop out, and say in the prompt what is to be around the product";
            return Some(("backdrop-after-edit", "a picture by models is set on a backdrop", hint));
        }
        Step::Cutout => {}
        _ => return None,
    }
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

/// Finds the files that a direction names; false if a mistake was told.
fn check_direction(
    loader: &mut Loader<'_>,
    entry: &Entry<LookTable>,
    step: &At<Step>,
    direction: &mut Direction,
    before: Option<&Direction>,
    models: &BTreeMap<String, Reach>,
) -> bool {
    let place = entry.at(step.span.clone());
    let mut wrong = Vec::new();
    match (&direction.prompt, &direction.note) {
        (Some(_), Some(_)) => {
            let problem = Problem::error("two-prompts", "a step has a `prompt` and a `note`");
            wrong.push(
                problem.hint("a note is the next remark on what a step before it made: give it a step of its own"),
            );
        }
        (None, Some(_)) if before.is_none() || matches!(step.value, Step::Scene(_)) => {
            let problem =
                Problem::error("nothing-to-note", "a note remarks on a take, and no step before it makes one");
            wrong.push(problem.hint("write it as `prompt`, or put an `edit` or a `scene` before it"));
        }
        (None, None) => {
            let problem = Problem::error("missing-key", "nothing says what the models are to do");
            wrong
                .push(problem.hint("write a `prompt`: the words, or the path of a file such as \"prompts/marble.md\""));
        }
        _ if direction.words().trim().is_empty() => {
            wrong.push(Problem::error("empty-prompt", "the prompt is empty").hint("say what the models are to do"));
        }
        _ => {}
    }
    if let (Some(_), Some(before)) = (&direction.note, before) {
        // A note goes on as the step before it was done, but for one take.
        if direction.models.is_empty() {
            direction.models.clone_from(&before.models);
        }
        direction.size = direction.size.or(before.size);
        direction.fidelity = direction.fidelity.or(before.fidelity);
    }
    if direction.models.is_empty() {
        let problem = Problem::error("missing-key", "nothing says which models are asked");
        wrong.push(problem.hint("write `models = [\"nano-banana\"]`; `softbox models` lists them"));
    }
    let names: Vec<&str> = direction.models.iter().map(String::as_str).collect();
    match reach::check(loader, &names, Wanted::Pictures, models) {
        Some(problems) => wrong.extend(problems.into_iter().map(|(_, problem)| problem)),
        None => return false,
    }
    if direction.mask.is_some() && matches!(step.value, Step::Scene(_)) {
        let problem = Problem::error("mask-of-scene", "a scene has a mask of its own: that of the product");
        wrong.push(problem.hint("take `mask` out"));
    }
    let mut told = !wrong.is_empty() || (direction.fidelity.is_some() && reading::is_broken(loader));
    wrong.into_iter().for_each(|problem| loader.report(problem.at(place.clone())));
    let mut find = |path: &str, what: &str| {
        loader.file(&entry.source, &At { value: path.to_owned(), span: step.span.clone() }, what)
    };
    if let Some(path) = direction.prompt_file().map(str::to_owned) {
        match find(&path, "prompt") {
            Some(path) => direction.prompt = Some(path.to_string()),
            None => told = true,
        }
    }
    for path in direction.references.iter_mut().chain(&mut direction.mask) {
        match find(path, "picture") {
            Some(found) => *path = found.to_string(),
            None => told = true,
        }
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
