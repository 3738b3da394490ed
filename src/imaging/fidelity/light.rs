//! The light that a take put on the product: one change of brightness that varies slowly, one tint, one lift of the darks.
//!
//! What these explain is no straying. They are fitted to means of small blocks, robustly, so that a part that was painted in
//! another colour stands out instead of being explained away.

use rayon::prelude::*;

use super::plane::Plane;
use super::solve::solve;
use super::view::Colours;

/// Means of blocks of the product: own and seen colours, and where they are (-1 to 1 both ways).
pub struct Block {
    pub x: usize,
    pub y: usize,
    pub place: [f64; 2],
    pub own: [f64; 3],
    pub seen: [f64; 3],
}

/// Blocks that lie in the mask at least for the most part.
pub fn blocks(own: &Colours, seen: &Colours, mask: &Plane, size: usize) -> Vec<Block> {
    let (width, height) = (mask.width, mask.height());
    let mut blocks = Vec::new();
    for y in 0..height.div_ceil(size) {
        for x in 0..width.div_ceil(size) {
            let mut count = 0;
            let (mut own_sum, mut seen_sum) = ([0.0_f64; 3], [0.0_f64; 3]);
            for v in y * size..((y + 1) * size).min(height) {
                for pixel in v * width + x * size..v * width + ((x + 1) * size).min(width) {
                    if mask.values[pixel] > 0.0 {
                        count += 1;
                        for channel in 0..3 {
                            own_sum[channel] += f64::from(own.0[channel].values[pixel]);
                            seen_sum[channel] += f64::from(seen.0[channel].values[pixel]);
                        }
                    }
                }
            }
            if 5 * count >= 3 * size * size {
                let mean = |sum: [f64; 3]| sum.map(|sum| sum / count as f64);
                let place = [(x, width), (y, height)]
                    .map(|(at, length)| ((at * size) as f64 + size as f64 / 2.0) / length as f64 * 2.0 - 1.0);
                blocks.push(Block { x, y, place, own: mean(own_sum), seen: mean(seen_sum) });
            }
        }
    }
    blocks
}

/// Beyond these values a picture is burnt out or black: what is brighter or darker cannot be told apart.
const BURNT: f64 = 0.985;
const BLACK: f64 = 0.004;

/// How a take's light differs from the photo's: `seen = own * (brightness(place) + tint) + lift`, in sRGB values.
#[derive(Debug, Clone, Copy)]
pub struct Light {
    /// Of 1, x, y, x², xy, y².
    brightness: [f64; 6],
    /// Towards red and away from blue.
    warm: f64,
    /// Towards red and blue, away from green.
    magenta: f64,
    lift: f64,
}

const UNKNOWNS: usize = 9;

/// What a term of the model costs by itself, for each block: light is often warmer, seldom greener or bent, and seldom lifts the darks.
const PRIORS: [f64; UNKNOWNS] = [1e-6, 1e-3, 1e-3, 4e-3, 4e-3, 4e-3, 1e-3, 1e-2, 5e-3];

/// Differences (of 1) from which on a block counts little, in the order of the rounds.
const OUTLIERS: [f64; 8] = [0.5, 0.3, 0.2, 0.12, 0.08, 0.05, 0.04, 0.04];

impl Light {
    pub fn between(blocks: &[Block]) -> Light {
        let mut light = Light { brightness: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0], warm: 0.0, magenta: 0.0, lift: 0.0 };
        for outlier in OUTLIERS {
            match light.fitted(blocks, outlier) {
                Some(better) => light = better,
                None => break,
            }
        }
        light
    }

    fn fitted(&self, blocks: &[Block], outlier: f64) -> Option<Light> {
        let mut rows = [[0.0; UNKNOWNS + 1]; UNKNOWNS];
        for (at, prior) in PRIORS.iter().enumerate() {
            rows[at][at] = prior * blocks.len() as f64;
        }
        rows[0][UNKNOWNS] = rows[0][0];
        for block in blocks {
            let expected = [0, 1, 2].map(|channel| self.on(block.own[channel], block.place, channel));
            // What is burnt out or black, and should be, says nothing about how bright the light is.
            let is_lost = |channel: usize| {
                let (expected, seen) = (expected[channel], block.seen[channel]);
                (expected >= BURNT && seen >= BURNT) || (expected <= BLACK && seen <= BLACK)
            };
            let off = |channel: usize| if is_lost(channel) { 0.0 } else { block.seen[channel] - expected[channel] };
            let distance = off(0) * off(0) + off(1) * off(1) + off(2) * off(2);
            let weight = 1.0 / (1.0 + distance / (outlier * outlier));
            let weight = weight * weight;
            for channel in (0..3).filter(|channel| !is_lost(*channel)) {
                let own = block.own[channel];
                let [a, b, c, d, e, f] = shapes(block.place).map(|shape| own * shape);
                let terms = [a, b, c, d, e, f, own * WARM[channel], own * MAGENTA[channel], 1.0];
                for (row, term) in rows.iter_mut().zip(terms) {
                    row.iter_mut().zip(terms).for_each(|(sum, other)| *sum += weight * term * other);
                    row[UNKNOWNS] += weight * term * block.seen[channel];
                }
            }
        }
        let [a, b, c, d, e, f, warm, magenta, lift] = solve(rows)?;
        Some(Light { brightness: [a, b, c, d, e, f], warm, magenta, lift })
    }

    fn gain(&self, place: [f64; 2], channel: usize) -> f64 {
        let brightness: f64 = self.brightness.iter().zip(shapes(place)).map(|(own, shape)| own * shape).sum();
        (brightness + self.warm * WARM[channel] + self.magenta * MAGENTA[channel]).clamp(0.2, 5.0)
    }

    /// The photo's value in this light.
    fn on(&self, own: f64, place: [f64; 2], channel: usize) -> f64 {
        own * self.gain(place, channel) + self.lift
    }

    /// Both pictures in the photo's light, as far as the take's light shows them: what it burns out or leaves
    /// black is so in both.
    pub fn removed(&self, own: &Colours, seen: &Colours) -> (Colours, Colours) {
        let unlit = |channel: usize| {
            let (own, seen) = (&own.0[channel], &seen.0[channel]);
            let (width, height) = (own.width as f64, own.height() as f64);
            let pixel = |at: usize| {
                let (x, y) = ((at % own.width) as f64 + 0.5, (at / own.width) as f64 + 0.5);
                let gain = self.gain([x / width * 2.0 - 1.0, y / height * 2.0 - 1.0], channel) as f32;
                let without = |value: f32| (value.clamp(BLACK as f32, BURNT as f32) - self.lift as f32) / gain;
                (own.values[at].clamp(without(0.0), without(1.0)), without(seen.values[at]))
            };
            let pixels: Vec<(f32, f32)> = (0..own.values.len()).into_par_iter().map(pixel).collect();
            let (own_values, seen_values) = pixels.into_iter().unzip();
            (Plane::new(own.width, own_values), Plane::new(own.width, seen_values))
        };
        let [red, green, blue] = [unlit(0), unlit(1), unlit(2)];
        (Colours([red.0, green.0, blue.0]), Colours([red.1, green.1, blue.1]))
    }
}

/// How the two directions of a tint change red, green and blue.
const WARM: [f64; 3] = [1.0, 0.0, -1.0];
const MAGENTA: [f64; 3] = [1.0, 0.0, 1.0];

fn shapes([x, y]: [f64; 2]) -> [f64; 6] {
    [1.0, x, y, x * x, x * y, y * y]
}
