//! The first, rough search: every place, size and turn at which a take could show the product, on very small copies.
//!
//! Two things vote. The product's light and colour inside its outline, as a correlation, which no even relighting changes. And the
//! directions of its edges, outline included, which new surroundings cannot change either: counted as doubled angles, so that it
//! does not matter which side is the brighter one.

use rayon::prelude::*;

use super::Fit;
use super::edges::{EDGE, directions};
use super::plane::Plane;
use super::view::{Cutout, ROOM, Shot, Takes, View};
use crate::imaging::Error;

/// The product's longer side in the search, in pixels.
const LONGEST: f64 = 24.0;

/// Sizes that are tried: from half the expected one to twice it, by about a ninth each.
const SIZES: i32 = 13;
const STEP: f64 = 1.122_462_048_309_373; // the sixth root of 2

/// Degrees that are tried; the refinement finds what lies between.
const TURNS: [f64; 3] = [-6.0, 0.0, 6.0];

/// No copy of a take gets longer than this, in pixels: smaller products are found less surely rather than slowly.
const MOST: f64 = 220.0;

/// Contrasts under this (of 1) are noise.
const NOISE: f32 = 0.02;

/// Candidates, the best first; at most `most`, no two of them close together.
pub fn candidates(cutout: &Cutout, takes: &Takes, most: usize) -> Result<Vec<Fit>, Error> {
    let view = View::new(cutout, LONGEST, ROOM)?;
    let template = Template::new(&view);
    let (width, height) = takes.size();
    let expected = expected(cutout, takes)[0].scale;
    let tries: Vec<(f64, f64)> = (0..SIZES)
        .flat_map(|size| TURNS.map(|turn| (power(STEP, size - SIZES / 2), turn)))
        .filter(|(growth, _)| view.scale / (expected * growth) * f64::from(width.max(height)) <= MOST)
        .collect();
    let found: Result<Vec<Vec<(f32, Fit)>>, Error> = tries
        .par_iter()
        .map(|(growth, turn)| {
            let start = Fit { scale: expected * growth, turn: *turn, ..middle(cutout, (width, height)) };
            let canvas = Canvas::new(&takes.whole(view.scale / start.scale)?, &view, start);
            Ok(canvas.best(&template, &view, start))
        })
        .collect();
    let mut found: Vec<(f32, Fit)> = found?.into_iter().flatten().collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut kept: Vec<Fit> = Vec::new();
    for (_, fit) in found {
        let reach = 0.08 * cutout.longest() * fit.scale;
        let is_near = |other: &Fit| {
            let apart = (other.to[0] - fit.to[0]).abs().max((other.to[1] - fit.to[1]).abs());
            apart < reach && (other.scale / fit.scale).max(fit.scale / other.scale) < STEP * STEP * 0.99
        };
        if kept.len() < most && !kept.iter().any(is_near) {
            kept.push(fit);
        }
    }
    Ok(kept)
}

/// Where the product is if the take shows the frame of the source: cut to the take's shape, or with all of it in view.
pub fn expected(cutout: &Cutout, takes: &Takes) -> [Fit; 2] {
    let (width, height) = takes.size();
    let (own_width, own_height) = (f64::from(cutout.picture.width()), f64::from(cutout.picture.height()));
    let (across, down) = (f64::from(width) / own_width, f64::from(height) / own_height);
    [across.max(down), across.min(down)].map(|scale| {
        let start = middle(cutout, (width, height));
        let from = start.from;
        let to =
            [start.to[0] + (from[0] - own_width / 2.0) * scale, start.to[1] + (from[1] - own_height / 2.0) * scale];
        Fit { scale, to, ..start }
    })
}

/// The product in the middle of the take.
fn middle(cutout: &Cutout, (width, height): (u32, u32)) -> Fit {
    let to = [f64::from(width) / 2.0, f64::from(height) / 2.0];
    Fit { scale: 1.0, turn: 0.0, from: cutout.middle(), to, certainty: 0.0 }
}

/// From a canvas to the shot that it was made of: turned around the middle of both, as a fit turns.
fn level(canvas: (usize, usize), shot: (usize, usize), fit: Fit) -> Fit {
    let middle = |(width, height): (usize, usize)| [width as f64 / 2.0, height as f64 / 2.0];
    Fit { scale: 1.0, from: middle(canvas), to: middle(shot), ..fit }
}

fn power(base: f64, exponent: i32) -> f64 {
    let product = (0..exponent.abs()).fold(1.0, |product, _| product * base);
    if exponent < 0 { 1.0 / product } else { product }
}

/// Light, and how much redder than blue.
fn features(red: f32, green: f32, blue: f32) -> [f32; 2] {
    [0.2126 * red + 0.7152 * green + 0.0722 * blue, (red - blue) / 2.0]
}

/// The product as a list of pixels that vote.
struct Template {
    /// Column, row, and the two features less their means.
    inside: Vec<(usize, usize, [f32; 2])>,
    /// Spread of both features together, summed.
    spread: f32,
    /// Column, row, cosine and sine of the doubled angle.
    edges: Vec<(usize, usize, [f32; 2])>,
    edge_sum: f32,
}

impl Template {
    fn new(view: &View) -> Template {
        let place = |pixel: usize| (pixel % view.width(), pixel / view.width());
        let [red, green, blue] = &view.colours.0;
        let is_inside = |pixel: &usize| view.alpha.values[*pixel] > 0.7;
        let mut inside: Vec<(usize, usize, [f32; 2])> = (0..view.alpha.values.len())
            .filter(is_inside)
            .map(|pixel| {
                let (x, y) = place(pixel);
                (x, y, features(red.values[pixel], green.values[pixel], blue.values[pixel]))
            })
            .collect();
        let mean = [0, 1].map(|at| inside.iter().map(|(_, _, own)| own[at]).sum::<f32>() / inside.len().max(1) as f32);
        for (_, _, own) in &mut inside {
            *own = [own[0] - mean[0], own[1] - mean[1]];
        }
        let spread = inside.iter().map(|(_, _, own)| own[0] * own[0] + own[1] * own[1]).sum();
        let outline = directions(&view.alpha, 0.5);
        let print = directions(&view.colours.luma(), EDGE);
        let edges: Vec<(usize, usize, [f32; 2])> = (0..view.alpha.values.len())
            .filter_map(|pixel| {
                let (x, y) = place(pixel);
                let at = |of: &[Plane; 2]| [of[0].values[pixel], of[1].values[pixel]];
                // Around the outline, the source's own surroundings are gone: the mask says where it runs.
                let solid =
                    (-1..=1).all(|dy| (-1..=1).all(|dx| view.alpha.near(x as isize + dx, y as isize + dy) > 0.95));
                let edge = if solid { at(&print) } else { at(&outline) };
                (edge[0] * edge[0] + edge[1] * edge[1] > 0.09).then_some((x, y, edge))
            })
            .collect();
        let edge_sum = edges.iter().map(|(_, _, [c, s])| (c * c + s * s).sqrt()).sum();
        Template { inside, spread, edges, edge_sum }
    }
}

/// The take, turned back and at the template's size, with room around.
struct Canvas {
    features: [Plane; 2],
    edges: [Plane; 2],
    /// How far the canvas begins outside the turned take, in pixels.
    room: usize,
}

impl Canvas {
    fn new(shot: &Shot, view: &View, start: Fit) -> Canvas {
        let [red, green, blue] = &shot.colours.0;
        let room = view.width().min(view.height()) / 5;
        let (width, height) = (red.width + 2 * room, red.height() + 2 * room);
        let way = level((width, height), (red.width, red.height()), start).into_take();
        let seen = |plane: &Plane| {
            let at = |pixel: usize| {
                let [x, y] = way.of([(pixel % width) as f64 + 0.5, (pixel / width) as f64 + 0.5]);
                plane.between((x - 0.5) as f32, (y - 0.5) as f32)
            };
            Plane::new(width, (0..width * height).map(at).collect())
        };
        let (red, green, blue) = (seen(red), seen(green), seen(blue));
        let feature = |part: usize| {
            let own = |pixel: usize| features(red.values[pixel], green.values[pixel], blue.values[pixel])[part];
            Plane::new(width, (0..width * height).map(own).collect())
        };
        let light = feature(0);
        Canvas { edges: directions(&light, EDGE), features: [light, feature(1)], room }
    }

    /// The best places of the template on this canvas, with what they score.
    fn best(&self, template: &Template, view: &View, start: Fit) -> Vec<(f32, Fit)> {
        let (width, height) = (self.features[0].width, self.features[0].height());
        let (Some(across), Some(down)) = (width.checked_sub(view.width()), height.checked_sub(view.height())) else {
            return Vec::new();
        };
        let mut places: Vec<(f32, usize, usize)> = (0..=down)
            .flat_map(|y| {
                let scores = self.scores(template, y, across + 1);
                scores.into_iter().enumerate().map(move |(x, score)| (score, x, y)).collect::<Vec<_>>()
            })
            .collect();
        places.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.2, a.1).cmp(&(b.2, b.1))));
        places.truncate(40);
        let shot = (width - 2 * self.room, height - 2 * self.room);
        let way = level((width, height), shot, start).into_take();
        let shot = [shot.0 as f64, shot.1 as f64];
        let point = |x: usize, y: usize| {
            let middle = [0, 1].map(|axis| (start.from[axis] - view.origin[axis]) * view.scale);
            let at = way.of([x as f64 + middle[0], y as f64 + middle[1]]);
            [0, 1].map(|axis| at[axis] / shot[axis] * 2.0 * start.to[axis])
        };
        places.into_iter().map(|(score, x, y)| (score, Fit { to: point(x, y), ..start })).collect()
    }

    /// The scores of a row of places.
    fn scores(&self, template: &Template, y: usize, places: usize) -> Vec<f32> {
        let width = self.features[0].width;
        let from = |x: usize, down: usize| (y + down) * width + x;
        let (mut common, mut squares) = (vec![0.0_f32; places], vec![0.0_f32; places]);
        let mut sums = [vec![0.0_f32; places], vec![0.0_f32; places]];
        for (x, down, own) in &template.inside {
            for ((plane, own), sums) in self.features.iter().zip(own).zip(&mut sums) {
                let values = &plane.values[from(*x, *down)..][..places];
                for (((common, sum), square), value) in
                    common.iter_mut().zip(sums.iter_mut()).zip(&mut squares).zip(values)
                {
                    *common += own * value;
                    *sum += value;
                    *square += value * value;
                }
            }
        }
        let mut edges = vec![0.0_f32; places];
        for (x, down, own) in &template.edges {
            for (plane, own) in self.edges.iter().zip(own) {
                let values = &plane.values[from(*x, *down)..][..places];
                edges.iter_mut().zip(values).for_each(|(sum, value)| *sum += own * value);
            }
        }
        let count = template.inside.len() as f32;
        let noise = count * NOISE * NOISE;
        let score = |at: usize| {
            let spread = squares[at] - (sums[0][at] * sums[0][at] + sums[1][at] * sums[1][at]) / count;
            let light = common[at] / ((template.spread + noise) * (spread.max(0.0) + noise)).sqrt();
            light + edges[at] / template.edge_sum.max(1.0)
        };
        (0..places).map(score).collect()
    }
}
