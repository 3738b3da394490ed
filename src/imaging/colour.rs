//! Colour: everything becomes sRGB, by the profile that came with it.
//!
//! Profiles are applied by moxcms (differs from LittleCMS by at most one level on photos, at a sixth of its time).

use std::sync::Arc;

use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorDateTime, ColorPrimaries, ColorProfile, DataColorSpace, Layout,
    MatrixCoefficients, ToneReprCurve, TransferCharacteristics, Transform8BitExecutor, TransformOptions,
};
use rayon::prelude::*;

use super::decode::Decoded;

/// Pixels converted at a time. Fixed, so that the work is divided in the same way on any number of threads.
const CHUNK: usize = 1 << 15;

/// A conversion of 8-bit RGB or RGBA pixels to sRGB.
pub struct Conversion {
    channels: usize,
    how: How,
}

enum How {
    /// The profile describes RGB.
    Colours(Arc<Transform8BitExecutor>),
    /// The profile describes grey; the pixels hold it three times.
    Greys(Box<[[u8; 3]; 256]>),
}

impl Conversion {
    /// `channels` is 3 or 4. The message says what is wrong with the profile.
    pub fn new(profile: &[u8], channels: usize) -> Result<Conversion, String> {
        let source = parse(profile)?;
        let target = ColorProfile::new_srgb();
        let layout = if channels == 4 { Layout::Rgba } else { Layout::Rgb };
        let broken = |error: moxcms::CmsError| error.to_string();
        let how = match source.color_space {
            DataColorSpace::Rgb => {
                How::Colours(source.create_transform_8bit(layout, &target, layout, options(&source)).map_err(broken)?)
            }
            DataColorSpace::Gray => {
                let transform = source
                    .create_transform_8bit(Layout::Gray, &target, Layout::Rgb, options(&source))
                    .map_err(broken)?;
                let greys: Vec<u8> = (0..=255).collect();
                let mut colours = vec![0; 256 * 3];
                transform.transform(&greys, &mut colours).map_err(broken)?;
                let mut table = Box::new([[0; 3]; 256]);
                for (entry, colour) in table.iter_mut().zip(colours.chunks_exact(3)) {
                    entry.copy_from_slice(colour);
                }
                How::Greys(table)
            }
            other => return Err(format!("it describes {other:?}, and the picture is RGB")),
        };
        Ok(Conversion { channels, how })
    }

    /// Converts whole pixels in place; alpha stays.
    pub fn apply(&self, pixels: &mut [u8]) {
        pixels.par_chunks_mut(CHUNK * self.channels).for_each(|chunk| {
            let source = chunk.to_vec();
            self.convert(&source, chunk);
        });
    }

    /// Converts whole pixels into as many others.
    pub fn convert(&self, source: &[u8], target: &mut [u8]) {
        match &self.how {
            How::Colours(transform) => {
                // Lengths agree and are whole pixels, so that there is nothing to fail; the target would stay as it is.
                let _ = transform.transform(source, target);
            }
            How::Greys(table) => {
                target.copy_from_slice(source);
                for pixel in target.chunks_exact_mut(self.channels) {
                    let colour = table[usize::from(pixel[0])];
                    pixel[..3].copy_from_slice(&colour);
                }
            }
        }
    }
}

/// A profile that is worth keeping for later: sound, made for RGB or grey, and other than sRGB. Others are dropped, with a warning
/// where the picture will look other than was meant.
pub fn settle(profile: Option<Vec<u8>>, warnings: &mut Vec<String>) -> Option<Vec<u8>> {
    let profile = profile?;
    match Conversion::new(&profile, 3) {
        Ok(conversion) => (!is_srgb(&conversion)).then_some(profile),
        Err(why) => {
            warnings.push(format!("the colour profile cannot be used ({why}); the picture is taken as sRGB"));
            None
        }
    }
}

/// Whether a conversion changes no colour by more than rounding does, on a grid of colours and all greys.
fn is_srgb(conversion: &Conversion) -> bool {
    let mut colours: Vec<u8> = (0..=255).flat_map(|v| [v, v, v]).collect();
    if matches!(conversion.how, How::Colours(_)) {
        // Eight steps a channel.
        colours.extend((0..512u16).flat_map(|n| [n >> 6, (n >> 3) & 7, n & 7].map(|step| (step * 255 / 7) as u8)));
    }
    let mut converted = colours.clone();
    conversion.apply(&mut converted);
    colours.iter().zip(&converted).all(|(a, b)| a.abs_diff(*b) <= 1)
}

/// RGB from four inks a pixel (255 is full ink): by the profile if there is a sound one, else by the plain formula.
pub fn from_inks(inks: &[u8], profile: Option<&[u8]>, warnings: &mut Vec<String>) -> Vec<u8> {
    let by_profile = profile.map(|profile| {
        let source = parse(profile)?;
        if source.color_space != DataColorSpace::Cmyk {
            return Err(format!("it describes {:?}, and the picture is CMYK", source.color_space));
        }
        let target = ColorProfile::new_srgb();
        let transform = source
            .create_transform_8bit(Layout::Rgba, &target, Layout::Rgb, options(&source))
            .map_err(|error| error.to_string())?;
        let mut pixels = vec![0; inks.len() / 4 * 3];
        pixels
            .par_chunks_mut(CHUNK * 3)
            .zip(inks.par_chunks(CHUNK * 4))
            .try_for_each(|(pixels, inks)| transform.transform(inks, pixels))
            .map_err(|error| error.to_string())?;
        Ok::<_, String>(pixels)
    });
    match by_profile {
        Some(Ok(pixels)) => return pixels,
        Some(Err(why)) => {
            warnings.push(format!("the colour profile cannot be used ({why}); its print colours are only approximate"));
        }
        None => warnings.push("a CMYK picture without a colour profile: its colours are only approximate".into()),
    }
    inks.chunks_exact(4)
        .flat_map(|ink| {
            let paper = 255 - u32::from(ink[3]);
            [ink[0], ink[1], ink[2]].map(|ink| (((255 - u32::from(ink)) * paper + 127) / 255) as u8)
        })
        .collect()
}

/// 8-bit pixels from 16-bit samples (1 to 4 a pixel): colours are converted to sRGB at 16 bits, then rounded.
pub fn from_16_bits(samples: Vec<u16>, a_pixel: usize, profile: Option<Vec<u8>>, mut warnings: Vec<String>) -> Decoded {
    let mut profile = settle(profile, &mut warnings);
    let mut samples = match a_pixel {
        1 => samples.iter().flat_map(|&v| [v; 3]).collect(),
        2 => samples.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(),
        _ => samples,
    };
    let channels = if a_pixel.is_multiple_of(2) { 4 } else { 3 };
    // A profile for grey stays for later: the difference between 8 and 16 bits is far below what one sees in grey.
    if let Some(converted) = profile.as_deref().and_then(|profile| convert_16_bits(&samples, channels, profile)) {
        samples = converted;
        profile = None;
    }
    let pixels = samples.iter().map(|&v| to_8_bits(v)).collect();
    Decoded { pixels, channels, planes: None, shrink: 1, profile, warnings }
}

fn convert_16_bits(samples: &[u16], channels: u8, profile: &[u8]) -> Option<Vec<u16>> {
    let source = parse(profile).ok().filter(|source| source.color_space == DataColorSpace::Rgb)?;
    let layout = if channels == 4 { Layout::Rgba } else { Layout::Rgb };
    let transform = source.create_transform_16bit(layout, &ColorProfile::new_srgb(), layout, options(&source)).ok()?;
    let mut converted = vec![0; samples.len()];
    let chunk = CHUNK * usize::from(channels);
    converted
        .par_chunks_mut(chunk)
        .zip(samples.par_chunks(chunk))
        .try_for_each(|(converted, samples)| transform.transform(samples, converted))
        .ok()?;
    Some(converted)
}

/// The nearest 8-bit value: 65535 is 255.
pub fn to_8_bits(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32767) / 65535) as u8
}

/// A profile for code points of ITU-T H.273 (PNG's cICP, HEIF's nclx); `None` for sRGB and for what is not specified.
pub fn from_code_points(primaries: u8, transfer: u8, warnings: &mut Vec<String>) -> Option<Vec<u8>> {
    // 2 is "unspecified"; video transfers with BT.709 primaries are what cameras say and sRGB is what they mean.
    if primaries == 2 || (primaries == 1 && matches!(transfer, 1 | 2 | 6 | 13 | 14 | 15)) {
        return None;
    }
    let transfer = if matches!(transfer, 1 | 2 | 6 | 14 | 15) { 13 } else { transfer };
    let profile = CicpColorPrimaries::try_from(primaries)
        .ok()
        .zip(TransferCharacteristics::try_from(transfer).ok())
        .and_then(|(color_primaries, transfer_characteristics)| {
            let matrix_coefficients = MatrixCoefficients::Bt709;
            let profile = ColorProfile::new_from_cicp(CicpProfile {
                color_primaries,
                transfer_characteristics,
                matrix_coefficients,
                full_range: true,
            });
            profile.red_trc.as_ref()?;
            written(profile)
        });
    if profile.is_none() {
        warnings.push(format!(
            "colours by code points {primaries} and {transfer} are not known; the picture is taken as sRGB"
        ));
    }
    profile
}

/// A profile for PNG's gAMA (such as 0.45455) and cHRM (white, red, green, blue); `None` where they say nothing or sRGB.
pub fn from_gamma(gamma: Option<f32>, primaries: Option<[(f32, f32); 4]>) -> Option<Vec<u8>> {
    // 1/2.2 is what writers of sRGB pictures state (PNG third edition, 4.3 and 11.3.2.4).
    let srgb = gamma.is_none_or(|gamma| !(0.01..=10.0).contains(&gamma) || (gamma - 0.45455).abs() < 0.0006);
    let mut profile = ColorProfile::new_srgb();
    match (srgb, gamma) {
        (false, Some(gamma)) => {
            let curve = ToneReprCurve::Parametric(vec![1.0 / gamma]);
            profile.red_trc = Some(curve.clone());
            profile.green_trc = Some(curve.clone());
            profile.blue_trc = Some(curve);
        }
        _ if primaries.is_none() => return None,
        _ => {}
    }
    if let Some([white, red, green, blue]) = primaries
        && [white, red, green, blue].iter().all(|(x, y)| (0.0..=1.0).contains(x) && (0.001..=1.0).contains(y))
    {
        let point = |(x, y): (f32, f32)| Chromaticity::new(x, y);
        let primaries = ColorPrimaries { red: point(red), green: point(green), blue: point(blue) };
        profile.update_rgb_colorimetry(point(white).to_xyyb(), primaries);
    }
    written(profile)
}

/// A profile as bytes that are the same every time: moxcms would put in today's date.
pub fn written(mut profile: ColorProfile) -> Option<Vec<u8>> {
    profile.cicp = None;
    let nought = ColorDateTime { year: 2000, month: 1, day_of_the_month: 1, hours: 0, minutes: 0, seconds: 0 };
    profile.creation_date_time = nought;
    profile.calibration_date = None;
    profile.encode().ok()
}

fn parse(profile: &[u8]) -> Result<ColorProfile, String> {
    ColorProfile::new_from_slice(profile).map_err(|error| error.to_string())
}

/// The profile's own intent, as other programs do it.
fn options(source: &ColorProfile) -> TransformOptions {
    TransformOptions { rendering_intent: source.rendering_intent, ..TransformOptions::default() }
}
