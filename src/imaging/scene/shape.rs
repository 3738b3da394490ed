//! What a silhouette tells of a product: where it stands, how its base lies on the floor, and how wide it is at each height.

use fast_image_resize::FilterType;

use super::product::resize;
use crate::imaging::{Error, Picture};

/// The longer side of the small silhouette that is measured.
const SIDE: u32 = 256;
/// From here on a pixel belongs to the product.
const SOLID: u8 = 128;
/// The base is looked for in the lowest part of the silhouette, by its width.
const BASE_WINDOW: f64 = 0.35;
/// The sides of a base end where they come this near to its full width, as a share of it.
const SPREAD: f64 = 0.03;
/// The least and the most depth of a base that is believed, by its width: seen nearly level, and from 35 degrees above.
const BASE_DEPTHS: [f64; 2] = [0.16, 0.56];

/// A silhouette, measured in its own small pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Pixels of the cutout for one of the silhouette, across and down.
    pub unit: [f64; 2],
    /// Left, top, right, bottom of the solid part, without stray pixels.
    pub bounds: [f64; 4],
    /// The mean place of the alpha.
    pub weight: [f64; 2],
    /// The solid runs of each row, from left to right.
    pub rows: Vec<Vec<[f64; 2]>>,
    pub base: Base,
}

/// Where a product touches the floor, as far as its front shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    /// The middle of the footprint. A footprint is taken to be point-symmetric around it, as circles and boxes are: so its hidden
    /// back is known from its front.
    pub centre: [f64; 2],
    pub width: f64,
    /// The footprint's rows, evenly from its back to its front: left and right from the centre.
    pub rows: Vec<[f64; 2]>,
}

impl Base {
    /// From the centre to the front.
    pub fn half_depth(&self) -> f64 {
        (self.rows.len() / 2) as f64
    }

    /// How much a length on the floor that points to the camera is foreshortened.
    pub fn foreshortening(&self) -> f64 {
        2.0 * self.half_depth() / self.width
    }
}

impl Shape {
    /// `None` where nothing is solid.
    pub fn of(picture: &Picture) -> Result<Option<Shape>, Error> {
        let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
        let scale = (f64::from(SIDE) / width.max(height)).min(1.0);
        let small = |length: f64| (length * scale).round().max(1.0) as u32;
        let (small_width, small_height) = (small(width), small(height));
        let pixels = resize(picture, small_width, small_height, FilterType::Bilinear)?;
        let rows: Vec<Vec<[f64; 2]>> = pixels.chunks_exact(small_width as usize * 4).map(runs).collect();
        let Some(coarse) = bounds(&rows) else { return Ok(None) };
        let unit = [width / f64::from(small_width), height / f64::from(small_height)];
        // The margins and the floor line are kept to the pixel.
        let whole: Vec<Vec<[f64; 2]>> = picture.pixels().chunks_exact(picture.width() as usize * 4).map(runs).collect();
        let [left, top, right, bottom] = bounds(&whole).unwrap_or(coarse);
        let bounds = [left / unit[0], top / unit[1], right / unit[0], bottom / unit[1]];
        let weight = weight(&pixels, small_width as usize);
        let base = base(&rows, coarse);
        Ok(Some(Shape { unit, bounds, weight, rows, base }))
    }
}

fn runs(row: &[u8]) -> Vec<[f64; 2]> {
    let mut runs: Vec<[f64; 2]> = Vec::new();
    for (x, pixel) in row.chunks_exact(4).enumerate() {
        let x = x as f64;
        match runs.last_mut() {
            _ if pixel[3] < SOLID => {}
            Some(run) if run[1] == x => run[1] = x + 1.0,
            _ => runs.push([x, x + 1.0]),
        }
    }
    runs
}

/// Rows and columns that hold next to nothing are dust, not product.
fn bounds(rows: &[Vec<[f64; 2]>]) -> Option<[f64; 4]> {
    let widest = rows.iter().flatten().map(|run| run[1] - run[0]).fold(0.0, f64::max);
    let least = 0.015 * widest;
    let solid = |row: &Vec<[f64; 2]>| row.iter().any(|run| run[1] - run[0] >= least);
    let top = rows.iter().position(solid)?;
    let bottom = rows.iter().rposition(solid)? + 1;
    let runs = || rows[top..bottom].iter().flatten().filter(|run| run[1] - run[0] >= least);
    let left = runs().map(|run| run[0]).fold(f64::INFINITY, f64::min);
    let right = runs().map(|run| run[1]).fold(0.0, f64::max);
    Some([left, top as f64, right, bottom as f64])
}

fn weight(pixels: &[u8], width: usize) -> [f64; 2] {
    let (mut across, mut down, mut total) = (0u64, 0u64, 0u64);
    for (at, pixel) in pixels.chunks_exact(4).enumerate() {
        let alpha = u64::from(pixel[3]);
        across += alpha * (2 * (at % width) as u64 + 1);
        down += alpha * (2 * (at / width) as u64 + 1);
        total += 2 * alpha;
    }
    [across as f64 / total.max(1) as f64, down as f64 / total.max(1) as f64]
}

/// The front of the footprint is the lower edge of the silhouette, as far up as its sides still spread.
fn base(rows: &[Vec<[f64; 2]>], [left, top, right, bottom]: [f64; 4]) -> Base {
    let edges = |y: usize| {
        let row = &rows[y];
        Some([row.first()?[0].max(left), row.last()?[1].min(right)])
    };
    // The width near the floor decides how far up to look.
    let mut first = bottom - BASE_WINDOW * (right - left);
    let mut wide = [left, right];
    for _ in 0..2 {
        let window = (first.max(top) as usize)..bottom as usize;
        let found = window.filter_map(edges).reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]);
        wide = found.unwrap_or(wide);
        first = bottom - BASE_WINDOW * (wide[1] - wide[0]);
    }
    let width = (wide[1] - wide[0]).max(1.0);
    let window = || (first.max(top) as usize..bottom as usize).rev();
    let end = |reaches: &dyn Fn([f64; 2]) -> bool| {
        window().find(|&y| edges(y).is_some_and(reaches)).map_or(bottom - 1.0, |y| y as f64)
    };
    let slack = SPREAD * width;
    let ends = [end(&|row| row[0] <= wide[0] + slack), end(&|row| row[1] >= wide[1] - slack)];
    // A body that tapers to its foot stands on the foot.
    let foot = [0, 1].map(|side| edges(ends[side] as usize).map_or(wide[side], |row| row[side]));
    let width = (foot[1] - foot[0]).max(1.0);
    let deep = bottom - (ends[0] + ends[1]) / 2.0;
    let half_depth = deep.clamp(BASE_DEPTHS[0] / 2.0 * width, BASE_DEPTHS[1] / 2.0 * width).round().max(1.0);
    let centre = [(foot[0] + foot[1]) / 2.0, bottom - half_depth];
    let front: Vec<f64> =
        (0..width as usize).map(|x| lower_edge(rows, foot[0] + x as f64, centre[1], bottom)).collect();
    Base { centre, width, rows: footprint(&front, half_depth) }
}

/// How far below the centre the silhouette ends in a column; above it, where a corner of the base lies further back.
fn lower_edge(rows: &[Vec<[f64; 2]>], x: f64, centre: f64, bottom: f64) -> f64 {
    let inside = |y: &usize| rows[*y].iter().any(|run| run[0] <= x && x < run[1]);
    let highest = (2.0 * centre - bottom).max(0.0);
    let lowest = (highest as usize..bottom as usize).rev().find(inside);
    lowest.map_or(highest, |y| y as f64 + 1.0) - centre
}

/// The rows of the region between the front and its reflection through the centre.
fn footprint(front: &[f64], half_depth: f64) -> Vec<[f64; 2]> {
    let half_width = front.len() as f64 / 2.0;
    let half = half_depth as i64;
    let row = |depth: f64| {
        let inside = |x: &usize| depth <= front[*x] && -depth <= front[front.len() - 1 - x];
        let first = (0..front.len()).find(inside).map(|x| x as f64 - half_width);
        let last = (0..front.len()).rev().find(inside).map(|x| x as f64 + 1.0 - half_width);
        [first.unwrap_or(0.0), last.unwrap_or(0.0)]
    };
    (-half..=half).map(|depth| row(depth as f64)).collect()
}
