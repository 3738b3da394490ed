//! From rough candidates to a fit within a fraction of a pixel: Gauss-Newton on ever larger copies.
//!
//! Both pictures are freed of their local light and contrast first, so that a new light is no difference, and pixels that differ
//! much count little, so that a label that was painted anew does not pull the fit. Source of the scheme: Baker and Matthews,
//! "Lucas-Kanade 20 years on" (IJCV 2004), inverse compositional, with Geman and McClure's weights.

use super::Fit;
use super::edges::Outline;
use super::plane::{Plane, Windows};
use super::search::{candidates, expected};
use super::solve::solve;
use super::view::{Cutout, ROOM, Shot, Takes, View};
use crate::imaging::Error;

/// Longer sides of the product, in pixels, and how many candidates go on from each.
const LEVELS: [(f64, usize); 4] = [(48.0, 4), (96.0, 2), (192.0, 1), (512.0, 1)];

/// Steps smaller than this, in pixels at the product's ends, change nothing that counts.
const SETTLED: f64 = 0.03;

/// Up to this size, in pixels, each size speaks for itself.
const VOUCHING: f64 = 192.0;

/// Products whose print agrees less are looked for by their outline as well, up to this size in pixels.
const PLAIN: f32 = 0.5;
const PLAIN_UP_TO: usize = 256;

/// Steps that are tried then, in pixels.
const NUDGES: [f64; 3] = [2.0, 0.7, 0.25];

/// How many candidates the rough search gives.
const CANDIDATES: usize = 10;

/// How far the local light is taken from, in pixels of each level.
const RADIUS: usize = 6;

/// Contrasts under this (of 1) are noise.
const NOISE: f32 = 0.02;

/// Differences, in local contrasts, from which on a pixel counts little.
const OUTLIER: f32 = 0.7;

/// The product as the refinement sees it.
pub struct Target {
    pub view: View,
    pub mask: Plane,
    /// Without local light and contrast.
    pub print: Plane,
    outline: Outline,
    /// How the print changes with each of four small steps: right, down, growth, turn.
    pub steps: Vec<[f32; 4]>,
}

/// The best fit of the product in a take.
pub fn register(cutout: &Cutout, takes: &Takes) -> Result<Fit, Error> {
    let mut fits: Vec<Fit> = expected(cutout, takes).into_iter().collect();
    fits.extend(candidates(cutout, takes, CANDIDATES)?);
    for (longest, most) in LEVELS {
        let target = Target::new(cutout, longest)?;
        // Prints painted a little unevenly agree less the larger they are: at the last size, the size before vouches as well.
        let before = if longest > VOUCHING { fits.first().map_or(0.0, |fit| fit.certainty) } else { 0.0 };
        let refined: Result<Vec<Fit>, Error> = fits.into_iter().map(|fit| target.refined(takes, fit)).collect();
        fits = refined?;
        fits.iter_mut().for_each(|fit| fit.certainty = fit.certainty.max(before).max(0.0));
        // A stable sort: of equals, the expected place comes first.
        fits.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
        fits.truncate(most);
    }
    fits.into_iter().next().ok_or(Error::NoProduct)
}

impl Target {
    pub fn new(cutout: &Cutout, longest: f64) -> Result<Target, Error> {
        let view = View::new(cutout, longest, ROOM)?;
        let mask = view.mask(1);
        let print = print(&view.colours.luma(), &mask);
        let middle = [0, 1].map(|axis| (cutout.middle()[axis] - view.origin[axis]) * view.scale);
        let step = |pixel: usize| {
            let (x, y) = (pixel % mask.width, pixel / mask.width);
            let (left, top) = (x as isize, y as isize);
            // At the mask's rim there is no slope to speak of.
            let whole = [(-1, 0), (1, 0), (0, -1), (0, 1)].iter().all(|(u, v)| mask.near(left + u, top + v) > 0.0);
            if !whole || mask.values[pixel] <= 0.0 {
                return [0.0; 4];
            }
            let across = (print.near(left + 1, top) - print.near(left - 1, top)) / 2.0;
            let down = (print.near(left, top + 1) - print.near(left, top - 1)) / 2.0;
            let (u, v) = ((x as f64 + 0.5 - middle[0]) as f32, (y as f64 + 0.5 - middle[1]) as f32);
            [across, down, across * u + down * v, down * u - across * v]
        };
        let steps = (0..mask.values.len()).map(step).collect();
        let outline = Outline::new(&view.alpha);
        Ok(Target { view, mask, print, outline, steps })
    }

    /// A better fit, with its certainty.
    fn refined(&self, takes: &Takes, start: Fit) -> Result<Fit, Error> {
        let mut shot = Seen::new(self, takes, start)?;
        let mut fit = start;
        let mut best = (-1.0, Fit { certainty: -1.0, ..start });
        for round in 0..12 {
            // A shot is taken for one size: after large steps, another one is due.
            if round == 4 {
                shot = Seen::new(self, takes, fit)?;
            }
            let seen = shot.luma(self, fit);
            let print = self.print_of(&seen);
            let (agreement, certainty) = self.agreements(&seen, &print);
            if certainty > best.1.certainty {
                best = (agreement, Fit { certainty, ..fit });
            }
            let Some(step) = self.step(&print) else { break };
            let size = step[0].abs().max(step[1].abs()).max(step[2].abs().max(step[3].abs()) * self.reach());
            if !size.is_finite() || size > self.reach() {
                break;
            }
            fit = self.stepped(step, fit);
            let drift = fit.scale / start.scale;
            if size < SETTLED || !(0.6..1.6).contains(&drift) || fit.turn.abs() > 12.0 {
                break;
            }
        }
        let (agreement, fit) = best;
        let is_plain = agreement < PLAIN && self.mask.width.max(self.mask.height()) < PLAIN_UP_TO;
        if is_plain { self.nudged(takes, fit) } else { Ok(fit) }
    }

    /// A product without print is held by its outline alone, which has no slope to follow: small steps are tried, ever smaller ones.
    fn nudged(&self, takes: &Takes, start: Fit) -> Result<Fit, Error> {
        let shot = Seen::new(self, takes, start)?;
        let score = |fit: Fit| {
            let seen = shot.luma(self, fit);
            let (agreement, certainty) = self.agreements(&seen, &self.print_of(&seen));
            (agreement + certainty, Fit { certainty, ..fit })
        };
        let mut best = score(start);
        for size in NUDGES {
            for _ in 0..3 {
                let before = best.0;
                for nudge in 0..8 {
                    let mut step = [0.0; 4];
                    let way = if nudge % 2 == 0 { size } else { -size };
                    step[nudge / 2] = if nudge < 4 { way } else { way / self.reach() };
                    let tried = score(self.stepped(step, best.1));
                    if tried.0 > best.0 {
                        best = tried;
                    }
                }
                if best.0 <= before {
                    break;
                }
            }
        }
        Ok(best.1)
    }

    /// Half the view's longer side, in pixels: how far a turn or growth moves the product's ends.
    fn reach(&self) -> f64 {
        self.view.width().max(self.view.height()) as f64 / 2.0
    }

    /// A fit after a step in pixels of this view.
    fn stepped(&self, [right, down, growth, turn]: [f64; 4], fit: Fit) -> Fit {
        Fit::after([right / self.view.scale, down / self.view.scale, growth, turn], fit)
    }

    /// How well the print agrees, and how sure the fit is: a product without print is known by its outline.
    fn agreements(&self, luma: &Plane, print: &Plane) -> (f32, f32) {
        let agreement = self.agreement(print);
        (agreement, agreement.max(self.outline.shown(luma)))
    }

    /// The print of what a take shows of the product.
    pub fn print_of(&self, luma: &Plane) -> Plane {
        print(luma, &self.mask)
    }

    /// How alike both prints are, from -1 to 1: a correlation in which single pixels count for at most two contrasts.
    fn agreement(&self, seen: &Plane) -> f32 {
        let (mut both, mut own, mut other) = (0.0_f64, 0.0_f64, 0.0_f64);
        for ((a, b), mask) in self.print.values.iter().zip(&seen.values).zip(&self.mask.values) {
            if *mask > 0.0 {
                let (a, b) = (f64::from(a.clamp(-2.0, 2.0)), f64::from(b.clamp(-2.0, 2.0)));
                both += a * b;
                own += a * a;
                other += b * b;
            }
        }
        (both / (own * other).sqrt().max(1e-9)) as f32
    }

    /// The small step of the product's pixels that explains the difference best.
    fn step(&self, seen: &Plane) -> Option<[f64; 4]> {
        let mut normal = [[0.0_f64; 5]; 4];
        for ((step, own), other) in self.steps.iter().zip(&self.print.values).zip(&seen.values) {
            let off = other - own;
            let weight = f64::from(trust(off));
            for (row, own) in normal.iter_mut().zip(step) {
                let own = weight * f64::from(*own);
                row.iter_mut().zip(step).for_each(|(sum, other)| *sum += own * f64::from(*other));
                row[4] += own * f64::from(off);
            }
        }
        solve(normal)
    }
}

/// How much a pixel counts that is off by so many contrasts, 1 or less.
pub fn trust(off: f32) -> f32 {
    let weight = 1.0 / (1.0 + (off / OUTLIER) * (off / OUTLIER));
    weight * weight
}

/// What a take shows around a fit.
struct Seen {
    shot: Shot,
    luma: Plane,
}

impl Seen {
    fn new(target: &Target, takes: &Takes, fit: Fit) -> Result<Seen, Error> {
        let shot = takes.of(&target.view, fit)?;
        let luma = shot.colours.luma();
        Ok(Seen { shot, luma })
    }

    /// The light of the product's pixels where a fit has them.
    fn luma(&self, target: &Target, fit: Fit) -> Plane {
        target.view.seen(&self.luma, &target.view.places(fit, &self.shot, |_, point| point))
    }
}

/// A picture's light without what changes slowly: differences from the local mean, in local contrasts.
fn print(luma: &Plane, mask: &Plane) -> Plane {
    let (mean, variance) = Windows::new(mask, RADIUS).mean_and_variance(luma);
    let level = luma.zip(&mean, |own, mean| own - mean).times(mask);
    level.zip(&variance, |off, variance| off / (variance + NOISE * NOISE).sqrt())
}
