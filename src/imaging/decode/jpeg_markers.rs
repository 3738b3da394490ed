//! The structure of a JPEG file: size, orientation, colour profile, and where the first picture ends.
//!
//! Phones put videos, gain maps and previews behind that end; a file without it was cut off. Markers: ITU-T T.81, annex B.

use super::{damaged, exif};
use crate::imaging::{Container, Error, Orientation};

/// What the markers of the first picture in the file say.
pub struct Markers {
    pub width: u32,
    pub height: u32,
    pub components: u8,
    pub progressive: bool,
    /// Bytes of coefficients that a progressive decoder keeps for the whole picture.
    pub coefficients: u64,
    /// Written by Adobe's rules: four-colour pictures are stored inverted.
    pub adobe: bool,
    pub orientation: Orientation,
    pub profile: Option<Vec<u8>>,
    /// The first byte behind the end mark; `None` where the file ends before.
    pub end: Option<usize>,
}

/// Reads the markers; the compressed data is only skimmed.
pub fn read(bytes: &[u8]) -> Result<Markers, Error> {
    let mut markers = Markers {
        width: 0,
        height: 0,
        components: 0,
        progressive: false,
        coefficients: 0,
        adobe: false,
        orientation: Orientation::UPRIGHT,
        profile: None,
        end: None,
    };
    let mut parts: Vec<(u8, &[u8])> = Vec::new();
    let mut oriented = false;
    let mut at = 2;
    while let Some((marker, start)) = next_marker(bytes, at) {
        if marker == 0xd9 {
            markers.end = Some(start);
            break;
        }
        if marker == 0x01 || (0xd0..=0xd8).contains(&marker) {
            at = start;
            continue;
        }
        let Some(segment) = segment(bytes, start) else { break };
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => frame(marker, segment, &mut markers)?,
            0xe1 if segment.starts_with(b"Exif\0\0") && !oriented => {
                oriented = true;
                markers.orientation = exif::orientation(segment).unwrap_or(Orientation::UPRIGHT);
            }
            0xe2 if segment.starts_with(b"ICC_PROFILE\0") && segment.len() > 14 => {
                parts.push((segment[12], &segment[14..]))
            }
            0xee if segment.starts_with(b"Adobe") => markers.adobe = true,
            _ => {}
        }
        at = start + 2 + segment.len();
    }
    if markers.width == 0 {
        return Err(Error::Truncated {
            container: Container::Jpeg,
            missing: "it ends before its picture begins".into(),
        });
    }
    parts.sort_by_key(|(number, _)| *number);
    markers.profile = (!parts.is_empty()).then(|| parts.iter().flat_map(|(_, part)| part.iter().copied()).collect());
    Ok(markers)
}

/// The next marker at or after `at`, and the first byte behind it. Stuffed zeros and restart marks belong to compressed data.
fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr::memchr(0xff, bytes.get(at..)?)? + 1;
        match bytes.get(at)? {
            0x00 | 0xd0..=0xd7 => at += 1,
            0xff => {}
            &marker => return Some((marker, at + 1)),
        }
    }
}

/// The content of a segment whose length stands at `start`.
fn segment(bytes: &[u8], start: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(start)?, *bytes.get(start + 1)?]));
    bytes.get(start + 2..start + length.max(2))
}

fn frame(marker: u8, segment: &[u8], markers: &mut Markers) -> Result<(), Error> {
    let unsupported = |what: &str| Err(Error::Unsupported { container: Container::Jpeg, what: what.into() });
    let [precision, h1, h0, w1, w0, components, tables @ ..] = segment else {
        return Err(damaged(Container::Jpeg, "its frame header is too short"));
    };
    if markers.width != 0 {
        return unsupported("a picture of several frames");
    }
    if *precision != 8 {
        return unsupported("a picture with more than 8 bits a channel");
    }
    markers.width = u32::from(u16::from_be_bytes([*w1, *w0]));
    markers.height = u32::from(u16::from_be_bytes([*h1, *h0]));
    if markers.width == 0 || markers.height == 0 {
        return Err(damaged(Container::Jpeg, "it says that it has no pixels"));
    }
    markers.components = *components;
    markers.progressive = matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
    if markers.progressive {
        let factors: Vec<(u64, u64)> = tables
            .chunks_exact(3)
            .map(|table| (u64::from(table[1] >> 4).max(1), u64::from(table[1] & 15).max(1)))
            .collect();
        let across = factors.iter().map(|factor| factor.0).max().unwrap_or(1);
        let down = factors.iter().map(|factor| factor.1).max().unwrap_or(1);
        let blocks = u64::from(markers.width).div_ceil(8 * across) * u64::from(markers.height).div_ceil(8 * down);
        markers.coefficients = factors.iter().map(|(h, v)| blocks * h * v * 64 * 2).sum();
    }
    Ok(())
}
