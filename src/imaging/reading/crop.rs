//! A line of text, straightened and at the height that the network reads.

use super::Quad;
use crate::imaging::Picture;

/// Planes of blue, green and red from -1 to 1, `height` pixels high, and how wide they are. Lines shorter than `least` are followed by grey.
pub fn straightened(picture: &Picture, quad: &Quad, height: usize, least: usize) -> (Vec<f32>, usize) {
    let own = ((quad.length / quad.height * height as f64).round() as usize).clamp(1, MOST);
    let width = own.max(least);
    // Where the picture is larger, several of its points make a pixel.
    let points = ((quad.height / height as f64).ceil() as usize).clamp(1, 8);
    let mut planes = vec![0.0; 3 * width * height];
    let part =
        |pixel: usize, point: usize, of: usize| (pixel as f64 + (point as f64 + 0.5) / points as f64) / of as f64;
    for (y, x) in (0..height).flat_map(|y| (0..own).map(move |x| (y, x))) {
        let mut sum = [0.0_f32; 3];
        for point in 0..points * points {
            let [u, v] = quad.at(part(x, point % points, own), part(y, point / points, height));
            let seen = between(picture, u as f32 - 0.5, v as f32 - 0.5);
            sum = [0, 1, 2].map(|channel| sum[channel] + seen[channel]);
        }
        for (plane, channel) in [2, 1, 0].into_iter().enumerate() {
            let mean = sum[channel] / (points * points) as f32;
            planes[(plane * height + y) * width + x] = mean / 127.5 - 1.0;
        }
    }
    (planes, width)
}

/// Longer lines than this, in pixels, are squeezed.
const MOST: usize = 2400;

/// The colour between pixels, in proportion to the distances; `x` and `y` count from the centre of the first pixel.
fn between(picture: &Picture, x: f32, y: f32) -> [f32; 3] {
    let (width, channels) = (picture.width() as usize, usize::from(picture.channels()));
    let (right, bottom) = (picture.width() as f32 - 1.0, picture.height() as f32 - 1.0);
    let (x, y) = (x.clamp(0.0, right), y.clamp(0.0, bottom));
    let (left, top) = (x as usize, y as usize);
    let (across, down) = (x - left as f32, y - top as f32);
    let pixel = |x: usize, y: usize| {
        let at = (y.min(bottom as usize) * width + x.min(right as usize)) * channels;
        &picture.pixels()[at..at + 3]
    };
    let corners = [pixel(left, top), pixel(left + 1, top), pixel(left, top + 1), pixel(left + 1, top + 1)];
    [0, 1, 2].map(|channel| {
        let [a, b, c, d] = corners.map(|pixel| f32::from(pixel[channel]));
        (a + (b - a) * across) * (1.0 - down) + (c + (d - c) * across) * down
    })
}
