//! How far a model's picture strayed from the product that it shows, and the product put back into what a model painted around it.
//!
//! [`compare`] finds the product in a take ([`search`], [`refine`]), takes away what is only another light ([`light`]), and compares what is left:
//! structure and detail in small windows ([`windows`]), colour in small blocks ([`colour`]). The worst places count, not the mean: letters that
//! were drawn anew are a hundredth of a label's area, and all of the harm. [`measure`] shows them. [`surround`] puts the product back.

mod colour;
mod fit;
mod heat;
mod light;
mod plane;
mod refine;
mod search;
mod solve;
mod surround;
mod view;
mod windows;

use serde::{Deserialize, Serialize};

use super::{Error, Picture};
use light::{Block, Light, blocks};
use plane::Plane;
use view::{Colours, Cutout, Takes, View};

pub use fit::Fit;
pub use heat::measure;
pub use surround::surround;

/// The longer side of the product at which it is compared, in pixels; less where the take shows it smaller. Small print has some pixels there.
const LONGEST: f64 = 1024.0;

/// The share of the product that may stray as far as it likes: specks of noise, and what a soft edge brings along.
const SPECKS: f32 = 0.002;

/// What costs a tenth of the score: of windows from 0 to 1, of chroma in Oklab. Takes of the right product that a model painted anew reach half of
/// it; a single letter that was altered reaches twice as much.
const STRAYED: f32 = 0.29;
const RECOLOURED: f32 = 0.03;

/// A channel above this may be clipped, and then says nothing of colour.
const CLIPPED: f64 = 0.96;

/// How like the product the product in a take is. All numbers but the fit's are from 0 to 1, where 1 is the product itself; `score` is the lowest of
/// them: a label must not make up for a colour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub score: f32,
    /// Shapes and large letters.
    pub structure: f32,
    /// Fine print, and sharpness at the lower resolution of the two.
    pub detail: f32,
    /// Colours of parts; one tint and one soft change of brightness over everything are light, not colour.
    pub colour: f32,
    /// The share of the product that the take has in its frame.
    pub shown: f32,
    pub fit: Fit,
}

/// Compares the product in a take with an isolated product, developed.
///
/// # Errors
/// [`Error::NoProduct`] where nothing is isolated; otherwise those of cutting.
pub fn compare(product: &Picture, take: &Picture) -> Result<Comparison, Error> {
    Ok(Compared::new(product, take)?.comparison)
}

/// A comparison with what the heatmap shows of it.
struct Compared {
    comparison: Comparison,
    view: View,
    /// How far each pixel of the view strayed, from 0 to 1.
    strayed: Plane,
}

impl Compared {
    fn new(product: &Picture, take: &Picture) -> Result<Compared, Error> {
        let cutout = Cutout::new(product)?;
        let takes = Takes::new(take)?;
        let fit = refine::register(&cutout, &takes)?;
        let longest = LONGEST.min(cutout.longest() * (0.85 * fit.scale).min(1.0));
        let view = View::new(&cutout, longest)?;
        let shot = takes.of(&view, fit)?;
        let places = view.places(fit, &shot);
        let whole = view.mask(2);
        let mask = whole.times(&view.shown(fit, takes.size()));
        let sum = |plane: &Plane| plane.values.iter().map(|value| f64::from(*value)).sum::<f64>();
        let shown = (sum(&mask) / sum(&whole).max(1.0)) as f32;
        let own = Colours([0, 1, 2].map(|channel| view.colours.0[channel].blurred(1)));
        let seen = Colours([0, 1, 2].map(|channel| view.seen(&shot.colours.0[channel], &places).blurred(1)));
        let size = ((longest / 128.0).round() as usize).max(3);
        let lit = Light::between(&blocks(&own, &seen, &mask, size)).removed(&seen);
        let fine = windows::strayed(&own.luma(), &lit.luma(), &mask);
        let (own_half, lit_half, mask_half) = (own.luma().halved(), lit.luma().halved(), sure(&mask.halved()));
        let half = windows::strayed(&own_half, &lit_half, &mask_half);
        let mask_quarter = sure(&mask_half.halved());
        let quarter = windows::strayed(&own_half.halved(), &lit_half.halved(), &mask_quarter);
        let coarse = worst(&half, &mask_half).max(worst(&quarter, &mask_quarter));
        let colours = blocks(&own, &lit, &mask, size);
        let unclipped = blocks(&own, &seen, &mask, size);
        let recoloured = recoloured(&colours, &unclipped);
        let left = |off: f32, tenth: f32| (1.0 - 0.1 * (off / tenth) * (off / tenth)).max(0.0);
        let (structure, detail) = (left(coarse, STRAYED), left(worst(&fine, &mask), STRAYED));
        let colour = left(recoloured.iter().map(|(_, off)| *off).fold(0.0, f32::max), RECOLOURED);
        let score = structure.min(detail).min(colour).min(shown);
        let mut strayed = fine;
        for (at, off) in recoloured {
            let Block { x, y, .. } = colours[at];
            let off = (off / RECOLOURED - 0.7).clamp(0.0, 1.0);
            for v in y * size..((y + 1) * size).min(view.height()) {
                for pixel in v * view.width() + x * size..v * view.width() + ((x + 1) * size).min(view.width()) {
                    strayed.values[pixel] = strayed.values[pixel].max(off * mask.values[pixel]);
                }
            }
        }
        let comparison = Comparison { score, structure, detail, colour, shown, fit };
        Ok(Compared { comparison, view, strayed })
    }
}

/// A mask at half size: where all of it was in.
fn sure(mask: &Plane) -> Plane {
    mask.map(|share| if share > 0.99 { 1.0 } else { 0.0 })
}

/// The value that only [`SPECKS`] of a mask's pixels exceed.
fn worst(plane: &Plane, mask: &Plane) -> f32 {
    let inside = plane.values.iter().zip(&mask.values).filter(|(_, mask)| **mask > 0.0);
    let mut values: Vec<f32> = inside.map(|(value, _)| *value).collect();
    let at = (SPECKS * values.len() as f32) as usize;
    if at >= values.len() {
        return 0.0;
    }
    *values.select_nth_unstable_by(at, |a, b| b.total_cmp(a)).1
}

/// How far the chroma of blocks strayed, by their number; without the few that stray most, and without those that the take's light clipped.
fn recoloured(lit: &[Block], seen: &[Block]) -> Vec<(usize, f32)> {
    let is_clipped = |block: &Block| block.seen.iter().chain(&block.own).any(|value| *value > CLIPPED);
    let mut off: Vec<(usize, f32)> = (0..lit.len())
        .filter(|at| !is_clipped(&seen[*at]))
        .map(|at| (at, colour::apart(lit[at].own, lit[at].seen)[0]))
        .collect();
    off.sort_by(|a, b| b.1.total_cmp(&a.1));
    off.drain(..(SPECKS * off.len() as f32) as usize);
    off
}
