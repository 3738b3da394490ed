//! stub
use super::{Error, Picture};
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub score: f32,
    pub fit: Fit,
}
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    pub scale: f32,
}
pub fn compare(_: &Picture, _: &Picture) -> Result<Comparison, Error> {
    Ok(Comparison { score: 1.0, fit: Fit { scale: 1.0 } })
}
pub fn surround(product: &Picture, _: &Picture, _: &Fit) -> Result<Picture, Error> {
    Ok(product.clone())
}
