//! Why a picture could not be read, cut or written, with the data of each case, and what a person can do about it.

use super::Container;

/// What went wrong with a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the file is empty")]
    Empty,
    /// Something else than a picture that can be read here, and what it is.
    #[error("this is {what}, not a photo that can be read here")]
    Foreign { what: &'static str, hint: &'static str },
    #[error("this is no picture: it begins with {start}")]
    Unknown { start: String },
    #[error("the picture says that it is {width}×{height}, which is {} megapixels; at most {} are read", megapixels(*width, *height), limit / 1_000_000)]
    TooManyPixels { width: u32, height: u32, limit: u64 },
    #[error("decoding this {width}×{height} {container} needs {} MB of memory; {} MB are allowed", needed.div_ceil(1_000_000), limit / 1_000_000)]
    TooMuchMemory { container: Container, width: u32, height: u32, needed: u64, limit: u64 },
    /// The file ends too early.
    #[error("the {container} file is cut off: {missing}")]
    Truncated { container: Container, missing: String },
    #[error("the {container} file is damaged: {why}")]
    Damaged { container: Container, why: String },
    #[error("{what} in a {container} file cannot be read")]
    Unsupported { container: Container, what: String },
    /// The bytes are not what [`super::Picture::into_bytes`] makes.
    #[error("these bytes are not a decoded picture: {0}")]
    NotDecoded(&'static str),
    /// What should be a cutout shows nothing, or has no transparency.
    #[error("the picture shows no isolated product")]
    NoProduct,
    #[error("a picture of {width}×{height} cannot be made{}", if *width == 0 || *height == 0 { "" } else { ": it is too large" })]
    Size { width: u32, height: u32 },
    /// No quality that is worth showing fits.
    #[error("at the lowest acceptable quality ({quality}) the file has {reached} bytes; at most {limit} are allowed")]
    TooLarge { quality: u8, reached: u64, limit: u64 },
    #[error("the PNG file has {reached} bytes; at most {limit} are allowed")]
    PngTooLarge { reached: u64, limit: u64 },
    #[error("the description has {0} bytes; a JPEG file holds at most 65000")]
    DescriptionTooLong(usize),
    #[error("cannot encode: {0}")]
    Encoder(String),
}

fn megapixels(width: u32, height: u32) -> u64 {
    (u64::from(width) * u64::from(height)).div_ceil(1_000_000)
}

impl Error {
    /// What a person can do, in one line; `None` where the message says it all.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Error::Empty => "copy the file again; cloud folders leave an empty placeholder until a file is downloaded",
            Error::Foreign { hint, .. } => hint,
            Error::Unknown { .. } => "use a JPEG, PNG, WebP, TIFF or HEIC file",
            Error::TooManyPixels { .. } => "save a smaller copy of it",
            Error::TooMuchMemory { .. } => "save a smaller copy of it, or allow more memory",
            Error::Truncated { .. } => "copy the file from the phone again",
            Error::Damaged { .. } => "copy the file again, or open it in a photo program and export it as JPEG",
            Error::Unsupported { .. } => "open it in a photo program and export it as JPEG or PNG",
            Error::TooLarge { .. } => "make the picture smaller, or allow a larger file",
            Error::PngTooLarge { .. } => "use jpeg: a PNG file has no quality to lower",
            Error::DescriptionTooLong(_) => "shorten the alternative text",
            Error::NoProduct => "isolate the product first: put \"cutout\" before this step of the look",
            Error::NotDecoded(_) | Error::Size { .. } | Error::Encoder(_) => return None,
        })
    }
}
