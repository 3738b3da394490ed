//! What a person says of a photo: where the product is, what belongs to it and what does not.

use serde::{Deserialize, Serialize};

use super::view::View;
use crate::imaging::Region;

/// A point, or the corners of a line, as fractions of the upright photo from its top left corner.
pub type Stroke = Vec<[f32; 2]>;

/// Hints for one photo; all may be empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Hints {
    /// Left, top, width and height of a box around the whole product, as fractions of the upright photo.
    pub area: Option<[f32; 4]>,
    /// On the product.
    pub keep: Vec<Stroke>,
    /// On what is not the product.
    pub drop: Vec<Stroke>,
}

impl Hints {
    /// The same hints for a product in a box.
    pub(super) fn within(&self, Region { left, top, width, height }: Region) -> Hints {
        Hints { area: Some([left, top, width, height].map(|number| number as f32)), ..self.clone() }
    }

    /// The box, as far as it lies in the photo.
    pub(super) fn region(&self) -> Option<Region> {
        self.area.map(|[left, top, width, height]| {
            Region { left: left.into(), top: top.into(), width: width.into(), height: height.into() }.within()
        })
    }
}

/// The pixels that strokes touch, on a grid.
pub(super) fn painted(strokes: &[Stroke], view: &View) -> Vec<bool> {
    let mut touched = vec![false; view.len()];
    // As wide as a finger is exact.
    let radius = (view.width.max(view.height) as f32 * 0.008).max(1.5);
    for stroke in strokes {
        let corners: Vec<[f32; 2]> = stroke.iter().map(|corner| view.pixels(*corner)).collect();
        if let [point] = corners[..] {
            dot(&mut touched, view, point, radius);
        }
        for line in corners.windows(2) {
            let [from, to] = [line[0], line[1]];
            // A stroke may lead out of the view, but not for ever.
            let steps = (to[0] - from[0]).abs().max((to[1] - from[1]).abs()).ceil().clamp(1.0, 1e5);
            for step in 0..=steps as usize {
                let t = step as f32 / steps;
                dot(&mut touched, view, [0, 1].map(|i| from[i] + (to[i] - from[i]) * t), radius);
            }
        }
    }
    touched
}

fn dot(touched: &mut [bool], view: &View, [x, y]: [f32; 2], radius: f32) {
    let reach = |at: f32, pixels: usize| {
        let first = (at - radius).floor().clamp(0.0, pixels as f32) as usize;
        let last = ((at + radius).ceil() + 1.0).clamp(0.0, pixels as f32) as usize;
        first..last
    };
    for v in reach(y, view.height) {
        for u in reach(x, view.width) {
            let (across, down) = (u as f32 + 0.5 - x, v as f32 + 0.5 - y);
            if across * across + down * down <= radius * radius {
                touched[v * view.width + u] = true;
            }
        }
    }
}
