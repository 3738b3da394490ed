//! Puts a frame together: backdrop, shadow, reflection, grain and products, row by row.

use rayon::prelude::*;

use super::grain::{self, DITHER};
use super::place::{Layout, Place, place};
use super::reflection::Reflection;
use super::report::{Painted, report};
use super::spline::{Plane, Taps};
use super::surface::Surface;
use super::tone::Tones;
use super::{Backdrop, Scene, shadow};
use crate::imaging::exact::linear_to_srgb;
use crate::imaging::{Error, Picture};

/// More than any format asks for.
const MAX_SIDE: u32 = 30_000;
/// A colour temperature is matched by at most this factor a channel.
const MOST_MATCHING: f32 = 0.12;

/// Everything of a frame that is the same for all its rows.
struct Frame<'a> {
    scene: &'a Scene,
    surface: Surface<'a>,
    tones: &'a Tones,
    layout: &'a Layout,
    shadow: Option<(Plane, Taps)>,
    /// From back to front.
    reflections: Vec<Reflection>,
    /// RGBA of each product at its place's size.
    products: Vec<Vec<u8>>,
    /// In levels.
    grain: f32,
}

pub fn paint(scene: &Scene, width: u32, height: u32) -> Result<Painted, Error> {
    if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE {
        return Err(Error::Size { width, height });
    }
    let layout = place(scene, width, height);
    let tones = Tones::new();
    let setting = &scene.setting;
    let mut surface = Surface::new(scene, &layout, &tones, width, height)?;
    let placed = || scene.products.iter().zip(&layout.places);
    let mut products = placed()
        .map(|(product, place)| product.resample(place.width, place.height))
        .collect::<Result<Vec<_>, Error>>()?;
    let gains = gains(&mut surface, setting.matching, width as usize, height as usize);
    products.iter_mut().for_each(|pixels| grade(pixels, gains, &tones));
    let shadow = setting.light.map(|light| shadow::cast(&scene.products, &layout, &light, width, height));
    let shadow = shadow.map(|plane| {
        let taps = plane.taps(width as usize);
        (plane, taps)
    });
    let glossy = setting.gloss > 0.0 && setting.backdrop != Backdrop::Transparent;
    let mirrored = if glossy { layout.order.as_slice() } else { &[] };
    let mirrored = mirrored.iter().map(|&index| Reflection::new(&scene.products[index], &layout.places[index]));
    let reflections = mirrored.collect::<Result<_, Error>>()?;
    let measured = || {
        let noise = products.iter().zip(&layout.places).map(|(pixels, place)| grain::of(pixels, place.width as usize));
        noise.fold(0.0, f32::max)
    };
    let grain = if surface.is_smooth() { setting.grain.unwrap_or_else(measured).max(DITHER) } else { 0.0 };
    let frame = Frame { scene, surface, tones: &tones, layout: &layout, shadow, reflections, products, grain };
    let channels = if setting.backdrop == Backdrop::Transparent { 4 } else { 3 };
    let mut pixels = vec![0; width as usize * height as usize * channels];
    let mut owners = vec![0; width as usize * height as usize];
    let rows = pixels.par_chunks_exact_mut(width as usize * channels).zip(owners.par_chunks_exact_mut(width as usize));
    rows.enumerate().for_each(|(y, (row, owners))| match channels {
        4 => frame.clear_row(y, row, owners),
        _ => frame.row(y, row, owners),
    });
    let picture = Picture::from_pixels(pixels, width, height, channels as u8)?;
    let own = |place: &Place| place.scale == 1.0 && gains == [1.0; 3];
    let reports = (1..)
        .zip(placed())
        .map(|(number, (product, place))| report(number, &product.name, place, own(place), &picture, &owners));
    Ok(Painted { products: reports.collect(), picture })
}

/// The gains by which products take on the backdrop's mean colour, within limits.
fn gains(surface: &mut Surface<'_>, matching: f32, width: usize, height: usize) -> [f32; 3] {
    if matching <= 0.0 {
        return [1.0; 3];
    }
    let mut sums = [0.0f64; 3];
    let mut row = vec![[0.0; 3]; width];
    for y in (0..height).step_by(8) {
        surface.row(y, &mut row);
        for light in row.iter().step_by(8) {
            (0..3).for_each(|channel| sums[channel] += f64::from(light[channel]));
        }
    }
    let mean = (sums[0] + sums[1] + sums[2]) / 3.0;
    sums.map(|sum| {
        let tint = (sum / mean.max(1e-9) - 1.0) as f32;
        1.0 + (tint * matching).clamp(-MOST_MATCHING, MOST_MATCHING)
    })
}

fn grade(pixels: &mut [u8], gains: [f32; 3], tones: &Tones) {
    if gains == [1.0; 3] {
        return;
    }
    let table =
        |gain: f32| -> Vec<u8> { (0..=255).map(|v| (tones.level(tones.light(v) * gain) + 0.5) as u8).collect() };
    let tables = gains.map(table);
    for pixel in pixels.chunks_exact_mut(4) {
        (0..3).for_each(|channel| pixel[channel] = tables[channel][usize::from(pixel[channel])]);
    }
}

impl Frame<'_> {
    /// A row of RGB. `owners` gets the numbers (from 1) of the products whose sure pixels show.
    fn row(&self, y: usize, out: &mut [u8], owners: &mut [u8]) {
        let width = owners.len();
        let mut levels = vec![[0.0; 3]; width];
        self.surface.row(y, &mut levels);
        let reached = self.reached(y, width);
        for (x, level) in levels.iter_mut().enumerate() {
            let reached = reached.as_ref().map_or(1.0, |row| row[x]);
            *level = level.map(|light| self.tones.level(light * reached));
        }
        for reflection in &self.reflections {
            reflection.over(y, self.scene.setting.gloss, &mut levels);
        }
        for (x, (level, out)) in levels.iter().zip(out.chunks_exact_mut(3)).enumerate() {
            // A flat colour or a plate stays exactly what it is, and only what changes smoothly over it is dithered.
            let shaded = reached.as_ref().is_some_and(|row| row[x] < 1.0) || !self.reflections.is_empty();
            let grain = if shaded { self.grain.max(DITHER) } else { self.grain };
            let noise = if grain > 0.0 { grain * grain::noise(x as u32, y as u32) } else { 0.0 };
            out.iter_mut().zip(level).for_each(|(out, level)| *out = (level + noise + 0.5) as u8);
        }
        self.products(y, out, owners, 3, |pixel, under| {
            let (alpha, wrap) = (u32::from(pixel[3]), self.scene.setting.wrap);
            for (under, &own) in under.iter_mut().zip(&pixel[..3]) {
                // The softer the pixel, the more of the light from behind it shows.
                let behind = f32::from(*under);
                let wrapped = f32::from(own) + (behind - f32::from(own)) * wrap * (255 - alpha) as f32 / 255.0;
                *under = ((wrapped * alpha as f32 + behind * (255 - alpha) as f32) / 255.0 + 0.5) as u8;
            }
        });
    }

    /// A row of RGBA: the products over black shadows that are as clear as they are light.
    fn clear_row(&self, y: usize, out: &mut [u8], owners: &mut [u8]) {
        if let Some(reached) = self.reached(y, owners.len()) {
            for (x, (reached, pixel)) in reached.iter().zip(out.chunks_exact_mut(4)).enumerate() {
                let shade = 255.0 * (1.0 - linear_to_srgb(f64::from(*reached)) as f32);
                let noise = if shade > 0.0 { DITHER * grain::noise(x as u32, y as u32) } else { 0.0 };
                pixel[3] = (shade + noise + 0.5) as u8;
            }
        }
        self.products(y, out, owners, 4, |pixel, under| {
            let (alpha, below) = (u32::from(pixel[3]) * 255, u32::from(under[3]) * (255 - u32::from(pixel[3])));
            let total = alpha + below;
            for (under, &own) in under.iter_mut().zip(&pixel[..3]) {
                *under = ((u32::from(own) * alpha + u32::from(*under) * below + total / 2) / total.max(1)) as u8;
            }
            under[3] = ((total + 127) / 255) as u8;
        });
    }

    /// The light that reaches a row of the floor, 0 to 1.
    fn reached(&self, y: usize, width: usize) -> Option<Vec<f32>> {
        let (plane, taps) = self.shadow.as_ref()?;
        let mut row = vec![1.0; width];
        plane.row(y, taps, &mut row);
        let seen = self.surface.shade_at(y);
        row.iter_mut().for_each(|light| *light = (1.0 - (1.0 - *light) * seen).clamp(0.0, 1.0));
        Some(row)
    }

    /// Lays every product's pixels of a row over what is there, from back to front: sure ones as they are, soft ones by `blend`.
    fn products(&self, y: usize, out: &mut [u8], owners: &mut [u8], channels: usize, blend: impl Fn(&[u8], &mut [u8])) {
        for &index in &self.layout.order {
            let (number, pixels, place) = (index as u8 + 1, &self.products[index], &self.layout.places[index]);
            let row = y as i64 - place.top;
            if row < 0 || row >= i64::from(place.height) {
                continue;
            }
            let row = &pixels[row as usize * place.width as usize * 4..][..place.width as usize * 4];
            for (x, pixel) in (place.left..).zip(row.chunks_exact(4)) {
                if pixel[3] == 0 || x < 0 || x >= owners.len() as i64 {
                    continue;
                }
                let under = &mut out[x as usize * channels..][..channels];
                if pixel[3] == 255 {
                    under[..3].copy_from_slice(&pixel[..3]);
                    under.iter_mut().skip(3).for_each(|alpha| *alpha = 255);
                    owners[x as usize] = number;
                } else {
                    blend(pixel, under);
                    owners[x as usize] = 0;
                }
            }
        }
    }
}
