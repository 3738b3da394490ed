//! The words of a label in a take: which of them it shows otherwise.
//!
//! Each line is looked for where the fit says that the take shows it. What counts is not which letters are read there, as reading
//! errs, but how far the take bears out those that the photo has; and only where the photo itself, made as coarse as the take and
//! coarser, could still be read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Fit;
use super::label::{LONGEST, Label, Line, on_grey};
use super::view::{Cutout, ROOM, Takes, View};
use crate::imaging::Picture;
use crate::imaging::reading::{Fault, Reader, Script};

/// A take denies a word if it bears out one of its letters less than this …
const DENIED: f32 = 0.5;

/// … while the photo bears out all of them at least this much …
const LEGIBLE: f32 = 0.9;

/// … with this share of the take's resolution. Of 160 honest takes at random (soft, uneven, noisy, half the size, JPEG from 50 on), 20
/// had a word denied at 0.6, 9 at 0.5, and at 0.4 one, whose product was not found where it is. Of 45 altered ones, 44 were told at each.
const RESERVE: f64 = 0.4;

/// What came of a label's words in a take.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// How many were looked for.
    pub sure: usize,
    pub changed: Vec<Misprint>,
}

/// A line that a take shows otherwise than the label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misprint {
    pub label: String,
    /// Empty where nothing can be read.
    pub take: String,
}

impl fmt::Display for Misprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.take.trim() {
            "" => write!(f, "the label says “{}”, which cannot be read in the take", self.label),
            take => write!(f, "the label says “{}”, the take says “{take}”", self.label),
        }
    }
}

/// Looks for a product's words in a take that shows it as `fit` says.
///
/// # Errors
/// Those of [`Reader`]; [`Fault::Picture`].
pub fn compare_words(
    product: &Picture,
    take: &Picture,
    fit: Fit,
    label: &Label,
    reader: &Reader,
) -> Result<Words, Fault> {
    let mut words = Words { sure: label.lines.iter().map(|line| line.sure.len()).sum(), changed: Vec::new() };
    if words.sure == 0 {
        return Ok(words);
    }
    let (cutout, takes) = (Cutout::new(product)?, Takes::new(take)?);
    let seen = Page::of_take(&cutout, &takes, fit)?;
    let longest = LONGEST.min(cutout.longest() * fit.scale.min(1.0));
    let coarse = Page::of_product(&cutout, (RESERVE * longest).max(16.0))?;
    for line in &label.lines {
        let script = seen.script(line, reader)?;
        let denied = |least: &f32| *least < DENIED;
        let borne = least(&script, line);
        if !borne.iter().any(denied) {
            continue;
        }
        let legible = least(&coarse.script(line, reader)?, line);
        if borne.iter().zip(&legible).any(|(borne, legible)| denied(borne) && *legible >= LEGIBLE) {
            words.changed.push(Misprint { label: line.text.clone(), take: script.text() });
        }
    }
    Ok(words)
}

/// A product as it is read.
struct Page {
    picture: Picture,
    origin: [f64; 2],
    scale: f64,
}

impl Page {
    fn of_product(cutout: &Cutout, longest: f64) -> Result<Page, Fault> {
        let view = View::new(cutout, longest, ROOM)?;
        let picture = on_grey(&view.colours.0, &view.alpha)?;
        Ok(Page { picture, origin: view.origin, scale: view.scale })
    }

    /// What a take shows of it, in the source's geometry.
    fn of_take(cutout: &Cutout, takes: &Takes, fit: Fit) -> Result<Page, Fault> {
        let view = View::new(cutout, LONGEST, ROOM)?;
        let shot = takes.of(&view, fit)?;
        let places = view.places(fit, &shot, |_, point| point);
        let seen = [0, 1, 2].map(|channel| view.seen(&shot.colours.0[channel], &places));
        let picture = on_grey(&seen, &view.alpha.times(&view.shown(fit, takes.size())))?;
        Ok(Page { picture, origin: view.origin, scale: view.scale })
    }

    fn script<'a>(&self, line: &Line, reader: &'a Reader) -> Result<Script<'a>, Fault> {
        reader.script(&self.picture, &line.place.seen(self.origin, self.scale))
    }
}

/// For each sure word of a line, how far its least probable letter is borne out.
fn least(script: &Script<'_>, line: &Line) -> Vec<f32> {
    let borne = script.bears_out(&line.text);
    line.sure.iter().map(|word| borne[word.clone()].iter().copied().fold(1.0, f32::min)).collect()
}
