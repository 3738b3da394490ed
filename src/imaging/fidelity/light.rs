//! The light that a take put on the product: one change of brightness that varies slowly, one tint, one lift of the darks.
//!
//! What these explain is no straying. They are fitted to means of small blocks, robustly, so that a part that was painted in
//! another colour stands out instead of being explained away.

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

/// How a take's light differs from the photo's: `seen = own * (brightness(place) + tint) + lift`, in sRGB values.
#[derive(Debug, Clone, Copy)]
pub struct Light {
    /// Of 1, x, y, x², xy, y².
    brightness: [f64; 6],
    /// Of red and blue; green has none.
    tint: [f64; 2],
    lift: [f64; 3],
}

const UNKNOWNS: usize = 11;

/// What a term of the model costs by itself, for each block: lifting the darks and bending the light are rarer than scaling it.
const PRIORS: [f64; UNKNOWNS] = [1e-6, 1e-3, 1e-3, 4e-3, 4e-3, 4e-3, 1e-3, 1e-3, 2e-2, 2e-2, 2e-2];

/// Differences (of 1) from which on a block counts little, in the order of the rounds.
const OUTLIERS: [f64; 7] = [0.5, 0.3, 0.2, 0.12, 0.08, 0.08, 0.08];

impl Light {
    pub fn between(blocks: &[Block]) -> Light {
        let mut light = Light { brightness: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0], tint: [0.0; 2], lift: [0.0; 3] };
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
            let off: f64 = (0..3).map(|channel| (block.seen[channel] - expected[channel]).powi(2)).sum();
            let weight = 1.0 / (1.0 + off / (outlier * outlier)).powi(2);
            for channel in 0..3 {
                let own = block.own[channel];
                let mut terms = [0.0; UNKNOWNS];
                for (term, shape) in terms.iter_mut().zip(shapes(block.place)) {
                    *term = own * shape;
                }
                match channel {
                    0 => terms[6] = own,
                    2 => terms[7] = own,
                    _ => {}
                }
                terms[8 + channel] = 1.0;
                for row in 0..UNKNOWNS {
                    for column in 0..UNKNOWNS {
                        rows[row][column] += weight * terms[row] * terms[column];
                    }
                    rows[row][UNKNOWNS] += weight * terms[row] * block.seen[channel];
                }
            }
        }
        let [a, b, c, d, e, f, red, blue, lift @ ..] = solve(rows)?;
        Some(Light { brightness: [a, b, c, d, e, f], tint: [red, blue], lift })
    }

    fn gain(&self, place: [f64; 2], channel: usize) -> f64 {
        let brightness: f64 = self.brightness.iter().zip(shapes(place)).map(|(own, shape)| own * shape).sum();
        let tint = match channel {
            0 => self.tint[0],
            2 => self.tint[1],
            _ => 0.0,
        };
        (brightness + tint).clamp(0.2, 5.0)
    }

    /// The photo's value in this light.
    fn on(&self, own: f64, place: [f64; 2], channel: usize) -> f64 {
        own * self.gain(place, channel) + self.lift[channel]
    }

    /// What a take would show in the photo's light.
    pub fn removed(&self, seen: &Colours) -> Colours {
        let [red, green, blue] = &seen.0;
        Colours([self.without(red, 0), self.without(green, 1), self.without(blue, 2)])
    }

    fn without(&self, plane: &Plane, channel: usize) -> Plane {
        let (width, height) = (plane.width as f64, plane.height() as f64);
        let lift = self.lift[channel] as f32;
        let mut values = Vec::with_capacity(plane.values.len());
        for (y, row) in plane.values.chunks_exact(plane.width).enumerate() {
            let down = (y as f64 + 0.5) / height * 2.0 - 1.0;
            values.extend(row.iter().enumerate().map(|(x, value)| {
                let across = (x as f64 + 0.5) / width * 2.0 - 1.0;
                (value - lift) / self.gain([across, down], channel) as f32
            }));
        }
        Plane::new(plane.width, values)
    }
}

fn shapes([x, y]: [f64; 2]) -> [f64; 6] {
    [1.0, x, y, x * x, x * y, y * y]
}
