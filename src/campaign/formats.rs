//! Formats: sizes with rules. The built-in ones are dated data with sources; a campaign can add its own.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::manifest::FormatTable;

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
    #[schemars(range(min = 0, max = 0.9))]
    pub top: f32,
    #[schemars(range(min = 0, max = 0.9))]
    pub right: f32,
    #[schemars(range(min = 0, max = 0.9))]
    pub bottom: f32,
    #[schemars(range(min = 0, max = 0.9))]
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

/// Until a format says otherwise.
const QUALITY: u8 = 88;

impl Format {
    /// A format as written in a manifest or in the built-in data.
    pub fn new(id: &str, table: &FormatTable) -> Format {
        let all = [FileType::Jpeg, FileType::Png, FileType::Webp];
        let accepts = table.accepts.clone().filter(|a| !a.is_empty()).unwrap_or_else(|| all.to_vec());
        Format {
            id: id.to_owned(),
            width: table.width,
            height: table.height,
            file_type: accepts.first().copied().unwrap_or(FileType::Jpeg),
            accepts,
            max_bytes: table.max_bytes,
            safe: table.safe,
            bleed: table.bleed,
            dpi: table.dpi,
            quality: table.quality.unwrap_or(QUALITY),
        }
    }

    /// The part of the id before its first dot: `instagram`, `print`.
    pub fn network(&self) -> &str {
        self.id.split('.').next().unwrap_or(&self.id)
    }
}

/// The formats of networks and printers as shipped, by id. Dated data: see `formats.toml`.
pub fn built_in() -> &'static BTreeMap<String, FormatTable> {
    static FORMATS: LazyLock<BTreeMap<String, FormatTable>> = LazyLock::new(|| {
        // The text is part of this program, and a test reads it: it cannot be wrong for a user.
        toml::from_str(include_str!("formats.toml")).unwrap_or_default()
    });
    &FORMATS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_formats_are_read_dated_and_possible() {
        let formats: BTreeMap<String, FormatTable> = toml::from_str(include_str!("formats.toml")).unwrap();
        assert!(formats.len() > 40);
        for (id, table) in &formats {
            let format = Format::new(id, table);
            assert!(crate::campaign::names::is_id(id) && id.contains('.'), "{id}");
            assert!(table.source.is_some() && table.checked.is_some() && table.confidence.is_some(), "{id}");
            assert!(format.accepts.contains(&format.file_type), "{id}");
            let safe = format.safe;
            assert!(safe.left + safe.right < 1.0 && safe.top + safe.bottom < 1.0, "{id}");
            assert!(format.bleed * 2 < format.width.min(format.height), "{id}");
            assert_eq!(format.bleed > 0, format.dpi.is_some(), "{id}");
        }
    }
}
