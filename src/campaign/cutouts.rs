//! Cutouts: what people say of photos whose product is isolated, file by file.

use std::collections::BTreeMap;

use super::at::At;
use super::files::{Entry, Tables};
use super::load::Loader;
use super::manifest::CutoutTable;
use super::{Problem, RelPath};

/// What is known of photos whose product is isolated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cutouts {
    /// By the file of the photo.
    pub photos: BTreeMap<RelPath, Cutout>,
    /// For all others.
    pub others: Cutout,
}

/// What is known of one photo: hints, a mask made by hand, another network.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cutout {
    /// Of its table; `None` where nothing is written.
    pub id: Option<String>,
    /// Left, top, width and height, as fractions of the upright photo.
    pub area: Option<[f32; 4]>,
    /// Points and lines on the product.
    pub keep: Vec<Vec<[f32; 2]>>,
    /// Points and lines on what is not the product.
    pub drop: Vec<Vec<[f32; 2]>>,
    pub mask: Option<RelPath>,
    /// The network's file and its description.
    pub model: Option<(RelPath, RelPath)>,
}

impl Cutouts {
    /// What is known of a photo.
    pub fn of(&self, photo: &RelPath) -> &Cutout {
        self.photos.get(photo).unwrap_or(&self.others)
    }
}

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> Cutouts {
    let mut cutouts = Cutouts::default();
    let mut named: BTreeMap<Option<RelPath>, String> = BTreeMap::new();
    for (id, entry) in &manifest.cutouts {
        let Some((photo, cutout)) = load_one(loader, id, entry) else {
            loader.break_entry("cutout", id);
            continue;
        };
        if let Some(other) = named.insert(photo.clone(), id.clone()) {
            let what = photo.as_ref().map_or("all other photos".to_owned(), |path| format!("`{path}`"));
            let problem = Problem::error("same-photo", format!("[cutout.{other}] is about {what} already"));
            loader.report(problem.at(entry.place()).hint("write everything about one photo into one table"));
        }
        match photo {
            Some(path) => drop(cutouts.photos.insert(path, cutout)),
            None => cutouts.others = cutout,
        }
    }
    cutouts
}

/// The photo that a table is about and what it says, or `None` if a mistake in it was told.
fn load_one(loader: &mut Loader<'_>, id: &str, entry: &Entry<CutoutTable>) -> Option<(Option<RelPath>, Cutout)> {
    let table = &entry.value;
    let mut file = |written: &Option<At<String>>, what: &str| match written {
        Some(written) => loader.file(&entry.source, written, what).map(Some),
        None => Some(None),
    };
    let (photo, mask) = (file(&table.photo, "photo"), file(&table.mask, "mask"));
    let model = match &table.model {
        Some(name) => {
            let mut part = |ending: &str| loader.network(&entry.source, name, ending);
            part("onnx").zip(part("toml")).map(Some)
        }
        None => Some(None),
    };
    let (photo, mask, model) = (photo?, mask?, model?);
    let about_one = table.area.is_some()
        || ![table.keep.is_empty(), table.drop.is_empty()].iter().all(|empty| *empty)
        || ![table.keep_lines.is_empty(), table.drop_lines.is_empty()].iter().all(|empty| *empty)
        || mask.is_some();
    if photo.is_none() && about_one {
        let problem = Problem::error("no-photo", "places are given, and not in which photo");
        loader.report(problem.at(entry.place()).hint("add the photo, such as photo = \"photos/soap.jpg\""));
        return None;
    }
    if let Some([left, top, width, height]) = table.area
        && (width <= 0.0 || height <= 0.0 || left + width > 1.001 || top + height > 1.001)
    {
        let problem = Problem::error("bad-box", "the box is empty, or reaches out of the photo");
        let hint = "a box is [left, top, width, height] in fractions of the photo, such as [0.2, 0.1, 0.6, 0.8]";
        loader.report(problem.at(entry.place()).hint(hint));
        return None;
    }
    let strokes = |points: &[[f32; 2]], lines: &[Vec<[f32; 2]>]| {
        points.iter().map(|point| vec![*point]).chain(lines.iter().cloned()).collect()
    };
    let cutout = Cutout {
        id: Some(id.to_owned()),
        area: table.area,
        keep: strokes(&table.keep, &table.keep_lines),
        drop: strokes(&table.drop, &table.drop_lines),
        mask,
        model,
    };
    Some((photo, cutout))
}
