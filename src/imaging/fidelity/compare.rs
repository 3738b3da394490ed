//! The comparison itself: one score, what it is made of, and where to look.

use serde::{Deserialize, Serialize};

use super::Fit;
use super::places;
use super::refine::register;
use super::strayed::Strayed;
use super::view::{Cutout, Takes};
use crate::imaging::{Error, Picture, Region};

/// Under this certainty of the fit, nothing can be vouched for in full.
const SURE: f32 = 0.4;

/// How far a take strayed from the product. All scores go from 0 (something else) to 1 (the same); honest takes reach 0.9.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The least of structure, colour and detail, as a product is no more faithful than its worst side: a perfect bottle with a wrong
    /// word on it is a wrong bottle. Lower still where the product was hardly found.
    pub score: f32,
    /// Large parts: their shape and where they are. What the worst fiftieth of the product shows at a quarter of the size.
    pub structure: f32,
    /// Hue and chroma of the parts, apart from one change of light for all. What the worst two-hundredth of the product shows.
    pub colour: f32,
    /// Letters, lines and edges, and whether they are sharp. What the worst two-thousandth of the product shows: about one letter.
    pub detail: f32,
    pub fit: Fit,
    /// Parts of the *take* to look at, as fractions of it, the worst first; at most five.
    pub worst: Vec<Strayal>,
}

/// A part of a take that is not as the product is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Strayal {
    pub region: Region,
    /// What the part scores at its worst.
    pub score: f32,
}

/// Finds the product (a cutout: its alpha is its mask) in a take of any size, and compares what the take shows with it.
///
/// # Errors
/// [`Error::NoProduct`] where the cutout shows nothing; [`Error::NotDecoded`] where a profile that travelled with a picture is broken.
pub fn compare(product: &Picture, take: &Picture) -> Result<Comparison, Error> {
    let (cutout, takes) = (Cutout::new(product)?, Takes::new(take)?);
    let fit = register(&cutout, &takes)?;
    let strayed = Strayed::new(&cutout, &takes, fit)?;
    let [structure, colour, detail] = strayed.losses().map(|loss| 1.0 - loss);
    let vouched = (fit.certainty / SURE).clamp(0.0, 1.0);
    let score = structure.min(colour).min(detail) * vouched;
    Ok(Comparison { score, structure, colour, detail, fit, worst: places::worst(&strayed, fit, takes.size()) })
}
