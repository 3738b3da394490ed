//! Send: a developed picture becomes what models are shown, made once for all that are asked.

use serde::{Deserialize, Serialize};

use super::{Failed, kept};
use crate::campaign::{Place, Problem};
use crate::engine::{Bytes, Output, Work};
use crate::imaging::{self, Picture};
use crate::models::{self, Size};

/// Raised when the same picture would be sent as other bytes. Takes of the bytes before are still found, by their recipe.
pub const VERSION: u32 = 1;

/// The longer side that pictures are developed to before models see them, and that a scene keeps the product at, in pixels.
pub const REACH: u32 = 4096;

/// Its inputs are the developed picture; for a mask, also that picture as it is sent; for somebody's own mask, that too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Send {
    pub what: Sheet,
    /// The most bytes that the services take.
    pub limit: u64,
    /// The path of the picture or mask, for messages.
    #[serde(skip)]
    pub path: String,
}

/// What is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sheet {
    Picture,
    /// Where the isolated product is.
    Product,
    /// Where somebody says that the picture may be changed.
    Mask,
}

impl Send {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let sheet = match (self.what, work.inputs()) {
            (Sheet::Picture, [picture]) => {
                let picture = developed(picture)?;
                models::Picture::flattened(&picture, self.limit).map_err(|error| self.failed(&error))?
            }
            (Sheet::Product, [picture, sent]) => {
                let picture = developed(picture)?;
                if picture.channels() != 4 {
                    return Err(super::internal("a product without a mask"));
                }
                models::Picture::mask_of(&picture, size(sent)?).map_err(|error| self.failed(&error))?
            }
            (Sheet::Mask, [picture, sent, mask]) => {
                let wanted = developed(picture)?.full_size();
                let mask = models::Picture::prepared_mask(mask, wanted, size(sent)?);
                let mask = mask.map_err(|fault| {
                    let problem = Problem::error("bad-mask", fault.to_string()).at(Place::file(&self.path));
                    Failed::from(problem.hint(fault.hint()))
                })?;
                mask.into_bytes()
            }
            _ => return Err(super::internal("what is sent has other inputs than it needs")),
        };
        Ok(kept(sheet, Vec::new()))
    }

    fn failed(&self, error: &imaging::Error) -> Failed {
        super::develop::problem(error, &self.path)
    }
}

fn developed(bytes: &Bytes) -> Result<Picture, Failed> {
    Picture::from_bytes(bytes.clone()).map_err(|error| super::internal(&error.to_string()))
}

fn size(sent: &[u8]) -> Result<Size, Failed> {
    let header = imaging::probe(sent).map_err(|error| super::internal(&error.to_string()))?;
    Ok(Size { width: header.width, height: header.height })
}
