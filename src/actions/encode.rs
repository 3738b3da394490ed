//! Encode: pixels become a file that a network takes; for a post without a template, the photo alone is cut to the format first.

use serde::{Deserialize, Serialize};

use super::{Failed, kept};
use crate::campaign::{self, Place, Problem};
use crate::engine::{Output, Work};
use crate::imaging::{self, Description, DigitalSource, Encoding, Picture};

/// Raised when the same pixels would give another file.
pub const VERSION: u32 = 1;

/// How an asset's file is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct File {
    pub file_type: campaign::formats::FileType,
    /// From 1 to 100.
    pub quality: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Dots per inch, for what is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpi: Option<u32>,
    /// How the picture came about, by IPTC's digital source types.
    pub source: DigitalSource,
    /// Where the post asks for this file, for messages.
    #[serde(skip)]
    pub place: Option<Place>,
}

impl File {
    /// Writes a finished picture. `graphics`: it has text and flat colours.
    pub(super) fn write(&self, picture: &Picture, graphics: bool) -> Result<Vec<u8>, Failed> {
        let encoding = Encoding {
            file_type: match self.file_type {
                campaign::formats::FileType::Jpeg => imaging::FileType::Jpeg,
                campaign::formats::FileType::Png => imaging::FileType::Png,
                campaign::formats::FileType::Webp => imaging::FileType::Webp,
            },
            quality: self.quality,
            max_bytes: self.max_bytes,
            background: [255; 3],
            graphics,
            dpi: self.dpi,
            description: Description { source: Some(self.source), alt: None },
        };
        imaging::encode(picture, &encoding).map(|encoded| encoded.bytes).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &imaging::Error) -> Failed {
        let mut problem = Problem::error("encode", error.to_string());
        problem.place.clone_from(&self.place);
        problem.hint = error.hint().map(str::to_owned);
        problem.into()
    }
}

/// Cuts a developed photo to a format and writes it. Its one input is the developed photo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Encode {
    pub width: u32,
    pub height: u32,
    pub file: File,
}

impl Encode {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let failed = |error: imaging::Error| self.file.failed(&error);
        let _memory = work.reserve(super::canvas_bytes(self.width, self.height));
        let photo = Picture::from_bytes(work.inputs()[0].clone()).map_err(failed)?;
        let ratio = f64::from(self.width) / f64::from(self.height);
        let region = imaging::cover(photo.width(), photo.height(), ratio, photo.focus(), 1.0);
        let cut = imaging::cut(&photo, region, self.width, self.height).map_err(failed)?;
        Ok(kept(self.file.write(&cut, false)?, Vec::new()))
    }
}
