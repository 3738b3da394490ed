//! A product set in a scene: placed by a photographer's rules, lit, and painted anew for every size that is asked for.
//!
//! A scene has no size of its own. [`paint`] places the products for the frame's shape, lets the backdrop fill the frame, and
//! computes shadows and reflections for that frame, so that nothing is ever cropped or resampled twice. A product's sure pixels
//! (alpha 255) are never changed after their one resampling, and the [`Report`] proves it.

mod compose;
mod grain;
mod place;
mod product;
mod reflection;
mod report;
mod shadow;
mod shape;
mod spline;
mod surface;
#[cfg(test)]
mod tests;
mod tone;
mod travel;

use serde::{Deserialize, Serialize};

use super::{Error, Picture};

pub use product::Product;
pub use report::{Painted, Report};

/// Everything that a scene shows, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// From left to right; at most 255.
    pub products: Vec<Product>,
    /// The picture of a [`Backdrop::Plate`].
    pub plate: Option<Picture>,
    pub setting: Setting,
}

/// How a scene is placed and lit: plain numbers, the same for every frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub backdrop: Backdrop,
    /// The share of the frame (0 to 1) that the products take in the direction in which they would first touch the edges.
    pub fill: f32,
    /// Where the products are in the room that is left, as fractions from the left and the top: 0.5 is centred.
    pub anchor: [f32; 2],
    /// What stays free at each edge, as a fraction of the frame's shorter side.
    pub margin: f32,
    /// The line that the products stand on, as a fraction of the frame's height (of the plate's, for a plate). `None`: by `anchor`.
    pub floor: Option<f32>,
    /// Between products, in mean widths. Below 0 they overlap by that share of the narrower (more than -1): the taller stand behind the
    /// smaller, as far back as their bases need.
    pub gap: f32,
    /// One pixel of the photo for one of the frame, where the product fits. Says nothing to several products, which are sized to each other.
    pub exact: bool,
    /// `None`: no shadow.
    pub light: Option<Light>,
    /// How much the floor mirrors, 0 to 1.
    pub gloss: f32,
    /// How much of the backdrop's light reaches round soft edges, 0 to 1.
    pub wrap: f32,
    /// How far the products take on the backdrop's colour temperature, 0 to 1. Over 0, their pixels are no longer exact.
    pub matching: f32,
    /// Noise of a sweep or gradient, as a standard deviation in levels of 255. `None`: like the products' own.
    pub grain: Option<f32>,
    /// The size in pixels that it claims where something asks for one, such as a template without a size for its box.
    pub natural: (u32, u32),
}

/// What is behind and under the products.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Backdrop {
    /// Nothing: the picture has alpha.
    Transparent,
    /// One sRGB colour, exactly.
    Colour([u8; 3]),
    /// From one colour to another; `angle` in degrees as CSS has it: 180 runs from the top down.
    Linear { from: [u8; 3], to: [u8; 3], angle: f32 },
    /// From the middle of the products to the corners.
    Radial { centre: [u8; 3], edge: [u8; 3] },
    /// Seamless paper from the wall to the floor; the colour is that of its brightest part.
    Sweep([u8; 3]),
    /// [`Scene::plate`], with a point that stays in view as fractions from its left and top.
    Plate { focus: [f32; 2] },
}

/// The one lamp of a scene, and how dark its shadows are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Light {
    /// Where it stands, in degrees clockwise seen from above: 0 in front (at the camera), 90 left, 180 behind, 270 right.
    pub azimuth: f32,
    /// Degrees above the floor, 15 to 85.
    pub height: f32,
    /// From 0 (the sun) to 1 (a large softbox close by).
    pub softness: f32,
    /// How dark the cast shadow is, 0 to 1.
    pub cast: f32,
    /// How dark the shade around the base is, 0 to 1.
    pub contact: f32,
}

impl Default for Light {
    fn default() -> Light {
        Light { azimuth: 70.0, height: 50.0, softness: 0.5, cast: 0.6, contact: 0.8 }
    }
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            backdrop: Backdrop::Transparent,
            fill: 0.85,
            anchor: [0.5, 0.5],
            margin: 0.04,
            floor: None,
            gap: 0.12,
            exact: false,
            light: None,
            gloss: 0.0,
            wrap: 0.3,
            matching: 0.0,
            grain: None,
            natural: (1080, 1350),
        }
    }
}

/// Paints a scene at exactly `width`×`height` pixels: RGB, or RGBA for a transparent backdrop.
///
/// # Errors
/// [`Error::Size`] for a side of 0 or over 30000.
pub fn paint(scene: &Scene, width: u32, height: u32) -> Result<Painted, Error> {
    compose::paint(scene, width, height)
}
