//! Backdrop: cutouts and what the manifest says of their backdrop become a scene.

use super::Failed;
use super::develop::problem;
use crate::campaign::backdrop::{Backdrop, Shadow, Side};
use crate::campaign::{Place, Problem, color};
use crate::engine::{EngineError, Work};
use crate::imaging::scene::{self, Light, Product, Scene, Setting};
use crate::imaging::{self, Limits, Picture};

/// How dark the shade at the base is: it is what keeps a product from floating.
const CONTACT: f32 = 0.8;
/// The longer side that a scene claims where a template asks how large it is.
const NATURAL: u32 = 1350;

/// The products of cutouts on what a look sets them on. A plate is found on the way; `reach` is the longest side that anything is painted at.
pub(super) fn scene(work: &Work<'_>, products: Vec<Product>, wanted: &Backdrop, reach: u32) -> Result<Scene, Failed> {
    let plate = wanted.plate.as_ref().map(|path| plate(work, path, reach)).transpose()?;
    Ok(Scene { products, plate, setting: setting(wanted) })
}

fn plate(work: &Work<'_>, path: &str, reach: u32) -> Result<Picture, Failed> {
    let Some(bytes) = work.find(path)? else { return Err(EngineError::Missing { path: path.to_owned() }.into()) };
    let failed = |error: imaging::Error| problem(&error, path);
    let needed = imaging::estimate(&bytes, reach).map_err(failed)?;
    let _memory = work.reserve(usize::try_from(needed).unwrap_or(usize::MAX));
    imaging::decode(&bytes, reach, &Limits::default()).map_err(failed)
}

/// The product of a cutout, made from the photo at `path`.
pub(super) fn product(cutout: &Picture, path: &str) -> Result<Product, Failed> {
    let product = Product::new(cutout).map_err(|error| problem(&error, path))?;
    product.ok_or_else(|| nothing_to_set(cutout, path).at(Place::file(path)).into())
}

/// The mistake of a look that sets a whole photo on a backdrop, or of a photo with no product in it.
fn nothing_to_set(cutout: &Picture, path: &str) -> Problem {
    if cutout.channels() == 4 {
        let message = format!("there is no product in `{path}`: all of it is transparent");
        return Problem::error("no-cutout", message)
            .hint(format!("look at it with softbox cutout {path}, and say in a [cutout] table where the product is"));
    }
    let message = format!("`{path}` has no transparency, so there is no product to set on a backdrop");
    Problem::error("no-cutout", message)
        .hint("put \"cutout\" before the backdrop, or use a PNG of the product without its background")
}

fn setting(wanted: &Backdrop) -> Setting {
    let defaults = Setting::default();
    let is_flat = wanted.is_flat();
    Setting {
        backdrop: backdrop(wanted),
        fill: wanted.fill.unwrap_or(if is_flat { 0.88 } else { 0.62 }),
        anchor: wanted.anchor.unwrap_or(defaults.anchor),
        margin: wanted.margin.unwrap_or(defaults.margin),
        floor: wanted.floor,
        gap: wanted.gap.unwrap_or(defaults.gap),
        exact: wanted.exact,
        light: light(wanted, wanted.shadow.unwrap_or(if is_flat { Shadow::None } else { Shadow::Cast })),
        gloss: wanted.gloss,
        matching: wanted.matching,
        grain: wanted.grain,
        natural: natural(wanted),
        ..defaults
    }
}

fn backdrop(wanted: &Backdrop) -> scene::Backdrop {
    if wanted.plate.is_some() {
        return scene::Backdrop::Plate { focus: wanted.focus.unwrap_or([0.5, 0.5]) };
    }
    if let Some([from, to]) = &wanted.gradient {
        return scene::Backdrop::Linear { from: rgb(from), to: rgb(to), angle: wanted.angle.unwrap_or(180.0) };
    }
    if let Some([centre, edge]) = &wanted.radial {
        return scene::Backdrop::Radial { centre: rgb(centre), edge: rgb(edge) };
    }
    match (&wanted.sweep, &wanted.color) {
        (Some(paper), _) => scene::Backdrop::Sweep(rgb(paper)),
        (None, Some(color)) => scene::Backdrop::Colour(rgb(color)),
        (None, None) => scene::Backdrop::Transparent,
    }
}

/// A colour of a checked look, which holds colours only.
fn rgb(color: &str) -> [u8; 3] {
    color::parse(color).map_or([255; 3], |[r, g, b, _]| [r, g, b])
}

fn light(wanted: &Backdrop, shadow: Shadow) -> Option<Light> {
    let azimuth = match wanted.light.from {
        Side::Front => 0.0,
        Side::FrontLeft => 45.0,
        Side::Left => 75.0,
        Side::BackLeft => 130.0,
        Side::Back => 180.0,
        Side::BackRight => 230.0,
        Side::Right => 285.0,
        Side::FrontRight => 315.0,
    };
    let cast = match shadow {
        Shadow::None => return None,
        Shadow::Contact => 0.0,
        Shadow::Cast => wanted.light.strength,
    };
    Some(Light { azimuth, height: wanted.light.height, softness: wanted.light.softness, cast, contact: CONTACT })
}

fn natural(wanted: &Backdrop) -> (u32, u32) {
    let (width, height) = wanted.ratio.map_or((4, 5), |ratio| (ratio.width, ratio.height));
    let longer = u64::from(width.max(height));
    let side = |part: u32| (u64::from(part) * u64::from(NATURAL)).div_ceil(longer) as u32;
    (side(width), side(height))
}
