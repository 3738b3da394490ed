//! Parts of a take that strayed, as boxes that a person can be pointed to.

use super::Fit;
use super::compare::Strayal;
use super::strayed::Strayed;
use crate::imaging::Region;

/// What a part has to lose to be pointed out.
const LOSS: f32 = 0.1;

/// Pixels that are looked at together; parts closer than that are one.
const CELL: usize = 12;

/// How many parts are pointed out.
const MOST: usize = 5;

/// Connected cells.
struct Part {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
    /// Of all its cells together.
    sum: f32,
    most: f32,
}

/// The worst parts of a take of `width`×`height` pixels.
pub fn worst(strayed: &Strayed, fit: Fit, size: (u32, u32)) -> Vec<Strayal> {
    let loss = strayed.loss();
    let (columns, rows) = (loss.width.div_ceil(CELL), loss.height().div_ceil(CELL));
    let mut cells = vec![0.0_f32; columns * rows];
    for (at, loss) in loss.values.iter().enumerate() {
        let cell = &mut cells[at / strayed.mask.width / CELL * columns + at % strayed.mask.width / CELL];
        *cell = cell.max(*loss);
    }
    let mut parts = connected(&mut cells, columns);
    parts.sort_by(|a, b| b.sum.total_cmp(&a.sum));
    parts.truncate(MOST);
    parts.into_iter().map(|part| Strayal { region: part.region(strayed, fit, size), score: 1.0 - part.most }).collect()
}

/// Takes the parts out of the cells.
fn connected(cells: &mut [f32], columns: usize) -> Vec<Part> {
    let rows = cells.len() / columns;
    let mut parts = Vec::new();
    for start in 0..cells.len() {
        if cells[start] < LOSS {
            continue;
        }
        let mut part = Part { left: columns, top: rows, right: 0, bottom: 0, sum: 0.0, most: 0.0 };
        let mut open = vec![(start, std::mem::take(&mut cells[start]))];
        while let Some((cell, loss)) = open.pop() {
            let (x, y) = (cell % columns, cell / columns);
            (part.left, part.right) = (part.left.min(x), part.right.max(x + 1));
            (part.top, part.bottom) = (part.top.min(y), part.bottom.max(y + 1));
            (part.sum, part.most) = (part.sum + loss, part.most.max(loss));
            for v in y.saturating_sub(1)..(y + 2).min(rows) {
                for u in x.saturating_sub(1)..(x + 2).min(columns) {
                    let near = v * columns + u;
                    if cells[near] >= LOSS {
                        open.push((near, std::mem::take(&mut cells[near])));
                    }
                }
            }
        }
        parts.push(part);
    }
    parts
}

impl Part {
    /// The box around it in the take, in fractions.
    fn region(&self, strayed: &Strayed, fit: Fit, (width, height): (u32, u32)) -> Region {
        let way = fit.into_take();
        let corners =
            [(self.left, self.top), (self.right, self.top), (self.left, self.bottom), (self.right, self.bottom)];
        let places = corners.map(|(x, y)| {
            let [x, y] = way.of(strayed.view.point(x * CELL, y * CELL));
            [x / f64::from(width), y / f64::from(height)]
        });
        let least = |axis: usize| places.iter().map(|place| place[axis]).fold(1.0, f64::min).max(0.0);
        let most = |axis: usize| places.iter().map(|place| place[axis]).fold(0.0, f64::max).min(1.0);
        Region {
            left: least(0),
            top: least(1),
            width: (most(0) - least(0)).max(0.0),
            height: (most(1) - least(1)).max(0.0),
        }
    }
}
