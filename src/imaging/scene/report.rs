//! What was painted, and the proof that the product's pixels are still its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::imaging::Picture;

/// A painted scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Painted {
    pub picture: Picture,
    /// One for each product, in their order.
    pub products: Vec<Report>,
}

/// What became of one product's sure pixels: those whose alpha is 255 after resampling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The product's.
    pub name: String,
    /// Left, top, width, height of the smallest box around them, in the frame.
    pub region: [u32; 4],
    /// Sure pixels that show: none is hidden by another product.
    pub pixels: u64,
    /// BLAKE3 of their red, green and blue, row by row, as they are in the painted picture.
    pub digest: [u8; 32],
    /// Pixels of the frame for one of the photo. Over 1, the product is enlarged and looks soft.
    pub scale: f64,
    /// Whether those pixels are the photo's own, byte for byte: neither resampled nor graded.
    pub exact: bool,
}

impl fmt::Display for Report {
    /// One line that a person can read and a program can check.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [left, top, width, height] = self.region;
        let digest: String = self.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let how = if self.exact { "as photographed" } else { "resampled" };
        if !self.name.is_empty() {
            write!(f, "{}: ", self.name)?;
        }
        write!(
            f,
            "{width}×{height} at {left},{top}: {} sure pixels {how}, scale {:.4}, BLAKE3 {digest}",
            self.pixels, self.scale
        )
    }
}

/// Reads a product's sure pixels back from the finished frame. `owners` has the number of the product whose sure pixel each pixel is,
/// from 1.
pub fn report(number: u8, name: &str, place: &Place, exact: bool, frame: &Picture, owners: &[u8]) -> Report {
    let (width, channels) = (frame.width() as usize, usize::from(frame.channels()));
    let mut hasher = blake3::Hasher::new();
    let mut pixels = 0;
    let (mut first, mut last) = ([u32::MAX; 2], [0; 2]);
    let rows = owners.chunks_exact(width).zip(frame.pixels().chunks_exact(width * channels));
    for (y, (owners, row)) in (0..).zip(rows) {
        let own = (0..).zip(owners.iter().zip(row.chunks_exact(channels)));
        for (x, (_, pixel)) in own.filter(|(_, (owner, _))| **owner == number) {
            hasher.update(&pixel[..3]);
            pixels += 1;
            first = [first[0].min(x), first[1].min(y)];
            last = [last[0].max(x + 1), last[1].max(y + 1)];
        }
    }
    let [left, top] = if pixels == 0 { [0, 0] } else { first };
    Report {
        name: name.to_owned(),
        region: [left, top, last[0].saturating_sub(left), last[1].saturating_sub(top)],
        pixels,
        digest: *hasher.finalize().as_bytes(),
        scale: place.scale,
        exact,
    }
}
