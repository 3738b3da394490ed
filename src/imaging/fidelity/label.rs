//! The words on a label: what the photo of a product says without doubt.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::plane::Plane;
use super::view::{Cutout, ROOM, View};
use crate::imaging::reading::{Character, Fault, Finder, Quad, Reader};
use crate::imaging::{Error, Picture};

/// At most so many pixels on the product's longer side are read.
pub const LONGEST: f64 = 1600.0;

/// A word is sure if each of its letters and digits is, to this degree.
const SURE: f32 = 0.8;

/// What the photo of a product says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// From the top down; only lines of which something is sure.
    pub lines: Vec<Line>,
}

/// A line of a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// In pixels of the source.
    pub place: Quad,
    pub text: String,
    /// Its words that were read without doubt, as ranges of the text's characters.
    pub sure: Vec<Range<usize>>,
}

/// Reads what a product says (a cutout: its alpha is its mask).
///
/// # Errors
/// Those of [`Finder`] and [`Reader`]; [`Fault::Picture`] where the cutout shows nothing.
pub fn read_label(product: &Picture, finder: &Finder, reader: &Reader) -> Result<Label, Fault> {
    let view = View::new(&Cutout::new(product)?, LONGEST, ROOM)?;
    let picture = on_grey(&view.colours.0, &view.alpha)?;
    let mut lines = Vec::new();
    for place in finder.lines(&picture)? {
        let (place, read) = read_line(&picture, place, reader)?;
        let sure = sure(&read);
        if !sure.is_empty() {
            let text = read.iter().map(|character| character.own).collect();
            lines.push(Line { place: place.source(view.origin, view.scale), text, sure });
        }
    }
    Ok(Label { lines })
}

/// What is opaque, on grey.
pub fn on_grey(colours: &[Plane; 3], alpha: &Plane) -> Result<Picture, Error> {
    let value = |(alpha, own): (&f32, f32)| ((0.5 + (own - 0.5) * alpha) * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
    let pixel = |(at, alpha)| [0, 1, 2].map(|channel: usize| value((alpha, colours[channel].values[at])));
    let pixels = alpha.values.iter().enumerate().flat_map(pixel).collect();
    Picture::from_pixels(pixels, alpha.width as u32, alpha.height() as u32, 3)
}

/// What a line says. One that runs up or down is read both ways, and the surer reading counts.
fn read_line(picture: &Picture, place: Quad, reader: &Reader) -> Result<(Quad, Vec<Character>), Fault> {
    let read = reader.script(picture, &place)?.characters();
    if !place.is_upright() {
        return Ok((place, read));
    }
    let other = reader.script(picture, &place.reversed())?.characters();
    let mean = |read: &[Character]| read.iter().map(|own| own.sure).sum::<f32>() / read.len().max(1) as f32;
    Ok(if mean(&other) > mean(&read) { (place.reversed(), other) } else { (place, read) })
}

/// The words that were read without doubt.
fn sure(read: &[Character]) -> Vec<Range<usize>> {
    let is_sure = |word: &Range<usize>| {
        let letters = || read[word.clone()].iter().filter(|character| character.own.is_alphanumeric());
        letters().count() > 0 && letters().all(|character| character.sure >= SURE)
    };
    let ends: Vec<usize> = (0..read.len()).filter(|at| read[*at].own.is_whitespace()).chain([read.len()]).collect();
    let starts = [0].into_iter().chain(ends.iter().map(|end| end + 1));
    starts.zip(ends.iter().copied()).map(|(from, to)| from..to).filter(is_sure).collect()
}

#[cfg(test)]
mod tests {
    use super::{Character, sure};

    #[test]
    fn a_word_is_sure_if_all_its_letters_are_whatever_its_stops() {
        let read = |text: &str, doubts: &[usize]| -> Vec<Character> {
            let doubt = |at| if doubts.contains(&at) { 0.5 } else { 0.95 };
            text.chars().enumerate().map(|(at, own)| Character { own, sure: doubt(at) }).collect()
        };
        assert_eq!(sure(&read("olive oil, 5 g", &[])), [0..5, 6..10, 11..12, 13..14]);
        assert_eq!(sure(&read("olive oil, 5 g", &[2, 9])), [6..10, 11..12, 13..14]);
        assert!(sure(&read(" — ", &[])).is_empty() && sure(&[]).is_empty());
    }
}
