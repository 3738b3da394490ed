//! JPEG, as phones, cameras and print shops write it.

use turbojpeg::{
    Colorspace, DecompressHeader, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage, yuv_pixels_len,
};

use super::jpeg_markers::{self, Markers};
use super::{Cost, Decoded, Facts, Header, Lay, Limits, check_memory, damaged};
use crate::imaging::planes::Subsampling;
use crate::imaging::{Container, Error, colour};

/// More passes than any real picture has; a file with more is made to keep a decoder busy.
const MAX_SCANS: u32 = 500;

/// Pixels a side below which libjpeg-turbo has other rules for growing colour, and nothing is to be gained.
const SMALLEST: usize = 16;

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

pub fn decode(bytes: &[u8], header: &Header, lay: Lay, shrink: u8, limits: &Limits) -> Result<Decoded, Error> {
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
    let wanted = match (lay, markers.components) {
        (_, 4) => Wanted::Pixels(PixelFormat::CMYK),
        (Lay::Apart, 3) => Wanted::Planes,
        _ => Wanted::Pixels(PixelFormat::RGB),
    };
    let Turbo { pixels, planes, complaint } = turbo(picture, wanted, shrink);
    // Where only the end mark is missing, that is what the decoder complains of, and it was looked into above.
    let forgiven = markers.end.is_none() && !pixels.is_empty();
    if let Some(why) = complaint.filter(|_| !forgiven) {
        let full = u64::from(header.width) * u64::from(header.height);
        check_memory(header, markers.coefficients + full * 6, limits)?;
        let pixels = second_opinion(picture, &markers).map_err(|_| damaged(Container::Jpeg, &why))?;
        warnings.push(format!("the JPEG file is damaged ({why}), and the picture may show it"));
        return finish(pixels, None, 1, markers, warnings);
    }
    finish(pixels, planes, shrink, markers, warnings)
}

fn finish(
    pixels: Vec<u8>,
    planes: Option<Subsampling>,
    shrink: u8,
    markers: Markers,
    mut warnings: Vec<String>,
) -> Result<Decoded, Error> {
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
    Ok(Decoded { pixels, channels: 3, planes, shrink, profile, warnings })
}

/// What libjpeg-turbo is to make.
#[derive(Clone, Copy)]
enum Wanted {
    Pixels(PixelFormat),
    /// Luma and colour apart, or RGB where they cannot be.
    Planes,
}

/// What libjpeg-turbo made. What it complains of comes beside the pixels: it fills them even then, unless it cannot go on.
#[derive(Default)]
struct Turbo {
    pixels: Vec<u8>,
    planes: Option<Subsampling>,
    complaint: Option<String>,
}

fn turbo(bytes: &[u8], wanted: Wanted, shrink: u8) -> Turbo {
    let mut made = Turbo::default();
    let result = (|| {
        let mut decoder = Decompressor::new()?;
        decoder.set_scan_limit(MAX_SCANS)?;
        let factor = ScalingFactor::new(1, usize::from(shrink));
        let header = decoder.read_header(bytes)?;
        let size = header.scaled(factor);
        decoder.set_scaling_factor(factor)?;
        let (width, height, subsamp) = (size.width, size.height, header.subsamp);
        let format = match wanted {
            Wanted::Pixels(format) => format,
            Wanted::Planes => {
                made.planes = subsampling(&header).filter(|_| width.min(height) >= SMALLEST);
                PixelFormat::RGB
            }
        };
        if made.planes.is_some() {
            made.pixels = vec![0; yuv_pixels_len(width, 1, height, subsamp)?];
            let planes = YuvImage { pixels: &mut made.pixels[..], width, align: 1, height, subsamp };
            return decoder.decompress_to_yuv(bytes, planes);
        }
        let pitch = width * format.size();
        made.pixels = vec![0; pitch * height];
        decoder.decompress(bytes, Image { pixels: &mut made.pixels[..], width, pitch, height, format })
    })();
    made.complaint = result.err().map(|error: turbojpeg::Error| words(&error));
    made
}

/// Of planes that are worth keeping apart: those of luma and colour, halved in any direction.
fn subsampling(header: &DecompressHeader) -> Option<Subsampling> {
    let (across, down) = match header.subsamp {
        _ if header.colorspace != Colorspace::YCbCr || header.is_lossless => return None,
        Subsamp::None => (1, 1),
        Subsamp::Sub2x1 => (2, 1),
        Subsamp::Sub1x2 => (1, 2),
        Subsamp::Sub2x2 => (2, 2),
        _ => return None,
    };
    Some(Subsampling { across, down })
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
    let Turbo { pixels, .. } = turbo(bytes, Wanted::Pixels(PixelFormat::GRAY), shrink);
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
