//! Shadows on the floor: what each product keeps away of the lamp's light and of the room's, found by sampling both.
//!
//! A silhouette stands for a solid: at each height, the footprint of the base scaled to the silhouette's width there. Seen from one
//! point of the lamp, its shadow is the union of all those cross-sections, moved away from the lamp in proportion to their height.
//! The mean over many points of the lamp has what real shadows have: sharp at the base, softer with every bit of height. The same
//! over the whole sky gives the shade around the base; and the footprint's narrow rim is the dark line that no light reaches.

use rayon::prelude::*;

use super::Light;
use super::place::{Layout, Place};
use super::product::Product;
use super::spline::Plane;
use crate::imaging::exact::sin_cos;

/// Pixels of the shadow plane for the taller or wider side of the largest product: shadows are soft, and are drawn no finer.
const DETAIL: f64 = 220.0;
/// The most pixels of a plane, for frames in which products are small.
const MOST_PIXELS: f64 = 600_000.0;
/// Points of the lamp that are looked from.
const LAMP_POINTS: usize = 96;
/// Rings of the sky with equal weight (by the cosine law), and points on each.
const SKY_RINGS: usize = 6;
const SKY_RING_POINTS: usize = 36;
/// Points of the rim.
const RIM_POINTS: usize = 48;
/// How far the rim reaches, by the width of the base.
const RIM: f64 = 0.08;
/// How much of the light on an unshaded floor is the lamp's; the rest is the room's.
const LAMP_SHARE: f64 = 0.55;
/// How much of all light the rim keeps away at the base itself; from there it falls off fast.
const RIM_DARKNESS: f64 = 0.7;
/// The lamp's radius at softness 1, as floor length for each unit of height.
const LARGEST_LAMP: f64 = 0.55;

/// From one point of light: how far the shadow of a point at height 1 lies to the right, and towards the camera.
type Slant = [f64; 2];

/// A product as a stack of cross-sections, in pixels of the plane.
struct Solid {
    /// From the base up: height above the floor, middle from the left, scale of the footprint.
    sections: Vec<[f64; 3]>,
    /// The base's middle, from the top.
    floor: f64,
    foreshortening: f64,
    /// The footprint's rows from back to front: left and right from the middle.
    footprint: Vec<[f64; 2]>,
}

/// How much light reaches each place of the floor, from 0 to 1.
pub fn cast(products: &[Product], layout: &Layout, light: &Light, width: u32, height: u32) -> Plane {
    let (frame_width, frame_height) = (f64::from(width), f64::from(height));
    let largest = layout.places.iter().map(|place| place.width.max(place.height)).max().unwrap_or(1);
    let most = (MOST_PIXELS / (frame_width * frame_height)).sqrt();
    let scale = (DETAIL / f64::from(largest)).min(most).min(1.0);
    let side = |length: f64| (length * scale).ceil() as usize + 3;
    let (columns, rows) = (side(frame_width), side(frame_height));
    let solids: Vec<Solid> =
        products.iter().zip(&layout.places).map(|(product, place)| solid(product, place, scale)).collect();
    let lamp = covered(&solids, &lamp_points(light), columns, rows);
    let sky = covered(&solids, &sky_points(), columns, rows);
    let rim = covered(&solids.iter().map(Solid::rim).collect::<Vec<_>>(), &rim_points(), columns, rows);
    let (cast, contact) = (f64::from(light.cast), f64::from(light.contact));
    let light = |((lamp, sky), rim): ((&u16, &u16), &u16)| {
        let lamp = f64::from(*lamp) / LAMP_POINTS as f64;
        let sky = f64::from(*sky) / (SKY_RINGS * SKY_RING_POINTS) as f64;
        // Half of the points are hidden where the base ends.
        let rim = (2.0 * f64::from(*rim) / RIM_POINTS as f64).min(1.0);
        // What hides the sky also keeps away the light that the floor and the walls give back.
        let room = (1.0 - contact * sky) * (1.0 - contact * sky);
        let open = LAMP_SHARE * (1.0 - cast * lamp) + (1.0 - LAMP_SHARE) * room;
        (open * (1.0 - RIM_DARKNESS * contact * rim * rim.sqrt())) as f32
    };
    let places = lamp.iter().zip(&sky).zip(&rim);
    Plane::new(places.map(light).collect(), columns, scale).smoothed()
}

fn solid(product: &Product, place: &Place, scale: f64) -> Solid {
    let shape = product.shape();
    let [across, down] = shape.unit.map(|unit| unit * place.scale * scale);
    let (left, top) = (place.left as f64 * scale, place.top as f64 * scale);
    let [centre, middle] = shape.base.centre;
    let sections = shape.rows.iter().enumerate().rev().flat_map(|(y, runs)| {
        let height = (middle - y as f64 - 0.5) * down;
        let section = move |run: &[f64; 2]| {
            let middle = left + (run[0] + run[1]) / 2.0 * across;
            [height, middle, (run[1] - run[0]) / shape.base.width]
        };
        runs.iter().filter(move |_| height > 0.0).map(section)
    });
    let base = [0.0, left + centre * across, 1.0];
    Solid {
        sections: std::iter::once(base).chain(sections).collect(),
        floor: top + middle * down,
        foreshortening: shape.base.foreshortening(),
        footprint: scaled(&shape.base.rows, across, down),
    }
}

/// A footprint with as many rows as it has pixels.
fn scaled(rows: &[[f64; 2]], across: f64, down: f64) -> Vec<[f64; 2]> {
    let half = (rows.len() / 2) as f64;
    let wanted = (half * down).round().max(1.0);
    let row = |at: i64| rows[((at as f64 / wanted * half + half).round() as usize).min(rows.len() - 1)];
    (-(wanted as i64)..=wanted as i64).map(|at| row(at).map(|x| x * across)).collect()
}

impl Solid {
    /// The footprint alone, at such a height that its [`rim_points`] spread as far as the rim reaches.
    fn rim(&self) -> Solid {
        let half_width = self.footprint.iter().map(|row| row[1]).fold(0.0, f64::max);
        let base = [2.0 * half_width * RIM, self.sections[0][1], 1.0];
        Solid { sections: vec![base], footprint: self.footprint.clone(), ..*self }
    }
}

/// Points spread evenly over a disc: a sunflower's seeds.
fn disc(points: usize, radius: f64) -> impl Iterator<Item = Slant> {
    (0..points).map(move |n| {
        let distance = radius * ((n as f64 + 0.5) / points as f64).sqrt();
        let (s, c) = sin_cos(n as f64 * 137.507_764);
        [distance * s, distance * c]
    })
}

fn rim_points() -> Vec<Slant> {
    disc(RIM_POINTS, 1.0).collect()
}

fn lamp_points(light: &Light) -> Vec<Slant> {
    let (sine, cosine) = sin_cos(f64::from(light.height).clamp(10.0, 89.0));
    let length = cosine / sine;
    let (across, towards) = sin_cos(f64::from(light.azimuth));
    let radius = LARGEST_LAMP * f64::from(light.softness);
    disc(LAMP_POINTS, radius).map(|[x, y]| [length * across + x, y - length * towards]).collect()
}

/// Points of an even sky, as many as the floor's cosine law gives each part of it.
fn sky_points() -> Vec<Slant> {
    let point = |ring: usize, n: usize| {
        let share = (ring as f64 + 0.5) / SKY_RINGS as f64;
        let length = (share / (1.0 - share)).sqrt();
        // Each ring turned by a part of a step, so that no direction is favoured.
        let step = n as f64 + ring as f64 / SKY_RINGS as f64;
        let (s, c) = sin_cos(step * 360.0 / SKY_RING_POINTS as f64);
        [length * s, length * c]
    };
    (0..SKY_RINGS).flat_map(|ring| (0..SKY_RING_POINTS).map(move |n| point(ring, n))).collect()
}

/// From how many of the points each pixel is hidden. Whole numbers, so that the order of adding does not matter.
fn covered(solids: &[Solid], points: &[Slant], columns: usize, rows: usize) -> Vec<u16> {
    let empty = || vec![0u16; columns * rows];
    let count = |chunk: &[Slant]| {
        let mut total = empty();
        let mut edges = vec![0i16; (columns + 1) * rows];
        for (n, slant) in chunk.iter().enumerate() {
            let touched = draw(solids, *slant, n, &mut edges, columns, rows);
            for y in touched {
                fill(&mut edges[y * (columns + 1)..][..columns + 1], &mut total[y * columns..][..columns]);
            }
        }
        total
    };
    let add = |mut sum: Vec<u16>, more: Vec<u16>| {
        sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        sum
    };
    // Chunks of a fixed size: each has a plane of its own.
    points.par_chunks(points.len().div_ceil(4)).map(count).reduce(empty, add)
}

/// Marks where each row's shadow begins (+1) and ends (−1); gives the rows that were marked.
fn draw(
    solids: &[Solid],
    [across, towards]: Slant,
    sample: usize,
    edges: &mut [i16],
    columns: usize,
    rows: usize,
) -> std::ops::Range<usize> {
    // Every point looks from another fraction of a pixel, which smooths the outline.
    let jitter = [sample * 5 % 8, sample * 3 % 8].map(|part| part as f64 / 8.0);
    let (mut first, mut last) = (rows, 0);
    let clamp = |x: f64| (x + jitter[0]).floor().clamp(0.0, columns as f64) as usize;
    for solid in solids {
        let half = (solid.footprint.len() / 2) as f64;
        for &[height, middle, scale] in &solid.sections {
            let x = middle + height * across;
            let y = solid.floor + height * towards * solid.foreshortening;
            let reach = (half * scale).round();
            let top = (y - reach + jitter[1]).floor();
            let inside = |row: f64| row.clamp(0.0, rows as f64) as usize;
            for row in inside(top)..inside(top + 2.0 * reach + 1.0) {
                let depth = if reach > 0.0 { (row as f64 - top - reach) / reach } else { 0.0 };
                let part = solid.footprint[((depth * half + half).round().max(0.0) as usize).min(2 * half as usize)];
                let (begin, end) = (clamp(x + part[0] * scale), clamp(x + part[1] * scale));
                if begin < end {
                    edges[row * (columns + 1) + begin] += 1;
                    edges[row * (columns + 1) + end] -= 1;
                    (first, last) = (first.min(row), last.max(row + 1));
                }
            }
        }
    }
    first..last.max(first)
}

/// Counts the pixels of a row that are inside at least one span, and clears the marks.
fn fill(edges: &mut [i16], total: &mut [u16]) {
    let mut depth = 0;
    for (edge, total) in edges.iter_mut().zip(total) {
        depth += *edge;
        *edge = 0;
        *total += u16::from(depth > 0);
    }
    if let Some(end) = edges.last_mut() {
        *end = 0;
    }
}
