//! A decoded picture: pixels as they lie in the file, with what is still to be done to them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::planes::Subsampling;
use super::{Error, Orientation};

/// Pixels of 8 bits a channel, RGB or RGBA (not premultiplied), in the order of the file, with the orientation and the colour
/// profile that are still to be applied; where it was [decoded to be cut](super::decode_to_cut), a JPEG's luma and colour still
/// lie apart. Clones share the pixels.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The pixels, and behind them whatever travelled with them.
    data: Arc<Vec<u8>>,
    about: About,
}

/// Everything about a picture but its pixels; travels behind them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    /// Stored width in pixels, of what was decoded.
    pub width: u32,
    pub height: u32,
    /// Bytes a pixel: 3 (RGB) or 4 (RGBA).
    pub channels: u8,
    /// Three planes instead of interleaved RGB: how colour is subsampled in them.
    pub planes: Option<Subsampling>,
    /// How many times smaller than the file's own pixels: 1, 2, 4 or 8. Sizes are rounded up.
    pub shrink: u8,
    /// Stored size of the file's own picture.
    pub full_width: u32,
    pub full_height: u32,
    pub orientation: Orientation,
    /// An ICC profile still to be applied; without one the pixels are sRGB.
    pub profile: Option<Vec<u8>>,
    /// The point of interest, as fractions of the upright picture from its top left corner.
    pub focus: [f32; 2],
    pub warnings: Vec<String>,
}

/// The middle: where nobody said what matters.
const MIDDLE: [f32; 2] = [0.5, 0.5];

/// Marks the end of a travelling picture and the version of what lies behind the pixels.
const MARK: &[u8; 8] = b"softpic2";

impl Picture {
    /// `pixels` must hold exactly `width`×`height`×`channels` bytes.
    pub(super) fn new(pixels: Vec<u8>, about: About) -> Picture {
        debug_assert_eq!(pixels.len(), about.pixel_bytes());
        Picture { data: Arc::new(pixels), about }
    }

    /// A finished picture: upright and sRGB. `channels` is 3 (RGB) or 4 (RGBA, not premultiplied).
    ///
    /// # Errors
    /// [`Error::Size`] where the bytes do not fill the size, or a side is 0.
    pub fn from_pixels(pixels: Vec<u8>, width: u32, height: u32, channels: u8) -> Result<Picture, Error> {
        let about = About::finished(width, height, channels);
        if !about.is_sound() || about.pixel_bytes() != pixels.len() {
            return Err(Error::Size { width, height });
        }
        Ok(Picture::new(pixels, about))
    }

    /// Width in pixels when upright, of what was decoded (see [`Picture::full_size`]).
    pub fn width(&self) -> u32 {
        self.upright_size().0
    }

    /// Height in pixels when upright, of what was decoded.
    pub fn height(&self) -> u32 {
        self.upright_size().1
    }

    fn upright_size(&self) -> (u32, u32) {
        self.about.orientation.size(self.about.width, self.about.height)
    }

    /// Upright size of the file's own picture; larger than what was decoded where a smaller scale was enough.
    pub fn full_size(&self) -> (u32, u32) {
        self.about.orientation.size(self.about.full_width, self.about.full_height)
    }

    /// Bytes a pixel: 3 (RGB) or 4 (RGBA).
    pub fn channels(&self) -> u8 {
        self.about.channels
    }

    pub fn orientation(&self) -> Orientation {
        self.about.orientation
    }

    /// Whether the pixels are upright and interleaved sRGB, so that [`Picture::pixels`] can be shown as they are.
    pub fn is_finished(&self) -> bool {
        self.about.orientation == Orientation::UPRIGHT && self.about.profile.is_none() && self.about.planes.is_none()
    }

    /// The ICC profile that is still to be applied.
    pub fn profile(&self) -> Option<&[u8]> {
        self.about.profile.as_deref()
    }

    /// The point of interest that cuts keep in view, as fractions of the upright picture from its top left corner.
    pub fn focus(&self) -> [f32; 2] {
        self.about.focus
    }

    /// The same picture with another point of interest.
    #[must_use]
    pub fn with_focus(mut self, focus: [f32; 2]) -> Picture {
        self.about.focus = focus;
        self
    }

    /// What a person should know about the file, though it could be read.
    pub fn warnings(&self) -> &[String] {
        &self.about.warnings
    }

    /// The pixels in *stored* order, row by row, or plane by plane; see [`Picture::is_finished`].
    pub fn pixels(&self) -> &[u8] {
        &self.data[..self.about.pixel_bytes()]
    }

    /// The pixels alone, without a copy where nobody shares them.
    pub fn into_pixels(self) -> Vec<u8> {
        let length = self.about.pixel_bytes();
        let mut pixels = Arc::try_unwrap(self.data).unwrap_or_else(|shared| shared[..length].to_vec());
        pixels.truncate(length);
        pixels
    }

    pub(super) fn about(&self) -> &About {
        &self.about
    }

    /// The same picture with other pixels of the same size, now sRGB.
    pub(super) fn replace(&mut self, pixels: Vec<u8>) {
        debug_assert_eq!(pixels.len(), self.about.pixel_bytes());
        self.about.profile = None;
        self.data = Arc::new(pixels);
    }

    /// Luma and colour that lie apart become RGB.
    pub(super) fn interleave(&mut self) -> Result<(), Error> {
        if let Some(subsampling) = self.about.planes {
            self.data = Arc::new(subsampling.interleaved(&self.about, self.pixels())?);
            self.about.planes = None;
        }
        Ok(())
    }

    /// Takes the pixels out, to change them and [`Picture::replace`] them.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let whole = Picture { data: std::mem::take(&mut self.data), about: self.about.clone() };
        whole.into_pixels()
    }

    /// The picture as bytes that [`Picture::from_bytes`] reads: the pixels first (not copied), what is known of them behind.
    pub fn into_bytes(self) -> Vec<u8> {
        let about = self.about.clone();
        // Serialising plain values into a growing vector has no way to fail.
        let trailer = postcard::to_allocvec(&about).unwrap_or_default();
        let mut bytes = self.into_pixels();
        bytes.reserve_exact(trailer.len() + 4 + MARK.len());
        bytes.extend_from_slice(&trailer);
        bytes.extend_from_slice(&(trailer.len() as u32).to_le_bytes());
        bytes.extend_from_slice(MARK);
        bytes
    }

    /// A picture from the bytes of [`Picture::into_bytes`], sharing them.
    ///
    /// # Errors
    /// [`Error::NotDecoded`] for any other bytes.
    pub fn from_bytes(bytes: Arc<Vec<u8>>) -> Result<Picture, Error> {
        let body = bytes.strip_suffix(MARK).ok_or(Error::NotDecoded("the mark at the end is missing"))?;
        let (body, length) = body.split_last_chunk::<4>().ok_or(Error::NotDecoded("it is too short"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let start = body.len().checked_sub(length).ok_or(Error::NotDecoded("it is too short"))?;
        let about: About = postcard::from_bytes(&body[start..])
            .map_err(|_| Error::NotDecoded("what follows the pixels is no header"))?;
        if !about.is_sound() {
            return Err(Error::NotDecoded("its header contradicts itself"));
        }
        if about.pixel_bytes() != start {
            return Err(Error::NotDecoded("its pixels do not fill its size"));
        }
        Ok(Picture { data: bytes, about })
    }
}

/// Equal where the pixels and all that is to be done to them are; not by what else the shared bytes hold.
impl PartialEq for Picture {
    fn eq(&self, other: &Picture) -> bool {
        self.about == other.about && self.pixels() == other.pixels()
    }
}

impl About {
    /// Of an upright sRGB picture at its own size.
    pub fn finished(width: u32, height: u32, channels: u8) -> About {
        About {
            width,
            height,
            channels,
            planes: None,
            shrink: 1,
            full_width: width,
            full_height: height,
            orientation: Orientation::UPRIGHT,
            profile: None,
            focus: MIDDLE,
            warnings: Vec::new(),
        }
    }

    /// Bytes that the pixels take. Sound sizes cannot overflow 64 bits; usize::MAX stands for sizes that fit no memory.
    pub fn pixel_bytes(&self) -> usize {
        let bytes = match self.planes {
            Some(subsampling) => subsampling.bytes(self.width, self.height),
            None => u128::from(self.width) * u128::from(self.height) * u128::from(self.channels),
        };
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// The size of the decoded frame in fractions of decoded pixels: exact where the full size is no multiple of the shrink.
    pub fn frame(&self) -> (f64, f64) {
        let shrink = f64::from(self.shrink);
        (f64::from(self.full_width) / shrink, f64::from(self.full_height) / shrink)
    }

    fn is_sound(&self) -> bool {
        self.width > 0
            && self.height > 0
            && matches!(self.channels, 3 | 4)
            && self.planes.is_none_or(|subsampling| subsampling.is_sound() && self.channels == 3)
            && matches!(self.shrink, 1 | 2 | 4 | 8)
            && self.full_width.div_ceil(u32::from(self.shrink)) == self.width
            && self.full_height.div_ceil(u32::from(self.shrink)) == self.height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Picture {
        let mut about = About::finished(3, 2, 3);
        about.orientation = Orientation::try_from(6).unwrap();
        about.profile = Some(vec![1, 2, 3]);
        about.warnings = vec!["a warning".into()];
        Picture::new((0..18).collect(), about)
    }

    #[test]
    fn a_picture_travels_as_bytes_without_moving_its_pixels() {
        let picture = sample();
        let bytes = Arc::new(picture.clone().into_bytes());
        let back = Picture::from_bytes(bytes.clone()).unwrap();
        assert_eq!(back, picture);
        assert_eq!(back.pixels().as_ptr(), bytes.as_ptr(), "the pixels were copied");
        assert_eq!(back.into_bytes(), *bytes);
    }

    #[test]
    fn bytes_that_are_no_picture_are_refused_whatever_was_cut_or_changed() {
        let bytes = sample().into_bytes();
        for length in 0..bytes.len() {
            assert!(Picture::from_bytes(Arc::new(bytes[..length].to_vec())).is_err(), "cut to {length}");
        }
        let mut wide = sample();
        wide.about.width = 4;
        assert!(Picture::from_bytes(Arc::new(Picture { data: wide.data, about: wide.about }.into_raw())).is_err());
        // No single changed byte behind the pixels may panic or give pixels of another length.
        for at in 18..bytes.len() {
            for value in 0..=255 {
                let mut changed = bytes.clone();
                changed[at] = value;
                if let Ok(picture) = Picture::from_bytes(Arc::new(changed)) {
                    assert_eq!(picture.pixels().len(), 18);
                }
            }
        }
    }

    impl Picture {
        /// As [`Picture::into_bytes`], for a header that lies.
        fn into_raw(self) -> Vec<u8> {
            let trailer = postcard::to_allocvec(&self.about).unwrap();
            let mut bytes = self.data.to_vec();
            bytes.extend_from_slice(&trailer);
            bytes.extend_from_slice(&(trailer.len() as u32).to_le_bytes());
            bytes.extend_from_slice(MARK);
            bytes
        }
    }
}
