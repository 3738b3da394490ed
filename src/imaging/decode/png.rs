//! PNG: 1 to 16 bits, palettes, alpha; of an animation, the first picture.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Info, Transformations};

use super::{Cost, Decoded, Facts, Header, Limits, exif, failed};
use crate::imaging::{Container, Error, Orientation, colour};

pub fn inspect(bytes: &[u8]) -> Result<Facts, Error> {
    let reader = decoder(bytes, 64 << 20).read_info().map_err(cut_or_broken)?;
    let info = reader.info();
    let header = Header {
        container: Container::Png,
        width: info.width,
        height: info.height,
        orientation: info.exif_metadata.as_deref().and_then(exif::orientation).unwrap_or(Orientation::UPRIGHT),
    };
    let full = u64::from(info.width) * u64::from(info.height);
    let (_, depth) = reader.output_color_type();
    // As decoded (up to 4 channels of 1 or 2 bytes), and as RGB or RGBA.
    let decoded = if depth == BitDepth::Sixteen { 8 } else { 4 };
    Ok(Facts { header, cost: Cost { fixed: full * (decoded + 4), per_pixel: 4 } })
}

pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
    let mut reader = decoder(bytes, memory).read_info().map_err(cut_or_broken)?;
    let size = reader.output_buffer_size().ok_or_else(|| failed(Container::Png, "its size overflows"))?;
    let mut samples = vec![0; size];
    reader.next_frame(&mut samples).map_err(cut_or_broken)?;
    let (color, depth) = reader.output_color_type();
    let mut warnings = Vec::new();
    let profile = profile(reader.info(), &mut warnings);
    if depth == BitDepth::Sixteen {
        let wide: Vec<u16> = samples.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        drop(samples);
        return Ok(colour::from_16_bits(wide, color.samples(), profile, warnings));
    }
    let (pixels, channels) = match color {
        ColorType::Grayscale => (samples.iter().flat_map(|&v| [v, v, v]).collect(), 3),
        ColorType::GrayscaleAlpha => (samples.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(), 4),
        ColorType::Rgba => (samples, 4),
        ColorType::Rgb | ColorType::Indexed => (samples, 3),
    };
    Ok(Decoded { pixels, channels, planes: None, shrink: 1, profile, warnings })
}

fn decoder(bytes: &[u8], memory: usize) -> Decoder<Cursor<&[u8]>> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: memory });
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    decoder
}

fn cut_or_broken(error: png::DecodingError) -> Error {
    failed(Container::Png, error)
}

/// The colour of a PNG, by the order of precedence of its third edition (4.3): cICP, iCCP, sRGB, then gAMA and cHRM.
fn profile(info: &Info<'_>, warnings: &mut Vec<String>) -> Option<Vec<u8>> {
    if let Some(points) = info.coding_independent_code_points {
        return colour::from_code_points(points.color_primaries, points.transfer_function, warnings);
    }
    if let Some(profile) = &info.icc_profile {
        return Some(profile.to_vec());
    }
    if info.srgb.is_some() {
        return None;
    }
    let gamma = info.gama_chunk.map(|gamma| gamma.into_value());
    let primaries =
        info.chrm_chunk.map(|c| [c.white, c.red, c.green, c.blue].map(|(x, y)| (x.into_value(), y.into_value())));
    colour::from_gamma(gamma, primaries)
}
