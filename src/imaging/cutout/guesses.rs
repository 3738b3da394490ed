//! Guesses of the network, of wider and of nearer surroundings: together they are surer than any of them.

use super::model::Guess;
use super::regions::{bounds, main_parts};
use super::view::grown;
use super::{Fault, Model};
use crate::imaging::{Picture, Region};

/// What the network makes of a photo.
pub struct Guesses {
    wide: Wide,
    near: Placed,
    /// What a guess from afar and one from nearer both hold to be the product, as a share of what either does: 0 to 1.
    pub agreement: f32,
    /// Where the product is looked for.
    pub region: Region,
}

struct Placed {
    guess: Guess,
    region: Region,
}

/// A guess of everything around, and, where nobody drew a box, one of the middle alone: that has less of other things in it, and
/// people photograph their products in the middle.
struct Wide {
    whole: Placed,
    middle: Option<Placed>,
}

/// Without an eighth on each side; people leave more room above a product than below.
const MIDDLE: Region = Region { left: 0.1, top: 0.12, width: 0.8, height: 0.8 };

impl Guesses {
    pub fn ask(picture: &Picture, area: Option<Region>, model: &Model) -> Result<Guesses, Fault> {
        let placed = |region| Ok::<_, Fault>(Placed { guess: model.guess(picture, region)?, region });
        if let Some(area) = area {
            let (whole, near) = (placed(grown(area, 0.4))?, placed(grown(area, 0.1))?);
            let agreement = agreement(&whole, &near, area);
            return Ok(Guesses { wide: Wide { whole, middle: None }, near, agreement, region: grown(area, 0.15) });
        }
        let (whole, middle) = (placed(Region::WHOLE)?, placed(MIDDLE)?);
        let agreement = agreement(&whole, &middle, MIDDLE);
        let wide = Wide { whole, middle: Some(middle) };
        let subject = wide.subject().unwrap_or(Region::WHOLE);
        let near = placed(grown(subject, 0.15))?;
        Ok(Guesses { wide, near, agreement, region: grown(subject, 0.25) })
    }

    /// How much a place (in fractions of the photo) belongs to the product: 0 to 1. A geometric mean, because each guess takes other
    /// things along, and all of them seldom the same (measured without hints: mean IoU 0.89, 0.87 with the arithmetic one).
    pub fn at(&self, place: [f64; 2]) -> f32 {
        (self.wide.at(place) * self.near.at(place)).sqrt()
    }
}

impl Wide {
    fn at(&self, place: [f64; 2]) -> f32 {
        let whole = self.whole.at(place);
        match &self.middle {
            Some(middle) if middle.holds(place) => (whole * middle.at(place)).sqrt(),
            _ => whole,
        }
    }

    /// A box around what is most likely the product.
    fn subject(&self) -> Option<Region> {
        const SIDE: usize = 320;
        let at = |cell: usize| (cell as f64 + 0.5) / SIDE as f64;
        let values: Vec<f32> = (0..SIDE * SIDE).map(|cell| self.at([at(cell % SIDE), at(cell / SIDE)])).collect();
        let mut mask: Vec<bool> = values.iter().map(|value| *value > 0.5).collect();
        main_parts(&mut mask, SIDE, &values, None, 0.6);
        let [left, top, right, bottom] = bounds(&mask, SIDE)?.map(|side| side as f64 / SIDE as f64);
        Some(Region { left, top, width: right - left, height: bottom - top })
    }
}

impl Placed {
    /// Between the guess's own pixels; 0 outside.
    fn at(&self, [x, y]: [f64; 2]) -> f32 {
        let side = self.guess.side;
        let along = |at: f64, start: f64, length: f64| {
            let share = (at - start) / length;
            let at = (share * side as f64 - 0.5).clamp(0.0, side as f64 - 1.001);
            (0.0..=1.0).contains(&share).then_some((at as usize, (at - at.floor()) as f32))
        };
        let across = along(x, self.region.left, self.region.width);
        let down = along(y, self.region.top, self.region.height);
        let (Some((x, right)), Some((y, low))) = (across, down) else { return 0.0 };
        let value = |x: usize, y: usize| self.guess.values[y * side + x];
        let upper = value(x, y) * (1.0 - right) + value(x + 1, y) * right;
        let lower = value(x, y + 1) * (1.0 - right) + value(x + 1, y + 1) * right;
        upper * (1.0 - low) + lower * low
    }

    fn holds(&self, [x, y]: [f64; 2]) -> bool {
        let Region { left, top, width, height } = self.region;
        (left..=left + width).contains(&x) && (top..=top + height).contains(&y)
    }
}

fn agreement(wide: &Placed, near: &Placed, region: Region) -> f32 {
    const STEPS: usize = 160;
    let (mut both, mut either) = (0_u32, 0_u32);
    for step in 0..STEPS * STEPS {
        let at = |step: usize, start: f64, length: f64| start + length * (step as f64 + 0.5) / STEPS as f64;
        let place = [at(step % STEPS, region.left, region.width), at(step / STEPS, region.top, region.height)];
        let (wide, near) = (wide.at(place) > 0.5, near.at(place) > 0.5);
        both += u32::from(wide && near);
        either += u32::from(wide || near);
    }
    both as f32 / either.max(1) as f32
}
