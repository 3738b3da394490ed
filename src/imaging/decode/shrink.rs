//! The scale at which a picture is decoded, and averaging for formats whose decoders know only full size.

use super::Header;

/// 1, 2, 4 or 8: the largest division that leaves both sides at least 1.8 times `reach`; 1 where `reach` is 0.
pub fn factor(header: &Header, reach: u32) -> u8 {
    if reach == 0 {
        return 1;
    }
    let least = u64::from(reach) * 18;
    let enough = |side: u32, factor: u8| u64::from(side / u32::from(factor)) * 10 >= least;
    [8u8, 4, 2].into_iter().find(|&factor| enough(header.width, factor) && enough(header.height, factor)).unwrap_or(1)
}

/// Every `factor`×`factor` pixels become their average, weighted by alpha; sizes are rounded up as in JPEG's scaled decoding,
/// with the last ones the average of what there is.
pub fn average(pixels: &[u8], width: u32, height: u32, channels: u8, factor: u8) -> Vec<u8> {
    let (channels, factor) = (usize::from(channels), usize::from(factor));
    let stride = width as usize * channels;
    let mut small =
        Vec::with_capacity((width as usize).div_ceil(factor) * (height as usize).div_ceil(factor) * channels);
    for rows in pixels.chunks(stride * factor) {
        for left in (0..stride).step_by(factor * channels) {
            let right = (left + factor * channels).min(stride);
            let block = rows.chunks_exact(stride).flat_map(|row| row[left..right].chunks_exact(channels));
            if channels == 3 { opaque(block, &mut small) } else { transparent(block, &mut small) }
        }
    }
    small
}

fn opaque<'a>(block: impl Iterator<Item = &'a [u8]>, small: &mut Vec<u8>) {
    let (mut sum, mut count) = ([0u32; 3], 0);
    for pixel in block {
        for (sum, &value) in sum.iter_mut().zip(pixel) {
            *sum += u32::from(value);
        }
        count += 1;
    }
    small.extend(sum.map(|sum| ((sum + count / 2) / count.max(1)) as u8));
}

fn transparent<'a>(block: impl Iterator<Item = &'a [u8]>, small: &mut Vec<u8>) {
    let (mut sum, mut alpha, mut count) = ([0u32; 3], 0u32, 0u32);
    for pixel in block {
        for (sum, &value) in sum.iter_mut().zip(pixel) {
            *sum += u32::from(value) * u32::from(pixel[3]);
        }
        alpha += u32::from(pixel[3]);
        count += 1;
    }
    small.extend(sum.map(|sum| (sum + alpha / 2).checked_div(alpha).unwrap_or(0) as u8));
    small.push(((alpha + count / 2) / count.max(1)) as u8);
}

#[cfg(test)]
mod tests {
    use super::super::{Container, Orientation};
    use super::*;

    fn header(width: u32, height: u32) -> Header {
        Header { container: Container::Jpeg, width, height, orientation: Orientation::UPRIGHT }
    }

    #[test]
    fn the_scale_leaves_nearly_twice_the_reach_on_both_sides() {
        assert_eq!(factor(&header(4032, 3024), 1350), 1);
        assert_eq!(factor(&header(8064, 6048), 1350), 2);
        assert_eq!(factor(&header(8064, 6048), 400), 8);
        assert_eq!(factor(&header(16320, 12240), 1600), 4);
        assert_eq!(factor(&header(40000, 720), 400), 1);
        assert_eq!(factor(&header(40000, 40000), 0), 1);
        assert_eq!(factor(&header(1440, 1440), 400), 2);
        assert_eq!(factor(&header(1438, 1440), 400), 1);
    }

    #[test]
    fn averages_are_rounded_and_edges_use_what_there_is() {
        assert_eq!(average(&[10, 10, 10, 11, 20, 30, 200, 100, 0], 3, 1, 3, 2), [11, 15, 20, 200, 100, 0]);
    }

    #[test]
    fn transparent_pixels_lend_no_colour() {
        assert_eq!(average(&[255, 0, 0, 255, 0, 255, 0, 0], 2, 1, 4, 2), [255, 0, 0, 128]);
        assert_eq!(average(&[9, 9, 9, 0, 8, 8, 8, 0], 2, 1, 4, 2), [0, 0, 0, 0]);
    }
}
