//! What is turned on a lathe or blown into a mould looks the same left and right: where one side of a product was found and the other was lost
//! in shadow, or runs into it, its mirror image tells.

use super::middle;

/// How far a product must be its own mirror image (what both hold, as a share of what either does) for that to count, and to count in full.
/// Of the shared products' exact masks, bottle and jar have 0.99. A box seen from its corner may have as much as 0.94, but its edges are seen, and
/// outweigh what a mirror image says.
const ALIKE: [f32; 2] = [0.9, 0.95];
/// An axis leans no more than this to the side for each pixel down: people hold phones and stand products upright.
const LEANING: f32 = 0.15;
/// Fewer rows have no axis.
const ROWS: usize = 16;

/// The line about which a product is its own mirror image, upright or nearly.
struct Axis {
    /// Where it crosses the row 0.
    at: f32,
    /// How far it goes to the right with each row.
    lean: f32,
}

/// For each pixel, how much the mirror image speaks for the product there: from −1 to 1, 0 where it lies outside. `None` where the product is
/// not its own mirror image.
pub fn mirrored(sides: &[bool], width: usize) -> Option<Vec<f32>> {
    let axis = Axis::of(sides, width)?;
    let image: Vec<Option<bool>> =
        (0..sides.len()).map(|pixel| Some(sides[axis.opposite(pixel, sides.len(), width)?])).collect();
    let (mut both, mut either) = (0_u32, 0_u32);
    for (side, image) in sides.iter().zip(&image) {
        let image = image.unwrap_or(*side);
        both += u32::from(*side && image);
        either += u32::from(*side || image);
    }
    let alike = both as f32 / either.max(1) as f32;
    let weight = ((alike - ALIKE[0]) / (ALIKE[1] - ALIKE[0])).min(1.0);
    (weight > 0.0)
        .then(|| image.iter().map(|image| image.map_or(0.0, |own| if own { weight } else { -weight })).collect())
}

impl Axis {
    /// Through the middles of the rows: most of them, where some were found too short or too long.
    fn of(sides: &[bool], width: usize) -> Option<Axis> {
        let ends = |row: &[bool]| Some((row.iter().position(|side| *side)?, row.iter().rposition(|side| *side)?));
        let middles = sides.chunks_exact(width).enumerate().filter_map(|(y, row)| {
            let (first, last) = ends(row)?;
            Some((y as f32, (first + last) as f32 / 2.0))
        });
        let middles: Vec<(f32, f32)> = middles.collect();
        let half = middles.len() / 2;
        if middles.len() < ROWS {
            return None;
        }
        let leans = middles.iter().zip(&middles[half..]).map(|((y, x), (below, other))| (other - x) / (below - y));
        let lean = middle(leans.collect()).clamp(-LEANING, LEANING);
        let at = middle(middles.iter().map(|(y, x)| x - lean * y).collect());
        Some(Axis { at, lean })
    }

    /// The pixel that a pixel's mirror image lies in.
    fn opposite(&self, pixel: usize, count: usize, width: usize) -> Option<usize> {
        let (x, y) = ((pixel % width) as f32, (pixel / width) as f32);
        // How far the pixel is from the axis, along the row; and twice the way there, at a right angle to it.
        let off = self.at + self.lean * y - x;
        let way = 2.0 * off / (1.0 + self.lean * self.lean);
        let (x, y) = ((x + way).round(), (y - way * self.lean).round());
        let is_inside = x >= 0.0 && y >= 0.0 && x < width as f32 && y < (count / width) as f32;
        is_inside.then(|| y as usize * width + x as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 120;
    const HEIGHT: usize = 160;

    /// A bottle about a leaning axis, seen a little from above, with or without the left of its base.
    fn bottle(lean: f32, whole: bool) -> Vec<bool> {
        let inside = |pixel: usize| {
            let (x, y) = ((pixel % WIDTH) as f32, (pixel / WIDTH) as f32);
            // Along the axis, which goes through the middle of the picture, and off it.
            let (dx, dy) = (x - 60.0, y - 80.0);
            let length = (1.0 + lean * lean).sqrt();
            let (along, off) = ((dx * lean + dy) / length, (dx - dy * lean) / length);
            let half = if along < -30.0 { 10.0 } else { 34.0 };
            let base = 55.0 + 8.0 * (1.0 - (off / 34.0).powi(2)).max(0.0).sqrt();
            off.abs() <= half && (-65.0..=base).contains(&along) && (whole || along < 52.0 || off > -18.0)
        };
        (0..WIDTH * HEIGHT).map(inside).collect()
    }

    #[test]
    fn what_was_lost_on_one_side_is_told_by_the_other_whichever_way_the_product_leans() {
        for lean in [-0.08, 0.0, 0.08] {
            let (found, whole) = (bottle(lean, false), bottle(lean, true));
            let mirror = mirrored(&found, WIDTH).unwrap();
            let lost = (0..found.len()).filter(|pixel| whole[*pixel] && !found[*pixel]);
            let lost: Vec<f32> = lost.map(|pixel| mirror[pixel]).collect();
            let told = lost.iter().filter(|said| **said > 0.5).count();
            assert!(lost.len() > 100 && told * 10 > lost.len() * 9, "{told} of {}", lost.len());
            let wrong = (0..found.len()).filter(|pixel| !whole[*pixel] && mirror[*pixel] > 0.0).count();
            assert!(wrong < 60, "{wrong} beside the product");
        }
    }

    #[test]
    fn a_box_from_its_corner_and_a_mug_with_its_handle_are_no_mirror_images_and_neither_is_a_speck() {
        let place = |pixel: usize| ((pixel % WIDTH) as f32, (pixel / WIDTH) as f32);
        let drawn = |inside: &dyn Fn(f32, f32) -> bool| {
            (0..WIDTH * HEIGHT)
                .map(|pixel| {
                    let (x, y) = place(pixel);
                    inside(x, y)
                })
                .collect::<Vec<bool>>()
        };
        let corner = drawn(&|x, y| (20.0..90.0).contains(&x) && y > 20.0 + 0.1 * x && y < 100.0 + 0.35 * x);
        let mug =
            drawn(&|x, y| (20.0..80.0).contains(&x) && (60.0..130.0).contains(&y) || (x - 84.0).hypot(y - 92.0) < 22.0);
        for other in [corner, mug, drawn(&|x, y| x.hypot(y) < 8.0), drawn(&|_, _| false)] {
            assert!(mirrored(&other, WIDTH).is_none());
        }
    }
}
