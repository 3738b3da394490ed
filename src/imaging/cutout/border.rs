//! The border between product and background, on a grid of pixels: few and strong edges are cheap, many and weak ones dear.

use super::flow::{Graph, NOWHERE};
use crate::imaging::exact::exp;

/// Neighbours, so that the opposite of `d` is `7 - d`.
const AROUND: [(i32, i32); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];

/// A part of the photo at the size it is worked on.
pub struct Frame {
    pub width: usize,
    pub height: usize,
    pub colours: Vec<[u8; 3]>,
}

/// Capacities are whole numbers; this is 1.
const UNIT: f32 = 256.0;
/// More than any edge; a pull that nothing outweighs.
pub const SURE: f32 = 1000.0;

impl Frame {
    /// Each pixel a mean with its neighbours (1 2 1, both ways): noise goes, and edges that cover two pixels stay.
    pub fn smoothed(self) -> Frame {
        let (width, height) = (self.width, self.height);
        let mean = |before: [u8; 3], own: [u8; 3], after: [u8; 3]| {
            [0, 1, 2].map(|i| ((u16::from(before[i]) + 2 * u16::from(own[i]) + u16::from(after[i]) + 2) / 4) as u8)
        };
        let mut across = Vec::with_capacity(self.colours.len());
        for row in self.colours.chunks_exact(width) {
            across.extend((0..width).map(|x| mean(row[x.saturating_sub(1)], row[x], row[(x + 1).min(width - 1)])));
        }
        let at = |x: usize, y: usize| across[y * width + x];
        let down = |x: usize, y: usize| mean(at(x, y.saturating_sub(1)), at(x, y), at(x, (y + 1).min(height - 1)));
        let colours = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| down(x, y)).collect();
        Frame { colours, ..self }
    }

    /// The pixels beside one, with their directions.
    fn around(&self, pixel: usize) -> impl Iterator<Item = (usize, usize)> {
        let (width, height) = (self.width as i32, self.height as i32);
        let (x, y) = ((pixel % self.width) as i32, (pixel / self.width) as i32);
        AROUND.into_iter().enumerate().filter_map(move |(direction, (dx, dy))| {
            let inside = (0..width).contains(&(x + dx)) && (0..height).contains(&(y + dy));
            inside.then(|| (direction, ((y + dy) * width + x + dx) as usize))
        })
    }

    /// The middle of the squared difference between neighbours: what is noise and texture here.
    fn texture(&self) -> f32 {
        let mut sum = 0.0_f64;
        let mut count = 0_u32;
        for y in 0..self.height {
            for x in 1..self.width {
                let pixel = y * self.width + x;
                sum += f64::from(difference(self.colours[pixel], self.colours[pixel - 1]));
                count += 1;
            }
        }
        (sum / f64::from(count.max(1))) as f32
    }

    /// Divides the open pixels: `pull` draws each to the product (above 0) or the background, `smooth` is the price of a border
    /// between equal pixels. `sides` is what is known of all others, and what comes back.
    pub fn divide(&self, sides: &mut [bool], open: &[bool], pull: &[f32], smooth: f32) {
        let mut number = vec![NOWHERE; sides.len()];
        let mut pixels = Vec::new();
        for pixel in 0..sides.len() {
            if open[pixel] {
                number[pixel] = pixels.len() as u32;
                pixels.push(pixel);
            }
        }
        let prices = Prices::new(self.texture(), smooth);
        let mut next = vec![[NOWHERE; 8]; pixels.len()];
        let mut room = vec![[0; 8]; pixels.len()];
        let mut terminal = Vec::with_capacity(pixels.len());
        for (node, &pixel) in pixels.iter().enumerate() {
            let mut drawn = (pull[pixel] * UNIT) as i32;
            for (direction, beside) in self.around(pixel) {
                let price = prices.of(difference(self.colours[pixel], self.colours[beside]), direction);
                if number[beside] == NOWHERE {
                    drawn += if sides[beside] { price } else { -price };
                } else {
                    next[node][direction] = number[beside];
                    room[node][direction] = price;
                }
            }
            terminal.push(drawn);
        }
        for (pixel, side) in pixels.into_iter().zip(Graph::new(next, room, terminal).cut()) {
            sides[pixel] = side;
        }
    }

    /// How near each pixel is to the seeds, by ways that cross no edge: 1 at them, falling to 0. `reach` is how much difference of
    /// colour a way may add up.
    pub fn nearness(&self, seeds: &[bool], reach: f32) -> Vec<f32> {
        let far = 1e9_f32;
        // What noise and texture make of equal colours.
        let rough = 3.0 + 0.2 * self.texture().sqrt();
        let mut way: Vec<f32> = seeds.iter().map(|seed| if *seed { 0.0 } else { far }).collect();
        // Twice down and up: ways bend seldom more than that.
        for _ in 0..2 {
            for pixel in 0..way.len() {
                self.shorten(&mut way, rough, pixel, 0..4);
            }
            for pixel in (0..way.len()).rev() {
                self.shorten(&mut way, rough, pixel, 4..8);
            }
        }
        way.iter().map(|way| exp(-f64::from((way / reach).min(20.0))) as f32).collect()
    }

    fn shorten(&self, way: &mut [f32], rough: f32, pixel: usize, directions: std::ops::Range<usize>) {
        for (direction, beside) in self.around(pixel) {
            if directions.contains(&direction) {
                // A step across equal pixels is not free: nearer is more alike.
                let step = 0.15 + (difference(self.colours[pixel], self.colours[beside]).sqrt() - rough).max(0.0);
                way[pixel] = way[pixel].min(way[beside] + step);
            }
        }
    }
}

/// Squared distance of two colours.
fn difference(a: [u8; 3], b: [u8; 3]) -> f32 {
    let square = |i: usize| f32::from(a[i].abs_diff(b[i])).powi(2);
    square(0) + square(1) + square(2)
}

/// The price of a border between two pixels, by how different they are.
struct Prices {
    /// By difference, in steps of an eighth of the texture.
    straight: Vec<i32>,
    step: f32,
}

impl Prices {
    fn new(texture: f32, smooth: f32) -> Prices {
        let texture = texture.max(4.0);
        let price = |step: i32| (UNIT * smooth * (exp(-f64::from(step) / 16.0) as f32 + 0.02)) as i32;
        Prices { straight: (0..160).map(price).collect(), step: texture / 8.0 }
    }

    fn of(&self, difference: f32, direction: usize) -> i32 {
        let price = self.straight[((difference / self.step) as usize).min(self.straight.len() - 1)];
        // A diagonal is longer by the root of two.
        if matches!(direction, 0 | 2 | 5 | 7) { price * 181 / 256 } else { price }
    }
}
