//! JPEG by libjpeg-turbo, with optimised Huffman tables.

use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::huffman::optimised;
use super::xmp::packet;
use super::{Encoding, SRGB};
use crate::imaging::{Error, Picture};

/// Names of the segments that hold a profile and XMP. Sources: ICC.1:2010 B.4, XMP part 3, 1.1.3.
const ICC: &[u8] = b"ICC_PROFILE\0\x01\x01";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// From this quality on, colour is kept at full resolution.
const FULL_COLOUR: u8 = 93;

/// The picture's size says how many `pixels` there are, and `format` what they look like.
pub fn encode(
    pixels: &[u8],
    format: PixelFormat,
    picture: &Picture,
    quality: u8,
    encoding: &Encoding,
) -> Result<Vec<u8>, Error> {
    let (width, height) = (picture.width(), picture.height());
    if width > u32::from(u16::MAX) || height > u32::from(u16::MAX) {
        return Err(Error::Size { width, height });
    }
    let subsamp = if quality >= FULL_COLOUR || encoding.graphics { Subsamp::None } else { Subsamp::Sub2x2 };
    let (width, height) = (width as usize, height as usize);
    let image = Image { pixels, width, pitch: width * format.size(), height, format };
    let failed = |error: turbojpeg::Error| Error::Encoder(error.to_string());
    let mut compressor = Compressor::new().map_err(failed)?;
    compressor.set_quality(i32::from(quality)).map_err(failed)?;
    compressor.set_subsamp(subsamp).map_err(failed)?;
    let mut bytes = optimised(&compressor.compress_to_vec(image).map_err(failed)?)
        .ok_or_else(|| Error::Encoder("libjpeg-turbo wrote another kind of JPEG than it was asked for".into()))?;
    if let Some(dpi) = encoding.dpi {
        set_density(&mut bytes, dpi);
    }
    with_segments(&bytes, &packet(&encoding.description))
}

/// JFIF: after two markers, a length, the name and a version come the unit (1: dots per inch) and the density across and down.
fn set_density(bytes: &mut [u8], dpi: u32) {
    let [high, low] = u16::try_from(dpi).unwrap_or(u16::MAX).to_be_bytes();
    if let Some(density) = bytes.get_mut(13..18) {
        density.copy_from_slice(&[1, high, low, high, low]);
    }
}

/// Puts the profile and the description behind the JFIF segment, which must stay the first.
fn with_segments(bytes: &[u8], packet: &str) -> Result<Vec<u8>, Error> {
    let jfif = match bytes.get(2..6) {
        Some(&[0xff, 0xe0, high, low]) => 4 + usize::from(u16::from_be_bytes([high, low])),
        _ => 2,
    };
    let (start, rest) =
        bytes.split_at_checked(jfif).ok_or_else(|| Error::Encoder("libjpeg-turbo wrote no JFIF header".into()))?;
    let mut whole = Vec::with_capacity(bytes.len() + packet.len() + SRGB.len() + 64);
    whole.extend_from_slice(start);
    segment(&mut whole, 0xe1, &[XMP, packet.as_bytes()])?;
    segment(&mut whole, 0xe2, &[ICC, &SRGB])?;
    whole.extend_from_slice(rest);
    Ok(whole)
}

fn segment(whole: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Result<(), Error> {
    let content: usize = parts.iter().map(|part| part.len()).sum();
    let length = u16::try_from(content + 2).map_err(|_| Error::DescriptionTooLong(content))?;
    whole.extend_from_slice(&[0xff, marker]);
    whole.extend_from_slice(&length.to_be_bytes());
    parts.iter().for_each(|part| whole.extend_from_slice(part));
    Ok(())
}
