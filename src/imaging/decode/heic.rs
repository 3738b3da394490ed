//! HEIC, as phones write it. The decoder turns and mirrors as the file says, so its EXIF orientation is never applied again.

use heifer::heifer_isobmff::HeifFile;
use heifer::heifer_isobmff::boxes::{ColorInfo, Property};

use super::{Cost, Decoded, Facts, Header, Limits, failed};
use crate::imaging::{Container, Error, Orientation, colour};

/// Memory for every pixel: RGBA as decoded and turned, the planes of a picture without tiles, and RGB.
const BYTES_A_PIXEL: u64 = 4 + 4 + 3;

pub fn inspect(bytes: &[u8]) -> Result<Facts, Error> {
    let file = parse(bytes)?;
    let (width, height) = size(&file)?;
    let header = Header { container: Container::Heic, width, height, orientation: Orientation::UPRIGHT };
    let cost = Cost { fixed: u64::from(width) * u64::from(height) * BYTES_A_PIXEL, per_pixel: 4 };
    Ok(Facts { header, cost })
}

pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    let file = parse(bytes)?;
    let mut warnings = Vec::new();
    let profile = match file.icc_profile(file.primary_id).map_err(|error| failed(Container::Heic, error))? {
        Some(profile) => Some(profile.to_vec()),
        None => match code_points(&file) {
            Some((_, 16 | 18)) => {
                let what = "an HDR picture (PQ or HLG) without an ordinary one".into();
                return Err(Error::Unsupported { container: Container::Heic, what });
            }
            Some((primaries, transfer)) => colour::from_code_points(primaries, transfer, &mut warnings),
            None => None,
        },
    };
    let options = heifer::Options { max_threads: rayon::current_num_threads(), max_pixels: limits.pixels };
    let image = heifer::decode_rgba8(bytes, &options).map_err(|error| failed(Container::Heic, error))?;
    let channels = if image.has_alpha { 4 } else { 3 };
    let pixels = if image.has_alpha { image.data } else { image.into_rgb8() };
    Ok(Decoded { pixels, channels, planes: None, shrink: 1, profile, warnings })
}

fn parse(bytes: &[u8]) -> Result<HeifFile<'_>, Error> {
    let file = HeifFile::parse(bytes).map_err(|error| failed(Container::Heic, error))?;
    let kind = file.primary_item().map_err(|error| failed(Container::Heic, error))?.item_type;
    let what = match &kind.0 {
        b"av01" => "an AV1 picture",
        b"jpeg" => "a JPEG picture",
        b"j2k1" => "a JPEG 2000 picture",
        b"avc1" => "an H.264 picture",
        b"unci" => "an uncompressed picture",
        _ => return Ok(file),
    };
    Err(Error::Unsupported { container: Container::Heic, what: what.into() })
}

/// The size after the file's own crop and turns, as the decoder will give it.
fn size(file: &HeifFile<'_>) -> Result<(u32, u32), Error> {
    let failed = |error| failed(Container::Heic, error);
    let (mut width, mut height) = file
        .image_size(file.primary_id)
        .map_err(failed)?
        .ok_or_else(|| super::damaged(Container::Heic, "it does not say how large it is"))?;
    for property in file.item_properties(file.primary_id).map_err(failed)? {
        match *property {
            Property::CleanAperture { width: w, height: h, horiz_offset: x, vert_offset: y } => {
                width = aperture(width, w, x);
                height = aperture(height, h, y);
            }
            Property::Rotation(quarters) if quarters % 2 == 1 => std::mem::swap(&mut width, &mut height),
            _ => {}
        }
    }
    Ok((width, height))
}

/// One side of a clean aperture in whole pixels (ISO/IEC 14496-12, 12.1.4), rounded and clamped as the decoder does it.
fn aperture(side: u32, length: (u32, u32), offset: (i32, u32)) -> u32 {
    if length.1 == 0 || offset.1 == 0 {
        return side;
    }
    let length = f64::from(length.0) / f64::from(length.1);
    let centre = f64::from(offset.0) / f64::from(offset.1) + (f64::from(side) - 1.0) / 2.0;
    let start = (centre - (length - 1.0) / 2.0).round().max(0.0) as u32;
    (length.round() as u32).min(side.saturating_sub(start))
}

/// Primaries and transfer of the primary picture, or of the first tile that it is made of.
fn code_points(file: &HeifFile<'_>) -> Option<(u8, u8)> {
    let mut item = file.primary_id;
    for _ in 0..4 {
        let own = file.item_properties(item).ok()?.find_map(|property| match property {
            Property::Color(ColorInfo::Nclx { primaries, transfer, .. }) => {
                Some((u8::try_from(*primaries).ok()?, u8::try_from(*transfer).ok()?))
            }
            _ => None,
        });
        if own.is_some() {
            return own;
        }
        item = *file.referenced_items(item, b"dimg").first()?;
    }
    None
}
