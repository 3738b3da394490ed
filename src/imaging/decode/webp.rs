//! WebP: lossy, lossless, with alpha; of an animation, the first picture.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder};

use super::{Cost, Decoded, Facts, Header, Limits, exif, failed};
use crate::imaging::{Container, Error, Orientation};

pub fn inspect(bytes: &[u8]) -> Result<Facts, Error> {
    check_length(bytes)?;
    let mut decoder = decoder(bytes)?;
    let (width, height) = decoder.dimensions();
    let exif = decoder.exif_metadata().unwrap_or_default();
    let header = Header {
        container: Container::Webp,
        width,
        height,
        orientation: exif.as_deref().and_then(exif::orientation).unwrap_or(Orientation::UPRIGHT),
    };
    // The pixels, and the decoder's own copy as RGBA or planes.
    Ok(Facts { header, cost: Cost { fixed: u64::from(width) * u64::from(height) * 8, per_pixel: 4 } })
}

pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    let mut decoder = decoder(bytes)?;
    let mut warnings = Vec::new();
    let profile = decoder.icc_profile().unwrap_or_else(|error| {
        warnings.push(format!("the colour profile cannot be read ({error}); the picture is taken as sRGB"));
        None
    });
    let channels = match decoder.color_type() {
        ColorType::Rgba8 => 4,
        _ => 3,
    };
    let size = usize::try_from(decoder.total_bytes()).ok().filter(|&size| size as u64 <= limits.memory);
    let mut pixels = vec![0; size.ok_or_else(|| failed(Container::Webp, "its size overflows"))?];
    decoder.read_image(&mut pixels).map_err(cut_or_broken)?;
    Ok(Decoded { pixels, channels, planes: None, shrink: 1, profile, warnings })
}

fn decoder(bytes: &[u8]) -> Result<WebPDecoder<Cursor<&[u8]>>, Error> {
    WebPDecoder::new(Cursor::new(bytes)).map_err(cut_or_broken)
}

fn cut_or_broken(error: image::ImageError) -> Error {
    failed(Container::Webp, error)
}

/// The RIFF header tells how long the file must be.
fn check_length(bytes: &[u8]) -> Result<(), Error> {
    let Some(length) = bytes.get(4..8) else { return Err(failed(Container::Webp, "unexpected end")) };
    let length = u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]])) + 8;
    let have = bytes.len() as u64;
    if length <= have {
        return Ok(());
    }
    let percent = ((length - have) * 100).div_ceil(length);
    Err(Error::Truncated { container: Container::Webp, missing: format!("the last {percent} % of it is missing") })
}
