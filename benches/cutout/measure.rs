//! How far a mask is from the true one, and where it is most wrong.

use std::fmt;

/// How good one mask is.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    pub iou: f32,
    /// Boundary F: how much of either border lies within so many pixels of the other.
    pub within_2: f32,
    pub within_5: f32,
    pub confidence: f32,
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} {:.2} {:.2} ({:.2})", self.iou, self.within_2, self.within_5, self.confidence)
    }
}

pub fn score(mask: &[bool], truth: &[bool], width: usize, confidence: f32) -> Score {
    let both = mask.iter().zip(truth).filter(|(a, b)| **a && **b).count();
    let either = mask.iter().zip(truth).filter(|(a, b)| **a || **b).count();
    let border = |within| boundary(mask, truth, width, within);
    Score { iou: both as f32 / either.max(1) as f32, within_2: border(2), within_5: border(5), confidence }
}

/// How well confidence sorts by IoU: Spearman's rank correlation, from -1 to 1.
pub fn order(scores: &[Score]) -> f32 {
    let ranks = |value: fn(&Score) -> f32| -> Vec<f32> {
        let below = |own: f32| scores.iter().filter(|other| value(other) < own).count() as f32;
        let alike = |own: f32| scores.iter().filter(|other| value(other) == own).count() as f32;
        scores.iter().map(value).map(|own| below(own) + (alike(own) - 1.0) / 2.0).collect()
    };
    let mean = (scores.len() as f32 - 1.0) / 2.0;
    let (right, sure) = (ranks(|score| score.iou), ranks(|score| score.confidence));
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f32>();
    product(&right, &sure) / (product(&right, &right) * product(&sure, &sure)).sqrt().max(1e-6)
}

fn boundary(mask: &[bool], truth: &[bool], width: usize, within: usize) -> f32 {
    let (own, right) = (edge(mask, width), edge(truth, width));
    let share = |edge: &[bool], near: &[bool]| {
        let all = edge.iter().filter(|set| **set).count().max(1);
        edge.iter().zip(near).filter(|(a, b)| **a && **b).count() as f32 / all as f32
    };
    let precision = share(&own, &around(&right, width, within));
    let recall = share(&right, &around(&own, width, within));
    2.0 * precision * recall / (precision + recall).max(1e-6)
}

/// Pixels of the mask beside others.
fn edge(mask: &[bool], width: usize) -> Vec<bool> {
    let other = |pixel: usize, beside: Option<usize>| {
        beside.is_some_and(|beside| beside < mask.len() && !mask[beside]) && mask[pixel]
    };
    (0..mask.len())
        .map(|pixel| {
            let x = pixel % width;
            other(pixel, (x > 0).then(|| pixel - 1))
                || other(pixel, (x + 1 < width).then_some(pixel + 1))
                || other(pixel, pixel.checked_sub(width))
                || other(pixel, Some(pixel + width))
        })
        .collect()
}

/// Pixels within a radius of what is set.
fn around(mask: &[bool], width: usize, radius: usize) -> Vec<bool> {
    let height = mask.len() / width;
    let mut near = vec![false; mask.len()];
    for pixel in (0..mask.len()).filter(|pixel| mask[*pixel]) {
        let (x, y) = (pixel % width, pixel / width);
        for v in y.saturating_sub(radius)..=(y + radius).min(height - 1) {
            for u in x.saturating_sub(radius)..=(x + radius).min(width - 1) {
                if u.abs_diff(x).pow(2) + v.abs_diff(y).pow(2) <= radius * radius {
                    near[v * width + u] = true;
                }
            }
        }
    }
    near
}

/// The box that a person would draw: around the product, with a little room.
pub fn boxed(truth: &[bool], width: usize) -> [f32; 4] {
    let height = truth.len() / width;
    let set: Vec<usize> = (0..truth.len()).filter(|pixel| truth[*pixel]).collect();
    let ends = |at: &dyn Fn(usize) -> usize, side: usize| {
        let first = set.iter().map(|pixel| at(*pixel)).min().unwrap_or(0) as f32;
        let last = set.iter().map(|pixel| at(*pixel) + 1).max().unwrap_or(side) as f32;
        let room = (last - first) * 0.02;
        ((first - room) / side as f32, (last - first + 2.0 * room) / side as f32)
    };
    let (left, across) = ends(&|pixel| pixel % width, width);
    let (top, down) = ends(&|pixel| pixel / width, height);
    [left, top, across, down]
}

/// The deepest point of the largest mistake, and whether the product is missing there.
pub fn worst(mask: &[bool], truth: &[bool], width: usize) -> Option<([f32; 2], bool)> {
    const STEP: usize = 4;
    let (across, down) = (width / STEP, truth.len() / width / STEP);
    let mut found: Option<(usize, usize, bool)> = None;
    for missing in [true, false] {
        let wrong: Vec<bool> = (0..across * down)
            .map(|cell| {
                let pixel = (cell / across * STEP + STEP / 2) * width + cell % across * STEP + STEP / 2;
                truth[pixel] == missing && mask[pixel] != missing
            })
            .collect();
        let mut left = wrong.clone();
        for start in 0..left.len() {
            let part = taken(&mut left, across, start);
            if part.len() > found.map_or(10, |(size, ..)| size) {
                found = Some((part.len(), deepest(&wrong, &part, across), missing));
            }
        }
    }
    found.map(|(_, cell, missing)| {
        let at = |cell: usize, cells: usize| (cell as f32 + 0.5) / cells as f32;
        ([at(cell % across, across), at(cell / across, down)], missing)
    })
}

/// Takes a connected part out of the wrong cells.
fn taken(wrong: &mut [bool], across: usize, start: usize) -> Vec<usize> {
    let mut part = Vec::new();
    let mut stack = vec![start];
    while let Some(cell) = stack.pop() {
        if !std::mem::take(&mut wrong[cell]) {
            continue;
        }
        part.push(cell);
        let x = cell % across;
        stack.extend((x > 0).then(|| cell - 1));
        stack.extend((x + 1 < across).then_some(cell + 1));
        stack.extend(cell.checked_sub(across));
        stack.extend(Some(cell + across).filter(|cell| *cell < wrong.len()));
    }
    part
}

/// The cell with the largest square of wrong cells around it.
fn deepest(wrong: &[bool], part: &[usize], across: usize) -> usize {
    let down = wrong.len() / across;
    let depth = |cell: usize| {
        let (x, y) = (cell % across, cell / across);
        let most = x.min(y).min(across - 1 - x).min(down - 1 - y);
        let whole = |r: usize| {
            (y - r..=y + r).all(|v| wrong[v * across + x - r] && wrong[v * across + x + r])
                && (x - r..=x + r).all(|u| wrong[(y - r) * across + u] && wrong[(y + r) * across + u])
        };
        (1..=most).take_while(|r| whole(*r)).count()
    };
    part.iter().copied().max_by_key(|cell| (depth(*cell), std::cmp::Reverse(*cell))).unwrap_or(0)
}
