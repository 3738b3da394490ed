//! The outline where the photo shows no edge: without the bumps that grain and texture make there.

use super::border::Frame;
use super::regions::parts;

/// Three means over this many pixels to each side, both ways, are nearly a bell of 7.5 pixels' deviation: they leave no bump, and cut off
/// corners too.
pub const REACH: usize = 7;
const WHOLE: u32 = (2 * REACH as u32 + 1).pow(6);
/// How far around a bump colours are compared with it, in pixels.
const AROUND: i32 = 5;
/// A bump stays where its colour is that much nearer to its own side than to the other. Looked at with the shared photos: from 0.4 to 0.8
/// all that changes is how soft faint corners are.
const NEARER: f32 = 0.6;

/// What a smooth outline would take from the product or give to it, it does, unless the colours there say whose it is.
pub fn evened(sides: &[bool], frame: &Frame) -> Vec<bool> {
    let smooth = smoothed(sides, frame.width);
    let mut evened = sides.to_vec();
    for own in [true, false] {
        let moved: Vec<bool> = sides.iter().zip(&smooth).map(|(side, smooth)| *side == own && *smooth != own).collect();
        let (number, sizes) = parts(&moved, frame.width);
        let mut bumps = vec![Bump::default(); sizes.len()];
        for (pixel, part) in number.iter().enumerate().filter(|(_, part)| **part > 0) {
            bumps[*part as usize].see(pixel, sides, &smooth, frame);
        }
        let holds: Vec<bool> = bumps.iter().map(|bump| bump.belongs_to(own)).collect();
        for (side, part) in evened.iter_mut().zip(&number).filter(|(_, part)| **part > 0) {
            *side = own == holds[*part as usize];
        }
    }
    evened
}

/// Colours of a bump, and of what is surely background and product around it.
#[derive(Default, Clone)]
struct Bump {
    own: Colours,
    sides: [Colours; 2],
}

#[derive(Default, Clone)]
struct Colours {
    sum: [u32; 3],
    count: u32,
}

impl Bump {
    fn see(&mut self, pixel: usize, sides: &[bool], smooth: &[bool], frame: &Frame) {
        self.own.add(frame.colours[pixel]);
        let (x, y) = ((pixel % frame.width) as i32, (pixel / frame.width) as i32);
        let near = |at: i32, count: usize| (at - AROUND).max(0) as usize..((at + AROUND) as usize + 1).min(count);
        for row in near(y, frame.height) {
            for beside in near(x, frame.width).map(|column| row * frame.width + column) {
                if sides[beside] == smooth[beside] {
                    self.sides[usize::from(sides[beside])].add(frame.colours[beside]);
                }
            }
        }
    }

    fn belongs_to(&self, own: bool) -> bool {
        let [own, other] = [own, !own].map(|side| self.own.distance(&self.sides[usize::from(side)]));
        own < NEARER * other
    }
}

impl Colours {
    fn add(&mut self, colour: [u8; 3]) {
        self.sum.iter_mut().zip(colour).for_each(|(sum, value)| *sum += u32::from(value));
        self.count += 1;
    }

    /// Between the means.
    fn distance(&self, other: &Colours) -> f32 {
        let mean = |colours: &Colours, i: usize| colours.sum[i] as f32 / colours.count.max(1) as f32;
        let square = |i: usize| (mean(self, i) - mean(other, i)).powi(2);
        (square(0) + square(1) + square(2)).sqrt()
    }
}

/// Whether most of what is around each pixel is the product.
pub fn smoothed(sides: &[bool], width: usize) -> Vec<bool> {
    spread(sides, width).into_iter().map(|sum| sum > WHOLE / 2).collect()
}

/// How much of what is around each pixel is the product, from 0 to [`WHOLE`].
pub fn spread(sides: &[bool], width: usize) -> Vec<u32> {
    let sums = sides.iter().map(|side| u32::from(*side)).collect();
    (0..3).fold(sums, |sums: Vec<u32>, _| down(&across(&sums, width), width))
}

/// Sums along each row; beyond its ends it goes on as it ends.
fn across(values: &[u32], width: usize) -> Vec<u32> {
    let mut sums = Vec::with_capacity(values.len());
    for row in values.chunks_exact(width) {
        let at = |x: usize| row[x.saturating_sub(REACH).min(width - 1)];
        let mut sum: u32 = (0..=2 * REACH).map(at).sum();
        for x in 0..width {
            sums.push(sum);
            sum = sum + at(x + 2 * REACH + 1) - at(x);
        }
    }
    sums
}

/// The same along each column.
fn down(values: &[u32], width: usize) -> Vec<u32> {
    let height = values.len() / width;
    let row = |y: usize| &values[y.saturating_sub(REACH).min(height - 1) * width..][..width];
    let mut sum = vec![0; width];
    for y in 0..=2 * REACH {
        sum.iter_mut().zip(row(y)).for_each(|(sum, value)| *sum += value);
    }
    let mut sums = Vec::with_capacity(values.len());
    for y in 0..height {
        sums.extend_from_slice(&sum);
        let (next, last) = (row(y + 2 * REACH + 1), row(y));
        sum.iter_mut().zip(next.iter().zip(last)).for_each(|(sum, (next, last))| *sum = *sum + next - last);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 90;

    /// A square with a bump and a dent; the photo shows them, or only a straight edge that lies where they end.
    fn square(seen: bool) -> (Vec<bool>, Frame) {
        let inside = |x: usize, y: usize, bumps: bool| {
            let bump = bumps && (28..36).contains(&x) && (66..69).contains(&y);
            let dent = bumps && (50..58).contains(&x) && (63..66).contains(&y);
            ((20..70).contains(&x) && (20..66).contains(&y) || bump) && !dent
        };
        let places = || (0..SIDE * SIDE).map(|pixel| (pixel % SIDE, pixel / SIDE));
        let sides = places().map(|(x, y)| inside(x, y, true)).collect();
        let colours = places().map(|(x, y)| match (inside(x, y, seen), seen || y < 50) {
            (true, true) => [200, 180, 160],
            (false, true) => [60, 70, 80],
            // Nothing tells the two sides apart.
            (_, false) => [120, 120, 120],
        });
        (sides, Frame { width: SIDE, height: SIDE, colours: colours.collect() })
    }

    #[test]
    fn bumps_and_dents_go_where_nothing_is_seen_of_them_and_stay_where_the_photo_shows_them() {
        let at = |x: usize, y: usize| y * SIDE + x;
        let (sides, frame) = square(true);
        assert_eq!(evened(&sides, &frame), sides);
        let (sides, frame) = square(false);
        let evened = evened(&sides, &frame);
        assert_eq!([sides[at(32, 67)], sides[at(54, 63)]], [true, false]);
        assert_eq!([evened[at(32, 67)], evened[at(54, 63)]], [false, true]);
        // The upper corners are seen.
        assert!(evened[at(20, 20)] && evened[at(69, 20)]);
    }

    #[test]
    fn a_product_that_the_photo_cuts_off_reaches_the_edge() {
        let sides: Vec<bool> = (0..SIDE * SIDE).map(|pixel| pixel % SIDE < 40).collect();
        assert_eq!(smoothed(&sides, SIDE), sides);
    }
}
