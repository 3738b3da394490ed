//! Planes that are many times larger than what is cut from them: squares of samples become their means first.

use super::{Plane, Window};
use crate::imaging::lanczos::SUPPORT;

/// How many means a pixel of the cut has at least, across and down. With so many, the means take 7 % from the finest detail that the cut can
/// show, at the most, and nothing that is seen.
const LEFT: f64 = 2.3;

/// Samples a side of the squares; `None` where the plane itself is what has to be resized.
pub fn side(window: Window, [width, height]: [u32; 2]) -> Option<usize> {
    let (across, down) = (window.across / f64::from(width), window.down / f64::from(height));
    [8, 4, 2].into_iter().find(|by| across.min(down) >= LEFT * *by as f64)
}

/// A plane of means, and the window in it.
pub struct Means {
    pub samples: Vec<u8>,
    pub width: usize,
    pub height: usize,
    pub window: Window,
}

impl Means {
    /// Of the squares that a window and the filter around it touch. Squares at the edges of the plane may be cut off; what is there counts.
    pub fn of(plane: &Plane<'_>, window: Window, [width, height]: [u32; 2], by: usize) -> Means {
        let reach = |start: f64, length: f64, pixels: u32, samples: usize| {
            let margin = SUPPORT * length / f64::from(pixels) + by as f64;
            let first = (start - margin).max(0.0) as usize / by;
            let last = ((start + length + margin) as usize).min(samples).div_ceil(by);
            [first, last]
        };
        let columns = reach(window.left, window.across, width, plane.width);
        let rows = reach(window.top, window.down, height, plane.height);
        let samples = match by {
            2 => means::<2>(plane, columns, rows),
            4 => means::<4>(plane, columns, rows),
            _ => means::<8>(plane, columns, rows),
        };
        let scale = by as f64;
        let window = Window {
            left: window.left / scale - columns[0] as f64,
            top: window.top / scale - rows[0] as f64,
            across: window.across / scale,
            down: window.down / scale,
        };
        Means { samples, width: columns[1] - columns[0], height: rows[1] - rows[0], window }
    }

    pub fn plane(&self) -> Plane<'_> {
        Plane { samples: &self.samples, width: self.width, height: self.height }
    }
}

/// The means of squares of `BY`×`BY` samples, by columns and rows of squares.
fn means<const BY: usize>(plane: &Plane<'_>, [left, right]: [usize; 2], [top, bottom]: [usize; 2]) -> Vec<u8> {
    let mut means = Vec::with_capacity((right - left) * (bottom - top));
    let (first, end) = (left * BY, (right * BY).min(plane.width));
    let mut sums = vec![0_u16; end - first];
    for row in top..bottom {
        let rows = row * BY..((row + 1) * BY).min(plane.height);
        let count = rows.len();
        sums.fill(0);
        for row in rows {
            let samples = &plane.samples[row * plane.width..][first..end];
            sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += u16::from(*sample));
        }
        let mean = |sum: u16, count: usize| ((usize::from(sum) + count / 2) / count) as u8;
        let squares = sums.chunks_exact(BY);
        let cut_off = squares.remainder();
        match count == BY {
            true => means.extend(squares.map(|square| mean(square.iter().sum(), BY * BY))),
            false => means.extend(squares.map(|square| mean(square.iter().sum(), BY * count))),
        }
        if !cut_off.is_empty() {
            means.push(mean(cut_off.iter().sum(), cut_off.len() * count));
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_and_those_at_the_edges_are_of_what_there_is() {
        let plane = Plane { samples: &[10, 10, 200, 11, 20, 101, 7, 8, 9], width: 3, height: 3 };
        assert_eq!(means::<2>(&plane, [0, 2], [0, 2]), [13, 151, 8, 9]);
        assert_eq!(means::<2>(&plane, [1, 2], [0, 1]), [151]);
        assert_eq!(means::<4>(&plane, [0, 1], [0, 1]), [42]);
    }

    #[test]
    fn squares_are_as_large_as_leaves_enough_for_the_filter() {
        let window = |across, down| Window { left: 3.0, top: 2.5, across, down };
        for (across, down, wanted) in [
            (3024.0, 3024.0, Some(4)),
            (1512.0, 1512.0, Some(2)),
            (1512.0, 1450.0, None),
            (6048.0, 6048.0, Some(8)),
            (200.0, 900.0, None),
        ] {
            assert_eq!(side(window(across, down), [320, 320]), wanted, "{across}×{down}");
        }
    }

    #[test]
    fn the_window_lies_where_it_lay() {
        let samples: Vec<u8> = (0..100 * 80).map(|at| (at % 100 * 2) as u8).collect();
        let plane = Plane { samples: &samples, width: 100, height: 80 };
        let window = Window { left: 31.5, top: 40.0, across: 50.0, down: 39.0 };
        let means = Means::of(&plane, window, [10, 8], 2);
        // The slope goes on as before: twice the column, at the middle of a square.
        let column = means.window.left as usize;
        let place = 31.5 + 2.0 * (column as f64 + 0.5 - means.window.left);
        assert_eq!(f64::from(means.samples[column]), (2.0 * (place - 0.5)).round());
        assert_eq!((means.window.across, means.window.down), (25.0, 19.5));
        assert!(means.window.left + means.window.across <= means.width as f64);
        assert!(means.window.top + means.window.down <= means.height as f64);
    }
}
