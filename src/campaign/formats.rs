//! Formats: sizes with rules. The built-in ones are dated data with sources; a campaign can add its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an asset's picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileType {
    Jpeg,
    Png,
    Webp,
}

impl FileType {
    /// The file name's ending, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            FileType::Jpeg => "jpg",
            FileType::Png => "png",
            FileType::Webp => "webp",
        }
    }
}

/// Fractions of the canvas, from each edge, where the network lays its own buttons and words.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SafeZone {
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
    pub left: f32,
}

/// A size with rules, such as `instagram.portrait`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Format {
    pub id: String,
    /// Pixels, bleed included.
    pub width: u32,
    pub height: u32,
    /// How it is written unless the post's `output` ends in another type that the network takes.
    pub file_type: FileType,
    /// What the network takes.
    pub accepts: Vec<FileType>,
    /// The largest file that the network takes, in bytes.
    pub max_bytes: Option<u64>,
    pub safe: SafeZone,
    /// Print only: pixels cut off at each edge.
    pub bleed: u32,
    /// Print only: dots per inch.
    pub dpi: Option<u32>,
    /// From 1 to 100; the start of the search where `max_bytes` is set.
    pub quality: u8,
}
