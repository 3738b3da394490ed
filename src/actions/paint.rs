//! Lays out a [`Document`] and paints it: every picture is asked for at exactly the pixels that it will cover.
//!
//! takumi does the layout and the painting. What is added here: pictures are cut to their boxes by the caller (who knows about
//! orientation and colour), texts marked with `data-fit` get the largest size that fits, fonts come from the brand and from
//! the binary and never from the system, and whatever a browser would silently leave out is a problem with its place.
//!
//! One thread paints one document; nothing but the arguments decides the bytes.
//!
//! Attributes that templates can use:
//! - `data-fit="24-160"`: the text takes the largest whole font size in that range (px, or `3u-14u` in hundredths of the shorter
//!   side) at which it stays inside its box; give the box a height, a `max-height` or a flexible share. `data-lines="2"` caps the lines.
//!   Where several texts share the room, earlier ones are served first. A text that does not fit at the smallest size is an error.
//! - `data-loose`: this element's words may leave the canvas or the safe zone without a warning.

mod checks;
mod css;
mod fit;
mod fonts;
mod page;
mod pictures;
mod places;
mod tree;

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compose::Document;
use crate::campaign::{Problem, RelPath};
use places::Places;

/// Finished pixels: upright, sRGB, 4 bytes a pixel (red, green, blue, alpha not multiplied in), row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgba {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

/// A picture as a template names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PictureSource {
    /// `photo:NAME`: a developed photo of the post.
    Photo(String),
    /// A file of the campaign.
    File(RelPath),
}

/// A picture as it is needed: a part of it, at a size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureWant {
    pub source: PictureSource,
    /// The part that shows (left, top, width, height), in fractions of the upright picture.
    pub region: [f64; 4],
    /// Pixels that the part is to have.
    pub width: u32,
    pub height: u32,
}

/// Where a document's pictures and files come from.
pub trait Supply {
    /// The upright size of a picture in pixels, without decoding it if that can be helped. `None` where there is no such picture.
    ///
    /// # Errors
    /// A problem that says why it cannot be read; one without a place gets the template's.
    fn size(&mut self, source: &PictureSource) -> Result<Option<(u32, u32)>, Problem>;

    /// The point of a picture that stays in view where a box shows only a part of it and the template says nothing else, as fractions from
    /// its top left corner.
    fn focus(&mut self, _source: &PictureSource) -> [f32; 2] {
        [0.5, 0.5]
    }

    /// The part of a picture at exactly the size asked for.
    ///
    /// # Errors
    /// As for [`Supply::size`].
    fn cut(&mut self, want: &PictureWant) -> Result<Rgba, Problem>;

    /// The names that `photo:` can be followed by, for a hint.
    fn photos(&self) -> Vec<String>;

    /// The bytes of a file of the campaign: drawings in SVG, and templates where a problem has to quote them.
    fn file(&mut self, path: &str) -> io::Result<Option<Arc<Vec<u8>>>>;
}

/// A font of the brand: TrueType, OpenType or WOFF2.
#[derive(Debug, Clone)]
pub struct BrandFont {
    /// The file's path, for messages.
    pub path: String,
    pub bytes: Arc<Vec<u8>>,
}

/// A painted document.
#[derive(Debug, Clone)]
pub struct Painted {
    pub picture: Rgba,
    pub warnings: Vec<Problem>,
}

/// A document whose sizes are settled: what a browser would need to show the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The page, its pictures under the names that the template gives them.
    pub html: String,
    pub css: String,
}

/// Paints a document. `fonts` are the brand's; the first one's family is the page's default.
///
/// # Errors
/// Everything that was found wrong, each with its place in the template where there is one.
pub fn paint(document: &Document, fonts: &[BrandFont], supply: &mut dyn Supply) -> Result<Painted, Vec<Problem>> {
    let mut places = Places::new(document);
    let stage = Stage::set(document, fonts, supply, &mut places)?;
    let sizes = fit::settle(&stage, supply, &mut places)?;
    let mut scene = stage.scene(&sizes)?;
    let mut warnings = css::unknown_properties(&document.css, supply, &mut places);
    warnings.extend(checks::check(&stage, &mut scene, supply, &mut places)?);
    let picture = pictures::paint(&stage, scene, &sizes, supply, &mut places)?;
    Ok(Painted { picture, warnings })
}

/// The page of a document with its font sizes found, without painting it.
///
/// # Errors
/// As for [`paint`].
pub fn settle(document: &Document, fonts: &[BrandFont], supply: &mut dyn Supply) -> Result<Settled, Vec<Problem>> {
    let mut places = Places::new(document);
    let stage = Stage::set(document, fonts, supply, &mut places)?;
    let sizes = fit::settle(&stage, supply, &mut places)?;
    Ok(Settled { html: stage.page.html(&sizes, true), css: stage.css })
}

use tree::Stage;
