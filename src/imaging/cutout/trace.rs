//! The outlines of a mask: closed ways along the sides of its pixels.

/// A step along a pixel's side, to the right, down, left or up, as an index.
const STEPS: [[i32; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];
/// From a corner, the pixel ahead and to the right of each direction. That to the left is the one before.
const AHEAD: [[i32; 2]; 4] = [[0, 0], [-1, 0], [-1, -1], [0, -1]];

/// The middles of the sides that each outline runs along, in pixels from the grid's top left corner, with what is set to the right of
/// the way. Pixels that touch at a corner alone are apart.
pub fn outlines(mask: &[bool], width: usize) -> Vec<Vec<[f32; 2]>> {
    let height = mask.len() / width;
    let is_set = |x: i32, y: i32| {
        (0..width as i32).contains(&x) && (0..height as i32).contains(&y) && mask[y as usize * width + x as usize]
    };
    // Every outline runs to the right somewhere, above a pixel that is set.
    let mut walked = vec![false; mask.len()];
    let mut found = Vec::new();
    for start in 0..mask.len() {
        let (x, y) = ((start % width) as i32, (start / width) as i32);
        if walked[start] || !mask[start] || is_set(x, y - 1) {
            continue;
        }
        let (mut corner, mut direction) = ([x, y], 0);
        let mut way = Vec::new();
        loop {
            if direction == 0 {
                let pixel = corner[1] as usize * width + corner[0] as usize;
                if walked[pixel] {
                    break;
                }
                walked[pixel] = true;
            }
            let step = STEPS[direction];
            way.push([0, 1].map(|axis| corner[axis] as f32 + step[axis] as f32 / 2.0));
            corner = [0, 1].map(|axis| corner[axis] + step[axis]);
            let ahead = |direction: usize| is_set(corner[0] + AHEAD[direction][0], corner[1] + AHEAD[direction][1]);
            if !ahead(direction) {
                direction = (direction + 1) % 4;
            } else if ahead((direction + 3) % 4) {
                direction = (direction + 3) % 4;
            }
        }
        found.push(way);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_between_two_pixels_lies_on_one_outline_and_holes_have_their_own() {
        let rows = ["........", ".####.#.", ".#..##..", ".#.##.#.", ".####...", "........"];
        let mask: Vec<bool> = rows.iter().flat_map(|row| row.chars().map(|c| c == '#')).collect();
        let found = outlines(&mask, 8);
        let mut lengths: Vec<usize> = found.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        // Two pixels alone, the hole of three, and what goes around the rest.
        assert_eq!(lengths, [4, 4, 8, 18]);
        let area = |way: &[[f32; 2]]| -> f32 {
            let next = way.iter().cycle().skip(1);
            way.iter().zip(next).map(|(a, b)| (a[0] * b[1] - a[1] * b[0]) / 2.0).sum()
        };
        let holes = found.iter().filter(|way| area(way) < 0.0).count();
        assert_eq!(holes, 1);
    }
}
