//! Grids of numbers, and the few filters that comparing pictures takes.

use rayon::prelude::*;

/// One number for each pixel, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    pub width: usize,
    pub values: Vec<f32>,
}

impl Plane {
    pub fn new(width: usize, values: Vec<f32>) -> Plane {
        debug_assert!(width > 0 && values.len().is_multiple_of(width));
        Plane { width, values }
    }

    pub fn height(&self) -> usize {
        self.values.len() / self.width
    }

    pub fn map(&self, change: impl Fn(f32) -> f32) -> Plane {
        Plane::new(self.width, self.values.iter().map(|value| change(*value)).collect())
    }

    pub fn zip(&self, other: &Plane, combine: impl Fn(f32, f32) -> f32) -> Plane {
        let pairs = self.values.iter().zip(&other.values);
        Plane::new(self.width, pairs.map(|(a, b)| combine(*a, *b)).collect())
    }

    pub fn times(&self, other: &Plane) -> Plane {
        self.zip(other, |a, b| a * b)
    }

    /// The value at a pixel, or at the nearest one of the plane.
    #[inline]
    pub fn near(&self, x: isize, y: isize) -> f32 {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height() as isize - 1) as usize;
        self.values[y * self.width + x]
    }

    /// Weighted means around each pixel: weights fall evenly to 0 at `radius` + 1 both ways, what is outside counts as 0.
    pub fn blurred(&self, radius: usize) -> Plane {
        let weights: Vec<f32> = (0..=2 * radius)
            .map(|step| (radius + 1 - step.abs_diff(radius)) as f32 / ((radius + 1) * (radius + 1)) as f32)
            .collect();
        let width = self.width;
        let mut across = vec![0.0; self.values.len()];
        across.par_chunks_exact_mut(width).zip(self.values.par_chunks_exact(width)).for_each(|(out, row)| {
            for (step, weight) in weights.iter().enumerate() {
                let (to, from) = (radius.saturating_sub(step), step.saturating_sub(radius));
                if to.max(from) < width {
                    add(&mut out[to..], &row[from..], *weight);
                }
            }
        });
        let mut both = vec![0.0; self.values.len()];
        both.par_chunks_exact_mut(width).enumerate().for_each(|(y, out)| {
            for (step, weight) in weights.iter().enumerate() {
                let Some(from) = (y + step).checked_sub(radius) else { continue };
                if let Some(row) = across.get(from * width..(from + 1) * width) {
                    add(out, row, *weight);
                }
            }
        });
        Plane::new(width, both)
    }

    /// The same, shifted: each pixel shows what was `right` and `down` of it, or the nearest there is.
    pub fn shifted(&self, right: isize, down: isize) -> Plane {
        let (width, most) = (self.width, self.height() as isize - 1);
        let by = right.unsigned_abs().min(width);
        let mut values = Vec::with_capacity(self.values.len());
        for y in 0..=most {
            let from = (y + down).clamp(0, most) as usize * width;
            let row = &self.values[from..from + width];
            if right >= 0 {
                values.extend_from_slice(&row[by..]);
                values.extend(std::iter::repeat_n(row[width - 1], by));
            } else {
                values.extend(std::iter::repeat_n(row[0], by));
                values.extend_from_slice(&row[..width - by]);
            }
        }
        Plane::new(width, values)
    }

    /// Half the size, rounded up: means of two by two pixels.
    pub fn halved(&self) -> Plane {
        let row = |y: usize| &self.values[y.min(self.height() - 1) * self.width..][..self.width];
        let width = self.width.div_ceil(2);
        let mut values = Vec::with_capacity(width * self.height().div_ceil(2));
        for y in (0..self.height()).step_by(2) {
            let (above, below) = (row(y).chunks(2), row(y + 1).chunks(2));
            let mean = |(above, below): (&[f32], &[f32])| {
                let ends = |pair: &[f32]| pair[0] + pair[pair.len() - 1];
                (ends(above) + ends(below)) / 4.0
            };
            values.extend(above.zip(below).map(mean));
        }
        Plane::new(width, values)
    }

    /// The value between pixels, in proportion to the distances; `x` and `y` count from the centre of the first pixel.
    pub fn linear(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (x - left, y - top);
        let (left, top) = (left as isize, top as isize);
        let row = |y: isize| self.near(left, y) * (1.0 - across) + self.near(left + 1, y) * across;
        row(top) * (1.0 - down) + row(top + 1) * down
    }

    /// The value between pixels, by Catmull-Rom's cubic, which keeps detail sharp.
    pub fn between(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (cubic(x - left), cubic(y - top));
        let (left, top) = (left as isize - 1, top as isize - 1);
        let inside = left >= 0 && top >= 0 && left + 4 <= self.width as isize && top + 4 <= self.height() as isize;
        let mut sum = 0.0;
        for (row, weight) in (top..).zip(down) {
            let values = if inside {
                let from = row as usize * self.width + left as usize;
                [0, 1, 2, 3].map(|step| self.values[from + step])
            } else {
                [0, 1, 2, 3].map(|step| self.near(left + step, row))
            };
            let line = values[0] * across[0] + values[1] * across[1] + values[2] * across[2] + values[3] * across[3];
            sum += weight * line;
        }
        sum
    }
}

fn add(out: &mut [f32], values: &[f32], weight: f32) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += weight * value;
    }
}

/// Weights of four neighbours at a fraction after the second. Source: Keys, "Cubic convolution interpolation" (1981), a = -1/2.
fn cubic(t: f32) -> [f32; 4] {
    let (square, cube) = (t * t, t * t * t);
    [
        -0.5 * cube + square - 0.5 * t,
        1.5 * cube - 2.5 * square + 1.0,
        -1.5 * cube + 2.0 * square + 0.5 * t,
        0.5 * cube - 0.5 * square,
    ]
}

/// Means and variances around each pixel of what a mask shows.
pub struct Windows {
    pub radius: usize,
    /// How much of the mask lies around each pixel.
    pub share: Plane,
    mask: Plane,
}

impl Windows {
    pub fn new(mask: &Plane, radius: usize) -> Windows {
        Windows { radius, share: mask.blurred(radius), mask: mask.clone() }
    }

    /// Means over the mask; 0 where nothing of it is near.
    pub fn mean(&self, plane: &Plane) -> Plane {
        let sums = plane.times(&self.mask).blurred(self.radius);
        sums.zip(&self.share, |sum, share| if share > 1e-3 { sum / share } else { 0.0 })
    }

    pub fn mean_and_variance(&self, plane: &Plane) -> (Plane, Plane) {
        let mean = self.mean(plane);
        let squares = self.mean(&plane.times(plane));
        let variance = squares.zip(&mean, |square, mean| (square - mean * mean).max(0.0));
        (mean, variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blur_keeps_the_sum_away_from_the_edges() {
        let mut values = vec![0.0; 21 * 15];
        values[7 * 21 + 10] = 2.0;
        let blurred = Plane::new(21, values).blurred(3);
        assert!((blurred.values.iter().sum::<f32>() - 2.0).abs() < 1e-5);
        assert!((blurred.near(10, 7) - 2.0 / 16.0).abs() < 1e-6);
        assert_eq!(blurred.near(14, 7), 0.0);
    }

    #[test]
    fn a_blur_wider_than_the_plane_is_no_panic() {
        assert_eq!(Plane::new(2, vec![1.0; 4]).blurred(9).values.len(), 4);
    }

    #[test]
    fn a_shift_repeats_the_edge_that_it_leaves() {
        let plane = Plane::new(3, (0..6).map(|at| at as f32).collect());
        assert_eq!(plane.shifted(1, 1).values, [4.0, 5.0, 5.0, 4.0, 5.0, 5.0]);
        assert_eq!(plane.shifted(-2, -1).values, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(plane.shifted(7, 0).values, [2.0, 2.0, 2.0, 5.0, 5.0, 5.0]);
    }

    #[test]
    fn the_cubic_meets_the_pixels_and_follows_a_line() {
        let ramp = Plane::new(8, (0..48).map(|at| (at % 8) as f32).collect());
        assert!((ramp.between(3.0, 2.0) - 3.0).abs() < 1e-6);
        assert!((ramp.between(3.3, 2.7) - 3.3).abs() < 1e-5);
    }
}
