//! The place of a line of text: a rectangle, turned the way the line runs.

use serde::{Deserialize, Serialize};

/// A rectangle around a line of text, in pixels of the picture that it was found in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quad {
    pub middle: [f64; 2],
    /// The way the line is read: a vector of length 1.
    pub along: [f64; 2],
    /// Along the line.
    pub length: f64,
    /// Across it.
    pub height: f64,
}

impl Quad {
    /// The point at fractions of the line's length and height, from where its first letter begins at the top.
    pub fn at(&self, across: f64, down: f64) -> [f64; 2] {
        let [x, y] = self.along;
        let (u, v) = ((across - 0.5) * self.length, (down - 0.5) * self.height);
        [self.middle[0] + u * x - v * y, self.middle[1] + u * y + v * x]
    }

    /// Larger by so much on all sides.
    #[must_use]
    pub fn grown(&self, by: f64) -> Quad {
        Quad { length: self.length + 2.0 * by, height: self.height + 2.0 * by, ..*self }
    }

    /// The same place in a picture that is so many times as wide and as high.
    #[must_use]
    pub fn stretched(&self, [across, down]: [f64; 2]) -> Quad {
        let [x, y] = self.along;
        let length = |x: f64, y: f64| (x * across * (x * across) + y * down * (y * down)).sqrt();
        let (along, beside) = (length(x, y), length(-y, x));
        Quad {
            middle: [self.middle[0] * across, self.middle[1] * down],
            along: [x * across / along, y * down / along],
            length: self.length * along,
            height: self.height * beside,
        }
    }

    /// The same place in a picture that begins at `origin` and is `scale` times as large.
    #[must_use]
    pub fn seen(&self, origin: [f64; 2], scale: f64) -> Quad {
        let middle = [0, 1].map(|axis| (self.middle[axis] - origin[axis]) * scale);
        Quad { middle, length: self.length * scale, height: self.height * scale, ..*self }
    }

    /// The other way: in the picture that such a part was taken from.
    #[must_use]
    pub fn source(&self, origin: [f64; 2], scale: f64) -> Quad {
        let middle = [0, 1].map(|axis| self.middle[axis] / scale + origin[axis]);
        Quad { middle, length: self.length / scale, height: self.height / scale, ..*self }
    }

    /// The same line, read from its other end.
    #[must_use]
    pub fn reversed(&self) -> Quad {
        Quad { along: self.along.map(|part| -part), ..*self }
    }

    /// Whether the line runs up or down.
    pub fn is_upright(&self) -> bool {
        self.along[1].abs() > self.along[0].abs()
    }
}
