//! What a person writes for a backdrop step: what the product is set on, where it stands, and its light.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Ratio;
use super::at::TextOr;

/// Sets a cutout on a backdrop. Has one of `color`, `gradient`, `radial`, `sweep` and `plate`, or none of them for a transparent picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(example = Backdrop { sweep: Some("#d6d6d5".into()), ..Backdrop::default() })]
pub struct Backdrop {
    /// One colour: CSS, or the name of a colour of the brand. `"white"` is what marketplaces ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"white")]
    pub color: Option<String>,
    /// Two colours, from the first to the second along `angle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = ["#fad6a5", "#d6788c"])]
    pub gradient: Option<[String; 2]>,
    /// Degrees of `gradient`: 180 runs from the top down, 90 from left to right. Left out: 180.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 360), example = 160)]
    pub angle: Option<f32>,
    /// Two colours, from behind the product to the corners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = ["#bed6dc", "#3e6074"])]
    pub radial: Option<[String; 2]>,
    /// A studio sweep: seamless paper of this colour, bending from the floor up into the wall.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"#d6d6d5")]
    pub sweep: Option<String>,
    /// A picture of your own: a table, a shelf, a wall.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"photos/plates/marble.jpg")]
    pub plate: Option<String>,
    /// The point of the plate that stays in view, as fractions from its top left corner. Left out: the middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = 0, max = 1)), example = [0.5, 0.6])]
    pub focus: Option<[f32; 2]>,
    /// The line that the product stands on, as a fraction of the height from the top: of the plate's, or of the frame's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1), example = 0.74)]
    pub floor: Option<f32>,
    /// How much of the frame's width or height the product takes, whichever it would fill first. Left out: 0.88 on a flat colour or
    /// nothing, else 0.62.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.05, max = 1), example = 0.7)]
    pub fill: Option<f32>,
    /// Where the product is in the room that it leaves, as fractions from the left and the top. Left out: the middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = 0, max = 1)), example = [0.2, 0.5])]
    pub anchor: Option<[f32; 2]>,
    /// What is free between the products of a group, by their mean width. Below 0 they overlap by that share of the narrower, and the
    /// taller stand behind the smaller. Left out: 0.12.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -0.6, max = 2), example = -0.2)]
    pub gap: Option<f32>,
    /// What stays free at every edge, as a fraction of the frame's shorter side. Left out: 0.04.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 0.4), example = 0.04)]
    pub margin: Option<f32>,
    /// `true`: one pixel of the photo for one of the frame, byte for byte, where it fits.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(example = true)]
    pub exact: bool,
    /// What the product throws on the floor. Left out: nothing on a flat colour or without a backdrop, else `"cast"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Shadow>,
    /// Where the light comes from.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = [{ "from": "left" }]))]
    pub light: Light,
    /// How much the floor mirrors the product, from 0 to 1.
    #[schemars(range(min = 0, max = 1), example = 0.3)]
    pub gloss: f32,
    /// How far the product takes on the backdrop's colour temperature, from 0 (its pixels stay exact) to 1.
    #[serde(rename = "match")]
    #[schemars(range(min = 0, max = 1), example = 0.5)]
    pub matching: f32,
    /// Noise of a sweep or gradient, as a deviation in levels of 255. Left out: like the photo's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 8), example = 1)]
    pub grain: Option<f32>,
    /// The shape in a template where neither the box nor its styles give one. Left out: `"4:5"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"4:5")]
    pub ratio: Option<Ratio>,
}

/// What a product throws on the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shadow {
    /// Nothing.
    None,
    /// The shade around its base.
    Contact,
    /// That, and the shadow that the light casts.
    Cast,
}

/// The one lamp.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Light {
    /// Where it stands.
    pub from: Side,
    /// Degrees above the floor: low lamps cast long shadows.
    #[schemars(range(min = 15, max = 85), example = 50)]
    pub height: f32,
    /// From 0 (the sun) to 1 (a large softbox close by).
    #[schemars(range(min = 0, max = 1), example = 0.5)]
    pub softness: f32,
    /// How dark the cast shadow is, from 0 to 1.
    #[schemars(range(min = 0, max = 1), example = 0.6)]
    pub strength: f32,
}

impl Default for Light {
    fn default() -> Light {
        Light { from: Side::Left, height: 50.0, softness: 0.5, strength: 0.6 }
    }
}

/// Where a lamp stands, seen from the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Front,
    FrontLeft,
    Left,
    BackLeft,
    Back,
    BackRight,
    Right,
    FrontRight,
}

fn is_default(light: &Light) -> bool {
    *light == Light::default()
}

impl Backdrop {
    /// The words for an empty backdrop.
    pub const CLEAR: [&'static str; 2] = ["none", "transparent"];

    /// The colours in it, to be read and replaced.
    pub fn colors(&mut self) -> impl Iterator<Item = &mut String> {
        let pairs = self.gradient.iter_mut().chain(&mut self.radial).flatten();
        self.color.iter_mut().chain(&mut self.sweep).chain(pairs)
    }

    /// What it is set on: the keys that are there.
    pub fn kinds(&self) -> Vec<&'static str> {
        let kinds = [
            ("color", self.color.is_some()),
            ("gradient", self.gradient.is_some()),
            ("radial", self.radial.is_some()),
            ("sweep", self.sweep.is_some()),
            ("plate", self.plate.is_some()),
        ];
        kinds.into_iter().filter(|(_, there)| *there).map(|(kind, _)| kind).collect()
    }

    /// Whether nothing is known of a floor: a flat colour, or no backdrop at all.
    pub fn is_flat(&self) -> bool {
        self.kinds().iter().all(|kind| *kind == "color")
    }
}

/// A backdrop, or a text for the simplest: a colour or `"none"`.
pub(super) fn text_or_table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Backdrop>, D::Error> {
    Ok(Box::new(match TextOr::deserialize(deserializer)? {
        TextOr::Table(backdrop) => backdrop,
        TextOr::Text(text) if Backdrop::CLEAR.contains(&text.as_str()) => Backdrop::default(),
        TextOr::Text(text) => Backdrop { color: Some(text), ..Backdrop::default() },
    }))
}
