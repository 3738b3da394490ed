//! Connected parts of a mask: what is large enough to count, and what encloses it.

/// The parts of a mask whose pixels touch at their sides: a number for each pixel (0 is outside), and each part's size.
pub fn parts(mask: &[bool], width: usize) -> (Vec<u32>, Vec<usize>) {
    let mut number = vec![0; mask.len()];
    let mut sizes = vec![0];
    let mut stack = Vec::new();
    for start in 0..mask.len() {
        if !mask[start] || number[start] != 0 {
            continue;
        }
        let part = sizes.len() as u32;
        let mut size = 0;
        number[start] = part;
        stack.push(start);
        while let Some(pixel) = stack.pop() {
            size += 1;
            let x = pixel % width;
            let beside = [
                (x > 0).then(|| pixel - 1),
                (x + 1 < width).then_some(pixel + 1),
                pixel.checked_sub(width),
                Some(pixel + width).filter(|pixel| *pixel < mask.len()),
            ];
            for next in beside.into_iter().flatten() {
                if mask[next] && number[next] == 0 {
                    number[next] = part;
                    stack.push(next);
                }
            }
        }
        sizes.push(size);
    }
    (number, sizes)
}

/// Leaves the parts that are the product: the one that weighs most, by `values` and by how near the middle it lies, and those that
/// weigh at least `share` of it or are kept by a person.
pub fn main_parts(mask: &mut [bool], width: usize, values: &[f32], keep: Option<&[bool]>, share: f32) {
    let height = mask.len() / width;
    let (number, sizes) = parts(mask, width);
    let mut weights = vec![0.0_f32; sizes.len()];
    let mut kept = vec![false; sizes.len()];
    for (pixel, part) in number.iter().enumerate().filter(|(_, part)| **part > 0) {
        let across = ((pixel % width) as f32 + 0.5) / width as f32 - 0.5;
        // People leave more room above a product than below.
        let down = ((pixel / width) as f32 + 0.5) / height as f32 - 0.55;
        let distance = (across * across + down * down) / (0.3 * 0.3);
        weights[*part as usize] += (values[pixel] + 0.3) / (1.0 + distance * distance);
        kept[*part as usize] |= keep.is_some_and(|keep| keep[pixel]);
    }
    let most = weights.iter().copied().fold(0.0, f32::max);
    for (set, part) in mask.iter_mut().zip(&number) {
        let part = *part as usize;
        *set &= kept[part] || weights[part] >= share * most;
    }
}

/// Fills holes smaller than `share` of what is set, but for those in which a person dropped something.
pub fn fill_specks(mask: &mut [bool], width: usize, drop: &[bool], share: f32) {
    let outside: Vec<bool> = mask.iter().map(|set| !set).collect();
    let (number, sizes) = parts(&outside, width);
    let mut spared = vec![false; sizes.len()];
    for (part, _) in number.iter().zip(drop).filter(|(_, drop)| **drop) {
        spared[*part as usize] = true;
    }
    let most = share * outside.iter().filter(|outside| !**outside).count() as f32;
    for (set, part) in mask.iter_mut().zip(&number) {
        let part = *part as usize;
        *set |= !spared[part] && (sizes[part] as f32) < most;
    }
}

/// Left, top, right and bottom (exclusive) of what is set.
pub fn bounds(mask: &[bool], width: usize) -> Option<[usize; 4]> {
    let mut found: Option<[usize; 4]> = None;
    for (pixel, _) in mask.iter().enumerate().filter(|(_, set)| **set) {
        let (x, y) = (pixel % width, pixel / width);
        let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
        found = Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)]);
    }
    found
}

/// Whether a pixel is within `radius` (a square) of the border between two sides.
pub fn near_border(mask: &[bool], width: usize, radius: usize) -> Vec<bool> {
    let grown = grow(mask, width, radius);
    let inverse: Vec<bool> = mask.iter().map(|set| !set).collect();
    let shrunk = grow(&inverse, width, radius);
    grown.iter().zip(&shrunk).map(|(a, b)| *a && *b).collect()
}

/// Set where anything within `radius` (a square) is set.
pub fn grow(mask: &[bool], width: usize, radius: usize) -> Vec<bool> {
    let height = mask.len() / width;
    let line = |count: usize, at: &dyn Fn(usize) -> bool| -> Vec<bool> {
        let mut last = None;
        let mut set = vec![false; count];
        for (i, place) in set.iter_mut().enumerate() {
            if at(i) {
                last = Some(i);
            }
            *place = last.is_some_and(|last| i - last <= radius);
        }
        last = None;
        for i in (0..count).rev() {
            if at(i) {
                last = Some(i);
            }
            set[i] |= last.is_some_and(|last| last - i <= radius);
        }
        set
    };
    let mut across = Vec::with_capacity(mask.len());
    for y in 0..height {
        across.extend(line(width, &|x| mask[y * width + x]));
    }
    let mut grown = vec![false; mask.len()];
    for x in 0..width {
        for (y, set) in line(height, &|y| across[y * width + x]).into_iter().enumerate() {
            grown[y * width + x] = set;
        }
    }
    grown
}

/// How far each pixel is from what is set, in pixels, to about 5 %: steps to the side count 1, diagonal ones 1.4.
pub fn distances(mask: &[bool], width: usize) -> Vec<f32> {
    let mut far: Vec<f32> = mask.iter().map(|set| if *set { 0.0 } else { f32::MAX / 4.0 }).collect();
    for pixel in 0..far.len() {
        let x = pixel % width;
        let mut least = far[pixel];
        if x > 0 {
            least = least.min(far[pixel - 1] + 1.0);
        }
        if let Some(above) = pixel.checked_sub(width) {
            least = least.min(far[above] + 1.0);
            if x > 0 {
                least = least.min(far[above - 1] + 1.4);
            }
            if x + 1 < width {
                least = least.min(far[above + 1] + 1.4);
            }
        }
        far[pixel] = least;
    }
    for pixel in (0..far.len()).rev() {
        let x = pixel % width;
        let mut least = far[pixel];
        if x + 1 < width {
            least = least.min(far[pixel + 1] + 1.0);
        }
        let below = pixel + width;
        if below < far.len() {
            least = least.min(far[below] + 1.0);
            if x > 0 {
                least = least.min(far[below - 1] + 1.4);
            }
            if x + 1 < width {
                least = least.min(far[below + 1] + 1.4);
            }
        }
        far[pixel] = least;
    }
    far
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[&str]) -> Vec<bool> {
        rows.iter().flat_map(|row| row.bytes().map(|byte| byte == b'#')).collect()
    }

    #[test]
    fn the_part_in_the_middle_is_the_product_and_others_go() {
        let mut mask = drawn(&["##.....", "##.###.", "...###.", "...###.", "#......"]);
        main_parts(&mut mask, 7, &[1.0; 35], None, 0.6);
        assert_eq!(mask, drawn(&[".......", "...###.", "...###.", "...###.", "......."]));
    }

    #[test]
    fn a_part_that_a_person_keeps_stays() {
        let mut mask = drawn(&["##.....", "##.###.", "...###.", "...###.", "#......"]);
        let keep = drawn(&["#......", ".......", ".......", ".......", "......."]);
        main_parts(&mut mask, 7, &[1.0; 35], Some(&keep), 0.6);
        assert_eq!(mask, drawn(&["##.....", "##.###.", "...###.", "...###.", "......."]));
    }

    #[test]
    fn specks_are_filled_and_holes_that_were_pointed_at_are_not() {
        let with_specks = drawn(&["#######", "#.###.#", "#######"]);
        let drop = drawn(&[".......", ".#.....", "......."]);
        let mut mask = with_specks.clone();
        fill_specks(&mut mask, 7, &drop, 0.1);
        assert_eq!(mask, drawn(&["#######", "#.#####", "#######"]));
        let mut mask = with_specks.clone();
        fill_specks(&mut mask, 7, &[false; 21], 0.01);
        assert_eq!(mask, with_specks);
    }

    #[test]
    fn a_border_has_two_sides() {
        let mask = drawn(&["...###", "...###", "...###"]);
        assert_eq!(near_border(&mask, 6, 1), drawn(&["..##..", "..##..", "..##.."]));
        assert_eq!(bounds(&mask, 6), Some([3, 0, 6, 3]));
        assert_eq!(bounds(&[false; 6], 3), None);
    }
}
