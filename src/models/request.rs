//! What is asked of a model, in our own words; a provider puts it into those of its service.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Fault;
use crate::imaging::{self, Container};

/// One question to one model.
#[derive(Debug, Clone)]
pub struct Request {
    /// As the service calls it. Free text: a new model needs no release of softbox.
    pub model: String,
    pub ask: Ask,
    /// From 1. Two takes of the same question are two requests.
    pub take: u32,
    /// Further parameters in the service's own words, merged into what is sent.
    pub extra: Map<String, Value>,
    /// What the pictures were made from, by whoever asks, as a digest. Not sent and not part of the request's own digest: it finds the take
    /// of a question whose pictures came out as other bytes on another machine.
    pub recipe: Option<String>,
}

impl Request {
    /// Whether a picture is wanted, and not words.
    pub fn is_image(&self) -> bool {
        matches!(self.ask, Ask::Image(_))
    }
}

#[derive(Debug, Clone)]
pub enum Ask {
    Image(ImageAsk),
    Text(TextAsk),
}

/// A picture made from words and other pictures.
#[derive(Debug, Clone, Default)]
pub struct ImageAsk {
    pub prompt: String,
    /// The first one is edited, the others are references; none where the picture comes from words alone.
    pub pictures: Vec<Picture>,
    /// A PNG of the first picture's size: transparent where it may be changed.
    pub mask: Option<Picture>,
    /// A transparent PNG of the first picture's size whose marks show what is meant.
    pub markup: Option<Picture>,
    /// Left out: as the service likes, mostly the shape of the last picture.
    pub size: Option<Size>,
    /// Pictures in one answer; 0 counts as 1.
    pub count: u8,
    pub seed: Option<u64>,
    pub transparent: bool,
}

/// Words made from words and pictures.
#[derive(Debug, Clone, Default)]
pub struct TextAsk {
    /// Who is writing, and how.
    pub system: String,
    pub prompt: String,
    pub pictures: Vec<Picture>,
    /// A JSON Schema that the answer follows. Every object should name all its properties as required and allow no others.
    pub schema: Option<Value>,
    /// At most so many tokens.
    pub max_tokens: u32,
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Whether two sizes have the same ratio of sides, but for 6 %: services know a few ratios and round to steps.
    pub(super) fn has_shape_of(self, other: Size) -> bool {
        let across = u64::from(self.width) * u64::from(other.height);
        let down = u64::from(self.height) * u64::from(other.width);
        across.abs_diff(down) * 100 <= across.max(down) * 6
    }

    /// The name of the ratio, out of those that a service knows, that is nearest to this size.
    pub(super) fn nearest_ratio(self, known: &[&'static str]) -> Option<&'static str> {
        let own = f64::from(self.width.max(1)) / f64::from(self.height.max(1));
        let off = |name: &str| {
            let (width, height) = name.split_once(':').unwrap_or((name, "1"));
            let ratio = width.parse().unwrap_or(1.0) / height.parse().unwrap_or(1.0);
            f64::max(own / ratio, ratio / own)
        };
        known.iter().copied().min_by(|a, b| off(a).total_cmp(&off(b)))
    }

    /// The smallest step (by its side in pixels, as in `2K`) whose square has as many pixels; the largest one where none has.
    pub(super) fn tier(self, known: &[(u64, &'static str)]) -> Option<&'static str> {
        let reached = known.iter().find(|(side, _)| side * side >= self.pixels());
        reached.or(known.last()).map(|(_, name)| *name)
    }

    /// The same shape with sides that are multiples of `step` and a number of pixels between `least` and `most`.
    pub(super) fn fitted(self, step: u32, least: u64, most: u64) -> Size {
        let wanted = (self.pixels().max(1)).clamp(least, most);
        let scale = (wanted as f64 / self.pixels().max(1) as f64).sqrt();
        let (grow, mut width, mut height) = (wanted > self.pixels(), 0, 0);
        for (side, fitted) in [(self.width, &mut width), (self.height, &mut height)] {
            let steps = f64::from(side.max(1)) * scale / f64::from(step);
            let steps = if grow { steps.ceil() } else { steps.round() };
            *fitted = (steps.max(1.0) as u32) * step;
        }
        // Rounding may have gone over the limit by a step.
        while u64::from(width) * u64::from(height) > most && width.max(height) > step {
            if width >= height { width -= step } else { height -= step }
        }
        Size { width, height }
    }
}

impl fmt::Display for Size {
    /// `1024x1280`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A picture file that is sent. Photos are to be encoded anew before: without EXIF, upright, in sRGB.
#[derive(Clone)]
pub struct Picture {
    pub(super) bytes: Arc<Vec<u8>>,
    pub(super) container: Container,
    pub(super) size: Size,
    /// BLAKE3 in hexadecimal.
    pub(super) digest: String,
}

impl Picture {
    /// # Errors
    /// What is neither JPEG nor PNG nor WebP: no service takes the others.
    pub fn new(bytes: Arc<Vec<u8>>) -> Result<Picture, Fault> {
        let unsupported =
            |why: String| Fault::Unsupported { what: format!("this picture ({why})"), who: "models".into() };
        let header = imaging::probe(&bytes).map_err(|error| unsupported(error.to_string()))?;
        if !matches!(header.container, Container::Jpeg | Container::Png | Container::Webp) {
            return Err(unsupported(header.container.to_string()));
        }
        let digest = blake3::hash(&bytes).to_hex().to_string();
        let size = Size { width: header.width, height: header.height };
        Ok(Picture { bytes, container: header.container, size, digest })
    }

    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        Arc::unwrap_or_clone(self.bytes)
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// `image/jpeg`, `image/png` or `image/webp`, by the bytes.
    pub(super) fn media_type(&self) -> &'static str {
        media_type(self.container)
    }

    pub(super) fn extension(&self) -> &'static str {
        extension(self.container)
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} {} {})", self.container, self.size, &self.digest[..12])
    }
}

fn media_type(container: Container) -> &'static str {
    match container {
        Container::Jpeg => "image/jpeg",
        Container::Png => "image/png",
        Container::Webp => "image/webp",
        Container::Tiff => "image/tiff",
        Container::Heic => "image/heic",
    }
}

pub(super) fn extension(container: Container) -> &'static str {
    match container {
        Container::Jpeg => "jpg",
        Container::Png => "png",
        Container::Webp => "webp",
        Container::Tiff => "tif",
        Container::Heic => "heic",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTRAIT: Size = Size { width: 1080, height: 1350 };

    #[test]
    fn sizes_become_the_ratios_and_steps_that_services_know() {
        assert_eq!(PORTRAIT.nearest_ratio(&["1:1", "4:5", "9:16"]), Some("4:5"));
        assert_eq!(Size { width: 1920, height: 1005 }.nearest_ratio(&["16:9", "21:9"]), Some("16:9"));
        assert_eq!(PORTRAIT.tier(&[(1024, "1K"), (2048, "2K")]), Some("2K"));
        assert_eq!(Size { width: 9000, height: 9000 }.tier(&[(1024, "1K"), (2048, "2K")]), Some("2K"));
    }

    #[test]
    fn fitted_sizes_keep_within_the_limits_of_pixels_and_steps() {
        for (width, height) in [(1080, 1350), (1, 1), (20_000, 300), (4096, 4096), (1023, 1025)] {
            let size = Size { width, height }.fitted(16, 921_600, 4_190_000);
            assert_eq!((size.width % 16, size.height % 16), (0, 0));
            assert!((921_600..=4_190_000).contains(&size.pixels()), "{width}x{height}: {size}");
        }
        assert_eq!(Size { width: 1080, height: 1350 }.fitted(16, 0, 9_000_000).to_string(), "1088x1344");
    }
}
