//! A developed photo on its way to the assets: a picture that is cut to each size, or a scene that is painted anew for it.

use std::sync::Arc;

use crate::imaging::scene::{Painted, Scene, paint};
use crate::imaging::{Error, Picture, Region, cover, cut};

/// What a look makes of a photo.
#[derive(Debug, Clone)]
pub enum Developed {
    Picture(Picture),
    /// Has no shape of its own: every box gets a painting of exactly its size.
    Scene(Arc<Scene>),
}

impl Developed {
    /// # Errors
    /// [`Error::NotDecoded`] for bytes that are not [`Developed::into_bytes`]'s.
    pub fn from_bytes(bytes: Arc<Vec<u8>>) -> Result<Developed, Error> {
        match Scene::is_in(&bytes) {
            true => Scene::from_bytes(&bytes).map(|scene| Developed::Scene(Arc::new(scene))),
            false => Picture::from_bytes(bytes).map(Developed::Picture),
        }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Developed::Picture(picture) => picture.into_bytes(),
            Developed::Scene(scene) => Arc::unwrap_or_clone(scene).into_bytes(),
        }
    }

    /// Upright size in pixels; of a scene, the size that it is declared to have where nothing else decides.
    pub fn size(&self) -> (u32, u32) {
        match self {
            Developed::Picture(picture) => picture.full_size(),
            Developed::Scene(scene) => scene.setting.natural,
        }
    }

    /// The point that stays in view, as fractions from the top left corner.
    pub fn focus(&self) -> [f32; 2] {
        match self {
            Developed::Picture(picture) => picture.focus(),
            Developed::Scene(_) => [0.5, 0.5],
        }
    }

    /// The largest part of a ratio (width / height) around its focus; of a scene, all of it.
    pub fn cover(&self, ratio: f64) -> Region {
        match self {
            Developed::Picture(picture) => cover(picture.width(), picture.height(), ratio, picture.focus(), 1.0),
            Developed::Scene(_) => Region::WHOLE,
        }
    }

    /// The part in a region, at exactly a size. A scene is shown whole in any shape, so that a region says nothing to it.
    ///
    /// # Errors
    /// Those of [`cut`] and [`paint`].
    pub fn cut(&self, region: Region, width: u32, height: u32) -> Result<Painted, Error> {
        match self {
            Developed::Picture(picture) => {
                let picture = cut(picture, region, width, height)?;
                Ok(Painted { picture, products: Vec::new() })
            }
            Developed::Scene(scene) => paint(scene, width, height),
        }
    }
}
