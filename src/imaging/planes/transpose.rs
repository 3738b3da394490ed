//! Rows and columns of bytes exchanged, eight by eight in 64-bit words.

/// Rows read at once: what they write side by side fills a cache line.
const BAND: usize = 64;

/// `width`×`height` bytes with rows and columns exchanged, and then, if so wished, left and right.
pub fn transpose(bytes: &[u8], width: usize, height: usize, mirrored: bool, turned: &mut Vec<u8>) {
    turned.resize(width * height, 0);
    let (blocks_across, blocks_down) = (width / 8, height / 8);
    for band in (0..blocks_down).step_by(BAND / 8) {
        for left in (0..blocks_across).map(|block| block * 8) {
            for top in (band..(band + BAND / 8).min(blocks_down)).map(|block| block * 8) {
                let rows = std::array::from_fn(|row| {
                    let at = (top + row) * width + left;
                    bytes[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
                });
                for (row, word) in exchanged(rows).into_iter().enumerate() {
                    let (at, word) = match mirrored {
                        true => (height - top - 8, word.to_be_bytes()),
                        false => (top, word.to_le_bytes()),
                    };
                    let at = (left + row) * height + at;
                    turned[at..at + 8].copy_from_slice(&word);
                }
            }
        }
    }
    // What fills no block.
    for y in 0..height {
        let from = if y < blocks_down * 8 { blocks_across * 8 } else { 0 };
        for x in from..width {
            let column = if mirrored { height - 1 - y } else { y };
            turned[x * height + column] = bytes[y * width + x];
        }
    }
}

/// Eight rows of eight bytes: halves change places, then quarters, then bytes.
fn exchanged(mut rows: [u64; 8]) -> [u64; 8] {
    for (step, mask) in [(4, 0x0000_0000_ffff_ffff_u64), (2, 0x0000_ffff_0000_ffff), (1, 0x00ff_00ff_00ff_00ff)] {
        for upper in (0..8).filter(|row| row & step == 0) {
            let differ = ((rows[upper] >> (8 * step)) ^ rows[upper + step]) & mask;
            rows[upper + step] ^= differ;
            rows[upper] ^= differ << (8 * step);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_finds_its_place_whatever_the_size() {
        for (width, height) in [(1, 1), (8, 8), (7, 9), (16, 24), (33, 17), (8, 3), (3, 40), (41, 50)] {
            let bytes: Vec<u8> = (0..width * height).map(|n| (n * 7 + n / 251) as u8).collect();
            let [mut turned, mut mirrored] = [Vec::new(), vec![1; 9]];
            transpose(&bytes, width, height, false, &mut turned);
            transpose(&bytes, width, height, true, &mut mirrored);
            for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
                assert_eq!(turned[x * height + y], bytes[y * width + x], "{x}, {y} of {width}×{height}");
                assert_eq!(mirrored[x * height + height - 1 - y], bytes[y * width + x], "{x}, {y} of {width}×{height}");
            }
        }
    }
}
