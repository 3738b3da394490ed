//! Where and how far a take strayed from the product, pixel by pixel, once it is known where the product is.

use super::drift::Drift;
use super::plane::Plane;
use super::view::{Colours, Cutout, ROOM, Takes, View};
use super::{Fit, colour, light, windows};
use crate::imaging::Error;

/// At most so many pixels on the product's longer side are compared.
const LONGEST: f64 = 1024.0;

/// Share of the lower of both resolutions at which is compared: resampling softens what is finer, and that is no straying.
const RESOLUTION: f64 = 0.85;

/// The worst share of the product's pixels that decides, for each measure: a letter, a line of print, a large part.
const DETAIL_SHARE: f32 = 0.0005;
const COLOUR_SHARE: f32 = 0.005;
const STRUCTURE_SHARE: f32 = 0.02;

/// A difference in hue and chroma (Oklab) that costs a tenth of the score.
const COLOUR_TENTH: f32 = 0.018;

/// What a window costs that shows nothing of the product.
const WINDOW_LOSS: f32 = 0.9;

/// What each pixel of the product loses, from 0 (faithful) to 1, in the geometry of a view. A tenth is as much as a take
/// may lose that passes a minimum of 0.9.
pub struct Strayed {
    pub view: View,
    /// 1 where the product is compared.
    pub mask: Plane,
    detail: Plane,
    colour: Plane,
    structure: Plane,
    /// The worst of each, over the share that decides.
    worst: [f32; 3],
}

impl Strayed {
    pub fn new(cutout: &Cutout, takes: &Takes, fit: Fit) -> Result<Strayed, Error> {
        let longest = LONGEST.min(cutout.longest() * (RESOLUTION * fit.scale).min(1.0)).max(16.0);
        let view = View::new(cutout, longest, ROOM)?;
        // Away from the outline, where a take mixes in its surroundings; a product as thin as a wire has no such place.
        let mask = [2, 1, 0].map(|inset| view.mask(inset)).into_iter().find(|mask| mask.values.contains(&1.0));
        let mask = mask.ok_or(Error::NoProduct)?;
        let shot = takes.of(&view, fit)?;
        let drift = Drift::new(cutout, takes, fit)?;
        let places = view.places(fit, &shot, |_, point| drift.of(point));
        // One light blur of both: what resampling does to the finest detail differs by where pixels happen to fall.
        let colours = |plane: &dyn Fn(usize) -> Plane| Colours([0, 1, 2].map(|channel| plane(channel).blurred(1)));
        let own = colours(&|channel| view.colours.0[channel].clone());
        let seen = colours(&|channel| view.seen(&shot.colours.0[channel], &places));
        let size = ((longest / 128.0).round() as usize).max(3);
        let light = light::Light::between(&light::blocks(&own, &seen, &mask, size));
        let (own, seen) = light.removed(&own, &seen);
        // What lies outside of the take is not there at all.
        let lost = view.shown(fit, takes.size()).map(|shown| 1.0 - shown);

        let colour = spread(&light::blocks(&own, &seen, &mask, size), &mask, size);
        let [fine, half, quarter] = scales(&own.luma(), &seen.luma(), &mask);
        let or_lost = |plane: Plane| plane.zip(&lost, f32::max).times(&mask);
        let detail = or_lost(fine.zip(&half, f32::max).map(window_loss));
        let structure = or_lost(quarter.map(window_loss));
        let colour = or_lost(colour.map(colour_loss));
        let worst = [
            worst(&structure, &mask, STRUCTURE_SHARE),
            worst(&colour, &mask, COLOUR_SHARE),
            worst(&detail, &mask, DETAIL_SHARE),
        ];
        Ok(Strayed { view, mask, detail, colour, structure, worst })
    }

    /// What structure, colour and detail lose, in this order.
    pub fn losses(&self) -> [f32; 3] {
        self.worst
    }

    /// What each pixel loses, for whatever reason.
    pub fn loss(&self) -> Plane {
        self.detail.zip(&self.colour, f32::max).zip(&self.structure, f32::max)
    }
}

/// Noise and resampling cost next to nothing, what is not the product at all nearly everything.
fn window_loss(strayed: f32) -> f32 {
    WINDOW_LOSS * strayed * strayed
}

fn colour_loss(off: f32) -> f32 {
    (0.1 * (off / COLOUR_TENTH) * (off / COLOUR_TENTH)).min(1.0)
}

/// How much the windows strayed at the full, half and quarter size, all as planes of the full size.
fn scales(own: &Plane, seen: &Plane, mask: &Plane) -> [Plane; 3] {
    let whole = |mask: &Plane| mask.halved().map(|share| if share > 0.99 { 1.0 } else { 0.0 });
    let (half_own, half_seen, half_mask) = (own.halved(), seen.halved(), whole(mask));
    let (small_own, small_seen, small_mask) = (half_own.halved(), half_seen.halved(), whole(&half_mask));
    [
        windows::strayed(own, seen, mask),
        enlarged(&windows::strayed(&half_own, &half_seen, &half_mask), mask, 2),
        enlarged(&windows::strayed(&small_own, &small_seen, &small_mask), mask, 4),
    ]
}

/// Each pixel `times` both ways, at the size of another plane.
fn enlarged(plane: &Plane, like: &Plane, times: usize) -> Plane {
    let at = |pixel: usize| plane.values[pixel / like.width / times * plane.width + pixel % like.width / times];
    Plane::new(like.width, (0..like.values.len()).map(at).collect())
}

/// How far the colours of blocks strayed, for each pixel in them.
fn spread(blocks: &[light::Block], mask: &Plane, size: usize) -> Plane {
    let mut plane = Plane::new(mask.width, vec![0.0; mask.values.len()]);
    for (block, off) in blocks.iter().zip(colour::strayed(blocks)) {
        for y in block.y * size..((block.y + 1) * size).min(mask.height()) {
            let row = y * mask.width;
            plane.values[row + block.x * size..row + ((block.x + 1) * size).min(mask.width)].fill(off);
        }
    }
    plane
}

/// What the worst share of the pixels in the mask loses at least.
fn worst(loss: &Plane, mask: &Plane, share: f32) -> f32 {
    let inside = loss.values.iter().zip(&mask.values).filter(|(_, mask)| **mask > 0.0);
    let mut losses: Vec<f32> = inside.map(|(loss, _)| *loss).collect();
    let rank = (share * losses.len() as f32) as usize;
    if rank >= losses.len() {
        return 0.0;
    }
    *losses.select_nth_unstable_by(rank, |a, b| b.total_cmp(a)).1
}
