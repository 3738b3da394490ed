//! The backdrop itself, lit but without shadows: its light at every pixel of a frame.

use super::place::Layout;
use super::tone::{Tones, smoothstep};
use super::{Backdrop, Scene};
use crate::imaging::exact::sin_cos;
use crate::imaging::{Error, cut};

/// A backdrop for one frame.
pub struct Surface<'a> {
    kind: Kind,
    tones: &'a Tones,
    width: f32,
    height: f32,
}

enum Kind {
    Flat([f32; 3]),
    /// Levels of 255, not light: the eye, too, sees even steps in them. `start` and `across`/`down` give the way along.
    Ramp {
        from: [f32; 3],
        to: [f32; 3],
        start: f32,
        across: f32,
        down: f32,
    },
    Radial {
        centre: [f32; 3],
        edge: [f32; 3],
        middle: [f32; 2],
        reach: f32,
    },
    Sweep(Sweep),
    /// RGB.
    Picture(Vec<u8>),
}

/// Seamless paper: a floor that bends up into a wall.
struct Sweep {
    colour: [f32; 3],
    /// Where the products stand: the brightest place.
    middle: [f32; 2],
    /// Where the paper begins to bend, and where it hangs straight, from the top.
    bend: [f32; 2],
    /// The longer side of the frame.
    reach: f32,
    /// How much more light falls on the right, for each frame's width.
    slope: f32,
}

impl<'a> Surface<'a> {
    pub fn new(
        scene: &Scene,
        layout: &Layout,
        tones: &'a Tones,
        width: u32,
        height: u32,
    ) -> Result<Surface<'a>, Error> {
        let levels = |colour: [u8; 3]| colour.map(f32::from);
        let (frame_width, frame_height) = (width as f32, height as f32);
        let kind = match scene.setting.backdrop {
            Backdrop::Transparent => Kind::Flat([0.0; 3]),
            Backdrop::Colour(colour) => Kind::Flat(tones.lights(colour)),
            Backdrop::Linear { from, to, angle } => ramp(levels(from), levels(to), angle, frame_width, frame_height),
            Backdrop::Radial { centre, edge } => {
                let middle = middle(layout, frame_width);
                let reach = [0.0, frame_width].map(|x| (x - middle[0]).abs()).into_iter().fold(0.0, f32::max);
                let fall = [0.0, frame_height].map(|y| (y - middle[1]).abs()).into_iter().fold(0.0, f32::max);
                let reach = (reach * reach + fall * fall).sqrt();
                Kind::Radial { centre: levels(centre), edge: levels(edge), middle, reach }
            }
            Backdrop::Sweep(colour) => {
                Kind::Sweep(sweep(scene, layout, tones.lights(colour), frame_width, frame_height))
            }
            Backdrop::Plate { .. } => match &scene.plate {
                Some(plate) => {
                    Kind::Picture(opaque(cut(plate, layout.plate, width, height)?.into_pixels(), plate.channels()))
                }
                None => Kind::Flat([1.0; 3]),
            },
        };
        Ok(Surface { kind, tones, width: frame_width, height: frame_height })
    }

    /// Whether it is made of smooth changes, which need grain.
    pub fn is_smooth(&self) -> bool {
        matches!(self.kind, Kind::Ramp { .. } | Kind::Radial { .. } | Kind::Sweep(_))
    }

    /// The light of a row's pixels.
    pub fn row(&self, y: usize, out: &mut [[f32; 3]]) {
        let down = y as f32 + 0.5;
        match &self.kind {
            Kind::Flat(light) => out.fill(*light),
            Kind::Picture(pixels) => {
                let row = pixels[y * out.len() * 3..].chunks_exact(3);
                out.iter_mut().zip(row).for_each(|(out, p)| *out = self.tones.lights([p[0], p[1], p[2]]));
            }
            Kind::Ramp { from, to, start, across, down: step } => self.each(out, |x| {
                let t = (start + x * across + down * step).clamp(0.0, 1.0);
                self.mixed(from, to, t)
            }),
            Kind::Radial { centre, edge, middle, reach } => self.each(out, |x| {
                let (dx, dy) = (x - middle[0], down - middle[1]);
                self.mixed(centre, edge, smoothstep(0.0, 1.0, (dx * dx + dy * dy).sqrt() / reach))
            }),
            Kind::Sweep(sweep) => self.each(out, |x| {
                let light = sweep.light(x, down, self.width, self.height);
                sweep.colour.map(|own| own * light)
            }),
        }
    }

    fn each(&self, out: &mut [[f32; 3]], light: impl Fn(f32) -> [f32; 3]) {
        out.iter_mut().enumerate().for_each(|(x, out)| *out = light(x as f32 + 0.5));
    }

    /// Between two colours, by levels.
    fn mixed(&self, from: &[f32; 3], to: &[f32; 3], t: f32) -> [f32; 3] {
        [0, 1, 2].map(|channel| self.between(from[channel] + (to[channel] - from[channel]) * t))
    }

    /// The light of a level with a fraction.
    fn between(&self, level: f32) -> f32 {
        let below = level.clamp(0.0, 255.0) as u8;
        let (low, high) = (self.tones.light(below), self.tones.light(below.saturating_add(1)));
        low + (high - low) * (level - f32::from(below))
    }

    /// How much of a shadow that lies on the floor is seen at a height of the frame: on paper that bends away, less and less.
    pub fn shade_at(&self, y: usize) -> f32 {
        match &self.kind {
            Kind::Sweep(sweep) => 1.0 - smoothstep(sweep.bend[0], sweep.bend[1], y as f32 + 0.5),
            _ => 1.0,
        }
    }
}

/// Between the middles of the outer products, a little above the floor.
fn middle(layout: &Layout, width: f32) -> [f32; 2] {
    let left = layout.places.iter().map(|place| place.left).min().unwrap_or(0) as f32;
    let right = layout.places.iter().map(|place| place.left + i64::from(place.width)).max().unwrap_or(0) as f32;
    let tallest = layout.places.iter().map(|place| place.height).max().unwrap_or(0) as f32;
    [((left + right) / 2.0).clamp(0.0, width), layout.floor as f32 - 0.35 * tallest]
}

/// CSS gradients: the line through the middle whose ends' perpendiculars touch the corners.
fn ramp(from: [f32; 3], to: [f32; 3], angle: f32, width: f32, height: f32) -> Kind {
    let (sine, cosine) = sin_cos(f64::from(angle));
    let (sine, cosine) = (sine as f32, cosine as f32);
    let length = width * sine.abs() + height * cosine.abs();
    let (across, down) = (sine / length, -cosine / length);
    Kind::Ramp { from, to, start: 0.5 - (width * across + height * down) / 2.0, across, down }
}

fn sweep(scene: &Scene, layout: &Layout, colour: [f32; 3], width: f32, height: f32) -> Sweep {
    let middle = middle(layout, width);
    let floor = layout.floor as f32;
    let tallest = layout.places.iter().map(|place| place.height).max().unwrap_or(0) as f32;
    // The bend lies well behind the products, and is as soft as paper on a stand.
    let start = floor - 0.22 * tallest;
    let bend = [start, start - 0.42 * tallest];
    let slope = scene.setting.light.map_or(0.0, |light| -0.16 * sin_cos(f64::from(light.azimuth)).0 as f32);
    Sweep { colour, middle: [middle[0], floor - 0.12 * tallest], bend, reach: width.max(height), slope }
}

impl Sweep {
    /// The share of its brightest light at a place.
    fn light(&self, x: f32, y: f32, width: f32, height: f32) -> f32 {
        let (dx, dy) = (x - self.middle[0], y - self.middle[1]);
        // The pool of light on the floor; a lamp above falls off slowly.
        let far = (dx * dx + 1.6 * dy * dy) / (self.reach * self.reach);
        let floor = 1.0 / (1.0 + 0.55 * far);
        // The wall is further from the lamp and turned away from it, and darkens upwards.
        let up = ((self.bend[0] - y) / self.reach).max(0.0);
        let wall = 0.93 / (1.0 + 0.4 * up + 0.4 * dx * dx / (self.reach * self.reach));
        let t = smoothstep(self.bend[0], self.bend[1], y);
        let even = floor + (wall - floor) * t;
        let (u, v) = (x / width - 0.5, y / height - 0.5);
        let vignette = 1.0 - 0.12 * (u * u + v * v) * (u * u + v * v) * 4.0;
        let side = (1.0 + self.slope * u) / (1.0 + self.slope.abs() / 2.0);
        (even * vignette * side).clamp(0.0, 1.0)
    }
}

/// RGB over white.
fn opaque(pixels: Vec<u8>, channels: u8) -> Vec<u8> {
    if channels == 3 {
        return pixels;
    }
    let over = |value: u8, alpha: u8| {
        let alpha = u32::from(alpha);
        ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    pixels.chunks_exact(4).flat_map(|p| [over(p[0], p[3]), over(p[1], p[3]), over(p[2], p[3])]).collect()
}
