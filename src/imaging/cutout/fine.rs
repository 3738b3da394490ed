//! From the rough border to a mask of the photo's full size: the border alone is looked at again, at twice the size each time.

use super::coarse::{Coarse, log_odds};
use super::guesses::Guesses;
use super::outline::{Outline, fitted};
use super::raster::Raster;
use super::regions::near_border;
use super::softness::{self, Crossing};
use super::view::View;
use super::{Fault, Mask};
use crate::imaging::{Picture, cut};

/// The longest side of the finest grid. Beyond it, edges of phone photos are soft anyway.
const LONGEST: f64 = 1500.0;

/// How far the border may move at each size, in pixels.
const BAND: usize = 4;

// Weights, as for the rough border. Colours that are learnt from whole sides mislead so close to it (measured: boundary F within
// 2 px of 0.64 with them, 0.80 without). Edges are dear here, so that noise and grain do not fray them.
const BORDER: f32 = 3.0;
const LEAN: f32 = 0.3;
const GUESS: f32 = 1.6;

/// Pixels across the mask's edge: at least as many as show no steps, else as many as the photo's own edges take, up to what a phone's
/// lens makes of what it is focused on.
const WIDTHS: [f32; 2] = [2.9, 7.0];
pub fn refine(picture: &Picture, coarse: Coarse, guesses: &Guesses) -> Result<Mask, Fault> {
    let Coarse { mut view, mut sides, .. } = coarse;
    let longest =
        (view.region.width * f64::from(picture.width())).max(view.region.height * f64::from(picture.height()));
    let finest = (LONGEST / longest).min(1.0);
    let mut scale = view.width as f64 / (view.region.width * f64::from(picture.width()));
    while scale < finest * 0.99 {
        scale = (scale * 2.0).min(finest);
        let finer = View::new(picture, view.region, scale);
        sides = sharper(picture, &finer, &enlarged(&sides, &view, &finer), guesses)?;
        view = finer;
    }
    full(picture, &view, &sides)
}

fn enlarged(sides: &[bool], from: &View, to: &View) -> Vec<bool> {
    let at = |pixel: usize| {
        let (x, y) = (pixel % to.width * from.width / to.width, pixel / to.width * from.height / to.height);
        sides[y * from.width + x]
    };
    (0..to.len()).map(at).collect()
}

/// The border finds the nearest edges of the photo.
fn sharper(picture: &Picture, view: &View, rough: &[bool], guesses: &Guesses) -> Result<Vec<bool>, Fault> {
    let frame = view.frame(picture)?.smoothed();
    let open = near_border(rough, view.width, BAND);
    let pull = |pixel: usize| {
        if !open[pixel] {
            return 0.0;
        }
        let odds = log_odds(guesses.at(view.place(pixel))).clamp(-2.0, 2.0);
        // Where the rough border went against the guess, it had its reasons.
        let overruled = (odds > 0.0) != rough[pixel] && odds.abs() >= 1.0;
        let lean = if rough[pixel] { LEAN } else { -LEAN };
        if overruled { lean } else { lean + GUESS * odds }
    };
    let pull: Vec<f32> = (0..view.len()).map(pull).collect();
    let mut sides = rough.to_vec();
    frame.divide(&mut sides, &open, &pull, BORDER);
    Ok(sides)
}

/// The mask of the whole photo, with smooth edges.
fn full(picture: &Picture, view: &View, sides: &[bool]) -> Result<Mask, Fault> {
    let (width, height) = (picture.width(), picture.height());
    let pixels = |share: f64, side: u32| (share * f64::from(side)).round() as u32;
    let (left, top) = (pixels(view.region.left, width), pixels(view.region.top, height));
    let across = pixels(view.region.width, width).clamp(1, width - left);
    let down = pixels(view.region.height, height).clamp(1, height - top);
    let larger = [across as f32 / view.width as f32, down as f32 / view.height as f32];
    let outlines = fitted(&view.frame(picture)?.smoothed(), sides);
    let mut raster = Raster::new(across as usize, down as usize);
    outlines.iter().for_each(|outline| raster.add(outline, larger));
    let part = cut(picture, view.region, across, down)?;
    let crossings = outlines.iter().flat_map(Outline::crossings).map(|Crossing { place, inwards }| Crossing {
        place: [0, 1].map(|axis| place[axis] * larger[axis] - 0.5),
        inwards,
    });
    let edge = softness::width(&part, crossings).unwrap_or(WIDTHS[0]).clamp(WIDTHS[0], WIDTHS[1]);
    let mut mask = vec![0; width as usize * height as usize];
    let rows = mask.chunks_exact_mut(width as usize).skip(top as usize);
    for (row, part) in rows.zip(raster.mask(edge).chunks_exact(across as usize)) {
        row[left as usize..][..across as usize].copy_from_slice(part);
    }
    Ok(Mask { width, height, pixels: mask })
}
