//! Directions of edges, however bright either side is.

use super::plane::Plane;

/// An edge is sure at this difference (of 1) between the pixels beside it.
pub const EDGE: f32 = 0.04;

/// Twice the angle of the slope at each pixel, as cosine and sine, with a length from 0 to 1 by how steep it is.
pub fn directions(plane: &Plane, sure: f32) -> [Plane; 2] {
    let slope = |pixel: usize| {
        let (x, y) = ((pixel % plane.width) as isize, (pixel / plane.width) as isize);
        let across = plane.near(x + 1, y) - plane.near(x - 1, y);
        let down = plane.near(x, y + 1) - plane.near(x, y - 1);
        let length = across * across + down * down + sure * sure;
        [(across * across - down * down) / length, 2.0 * across * down / length]
    };
    [0, 1].map(|part| Plane::new(plane.width, (0..plane.values.len()).map(|pixel| slope(pixel)[part]).collect()))
}

/// A product's outline as pixels with the direction that it has there.
pub struct Outline {
    /// Pixel, cosine and sine of the doubled angle.
    edges: Vec<(usize, [f32; 2])>,
    sum: f32,
}

impl Outline {
    /// Where a product's alpha ends.
    pub fn new(alpha: &Plane) -> Outline {
        let [cosines, sines] = directions(alpha, 0.5);
        let edges: Vec<(usize, [f32; 2])> = (0..alpha.values.len())
            .map(|pixel| (pixel, [cosines.values[pixel], sines.values[pixel]]))
            .filter(|(_, [cosine, sine])| cosine * cosine + sine * sine > 0.09)
            .collect();
        let sum = edges.iter().map(|(_, [cosine, sine])| (cosine * cosine + sine * sine).sqrt()).sum();
        Outline { edges, sum }
    }

    /// How much of it a picture shows, from about 0 (no more than chance) to 1.
    pub fn shown(&self, luma: &Plane) -> f32 {
        let [cosines, sines] = directions(luma, EDGE);
        let both: f32 =
            self.edges.iter().map(|(pixel, [c, s])| c * cosines.values[*pixel] + s * sines.values[*pixel]).sum();
        both / self.sum.max(1.0)
    }
}
