//! Light and colour as a photographer changes them: exposure and white balance in linear light, highlights that roll off instead
//! of clipping, contrast around middle grey, and saturation that spares skin.

use rayon::prelude::*;

use super::cut::convert;
use super::sharpen::sharpen;
use super::tone::Tone;
use super::{Error, Picture};

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

/// Luma of encoded values and of linear light. Source: ITU-R BT.709.
pub(super) const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

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
    picture.interleave()?;
    let about = picture.about().clone();
    let mut pixels = picture.take();
    convert(&mut pixels, &about)?;
    let width = about.width as usize;
    if about.channels == 4 {
        apply::<4>(&mut pixels, width, &wanted)
    } else {
        apply::<3>(&mut pixels, width, &wanted)
    }
    picture.replace(pixels);
    Ok(())
}

fn apply<const CHANNELS: usize>(pixels: &mut [u8], width: usize, wanted: &Adjustment) {
    if (Adjustment { sharpen: 0.0, ..*wanted }) != Adjustment::default() {
        let tone = Tone::new(wanted);
        pixels.par_chunks_mut(CHANNELS << 15).for_each(|chunk| tone.change::<CHANNELS>(chunk));
    }
    if wanted.sharpen > 0.0 {
        sharpen::<CHANNELS>(pixels, width, wanted.sharpen);
    }
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

#[cfg(test)]
mod tests {
    use super::super::exact::srgb_to_linear;
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
