//! From the rough border to a mask of the photo's full size: the border alone is looked at again, at twice the size each time.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::border::Frame;
use super::coarse::{Coarse, log_odds};
use super::contact::lifted;
use super::even::evened;
use super::guesses::Guesses;
use super::regions::near_border;
use super::softness::{self, Crossing};
use super::view::View;
use super::{Fault, Mask};
use crate::imaging::{Error, Picture, cut};

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
/// The same of a sharp edge that is [`blurred`] as often as below: the middle one of 17 binomial weights.
const BLURRED_SLOPE: f32 = 12_870.0 / 65_536.0;
/// How often: what is gone after that are the grid's steps along slanted edges, and no corner that anybody would miss.
const BLURS: usize = 4;

pub fn refine(picture: &Picture, coarse: Coarse, guesses: &Guesses) -> Result<Mask, Fault> {
    let Coarse { mut view, mut sides, .. } = coarse;
    let longest =
        (view.region.width * f64::from(picture.width())).max(view.region.height * f64::from(picture.height()));
    let finest = (LONGEST / longest).min(1.0);
    let mut scale = view.width as f64 / (view.region.width * f64::from(picture.width()));
    let mut seen = None;
    while scale < finest * 0.99 {
        scale = (scale * 2.0).min(finest);
        let finer = View::new(picture, view.region, scale);
        let frame = finer.frame(picture)?.smoothed();
        sides = sharper(&frame, &finer, &enlarged(&sides, &view, &finer), guesses);
        (view, seen) = (finer, Some(frame));
    }
    let frame = match seen {
        Some(frame) => frame,
        None => view.frame(picture)?.smoothed(),
    };
    full(picture, &view, &evened(&lifted(&sides, &frame), &frame))
}

fn enlarged(sides: &[bool], from: &View, to: &View) -> Vec<bool> {
    let at = |pixel: usize| {
        let (x, y) = (pixel % to.width * from.width / to.width, pixel / to.width * from.height / to.height);
        sides[y * from.width + x]
    };
    (0..to.len()).map(at).collect()
}

/// The border finds the nearest edges of the photo.
fn sharper(frame: &Frame, view: &View, rough: &[bool], guesses: &Guesses) -> Vec<bool> {
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
    sides
}

/// The mask of the whole photo, with smooth edges.
fn full(picture: &Picture, view: &View, sides: &[bool]) -> Result<Mask, Fault> {
    let failed = || Fault::Picture(Error::Size { width: picture.width(), height: picture.height() });
    let (width, height) = (picture.width(), picture.height());
    let pixels = |share: f64, side: u32| (share * f64::from(side)).round() as u32;
    let (left, top) = (pixels(view.region.left, width), pixels(view.region.top, height));
    let across = pixels(view.region.width, width).clamp(1, width - left);
    let down = pixels(view.region.height, height).clamp(1, height - top);
    let sharp = sides.iter().map(|side| if *side { 255 } else { 0 }).collect();
    let small = (0..BLURS).fold(sharp, |soft: Vec<u8>, _| blurred(&soft, view.width));
    let source = ImageRef::new(view.width as u32, view.height as u32, &small, PixelType::U8).map_err(|_| failed())?;
    let mut target = Image::new(across, down, PixelType::U8);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    Resizer::new().resize(&source, &mut target, &options).map_err(|_| failed())?;
    let larger = [across as f32 / view.width as f32, down as f32 / view.height as f32];
    let part = cut(picture, view.region, across, down)?;
    let crossings = crossings(&small, view.width).map(|Crossing { place: [x, y], inwards }| Crossing {
        place: [(x + 0.5) * larger[0] - 0.5, (y + 0.5) * larger[1] - 0.5],
        inwards,
    });
    let edge = softness::width(&part, crossings).unwrap_or(WIDTHS[0]).clamp(WIDTHS[0], WIDTHS[1]);
    let gain = (larger[0] / (edge * BLURRED_SLOPE)).clamp(1.0, 4.0);
    let steeper: Vec<u8> =
        (0..=255).map(|value: u8| ((f32::from(value) - 127.5) * gain + 128.0).clamp(0.0, 255.0) as u8).collect();
    let mut mask = vec![0; width as usize * height as usize];
    let rows = mask.chunks_exact_mut(width as usize).skip(top as usize);
    for (row, part) in rows.zip(target.buffer().chunks_exact(across as usize)) {
        for (value, soft) in row[left as usize..].iter_mut().zip(part) {
            *value = steeper[usize::from(*soft)];
        }
    }
    Ok(Mask { width, height, pixels: mask })
}

/// Where a soft mask is half, in its pixels: wherever it falls below that to the right or downwards.
fn crossings(soft: &[u8], width: usize) -> impl Iterator<Item = Crossing> {
    let at = move |x: usize, y: usize| f32::from(soft[y * width + x]);
    let inner = (1..(soft.len() / width).saturating_sub(2)).flat_map(move |y| (1..width - 2).map(move |x| (x, y)));
    inner.filter_map(move |(x, y)| {
        let (own, right, below) = (at(x, y), at(x + 1, y), at(x, y + 1));
        let slope = [right - at(x - 1, y), below - at(x, y - 1)];
        let steep = (slope[0] * slope[0] + slope[1] * slope[1]).sqrt();
        let is_half = (own > 127.5) != (right > 127.5) || (own > 127.5) != (below > 127.5);
        // To where it is half along the steepest way: twice the slope is that of two pixels.
        let off = (127.5 - own) * 2.0 / steep.max(1.0);
        let inwards = slope.map(|part| part / steep.max(1.0));
        (is_half && steep > 1.0)
            .then(|| Crossing { place: [x as f32 + off * inwards[0], y as f32 + off * inwards[1]], inwards })
    })
}

/// Blurred by 1-4-6-4-1 both ways; half stays half.
fn blurred(sharp: &[u8], width: usize) -> Vec<u8> {
    const WEIGHTS: [u32; 5] = [1, 4, 6, 4, 1];
    let height = sharp.len() / width;
    let along = |at: usize, most: usize, value: &dyn Fn(usize) -> u32| {
        let near = (0..5).map(|step| WEIGHTS[step] * value((at + step).saturating_sub(2).min(most - 1)));
        near.sum::<u32>()
    };
    let mut across = Vec::with_capacity(sharp.len());
    for y in 0..height {
        across.extend((0..width).map(|x| along(x, width, &|x| u32::from(sharp[y * width + x]))));
    }
    let mut soft = Vec::with_capacity(sharp.len());
    for y in 0..height {
        soft.extend((0..width).map(|x| ((along(y, height, &|y| across[y * width + x]) + 128) / 256) as u8));
    }
    soft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_soft_on_both_sides_and_half_at_the_border() {
        let sharp: Vec<u8> = (0..20 * 20).map(|pixel| if pixel % 20 >= 10 { 255 } else { 0 }).collect();
        let soft = blurred(&sharp, 20);
        assert_eq!(soft[10 * 20 + 7..10 * 20 + 13], [0, 16, 80, 175, 239, 255]);
    }
}
