//! How a model let lines drift by a hair while it painted: a smooth field of small shifts, which is no straying.
//!
//! Found by Lucas and Kanade's method ("An iterative image registration technique", IJCAI 1981) in wide windows. It is kept so
//! small and so smooth that it explains neither a squashed product nor a line of print that moved.

use super::Fit;
use super::plane::Plane;
use super::refine::{Target, trust};
use super::view::{Cutout, Takes, View};
use crate::imaging::Error;

/// The product's longer side here, in pixels.
const LONGEST: f64 = 256.0;

/// How far a window reaches from its middle, as a share of the longer side.
const REACH: f64 = 0.08;

/// No part may drift further than this share of the longer side.
const MOST: f64 = 0.0025;

const ROUNDS: usize = 4;

/// What slopes a window has to have to be moved, each on average.
const STILL: f32 = 0.02;

/// Small shifts of the product's parts.
pub struct Drift {
    view: View,
    /// In pixels of the view, to the right and down.
    shift: [Plane; 2],
}

impl Drift {
    pub fn new(cutout: &Cutout, takes: &Takes, fit: Fit) -> Result<Drift, Error> {
        let target = Target::new(cutout, LONGEST)?;
        let view = &target.view;
        let shot = takes.of(view, fit)?;
        let luma = shot.colours.luma();
        let (radius, most) = ((REACH * LONGEST) as usize, (MOST * cutout.longest() * view.scale) as f32);
        let still = Plane::new(view.width(), vec![0.0; view.alpha.values.len()]);
        let mut shift = [still.clone(), still];
        for _ in 0..ROUNDS {
            let pixel = |at: usize, point: [f64; 2]| {
                let moved = |axis: usize| point[axis] + f64::from(shift[axis].values[at]) / view.scale;
                [moved(0), moved(1)]
            };
            let seen = target.print_of(&view.seen(&luma, &view.places(fit, &shot, pixel)));
            let sums = target.sums(&seen).map(|plane| plane.blurred(radius));
            for at in 0..sums[0].values.len() {
                let [a, b, c, right, down] = [0, 1, 2, 3, 4].map(|sum| sums[sum].values[at]);
                let (a, c) = (a + STILL, c + STILL);
                let whole = a * c - b * b;
                let [x, y] = [0, 1].map(|axis| shift[axis].values[at]);
                let (x, y) = (x - (c * right - b * down) / whole, y - (a * down - b * right) / whole);
                let shrink = (most / (x * x + y * y).sqrt().max(1e-6)).min(1.0);
                (shift[0].values[at], shift[1].values[at]) = (x * shrink, y * shrink);
            }
        }
        Ok(Drift { shift, view: target.view })
    }

    /// Where the model drew a point of the source, in the source's own pixels.
    pub fn of(&self, point: [f64; 2]) -> [f64; 2] {
        let [x, y] = self.view.place(point);
        [0, 1].map(|axis| point[axis] + f64::from(self.shift[axis].linear(x, y)) / self.view.scale)
    }
}

impl Target {
    /// For each pixel the five numbers that say how to move it: squares and product of the slopes, and each slope times what is off.
    fn sums(&self, seen: &Plane) -> [Plane; 5] {
        let pixels = self.steps.iter().zip(&self.print.values).zip(&seen.values);
        let numbers: Vec<[f32; 5]> = pixels
            .map(|(([across, down, ..], own), seen)| {
                let off = seen - own;
                let weight = trust(off);
                [across * across, across * down, down * down, across * off, down * off].map(|number| weight * number)
            })
            .collect();
        [0, 1, 2, 3, 4].map(|at| Plane::new(self.mask.width, numbers.iter().map(|own| own[at]).collect()))
    }
}
