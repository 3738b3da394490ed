//! What a glossy floor mirrors: each column of a product, upside down from where it meets the floor, fading and blurring with depth.

use super::place::Place;
use super::product::Product;
use crate::imaging::Error;

/// A reflection is soft: it is made from a product of at most this many rows.
const MOST_ROWS: f64 = 640.0;
/// The blur, down, for each row of distance from the floor line: no floor is a perfect mirror.
const ROUGHNESS: f32 = 0.05;
/// How deep it shows, by the product's height.
const DEPTH: f32 = 0.6;
const SOLID: u8 = 128;

/// A product seen in the floor.
pub struct Reflection {
    /// For each row and one more, the sums of all rows above, of colours times alpha and alpha (0 to 255).
    sums: Vec<[u32; 4]>,
    columns: usize,
    rows: usize,
    /// For each column, the row where the product meets the floor.
    contact: Vec<f32>,
    /// In the frame.
    left: f32,
    top: f32,
    /// Pixels of the reflected picture for one of the frame.
    scale: [f32; 2],
}

impl Reflection {
    pub fn new(product: &Product, place: &Place) -> Result<Reflection, Error> {
        let smaller = (MOST_ROWS / f64::from(place.height)).min(1.0);
        let small = |length: u32| (f64::from(length) * smaller).round().max(1.0) as u32;
        let (width, height) = (small(place.width), small(place.height));
        let pixels = product.resample(width, height)?;
        let (columns, rows) = (width as usize, height as usize);
        let mut sums = vec![[0; 4]; columns * (rows + 1)];
        for (at, pixel) in pixels.chunks_exact(4).enumerate() {
            let alpha = u32::from(pixel[3]);
            let above = sums[at];
            let own = [0, 1, 2].map(|channel| (u32::from(pixel[channel]) * alpha + 127) / 255);
            sums[at + columns] = [above[0] + own[0], above[1] + own[1], above[2] + own[2], above[3] + alpha];
        }
        let scale = [width as f32 / place.width as f32, height as f32 / place.height as f32];
        let contact = contact(product, &pixels, columns);
        Ok(Reflection { sums, columns, rows, contact, left: place.left as f32, top: place.top as f32, scale })
    }

    /// Lays a row of the reflection over levels of the frame; `gloss` is how much shows at the floor line.
    pub fn over(&self, y: usize, gloss: f32, out: &mut [[f32; 3]]) {
        let row = (y as f32 + 0.5 - self.top) * self.scale[1];
        let first = self.left.max(0.0) as usize;
        let last = ((self.left + self.columns as f32 / self.scale[0]).max(0.0) as usize).min(out.len());
        for (x, out) in out.iter_mut().enumerate().take(last).skip(first) {
            let column = (x as f32 + 0.5 - self.left) * self.scale[0] - 0.5;
            let left = column.max(0.0) as usize;
            let share = (column - left as f32).clamp(0.0, 1.0);
            let right = (left + 1).min(self.columns - 1);
            let left = left.min(self.columns - 1);
            let (a, b) = (self.seen(left, row), self.seen(right, row));
            let mix = |n: usize| a[n] + (b[n] - a[n]) * share;
            let alpha = mix(3) * gloss;
            for (channel, out) in out.iter_mut().enumerate() {
                *out = *out * (1.0 - alpha) + mix(channel) * gloss;
            }
        }
    }

    /// Colours times alpha (levels), and alpha (0 to 1), faded with depth.
    fn seen(&self, column: usize, row: f32) -> [f32; 4] {
        let depth = row - self.contact[column];
        let reach = DEPTH * self.rows as f32;
        if depth <= 0.0 || depth >= reach {
            return [0.0; 4];
        }
        let middle = self.contact[column] - depth;
        let blur = 0.5 + ROUGHNESS * depth;
        let (above, below) = (self.sum(column, middle - blur), self.sum(column, middle + blur));
        let left = 1.0 - depth / reach;
        let fade = left * left / (2.0 * blur);
        let mean = |n: usize| (below[n] - above[n]) * fade;
        [mean(0), mean(1), mean(2), mean(3) / 255.0]
    }

    /// The sum of a column above a row, which may be a fraction.
    fn sum(&self, column: usize, row: f32) -> [f32; 4] {
        let row = row.clamp(0.0, self.rows as f32);
        let whole = (row as usize).min(self.rows - 1);
        let share = row - whole as f32;
        let (a, b) = (&self.sums[whole * self.columns + column], &self.sums[(whole + 1) * self.columns + column]);
        [0, 1, 2, 3].map(|n| a[n] as f32 + (b[n] - a[n]) as f32 * share)
    }
}

/// Where each column meets the floor: the front of the base, and beside it (under what overhangs) the height of its ends.
fn contact(product: &Product, pixels: &[u8], columns: usize) -> Vec<f32> {
    let shape = product.shape();
    let rows = pixels.len() / 4 / columns;
    let [across, down] =
        [columns as f64 / f64::from(product.trimmed().width()), rows as f64 / f64::from(product.trimmed().height())];
    let [centre, middle] = shape.base.centre;
    let middle = (middle * shape.unit[1] * down) as f32;
    let half = shape.base.width / 2.0;
    let edge = |x: f64| ((x * shape.unit[0] * across).max(0.0) as usize).min(columns - 1);
    let (left, right) = (edge(centre - half), edge(centre + half));
    let lowest = |x: usize| {
        let solid = (0..rows).rev().find(|y| pixels[(y * columns + x) * 4 + 3] >= SOLID);
        solid.map_or(middle, |y| y as f32 + 1.0).max(middle)
    };
    let mut found: Vec<f32> = (0..columns).map(|x| lowest(x.clamp(left, right))).collect();
    // A mean of five: the outline's pixels would show as comb teeth.
    let own = found.clone();
    for (x, contact) in found.iter_mut().enumerate() {
        let around = x.saturating_sub(2)..(x + 3).min(columns);
        *contact = own[around.clone()].iter().sum::<f32>() / around.len() as f32;
    }
    found
}
