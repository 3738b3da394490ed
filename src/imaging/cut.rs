//! Parts of a picture: resized, in sRGB, upright, each step on as few pixels as possible.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, Resizer};

use super::colour::Conversion;
use super::picture::About;
use super::planes::{Subsampling, Window};
use super::{Error, Orientation, Picture, Region, lanczos};

/// More than any format asks for: 30000 pixels a side.
const MAX_SIDE: u32 = 30_000;

/// A finished picture of exactly `width`×`height` pixels: the region, resized by Lanczos3 (with exact fractions of pixels at its
/// edges), in sRGB, upright. Enlarges where the region has fewer pixels; see [`magnification`].
///
/// # Errors
/// [`Error::Size`] for a side of 0 or over 30000; [`Error::NotDecoded`] where the profile that travelled with it is broken.
pub fn cut(picture: &Picture, region: Region, width: u32, height: u32) -> Result<Picture, Error> {
    if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE {
        return Err(Error::Size { width, height });
    }
    let about = picture.about();
    let stored = <[u32; 2]>::from(about.orientation.size(width, height));
    let window = window(about, region);
    let (pixels, left) = match about.planes {
        // Planes are turned and converted on their way.
        Some(subsampling) => (subsampling.cut(about, picture.pixels(), window, stored)?, Orientation::UPRIGHT),
        None => {
            let mut pixels = resize(picture, window, stored)?;
            convert(&mut pixels, about)?;
            (pixels, about.orientation)
        }
    };
    let (across, down) = left.size(width, height);
    let pixels = left.turn(pixels, across as usize, down as usize, usize::from(about.channels));
    Ok(Picture::new(
        pixels,
        About { warnings: about.warnings.clone(), ..About::finished(width, height, about.channels) },
    ))
}

/// How many times larger a cut shows the *file's own* pixels: over 1, it is enlarged and looks soft.
pub fn magnification(picture: &Picture, region: Region, width: u32, height: u32) -> f64 {
    let region = region.within();
    let (full_width, full_height) = picture.full_size();
    let across = f64::from(width) / (region.width * f64::from(full_width));
    let down = f64::from(height) / (region.height * f64::from(full_height));
    across.max(down)
}

/// The whole picture, upright and in sRGB, at the size that was decoded.
///
/// # Errors
/// [`Error::NotDecoded`] where the profile that travelled with it is broken.
pub fn upright(picture: &Picture) -> Result<Picture, Error> {
    if picture.is_finished() {
        return Ok(picture.clone());
    }
    let mut picture = picture.clone();
    picture.interleave()?;
    let about = picture.about().clone();
    let mut pixels = picture.into_pixels();
    convert(&mut pixels, &about)?;
    let (width, height) = (about.width as usize, about.height as usize);
    let pixels = about.orientation.turn(pixels, width, height, usize::from(about.channels));
    let (width, height) = about.orientation.size(about.width, about.height);
    let (full_width, full_height) = about.orientation.size(about.full_width, about.full_height);
    let about =
        About { width, height, full_width, full_height, orientation: Orientation::UPRIGHT, profile: None, ..about };
    Ok(Picture::new(pixels, about))
}

/// The part of the picture in a region, at the nearest whole pixels (or, of planes, the nearest around them that split no sample of
/// colour), as it was stored: nothing is resampled, converted or turned.
pub fn crop(picture: &Picture, region: Region) -> Picture {
    let about = picture.about();
    let stored = about.orientation.stored_region(region.within());
    let (frame_width, frame_height) = about.frame();
    let unit = about.planes.unwrap_or(Subsampling { across: 1, down: 1 });
    let (left, right) = whole(stored.left, stored.width, frame_width, about.width, u32::from(unit.across));
    let (top, bottom) = whole(stored.top, stored.height, frame_height, about.height, u32::from(unit.down));
    let pixels = match about.planes {
        Some(subsampling) => subsampling.crop(about, picture.pixels(), [left, right], [top, bottom]),
        None => {
            let channels = u32::from(about.channels);
            let columns = [left, right].map(|side| (side * channels) as usize);
            part(picture.pixels(), (about.width * channels) as usize, columns, [top, bottom].map(|side| side as usize))
        }
    };
    let full = |from: u32, to: u32, full: u32| {
        let shrink = u32::from(about.shrink);
        (to * shrink).min(full) - from * shrink
    };
    let about = About {
        width: right - left,
        height: bottom - top,
        full_width: full(left, right, about.full_width),
        full_height: full(top, bottom, about.full_height),
        ..about.clone()
    };
    Picture::new(pixels, about)
}

/// The whole pixels nearest to a fractional part of one side, at least one; then outwards to whole units.
fn whole(start: f64, length: f64, frame: f64, pixels: u32, unit: u32) -> (u32, u32) {
    let first = ((start * frame).round() as u32).min(pixels - 1);
    let last = (((start + length) * frame).round() as u32).clamp(first + 1, pixels);
    (first / unit * unit, last.next_multiple_of(unit).min(pixels))
}

/// Some columns (in bytes) of some rows.
pub(super) fn part(bytes: &[u8], stride: usize, [left, right]: [usize; 2], [top, bottom]: [usize; 2]) -> Vec<u8> {
    let mut part = Vec::with_capacity((right - left) * (bottom - top));
    for row in bytes.chunks_exact(stride).take(bottom).skip(top) {
        part.extend_from_slice(&row[left..right]);
    }
    part
}

/// A finished picture's pixels become sRGB in place.
pub(super) fn convert(pixels: &mut [u8], about: &About) -> Result<(), Error> {
    if let Some(conversion) = conversion(about)? {
        conversion.apply(pixels);
    }
    Ok(())
}

/// The conversion to sRGB that is still to be done.
pub(super) fn conversion(about: &About) -> Result<Option<Conversion>, Error> {
    let Some(profile) = &about.profile else { return Ok(None) };
    let conversion = Conversion::new(profile, usize::from(about.channels));
    conversion.map(Some).map_err(|_| Error::NotDecoded("its colour profile cannot be used"))
}

/// Where a region lies in the stored pixels.
fn window(about: &About, region: Region) -> Window {
    let stored = about.orientation.stored_region(region.within());
    let (frame_width, frame_height) = about.frame();
    let (left, across) = inside(stored.left * frame_width, stored.width * frame_width, about.width);
    let (top, down) = inside(stored.top * frame_height, stored.height * frame_height, about.height);
    Window { left, top, across, down }
}

fn resize(picture: &Picture, window: Window, [width, height]: [u32; 2]) -> Result<Vec<u8>, Error> {
    let about = picture.about();
    let failed = |_| Error::Size { width, height };
    let kind = if about.channels == 4 { PixelType::U8x4 } else { PixelType::U8x3 };
    let source = ImageRef::new(about.width, about.height, picture.pixels(), kind).map_err(failed)?;
    let Window { left, top, across, down } = window;
    let mut target = Image::new(width, height, kind);
    let options = lanczos::part(left, top, across, down);
    Resizer::new().resize(&source, &mut target, &options).map_err(|_| Error::Size { width, height })?;
    Ok(target.into_vec())
}

/// A fractional part of one side that rounding of fractions cannot push out of the picture.
fn inside(start: f64, length: f64, pixels: u32) -> (f64, f64) {
    let pixels = f64::from(pixels);
    // Less than a pixel of the source cannot be filtered; a thousandth is as good as nothing.
    let length = length.clamp(0.001, pixels);
    (start.clamp(0.0, pixels - length), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture with a colour for each quarter, stored turned.
    fn quarters(orientation: u8) -> Picture {
        let colours = [[250u8, 10, 10], [10, 250, 10], [10, 10, 250], [250, 250, 10]];
        let orientation = Orientation::try_from(orientation).unwrap();
        let (width, height) = orientation.size(48, 32);
        let mut pixels = Vec::new();
        // Fills the stored picture by asking where each quarter of the upright one lies in it.
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
                let at = (0..4).find(|&quarter| {
                    let upright = Region {
                        left: f64::from(quarter % 2) / 2.0,
                        top: f64::from(quarter / 2) / 2.0,
                        width: 0.5,
                        height: 0.5,
                    };
                    let stored = orientation.stored_region(upright);
                    (stored.left..stored.left + stored.width).contains(&u)
                        && (stored.top..stored.top + stored.height).contains(&v)
                });
                pixels.extend(colours[at.unwrap() as usize]);
            }
        }
        Picture::new(pixels, About { orientation, ..About::finished(width, height, 3) })
    }

    fn at(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
        let from = (y * picture.width() + x) as usize * 3;
        picture.pixels()[from..from + 3].try_into().unwrap()
    }

    #[test]
    fn a_cut_is_upright_whatever_way_the_picture_is_stored() {
        for orientation in 1..=8 {
            let picture = quarters(orientation);
            assert_eq!((picture.width(), picture.height()), (48, 32));
            let cut = cut(&picture, Region::WHOLE, 12, 8).unwrap();
            // The filter rings by a level or two.
            let like = |x, y, colour: [u8; 3]| at(&cut, x, y).iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 6);
            assert!(like(1, 1, [250, 10, 10]), "orientation {orientation}");
            assert!(like(10, 1, [10, 250, 10]), "orientation {orientation}");
            assert!(like(1, 6, [10, 10, 250]), "orientation {orientation}");
            let right = super::cut(&picture, Region { left: 0.5, top: 0.5, width: 0.5, height: 0.5 }, 5, 5).unwrap();
            assert_eq!(at(&right, 4, 4), [250, 250, 10], "orientation {orientation}");
        }
    }

    #[test]
    fn crop_then_upright_is_upright_then_crop() {
        let region = Region { left: 0.25, top: 0.125, width: 0.5, height: 0.75 };
        for orientation in 1..=8 {
            let picture = quarters(orientation);
            let first = upright(&crop(&picture, region)).unwrap();
            let second = crop(&upright(&picture).unwrap(), region);
            assert_eq!((first.width(), first.height()), (24, 24));
            assert_eq!(first, second, "orientation {orientation}");
        }
    }

    #[test]
    fn sizes_that_cannot_be_made_are_refused_and_slivers_are_not() {
        let picture = quarters(1);
        assert!(cut(&picture, Region::WHOLE, 0, 5).is_err());
        assert!(cut(&picture, Region::WHOLE, 5, 30_001).is_err());
        let sliver = Region { left: 0.999_999, top: 0.0, width: 0.000_001, height: 1.0 };
        assert_eq!(cut(&picture, sliver, 3, 3).unwrap().width(), 3);
        assert_eq!(crop(&picture, sliver).width(), 1);
        assert!((magnification(&picture, Region::WHOLE, 96, 32) - 2.0).abs() < 1e-9);
    }
}
