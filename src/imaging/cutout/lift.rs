//! Takes a product out of its photo: where the mask is soft, the old background's colour is taken out of the pixels.
//!
//! Source: M. Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): the means of both sides nearby, corrected by what
//! the pixel itself shows. Here the means are taken only at the border's own pixels, so that they cost little.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use rayon::prelude::*;

use super::{Fault, Mask};
use crate::imaging::{Error, Picture, upright};

/// How far the means reach, in pixels, for each 1000 pixels of the longer side.
const REACH: f32 = 4.0;

/// The product alone: upright, sRGB, with alpha. Pixels where the mask is 255 are those of the upright photo, byte for byte;
/// where it is 0, nothing is left of the photo. A mask of another size is brought to the picture's.
///
/// # Errors
/// [`Fault::Picture`] where the mask has no pixels, or the picture's profile is broken.
pub fn lift(picture: &Picture, mask: &Mask) -> Result<Picture, Fault> {
    let photo = upright(picture)?;
    let (width, height) = (photo.width(), photo.height());
    let alpha = at_size(mask, width, height)?;
    let channels = usize::from(photo.channels());
    let side =
        Sides { pixels: photo.pixels(), channels, alpha: &alpha, width: width as usize, height: height as usize };
    let reach = ((width.max(height) as f32 * REACH / 1000.0) as usize).max(4);
    let mut lifted = vec![0; alpha.len() * 4];
    lifted.par_chunks_mut(side.width * 4).enumerate().for_each(|(y, row)| {
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            let at = y * side.width + x;
            let own = &side.pixels[at * channels..at * channels + channels];
            let seen = [own[0], own[1], own[2]];
            let colour = match alpha[at] {
                0 => continue,
                255 => seen,
                soft => side.product(x, y, seen, f32::from(soft) / 255.0, reach),
            };
            pixel[..3].copy_from_slice(&colour);
            // What the photo itself shows through stays so.
            let through = own.get(3).copied().unwrap_or(255);
            pixel[3] = ((u16::from(alpha[at]) * u16::from(through) + 127) / 255) as u8;
        }
    });
    Ok(Picture::from_pixels(lifted, width, height, 4)?.with_focus(picture.focus()))
}

/// The mask at a picture's size.
fn at_size(mask: &Mask, width: u32, height: u32) -> Result<Vec<u8>, Fault> {
    let failed = || Fault::Picture(Error::Size { width: mask.width, height: mask.height });
    if mask.width == 0 || mask.height == 0 {
        return Err(failed());
    }
    if (mask.width, mask.height) == (width, height) {
        return Ok(mask.pixels.clone());
    }
    let source = ImageRef::new(mask.width, mask.height, &mask.pixels, PixelType::U8).map_err(|_| failed())?;
    let mut target = Image::new(width, height, PixelType::U8);
    Resizer::new().resize(&source, &mut target, &ResizeOptions::new()).map_err(|_| failed())?;
    Ok(target.into_vec())
}

/// A photo and its mask.
struct Sides<'a> {
    pixels: &'a [u8],
    channels: usize,
    alpha: &'a [u8],
    width: usize,
    height: usize,
}

impl Sides<'_> {
    /// The product's own colour where `alpha` of what is seen is the product.
    fn product(&self, x: usize, y: usize, seen: [u8; 3], alpha: f32, reach: usize) -> [u8; 3] {
        let (product, background) = self.means(x, y, reach);
        // Deep in the soft border nothing sure may be in reach: what is seen is the best there is.
        let Some(product) = product else { return seen };
        let background = background.unwrap_or(product);
        let mut colour = [0; 3];
        for channel in 0..3 {
            let mixed = alpha * product[channel] + (1.0 - alpha) * background[channel];
            let own = product[channel] + alpha * (f32::from(seen[channel]) - mixed);
            colour[channel] = (own + 0.5).clamp(0.0, 255.0) as u8;
        }
        colour
    }

    /// Mean colours of the sure product and the sure background around a pixel, the nearest counting most.
    fn means(&self, x: usize, y: usize, reach: usize) -> (Option<[f32; 3]>, Option<[f32; 3]>) {
        let mut sums = [[0.0_f32; 4]; 2];
        for v in y.saturating_sub(reach)..=(y + reach).min(self.height - 1) {
            for u in x.saturating_sub(reach)..=(x + reach).min(self.width - 1) {
                let at = v * self.width + u;
                let sum = match self.alpha[at] {
                    255 => &mut sums[0],
                    0 => &mut sums[1],
                    _ => continue,
                };
                let (dx, dy) = (u.abs_diff(x) as f32, v.abs_diff(y) as f32);
                let weight = 1.0 / (1.0 + dx * dx + dy * dy);
                let colour = &self.pixels[at * self.channels..at * self.channels + 3];
                for (sum, value) in sum.iter_mut().zip(colour) {
                    *sum += weight * f32::from(*value);
                }
                sum[3] += weight;
            }
        }
        let mean = |[red, green, blue, weight]: [f32; 4]| {
            (weight > 0.0).then(|| [red / weight, green / weight, blue / weight])
        };
        (mean(sums[0]), mean(sums[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A red product (right half) on green, with a soft border of three columns.
    fn bordered() -> (Picture, Mask) {
        let alphas = [0u8, 0, 0, 0, 64, 128, 192, 255, 255, 255];
        let (mut pixels, mut mask) = (Vec::new(), Vec::new());
        for _ in 0..8 {
            for alpha in alphas {
                let share = |product: u32, background: u32| {
                    ((product * u32::from(alpha) + background * (255 - u32::from(alpha)) + 127) / 255) as u8
                };
                pixels.extend([share(220, 20), share(30, 200), share(40, 60)]);
                mask.push(alpha);
            }
        }
        let picture = Picture::from_pixels(pixels, 10, 8, 3).unwrap();
        (picture, Mask { width: 10, height: 8, pixels: mask })
    }

    #[test]
    fn a_soft_border_keeps_nothing_of_the_old_background() {
        let (picture, mask) = bordered();
        let lifted = lift(&picture, &mask).unwrap();
        for (pixel, alpha) in lifted.pixels().chunks_exact(4).zip(&mask.pixels) {
            assert_eq!(pixel[3], *alpha);
            if *alpha > 0 {
                let off = [220u8, 30, 40].iter().zip(pixel).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
                assert!(off <= 3, "{pixel:?}");
            } else {
                assert_eq!(pixel, [0; 4]);
            }
        }
    }

    #[test]
    fn sure_pixels_are_those_of_the_photo() {
        let pixels: Vec<u8> = (0..48 * 3).map(|i| (i * 37 % 251) as u8).collect();
        let picture = Picture::from_pixels(pixels.clone(), 8, 6, 3).unwrap();
        let lifted = lift(&picture, &Mask { width: 8, height: 6, pixels: vec![255; 48] }).unwrap();
        let kept: Vec<u8> = lifted.pixels().chunks_exact(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
        assert_eq!(kept, pixels);
    }

    #[test]
    fn a_mask_of_another_size_fits_itself_to_the_picture() {
        let (picture, _) = bordered();
        let lifted = lift(&picture, &Mask { width: 20, height: 16, pixels: vec![255; 320] }).unwrap();
        assert!(lifted.pixels().chunks_exact(4).all(|pixel| pixel[3] == 255));
        assert!(lift(&picture, &Mask { width: 0, height: 0, pixels: Vec::new() }).is_err());
    }
}
