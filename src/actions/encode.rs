//! Encode: pixels become a file that a network takes; for a post without a template, the photo alone is cut to the format first.

use serde::{Deserialize, Serialize};

use super::developed::Developed;
use super::{Failed, kept};
use crate::campaign::{self, Place, Problem};
use crate::engine::{Output, Work};
use crate::imaging::scene::Report;
use crate::imaging::{self, Description, DigitalSource, Encoding, Picture};

/// Raised when the same pixels would give another file.
pub const VERSION: u32 = 4;

/// From here on, enlarging shows.
const ENLARGED: f64 = 1.25;
/// A product of a group that takes less than this share of the frame's shorter side, either way, is hard to make out.
const SMALL: f64 = 0.1;

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
    /// Writes a finished picture. `graphics`: it has text and flat colours; `products`: what the file says of theirs.
    pub(super) fn write(&self, picture: &Picture, graphics: bool, products: Vec<String>) -> Result<Vec<u8>, Failed> {
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
            description: Description { source: Some(self.source), alt: None, products },
        };
        imaging::encode(picture, &encoding).map(|encoded| encoded.bytes).map_err(|error| self.failed(&error))
    }

    /// What a photographer would not let pass in a picture of this size: products too small in it, or larger than they were taken.
    pub(super) fn small_or_soft(&self, size: [u32; 2], products: &[Report]) -> Vec<Problem> {
        let enlarged = products.iter().filter_map(|report| self.enlarged(report));
        enlarged.chain(self.crowded(size, products)).collect()
    }

    /// A group that has too many, or too different ones, for its picture.
    fn crowded(&self, [across, down]: [u32; 2], products: &[Report]) -> Option<Problem> {
        let longer = |report: &Report| report.region[2].max(report.region[3]);
        let smallest = products.iter().min_by_key(|report| longer(report)).filter(|_| products.len() > 1)?;
        if f64::from(longer(smallest)) >= SMALL * f64::from(across.min(down)) {
            return None;
        }
        let ([_, _, width, height], name) = (smallest.region, &smallest.name);
        let message = format!("in {across}×{down}, `{name}` of the group is only {width}×{height}");
        let mut problem = Problem::warning("crowded", message).hint(
            "put fewer into the group, leave this format out, or raise `fill`; with a `gap` below 0 they overlap",
        );
        problem.place.clone_from(&self.place);
        Some(problem)
    }

    /// A product that is shown much larger than it was photographed looks soft beside a sharp backdrop.
    fn enlarged(&self, report: &Report) -> Option<Problem> {
        if report.scale <= ENLARGED {
            return None;
        }
        let who = if report.name.is_empty() { "the product".to_owned() } else { format!("`{}`", report.name) };
        let message = format!("{who} is shown {:.1} times larger than it was photographed", report.scale);
        let mut problem = Problem::warning("enlarged", message).hint("use a larger photo, or a smaller `fill`");
        problem.place.clone_from(&self.place);
        Some(problem)
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
        let photo = Developed::from_bytes(work.inputs()[0].clone()).map_err(failed)?;
        let ratio = f64::from(self.width) / f64::from(self.height);
        let painted = photo.cut(photo.cover(ratio), self.width, self.height).map_err(failed)?;
        let bytes =
            self.file.write(&painted.picture, false, painted.products.iter().map(Report::to_string).collect())?;
        Ok(kept(bytes, self.file.small_or_soft([self.width, self.height], &painted.products)))
    }
}
