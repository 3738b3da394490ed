//! The rough border, on few pixels: guesses, hints and the photo's own colours are weighed against each other.

use super::border::{Frame, SURE};
use super::colours::{Colours, Evidence, logarithm};
use super::guesses::Guesses;
use super::hints::painted;
use super::mirror::mirrored;
use super::regions::{bounds, distances, fill_specks, main_parts};
use super::view::View;
use super::{Fault, Hints};
use crate::imaging::{Picture, Region};

/// Pixels of the rough grid: as many as the network sees.
const PIXELS: f64 = 320.0 * 320.0;

// Weights of what pulls a pixel to one side, against the price of a border between equal pixels. Found by the scoring set
// (`cargo bench --bench cutout`).
const GUESS: f32 = 1.5;
const COLOUR: f32 = 0.4;
const HINT: f32 = 8.0;
const BORDER: f32 = 1.0;
/// Of the mirror image: where it has what was not found, and where it has not what was found. Shadows are lost less evenly than glass, and spouts
/// have no mirror image.
const MIRROR: [f32; 2] = [4.0, 2.0];

/// How much difference of colour a hint reaches across.
const HINT_REACH: f32 = 12.0;
/// How many times its own depth in a mistake a hint reaches.
const HINT_DEPTHS: f32 = 3.0;
/// How far a line reaches to its sides at most, in pixels of the rough grid: it was drawn along what is meant.
const LINE_REACH: f32 = 5.0;

/// A colour seen nowhere around the box is rather the product's: its density there, as a share of an even one.
const NOVEL_IN_BOX: f32 = 0.6;
const NOVEL: f32 = 0.15;

/// How far a product may stay from the sides of the box that was drawn around it, as a share of the box.
const SLACK: f64 = 0.15;
/// How strongly a box that its product does not fill is pressed to be filled: the steps, and the start for narrow boxes, which
/// networks see worst.
const PRESSED: [f32; 7] = [0.0, 1.0, 1.6, 2.6, 4.1, 6.6, 10.5];
const NARROW_START: usize = 6;

/// What the rough pass found.
pub struct Coarse {
    pub view: View,
    pub sides: Vec<bool>,
    /// Whether the product fills the box that was drawn around it, where one was.
    pub fills: bool,
}

/// All that speaks for one side or the other, by pixel.
struct Case<'a> {
    frame: &'a Frame,
    prior: Vec<f32>,
    keep: Vec<bool>,
    drop: Vec<bool>,
    near_keep: Vec<f32>,
    near_drop: Vec<f32>,
    outside: Vec<bool>,
    /// How deep in the box: −1 at its sides to 1; 0 without one.
    depth: Vec<f32>,
    /// What the mirror image says: −1 to 1.
    mirror: Vec<f32>,
    novel: f32,
}

pub fn divide(picture: &Picture, region: Region, hints: &Hints, guesses: &Guesses) -> Result<Coarse, Fault> {
    let own = region.width * f64::from(picture.width()) * region.height * f64::from(picture.height());
    let view = View::new(picture, region, (PIXELS / own).sqrt().min(1.0));
    let frame = view.frame(picture)?;
    let area = hints.region();
    let mut case = Case::new(picture, &frame, &view, hints, guesses);
    let mut sides: Vec<bool> = case.prior.iter().map(|prior| *prior > 0.5).collect();
    let rival = if area.is_some() { 0.15 } else { 0.6 };
    let start = if area.is_some_and(|area| is_narrow(picture, area)) { NARROW_START } else { 0 };
    let (mut fills, mut pressed) = (false, 0.0);
    for (step, press) in PRESSED.into_iter().enumerate().skip(start) {
        if step == start && !(hints.keep.is_empty() && hints.drop.is_empty()) {
            Case::new(picture, &frame, &view, &Hints { area: hints.area, ..Hints::default() }, guesses).round(
                &mut sides,
                press,
                0..2,
            );
            case.hear(&view, hints, &sides);
        }
        // Colours are learnt from what they helped to find; once more is enough when only the pressure changes.
        case.round(&mut sides, press, if step == start { 0..3 } else { 2..3 });
        main_parts(&mut sides, view.width, &case.prior, Some(&case.keep), rival);
        fills = area.is_none_or(|area| is_filled(&sides, &view, area));
        pressed = press;
        if fills {
            break;
        }
    }
    if let Some(mirror) = mirrored(&sides, view.width) {
        case.mirror = mirror;
        case.round(&mut sides, pressed, 2..3);
        main_parts(&mut sides, view.width, &case.prior, Some(&case.keep), rival);
    }
    fill_specks(&mut sides, view.width, &case.drop, 0.004);
    Ok(Coarse { view, sides, fills })
}

impl<'a> Case<'a> {
    fn new(picture: &Picture, frame: &'a Frame, view: &View, hints: &Hints, guesses: &Guesses) -> Case<'a> {
        let area = hints.region();
        let pixels = 0..view.len();
        let outside = pixels.clone().map(|pixel| area.is_some_and(|area| !contains(area, view.place(pixel)))).collect();
        let depth =
            pixels.clone().map(|pixel| area.map_or(0.0, |area| depth(picture, area, view.place(pixel)))).collect();
        let (keep, drop) = (painted(&hints.keep, view), painted(&hints.drop, view));
        let prior = pixels.map(|pixel| guesses.at(view.place(pixel))).collect();
        let novel = if area.is_some() { NOVEL_IN_BOX } else { NOVEL };
        let (near_keep, near_drop) = (vec![0.0; view.len()], vec![0.0; view.len()]);
        let mirror = vec![0.0; view.len()];
        let mut case = Case { frame, prior, keep, drop, near_keep, near_drop, outside, depth, mirror, novel };
        for (prior, outside) in case.prior.iter_mut().zip(&case.outside) {
            *prior = if *outside { 0.0 } else { *prior };
        }
        case
    }

    fn round(&self, sides: &mut [bool], press: f32, rounds: std::ops::Range<usize>) {
        for round in rounds {
            let evidence = self.evidence(if round == 0 { None } else { Some(sides) });
            self.frame.divide(sides, &vec![true; sides.len()], &self.pull(&evidence, press), BORDER);
        }
    }

    /// Takes in what the strokes mean, beyond the pixels that they touch: `sides` is what was found without.
    fn hear(&mut self, view: &View, hints: &Hints, sides: &[bool]) {
        for (strokes, near, product) in
            [(&hints.keep, &mut self.near_keep, true), (&hints.drop, &mut self.near_drop, false)]
        {
            let right: Vec<bool> = sides
                .iter()
                .zip(&self.prior)
                .map(|(side, prior)| *side == product && (*prior > 0.5) == product)
                .collect();
            for stroke in strokes {
                let touched = painted(std::slice::from_ref(stroke), view);
                let widest = if stroke.len() > 1 { LINE_REACH } else { f32::MAX };
                for (near, own) in near.iter_mut().zip(reached(self.frame, &touched, &right, widest)) {
                    *near = near.max(own);
                }
            }
        }
    }

    /// Colours of both sides: as they are believed to be before anything was divided, or as they were divided last.
    fn evidence(&self, sides: Option<&[bool]>) -> Evidence {
        let mut colours = Colours::new();
        for pixel in 0..self.prior.len() {
            let kept = self.prior[pixel] + (1.0 - self.prior[pixel]) * self.near_keep[pixel];
            let believed = kept * (1.0 - self.near_drop[pixel]);
            let (product, background) = if self.keep[pixel] {
                (3.0, 0.0)
            } else if self.drop[pixel] {
                (0.0, 3.0)
            } else if self.outside[pixel] {
                (0.0, 1.0)
            } else {
                match sides.map(|sides| sides[pixel]) {
                    None => (believed * believed, (1.0 - believed) * (1.0 - believed)),
                    Some(true) => (0.3 + 0.7 * believed, 0.0),
                    Some(false) => (0.0, 1.0 - 0.7 * believed),
                }
            };
            colours.add(self.frame.colours[pixel], product, background);
        }
        colours.evidence(self.novel)
    }

    fn pull(&self, evidence: &Evidence, press: f32) -> Vec<f32> {
        let pull = |pixel: usize| {
            if self.keep[pixel] {
                return SURE;
            }
            if self.drop[pixel] || self.outside[pixel] {
                return -SURE;
            }
            let (keep, drop) = (self.near_keep[pixel], self.near_drop[pixel]);
            // Near a hint, the person knows better than the network.
            let mirror = self.mirror[pixel] * if self.mirror[pixel] > 0.0 { MIRROR[0] } else { MIRROR[1] };
            (GUESS * log_odds(self.prior[pixel]) + mirror) * (1.0 - keep.max(drop))
                + COLOUR * evidence.of(self.frame.colours[pixel])
                + HINT * (keep - drop)
                + press * self.depth[pixel]
        };
        (0..self.prior.len()).map(pull).collect()
    }
}

/// How far a stroke speaks for the pixels around it: along ways that cross no edge, and no further than a few times the depth at which
/// it lies in what was found wrong, nor to what lies deeper. People point into the middle of a mistake: near the rim of the product,
/// only its rim is meant.
fn reached(frame: &Frame, touched: &[bool], right: &[bool], widest: f32) -> Vec<f32> {
    let off = distances(right, frame.width);
    let depth = touched.iter().zip(&off).filter(|(touched, _)| **touched).map(|(_, off)| *off).fold(0.0, f32::max);
    let reach = (2.0 + HINT_DEPTHS * depth).min(widest);
    let away = distances(touched, frame.width);
    let near = frame.nearness(touched, HINT_REACH);
    let share = |((near, away), off): ((&f32, f32), f32)| {
        near * (2.0 - away / reach).clamp(0.0, 1.0) * (2.0 + 1.3 * depth - off).clamp(0.0, 1.0)
    };
    near.iter().zip(away).zip(off).map(share).collect()
}

/// The natural logarithm of the odds, of no more than about 50 to 1: networks are surer than they are right.
pub fn log_odds(probability: f32) -> f32 {
    let probability = probability.clamp(0.02, 0.98);
    logarithm(probability / (1.0 - probability))
}

fn contains(area: Region, [x, y]: [f64; 2]) -> bool {
    (area.left..=area.left + area.width).contains(&x) && (area.top..=area.top + area.height).contains(&y)
}

/// Width and height in pixels of the photo.
fn sides(picture: &Picture, area: Region) -> (f64, f64) {
    (area.width * f64::from(picture.width()), area.height * f64::from(picture.height()))
}

fn is_narrow(picture: &Picture, area: Region) -> bool {
    let (width, height) = sides(picture, area);
    width.max(height) > 4.0 * width.min(height)
}

fn depth(picture: &Picture, area: Region, [x, y]: [f64; 2]) -> f32 {
    let (width, height) = sides(picture, area);
    let across = (x - area.left).min(area.left + area.width - x) * f64::from(picture.width());
    let down = (y - area.top).min(area.top + area.height - y) * f64::from(picture.height());
    let deep = across.min(down) / width.min(height);
    ((deep as f32 - 0.05) / 0.1).clamp(-1.0, 1.0)
}

/// A box is drawn around the whole product, so that the product comes near all its sides.
/// Source: V. Lempitsky and others, "Image Segmentation with a Bounding Box Prior" (ICCV 2009).
fn is_filled(mask: &[bool], view: &View, area: Region) -> bool {
    let Some([left, top, right, bottom]) = bounds(mask, view.width) else { return false };
    let [first_x, first_y] = view.place(top * view.width + left);
    let [last_x, last_y] = view.place((bottom - 1) * view.width + right - 1);
    let (across, down) = (SLACK * area.width, SLACK * area.height);
    first_x - area.left <= across
        && area.left + area.width - last_x <= across
        && first_y - area.top <= down
        && area.top + area.height - last_y <= down
}
