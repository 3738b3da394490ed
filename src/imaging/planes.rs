//! Luma and colour apart, as most JPEGs hold them: half the memory of RGB, and sizes are cut from it faster.

mod colours;
mod squares;
mod transpose;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, Resizer};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::colour::Conversion;
use super::cut::{conversion, part};
use super::orientation::Moves;
use super::picture::About;
use super::{Error, lanczos};
use colours::{grown, rgb};
use squares::Means;
use transpose::transpose;

/// How many samples of luma, across and down, share one of each colour: 1 or 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subsampling {
    pub across: u8,
    pub down: u8,
}

/// A part of a picture, in stored pixels and fractions of them.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub left: f64,
    pub top: f64,
    pub across: f64,
    pub down: f64,
}

/// The samples of one plane, row by row.
struct Plane<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
}

/// Rows that become RGB at once.
const BAND: usize = 64;

impl Subsampling {
    pub fn is_sound(self) -> bool {
        (1..=2).contains(&self.across) && (1..=2).contains(&self.down)
    }

    /// Bytes of all three planes: luma, then blue and red difference.
    pub fn bytes(self, width: u32, height: u32) -> u128 {
        let luma = u128::from(self.whole(width, self.across)) * u128::from(self.whole(height, self.down));
        luma + 2 * (luma / u128::from(self.across * self.down))
    }

    /// Luma is stored for whole colour samples, so that it may have a column or a row more than the picture.
    fn whole(self, side: u32, by: u8) -> u64 {
        u64::from(side).next_multiple_of(u64::from(by))
    }

    fn planes<'a>(self, about: &About, bytes: &'a [u8]) -> [Plane<'a>; 3] {
        let (width, height) =
            (self.whole(about.width, self.across) as usize, self.whole(about.height, self.down) as usize);
        let (luma, rest) = bytes.split_at(width * height);
        let (small_width, small_height) = (width / usize::from(self.across), height / usize::from(self.down));
        let (blue, red) = rest.split_at(small_width * small_height);
        [(luma, width, height), (blue, small_width, small_height), (red, small_width, small_height)]
            .map(|(samples, width, height)| Plane { samples, width, height })
    }

    /// A part of a picture resized (to a stored size), in sRGB, and upright: planes come out of their resizing on their side or not,
    /// mirrored or not, as one likes.
    ///
    /// # Errors
    /// [`Error::Size`] for sizes that cannot be made; [`Error::NotDecoded`] where the profile that travelled with it is broken.
    pub fn cut(self, about: &About, bytes: &[u8], window: Window, size: [u32; 2]) -> Result<Vec<u8>, Error> {
        let (across, down) = (f64::from(self.across), f64::from(self.down));
        let small = Window {
            left: window.left / across,
            top: window.top / down,
            across: window.across / across,
            down: window.down / down,
        };
        let moves = about.orientation.moves();
        let [luma, blue, red] = self.planes(about, bytes);
        let mut scratch = Scratch::default();
        let luma = luma.cut(window, size, moves, &mut scratch)?;
        let blue = blue.cut(small, size, moves, &mut scratch)?;
        let red = red.cut(small, size, moves, &mut scratch)?;
        let (width, _) = about.orientation.size(size[0], size[1]);
        coloured([&luma, &blue, &red], width as usize, moves.upturned, conversion(about)?.as_ref())
    }

    /// The whole picture as RGB, in stored order: byte for byte as libjpeg-turbo would have decoded it.
    ///
    /// # Errors
    /// [`Error::Size`] where libjpeg-turbo finds no memory.
    pub fn interleaved(self, about: &About, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let [luma, blue, red] = self.planes(about, bytes);
        let (width, height) = (about.width as usize, about.height as usize);
        let mut pixels = vec![0; width * height * 3];
        pixels.par_chunks_mut(width * 3 * BAND).enumerate().try_for_each(|(band, pixels)| {
            let top = band * BAND;
            let bottom = top + pixels.len() / (width * 3);
            let grown = |plane: &Plane<'_>| -> Vec<u8> {
                (top..bottom).flat_map(|row| grown(plane.samples, plane.width, self, row, width)).collect()
            };
            rgb([&luma.samples[top * luma.width..], &grown(&blue), &grown(&red)], luma.width, width, pixels, false)
        })?;
        Ok(pixels)
    }

    /// The planes of a part: from whole samples of colour to others, or to the picture's last.
    pub fn crop(self, about: &About, bytes: &[u8], columns: [u32; 2], rows: [u32; 2]) -> Vec<u8> {
        let ends = |[first, last]: [u32; 2], by: u8| [u64::from(first) as usize, self.whole(last, by) as usize];
        let (columns, rows) = (ends(columns, self.across), ends(rows, self.down));
        let (across, down) = (usize::from(self.across), usize::from(self.down));
        let [luma, blue, red] = self.planes(about, bytes);
        let mut cropped = part(luma.samples, luma.width, columns, rows);
        for plane in [blue, red] {
            cropped.extend(part(plane.samples, plane.width, columns.map(|at| at / across), rows.map(|at| at / down)));
        }
        cropped
    }
}

/// sRGB from three planes of one size: each band of rows becomes RGB and is converted while it is at hand.
fn coloured(
    planes: [&[u8]; 3],
    width: usize,
    upturned: bool,
    conversion: Option<&Conversion>,
) -> Result<Vec<u8>, Error> {
    let height = planes[0].len() / width;
    let mut pixels = vec![0; width * height * 3];
    pixels.par_chunks_mut(width * 3 * BAND).enumerate().try_for_each_init(Vec::new, |own, (band, pixels)| {
        let rows = pixels.len() / (width * 3);
        let top = if upturned { height - band * BAND - rows } else { band * BAND };
        let planes = planes.map(|plane| &plane[top * width..][..rows * width]);
        let Some(conversion) = conversion else { return rgb(planes, width, width, pixels, upturned) };
        own.resize(pixels.len(), 0);
        rgb(planes, width, width, own, upturned)?;
        conversion.convert(own, pixels);
        Ok(())
    })?;
    Ok(pixels)
}

impl Plane<'_> {
    /// A window at another size, by Lanczos3; rows and columns exchanged, then mirrored.
    fn cut(
        &self,
        window: Window,
        [width, height]: [u32; 2],
        moves: Moves,
        scratch: &mut Scratch,
    ) -> Result<Vec<u8>, Error> {
        if let Some(by) = squares::side(window, [width, height]) {
            let means = Means::of(self, window, [width, height], by);
            return means.plane().cut(means.window, [width, height], moves, scratch);
        }
        // Rows of bytes are what processors add up fastest: both directions are done down the columns, the second on its side.
        let margin = lanczos::SUPPORT * (window.across / f64::from(width)).max(1.0) + 1.0;
        let first = (window.left - margin).floor().max(0.0) as usize;
        let last = ((window.left + window.across + margin).ceil() as usize).min(self.width);
        let Scratch { low, side } = scratch;
        self.down([first, last], [window.top, window.down], height, low)?;
        transpose(low, last - first, height as usize, moves.exchanged && moves.mirrored, side);
        let side = Plane { samples: side, width: height as usize, height: last - first };
        let mut both = Vec::new();
        side.down([0, side.width], [window.left - first as f64, window.across], width, &mut both)?;
        if moves.exchanged {
            return Ok(both);
        }
        let mut upright = Vec::new();
        transpose(&both, height as usize, width as usize, moves.mirrored, &mut upright);
        Ok(upright)
    }

    /// Columns from `first` to `last`, and of them a fractional part from the top, resized to `height` rows.
    fn down(
        &self,
        [first, last]: [usize; 2],
        [top, down]: [f64; 2],
        height: u32,
        resized: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let across = last - first;
        let failed = || Error::Size { width: across as u32, height };
        resized.resize(across * height as usize, 0);
        let source = ImageRef::new(self.width as u32, self.height as u32, self.samples, PixelType::U8);
        let target = Image::from_slice_u8(across as u32, height, resized, PixelType::U8);
        let (source, mut target) = source.ok().zip(target.ok()).ok_or_else(failed)?;
        let options = lanczos::part(first as f64, top, across as f64, down);
        Resizer::new().resize(&source, &mut target, &options).map_err(|_| failed())
    }
}

/// What one plane needs on its way and the next one may use again.
#[derive(Default)]
struct Scratch {
    low: Vec<u8>,
    side: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

    use crate::imaging::{Limits, Orientation, Picture, Region, crop, cut, decode, decode_to_cut, upright};

    const SUBSAMPLED: [Subsamp; 4] = [Subsamp::None, Subsamp::Sub2x1, Subsamp::Sub1x2, Subsamp::Sub2x2];

    /// A JPEG with hard edges of light and soft changes of colour.
    fn photo(width: usize, height: usize, subsamp: Subsamp) -> Vec<u8> {
        let mut pixels = Vec::new();
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let light = if (x / 9 + y / 7) % 3 == 0 { 90 } else { x % 5 * 4 };
            pixels.extend(
                [x * 120 / width, 100 - y * 90 / height, (x + y) * 60 / width]
                    .map(|colour| (light + colour).min(255) as u8),
            );
        }
        let mut compressor = Compressor::new().unwrap();
        compressor.set_subsamp(subsamp).unwrap();
        let image = Image { pixels: &pixels[..], width, pitch: width * 3, height, format: PixelFormat::RGB };
        compressor.compress_to_vec(image).unwrap()
    }

    fn both(width: usize, height: usize, subsamp: Subsamp, orientation: u8) -> [Picture; 2] {
        let photo = photo(width, height, subsamp);
        let decoded = [decode(&photo, 0, &Limits::default()), decode_to_cut(&photo, 0, &Limits::default())];
        decoded.map(|picture| {
            let mut about = picture.as_ref().unwrap().about().clone();
            about.orientation = Orientation::try_from(orientation).unwrap();
            Picture::new(picture.unwrap().into_pixels(), about)
        })
    }

    #[test]
    fn planes_become_the_very_pixels_that_the_decoder_makes() {
        for (subsamp, (width, height)) in
            SUBSAMPLED.into_iter().flat_map(|subsamp| [(64, 48), (61, 77), (33, 200)].map(|size| (subsamp, size)))
        {
            let [pixels, planes] = both(width, height, subsamp, 1);
            assert!(planes.about().planes.is_some() && !planes.is_finished());
            assert_eq!(upright(&planes).unwrap(), pixels, "{subsamp:?} {width}×{height}");
        }
    }

    #[test]
    fn sizes_cut_from_planes_look_like_those_from_pixels_whatever_way_they_are_turned() {
        let region = Region { left: 0.13, top: 0.2, width: 0.61, height: 0.7 };
        for orientation in 1..=8 {
            for subsamp in SUBSAMPLED {
                let [pixels, planes] = both(161, 120, subsamp, orientation);
                for (region, width, height) in [(Region::WHOLE, 40, 30), (region, 37, 51), (region, 200, 160)] {
                    let [a, b] =
                        [cut(&pixels, region, width, height), cut(&planes, region, width, height)].map(Result::unwrap);
                    assert!(b.is_finished() && (b.width(), b.height()) == (width, height));
                    let squares = a.pixels().iter().zip(b.pixels()).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
                    let error = (squares.sum::<f64>() / a.pixels().len() as f64).sqrt();
                    assert!(
                        error < 2.0,
                        "{error} levels apart, orientation {orientation}, {subsamp:?}, {width}×{height}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_crop_of_planes_is_a_crop_of_the_picture_but_for_the_colour_at_its_edges() {
        let region = Region { left: 0.21, top: 0.13, width: 0.5, height: 0.87 };
        for orientation in 1..=8 {
            for subsamp in SUBSAMPLED {
                let [pixels, planes] = both(123, 95, subsamp, orientation);
                let planes = crop(&planes, region);
                let pixels = crop(&pixels, region);
                assert!(planes.width().abs_diff(pixels.width()) <= 2 && planes.height().abs_diff(pixels.height()) <= 2);
                let [a, b] = [&pixels, &planes].map(|picture| cut(picture, Region::WHOLE, 8, 8).unwrap());
                let apart = a.pixels().iter().zip(b.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(apart < Some(24), "{apart:?} levels apart, orientation {orientation}, {subsamp:?}");
            }
        }
    }

    #[test]
    fn planes_travel_as_bytes() {
        let [_, planes] = both(61, 77, Subsamp::Sub2x2, 6);
        let bytes = std::sync::Arc::new(planes.clone().into_bytes());
        assert_eq!(Picture::from_bytes(bytes).unwrap(), planes);
    }
}
