//! How far a model's picture strayed from the product.
//!
//! A model that is asked for new surroundings paints everything anew, the product too: a letter changes, a colour shifts, an edge
//! softens. [`compare`] finds the product in the take ([`Fit`]), takes the new light out of the way, and scores what is left.
//! [`heatmap`] shows it.
//!
//! All of it is plain arithmetic in a fixed order: the same pictures give the same scores at any number of threads.

mod colour;
mod compare;
mod drift;
mod edges;
mod fit;
mod heatmap;
mod light;
mod places;
mod plane;
mod refine;
mod search;
mod solve;
mod strayed;
mod view;
mod windows;

pub use compare::{Comparison, Strayal, compare};
pub use fit::Fit;
pub use heatmap::heatmap;
