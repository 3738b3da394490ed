//! Isolates a product from its photo: a network guesses, a person's hints correct it, the photo's own colours find the border.
//!
//! - [`segment`] makes a [`Cut`]: a mask of the photo's full size, and how sure it is.
//! - [`lift`] takes the product out of the photo by a mask.
//! - [`Model`] is the network; another can be loaded.

mod border;
mod coarse;
mod colours;
mod contact;
mod even;
mod fine;
mod flow;
mod guesses;
mod hints;
mod lift;
mod mirror;
mod model;
mod proof;
mod regions;
mod segment;
mod softness;
mod travel;
mod view;

pub use hints::{Hints, Stroke};
pub use lift::lift;
pub use model::{Answer, Layout, Model};
pub use segment::{Cut, Mask, Remark, segment};

use super::{Error, Unusable};

/// Why a picture could not be cut out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Network(#[from] Unusable),
    #[error("the network's description makes no sense: {0}")]
    Layout(&'static str),
    #[error("the network misses a bottle on a plain table: its mask agrees with the right one by {agreement} %")]
    Wrong { agreement: u8 },
    #[error(transparent)]
    Picture(#[from] Error),
}

/// The median; the upper one of two.
fn middle(mut values: Vec<f32>) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    values[values.len() / 2]
}
