//! The photo's own product over what a model painted around it.

use rayon::prelude::*;

use super::Fit;
use super::fit::Way;
use super::plane::Plane;
use super::view::{Colours, Cutout, opaque};
use crate::imaging::{Error, Picture, Region, cut, upright};

/// How far around the product its painted twin is looked for, as a share of the product's longer side.
const BAND: f64 = 0.03;

/// The longer side at which that is done, in pixels.
const SMALL: u32 = 768;

/// How much nearer to the product's colour than to the surroundings a pixel has to be to count as its twin.
const TWIN: f32 = 0.6;

/// The product as it was photographed, in the surroundings of a take: the frame and the pixels of the photo. Where the product is opaque, its
/// pixels are the photo's byte for byte; at soft edges they blend into the take. What a take does not show is mirrored at its edge; what it
/// painted of the product beyond the outline is filled with what is around.
///
/// # Errors
/// [`Error::NoProduct`] where nothing is isolated; otherwise those of cutting.
pub fn surround(product: &Picture, take: &Picture, fit: &Fit) -> Result<Picture, Error> {
    let Cutout { picture: product, bounds } = Cutout::new(product)?;
    let take = nearest_size(&opaque(&upright(take)?)?, fit)?;
    let (width, height) = (product.width(), product.height());
    let way = fit.into_take();
    let rim = Rim::new(&product, bounds, &take, way)?;
    let mut pixels = vec![0; width as usize * height as usize * 3];
    let own = product.pixels().par_chunks_exact(width as usize * 4);
    pixels.par_chunks_exact_mut(width as usize * 3).zip(own).enumerate().for_each(|(y, (out, own))| {
        for (x, (out, own)) in out.chunks_exact_mut(3).zip(own.chunks_exact(4)).enumerate() {
            if own[3] == 255 {
                out.copy_from_slice(&own[..3]);
                continue;
            }
            let at = [x as f64 + 0.5, y as f64 + 0.5];
            let (fill, share) = rim.at(at);
            let seen = take.shown(way.of(at));
            let alpha = f32::from(own[3]) / 255.0;
            for channel in 0..3 {
                let behind = seen[channel] + (fill[channel] - seen[channel]) * share;
                let value = f32::from(own[channel]) * alpha + behind * (1.0 - alpha);
                out[channel] = (value + 0.5).clamp(0.0, 255.0) as u8;
            }
        }
    });
    Picture::from_pixels(pixels, width, height, 3)
}

/// A take with its own way from its full size: made smaller where the photo has fewer pixels, so that none are skipped.
struct Shown {
    picture: Picture,
    /// Pixels of it for each pixel of the take.
    scale: [f64; 2],
}

fn nearest_size(take: &Picture, fit: &Fit) -> Result<Shown, Error> {
    if fit.scale <= 1.0 {
        return Ok(Shown { picture: take.clone(), scale: [1.0, 1.0] });
    }
    let size = |length: u32| ((f64::from(length) / fit.scale).round() as u32).max(1);
    let picture = cut(take, Region::WHOLE, size(take.width()), size(take.height()))?;
    let scale =
        [f64::from(picture.width()) / f64::from(take.width()), f64::from(picture.height()) / f64::from(take.height())];
    Ok(Shown { picture, scale })
}

impl Shown {
    /// The colour at a point of the take, between pixels by a cubic; mirrored outside.
    fn shown(&self, [x, y]: [f64; 2]) -> [f32; 3] {
        let (x, y) = ((x * self.scale[0] - 0.5) as f32, (y * self.scale[1] - 0.5) as f32);
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (super::plane::cubic(x - left), super::plane::cubic(y - top));
        let (width, height) = (self.picture.width() as i64, self.picture.height() as i64);
        let pixels = self.picture.pixels();
        let mut sum = [0.0; 3];
        for (row, down) in down.iter().enumerate() {
            let y = mirrored(top as i64 - 1 + row as i64, height);
            for (column, across) in across.iter().enumerate() {
                let x = mirrored(left as i64 - 1 + column as i64, width);
                let at = ((y * width + x) * 3) as usize;
                for channel in 0..3 {
                    sum[channel] += down * across * f32::from(pixels[at + channel]);
                }
            }
        }
        sum
    }
}

/// A number as it is found again in a row that is mirrored at both ends.
fn mirrored(at: i64, length: i64) -> i64 {
    let at = at.rem_euclid(2 * length);
    if at < length { at } else { 2 * length - 1 - at }
}

/// What to show instead of the painted twin where it sticks out beyond the product, at a small size.
struct Rim {
    scale: f64,
    fill: Colours,
    /// How much of the fill, from 0 to 1.
    share: Plane,
}

impl Rim {
    fn new(product: &Picture, [left, top, right, bottom]: [usize; 4], take: &Shown, way: Way) -> Result<Rim, Error> {
        let longest = product.width().max(product.height());
        let scale = (f64::from(SMALL) / f64::from(longest)).min(1.0);
        let size = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let (width, height) = (size(product.width()), size(product.height()));
        let small = cut(product, Region::WHOLE, width, height)?;
        let width = width as usize;
        let plane = |channel: usize| {
            let values = small.pixels().chunks_exact(4).map(|pixel| f32::from(pixel[channel]));
            Plane::new(width, values.collect())
        };
        let alpha = plane(3).map(|alpha| alpha / 255.0);
        let own = [plane(0), plane(1), plane(2)];
        let points: Vec<[f32; 3]> = (0..alpha.values.len())
            .into_par_iter()
            .map(|at| {
                let (x, y) = ((at % width) as f64 + 0.5, (at / width) as f64 + 0.5);
                take.shown(way.of([x / scale, y / scale]))
            })
            .collect();
        let seen = [0, 1, 2].map(|channel| Plane::new(width, points.iter().map(|point| point[channel]).collect()));
        let reach = ((right - left).max(bottom - top) as f64 * BAND * scale).ceil().max(2.0) as usize;
        // 1 well away from the product, 0 on it and around it.
        let around = alpha.blurred(reach).map(|near| if near < 1e-4 { 1.0 } else { 0.0 });
        let sure = alpha.map(|alpha| if alpha > 0.9 { 1.0 } else { 0.0 });
        let fill = seen.each_ref().map(|seen| filled(seen, &around));
        let rim = own.each_ref().map(|own| filled(own, &sure));
        let twin = |at: usize| {
            if around.values[at] > 0.0 || alpha.values[at] > 0.98 {
                return 0.0;
            }
            let apart = |one: &[Plane; 3]| {
                let squares = (0..3).map(|channel| (seen[channel].values[at] - one[channel].values[at]).powi(2));
                squares.sum::<f32>().sqrt()
            };
            if apart(&rim) < TWIN * apart(&fill) { 1.0 } else { 0.0 }
        };
        let share = Plane::new(width, (0..alpha.values.len()).map(twin).collect());
        // A little wider than what was found, with a soft end.
        let share = share.blurred(2).map(|near| (near * 3.0).min(1.0)).blurred(1);
        Ok(Rim { scale, fill: Colours(fill), share })
    }

    /// The fill at a point of the photo, and how much of it.
    fn at(&self, [x, y]: [f64; 2]) -> ([f32; 3], f32) {
        let (x, y) = ((x * self.scale - 0.5) as f32, (y * self.scale - 0.5) as f32);
        let share = self.share.near(x.round() as isize, y.round() as isize);
        if share <= 0.0 {
            return ([0.0; 3], 0.0);
        }
        let fill = [0, 1, 2].map(|channel| self.fill.0[channel].between(x, y));
        (fill, self.share.between(x, y).clamp(0.0, 1.0))
    }
}

/// A plane with what is not known filled in from what is, smoothly: means of ever larger blocks.
/// Source: Gortler et al., "The lumigraph" (SIGGRAPH 1996), push-pull.
fn filled(plane: &Plane, known: &Plane) -> Plane {
    if plane.width <= 1 && plane.height() <= 1 || known.values.iter().all(|known| *known > 0.0) {
        return plane.clone();
    }
    let half_known = known.halved();
    let weighted = plane.times(known).halved();
    let half = weighted.zip(&half_known, |sum, weight| if weight > 0.0 { sum / weight } else { 0.0 });
    let half = filled(&half, &half_known.map(|weight| if weight > 0.0 { 1.0 } else { 0.0 }));
    let values = plane.values.iter().zip(&known.values).enumerate().map(|(at, (own, known))| {
        if *known > 0.0 {
            return *own;
        }
        let (x, y) = ((at % plane.width) as f32, (at / plane.width) as f32);
        half.between((x - 0.5) / 2.0, (y - 0.5) / 2.0)
    });
    Plane::new(plane.width, values.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A red disc, soft at its edge, in a clear frame.
    fn disc(side: u32) -> Picture {
        let middle = f64::from(side) / 2.0;
        let pixel = |at: u32| {
            let (x, y) = (f64::from(at % side) + 0.5 - middle, f64::from(at / side) + 0.5 - middle);
            let alpha = (f64::from(side) * 0.3 - x.hypot(y) + 0.5).clamp(0.0, 1.0) * 255.0;
            [180 + (at % 60) as u8, (at % 40) as u8, 30, alpha as u8]
        };
        Picture::from_pixels((0..side * side).flat_map(pixel).collect(), side, side, 4).unwrap()
    }

    /// Green, with a red disc of a size in the middle.
    fn take(side: u32, share: f64) -> Picture {
        let middle = f64::from(side) / 2.0;
        let pixel = |at: u32| {
            let (x, y) = (f64::from(at % side) + 0.5 - middle, f64::from(at / side) + 0.5 - middle);
            if x.hypot(y) < f64::from(side) * share { [200, 20, 30] } else { [40, 160, 60] }
        };
        Picture::from_pixels((0..side * side).flat_map(pixel).collect(), side, side, 3).unwrap()
    }

    fn same_frame(scale: f64, side: f64) -> Fit {
        Fit { scale, turn: 0.0, from: [side / 2.0; 2], to: [side / 2.0 * scale; 2], certainty: 1.0 }
    }

    #[test]
    fn the_products_sure_pixels_are_the_photos_and_everything_else_is_the_takes() {
        let product = disc(200);
        for (side, scale) in [(200, 1.0), (130, 0.65), (420, 2.1)] {
            let made = surround(&product, &take(side, 0.29), &same_frame(scale, 200.0)).unwrap();
            assert_eq!((made.width(), made.height(), made.channels()), (200, 200, 3));
            for (own, made) in product.pixels().chunks_exact(4).zip(made.pixels().chunks_exact(3)) {
                match own[3] {
                    255 => assert_eq!(&own[..3], made),
                    0 => assert!(made[1] > 100 || made[0] < 120, "{made:?}"),
                    _ => {}
                }
            }
            assert_eq!(&made.pixels()[..3], [40, 160, 60]);
        }
    }

    #[test]
    fn a_painted_twin_that_sticks_out_is_filled_with_what_is_around() {
        let product = disc(200);
        let made = surround(&product, &take(200, 0.312), &same_frame(1.0, 200.0)).unwrap();
        let red = |picture: &Picture, at: usize| picture.pixels()[at * 3] > 120 && picture.pixels()[at * 3 + 1] < 90;
        let left = (0..200 * 200).filter(|at| product.pixels()[at * 4 + 3] == 0 && red(&made, *at)).count();
        let before =
            (0..200 * 200).filter(|at| product.pixels()[at * 4 + 3] == 0 && red(&take(200, 0.312), *at)).count();
        assert!(before > 600 && left * 20 < before, "{left} of {before}");
    }
}
