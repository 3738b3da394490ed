//! TIFF, as scanners and print programs write it: grey, RGB or CMYK of 8 or 16 bits, with alpha; the first page.

use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::{Cost, Decoded, Facts, Header, Limits, failed};
use crate::imaging::{Container, Error, Orientation, colour};

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

pub fn inspect(bytes: &[u8]) -> Result<Facts, Error> {
    let mut reader = Decoder::new(Cursor::new(bytes)).map_err(cut_or_broken)?;
    let (width, height) = reader.dimensions().map_err(cut_or_broken)?;
    let orientation = reader.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let orientation = orientation.and_then(|value| Orientation::try_from(value).ok()).unwrap_or(Orientation::UPRIGHT);
    let color = reader.colortype().map_err(cut_or_broken)?;
    let sample = u64::from(color.bit_depth()).div_ceil(8);
    let per_pixel = sample * u64::from(color.num_samples());
    let cost = Cost { fixed: u64::from(width) * u64::from(height) * (per_pixel + 4), per_pixel: 4 };
    Ok(Facts { header: Header { container: Container::Tiff, width, height, orientation }, cost })
}

pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
    let mut bounds = tiff::decoder::Limits::default();
    bounds.decoding_buffer_size = memory;
    bounds.intermediate_buffer_size = memory;
    bounds.ifd_value_size = 16 << 20;
    let mut reader = Decoder::new(Cursor::new(bytes)).map_err(cut_or_broken)?.with_limits(bounds);
    let color = reader.colortype().map_err(cut_or_broken)?;
    if reader.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).ok().flatten() == Some(2) && color.num_samples() > 1 {
        return unsupported("a picture with its channels stored apart");
    }
    let profile = reader.get_tag_u8_vec(Tag::IccProfile).ok();
    let premultiplied = is_premultiplied(&mut reader);
    let mut warnings = Vec::new();
    let mut decoded = match (reader.read_image().map_err(cut_or_broken)?, color) {
        (DecodingResult::U8(samples), ColorType::CMYK(8)) => {
            let pixels = colour::from_inks(&samples, profile.as_deref(), &mut warnings);
            Decoded { pixels, channels: 3, planes: None, shrink: 1, profile: None, warnings }
        }
        (DecodingResult::U16(samples), ColorType::CMYK(16)) => {
            let inks: Vec<u8> = samples.iter().map(|&ink| colour::to_8_bits(ink)).collect();
            let pixels = colour::from_inks(&inks, profile.as_deref(), &mut warnings);
            Decoded { pixels, channels: 3, planes: None, shrink: 1, profile: None, warnings }
        }
        (DecodingResult::U8(samples), color) => {
            let (pixels, channels) = eight_bits(samples, color)?;
            Decoded { pixels, channels, planes: None, shrink: 1, profile, warnings }
        }
        (
            DecodingResult::U16(samples),
            ColorType::Gray(16) | ColorType::GrayA(16) | ColorType::RGB(16) | ColorType::RGBA(16),
        ) => colour::from_16_bits(samples, usize::from(color.num_samples()), profile, warnings),
        _ => return unsupported(&describe(color)),
    };
    if premultiplied && decoded.channels == 4 {
        unmultiply(&mut decoded.pixels);
    }
    Ok(decoded)
}

/// RGB or RGBA from 8 bits a sample or fewer; grey of 1 to 4 bits comes packed, each row on whole bytes.
fn eight_bits(samples: Vec<u8>, color: ColorType) -> Result<(Vec<u8>, u8), Error> {
    Ok(match color {
        ColorType::Gray(8) => (samples.iter().flat_map(|&v| [v, v, v]).collect(), 3),
        ColorType::GrayA(8) => (samples.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(), 4),
        // The decoder converts YCbCr to RGB where it is compressed as JPEG, and says so only by its samples.
        ColorType::RGB(8) => (samples, 3),
        ColorType::RGBA(8) => (samples, 4),
        other => return unsupported(&describe(other)),
    })
}

fn describe(color: ColorType) -> String {
    let kind = match color {
        ColorType::Gray(_) | ColorType::GrayA(_) => "grey",
        ColorType::RGB(_) | ColorType::RGBA(_) => "RGB",
        ColorType::Palette(_) => "palette",
        ColorType::CMYK(_) | ColorType::CMYKA(_) => "CMYK",
        ColorType::YCbCr(_) => "YCbCr",
        ColorType::Lab(_) => "Lab",
        _ => "multi-band",
    };
    format!("a {kind} picture of {} samples with {} bits each", color.num_samples(), color.bit_depth())
}

/// ExtraSamples 1: colours are stored multiplied by alpha (TIFF 6.0, page 31).
fn is_premultiplied(reader: &mut Reader<'_>) -> bool {
    reader.get_tag_u16_vec(Tag::ExtraSamples).is_ok_and(|extra| extra.first() == Some(&1))
}

fn unmultiply(pixels: &mut [u8]) {
    for pixel in pixels.chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        for value in &mut pixel[..3] {
            *value = (u32::from(*value) * 255 + alpha / 2).checked_div(alpha).unwrap_or(0).min(255) as u8;
        }
    }
}

fn unsupported<T>(what: &str) -> Result<T, Error> {
    Err(Error::Unsupported { container: Container::Tiff, what: what.into() })
}

fn cut_or_broken(error: tiff::TiffError) -> Error {
    failed(Container::Tiff, error)
}
