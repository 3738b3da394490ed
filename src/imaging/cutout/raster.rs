//! Closed curves become a mask: each pixel by the share of it that they cover, with edges as soft as the photo's own.

use super::outline::Outline;

/// A grid of `width`×`height` pixels that curves are drawn on. Source of the method: signed areas that are summed along each row, as in
/// R. Levien's font-rs.
pub struct Raster {
    width: usize,
    height: usize,
    /// How much the cover changes from the pixel to the left.
    changes: Vec<f32>,
}

impl Raster {
    pub fn new(width: usize, height: usize) -> Raster {
        Raster { width, height, changes: vec![0.0; width * height] }
    }

    /// Adds a curve, its places multiplied by `scale`.
    pub fn add(&mut self, outline: &Outline, scale: [f32; 2]) {
        let (width, height) = (self.width as f32, self.height as f32);
        let place = |[x, y]: [f32; 2]| [(x * scale[0]).clamp(0.0, width), (y * scale[1]).clamp(0.0, height)];
        let points = outline.points();
        for (at, from) in points.iter().enumerate() {
            self.line(place(*from), place(points[(at + 1) % points.len()]));
        }
    }

    fn line(&mut self, from: [f32; 2], to: [f32; 2]) {
        // The product is to the right of the way: what leads up has it to its right.
        let (sign, [x0, y0], [x1, y1]) = if from[1] > to[1] { (1.0, to, from) } else { (-1.0, from, to) };
        if y1 <= y0 {
            return;
        }
        let slope = (x1 - x0) / (y1 - y0);
        for row in y0 as usize..(y1.ceil() as usize).min(self.height) {
            let (top, bottom) = (y0.max(row as f32), y1.min(row as f32 + 1.0));
            let (a, b) = (x0 + (top - y0) * slope, x0 + (bottom - y0) * slope);
            self.cross(row, sign * (bottom - top), a.min(b), a.max(b));
        }
    }

    /// A way through a row, `tall` of its height, between two places across.
    fn cross(&mut self, row: usize, tall: f32, left: f32, right: f32) {
        // How much of the row lies between the way and a place to the right of it.
        let covered = |to: f32| {
            if to >= right {
                to - (left + right) / 2.0
            } else if to <= left {
                0.0
            } else {
                (to - left).powi(2) / (2.0 * (right - left))
            }
        };
        let row_start = row * self.width;
        for column in left as usize..(right as usize + 2).min(self.width) {
            let at = column as f32;
            let change = covered(at + 1.0) - 2.0 * covered(at) + covered(at - 1.0);
            self.changes[row_start + column] += tall * change;
        }
    }

    /// The mask, its edges spread to ramps of about `wide` pixels.
    pub fn mask(self, wide: f32) -> Vec<u8> {
        let mut cover = self.changes;
        for row in cover.chunks_exact_mut(self.width) {
            let mut sum = 0.0;
            for change in row {
                sum += *change;
                *change = sum.clamp(0.0, 1.0);
            }
        }
        let weights = weights(wide);
        let across = spread(&cover, &weights, |at, step| {
            let x = (at % self.width).saturating_add_signed(step).min(self.width - 1);
            at / self.width * self.width + x
        });
        let down = spread(&across, &weights, |at, step| {
            let y = (at / self.width).saturating_add_signed(step).min(self.height - 1);
            y * self.width + at % self.width
        });
        down.into_iter().map(|cover| (cover * 255.0 + 0.5) as u8).collect()
    }
}

/// Of a mean over `wide` pixels, from the middle on. What is drawn has ramps of one pixel already.
fn weights(wide: f32) -> Vec<f32> {
    let half = (wide * wide - 1.0).max(1.0).sqrt() / 2.0;
    let own = |step: usize| (half + 0.5 - step as f32).min(1.0);
    (0..).map(own).take_while(|weight| *weight > 0.0).map(|weight| weight / (2.0 * half)).collect()
}

fn spread(cover: &[f32], weights: &[f32], beside: impl Fn(usize, isize) -> usize) -> Vec<f32> {
    let mean = |at: usize| {
        let own = weights[0] * cover[at];
        let pairs = weights.iter().zip(0..).skip(1);
        own + pairs.map(|(weight, step)| weight * (cover[beside(at, step)] + cover[beside(at, -step)])).sum::<f32>()
    };
    (0..cover.len()).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(points: Vec<[f32; 2]>, wide: f32) -> Vec<u8> {
        let mut raster = Raster::new(12, 10);
        raster.add(&Outline::of(points), [2.0, 2.0]);
        raster.mask(wide)
    }

    #[test]
    fn a_pixel_is_as_opaque_as_the_curve_covers_it() {
        let mask = drawn(vec![[1.0, 1.0], [4.25, 1.0], [4.25, 3.75], [1.0, 3.75]], 1.0);
        assert_eq!(mask[4 * 12..5 * 12], [0, 0, 255, 255, 255, 255, 255, 255, 128, 0, 0, 0]);
        assert_eq!(mask[7 * 12 + 8], 64);
        assert_eq!(mask[8 * 12..], [0; 24]);
        // A triangle covers half of each pixel on its long side.
        let mask = drawn(vec![[0.0, 0.0], [6.0, 0.0], [0.0, 5.0]], 1.0);
        let sum: u32 = mask.iter().map(|value| u32::from(*value)).sum();
        assert!(sum.abs_diff(60 * 255) < 60, "{sum}");
    }

    #[test]
    fn edges_are_as_wide_as_asked_and_half_where_the_curve_is() {
        let mask = drawn(vec![[3.0, -1.0], [9.0, -1.0], [9.0, 9.0], [3.0, 9.0]], 4.0);
        assert_eq!(mask[5 * 12 + 5] as u16 + u16::from(mask[5 * 12 + 6]), 255);
        assert_eq!(mask[5 * 12 + 3..5 * 12 + 9], [0, 29, 95, 160, 226, 255]);
    }
}
