//! Where a take shows the product: scaled, turned and moved, and how sure that is.

use serde::{Deserialize, Serialize};

use crate::imaging::exact::sin_cos;

/// A similarity transform from the source's pixels to the take's. Both count from the top left corner of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Pixels of the take for each pixel of the source.
    pub scale: f64,
    /// Degrees that the take turned the product, clockwise.
    pub turn: f64,
    /// The middle of the product in the source.
    pub from: [f64; 2],
    /// Where the take shows that point.
    pub to: [f64; 2],
    /// How well the product's print agrees there, or its outline where that agrees better, from 0 to 1. Under 0.3 the product may not be in the take at all.
    pub certainty: f32,
}

/// A point's way through a similarity transform: two numbers for turn and scale, two for the shift.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    along: f64,
    across: f64,
    shift: [f64; 2],
}

impl Way {
    pub fn of(self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.along * x - self.across * y + self.shift[0], self.across * x + self.along * y + self.shift[1]]
    }

    fn new(scale: f64, turn: f64, from: [f64; 2], to: [f64; 2]) -> Way {
        let (sine, cosine) = sin_cos(turn);
        let (along, across) = (scale * cosine, scale * sine);
        let shift = [to[0] - along * from[0] + across * from[1], to[1] - across * from[0] - along * from[1]];
        Way { along, across, shift }
    }
}

impl Fit {
    /// From points of the source to points of the take.
    pub(super) fn into_take(self) -> Way {
        Way::new(self.scale, self.turn, self.from, self.to)
    }

    /// From points of the take to points of the source.
    pub(super) fn into_source(self) -> Way {
        Way::new(1.0 / self.scale, -self.turn, self.to, self.from)
    }

    /// The same after the source moved by a small step: shifted, grown and turned (in radians) around the product's middle.
    pub(super) fn after([right, down, growth, turn]: [f64; 4], fit: Fit) -> Fit {
        let turn = fit.turn - turn.to_degrees();
        let scale = fit.scale / (1.0 + growth);
        let back = Way::new(scale, turn, [0.0; 2], fit.to).of([-right, -down]);
        Fit { scale, turn, to: back, ..fit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_point() {
        let fit = Fit { scale: 0.7, turn: 5.0, from: [300.0, 400.0], to: [250.0, 260.0], certainty: 1.0 };
        let there = fit.into_take().of([310.0, 390.0]);
        let back = fit.into_source().of(there);
        assert!((back[0] - 310.0).abs() < 1e-9 && (back[1] - 390.0).abs() < 1e-9, "{back:?}");
        assert_eq!(fit.into_take().of([300.0, 400.0]), [250.0, 260.0]);
    }
}
