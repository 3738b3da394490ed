//! A part of the photo at a size to work on, and where its pixels lie in the photo.

use super::Fault;
use super::border::Frame;
use crate::imaging::{Picture, Region, cut};

/// A grid over a region of the upright photo.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub region: Region,
    pub width: usize,
    pub height: usize,
}

impl View {
    /// Of at most `scale` times the region's own pixels.
    pub fn new(picture: &Picture, region: Region, scale: f64) -> View {
        let side = |pixels: u32, share: f64| (f64::from(pixels) * share * scale).round().max(8.0) as usize;
        View { region, width: side(picture.width(), region.width), height: side(picture.height(), region.height) }
    }

    /// The middle of a pixel, in fractions of the photo.
    pub fn place(&self, pixel: usize) -> [f64; 2] {
        let (x, y) = ((pixel % self.width) as f64 + 0.5, (pixel / self.width) as f64 + 0.5);
        [
            self.region.left + self.region.width * x / self.width as f64,
            self.region.top + self.region.height * y / self.height as f64,
        ]
    }

    /// A place in the photo, in pixels of this grid.
    pub fn pixels(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let across = (f64::from(x) - self.region.left) / self.region.width * self.width as f64;
        let down = (f64::from(y) - self.region.top) / self.region.height * self.height as f64;
        [across as f32, down as f32]
    }

    pub fn len(&self) -> usize {
        self.width * self.height
    }

    /// The photo's colours on this grid.
    pub fn frame(&self, picture: &Picture) -> Result<Frame, Fault> {
        let small = cut(picture, self.region, self.width as u32, self.height as u32)?;
        let colours = small.pixels().chunks_exact(usize::from(small.channels())).map(|p| [p[0], p[1], p[2]]).collect();
        Ok(Frame { width: self.width, height: self.height, colours })
    }
}

/// The region on whole pixels of the photo, so that what is found in it lands exactly where it was.
pub fn snapped(picture: &Picture, region: Region) -> Region {
    let ends = |start: f64, length: f64, pixels: u32| {
        let pixels = f64::from(pixels);
        let first = (start * pixels).floor().clamp(0.0, pixels - 1.0);
        let last = ((start + length) * pixels).ceil().clamp(first + 1.0, pixels);
        (first / pixels, (last - first) / pixels)
    };
    let (left, width) = ends(region.left, region.width, picture.width());
    let (top, height) = ends(region.top, region.height, picture.height());
    Region { left, top, width, height }
}

/// The region with a margin of `share` of its sides. A narrow one grows more across than its own width gives: networks see whatever
/// they are shown as a square.
pub fn grown(region: Region, share: f64) -> Region {
    let across = region.width.max(0.4 * region.height) * share;
    let down = region.height.max(0.4 * region.width) * share;
    Region {
        left: region.left - across,
        top: region.top - down,
        width: region.width + 2.0 * across,
        height: region.height + 2.0 * down,
    }
    .within()
}
