//! The line of shadow under a product, where it stands: dark between light ground and a lighter product, it is inside the border's
//! strongest edge and not the product's. A shadow fades outwards and ends sharply at the product. Print and dark rims do not, and stay.

use std::ops::Range;

use super::border::Frame;
use super::even::{REACH, smoothed, spread};
use super::middle;
use super::regions::{bounds, grow, parts};

/// Products are looked at as if their longest side had this many steps.
const STEPS: f32 = 1300.0;
/// How far across the border is looked: to the ground outside, and into the product.
const OUTSIDE: usize = 10;
const INSIDE: usize = 33;
/// Where a line's darkest step may lie.
const DARKEST: Range<usize> = OUTSIDE - 3..OUTSIDE + 11;
/// Where it lies in the middle of a line that was taken along: deeper in is print, and further out it was left outside.
const TAKEN: Range<usize> = OUTSIDE..OUTSIDE + 6;
/// Steps behind the darkest that show the product: the darker of the two medians, so that no print right behind the line counts.
const BEHIND: [Range<usize>; 2] = [4..11, 10..22];
/// How much of a border's way inwards must be up.
const UP: f32 = 0.35;
/// A line is darker than what is on both its sides by so many levels, and by this share of the darker one.
const LINE: [f32; 2] = [4.0, 0.1];
/// The same of a line that nobody would miss, and how much of a line must be so.
const CLEAR: [f32; 2] = [6.0, 0.2];
const CLEARLY: f32 = 0.4;
/// Shorter lines, in steps, are chance.
const LONG: f32 = 40.0;
/// Places on the border this near each other, in pixels, are of one line.
const TOGETHER: usize = 2;
/// How far around its darkest a line's mean profile is looked at.
const FADES: usize = 7;
const RISES: usize = 8;
/// No step of a shadow's fade takes more of the whole than this; print and rims end more sharply, even in a soft photo. Chosen, with the next,
/// by 64 scoring scenes, without hints and with a box, and the shared photos: of 134 masks 25 changed, all for the better (IoU by up to +0.0036).
const SOFT: f32 = 0.22;
/// How much steeper the product's side of the line is than the ground's, at least. From 0.6 on down, rims of cartons were cut off.
const SHARPER: f32 = 0.7;
/// Where the product begins, from the darkest (0) to the steepest (1), measured with the same.
const BEGINS: f32 = 0.7;
/// A line's width at one place is the middle one of so many beside it.
const BESIDE: usize = 15;

/// A place on the border above the ground, where a line is.
struct Place {
    pixel: usize,
    inwards: [f32; 2],
    profile: [f32; OUTSIDE + INSIDE],
    darkest: usize,
    is_clear: bool,
}

/// The product without the shadows that it stands in.
pub fn lifted(sides: &[bool], frame: &Frame) -> Vec<bool> {
    let Some([left, top, right, bottom]) = bounds(sides, frame.width) else {
        return sides.to_vec();
    };
    let step = (right - left).max(bottom - top) as f32 / STEPS;
    let places = places(sides, frame, step);
    let mut marks = vec![false; sides.len()];
    places.iter().for_each(|place| marks[place.pixel] = true);
    let (number, sizes) = parts(&grow(&marks, frame.width, TOGETHER), frame.width);
    let mut lines: Vec<Vec<Place>> = sizes.iter().map(|_| Vec::new()).collect();
    for place in places {
        lines[number[place.pixel] as usize].push(place);
    }
    let mut shadows = vec![false; sides.len()];
    for line in &mut lines {
        let clear = line.iter().filter(|place| place.is_clear).count();
        if (line.len() as f32) < LONG * step || (clear as f32) < CLEARLY * line.len() as f32 {
            continue;
        }
        if let Some(begins) = shadow(line) {
            mark(line, begins, step, &mut shadows, frame.width);
        }
    }
    if !shadows.contains(&true) {
        return sides.to_vec();
    }
    let lifted: Vec<bool> = sides.iter().zip(&shadows).map(|(side, shadow)| *side && !shadow).collect();
    // Lines end, and what is left of them between two ways inwards is thin.
    let near = grow(&shadows, frame.width, REACH);
    let smooth = smoothed(&lifted, frame.width);
    sides.iter().zip(near.iter().zip(&smooth)).map(|(side, (near, smooth))| *side && (!near || *smooth)).collect()
}

/// Where the border's lower side shows a line, row by row.
fn places(sides: &[bool], frame: &Frame, step: f32) -> Vec<Place> {
    let (width, height) = (frame.width, frame.height);
    let spread = spread(sides, width);
    let value = |x: usize, y: usize| spread[y * width + x] as f32;
    let mut places = Vec::new();
    for (x, y) in (1..height.saturating_sub(1)).flat_map(|y| (1..width - 1).map(move |x| (x, y))) {
        let pixel = y * width + x;
        let beside = [pixel - 1, pixel + 1, pixel - width, pixel + width];
        if !sides[pixel] || beside.into_iter().all(|beside| sides[beside]) {
            continue;
        }
        let slope = [value(x + 1, y) - value(x - 1, y), value(x, y + 1) - value(x, y - 1)];
        let steep = (slope[0] * slope[0] + slope[1] * slope[1]).sqrt();
        let inwards = slope.map(|part| part / steep.max(1.0));
        if -inwards[1] >= UP {
            places.extend(Place::at(pixel, inwards, frame, step));
        }
    }
    places
}

impl Place {
    fn at(pixel: usize, inwards: [f32; 2], frame: &Frame, step: f32) -> Option<Place> {
        let (x, y) = ((pixel % frame.width) as f32, (pixel / frame.width) as f32);
        let mut profile = [0.0; OUTSIDE + INSIDE];
        for (i, light) in profile.iter_mut().enumerate() {
            let off = (i as f32 - OUTSIDE as f32) * step;
            *light = brightness(frame, x + off * inwards[0], y + off * inwards[1]);
        }
        let darkest = DARKEST.min_by(|a, b| profile[*a].total_cmp(&profile[*b]))?;
        let behind = BEHIND.map(|steps| middle(profile[darkest + steps.start..darkest + steps.end].to_vec()));
        let mut place = Place { pixel, inwards, profile, darkest, is_clear: false };
        let around = place.ground().min(behind[0]).min(behind[1]);
        let is_darker = |[levels, share]: [f32; 2]| around - profile[darkest] > levels.max(share * around);
        place.is_clear = is_darker(CLEAR);
        is_darker(LINE).then_some(place)
    }

    /// The lightest outside of the line.
    fn ground(&self) -> f32 {
        self.profile[..=self.darkest].iter().copied().fold(0.0, f32::max)
    }
}

/// Between four pixels, in levels; beyond the frame it goes on as it ends.
fn brightness(frame: &Frame, x: f32, y: f32) -> f32 {
    let (x, y) = (x.clamp(0.0, frame.width as f32 - 1.0), y.clamp(0.0, frame.height as f32 - 1.0));
    let (left, top) = (x as usize, y as usize);
    let at = |x: usize, y: usize| {
        let [red, green, blue] = frame.colours[y.min(frame.height - 1) * frame.width + x.min(frame.width - 1)];
        0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
    };
    let row = |y: usize| at(left, y) + (at(left + 1, y) - at(left, y)) * (x - left as f32);
    row(top) + (row(top + 1) - row(top)) * (y - top as f32)
}

/// Where the product begins, in steps from a line's darkest, if the line is a shadow.
fn shadow(line: &[Place]) -> Option<f32> {
    if darkest(line) >= TAKEN.end {
        return None;
    }
    let mean = |off: usize| {
        line.iter().map(|place| place.profile[place.darkest + off - FADES]).sum::<f32>() / line.len() as f32
    };
    let profile: Vec<f32> = (0..=FADES + RISES).map(mean).collect();
    let rise = |i: usize| profile[i + 1] - profile[i];
    let fade = (0..FADES).map(|i| -rise(i)).fold(0.0, f32::max);
    let ground = line.iter().map(Place::ground).sum::<f32>() / line.len() as f32;
    let steepest = (FADES..FADES + RISES).max_by(|a, b| rise(*a).total_cmp(&rise(*b)))?;
    let is_shadow = fade <= SOFT * (ground - profile[FADES]) && rise(steepest) >= SHARPER * fade;
    is_shadow.then(|| BEGINS * ((steepest - FADES) as f32 + 0.5))
}

/// In the middle of a line.
fn darkest(line: &[Place]) -> usize {
    middle(line.iter().map(|place| place.darkest as f32).collect()) as usize
}

/// From the border to where the product begins, wherever the line was taken along, if not all of it was.
fn mark(line: &mut [Place], begins: f32, step: f32, shadows: &mut [bool], width: usize) {
    let all = TAKEN.contains(&darkest(line));
    line.sort_by_key(|place| (place.pixel % width, place.pixel));
    for i in 0..line.len() {
        let beside = &line[i.saturating_sub(BESIDE)..(i + BESIDE + 1).min(line.len())];
        let darkest = darkest(beside);
        if !all && !TAKEN.contains(&darkest) {
            continue;
        }
        let length = (darkest as f32 - OUTSIDE as f32 + begins) * step;
        let Place { pixel, inwards, .. } = line[i];
        // Less than half a pixel each, so that none is stepped over.
        for way in (0..).map(|count| count as f32 * 0.4).take_while(|way| *way <= length) {
            let x = (pixel % width) as f32 + way * inwards[0];
            let y = (pixel / width) as f32 + way * inwards[1];
            shadows[y.round() as usize * width + (x.round() as usize).min(width - 1)] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 200;
    const HEIGHT: usize = 1400;
    /// The product's first and last row: a step is a pixel.
    const TOP: usize = 51;
    const BASE: usize = 1350;

    /// A box on the ground, as a mask that ends `taken` rows below its base, and the photo: brightness by the row below the base (negative:
    /// in the product).
    fn standing(taken: usize, light: impl Fn(i32) -> u8) -> (Vec<bool>, Frame) {
        let places = || (0..WIDTH * HEIGHT).map(|pixel| (pixel % WIDTH, pixel / WIDTH));
        let is_across = |x: usize| (40..160).contains(&x);
        let sides = places().map(|(x, y)| is_across(x) && (TOP..=BASE + taken).contains(&y)).collect();
        let colours = places().map(|(x, y)| {
            let light = if is_across(x) && y >= TOP { light(y as i32 - BASE as i32) } else { 200 };
            [light; 3]
        });
        (sides, Frame { width: WIDTH, height: HEIGHT, colours: colours.collect() }.smoothed())
    }

    /// The last row of the product in its middle.
    fn last(sides: &[bool]) -> usize {
        (0..HEIGHT).rfind(|y| sides[y * WIDTH + WIDTH / 2]).unwrap()
    }

    #[test]
    fn a_shadow_that_was_taken_along_goes_and_nothing_else_does() {
        let shadow = |row: i32| if row <= 0 { 150 } else { (15 + row * 15).min(200) as u8 };
        for taken in 2..5 {
            let (sides, frame) = standing(taken, shadow);
            let lifted = lifted(&sides, &frame);
            assert!(last(&lifted).abs_diff(BASE) <= 1, "{taken}: {}", last(&lifted));
            // But for what smoothing takes off the corners.
            let above = (BASE - 20) * WIDTH;
            assert!(lifted[..above] == sides[..above], "{taken}");
        }
    }

    #[test]
    fn print_dark_rims_and_products_darker_than_their_shadow_stay_as_they_are() {
        let light = |product: i32, row: i32| if row > 0 { 200 } else { product as u8 };
        // Print near the base, with and without some of the product below it, and a rim that gets dark by and by.
        let print = |row: i32| light(if (-4..-1).contains(&row) { 40 } else { 150 }, row);
        let band = |row: i32| light(if row > -4 { 40 } else { 150 }, row);
        let rim = |row: i32| light((40 - row * 25).min(150), row);
        let plain = |row: i32| light(150, row);
        let dark = |row: i32| if row <= 0 { 30 } else { (15 + row * 15).min(200) as u8 };
        let photos: [(&str, &dyn Fn(i32) -> u8); 5] =
            [("print", &print), ("band", &band), ("rim", &rim), ("plain", &plain), ("dark", &dark)];
        for (name, photo) in photos {
            let (sides, frame) = standing(0, photo);
            assert!(lifted(&sides, &frame) == sides, "{name}");
        }
    }

    #[test]
    fn nothing_stands_on_nothing() {
        let (sides, frame) = standing(0, |_| 90);
        assert_eq!(lifted(&vec![false; sides.len()], &frame), vec![false; sides.len()]);
    }
}
