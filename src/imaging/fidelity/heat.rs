//! The heatmap: a take in grey, and in colour where the product strayed.

use rayon::prelude::*;

use super::view::opaque;
use super::{Compared, Comparison};
use crate::imaging::{Error, Picture, Region, cut, upright};

/// The longer side of a heatmap, in pixels.
const LONGEST: u32 = 1200;

/// Straying under this is not worth a look.
const FAINT: f32 = 0.2;

/// Compares like [`super::compare`], and shows the take with the places where its product strayed: grey where all is well, from yellow to red
/// where it is not.
///
/// # Errors
/// Those of [`super::compare`].
pub fn measure(product: &Picture, take: &Picture) -> Result<(Comparison, Picture), Error> {
    let Compared { comparison, view, strayed } = Compared::new(product, take)?;
    let take = opaque(&upright(take)?)?;
    let scale = (f64::from(LONGEST) / f64::from(take.width().max(take.height()))).min(1.0);
    let size = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let (width, height) = (size(take.width()), size(take.height()));
    let small = cut(&take, Region::WHOLE, width, height)?;
    let way = comparison.fit.into_source();
    let strayed = strayed.blurred(3);
    let pixels = small.pixels().par_chunks_exact(3).enumerate().flat_map_iter(|(at, pixel)| {
        let (x, y) = (at % width as usize, at / width as usize);
        let source = way.of([(x as f64 + 0.5) / scale, (y as f64 + 0.5) / scale]);
        let [left, top] = [0, 1].map(|axis| ((source[axis] - view.origin[axis]) * view.scale - 0.5) as f32);
        let inside = left >= 0.0 && top >= 0.0 && left < view.width() as f32 && top < view.height() as f32;
        let off = if inside { strayed.between(left, top) } else { 0.0 };
        let heat = ((off - FAINT) / (1.0 - FAINT)).clamp(0.0, 1.0);
        let grey = 0.2126 * f32::from(pixel[0]) + 0.7152 * f32::from(pixel[1]) + 0.0722 * f32::from(pixel[2]);
        let grey = 40.0 + 0.6 * grey;
        let hot = [255.0, 210.0 * (1.0 - heat), 30.0 * (1.0 - heat)];
        let share = if heat > 0.0 { 0.45 + 0.45 * heat } else { 0.0 };
        hot.map(|hot| (grey + (hot - grey) * share + 0.5) as u8)
    });
    Ok((comparison, Picture::from_pixels(pixels.collect(), width, height, 3)?))
}
