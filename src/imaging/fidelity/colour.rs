//! Colour: whether the parts of a product have the colours they should have, once the light is out of the way.

use super::light::Block;
use crate::imaging::exact::{pow, srgb_to_linear};

/// How far the hue and chroma of each block are off, in Oklab's units: the mean difference of it and its eight neighbours, as
/// compression and noise move single blocks. Lightness does not count: shadows and reflections change it rightly.
/// Source: B. Ottosson, "A perceptual color space for image processing" (2020).
pub fn strayed(blocks: &[Block]) -> Vec<f32> {
    let columns = blocks.iter().map(|block| block.x).max().unwrap_or(0) + 3;
    let rows = blocks.iter().map(|block| block.y).max().unwrap_or(0) + 3;
    let at = |block: &Block| (block.y + 1) * columns + block.x + 1;
    let mut off = vec![[0.0_f32; 3]; columns * rows];
    for block in blocks {
        let (own, seen) = (oklab(block.own), oklab(block.seen));
        off[at(block)] = [(seen[1] - own[1]) as f32, (seen[2] - own[2]) as f32, 1.0];
    }
    let around = |block: &Block| {
        let mut sum = [0.0_f32; 3];
        for row in [at(block) - columns, at(block), at(block) + columns] {
            for near in &off[row - 1..=row + 1] {
                sum = [sum[0] + near[0], sum[1] + near[1], sum[2] + near[2]];
            }
        }
        (sum[0] * sum[0] + sum[1] * sum[1]).sqrt() / sum[2]
    };
    blocks.iter().map(around).collect()
}

/// Of an sRGB colour (0 to 1): lightness, green to red, blue to yellow.
fn oklab(colour: [f64; 3]) -> [f64; 3] {
    let [red, green, blue] = colour.map(|value| srgb_to_linear(value.clamp(0.0, 1.0)));
    let cones = [
        0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue,
        0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue,
        0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue,
    ];
    let [l, m, s] = cones.map(|cone| pow(cone, 1.0 / 3.0));
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

#[cfg(test)]
mod tests {
    use super::oklab;

    #[test]
    fn oklab_agrees_with_the_values_its_author_gives() {
        let white = oklab([1.0; 3]);
        assert!((white[0] - 1.0).abs() < 1e-4 && white[1].abs() < 1e-4 && white[2].abs() < 1e-4, "{white:?}");
        let red = oklab([1.0, 0.0, 0.0]);
        assert!(
            (red[0] - 0.628).abs() < 1e-3 && (red[1] - 0.225).abs() < 1e-3 && (red[2] - 0.126).abs() < 1e-3,
            "{red:?}"
        );
    }
}
