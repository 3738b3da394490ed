//! JPEG, as phones, cameras and print shops write it.

use turbojpeg::{Decompressor, Image, PixelFormat, ScalingFactor};

use super::jpeg_markers::{self, Markers};
use super::{Cost, Decoded, Facts, Header, Limits, check_memory, damaged};
use crate::imaging::{Container, Error, colour};

/// More passes than any real picture has; a file with more is made to keep a decoder busy.
const MAX_SCANS: u32 = 500;

pub fn inspect(bytes: &[u8]) -> Result<Facts, Error> {
    let markers = jpeg_markers::read(bytes)?;
    let header = Header {
        container: Container::Jpeg,
        width: markers.width,
        height: markers.height,
        orientation: markers.orientation,
    };
    // Four colours are decoded as they are and converted into a second buffer.
    let per_pixel = if markers.components == 4 { 4 + 3 } else { 3 };
    Ok(Facts { header, cost: Cost { fixed: markers.coefficients, per_pixel } })
}

pub fn decode(bytes: &[u8], header: &Header, shrink: u8, limits: &Limits) -> Result<Decoded, Error> {
    let markers = jpeg_markers::read(bytes)?;
    let mut warnings = Vec::new();
    // Whatever follows the first picture is not its business: a video, a gain map, garbage.
    let picture = match markers.end {
        Some(end) => &bytes[..end],
        None => {
            check_complete(bytes, &markers)?;
            warnings.push("the JPEG file lacks its end mark".to_owned());
            bytes
        }
    };
    let format = if markers.components == 4 { PixelFormat::CMYK } else { PixelFormat::RGB };
    let (pixels, complaint) = turbo(picture, format, shrink);
    // Where only the end mark is missing, that is what the decoder complains of, and it was looked into above.
    let forgiven = markers.end.is_none() && !pixels.is_empty();
    if let Some(why) = complaint.filter(|_| !forgiven) {
        let full = u64::from(header.width) * u64::from(header.height);
        check_memory(header, markers.coefficients + full * 6, limits)?;
        let pixels = second_opinion(picture, &markers).map_err(|_| damaged(Container::Jpeg, &why))?;
        warnings.push(format!("the JPEG file is damaged ({why}), and the picture may show it"));
        return finish(pixels, 1, markers, warnings);
    }
    finish(pixels, shrink, markers, warnings)
}

fn finish(pixels: Vec<u8>, shrink: u8, markers: Markers, mut warnings: Vec<String>) -> Result<Decoded, Error> {
    let mut profile = markers.profile;
    let pixels = if markers.components == 4 {
        let mut inks = pixels;
        if markers.adobe {
            inks.iter_mut().for_each(|ink| *ink = 255 - *ink);
        }
        colour::from_inks(&inks, profile.take().as_deref(), &mut warnings)
    } else {
        pixels
    };
    Ok(Decoded { pixels, channels: 3, shrink, profile, warnings })
}

/// Decodes with libjpeg-turbo. What it complains of comes beside the pixels: it fills them even then, unless it cannot go on.
fn turbo(bytes: &[u8], format: PixelFormat, shrink: u8) -> (Vec<u8>, Option<String>) {
    let mut pixels = Vec::new();
    let result = (|| {
        let mut decoder = Decompressor::new()?;
        decoder.set_scan_limit(MAX_SCANS)?;
        let factor = ScalingFactor::new(1, usize::from(shrink));
        let size = decoder.read_header(bytes)?.scaled(factor);
        decoder.set_scaling_factor(factor)?;
        let pitch = size.width * format.size();
        pixels = vec![0; pitch * size.height];
        decoder
            .decompress(bytes, Image { pixels: &mut pixels[..], width: size.width, pitch, height: size.height, format })
    })();
    (pixels, result.err().map(|error: turbojpeg::Error| words(&error)))
}

/// The decoder's message without its own name.
fn words(error: &turbojpeg::Error) -> String {
    let text = error.to_string();
    text.strip_prefix("TurboJPEG error: ").unwrap_or(&text).to_owned()
}

/// Decodes with zune-jpeg, which goes on where libjpeg-turbo reports a fault.
fn second_opinion(bytes: &[u8], markers: &Markers) -> Result<Vec<u8>, String> {
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
    if markers.components == 4 {
        return Err("four colours".into());
    }
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let pixels =
        JpegDecoder::new_with_options(ZCursor::new(bytes), options).decode().map_err(|error| error.to_string())?;
    let expected = markers.width as usize * markers.height as usize * 3;
    if pixels.len() == expected { Ok(pixels) } else { Err("another size".into()) }
}

/// A file without an end mark may still hold its whole picture.
///
/// libjpeg-turbo fills what is missing with middle grey, so rows of nothing else at the bottom are what was cut off.
fn check_complete(bytes: &[u8], markers: &Markers) -> Result<(), Error> {
    let truncated = |missing: String| Error::Truncated { container: Container::Jpeg, missing };
    if markers.progressive {
        return Err(truncated("the passes with its fine detail are missing".into()));
    }
    let shrink = if markers.height >= 1024 { 8 } else { 1 };
    let (pixels, _) = turbo(bytes, PixelFormat::GRAY, shrink);
    if pixels.is_empty() {
        return Err(truncated("it ends before its picture begins".into()));
    }
    let width = markers.width.div_ceil(u32::from(shrink)) as usize;
    let rows = pixels.len() / width;
    let grey = pixels.chunks_exact(width).rev().take_while(|row| row.iter().all(|&value| value == 128)).count();
    // The row of blocks where the data ends is only partly there.
    let partly = pixels.chunks_exact(width).nth(rows - grey.max(1)).is_some_and(|row| row[width - 1] == 128);
    match (grey * 100).div_ceil(rows) {
        0 if partly => Err(truncated("the end of its last rows is missing".into())),
        0 => Ok(()),
        percent => Err(truncated(format!("the lowest {percent} % of the picture is missing"))),
    }
}
