//! Shows the takes of photos: as lines, as small pictures where the terminal can, and all of them side by side on one page.

use std::path::Path;

use serde_json::json;

use super::shelf::{Choice, Entry};
use crate::actions::fidelity::Measured;
use crate::campaign::Problem;
use crate::cli::place::cannot_keep;
use crate::cli::show::say;
use crate::cli::{Common, MessageFormat};
use crate::engine::{DERIVED, Engine};
use crate::imaging::{self, Encoding, FileType, Limits, Picture, Region};
use crate::report::inline::Inline;
use crate::report::takes::{self, Shown};
use crate::report::words::count;

/// The longer side of the pictures on the page and on the terminal, in pixels.
const ON_PAGE: u32 = 900;
const ON_TERMINAL: u32 = 480;

/// A line for each photo.
pub fn all(common: &Common, choices: &[Choice]) {
    for choice in choices {
        if common.message_format == MessageFormat::Json {
            choice.takes.iter().enumerate().for_each(|(at, take)| say(&event(choice, choice.first + at, take)));
            continue;
        }
        // Nothing to choose from.
        if choice.takes.len() == 1 && choice.takes.iter().all(|take| take.is_used) {
            continue;
        }
        let there = choice.takes.iter().filter(|take| take.file.is_some()).count();
        let used = choice.takes.iter().find(|take| take.is_used).map(|take| take.name.as_str());
        let state = match (used, choice.is_open, there) {
            (_, _, 0) => "no take is there yet".to_owned(),
            (Some(used), true, _) => {
                format!("{}, nobody picked; {used} goes on until then", count(there, "take", "takes"))
            }
            (None, true, _) => format!("{}, waits for a pick", count(there, "take", "takes")),
            (Some(used), false, _) => format!("{}, {used} is picked", count(there, "take", "takes")),
            (None, false, _) => format!("{}, and the picked one cannot be used", count(there, "take", "takes")),
        };
        say(&format!("{}  {state}", choice.photo));
    }
}

/// All takes of a photo, each with its number.
pub fn one(common: &Common, engine: &Engine, folder: &Path, choices: &[&Choice]) {
    let inline = Inline::of_terminal();
    for choice in choices {
        for (at, take) in choice.takes.iter().enumerate() {
            let number = choice.first + at;
            if common.message_format == MessageFormat::Json {
                say(&event(choice, number, take));
                continue;
            }
            let mark = if take.is_used { "*" } else { " " };
            let what = match (&take.file, &take.missing) {
                (Some(file), _) => format!("{file}{}", facts(take)),
                (None, Some(why)) => format!("{} is not there: {why}", take.name),
                (None, None) => format!("{} is not there yet", take.name),
            };
            say(&format!("{mark}{number:>3}  {what}"));
            for misprint in take.measured.iter().flat_map(Measured::misprints) {
                say(&format!("      {misprint}"));
            }
            if let (Some(inline), Some(file)) = (inline, &take.file)
                && let Ok(small) = small(engine, file, ON_TERMINAL, FileType::Png)
            {
                say(&inline.picture(&small));
            }
        }
    }
    if common.message_format != MessageFormat::Json {
        let photo = choices.first().map_or("", |choice| choice.photo.as_str());
        say(&format!("* goes on. Pick another one: softbox pick {photo} NUMBER --why \"…\""));
        if inline.is_none()
            && let Ok(Some(page)) =
                page(engine, folder, photo, &choices.iter().map(|choice| (*choice).clone()).collect::<Vec<_>>())
        {
            say(&format!("open {page} to see them side by side"));
        }
    }
}

/// `  nano-banana, $0.0504, 97 % like the product`
fn facts(take: &Entry) -> String {
    let cost = price(take);
    let like =
        take.measured.as_ref().map(|measured| format!(", {:.0} % like the product", measured.comparison.score * 100.0));
    format!("  ({}, {cost}{})", take.model, like.unwrap_or_default())
}

fn price(take: &Entry) -> String {
    match take.cost {
        Some(cost) if cost.micros == 0 => "free".to_owned(),
        Some(cost) => cost.to_string(),
        None => "unknown cost".to_owned(),
    }
}

fn event(choice: &Choice, number: usize, take: &Entry) -> String {
    json!({
        "event": "choice",
        "photo": choice.photo,
        "number": number,
        "name": take.name,
        "model": take.model,
        "file": take.file,
        "cost": take.cost,
        "fidelity": take.measured.as_ref().map(|measured| measured.comparison.score),
        "words": take.measured.as_ref().and_then(|measured| Some(&measured.words.as_ref()?.changed)),
        "used": take.is_used,
        "missing": take.missing,
    })
    .to_string()
}

/// Writes the page with all takes side by side and tells where it is; `None` where there is none to show.
pub fn page(engine: &Engine, folder: &Path, title: &str, choices: &[Choice]) -> Result<Option<String>, Problem> {
    let mut shown = Vec::new();
    for choice in choices {
        for (at, take) in choice.takes.iter().enumerate() {
            let Some(file) = &take.file else { continue };
            shown.push(Shown {
                photo: choice.photo.clone(),
                step: choice.step,
                number: choice.first + at,
                model: take.model.clone(),
                file: file.clone(),
                cost: price(take),
                score: take.measured.as_ref().map(|measured| measured.comparison.score),
                misprints: take.measured.iter().flat_map(Measured::misprints).map(ToString::to_string).collect(),
                heatmap: take.measured.as_ref().map(|measured| measured.heatmap.clone()),
                is_used: take.is_used,
                is_open: choice.is_open,
                picture: small(engine, file, ON_PAGE, FileType::Jpeg)?,
            });
        }
    }
    if shown.is_empty() {
        return Ok(None);
    }
    let path = format!("{DERIVED}/takes.html");
    std::fs::write(folder.join(&path), takes::page(title, &shown)).map_err(|error| cannot_keep(folder, &error))?;
    Ok(Some(path))
}

/// Where the page is.
pub fn where_to_look(common: &Common, page: Option<&str>) {
    if let (Some(page), true) = (page, common.message_format != MessageFormat::Json) {
        say(&format!("open {page} to see all takes side by side; `softbox pick PHOTO` lists those of one photo"));
    }
}

/// A take's picture, made small.
fn small(engine: &Engine, file: &str, side: u32, file_type: FileType) -> Result<Vec<u8>, Problem> {
    let failed = |error: &dyn std::fmt::Display| {
        Problem::error("photo", error.to_string()).at(crate::campaign::Place::file(file))
    };
    let read = engine.files().read(file).map_err(|error| failed(&error))?;
    let (bytes, _) = read.ok_or_else(|| failed(&"it is gone"))?;
    let picture = imaging::decode(&bytes, side, &Limits::default()).map_err(|error| failed(&error))?;
    let (width, height) = picture.full_size();
    let scale = (f64::from(side) / f64::from(width.max(height))).min(1.0);
    let length = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let small: Picture =
        imaging::cut(&picture, Region::WHOLE, length(width), length(height)).map_err(|error| failed(&error))?;
    let encoding = Encoding::plain(file_type, 85);
    imaging::encode(&small, &encoding).map(|encoded| encoded.bytes).map_err(|error| failed(&error))
}
