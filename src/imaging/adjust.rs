//! Light and colour as a photographer changes them: exposure and white balance in linear light, highlights that roll off instead
//! of clipping, contrast around middle grey, and saturation that spares skin.

use rayon::prelude::*;

use super::cut::convert;
use super::exact::{linear_to_srgb, pow, srgb_to_linear};
use super::{Error, Picture, sharpen};

/// What to change; all zero changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adjustment {
    /// Stops: +1 is twice the light. −5 to 5.
    pub exposure: f32,
    /// −1 (cooler, bluer) to 1 (warmer, more orange).
    pub temperature: f32,
    /// −1 (greener) to 1 (more magenta).
    pub tint: f32,
    /// −1 (flat) to 1 (strong): the slope at middle grey is 2 to its power.
    pub contrast: f32,
    /// −1 (grey) to 1 (about twice as colourful where there is room).
    pub saturation: f32,
    /// 0 to 1.
    pub sharpen: f32,
}

/// Where highlights begin to roll off, in linear light; middle grey is 0.18.
const SHOULDER: f32 = 0.4;

/// Luma of encoded values and of linear light. Source: ITU-R BT.709.
pub(super) const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Entries of the table from the square root of linear light (exact on every machine) to encoded values: the table's steps are
/// below a tenth of an 8-bit level everywhere.
const STEPS: usize = 4096;

/// Changes light and colour of a picture, which becomes sRGB by that (its orientation stays). Gives the same bytes on any machine
/// and any number of threads: tables made of exactly defined operations, and single-precision arithmetic.
///
/// # Errors
/// [`Error::NotDecoded`] where the profile that travelled with it is broken.
pub fn adjust(picture: &mut Picture, adjustment: &Adjustment) -> Result<(), Error> {
    let wanted = adjustment.within();
    if wanted == Adjustment::default() {
        return Ok(());
    }
    let about = picture.about().clone();
    let channels = usize::from(about.channels);
    let mut pixels = picture.take();
    convert(&mut pixels, &about)?;
    if (Adjustment { sharpen: 0.0, ..wanted }) != Adjustment::default() {
        let tone = Tone::new(&wanted);
        pixels.par_chunks_mut(channels << 14).for_each(|chunk| {
            for pixel in chunk.chunks_exact_mut(channels) {
                let changed = tone.change([pixel[0], pixel[1], pixel[2]]);
                pixel[..3].copy_from_slice(&changed);
            }
        });
    }
    if wanted.sharpen > 0.0 {
        sharpen::sharpen(&mut pixels, about.width as usize, channels, wanted.sharpen);
    }
    picture.replace(pixels);
    Ok(())
}

impl Adjustment {
    /// Every number inside its range; what is no number is 0.
    fn within(&self) -> Adjustment {
        let clamp = |value: f32, least: f32, most: f32| if value.is_nan() { 0.0 } else { value.clamp(least, most) };
        Adjustment {
            exposure: clamp(self.exposure, -5.0, 5.0),
            temperature: clamp(self.temperature, -1.0, 1.0),
            tint: clamp(self.tint, -1.0, 1.0),
            contrast: clamp(self.contrast, -1.0, 1.0),
            saturation: clamp(self.saturation, -1.0, 1.0),
            sharpen: clamp(self.sharpen, 0.0, 1.0),
        }
    }
}

/// The change of one pixel, prepared.
struct Tone {
    /// Linear light of each 8-bit value.
    light: [f32; 256],
    gains: [f32; 3],
    /// What white becomes before highlights roll off.
    white: f32,
    /// Encoded value with contrast, by the square root of linear light.
    encoded: Vec<f32>,
    saturation: f32,
}

impl Tone {
    fn new(wanted: &Adjustment) -> Tone {
        let power_of_two = |exponent: f64| pow(2.0, exponent);
        let (warm, magenta) = (f64::from(wanted.temperature), f64::from(wanted.tint));
        // Warm light has more red and less blue, as between daylight of 6500 K and lamps of about 4000 K at 1; magenta has less green.
        let balance = [power_of_two(0.35 * warm), power_of_two(-0.3 * magenta), power_of_two(-0.5 * warm)];
        // Balanced so that a grey keeps its luminance.
        let luminance: f64 = balance.iter().zip(LUMA).map(|(gain, weight)| gain * f64::from(weight)).sum();
        let stops = power_of_two(f64::from(wanted.exposure));
        let gains = balance.map(|gain| (gain / luminance * stops) as f32);
        let middle = linear_to_srgb(0.18);
        let slope = power_of_two(f64::from(wanted.contrast));
        let encoded = (0..=STEPS).map(|step| {
            let root = step as f64 / STEPS as f64;
            around_middle(linear_to_srgb(root * root), middle, slope) as f32
        });
        let mut light = [0.0; 256];
        for (value, light) in light.iter_mut().enumerate() {
            *light = srgb_to_linear(value as f64 / 255.0) as f32;
        }
        Tone {
            light,
            gains,
            white: gains.iter().copied().fold(1.0, f32::max),
            encoded: encoded.collect(),
            saturation: wanted.saturation,
        }
    }

    fn change(&self, pixel: [u8; 3]) -> [u8; 3] {
        let mut light = [0.0; 3];
        for (light, (value, gain)) in light.iter_mut().zip(pixel.into_iter().zip(self.gains)) {
            *light = self.light[usize::from(value)] * gain;
        }
        let light = if self.white > 1.0 { self.roll_off(light) } else { light };
        let encoded = light.map(|light| self.encoded[(light.min(1.0).sqrt() * STEPS as f32 + 0.5) as usize]);
        let coloured = if self.saturation == 0.0 { encoded } else { saturate(encoded, self.saturation) };
        coloured.map(|value| (value * 255.0 + 0.5) as u8)
    }

    /// Highlights bend towards white: halfway between keeping the hue exactly and letting bright colours fade, as film does.
    fn roll_off(&self, light: [f32; 3]) -> [f32; 3] {
        let brightest = light[0].max(light[1]).max(light[2]);
        if brightest <= SHOULDER {
            return light;
        }
        let scale = self.shoulder(brightest) / brightest;
        light.map(|light| (light * scale + self.shoulder(light)) / 2.0)
    }

    /// Leaves what is below the shoulder, brings white exactly to 1, and has no corner between.
    fn shoulder(&self, light: f32) -> f32 {
        if light <= SHOULDER {
            return light;
        }
        let slope = (self.white - SHOULDER) / (1.0 - SHOULDER);
        let t = ((light - SHOULDER) / (self.white - SHOULDER)).min(1.0);
        SHOULDER + (1.0 - SHOULDER) * (slope * t / (1.0 + (slope - 1.0) * t))
    }
}

/// An S-curve through black, middle grey and white, with `slope` at middle grey and its inverse at both ends.
fn around_middle(value: f64, middle: f64, slope: f64) -> f64 {
    let half = |u: f64| u / (u + (1.0 - u) * slope);
    if value <= middle {
        middle * half(value / middle)
    } else {
        1.0 - (1.0 - middle) * half((1.0 - value) / (1.0 - middle))
    }
}

/// Colours move away from (or to) their luma. More colour is given mostly to what has little, half as much to skin, and never so
/// much that a channel clips.
fn saturate(pixel: [f32; 3], amount: f32) -> [f32; 3] {
    let luma: f32 = pixel.iter().zip(LUMA).map(|(value, weight)| value * weight).sum();
    let (least, most) = (pixel[0].min(pixel[1]).min(pixel[2]), pixel[0].max(pixel[1]).max(pixel[2]));
    if most - least < 1e-6 {
        return pixel;
    }
    let factor = if amount < 0.0 {
        1.0 + amount
    } else {
        let colourful = (most - least) / most;
        let wanted = 1.0 + amount * (1.2 - 0.7 * colourful) * (1.0 - 0.5 * skin(pixel, least, most));
        // The largest factor that keeps every channel between black and white.
        let room = ((1.0 - luma) / (most - luma)).min(luma / (luma - least).max(1e-6));
        // Approaches the room smoothly, so that neighbouring strong colours stay apart.
        let (wanted, room) = (wanted - 1.0, (room - 1.0).max(0.0));
        1.0 + if wanted + room > 0.0 {
            wanted * room / (wanted + room) * (1.0 + wanted.min(room) / (wanted + room))
        } else {
            0.0
        }
    };
    pixel.map(|value| (luma + (value - luma) * factor).clamp(0.0, 1.0))
}

/// How much a colour is like skin (0 to 1): orange hues, fading to none at pure red and yellow.
fn skin([red, green, blue]: [f32; 3], least: f32, most: f32) -> f32 {
    if red < green || green < blue {
        return 0.0;
    }
    // 0 is red, 1 is yellow; skin of all shades lies around 0.4.
    let hue = (green - blue) / (most - least);
    let distance = ((hue - 0.4) / 0.4).abs().min(1.0);
    (1.0 - distance * distance) * (1.0 - distance * distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(pixels: &[[u8; 3]], adjustment: Adjustment) -> Vec<[u8; 3]> {
        let mut picture = Picture::from_pixels(pixels.concat(), pixels.len() as u32, 1, 3).unwrap();
        adjust(&mut picture, &adjustment).unwrap();
        picture.pixels().chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect()
    }

    fn greys() -> Vec<[u8; 3]> {
        (0..=255).map(|value| [value; 3]).collect()
    }

    #[test]
    fn no_adjustment_changes_no_byte_and_tiny_ones_hardly_any() {
        let colours: Vec<[u8; 3]> = (0..=255u8).map(|v| [v, v.wrapping_mul(7), v.wrapping_mul(31)]).collect();
        assert_eq!(changed(&colours, Adjustment::default()), colours);
        assert_eq!(changed(&colours, Adjustment { exposure: f32::NAN, ..Adjustment::default() }), colours);
        let tiny =
            Adjustment { exposure: 1e-6, contrast: 1e-6, saturation: 1e-6, temperature: 1e-6, ..Adjustment::default() };
        assert_eq!(changed(&colours, tiny), colours, "the tables are too coarse");
    }

    #[test]
    fn a_stop_doubles_light_keeps_white_and_loses_no_highlight() {
        let brighter = changed(&greys(), Adjustment { exposure: 1.0, ..Adjustment::default() });
        // 18 % grey is 118; 36 % is 162.
        assert_eq!((brighter[118], brighter[0], brighter[255]), ([162; 3], [0; 3], [255; 3]));
        for stops in [0.5, 1.0, 2.0, 3.0] {
            let brighter = changed(&greys(), Adjustment { exposure: stops, ..Adjustment::default() });
            assert!(brighter.is_sorted());
            let clipped = brighter.iter().filter(|pixel| pixel[0] == 255).count();
            assert!(clipped <= 2 + 6 * stops as usize, "{stops} stops clip {clipped} greys");
        }
        let darker = changed(&greys(), Adjustment { exposure: -1.0, ..Adjustment::default() });
        assert_eq!(darker[162], [118; 3]);
    }

    #[test]
    fn white_balance_changes_colour_and_keeps_the_light_of_a_grey() {
        let warm = changed(&[[118; 3]], Adjustment { temperature: 0.5, ..Adjustment::default() })[0];
        assert!(warm[0] > 118 && warm[2] < 118, "{warm:?}");
        let magenta = changed(&[[118; 3]], Adjustment { tint: 0.5, ..Adjustment::default() })[0];
        assert!(magenta[1] < 118 && magenta[0] > 118 && magenta[0] == magenta[2], "{magenta:?}");
        for pixel in [warm, magenta] {
            let light: f64 =
                pixel.iter().zip(LUMA).map(|(&v, w)| srgb_to_linear(f64::from(v) / 255.0) * f64::from(w)).sum();
            assert!((light - 0.181).abs() < 0.004, "{pixel:?} has {light}");
        }
    }

    #[test]
    fn contrast_turns_around_middle_grey_without_clipping() {
        for contrast in [-1.0, -0.3, 0.5, 1.0] {
            let curve = changed(&greys(), Adjustment { contrast, ..Adjustment::default() });
            assert!(curve.is_sorted());
            assert_eq!((curve[0], curve[255]), ([0; 3], [255; 3]));
            assert!(curve[118][0].abs_diff(118) <= 1, "{contrast}: {:?}", curve[118]);
            assert_eq!(curve[60][0] < 60, contrast > 0.0);
            assert_eq!(curve[190][0] > 190, contrast > 0.0);
        }
    }

    #[test]
    fn saturation_spares_greys_and_skin_and_never_clips() {
        let full = Adjustment { saturation: 1.0, ..Adjustment::default() };
        assert_eq!(changed(&greys(), full), greys());
        let colours = [[200, 150, 130], [130, 150, 200], [150, 180, 140], [250, 30, 20], [240, 20, 30], [10, 10, 40]];
        let more = changed(&colours, full);
        let spread = |p: &[u8; 3]| i32::from(*p.iter().max().unwrap()) - i32::from(*p.iter().min().unwrap());
        for (before, after) in colours.iter().zip(&more) {
            assert!(spread(after) >= spread(before), "{before:?} becomes {after:?}");
        }
        let gain = |i: usize| f64::from(spread(&more[i])) / f64::from(spread(&colours[i]));
        assert!(gain(0) < gain(1) - 0.15, "skin gains {}, blue {}", gain(0), gain(1));
        assert_ne!(more[3], more[4], "two reds became one");
        let none = changed(&colours, Adjustment { saturation: -1.0, ..Adjustment::default() });
        assert!(none.iter().all(|pixel| spread(pixel) == 0), "{none:?}");
    }

    #[test]
    fn sharpening_leaves_flat_parts_alone_and_draws_no_halo() {
        // A soft edge, as a lens draws it.
        let edge = [90, 92, 99, 117, 153, 171, 178, 180];
        let row: Vec<u8> = (0..64usize).flat_map(|x| [edge[x.saturating_sub(28).min(7)]; 3]).collect();
        let mut picture = Picture::from_pixels(row.repeat(40), 64, 40, 3).unwrap();
        adjust(&mut picture, &Adjustment { sharpen: 1.0, ..Adjustment::default() }).unwrap();
        let after = &picture.pixels()[20 * 64 * 3..21 * 64 * 3];
        assert_eq!((after[0], after[63 * 3]), (90, 180));
        let (least, most) = (after.iter().min().unwrap(), after.iter().max().unwrap());
        assert!(*least >= 86 && *most <= 184, "{least} to {most}");
        let steepest = i32::from(after[32 * 3]) - i32::from(after[31 * 3]);
        assert!(steepest >= 42, "the steepest part was 36 and is {steepest}");
    }
}
