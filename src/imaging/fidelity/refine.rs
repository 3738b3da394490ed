//! From rough candidates to a fit within a fraction of a pixel: Gauss-Newton on ever larger copies.
//!
//! Both pictures are freed of their local light and contrast first, so that a new light is no difference, and pixels that differ
//! much count little, so that a label that was painted anew does not pull the fit. Source of the scheme: Baker and Matthews,
//! "Lucas-Kanade 20 years on" (IJCV 2004), inverse compositional, with Geman and McClure's weights.

use super::Fit;
use super::plane::{Plane, Windows};
use super::search::{candidates, expected};
use super::view::{Cutout, Takes, View};
use crate::imaging::Error;

/// Longer sides of the product, in pixels, and how many candidates go on from each.
const LEVELS: [(f64, usize); 4] = [(48.0, 4), (96.0, 2), (192.0, 1), (512.0, 1)];

/// How many candidates the rough search gives.
const CANDIDATES: usize = 10;

/// How far the local light is taken from, in pixels of each level.
const RADIUS: usize = 6;

/// Contrasts under this (of 1) are noise.
const NOISE: f32 = 0.02;

/// Differences, in local contrasts, from which on a pixel counts little.
const OUTLIER: f32 = 0.7;

/// The product as the refinement sees it.
struct Target {
    view: View,
    mask: Plane,
    /// Without local light and contrast.
    print: Plane,
    /// How the print changes with each of four small steps: right, down, growth, turn.
    steps: Vec<[f32; 4]>,
}

/// The best fit of the product in a take.
pub fn register(cutout: &Cutout, takes: &Takes) -> Result<Fit, Error> {
    let mut fits: Vec<Fit> = expected(cutout, takes).into_iter().collect();
    fits.extend(candidates(cutout, takes, CANDIDATES)?);
    for (longest, most) in LEVELS {
        let target = Target::new(cutout, longest)?;
        let refined: Result<Vec<Fit>, Error> = fits.into_iter().map(|fit| target.refined(takes, fit)).collect();
        fits = refined?;
        // A stable sort: of equals, the expected place comes first.
        fits.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
        fits.truncate(most);
    }
    fits.into_iter().next().ok_or(Error::NoProduct)
}

impl Target {
    fn new(cutout: &Cutout, longest: f64) -> Result<Target, Error> {
        let view = View::new(cutout, longest)?;
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
        Ok(Target { view, mask, print, steps })
    }

    /// A better fit, with its certainty.
    fn refined(&self, takes: &Takes, start: Fit) -> Result<Fit, Error> {
        let mut shot = takes.of(&self.view, start)?;
        let mut luma = shot.colours.luma();
        let mut fit = start;
        let mut best = Fit { certainty: -1.0, ..start };
        for round in 0..12 {
            // A shot is taken for one size: after large steps, another one is due.
            if round == 4 {
                shot = takes.of(&self.view, fit)?;
                luma = shot.colours.luma();
            }
            let seen = self.view.seen(&luma, &self.view.places(fit, &shot));
            let seen = print(&seen, &self.mask);
            let certainty = self.agreement(&seen);
            if certainty > best.certainty {
                best = Fit { certainty, ..fit };
            }
            let Some(step) = self.step(&seen) else { break };
            let reach = self.view.width().max(self.view.height()) as f64 / 2.0;
            let size = step[0].abs().max(step[1].abs()).max(step[2].abs() * reach).max(step[3].abs() * reach);
            if !size.is_finite() || size > reach {
                break;
            }
            let [right, down, growth, turn] = step;
            fit = Fit::after([right / self.view.scale, down / self.view.scale, growth, turn], fit);
            let drift = fit.scale / start.scale;
            if size < 0.01 || !(0.6..1.6).contains(&drift) || fit.turn.abs() > 12.0 {
                break;
            }
        }
        Ok(best)
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
            let weight = 1.0 / (1.0 + (off / OUTLIER) * (off / OUTLIER));
            let weight = f64::from(weight * weight);
            for (row, left) in normal.iter_mut().zip(step) {
                let left = weight * f64::from(*left);
                for (sum, right) in row.iter_mut().zip(step) {
                    *sum += left * f64::from(*right);
                }
                row[4] += left * f64::from(off);
            }
        }
        super::solve::solve(normal)
    }
}

/// A picture's light without what changes slowly: differences from the local mean, in local contrasts.
fn print(luma: &Plane, mask: &Plane) -> Plane {
    let (mean, variance) = Windows::new(mask, RADIUS).mean_and_variance(luma);
    let level = luma.zip(&mean, |own, mean| own - mean).times(mask);
    level.zip(&variance, |off, variance| off / (variance + NOISE * NOISE).sqrt())
}
