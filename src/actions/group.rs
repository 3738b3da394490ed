//! Group: developed cutouts of several products become one scene, in which they stand together.

use serde::{Deserialize, Serialize};

use super::developed::Developed;
use super::{Failed, backdrop, passing};
use crate::campaign::{Backdrop, Member, Place};
use crate::engine::{Bytes, Output, Work};
use crate::imaging::Picture;
use crate::imaging::scene::Product;

/// Raised when the same cutouts would stand otherwise.
pub const VERSION: u32 = 1;

/// Sets products on one backdrop. Its inputs are their developed cutouts, from left to right; the backdrop's plate is found on the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    pub backdrop: Box<Backdrop>,
    /// As many as there are inputs.
    pub group: Vec<Standing>,
    /// The longest side, in pixels, that anything will be painted at.
    pub reach: u32,
    /// The photo's id, for explanations.
    #[serde(skip)]
    pub photo: String,
    /// Where the group was written, for messages.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// One product of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Standing {
    pub name: String,
    /// In micrometres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The photo's path, for messages.
    #[serde(skip)]
    pub path: String,
}

impl From<&Member> for Standing {
    fn from(member: &Member) -> Standing {
        Standing { name: member.name.clone(), height: member.height, path: member.path.to_string() }
    }
}

impl Group {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        // Every cutout is trimmed, and written beside the others.
        let needed: usize = work.inputs().iter().map(|input| input.len()).sum();
        let _memory = work.reserve(needed.saturating_mul(2));
        let products = self.group.iter().zip(work.inputs()).map(|(standing, input)| self.product(standing, input));
        let products = products.collect::<Result<Vec<_>, Failed>>()?;
        let scene = backdrop::scene(work, products, &self.backdrop, self.reach)?;
        Ok(passing(Developed::Scene(scene.into()).into_bytes(), Vec::new()))
    }

    fn product(&self, standing: &Standing, cutout: &Bytes) -> Result<Product, Failed> {
        let picture = Picture::from_bytes(cutout.clone()).map_err(|error| super::internal(&error.to_string()))?;
        let mut product = backdrop::product(&picture, &standing.path).map_err(|failed| self.seen_here(failed))?;
        product.name.clone_from(&standing.name);
        product.height = standing.height.map(|height| height as f32);
        Ok(product)
    }

    /// The mistake of a photo, and where the group is that shows it.
    fn seen_here(&self, failed: Failed) -> Failed {
        let related = |problem: crate::campaign::Problem| match &self.place {
            Some(place) => problem.related(place.clone(), "the group that shows it"),
            None => problem,
        };
        Failed(failed.0.into_iter().map(related).collect())
    }
}
