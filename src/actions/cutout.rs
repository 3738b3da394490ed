//! Cutout: finds the product in a photo and makes a mask of it, once for all looks and sizes.

use serde::{Deserialize, Serialize};

use super::{Failed, kept};
use crate::campaign::{self, Place, Problem};
use crate::engine::{Bytes, Output, Work};
use crate::imaging::cutout::{Cut, Fault, Hints, Layout, Mask, Model, segment};
use crate::imaging::{self, Limits, Picture};

/// Raised when the same photo and hints would give another mask.
pub const VERSION: u32 = 8;

/// The longer side that masks are made at, in pixels: what a 12-megapixel phone takes. Larger photos are looked at smaller, and their
/// masks enlarged.
const REACH: u32 = 2200;

/// A mask that is less sure than this is told of. It sorts well and decides badly, so it is low.
const UNSURE: f32 = 0.9;

/// Its inputs are the photo, and then either a mask made by hand, or a network and its description, or nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cutout {
    pub hints: Hints,
    /// Which inputs follow the photo.
    pub by: By,
    /// The photo's path, for messages.
    #[serde(skip)]
    pub path: String,
    /// The path of the mask or of the network, for messages.
    #[serde(skip)]
    pub other: String,
}

/// Who finds the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Somebody's own mask.
    Hand,
    /// The built-in network.
    BuiltIn,
    /// A network of the campaign.
    Network,
}

impl Cutout {
    pub fn new(wanted: &campaign::Cutout, photo: &str) -> Cutout {
        let hints = Hints { area: wanted.area, keep: wanted.keep.clone(), drop: wanted.drop.clone() };
        let (by, other, hints) = match (&wanted.mask, &wanted.model) {
            (Some(mask), _) => (By::Hand, mask.to_string(), Hints::default()),
            (None, Some((network, _))) => (By::Network, network.to_string(), hints),
            (None, None) => (By::BuiltIn, String::new(), hints),
        };
        Cutout { hints, by, path: photo.to_owned(), other }
    }

    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let cut = match (self.by, work.inputs()) {
            (By::Hand, [photo, mask]) => self.by_hand(photo, mask)?,
            (By::BuiltIn, [photo]) => {
                self.found(work, photo, Model::built_in().map_err(|fault| self.failed(&fault))?)?
            }
            (By::Network, [photo, network, description]) => {
                self.found(work, photo, &self.network(network, description)?)?
            }
            _ => return Err(super::internal("a cutout has other inputs than it needs")),
        };
        let warnings = self.warning(&cut).into_iter().collect();
        Ok(kept(cut.into_png(), warnings))
    }

    fn found(&self, work: &Work<'_>, photo: &[u8], model: &Model) -> Result<Cut, Failed> {
        let needed = imaging::estimate(photo, REACH).map_err(|error| self.unread(&error, &self.path))?;
        // The network's own needs, and the planes of the border.
        let needed = usize::try_from(needed.saturating_mul(2)).unwrap_or(usize::MAX).saturating_add(200 << 20);
        let _memory = work.reserve(needed);
        let picture = self.decoded(photo, &self.path, REACH)?;
        segment(&picture, &self.hints, model).map_err(|fault| self.failed(&fault))
    }

    fn by_hand(&self, photo: &[u8], mask: &[u8]) -> Result<Cut, Failed> {
        let header = imaging::probe(photo).map_err(|error| self.unread(&error, &self.path))?;
        let mask = Mask::by_hand(&self.decoded(mask, &self.other, 0)?);
        let mask = mask.map_err(|error| self.unread(&error, &self.other))?;
        let (width, height) = header.upright_size();
        let ratio = |width: u32, height: u32| f64::from(width) / f64::from(height);
        if (ratio(width, height) / ratio(mask.width, mask.height) - 1.0).abs() > 0.02 {
            let (mask_width, mask_height) = (mask.width, mask.height);
            let message =
                format!("the mask is {mask_width}×{mask_height}, and the photo is {width}×{height} when upright");
            let problem = Problem::error("wrong-mask", message).at(Place::file(&self.other));
            return Err(problem.hint("a mask has the shape of its photo").into());
        }
        Ok(Cut { mask, confidence: 1.0, remarks: Vec::new() })
    }

    fn decoded(&self, bytes: &[u8], path: &str, reach: u32) -> Result<Picture, Failed> {
        let picture = imaging::decode(bytes, reach, &Limits::default());
        picture.map_err(|error| self.unread(&error, path))
    }

    fn network(&self, network: &Bytes, description: &[u8]) -> Result<Model, Failed> {
        let path = self.other.replace(".onnx", ".toml");
        let layout = std::str::from_utf8(description).map_err(|error| error.to_string());
        let layout = layout.and_then(|text| toml::from_str::<Layout>(text).map_err(|error| error.to_string()));
        let layout = layout.map_err(|error| {
            let problem = Problem::error("bad-network", format!("this does not describe a network: {error}"));
            problem.at(Place::file(&path)).hint("docs/cutouts.md tells what belongs into it")
        })?;
        Model::load(network.to_vec(), layout).map_err(|fault| self.failed(&fault))
    }

    fn failed(&self, fault: &Fault) -> Failed {
        if let Fault::Picture(error) = fault {
            return self.unread(error, &self.path);
        }
        let path = if self.by == By::Network { &self.other } else { &self.path };
        let problem = Problem::error("bad-network", fault.to_string()).at(Place::file(path));
        problem.hint("leave `model` out for the built-in network; docs/cutouts.md tells how to bring another").into()
    }

    fn unread(&self, error: &imaging::Error, path: &str) -> Failed {
        super::develop::problem(error, path)
    }

    /// What a person should look at.
    fn warning(&self, cut: &Cut) -> Option<Problem> {
        let is_unsure = cut.confidence < UNSURE || !cut.remarks.is_empty();
        let why: Vec<String> = cut.remarks.iter().map(ToString::to_string).collect();
        let why = if why.is_empty() { "its border is not clear".to_owned() } else { why.join("; ") };
        is_unsure.then(|| {
            let message = format!("the product may not be found well ({:.0} % sure): {why}", cut.confidence * 100.0);
            let hint = format!("look at it: softbox cutout {}", self.path);
            Problem::warning("unsure-cutout", message).at(Place::file(&self.path)).hint(hint)
        })
    }
}
