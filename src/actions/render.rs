//! Render: a composed page is laid out and painted with its photos, and written as the file that the network takes.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::compose::{ComposeInput, Document, compose};
use super::developed::Developed;
use super::encode::File;
use super::paint::{BrandFont, PictureSource, PictureWant, Rgba, Supply, paint};
use super::{Failed, internal, kept, passing};
use crate::campaign::Problem;
use crate::engine::{EngineError, Output, Work};
use crate::imaging::scene::Report;
use crate::imaging::{self, Limits, Picture, Region};

/// Raised when the same page would be painted otherwise. The version of takumi counts: it decides every pixel.
pub const VERSION: u32 = 4;
/// Raised when the same template and data would give another page.
pub const COMPOSE_VERSION: u32 = 1;

/// Fills in a template. Its one input is the template file; what that needs is found on the way.
pub(super) fn run_compose(input: &ComposeInput, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
    let mut find = |path: &str| work.find(path).map_err(as_io);
    let document = compose(input, &mut find).map_err(Failed)?;
    // Plain data in plain structures: there is always a JSON form.
    Ok(passing(serde_json::to_vec(&document).unwrap_or_default(), Vec::new()))
}

/// Paints a composed page. Its inputs are the page, then the developed photos in the order of `photos`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Render {
    /// What the template calls them.
    pub photos: Vec<String>,
    /// The brand's font files.
    pub fonts: Vec<String>,
    pub file: File,
}

impl Render {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let (page, photos) = work.inputs().split_first().ok_or_else(|| internal("a page to paint is missing"))?;
        let document: Document = serde_json::from_slice(page).map_err(|error| internal(&error.to_string()))?;
        let _memory = work.reserve(super::canvas_bytes(document.width, document.height));
        let fonts = self.fonts.iter().map(|path| font(work, path)).collect::<Result<Vec<_>, _>>()?;
        let mut pictures = Vec::with_capacity(photos.len());
        for (name, bytes) in self.photos.iter().zip(photos) {
            let picture = Developed::from_bytes(bytes.clone()).map_err(|error| internal(&error.to_string()))?;
            pictures.push((name.as_str(), picture));
        }
        let mut supply = Shelf { work, photos: pictures, files: Vec::new(), shown: Vec::new() };
        let painted = paint(&document, &fonts, &mut supply).map_err(Failed)?;
        let Rgba { width, height, pixels } = painted.picture;
        let picture = Picture::from_pixels(pixels, width, height, 4).map_err(|error| internal(&error.to_string()))?;
        let shown = supply.shown.iter().flat_map(|scene| self.file.small_or_soft([width, height], &scene.products));
        let products: Vec<String> = supply.shown.iter().flat_map(Shown::lines).collect();
        Ok(kept(self.file.write(&picture, true, products)?, painted.warnings.into_iter().chain(shown).collect()))
    }
}

fn font(work: &Work<'_>, path: &str) -> Result<BrandFont, Failed> {
    match work.find(path)? {
        Some(bytes) => Ok(BrandFont { path: path.to_owned(), bytes }),
        None => Err(EngineError::Missing { path: path.to_owned() }.into()),
    }
}

/// Pictures for the painter: the post's photos, and files that the template names.
struct Shelf<'a, 'w> {
    work: &'a Work<'w>,
    photos: Vec<(&'a str, Developed)>,
    /// Pictures of the campaign that were decoded for this page.
    files: Vec<(String, Developed)>,
    shown: Vec<Shown>,
}

/// A scene that was painted for the page, at its size there.
#[derive(PartialEq)]
struct Shown {
    width: u32,
    height: u32,
    /// What became of its products.
    products: Vec<Report>,
}

impl Shown {
    /// What the file says of the products. Of what the page lays over them, or does to the picture as a whole, nothing is known.
    fn lines(&self) -> impl Iterator<Item = String> {
        let (width, height) = (self.width, self.height);
        self.products.iter().map(move |report| format!("{report}, in the page's picture of {width}×{height}"))
    }
}

impl Shelf<'_, '_> {
    /// The picture, or `None` where there is none of that name.
    fn picture(&mut self, source: &PictureSource) -> Result<Option<Developed>, Problem> {
        match source {
            PictureSource::Photo(name) => {
                Ok(self.photos.iter().find(|(known, _)| known == name).map(|(_, picture)| picture.clone()))
            }
            PictureSource::File(path) => {
                if let Some((_, picture)) = self.files.iter().find(|(known, _)| known == path.as_str()) {
                    return Ok(Some(picture.clone()));
                }
                let read =
                    self.work.find(path.as_str()).map_err(|error| Problem::error("unreadable", error.to_string()))?;
                let Some(bytes) = read else { return Ok(None) };
                let picture =
                    imaging::decode(&bytes, 0, &Limits::default()).map_err(|error| problem(&error, path.as_str()))?;
                let picture = Developed::Picture(picture);
                self.files.push((path.to_string(), picture.clone()));
                Ok(Some(picture))
            }
        }
    }
}

impl Supply for Shelf<'_, '_> {
    fn size(&mut self, source: &PictureSource) -> Result<Option<(u32, u32)>, Problem> {
        Ok(self.picture(source)?.map(|picture| picture.size()))
    }

    fn focus(&mut self, source: &PictureSource) -> [f32; 2] {
        self.picture(source).ok().flatten().map_or([0.5, 0.5], |picture| picture.focus())
    }

    fn cut(&mut self, want: &PictureWant) -> Result<Rgba, Problem> {
        let name = format!("{:?}", want.source);
        let picture = self.picture(&want.source)?.ok_or_else(|| Problem::error("unknown-picture", name.clone()))?;
        let [left, top, width, height] = want.region;
        let region = Region { left, top, width, height };
        let painted = picture.cut(region, want.width, want.height).map_err(|error| problem(&error, &name))?;
        let shown = Shown { width: want.width, height: want.height, products: painted.products };
        // A template may show a picture more than once.
        if !self.shown.contains(&shown) {
            self.shown.push(shown);
        }
        let cut = painted.picture;
        let pixels = match cut.channels() {
            4 => cut.into_pixels(),
            _ => with_alpha(cut.pixels()),
        };
        Ok(Rgba { width: want.width, height: want.height, pixels })
    }

    fn photos(&self) -> Vec<String> {
        self.photos.iter().map(|(name, _)| (*name).to_owned()).collect()
    }

    fn file(&mut self, path: &str) -> io::Result<Option<Arc<Vec<u8>>>> {
        self.work.find(path).map_err(as_io)
    }
}

/// RGB as RGBA that hides nothing.
fn with_alpha(pixels: &[u8]) -> Vec<u8> {
    let mut opaque = vec![255; pixels.len() / 3 * 4];
    opaque.chunks_exact_mut(4).zip(pixels.chunks_exact(3)).for_each(|(to, rgb)| to[..3].copy_from_slice(rgb));
    opaque
}

fn problem(error: &imaging::Error, name: &str) -> Problem {
    let problem = Problem::error("picture", format!("{name}: {error}"));
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

fn as_io(error: EngineError) -> io::Error {
    match error {
        EngineError::Read { error, .. } => error,
        other => io::Error::other(other.to_string()),
    }
}
