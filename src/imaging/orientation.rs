//! How the stored pixels must be turned to stand upright: the eight values of EXIF.

use super::Region;

/// An EXIF orientation (tag 274), 1 to 8. Source: CIPA DC-008, 4.6.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Orientation(u8);

/// A turn as three moves that are each done or not, in this order.
#[derive(Debug, Clone, Copy)]
pub struct Moves {
    /// Rows become columns.
    pub exchanged: bool,
    /// Left becomes right.
    pub mirrored: bool,
    /// Top becomes bottom.
    pub upturned: bool,
}

/// Rows that are turned at once.
const ROWS: usize = 16;

impl From<Orientation> for u8 {
    fn from(orientation: Orientation) -> u8 {
        orientation.0
    }
}

impl TryFrom<u8> for Orientation {
    type Error = &'static str;

    fn try_from(value: u8) -> Result<Orientation, &'static str> {
        if (1..=8).contains(&value) { Ok(Orientation(value)) } else { Err("an orientation is 1 to 8") }
    }
}

impl Orientation {
    /// Stored as it is to be seen.
    pub const UPRIGHT: Orientation = Orientation(1);

    /// Whether width and height change places.
    pub fn swaps(self) -> bool {
        self.0 >= 5
    }

    /// Width and height after (or before: it is the same) turning.
    pub fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps() { (height, width) } else { (width, height) }
    }

    /// The moves that turn a stored picture upright, one after the other.
    pub(super) fn moves(self) -> Moves {
        Moves {
            exchanged: self.swaps(),
            mirrored: matches!(self.0, 2 | 3 | 6 | 7),
            upturned: matches!(self.0, 3 | 4 | 7 | 8),
        }
    }

    /// Where an upright point lies in the stored picture; both as fractions of width and height.
    fn stored_point(self, (u, v): (f64, f64)) -> (f64, f64) {
        match self.0 {
            2 => (1.0 - u, v),
            3 => (1.0 - u, 1.0 - v),
            4 => (u, 1.0 - v),
            5 => (v, u),
            6 => (v, 1.0 - u),
            7 => (1.0 - v, 1.0 - u),
            8 => (1.0 - v, u),
            _ => (u, v),
        }
    }

    /// Where an upright region lies in the stored picture.
    pub(super) fn stored_region(self, region: Region) -> Region {
        let (x0, y0) = self.stored_point((region.left, region.top));
        let (x1, y1) = self.stored_point((region.left + region.width, region.top + region.height));
        Region { left: x0.min(x1), top: y0.min(y1), width: (x1 - x0).abs(), height: (y1 - y0).abs() }
    }

    /// The pixels of `width`×`height` stored pixels, turned upright. `channels` bytes a pixel: 3 or 4.
    pub(super) fn turn(self, pixels: Vec<u8>, width: usize, height: usize, channels: usize) -> Vec<u8> {
        match channels {
            _ if self.0 == 1 => pixels,
            4 => self.turned::<4>(&pixels, width, height),
            _ => self.turned::<3>(&pixels, width, height),
        }
    }

    fn turned<const CHANNELS: usize>(self, pixels: &[u8], width: usize, height: usize) -> Vec<u8> {
        let stored = pixels.as_chunks::<CHANNELS>().0;
        let (upright_width, across, down) = (if self.swaps() { height } else { width }, 1, width as isize);
        // Steps in the stored picture for one step right and one step down in the upright one, from where its corner lies.
        let right = across * (width as isize - 1);
        let bottom = down * (height as isize - 1);
        let (start, step_x, step_y) = match self.0 {
            2 => (right, -across, down),
            3 => (right + bottom, -across, -down),
            4 => (bottom, across, -down),
            5 => (0, down, across),
            6 => (bottom, -down, across),
            7 => (right + bottom, -down, -across),
            _ => (right, down, -across),
        };
        let mut turned = vec![0; pixels.len()];
        // Several rows at once: what is read for one lies beside what the next ones need.
        for (band, rows) in turned.as_chunks_mut::<CHANNELS>().0.chunks_mut(upright_width * ROWS).enumerate() {
            let corner = start + (band * ROWS) as isize * step_y;
            for x in 0..upright_width {
                let mut at = corner + x as isize * step_x;
                for row in rows.chunks_exact_mut(upright_width) {
                    row[x] = stored[at as usize];
                    at += step_y;
                }
            }
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 3×2 picture whose pixels are their own numbers, turned; with three channels and with four.
    fn turned(value: u8) -> Vec<u8> {
        let orientation = Orientation::try_from(value).unwrap();
        let with = |channels: usize| -> Vec<u8> {
            let pixels = (0..6).flat_map(|number| vec![number; channels]).collect();
            let turned = orientation.turn(pixels, 3, 2, channels);
            assert!(turned.chunks_exact(channels).all(|pixel| pixel.iter().all(|&value| value == pixel[0])));
            turned.into_iter().step_by(channels).collect()
        };
        assert_eq!(with(3), with(4));
        with(3)
    }

    /// By the definition of each value.
    #[test]
    fn every_orientation_puts_the_rows_where_exif_says() {
        let expected: [&[u8]; 8] = [
            &[0, 1, 2, 3, 4, 5],
            &[2, 1, 0, 5, 4, 3],
            &[5, 4, 3, 2, 1, 0],
            &[3, 4, 5, 0, 1, 2],
            &[0, 3, 1, 4, 2, 5],
            &[3, 0, 4, 1, 5, 2],
            &[5, 2, 4, 1, 3, 0],
            &[2, 5, 1, 4, 0, 3],
        ];
        for (value, expected) in (1u8..).zip(expected) {
            assert_eq!(turned(value), expected, "orientation {value}");
        }
    }

    /// The region of one upright pixel must be the stored pixel that turning brings there.
    #[test]
    fn a_region_and_a_turn_agree_for_every_orientation() {
        for value in 1u8..=8 {
            let orientation = Orientation::try_from(value).unwrap();
            let turned = turned(value);
            let (width, height) = orientation.size(3, 2);
            for (at, &number) in turned.iter().enumerate() {
                let (x, y) = (at as u32 % width, at as u32 / width);
                let region = orientation.stored_region(Region {
                    left: f64::from(x) / f64::from(width),
                    top: f64::from(y) / f64::from(height),
                    width: 1.0 / f64::from(width),
                    height: 1.0 / f64::from(height),
                });
                assert!((region.left * 3.0 - f64::from(number % 3)).abs() < 1e-9, "orientation {value}");
                assert!((region.top * 2.0 - f64::from(number / 3)).abs() < 1e-9, "orientation {value}");
            }
        }
    }
}
