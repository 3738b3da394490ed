//! A coarse plane of smooth values, read at any place without showing its grid.

/// Values on a coarse grid over a frame.
pub struct Plane {
    values: Vec<f32>,
    columns: usize,
    /// Cells for one pixel of the frame.
    scale: f64,
}

/// Three cells and their weights.
#[derive(Clone, Copy)]
struct Tap {
    first: usize,
    weights: [f32; 3],
}

impl Plane {
    /// `values` row by row, `columns` a row.
    pub fn new(values: Vec<f32>, columns: usize, scale: f64) -> Plane {
        Plane { values, columns, scale }
    }

    /// Each value becomes a weighted mean with its neighbours (1 2 1, both ways).
    pub fn smoothed(self) -> Plane {
        let columns = self.columns;
        let rows = self.values.len() / columns;
        let mean = |before: f32, here: f32, after: f32| (before + 2.0 * here + after) / 4.0;
        let mut across = self.values.clone();
        for (row, source) in across.chunks_exact_mut(columns).zip(self.values.chunks_exact(columns)) {
            for (x, value) in row.iter_mut().enumerate() {
                *value = mean(source[x.saturating_sub(1)], source[x], source[(x + 1).min(columns - 1)]);
            }
        }
        let at = |y: usize, x: usize| across[y * columns + x];
        let down = |y: usize, x: usize| mean(at(y.saturating_sub(1), x), at(y, x), at((y + 1).min(rows - 1), x));
        let values = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))).map(|(y, x)| down(y, x)).collect();
        Plane { values, ..self }
    }

    /// The values of a frame's row, by quadratic B-splines, which have no corners at the cells. `Taps` are those of the frame's columns.
    pub fn row(&self, y: usize, taps: &Taps, out: &mut [f32]) {
        let rows = self.values.len() / self.columns;
        let tap = tap(y, self.scale, rows);
        let row = |n: usize| &self.values[(tap.first + n).min(rows - 1) * self.columns..][..self.columns];
        let (above, here, below) = (row(0), row(1), row(2));
        let blended: Vec<f32> = (0..self.columns)
            .map(|x| above[x] * tap.weights[0] + here[x] * tap.weights[1] + below[x] * tap.weights[2])
            .collect();
        for (out, tap) in out.iter_mut().zip(&taps.0) {
            let cells = &blended[tap.first..tap.first + 3];
            *out = cells[0] * tap.weights[0] + cells[1] * tap.weights[1] + cells[2] * tap.weights[2];
        }
    }

    /// What a row's columns read, the same for every row.
    pub fn taps(&self, width: usize) -> Taps {
        Taps((0..width).map(|x| tap(x, self.scale, self.columns)).collect())
    }
}

/// The cells that each column of a frame reads.
pub struct Taps(Vec<Tap>);

fn tap(pixel: usize, scale: f64, cells: usize) -> Tap {
    let place = ((pixel as f64 + 0.5) * scale).min(cells as f64 - 1.5).max(1.5);
    let nearest = place.floor();
    let t = place - nearest;
    let weights = [(1.0 - t) * (1.0 - t) / 2.0, 0.5 + t * (1.0 - t), t * t / 2.0];
    Tap { first: (nearest as usize - 1).min(cells.saturating_sub(3)), weights: weights.map(|weight| weight as f32) }
}
