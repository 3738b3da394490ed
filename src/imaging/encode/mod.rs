//! A finished picture becomes a file: within its size limit, with an sRGB profile and a description, and nothing private.

mod huffman;
mod jpeg;
mod png;
mod webp;
mod xmp;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use moxcms::{ColorProfile, LocalizableString, ProfileText};
use serde::{Deserialize, Serialize};
use turbojpeg::PixelFormat;

use super::colour::written;
use super::{Error, Picture, upright};

pub use xmp::{Description, DigitalSource, products};

/// A kind of picture file that is written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileType {
    Jpeg,
    Png,
    Webp,
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileType::Jpeg => "JPEG",
            FileType::Png => "PNG",
            FileType::Webp => "WebP",
        })
    }
}

/// How to write a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoding {
    pub file_type: FileType,
    /// 1 to 100, for JPEG and WebP (100 is lossless there); PNG has none.
    pub quality: u8,
    /// The file's limit; quality is lowered to stay inside, down to 40.
    pub max_bytes: Option<u64>,
    /// What shows through transparent pixels where the file type has no alpha.
    pub background: [u8; 3],
    /// Text and flat colours: colour is kept at full resolution, as it is for JPEG from quality 93 on.
    pub graphics: bool,
    /// Dots per inch, for what is printed.
    pub dpi: Option<u32>,
    pub description: Description,
}

impl Encoding {
    /// A picture for screens, on white where it is transparent, of any length and without words.
    pub fn plain(file_type: FileType, quality: u8) -> Encoding {
        let description = Description::default();
        Encoding { file_type, quality, max_bytes: None, background: [255; 3], graphics: false, dpi: None, description }
    }
}

/// A picture file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub bytes: Vec<u8>,
    /// The quality it was written with; `None` for PNG.
    pub quality: Option<u8>,
}

/// Below this, a photo is not worth showing.
const LOWEST_QUALITY: u8 = 40;

/// Writes a picture (upright and in sRGB, whatever it was). The same picture and encoding give the same bytes.
///
/// # Errors
/// [`Error::TooLarge`] and [`Error::PngTooLarge`] where nothing worth showing fits the limit, with the size that was reached;
/// [`Error::Size`] for more than the file type can hold; [`Error::DescriptionTooLong`].
pub fn encode(picture: &Picture, encoding: &Encoding) -> Result<Encoded, Error> {
    let picture = upright(picture)?;
    let limit = encoding.max_bytes.unwrap_or(u64::MAX);
    let quality = encoding.quality.clamp(1, 100);
    match encoding.file_type {
        FileType::Jpeg => {
            let (flat, format) = match has_needless_alpha(&picture) {
                // The encoder passes over it.
                true => (Cow::Borrowed(picture.pixels()), PixelFormat::RGBX),
                false => (flatten(&picture, encoding.background), PixelFormat::RGB),
            };
            search(quality, limit, |quality| jpeg::encode(&flat, format, &picture, quality, encoding))
        }
        FileType::Webp => {
            let opaque = without_needless_alpha(&picture);
            search(quality, limit, |quality| webp::encode(&opaque, &picture, quality, encoding))
        }
        FileType::Png => {
            let opaque = without_needless_alpha(&picture);
            let bytes = png::encode(&opaque, &picture, encoding, limit)?;
            Ok(Encoded { bytes, quality: None })
        }
    }
}

/// The best quality, at most `quality`, whose file fits; files grow with quality.
fn search(quality: u8, limit: u64, make: impl Fn(u8) -> Result<Vec<u8>, Error>) -> Result<Encoded, Error> {
    let fits = |bytes: &Vec<u8>| bytes.len() as u64 <= limit;
    let bytes = make(quality)?;
    if fits(&bytes) {
        return Ok(Encoded { bytes, quality: Some(quality) });
    }
    let lowest = LOWEST_QUALITY.min(quality);
    let mut best = make(lowest)?;
    if !fits(&best) {
        return Err(Error::TooLarge { quality: lowest, reached: best.len() as u64, limit });
    }
    // `good` fits, `bad` does not.
    let (mut good, mut bad) = (lowest, quality);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        let bytes = make(middle)?;
        if fits(&bytes) {
            (good, best) = (middle, bytes);
        } else {
            bad = middle;
        }
    }
    Ok(Encoded { bytes: best, quality: Some(good) })
}

/// RGB over a background, blended in sRGB values as browsers do it.
pub(super) fn flatten(picture: &Picture, background: [u8; 3]) -> Cow<'_, [u8]> {
    if picture.channels() == 3 {
        return Cow::Borrowed(picture.pixels());
    }
    let blend = |value: u8, behind: u8, alpha: u8| {
        ((u32::from(value) * u32::from(alpha) + u32::from(behind) * (255 - u32::from(alpha)) + 127) / 255) as u8
    };
    picture.pixels().chunks_exact(4).flat_map(|p| [0, 1, 2].map(|i| blend(p[i], background[i], p[3]))).collect()
}

/// The pixels and their channels, without an alpha that hides nothing.
fn without_needless_alpha(picture: &Picture) -> (Cow<'_, [u8]>, usize) {
    let pixels = picture.pixels();
    if has_needless_alpha(picture) {
        return (pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(), 3);
    }
    (Cow::Borrowed(pixels), usize::from(picture.channels()))
}

fn has_needless_alpha(picture: &Picture) -> bool {
    picture.channels() == 4 && picture.pixels().chunks_exact(4).all(|pixel| pixel[3] == 255)
}

/// A small sRGB profile: matrix and curve only.
static SRGB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = |text: &str| {
        Some(ProfileText::Localizable(vec![LocalizableString::new("en".into(), "US".into(), text.into())]))
    };
    let mut profile = ColorProfile::new_srgb();
    profile.description = text("sRGB");
    profile.copyright = text("CC0");
    // A profile of three curves and a matrix has nothing that cannot be written; without one, files are sRGB by default anyway.
    written(profile).unwrap_or_default()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_finds_the_best_quality_that_fits() {
        let make = |quality: u8| Ok(vec![0; usize::from(quality) * 10]);
        assert_eq!(search(85, 5000, make).unwrap().quality, Some(85));
        for limit in 400..850 {
            let found = search(85, limit, make).unwrap();
            assert_eq!(u64::from(found.quality.unwrap()), limit / 10);
        }
        assert_eq!(search(85, 399, make), Err(Error::TooLarge { quality: 40, reached: 400, limit: 399 }));
        assert_eq!(search(30, 299, make), Err(Error::TooLarge { quality: 30, reached: 300, limit: 299 }));
    }

    #[test]
    fn the_srgb_profile_is_small_and_stays_the_same() {
        assert_eq!(SRGB.len(), 544);
        assert_eq!(SRGB[24..36], [7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0], "the date is 2000-01-01 on every day");
    }
}
