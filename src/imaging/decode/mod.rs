//! Bytes become a picture: told apart by content, checked against the limits from the header alone, and decoded once at the
//! smallest scale that serves the sizes asked for.

mod exif;
#[cfg(feature = "heic")]
mod heic;
mod jpeg;
mod jpeg_markers;
mod png;
mod shrink;
mod sniff;
mod tiff;
mod webp;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::picture::About;
use super::planes::Subsampling;
use super::{Error, Orientation, Picture, colour};

/// A kind of picture file that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    Jpeg,
    Png,
    Webp,
    Tiff,
    Heic,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Container::Jpeg => "JPEG",
            Container::Png => "PNG",
            Container::Webp => "WebP",
            Container::Tiff => "TIFF",
            Container::Heic => "HEIC",
        })
    }
}

/// What a picture file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub container: Container,
    /// Stored size in pixels.
    pub width: u32,
    pub height: u32,
    /// How the stored pixels are to be turned.
    pub orientation: Orientation,
}

impl Header {
    /// Width and height as they are to be seen.
    pub fn upright_size(&self) -> (u32, u32) {
        self.orientation.size(self.width, self.height)
    }
}

/// What decoding may use. Both are checked before anything of the picture's size is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Pixels that a picture may say it has.
    pub pixels: u64,
    /// Bytes that decoding it may need, by [`estimate`].
    pub memory: u64,
}

impl Default for Limits {
    /// 250 megapixels (a 200-megapixel phone photo with room to spare) and 2 GB.
    fn default() -> Limits {
        Limits { pixels: 250_000_000, memory: 2_000_000_000 }
    }
}

/// A header, and what decoding costs.
struct Facts {
    header: Header,
    cost: Cost,
}

/// The memory that decoding needs, in bytes.
struct Cost {
    /// Whatever the scale is.
    fixed: u64,
    /// For every pixel of the decoded scale.
    per_pixel: u64,
}

/// What a decoder made of the file.
pub(super) struct Decoded {
    pub(super) pixels: Vec<u8>,
    /// 3 or 4.
    pub(super) channels: u8,
    /// How colour is subsampled, where luma and colour were left apart.
    pub(super) planes: Option<Subsampling>,
    /// The scale at which it was decoded: 1, 2, 4 or 8. What the decoder did not reach is done by averaging.
    pub(super) shrink: u8,
    /// As it was in the file, or made from other words about colour.
    pub(super) profile: Option<Vec<u8>>,
    pub(super) warnings: Vec<String>,
}

/// Kind, size and orientation of a picture, from its bytes alone: names are not asked.
///
/// # Errors
/// What is no picture, or one that cannot be read, by name where it is known; headers that are cut off or damaged.
pub fn probe(bytes: &[u8]) -> Result<Header, Error> {
    Ok(inspect(bytes)?.header)
}

/// Memory in bytes that [`decode`] will need at most, beside the file itself; for a scheduler's budget.
///
/// # Errors
/// As [`probe`].
pub fn estimate(bytes: &[u8], reach: u32) -> Result<u64, Error> {
    let facts = inspect(bytes)?;
    Ok(needed(&facts, shrink::factor(&facts.header, reach)))
}

/// Decodes a picture once, for all sizes whose longest side is at most `reach` pixels when the *whole* picture is shown in them
/// (a size cut from a part of it reaches further, by as much as the part is smaller). 0 means every pixel.
///
/// The scale is the smallest of 1/8, 1/4, 1/2 and 1 whose sides are both at least 1.8 times the reach: below that, sizes made
/// from it are visibly softer than from the full picture (78.0 against 79.1 SSIMULACRA2 at 1.4 times).
///
/// # Errors
/// As [`probe`]; a picture over the limits; pixels that are cut off or damaged.
pub fn decode(bytes: &[u8], reach: u32, limits: &Limits) -> Result<Picture, Error> {
    decode_as(Lay::Interleaved, bytes, reach, limits)
}

/// As [`decode`], for a picture of which nothing is wanted but [cuts](super::cut()) and [crops](super::crop): a JPEG's luma and
/// colour stay apart, which takes half the memory and two thirds of the time. Whatever else is done to it makes it RGB first.
///
/// # Errors
/// As [`decode`].
pub fn decode_to_cut(bytes: &[u8], reach: u32, limits: &Limits) -> Result<Picture, Error> {
    decode_as(Lay::Apart, bytes, reach, limits)
}

/// How the samples of a picture are to lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lay {
    Interleaved,
    /// Luma and colour apart, where the file has them so.
    Apart,
}

fn decode_as(lay: Lay, bytes: &[u8], reach: u32, limits: &Limits) -> Result<Picture, Error> {
    let facts = inspect(bytes)?;
    let Header { container, width, height, orientation } = facts.header;
    if u64::from(width) * u64::from(height) > limits.pixels {
        return Err(Error::TooManyPixels { width, height, limit: limits.pixels });
    }
    let shrink = shrink::factor(&facts.header, reach);
    check_memory(&facts.header, needed(&facts, shrink), limits)?;
    let mut decoded = guard(container, || match container {
        Container::Jpeg => jpeg::decode(bytes, &facts.header, lay, shrink, limits),
        Container::Png => png::decode(bytes, limits),
        Container::Webp => webp::decode(bytes, limits),
        Container::Tiff => tiff::decode(bytes, limits),
        #[cfg(feature = "heic")]
        Container::Heic => heic::decode(bytes, limits),
        #[cfg(not(feature = "heic"))]
        Container::Heic => Err(sniff::heic_not_built()),
    })?;
    let mut about = About::finished(width, height, decoded.channels);
    if decoded.shrink < shrink {
        decoded.pixels = shrink::average(&decoded.pixels, width, height, decoded.channels, shrink);
    }
    about.planes = decoded.planes;
    about.shrink = shrink;
    about.width = width.div_ceil(u32::from(shrink));
    about.height = height.div_ceil(u32::from(shrink));
    about.orientation = orientation;
    if decoded.pixels.len() != about.pixel_bytes() {
        return Err(Error::Damaged { container, why: "its pixels do not fill the size that it states".into() });
    }
    about.warnings = decoded.warnings;
    about.profile = guard(container, || Ok(colour::settle(decoded.profile, &mut about.warnings)))?;
    Ok(Picture::new(decoded.pixels, about))
}

fn inspect(bytes: &[u8]) -> Result<Facts, Error> {
    let container = sniff::container(bytes)?;
    let facts = guard(container, || match container {
        Container::Jpeg => jpeg::inspect(bytes),
        Container::Png => png::inspect(bytes),
        Container::Webp => webp::inspect(bytes),
        Container::Tiff => tiff::inspect(bytes),
        #[cfg(feature = "heic")]
        Container::Heic => heic::inspect(bytes),
        #[cfg(not(feature = "heic"))]
        Container::Heic => Err(sniff::heic_not_built()),
    })?;
    if facts.header.width == 0 || facts.header.height == 0 {
        return Err(Error::Damaged { container, why: "it says that it has no pixels".into() });
    }
    Ok(facts)
}

fn needed(facts: &Facts, shrink: u8) -> u64 {
    let shrink = u32::from(shrink);
    let (width, height) = (facts.header.width.div_ceil(shrink), facts.header.height.div_ceil(shrink));
    facts.cost.fixed.saturating_add(facts.cost.per_pixel * u64::from(width) * u64::from(height))
}

fn check_memory(header: &Header, needed: u64, limits: &Limits) -> Result<(), Error> {
    if needed <= limits.memory {
        return Ok(());
    }
    let Header { container, width, height, .. } = *header;
    Err(Error::TooMuchMemory { container, width, height, needed, limit: limits.memory })
}

/// Runs a decoder that we did not write: where it panics on a damaged file, that is an error like any other.
fn guard<T>(container: Container, decoder: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(decoder))
        .unwrap_or_else(|_| Err(Error::Damaged { container, why: "the decoder gave up on it".into() }))
}

fn damaged(container: Container, why: impl fmt::Display) -> Error {
    Error::Damaged { container, why: why.to_string() }
}

/// A cut-off file says so, whatever words its decoder has for it.
fn failed(container: Container, why: impl fmt::Display) -> Error {
    let why = why.to_string();
    let lower = why.to_lowercase();
    let ends = [
        "unexpected end",
        "unexpectedeof",
        "failed to fill whole buffer",
        "unexpected eof",
        "truncated",
        "end of file",
    ];
    if ends.iter().any(|words| lower.contains(words)) {
        Error::Truncated { container, missing: "it ends before its picture does".into() }
    } else {
        Error::Damaged { container, why }
    }
}
