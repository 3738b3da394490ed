//! A picture of where a take strayed: the take in grey, the product's outline, and what is wrong in colour.

use rayon::prelude::*;

use super::Fit;
use super::plane::Plane;
use super::strayed::Strayed;
use super::view::{Cutout, Takes};
use crate::imaging::{Error, Picture, Region, cut};

/// The longer side of the picture, at most.
const LONGEST: u32 = 1600;

/// How bright the grey take is on the product and around it.
const PRODUCT: f32 = 0.85;
const AROUND: f32 = 0.4;

/// Losses from which on colour shows, and from which on it is full.
const SHOWN: f32 = 0.06;
const FULL: f32 = 0.4;

/// From yellow (a little) to red (much), and the outline's colour, in sRGB levels.
const LITTLE: [f32; 3] = [255.0, 214.0, 0.0];
const MUCH: [f32; 3] = [235.0, 20.0, 40.0];
const OUTLINE: [f32; 3] = [90.0, 200.0, 255.0];

/// The take (at most 1600 pixels on its longer side) in grey, darker around the product, whose outline is blue; yellow marks what
/// strayed a little, red what strayed much.
///
/// # Errors
/// Those of [`super::compare`].
pub fn heatmap(product: &Picture, take: &Picture, fit: Fit) -> Result<Picture, Error> {
    let (cutout, takes) = (Cutout::new(product)?, Takes::new(take)?);
    let strayed = Strayed::new(&cutout, &takes, fit)?;
    // Losses swell by a few pixels, so that a wrong letter is seen at a glance.
    let loss = swollen(&strayed.loss(), strayed.view.width().max(strayed.view.height()) / 200 + 1).blurred(2);
    let (full_width, full_height) = takes.size();
    let shrink = (f64::from(LONGEST) / f64::from(full_width.max(full_height))).min(1.0);
    let size = |side: u32| ((f64::from(side) * shrink).round() as u32).max(1);
    let (width, height) = (size(full_width), size(full_height));
    let shown = cut(takes.full(), Region::WHOLE, width, height)?;
    let way = fit.into_source();
    let view = &strayed.view;
    let mut pixels = shown.into_pixels();
    let (across, down) = (f64::from(full_width) / f64::from(width), f64::from(full_height) / f64::from(height));
    let reach = across.max(down) / fit.scale * view.scale;
    pixels.par_chunks_exact_mut(width as usize * 3).enumerate().for_each(|(y, row)| {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let point = way.of([(x as f64 + 0.5) * across, (y as f64 + 0.5) * down]);
            let place = view.place(point);
            let grey = 0.2126 * f32::from(pixel[0]) + 0.7152 * f32::from(pixel[1]) + 0.0722 * f32::from(pixel[2]);
            let alpha = view.at(&view.alpha, place);
            let base = grey * (AROUND + (PRODUCT - AROUND) * alpha);
            let much = ((view.at(&loss, place) - SHOWN) / (FULL - SHOWN)).clamp(0.0, 1.0);
            let heat = if much > 0.0 { 0.35 + 0.4 * much } else { 0.0 };
            let line = if is_outline(view, place, reach as f32) { 0.8 } else { 0.0 };
            for (channel, value) in pixel.iter_mut().enumerate() {
                let hot = LITTLE[channel] + (MUCH[channel] - LITTLE[channel]) * much;
                let warm = base + (hot - base) * heat;
                *value = (warm + (OUTLINE[channel] - warm) * line + 0.5).clamp(0.0, 255.0) as u8;
            }
        }
    });
    Picture::from_pixels(pixels, width, height, 3)
}

/// Whether the product's outline passes within a pixel and a half of the picture.
fn is_outline(view: &super::view::View, [x, y]: [f32; 2], reach: f32) -> bool {
    let step = 1.5 * reach.max(0.7);
    let around = [(-step, 0.0), (step, 0.0), (0.0, -step), (0.0, step)];
    let alphas = around.map(|(right, down)| view.at(&view.alpha, [x + right, y + down]));
    alphas.iter().any(|alpha| *alpha > 0.5) && alphas.iter().any(|alpha| *alpha <= 0.5)
}

/// The most of each pixel and its neighbours.
fn swollen(plane: &Plane, radius: usize) -> Plane {
    let reach = radius as isize;
    let across = |plane: &Plane, right: isize, down: isize| {
        let most = |pixel: usize| {
            let (x, y) = ((pixel % plane.width) as isize, (pixel / plane.width) as isize);
            (-reach..=reach).map(|step| plane.near(x + step * right, y + step * down)).fold(0.0, f32::max)
        };
        Plane::new(plane.width, (0..plane.values.len()).into_par_iter().map(most).collect())
    };
    across(&across(plane, 1, 0), 0, 1)
}
