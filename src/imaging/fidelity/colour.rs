//! How far two colours are apart to the eye.

use crate::imaging::exact::{pow, srgb_to_linear};

/// Differences of chroma and of lightness between two sRGB colours (0 to 1), as Oklab measures them.
/// Source: B. Ottosson, "A perceptual color space for image processing" (2020).
pub fn apart(one: [f64; 3], other: [f64; 3]) -> [f32; 2] {
    let (one, other) = (oklab(one), oklab(other));
    let (a, b) = (one[1] - other[1], one[2] - other[2]);
    [(a * a + b * b).sqrt() as f32, (one[0] - other[0]).abs() as f32]
}

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
