//! The change of light and colour itself: tables for each channel, and arithmetic between channels on blocks of pixels.
//!
//! Between the tables there are only additions, multiplications, divisions and roots in single precision, which IEEE 754
//! defines to the last bit, in loops without branches that compilers turn into vector instructions.

use super::adjust::{Adjustment, LUMA};
use super::exact::{linear_to_srgb, pow, srgb_to_linear};

/// Where highlights begin to roll off, in linear light; middle grey is 0.18.
const SHOULDER: f32 = 0.4;

/// Entries of the table from the square root of linear light to encoded values: its steps are below a tenth of an 8-bit level
/// everywhere.
const STEPS: usize = 4096;

/// Pixels worked on together.
const BLOCK: usize = 64;

/// One channel of a block.
type Values = [f32; BLOCK];

/// A value for each 8-bit value of each channel.
type Tables<T> = [[T; 256]; 3];

/// Added to a number from 0 to 2^22, this leaves the nearest whole number in the lowest bits of the sum (IEEE 754, single
/// precision): a conversion that vector instructions have everywhere.
const TO_WHOLE: f32 = 8_388_608.0;

/// Levels (of 255) that nobody sees; keeps divisors from being nothing.
const TINY: f32 = 1e-3;

/// The change of any pixel, prepared.
pub struct Tone {
    how: How,
    /// −1 to 1.
    saturation: f32,
}

enum How {
    /// Each channel by itself, to the final value.
    Whole(Box<Tables<u8>>),
    /// Each channel by itself, to levels that saturation goes on with.
    Levels(Box<Tables<f32>>),
    /// Light grows, so that highlights must roll off, in which the channels depend on each other.
    Highlights(Box<Highlights>),
}

struct Highlights {
    /// Linear light after exposure and white balance; and half of what it would roll off to by itself.
    light: Tables<[f32; 2]>,
    /// What white becomes before it rolls off.
    white: f32,
    /// Levels with contrast, by the square root of linear light.
    levels: [f32; STEPS],
}

impl Tone {
    pub fn new(wanted: &Adjustment) -> Tone {
        let gains = gains(wanted);
        let white = gains.iter().copied().fold(1.0, f64::max) as f32;
        let light = |channel: usize, value: usize| srgb_to_linear(value as f64 / 255.0) * gains[channel];
        let curve = Curve::new(wanted.contrast);
        let how = if white > 1.0 {
            let mut levels = [0.0; STEPS];
            for (step, level) in levels.iter_mut().enumerate() {
                let root = step as f64 / (STEPS - 1) as f64;
                *level = curve.level(root * root) as f32;
            }
            let light = tables(|channel, value| {
                let light = light(channel, value) as f32;
                [light, shoulder(light, white) / 2.0]
            });
            How::Highlights(Box::new(Highlights { light, white, levels }))
        } else if wanted.saturation == 0.0 {
            How::Whole(Box::new(tables(|channel, value| (curve.level(light(channel, value)) + 0.5) as u8)))
        } else {
            How::Levels(Box::new(tables(|channel, value| curve.level(light(channel, value)) as f32)))
        };
        Tone { how, saturation: wanted.saturation }
    }

    /// Changes whole pixels of `CHANNELS` bytes in place; alpha stays.
    pub fn change<const CHANNELS: usize>(&self, pixels: &mut [u8]) {
        if let How::Whole(tables) = &self.how {
            for pixel in pixels.chunks_exact_mut(CHANNELS) {
                for (value, table) in pixel.iter_mut().zip(tables.iter()) {
                    *value = table[usize::from(*value)];
                }
            }
            return;
        }
        for pixels in pixels.chunks_mut(BLOCK * CHANNELS) {
            let mut levels = [[0.0; BLOCK]; 3];
            match &self.how {
                How::Highlights(highlights) => highlights.read::<CHANNELS>(pixels, &mut levels),
                How::Levels(tables) => read_levels::<CHANNELS>(pixels, tables, &mut levels),
                How::Whole(_) => {}
            }
            saturate(&mut levels, self.saturation);
            let [red, green, blue] = &levels;
            for (i, pixel) in pixels.chunks_exact_mut(CHANNELS).enumerate().take(BLOCK) {
                pixel[0] = (red[i] + TO_WHOLE).to_bits() as u8;
                pixel[1] = (green[i] + TO_WHOLE).to_bits() as u8;
                pixel[2] = (blue[i] + TO_WHOLE).to_bits() as u8;
            }
        }
    }
}

/// By how much the light of each channel grows.
fn gains(wanted: &Adjustment) -> [f64; 3] {
    let power_of_two = |exponent: f64| pow(2.0, exponent);
    let (warm, magenta) = (f64::from(wanted.temperature), f64::from(wanted.tint));
    // Warm light has more red and less blue, as between daylight of 6500 K and lamps of about 4000 K at 1; magenta has less green.
    let balance = [power_of_two(0.35 * warm), power_of_two(-0.3 * magenta), power_of_two(-0.5 * warm)];
    // Balanced so that a grey keeps its luminance.
    let luminance: f64 = balance.iter().zip(LUMA).map(|(gain, weight)| gain * f64::from(weight)).sum();
    let stops = power_of_two(f64::from(wanted.exposure));
    // Single precision forgives the last bits, so that no change is exactly 1.
    balance.map(|gain| f64::from((gain / luminance * stops) as f32))
}

fn tables<T: Copy + Default>(entry: impl Fn(usize, usize) -> T) -> Tables<T> {
    let mut tables = [[T::default(); 256]; 3];
    for (channel, table) in tables.iter_mut().enumerate() {
        for (value, place) in table.iter_mut().enumerate() {
            *place = entry(channel, value);
        }
    }
    tables
}

/// An S-curve through black, middle grey and white, with `slope` at middle grey and its inverse at both ends.
struct Curve {
    middle: f64,
    slope: f64,
}

impl Curve {
    fn new(contrast: f32) -> Curve {
        Curve { middle: linear_to_srgb(0.18), slope: pow(2.0, f64::from(contrast)) }
    }

    /// The encoded level (0 to 255) of linear light (0 to 1).
    fn level(&self, light: f64) -> f64 {
        let half = |u: f64| u / (u + (1.0 - u) * self.slope);
        let value = linear_to_srgb(light);
        255.0
            * if value <= self.middle {
                self.middle * half(value / self.middle)
            } else {
                1.0 - (1.0 - self.middle) * half((1.0 - value) / (1.0 - self.middle))
            }
    }
}

/// Leaves what is below the shoulder, brings `white` exactly to 1, and has no corner between.
fn shoulder(light: f32, white: f32) -> f32 {
    if light <= SHOULDER {
        return light;
    }
    let slope = (white - SHOULDER) / (1.0 - SHOULDER);
    let t = least((light - SHOULDER) / (white - SHOULDER), 1.0);
    SHOULDER + (1.0 - SHOULDER) * (slope * t / (1.0 + (slope - 1.0) * t))
}

fn read_levels<const CHANNELS: usize>(pixels: &[u8], tables: &Tables<f32>, levels: &mut [Values; 3]) {
    let [red, green, blue] = levels;
    for (i, pixel) in pixels.chunks_exact(CHANNELS).enumerate().take(BLOCK) {
        red[i] = tables[0][usize::from(pixel[0])];
        green[i] = tables[1][usize::from(pixel[1])];
        blue[i] = tables[2][usize::from(pixel[2])];
    }
}

impl Highlights {
    /// Highlights bend towards white: halfway between keeping the hue exactly and letting bright colours fade, as film does.
    fn read<const CHANNELS: usize>(&self, pixels: &[u8], levels: &mut [Values; 3]) {
        let mut own = [[0.0; BLOCK]; 3];
        for (i, pixel) in pixels.chunks_exact(CHANNELS).enumerate().take(BLOCK) {
            [levels[0][i], own[0][i]] = self.light[0][usize::from(pixel[0])];
            [levels[1][i], own[1][i]] = self.light[1][usize::from(pixel[1])];
            [levels[2][i], own[2][i]] = self.light[2][usize::from(pixel[2])];
        }
        let slope = (self.white - SHOULDER) / (1.0 - SHOULDER);
        let range = 1.0 / (self.white - SHOULDER);
        let mut steps = [[0u32; BLOCK]; 3];
        for i in 0..BLOCK {
            let light = [levels[0][i], levels[1][i], levels[2][i]];
            let brightest = most(light[0], most(light[1], light[2]));
            let t = least((brightest - SHOULDER) * range, 1.0);
            let below = 1.0 + (slope - 1.0) * t;
            // Half of the shoulder's fraction, divided by the brightest, in one division.
            let bent = 0.5 * (SHOULDER * below + (1.0 - SHOULDER) * slope * t) / (below * brightest);
            let half = if brightest <= SHOULDER { 0.5 } else { bent };
            for channel in 0..3 {
                let light = least(light[channel] * half + own[channel][i], 1.0);
                steps[channel][i] = (light.sqrt() * (STEPS - 1) as f32 + TO_WHOLE).to_bits();
            }
        }
        for (levels, steps) in levels.iter_mut().zip(&steps) {
            for (level, &step) in levels.iter_mut().zip(steps) {
                *level = self.levels[step as usize % STEPS];
            }
        }
    }
}

/// Colours move away from (or to) their luma. More colour is given mostly to what has little, half as much to skin, and never so
/// much that a channel clips.
fn saturate([red, green, blue]: &mut [Values; 3], amount: f32) {
    if amount == 0.0 {
        return;
    }
    for i in 0..BLOCK {
        let (r, g, b) = (red[i], green[i], blue[i]);
        let luma = r * LUMA[0] + g * LUMA[1] + b * LUMA[2];
        let factor = if amount < 0.0 { 1.0 + amount } else { 1.0 + more(r, g, b, luma, amount) };
        red[i] = most(least(luma + (r - luma) * factor, 255.0), 0.0);
        green[i] = most(least(luma + (g - luma) * factor, 255.0), 0.0);
        blue[i] = most(least(luma + (b - luma) * factor, 255.0), 0.0);
    }
}

/// By how much (0 and up) a colour moves further away from its luma.
#[inline(always)]
fn more(r: f32, g: f32, b: f32, luma: f32, amount: f32) -> f32 {
    let (top, bottom) = (most(r, most(g, b)), least(r, least(g, b)));
    let spread = top - bottom;
    let colourful = spread / (top + TINY);
    let wanted = amount * (1.2 - 0.7 * colourful) * (1.0 - 0.5 * skin(r, g, b, spread));
    // The most that keeps every channel between black and white: the smaller of two fractions, found before dividing.
    let (above, over) = (255.0 - top, most(top - luma, 0.0) + TINY);
    let (below, under) = (bottom, most(luma - bottom, 0.0) + TINY);
    let up = above * under < below * over;
    let room = (if up { above } else { below }) / (if up { over } else { under });
    // Approaches the room smoothly, so that neighbouring strong colours stay apart.
    let share = 1.0 / (wanted + room + TINY);
    wanted * room * share * (1.0 + least(wanted, room) * share)
}

/// How much a colour is like skin (0 to 1): orange hues, fading to none at pure red and yellow.
#[inline(always)]
fn skin(r: f32, g: f32, b: f32, spread: f32) -> f32 {
    // 0 is red, 1 is yellow; skin of all shades lies around 0.4.
    let hue = (g - b) / (spread + TINY);
    let distance = least(((hue - 0.4) / 0.4).abs(), 1.0);
    let near = 1.0 - distance * distance;
    if (r >= g) & (g >= b) { near * near } else { 0.0 }
}

/// The smaller number. Unlike `f32::min` it says nothing of what is no number, and is one instruction.
#[inline(always)]
fn least(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
fn most(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}
