//! How far a model's picture strayed from the product, and the product itself put back into surroundings that a model painted.
//!
//! A model that is asked for new surroundings paints everything anew, the product too: a letter changes, a colour shifts, an edge
//! softens. [`compare`] finds the product in the take ([`Fit`]), takes the new light out of the way, and scores what is left.
//! [`heatmap`] shows it. [`read_label`] says what the photo says, and [`compare_words`] what of it a take says otherwise. [`surround`]
//! needs no score: it keeps of the take only what is around the product.
//!
//! All of it is done in a fixed order: the same pictures give the same scores and words at any number of threads.

mod colour;
mod compare;
mod drift;
mod edges;
mod fit;
mod ghost;
mod heatmap;
mod label;
mod light;
mod places;
mod plane;
mod refine;
mod search;
mod solve;
mod strayed;
mod surround;
mod view;
mod windows;
mod words;

pub use compare::{Comparison, Strayal, compare};
pub use fit::Fit;
pub use heatmap::heatmap;
pub use label::{Label, Line, read_label};
pub use surround::{Surrounded, surround};
pub use words::{Misprint, Words, compare_words};
