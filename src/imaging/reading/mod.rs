//! Reads what is printed in a picture, with networks that a person brings: where lines of text are, and what each one says.
//!
//! - [`Finder`] tells where a picture has lines of text: each is a [`Quad`].
//! - [`Reader`] makes a [`Script`] of a line: what it says, and how far it bears out other words.
//!
//! The networks are of PaddleOCR's kind, in ONNX files that say which characters they know.

mod crop;
mod hull;
mod lines;
mod proof;
mod quad;
mod reader;
mod script;

pub use lines::Finder;
pub use quad::Quad;
pub use reader::Reader;
pub use script::{Character, Script};

use super::{Error, Unusable};

/// Why nothing can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the network that finds lines of text is of no use: {0}")]
    Lines(Unusable),
    #[error("the network that reads a line is of no use: {0}")]
    Words(Unusable),
    #[error("the network that reads a line does not say which characters it knows")]
    Characters,
    #[error("the networks read “{read}” where a test picture says “{}”", proof::WORDS)]
    Wrong { read: String },
    #[error(transparent)]
    Picture(#[from] Error),
}
