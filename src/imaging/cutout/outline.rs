//! The outline of a product as a curve: on the photo's edges where they are clear, and smooth where noise, shade or a background of
//! nearly the same colour hide them.
//!
//! A border on a grid climbs a slanted edge in steps, and wherever the photo says little it takes the shortest way, which on a grid has
//! corners. So each outline is measured between the pixels, and then smoothed against what was measured, as far as that is not sure.
//! Source: E. Whittaker, "On a new method of graduation" (1923), on both coordinates of a closed curve.

use super::border::Frame;
use super::softness::Crossing;
use super::trace::outlines;

/// How far an edge is looked for across the outline, in pixels.
const REACH: i32 = 3;
/// From here to [`SIDES`] lies what shows either side's colour.
const BESIDE: i32 = 4;
const SIDES: i32 = 6;
/// The distance of both sides' colours, in levels, at which an edge counts half.
const CONTRAST: f32 = 24.0;
/// How uneven both sides may be, as a mean square of that distance, before nothing is measured.
const UNEVEN: f32 = 0.02;
/// What the grid's border counts for, where nothing can be measured.
const BORDER: f32 = 0.05;
/// How much bends cost: waves shorter than 15 pixels disappear from a clear edge, and those under 30 where the photo says nothing.
const BENDS: f32 = 60.0;
/// Measured, smoothed, and measured again from there.
const ROUNDS: usize = 2;
/// Outlines of fewer pixels are no shapes.
const LEAST: usize = 16;

/// A closed curve in pixels of a grid, from its top left corner, with the product to the right of the way.
pub struct Outline(Vec<[f32; 2]>);

/// The outlines of a mask over a frame.
pub fn fitted(frame: &Frame, mask: &[bool]) -> Vec<Outline> {
    let borders = outlines(mask, frame.width).into_iter().filter(|way| way.len() >= LEAST);
    let fit = |border: Vec<[f32; 2]>| {
        let unknown = vec![0.0; border.len()];
        let smooth = Outline(smoothed(&border, &border, &unknown));
        (0..ROUNDS).fold(smooth, |curve, _| {
            let (places, clear) = measured(frame, &curve);
            Outline(smoothed(&border, &places, &clear))
        })
    };
    borders.map(fit).collect()
}

impl Outline {
    #[cfg(test)]
    pub fn of(points: Vec<[f32; 2]>) -> Outline {
        Outline(points)
    }

    pub fn points(&self) -> &[[f32; 2]] {
        &self.0
    }

    /// Each point, and the way from there into the product.
    pub fn crossings(&self) -> impl Iterator<Item = Crossing> {
        let count = self.0.len();
        (0..count).map(move |at| {
            let (before, after) = (self.0[(at + count - 2) % count], self.0[(at + 2) % count]);
            let [across, down] = [after[0] - before[0], after[1] - before[1]];
            let length = (across * across + down * down).sqrt().max(1e-6);
            Crossing { place: self.0[at], inwards: [-down / length, across / length] }
        })
    }
}

/// Where the photo has the edge that each point of a curve is at, and how clear it is: 0 to 1.
fn measured(frame: &Frame, curve: &Outline) -> (Vec<[f32; 2]>, Vec<f32>) {
    let edge = |crossing: Crossing| {
        let (off, clear) = edge(frame, &crossing).unwrap_or((0.0, 0.0));
        ([0, 1].map(|axis| crossing.place[axis] + off * crossing.inwards[axis]), clear)
    };
    curve.crossings().map(edge).unzip()
}

/// How far inwards the edge is, and how clear. With `p` the share of the product along the way, the edge is where as much of it lies
/// before as is missing behind.
fn edge(frame: &Frame, crossing: &Crossing) -> Option<(f32, f32)> {
    let mut colours = [[0.0; 3]; 2 * SIDES as usize + 1];
    for (colour, step) in colours.iter_mut().zip(-SIDES..=SIDES) {
        *colour = frame.between([0, 1].map(|axis| crossing.place[axis] + step as f32 * crossing.inwards[axis]))?;
    }
    let side = (SIDES - BESIDE + 1) as usize;
    let (outside, inside) = (&colours[..side], &colours[colours.len() - side..]);
    let mean = |colours: &[[f32; 3]]| {
        [0, 1, 2].map(|channel| colours.iter().map(|colour| colour[channel]).sum::<f32>() / side as f32)
    };
    let (from, to) = (mean(outside), mean(inside));
    let way = [0, 1, 2].map(|channel| to[channel] - from[channel]);
    let distance = way.iter().map(|part| part * part).sum::<f32>();
    let share = |colour: &[f32; 3]| (0..3).map(|c| (colour[c] - from[c]) * way[c]).sum::<f32>() / distance.max(1e-3);
    let off = |colours: &[[f32; 3]], own: f32| colours.iter().map(|colour| (share(colour) - own).powi(2)).sum::<f32>();
    let uneven = (off(outside, 0.0) + off(inside, 1.0)) / (2 * side) as f32;
    let clear = distance / (distance + CONTRAST * CONTRAST) * (1.0 - uneven / UNEVEN).max(0.0);
    let near = &colours[(SIDES - REACH) as usize..=(SIDES + REACH) as usize];
    let covered: f32 = near.iter().map(|colour| share(colour).clamp(0.0, 1.0)).sum();
    Some((REACH as f32 + 0.5 - covered, clear))
}

/// The closed curve that is near what was measured, as far as that is clear, near the border elsewhere, and bends least: the solution of
/// `(W + B + λ D'D) x = W m + B b`, with `D` the second difference along the curve, by conjugate gradients.
fn smoothed(border: &[[f32; 2]], places: &[[f32; 2]], weights: &[f32]) -> Vec<[f32; 2]> {
    let solve = |axis: usize| -> Vec<f32> {
        let at = |points: &[[f32; 2]], i: usize| f64::from(points[i][axis]);
        let weight = |i: usize| f64::from(weights[i]);
        let bound = f64::from(BORDER);
        let wanted: Vec<f64> = (0..border.len()).map(|i| weight(i) * at(places, i) + bound * at(border, i)).collect();
        let times = |x: &[f64]| -> Vec<f64> {
            let bends = bends(&bends(x));
            (0..x.len()).map(|i| (weight(i) + bound) * x[i] + f64::from(BENDS) * bends[i]).collect()
        };
        let start = (0..border.len()).map(|i| at(border, i)).collect();
        conjugate(times, &wanted, start).into_iter().map(|value| value as f32).collect()
    };
    solve(0).into_iter().zip(solve(1)).map(|(x, y)| [x, y]).collect()
}

/// The second difference along a closed row.
fn bends(row: &[f64]) -> Vec<f64> {
    let count = row.len();
    (0..count).map(|i| row[(i + count - 1) % count] - 2.0 * row[i] + row[(i + 1) % count]).collect()
}

/// Solves a symmetric positive system to about a hundredth of a pixel.
fn conjugate(times: impl Fn(&[f64]) -> Vec<f64>, wanted: &[f64], mut found: Vec<f64>) -> Vec<f64> {
    const MOST: usize = 200;
    const EXACT: f64 = 1e-5;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut left: Vec<f64> = wanted.iter().zip(times(&found)).map(|(wanted, own)| wanted - own).collect();
    let mut towards = left.clone();
    let mut size = product(&left, &left);
    for _ in 0..MOST {
        if size < EXACT * EXACT * found.len() as f64 {
            break;
        }
        let moved = times(&towards);
        let step = size / product(&towards, &moved);
        for i in 0..found.len() {
            found[i] += step * towards[i];
            left[i] -= step * moved[i];
        }
        let smaller = product(&left, &left);
        for i in 0..found.len() {
            towards[i] = left[i] + smaller / size * towards[i];
        }
        size = smaller;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc of a given contrast on grey with noise, and the border that a grid finds of it: off by up to a pixel here and there.
    fn disc(contrast: f32) -> (Frame, Vec<bool>) {
        let (width, height) = (120, 120);
        let (mut colours, mut mask) = (Vec::new(), Vec::new());
        for pixel in 0..width * height {
            let (x, y) = ((pixel % width) as f32 + 0.5 - 60.3, (pixel / width) as f32 + 0.5 - 59.6);
            let far = (x * x + y * y).sqrt();
            let share = (40.0 - far + 0.5).clamp(0.0, 1.0);
            let noise = ((pixel as u32).wrapping_mul(2_654_435_761) >> 13) % 7;
            colours.push([(100.0 + contrast * share) as u8 + noise as u8; 3]);
            let block = (pixel % width / 9 + pixel / width / 7) % 3;
            mask.push(far < 39.5 + block as f32 * 0.5);
        }
        (Frame { width, height, colours }, mask)
    }

    #[test]
    fn an_outline_lies_on_a_clear_edge_and_is_smooth_on_a_faint_one() {
        for (contrast, most) in [(100.0, 0.25), (6.0, 0.8)] {
            let (frame, mask) = disc(contrast);
            let found = fitted(&frame, &mask);
            assert_eq!(found.len(), 1);
            let off = found[0].points().iter().map(|p| {
                let (x, y) = (p[0] - 60.3, p[1] - 59.6);
                (x * x + y * y).sqrt() - 40.0
            });
            let worst = off.map(f32::abs).fold(0.0, f32::max);
            assert!(worst < most, "{worst} at a contrast of {contrast}");
        }
    }
}
