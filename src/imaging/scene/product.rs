//! A cutout as a scene takes it: trimmed to what is there, measured once, resampled for each frame.

use std::sync::Arc;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::shape::Shape;
use crate::imaging::cut::upright;
use crate::imaging::{Error, Picture};

/// Clear pixels kept around what is trimmed, so that the resampling filter sees the edge end: three lobes at a tenth of the size.
const CLEAR: u32 = 32;

/// A product without its background.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// RGBA, upright, sRGB, with [`CLEAR`] empty pixels on every side.
    picture: Picture,
    shape: Arc<Shape>,
    /// What it is called in the [`Report`](super::Report); empty for the only one.
    pub name: String,
    /// How tall it is, in any unit that all products of the scene share. `None`: as large as the others.
    pub height: Option<f32>,
}

impl Product {
    /// Takes a picture with alpha. `None` where it has none, or nothing opaque in it.
    ///
    /// # Errors
    /// [`Error::NotDecoded`] where the profile that travelled with it is broken.
    pub fn new(picture: &Picture) -> Result<Option<Product>, Error> {
        if picture.channels() != 4 {
            return Ok(None);
        }
        let picture = upright(picture)?;
        let Some([left, top, right, bottom]) = bounds(&picture) else { return Ok(None) };
        let trimmed = trim(&picture, [left, top, right, bottom])?;
        Product::of_trimmed(trimmed)
    }

    /// A product from what [`Product::trimmed`] gave; `None` for what is no cutout.
    ///
    /// # Errors
    /// [`Error::Size`] where it is too large to be measured.
    pub(super) fn of_trimmed(picture: Picture) -> Result<Option<Product>, Error> {
        if picture.channels() != 4 || !picture.is_finished() {
            return Ok(None);
        }
        let shape = Shape::of(&picture)?;
        Ok(shape.map(|shape| Product { picture, shape: Arc::new(shape), name: String::new(), height: None }))
    }

    /// The cutout's pixels, trimmed.
    pub(super) fn trimmed(&self) -> &Picture {
        &self.picture
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The cutout at another size (the trimmed picture's, clear margin included), alpha not multiplied in.
    ///
    /// Lanczos draws faint ghosts along the silhouette, where it swings around a step in alpha. So soft pixels come from a filter
    /// without negative lobes, and only the colours inside from Lanczos.
    pub(super) fn resample(&self, width: u32, height: u32) -> Result<Vec<u8>, Error> {
        if (width, height) == (self.picture.width(), self.picture.height()) {
            return Ok(self.picture.pixels().to_vec());
        }
        let mut soft = resize(&self.picture, width, height, FilterType::Bilinear)?;
        let sharp = resize(&self.picture, width, height, FilterType::Lanczos3)?;
        for (soft, sharp) in soft.chunks_exact_mut(4).zip(sharp.chunks_exact(4)) {
            if soft[3] == 255 {
                soft[..3].copy_from_slice(&sharp[..3]);
            }
        }
        Ok(soft)
    }
}

/// The whole picture resized, its colours weighted by their alpha.
pub(super) fn resize(picture: &Picture, width: u32, height: u32, filter: FilterType) -> Result<Vec<u8>, Error> {
    let size = Error::Size { width, height };
    let source = ImageRef::new(picture.width(), picture.height(), picture.pixels(), PixelType::U8x4);
    let source = source.map_err(|_| size.clone())?;
    let mut target = Image::new(width, height, PixelType::U8x4);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&source, &mut target, &options).map_err(|_| size)?;
    Ok(target.into_vec())
}

/// Left, top, right, bottom of everything that is not clear.
fn bounds(picture: &Picture) -> Option<[usize; 4]> {
    let width = picture.width() as usize;
    let mut found: Option<[usize; 4]> = None;
    for (y, row) in picture.pixels().chunks_exact(width * 4).enumerate() {
        let mut shown = row.chunks_exact(4).map(|pixel| pixel[3] > 0);
        let Some(left) = shown.position(|shown| shown) else { continue };
        let right = row.chunks_exact(4).rposition(|pixel| pixel[3] > 0)? + 1;
        found = Some(match found {
            Some([l, top, r, _]) => [l.min(left), top, r.max(right), y + 1],
            None => [left, y, right, y + 1],
        });
    }
    found
}

fn trim(picture: &Picture, [left, top, right, bottom]: [usize; 4]) -> Result<Picture, Error> {
    let clear = CLEAR as usize;
    let (width, height) = (right - left + 2 * clear, bottom - top + 2 * clear);
    let mut pixels = vec![0; width * height * 4];
    let source = picture.pixels().chunks_exact(picture.width() as usize * 4).take(bottom).skip(top);
    for (target, row) in pixels.chunks_exact_mut(width * 4).skip(clear).zip(source) {
        target[clear * 4..(width - clear) * 4].copy_from_slice(&row[left * 4..right * 4]);
    }
    Picture::from_pixels(pixels, width as u32, height as u32, 4)
}
