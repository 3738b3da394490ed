//! Picks: what people chose, one small file for each photo or caption, written by `softbox pick` and by hand.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::load::Loader;
use super::{Place, Problem, RelPath};

/// The folder of picks, in the campaign.
pub const FOLDER: &str = "picks";

/// One choice. The last one in a file that fits counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// The take, by the path of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
    /// The exact words of a caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The draft that the words were picked for, filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// Why, in the words of who picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<toml::value::Datetime>,
}

/// A file of picks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picked {
    /// Takes of each model beyond those that the look says, at the last step that models do.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u32,
    /// In the order in which they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pick: Vec<Pick>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// All picks of a campaign, by the paths of their files below [`FOLDER`], without `.toml`: `photo/hero/citrus-haze`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picks(BTreeMap<String, Picked>);

impl Picks {
    /// What is in a file of picks.
    pub fn of(&self, name: &str) -> Picked {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

/// What a photo's shot is called in picks and takes: `hero/citrus-haze` for the file `photos/citrus-haze.jpg`.
pub fn shot_name(photo: &str, path: &RelPath) -> String {
    let path = path.as_str();
    let path = path.strip_prefix("photos/").unwrap_or(path);
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    format!("{photo}/{stem}")
}

/// What a caption's words for a product are called in picks and takes: `launch/citrus-haze`, or `launch` for the whole shop.
pub fn wording_name(caption: &str, product: Option<&str>) -> String {
    product.map_or_else(|| caption.to_owned(), |product| format!("{caption}/{product}"))
}

/// The file of picks of a name such as `photo/hero/citrus-haze`.
pub fn file_of(name: &str) -> String {
    format!("{FOLDER}/{name}.toml")
}

pub(super) fn load(loader: &mut Loader<'_>) -> Picks {
    let mut picks = Picks::default();
    let mut folders: Vec<RelPath> = RelPath::parse(FOLDER).into_iter().collect();
    while let Some(folder) = folders.pop() {
        for name in loader.folder.list(&folder).unwrap_or_default().iter() {
            match name.strip_suffix('/') {
                Some(inner) => folders.push(folder.join(inner)),
                None if name.ends_with(".toml") => load_one(loader, &folder.join(name), &mut picks),
                None => {}
            }
        }
    }
    picks
}

fn load_one(loader: &mut Loader<'_>, path: &RelPath, picks: &mut Picks) {
    let Some(source) = loader.text(path, None) else { return };
    match toml::from_str::<Picked>(&source.text) {
        Ok(picked) => {
            let name = path.as_str().strip_prefix("picks/").and_then(|name| name.strip_suffix(".toml"));
            picks.0.insert(name.unwrap_or_default().to_owned(), picked);
        }
        Err(error) => {
            let span: Range<usize> = error.span().unwrap_or(0..source.text.len());
            let problem = Problem::error("bad-pick", format!("these are no picks: {}", error.message()));
            let hint = "a pick is a table such as [[pick]] with take = \"takes/hero/jar/2-nano-banana-1-0a1b2c3d.png\", or words = \"…\"";
            loader.report(problem.at(Place::span(&source, span)).hint(hint));
        }
    }
}
