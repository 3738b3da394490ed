//! Sharpening: the difference to a blurred luma is added, with noise left alone and edges kept from ringing.
//!
//! Works in bands of rows, each in one pass from top to bottom with only the rows in memory that the blur reaches; the loops
//! along a row are on 16-bit integers, which every processor's vector instructions know.

use rayon::prelude::*;

use super::exact::exp;

/// Luma and its blur are held in 128ths of a level, so that twice the brightest still fits 16 bits.
const LEVEL: f32 = 128.0;
/// An edge may overshoot its neighbours by this much, so that no bright or dark line runs along it.
const OVERSHOOT: f32 = 4.0 * LEVEL;
/// Differences of about this size are grain: what is added to them is halved, and less to smaller ones.
const GRAIN: f32 = 2.0 * LEVEL;
/// Rows of a band. Fixed, so that the work is divided in the same way on any number of threads.
const BAND: usize = 128;
/// Columns whose sums stay in the processor's nearest memory.
const COLUMNS: usize = 1024;
/// The radius grows no more from here on: a picture of 200 megapixels. Keeps the blur's reach inside one band.
const LONGEST_SIDE: usize = 16384;
/// Added to a number between ±2^22, this leaves the nearest whole number in the lowest bits of the sum.
const TO_WHOLE: f32 = 12_582_912.0;

/// Sharpens in place by `amount` (0 to 1), at a radius that grows with the picture's longer side: about one pixel at 1080, as
/// seen on a phone. `CHANNELS` is 3 or 4; alpha stays.
pub fn sharpen<const CHANNELS: usize>(pixels: &mut [u8], width: usize, amount: f32) {
    let stride = width * CHANNELS;
    let height = pixels.len() / stride;
    let weights = blur_weights(width.max(height));
    let reach = weights.len() - 1;
    // The rows around each seam between bands, before any band is changed.
    let seams: Vec<Vec<i16>> = (0..height.div_ceil(BAND) + 1)
        .into_par_iter()
        .map(|band| {
            let seam = band * BAND;
            let rows = seam.saturating_sub(reach) * stride..((seam + reach).min(height)) * stride;
            if band == 0 || seam >= height { Vec::new() } else { luma::<CHANNELS>(&pixels[rows]).collect() }
        })
        .collect();
    pixels.par_chunks_mut(stride * BAND).enumerate().for_each(|(band, pixels)| {
        let start = band * BAND;
        Band {
            width,
            height,
            start,
            end: start + pixels.len() / stride,
            weights: &weights,
            above: &seams[band],
            below: &seams[band + 1],
            rows: vec![0; (2 * reach + 1) * width],
        }
        .sharpen::<CHANNELS>(pixels, amount * 2.0);
    });
}

/// BT.709 luma, 0 to 32640; the weights sum to 128.
fn luma<const CHANNELS: usize>(pixels: &[u8]) -> impl Iterator<Item = i16> {
    pixels.chunks_exact(CHANNELS).map(|p| (u32::from(p[0]) * 27 + u32::from(p[1]) * 92 + u32::from(p[2]) * 9) as i16)
}

/// Half of a Gaussian, in 65536ths: the weight of a pair of pixels at each distance; a pixel is a pair with itself.
fn blur_weights(longer_side: usize) -> Vec<u16> {
    let sigma = 0.6 + longer_side.min(LONGEST_SIDE) as f64 / 2700.0;
    let reach = (sigma * 2.0) as usize + 1;
    let raw: Vec<f64> =
        (0..=reach).map(|distance| exp(-((distance * distance) as f64) / (2.0 * sigma * sigma))).collect();
    let sum = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    let mut weights: Vec<u16> = raw.iter().map(|weight| (weight / sum * 65536.0) as u16).collect();
    weights[0] = 32768 - weights[1..].iter().sum::<u16>();
    weights
}

/// Rows `start..end` of the picture, while they are sharpened.
struct Band<'a> {
    width: usize,
    height: usize,
    start: usize,
    end: usize,
    weights: &'a [u16],
    /// Luma of the rows around the seams to the bands above and below.
    above: &'a [i16],
    below: &'a [i16],
    /// Luma of the rows that the blur reaches, each at its number modulo their count, where numbers start `reach` rows above
    /// the picture. The picture's edges go on as they end.
    rows: Vec<i16>,
}

impl Band<'_> {
    fn reach(&self) -> usize {
        self.weights.len() - 1
    }

    fn sharpen<const CHANNELS: usize>(&mut self, pixels: &mut [u8], strength: f32) {
        let (width, reach) = (self.width, self.reach());
        let mut blurred_down = vec![0; width + 2 * reach];
        let mut blurred = vec![0; width];
        let mut darkest = vec![0; width + 2];
        let mut brightest = vec![0; width + 2];
        for number in self.start..self.start + 2 * reach {
            self.load::<CHANNELS>(number, pixels);
        }
        for y in self.start..self.end {
            self.load::<CHANNELS>(y + 2 * reach, pixels);
            let row = |distance: isize| self.row((y + reach).saturating_add_signed(distance));
            weighted(&mut blurred_down[reach..reach + width], self.weights, |distance| {
                (row(-(distance as isize)), row(distance as isize))
            });
            extend_edges(&mut blurred_down, reach);
            weighted(&mut blurred, self.weights, |distance| {
                (&blurred_down[reach - distance..][..width], &blurred_down[reach + distance..][..width])
            });
            let beside = row(-1).iter().zip(row(0)).zip(row(1));
            for ((place, other), ((&a, &b), &c)) in
                darkest[1..=width].iter_mut().zip(&mut brightest[1..=width]).zip(beside)
            {
                *place = a.min(b).min(c);
                *other = a.max(b).max(c);
            }
            extend_edges(&mut darkest, 1);
            extend_edges(&mut brightest, 1);
            // The blurred row is no longer needed once the change is known, and holds it.
            changes(&mut blurred, row(0), &darkest, &brightest, strength);
            let from = (y - self.start) * width * CHANNELS;
            shift::<CHANNELS>(&mut pixels[from..from + width * CHANNELS], &blurred);
        }
    }

    fn slot(&self, number: usize) -> usize {
        number % (2 * self.reach() + 1) * self.width
    }

    fn row(&self, number: usize) -> &[i16] {
        let slot = self.slot(number);
        &self.rows[slot..slot + self.width]
    }

    /// Reads a row's luma, before the row is changed.
    fn load<const CHANNELS: usize>(&mut self, number: usize, pixels: &[u8]) {
        let (width, reach) = (self.width, self.reach());
        let slot = self.slot(number);
        if number >= self.height + reach {
            // Below the picture: the last row, which the blur still reaches.
            let last = self.slot(self.height + reach - 1);
            self.rows.copy_within(last..last + width, slot);
            return;
        }
        let y = number.saturating_sub(reach);
        let place = &mut self.rows[slot..slot + width];
        if y < self.start {
            let first = self.start - reach;
            place.copy_from_slice(&self.above[(y - first) * width..][..width]);
        } else if y >= self.end {
            let first = self.end - reach;
            place.copy_from_slice(&self.below[(y - first) * width..][..width]);
        } else {
            let row = &pixels[(y - self.start) * width * CHANNELS..][..width * CHANNELS];
            place.iter_mut().zip(luma::<CHANNELS>(row)).for_each(|(place, luma)| *place = luma);
        }
    }
}

/// Sums pairs of values by the weights of their distances. The values are 0 to 32640, so that a pair fits 16 bits.
fn weighted<'a>(sums: &mut [i16], weights: &[u16], pair: impl Fn(usize) -> (&'a [i16], &'a [i16])) {
    for (block, sums) in sums.chunks_mut(COLUMNS).enumerate() {
        // Each product loses half a step on average.
        sums.fill(weights.len() as i16 / 2);
        let columns = block * COLUMNS..block * COLUMNS + sums.len();
        // Two distances at a time, which saves every other pass over the sums.
        for (twice, two) in weights.chunks(2).enumerate() {
            let near = 2 * twice;
            let (near_weight, far_weight) = (two[0], two.get(1).copied().unwrap_or(0));
            let ((a, b), (c, d)) = (pair(near), pair((near + 1).min(weights.len() - 1)));
            let near = a[columns.clone()].iter().zip(&b[columns.clone()]);
            let far = c[columns.clone()].iter().zip(&d[columns.clone()]);
            for (sum, ((&a, &b), (&c, &d))) in sums.iter_mut().zip(near.zip(far)) {
                *sum = sum.wrapping_add(share(a, b, near_weight)).wrapping_add(share(c, d, far_weight));
            }
        }
    }
}

/// A weight's share, in 65536ths, of a pair of values.
#[inline(always)]
fn share(a: i16, b: i16, weight: u16) -> i16 {
    let both = (a as u16).wrapping_add(b as u16);
    ((u32::from(both) * u32::from(weight)) >> 16) as i16
}

/// Fills `margin` values at both ends with their neighbours.
fn extend_edges(values: &mut [i16], margin: usize) {
    let end = values.len() - margin;
    let (first, last) = (values[margin], values[end - 1]);
    values[..margin].fill(first);
    values[end..].fill(last);
}

/// Turns blurred luma into the levels by which each pixel changes. The rows of darkest and brightest begin one pixel further left.
fn changes(blurred: &mut [i16], here: &[i16], darkest: &[i16], brightest: &[i16], strength: f32) {
    let width = blurred.len();
    let (here, darkest, brightest) = (&here[..width], &darkest[..width + 2], &brightest[..width + 2]);
    for x in 0..width {
        let here = here[x];
        let least = darkest[x].min(darkest[x + 1]).min(darkest[x + 2]);
        let most = brightest[x].max(brightest[x + 1]).max(brightest[x + 2]);
        let difference = f32::from(here.wrapping_sub(blurred[x]));
        let size = difference.abs();
        let added = difference * strength * size / (size + GRAIN);
        let lowest = f32::from(least.wrapping_sub(here)) - OVERSHOOT;
        let highest = f32::from(most.wrapping_sub(here)) + OVERSHOOT;
        let added = if added < lowest { lowest } else { added };
        let added = if added > highest { highest } else { added };
        blurred[x] = (added / LEVEL + TO_WHOLE).to_bits() as i16;
    }
}

/// All channels change alike, as far as none of them leaves its range: the hue stays.
fn shift<const CHANNELS: usize>(row: &mut [u8], changes: &[i16]) {
    for (pixel, &change) in row.chunks_exact_mut(CHANNELS).zip(changes) {
        let room_up = 255 - i16::from(pixel[0].max(pixel[1]).max(pixel[2]));
        let room_down = i16::from(pixel[0].min(pixel[1]).min(pixel[2]));
        // Inside the room on both sides, so that nothing is cut off.
        let change = change.min(room_up).max(-room_down);
        for value in &mut pixel[..3] {
            *value = (i16::from(*value) + change) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 7u32;
        let step = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        std::iter::repeat_with(step).take(length).collect()
    }

    /// The definition, pixel by pixel, with the whole picture's luma at hand.
    fn defined<const CHANNELS: usize>(pixels: &[u8], width: usize, amount: f32) -> Vec<u8> {
        let height = pixels.len() / width / CHANNELS;
        let weights = blur_weights(width.max(height));
        let luma: Vec<i16> = luma::<CHANNELS>(pixels).collect();
        let at = |plane: &[i16], x: isize, y: isize| {
            plane[y.clamp(0, height as isize - 1) as usize * width + x.clamp(0, width as isize - 1) as usize]
        };
        let blur = |plane: &[i16], x: isize, y: isize, dx: isize, dy: isize| {
            let shares = weights.iter().zip(0..).map(|(&weight, distance): (&u16, isize)| {
                let (a, b) =
                    (at(plane, x - dx * distance, y - dy * distance), at(plane, x + dx * distance, y + dy * distance));
                ((i64::from(a) + i64::from(b)) * i64::from(weight) / 65536) as i16
            });
            weights.len() as i16 / 2 + shares.sum::<i16>()
        };
        let places = || (0..height as isize).flat_map(|y| (0..width as isize).map(move |x| (x, y)));
        let down: Vec<i16> = places().map(|(x, y)| blur(&luma, x, y, 0, 1)).collect();
        let mut sharp = pixels.to_vec();
        for ((x, y), pixel) in places().zip(sharp.chunks_exact_mut(CHANNELS)) {
            let around: Vec<i16> = (-1..=1)
                .flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)))
                .map(|(dx, dy)| at(&luma, x + dx, y + dy))
                .collect();
            let here = at(&luma, x, y);
            let difference = f32::from(here) - f32::from(blur(&down, x, y, 1, 0));
            let added = difference * (amount * 2.0) * difference.abs() / (difference.abs() + GRAIN);
            let lowest = f32::from(*around.iter().min().unwrap()) - f32::from(here) - OVERSHOOT;
            let highest = f32::from(*around.iter().max().unwrap()) - f32::from(here) + OVERSHOOT;
            let levels = (added.clamp(lowest, highest) / LEVEL).round_ties_even() as i32;
            let colours = pixel[..3].iter().map(|&value| i32::from(value));
            let levels = levels.min(255 - colours.clone().max().unwrap()).max(-colours.min().unwrap());
            pixel[..3].iter_mut().for_each(|value| *value = (i32::from(*value) + levels) as u8);
        }
        sharp
    }

    #[test]
    fn rows_in_bands_give_what_the_whole_picture_would() {
        for (width, height) in [(1, 1), (1, 300), (300, 1), (5, 3), (64, 128), (33, 129), (40, 131), (1030, 257)] {
            let pixels = noise(width * height * 3);
            let mut sharp = pixels.clone();
            sharpen::<3>(&mut sharp, width, 0.7);
            assert!(sharp == defined::<3>(&pixels, width, 0.7), "{width}×{height}");
            let pixels = noise(width * height * 4);
            let mut sharp = pixels.clone();
            sharpen::<4>(&mut sharp, width, 1.0);
            assert!(sharp == defined::<4>(&pixels, width, 1.0), "{width}×{height} with alpha");
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let pixels = noise(500 * 700 * 3);
        let on = |threads| {
            let mut sharp = pixels.clone();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sharpen::<3>(&mut sharp, 500, 0.5));
            sharp
        };
        assert!(on(1) == on(2) && on(2) == on(5));
    }
}
