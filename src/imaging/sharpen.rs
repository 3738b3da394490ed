//! Sharpening: the difference to a blurred luma is added, with noise left alone and edges kept from ringing.

use rayon::prelude::*;

use super::exact::exp;

/// Luma and its blur are held in 256ths of a level.
const LEVEL: i32 = 256;
/// An edge may overshoot its neighbours by this much, so that no bright or dark line runs along it.
const OVERSHOOT: i32 = 4 * LEVEL;
/// Differences of about this size are grain: what is added to them is halved, and less to smaller ones.
const GRAIN: i32 = 2 * LEVEL;
/// Weights of the blur sum to this.
const UNIT: i32 = 1 << 14;

/// Sharpens in place by `amount` (0 to 1), at a radius that grows with the picture's longer side: about one pixel at 1080, as
/// seen on a phone. Integers only.
pub fn sharpen(pixels: &mut [u8], width: usize, channels: usize, amount: f32) {
    let height = pixels.len() / (width * channels);
    let luma: Vec<u16> = pixels.par_chunks_exact(channels).with_min_len(1 << 14).map(luma).collect();
    let weights = blur_weights(width.max(height));
    let across = blur_rows(&luma, width, &weights);
    let strength = (amount * 2.0 * 256.0) as i32;
    pixels.par_chunks_exact_mut(width * channels).enumerate().with_min_len(16).for_each(|(y, row)| {
        for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
            let here = i32::from(luma[y * width + x]);
            let difference = here - blur_down(&across, width, height, x, y, &weights);
            let added = difference * strength / 256;
            let added = i64::from(added) * i64::from(difference.abs()) / i64::from(difference.abs() + GRAIN).max(1);
            let (least, most) = neighbours(&luma, width, height, x, y);
            let target = (here + added as i32).clamp(least - OVERSHOOT, most + OVERSHOOT);
            shift(&mut pixel[..3], target - here);
        }
    });
}

/// BT.709 luma, 0 to 65280; the weights sum to 256.
fn luma(pixel: &[u8]) -> u16 {
    u16::from(pixel[0]) * 54 + u16::from(pixel[1]) * 183 + u16::from(pixel[2]) * 19
}

/// All channels change alike, as far as none of them leaves its range: the hue stays.
fn shift(pixel: &mut [u8], change: i32) {
    let rounded = if change >= 0 { (change + LEVEL / 2) / LEVEL } else { (change - LEVEL / 2) / LEVEL };
    let room_up = 255 - i32::from(pixel.iter().copied().max().unwrap_or(255));
    let room_down = i32::from(pixel.iter().copied().min().unwrap_or(0));
    let change = rounded.clamp(-room_down, room_up);
    for value in pixel {
        // Inside the room on both sides, so that nothing is cut off.
        *value = (i32::from(*value) + change) as u8;
    }
}

/// Half of a Gaussian: the weight of the pixel itself and of those at each distance from it.
fn blur_weights(longer_side: usize) -> Vec<i32> {
    let sigma = 0.6 + longer_side as f64 / 2700.0;
    let reach = (sigma * 2.5) as usize + 1;
    let raw: Vec<f64> =
        (0..=reach).map(|distance| exp(-((distance * distance) as f64) / (2.0 * sigma * sigma))).collect();
    let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    let mut weights: Vec<i32> = raw.iter().map(|weight| (weight / sum * f64::from(UNIT)) as i32).collect();
    weights[0] = UNIT - 2 * weights[1..].iter().sum::<i32>();
    weights
}

/// Blurred along the rows; the edges go on as they end.
fn blur_rows(luma: &[u16], width: usize, weights: &[i32]) -> Vec<u16> {
    let mut blurred = vec![0u16; luma.len()];
    blurred.par_chunks_exact_mut(width).zip(luma.par_chunks_exact(width)).with_min_len(16).for_each(
        |(blurred, row)| {
            for (x, value) in blurred.iter_mut().enumerate() {
                let mut sum = weights[0] * i32::from(row[x]);
                for (distance, weight) in weights.iter().enumerate().skip(1) {
                    let left = i32::from(row[x.saturating_sub(distance)]);
                    let right = i32::from(row[(x + distance).min(width - 1)]);
                    sum += weight * (left + right);
                }
                *value = (sum / UNIT) as u16;
            }
        },
    );
    blurred
}

fn blur_down(across: &[u16], width: usize, height: usize, x: usize, y: usize, weights: &[i32]) -> i32 {
    let at = |y: usize| i32::from(across[y * width + x]);
    let mut sum = weights[0] * at(y);
    for (distance, weight) in weights.iter().enumerate().skip(1) {
        sum += weight * (at(y.saturating_sub(distance)) + at((y + distance).min(height - 1)));
    }
    sum / UNIT
}

/// The darkest and brightest luma of a pixel and those around it.
fn neighbours(luma: &[u16], width: usize, height: usize, x: usize, y: usize) -> (i32, i32) {
    let (mut least, mut most) = (u16::MAX, 0);
    let columns = x.saturating_sub(1)..=(x + 1).min(width - 1);
    for y in y.saturating_sub(1)..=(y + 1).min(height - 1) {
        for &value in &luma[y * width + columns.start()..=y * width + columns.end()] {
            least = least.min(value);
            most = most.max(value);
        }
    }
    (i32::from(least), i32::from(most))
}
