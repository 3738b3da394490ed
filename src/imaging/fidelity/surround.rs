//! The product put back, exact, into surroundings that a model painted.

use rayon::prelude::*;

use super::Fit;
use super::ghost::Ghost;
use super::view::{Cutout, Takes};
use crate::imaging::{Error, Picture};

/// A product in a take's surroundings.
#[derive(Debug, Clone, PartialEq)]
pub struct Surrounded {
    /// RGB, in the size and geometry of the source. Where the product's alpha is 255, its bytes are the source's.
    pub picture: Picture,
    /// How much of the model's own product stuck out and was painted over, as a share of the product's area.
    pub ghost: f32,
}

/// What a take shows around the product, brought back to the source's geometry, with the source's own product over it.
///
/// Outside of the take its surroundings are mirrored. Behind the product, and in a narrow band around it where the model's product is
/// larger than the real one, the surroundings are continued inwards, so that soft edges blend with them and not with a painted copy.
///
/// # Errors
/// [`Error::NoProduct`] where the cutout shows nothing; [`Error::NotDecoded`] where a profile that travelled with a picture is broken.
pub fn surround(product: &Picture, take: &Picture, fit: Fit) -> Result<Surrounded, Error> {
    let (cutout, takes) = (Cutout::new(product)?, Takes::new(take)?);
    let (take_width, take_height) = takes.size();
    let (take_width, take_height) = (f64::from(take_width), f64::from(take_height));
    let ghost = Ghost::new(&cutout, &takes, fit)?;
    // No finer than the source, so that nothing is skipped between its pixels.
    let shot = takes.whole((1.0 / fit.scale).min(1.0))?;
    let way = fit.into_take();
    let source = &cutout.picture;
    let width = source.width() as usize;
    let mut pixels = vec![0; width * source.height() as usize * 3];
    pixels.par_chunks_exact_mut(width * 3).zip(source.pixels().par_chunks_exact(width * 4)).enumerate().for_each(
        |(y, (out, row))| {
            for (x, (out, own)) in out.chunks_exact_mut(3).zip(row.chunks_exact(4)).enumerate() {
                if own[3] == 255 {
                    out.copy_from_slice(&own[..3]);
                    continue;
                }
                let point = [x as f64 + 0.5, y as f64 + 0.5];
                let [u, v] = way.of(point);
                let u = (mirrored(u, take_width) * shot.scale[0] - 0.5) as f32;
                let v = (mirrored(v, take_height) * shot.scale[1] - 0.5) as f32;
                let seen = [0, 1, 2].map(|channel| shot.colours.0[channel].between(u, v));
                let behind = ghost.covered(point, seen);
                let alpha = f32::from(own[3]) / 255.0;
                for channel in 0..3 {
                    let value = f32::from(own[channel]) * alpha + 255.0 * behind[channel] * (1.0 - alpha);
                    out[channel] = (value + 0.5).clamp(0.0, 255.0) as u8;
                }
            }
        },
    );
    let picture = Picture::from_pixels(pixels, source.width(), source.height(), 3)?.with_focus(source.focus());
    Ok(Surrounded { picture, ghost: ghost.share() })
}

/// A position outside of a length, as its mirror shows it.
fn mirrored(at: f64, length: f64) -> f64 {
    let twice = at.rem_euclid(2.0 * length);
    if twice > length { 2.0 * length - twice } else { twice }
}

#[cfg(test)]
mod tests {
    use super::mirrored;

    #[test]
    fn outside_is_the_mirror_of_inside() {
        for (at, expected) in [(3.0, 3.0), (-1.0, 1.0), (11.0, 9.0), (21.0, 1.0), (-12.0, 8.0)] {
            assert!((mirrored(at, 10.0) - expected).abs() < 1e-12, "{at}");
        }
    }
}
