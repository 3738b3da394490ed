//! A scene as bytes: its pictures one after the other, then what is known of them and the setting.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Product, Scene, Setting};
use crate::imaging::{Error, Picture};

/// Marks the end of a travelling scene and the version of what lies before it.
const MARK: &[u8; 8] = b"softscn2";

#[derive(Serialize, Deserialize)]
struct Trailer {
    /// The length, the name and the height of each product.
    products: Vec<(u64, String, Option<f32>)>,
    /// The plate's length.
    plate: Option<u64>,
    setting: Setting,
}

impl Scene {
    /// Whether bytes are those of a scene.
    pub fn is_in(bytes: &[u8]) -> bool {
        bytes.ends_with(MARK)
    }

    /// The scene as bytes that [`Scene::from_bytes`] reads.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut add = |picture: Picture| {
            let picture = picture.into_bytes();
            bytes.extend_from_slice(&picture);
            picture.len() as u64
        };
        let products = self.products.into_iter();
        let products = products.map(|product| (add(product.trimmed().clone()), product.name, product.height)).collect();
        let trailer = Trailer { products, plate: self.plate.map(add), setting: self.setting };
        // Serialising plain values into a growing vector has no way to fail.
        let trailer = postcard::to_allocvec(&trailer).unwrap_or_default();
        bytes.extend_from_slice(&trailer);
        bytes.extend_from_slice(&(trailer.len() as u32).to_le_bytes());
        bytes.extend_from_slice(MARK);
        bytes
    }

    /// A scene from the bytes of [`Scene::into_bytes`].
    ///
    /// # Errors
    /// [`Error::NotDecoded`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Scene, Error> {
        let short = Error::NotDecoded("the scene is too short");
        let body = bytes.strip_suffix(MARK).ok_or(Error::NotDecoded("the mark of a scene is missing"))?;
        let (body, length) = body.split_last_chunk::<4>().ok_or(short.clone())?;
        let start = body.len().checked_sub(u32::from_le_bytes(*length) as usize).ok_or(short.clone())?;
        let (mut pictures, trailer) = body.split_at(start);
        let trailer: Trailer =
            postcard::from_bytes(trailer).map_err(|_| Error::NotDecoded("a scene has no setting"))?;
        let mut next = |length: u64| {
            let length = usize::try_from(length).map_err(|_| short.clone())?;
            let (picture, rest) = pictures.split_at_checked(length).ok_or(short.clone())?;
            pictures = rest;
            Picture::from_bytes(Arc::new(picture.to_vec()))
        };
        let mut products = Vec::with_capacity(trailer.products.len().min(64));
        for (length, name, height) in trailer.products {
            let mut product = Product::of_trimmed(next(length)?)?.ok_or(Error::NotDecoded("a product is no cutout"))?;
            (product.name, product.height) = (name, height);
            products.push(product);
        }
        let plate = trailer.plate.map(next).transpose()?;
        Ok(Scene { products, plate, setting: trailer.setting })
    }
}
