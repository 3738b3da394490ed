//! A photo as phones write it, made from one of the example's.

use softbox::imaging::{Limits, Picture, Region, cut, decode};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use super::Outcome;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/corner-shop/photos/soap.jpg");
/// A picture that carries a Display P3 profile.
const PROFILED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures/p3.jpg");

/// EXIF with nothing but orientation 6: one entry of tag 274, a short.
const TURNED: &[u8] = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";

/// A JPEG of `width`×`height` stored pixels at quality 92, with a Display P3 profile and orientation 6. Enlarged photos are
/// smoother than real ones, so that the grain of a sensor is put on it, the same every time.
pub fn phone_like(width: u32, height: u32) -> Outcome<Vec<u8>> {
    let example = decode(&std::fs::read(EXAMPLE)?, 0, &Limits::default())?;
    // As it is stored: turning is part of what is measured.
    let (across, down) = if example.orientation().swaps() {
        (example.height(), example.width())
    } else {
        (example.width(), example.height())
    };
    let stored = Picture::from_pixels(example.into_pixels(), across, down, 3)?;
    let mut pixels = cut(&stored, Region::WHOLE, width, height)?.into_pixels();
    let mut random = 0x9e37_79b9_u32;
    for pixel in pixels.chunks_exact_mut(3) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        // Two dice of −4 to 3 each.
        let grain = (random & 7) as i16 + (random >> 8 & 7) as i16 - 7;
        for value in pixel {
            *value = (i16::from(*value) + grain).clamp(0, 255) as u8;
        }
    }
    let (width, height) = (width as usize, height as usize);
    let mut compressor = Compressor::new()?;
    compressor.set_quality(92)?;
    compressor.set_subsamp(Subsamp::Sub2x2)?;
    let image = Image { pixels: &pixels[..], width, pitch: width * 3, height, format: PixelFormat::RGB };
    let jpeg = compressor.compress_to_vec(image)?;
    let profile = decode(&std::fs::read(PROFILED)?, 0, &Limits::default())?;
    let profile = profile.profile().ok_or("the profiled picture has no profile")?;
    let mut photo = jpeg[..2].to_vec();
    segment(&mut photo, 0xe1, &[TURNED])?;
    segment(&mut photo, 0xe2, &[b"ICC_PROFILE\0\x01\x01", profile])?;
    photo.extend_from_slice(&jpeg[2..]);
    Ok(photo)
}

fn segment(photo: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Outcome<()> {
    let content = parts.concat();
    photo.extend([0xff, marker]);
    photo.extend(u16::try_from(content.len() + 2)?.to_be_bytes());
    photo.extend(content);
    Ok(())
}
