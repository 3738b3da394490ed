//! Grain: noise made from a pixel's place alone, as strong as that of the photo.

/// More noise than this (levels of 255) is no grain to be matched but a bad photo.
const MOST: f32 = 2.5;
/// What a smooth gradient needs to show no bands, in levels.
pub const DITHER: f32 = 0.5;
/// The side of the blocks whose noise is measured.
const BLOCK: usize = 8;

/// A number like those of a normal distribution with deviation 1.
pub fn noise(x: u32, y: u32) -> f32 {
    // The finalizer of MurmurHash3: every bit of the place changes half of the bits.
    let mut hash = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77).rotate_left(15);
    for factor in [0x85eb_ca6b, 0xc2b2_ae35] {
        hash = (hash ^ (hash >> 16)).wrapping_mul(factor);
    }
    hash ^= hash >> 16;
    let sum: u32 = hash.to_le_bytes().iter().map(|byte| u32::from(*byte)).sum();
    // Four even distributions from 0 to 255: their deviation is 147.8.
    (sum as f32 - 510.0) / 147.8
}

/// The noise of a placed product (RGBA), in levels: that of its quieter parts, because print and texture are no noise.
///
/// Source of the measure: J. Immerkær, Fast noise variance estimation, 1996.
pub fn of(pixels: &[u8], width: usize) -> f32 {
    let height = pixels.len() / 4 / width;
    let mut found = Vec::new();
    for top in (1..height.saturating_sub(BLOCK)).step_by(BLOCK) {
        for left in (1..width.saturating_sub(BLOCK)).step_by(BLOCK) {
            found.extend(block(pixels, width, left, top));
        }
    }
    found.sort_by(f32::total_cmp);
    found.get(found.len() / 4).map_or(0.0, |noise| noise.min(MOST))
}

/// The noise of one block, if all of it and its surroundings is the product's and not clipped.
fn block(pixels: &[u8], width: usize, left: usize, top: usize) -> Option<f32> {
    let at = |x: usize, y: usize| &pixels[(y * width + x) * 4..][..4];
    let mut sum = 0;
    for y in top..top + BLOCK {
        for x in left..left + BLOCK {
            let luma = |dx: usize, dy: usize| {
                let pixel = at(x + dx - 1, y + dy - 1);
                let green = i32::from(pixel[1]);
                (pixel[3] == 255 && (4..252).contains(&green)).then_some(green)
            };
            let corners = luma(0, 0)? + luma(2, 0)? + luma(0, 2)? + luma(2, 2)?;
            let sides = luma(1, 0)? + luma(0, 1)? + luma(2, 1)? + luma(1, 2)?;
            sum += (corners - 2 * sides + 4 * luma(1, 1)?).abs();
        }
    }
    // √(π/2) / 6 of the mean.
    Some(sum as f32 / (BLOCK * BLOCK) as f32 * 0.208_886)
}
