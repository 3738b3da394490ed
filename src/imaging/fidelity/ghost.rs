//! The model's own product where it sticks out around the real one, and what to show there instead.

use std::collections::VecDeque;

use super::Fit;
use super::plane::{Plane, Windows};
use super::view::{Colours, Cutout, Takes, View};
use crate::imaging::Error;

/// The product's longer side here, in pixels.
const LONGEST: f64 = 1024.0;

/// How far around the product the model's is looked for, as a share of its longer side.
const BAND: f64 = 0.025;

/// Room beyond the band, where the surroundings are sure, as a share of the longer side.
const BEYOND: f64 = 0.015;

/// A pixel is the product's if it is this much nearer to the product's rim than to the surroundings: shadows lie between them.
const NEARER: f32 = 0.6;

/// So many times their usual spread must a pixel be off from its surroundings.
const USUAL: f32 = 1.5;

/// How wide the model's edges are, in pixels.
const EDGE: usize = 3;

/// Colours closer than this (of 1) are one: then nothing sticks out to the eye.
const ALIKE: f32 = 0.06;

/// What is shown in place of the model's product, at a size of its own.
pub struct Ghost {
    view: View,
    /// From 0 (the take as it is) to 1 (what continues the surroundings).
    cover: Plane,
    fill: Colours,
    share: f32,
}

impl Ghost {
    pub fn new(cutout: &Cutout, takes: &Takes, fit: Fit) -> Result<Ghost, Error> {
        let longest = LONGEST.min(cutout.longest());
        let (band, beyond) = ((BAND * longest).ceil() as u16, (BEYOND * longest).ceil() as u16);
        let view = View::new(cutout, longest, f64::from(band + beyond + 2))?;
        let shot = takes.of(&view, fit)?;
        let places = view.places(fit, &shot, |_, point| point);
        let seen = Colours([0, 1, 2].map(|channel| view.seen(&shot.colours.0[channel], &places)));
        let product: Vec<bool> = view.alpha.values.iter().map(|alpha| *alpha > 0.02).collect();
        let ghost = sticking_out(&product, &seen, view.width(), band, beyond);
        let count = |pixels: &[bool]| pixels.iter().filter(|is_in| **is_in).count() as f32;
        let share = count(&ghost) / count(&product).max(1.0);
        // At its edge the model's product is mixed with the surroundings.
        let swollen = |pixels: &[bool], radius: usize| {
            let pixels = pixels.iter().map(|is_in| f32::from(u8::from(*is_in))).collect();
            Plane::new(view.width(), pixels).blurred(radius).map(|near| if near > 1e-4 { 1.0 } else { 0.0 })
        };
        let hidden = swollen(&product, 1).zip(&swollen(&ghost, EDGE), f32::max);
        let known = hidden.map(|hidden| 1.0 - hidden);
        let fill = Colours(seen.0.map(|plane| continued(&plane, &known)));
        Ok(Ghost { cover: hidden, view, fill, share })
    }

    /// How much of the model's product stuck out, as a share of the product's area.
    pub fn share(&self) -> f32 {
        self.share
    }

    /// The surroundings at a point of the source, where the take shows a colour.
    pub fn covered(&self, point: [f64; 2], seen: [f32; 3]) -> [f32; 3] {
        let place = self.view.place(point);
        let cover = self.view.at(&self.cover, place);
        if cover <= 0.0 {
            return seen;
        }
        [0, 1, 2].map(|channel| seen[channel] + (self.view.at(&self.fill.0[channel], place) - seen[channel]) * cover)
    }
}

/// The pixels around a product that look like its rim and not like the surroundings, and that hang together with it.
fn sticking_out(product: &[bool], seen: &Colours, width: usize, band: u16, beyond: u16) -> Vec<bool> {
    let outwards = nearest(product, width, band + beyond);
    let far: Vec<bool> = outwards.iter().map(|near| near.is_none_or(|(steps, _)| steps > band)).collect();
    let inwards = nearest(&far, width, band + beyond);
    let radius = usize::from(beyond);
    let (rims, outs) = (Looks::new(product, seen, width, radius / 3), Looks::new(&far, seen, width, radius));
    let own: Vec<Plane> = seen.0.iter().map(|plane| plane.blurred(1)).collect();
    let is_product = |pixel: usize| {
        let (Some((_, rim)), Some((_, out))) = (outwards[pixel], inwards[pixel]) else { return false };
        let own = [0, 1, 2].map(|channel| own[channel].values[pixel]);
        let (rim, out_mean) = (rims.mean(rim), outs.mean(out));
        // Surroundings with a texture differ from their own mean, too.
        let off = apart(own, out_mean);
        apart(rim, out_mean) > ALIKE && apart(own, rim) < NEARER * off && off > USUAL * outs.spread(out)
    };
    let mut ghost = vec![false; product.len()];
    let mut open: VecDeque<usize> = (0..product.len()).filter(|pixel| product[*pixel]).collect();
    while let Some(pixel) = open.pop_front() {
        for near in neighbours(pixel, width, product.len()) {
            let in_band = outwards[near].is_some_and(|(steps, _)| steps > 0 && steps <= band);
            if in_band && !ghost[near] && is_product(near) {
                ghost[near] = true;
                open.push_back(near);
            }
        }
    }
    ghost
}

/// What one side of an outline looks like around each of its pixels: its mean colour, and how far its pixels are from it.
struct Looks {
    means: Vec<Plane>,
    variances: Vec<Plane>,
}

impl Looks {
    fn new(side: &[bool], seen: &Colours, width: usize, radius: usize) -> Looks {
        let mask = Plane::new(width, side.iter().map(|is_in| f32::from(u8::from(*is_in))).collect());
        let windows = Windows::new(&mask, radius);
        let (means, variances) = seen.0.iter().map(|plane| windows.mean_and_variance(plane)).unzip();
        Looks { means, variances }
    }

    fn mean(&self, pixel: usize) -> [f32; 3] {
        [0, 1, 2].map(|channel| self.means[channel].values[pixel])
    }

    fn spread(&self, pixel: usize) -> f32 {
        self.variances.iter().map(|plane| plane.values[pixel]).sum::<f32>().sqrt()
    }
}

/// For each pixel up to so many steps away from a set: how many steps, and the pixel of the set that it was reached from.
fn nearest(set: &[bool], width: usize, steps: u16) -> Vec<Option<(u16, usize)>> {
    let mut found: Vec<Option<(u16, usize)>> =
        set.iter().enumerate().map(|(pixel, is_in)| is_in.then_some((0, pixel))).collect();
    let mut open: VecDeque<usize> = (0..set.len()).filter(|pixel| set[*pixel]).collect();
    while let Some(pixel) = open.pop_front() {
        let Some((taken, from)) = found[pixel] else { continue };
        if taken == steps {
            continue;
        }
        for near in neighbours(pixel, width, set.len()) {
            if found[near].is_none() {
                found[near] = Some((taken + 1, from));
                open.push_back(near);
            }
        }
    }
    found
}

/// The up to eight pixels around one.
fn neighbours(pixel: usize, width: usize, count: usize) -> impl Iterator<Item = usize> {
    let (x, y) = (pixel % width, pixel / width);
    let rows = y.saturating_sub(1)..(y + 2).min(count / width);
    rows.flat_map(move |v| (x.saturating_sub(1)..(x + 2).min(width)).map(move |u| v * width + u))
        .filter(move |near| *near != pixel)
}

fn apart(a: [f32; 3], b: [f32; 3]) -> f32 {
    let off = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    (off[0] * off[0] + off[1] * off[1] + off[2] * off[2]).sqrt()
}

/// What is known, continued smoothly over what is not: means of ever larger squares where smaller ones know nothing.
/// Source: Gortler, Grzeszczuk, Szeliski and Cohen, "The Lumigraph" (SIGGRAPH 1996), push-pull.
fn continued(values: &Plane, known: &Plane) -> Plane {
    let weighted = values.times(known);
    if values.width.min(values.height()) <= 1 || known.values.iter().all(|known| *known > 0.0) {
        return weighted.zip(known, |sum, known| if known > 0.0 { sum / known } else { 0.5 });
    }
    let (sums, weights) = (weighted.halved(), known.halved());
    let means = sums.zip(&weights, |sum, weight| if weight > 0.0 { sum / weight } else { 0.0 });
    let coarse = continued(&means, &weights.map(|weight| if weight > 0.0 { 1.0 } else { 0.0 }));
    let at = |pixel: usize| {
        let (x, y) = (pixel % values.width, pixel / values.width);
        let smooth = coarse.linear((x as f32 - 0.5) / 2.0, (y as f32 - 0.5) / 2.0);
        smooth + (values.values[pixel] - smooth) * known.values[pixel]
    };
    Plane::new(values.width, (0..values.values.len()).map(at).collect())
}
