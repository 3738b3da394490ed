//! How soft a photo's own edges are: lenses and phones spread each over some pixels, and a mask that is steeper keeps some of the old
//! background in pixels that it calls the product's.

use super::middle;
use crate::imaging::Picture;

/// How far to both sides of the border is looked, in pixels.
const REACH: i32 = 7;
/// From here on a side shows its own colour, if the edge can be measured at all.
const PLAIN: i32 = 5;
/// The least distance of both sides' colours, in levels: noise must not decide.
const CONTRAST: f32 = 48.0;
/// How even both sides must be, as a share of that distance.
const EVEN: f32 = 0.15;
/// Fewer places than this say nothing of the photo.
const LEAST: usize = 60;

/// A place on the border, in pixels of the photo, and the way from there to the product.
pub struct Crossing {
    pub place: [f32; 2],
    pub inwards: [f32; 2],
}

/// How many pixels the photo's edges take from background to product, as a straight ramp would: the middle one of all that can be
/// measured. `None` where there are too few. `photo` is upright.
pub fn width(photo: &Picture, crossings: impl Iterator<Item = Crossing>) -> Option<f32> {
    let widths: Vec<f32> = crossings.filter_map(|crossing| across(photo, &crossing)).collect();
    (widths.len() >= LEAST).then(|| middle(widths))
}

/// The width of one edge. With `p` the share of the product along the way, a straight ramp has six times the sum of `p (1 - p)` as its
/// width, wherever exactly it lies.
fn across(photo: &Picture, crossing: &Crossing) -> Option<f32> {
    let mut colours = [[0.0; 3]; 2 * REACH as usize + 1];
    for (colour, step) in colours.iter_mut().zip(-REACH..=REACH) {
        let place = |axis: usize| crossing.place[axis] + step as f32 * crossing.inwards[axis];
        *colour = at(photo, place(0), place(1))?;
    }
    let side = (REACH - PLAIN + 1) as usize;
    let (outside, inside) = (mean(&colours[..side]), mean(&colours[colours.len() - side..]));
    let way = [0, 1, 2].map(|channel| inside[channel] - outside[channel]);
    let distance = way.iter().map(|part| part * part).sum::<f32>();
    if distance < CONTRAST * CONTRAST {
        return None;
    }
    let share = |colour: &[f32; 3]| (0..3).map(|c| (colour[c] - outside[c]) * way[c]).sum::<f32>() / distance;
    let is_even = |colours: &[[f32; 3]], own: f32| colours.iter().all(|colour| (share(colour) - own).abs() < EVEN);
    if !is_even(&colours[..side], 0.0) || !is_even(&colours[colours.len() - side..], 1.0) {
        return None;
    }
    let between = &colours[side..colours.len() - side];
    Some(6.0 * between.iter().map(share).map(|share| share * (1.0 - share)).sum::<f32>())
}

fn mean(colours: &[[f32; 3]]) -> [f32; 3] {
    [0, 1, 2].map(|channel| colours.iter().map(|colour| colour[channel]).sum::<f32>() / colours.len() as f32)
}

/// The colour between four pixels; `None` outside.
fn at(photo: &Picture, x: f32, y: f32) -> Option<[f32; 3]> {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    if x < 0.0 || y < 0.0 || x >= (width - 1) as f32 || y >= (height - 1) as f32 {
        return None;
    }
    let (left, top) = (x as usize, y as usize);
    let (right, down) = (x - left as f32, y - top as f32);
    let channels = usize::from(photo.channels());
    let pixel = |dx: usize, dy: usize| &photo.pixels()[((top + dy) * width + left + dx) * channels..][..3];
    let (a, b, c, d) = (pixel(0, 0), pixel(1, 0), pixel(0, 1), pixel(1, 1));
    Some([0, 1, 2].map(|channel| {
        let value = |pixel: &[u8]| f32::from(pixel[channel]);
        let (above, below) = (value(a) + (value(b) - value(a)) * right, value(c) + (value(d) - value(c)) * right);
        above + (below - above) * down
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slanted edge of a given width from dark to light, with noise.
    fn edge(wide: f32) -> (Picture, Vec<Crossing>) {
        let mut pixels = Vec::new();
        for y in 0..120_u32 {
            for x in 0..80_u32 {
                let way = (x as f32 - 40.0) * 0.96 + (y as f32 - 60.0) * 0.28;
                let share = (way / wide + 0.5).clamp(0.0, 1.0);
                let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 29;
                pixels.extend([share, share, share].map(|share| (60.0 + 120.0 * share) as u8 + noise as u8));
            }
        }
        let crossing = |y: i32| {
            let y = y as f32;
            // Half a pixel off, as borders are.
            Crossing { place: [40.5 - (y - 60.0) * 0.28 / 0.96, y], inwards: [0.96, 0.28] }
        };
        (Picture::from_pixels(pixels, 80, 120, 3).unwrap(), (20..100).map(crossing).collect())
    }

    #[test]
    fn soft_edges_are_measured_and_few_or_none_say_nothing() {
        for wide in [2.0, 4.0, 6.0] {
            let (photo, crossings) = edge(wide);
            let measured = width(&photo, crossings.into_iter()).unwrap();
            assert!((measured - wide).abs() < 0.5, "{measured} of {wide}");
        }
        let (photo, crossings) = edge(3.0);
        assert_eq!(width(&photo, crossings.into_iter().take(20)), None);
        let flat = Picture::from_pixels(vec![90; 80 * 120 * 3], 80, 120, 3).unwrap();
        assert_eq!(width(&flat, edge(3.0).1.into_iter()), None);
    }
}
