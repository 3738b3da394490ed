//! Light of a scene and its 8-bit levels.

use crate::imaging::exact::{linear_to_srgb, srgb_to_linear};

/// Entries from the square root of light to levels: steps below a tenth of a level.
const STEPS: usize = 4096;

/// Tables between sRGB levels (0 to 255) and linear light (0 to 1).
pub struct Tones {
    light: [f32; 256],
    levels: Vec<f32>,
}

impl Tones {
    pub fn new() -> Tones {
        let mut light = [0.0; 256];
        for (level, light) in light.iter_mut().enumerate() {
            *light = srgb_to_linear(level as f64 / 255.0) as f32;
        }
        let level = |step: usize| {
            let root = step as f64 / (STEPS - 1) as f64;
            (255.0 * linear_to_srgb(root * root)) as f32
        };
        Tones { light, levels: (0..STEPS).map(level).collect() }
    }

    pub fn light(&self, level: u8) -> f32 {
        self.light[usize::from(level)]
    }

    pub fn lights(&self, colour: [u8; 3]) -> [f32; 3] {
        colour.map(|level| self.light(level))
    }

    /// A level, with its fraction.
    pub fn level(&self, light: f32) -> f32 {
        self.levels[(light.clamp(0.0, 1.0).sqrt() * (STEPS - 1) as f32 + 0.5) as usize]
    }
}

/// From 0 to 1 between two edges, without corners.
pub fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
