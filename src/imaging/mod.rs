//! Pixels: decodes what phones write, cuts it to size, adjusts it, and encodes it again. Knows nothing of campaigns.
//!
//! - [`probe`] tells a picture's kind, size and orientation from its bytes, without decoding it.
//! - [`decode`] makes a [`Picture`]: pixels as they lie in the file, with an orientation and a colour profile still to be
//!   applied, so that one decode serves many sizes.
//! - [`cut`] makes a finished small picture of a part of it: resized first, then converted to sRGB, then turned upright, each
//!   on as few pixels as possible.
//! - [`crop`], [`upright`] and [`adjust`] are for steps that work on the whole picture.
//! - [`cutout`] isolates a product.
//! - [`scene`] sets a cutout on a backdrop, in a light, anew for every size.
//! - [`fidelity`] tells how far a model's picture strayed from the product, and puts the product back into painted surroundings.
//! - [`reading`] reads what is printed in a picture, with networks that a person brings.
//! - [`encode`] writes JPEG, PNG or WebP with an sRGB profile and a description, and nothing private.

mod adjust;
mod colour;
mod cut;
pub mod cutout;
mod decode;
mod encode;
mod error;
mod exact;
pub mod fidelity;
mod lanczos;
mod network;
mod orientation;
mod picture;
mod planes;
pub mod reading;
mod region;
pub mod scene;
mod sharpen;
mod tone;

pub use adjust::{Adjustment, adjust};
pub use cut::{crop, cut, magnification, upright};
pub use decode::{Container, Header, Limits, decode, decode_to_cut, estimate, probe};
pub use encode::{Description, DigitalSource, Encoded, Encoding, FileType, encode, products};
pub use error::Error;
pub use network::Unusable;
pub use orientation::Orientation;
pub use picture::Picture;
pub use region::{Region, cover};
